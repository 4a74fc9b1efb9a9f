"""The accounts: which are signed in, which one is meant, and the token of its sign-in.

Rule: a refresh token works once. It is traded under the store's lock, and the new pair is written
before anybody uses it (github/docs, "Refreshing user access tokens").
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from copilot_cli.errors import (
    LimitError,
    SecretNotFound,
    ServiceError,
    SignInError,
    UsageError,
)
from copilot_cli.secret import Secret
from copilot_cli.store.sealed import EntryName
from copilot_cli.values import NamedTuple

if TYPE_CHECKING:
    from copilot_cli.auth.credential import GitHubCredential
    from copilot_cli.auth.device import Grant
    from copilot_cli.settings import Settings

ACCOUNT_KIND = "github"
"""The kind of the store's entries that are sign-ins."""
_EARLY = 60.0  # seconds before its end at which a GitHub token is renewed
_AGAIN = "run `copilot-chat onboard`"


class Account(NamedTuple):
    """One account on one host."""

    host: str
    login: str

    @property
    def entry(self) -> EntryName:
        """The name of the store's entry that holds its sign-in."""
        return EntryName(ACCOUNT_KIND, self.host, self.login)


class EntryNames(Protocol):
    """The part of the secret store that opens no key."""

    def names(self) -> Iterable[EntryName]:
        """Return the names of all entries."""


class CredentialStore(Protocol):
    """The part of the secret store that a sign-in needs."""

    def get(self, name: EntryName, /) -> Mapping[str, Any]:
        """Return the entry; raise SecretNotFound."""

    def update(
        self, name: EntryName, change: Callable[[dict[str, Any] | None], dict[str, Any]], /
    ) -> object:
        """Write what `change` makes of the entry, under the store's lock."""

    def fingerprint(self) -> bytes | None:
        """Return what changes with every change of the entries, without opening a key."""


class Refresh(Protocol):
    """Trades a refresh token for a new pair: `device.refresh` with client and address bound."""

    def __call__(self, *, client_id: str, refresh_token: Secret) -> "Grant":
        """Return the new pair; raise SignInError if the old one is worth nothing any more."""


class StoredLogin:
    """The GitHub token of a stored sign-in, renewed when it is about to expire or was refused."""

    def __init__(
        self,
        store: CredentialStore,
        account: Account,
        *,
        refresh: Refresh,
        now: Callable[[], float],
        unlock: Callable[[], bool] = lambda: False,
    ) -> None:
        """`store` never waits for a person; `unlock` may, and says whether it is worth another try.

        The Copilot token's lock is held while the store is opened, so that a hundred processes ask
        the keyring once; nobody may be asked for a passphrase meanwhile.
        """
        self._store = store
        self._account = account
        self._refresh = refresh
        self._now = now
        self._unlock = unlock

    def unlock(self) -> bool:
        """Have a person open the store; False where nobody is there. Raises StoreError."""
        return self._unlock()

    def fingerprint(self, _mac: Callable[[bytes], bytes | None]) -> bytes | None:
        """Return what changes with every sign-in, sign-out and renewal."""
        return self._store.fingerprint()

    def token(self) -> Secret:
        """Return the GitHub token, renewed first where it has less than a minute left.

        Where GitHub cannot be asked, what is left of that minute is used. Raises SignInError,
        LimitError or ServiceError, or StoreError where the store does not open.
        """
        held = self._read()
        if held.expires_at is None or held.refresh_token is None:
            return held.token
        left = held.expires_at - self._now()
        if left >= _EARLY:
            return held.token
        try:
            self._rotate(held.token)
        except (LimitError, ServiceError):
            if left <= 0:
                raise
            return held.token
        return self._read().token

    def renew(self, refused: Secret) -> bool:
        """Replace a token that was refused; False where there is nothing to replace it with."""
        held = self._read()
        if held.token != refused:
            return True
        if held.refresh_token is None:
            return False
        self._rotate(refused)
        return True

    def _read(self) -> "GitHubCredential":
        from copilot_cli.auth.credential import GitHubCredential

        try:
            return GitHubCredential.from_entry(self._store.get(self._account.entry))
        except SecretNotFound as error:
            raise self._signed_out() from error

    def _signed_out(self) -> SignInError:
        host, login = self._account
        return SignInError(f"{login} is not signed in to {host}", hint=_AGAIN)

    def _rotate(self, seen: Secret) -> None:
        """Trade the refresh token, unless another process has done it since `seen` was read."""
        from copilot_cli.auth.credential import GitHubCredential

        def change(entry: dict[str, Any] | None) -> dict[str, Any]:
            if entry is None:
                raise self._signed_out()
            held = GitHubCredential.from_entry(entry)
            if held.token != seen or held.refresh_token is None:
                return entry
            client_id = held.client_id or ""
            grant = self._refresh(client_id=client_id, refresh_token=held.refresh_token)
            fresh = GitHubCredential.from_grant(grant, client_id=client_id, now=self._now())
            if fresh.refresh_token is None:  # RFC 6749 section 6: the old one stays good
                fresh = fresh._replace(
                    refresh_token=held.refresh_token, refresh_expires_at=held.refresh_expires_at
                )
            return {**entry, **fresh.to_entry()}

        self._store.update(self._account.entry, change)


