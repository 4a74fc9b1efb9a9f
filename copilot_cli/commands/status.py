"""`copilot-chat status`: who is signed in, which source supplies the token, where it is kept."""

from typing import TYPE_CHECKING, Any

import typer

from copilot_cli.auth.accounts import all_accounts
from copilot_cli.errors import UsageError

if TYPE_CHECKING:
    from copilot_cli.app import App

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def status(
    ctx: typer.Context,
    as_json: bool = typer.Option(False, "--json", help="Print a JSON object."),
) -> None:
    """Show who is signed in, where the token comes from, and where it is kept.

    No request is made and no key is opened. Exit code 3 if nobody is signed in, and no endpoint of
    your own answers.
    """
    application: App = ctx.obj
    facts = _facts(application)
    if as_json:
        application.streams.json(facts)
    else:
        application.streams.table(("", ""), _rows(facts))
    if not facts["signed_in"] and facts["endpoint"] is None:
        raise typer.Exit(3)


def _facts(application: "App") -> dict[str, Any]:
    settings = application.settings
    resolved = application.access.resolved
    source = resolved.source
    usable = source is not None and source.problem is None
    return {
        "signed_in": usable,
        "host": settings.host,
        "account": source.user if source else None,
        "source": source.name if source else None,
        "where": source.where if source else None,
        "problem": source.problem if source else None,
        "hides": [hidden.where for hidden in resolved.hidden],
        "accounts": [
            {"host": account.host, "account": account.login}
            for account in all_accounts(application.vault.store)
        ],
        "store": application.vault.kind,
        "store_path": str(settings.paths.store_file),
        "model": settings.model,
        "engine": settings.engine,
        "config": str(settings.paths.config_file),
        **_answering(application),
    }


def _answering(application: "App") -> dict[str, Any]:
    """Return which engine and which endpoint of one's own answer; `engine_problem` if none can."""
    try:
        route = application.route
        if route.endpoint is None:
            return {"engine": route.engine, "endpoint": None, "engine_problem": None}
        endpoint = application.endpoints.look_up(route.endpoint)
    except UsageError as error:
        return {"endpoint": None, "engine_problem": error.message}
    facts = {"name": endpoint.name, "url": endpoint.base_url, "type": endpoint.type}
    model = route.model or endpoint.model
    return {
        "engine": route.engine,
        "model": model,
        "endpoint": {**facts, "where": endpoint.where},
        "engine_problem": None,
    }


def _rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [("host", facts["host"])]
    if facts["signed_in"]:
        rows.append(("signed in", facts["account"] or "yes"))
    else:
        what_to_do = "" if facts["endpoint"] else ": run `copilot-chat onboard`"
        rows.append(("signed in", f"no{what_to_do}"))
    if facts["where"]:
        rows.append(("token from", facts["where"]))
    if facts["problem"]:
        rows.append(("but", facts["problem"]))
    about = "which hides" if facts["where"] else "not used"
    rows += [(about, hidden) for hidden in facts["hides"]]
    rows += [("also stored", f"{login} on {host}") for host, login in _others(facts)]
    rows += [
        ("key kept in", _STORES.get(facts["store"], facts["store"])),
        ("secrets", facts["store_path"]),
        ("settings", facts["config"]),
        ("model", facts["model"] or "the service's default"),
        ("engine", facts["engine"]),
    ]
    if (endpoint := facts["endpoint"]) is not None:
        told = f"{endpoint['name']}: {endpoint['url']} ({endpoint['type']}), of {endpoint['where']}"
        rows.append(("endpoint", told))
    if facts["engine_problem"]:
        rows.append(("but", facts["engine_problem"]))
    return rows


def _others(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return host and login of what is stored beside the sign-ins that were named already."""
    stored = [(it["host"], it["account"]) for it in facts["accounts"]]
    if facts["source"] == "stored":
        return [account for account in stored if account != (facts["host"], facts["account"])]
    return [] if facts["where"] else stored  # else they are among what is hidden


_STORES = {
    "keyring": "the system's keyring",
    "passphrase": "your head (a passphrase)",
    "keyfile": "a key file",
    "none": "nowhere: nothing is stored",
}
