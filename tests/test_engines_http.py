"""One attempt over HTTP: what is sent, what is read, where it stops, and what it never tells."""

import json
import logging
from collections.abc import Callable, Iterator

import httpx
import pytest

from copilot_cli.engines import http
from copilot_cli.engines.failure import BACKOFF, NEVER, ONCE, Failure, Unauthorized
from copilot_cli.engines.http import MAX_BODY
from copilot_cli.errors import CopilotChatError, LimitError, ServiceError, TooLongError
from copilot_cli.messages import (
    End,
    Event,
    QuotaSnapshot,
    Reasoning,
    Started,
    Text,
    Usage,
    UsageReport,
)
from copilot_cli.wires.chat import Decoder
from tests.engine_world import (
    BODY,
    DONE,
    STOP,
    STREAM,
    TOKEN,
    Body,
    Clock,
    Replies,
    answer,
    call,
    http_engine,
    stream,
    text_event,
    text_of,
)
from tests.recordings import joined

WHOLE = End("stop", complete=True)
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":3}}\n\n'


def attempt(*replies: httpx.Response | Exception, clock: Clock | None = None) -> list[Event]:
    """Return the events of one attempt, joined, without `Started`."""
    engine = http_engine(Replies(*replies), clock or Clock())
    return joined(e for e in engine.attempt(call(), Decoder()) if not isinstance(e, Started))


def fail(*replies: httpx.Response | Exception, clock: Clock | None = None) -> Failure:
    """Return the failure of one attempt."""
    with pytest.raises(Failure) as raised:
        attempt(*replies, clock=clock)
    return raised.value


# -- what is sent ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("streamed", "accept"), [(True, "text/event-stream"), (False, "application/json")]
)
def test_the_request_is_what_was_called_for(streamed: bool, accept: str) -> None:
    """The body as it is, the credential, and nothing compressed."""
    replies = Replies(answer("Hi"))
    list(http_engine(replies, Clock(), idle=120).attempt(call(stream=streamed), Decoder()))
    (request,) = replies.requests
    assert (request.method, request.read()) == ("POST", BODY)
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept"] == accept
    assert request.headers["accept-encoding"] == "identity"
    assert request.extensions["timeout"] == {
        "connect": 5.0,
        "read": 120,
        "write": 120,
        "pool": 120,
    }


def test_a_header_is_sent_once_whatever_its_case() -> None:
    """Somebody's own `accept` does not stand beside ours."""
    replies = Replies(answer("Hi"))
    headers = {"accept": "x/y", "CONTENT-TYPE": "x/y", "X-Other": "1"}
    list(http_engine(replies, Clock()).attempt(call(headers=headers), Decoder()))
    sent = replies.requests[0].headers
    assert sent.get_list("accept") == ["text/event-stream"]
    assert sent.get_list("content-type") == ["application/json"]
    assert sent["x-other"] == "1"


@pytest.mark.parametrize("value", ["Bearer tökenMadeUp", "Bearer madeUp\u2028"], ids=repr)
def test_a_header_that_cannot_be_sent_is_our_error_without_its_value(value: str) -> None:
    """The library's own error quotes it."""
    engine = http_engine(Replies(), Clock())
    with pytest.raises(Failure) as raised:
        list(engine.attempt(call(headers={"Authorization": value}), Decoder()))
    assert raised.value.error.message == "a header of the request cannot be sent"
    assert raised.value.__cause__ is None


# -- what is read ----------------------------------------------------------------------------


def test_an_answer_begins_with_what_its_headers_tell() -> None:
    """The request's id and the quotas, before the first word."""
    reply = stream(STOP, x_request_id="ABC\x7f", x_quota_snapshot_chat="rem=7")
    events = list(http_engine(Replies(reply), Clock()).attempt(call(), Decoder()))
    quota = QuotaSnapshot("chat", None, 7.0, None, None, None)
    assert events == [Started(None, "ABC␡", (quota,)), WHOLE]


