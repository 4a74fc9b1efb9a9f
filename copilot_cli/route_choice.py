"""Which engine answers this run, and whether Copilot or an endpoint of the person's own.

A model's prefix says it (`ollama/llama3`), else the engine that is set. Where nobody is signed in
and variables describe an endpoint, that one answers by itself, and it is said. A model that
`config.toml` names belongs to the engine that `config.toml` names, so that `--engine byok` does not
ask an endpoint for a model of Copilot's.
"""

from typing import TYPE_CHECKING

from copilot_cli.routing import ENV, GITHUBS, Route, parse
from copilot_cli.settings import LATE_TOKEN_VARIABLES, Settings
from copilot_cli.values import NamedTuple

if TYPE_CHECKING:
    from copilot_cli.app import App

_BYOK = "byok"


class Chosen(NamedTuple):
    """The route of this run; `by_itself`: nobody asked for that endpoint in so many words."""

    route: Route
    by_itself: bool = False


def choose(app: "App") -> Chosen:
    """Return the route of this run; an endpoint is named in it where one answers.

    Raises `SettingsError` where several endpoints could answer and none is named.
    """
    settings, endpoints = app.settings, app.endpoints
    route = _wanted(settings, parse(settings.model, settings.engine, endpoints.names()))
    if route.engine in GITHUBS and route.endpoint is None and _without_sign_in(app):
        return Chosen(Route(route.engine, ENV, _now(settings)))
    if route.engine != _BYOK:
        by_itself = _by_itself(app, route)
        return Chosen(Route(_BYOK, ENV, _now(settings)) if by_itself else route, by_itself)
    if endpoints.described and not settings.said_now("model"):
        return Chosen(Route(_BYOK, ENV))  # variables win over config.toml
    return Chosen(route if route.endpoint else route._replace(endpoint=endpoints.default()))


def nobody_signed_in(app: "App") -> bool:
    """Say whether only a new sign-in helps: there is none, or one that it would stand before."""
    source = app.access.resolved.source
    if source is None:
        return True
    return source.problem is not None and source.name in LATE_TOKEN_VARIABLES


def announcement(app: "App", name: str, *, by_itself: bool) -> str | None:
    """Return what is to be said before the endpoint `name` is first asked; None for nothing."""
    guessed = app.endpoints.guessed(name)
    if not guessed and not by_itself:
        return None
    endpoint = app.endpoints.look_up(name)
    why = "nobody is signed in: " if by_itself else ""
    kind = f"{endpoint.type}{', guessed from its host' if guessed else ''}"
    return f"{why}{endpoint.base_url} answers, of {endpoint.where} (type {kind})"


def _wanted(settings: Settings, route: Route) -> Route:
    """Return `route` without a model of `config.toml` that is not for the engine wanted now."""
    if not settings.said_now("engine") or settings.said_now("model"):
        return route
    meant = route.endpoint is not None or settings.engine != _BYOK
    return route if meant and route.engine == settings.engine else Route(settings.engine)


def _by_itself(app: "App", route: Route) -> bool:
    """Say whether the variables' endpoint answers though nobody said so."""
    settings = app.settings
    if settings.said_now("engine") or _prefixed(settings, route):
        return False
    return _without_sign_in(app)


def _without_sign_in(app: "App") -> bool:
    """Say whether nobody is signed in anywhere, and variables describe an endpoint."""
    if not app.endpoints.described:
        return False
    return nobody_signed_in(app) and not app.access.resolved.elsewhere


def _prefixed(settings: Settings, route: Route) -> bool:
    return settings.model is not None and route.model not in {settings.model, None}


def _now(settings: Settings) -> str | None:
    return settings.model if settings.said_now("model") else None
