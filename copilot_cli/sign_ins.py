"""The sign-ins that are stored, as a person sees them: which there are, and which one is used.

Rule: listing asks nobody. What is sealed (the kind of token, its end) is told where the store opens
by itself, and is unknown else.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from copilot_cli.auth.accounts import Account, all_accounts
from copilot_cli.auth.choosing import Named, named, parse_name
from copilot_cli.errors import SettingsError, SignInError, StoreError, UsageError

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.auth.credential import GitHubCredential
    from copilot_cli.auth.sources import Resolved


class SignInRow(NamedTuple):
    """One stored sign-in; times in seconds since 1970.

    `kind` is the token's prefix, None where the store did not open. `expires` None means that it
    does not expire, or is not known; `renewable_until` is the end of what renews it.
    """

    account: Account
    in_use: bool
    kind: str | None = None
    kind_name: str | None = None
    expires: float | None = None
    renewable_until: float | None = None


class SignIns:
    """Lists the accounts of `app`, and chooses the one to use."""

    def __init__(self, app: "App") -> None:
        self._app = app

    def rows(self) -> tuple[list[SignInRow], str | None]:
        """Return all sign-ins by host and name, and why the store did not open, if it did not.

        Raises `StoreError` where not even the names can be read.
        """
        used = self._used()
        closed: str | None = None
        rows = []
        for account in all_accounts(self._app.vault.store):
            row = SignInRow(account, account == used)
            if closed is None:
                try:
                    row = _opened(row, self._credential(account))
                except StoreError as error:
                    closed = error.message
            rows.append(row)
        return rows, closed

    def winner(self) -> str | None:
        """Return the variable whose token is used in place of every stored sign-in, or None."""
        found = self._resolved()
        source = found.source if found else None
        return source.name if source and source.kind == "environment" else None

    def pick(self, name: str | None) -> Account:
        """Return the account called `name`, else the one the person chooses, else the only one.

        Raises `SignInError` where nobody is signed in, and `UsageError` where `name` is nobody's or
        several accounts', and where nobody is there to choose.
        """
        everyone = all_accounts(self._app.vault.store)
        if not everyone:
            raise SignInError("nobody is signed in", hint="run `copilot-chat onboard`")
        fitting = tuple(it for it in everyone if name is None or self._wanted(name).fits(it))
        if len(fitting) == 1:
            return fitting[0]
        if not fitting:
            raise UsageError(f"{name} is not signed in", hint=f"signed in: {named(everyone)}")
        if name is not None and not self._app.streams.person:
            raise UsageError(
                f"{name} is signed in to several hosts: {named(fitting)}",
                hint="name the host too: HOST/NAME",
            )
        return self._ask(fitting)

    def switch(self, account: Account) -> Iterator[str]:
        """Make `account` the one to use from now on; yield what is to be said of it."""
        from copilot_cli.store.toml import set_values

        settings = self._app.settings
        path = settings.paths.config_file
        set_values(path, {"host": account.host, "account": account.login})
        yield f"using {account.login} on {account.host}"
        if settings.source("model") == "config.toml":
            yield (
                f"the model stays {settings.model}; `copilot-chat models` lists those of "
                f"{account.login}"
            )
        for name in ("host", "account"):
            source = settings.source(name)
            if source.startswith("environment"):
                yield f"note: {source.rpartition(' ')[2]} is set, and wins over that {name}"
        if token := settings.env_token():
            yield f"note: {token.name} is set, and wins over every stored sign-in"

    def _wanted(self, name: str) -> Named:
        wanted = parse_name(name)
        if wanted.host is None and self._app.settings.source("host") == "option":
            return wanted._replace(host=self._app.settings.host)
        return wanted

    def _ask(self, accounts: tuple[Account, ...]) -> Account:
        from copilot_cli.ui.prompts import Option

        used = self._used()
        others = [account for account in accounts if account != used]
        default = f"{others[0].host}/{others[0].login}"
        options = [
            Option(f"{it.host}/{it.login}", it.login, it.host + (", in use" if it == used else ""))
            for it in accounts
        ]
        chosen = self._app.prompts.choose(
            "Which account?", options, default, flag="copilot-chat accounts switch NAME"
        )
        return next(it for it in accounts if f"{it.host}/{it.login}" == chosen)

    def _used(self) -> Account | None:
        found = self._resolved()
        source = found.source if found else None
        if source is None or source.kind != "stored":
            return None
        return Account(self._app.settings.host, source.user or "")

    def _resolved(self) -> "Resolved | None":
        """Return what this run uses; None where an account would have to be named first."""
        try:
            return self._app.access.resolved
        except SettingsError:
            raise
        except UsageError:
            return None

    def _credential(self, account: Account) -> "GitHubCredential":
        from copilot_cli.auth.credential import GitHubCredential

        return GitHubCredential.from_entry(self._app.vault.quiet_store.get(account.entry))


def _opened(row: SignInRow, credential: "GitHubCredential") -> SignInRow:
    from copilot_cli.auth.sources import token_kind

    kind = token_kind(credential.token)
    return row._replace(
        kind=kind.prefix,
        kind_name=kind.name,
        expires=credential.expires_at,
        renewable_until=credential.refresh_expires_at if credential.refresh_token else None,
    )