def test_an_answer_is_text_usage_and_end() -> None:
    """The order in which everything comes."""
    pieces = [text_event("Hello"), text_event(", world."), STOP, USAGE, DONE]
    assert attempt(stream(*pieces)) == [
        Text("Hello, world."),
        UsageReport(Usage(3)),
        WHOLE,
    ]


def test_each_read_is_passed_on_at_once() -> None:
    """The first word does not wait for the second."""
    waiting: list[str] = []

    def pieces() -> Iterator[bytes]:
        yield text_event("a") + text_event("b")
        waiting.append("second read")
        yield text_event("c") + STOP

    reply = httpx.Response(200, headers=STREAM, stream=Body(pieces()))
    events = http_engine(Replies(reply), Clock()).attempt(call(), Decoder())
    assert [next(events), next(events)] == [Started(None, None), Text("ab")]
    assert waiting == []
    assert next(events) == Text("c")


KINDS = [
    "text/event-stream; charset=utf-8",
    "TEXT/EVENT-STREAM",
    "text/plain",
    "",
    "application/octet-stream",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_is_read_under_other_labels(kind: str) -> None:
    """The service labels bodies as it likes."""
    reply = stream(text_event("Hi"), STOP, content_type=kind)
    assert attempt(reply) == [Text("Hi"), WHOLE]


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "x/y+json"]
)
def test_plain_json_is_a_whole_answer(kind: str) -> None:
    """A model that cannot stream answers a streaming request so."""
    body = {
        "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3},
    }
    data = json.dumps(body, indent=1).encode()
    reply = stream(data[:20], data[20:], content_type=kind)
    assert attempt(reply) == [Text("Hi"), UsageReport(Usage(3)), WHOLE]


NO_ANSWERS: dict[str, tuple[httpx.Response, str]] = {
    "a page": (
        stream(b"<html>Sign in to Wi-Fi", content_type="text/html"),
        "the reply is text/html",
    ),
    "a page labelled as text": (stream(b"<html>", content_type="text/plain"), "is text/plain"),
    "a picture": (stream(b"\x89PNG", content_type="image/png"), "the reply is image/png"),
    "no label and nothing": (stream(content_type=""), "of no known kind"),
    "broken JSON": (stream(b'{"choices"', content_type="application/json"), "does not parse"),
    "a JSON list": (stream(b"[]", content_type="application/json"), "JSON of another shape"),
    "no JSON in the stream": (stream(b"data: x\n\ndata: y\n\n"), "what it holds is no JSON"),
    "too little JSON": (stream(*[b"data: x\n\n"] * 4), "too much of it is no JSON"),
    "a hostile label": (stream(content_type="a/\x1b[2Jb" + "c" * 100), "a/␛[2jb"),
}


