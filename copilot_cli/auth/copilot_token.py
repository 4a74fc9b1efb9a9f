"""The Copilot token as a lease: one exchange at a time over all threads and processes of a user.

Rule: a token that is still good is never waited for longer than it takes to see that somebody else
renews it; a failure is shared, so that a hundred processes do not fail in turn (docs/design.md).
Times are by this machine's clock, relative to when a token arrived: see `exchange.lifetime`.
Where GitHub exchanges nothing for the GitHub token, that and the host are what is remembered; the
GitHub token itself is read from where it is kept each time, and never written to the cache.
"""

import hashlib
import random
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Protocol

from copilot_cli.auth.lease_values import CopilotToken
from copilot_cli.errors import (
    CopilotChatError,
    KeyringLocked,
    LimitError,
    LockTimeout,
    NotAllowedError,
    ServiceError,
    SignInError,
    StoreError,
)
from copilot_cli.secret import Secret
from copilot_cli.store.cache import TokenCache, TokenRecord

_FUTURE = 60.0  # seconds by which a record may come from the future: the clock was set back
_ENOUGH = 30.0  # seconds that make a token worth serving when it cannot be renewed
_LOCK_WAIT = 20.0  # seconds; above what a keyring read and an exchange take
_SHARED = (SignInError, NotAllowedError, LimitError, ServiceError)


class GitHubLogin(Protocol):
    """Where the GitHub token comes from; asked only when a Copilot token has to be made."""

    def fingerprint(self, mac: Callable[[bytes], bytes | None], /) -> bytes | None:
        """Return what changes with the sign-in, without opening it; `mac` may help."""

    def token(self) -> Secret:
        """Return the GitHub token; raise SignInError or StoreError."""

    def unlock(self) -> bool:
        """Have a person open what is locked; return whether that is worth another try."""

    def renew(self, refused: Secret, /) -> bool:
        """Replace a token that was refused; return whether there is another to try."""


