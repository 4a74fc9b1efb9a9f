"""Every status, code and text of the Copilot host: which error, which exit code, whether again."""

import json
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.engines.failure import (
    BACKOFF,
    NEVER,
    OFTEN,
    ONCE,
    Failure,
    Misdirected,
    Retry,
    StaleToken,
    Unauthorized,
)
from copilot_cli.engines.refusal import Refusal, read_refusal
from copilot_cli.engines.status_table import TABLE as STATUS_TABLE
from copilot_cli.engines.statuses import failure
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


class Row(NamedTuple):
    """A refusal and what it means."""

    status: int
    body: str
    error: type[CopilotChatError]
    exit_code: int
    retry: Retry
    kind: type[Failure] = Failure


def coded(code: str, message: str = "Made up.") -> str:
    """Return the body the service writes for `code`."""
    return json.dumps({"error": {"code": code, "message": message}})


LIMIT = Retry(2, None, 15.0)
TABLE = [
    Row(400, coded("model_not_supported"), ModelUnavailable, 4, NEVER),
    Row(400, coded("model_not_found"), ModelUnavailable, 4, NEVER),
    Row(400, coded("unsupported_api_for_model"), ModelUnavailable, 4, NEVER),
    Row(400, coded("model_max_prompt_tokens_exceeded"), TooLongError, 9, NEVER),
    Row(400, coded("", "prompt token count of 9 exceeds the limit of 8"), TooLongError, 9, NEVER),
    Row(400, "Prompt token count of 9 exceeds the limit of 8", TooLongError, 9, NEVER),
    Row(400, coded("context_length_exceeded"), TooLongError, 9, NEVER),
    Row(400, coded("invalid_request_body"), CopilotChatError, 1, NEVER),
    Row(400, coded("unsupported_parameter"), CopilotChatError, 1, NEVER),
    Row(400, coded("previous_response_not_found"), CopilotChatError, 1, NEVER),
    Row(400, coded("off_topic"), CopilotChatError, 1, NEVER),
    Row(400, "missing required Copilot-Vision-Request header", CopilotChatError, 1, NEVER),
    Row(400, "missing Editor-Version header for IDE auth", SettingsError, 2, NEVER),
    Row(400, "unknown Editor-Version header for IDE auth", SettingsError, 2, NEVER),
    Row(400, "Authorization header is badly formatted", SignInError, 3, NEVER),
    Row(400, "Personal Access Tokens are not supported for this endpoint", SignInError, 3, NEVER),
    Row(400, "", CopilotChatError, 1, NEVER),
    Row(401, "unauthorized: token expired", SignInError, 3, NEVER, Unauthorized),
    Row(401, "IDE token expired: unauthorized", SignInError, 3, NEVER, Unauthorized),
    Row(401, "does not have Copilot Requests permission", SignInError, 3, NEVER),
    Row(402, coded("quota_exceeded"), QuotaError, 5, NEVER),
    Row(402, coded("free_quota_exceeded"), QuotaError, 5, NEVER),
    Row(402, coded("overage_limit_reached"), QuotaError, 5, NEVER),
    Row(402, coded("session_quota_exceeded"), QuotaError, 5, NEVER),
    Row(402, coded("additional_spend_limit_reached"), QuotaError, 5, NEVER),
    Row(402, coded("billing_not_configured"), QuotaError, 5, NEVER),
    Row(402, "You have no quota", QuotaError, 5, NEVER),
    Row(403, "not authorized to use this Copilot feature", NotAllowedError, 4, NEVER),
    Row(403, "a policy forbids it", NotAllowedError, 4, NEVER),
    Row(403, "Access to this endpoint is forbidden. See ...", NotAllowedError, 4, NEVER),
    Row(403, '{"message":"API rate limit exceeded for user"}', LimitError, 5, LIMIT),
    Row(404, "404 page not found", CopilotChatError, 1, NEVER),
    Row(405, "", CopilotChatError, 1, NEVER),
    Row(408, "", ServiceError, 6, BACKOFF),
    Row(409, "", ServiceError, 6, BACKOFF),
    Row(413, coded("", "failed to parse request"), TooLongError, 9, NEVER),
    Row(413, "Request Entity Too Large", TooLongError, 9, NEVER),
    Row(415, "", CopilotChatError, 1, NEVER),
    Row(421, "Misdirected Request", ServiceError, 6, NEVER, Misdirected),
    Row(422, coded("content_filter"), FilteredError, 8, NEVER),
    Row(422, "", FilteredError, 8, NEVER),
    Row(424, "", ServiceError, 6, ONCE),
    Row(425, "", ServiceError, 6, BACKOFF),
    Row(429, coded("rate_limited"), LimitError, 5, LIMIT),
    Row(429, coded("user_global_rate_limited:pro"), LimitError, 5, LIMIT),
    Row(429, coded("user_model_rate_limited:pro_plus"), LimitError, 5, LIMIT),
    Row(429, coded("user_weekly_rate_limited"), LimitError, 5, NEVER),
    Row(429, coded("user_weekly_rate_limited:pro"), LimitError, 5, NEVER),
    Row(429, coded("integration_rate_limited"), LimitError, 5, LIMIT),
    Row(429, coded("agent_mode_limit_exceeded"), LimitError, 5, LIMIT),
    Row(429, coded("model_overloaded"), LimitError, 5, LIMIT),
    Row(429, coded("upstream_provider_rate_limit"), LimitError, 5, LIMIT),
    Row(429, coded("extension_blocked"), LimitError, 5, NEVER),
    Row(429, coded("quota_exceeded"), QuotaError, 5, NEVER),
    Row(429, "too many requests", LimitError, 5, LIMIT),
    Row(466, "client too old", SettingsError, 2, NEVER),
    Row(499, "", ServiceError, 6, NEVER),
    *(Row(status, "", ServiceError, 6, BACKOFF) for status in (500, 502, 503, 504)),
    *(Row(status, "<html>", ServiceError, 6, BACKOFF) for status in range(520, 530)),
    Row(501, "", CopilotChatError, 1, NEVER),
    Row(505, "", CopilotChatError, 1, NEVER),
    Row(511, "<html>", ServiceError, 6, NEVER),
    Row(503, coded("rate_limited"), LimitError, 5, LIMIT),
    *(Row(status, "", ServiceError, 6, NEVER) for status in (301, 302, 303, 307, 308)),
    Row(204, "", ServiceError, 6, NEVER),
    Row(400, coded("not_found"), CopilotChatError, 1, NEVER),
    Row(400, coded("request_too_large"), TooLongError, 9, NEVER),
    Row(400, coded("service_unavailable"), ServiceError, 6, BACKOFF),
    Row(400, coded("internal_error"), ServiceError, 6, BACKOFF),
    Row(400, coded("session_expired"), ServiceError, 6, ONCE),
    Row(200, coded("server_error"), ServiceError, 6, BACKOFF),
    Row(200, coded("rate_limited"), LimitError, 5, LIMIT),
    Row(200, coded("content_filter"), FilteredError, 8, NEVER),
    Row(200, coded("bad_request"), CopilotChatError, 1, NEVER),
    Row(200, coded("", "prompt token count of 9 exceeds"), TooLongError, 9, NEVER),
]


