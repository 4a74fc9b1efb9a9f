"""Who answers, and by what right: Copilot with a GitHub token, or an endpoint with its own key."""

from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from copilot_cli.engines.answering import Sender
from copilot_cli.engines.failure import Failure
from copilot_cli.errors import NetworkError
from copilot_cli.messages import Request
from copilot_cli.secret import Secret

_PUBLIC = "https://api.githubcopilot.com"


class SignIn(NamedTuple):
    """Copilot by a GitHub token: `whose` it is, and what `check` raises if GitHub refuses it.

    `variables` tell the runtime of another host than github.com. `api` is Copilot's address where
    it is set by hand.
    """

    whose: str
    token: Callable[[], Secret]
    check: Callable[[], object]
    variables: Mapping[str, str] = MappingProxyType({})
    api: str | None = None

    @property
    def addresses(self) -> tuple[str, str]:
        """Where GitHub's programs ask with it: GitHub's own API, and Copilot's."""
        company = self._company
        github = self.variables.get("COPILOT_DEBUG_GITHUB_API_URL")
        return (
            github or f"https://api.{company or 'github.com'}",
            self.api or (f"https://copilot-api.{company}" if company else _PUBLIC),
        )

    @property
    def _company(self) -> str | None:
        host = self.variables.get("COPILOT_GH_HOST", "")
        return host if host.endswith(".ghe.com") else None

    def at_home(self, url: httpx.URL) -> httpx.URL:
        """Return where a request goes that the runtime means for `url`.

        Where it has no list of models it turns to the public API, with a company's token too, and
        past the address that a person has set: then that address, or the company's, takes its
        place.
        """
        company = self._company
        home = httpx.URL(self.addresses[1])
        if self.api is not None:
            fits = (url.scheme, url.netloc) == (home.scheme, home.netloc)
        else:
            fits = company is None or url.host.endswith(f".{company}")
        path = f"{home.path.rstrip('/')}{url.path}"
        return url if fits else home.copy_with(path=path, query=url.query or None)


class OwnEndpoint(NamedTuple):
    """An endpoint of the person's own: `whose` names it, `wire` is the path that it speaks.

    `sender` knows address and key, `dry_run` shows a request, `explain` rewords a failure.
    """

    whose: str
    wire: str
    sender: Sender
    dry_run: Callable[[Request], dict[str, Any]]
    explain: Callable[[Failure], Failure]


def refuse_offline(addresses: Iterable[str]) -> None:
    """Raise `NetworkError` where another machine would be asked: COPILOT_OFFLINE is set."""
    for address in addresses:
        host = urlsplit(address).hostname or ""
        if not _is_here(host):
            raise NetworkError(
                f"COPILOT_OFFLINE is set: {host} was not asked",
                hint="unset COPILOT_OFFLINE",
                kind="offline",
            )


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
