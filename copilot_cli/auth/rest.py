"""One GET on GitHub's REST host: bounded in size and time, never redirected, read leniently.

Rule: this file decides what any refusal of GitHub's means; what only one endpoint says (such as the
exchange's 403 envelope) is looked at by that endpoint's file first.
"""

import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from copilot_cli import network
from copilot_cli.auth.lease_values import UNAVAILABLE
from copilot_cli.errors import (
    CopilotChatError,
    LimitError,
    NetworkError,
    NotAllowedError,
    ServiceError,
    SignInError,
)
from copilot_cli.patterns import pattern
from copilot_cli.retry_after import delay_asked, try_again
from copilot_cli.secret import Secret, redact
from copilot_cli.ui.safe import safe_line

API_VERSION = "2025-04-01"  # microsoft/vscode-copilot-chat, 2026-03
_MAX_BODY = 64 * 1024
_SILENCE = 10.0  # seconds without a byte
_RATE_LIMITED = pattern(r"rate limit", re.IGNORECASE)


_log = logging.getLogger(__name__)


class Reply(NamedTuple):
    """A reply cut to what is looked at: `fields` is None unless the body is a JSON object."""

    url: str
    status: int
    headers: httpx.Headers
    fields: Mapping[str, Any] | None
    is_page: bool

    @property
    def host(self) -> str:
        """The host that was asked."""
        return urlsplit(self.url).netloc

    @property
    def message(self) -> str:
        """GitHub's own message, made safe and without credentials; empty where there is none."""
        return text(self.fields or {}, "message")

    @property
    def served_at(self) -> float | None:
        """When the server wrote the reply, by its own clock, in seconds since 1970."""
        return http_date(self.headers.get("date", ""))


def get(
    client: httpx.Client,
    url: str,
    token: Secret,
    *,
    headers: Mapping[str, str],
    seconds: float,
    monotonic: Callable[[], float] = time.monotonic,
) -> Reply:
    """Ask `url` with the GitHub token, within `seconds` in all; raise NetworkError for no answer.

    A body over 64 KiB is a ServiceError. A redirect is an answer like any other: following it would
    carry the token elsewhere.
    """
    deadline = monotonic() + seconds
    silence = min(_SILENCE, seconds)
    timeout = httpx.Timeout(silence, connect=min(network.CONNECT_TIMEOUT, seconds))
    sent = httpx.Headers({"Accept": "application/json", "X-GitHub-Api-Version": API_VERSION})
    sent.update(headers)  # whatever the case of their names
    sent["Authorization"] = f"token {token.reveal()}"
    body = bytearray()
    try:
        with client.stream(
            "GET", url, headers=sent, timeout=timeout, follow_redirects=False
        ) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _MAX_BODY:
                    raise ServiceError(f"{urlsplit(url).netloc} sent far more than was asked for")
                if monotonic() > deadline:
                    raise NetworkError(f"{urlsplit(url).netloc} took too long", kind="timeout")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise network.translate(error, url=url) from error
    fields = _object(bytes(body))
    if response.status_code != 200:
        said = body.decode("utf-8", "replace").strip()
        _log.debug("GitHub answered with %d: %s", response.status_code, said)
    kind = response.headers.get("content-type", "")
    is_page = fields is None and ("html" in kind or body.lstrip()[:1] == b"<")
    return Reply(url, response.status_code, response.headers, fields, is_page)


def text(fields: Mapping[str, Any], name: str) -> str:
    """Return a foreign text made safe for one line, empty where there is none."""
    value = fields.get(name)
    return safe(value) if isinstance(value, str) else ""


def safe(value: str) -> str:
    """Return `value` as one short line without control characters and without credentials."""
    return safe_line(redact(value), limit=200)


def refusal(reply: Reply, now: float) -> CopilotChatError:
    """Return the error for a reply that is not what was asked for; `now` in seconds since 1970."""
    if reply.status >= 500:
        return _unavailable(reply, now)
    if reply.status == 429 or (reply.status == 403 and _is_rate_limit(reply)):
        return _limited(reply, now)
    if reply.is_page or reply.status < 400:
        return _foreign(reply)
    if reply.status == 401:
        return SignInError(
            _told("GitHub refused the sign-in", reply), hint="run `copilot-chat onboard`"
        )
    if reply.status == 403:
        return NotAllowedError(_told("GitHub does not allow this to your account", reply))
    return ServiceError(_told(f"{reply.host} refused the request", reply))


def _unavailable(reply: Reply, now: float) -> ServiceError:
    again = reply.status not in {501, 505}
    wait = retry_after(reply, now)
    soon = "try again in a moment" if wait is None else try_again(now, wait)
    return ServiceError(
        _told(f"{reply.host} is not available", reply),
        hint=f"{soon}; https://www.githubstatus.com says more" if again else None,
        kind=UNAVAILABLE if again else None,
        retry_after=wait,
    )


def _limited(reply: Reply, now: float) -> LimitError:
    wait = retry_after(reply, now)
    return LimitError(
        _told(f"{reply.host} limits the rate of requests", reply),
        hint=try_again(now, wait),
        retry_after=wait,
    )


def _foreign(reply: Reply) -> ServiceError:
    """Build the error for what GitHub would not have sent: a redirect, a page, an odd body."""
    if 300 <= reply.status < 400:
        target = _host(reply.headers.get("location", "")) or "elsewhere"
        return ServiceError(f"{reply.host} redirects to {safe(target)}, which is not followed")
    return ServiceError(
        f"{reply.host} sent something that is not GitHub's answer (status {reply.status})",
        hint="a proxy or a captive portal may be in between",
    )


def _host(location: str) -> str | None:
    try:
        return urlsplit(location).hostname
    except ValueError:  # brackets that hold no address
        return None


def retry_after(reply: Reply, now: float) -> float | None:
    """Return the seconds the reply asks to wait, None where it does not say.

    GitHub sends the time its rate limit starts anew with every reply: it counts only where nothing
    is left of the limit. Dates are measured against the server's own clock.
    """
    headers = dict(reply.headers)
    if headers.get("x-ratelimit-remaining") != "0":
        headers.pop("x-ratelimit-reset", None)
    repeated = reply.headers.get_list("retry-after")
    return delay_asked(headers, repeated, reply.served_at or now)


def _is_rate_limit(reply: Reply) -> bool:
    """GitHub answers limits with 403 too: microsoft/vscode#285790."""
    return (
        "retry-after" in reply.headers
        or reply.headers.get("x-ratelimit-remaining") == "0"
        or _RATE_LIMITED.search(reply.message) is not None
    )


def _told(what: str, reply: Reply) -> str:
    said = f": {reply.message}" if reply.message else ""
    request = safe_line(reply.headers.get("x-github-request-id", ""), limit=64)
    return f"{what}{said} (status {reply.status}{f', request {request}' if request else ''})"


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def http_date(value: str) -> float | None:
    """Return the date of RFC 9110 section 5.6.7 in unix seconds; one without a zone is UTC."""
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return _timestamp(date if date.tzinfo else date.replace(tzinfo=UTC))


def _timestamp(date: datetime) -> float | None:
    try:
        return date.timestamp()
    except (OverflowError, ValueError, OSError):
        return None
