"""The composition root: `App` builds each collaborator when it is first used, and knows every one.

Nothing else names concrete classes. Heavy libraries are imported inside the properties that need
them, so that `--version` and `status` cost what they use and no more.
"""

import io
import os
import sys
import time
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from copilot_cli.errors import KeyringLocked, SignInError, WrongKey
from copilot_cli.secret import Secret
from copilot_cli.settings import Settings
from copilot_cli.ui.console import Streams

if TYPE_CHECKING:
    import httpx

    from copilot_cli.auth.accounts import Account, StoredLogin
    from copilot_cli.auth.copilot_token import GitHubLogin, TokenLease
    from copilot_cli.auth.exchange import CopilotToken
    from copilot_cli.auth.plan import Plan
    from copilot_cli.auth.sources import Resolved, Source
    from copilot_cli.chat import Chat
    from copilot_cli.engines.direct import DirectEngine
    from copilot_cli.messages import ModelInfo
    from copilot_cli.store.cache import CachePlace, TokenCache
    from copilot_cli.store.recorder import SessionRecorder
    from copilot_cli.store.secrets import KeySource, SecretStore
    from copilot_cli.store.sessions import Sessions
    from copilot_cli.ui.device_screen import Screen
    from copilot_cli.ui.prompts import NoPrompts, Prompts

MODELS_AGE = 600.0
"""Seconds for which a model list is used without asking again (VS Code asks after ten minutes)."""


class Effects:
    """What the program does to the world, so that tests can stand in for it.

    `transport` None means the real network; an own one ignores the proxy variables.
    """

    def __init__(
        self,
        *,
        environ: Mapping[str, str] | None = None,
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        transport: "httpx.BaseTransport | None" = None,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        open_browser: Callable[[str], bool] | None = None,
        key_cost: int | None = None,
    ) -> None:
        self.environ = os.environ if environ is None else environ
        self.stdin = stdin if stdin is not None else sys.stdin
        self.stdout = stdout if stdout is not None else sys.stdout
        self.stderr = stderr if stderr is not None else sys.stderr
        self.transport = transport
        self.now = now
        self.monotonic = monotonic
        self.sleep = sleep
        self.open_browser = open_browser
        self.key_cost = key_cost
        self.app: App | None = None

    def piped_stdin(self) -> "BinaryIO | None":
        """Return standard input where it is no terminal, else None; closed counts as empty."""
        if self.stdin is None or self.stdin.closed:
            return io.BytesIO()
        return None if self.stdin.isatty() else self.stdin.buffer

    def streams(self, color: str) -> Streams:
        """Return the program's streams; `color` is auto, always or never."""
        return Streams(self.stdin, self.stdout, self.stderr, color=color, environ=self.environ)


