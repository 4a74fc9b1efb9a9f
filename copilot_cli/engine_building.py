"""The engines of one run: which answers, and each built when it is first asked.

The runtime of the engine `official` is a process: whoever drops `Engines` closes it first.
"""

import math
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot_cli.errors import SettingsError

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.engines.answering import WireMemory
    from copilot_cli.engines.byok import ByokEngine
    from copilot_cli.engines.cli import CliEngine
    from copilot_cli.engines.direct import DirectEngine
    from copilot_cli.engines.endpoint import Endpoint
    from copilot_cli.engines.http import HTTPEngine
    from copilot_cli.engines.official.access import OwnEndpoint, SignIn
    from copilot_cli.engines.official.engine import OfficialEngine
    from copilot_cli.engines.resilience import Retrying
    from copilot_cli.messages import ModelInfo
    from copilot_cli.parties import Engine
    from copilot_cli.route_choice import Chosen
    from copilot_cli.routing import Route
    from copilot_cli.secret import Secret

ENGINES = {
    "direct": "Copilot as an editor asks it: quick, small, promised by nobody",
    "official": "Copilot by GitHub's own runtime: sanctioned; 140 MB, slower",
    "byok": "an endpoint of your own, with its own key",
    "cli": "Copilot by GitHub's command `copilot`: a second and more each",
}
"""The engines of this version, that one first which answers where nothing is said.

What is said of each fits into a menu of 80 columns, behind its name.
"""