@pytest.mark.parametrize("row", TABLE, ids=[f"{row.status} {row.body[:60]}" for row in TABLE])
def test_a_refusal_has_its_error_its_code_and_its_rule(row: Row) -> None:
    """By code first, then by status, then by text."""
    found = failure(read_refusal(row.status, row.body.encode()))
    assert (type(found), type(found.error), found.retry) == (row.kind, row.error, row.retry)
    assert found.error.exit_code == row.exit_code


@pytest.mark.parametrize("status", [200, 400, 403, 429, 503])
def test_a_code_means_the_same_under_every_status(status: int) -> None:
    """No row by status stands in its way."""
    for row in STATUS_TABLE:
        for code in () if row.texts or "bad_request" in row.codes else row.codes:
            for said in (code, f"{code}:pro"):
                found = failure(Refusal(status, said, ""))
                assert (found.error.message.partition(" (")[0], type(found.error)) == (
                    row.says,
                    row.error,
                )


def message(refusal: Refusal) -> str:
    """Return the message a person gets for `refusal`."""
    return failure(refusal).error.message


def hint(status: int, text: str = "", code: str = "") -> str:
    """Return the hint a person gets."""
    return failure(Refusal(status, code, text)).error.hint or ""


def test_the_message_tells_the_services_words_and_the_request() -> None:
    """What happened, what the service said, the status, and the id its support asks for."""
    refusal = Refusal(500, "", "out of\ncheese", request_id="ABC")
    assert message(refusal) == "the service failed: out of cheese (status 500, request ABC)"


