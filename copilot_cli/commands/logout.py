"""`copilot-chat logout`: forget a sign-in, and say what that does not undo."""

from typing import TYPE_CHECKING

import typer

from copilot_cli.errors import UsageError

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.leaving import Leaving

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def logout(
    ctx: typer.Context,
    everyone: bool = typer.Option(
        False, "--all", help="Forget every account, of every host or of --host."
    ),
    purge: bool = typer.Option(
        False, "--purge", help="Remove settings, conversations and history too."
    ),
    endpoint: str | None = typer.Option(
        None, metavar="NAME", help="Forget an endpoint of your own, with its key."
    ),
    yes: bool = typer.Option(False, "-y", "--yes", help="Do not ask."),
) -> None:
    """Forget a sign-in: the sealed GitHub token, the Copilot token, and the key if none is left.

    The permission you gave stays with GitHub until you revoke it at
    github.com/settings/applications.
    """
    from copilot_cli.auth.choosing import named
    from copilot_cli.leaving import Leaving

    application: App = ctx.obj
    leaving = Leaving(application)
    if endpoint is not None:
        _forget(application, leaving, endpoint, alone=not (everyone or purge))
        return
    if purge:
        question = "Remove every sign-in, all settings and all conversations?"
        if not yes and not application.prompts.confirm(question, default=False, flag="--yes"):
            raise UsageError("nothing was removed")
        pages, lines = leaving.pages(leaving.known()), leaving.purge()
    else:
        accounts = leaving.accounts(everyone=everyone)
        if not accounts:
            application.streams.notice(_nobody(application, leaving))
            return
        pages, lines = leaving.pages(accounts), leaving.sign_out(accounts)
    for line in lines:
        application.streams.notice(line)
    if left := leaving.known():
        application.streams.notice(f"still signed in: {named(left)}")
    application.streams.notice(
        f"GitHub still has the permission you gave; to revoke that too, open {pages}"
    )


def _forget(application: "App", leaving: "Leaving", endpoint: str, *, alone: bool) -> None:
    from copilot_cli.forgetting import forget

    if not alone:
        raise UsageError("--endpoint goes with neither --all nor --purge")
    for line in forget(application, endpoint):
        application.streams.notice(line)
    for line in leaving.sign_out(()):  # a store that nothing is left in goes too
        application.streams.notice(line)


def _nobody(application: "App", leaving: "Leaving") -> str:
    from copilot_cli.auth.choosing import named

    found = leaving.known()
    others = f"; signed in: {named(found)}" if found else ""
    return f"nobody is signed in to {application.settings.host}{others}"
