"""The engine `direct`: token, host, identity and wire together, and one renewal a request."""

import json
from collections.abc import Callable

import httpx
import pytest

from copilot_cli.engines.failure import Failure
from copilot_cli.errors import (
    CopilotChatError,
    LimitError,
    LockTimeout,
    ModelUnavailable,
    NetworkError,
    NotAllowedError,
    ServiceError,
    SignInError,
)
from copilot_cli.messages import End, Event, Reasoning, Started, Text, Waiting
from copilot_cli.secret import Secret
from copilot_cli.simulator import Simulator
from tests.engine_world import (
    API,
    DONE,
    STOP,
    TOKEN,
    Body,
    Clock,
    Lease,
    Replies,
    Token,
    answer,
    ask,
    direct_engine,
    simulated_engine,
    stream,
    text_event,
    text_of,
)
from tests.recordings import joined

WHOLE = End("stop", complete=True)
MODELS = httpx.Response(200, json={"data": [{"id": "a"}]})


def refusal(status: int, text: str = "", **headers: str) -> httpx.Response:
    """Return a refusal in plain text."""
    return httpx.Response(status, headers=headers, stream=Body([text.encode()]))


def answered(replies: Replies, **given: object) -> list[Event]:
    """Return the events of one answer, joined, without `Started`."""
    engine = direct_engine(replies, **given)  # type: ignore[arg-type]
    return joined(e for e in engine.answer(ask()) if not isinstance(e, Started))


# -- what is sent ----------------------------------------------------------------------------


def test_a_request_joins_token_host_identity_and_wire() -> None:
    """Everything that the service needs to answer, and the host of the token's own exchange."""
    replies = Replies(answer("Hi"))
    lease = Lease(Token(Secret(TOKEN), "https://api.business.githubcopilot.com"))
    assert answered(replies, lease=lease) == [Text("Hi"), WHOLE]
    (request,) = replies.requests
    assert str(request.url) == "https://api.business.githubcopilot.com/chat/completions"
    assert json.loads(request.read()) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    headers = request.headers
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["x-initiator"] == "user"
    assert headers["x-request-id"] == "made-up-request-id"
    assert headers["openai-intent"] == "conversation-panel"
    for name in ("editor-version", "editor-plugin-version", "copilot-integration-id"):
        assert headers[name]
    assert headers["user-agent"].startswith("GitHubCopilotChat/")
    assert "copilot-vision-request" not in headers


def test_extra_headers_replace_whatever_their_case() -> None:
    """One of each is sent; the credential cannot be replaced by any."""
    replies = Replies(answer("Hi"))
    identity = {"OPENAI-INTENT": "mine", "x-extra": "1", "authorization": "Bearer other"}
    answered(replies, identity=identity)
    headers = replies.requests[0].headers
    assert headers.get_list("openai-intent") == ["mine"]
    assert headers.get_list("x-extra") == ["1"]
    assert headers.get_list("authorization") == [f"Bearer {TOKEN}0"]


def test_lone_surrogates_in_the_question_are_sent_as_escapes() -> None:
    """A file name of undecodable bytes stops no request."""
    replies = Replies(answer("Hi"))
    list(direct_engine(replies).answer(ask("a\udcffb")))
    assert b'"a\\udcffb"' in replies.requests[0].read()


def test_a_dry_run_is_the_request_without_the_credential() -> None:
    """Nothing is sent, and no token is asked for."""

    class NoLease:
        def get(self) -> Token:
            raise AssertionError("a dry run needs no token")

        def invalidate(self, token: object, **_: object) -> bool:
            raise AssertionError("a dry run has no token")

    replies = Replies()
    shown = direct_engine(replies, lease=NoLease()).dry_run(ask())
    assert replies.requests == []
    assert (shown["method"], shown["path"]) == ("POST", "/chat/completions")
    assert shown["body"]["messages"] == [{"role": "user", "content": "Hi"}]
    assert shown["headers"]["X-Initiator"] == "user"
    assert "authorization" not in {name.lower() for name in shown["headers"]}


