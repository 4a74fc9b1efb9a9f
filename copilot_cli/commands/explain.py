"""`copilot-chat explain`: what a shell command does."""

from typing import TYPE_CHECKING

import typer

from copilot_cli.asking import Turn
from copilot_cli.prompt import compose

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.ui.report import Report

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_HOW = "copilot-chat explain 'a command', or pipe the command in"


@app.command()
def explain(
    ctx: typer.Context,
    text: list[str] | None = typer.Argument(
        None, metavar="TEXT", help="The command, in quotes; nothing: it is read from stdin."
    ),
    model: str | None = typer.Option(
        None, "-m", "--model", metavar="ID", help="The model that answers."
    ),
    save: bool = typer.Option(False, "--save", help="Keep it as a conversation."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object instead."),
) -> None:
    """Explain a shell command, part by part, and run nothing."""
    application: App = ctx.obj
    application.set_options(model=model)
    words = text or []
    with Turn(_report(application, as_json=as_json)) as turn:
        command = compose(words, application.effects.piped_stdin(words), hint=_HOW)
        application.workspace.enter()
        chat, session = application.chat(role=application.role("explain"), save=save)
        turn.tell(chat, command, session)


def _report(application: "App", *, as_json: bool) -> "Report":
    from copilot_cli.ui.report import JSONReport, TextReport
    from copilot_cli.ui.stream import make_writer

    if as_json:
        return JSONReport(application.effects.streams("never").out_bytes)
    streams = application.streams
    settings = application.settings
    return TextReport(streams, lambda: make_writer(streams, settings.render, theme=settings.theme))
