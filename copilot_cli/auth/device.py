"""GitHub's device login (RFC 8628): ask for a code, then poll until somebody has typed it in.

Rule: no printing, no clock and no sleep of its own. The caller shows the code (before it calls
`wait_for_grant`, whose first poll goes out at once) and passes `sleep` and `monotonic`.
"""

import re
from collections.abc import Callable
from typing import Literal, NamedTuple, assert_never
from urllib.parse import SplitResult, urlsplit

import httpx

from copilot_cli.auth import oauth
from copilot_cli.auth.oauth import Reply
from copilot_cli.errors import NetworkError, ServiceError
from copilot_cli.kinds import is_loopback
from copilot_cli.secret import Secret, unsendable_position
from copilot_cli.ui.safe import safe_line

_CODE_PATH = "/login/device/code"
_TOKEN_PATH = "/login/oauth/access_token"  # noqa: S105 - a path
_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"

_INTERVAL = 5.0  # seconds between polls, where the server names none of use (RFC 8628 §3.2)
_LIFE = 900.0  # seconds a code lives, likewise
_SLOWER = 5.0  # seconds added by each slow_down, for good (RFC 8628 §3.5)
_TROUBLES = 5  # failures in a row that are survived
_MALFORMED = 2  # replies in a row with neither a token nor an error that are survived
_GROWTH, _LONGEST = 2.0, 30.0  # seconds: each failure waits this much longer, up to that
_PATIENCE = 60.0  # seconds of Retry-After that are honoured

