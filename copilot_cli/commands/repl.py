"""`copilot-chat repl`: the chat."""

import io
from typing import TYPE_CHECKING

import typer

from copilot_cli.errors import UsageError
from copilot_cli.settings import LATE_TOKEN_VARIABLES

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.chat import Chat
    from copilot_cli.repl import Input

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
    engine: str | None = typer.Option(
        None, metavar="NAME", help="The engine that answers: direct."
    ),
    no_save: bool = typer.Option(False, "--no-save", help="Leave no record of it on disk."),
) -> int:
    """Chat. Enter sends; /help lists the commands; Ctrl-D leaves.

    From a pipe it reads line by line, and the exit code is the last failed turn's.
    """
    application: App = ctx.obj
    application.set_options(model=model, engine=engine)
    return start(application, system=system, save=not no_save)


def start(application: "App", *, system: str | None = None, save: bool = True) -> int:
    """Run the chat; who is not signed in goes through the wizard first. Return the exit code."""
    from copilot_cli.repl import Repl
    from copilot_cli.ui.report import TextReport
    from copilot_cli.ui.stream import make_writer

    streams = application.streams
    if streams.person and _signed_out(application):
        from copilot_cli.commands.onboard import start as sign_in
        from copilot_cli.onboarding.answers import Answers

        sign_in(application, Answers(then_chat=True))

    def new_chat(model: str | None) -> "tuple[Chat, str | None]":
        return application.chat(system=system, save=save, model=model)

    chat = Repl(
        application,
        new_chat,
        lambda: TextReport(streams, lambda: make_writer(streams, application.settings.render)),
        _lines(application, save=save),
    )
    if streams.person:
        source = application.access.source
        chat.say(f"\n{chat.chat.model} · {source.user or source.name} · /help, Ctrl-D to leave")
    return chat.run()


def _signed_out(application: "App") -> bool:
    """Whether only a new sign-in helps: there is none, or one that a new one would stand before."""
    source = application.access.resolved.source
    if source is None:
        return True
    return source.problem is not None and source.name in LATE_TOKEN_VARIABLES


def _lines(application: "App", *, save: bool) -> "Input":
    from copilot_cli.repl import COMMANDS

    piped = application.effects.piped_stdin()
    if piped is not None:
        from copilot_cli.ui.lines import PipeLines

        return PipeLines(io.TextIOWrapper(piped, "utf-8", "replace", newline="\n"))
    from copilot_cli.ui.lines import Lines

    if not application.streams.person:
        raise UsageError("the chat needs a terminal for stderr too", hint="or pipe the lines in")
    history = application.settings.paths.history if save else None
    return Lines(history, commands=[f"/{command.name}" for command in COMMANDS])