@pytest.mark.parametrize(("reply", "message"), NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_is_no_answer_is_said_to_be_none(reply: httpx.Response, message: str) -> None:
    """A captive portal or a proxy in between: not tried again, exit 6, and short."""
    failure = fail(reply)
    assert failure.error.message.startswith("not a Copilot answer: ")
    assert message in failure.error.message
    assert "\x1b" not in failure.error.message
    assert len(failure.error.message) < 120
    assert (failure.retry, failure.error.exit_code) == (NEVER, 6)


@pytest.mark.parametrize(
    "reply",
    [stream(), stream(b": hello\n\n"), stream(content_type="application/json")],
    ids=["nothing", "comments", "no JSON"],
)
def test_an_empty_answer_is_tried_again(reply: httpx.Response) -> None:
    """A stream of nothing is the service's failure."""
    failure = fail(reply)
    assert (failure.error.message, failure.retry) == ("the service sent an empty answer", BACKOFF)


def test_what_came_with_a_fault_comes_before_it() -> None:
    """Text and error in one read: the text is the person's."""
    engine = http_engine(
        Replies(stream(text_event("Hi") + b'data: {"error":{"code":"x","message":"No."}}\n\n')),
        Clock(),
    )
    events = engine.attempt(call(), Decoder())
    assert [next(events), next(events)] == [Started(None, None), Text("Hi")]
    with pytest.raises(Failure, match="the service reported a failure: No"):
        next(events)


FAULTS = {
    "unknown code": ({"code": "x", "message": "No."}, ServiceError, BACKOFF),
    "outage by number": ({"code": 503, "message": "No."}, ServiceError, BACKOFF),
    "limit": ({"code": "rate_limited:pro", "message": "No."}, LimitError, None),
    "limit by number": ({"code": "429", "message": "No."}, LimitError, None),
    "wrong request": ({"code": "invalid_request_body", "message": "No."}, CopilotChatError, NEVER),
    "wrong request by number": ({"code": 400, "message": "No."}, CopilotChatError, NEVER),
    "no status": ({"code": "999", "message": "No."}, ServiceError, BACKOFF),
}


@pytest.mark.parametrize(("said", "error", "retry"), FAULTS.values(), ids=FAULTS)
def test_a_fault_in_the_stream_means_what_its_code_says(
    said: dict[str, object], error: type[CopilotChatError], retry: object
) -> None:
    """At status 200, the code may be a word or the status that there should have been."""
    failure = fail(stream(b"data: " + json.dumps({"error": said}).encode() + b"\n\n"))
    assert type(failure.error) is error
    assert retry is None or failure.retry == retry


def test_the_log_has_all_of_a_fault(caplog: pytest.LogCaptureFixture) -> None:
    """What the message leaves out is what -vv is for."""
    caplog.set_level(logging.DEBUG, "copilot_cli")
    fail(stream(b"data: " + json.dumps({"error": {"message": "x" * 9_000}}).encode() + b"\n\n"))
    assert f"a fault in the stream: {'x' * 9_000}" in caplog.messages


def test_a_token_is_not_renewed_in_the_middle_of_an_answer() -> None:
    """A 401 inside a stream is an end, not a beginning."""
    failure = fail(stream(b'data: {"error":{"code":401,"message":"No."}}\n\n'))
    assert not isinstance(failure, Unauthorized)
    assert failure.error.exit_code == 3


# -- where it stops --------------------------------------------------------------------------


def test_done_without_a_finish_reason_is_a_cut() -> None:
    """`[DONE]` is neither needed nor enough."""
    assert attempt(stream(text_event("Hi"), DONE))[-1] == End(
        "cut", complete=False, detail="the stream ended before the answer did"
    )


BREAKS = [
    httpx.ReadError("x"),
    httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
]


@pytest.mark.parametrize("error", BREAKS, ids=["reset", "cut"])
def test_a_connection_that_breaks_ends_the_answer_as_cut(error: Exception) -> None:
    """What came is kept, usage included; the end says what broke."""
    assert attempt(stream(text_event("Hi"), USAGE, error)) == [
        Text("Hi"),
        UsageReport(Usage(3)),
        End(
            "cut",
            complete=False,
            detail="the connection to api.individual.githubcopilot.com broke",
        ),
    ]


@pytest.mark.parametrize("error", [*BREAKS, httpx.ReadTimeout("x")], ids=["reset", "cut", "silent"])
def test_an_answer_is_whole_once_its_finish_reason_came(error: Exception) -> None:
    """What becomes of the connection then is nobody's loss."""
    assert attempt(stream(text_event("Hi"), STOP, error)) == [Text("Hi"), WHOLE]
    assert attempt(stream(text_event("Hi"), STOP, DONE, error)) == [Text("Hi"), WHOLE]


def test_a_break_after_done_is_no_cut_connection() -> None:
    """The stream had ended by its own word, without a finish reason."""
    events = attempt(stream(text_event("Hi"), DONE, httpx.ReadError("x")))
    assert events[-1] == End("cut", False, "the stream ended before the answer did")


def test_a_break_in_the_middle_of_a_line_keeps_a_line_that_is_whole() -> None:
    """The finish may have lost nothing but its line end."""
    assert attempt(stream(text_event("Hi"), STOP.rstrip(), httpx.ReadError("x")))[-1] == WHOLE


def test_plain_json_that_breaks_off_is_cut() -> None:
    """The connection is to blame, not the JSON."""
    reply = stream(b'{"choices":[', httpx.ReadError("x"), content_type="application/json")
    (end,) = attempt(reply)
    assert isinstance(end, End)
    assert (end.reason, end.complete) == ("cut", False)


STALL = End("stalled", complete=False, detail="nothing came for 300 seconds")


def test_silence_is_a_stall() -> None:
    """httpx's read time-out, which is the idle time-out, after the first word."""
    error = httpx.ReadTimeout("The read operation timed out")
    assert attempt(stream(text_event("Hi"), error)) == [Text("Hi"), STALL]
    assert attempt(stream(error)) == [STALL]


def test_silence_before_the_reply_is_a_failure() -> None:
    """No status came: once more, then exit 6."""
    failure = fail(httpx.ReadTimeout("x"))
    assert (failure.retry, failure.error.exit_code, failure.error.kind) == (ONCE, 6, "timeout")


def ticking(clock: Clock, seconds: float, piece: bytes) -> Iterator[bytes]:
    """Yield `piece` again and again, `seconds` apart."""
    while True:
        clock.seconds += seconds
        yield piece


NOISE = {
    "comments": b": keep-alive\n\n",
    "blank lines": b"\n",
    "empty deltas": b'data: {"choices":[{"delta":{"content":""}}]}\n\n',
    "filter results": b'data: {"choices":[],"prompt_filter_results":[]}\n\n',
    "a line without end": b"x",
}


@pytest.mark.parametrize("noise", NOISE.values(), ids=NOISE)
def test_noise_is_no_progress(noise: bytes) -> None:
    """A server that only keeps the connection open is as silent as one that says nothing."""
    clock = Clock()
    reply = httpx.Response(200, headers=STREAM, stream=Body(ticking(clock, 100, noise)))
    assert attempt(reply, clock=clock) == [STALL]
    assert clock.seconds == 1400.0


PROGRESS = {
    "text": text_event("."),
    "reasoning": b'data: {"choices":[{"delta":{"reasoning_text":"."}}]}\n\n',
    "sealed reasoning": b'data: {"choices":[{"delta":{"reasoning_opaque":"."}}]}\n\n',
    "tool calls": b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a"}]}}]}\n\n',
}


@pytest.mark.parametrize("piece", PROGRESS.values(), ids=PROGRESS)
def test_text_reasoning_and_tool_calls_are_progress(piece: bytes) -> None:
    """However long the whole takes."""
    clock = Clock()

    def pieces() -> Iterator[bytes]:
        for _ in range(20):
            clock.seconds += 299
            yield piece
        yield STOP

    reply = httpx.Response(200, headers=STREAM, stream=Body(pieces()))
    end = attempt(reply, clock=clock)[-1]
    assert isinstance(end, End)
    assert end.reason in {"stop", "tool_calls"}
    assert clock.seconds == 1000 + 20 * 299


def test_a_reader_that_is_slow_is_no_stall() -> None:
    """Time that passes while the text is being shown is not the service's."""
    clock = Clock()
    pieces = [text_event("a"), b": comment\n\n", text_event("b"), STOP]
    engine = http_engine(Replies(stream(*pieces)), clock)
    events = []
    for event in engine.attempt(call(), Decoder()):
        clock.seconds += 1000
        events.append(event)
    assert events[-1] == WHOLE


@pytest.mark.parametrize(
    ("last", "seconds"),
    [(STOP, http.AFTER_FINISH), (STOP + DONE, http.AFTER_DONE)],
    ids=["finish", "done"],
)
def test_an_answer_that_is_over_is_not_waited_on(last: bytes, seconds: float) -> None:
    """Comments that go on after the end are listened to for a moment only."""
    clock = Clock()

    def pieces() -> Iterator[bytes]:
        yield text_event("Hi") + last
        yield from ticking(clock, 0.1, b": keep-alive\n\n")

    reply = httpx.Response(200, headers=STREAM, stream=Body(pieces()))
    assert attempt(reply, clock=clock) == [Text("Hi"), WHOLE]
    assert clock.seconds == pytest.approx(1000 + seconds, abs=0.11)


def test_a_second_choice_after_the_finish_of_the_first_is_heard() -> None:
    """Claude finishes the text before the tool call begins."""
    late = b'data: {"choices":[{"index":1,"delta":{"tool_calls":[{"index":0,"id":"a"}]}}]}\n\n'
    end = b'data: {"choices":[{"index":1,"delta":{},"finish_reason":"tool_calls"}]}\n\n'
    events = attempt(stream(text_event("Hi"), STOP, late, end, USAGE, DONE))
    assert events[-1] == End("tool_calls", complete=False)


def endless(piece: bytes) -> Iterator[bytes]:
    """Yield `piece` for ever."""
    while True:
        yield piece


LARGE = {
    "text": text_event("x" * 1_000_000),
    "comments": b": " + b"x" * 1_000_000 + b"\n\n",
    "tool arguments": b'data: {"choices":[{"delta":{"tool_calls":[{"function":'
    b'{"arguments":"%s"}}]}}]}\n\n' % (b"x" * 1_000_000),
    "nothing of this wire": b"x" * 1_000_000 + b"\n",
}


@pytest.mark.parametrize("piece", LARGE.values(), ids=LARGE)
def test_an_answer_that_never_ends_is_stopped(piece: bytes) -> None:
    """At 32 MiB, of whatever it is made."""
    body = Body(endless(piece))
    failure = fail(httpx.Response(200, headers=STREAM, stream=body))
    assert failure.error.message == "the answer is larger than 32 MiB; stopped"
    assert (failure.retry, failure.error.exit_code) == (NEVER, 1)
    assert body.read <= MAX_BODY + 2_100_000
    assert body.closed


def test_plain_json_that_never_ends_is_stopped() -> None:
    """It would have to be kept whole."""
    headers = {"content-type": "application/json"}
    body = Body(endless(b'{"' + b"x" * 1_000_000))
    failure = fail(httpx.Response(200, headers=headers, stream=body))
    assert failure.error.message == "the answer is larger than 32 MiB; stopped"


def test_framing_does_not_make_an_answer_too_large() -> None:
    """Two megabytes of text in pieces of twenty characters come in forty of framing."""
    safe = {name: {"filtered": False, "severity": "safe"} for name in ("hate", "violence")}
    frame = {
        "choices": [{"delta": {"content": "x" * 20}, "content_filter_results": safe}],
        "x": "y" * 250,
    }
    piece = b"data: " + json.dumps(frame).encode() + b"\n\n"
    assert len(piece) > 400
    pieces = [piece * 1000] * 100
    assert sum(map(len, pieces)) > MAX_BODY
    assert text_of(attempt(stream(*pieces, STOP))) == "x" * 2_000_000


EVENTS_TOO_LARGE = {
    "one line": [b"data: " + b"x" * 1_000_000] * 5,
    "many lines": [b'data: {"a":\n', *[b"data: " + b"x" * 1_000_000 + b"\n"] * 5],
}


@pytest.mark.parametrize("pieces", EVENTS_TOO_LARGE.values(), ids=EVENTS_TOO_LARGE)
def test_an_event_that_never_ends_is_stopped(pieces: list[bytes]) -> None:
    """At 4 MiB."""
    failure = fail(stream(text_event("Hi"), *pieces))
    assert "the answer holds a" in failure.error.message
    assert failure.error.message.endswith("bytes; stopped")
    assert (failure.retry, failure.error.exit_code) == (NEVER, 1)


# -- refusals --------------------------------------------------------------------------------


def test_a_refusal_is_a_failure_with_what_it_said() -> None:
    """Status, headers and body decide; no event comes before it."""
    reply = httpx.Response(
        503, headers={"retry-after": "7", "x-request-id": "ABC"}, stream=Body([b"busy"])
    )
    failure = fail(reply)
    assert failure.error.message == "the service failed: busy (status 503, request ABC)"
    assert failure.retry.after == 7.0


def test_the_size_of_what_was_too_long_is_told() -> None:
    """A 413 says how long the input was."""
    failure = fail(httpx.Response(413, stream=Body([b"Request Entity Too Large"])))
    assert isinstance(failure.error, TooLongError)
    assert f"{len(BODY)} bytes were sent" in failure.error.message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    """The credential goes nowhere else; the person learns where it was to go."""
    headers = {"location": "https://user:secret@evil.example/path?token=secret"}
    replies = Replies(httpx.Response(status, headers=headers, stream=Body([])), answer("stolen"))
    with pytest.raises(Failure) as raised:
        list(http_engine(replies, Clock()).attempt(call(), Decoder()))
    assert len(replies.requests) == 1
    error = raised.value.error
    assert "evil.example" in error.message
    assert "secret" not in error.message
    assert (error.exit_code, raised.value.retry) == (6, NEVER)


# -- closing, and what is never told ---------------------------------------------------------


def test_closing_the_generator_closes_the_response() -> None:
    """Ctrl-C reaches the service: it stops being paid for."""
    body = Body(endless(text_event("x")))
    reply = httpx.Response(200, headers=STREAM, stream=body)
    events = http_engine(Replies(reply), Clock()).attempt(call(), Decoder())
    assert isinstance(next(events), Started)
    assert isinstance(next(events), Text)
    events.close()
    assert body.closed


SECRETS: dict[str, Callable[[], httpx.Response | Exception]] = {
    "a refusal's text": lambda: httpx.Response(401, stream=Body([f"bad {TOKEN}".encode()])),
    "a refusal's JSON": lambda: httpx.Response(
        400, stream=Body([json.dumps({"error": {"code": TOKEN, "message": TOKEN}}).encode()])
    ),
    "a refusal's id": lambda: httpx.Response(
        500,
        headers={"x-request-id": "ABC"},
        stream=Body([b"Authorization: Bearer " + TOKEN.encode()]),
    ),
    "a fault in the stream": lambda: stream(
        b"data: " + json.dumps({"error": {"message": f"bad {TOKEN}"}}).encode() + b"\n\n"
    ),
    "a redirect": lambda: httpx.Response(
        302, headers={"location": f"https://evil.example/{TOKEN}"}, stream=Body([])
    ),
    "the library's text": lambda: httpx.LocalProtocolError(f"Illegal header value b'{TOKEN}'"),
    "the connection's text": lambda: httpx.ConnectError(f"failed with {TOKEN}"),
    "the stream's content type": lambda: stream(content_type=f"text/{TOKEN}"),
}


@pytest.mark.parametrize("make", SECRETS.values(), ids=SECRETS)
def test_no_failure_tells_the_credential(make: Callable[[], httpx.Response | Exception]) -> None:
    """Wherever the service or a library repeats it: not in message, hint or text."""
    failure = fail(make())
    told = f"{failure} {failure.error} {failure.error.message} {failure.error.hint} {failure!r}"
    assert TOKEN[:24].lower() not in told.lower()


def test_reasoning_and_text_keep_their_order() -> None:
    """Both are told as they came."""
    thought = b'data: {"choices":[{"delta":{"reasoning_text":"hm"}}]}\n\n'
    assert attempt(stream(thought + text_event("a") + thought, STOP)) == [
        Reasoning("hm"),
        Text("a"),
        Reasoning("hm"),
        WHOLE,
    ]