class TokenLease:
    """Hands out the Copilot token of one account, and renews it."""

    def __init__(
        self,
        *,
        cache: TokenCache,
        login: GitHubLogin,
        exchange: Callable[[Secret, float], CopilotToken],
        endpoints: tuple[str, ...],
        now: Callable[[], float],
        sleep: Callable[[float], None],
        monotonic: Callable[[], float],
        lock_wait: float = _LOCK_WAIT,
        retries: int = 3,
        jitter: Callable[[], float] = random.random,
        tell: Callable[[str], object] = lambda _: None,
    ) -> None:
        """`exchange` gets the GitHub token and the seconds it may take.

        `endpoints` are the addresses in force: a token made at others is not used. `lock_wait` is
        how many seconds another process may hold the lock while there is no good token, `retries`
        how often an exchange that failed is sent again, which `tell` hears of.
        """
        self._cache = cache
        self._login = login
        self._exchange = exchange
        self._endpoints = endpoints
        self._now = now
        self._sleep = sleep
        self._monotonic = monotonic
        self._lock_wait = lock_wait
        self._retries = retries
        self._jitter = jitter
        self._tell = tell
        self._mutex = threading.Lock()
        self._own: TokenRecord | None = None

    def get(self) -> CopilotToken:
        """Return a token that is good for a while, made anew where necessary.

        Raises what the exchange raises, StoreError where the GitHub token cannot be opened, and
        LockTimeout where another process holds the lock and there is no token to go on with.
        """
        try:
            return self._get()
        except KeyringLocked:  # nobody is waited for while the lock is held
            if not self._login.unlock():
                raise
        return self._get()

    def _get(self) -> CopilotToken:
        with self._mutex:
            record = self._read(self._fingerprint())
            left = self._left(record)
            lent = self._lent(record) if left > _advisory(record) else None
            if lent is not None:
                return lent
            if left > _mandatory(record):
                token = self._renew_within(0.0)
                if token is not None:
                    return token
            token = self._renew_within(self._lock_wait)
            if token is not None:
                return token
        raise LockTimeout(
            "another copilot-chat is stuck while it renews the Copilot token",
            hint="wait for it, or end it if it hangs, and try again",
        )

    def invalidate(self, refused: CopilotToken, *, misdirected: bool = False) -> bool:
        """Forget `refused`, which the service did not take; a newer token stays.

        `misdirected`: only its host was wrong. Returns whether `get` may give another now: a bearer
        that cannot be renewed is all there is. Raises LockTimeout where another process does not
        let go, and what the renewal of a bearer raises.
        """
        if refused.bearer and not misdirected:
            return self._login.renew(refused.token)
        with self._mutex, self._cache.lock(self._lock_wait):
            record = self._cache.read() or self._own
            if record is None:
                return True
            if refused.bearer and record.bearer and record.api == refused.api:
                self._keep(TokenRecord(record.fp))
            elif not refused.bearer and record.token == refused.token:
                self._keep(record._replace(token=None))
        return True

    def keep(self, fresh: CopilotToken) -> None:
        """Share a token that was exchanged before its sign-in was stored, as a new sign-in's is.

        Raises LockTimeout as `invalidate` does.
        """
        with self._mutex, self._cache.lock(self._lock_wait):
            self._keep(_record(self._fingerprint(), fresh))

    def _renew_within(self, wait: float) -> CopilotToken | None:
        """Renew, waiting `wait` seconds for the lock; without it, None unless a token is left."""
        with ExitStack() as held:
            try:
                held.enter_context(self._cache.lock(wait))
            except LockTimeout:
                record = self._read(self._fingerprint())
                return self._lent(record) if self._left(record) > _ENOUGH else None
            return self._renew()

    def _renew(self) -> CopilotToken:
        """Look again, since another process may have been here; then exchange. The lock is held."""
        fp = self._fingerprint()
        record = self._read(fp) or TokenRecord(fp)
        lent = self._lent(record) if self._left(record) > _advisory(record) else None
        if lent is not None:
            return lent
        from copilot_cli.auth import shared_failure
        from copilot_cli.auth.patience import BUDGET

        failure = shared_failure.in_force(record, self._now())
        if failure is not None:
            return self._serve_or_raise(record, shared_failure.told(failure, self._now()))

        deadline = self._monotonic() + BUDGET
        try:
            fp, github = self._credential()
            try:
                fresh = self._attempt(github, deadline)
            except SignInError:
                if not self._login.renew(github):
                    raise
                fp, github = self._credential()
                fresh = self._attempt(github, deadline)
        except (StoreError, LockTimeout) as error:  # this process's own trouble: not shared
            return self._serve_or_raise(record, error)
        except _SHARED as error:
            if not shared_failure.is_own(error):
                fail = shared_failure.recorded(error, record, self._now())
                self._keep(record._replace(fp=fp, fail=fail))
            return self._serve_or_raise(record, error)
        self._keep(_record(fp, fresh))
        return fresh

    def _credential(self) -> tuple[str, Secret]:
        """Return the GitHub token with the fingerprint it belongs to; a sign-in may come between.

        If they change under our hands each time, the older fingerprint makes the record a miss.
        """
        for _ in range(3):
            before = self._fingerprint()
            token = self._login.token()
            if self._fingerprint() == before:
                break
        return before, token

    def _attempt(self, github: Secret, deadline: float) -> CopilotToken:
        from copilot_cli.auth.patience import exchange_patiently

        return exchange_patiently(
            self._exchange,
            github,
            deadline,
            sleep=self._sleep,
            monotonic=self._monotonic,
            retries=self._retries,
            jitter=self._jitter,
            tell=self._tell,
        )

    def _serve_or_raise(self, record: TokenRecord | None, error: CopilotChatError) -> CopilotToken:
        lent = self._lent(record) if self._left(record) > _ENOUGH else None
        if lent is None:
            raise error
        return lent

    def _lent(self, record: TokenRecord | None) -> CopilotToken | None:
        """Return what `record` stands for; None where the sign-in of a bearer is another by now.

        Raises SignInError or StoreError where the GitHub token of a bearer cannot be had.
        """
        assert record is not None
        token = record.token
        if record.bearer:
            fp, token = self._credential()
            if fp != record.fp:  # its renewal is a change too: host and mode are asked for again
                return None
        assert token is not None
        return CopilotToken(
            token,
            record.obtained,
            record.exp_local,
            record.refresh_at,
            record.api,
            record.sku,
            record.bearer,
        )

    def _fingerprint(self) -> str:
        """Return what a record has to bear to be ours: it names the sign-in and the addresses."""
        login = self._login.fingerprint(self._cache.mac) or b""
        parts = (login, *(part.encode() for part in self._endpoints))
        return hashlib.sha256(b"".join(len(p).to_bytes(4, "big") + p for p in parts)).hexdigest()

    def _read(self, fp: str) -> TokenRecord | None:
        record = self._cache.read() or self._own
        return record if record is not None and record.fp == fp else None

    def _keep(self, record: TokenRecord) -> None:
        self._own = record  # where nothing can be written, this process at least remembers
        self._cache.write(record)

    def _left(self, record: TokenRecord | None) -> float:
        now = self._now()
        if record is None or not (record.token or record.bearer):
            return 0.0
        if record.obtained > now + _FUTURE:
            return 0.0
        return record.exp_local - now


def _advisory(record: TokenRecord | None) -> float:
    """Return with how many seconds left a renewal is due, though nobody has to wait for it."""
    return min(300.0, (record.exp_local - record.obtained) / 6) if record else 0.0


def _mandatory(record: TokenRecord | None) -> float:
    """Return with how many seconds left a renewal is waited for."""
    return min(120.0, (record.exp_local - record.obtained) / 10) if record else 0.0


def _record(fp: str, fresh: CopilotToken) -> TokenRecord:
    """Return what is kept of `fresh`: of a bearer, all but the token."""
    return TokenRecord(
        fp,
        None if fresh.bearer else fresh.token,
        fresh.obtained,
        fresh.exp_local,
        fresh.refresh_at,
        fresh.api,
        fresh.sku,
        bearer=fresh.bearer,
    )
