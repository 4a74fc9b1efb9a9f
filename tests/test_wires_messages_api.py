"""The messages wire, read: recordings cut anywhere, whole replies, each oddity by itself."""

import json
from typing import Any

import pytest

from copilot_cli.messages import (
    Cost,
    End,
    Event,
    Notice,
    Reasoning,
    Request,
    SealedReasoning,
    Text,
    ToolCall,
    Usage,
    UsageReport,
    message,
)
from copilot_cli.wires.messages_api import Decoder, decoder
from copilot_cli.wires.stream import EventStream, StreamFault, WholeReply
from tests.recordings import names, recording, told_however_cut

USED = UsageReport(Usage(12, 7, 5, 4, None))
STOP = End("stop", complete=True)
CUT = End("cut", complete=False, detail="the stream ended before the answer did")
STARTED = UsageReport(Usage(12, 1, 5, 4, None))


def sealed(**block: str) -> SealedReasoning:
    """Return the event of a block that is to be sent back."""
    return SealedReasoning(json.dumps(block), "messages")


EXPECTED: dict[str, tuple[list[Event], str | None]] = {
    "plain": (
        [Text("Hello, wörld 😀\u2028."), USED._replace(cost=Cost(2.5, "credits")), STOP],
        None,
    ),
    "thinking": (
        [
            Reasoning("Let me think."),
            sealed(type="thinking", thinking="Let me think.", signature="c2lnbmVk"),
            sealed(type="redacted_thinking", data="cmVkYWN0ZWQ="),
            Reasoning("\n\nAgain."),
            sealed(type="thinking", thinking="Again.", signature="dHdv"),
            Text("Hello."),
            USED,
            STOP,
        ],
        None,
    ),
    "tool-use": (
        [
            Text("I will look."),
            ToolCall("toolu_a", "weather", '{"city": "Z\\u00fcrich ü"}'),
            ToolCall("toolu_b", "clock", "{}"),
            ToolCall("toolu_c", "sum", '{"n": [1]}'),
            USED,
            End("tool_calls", complete=False),
        ],
        None,
    ),
    "max-tokens": ([Text("Hello"), USED, End("length", complete=False)], None),
    "context-full": ([Text("Hello"), USED, End("length", complete=False)], None),
    "stop-sequence": ([Text("Hello"), USED, STOP], None),
    "refusal": (
        [Text("Hel"), USED, End("content_filter", complete=False, detail="made-up policy")],
        None,
    ),
    "error": ([Text("Hello, wor")], "StreamFault"),
    "envelope-error": ([], "StreamFault"),
    "cut": ([Text("Hello, wor"), STARTED, CUT], None),
    "no-stop": ([Text("Hello"), USED, CUT], None),
    "unknown-events": (
        [
            Text("Hello"),
            Notice("matches public code (MIT): https://github.com/octocat/a"),
            UsageReport(Usage(9, 2, None, None, 1)),
            STOP,
        ],
        None,
    ),
}


def test_every_recording_is_expected_and_described() -> None:
    """A recording that nobody looks at, or that its README does not name, is found out."""
    assert names("messages") == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recording_gives_its_events_wherever_it_is_cut(name: str) -> None:
    """What each oddity comes to, whole, cut at every byte, and byte by byte."""
    assert told_however_cut(f"messages/{name}", Decoder) == EXPECTED[name]


def fed(*events: dict[str, Any]) -> tuple[list[Event], list[Event]]:
    """Return the events that came while a new decoder was fed, and those at the end."""
    reader = decoder(Request("m", [message("user", "Hi")]))
    return [event for data in events for event in reader.feed(data)], [*reader.finish()]


def ended(reason: Any = "end_turn", **more: Any) -> dict[str, Any]:
    """Return the event that says why the answer ended."""
    return {"type": "message_delta", "delta": {"stop_reason": reason, **more}}


def test_a_stream_ends_at_its_last_event() -> None:
    """Nothing after it counts, so that nobody waits for the connection to close."""
    stream = EventStream(Decoder())
    assert not stream.done
    stream.feed(recording("messages/unknown-events"))
    assert stream.done


def test_a_whole_reply_is_read_as_a_stream_is() -> None:
    """A request that is not streamed is answered with the message itself."""
    body = {
        "type": "message",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "s"},
            {"type": "text", "text": "Hello."},
            {"type": "tool_use", "id": "toolu_a", "name": "f", "input": {"a": 1}},
            7,
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 1, "output_tokens": 2},
        "copilot_usage": {"total_nano_aiu": 1_000_000_000},
    }
    reader = Decoder()
    reply = WholeReply(reader)
    reply.feed(json.dumps(body).encode())
    assert reply.end() == [
        Reasoning("Hm."),
        sealed(type="thinking", thinking="Hm.", signature="s"),
        Text("Hello."),
    ]
    assert reader.finish() == [
        ToolCall("toolu_a", "f", '{"a": 1}'),
        UsageReport(Usage(1, 2), Cost(1.0, "credits")),
        End("tool_calls", complete=False),
    ]


ENDED = {"type": "message_stop"}

