"""`copilot-chat logout`: forget a sign-in, and say what that does not undo."""

from typing import TYPE_CHECKING

import typer

from copilot_cli.errors import UsageError

if TYPE_CHECKING:
    from copilot_cli.app import App

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def logout(
    ctx: typer.Context,
    everyone: bool = typer.Option(False, "--all", help="Forget every account of every host."),
    purge: bool = typer.Option(
        False, "--purge", help="Remove settings, conversations and history too."
    ),
    yes: bool = typer.Option(False, "-y", "--yes", help="Do not ask."),
) -> None:
    """Forget a sign-in: the sealed GitHub token, the Copilot token, and the key if none is left.

    The permission you gave stays with GitHub until you revoke it at
    github.com/settings/applications.
    """
    from copilot_cli.leaving import Leaving

    application: App = ctx.obj
    leaving = Leaving(application)
    if purge:
        question = "Remove every sign-in, all settings and all conversations?"
        if not yes and not application.prompts.confirm(question, default=False, flag="--yes"):
            raise UsageError("nothing was removed")
        lines = leaving.purge()
    else:
        accounts = leaving.accounts(everyone=everyone)
        if not accounts:
            application.streams.notice(f"nobody is signed in to {application.settings.host}")
            return
        lines = leaving.sign_out(accounts)
    for line in lines:
        application.streams.notice(line)
    application.streams.notice(
        "GitHub still has the permission you gave; to revoke that too, open "
        f"{application.settings.login_url()}/settings/applications"
    )
