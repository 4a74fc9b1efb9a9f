"""Every status and code of the service at the program's boundary: exit code, words, requests.

The table is written out, and not made from the one that the program reads: it says what a person
and a script get. `tests/test_engines_statuses.py` has the table's own tests.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.limits_world import asked, signed_in
from tests.wizard_world import World

ONE, TWICE, THRICE, OFTEN = 1, 2, 3, 4  # requests
LATER = "githubstatus.com"
IDENTITY = "editor_identity"


class Row(NamedTuple):
    """What the service says, and what comes of it; `said` is how the message goes on after `error`.

    `hint` is a part of the hint. `code` None is a bare text.
    """

    status: int
    code: str | None
    exit_code: int
    requests: int
    said: str
    hint: str = ""
    text: str = "Made up."

    @property
    def body(self) -> str:
        if self.code is None:
            return self.text
        return json.dumps({"error": {"code": self.code, "message": self.text}})

    @property
    def name(self) -> str:
        return " ".join(filter(None, (str(self.status), self.code or self.text[:40])))


# fmt: off
QUOTAS = {
    "quota_exceeded": ("your plan's quota is used up", "copilot-chat usage"),
    "free_quota_exceeded": ("the free plan's quota is used up", "copilot-chat usage"),
    "overage_limit_reached": ("the limit on what goes beyond your plan is reached", "billing"),
    "session_quota_exceeded": ("the quota of this session is used up", "copilot-chat usage"),
    "additional_spend_limit_reached": ("the limit on additional spending is reached", "billing"),
    "billing_not_configured": ("billing is not set up for your account", "billing"),
}
LIMITS = {
    "rate_limited": (THRICE, "the rate limit is reached", ""),
    "user_global_rate_limited": (THRICE, "the rate limit of your account is reached", ""),
    "user_model_rate_limited": (THRICE, "the rate limit of this model is reached", "failover"),
    "user_weekly_rate_limited": (ONE, "the weekly limit of your account is reached", "usage"),
    "integration_rate_limited": (THRICE, "the rate limit of this client identity is reached", ""),
    "agent_mode_limit_exceeded": (THRICE, "the limit on requests of agents is reached", ""),
    "model_overloaded": (THRICE, "the model is overloaded", "failover"),
    "upstream_provider_rate_limit": (THRICE, "the model's provider is at its limit", "failover"),
    "extension_blocked": (ONE, "requests of this client identity are blocked", IDENTITY),
}
NO_MODEL = "the model is not available to you: Made up. "
TOO_LONG = "the request is too long for the model"
KIND = "the service does not take this kind of token"
HELD = "unset COPILOT_CHAT_TOKEN"  # it holds the token of these tests
TABLE = [
    *(Row(402, code, 5, ONE, said, hint) for code, (said, hint) in QUOTAS.items()),
    *(Row(429, code, 5, ONE, said, hint) for code, (said, hint) in QUOTAS.items()),
    *(Row(429, code, 5, *rest) for code, rest in LIMITS.items()),
    *(Row(429, f"{code}:pro", 5, *rest) for code, rest in LIMITS.items()),
    Row(503, "rate_limited", 5, THRICE, "the rate limit is reached"),
    Row(400, "model_not_supported", 4, ONE, NO_MODEL, "copilot-chat models"),
    Row(400, "model_not_found", 4, ONE, NO_MODEL, "copilot-chat models"),
    Row(400, "no_available_model_endpoints", 4, ONE, NO_MODEL, "copilot-chat models"),
    Row(400, "model_max_prompt_tokens_exceeded", 9, ONE, TOO_LONG, "send less"),
    Row(400, "context_length_exceeded", 9, ONE, TOO_LONG, "send less"),
    Row(400, "", 9, ONE, TOO_LONG, "send less", "prompt token count of 9 exceeds the limit of 8"),
    Row(400, None, 9, ONE, TOO_LONG, "send less", "Prompt token count of 9 exceeds the limit of 8"),
    Row(400, "invalid_request_body", 1, ONE, "the service refused the request: Made up.", "-vv"),
    Row(400, "previous_response_not_found", 1, ONE, "the service has forgotten", "/new"),
    Row(400, "off_topic", 1, ONE, "the service finds the question off topic", "other words"),
    Row(400, None, 2, ONE, "the service does not know this client identity", IDENTITY,
        "bad request: missing Editor-Version header for IDE auth"),
    Row(400, None, 2, ONE, "the service does not know this client identity", IDENTITY,
        "bad request: unknown Editor-Version header for IDE auth"),
    Row(400, None, 1, ONE, "the service refused the request", "",
        "bad request: missing required Copilot-Vision-Request header for vision requests"),
    Row(400, None, 3, ONE, KIND, HELD, "bad request: Authorization header is badly formatted"),
    Row(400, None, 3, ONE, KIND, HELD,
        "bad request: Personal Access Tokens are not supported for this endpoint"),
    Row(400, None, 1, ONE, "the service refused the request (status 400", "-vv", ""),
    Row(401, None, 3, TWICE, "the service refused the sign-in", HELD,
        "unauthorized: token expired"),
    Row(401, None, 3, TWICE, "the service refused the sign-in", HELD,
        "IDE token expired: unauthorized: token expired"),
    Row(401, None, 3, ONE, "the token may not use Copilot", "`Copilot Requests`",
        "user does not have Copilot Requests permission"),
    Row(402, None, 5, ONE, "your plan's quota is used up: You have no quota", "usage",
        "You have no quota"),
    Row(403, None, 4, ONE, "this is not allowed to your account", "settings/copilot",
        "not authorized to use this Copilot feature"),
    Row(403, None, 4, ONE, "the service refused this client identity", IDENTITY,
        "Access to this endpoint is forbidden. Please review our Terms of Service"),
    Row(403, None, 5, THRICE, "a rate limit is reached", "", "API rate limit exceeded for user"),
    Row(404, None, 1, ONE, "the service knows no such path or model", "copilot-chat models",
        "404 page not found"),
    Row(405, None, 1, ONE, "the service refused the request", "", ""),
    Row(406, None, 1, ONE, "the service refused the request", "", ""),
    Row(408, None, 6, OFTEN, "the service did not take the request", LATER, ""),
    Row(409, None, 6, OFTEN, "the service did not take the request", LATER, ""),
    Row(410, None, 1, ONE, "the service refused the request", "", ""),
    Row(413, "", 9, ONE, TOO_LONG, "send less", "failed to parse request"),
    Row(413, None, 9, ONE, TOO_LONG, "send less", "Request Entity Too Large"),
    Row(415, None, 1, ONE, "the service refused the request", "", ""),
    Row(418, None, 1, ONE, "the service refused the request", "", ""),
    Row(422, "content_filter", 8, ONE, "a content filter refused the request", "other words"),
    Row(422, None, 8, ONE, "a content filter refused the request", "other words", ""),
    Row(424, None, 6, TWICE, "what the service depends on failed", LATER, ""),
    Row(425, None, 6, OFTEN, "the service did not take the request", LATER, ""),
    Row(429, None, 5, THRICE, "a rate limit is reached", "", "too many requests"),
    Row(431, None, 1, ONE, "the service refused the request", "", ""),
    Row(451, None, 1, ONE, "the service refused the request", "", ""),
    Row(466, None, 2, ONE, "the service no longer takes this client identity", IDENTITY, "old"),
    Row(499, None, 6, ONE, "the service says the request was cancelled", "ask again", ""),
    *(Row(status, None, 6, OFTEN, "the service failed", LATER, "upstream error")
      for status in (500, 502, 503, 504, *range(520, 530))),
    Row(501, None, 1, ONE, "the service refused the request", "-vv", ""),
    Row(505, None, 1, ONE, "the service refused the request", "-vv", ""),
    *(Row(status, None, 6, ONE, "the service failed", "", "") for status in (506, 507, 511, 599)),
    # What the websocket path of the editor has as codes, under any status.
    Row(400, "content_filter", 8, ONE, "a content filter refused the request"),
    Row(400, "not_found", 1, ONE, "the service knows no such path or model"),
    Row(400, "request_too_large", 9, ONE, TOO_LONG),
    Row(400, "service_unavailable", 6, OFTEN, "the service failed", LATER),
    Row(400, "internal_error", 6, OFTEN, "the service failed", LATER),
    Row(400, "session_expired", 6, TWICE, "the service has ended the session", LATER),
    Row(400, "bad_request", 1, ONE, "the service refused the request"),
    Row(400, "a_code_of_tomorrow", 1, ONE, "the service refused the request: Made up."),
    Row(429, "a_code_of_tomorrow", 5, THRICE, "a rate limit is reached: Made up."),
]
# fmt: on


@pytest.fixture
def world(tmp_path: Path) -> World:
    return signed_in(tmp_path / "home")


@pytest.mark.parametrize("row", TABLE, ids=[row.name for row in TABLE])
def test_ask(world: World, row: Row) -> None:
    """stdout is empty; one error with its next step; as many requests as the rules say."""
    world.sim.fault("chat", status=row.status, body=row.body, times=9)
    code, out, err = world.run("ask", "hello")
    assert (code, out) == (row.exit_code, "")
    (error,) = [line for line in err.splitlines() if line.startswith("error: ")]
    assert error.startswith(f"error: {row.said}")
    assert f"status {row.status}, request " in error
    assert asked(world) == row.requests
    hints = [line for line in err.splitlines() if line.startswith("hint: ")]
    assert row.hint in "".join(hints)
    assert bool(row.hint) <= bool(hints)
    assert err.count("sending again in") == (row.requests - 1 if row.status != 401 else 0)


@pytest.mark.parametrize("row", TABLE, ids=[row.name for row in TABLE])
def test_one_success_after_what_may_pass(world: World, row: Row) -> None:
    """What is sent again is answered, whole and once; what is not, is not."""
    world.sim.fault("chat", status=row.status, body=row.body)
    code, out, _ = world.run("ask", "hello")
    assert (code, out) == ((0, "hello") if row.requests > 1 else (row.exit_code, ""))


@pytest.mark.parametrize("row", TABLE, ids=[row.name for row in TABLE])
def test_models(world: World, row: Row) -> None:
    """The list fails by the same table."""
    world.sim.fault("models", status=row.status, body=row.body, times=9)
    code, _, err = world.run("models")
    assert code == row.exit_code
    assert f"error: {row.said}" in err
    assert asked(world, "models") == row.requests


JSON_ROWS = [Row(429, "rate_limited", 5, THRICE, "the rate limit is reached"), TABLE[0], TABLE[-3]]


@pytest.mark.parametrize("row", JSON_ROWS, ids=[row.name for row in JSON_ROWS])
def test_json_tells_the_same(world: World, row: Row) -> None:
    """Kind, message, hint and exit code of the error, in the one object."""
    world.sim.fault("chat", status=row.status, body=row.body, times=9)
    code, out, _ = world.run("ask", "--json", "hello")
    told = json.loads(out)
    assert code == told["error"]["exit_code"] == row.exit_code
    assert told["error"]["message"].startswith(row.said)
    assert told["error"]["kind"] in {"rate_limit", "quota", "error"}
    assert told["request_id"]
    assert told["answer"] == ""


@pytest.mark.parametrize("said", [None, "soon"])
def test_a_limit_whose_end_is_not_said_has_a_next_step(world: World, said: str | None) -> None:
    """Nobody knows the time, so none is made up."""
    headers = {"retry-after": said} if said else {}
    world.sim.fault("chat", status=429, body="slow down", headers=headers)
    _, _, err = world.run("ask", "--retries", "0", "hello")
    assert "\nhint: try again later: the service does not say when\n" in err


# -- when a quota ends -----------------------------------------------------------------------


@pytest.mark.parametrize("status", [402, 429])
def test_a_quota_that_is_used_up_is_told_with_its_end(world: World, status: int) -> None:
    """The refusal does not say it, so GitHub is asked, once, for the day."""
    day = json.loads(world.run("usage", "--json")[1])["resets"][:10]
    before = asked(world, "quota")
    world.sim.fault("chat", status=status, body=Row(status, "quota_exceeded", 5, ONE, "").body)
    code, _, err = world.run("ask", "hello")
    assert code == 5
    assert f"\nhint: it starts anew on {day}; `copilot-chat usage` shows more\n" in err
    assert asked(world, "quota") == before + 1


def test_a_quota_whose_end_cannot_be_learned_is_told_all_the_same(world: World) -> None:
    """What failed is the question, not the search for its reason."""
    world.sim.fault("quota", status=500, times=9)
    world.sim.fault("chat", status=402, body="no quota")
    code, _, err = world.run("ask", "hello")
    assert code == 5
    assert "error: your plan's quota is used up: no quota" in err
    assert "hint: `copilot-chat usage` shows when it starts anew" in err
    assert asked(world, "quota") == 1


@pytest.mark.parametrize("code", ["session_quota_exceeded", "overage_limit_reached"])
def test_the_day_of_the_plan_is_not_told_of_another_limit(world: World, code: str) -> None:
    """It would be wrong of a session, and of money."""
    world.sim.fault("chat", status=402, body=Row(402, code, 5, ONE, "").body)
    _, _, err = world.run("ask", "hello")
    assert "it starts anew on" not in err
    assert asked(world, "quota") == 0


def test_a_quota_that_says_its_end_by_itself_needs_no_question(world: World) -> None:
    """Its own time is the nearer one."""
    body = Row(402, "quota_exceeded", 5, ONE, "").body
    world.sim.fault("chat", status=402, body=body, headers={"retry-after": "7200"})
    _, _, err = world.run("ask", "hello")
    assert "hint: try again after " in err
    assert asked(world, "quota") == 0


# -- the exchange ----------------------------------------------------------------------------

# fmt: off
EXCHANGE = [
    (401, {"message": "Bad credentials"}, 3, 1, "GitHub refused the sign-in: Bad credentials"),
    (403, {"message": "no"}, 4, 1, "GitHub does not allow this to your account: no"),
    (403, {"message": "API rate limit exceeded"}, 5, 1, "api.github.com limits the rate"),
    (429, "slow down", 5, 1, "api.github.com limits the rate of requests"),
    (500, "", 6, 4, "api.github.com is not available (status 500"),
    (502, "<html>", 6, 4, "api.github.com is not available (status 502"),
    (503, "", 6, 4, "api.github.com is not available (status 503"),
    (504, "", 6, 4, "api.github.com is not available (status 504"),
    (501, "", 6, 1, "api.github.com is not available (status 501"),
    (404, "<html>", 6, 1, "api.github.com sent something that is not GitHub's answer"),
    (200, "<html>", 6, 1, "api.github.com sent something that is not GitHub's answer"),
    (200, {}, 6, 1, "api.github.com answered without a Copilot token"),
    (302, "", 6, 1, "api.github.com redirects to elsewhere, which is not followed"),
]
# fmt: on


@pytest.mark.parametrize(
    ("status", "body", "exit_code", "requests", "said"),
    EXCHANGE,
    ids=[f"{status} {body}"[:40] for status, body, *_ in EXCHANGE],
)
def test_the_exchange(
    world: World, status: int, body: Any, exit_code: int, requests: int, said: str
) -> None:
    """Its host is another one, and so are its rules; the service is not asked at all."""
    world.sim.fault("exchange", status=status, body=body, times=9)
    code, out, err = world.run("ask", "hello")
    assert (code, out) == (exit_code, "")
    assert f"error: {said}" in err
    assert (asked(world, "exchange"), asked(world)) == (requests, 0)


def test_a_401_renews_the_token_once(world: World) -> None:
    """And sends the same request once more; never a third time."""
    world.sim.fault("chat", status=401, body="unauthorized: token expired", times=9)
    assert world.run("ask", "hello")[0] == 3
    assert (asked(world, "exchange"), asked(world)) == (2, 2)


def test_a_421_looks_the_host_up_again_once(world: World) -> None:
    """The host comes with a new token."""
    world.sim.fault("chat", status=421, body="Misdirected Request", times=9)
    code, _, err = world.run("ask", "hello")
    assert code == 6
    assert "error: this host serves another plan than yours: Misdirected Request" in err
    assert "copilot_api_url" in err
    assert asked(world) == 2


# -- what is no answer, and what no error says -----------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(world: World, status: int) -> None:
    """It would carry the credential elsewhere; where it led is said."""
    headers = {"location": "https://login.example/?token=x"}
    world.sim.fault("chat", status=status, headers=headers, times=9)
    code, _, err = world.run("ask", "hello")
    assert code == 6
    assert "error: the service redirects to login.example, which is not followed" in err
    assert "token=x" not in err
    assert asked(world) == 1


@pytest.mark.parametrize(
    ("status", "said"),
    [(204, "not a Copilot answer (status 204"), (206, "not a Copilot answer"), (200, "not a Cop")],
)
def test_what_is_no_answer(world: World, status: int, said: str) -> None:
    """A login page of the network, for one."""
    world.sim.fault("chat", status=status, body="" if status == 204 else "<html>x", times=9)
    code, out, err = world.run("ask", "hello")
    assert (code, out) == (6, "")
    assert f"error: {said}" in err
    assert "hint: a login page of the network, or a proxy, may have answered in its place" in err


# fmt: off
BODIES: dict[str, tuple[bytes, str]] = {
    "json": (b'{"error":{"message":"out of cheese"}}', ": out of cheese (status"),
    "a bare message": (b'{"message":"out of cheese"}', ": out of cheese (status"),
    "a bare error": (b'{"error":"out of cheese"}', ": out of cheese (status"),
    "one line": (b"out of cheese\n", ": out of cheese (status"),
    "several lines": (b"out of cheese\nsecond\n", ": out of cheese (status"),
    "html": (b"<!doctype html><title>502</title>", " (status"),
    "html after a blank": (b"  \n<html>", " (status"),
    "empty": (b"", " (status"),
    "cut short": (b'{"error":{"message":"out of ch', ': {"error":{"message":"out of ch (status'),
    "not UTF-8": (b"out of \xff\xfe cheese", ": out of \ufffd\ufffd cheese (status"),
    "deeply nested": (b"[" * 100_000, ": [["),
    "deeply nested error": (b'{"error":' * 50_000, ': {"error"'),
    "an endless figure": (b'{"error":' + b"9" * 9000 + b"}", ': {"error":999'),
    "a list": (b'["out of cheese"]', ': ["out of cheese"] (status'),
    "null": (b"null", ": null (status"),
    "odd types": (b'{"error":{"message":["x"],"code":{"a":1}}}', " (status"),
    "control characters": (b"out\x1b[2J of\x07 cheese", ": out\u241b[2J of\u2407 cheese (status"),
}
# fmt: on


@pytest.mark.parametrize("kind", ["text/plain; charset=utf-8", "application/json", "text/html", ""])
@pytest.mark.parametrize(("body", "said"), BODIES.values(), ids=BODIES)
def test_bodies(world: World, body: bytes, said: str, kind: str) -> None:
    """Whatever the content type claims, what the body says is said, and nothing else."""
    world.sim.fault("chat", status=400, body=body, headers={"content-type": kind})
    code, out, err = world.run("ask", "hello")
    assert (code, out) == (1, "")
    assert f"error: the service refused the request{said}" in err
    assert len(err) < 500


SETTINGS = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@SETTINGS
@given(
    st.integers(200, 599),
    st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["error", "message", "code", "type", "param", "x"]), inner
                )
            ),
            max_leaves=8,
        ).map(lambda value: json.dumps(value).encode()),
    ),
    st.sampled_from(["chat", "models", "exchange", "quota"]),
    st.dictionaries(
        st.sampled_from(["retry-after", "content-type", "location", "x-ratelimit-reset"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
        max_size=3,
    ),
)
def test_no_reply_makes_a_traceback(
    tmp_path_factory: pytest.TempPathFactory,
    status: int,
    body: bytes,
    endpoint: str,
    headers: dict[str, str],
) -> None:
    """Any status, body and headers of any endpoint end in an answer or in an error of ours."""
    world = signed_in(tmp_path_factory.mktemp("fuzz"))
    world.sim.fault(endpoint, status=status, body=body, headers=headers, times=9)
    words = {"chat": ("ask", "hello"), "exchange": ("ask", "hello"), "quota": ("usage",)}
    code, _, err = world.run(*words.get(endpoint, (endpoint,)))
    assert code in {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
    assert "Traceback" not in err
    assert err.count("error: ") >= (code != 0)
    assert not any(ord(char) < 32 and char != "\n" for char in err)
