"""What stands between a chat and its engine: the budget, the failover, a word on a low quota.

Rule: a chat does not know of them, and they live as long as the process: what was spent and what
has failed are remembered over all conversations of one run.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from copilot_cli.engines.quota_headers import Watched
from copilot_cli.errors import SettingsError

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.budget import Budget, Price
    from copilot_cli.engines.failover import Breaker, Candidate
    from copilot_cli.messages import QuotaSnapshot
    from copilot_cli.parties import Engine
    from copilot_cli.quota_warnings import QuotaWarnings
    from copilot_cli.routing import Route

_ENGINES = frozenset({"direct", "official", "byok", "cli"})
_OWN = "byok"  # what one's own endpoints cost is no matter of Copilot's plan


class Guard:
    """Puts the person's limits around the engines of one run."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._wrapped: dict[tuple[Engine, float | None], Engine] = {}
        self.chatting = False
        """Whether many questions are asked in this run."""

    def engine(self, engine: "Engine") -> "Engine":
        """Return `engine` as a chat gets it. Opens and sends nothing."""
        guarded = self._limited(engine)
        others = self._app.settings.failover
        if not others:
            return guarded
        from copilot_cli.engines.failover import Failover

        return Failover(guarded, others, self._open, self._breaker)

    def _limited(self, engine: "Engine") -> "Engine":
        if engine.name == _OWN or self._app.engines.is_own(engine):
            return engine
        limit = self._app.settings.max_credits
        if (engine, limit) not in self._wrapped:
            watched: Engine = Watched(engine, self._low_quotas)
            if limit is not None:
                from copilot_cli.budget import Budgeted

                watched = Budgeted(watched, self._budget(limit))
            self._wrapped[engine, limit] = watched
        return self._wrapped[engine, limit]

    def _open(self, name: str) -> "Candidate":
        """Return who answers by `name` of the setting failover. Raises a `CopilotChatError`."""
        from copilot_cli.engines.failover import Candidate

        route = self._route(name)
        engine = self._app.engine_for(route)
        info = self._app.catalogue.find(route.model, route.endpoint) if route.model else None
        return Candidate(self._limited(engine), route.model, info.reasoning if info else ())

    def _route(self, name: str) -> "Route":
        """Return the route of a model's name, or of an engine's or an endpoint's.

        An endpoint answers with its own model, an engine with the one that was asked for. Nothing
        is sent for it but where a name is short for another: the service may be down.
        """
        from copilot_cli.routing import Route, parse

        app = self._app
        if name in app.endpoints.names():
            model = app.endpoints.look_up(name).model
            if model is None:
                raise SettingsError(
                    f"the endpoint {name} has no model of its own", hint=f"name one: {name}/MODEL"
                )
            return Route(_OWN, name, model)
        if name in _ENGINES:
            return Route(name)
        route = parse(name, app.settings.engine, app.endpoints.names())
        known = bool(app.catalogue.known(route.endpoint))
        return app.catalogue.resolve(name, ask=False) if known else route

    # What lives as long as the process

    @cached_property
    def _breaker(self) -> "Breaker":
        from copilot_cli.engines.failover import Breaker

        return Breaker(self._app.effects.monotonic)

    def _budget(self, limit: float) -> "Budget":
        if self._spending is None:
            from copilot_cli.budget import Budget

            self._spending = Budget(limit, self._price)
        return self._spending

    _spending: "Budget | None" = None

    def _price(self, model: str) -> "Price | None":
        from copilot_cli.budget import price_of

        return price_of(self._app.catalogue.look_up(model))

    @cached_property
    def _warnings(self) -> "QuotaWarnings":
        from copilot_cli.quota_warnings import QuotaWarnings

        settings = self._app.settings
        file = None if self.chatting else settings.paths.cache_dir / "quota-warnings.json"
        return QuotaWarnings(" ".join(self._app.holder), file, self._app.effects.now)

    def _low_quotas(self, quotas: "Sequence[QuotaSnapshot]") -> Iterator[str]:
        return self._warnings(quotas)
