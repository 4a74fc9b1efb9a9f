"""`copilot-chat suggest`: one shell command, printed and never run."""

from typing import TYPE_CHECKING

import typer

from copilot_cli.asking import Turn
from copilot_cli.errors import CopilotChatError
from copilot_cli.messages import End, Event, Outcome, Text
from copilot_cli.prompt import compose
from copilot_cli.shell_command import command_in, reason_in

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.ui.report import Report

app = typer.Typer(add_completion=False, rich_markup_mode=None)


class Suggested:
    """A report that hears the whole answer, and passes on the command in it as the answer.

    A command that was cut is another command: of an answer that is not whole nothing is passed on.
    """

    def __init__(self, inner: "Report", shell: str) -> None:
        self._inner = inner
        self._shell = shell
        self._pieces: list[str] = []

    def start(self, model: str, engine: str, session: str | None) -> None:
        """Pass on what is asked."""
        self._inner.start(model, engine, session)

    def event(self, event: Event) -> None:
        """Collect the answer. Raises `CopilotChatError` where there is no command in it."""
        match event:
            case Text(text):
                self._pieces.append(text)
            case End(_, complete, _):
                if complete:
                    self._inner.event(Text(self._command()))
                self._inner.event(event)
            case _:
                self._inner.event(event)

    def finish(self, outcome: Outcome | None, error: CopilotChatError | None) -> None:
        """Pass on how it ended."""
        self._inner.finish(outcome, error)

    def abandon(self) -> None:
        """Leave the terminal whole."""
        self._inner.abandon()

    def _command(self) -> str:
        from copilot_cli.ui.safe import safe, safe_line

        answer = "".join(self._pieces)
        command = command_in(answer, self._shell)
        if command is None:
            why = reason_in(answer)
            raise CopilotChatError(
                f"the model suggests no command{f': {safe_line(why)}' if why else ''}",
                hint="say in other words what is to be done",
                kind="no_command",
            )
        return safe(command)


@app.command()
def suggest(
    ctx: typer.Context,
    text: list[str] = typer.Argument(metavar="TEXT", help="What the command should do."),
    model: str | None = typer.Option(
        None, "-m", "--model", metavar="ID", help="The model that answers."
    ),
    save: bool = typer.Option(False, "--save", help="Keep it as a conversation."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object instead."),
) -> None:
    """Print one command for your shell, and run nothing.

    Read it before you run it. What is piped in is context.
    """
    from copilot_cli.roles import shell_name

    application: App = ctx.obj
    application.set_options(model=model)
    shell = shell_name(application.effects.environ)
    with Turn(Suggested(_report(application, as_json=as_json), shell)) as turn:
        wanted = compose(text, application.effects.piped_stdin(text))
        application.workspace.enter()
        chat, session = application.chat(role=application.role("shell"), save=save)
        turn.tell(chat, wanted, session)


def _report(application: "App", *, as_json: bool) -> "Report":
    from copilot_cli.ui.report import JSONReport, TextReport
    from copilot_cli.ui.stream import PlainWriter

    if as_json:
        return JSONReport(application.effects.streams("never").out_bytes)
    streams = application.streams
    # The line is ended into a pipe too, as every command's output is.
    return TextReport(streams, lambda: PlainWriter(streams.out_bytes, terminal=True))