class GivenLogin:
    """A GitHub token from outside (a variable, `gh`): never kept, never renewed."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def unlock(self) -> bool:
        """Say that nothing is locked."""
        return False

    def fingerprint(self, mac: Callable[[bytes], bytes | None]) -> bytes | None:
        """Return an HMAC of the token; None while the cache has no key, and so no record."""
        return mac(self._token.reveal().encode())

    def token(self) -> Secret:
        """Return the token."""
        return self._token

    def renew(self, _refused: Secret) -> bool:
        """Say that nothing can be done."""
        return False


def stored_accounts(store: EntryNames, host: str) -> tuple[Account, ...]:
    """Return the accounts signed in to `host`, by name; no key is opened."""
    return tuple(
        sorted(
            Account(name.host, name.user)
            for name in store.names()
            if name.kind == ACCOUNT_KIND and name.host == host
        )
    )


def all_accounts(store: EntryNames) -> tuple[Account, ...]:
    """Return the accounts of every host, by host and name; no key is opened."""
    found = (Account(name.host, name.user) for name in store.names() if name.kind == ACCOUNT_KIND)
    return tuple(sorted(found))


def choose_account(accounts: tuple[Account, ...], wanted: str | None, host: str) -> Account:
    """Return the account that is meant: the one `wanted` (any case), else the only one.

    Raises UsageError, naming those there are, for none of that name and for several without one.
    """
    names = ", ".join(account.login for account in accounts)
    if wanted is not None:
        for account in accounts:
            if account.login.lower() == wanted.lower():
                return account
        raise UsageError(
            f"{wanted} is not signed in to {host}",
            hint=f"signed in: {names}" if names else _AGAIN,
        )
    if len(accounts) != 1:
        raise UsageError(
            f"several accounts are signed in to {host}: {names}",
            hint="choose one with --account, or for good with `copilot-chat accounts switch NAME`",
        )
    return accounts[0]


def wanted_here(settings: "Settings", here: tuple[Account, ...]) -> str | None:
    """Return the login that the settings name for their host; `here` are the accounts of that.

    The account of the settings file is that of the file's own host: another host, named by an
    option or a variable, is not asked for it unless it is there as well.
    """
    wanted = settings.account
    if wanted is None or settings.source("account") != "config.toml":
        return wanted
    is_here = any(account.login.lower() == wanted.lower() for account in here)
    return wanted if is_here or not settings.said_now("host") else None


def meant(settings: "Settings", here: tuple[Account, ...]) -> Account:
    """Return which account of `here`, those of the run's host, is meant: named, or the only one.

    Raises UsageError as `choose_account` does.
    """
    return choose_account(here, wanted_here(settings, here), settings.host)
