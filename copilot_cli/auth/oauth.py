"""One form posted to a login host's OAuth endpoints, and what its refusals mean.

Rule: a reply is decided by the `error` in its body, whatever its status (GitHub sends most errors
with 200, the RFC asks for 400). What the server said is cut and made safe before it is told.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import httpx

from copilot_cli.errors import (
    CodeExpired,
    CopilotChatError,
    LimitError,
    NotAllowedError,
    ServiceError,
    SettingsError,
    SignInError,
)
from copilot_cli.network import translate
from copilot_cli.retry_after import parse_retry_after
from copilot_cli.secret import Secret, redact
from copilot_cli.ui.safe import safe_line

_MAX_BODY = 65536  # bytes; a real reply has a few hundred
_LONGEST_WAIT = 1e7  # seconds of a Retry-After that are believed: about four months

_AGAIN = "start again with `copilot-chat onboard`"
_CLIENT = "check `--client-id`"
_DENIED = (SignInError, "the sign-in was denied on the page", _AGAIN)
_OVER = (CodeExpired, "the code has expired", _AGAIN)
_WRONG_CODE = (SignInError, "the code is wrong or was used already", _AGAIN)

# docs.github.com "Error codes for the device flow", RFC 8628 §3.5, RFC 6749 §5.2, and what other
# clients have met: the class, what to say, and what to do about it.
_REFUSALS: dict[str, tuple[type[CopilotChatError], str, str | None]] = {
    "access_denied": _DENIED,
    "authorization_denied": _DENIED,
    "authorization_declined": _DENIED,
    "expired_token": _OVER,
    "token_expired": _OVER,
    "incorrect_device_code": _WRONG_CODE,
    "bad_verification_code": _WRONG_CODE,
    "invalid_grant": (SignInError, "this sign-in is not valid any more", _AGAIN),
    "bad_refresh_token": (SignInError, "the sign-in has expired or was revoked", _AGAIN),
    "unverified_user_email": (
        SignInError,
        "the account has no verified e-mail address",
        "verify it in the account's settings, then sign in again",
    ),
    "incorrect_client_credentials": (SettingsError, "the client id is not accepted", _CLIENT),
    "device_flow_disabled": (
        SettingsError,
        "device login is switched off for this client id",
        _CLIENT,
    ),
    "unauthorized_client": (SettingsError, "this client id may not use device login", _CLIENT),
    "unsupported_grant_type": (
        CopilotChatError,
        "the server does not know the grant type of this request",
        "please report this",
    ),
}


class Reply(NamedTuple):
    """A reply, cut to what is looked at. `parsed` is False where the body is no data at all."""

    host: str
    status: int
    fields: Mapping[str, Any]
    parsed: bool
    retry_after: float | None  # seconds

    def text(self, name: str) -> str:
        """Return a field that is a text, else nothing."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def seconds(self, name: str, least: float, most: float) -> float | None:
        """Return a field that is a number of seconds within bounds, else None."""
        return _seconds(self.fields.get(name), least, most)

    @property
    def is_busy(self) -> bool:
        """Whether the status says that the service, not the request, is the trouble."""
        return self.status >= 500 or self.status == 429


def post(client: httpx.Client, base_url: str, path: str, form: dict[str, str]) -> Reply:
    """Send `form`, follow no redirect, read at most 64 KiB. NetworkError where nothing answers."""
    url = base_url.rstrip("/") + path
    headers = {"Accept": "application/json"}  # else the reply is a form
    body = bytearray()
    try:
        with client.stream(
            "POST", url, data=form, headers=headers, follow_redirects=False
        ) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _MAX_BODY:
                    body.clear()
                    break
    except (httpx.HTTPError, httpx.InvalidURL) as failure:
        raise translate(failure, url=url) from failure
    fields, parsed = _fields(body.decode("utf-8", "replace"))
    host = urlsplit(url).netloc
    return Reply(host, response.status_code, fields, parsed, _retry_after(response.headers))


def refusal(reply: Reply, *secrets: Secret) -> CopilotChatError | None:
    """Return what the reply's `error` means, or None where it has none that settles the matter.

    An unknown error is told in the server's own words, without `secrets`; where the service itself
    is in trouble it settles nothing.
    """
    error = reply.text("error")
    if error in _REFUSALS:
        kind, message, hint = _REFUSALS[error]
        return kind(message, hint=hint)
    if not error or reply.is_busy:
        return None
    told = reply.text("error_description") or error
    for secret in secrets:
        told = told.replace(secret.reveal(), "****")
    return SignInError(f"the sign-in failed: {safe_line(redact(told), limit=200)}", hint=_AGAIN)


def expired() -> CopilotChatError:
    """Return the error of a code that nobody typed in time."""
    kind, message, hint = _OVER
    return kind(message, hint=hint)


def check(reply: Reply, *secrets: Secret) -> None:
    """Raise unless `reply`, to a request that is made once and not polled, can be read on."""
    host, status, retry_after = reply.host, reply.status, reply.retry_after
    if reply.text("error") in _REFUSALS or status not in (403, 404):
        refused = refusal(reply, *secrets)
        if refused is not None:
            raise refused
    if status == 404:
        raise SettingsError(
            f"{host} does not know the client id, or device login is switched off for it",
            hint=_CLIENT,
        )
    if status == 429 or (status == 403 and retry_after is not None):
        hint = "try again later" if retry_after is None else f"try again in {retry_after:.0f} s"
        raise LimitError(f"{host} limits the rate of sign-ins", hint=hint, retry_after=retry_after)
    if status == 403:
        raise NotAllowedError(
            f"{host} does not allow this sign-in (403)",
            hint="a proxy or the organisation's policy may forbid it",
        )
    if status != 200:
        raise ServiceError(
            f"{host} answered {status}", hint="try again later", retry_after=retry_after
        )
    if not reply.parsed:
        raise ServiceError(
            f"{host} sent a page instead of an answer",
            hint="a proxy or a captive portal may be in between",
        )


def _fields(text: str) -> tuple[Mapping[str, Any], bool]:
    """Read a body as JSON, or as the form that is sent where JSON was not asked for."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        if not re.match(r"\w+=", text):
            return {}, False
        return dict(parse_qsl(text)), True
    return (value, True) if isinstance(value, dict) else ({}, True)


def _retry_after(headers: httpx.Headers) -> float | None:
    """Return the seconds asked for; a date is measured by the server's own clock."""
    now = parse_retry_after(headers.get("Date", ""), 0.0)
    asked = parse_retry_after(headers.get("Retry-After", ""), now or 0.0)
    return asked if asked is not None and asked < _LONGEST_WAIT else None


def _seconds(value: object, least: float, most: float) -> float | None:
    """Return a number within bounds; None for anything else, True and "soon" too."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)  # a form has nothing but text
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if least <= value <= most else None
