"""`copilot-chat accounts`: who is signed in where, and which of them is used."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from copilot_cli.sign_ins import SignInRow, SignIns

if TYPE_CHECKING:
    from copilot_cli.app import App

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def accounts(
    ctx: typer.Context,
    as_json: bool = typer.Option(False, "--json", help="Print a JSON array."),
) -> None:
    """List the accounts that are signed in, on every host, or switch between them.

    Nothing is sent, and nobody is asked for a passphrase.
    """
    if ctx.invoked_subcommand is not None:
        return
    application: App = ctx.obj
    sign_ins = SignIns(application)
    rows, closed = sign_ins.rows()
    if as_json:
        application.streams.json([_fields(row) for row in rows])
    else:
        application.streams.table(_COLUMNS, [_cells(row) for row in rows])
    if not rows:
        application.streams.notice("nobody is signed in: run `copilot-chat onboard`")
    if closed is not None:
        application.streams.notice(f"kind and end are not known: {closed}")
    if rows and (variable := sign_ins.winner()):
        application.streams.notice(f"{variable} is set, and is used in place of them")


@app.command()
def switch(
    ctx: typer.Context,
    name: str | None = typer.Argument(
        None, metavar="[NAME]", help="NAME, HOST/NAME or NAME@HOST; without it you are asked."
    ),
) -> None:
    """Use another account from now on: `host` and `account` of the settings."""
    application: App = ctx.obj
    sign_ins = SignIns(application)
    account = sign_ins.pick(name or application.option("account"))
    for line in sign_ins.switch(account):
        application.streams.notice(line)


_COLUMNS = ("host", "account", "in use", "kind of token", "expires")


def _fields(row: SignInRow) -> dict[str, Any]:
    return {
        "host": row.account.host,
        "account": row.account.login,
        "in_use": row.in_use,
        "kind": row.kind,
        "expires": _moment(row.expires),
        "renewable_until": _moment(row.renewable_until),
    }


def _cells(row: SignInRow) -> tuple[str, ...]:
    in_use = "yes" if row.in_use else "no"
    return (row.account.host, row.account.login, in_use, row.kind_name or "unknown", _end(row))


def _end(row: SignInRow) -> str:
    if row.kind is None:
        return "unknown"
    if row.expires is None:
        return "never"
    if row.renewable_until is None:
        return _moment(row.expires) or ""
    return f"{_moment(row.expires)}, renewed until {_moment(row.renewable_until)}"


def _moment(seconds: float | None) -> str | None:
    """Return the time in UTC; None for none, and for one that no calendar has."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return None
