"""What a refusal of the Copilot host means: one decision from (status, code, text).

`failure()` turns a `Refusal` into a `Failure`: the error for the person, and the rule by which the
same request may be sent again. Codes are looked at before statuses, because the service puts quota
codes under more than one status. Sources: microsoft/vscode-copilot-chat for the codes; the
plain-text bodies are from issue threads of opencode, litellm and fast-agent.
"""

from collections.abc import Callable

from copilot_cli.engines.failure import (
    NEVER,
    OFTEN,
    ONCE,
    Failure,
    Misdirected,
    Retry,
    Unauthorized,
)
from copilot_cli.engines.refusal import Refusal
from copilot_cli.engines.token_counts import says_too_long, token_counts
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
from copilot_cli.ui.safe import safe_line

SHOWN = 200
"""The most characters of a foreign text that a message repeats."""

LIMIT_PAUSE = 15.0
"""Seconds to wait at a rate limit whose end the service does not say."""

_QUOTAS = {
    "quota_exceeded": "your plan's quota is used up",
    "free_quota_exceeded": "the free plan's quota is used up",
    "overage_limit_reached": "the limit on what goes beyond your plan is reached",
    "session_quota_exceeded": "the quota of this session is used up",
    "additional_spend_limit_reached": "the limit on additional spending is reached",
    "billing_not_configured": "billing is not set up for your account",
}
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
_LASTING_LIMITS = {"user_weekly_rate_limited", "extension_blocked"}
_IDENTITY_HINT = (
    "update editor_identity in the settings: see `copilot-chat config list` and docs/environment.md"
)


def failure(refusal: Refusal) -> Failure:
    """Return what `refusal` means. The message holds at most 200 characters of the service's."""
    failed = _decided(refusal)
    failed.error.request_id = refusal.request_id
    return failed


def _decided(refusal: Refusal) -> Failure:
    decide = _BY_CODE.get(_code(refusal)) or _BY_STATUS.get(refusal.status)
    if decide is not None:
        return decide(refusal)
    if refusal.status < 400:
        return _unexpected(refusal)
    if refusal.status in _OUTAGES:
        return _failed("the service failed", refusal)
    if refusal.status in {501, 505} or refusal.status < 500:
        return _refused(refusal)
    return Failure(ServiceError(_said("the service failed", refusal)))


_OUTAGES = frozenset({500, 502, 503, 504, *range(520, 530)})


def _code(refusal: Refusal) -> str:
    # A limit's code may carry the plan: "user_model_rate_limited:pro".
    return refusal.code.partition(":")[0]


def _said(what: str, refusal: Refusal) -> str:
    said = f": {safe_line(refusal.text, SHOWN)}" if refusal.text else ""
    details = [f"status {refusal.status}"] if refusal.status != 200 else []
    if refusal.request_id:
        details.append(f"request {safe_line(refusal.request_id, 64)}")
    return f"{what}{said}" + (f" ({', '.join(details)})" if details else "")


def _reported(refusal: Refusal) -> Failure:
    """Decide on a failure inside a reply of status 200, by its text: its code says nothing."""
    if says_too_long(refusal.text):
        return _too_long(refusal)
    return _failed("the service reported a failure", refusal)


def _unexpected(refusal: Refusal) -> Failure:
    if refusal.status < 300:
        return Failure(ServiceError(_said("not a Copilot answer", refusal)))
    target = safe_line(refusal.target or "an address that it does not name", 100)
    what = f"the service redirects to {target}, which is not followed (status {refusal.status})"
    return Failure(ServiceError(what))


def _failed(what: str, refusal: Refusal) -> Failure:
    error = ServiceError(_said(what, refusal), retry_after=refusal.after)
    return Failure(error, Retry(OFTEN, refusal.after))


def _refused(refusal: Refusal) -> Failure:
    return Failure(CopilotChatError(_said("the service refused the request", refusal)))


def _untaken(refusal: Refusal) -> Failure:
    return _failed("the service did not take the request", refusal)


def _dependency(refusal: Refusal) -> Failure:
    failed = _failed("what the service depends on failed", refusal)
    return Failure(failed.error, ONCE._replace(after=refusal.after))


def _cancelled(refusal: Refusal) -> Failure:
    return Failure(
        ServiceError(_said("the service says the request was cancelled", refusal), kind="cancelled")
    )