_USER_CODE = re.compile(r"[A-Z0-9]{3,16}(?:-[A-Z0-9]{2,16}){0,3}")
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9\[][A-Za-z0-9\[\]:/._~?#&=%+-]{1,200}")


class DeviceCode(NamedTuple):
    """What the server handed out; times in seconds. `user_code` is what the person types."""

    device_code: Secret
    user_code: str
    verification_uri: str
    expires_in: float
    interval: float
    verification_uri_complete: str | None


class Grant(NamedTuple):
    """The sign-in; times in seconds from now, None where the token does not expire."""

    token: Secret
    token_type: str
    scope: str
    refresh_token: Secret | None
    expires_in: float | None
    refresh_expires_in: float | None


class Poll(NamedTuple):
    """How one poll went: what a screen says until the next, which follows in `wait` seconds.

    `attempt` (1 to 5) and `reason` belong to "transient"; a "slow_down" holds until the end.
    """

    state: Literal["pending", "slow_down", "transient"]
    wait: float
    attempt: int = 0
    reason: str = ""


class _Pending(NamedTuple):
    """Not approved yet."""


class _SlowDown(NamedTuple):
    """Polled too fast: the interval the server asks for, 0 where it names none."""

    interval: float


class _Trouble(NamedTuple):
    """A failure that may pass: the error to end with if it does not."""

    error: ServiceError
    malformed: bool = False
    retry_after: float = 0.0


def request_code(client: httpx.Client, base_url: str, *, client_id: str, scope: str) -> DeviceCode:
    """Ask `base_url` (such as https://github.com) for a code; nothing is retried (RFC 8628 §3.1).

    Raises SettingsError (client id unknown, or device login off for it), NotAllowedError,
    LimitError, SignInError, ServiceError (malformed reply) or NetworkError.
    """
    reply = oauth.post(client, base_url, _CODE_PATH, {"client_id": client_id, "scope": scope})
    oauth.check(reply)
    device_code, user_code = reply.text("device_code"), reply.text("user_code")
    address, complete = reply.text("verification_uri"), reply.text("verification_uri_complete")
    if unsendable_position(device_code) is not None:
        raise ServiceError(f"{reply.host} sent no usable device code")
    if not _USER_CODE.fullmatch(user_code):
        raise ServiceError(f"{reply.host} sent no usable code to type")
    if not _PLAIN_URL.fullmatch(address):
        raise ServiceError(f"{reply.host} sent no usable address for the code")
    return DeviceCode(
        Secret(device_code),
        user_code,
        address,
        reply.seconds("expires_in", 1.0, 86400.0) or _LIFE,
        reply.seconds("interval", 0.1, 300.0) or _INTERVAL,
        complete if _PLAIN_URL.fullmatch(complete) else None,
    )


def wait_for_grant(
    client: httpx.Client,
    base_url: str,
    code: DeviceCode,
    *,
    client_id: str,
    sleep: Callable[[float], None],
    monotonic: Callable[[], float],
    on_poll: Callable[[Poll], None] | None = None,
) -> Grant:
    """Poll at once, then at the server's pace, until the code is approved, refused or expired.

    `on_poll` hears of every poll that did not end it, before the wait. Raises CodeExpired, other
    SignInErrors (denied, used up), SettingsError, CopilotChatError (our own fault), and
    ServiceError or NetworkError after five transient failures in a row (RFC 8628 §3.4, §3.5).
    """
    deadline = monotonic() + code.expires_in
    interval, troubles, malformed = code.interval, 0, 0
    while True:
        outcome = _poll(client, base_url, code.device_code, client_id)
        if not isinstance(outcome, _Trouble):
            troubles = malformed = 0
        match outcome:
            case Grant():
                return outcome
            case _Pending():
                poll = Poll("pending", interval)
            case _SlowDown():
                interval = max(outcome.interval, interval + _SLOWER)
                poll = Poll("slow_down", interval)
            case _Trouble():
                troubles += 1
                malformed = malformed + 1 if outcome.malformed else 0
                if troubles > _TROUBLES or malformed > _MALFORMED:
                    raise outcome.error
                grown = min(interval + _GROWTH * troubles, _LONGEST)
                wait = max(interval, grown, min(outcome.retry_after, _PATIENCE))
                poll = Poll("transient", wait, troubles, outcome.error.message)
            case _:
                assert_never(outcome)
        # No poll is early, and none comes after the code's life: what is left of it is slept out.
        left = max(deadline - monotonic(), 0.0)
        wait = min(poll.wait, left)
        if on_poll is not None:
            on_poll(poll._replace(wait=wait))
        sleep(wait)
        if poll.wait >= left:
            raise oauth.expired()


def refresh(client: httpx.Client, base_url: str, *, client_id: str, refresh_token: Secret) -> Grant:
    """Trade a refresh token for a new pair; the old pair is dead as soon as the server answers.

    The caller holds the lock and writes the new pair before using it. Nothing is retried. Raises
    SignInError (sign in again), SettingsError, LimitError, ServiceError or NetworkError.
    """
    form = {
        "client_id": client_id,
        "grant_type": "refresh_token",
        "refresh_token": refresh_token.reveal(),
    }
    reply = oauth.post(client, base_url, _TOKEN_PATH, form)
    oauth.check(reply, refresh_token)
    grant = _grant(reply)
    if grant is None:
        raise ServiceError(f"{reply.host} sent neither a token nor an error")
    return grant


def opens(verification_uri: str, base_url: str) -> str | None:
    """Return the address if a browser may be sent there, else None.

    It must be https on exactly the login host and port; http is taken where both are loopback.
    """
    # An allow-list of characters comes first: browsers read `\` and `@` unlike `urlsplit`.
    if not _PLAIN_URL.fullmatch(verification_uri):
        return None
    try:
        page, login = urlsplit(verification_uri), urlsplit(base_url)
        if page.scheme == "https" and _origin(page) == _origin(login):
            return verification_uri
    except ValueError:  # a port or an IPv6 address that is none
        return None
    here = is_loopback(page.netloc) and is_loopback(login.netloc)
    return verification_uri if here else None


def _poll(
    client: httpx.Client, base_url: str, device_code: Secret, client_id: str
) -> Grant | _Pending | _SlowDown | _Trouble:
    """Ask once whether the code was approved; raises what no further poll can change."""
    form = {
        "client_id": client_id,
        "device_code": device_code.reveal(),
        "grant_type": _GRANT_TYPE,
    }
    try:
        reply = oauth.post(client, base_url, _TOKEN_PATH, form)
    except NetworkError as failure:
        return _Trouble(failure)
    error = reply.text("error")
    if error == "authorization_pending":
        return _Pending()
    if error == "slow_down":
        return _SlowDown(reply.seconds("interval", 0.1, 300.0) or 0.0)
    refused = oauth.refusal(reply, device_code)
    if refused is not None:
        raise refused
    if reply.is_busy or not reply.parsed:
        said = f"{reply.host} answered {reply.status}"
        if not reply.is_busy:
            said = f"{reply.host} sent a page instead of an answer ({reply.status})"
        return _Trouble(ServiceError(said), retry_after=reply.retry_after or 0.0)
    neither = ServiceError(f"{reply.host} sent neither a token nor an error")
    return _grant(reply) or _Trouble(neither, malformed=True)


def _grant(reply: Reply) -> Grant | None:
    """Read a sign-in out of a reply: None without a token, ServiceError with one of no use."""
    token, again = reply.text("access_token"), reply.text("refresh_token")
    if not token:
        return None
    if any(value and unsendable_position(value) is not None for value in (token, again)):
        raise ServiceError(f"{reply.host} sent a token that cannot be used")
    return Grant(
        Secret(token),
        safe_line(reply.text("token_type") or "bearer", limit=40),
        safe_line(reply.text("scope"), limit=200),
        Secret(again) if again else None,
        reply.seconds("expires_in", 1.0, 1e10),
        reply.seconds("refresh_token_expires_in", 1.0, 1e10),
    )


def _origin(url: SplitResult) -> tuple[str | None, int]:
    return url.hostname, url.port or 443
