"""`copilot-chat doctor`: everything that can be wrong, checked, with the fix for each."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from copilot_cli.app import App

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def doctor(
    ctx: typer.Context,
    as_json: bool = typer.Option(False, "--json", help="Print a JSON object."),
    offline: bool = typer.Option(False, "--offline", help="Send nothing."),
) -> None:
    """Check terminal, keyring, files, proxy, certificates, clock, token and endpoints.

    Nothing is changed, and no secret, account or path of your home is shown, so the report can be
    pasted anywhere. Exit code 1 if a check fails.
    """
    from copilot_cli.doctor.examination import Examination
    from copilot_cli.doctor.report import show, show_json
    from copilot_cli.doctor.table import checks

    application: App = ctx.obj
    # Not `application.streams`: settings that cannot be read are one of the findings.
    streams = application.effects.streams(application.option("color") or "auto")
    found = checks(Examination(application, offline=offline))
    well = show_json(streams, found, offline=offline) if as_json else show(streams, found)
    if not well:
        raise typer.Exit(1)
