"""What a refusal says, read from status, headers and body, whatever the content type claims.

Rule: nothing here decides what it means; that is `statuses.py`. All text is foreign: it is cut, and
credentials are taken out, before anybody sees it.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from copilot_cli.engines.hang_up import HangUp
from copilot_cli.retry_after import delay_asked
from copilot_cli.secret import redact
from copilot_cli.ui.safe import safe_line
from copilot_cli.values import NamedTuple

MAX_BODY = 64 * 1024
"""The most bytes that are read of a refusal."""

AFTER_STATUS = 5.0
"""Seconds to wait for the text of a refusal once its status has come."""

_log = logging.getLogger(__name__)

_CREDENTIALS = ("authorization", "api-key", "x-api-key", "copilot-session-token")

MAX_TEXT = 4096
"""The most characters of a body's text that are kept."""


class Refusal(NamedTuple):
    """What a reply said: status, its code and text where found, seconds to wait, request id.

    `limited` is whether its headers say that nothing is left of a rate limit, `sent` the size of
    the refused request in bytes, `target` the host that a redirect names, `param` the field of the
    request that a JSON body names as the fault.
    """

    status: int
    code: str
    text: str
    after: float | None = None
    request_id: str | None = None
    limited: bool = False
    sent: int | None = None
    target: str | None = None
    param: str = ""


def refusal_of(response: httpx.Response, now: float, *, sent: int | None = None) -> Refusal:
    """Read `response`, of another status than 200; `now` in unix seconds.

    `sent` is the size of the request's body in bytes. Of the reply's body at most 64 KiB are read,
    and those are waited for at most five seconds. What the body repeats of the request's credential
    is taken out.
    """
    headers = response.headers
    redirects = 300 <= response.status_code < 400
    refusal = read_refusal(
        response.status_code,
        b"" if redirects else _start_of(response),
        hide=credentials(response.request),
    )
    return refusal._replace(
        after=delay_asked(headers, headers.get_list("retry-after"), now),
        request_id=request_id(headers),
        limited=headers.get("x-ratelimit-remaining", "").strip() == "0",
        sent=sent,
        target=_target(response) if redirects else None,
    )


def read_refusal(status: int, body: bytes, *, hide: Iterable[str] = ()) -> Refusal:
    """Return what `body` says; `hide` are the credentials that the request held.

    JSON is tried first, since the service labels it text/plain; then the first line of plain text.
    An HTML page says nothing that helps and becomes an empty text. The log gets all of it.
    """
    text = body.decode("utf-8", "replace").strip()
    data = _json(text)
    hidden = tuple(hide)
    if _log.isEnabledFor(logging.DEBUG):
        whole = text if data is None else _spelt_plainly(data)
        _log.debug("the service refused with %d: %s", status, without(whole, hidden, MAX_BODY))
    if isinstance(data, dict):
        code, message, param = _read_json(data)
    else:
        code, param = "", ""
        message = "" if text.startswith("<") else text.partition("\n")[0].rstrip("\r")
    return Refusal(status, code, without(message, hidden), param=without(param, hidden))


def without(text: str, credentials: Iterable[str], most: int = MAX_TEXT) -> str:
    """Return the start of `text`, at most `most` characters, without `credentials` and the like."""
    for credential in credentials:
        text = text.replace(credential, "****")
    return redact(text[:most])


def _json(text: str) -> Any:
    """Return what `text` is as JSON; None if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _spelt_plainly(data: Any) -> str:
    """Return `data` as JSON in which a credential stands as it is, whatever escapes were in it."""
    try:
        return json.dumps(data, ensure_ascii=False)
    except RecursionError:
        return "a body that is nested too deeply"


def _read_json(data: dict[str, Any]) -> tuple[str, str, str]:
    """Return code, message and named field of a JSON body."""
    inner = data.get("error")
    if isinstance(inner, dict):
        message = _text(inner.get("message")) or _text(data.get("message"))
        return (
            _text(inner.get("code")) or _text(inner.get("type")),
            message,
            _text(inner.get("param")),
        )
    message = _text(data.get("message")) or _text(data.get("error_description"))
    return _text(data.get("code")), message or _text(inner), _text(data.get("param"))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def request_id(headers: Mapping[str, str]) -> str | None:
    """Return the service's name for the request, which its support asks for."""
    for name in ("x-request-id", "x-github-request-id", "x-copilot-service-request-id"):
        if headers.get(name):
            return safe_line(headers[name], 64)
    return None


def credentials(request: httpx.Request) -> list[str]:
    """Return what no text may repeat of `request`: its credential, without the scheme."""
    values = [request.headers.get(name, "") for name in _CREDENTIALS]
    return [word for value in values for word in value.split()[-1:] if len(word) >= 8]


def _target(response: httpx.Response) -> str | None:
    """Return the host that a redirect names: its path and query may hold a credential."""
    try:
        location = urljoin(str(response.url), response.headers.get("location", ""))
        return urlsplit(location).hostname or None
    except ValueError:
        return None


def _start_of(response: httpx.Response) -> bytes:
    """Return the body's start: an error page that never ends is not waited for."""
    body = bytearray()
    try:
        with HangUp(response) as hang_up:
            hang_up.after(AFTER_STATUS)
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) >= MAX_BODY:
                    break
    except httpx.HTTPError:
        # What came is enough to say what it was.
        pass
    return bytes(body[:MAX_BODY])
