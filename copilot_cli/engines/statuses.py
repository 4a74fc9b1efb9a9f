"""What a refusal of the Copilot host means: one decision from (status, code, text).

`failure()` turns a reply into a `Failure`: the error for the person, and the rule by which the same
request may be sent again. Codes are looked at before statuses, because the service puts quota codes
under more than one status. Sources: microsoft/vscode-copilot-chat for the codes; the plain-text
bodies are from issue threads of opencode, litellm and fast-agent.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from copilot_cli.errors import (
    CopilotChatError,
    FilteredError,
    LimitError,
    ModelUnavailable,
    NotAllowedError,
    QuotaError,
    ServiceError,
    SettingsError,
    SignInError,
    TooLongError,
)
from copilot_cli.secret import redact
from copilot_cli.ui.safe import safe_line

SHOWN = 200
"""The most characters of a foreign text that a message repeats."""


class Retry(NamedTuple):
    """How often a failed request may be sent again, and after how long.

    `times` bounds it below the person's `--retries`; `after` is what the server asked, in seconds;
    `pause` the wait where it asked for nothing, None for the growing one.
    """

    times: int
    after: float | None = None
    pause: float | None = None


NEVER = Retry(0)
BACKOFF = Retry(99)
ONCE = Retry(1)


class Failure(Exception):  # noqa: N818 - it carries an error, and never reaches the person itself
    """A failed attempt: the error to show if nothing helps, and the rule for trying again."""

    def __init__(self, error: CopilotChatError, retry: Retry = NEVER) -> None:
        super().__init__(error.message)
        self.error = error
        self.retry = retry


class Unauthorized(Failure):
    """A 401: the Copilot token is renewed once before it becomes an error."""


class Refusal(NamedTuple):
    """What a reply said: status, its code and text where found, seconds to wait, request id.

    `limited` is whether its headers say that nothing is left of a rate limit.
    """

    status: int
    code: str
    text: str
    after: float | None = None
    request_id: str | None = None
    limited: bool = False


def read_refusal(
    status: int,
    body: bytes,
    *,
    after: float | None = None,
    request_id: str | None = None,
    limited: bool = False,
) -> Refusal:
    """Return what `body` says, whatever its content type claims.

    JSON is tried first, since the service labels it text/plain; then the first line of plain text.
    An HTML page says nothing that helps and becomes an empty text.
    """
    text = body.decode("utf-8", "replace").strip()
    code, message = _read_json(text)
    if message is None:
        message = "" if text[:1] == "<" else text.partition("\n")[0]
    return Refusal(status, code, redact(message), after, request_id, limited)


def _read_json(text: str) -> tuple[str, str | None]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return "", None
    if not isinstance(data, dict):
        return "", None
    inner: Any = data.get("error", data)
    if isinstance(inner, str):
        return "", inner
    if not isinstance(inner, dict):
        return "", ""
    code = inner.get("code") or inner.get("type") or ""
    message = inner.get("message") or data.get("message") or ""
    return str(code), str(message)


_QUOTA = (
    "quota_exceeded",
    "free_quota_exceeded",
    "overage_limit_reached",
    "session_quota_exceeded",
    "additional_spend_limit_reached",
    "billing_not_configured",
)
_LIMITS = {
    "rate_limited": "the rate limit is reached",
    "user_global_rate_limited": "the rate limit of your account is reached",
    "user_model_rate_limited": "the rate limit of this model is reached",
    "user_weekly_rate_limited": "the weekly limit of your account is reached",
    "integration_rate_limited": "the rate limit of this client identity is reached",
    "agent_mode_limit_exceeded": "the limit on requests of agents is reached",
    "model_overloaded": "the model is overloaded",
    "upstream_provider_rate_limit": "the model's provider is at its limit",
    "extension_blocked": "requests of this client identity are blocked",
}
_NO_RETRY_LIMITS = ("user_weekly_rate_limited", "extension_blocked")
_TOO_LONG = ("model_max_prompt_tokens_exceeded", "context_length_exceeded", "request_too_large")
_IDENTITY_HINT = (
    "update editor_identity in the settings: see `copilot-chat config list` and docs/environment.md"
)


def failure(refusal: Refusal) -> Failure:
    """Return what `refusal` means. The message holds at most 200 characters of the service's."""
    code = refusal.code.partition(":")[0]
    by_code = _by_code(code, refusal)
    if by_code is not None:
        return by_code
    handler = _BY_STATUS.get(refusal.status)
    if handler is not None:
        return handler(refusal)
    if 500 <= refusal.status < 600 and refusal.status not in {501, 505}:
        return Failure(ServiceError(_said("the service failed", refusal)), Retry(99, refusal.after))
    if 300 <= refusal.status < 400:
        return Failure(
            ServiceError(
                f"the service redirects elsewhere ({refusal.text or refusal.status}); not followed"
            )
        )
    return Failure(CopilotChatError(_said("the service refused the request", refusal)))