def test_a_foreign_text_is_cut_and_made_harmless() -> None:
    """At most 200 characters of it, and none that a terminal obeys."""
    told = message(Refusal(500, "", "\x1b]0;x\x07" + "y" * 500, request_id="\x1b[2J" + "z" * 500))
    assert "\x1b" not in told
    assert told.count("y") <= 200
    assert told.count("z") <= 64


def test_every_error_that_has_a_next_step_names_it() -> None:
    """The hint is a command or a setting."""
    assert "copilot-chat models" in hint(400, code="model_not_supported")
    assert "-m" in hint(400, code="unsupported_api_for_model")
    assert "copilot-chat onboard" in hint(401)
    assert "Copilot Requests" in hint(401, "does not have Copilot Requests permission")
    assert "copilot-chat usage" in hint(402)
    assert "editor_identity" in hint(400, "missing Editor-Version header")
    assert "editor_identity" in hint(403, "Access to this endpoint is forbidden.")
    assert "editor_identity" in hint(466)
    assert "copilot_api_url" in hint(421)
    assert "larger window" in hint(413)


def test_each_quota_and_limit_has_words_of_its_own() -> None:
    """The message says which limit it was."""
    codes = {row.body for row in TABLE if row.status in {402, 429} and row.body.startswith("{")}
    told = {message(read_refusal(429, body.encode())._replace(text="")) for body in codes}
    # Two codes occur with a plan behind them and without.
    assert len(told) == len(codes) - 1


def test_the_size_of_a_request_that_is_too_long_is_told() -> None:
    """The person sees what was too much."""
    told = message(Refusal(413, "", "", sent=1234567))
    assert told == "the request is too long for the model, 1,234,567 bytes were sent (status 413)"


REDIRECTS = {
    "elsewhere": ("login.example", "the service redirects to login.example, which"),
    "nowhere": (None, "the service redirects to an address that it does not name, which"),
    "hostile": ("a\x1b[2Jb", "the service redirects to a␛[2Jb, which"),
}


@pytest.mark.parametrize(("target", "expected"), REDIRECTS.values(), ids=REDIRECTS)
def test_a_redirect_names_its_target(target: str | None, expected: str) -> None:
    """It is never followed, and the person learns where it led."""
    assert message(Refusal(302, "", "", target=target)).startswith(expected)


AFTERS = {
    "rate limit": (429, Retry(2, 7.0, 15.0)),
    "rate limit as 403": (403, Retry(2, 7.0, 15.0)),
    "outage": (503, Retry(OFTEN, 7.0)),
    "timeout": (408, Retry(OFTEN, 7.0)),
    "failed dependency": (424, Retry(1, 7.0)),
    "quota": (402, NEVER),
}


@pytest.mark.parametrize(("status", "retry"), AFTERS.values(), ids=AFTERS)
def test_the_wait_that_the_service_asks_for_is_kept(status: int, retry: Retry) -> None:
    """It is the wait before the next attempt, and it is told if there is none."""
    found = failure(Refusal(status, "", "", after=7.0))
    assert found.retry == retry
    assert found.error.retry_after == 7.0


def test_a_403_is_a_limit_where_the_headers_say_so() -> None:
    """GitHub answers limits with 403 too."""
    assert isinstance(failure(Refusal(403, "", "", limited=True)).error, LimitError)
    assert not isinstance(failure(Refusal(403, "", "")).error, LimitError)


def test_only_a_new_token_may_cure_401_and_421() -> None:
    """Those two are tried again with one; the others are not."""
    stale = {
        status
        for status in range(200, 600)
        if isinstance(failure(Refusal(status, "", "")), StaleToken)
    }
    assert stale == {401, 421}


def test_only_what_is_out_of_order_is_an_outage() -> None:
    """Which failover counts: no limit, no sign-in, no wrong request, nothing that is refused."""
    outages = {
        status for status in range(200, 600) if failure(Refusal(status, "", "")).error.outage
    }
    assert outages == {200, 500, 502, 503, 504, *range(520, 530)}
    assert not failure(Refusal(503, "rate_limited", "")).error.outage
    assert failure(Refusal(400, "internal_error", "")).error.outage


@settings(deadline=None)
@given(st.integers(100, 599), st.binary(max_size=80))
def test_any_status_and_body_is_a_failure(status: int, body: bytes) -> None:
    """Whatever comes, there is an error to show, with a message on one line."""
    found = failure(read_refusal(status, body))
    assert found.error.message.splitlines() == [found.error.message]
    assert found.error.message == str(found)