ENDS: dict[str, tuple[list[dict[str, Any]], End]] = {
    "end_turn": ([ended()], STOP),
    "a reason nobody knows": ([ended("moon")], STOP),
    "no reason, but the end": ([ended(None)], STOP),
    "a number": ([ended(7)], STOP),
    "refusal without details": (
        [ended("refusal", stop_details=None)],
        End("content_filter", complete=False),
    ),
    "refusal of a category": (
        [ended("refusal", stop_details={"category": "bio", "explanation": None})],
        End("content_filter", complete=False, detail="bio"),
    ),
    "tool_use without a tool": ([ended("tool_use")], End("tool_calls", complete=False)),
}


@pytest.mark.parametrize(("events", "end"), ENDS.values(), ids=ENDS)
def test_an_answer_ends_by_its_stop_reason(events: list[dict[str, Any]], end: End) -> None:
    """And not before `message_stop`, the one event that makes it whole."""
    assert fed(*events)[1][-1].reason == "cut"  # type: ignore[union-attr]
    assert fed(*events, ENDED)[1] == [end]


FAULTS: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "an event": (
        {"type": "error", "error": {"type": "overloaded_error", "message": "No."}},
        ("overloaded_error", "No."),
    ),
    "flat": ({"type": "error", "message": "No."}, ("error", "No.")),
    "of the other wires": ({"error": {"code": "x", "message": "No."}}, ("x", "No.")),
}


@pytest.mark.parametrize(("event", "expected"), FAULTS.values(), ids=FAULTS)
def test_a_failure_is_a_fault(event: dict[str, Any], expected: tuple[str, str]) -> None:
    """Anthropic's code is the type of its error."""
    with pytest.raises(StreamFault) as raised:
        Decoder().feed(event)
    assert (raised.value.code, raised.value.message) == expected


def test_a_call_that_ends_the_turn_wants_the_tool_whatever_the_reason() -> None:
    """`end_turn` can come with a call; one without an id gets one."""
    start = {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use"}}
    _, end = fed(start, ended(), ENDED)
    assert end == [ToolCall("call_0", "", "{}"), End("tool_calls", complete=False)]


def test_a_call_of_a_cut_answer_is_not_whole_and_forbids_a_resend() -> None:
    """A call that had begun may have been for something that is not to happen twice."""
    start = {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use"}}
    assert fed(start)[1] == [CUT._replace(resend=False)]


def test_thinking_without_a_signature_is_told_but_not_sent_back() -> None:
    """The service checks the signature, and refuses what has none."""
    told, _ = fed(
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking"}},
        {"type": "content_block_delta", "index": 0, "delta": {"thinking": "Hm."}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_stop", "index": 9},
    )
    assert told == [Reasoning("Hm.")]


def test_a_delta_of_a_block_that_never_began_is_told() -> None:
    """Text is text, and thinking is thinking, whether its block was announced or not."""
    delta = {"type": "content_block_delta", "index": 3}
    told, _ = fed(
        {**delta, "delta": {"type": "text_delta", "text": "Hi"}},
        {**delta, "delta": {"type": "thinking_delta", "thinking": "Hm"}},
        {**delta, "delta": {"type": "input_json_delta", "partial_json": "{}"}},
    )
    assert told == [Text("Hi"), Reasoning("Hm")]


def test_pieces_go_to_the_block_that_they_are_of() -> None:
    """Blocks are known by their index, also where two are open at once."""
    start, delta = {"type": "content_block_start"}, {"type": "content_block_delta"}
    call = {"type": "tool_use", "name": "f"}
    _, end = fed(
        {**start, "index": 0, "content_block": {**call, "id": "a"}},
        {**start, "index": 1, "content_block": {**call, "id": "b"}},
        {**delta, "index": 0, "delta": {"type": "input_json_delta", "partial_json": "[0"}},
        {**delta, "index": 1, "delta": {"type": "input_json_delta", "partial_json": "[1"}},
        {**delta, "index": 0, "delta": {"type": "input_json_delta", "partial_json": "]"}},
        {**delta, "index": 1, "delta": {"type": "input_json_delta", "partial_json": "]"}},
        ended("tool_use"),
        ENDED,
    )
    assert end[:2] == [ToolCall("a", "f", "[0]"), ToolCall("b", "f", "[1]")]


def test_pieces_that_are_no_event_are_progress() -> None:
    """A long call, or thinking that is not told, is not silence; a ping is."""
    reader = Decoder()
    marks = [0]
    start, delta = {"type": "content_block_start"}, {"type": "content_block_delta", "index": 0}
    for event in (
        {**start, "index": 1, "content_block": {"type": "redacted_thinking", "data": "x"}},
        {**start, "index": 0, "content_block": {"type": "tool_use"}},
        {**delta, "delta": {"type": "input_json_delta", "partial_json": "{"}},
        {**delta, "delta": {"type": "signature_delta", "signature": "x"}},
    ):
        assert reader.feed(event) == []
        marks.append(reader.silent_progress)
    assert marks == sorted(set(marks))
    reader.feed({"type": "ping"})
    assert reader.silent_progress == marks[-1]


def test_a_sum_is_not_undone_by_a_zero() -> None:
    """The figures of the beginning are repeated at the end by some, as zeros by others."""
    begun = {"type": "message_start", "message": {"usage": {"input_tokens": 5, "output_tokens": 1}}}
    late = {**ended(), "usage": {"input_tokens": 0, "output_tokens": 9}}
    assert fed(begun, late)[1][0] == UsageReport(Usage(5, 9))
