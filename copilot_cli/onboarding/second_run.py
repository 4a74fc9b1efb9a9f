"""A second run of the wizard: is the sign-in that is stored still good?

One exchange tells. Nothing is changed; a sign-in that is only out of reach (no network, a locked
keyring) is not taken for a bad one.
"""

from typing import TYPE_CHECKING

from copilot_cli.auth.accounts import Account, choose_account, stored_accounts, wanted_here
from copilot_cli.auth.lease_values import ExchangeRefused
from copilot_cli.errors import (
    Corrupt,
    KeyMissing,
    LimitError,
    NotAllowedError,
    SecretNotFound,
    ServiceError,
    SignInError,
    TooNew,
    WrongKey,
)

if TYPE_CHECKING:
    from copilot_cli.app import App

_PAST_USE = (SignInError, ExchangeRefused, Corrupt, KeyMissing, SecretNotFound, TooNew, WrongKey)


class SecondRun:
    """Looks at what is stored."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._say = app.prompts.note

    def still_good(self) -> bool:
        """Return whether a stored sign-in needs nothing, and say what was checked.

        False where there is none, or none that can ever be used again. Raises `StoreError` where
        the store is out of reach, `NotAllowedError` where the account has no Copilot.
        """
        try:
            account = self._account()
            return account is not None and self._works(account)
        except _PAST_USE as error:
            self._say(f"The stored sign-in does not work any more: {error.message}.\n")
            return False
        except NotAllowedError as error:
            error.hint = error.hint or "`copilot-chat onboard --force` signs in as somebody else"
            raise

    def _works(self, account: Account) -> bool:
        try:
            self._exchange(account)
        except (LimitError, ServiceError) as error:
            self._say(
                f"Already signed in as {account.login} (not checked: {error.message}). "
                "Nothing was changed."
            )
            return True
        self._say(
            f"Already signed in as {account.login} on {account.host}; GitHub accepts it. "
            "Nothing was changed (--force starts anew)."
        )
        return True

    def _account(self) -> Account | None:
        """Return the account that is meant; None for none, and for one that is yet to sign in."""
        settings = self._app.settings
        accounts = stored_accounts(self._app.vault.store, settings.host)
        wanted = wanted_here(settings, accounts)
        logins = {account.login.lower() for account in accounts}
        if not accounts or (wanted is not None and wanted.lower() not in logins):
            return None
        return choose_account(accounts, wanted, settings.host)

    def _exchange(self, account: Account) -> None:
        access = self._app.access
        login = access.stored_login(account)
        token = access.github_token(login)
        try:
            access.exchange(token)
        except SignInError:
            if not login.renew(token):
                raise
            access.exchange(login.token())
