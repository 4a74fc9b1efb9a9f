"""What the shell can complete: models, conversations, roles, accounts and settings as they are now.

Rule: everything comes from files that are there, and quickly. No request is made, no key is opened,
nothing is created, and whoever calls takes any failure for "nothing to offer".
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from copilot_cli.engine_building import ENGINES

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.messages import ModelInfo

_MOST_SESSIONS = 50
_PATIENCE = 0.05  # seconds to wait for a database that somebody writes to


class Candidate(NamedTuple):
    """A word that can stand there, and what explains it; the explanation may be foreign text."""

    value: str
    help: str = ""


Find = Callable[["App"], Iterator[Candidate]]


def models(app: "App") -> Iterator[Candidate]:
    """Yield the models of the lists that were read last, however old: this host's, the endpoints'.

    A model of an endpoint is named as it is typed: behind the endpoint's name.
    """
    from copilot_cli.ui.describe import named

    for model in _models(app):
        yield Candidate(named(model), model.name)


def wanting_consent(app: "App") -> Iterator[Candidate]:
    """Yield the models of those lists that can be enabled."""
    from copilot_cli.engines.models import wants_consent

    for model in _listed(app):
        if wants_consent(model):
            yield Candidate(model.id, model.name)


def efforts(app: "App") -> Iterator[Candidate]:
    """Yield the levels of reasoning that any model of that list has."""
    levels = [level for model in _models(app) for level in model.reasoning]
    yield from map(Candidate, dict.fromkeys(levels))


def sessions(app: "App") -> Iterator[Candidate]:
    """Yield the conversations used last, each with its title; a sealed title is left out."""
    path = app.paths.conversations.absolute()
    if not path.is_file():
        return
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)) as db:
        rows = db.execute(
            "SELECT id, title FROM sessions ORDER BY updated DESC LIMIT ?", (_MOST_SESSIONS,)
        ).fetchall()
    for session_id, title in rows:
        yield Candidate(session_id, title if isinstance(title, str) else "")


def roles(app: "App") -> Iterator[Candidate]:
    """Yield the person's own roles and the shipped ones."""
    from copilot_cli.roles import names

    yield from map(Candidate, names(app.paths.roles))


def accounts(app: "App") -> Iterator[Candidate]:
    """Yield the accounts that are signed in; the store says their names without a key."""
    from copilot_cli.auth.accounts import all_accounts

    for account in all_accounts(app.vault.store):
        yield Candidate(account.login, account.host)


def keys(app: "App") -> Iterator[Candidate]:  # noqa: ARG001 - as all the others
    """Yield the names of the settings."""
    from copilot_cli.settings import SETTINGS

    for setting in SETTINGS:
        yield Candidate(setting.name, setting.meaning)


def values_of(key: str) -> Find | None:
    """Return what finds the values of the setting `key`; None where they cannot be listed."""
    from copilot_cli.settings import SETTINGS

    if key in BY_SETTING:
        return BY_SETTING[key]
    for setting in SETTINGS:
        if setting.name == key and isinstance(setting.default, bool):
            return words("true", "false")
        if (
            setting.name == key
            and setting.kind.choices
            and not isinstance(setting.default, Mapping)
        ):
            return words(*setting.kind.choices)
    return None


def words(*choices: str) -> Find:
    """Return what finds exactly `choices`."""

    def find(app: "App") -> Iterator[Candidate]:  # noqa: ARG001 - as all the others
        yield from map(Candidate, choices)

    return find


BY_SETTING: Mapping[str, Find] = {
    "model": models,
    "failover": models,
    "effort": efforts,
    "role": roles,
    "account": accounts,
    "engine": words(*ENGINES),
}


def _models(app: "App") -> "Iterator[ModelInfo]":
    return (model for model in _listed(app) if model.disabled is None)


def _listed(app: "App") -> "Iterator[ModelInfo]":
    from copilot_cli.model_cache import ModelCache

    settings, seen = app.settings, set()
    for kept in ModelCache(app.paths.cache_dir, app.effects.now()).everything():
        kind, _, rest = kept.whose.partition(" ")
        endpoint = rest.partition(" ")[0] if kind == "endpoint" else None
        if kind != settings.host and endpoint not in settings.endpoints:
            continue
        for model in kept.models:
            if (endpoint, model.id) not in seen:
                seen.add((endpoint, model.id))
                yield model._replace(endpoint=endpoint)
