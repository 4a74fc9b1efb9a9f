"""`copilot-chat repl`: the chat."""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import typer

from copilot_cli.errors import UsageError

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.parties import Toolbox
    from copilot_cli.repl.loop import Input, Repl, Typed
    from copilot_cli.store.turns import Session
    from copilot_cli.ui.console import Streams

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def repl(
    ctx: typer.Context,
    model: str | None = typer.Option(
        None, "-m", "--model", metavar="ID", help="The model that answers."
    ),
    system: str | None = typer.Option(
        None, "-s", "--system", metavar="TEXT", help="Instructions that hold for the whole chat."
    ),
    role: str | None = typer.Option(
        None, "-r", "--role", metavar="NAME", help="How the model answers; see docs/roles.md."
    ),
    engine: str | None = typer.Option(
        None, metavar="NAME", help="The engine that answers: direct, official, byok or cli."
    ),
    continue_: bool = typer.Option(
        False, "-c", "--continue", help="Go on with the latest conversation."
    ),
    session: str | None = typer.Option(
        None, metavar="ID", help="Go on with this one: an id, a title or its beginning."
    ),
    private: bool = typer.Option(
        False, "--private", "--no-save", help="Leave nothing of it on disk."
    ),
    tool: list[str] | None = typer.Option(
        None, metavar="NAME", help="Let the model ask for this tool (repeatable); see `tools list`."
    ),
) -> int:
    """Chat. Enter sends; /help lists the commands; Ctrl-D leaves.

    From a pipe it reads line by line, and the exit code is the last failed turn's.
    """
    application: App = ctx.obj
    application.set_options(model=model, engine=engine, role=role)
    resumed = continue_ or session is not None
    if private and resumed:
        raise UsageError("a private chat goes on with no stored one")
    for name in tool or ():
        application.toolkit.add(name)
    return start(
        application,
        system=system,
        private=private,
        resumed=resumed,
        reference=session,
        tools=application.toolkit.box if tool else None,
    )


def start(
    application: "App",
    *,
    system: str | None = None,
    private: bool = False,
    resumed: bool = False,
    reference: str | None = None,
    tools: "Toolbox | None" = None,
) -> int:
    """Run the chat; who is not signed in goes through the wizard first. Return the exit code.

    `resumed`: it goes on with the session that `reference` names, the latest where that is None.
    `tools` are those that the model may ask for.
    """
    streams = application.streams
    if streams.person and _signed_out(application):
        from copilot_cli.commands.onboard import start as sign_in
        from copilot_cli.onboarding.answers import Answers

        sign_in(application, Answers(then_chat=True))
    from copilot_cli.conversation import Conversation, Manner, stored_session
    from copilot_cli.repl.loop import Repl

    application.guard.chatting = True
    application.workspace.enter(chat=True)
    context = application.workspace.context(chat=True)
    manner = Manner(application.role(), system, context, tools=tools)
    session = stored_session(application, reference) if resumed else None
    sessions = application.private_sessions if private else application.sessions
    talk = Conversation(application, sessions, manner, session=session)
    chat = Repl(application, talk, _lines, private=private, typing_ahead=_typing_ahead(streams))
    if streams.person:
        _greet(chat, session)
    return chat.run()


def _greet(chat: "Repl", session: "Session | None") -> None:
    role = chat.talk.manner.role
    said = [chat.chat.model, role and f"role {role.name}", _who(chat)]
    said.append("files of this folder go along" if chat.talk.manner.context else None)
    said += ["private" if chat.private else None, "/help, Ctrl-D to leave"]
    chat.saying.note("\n" + " · ".join(filter(None, said)))
    if session is not None:
        from copilot_cli.repl.stored import resumed

        resumed(chat, session)


def _typing_ahead(streams: "Streams") -> "Callable[[], AbstractContextManager[Typed]]":
    from copilot_cli.repl.loop import nobody_types

    if not streams.person or streams.dumb:
        return nobody_types
    from copilot_cli.ui.typeahead import typing_ahead

    return lambda: typing_ahead(streams.stdin, streams.say)


def _who(chat: "Repl") -> str:
    """Return who answers: the account, or the endpoint with its address."""
    endpoint = chat.talk.route.endpoint
    if endpoint is not None:
        return f"{endpoint} ({chat.app.endpoints.look_up(endpoint).base_url})"
    source = chat.app.access.source
    return source.user or source.name


def _signed_out(application: "App") -> bool:
    """Whether only a new sign-in helps; where an endpoint of one's own answers, none is needed."""
    from copilot_cli.route_choice import nobody_signed_in

    return application.route.endpoint is None and nobody_signed_in(application)


def _lines(chat: "Repl") -> "Input":
    """Return where the lines of `chat` come from: a pipe, a dumb terminal, or a line editor."""
    application = chat.app
    streams = application.streams
    piped = application.effects.piped_stdin()
    if piped is not None:
        from copilot_cli.ui.plain_lines import PipeLines

        return PipeLines(io.TextIOWrapper(piped, "utf-8", "replace", newline="\n"))
    if not streams.person:
        raise UsageError("the chat needs a terminal for stderr too", hint="or pipe the lines in")
    if streams.dumb:
        from copilot_cli.ui.plain_lines import DumbLines

        return DumbLines(streams.stdin, streams.say, application.effects.environ)
    from copilot_cli.repl.choices import completer
    from copilot_cli.ui.lines import Lines

    return Lines(
        None if chat.private else application.settings.paths.history,
        completer=completer(chat),
        vi=application.settings.keys == "vi",
        right_prompt=chat.saying.meter,
        color=streams.stderr_color,
        environ=application.effects.environ,
    )