# -- the token -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 421])
def test_a_stale_token_is_renewed_once_and_the_request_sent_again(status: int) -> None:
    """At once, without a word to the person; the same request with another token."""
    replies, lease, clock = Replies(refusal(status), answer("Hi")), Lease(), Clock()
    assert answered(replies, lease=lease, clock=clock) == [Text("Hi"), WHOLE]
    first, second = replies.requests
    assert first.read() == second.read()
    assert first.headers["x-request-id"] == second.headers["x-request-id"]
    assert first.headers["x-initiator"] == second.headers["x-initiator"]
    assert [r.headers["authorization"][-1] for r in (first, second)] == ["0", "1"]
    assert (len(lease.invalidated), clock.waits) == (1, [])


def test_the_second_401_is_the_persons_to_know() -> None:
    """Exit 3, after exactly one renewal."""
    replies, lease = Replies(refusal(401, "token expired"), refusal(401, "token expired")), Lease()
    with pytest.raises(SignInError, match="token expired") as raised:
        answered(replies, lease=lease)
    assert raised.value.exit_code == 3
    assert (replies.unused, len(lease.invalidated)) == (0, 1)


def test_a_request_renews_its_token_once_however_often_it_is_sent() -> None:
    """A 401 after a retry is not another chance."""
    replies = Replies(refusal(401), refusal(503), refusal(401), answer("Hi"))
    lease = Lease()
    with pytest.raises(SignInError):
        answered(replies, lease=lease)
    assert (replies.unused, len(lease.invalidated)) == (1, 1)


def test_the_next_request_may_renew_again() -> None:
    """The one renewal is the request's, not the engine's."""
    replies = Replies(refusal(401), answer("a"), refusal(401), answer("b"))
    engine = direct_engine(replies)
    assert [text_of(list(engine.answer(ask()))) for _ in range(2)] == ["a", "b"]


def test_a_lease_that_fails_is_not_asked_again() -> None:
    """It has its own patience; what it raises is the answer."""

    class Broken:
        asked = 0

        def get(self) -> Token:
            self.asked += 1
            raise LockTimeout("another copilot-chat is stuck")

        def invalidate(self, token: object, **_: object) -> bool:
            raise AssertionError("there is no token")

    lease = Broken()
    with pytest.raises(LockTimeout):
        answered(Replies(), lease=lease)
    assert lease.asked == 1


# -- trying again ----------------------------------------------------------------------------


def test_an_outage_is_waited_for_as_long_as_the_service_asks() -> None:
    """The exact wait, told before it is slept."""
    clock = Clock()
    replies = Replies(refusal(503, "busy", **{"retry-after": "7"}), answer("Hi"))
    waiting, *rest = answered(replies, clock=clock)
    assert waiting == Waiting(7.0, "the service failed: busy (status 503)")
    assert rest == [Text("Hi"), WHOLE]
    assert clock.waits == [7.0]


def test_retries_are_the_persons_to_set() -> None:
    """`--retries 0` is one request."""
    replies = Replies(refusal(503), answer("Hi"))
    with pytest.raises(ServiceError):
        answered(replies, retries=0)
    assert replies.unused == 1


def test_a_model_that_is_refused_is_heard_of() -> None:
    """The list said otherwise, and is doubted from then on; other refusals say nothing of it."""
    heard: list[str] = []
    body = '{"error": {"code": "model_not_found", "message": "no"}}'
    with pytest.raises(ModelUnavailable):
        answered(Replies(refusal(404, body)), refused=heard.append)
    assert heard == ["m"]
    with pytest.raises(NotAllowedError):
        answered(Replies(refusal(403)), refused=heard.append)
    assert heard == ["m"]


def test_a_token_that_is_refused_is_helped_as_its_source_wants() -> None:
    """For an answer and for the list alike: it may not be a sign-in of this program's."""
    given = {"lease": Lease(Token(Secret(TOKEN))), "remedy": "look at the variable"}
    with pytest.raises(SignInError) as raised:
        answered(Replies(refusal(401)), **given)
    assert raised.value.hint == "look at the variable"
    given["lease"] = Lease(Token(Secret(TOKEN)))
    with pytest.raises(SignInError) as raised:
        direct_engine(Replies(refusal(401)), **given).models_reply()  # type: ignore[arg-type]
    assert raised.value.hint == "look at the variable"