class App:
    """Everything one run of the program may need, each built on first use."""

    def __init__(
        self, options: Mapping[str, str | None], effects: Effects, *, verbose: int = 0
    ) -> None:
        self.effects = effects
        self.verbose = verbose
        self._typed: Secret | None = None
        self._options = dict(options)

    def set_options(self, **options: str | None) -> None:
        """Add a command's own options to the global ones; call it before `settings` is read."""
        self._options.update(options)
        self.__dict__.pop("settings", None)

    @cached_property
    def settings(self) -> Settings:
        """The settings of this run. Raises `SettingsError`."""
        return Settings.load(self._options, self.effects.environ)

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
    def client(self) -> "httpx.Client":
        """The HTTP client of this process. Raises `SettingsError`."""
        from copilot_cli.network import build_client

        return build_client(
            self.effects.environ,
            transport=self.effects.transport,
            user_agent=self.identity["User-Agent"],
        )

    @cached_property
    def identity(self) -> dict[str, str]:
        """The identity headers. Raises `SettingsError` for malformed extra headers."""
        from copilot_cli.identity import identity_headers

        return identity_headers(self.settings.editor_identity, self.settings.extra_headers)

    # -- secrets -----------------------------------------------------------------------------

    @cached_property
    def store_kind(self) -> str:
        """What seals the store: the setting, else what the store's own file says, else nothing."""
        if self.settings.store:
            return self.settings.store
        from copilot_cli.store.secrets import SecretStore

        store = SecretStore(self.settings.paths.data_dir, key=self.build_key("keyfile"))
        slots = store.slots() if store.exists() else []
        return slots[0][0] if slots else "none"

    @cached_property
    def store(self) -> "SecretStore":
        """The secret store, as the settings say it is sealed."""
        kind = self.store_kind
        return self.build_store(self.build_key("keyfile" if kind == "none" else kind))

    def build_store(self, key: "KeySource") -> "SecretStore":
        """Return the store opened with `key`."""
        from copilot_cli.store.secrets import SecretStore

        return SecretStore(self.settings.paths.data_dir, key=key, now=self.effects.now)

    def build_key(
        self,
        kind: str,
        *,
        key_file: Path | None = None,
        ask: Callable[[], Secret] | None = None,
        interactive: bool | None = None,
    ) -> "KeySource":
        """Return the key source of `kind`: keyring, keyring:module.Class, passphrase or keyfile.

        `ask` replaces the usual way to the passphrase.
        """
        from copilot_cli.store import keys

        if kind == "passphrase":
            from copilot_cli.store.sealed import SCRYPT_COST

            cost = self.effects.key_cost or SCRYPT_COST
            return keys.PassphraseKey(ask or self.passphrase, cost=cost)
        if kind == "keyfile":
            paths = self.settings.paths
            path = key_file or self.settings.key_file or paths.key_file
            return keys.FileKey(path, store_folder=paths.secrets_dir)
        from copilot_cli.store.os_keyring import OsKeyring

        return keys.KeyringKey(
            OsKeyring(
                interactive=self.streams.person if interactive is None else interactive,
                disabled=self.settings.no_keyring,
                setting=kind if kind.startswith("keyring:") else None,
                on_wait=lambda: self.streams.notice(
                    "waiting for your keyring to unlock (Ctrl-C to cancel) ..."
                ),
            )
        )

    @cached_property
    def quiet_store(self) -> "SecretStore":
        """The same store, opened without waiting for a person: for what holds a lock meanwhile."""
        kind = "keyfile" if self.store_kind == "none" else self.store_kind
        return self.build_store(self.build_key(kind, ask=self._known_passphrase, interactive=False))

    def unlock(self) -> bool:
        """Have the person open the store; False where nobody is there. Raises `StoreError`."""
        if not self.streams.person:
            return False
        for left in (2, 1, 0):
            try:
                self.store.subkey("token-cache")
            except WrongKey as error:
                self._typed = None
                if self.store_kind != "passphrase" or not left:
                    raise
                self.prompts.note(error.message)
            else:
                return True
        return False

    def passphrase(self) -> Secret:
        """Return the passphrase of the store: the variable's, else what the person types.

        Raises `KeyringLocked` (exit 10) where nobody is there to type it.
        """
        if not self.streams.person:
            return self._known_passphrase()
        given = self.effects.environ.get("COPILOT_CHAT_PASSPHRASE")
        if given:
            return Secret(given)
        self._typed = self.prompts.secret(
            "Passphrase of the secret store",
            lambda text: None if text else "it is empty",
            flag="COPILOT_CHAT_PASSPHRASE",
        )
        return self._typed

    def _known_passphrase(self) -> Secret:
        given = self.effects.environ.get("COPILOT_CHAT_PASSPHRASE")
        if given:
            return Secret(given)
        if self._typed is None:
            raise KeyringLocked(
                "the secret store is locked, and nobody is here to type its passphrase",
                hint="set COPILOT_CHAT_PASSPHRASE, or run it on a terminal",
            )
        return self._typed

    # -- signing in --------------------------------------------------------------------------

    @cached_property
    def resolved(self) -> "Resolved":
        """Which token this run uses, and what that hides. Opens no key."""
        from copilot_cli.auth.sources import resolve

        return resolve(self.settings, self.store)

    @property
    def source(self) -> "Source":
        """The token source in use. Raises `SignInError` where there is none that can work."""
        source = self.resolved.source
        if source is None:
            raise SignInError(
                f"nobody is signed in to {self.settings.host}",
                hint="run `copilot-chat onboard`",
                kind="not_signed_in",
            )
        if source.problem:
            raise SignInError(
                f"the token of {source.where} cannot be used: {source.problem}",
                hint="run `copilot-chat onboard`",
                kind="token_kind",
            )
        return source

    @cached_property
    def login(self) -> str:
        """The name under which this run's Copilot token is cached: the account, or the variable."""
        source = self.source
        return source.user or f"env {source.name}"

    @cached_property
    def lease(self) -> "TokenLease":
        """The Copilot token of the source in use. Raises `SignInError`."""
        return self.build_lease(self.source, self._github_login(self.source))

    def build_lease(self, source: "Source", github_login: "GitHubLogin") -> "TokenLease":
        """Return the lease on the Copilot token that `github_login` is exchanged for."""
        from copilot_cli.auth.copilot_token import TokenLease

        settings = self.settings
        return TokenLease(
            cache=self.token_cache(source),
            login=github_login,
            exchange=self.exchange,
            endpoints=(settings.rest_url(), settings.copilot_api() or ""),
            now=self.effects.now,
            sleep=self.effects.sleep,
            monotonic=self.effects.monotonic,
        )

    def exchange(self, token: Secret, seconds: float = 15.0) -> "CopilotToken":
        """Exchange a GitHub token for a Copilot token, within `seconds`; see `auth.exchange`."""
        from copilot_cli.auth.exchange import exchange

        return exchange(
            self.client,
            self.settings.rest_url(),
            token,
            now=self.effects.now,
            headers=self.identity,
            set_api=self.settings.copilot_api(),
            seconds=seconds,
        )

    def token_cache(self, source: "Source", *, host: str | None = None) -> "TokenCache":
        """Return the cache of the Copilot token that belongs to `source`."""
        from copilot_cli.store.cache import TokenCache

        host, login = host or self.settings.host, source.user or f"env {source.name}"
        opens_alone = source.kind == "stored" and self.store_kind not in {"passphrase", "none"}
        place = self.cache_place(host, login, opens_alone=opens_alone)
        subkey = None if place.key_file else partial(self.quiet_store.subkey, "token-cache")
        return TokenCache(place, host=host, login=login, subkey=subkey)

    def cache_place(self, host: str, login: str, *, opens_alone: bool) -> "CachePlace":
        """Return where a Copilot token is kept; see `store.cache.cache_place`."""
        from copilot_cli.store.cache import cache_place

        return cache_place(
            self.settings.paths,
            self.effects.environ,
            os.getuid() if hasattr(os, "getuid") else 0,
            sys.platform,
            host=host,
            login=login,
            store_key=opens_alone,
        )

    def _github_login(self, source: "Source") -> "GitHubLogin":
        from copilot_cli.auth.accounts import Account, GivenLogin

        if source.token is not None:
            return GivenLogin(source.token)
        return self.stored_login(Account(self.settings.host, source.user or ""))

    def stored_login(self, account: "Account") -> "StoredLogin":
        """Return the sign-in that is stored for `account`."""
        from copilot_cli.auth.accounts import StoredLogin

        return StoredLogin(
            self.quiet_store,
            account,
            refresh=self.refresh,
            now=self.effects.now,
            unlock=self.unlock,
        )

    def github_token(self, login: "GitHubLogin") -> Secret:
        """Return the GitHub token of `login`, opening the store with the person if need be."""
        try:
            return login.token()
        except KeyringLocked:
            if not login.unlock():
                raise
            return login.token()

    def adopt(self, login: str, store_kind: str, key_file: Path | None) -> None:
        """Go on, for the rest of this run, as the account just signed in, with its store."""
        self.set_options(
            account=login, store=store_kind, key_file=str(key_file) if key_file else None
        )
        self.forget_settings()

    def keep_copilot_token(self, login: str, token: "CopilotToken") -> None:
        """Put a token that was just exchanged into the cache, for the commands that follow."""
        from copilot_cli.auth.accounts import Account
        from copilot_cli.auth.sources import Source

        source = Source("stored", "stored", "the sign-in just made", user=login)
        account = Account(self.settings.host, login)
        self.build_lease(source, self.stored_login(account)).keep(token)

    def refresh(self, *, client_id: str, refresh_token: Secret) -> Any:
        """Trade a refresh token for a new pair; see `auth.device.refresh`."""
        from copilot_cli.auth.device import refresh

        return refresh(
            self.client,
            self.settings.login_url(),
            client_id=client_id,
            refresh_token=refresh_token,
        )

    def plan(self) -> "Plan":
        """Return what GitHub says of the plan of this run's account."""
        from copilot_cli.auth.plan import fetch_copilot_user

        token = self.github_token(self._github_login(self.source))
        return fetch_copilot_user(
            self.client, self.settings.rest_url(), token, headers=self.identity
        )

    # -- answering ---------------------------------------------------------------------------

    @cached_property
    def engine(self) -> "DirectEngine":
        """The engine that answers. Raises `SignInError` and `SettingsError`."""
        return self.build_engine(self.lease)

    def build_engine(self, lease: Any) -> "DirectEngine":
        """Return the engine `direct` on `lease`."""
        from copilot_cli.engines.direct import DirectEngine
        from copilot_cli.engines.http import HTTPEngine

        effects = self.effects
        return DirectEngine(
            self.client,
            lease,
            self.identity,
            HTTPEngine(
                self.client,
                timeout_idle=self.settings.timeout_idle,
                monotonic=effects.monotonic,
                now=effects.now,
            ),
            retries=self.settings.retries,
            sleep=effects.sleep,
            now=effects.now,
            local_time=self._local_time,
        )

    def _local_time(self, seconds: float) -> str:
        """Return the time of day `seconds` from now, with the date where it is another day."""
        now = self.effects.now()
        form = "%H:%M" if seconds < 12 * 3600 else "%Y-%m-%d %H:%M"
        return time.strftime(form, time.localtime(now + seconds))

    @cached_property
    def _models_file(self) -> Path:
        return self.settings.paths.cache_dir / "models.json"

    def models(self, *, fresh: bool = False) -> "list[ModelInfo]":
        """Return the model list, at most ten minutes old; `fresh` always asks the service."""
        from copilot_cli.engines.models import parse_models
        from copilot_cli.store.cache import read_json, write_json

        key = f"{self.settings.host} {self.login} {self.settings.copilot_api() or ''}"
        now = self.effects.now()
        if not fresh:
            kept = read_json(self._models_file, MODELS_AGE, now)
            if isinstance(kept, dict) and kept.get("for") == key:
                return parse_models(kept)
        reply = self.engine.models_reply()
        write_json(self._models_file, {"for": key, "data": reply.get("data")}, now)
        return parse_models(reply)

    def model(self) -> str:
        """Return the model to ask: the one that is set, else the service's own default.

        The second is said on stderr, once. Raises `ModelUnavailable` where none can be used.
        """
        if self.settings.model:
            return self.settings.model
        from copilot_cli.engines.models import default_model
        from copilot_cli.errors import ModelUnavailable

        chosen = default_model(self.models())
        if chosen is None:
            raise ModelUnavailable(
                "your account has no chat model that can be used",
                hint="see `copilot-chat models` for the reasons",
            )
        self.streams.notice(f"model: {chosen.id} (the service's default; choose with -m)")
        return chosen.id

    def chat(
        self, *, system: str | None, save: bool, stream: bool = True, model: str | None = None
    ) -> "tuple[Chat, str | None]":
        """Return a new conversation and the id it is stored under, None if it leaves no record.

        `model` None means the one that is set, or the service's default.
        """
        engine, model = self.engine, model or self.model()
        recorder = self.recorder() if save else None
        chat = self.plain_chat(engine, model, system=system, recorder=recorder, stream=stream)
        return chat, recorder.session if recorder else None

    def plain_chat(self, engine: "DirectEngine", model: str, **options: Any) -> "Chat":
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

        return Sessions(self.settings.paths.conversations, notice=self.streams.notice)

    def recorder(self, session: str | None = None) -> "SessionRecorder":
        """Return who writes down a conversation: a new one, or the session with that id."""
        from copilot_cli.store.recorder import SessionRecorder

        return SessionRecorder(self.sessions, session, account=self.login, host=self.settings.host)

    def forget_settings(self) -> None:
        """Read settings, store and sign-in anew when they are next asked for."""
        kept = {"effects", "verbose", "_options", "streams", "client", "prompts"}
        for name in [name for name in self.__dict__ if name not in kept]:
            del self.__dict__[name]

    def close(self) -> None:
        """Let go of what was opened."""
        for name in ("client", "sessions"):
            opened = self.__dict__.pop(name, None)
            if opened is not None:
                opened.close()
