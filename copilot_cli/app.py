"""The composition root: `App` builds each collaborator when it is first used, and knows every one.

Nothing else names concrete classes. Heavy libraries are imported inside the properties that need
them, so that `--version` and `status` cost what they use and no more.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any

from copilot_cli.errors import StoreError, UsageError
from copilot_cli.paths import Paths, locate
from copilot_cli.settings import Settings
from copilot_cli.ui.console import Streams

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from copilot_cli.access import Access
    from copilot_cli.catalogue import Catalogue
    from copilot_cli.chat import Chat
    from copilot_cli.effects import Effects
    from copilot_cli.endpoints import Endpoints
    from copilot_cli.engine_building import Engines
    from copilot_cli.engines.direct import DirectEngine
    from copilot_cli.fetching import Fetched
    from copilot_cli.guarding import Guard
    from copilot_cli.parties import Engine, Toolbox
    from copilot_cli.roles import Role
    from copilot_cli.routing import Route
    from copilot_cli.store.recorder import SessionRecorder
    from copilot_cli.store.sessions import Sessions
    from copilot_cli.toolkit import Toolkit
    from copilot_cli.ui.device_screen import Screen
    from copilot_cli.ui.prompts import NoPrompts, Prompts
    from copilot_cli.vault import Vault
    from copilot_cli.workspace import Workspace


class App:
    """Everything one run of the program may need, each built on first use."""

    def __init__(self, options: Mapping[str, str | None], effects: "Effects") -> None:
        self.effects = effects
        self._options = dict(options)
        self.aside: Callable[[], AbstractContextManager[object]] = nullcontext
        """Holds back, for a `with`, whoever else reads the terminal."""

    def set_options(self, **options: str | None) -> None:
        """Add a command's own options to the global ones; call it before `settings` is read."""
        self._options.update(options)
        for name in ("settings", "endpoints"):
            self.__dict__.pop(name, None)
        if "engines" in self.__dict__:
            self.engines.choose_anew()

    def option(self, name: str) -> str | None:
        """Return what was given on the command line for `name`, before any setting is read."""
        return self._options.get(name)

    @cached_property
    def settings(self) -> Settings:
        """The settings of this run. Raises `SettingsError`."""
        settings = Settings.load(self._options, self.effects.environ, folder=self.workspace.values)
        if settings.said_now("account"):
            return self._on_host_of_account(settings)
        return settings

    def _on_host_of_account(self, settings: Settings) -> Settings:
        """Return `settings` for the host where the account that was named is signed in."""
        from copilot_cli.auth.choosing import on_its_host, on_named_host
        from copilot_cli.store.store_file import StoredNames

        settings = on_named_host(settings)
        try:
            return on_its_host(settings, StoredNames(settings.paths.data_dir))
        except StoreError:  # told where the store is opened
            return settings

    @property
    def paths(self) -> Paths:
        """Where everything lies; known before the settings are. Raises `SettingsError`."""
        return locate(self._options.get("home"), self.effects.environ)

    @cached_property
    def workspace(self) -> "Workspace":
        """The folder the program was started in, and what the person lets it do."""
        from copilot_cli.workspace import Workspace

        return Workspace(self)

    @cached_property
    def streams(self) -> Streams:
        """The program's streams, and whether a person is there."""
        return self.effects.streams(self.settings.color)

    @cached_property
    def prompts(self) -> "Prompts | NoPrompts":
        """Who asks the person; where nobody is there, every question names its flag instead."""
        from copilot_cli.ui.prompts import NoPrompts, Prompts

        if not self.streams.person:
            return NoPrompts(write=self.streams.say)
        return Prompts(
            self.effects.stdin,
            self.effects.stderr,
            self.effects.environ,
            plain=self.settings.plain,
        )

    def device_screen(self) -> "Screen":
        """Return what the sign-in code is shown on."""
        from copilot_cli.ui.device_screen import process_screen

        return process_screen(
            self.effects.stdin,
            self.effects.stderr,
            self.effects.environ,
            person=self.streams.person,
            color=self.streams.stderr_color,
            plain=self.settings.plain,
        )

    @cached_property
    def open_page(self) -> Callable[[str], bool] | None:
        """What opens a page in the person's browser; None where there is none to open."""
        if self.effects.open_browser is not None:
            return self.effects.open_browser
        from copilot_cli.ui.browser import opener

        return opener(self.effects.environ)

    @cached_property
    def vault(self) -> "Vault":
        """The secret store."""
        from copilot_cli.vault import Vault

        return Vault(self)

    @cached_property
    def access(self) -> "Access":
        """The sign-in in use, and its Copilot token."""
        from copilot_cli.access import Access

        return Access(self)

    @cached_property
    def client(self) -> "httpx.Client":
        """The HTTP client of this process. Raises `SettingsError`."""
        from copilot_cli.identity import USER_AGENT
        from copilot_cli.network import build_client

        return build_client(
            self.effects.environ, transport=self.effects.transport, user_agent=USER_AGENT
        )

    def folder(self) -> "Path":
        """Return the folder that one is in. Raises `UsageError` where it is gone."""
        try:
            return self.effects.cwd()
        except OSError as error:
            raise UsageError("the folder you are in is gone", hint="change to another") from error

    def fetch(self, url: str) -> "Fetched":
        """Return the public page or image at `url`; see `fetching.fetch` for what is raised."""
        from copilot_cli.fetching import fetch
        from copilot_cli.public_addresses import resolve

        effects = self.effects
        return fetch(
            url,
            effects.environ,
            transport=effects.transport,
            resolve=effects.resolve or resolve,
        )

    @cached_property
    def identity(self) -> dict[str, str]:
        """The identity of the exchange mode. Raises `SettingsError` for malformed extra headers."""
        from copilot_cli.identity import exchange_headers

        return exchange_headers(self.settings.editor_identity, self.settings.extra_headers)

    # -- answering ---------------------------------------------------------------------------

    @cached_property
    def endpoints(self) -> "Endpoints":
        """The person's own endpoints."""
        from copilot_cli.endpoints import Endpoints

        return Endpoints(self)

    @cached_property
    def engines(self) -> "Engines":
        """The engines of this run."""
        from copilot_cli.engine_building import Engines

        return Engines(self)

    @property
    def route(self) -> "Route":
        """Who answers where nothing else is said: the engine, its endpoint, the model as named."""
        return self.engines.chosen.route

    @property
    def holder(self) -> tuple[str, str]:
        """Under whom conversations are kept: host and account, or an endpoint's own name."""
        route, host = self.route, self.settings.host
        return (host, f"byok:{route.endpoint}") if route.endpoint else (host, self.access.login)

    @property
    def engine(self) -> "Engine":
        """The engine that answers. Raises `SignInError` and `SettingsError`."""
        return self.engine_for(self.route)

    def engine_for(self, route: "Route") -> "Engine":
        """Return the engine of `route`, the same one each time. Raises as `engine` does."""
        return self.engines.of(route)

    def check_engine(self, engine: str | None = None) -> None:
        """Raise `SettingsError` for an engine that this version does not have."""
        self.engines.check(engine or self.settings.engine)

    def build_engine(self, lease: Any) -> "DirectEngine":
        """Return the engine `direct` on `lease`."""
        return self.engines.direct(lease)

    @cached_property
    def guard(self) -> "Guard":
        """What stands between a chat and its engine, for the whole of this run."""
        from copilot_cli.guarding import Guard

        return Guard(self)

    def wait(self, seconds: float) -> None:
        """Sleep before something is sent again; where a person looks on, the rest is shown."""
        streams = self.streams
        if not streams.stderr_is_terminal or streams.dumb or self.settings.plain:
            self.effects.sleep(seconds)
            return
        from copilot_cli.ui.countdown import Countdown

        Countdown(streams.say, self.effects.sleep)(seconds)

    @cached_property
    def catalogue(self) -> "Catalogue":
        """The models of this run's account."""
        from copilot_cli.catalogue import Catalogue

        return Catalogue(self)

    @cached_property
    def toolkit(self) -> "Toolkit":
        """The tools of this run."""
        from copilot_cli.toolkit import Toolkit

        return Toolkit(self)

    def role(self, name: str | None = None) -> "Role | None":
        """Return the role `name`, else the one that is set, else None.

        Raises `UsageError` where there is none of that name, `SettingsError` for a bad file.
        """
        name = name or self.settings.role
        if not name:
            return None
        from copilot_cli import roles

        return roles.find(name, self.paths.roles, self.effects.environ)

    def effort(self, role: "Role | None" = None) -> str | None:
        """Return how much a reasoning model thinks: an option, else `role`, else the settings."""
        if role and role.effort and not self.settings.source("effort").startswith("option"):
            return role.effort
        return self.settings.effort

    def chat(
        self,
        *,
        save: bool,
        system: str | None = None,
        stream: bool = True,
        model: str | None = None,
        role: "Role | None" = None,
        tools: "Toolbox | None" = None,
    ) -> "tuple[Chat, str | None]":
        """Return a new conversation and the id it is stored under, None if it leaves no record.

        `model` None means that of `role`, the one that is set, or the service's default. `system`
        comes after the instructions of `role`. The model may ask for `tools`.
        """
        from copilot_cli.conversation import Manner, open_chat

        catalogue = self.catalogue
        route = catalogue.resolve(model, ask=False) if model else catalogue.choose(role)
        recorder = self.recorder() if save else None
        manner = Manner(role, system, stream=stream, tools=tools)
        chat = open_chat(self, route, manner, recorder=recorder)
        return chat, recorder.session if recorder else None

    def plain_chat(self, engine: "Engine", model: str, **options: Any) -> "Chat":
        """Return a conversation with `engine`; `options` as of `Chat`. It leaves no record."""
        import uuid

        from copilot_cli.chat import Chat

        return Chat(
            engine,
            model,
            monotonic=self.effects.monotonic,
            new_id=lambda: str(uuid.uuid4()),
            **options,
        )

    @cached_property
    def sessions(self) -> "Sessions":
        """The stored conversations."""
        from copilot_cli.store.sessions import Sessions

        settings = self.settings

        def key() -> bytes:
            return self.vault.history_key()

        return Sessions(
            settings.paths.conversations,
            self.streams.notice,
            now=self.effects.now,
            seal=key if settings.history_sealed else None,
            unseal=key,
            older=self.vault.older_history_keys,
            days=settings.history_days,
        )

    def recorder(
        self, session: str | None = None, sessions: "Sessions | None" = None
    ) -> "SessionRecorder":
        """Return who writes down a conversation: a new one, or the session with that id.

        `sessions` None means those on disk.
        """
        from copilot_cli.store.recorder import SessionRecorder

        host, account = self.holder
        return SessionRecorder(sessions or self.sessions, session, host=host, account=account)

    @cached_property
    def private_sessions(self) -> "Sessions":
        """A place for conversations that is gone with this process; nothing is on disk."""
        from copilot_cli.store.sessions import Sessions

        return Sessions.in_memory(self.streams.notice, now=self.effects.now)

    def forget_settings(self) -> None:
        """Read settings, store and sign-in anew when they are next asked for."""
        kept = {
            "effects",
            "_options",
            "streams",
            "client",
            "prompts",
            "workspace",
            "guard",
            "toolkit",
        }
        self._end_engines()
        for name in [name for name in self.__dict__ if name not in kept]:
            del self.__dict__[name]

    def _end_engines(self) -> None:
        """End the processes that engines have started."""
        if "engines" in self.__dict__:
            self.engines.close()

    def close(self) -> None:
        """Let go of what was opened."""
        with ExitStack() as closing:  # a second Ctrl-C at one of them leaves none out
            for name in ("client", "sessions", "private_sessions"):
                closing.callback(self._let_go, name)
            closing.callback(self._end_engines)

    def _let_go(self, name: str) -> None:
        opened = self.__dict__.pop(name, None)
        if opened is not None:
            opened.close()
