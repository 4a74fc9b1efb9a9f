"""The refusals of the Copilot host by name, so that a test scripts one without inventing its words.

Each has the status, the body and the content type that are known of it; many JSON bodies are
labelled text/plain. Texts and codes: github.com/microsoft/vscode-copilot-chat (how its client reads
them) and issues of the clients that met them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, NamedTuple

from copilot_cli.simulator.reply import JSON_TYPE, TEXT_TYPE

_HTML: Final = "text/html; charset=utf-8"


class Refusal(NamedTuple):
    """One refusal. `headers` come on top of the content type."""

    status: int
    body: str
    content_type: str
    headers: Mapping[str, str] = {}


def _coded(status: int, code: str, message: str, **headers: str) -> Refusal:
    """JSON with a code, labelled as plain text."""
    body = json.dumps({"error": {"message": message, "code": code}})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Refusal(status, body, TEXT_TYPE, named)


def _line(status: int, text: str) -> Refusal:
    """One bare line of text."""
    return Refusal(status, f"{text}\n", TEXT_TYPE)


def _limited(code: str, message: str = "Sorry, you have been rate-limited.") -> Refusal:
    return _coded(429, code, message, retry_after="3", x_ratelimit_exceeded=code)


def _spent(code: str, message: str) -> Refusal:
    return _coded(402, code, message)


REFUSALS: Final[Mapping[str, Refusal]] = {
    # 400: what was asked
    "model_not_supported": _coded(
        400, "model_not_supported", "The requested model is not supported."
    ),
    "unsupported_api_for_model": _coded(
        400,
        "unsupported_api_for_model",
        'model "sim-echo" is not accessible via the /chat/completions endpoint',
    ),
    "model_max_prompt_tokens_exceeded": _coded(
        400,
        "model_max_prompt_tokens_exceeded",
        "prompt token count of 2000 exceeds the limit of 1024",
    ),
    "prompt_too_long_without_code": _coded(
        400, "", "prompt token count of 2000 exceeds the limit of 1024"
    ),
    "invalid_request_body": _coded(400, "invalid_request_body", "failed to parse request"),
    "unsupported_parameter": Refusal(
        400,
        json.dumps(
            {
                "error": {
                    "message": "Unsupported parameter: 'temperature' is not supported.",
                    "code": "unsupported_parameter",
                    "param": "temperature",
                    "type": "invalid_request_error",
                }
            }
        ),
        TEXT_TYPE,
    ),
    "previous_response_not_found": _coded(
        400, "previous_response_not_found", "Previous response with id 'resp_1' not found."
    ),
    "off_topic": _coded(400, "off_topic", "The question is not about programming."),
    "missing_editor_version": _line(400, "bad request: missing Editor-Version header for IDE auth"),
    "unknown_editor_version": _line(400, "bad request: unknown Editor-Version header for IDE auth"),
    "missing_vision_header": _line(
        400, "bad request: missing required Copilot-Vision-Request header for vision requests"
    ),
    "badly_formatted": _line(400, "bad request: Authorization header is badly formatted"),
    "classic_token": _line(
        400, "bad request: Personal Access Tokens are not supported for this endpoint"
    ),
    "foreign_reasoning": _coded(
        400, "invalid_request_body", "input item ID does not belong to this connection"
    ),
    # 401: who asks
    "token_expired": _line(401, "unauthorized: token expired"),
    "ide_token_expired": _line(401, "IDE token expired: unauthorized: token expired"),
    "no_copilot_requests": _line(
        401, "unauthorized: the token does not have Copilot Requests permission"
    ),
    "stale_auto_session": _line(401, "unauthorized: Invalid auto-mode selector"),
    # 402: what is left
    "quota_exceeded": _spent("quota_exceeded", "You have no quota"),
    "free_quota_exceeded": _spent("free_quota_exceeded", "You have used up your free messages"),
    "overage_limit_reached": _spent("overage_limit_reached", "The overage limit is reached"),
    "session_quota_exceeded": _spent("session_quota_exceeded", "The session's quota is used up"),
    "additional_spend_limit_reached": _spent(
        "additional_spend_limit_reached", "The limit on additional spend is reached"
    ),
    "billing_not_configured": _spent("billing_not_configured", "Billing is not configured"),
    # 403, 404: what may be
    "feature_not_authorized": _line(403, "forbidden: not authorized to use this Copilot feature"),
    "terms_of_service": _line(
        403,
        "Access to this endpoint is forbidden. Please review our Terms of Service "
        "(https://docs.github.com/site-policy/github-terms/github-terms-of-service).",
    ),
    "policy": _coded(403, "", "Access to this model is disabled by your organization's policy"),
    "not_found": _line(404, "404 page not found"),
    # the rest of 4xx
    "timeout": _line(408, "Request Timeout"),
    "too_large": _line(413, "Request Entity Too Large"),
    "too_large_to_parse": Refusal(
        413, json.dumps({"error": {"message": "failed to parse request", "code": ""}}), JSON_TYPE
    ),
    "misdirected": _line(421, "Misdirected Request"),
    "filtered": _coded(
        422, "content_filter", "The response was filtered by the Responsible AI Service"
    ),
    "failed_dependency": _coded(424, "failed_dependency", "The model's host failed"),
    "client_too_old": _line(466, "This client is too old; update it"),
    "cancelled": _line(499, "client closed request"),
    # 429
    "rate_limited": _limited("rate_limited"),
    "user_global_rate_limited": _limited("user_global_rate_limited"),
    "user_global_rate_limited:pro": _limited("user_global_rate_limited:pro"),
    "user_model_rate_limited": _limited("user_model_rate_limited"),
    "user_weekly_rate_limited": _coded(
        429,
        "user_weekly_rate_limited",
        "You have reached your weekly rate limit.",
        retry_after="208800",
    ),
    "integration_rate_limited": _limited("integration_rate_limited"),
    "agent_mode_limit_exceeded": _limited("agent_mode_limit_exceeded"),
    "model_overloaded": _limited("model_overloaded", "The model is overloaded."),
    "upstream_provider_rate_limit": _limited("upstream_provider_rate_limit"),
    "extension_blocked": Refusal(
        429,
        json.dumps(
            {
                "error": {
                    "message": "This extension is blocked for now.",
                    "code": "extension_blocked",
                    "type": "rate_limit_error",
                }
            }
        ),
        JSON_TYPE,
    ),
    "too_many_vision_requests": _line(429, "too many concurrent vision requests"),
    "quota_exceeded_as_429": _coded(429, "quota_exceeded", "You have no quota"),
    # 5xx
    "internal_error": _coded(500, "internal_error", "Internal Server Error"),
    "bad_gateway": Refusal(
        502, "<html><head><title>502 Bad Gateway</title></head><body>edge</body></html>", _HTML
    ),
    "unavailable": _line(503, "upstream connect error or disconnect/reset before headers"),
    "gateway_timeout": _line(504, "stream timeout"),
}
"""By name: the code where there is one."""