def _by_code(code: str, refusal: Refusal) -> Failure | None:
    if code in _TOO_LONG or "prompt token count" in refusal.text:
        return _too_long(refusal)
    handler = _BY_CODE.get(code)
    return None if handler is None else handler(refusal)


def _said(what: str, refusal: Refusal) -> str:
    parts = [what]
    if refusal.text:
        parts.append(f": {safe_line(refusal.text, SHOWN)}")
    details = [f"status {refusal.status}"] if refusal.status != 200 else []
    if refusal.request_id:
        details.append(f"request {safe_line(refusal.request_id, 64)}")
    return "".join(parts) + (f" ({', '.join(details)})" if details else "")


def _quota(refusal: Refusal) -> Failure:
    return Failure(
        QuotaError(
            _said("your plan's quota is used up", refusal),
            hint="`copilot-chat usage` shows when it starts anew",
            retry_after=refusal.after,
        )
    )


def _limit(refusal: Refusal) -> Failure:
    code = refusal.code.partition(":")[0]
    what = _LIMITS.get(code, "a rate limit is reached")
    error = LimitError(_said(what, refusal), retry_after=refusal.after)
    if code in _NO_RETRY_LIMITS:
        return Failure(error)
    return Failure(error, Retry(2, refusal.after, pause=15.0))


def _no_model(refusal: Refusal) -> Failure:
    return Failure(
        ModelUnavailable(
            _said("the model is not available to you", refusal),
            hint="`copilot-chat models` lists those that are",
        )
    )


def _other_wire(refusal: Refusal) -> Failure:
    return Failure(
        ModelUnavailable(
            _said("this model is not served by chat completions", refusal),
            hint="choose another with -m; `copilot-chat models` shows each one's endpoints",
        )
    )


def _too_long(refusal: Refusal) -> Failure:
    return Failure(
        TooLongError(
            _said("the request is too long for the model", refusal),
            hint="send less, or choose a model with a larger window: `copilot-chat models`",
        )
    )


def _filtered(refusal: Refusal) -> Failure:
    return Failure(FilteredError(_said("a content filter refused the request", refusal)))


def _bad_request(refusal: Refusal) -> Failure:
    text = refusal.text.lower()
    if "editor-version" in text:
        return Failure(
            SettingsError(
                _said("the service does not know this client identity", refusal),
                hint=_IDENTITY_HINT,
                kind="identity",
            )
        )
    if "authorization header is badly formatted" in text or "personal access tokens" in text:
        return Failure(
            SignInError(
                _said("the service does not take this kind of token", refusal),
                hint="sign in with `copilot-chat onboard`",
            )
        )
    return Failure(CopilotChatError(_said("the service refused the request", refusal)))


def _unauthorized(refusal: Refusal) -> Failure:
    return Unauthorized(
        SignInError(
            _said("the service refused the sign-in", refusal),
            hint="sign in again with `copilot-chat onboard --force`",
        )
    )


def _forbidden(refusal: Refusal) -> Failure:
    # GitHub answers limits with 403 too (microsoft/vscode#285790).
    if refusal.after is not None or refusal.limited or "rate limit" in refusal.text.lower():
        return _limit(refusal)
    if "access to this endpoint is forbidden" in refusal.text.lower():
        return Failure(
            NotAllowedError(
                _said("the service refused this client identity", refusal), hint=_IDENTITY_HINT
            )
        )
    return Failure(NotAllowedError(_said("this is not allowed to your account", refusal)))


def _not_found(refusal: Refusal) -> Failure:
    return Failure(
        CopilotChatError(_said("the service knows no such path or model", refusal)),
    )


def _transient(refusal: Refusal) -> Failure:
    return Failure(
        ServiceError(_said("the service did not take the request", refusal)),
        Retry(99, refusal.after),
    )


def _misdirected(refusal: Refusal) -> Failure:
    return Failure(
        ServiceError(
            _said("this host serves another plan than yours", refusal),
            hint="unset copilot_api_url, or sign in again",
            kind="misdirected",
        )
    )


def _too_old(refusal: Refusal) -> Failure:
    return Failure(
        SettingsError(
            _said("the service no longer takes this client identity", refusal),
            hint=_IDENTITY_HINT,
            kind="identity",
        )
    )


_BY_STATUS: dict[int, Callable[[Refusal], Failure]] = {
    400: _bad_request,
    401: _unauthorized,
    402: _quota,
    403: _forbidden,
    404: _not_found,
    408: _transient,
    409: _transient,
    413: _too_long,
    421: _misdirected,
    422: _filtered,
    425: _transient,
    429: _limit,
    466: _too_old,
}

_BY_CODE: dict[str, Callable[[Refusal], Failure]] = {
    **dict.fromkeys(_QUOTA, _quota),
    **dict.fromkeys(_LIMITS, _limit),
    "model_not_supported": _no_model,
    "model_not_found": _no_model,
    "no_available_model_endpoints": _no_model,
    "unsupported_api_for_model": _other_wire,
    "content_filter": _filtered,
}