LAST = {
    "rate limit": (lambda: refusal(429), LimitError, 3, [15.0, 15.0]),
    "outage": (lambda: refusal(500), ServiceError, 4, None),
    "no reply": (lambda: httpx.RemoteProtocolError("x"), NetworkError, 2, None),
    "no connection": (lambda: httpx.ConnectError("x"), NetworkError, 4, None),
    "policy": (lambda: refusal(403), NotAllowedError, 1, []),
    "wrong request": (lambda: refusal(400), CopilotChatError, 1, []),
    "long limit": (lambda: refusal(429, **{"retry-after": "61"}), LimitError, 1, []),
    "error first": (
        lambda: stream(b'data: {"error":{"message":"No."}}\n\n'),
        ServiceError,
        4,
        None,
    ),
    "cut first": (lambda: stream(httpx.ReadError("x")), ServiceError, 4, None),
    "nothing": (stream, ServiceError, 4, None),
    "page": (lambda: stream(b"<html>", content_type="text/html"), ServiceError, 1, []),
}


@pytest.mark.parametrize(("make", "error", "requests", "waits"), LAST.values(), ids=LAST)
def test_what_does_not_get_better_ends_in_its_error(
    make: Callable[[], httpx.Response | Exception],
    error: type[CopilotChatError],
    requests: int,
    waits: list[float] | None,
) -> None:
    """As many requests as its rule allows, then the error itself, never a `Failure`."""
    replies, clock = Replies(*(make() for _ in range(6))), Clock()
    with pytest.raises(CopilotChatError) as raised:
        answered(replies, clock=clock)
    assert type(raised.value) is error
    assert not isinstance(raised.value, Failure)
    assert len(replies.requests) == requests
    assert waits is None or clock.waits == waits


def test_a_long_limit_says_when_it_ends() -> None:
    """By the clock on the wall."""
    with pytest.raises(LimitError) as raised:
        answered(Replies(refusal(429, **{"retry-after": "208800"})))
    assert raised.value.hint == "try again after 208800 s from now"


def test_nothing_is_sent_again_after_visible_text() -> None:
    """Exit 7's work: the text is kept, the end says that it is not all."""
    replies = Replies(stream(text_event("Hel"), httpx.ReadError("x")), answer("Hello"))
    text, end = answered(replies)
    assert text == Text("Hel")
    assert isinstance(end, End)
    assert (end.reason, end.complete) == ("cut", False)
    assert replies.unused == 1


def test_reasoning_alone_is_sent_again() -> None:
    """Nothing of the answer had come."""
    thought = b'data: {"choices":[{"delta":{"reasoning_text":"hm"}}]}\n\n'
    events = answered(Replies(stream(thought, httpx.ReadError("x")), answer("Hi")))
    assert events[0] == Reasoning("hm")
    assert isinstance(events[1], Waiting)
    assert events[2:] == [Text("Hi"), WHOLE]


# -- the model list --------------------------------------------------------------------------


def test_the_model_list_is_asked_for_as_the_editor_asks() -> None:
    """Its own intent and version, with the same token and identity."""
    replies = Replies(MODELS)
    assert direct_engine(replies).models_reply() == {"data": [{"id": "a"}]}
    (request,) = replies.requests
    assert (request.method, str(request.url)) == ("GET", f"{API}/models")
    assert request.headers["openai-intent"] == "model-access"
    assert request.headers["x-github-api-version"]
    assert request.headers["authorization"] == f"Bearer {TOKEN}0"
    assert request.headers["editor-version"]


def test_the_model_list_renews_a_stale_token_once() -> None:
    """As an answer does."""
    lease = Lease()
    replies = Replies(refusal(401), httpx.Response(200, json={"data": []}))
    assert direct_engine(replies, lease=lease).models_reply() == {"data": []}
    assert len(lease.invalidated) == 1
    with pytest.raises(SignInError):
        direct_engine(Replies(refusal(401), refusal(401))).models_reply()


