"""`copilot-chat ask`: one answer, on stdout."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from copilot_cli.asking import CodeOnly, OutputFile, Turn
from copilot_cli.errors import CopilotChatError, NotAllowedError, UsageError
from copilot_cli.prompt import compose, is_private, piped_in
from copilot_cli.ui.console import json_bytes
from copilot_cli.values import NamedTuple
from copilot_cli.wishes import Options, Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from copilot_cli.app import App
    from copilot_cli.attachments.attachment import Attachment
    from copilot_cli.attachments.reading import Detail
    from copilot_cli.chat import Chat, Content
    from copilot_cli.messages import Request
    from copilot_cli.parties import Toolbox
    from copilot_cli.routing import Route
    from copilot_cli.ui.report import Report

_SMALL = 16_000  # characters of what is piped in, which every model takes

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def ask(
    ctx: typer.Context,
    prompt: list[str] | None = typer.Argument(
        None,
        metavar="[PROMPT]...",
        help="The request; `-` or nothing: stdin is the request (`-` at a terminal, too).",
    ),
    model: str | None = typer.Option(
        None, "-m", "--model", metavar="ID", help="The model that answers."
    ),
    system: str | None = typer.Option(
        None, "-s", "--system", metavar="TEXT", help="Instructions that go before the request."
    ),
    role: str | None = typer.Option(
        None, "-r", "--role", metavar="NAME", help="How the model answers; see docs/roles.md."
    ),
    attach: list[str] | None = typer.Option(
        None,
        "-f",
        "--file",
        metavar="PATH_OR_URL",
        help="Send it along: a file, image, folder, pattern, page or git:diff (repeatable).",
    ),
    detail: str | None = typer.Option(
        None, metavar="LEVEL", help="How closely the model looks at images: low, high or auto."
    ),
    allow_sensitive: bool = typer.Option(
        False, "--allow-sensitive", help="Send also what may hold secrets."
    ),
    continue_: bool = typer.Option(
        False, "-c", "--continue", help="Go on with the latest conversation."
    ),
    session: str | None = typer.Option(
        None, metavar="ID", help="Go on with this one: an id, a title or its beginning."
    ),
    no_save: bool = typer.Option(False, "--no-save", help="Leave no record of it on disk."),
    code: bool = typer.Option(
        False, "-x", "--code", help="Print only the first code block of the answer."
    ),
    code_all: bool = typer.Option(False, "--code-all", help="Print only the code blocks."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object instead."),
    events: bool = typer.Option(False, "--events", help="Print JSON lines as things happen."),
    no_stream: bool = typer.Option(False, "--no-stream", help="Ask for the answer in one piece."),
    render: str | None = typer.Option(
        None, metavar="WHEN", help="Render Markdown: auto (on a terminal), always or never."
    ),
    output: Path | None = typer.Option(
        None, "-o", "--output", metavar="FILE", help="Write to FILE instead of stdout."
    ),
    timeout_idle: str | None = typer.Option(
        None, metavar="S", help="Seconds of silence that count as a stall (300)."
    ),
    retries: str | None = typer.Option(
        None, metavar="N", help="How often to send again what failed before any text (3)."
    ),
    effort: str | None = typer.Option(
        None, metavar="LEVEL", help="How much a reasoning model thinks, in its own levels."
    ),
    temperature: float | None = typer.Option(
        None, metavar="X", min=0, max=2, help="How freely the model chooses its words: 0 to 2."
    ),
    max_output: int | None = typer.Option(
        None, metavar="N", min=1, help="The most tokens of the answer."
    ),
    stop: list[str] | None = typer.Option(
        None, metavar="TEXT", help="End the answer before TEXT (repeatable)."
    ),
    schema: str | None = typer.Option(
        None, metavar="FILE_OR_JSON", help="The JSON Schema that the answer is to fit."
    ),
    max_credits: str | None = typer.Option(
        None, metavar="X", help="Send nothing that would cost more than X, in your plan's unit."
    ),
    engine: str | None = typer.Option(
        None, metavar="NAME", help="The engine that answers: direct, official, byok or cli."
    ),
    tool: list[str] | None = typer.Option(
        None, metavar="NAME", help="Let the model ask for this tool (repeatable); see `tools list`."
    ),
    allow: list[str] | None = typer.Option(
        None, metavar="NAME", help="Run this tool without asking you (repeatable)."
    ),
    max_rounds: int = typer.Option(
        20, metavar="N", min=1, help="How often the model may ask for tools (20)."
    ),
    dry_run: bool = typer.Option(
        False, "--dry-run", help="Print the request as JSON and send nothing."
    ),
) -> None:
    """Get one answer, on stdout.

    Standard input, where it is not a terminal, is context for the request, and so is what --file
    names. To the model it is data, and can steer it all the same: mind what you send along.
    """
    application: App = ctx.obj
    application.set_options(
        model=model,
        role=role,
        engine=engine,
        effort=effort,
        render=render,
        retries=retries,
        timeout_idle=timeout_idle,
        max_credits=max_credits,
    )
    if as_json and events:
        raise UsageError("--json and --events are two forms of one answer", hint="choose one")
    file = OutputFile(output) if output is not None and str(output) != "-" else None
    form = "json" if as_json else "events" if events else "text"
    # A machine is told on stdout of a file that cannot be made.
    report = _report(application, form, file if file is None or file.fault is None else None)
    if code or code_all:
        report = CodeOnly(report, first=not code_all)
    wanted = Wanted(temperature, max_output, stop, schema, code or code_all)
    tools = _Tools(tuple(tool or ()), tuple(allow or ()), max_rounds)
    given = _Given(tuple(attach or ()), detail, allow_sensitive)
    asked = _Asked(system, continue_, session, no_save, not no_stream, tools)
    try:
        if dry_run:
            _show(application, asked, given, wanted, prompt, file, report)
            return
        with Turn(report) as turn:
            _check(file)
            options = wanted.read()
            asked.check()
            question = given.read(application, prompt)
            chat, stored = asked.open(application, question, options)
            turn.hear(chat, options.answers(chat, question.content), stored)
    finally:
        if file is not None:
            file.close()


class _Question(NamedTuple):
    """What is asked, what of it goes along, and what of it was piped in."""

    content: "Content"
    attached: "Sequence[Attachment]" = ()
    piped: str = ""

    def check(self, application: "App", chat: "Chat", endpoint: str | None) -> None:
        """Raise a `CopilotChatError` where the model does not take it; else say its size."""
        along = self.attached or self.piped not in ("", self.content)
        shown = bool(along) and application.streams.stderr_is_terminal
        # What has fewer characters than the window has tokens fits, and is not counted.
        if not (self.attached or shown or len(self.piped) > (chat.tokens[1] or _SMALL)):
            return
        from copilot_cli.attachments.attachment import Attachment
        from copilot_cli.attachments.sending import check, told

        attached = list(self.attached)
        if self.piped:
            attached.append(Attachment.of_text("stdin", self.piped))
        check(application, chat, endpoint, attached, self.content)
        if shown:
            application.streams.notice(told(attached))

    def shown(self, chat: "Chat") -> "Request":
        """Return the request that it makes, fit to be read by a person."""
        request = chat.request(self.content)
        if not self.attached:
            return request
        from copilot_cli.attachments.sending import shortened

        return shortened(request)


class _Given(NamedTuple):
    """What the person sends along, by name."""

    files: tuple[str, ...]
    detail: str | None
    allow_sensitive: bool

    def read(self, application: "App", prompt: list[str] | None) -> _Question:
        """Return the question of the words, of stdin and of the files. Raises `UsageError`."""
        detail = _detail(self.detail)
        stdin = application.effects.piped_stdin(prompt or ())
        if stdin is not None and is_private(stdin):
            from copilot_cli.attachments.screening import Screening

            Screening(application).check_stream(stdin)
        text = compose(prompt or [], stdin)
        piped = piped_in(prompt or [], text)
        if piped:
            from copilot_cli.sensitive import secret_in

            if not self.allow_sensitive and secret_in(piped):
                from copilot_cli.attachments.screening import Screening

                Screening(application).check_text(piped, "standard input")
        if not self.files:
            return _Question(text, piped=piped)
        from copilot_cli.attachments.attachment import content
        from copilot_cli.attachments.gathering import Gathering

        gathering = Gathering(application, allow_sensitive=self.allow_sensitive, detail=detail)
        attached = gathering.all(self.files)
        return _Question(content(attached, text), attached, piped)


class _Tools(NamedTuple):
    """The tools that the model may ask for, those that run unasked, and how often it may ask."""

    names: tuple[str, ...]
    allowed: tuple[str, ...]
    max_rounds: int

    def offer(self, application: "App") -> "Toolbox | None":
        """Return what runs them; None where there are none."""
        if not self.names and not self.allowed:
            return None
        toolkit = application.toolkit
        for name in self.names:
            toolkit.add(name)
        toolkit.allow(self.allowed)
        return toolkit.box


class _Asked(NamedTuple):
    """Which conversation is meant, and how it is held."""

    system: str | None
    latest: bool
    session: str | None
    no_save: bool
    stream: bool
    tools: _Tools

    def check(self) -> None:
        """Raise `UsageError` for a conversation that is both kept and not."""
        if self.no_save and (self.latest or self.session is not None):
            raise UsageError("what is gone on with is saved", hint="leave out --no-save")

    def open(
        self, application: "App", question: _Question, options: Options, *, dry: bool = False
    ) -> "tuple[Chat, str | None]":
        """Return the chat and its session's id, None if it leaves no record, as a `dry` one.

        Raises a `CopilotChatError` where `question` is none for the model.
        """
        chat, session, route = self._opened(application, save=not (self.no_save or dry))
        if self.tools.names and chat.tools is None:
            from copilot_cli.conversation import without_tools

            raise NotAllowedError(
                f"{without_tools(chat)} takes no tools",
                hint="leave out --tool, or choose another model or engine",
            )
        options.want(application, chat, route.endpoint)
        question.check(application, chat, route.endpoint)
        return chat, session

    def _opened(self, application: "App", *, save: bool) -> "tuple[Chat, str | None, Route]":
        from copilot_cli.conversation import Conversation, Manner, open_chat, stored_session

        application.workspace.enter()
        manner = Manner(
            application.role(),
            self.system,
            application.workspace.context(),
            stream=self.stream,
            tools=self.tools.offer(application),
            max_rounds=self.tools.max_rounds,
        )
        if self.latest or self.session is not None:
            session = stored_session(application, self.session)
            talk = Conversation(application, application.sessions, manner, session=session)
            return talk.chat, talk.id, talk.route
        recorder = application.recorder() if save else None
        route = application.catalogue.choose(manner.role)
        chat = open_chat(application, route, manner, recorder=recorder)
        return chat, recorder.session if recorder else None, route


def _show(
    application: "App",
    asked: _Asked,
    given: _Given,
    wanted: Wanted,
    prompt: list[str] | None,
    file: OutputFile | None,
    report: "Report",
) -> None:
    """Write the request as JSON, and send nothing; `report` hears why there is none."""
    application.catalogue.silent = True
    try:
        _check(file)
        options = wanted.read()
        asked.check()
        question = given.read(application, prompt)
        chat, _ = asked.open(application, question, options, dry=True)
        request = chat.engine.dry_run(question.shown(chat))
    except CopilotChatError as error:
        report.finish(None, error)
        raise
    (file.write if file else application.streams.out_bytes)(json_bytes(request))


def _check(file: OutputFile | None) -> None:
    """Raise `UsageError` where no `file` can be made."""
    if file is not None and file.fault is not None:
        raise file.fault


def _detail(level: str | None) -> "Detail | None":
    match level:
        case None | "low" | "high" | "auto":
            return level
        case _:
            raise UsageError("--detail: must be one of low, high, auto")


def _report(application: "App", form: str, file: OutputFile | None) -> "Report":
    """Return the report of `form`. A machine's is made of nothing that can fail: its object is
    printed even where the settings cannot be read.
    """
    from copilot_cli.ui.report import EventsReport, JSONReport, TextReport

    if form != "text":
        streams = application.effects.streams("never")
        write = file.write if file else streams.out_bytes
        return JSONReport(write, streams.notice) if form == "json" else EventsReport(write)
    from copilot_cli.ui.stream import PlainWriter, make_writer

    streams, settings = application.streams, application.settings
    if file is not None and settings.render != "always":
        return TextReport(streams, lambda: PlainWriter(file.write))
    return TextReport(streams, lambda: make_writer(streams, settings.render, theme=settings.theme))
