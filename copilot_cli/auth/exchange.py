"""The exchange: a GitHub token for a Copilot token of half an hour, and the host it is good for.

Rule: one request, no retry, no cache (copilot_token.py has both). Only the token is read strictly;
nothing is ever sent to a host that the reply made up.
Source: microsoft/vscode-copilot-chat, 2026-03.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from copilot_cli.auth import rest
from copilot_cli.auth.lease_values import CopilotToken, ExchangeRefused
from copilot_cli.auth.sources import token_kind
from copilot_cli.errors import CopilotChatError, NotAllowedError, ServiceError, SignInError
from copilot_cli.kinds import is_loopback
from copilot_cli.patterns import pattern
from copilot_cli.secret import Secret
from copilot_cli.ui.safe import safe_line
from copilot_cli.values import number

if TYPE_CHECKING:
    import httpx

DEFAULT_API = "https://api.githubcopilot.com"
_TOKEN = pattern(r"[\x21-\x7e]{8,16384}")  # longer than a GitHub token: it lists features
_HOST = pattern(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_COMPANY_API = pattern(r"copilot-api\.[a-z0-9.-]+\.ghe\.com")
_NOTIFICATION = pattern(r"[a-z][a-z0-9_]{0,60}")
_SHORTEST, _LONGEST, _UNKNOWN = 60.0, 86_400.0, 600.0  # seconds of life
_GRACE = 300.0  # seconds a token is good for after `refresh_in`


def exchange(
    client: "httpx.Client",
    rest_url: str,
    token: Secret,
    *,
    now: Callable[[], float],
    headers: Mapping[str, str],
    set_api: str | None = None,
    seconds: float = 15.0,
) -> CopilotToken:
    """Exchange `token` at `rest_url` (no slash at its end) within `seconds`.

    `headers` are the identity's; `set_api` is the Copilot address the user set, which wins. Raises
    SignInError, ExchangeRefused, NotAllowedError (with the service's own message), LimitError,
    NetworkError or ServiceError.
    """
    _check_kind(token)
    url = f"{rest_url}/copilot_internal/v2/token"
    reply = rest.get(client, url, token, headers=headers, seconds=seconds)
    at = now()
    fields = reply.fields
    if reply.status != 200 or fields is None or "token" not in fields:
        raise _failure(reply, at)
    value, expires_at, refresh_in = _essentials(reply.host, fields)
    life = lifetime(expires_at, refresh_in, reply.served_at)
    sku = fields.get("sku")
    return CopilotToken(
        Secret(value),
        obtained=at,
        exp_local=at + life,
        refresh_at=at + min(life, max(refresh_in, 0.0)),
        api=set_api or api_host(fields, value, rest_url),
        sku=safe_line(sku, limit=80) if isinstance(sku, str) else None,
    )


def _check_kind(token: Secret) -> None:
    """Raise for a kind of token that no exchange takes, before anything is sent."""
    kind = token_kind(token)
    if kind.bearer:
        raise ExchangeRefused(f"GitHub does not exchange {kind.name}")
    if kind.reason is not None:
        raise SignInError(
            f"this is {kind.name}: {kind.reason}",
            hint="run `copilot-chat onboard` and sign in with the device code",
            kind="token_kind",
        )


def lifetime(expires_at: float, refresh_in: float, served_at: float | None) -> float:
    """Return for how many seconds a token is good, whatever this machine's clock says.

    `expires_at` counts only against the server's own date; `refresh_in` needs no clock. Nonsense
    in both is ten minutes.
    """
    by_refresh = refresh_in + _GRACE if 0 < refresh_in <= _LONGEST else None
    by_expiry = expires_at - served_at if served_at is not None else None
    if by_expiry is not None and not 0 < by_expiry <= 2 * _LONGEST:
        by_expiry = None
    if by_refresh is not None and by_expiry is not None:
        life = min(by_expiry, by_refresh)
    elif by_refresh is not None:
        life = refresh_in
    else:
        life = by_expiry or _UNKNOWN
    return max(_SHORTEST, min(life, _LONGEST))


def api_host(fields: Mapping[str, Any], token: str, rest_url: str) -> str:
    """Return the address of the Copilot API that goes with `token`, without a slash at its end.

    The reply's `endpoints.api`, else the token's own `proxy-ep`, else the public host. Raises
    ServiceError for a host that is neither GitHub's nor, where `rest_url` is loopback, loopback.
    """
    endpoints = fields.get("endpoints")
    named = endpoints.get("api") if isinstance(endpoints, dict) else None
    if isinstance(named, str) and named:
        return _allowed(named, rest_url)
    proxy = _token_fields(token).get("proxy-ep", "")
    if proxy:
        return _allowed("https://" + re.sub(r"^proxy\.", "api.", proxy), rest_url)
    host = urlsplit(rest_url).hostname or ""
    if host.endswith(".ghe.com"):
        return f"https://copilot-{host}"  # api.SUB.ghe.com has its Copilot API beside it
    return DEFAULT_API


def _token_fields(token: str) -> Mapping[str, str]:
    pairs = (pair.partition("=") for pair in token.partition(":")[0].split(";"))
    return {name: value for name, _, value in pairs}


def _allowed(url: str, rest_url: str) -> str:
    """Return `url` rebuilt from its checked parts; raise ServiceError for a foreign host."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    bare = not (parts.path.rstrip("/") or parts.query or parts.fragment or parts.username)
    rest = urlsplit(rest_url)
    github = host.endswith(".githubcopilot.com") or _of_company(host, rest.hostname or "")
    # The host is matched as a whole, since other parsers read `\` and the like differently.
    plain = bare and _HOST.fullmatch(host)
    if plain and github and parts.scheme == "https" and port in (None, 443):
        return f"https://{host}"
    local = is_loopback(parts.netloc) and is_loopback(rest.netloc)
    if bare and local and parts.scheme in {"http", "https"}:
        return f"{parts.scheme}://{parts.netloc.lower()}"
    raise ServiceError(
        f"the exchange names {safe_line(host or url, limit=80)}, which is not a Copilot host;"
        " nothing was sent there",
        hint="if it is right, set copilot_api_url to it",
        kind="foreign_host",
    )


def _of_company(host: str, rest_host: str) -> bool:
    """Whether `host` is the Copilot API beside `rest_host`, and not another company's.

    Which company's it is cannot be told behind an address that the person set.
    """
    if _COMPANY_API.fullmatch(host) is None:
        return False
    known = rest_host == "api.github.com" or rest_host.endswith(".ghe.com")
    return not known or host == f"copilot-{rest_host}"


def _essentials(host: str, fields: Mapping[str, Any]) -> tuple[str, float, float]:
    token = fields.get("token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise ServiceError(f"{host} sent no usable Copilot token")
    # A reply without its times costs an exchange in ten minutes, and no sign-in.
    expires_at = number(fields.get("expires_at")) or 0.0
    refresh_in = number(fields.get("refresh_in")) or 0.0
    return token, expires_at, refresh_in


def _failure(reply: rest.Reply, now: float) -> CopilotChatError:
    """Return the error for a reply without a token: the envelope first, whatever the status."""
    details = (reply.fields or {}).get("error_details")
    if isinstance(details, dict) and reply.status in {200, 403}:
        return _not_allowed(reply.fields or {}, details)
    refused = "resource not accessible by" in reply.message.lower()
    if not reply.is_page and (reply.status == 404 or (reply.status == 403 and refused)):
        return ExchangeRefused(
            "GitHub does not exchange this kind of token for Copilot"
            + (f": {reply.message}" if refused else "")
        )
    if reply.status == 200 and reply.fields is not None:
        return ServiceError(f"{reply.host} answered without a Copilot token")
    return rest.refusal(reply, now)


_SIGN_UP = "sign up at https://github.com/github-copilot/signup"
_SETTINGS = "see https://github.com/settings/copilot"
_BILLING = "see https://github.com/settings/billing"
_ADMIN = "ask an administrator of your organisation"
_SUPPORT = "ask https://support.github.com"

# protocol.md section 3.6: what to say where the service says nothing, and what to do.
NOTIFICATIONS: dict[str, tuple[str, str]] = {
    "no_copilot_access": ("this account has no access to Copilot", _SIGN_UP),
    "not_signed_up": ("this account is not signed up for Copilot", _SIGN_UP),
    "subscription_ended": ("the Copilot subscription has ended", _SETTINGS),
    "enterprise_managed_user_account": ("this managed account has no Copilot seat", _ADMIN),
    "feature_flag_blocked": ("Copilot is switched off for this account", _SUPPORT),
    "spammy_user": ("this account is flagged", _SUPPORT),
    "snippy_not_configured": ("a Copilot setting has to be chosen first", _SETTINGS),
    "server_error": ("the service failed", _SUPPORT),
    "billing_locked": ("the account's billing is locked", _BILLING),
    "trade_restricted": ("Copilot is not offered to this account", _SUPPORT),
    "trade_restricted_country": ("Copilot is not offered in this country", _SUPPORT),
    "expired_coupon": ("the Copilot coupon has expired", _SETTINGS),
    "revoked_coupon": ("the Copilot coupon was revoked", _SETTINGS),
    "codespaces_demo_inactive": ("the Codespaces demo is not active", _SETTINGS),
    "access_revoked": ("access to Copilot was revoked", _SUPPORT),
    "programmatic_token_generation": ("tokens made by programs are not accepted", _SUPPORT),
    "go_http_client": ("this client identity is not accepted", "see docs/risk.md"),
}


def _not_allowed(fields: Mapping[str, Any], details: Mapping[str, Any]) -> NotAllowedError:
    """Say it in the service's own words, which are meant for users; its link comes as the hint."""
    identifier = str(details.get("notification_id") or fields.get("reason") or "")
    ours, hint = NOTIFICATIONS.get(identifier, ("Copilot is not available to this account", None))
    title, message = rest.text(details, "title"), rest.text(details, "message")
    told = safe_line(f"{title}: {message}" if title and message else message or title)
    link = rest.text(details, "url").replace("{EDITOR}", "copilot-chat")
    if re.fullmatch(r"https://[!-~]+", link):
        hint = f"see {link}"
    return NotAllowedError(
        told or rest.text(fields, "message") or ours,
        hint=hint,
        kind=identifier if _NOTIFICATION.fullmatch(identifier) else None,
    )
