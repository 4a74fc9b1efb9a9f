"""The engines of one run: which answers, and each built when it is first asked."""

import math
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from copilot_cli.errors import SettingsError

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.engines.answering import WireMemory
    from copilot_cli.engines.byok import ByokEngine
    from copilot_cli.engines.direct import DirectEngine
    from copilot_cli.engines.endpoint import Endpoint
    from copilot_cli.engines.http import HTTPEngine
    from copilot_cli.messages import ModelInfo
    from copilot_cli.route_choice import Chosen
    from copilot_cli.routing import Route

ENGINES = frozenset({"direct", "byok"})


class Engines:
    """Builds engines and keeps them: the same one each time for the same route."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._built: dict[tuple[str, str | None], DirectEngine | ByokEngine] = {}

    @cached_property
    def chosen(self) -> "Chosen":
        """Who answers where nothing else is said, and whether anybody asked for it."""
        from copilot_cli.route_choice import choose

        return choose(self._app)

    def of(self, route: "Route") -> "DirectEngine | ByokEngine":
        """Return the engine of `route`. Raises `SignInError`, `SettingsError` and `StoreError`."""
        endpoint = route.endpoint
        if route.engine == "byok" and endpoint is None:
            endpoint = self.chosen.route.endpoint or self._app.endpoints.default()
        who = route.engine, endpoint
        if who not in self._built:
            self.check(route.engine)
            lease = None if endpoint else self._app.access.lease
            self._built[who] = self._endpoint(endpoint) if endpoint else self.direct(lease)
        return self._built[who]

    def check(self, engine: str) -> None:
        """Raise `SettingsError` for an engine that this version does not have."""
        if engine not in ENGINES:
            source = self._app.settings.source("engine")
            raise SettingsError(
                f"this version has no engine {engine!r} (from {source})",
                hint="use the engine direct or byok",
            )

    def direct(self, lease: Any) -> "DirectEngine":
        """Return the engine `direct` on `lease`."""
        from copilot_cli.engines.direct import DirectEngine

        app = self._app
        return DirectEngine(
            app.client,
            lease,
            app.access.identity,
            self._http(),
            retries=app.settings.retries,
            sleep=app.wait,
            now=app.effects.now,
            local_time=self._local_time,
            find=app.catalogue.find,
            memory=self._wire_memory(),
        )

    def _wire_memory(self) -> "WireMemory":
        """Return what remembers which endpoint answers a model, between runs."""
        from copilot_cli.engines.answering import WireMemory
        from copilot_cli.store.cache import read_json, write_json

        app = self._app
        file, now = app.settings.paths.cache_dir / "wires.json", app.effects.now
        return WireMemory(
            lambda: read_json(file, math.inf, now()),
            lambda data: write_json(file, data, now()),
            whose=lambda: f"{app.settings.host} {app.access.login}",
            now=now,
        )

    def byok(
        self,
        endpoint: "Endpoint",
        find: "Callable[[str], ModelInfo | None]" = lambda _: None,
    ) -> "ByokEngine":
        """Return the engine `byok` on `endpoint`, which has its key; `find` knows its models."""
        from copilot_cli.engines.byok import ByokEngine

        app = self._app
        return ByokEngine(
            app.client,
            endpoint,
            self._http(),
            retries=app.settings.retries,
            sleep=app.wait,
            now=app.effects.now,
            local_time=self._local_time,
            find=find,
        )

    def _endpoint(self, name: str) -> "ByokEngine":
        """Return the engine of the endpoint `name`; say what nobody said of it."""
        from copilot_cli.route_choice import announcement

        chosen, app = self.chosen, self._app
        by_itself = chosen.by_itself and name == chosen.route.endpoint
        if said := announcement(app, name, by_itself=by_itself):
            app.streams.notice(said)
        return self.byok(app.endpoints.find(name), lambda model: app.catalogue.find(model, name))

    def _http(self) -> "HTTPEngine":
        from copilot_cli.engines.http import HTTPEngine

        effects, idle = self._app.effects, self._app.settings.timeout_idle
        return HTTPEngine(
            self._app.client, timeout_idle=idle, monotonic=effects.monotonic, now=effects.now
        )

    def _local_time(self, seconds: float) -> str:
        """Return the time of day `seconds` from now, with the date where it is another day."""
        from copilot_cli.engines.resilience import time_of_day

        return time_of_day(self._app.effects.now(), seconds)
