"""`copilot-chat keys`: what seals the secrets."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from copilot_cli.app import App

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def keys() -> None:
    """Show what seals the secrets."""


@app.command()
def status(
    ctx: typer.Context,
    as_json: bool = typer.Option(False, "--json", help="Print a JSON object."),
) -> None:
    """Show what seals the store: its slots, file, mode and entries, and never a value."""
    application: App = ctx.obj
    facts = {"store": application.vault.kind, **application.vault.store.describe()}
    if as_json:
        application.streams.json(facts)
        return
    rows = [("sealed by", str(facts["store"])), ("file", str(facts["path"]))]
    if not facts["exists"]:
        rows.append(("", "no secret is stored"))
    rows += [("slot", f"{slot['type']} {slot['kid']}") for slot in facts.get("slots", [])]
    rows += [("entry", name) for name in facts.get("names", [])]
    rows += [(name, str(facts[name])) for name in ("mode", "size", "gen") if name in facts]
    if facts["problem"]:
        rows.append(("problem", str(facts["problem"])))
    application.streams.table(("", ""), rows)