class Engines:
    """Builds engines and keeps them: the same one each time for the same route."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._built: dict[tuple[str, str | None], Engine] = {}

    @cached_property
    def chosen(self) -> "Chosen":
        """Who answers where nothing else is said, and whether anybody asked for it."""
        from copilot_cli.route_choice import choose

        return choose(self._app)

    @cached_property
    def retrying(self) -> "Retrying":
        """How this run sends again what failed."""
        from copilot_cli.engines.resilience import Retrying

        return Retrying(self._app.settings.retries, self._app.wait, self._local_time)

    def of(self, route: "Route") -> "Engine":
        """Return the engine of `route`. Raises `SignInError`, `SettingsError` and `StoreError`."""
        endpoint = route.endpoint
        if route.engine == "byok" and endpoint is None:
            endpoint = self.chosen.route.endpoint or self._app.endpoints.default()
        who = route.engine, endpoint
        if who not in self._built:
            self.check(route.engine)
            self._built[who] = self._build(route.engine, endpoint)
        return self._built[who]

    def _build(self, engine: str, endpoint: str | None) -> "Engine":
        match engine:
            case "official":
                access = self._own_endpoint(endpoint) if endpoint else self._sign_in()
                return self._official(access, endpoint)
            case "cli":
                right = self._announced(endpoint) if endpoint else self._sign_in()
                return self._cli(right, endpoint)
            case _ if endpoint is not None:
                return self._endpoint(endpoint)
            case _:
                return self._copilot()

    def on_token(self, engine: str, login: str, token: "Secret") -> "Engine":
        """Return `official` or `cli` for the GitHub token that `login` has just got."""
        access = self._sign_in(login, lambda: token)
        built: Engine = self._official(access) if engine == "official" else self._cli(access)
        self._built[engine, f"of {login}"] = built  # no endpoint's name; it is ended with the rest
        return built

    def is_own(self, engine: "Engine") -> bool:
        """Say whether `engine` asks an endpoint of the person's own, whichever way."""
        names = (endpoint for (_, endpoint), built in self._built.items() if built is engine)
        return any(name in self._app.endpoints.names() for name in names)

    def lister(self, endpoint: str | None) -> "DirectEngine | ByokEngine":
        """Return who lists the models of `endpoint`, or Copilot's. Raises as `of` does."""
        return self._endpoint(endpoint) if endpoint else self._copilot()

    def check(self, engine: str) -> None:
        """Raise `SettingsError` for an engine that this version does not have."""
        if engine not in ENGINES:
            source = self._app.settings.source("engine")
            raise SettingsError(
                f"this version has no engine {engine!r} (from {source})",
                hint=f"use one of {', '.join(ENGINES)}",
            )

    def choose_anew(self) -> None:
        """Look at the settings again, which have changed. What was built stays."""
        self.__dict__.pop("chosen", None)

    def close(self, *, but: "Engine | None" = None) -> None:
        """End what engines have started, `but` one's. They may be asked again, which starts it."""
        with ExitStack() as closing:  # what goes wrong with one leaves none out
            for engine in self._built.values():
                close = getattr(engine, "close", None)
                if close is not None and engine is not but:
                    closing.callback(close)

    def _copilot(self) -> "DirectEngine":
        access = self._app.access
        return self.direct(access.lease, access.remedy, access.resets)

    def direct(
        self,
        lease: Any,
        remedy: str | None = None,
        resets: "Callable[[], str | None]" = lambda: None,
    ) -> "DirectEngine":
        """Return the engine `direct` on `lease`; `remedy` and `resets` see there."""
        from copilot_cli.engines.direct import DirectEngine

        app = self._app
        return DirectEngine(
            app.client,
            lease,
            app.access.identity,
            self._http(),
            retrying=self.retrying,
            now=app.effects.now,
            find=app.catalogue.find,
            memory=self._wire_memory(),
            remedy=remedy,
            refused=app.catalogue.doubt,
            resets=resets,
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
            retrying=self.retrying,
            now=app.effects.now,
            find=find,
        )

    def _endpoint(self, name: str) -> "ByokEngine":
        """Return the engine of the endpoint `name`."""
        find = self._app.catalogue.find
        return self.byok(self._announced(name), lambda model: find(model, name))

    def _announced(self, name: str) -> "Endpoint":
        """Return the endpoint `name` with its key; say what nobody said of it."""
        from copilot_cli.route_choice import announcement

        chosen, app = self.chosen, self._app
        by_itself = chosen.by_itself and name == chosen.route.endpoint
        if said := announcement(app, name, by_itself=by_itself):
            app.streams.notice(said)
        return app.endpoints.find(name)

    # -- GitHub's runtime ----------------------------------------------------------------------

    def _official(
        self, access: "SignIn | OwnEndpoint", endpoint: str | None = None
    ) -> "OfficialEngine":
        """Return the engine `official`; nothing of it is started before it is asked."""
        from copilot_cli.engines.official.engine import OfficialEngine
        from copilot_cli.environment import foreign_environ
        from copilot_cli.runtime.installed import FOLDER, RUNNING, UNPACKED

        app = self._app
        cache = app.settings.paths.cache_dir
        return OfficialEngine(
            app.client,
            self._http(),
            access,
            program=self._program,
            home=cache / RUNNING,
            environ=foreign_environ(app.effects.environ),
            unpacked=cache / FOLDER / UNPACKED,
            timeout_idle=app.settings.timeout_idle,
            retrying=self.retrying,
            monotonic=app.effects.monotonic,
            find=lambda model: app.catalogue.find(model, endpoint),
            offline=app.settings.offline,
        )

    def _cli(self, access: "SignIn | Endpoint", endpoint: str | None = None) -> "CliEngine":
        """Return the engine `cli`; nothing is looked for before it is asked."""
        from copilot_cli.engines.cli import CliEngine
        from copilot_cli.engines.cli_command import find_program, unpacked
        from copilot_cli.environment import foreign_environ
        from copilot_cli.runtime.installed import RUNNING

        app = self._app
        environ = app.effects.environ
        return CliEngine(
            access,
            program=lambda: find_program(environ),
            environ=foreign_environ(environ),
            unpacked=unpacked(environ),
            folder=app.settings.paths.cache_dir / RUNNING,
            timeout_idle=app.settings.timeout_idle,
            retrying=self.retrying,
            monotonic=app.effects.monotonic,
            find=lambda model: app.catalogue.find(model, endpoint),
            offline=app.settings.offline,
        )

    def _sign_in(
        self, login: str | None = None, token: "Callable[[], Secret] | None" = None
    ) -> "SignIn":
        """Return the sign-in of this run, or the one whose `token` is given."""
        from copilot_cli.engines.official.access import SignIn

        app, settings = self._app, self._app.settings
        given = token or app.access.token
        addresses = {
            "COPILOT_GH_HOST": settings.host if settings.host != "github.com" else None,
            "COPILOT_DEBUG_GITHUB_API_URL": settings.github_api_url,
            "COPILOT_API_URL": settings.copilot_api(),
            # In no manual, only in the program itself (1.0.102): this program promises none.
            "COPILOT_GITHUB_TELEMETRY_DISABLED": "true",
        }
        return SignIn(
            f"{settings.host} {login or app.access.login}",
            given,
            lambda: app.access.exchange(given()),
            {name: value for name, value in addresses.items() if value},
            settings.copilot_api(),
        )

    def _own_endpoint(self, name: str) -> "OwnEndpoint":
        from copilot_cli.engines.official.access import OwnEndpoint

        engine = self._endpoint(name)
        whose = f"{name} {self._app.endpoints.look_up(name).base_url}"
        return OwnEndpoint(whose, engine.path, engine, engine.dry_run, engine.explained)

    def _program(self) -> Path:
        """Return the runtime to start; say so where it is not the one that fits."""
        from copilot_cli.runtime.health import version_of
        from copilot_cli.runtime.installed import find
        from copilot_cli.runtime.versions import remark

        app = self._app
        runtime, cache = find(app), app.settings.paths.cache_dir
        version = version_of(runtime, app.effects.environ, cache, app.effects.now())
        if version is not None and (said := remark(version)):
            app.streams.notice(said)
        return runtime.path

    # -- what all of them get --------------------------------------------------------------------

    def _http(self) -> "HTTPEngine":
        from copilot_cli.engines.http import HTTPEngine

        effects, idle = self._app.effects, self._app.settings.timeout_idle
        return HTTPEngine(
            self._app.client, timeout_idle=idle, monotonic=effects.monotonic, now=effects.now
        )

    def _local_time(self, seconds: float) -> str:
        """Return the time of day `seconds` from now, with the date where it is another day."""
        from copilot_cli.retry_after import time_of_day

        return time_of_day(self._app.effects.now(), seconds)
