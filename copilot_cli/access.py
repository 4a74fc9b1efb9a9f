"""Access to Copilot: which sign-in this run uses, and the Copilot token it is exchanged for.

Resolving opens no key and sends nothing; the GitHub token is read only when a Copilot token has to
be made, which is once in half an hour over all processes.
"""

import os
import sys
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot_cli.errors import (
    CopilotChatError,
    KeyringLocked,
    NotAllowedError,
    ServiceError,
    SignInError,
)
from copilot_cli.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from copilot_cli.app import App
    from copilot_cli.auth.accounts import Account, StoredLogin
    from copilot_cli.auth.copilot_token import GitHubLogin, TokenLease
    from copilot_cli.auth.device import Grant
    from copilot_cli.auth.lease_values import CopilotToken
    from copilot_cli.auth.plan import Plan
    from copilot_cli.auth.sources import Resolved, Source
    from copilot_cli.engines.direct import Token
    from copilot_cli.store.cache import CachePlace, TokenCache

_EXPLAINING = 3.0
"""Seconds that a question about a failure may take, which is told all the same."""


class Access:
    """Finds the sign-in of this run and keeps its Copilot token."""

    def __init__(self, app: "App") -> None:
        self._app = app

    @cached_property
    def resolved(self) -> "Resolved":
        """Which token this run uses, and what that hides. Opens no key."""
        from copilot_cli.auth.sources import resolve

        return resolve(self._app.settings, self._app.vault.store)

    @property
    def source(self) -> "Source":
        """The token source in use. Raises `SignInError` where there is none that can work."""
        source = self.resolved.source
        if source is None:
            raise self._nobody()
        if source.problem:
            raise SignInError(
                f"the token of {source.where} cannot be used: {source.problem}",
                hint=source.remedy or "run `copilot-chat onboard`",
                kind="token_kind",
            )
        return source

    def _nobody(self) -> SignInError:
        """Return the error that says who is signed in elsewhere, and what is not used for them."""
        hint = "run `copilot-chat onboard`"
        if elsewhere := self.resolved.elsewhere:
            from copilot_cli.auth.choosing import named

            hint = f"signed in: {named(elsewhere)}; use --host, or `copilot-chat accounts switch`"
            hint += "".join(f"; {it.where} is not used" for it in self.resolved.hidden[:1])
        return SignInError(
            f"nobody is signed in to {self._app.settings.host}", hint=hint, kind="not_signed_in"
        )

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

        settings = self._app.settings
        return TokenLease(
            cache=self.token_cache(source),
            login=github_login,
            exchange=self.exchange,
            endpoints=(settings.rest_url(), settings.copilot_api() or ""),
            now=self._app.effects.now,
            sleep=self._app.wait,
            monotonic=self._app.effects.monotonic,
            retries=settings.retries,
            tell=self._app.streams.notice,
        )

    def exchange(self, token: Secret, seconds: float = 15.0) -> "CopilotToken":
        """Exchange a GitHub token for a Copilot token; one that has none is a bearer itself.

        Within `seconds` each; see `auth.exchange` and `auth.bearer`.
        """
        try:
            return self._exchanged(token, seconds)
        except (SignInError, NotAllowedError) as error:
            self._add_remedy(error, token)
            raise

    def _exchanged(self, token: Secret, seconds: float) -> "CopilotToken":
        from copilot_cli.auth.exchange import exchange
        from copilot_cli.auth.lease_values import ExchangeRefused

        settings = self._app.settings
        given: dict[str, Any] = {
            "now": self._app.effects.now,
            "headers": self.github_headers(token),
            "set_api": settings.copilot_api(),
            "seconds": seconds,
        }
        try:
            return exchange(self._app.client, settings.rest_url(), token, **given)
        except ExchangeRefused:
            from copilot_cli.auth.bearer import find_bearer

            return find_bearer(self._app.client, settings.rest_url(), token, **given)

    @property
    def remedy(self) -> str | None:
        """What helps where the service refuses this run's token; None: to sign in again."""
        source = self.resolved.source
        return source.remedy if source else None

    def _add_remedy(self, error: SignInError | NotAllowedError, token: Secret) -> None:
        """Say in `error`, which refuses `token`, what helps where a variable holds that."""
        resolved = self.__dict__.get("resolved")  # nothing is resolved for the sake of a hint
        source = resolved.source if resolved else None
        if source is None or source.token != token or not source.remedy:
            return
        if isinstance(error, SignInError) or not error.hint:
            error.hint = source.remedy

    def identity(self, token: "Token | None") -> "Mapping[str, str]":
        """Return the identity headers of the mode of `token`.

        None means the mode that the kind of this run's token says: nothing is opened or asked.
        """
        if token is not None:
            return self._bearer_headers(token.token) if token.bearer else self._app.identity
        from copilot_cli.auth.sources import token_kind

        source = self.resolved.source
        github = source.token if source else None
        if github is not None and token_kind(github).bearer:
            return self._bearer_headers(github)
        return self._app.identity

    def github_headers(self, token: Secret) -> "Mapping[str, str]":
        """Return the identity with which GitHub itself is asked about `token`.

        An app of one's own has nothing to do with an editor, so its token is not shown as one's.
        """
        from copilot_cli.auth.sources import token_kind

        kind = token_kind(token)
        if kind.bearer or kind.prefix == "gho_":
            return self._bearer_headers(token)
        return self._app.identity

    def _bearer_headers(self, token: Secret) -> "Mapping[str, str]":
        from copilot_cli.auth.sources import token_kind
        from copilot_cli.identity import bearer_headers

        settings = self._app.settings
        return bearer_headers(token_kind(token).prefix, settings.host, settings.extra_headers)

    def token_cache(self, source: "Source", *, host: str | None = None) -> "TokenCache":
        """Return the cache of the Copilot token that belongs to `source`."""
        from copilot_cli.store.cache import TokenCache

        host, login = host or self._app.settings.host, source.user or f"env {source.name}"
        vault = self._app.vault
        opens_alone = source.kind == "stored" and vault.kind not in {"passphrase", "none"}
        place = self.cache_place(host, login, opens_alone=opens_alone)
        subkey = None if place.key_file else partial(vault.quiet_store.subkey, "token-cache")
        return TokenCache(place, host=host, login=login, subkey=subkey)

    def cache_place(self, host: str, login: str, *, opens_alone: bool) -> "CachePlace":
        """Return where a Copilot token is kept; see `store.cache.cache_place`."""
        from copilot_cli.store.cache import cache_place

        return cache_place(
            self._app.settings.paths,
            self._app.effects.environ,
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
        return self.stored_login(Account(self._app.settings.host, source.user or ""))

    def stored_login(self, account: "Account") -> "StoredLogin":
        """Return the sign-in that is stored for `account`."""
        from copilot_cli.auth.accounts import StoredLogin

        return StoredLogin(
            self._app.vault.quiet_store,
            account,
            refresh=self.refresh,
            now=self._app.effects.now,
            unlock=self._app.vault.unlock,
        )

    def known_token(self) -> Secret:
        """Return the GitHub token of this run; nobody is asked to open anything.

        Raises `SignInError` and `StoreError`.
        """
        return self._github_login(self.source).token()

    def token(self) -> Secret:
        """Return the GitHub token of this run, opening the store with the person if need be.

        Raises `SignInError` and `StoreError`.
        """
        return self.github_token(self._github_login(self.source))

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
        self._stay_on_host()
        self._app.set_options(
            account=login, store=store_kind, key_file=str(key_file) if key_file else None
        )
        self._app.forget_settings()

    def go_on_with(self, token: Secret) -> None:
        """Use `token` for the rest of this run, as if COPILOT_CHAT_TOKEN held it; it is not kept.

        No other process sees it: the environment of the process itself is left alone.
        """
        environ = {**self._app.effects.environ, "COPILOT_CHAT_TOKEN": token.reveal()}
        self._app.effects.environ = environ
        self._stay_on_host()
        self._app.set_options(account=None)  # it names no sign-in that is kept
        self._app.forget_settings()

    def _stay_on_host(self) -> None:
        """Keep the host that the name of the account brought along, when that name goes."""
        if self._app.settings.source("host") == "option":
            self._app.set_options(host=self._app.settings.host)

    def keep_copilot_token(self, login: str, token: "CopilotToken") -> None:
        """Put a token that was just exchanged into the cache, for the commands that follow."""
        from copilot_cli.auth.accounts import Account
        from copilot_cli.auth.sources import Source

        source = Source("stored", "stored", "the sign-in just made", user=login)
        account = Account(self._app.settings.host, login)
        self.build_lease(source, self.stored_login(account)).keep(token)

    def refresh(self, *, client_id: str, refresh_token: Secret) -> "Grant":
        """Trade a refresh token for a new pair; see `auth.device.refresh`."""
        from copilot_cli.auth.device import refresh

        return refresh(
            self._app.client,
            self._app.settings.login_url(),
            client_id=client_id,
            refresh_token=refresh_token,
        )

    def plan(self) -> "Plan":
        """Return what GitHub says of the plan of this run's account; tries again as answers do.

        Nobody promised that endpoint: a service that fails is told as one without the figures.
        """
        app = self._app
        token = self.token()
        try:
            return app.engines.retrying.result(
                lambda: self._plan_once(token),
                tell=lambda wait: app.streams.notice(
                    f"{wait.reason}; sending again in {wait.seconds:.1f} s"
                ),
            )
        except (SignInError, NotAllowedError) as error:
            self._add_remedy(error, token)
            raise
        except ServiceError as error:
            raise _usage_unavailable(error) from error

    def resets(self) -> str | None:
        """Return the day on which the quotas of this run's account start anew; None: not known.

        Asked once and not for long, and nobody is asked to open anything: it explains a failure.
        """
        from copilot_cli.auth.plan import fetch_copilot_user

        app = self._app
        try:
            token = self.known_token()
            plan = fetch_copilot_user(
                app.client,
                app.settings.rest_url(),
                token,
                headers=self.github_headers(token),
                seconds=_EXPLAINING,
            )
        except CopilotChatError:
            return None
        return plan.reset_day

    def _plan_once(self, token: Secret) -> "Plan":
        from copilot_cli.auth.plan import fetch_copilot_user
        from copilot_cli.engines.failure import Failure
        from copilot_cli.engines.resilience import rule_of

        settings = self._app.settings
        try:
            return fetch_copilot_user(
                self._app.client, settings.rest_url(), token, headers=self.github_headers(token)
            )
        except CopilotChatError as error:
            if error.retry_after is not None:
                error.hint = None  # the time of day takes its place
            raise Failure(error, rule_of(error)) from error


def _usage_unavailable(error: ServiceError) -> ServiceError:
    """Return `error` as what it means for `usage`: everything else goes on without it."""
    told = ServiceError(
        f"usage is not available: {error.message}",
        hint=error.hint or "asking and chatting do not need it",
        kind=error.kind,
    )
    told.request_id = error.request_id
    return told
