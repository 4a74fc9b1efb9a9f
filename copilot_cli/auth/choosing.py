"""Which account is meant by a name: on which host, where no host was named.

Rule: a name never leads to another account than one that has it, and a host that was named by an
option or a variable is never left for another one.
"""

from collections.abc import Iterable
from types import MappingProxyType
from typing import NamedTuple

from copilot_cli import kinds
from copilot_cli.auth.accounts import Account, EntryNames, all_accounts
from copilot_cli.errors import UsageError
from copilot_cli.settings import TOKEN_VARIABLES, Settings, check_host


class Named(NamedTuple):
    """What a person calls an account: its login, and its host where they said that."""

    host: str | None
    login: str

    def fits(self, account: Account) -> bool:
        """Say whether `account` is one of this name; case does not matter."""
        here = self.host is None or self.host == account.host
        return here and self.login.lower() == account.login.lower()


def parse_name(text: str) -> Named:
    """Return what `NAME`, `HOST/NAME` or `NAME@HOST` names. Raises `UsageError`."""
    if "@" in text:
        login, _, address = text.strip().partition("@")
    else:
        address, _, login = text.strip().rpartition("/")
    if not login or "@" in address or "/" in login:
        raise UsageError("this is no name of an account", hint="it is NAME, HOST/NAME or NAME@HOST")
    if not address:
        return Named(None, login)
    try:
        return Named(str(kinds.HOST.check(address)), login)
    except ValueError as error:
        raise UsageError(f"the host of {login}: {error}") from error


def on_named_host(settings: Settings) -> Settings:
    """Return `settings` with the host that the name of an account brings along, and its login.

    Only a name that an option or a variable gives is looked at: the file has both settings. Raises
    `UsageError` for what is no name, and where it contradicts a host of the same rank or a higher.
    """
    if not settings.said_now("account"):
        return settings
    source = settings.source("account")
    wanted = parse_name(settings.account or "")
    if wanted.host is None:
        return settings._replace(account=wanted.login)
    rank = settings.source("host")
    contradicts = rank == "option" or (settings.said_now("host") and source != "option")
    if contradicts and settings.host != wanted.host:
        raise UsageError(
            f"the account is named on {wanted.host}, and the host is {settings.host} (from {rank})",
            hint="leave one of them out",
        )
    check_host(wanted.host, settings.github_url)
    sources = {**settings.sources, "host": source}
    return settings._replace(
        host=wanted.host, account=wanted.login, sources=MappingProxyType(sources)
    )


def on_its_host(settings: Settings, store: EntryNames) -> Settings:
    """Return `settings` with the host of the account that an option or a variable names.

    That is done where no option and no variable names a host, the account is not signed in to the
    present one, and is to exactly one other; a token that a variable holds has no other host than
    the one that is set. Raises `UsageError` naming the hosts where there are several.
    """
    if not _looks_for_host(settings):
        return settings
    wanted = Named(None, settings.account or "")
    found = [account for account in all_accounts(store) if wanted.fits(account)]
    hosts = [account.host for account in found]
    if settings.host in hosts or not hosts:
        return settings
    if len(hosts) > 1:
        raise UsageError(
            f"{found[0].login} is signed in to several hosts: {', '.join(hosts)}",
            hint=f"name one: copilot-chat --host {hosts[0]} --account {found[0].login} ...",
        )
    sources = {**settings.sources, "host": settings.source("account")}
    return settings._replace(host=hosts[0], sources=MappingProxyType(sources))


def _looks_for_host(settings: Settings) -> bool:
    if not settings.said_now("account"):
        return False
    if settings.said_now("host") or settings.github_url:
        return False
    token = any(settings.environ.get(name, "").strip() for name in TOKEN_VARIABLES)
    return not token or settings.source("account") == "option"


def named(accounts: Iterable[Account]) -> str:
    """Return `accounts` in words, for a message."""
    return ", ".join(f"{account.login} on {account.host}" for account in accounts)