def _quota(refusal: Refusal) -> Failure:
    what = _QUOTAS.get(_code(refusal), "your plan's quota is used up")
    return Failure(
        QuotaError(
            _said(what, refusal),
            hint="`copilot-chat usage` shows when it starts anew",
            retry_after=refusal.after,
        )
    )


def _limit(refusal: Refusal) -> Failure:
    code = _code(refusal)
    what = _LIMITS.get(code, "a rate limit is reached")
    error = LimitError(_said(what, refusal), retry_after=refusal.after)
    lasting = code in _LASTING_LIMITS
    return Failure(error, NEVER if lasting else Retry(2, refusal.after, pause=LIMIT_PAUSE))


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
    what = "the request is too long for the model"
    if refusal.sent is not None:
        what += f", {refusal.sent:,} bytes were sent"
    counted, limit = token_counts(refusal.text)
    return Failure(
        TooLongError(
            _said(what, refusal),
            hint="send less, or choose a model with a larger window: `copilot-chat models`",
            limit=limit,
            counted=counted,
        )
    )


def _filtered(refusal: Refusal) -> Failure:
    return Failure(FilteredError(_said("a content filter refused the request", refusal)))


def _bad_request(refusal: Refusal) -> Failure:
    text = refusal.text.lower()
    if says_too_long(text):
        return _too_long(refusal)
    if "editor-version" in text:
        return _identity("the service does not know this client identity", refusal)
    if "authorization header is badly formatted" in text or "personal access tokens" in text:
        return Failure(
            SignInError(
                _said("the service does not take this kind of token", refusal),
                hint="sign in with `copilot-chat onboard`",
                kind="token_kind",
            )
        )
    return _refused(refusal)


def _unauthorized(refusal: Refusal) -> Failure:
    hint = "sign in again with `copilot-chat onboard --force`"
    if "copilot requests" in refusal.text.lower():
        hint = "give the token the permission `Copilot Requests`, or sign in with a device code"
    return Unauthorized(
        SignInError(_said("the service refused the sign-in", refusal), hint=hint),
    )


def _forbidden(refusal: Refusal) -> Failure:
    text = refusal.text.lower()
    # GitHub answers limits with 403 too (microsoft/vscode#285790).
    if refusal.after is not None or refusal.limited or "rate limit" in text:
        return _limit(refusal)
    if "access to this endpoint is forbidden" in text:
        error = NotAllowedError(
            _said("the service refused this client identity", refusal), hint=_IDENTITY_HINT
        )
        return Failure(error)
    return Failure(
        NotAllowedError(
            _said("this is not allowed to your account", refusal),
            hint="a policy of yours or of your organisation may forbid it:"
            " https://github.com/settings/copilot/features",
        )
    )


def _not_found(refusal: Refusal) -> Failure:
    return Failure(CopilotChatError(_said("the service knows no such path or model", refusal)))


def _misdirected(refusal: Refusal) -> Failure:
    return Misdirected(
        ServiceError(
            _said("this host serves another plan than yours", refusal),
            hint="unset copilot_api_url, or sign in again with `copilot-chat onboard --force`",
            kind="misdirected",
        )
    )


def _too_old(refusal: Refusal) -> Failure:
    return _identity("the service no longer takes this client identity", refusal)


def _identity(what: str, refusal: Refusal) -> Failure:
    error = SettingsError(_said(what, refusal), hint=_IDENTITY_HINT, kind="identity")
    return Failure(error)


_BY_STATUS: dict[int, Callable[[Refusal], Failure]] = {
    200: _reported,
    400: _bad_request,
    401: _unauthorized,
    402: _quota,
    403: _forbidden,
    404: _not_found,
    408: _untaken,
    409: _untaken,
    413: _too_long,
    421: _misdirected,
    422: _filtered,
    424: _dependency,
    425: _untaken,
    429: _limit,
    466: _too_old,
    499: _cancelled,
}

_BY_CODE: dict[str, Callable[[Refusal], Failure]] = {
    **dict.fromkeys(_QUOTAS, _quota),
    **dict.fromkeys(_LIMITS, _limit),
    "model_max_prompt_tokens_exceeded": _too_long,
    "context_length_exceeded": _too_long,
    "request_too_large": _too_long,
    "model_not_supported": _no_model,
    "model_not_found": _no_model,
    "no_available_model_endpoints": _no_model,
    "unsupported_api_for_model": _other_wire,
    "content_filter": _filtered,
    "bad_request": _bad_request,
    "invalid_request_body": _bad_request,
    "unsupported_parameter": _bad_request,
}
