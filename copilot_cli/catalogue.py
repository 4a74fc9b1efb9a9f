"""The models of this run's account and of the person's own endpoints, and which of them answers.

A list is kept in the cache: ten minutes for who asks which models there are, and for as long as it
lasts for who only wants to know something of one, or cannot ask.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from copilot_cli.errors import (
    CopilotChatError,
    LimitError,
    ModelUnavailable,
    ServiceError,
    SignInError,
    UsageError,
)
from copilot_cli.model_cache import ModelCache, ModelList
from copilot_cli.routing import ENV, GITHUBS

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.listed_models import Listed
    from copilot_cli.messages import ModelInfo
    from copilot_cli.roles import Role
    from copilot_cli.routing import Route

FRESH = 600.0
"""Seconds for which a list is used without asking again (VS Code asks after ten minutes)."""


def _how_to_set(endpoint: str) -> str:
    if endpoint == ENV:
        return "name one with -m, or set COPILOT_MODEL"
    return (
        f"name one with -m, or `copilot-chat config set endpoints.{endpoint}.model MODEL`;"
        " `copilot-chat models` lists them"
    )


class Catalogue:
    """The model lists of one run; `silent`, it sends nothing and knows what was read before.

    Copilot's list has the name None, an endpoint's that of the endpoint.
    """

    def __init__(self, app: "App") -> None:
        self._app = app
        self.silent = False
        self._lists: dict[str | None, ModelList] = {}  # read in this run, or found in the cache

    # Lists

    def models(self, *, fresh: bool = False, endpoint: str | None = None) -> "list[ModelInfo]":
        """Return a list, at most ten minutes old; `fresh` always asks the service.

        Raises what reading it does: see `Engine.models_reply`.
        """
        return self.read(endpoint, patience=0.0 if fresh else FRESH).models

    def known(self, endpoint: str | None = None) -> "list[ModelInfo]":
        """Return a list as it was read last, however long ago; sends nothing."""
        kept = self.kept(endpoint)
        return kept.models if kept else []

    def find(self, model: str, endpoint: str | None = None) -> "ModelInfo | None":
        """Return what was read last of `model`; None where that is nothing. Sends nothing."""
        kept = self.kept(endpoint)
        return kept.find(model) if kept else None

    def look_up(self, model: str, endpoint: str | None = None) -> "ModelInfo | None":
        """Return what is known of `model`, asking the service if nothing was ever read.

        None too where the service cannot be asked: who needs an answer hears why from that.
        """
        if not self.silent and self.kept(endpoint) is None:
            with suppress(CopilotChatError):
                self.models(endpoint=endpoint)
        return self.find(model, endpoint)

    def read(self, endpoint: str | None, *, patience: float) -> ModelList:
        """Return a list that is at most `patience` seconds old, asking for it if need be."""
        kept = self.kept(endpoint)
        if kept is not None and patience and self.age(kept) <= patience and not kept.doubted:
            return kept
        read = self._fetched(endpoint)
        self._lists[endpoint] = read
        self._cache.write(read)
        return read

    def keep(self, reply: "Mapping[str, Any]", login: str, plan: str | None) -> "list[ModelInfo]":
        """Keep a list that was read for the account `login` of this host; return its models."""
        from copilot_cli.engines.models import model_items

        whose, now = self._of_account(login), self._app.effects.now()
        read = ModelList(whose, model_items(reply), now, plan=plan, web=self._web)
        self._cache.write(read)
        return read.models

    def kept(self, endpoint: str | None) -> ModelList | None:
        """Return a list as it was read last; None where there is none, or nobody is signed in."""
        if endpoint not in self._lists:
            with suppress(SignInError):
                kept = self._cache.read(self._whose(endpoint), web=self._web, endpoint=endpoint)
                if kept is not None:
                    self._lists[endpoint] = kept
        return self._lists.get(endpoint)

    def doubt(self, model: str) -> None:
        """Hear that the service refused `model`: what Copilot's list says of it is of yesterday."""
        kept, known = self.kept(None), self.find(model)
        if kept is not None and known is not None and known.disabled is None:
            kept.doubted = model
            self._cache.write(kept)

    def _doubts(self, route: "Route") -> bool:
        kept = self.kept(route.endpoint)
        return kept is not None and kept.doubted == route.model

    def age(self, kept: ModelList) -> float:
        """Return the seconds since a list was read."""
        return max(0.0, self._app.effects.now() - kept.at)

    def everything(self, *, fresh: bool = False) -> "Listed":
        """Return the models of Copilot and of every endpoint, at most ten minutes old if possible.

        What cannot be read now is taken as it was; that, and what cannot be read at all, is said on
        stderr, but for an endpoint that is set up wrongly: that comes back with the models. Raises
        `CopilotChatError` where nothing could be read.
        """
        from copilot_cli.listed_models import everything

        return everything(self._app, self, fresh=fresh)

    # Which one answers

    def resolve(self, name: str, *, ask: bool) -> "Route":
        """Return who answers to `name`: the engine, its endpoint, and the model's id there.

        `ask`: the person is asked which one of a family is meant. Raises `ModelUnavailable` for a
        name that means nothing or too much, and for a model that cannot be used. A name that no
        list can be read for is taken as it is.
        """
        return self._resolved(name, self._route(name), ask=ask)

    def _resolved(self, name: str, route: "Route", *, ask: bool) -> "Route":
        if route.model is None:
            return route
        known = self.find(route.model, route.endpoint)
        if known is not None and known.disabled is None and not self._doubts(route):
            return route
        from copilot_cli.naming import Naming

        return Naming(self._app, self).resolve(name, route, ask=ask)

    def choose(self, role: "Role | None" = None) -> "Route":
        """Return who answers: the model that is set, else the service's own default.

        The model of `role` is behind an option and a variable only. The service's default is said
        on stderr, once. Raises as `resolve` does, `ModelUnavailable` where no model can be used,
        and `UsageError` where none is known and nothing may be sent.
        """
        ask = self._app.streams.person
        if role and role.model and not self.named:
            return self.resolve(role.model, ask=ask)
        route = self._app.route
        if route.model is not None:
            return self._resolved(route.model, route, ask=ask)
        return self.choose_for(route)

    def choose_for(self, route: "Route") -> "Route":
        """Return `route` with its engine's or endpoint's own default model. Raises as `choose`."""
        return route._replace(model=self._default(route))

    @property
    def named(self) -> bool:
        """Whether an option or a variable names the model of this run."""
        return self._app.settings.said_now("model")

    def _default(self, route: "Route") -> str:
        if route.endpoint is not None:
            return self._default_of(route.endpoint)
        from copilot_cli.engines.models import default_model

        # Nothing is asked in an editor's name for the sake of GitHub's own, but for a first list.
        quiet = self.silent or (route.engine in GITHUBS and self.kept(None) is not None)
        chosen = default_model(self.known() if quiet else self._likely())
        if chosen is None and self.silent:
            raise UsageError(
                "no model is set, and the service's default is not known yet",
                hint="name one with -m: a dry run does not ask the service",
            )
        if chosen is None:
            raise ModelUnavailable(
                "your account has no chat model that can be used",
                hint="see `copilot-chat models` for the reasons",
            )
        self._app.streams.notice(f"model: {chosen.id} (the service's default; choose with -m)")
        return chosen.id

    def _likely(self) -> "list[ModelInfo]":
        """Return Copilot's list as `models` does; as it was, where the service is out of order."""
        try:
            return self.models()
        except (ServiceError, LimitError):
            if known := self.known():
                return known
            raise

    def _default_of(self, endpoint: str) -> str:
        """Return the model that an endpoint is set up with, else the only one that it lists."""
        own = self._app.endpoints.look_up(endpoint).model
        if own:
            return own
        listed = self.known(endpoint) if self.silent else self.models(endpoint=endpoint)
        usable = [model.id for model in listed if model.disabled is None]
        if len(usable) != 1:
            several = f"{endpoint} has several models" if usable else f"{endpoint} lists no model"
            raise UsageError(f"no model is set, and {several}", hint=_how_to_set(endpoint))
        self._app.streams.notice(f"model: {usable[0]} (the only one of {endpoint})")
        return usable[0]

    def _route(self, name: str | None) -> "Route":
        from copilot_cli.routing import parse

        app = self._app
        # The engine that answers where no prefix says otherwise: that of the route may be by one.
        engine = "byok" if app.engines.chosen.by_itself else app.settings.engine
        route = parse(name, engine, app.endpoints.names())
        if route.engine == "byok" and route.endpoint is None:
            return route._replace(endpoint=app.route.endpoint or app.endpoints.default())
        return route

    # Where lists come from

    @property
    def _cache(self) -> ModelCache:
        return ModelCache(self._app.settings.paths.cache_dir, self._app.effects.now())

    @property
    def _web(self) -> str:
        return self._app.settings.login_url()

    def _whose(self, endpoint: str | None) -> str:
        if endpoint is not None:
            return f"endpoint {endpoint} {self._app.endpoints.look_up(endpoint).base_url}"
        return self._of_account(self._app.access.login)

    def _of_account(self, login: str) -> str:
        settings = self._app.settings
        return f"{settings.host} {login} {settings.copilot_api() or ''}"

    def _fetched(self, endpoint: str | None) -> ModelList:
        from copilot_cli.engines.models import model_items

        items = model_items(self._app.engines.lister(endpoint).models_reply())
        return ModelList(
            self._whose(endpoint),
            items,
            self._app.effects.now(),
            plan=self._plan() if endpoint is None else None,
            web=self._web,
            endpoint=endpoint,
        )

    def _plan(self) -> str | None:
        """Return the plan that the token in use names; nothing is sent for it."""
        from copilot_cli.engines.models import known_plan

        return known_plan(getattr(self._app.access.lease.get(), "sku", None))
