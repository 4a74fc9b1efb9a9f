"""The bearer mode: a GitHub token that is exchanged for nothing and goes to Copilot's API itself.

Rule: it is sent where GitHub says that this account's API is, and nowhere else. Which tokens are
meant is decided by the exchange (`ExchangeRefused`), never by trying both ways at once.
Source: anomalyco/opencode and github/copilot-sdk, 2026 (protocol of an app of one's own).
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from copilot_cli.auth import rest
from copilot_cli.auth.exchange import api_host
from copilot_cli.auth.lease_values import CopilotToken
from copilot_cli.errors import NotAllowedError
from copilot_cli.secret import Secret

if TYPE_CHECKING:
    import httpx

KNOWN_FOR = 86_400.0
"""Seconds for which the mode and the host of a token count as known."""


def find_bearer(
    client: "httpx.Client",
    rest_url: str,
    token: Secret,
    *,
    now: Callable[[], float],
    headers: Mapping[str, str],
    set_api: str | None = None,
    seconds: float = 15.0,
) -> CopilotToken:
    """Return `token` as a bearer, with the host that GitHub names for its account.

    The arguments are those of `exchange`. Where GitHub tells this kind of token nothing of a plan
    (Actions), the public host counts. Raises SignInError, LimitError, NetworkError or ServiceError.
    """
    reply = rest.get(
        client, f"{rest_url}/copilot_internal/user", token, headers=headers, seconds=seconds
    )
    at, fields = now(), reply.fields or {}
    if reply.status != 200 or reply.fields is None:
        refused = rest.refusal(reply, at)
        unknown = reply.status == 404 and not reply.is_page
        if not (unknown or isinstance(refused, NotAllowedError)):
            raise refused
        fields = {}
    return CopilotToken(
        token,
        obtained=at,
        exp_local=at + KNOWN_FOR,
        refresh_at=at + KNOWN_FOR,
        api=set_api or api_host(fields, "", rest_url),
        sku=rest.text(fields, "access_type_sku") or None,
        bearer=True,
    )