def test_the_model_list_is_tried_again() -> None:
    """Outages of the service and of the network."""
    clock = Clock()
    replies = Replies(
        httpx.ConnectError("x"),
        refusal(503, **{"retry-after": "2"}),
        httpx.Response(200, json={"data": []}),
    )
    assert direct_engine(replies, clock=clock).models_reply() == {"data": []}
    assert clock.waits[1] == 2.0
    assert len(clock.waits) == 2


def test_a_model_list_that_fails_raises_its_error() -> None:
    """Never a `Failure`."""
    with pytest.raises(ServiceError) as raised:
        direct_engine(Replies(refusal(503)), retries=0).models_reply()
    assert raised.value.exit_code == 6


# -- against the stand-in --------------------------------------------------------------------


def test_the_simulator_answers() -> None:
    """Exchange, identity and stream, as the service has them."""
    simulator = Simulator()
    simulator.answer("Grüße 😀", quirk="split_utf8+crlf+comments+event_lines")
    engine = simulated_engine(simulator)
    model = engine.models_reply()["data"][0]["id"]
    events = list(engine.answer(ask(model=model)))
    assert text_of(events) == "Grüße 😀"
    assert events[-1] == WHOLE
    assert isinstance(events[0], Started)
    assert events[0].request_id
    assert {quota.name for quota in events[0].quotas} >= {"chat", "premium_interactions"}
    assert simulator.unused() == []


QUIRKS = [
    "crlf", "no_space", "single_newline", "comments", "event_lines", "split_utf8", "no_done",
    "no_newline_end", "null_content", "null_choices", "bad_json", "usage_on_finish", "json",
    "anthropic",
]  # fmt: skip


@pytest.mark.parametrize("quirk", QUIRKS)
def test_no_quirk_of_the_simulator_loses_a_word(quirk: str) -> None:
    """Each by itself, on the way through everything."""
    simulator = Simulator()
    simulator.answer("Grüße aus Zürich, 😀 und so.", quirk=quirk)
    engine = simulated_engine(simulator)
    events = list(engine.answer(ask(model=engine.models_reply()["data"][0]["id"])))
    assert text_of(events) == "Grüße aus Zürich, 😀 und so."
    assert events[-1] == WHOLE


def test_a_revoked_copilot_token_is_exchanged_anew() -> None:
    """The simulator refuses the old one as the service does."""
    simulator = Simulator()
    engine = simulated_engine(simulator)
    model = engine.models_reply()["data"][0]["id"]
    old = simulator.log[-1].headers["authorization"].removeprefix("Bearer ")
    assert simulator.revoke(old)
    simulator.answer("Hi")
    assert text_of(list(engine.answer(ask(model=model)))) == "Hi"
    assert [seen.endpoint for seen in simulator.log][-3:] == ["chat", "exchange", "chat"]


def test_leaving_is_seen_by_the_service() -> None:
    """Ctrl-C closes the response at once."""
    simulator = Simulator()
    simulator.answer("one two three four")
    engine = simulated_engine(simulator)
    events = engine.answer(ask(model=engine.models_reply()["data"][0]["id"]))
    while not isinstance(next(events), Text):
        pass
    events.close()
    assert simulator.log[-1].aborted


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 421, 422, 429, 466, 500])
def test_no_error_of_the_engine_tells_a_secret(status: int) -> None:
    """A refusal that repeats everything the simulator ever gave out tells none of it."""
    simulator = Simulator()
    engine = simulated_engine(simulator)
    engine.models_reply()
    body = f"refused: {' '.join(simulator.secrets())}"
    simulator.fault("chat", status=status, body=body, times=5)
    with pytest.raises(CopilotChatError) as raised:
        list(engine.answer(ask()))
    error = raised.value
    told = f"{error} {error.message} {error.hint} {error.__cause__} {error.__cause__!r}"
    assert len(simulator.secrets()) >= 2
    assert [secret for secret in simulator.secrets() if secret in told] == []


def test_done_is_not_needed() -> None:
    """The finish reason completes the answer, `[DONE]` does not."""
    assert answered(Replies(stream(text_event("Hi"), STOP)))[-1] == WHOLE
    end = answered(Replies(stream(text_event("Hi"), DONE)))[-1]
    assert isinstance(end, End)
    assert not end.complete
