"""What is kept of a sign-in, and whose it is.

A warm start needs none of it: the store is opened only where a Copilot token has to be made.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from copilot_cli.errors import Corrupt, ServiceError
from copilot_cli.patterns import pattern
from copilot_cli.secret import Secret
from copilot_cli.values import number

if TYPE_CHECKING:
    import httpx

    from copilot_cli.auth.device import Grant

_LOGIN = pattern(r"[A-Za-z0-9_-]{1,100}")
_PUBLIC_API_VERSION = "2022-11-28"  # /user is public API, which refuses the internal version


class GitHubCredential(NamedTuple):
    """A sign-in as it is kept; times in seconds since 1970, None where it does not expire."""

    token: Secret
    obtained: float
    scope: str = ""
    client_id: str | None = None
    expires_at: float | None = None
    refresh_token: Secret | None = None
    refresh_expires_at: float | None = None

    @classmethod
    def from_grant(cls, grant: "Grant", *, client_id: str, now: float) -> "GitHubCredential":
        """Return what to keep of a grant that arrived at `now`."""
        return cls(
            grant.token,
            now,
            scope=grant.scope,
            client_id=client_id,
            expires_at=_later(now, grant.expires_in),
            refresh_token=grant.refresh_token,
            refresh_expires_at=_later(now, grant.refresh_expires_in),
        )

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> "GitHubCredential":
        """Read the store's entry; raise Corrupt if it holds no token."""
        token, refresh = entry.get("token"), entry.get("refresh_token")
        if not isinstance(token, str) or not token:
            raise Corrupt("the stored sign-in holds no token", hint="run `copilot-chat onboard`")
        return cls(
            Secret(token),
            number(entry.get("obtained")) or 0.0,
            scope=str(entry.get("scope") or ""),
            client_id=entry.get("client_id"),
            expires_at=number(entry.get("expires_at")),
            refresh_token=Secret(refresh) if isinstance(refresh, str) and refresh else None,
            refresh_expires_at=number(entry.get("refresh_expires_at")),
        )

    def to_entry(self) -> dict[str, Any]:
        """Return the object the store keeps; the only place where both tokens are revealed."""
        return {
            **self._asdict(),
            "token": self.token.reveal(),
            "refresh_token": self.refresh_token.reveal() if self.refresh_token else None,
        }


def fetch_login(client: "httpx.Client", rest_url: str, token: Secret) -> str:
    """Return the login name that `token` belongs to; raise as `rest.get` and `rest.refusal` do."""
    from copilot_cli.auth import rest

    headers = {"X-GitHub-Api-Version": _PUBLIC_API_VERSION}
    reply = rest.get(client, f"{rest_url}/user", token, headers=headers, seconds=15.0)
    if reply.status != 200 or reply.fields is None:
        raise rest.refusal(reply, time.time())
    login = reply.fields.get("login")
    if not isinstance(login, str) or not _LOGIN.fullmatch(login):
        raise ServiceError(f"{reply.host} did not say whose token this is")
    return login


def _later(now: float, seconds: float | None) -> float | None:
    return None if seconds is None else now + seconds
