"""The responses wire, read: recordings cut anywhere, whole replies, each oddity by itself."""

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
from copilot_cli.wires.responses import Decoder, decoder
from copilot_cli.wires.stream import EventStream, StreamFault, WholeReply
from tests.recordings import names, recording, told_however_cut

USED = UsageReport(Usage(12, 5, 8, None, 3))
HELLO = Text("Hello.")
STOP = End("stop", complete=True)
CUT = End("cut", complete=False, detail="the stream ended before the answer did")


def sealed(item_id: str, encrypted: str, *summary: str) -> SealedReasoning:
    """Return the event of a sealed item, as it is sent back."""
    parts = [{"type": "summary_text", "text": part} for part in summary]
    item = {
        "type": "reasoning",
        "summary": parts,
        "encrypted_content": encrypted,
        "id": item_id,
    }
    return SealedReasoning(json.dumps(item), "responses")


EXPECTED: dict[str, tuple[list[Event], str | None]] = {
    "plain": (
        [
            Text("Hello, wörld 😀\u2028."),
            UsageReport(Usage(12, 5, 8, None, 3), Cost(2.5, "credits")),
            STOP,
        ],
        None,
    ),
    "reasoning": (
        [
            Reasoning("Let me think.\n\nAnd again."),
            sealed("rs_madeUp1", "bWFkZSB1cA==", "Let me think.", "And again."),
            HELLO,
            USED,
            STOP,
        ],
        None,
    ),
    "late-summary": (
        [Reasoning("One.\n\nTwo."), sealed("rs_madeUp2", "c2VhbGVk", "One.", "Two."), HELLO, STOP],
        None,
    ),
    "raw-reasoning": ([Reasoning("Raw thought."), HELLO, STOP], None),
    "tool-calls": (
        [
            Text("I will look."),
            ToolCall("call_a", "weather", '{"city":"Zürich"}'),
            ToolCall("call_b", "clock", "{}"),
            ToolCall("call_c", "sum", '{"n":[1]}'),
            USED,
            End("tool_calls", complete=False),
        ],
        None,
    ),
    "refusal": ([Text("I will not."), STOP], None),
    "length": ([Text("Hello"), USED, End("length", complete=False)], None),
    "content-filter": ([Text("Hello"), USED, End("content_filter", complete=False)], None),
    "failed": ([Text("Hello, wor")], "StreamFault"),
    "cancelled": (
        [
            Text("Hello, wor"),
            End("error", complete=False, detail="the service cancelled the answer"),
        ],
        None,
    ),
    "error-flat": ([Text("Hello")], "StreamFault"),
    "error-nested": ([], "StreamFault"),
    "cut": ([Text("Hello, wor"), CUT], None),
    "done-without-end": ([Text("Hello"), CUT], None),
    "all-at-once": (
        [
            Reasoning("Hm."),
            Text("Hello, world."),
            ToolCall("call_a", "clock", "{}"),
            End("tool_calls", complete=False),
        ],
        None,
    ),
    "unknown-events": (
        [
            Text("Hello, world."),
            Notice("matches public code (MIT): https://github.com/octocat/a"),
            STOP,
        ],
        None,
    ),
}


def test_every_recording_is_expected_and_described() -> None:
    """A recording that nobody looks at, or that its README does not name, is found out."""
    assert names("responses") == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recording_gives_its_events_wherever_it_is_cut(name: str) -> None:
    """What each oddity comes to, whole, cut at every byte, and byte by byte."""
    assert told_however_cut(f"responses/{name}", Decoder) == EXPECTED[name]


def fed(*events: dict[str, Any]) -> tuple[list[Event], list[Event]]:
    """Return the events that came while a new decoder was fed, and those at the end."""
    reader = Decoder()
    return [event for data in events for event in reader.feed(data)], reader.finish()


def ended(how: str = "completed", **response: Any) -> dict[str, Any]:
    """Return a terminal event."""
    return {"type": f"response.{how}", "response": response}


def test_a_recorded_stream_ends_at_its_terminal_event() -> None:
    """Nothing after it counts, so that nobody waits for the connection to close."""
    stream = EventStream(Decoder())
    assert not stream.done
    stream.feed(recording("responses/unknown-events"))
    assert stream.done


def test_a_whole_reply_is_read_as_a_stream_is() -> None:
    """A model that does not stream answers with one object."""
    item = {"type": "message", "content": [{"type": "output_text", "text": "Hello."}]}
    body = {
        "object": "response",
        "status": "completed",
        "output": [item, {"type": "function_call", "call_id": "a", "name": "f"}],
        "usage": {"input_tokens": 1},
        "error": None,
        "copilot_usage": {"total_nano_aiu": 1_000_000_000},
    }
    reader = Decoder()
    reply = WholeReply(reader)
    reply.feed(json.dumps(body).encode())
    assert reply.end() == [HELLO]
    assert reader.finish() == [
        ToolCall("a", "f", "{}"),
        UsageReport(Usage(1), Cost(1.0, "credits")),
        End("tool_calls", complete=False),
    ]


WHOLES: dict[str, tuple[dict[str, Any], End]] = {
    "no status": ({"output": []}, STOP),
    "incomplete": (
        {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
        End("length", complete=False),
    ),
    "incomplete for a reason nobody knows": (
        {"status": "incomplete", "incomplete_details": {"reason": "moon"}},
        End("error", complete=False, detail="moon"),
    ),
    "incomplete for no reason": (
        {"status": "incomplete", "incomplete_details": None},
        End("error", complete=False, detail="the service ended it early"),
    ),
    "still going on": ({"status": "in_progress"}, CUT),
}


@pytest.mark.parametrize(("reply", "end"), WHOLES.values(), ids=WHOLES)
def test_a_whole_reply_ends_by_its_status(reply: dict[str, Any], end: End) -> None:
    """Only `completed` is a whole answer."""
    assert fed({"object": "response", **reply})[1] == [end]


def test_completed_is_not_believed_beside_another_status() -> None:
    """A terminal event may carry a response that says better how it ended."""
    details = {"reason": "content_filter"}
    event = ended(status="incomplete", incomplete_details=details)
    assert fed(event)[1] == [End("content_filter", complete=False)]


FAULTS: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "flat": ({"type": "error", "code": "x", "message": "No."}, ("x", "No.")),
    "flat without a code": ({"type": "error", "message": "No."}, ("error", "No.")),
    "nested": ({"type": "error", "error": {"code": "x", "message": "No."}}, ("x", "No.")),
    "without a type": ({"error": {"code": "x", "message": "No."}}, ("x", "No.")),
    "failed": (ended("failed", error={"code": "x", "message": "No."}), ("x", "No.")),
    "failed for no reason": (ended("failed"), ("error", "no reason given")),
    "a whole reply that failed": (
        {"object": "response", "status": "failed", "error": {"code": "x", "message": "No."}},
        ("x", "No."),
    ),
}


@pytest.mark.parametrize(("event", "expected"), FAULTS.values(), ids=FAULTS)
def test_a_failure_is_a_fault(event: dict[str, Any], expected: tuple[str, str]) -> None:
    """OpenAI has its code at the top, Copilot below `error`: both are read."""
    with pytest.raises(StreamFault) as raised:
        Decoder().feed(event)
    assert (raised.value.code, raised.value.message) == expected


PARTS: dict[str, list[dict[str, Any]]] = {
    "in its done event": [{"type": "response.output_text.done", "output_index": 0, "text": "Hi"}],
    "in its part": [
        {
            "type": "response.content_part.done",
            "output_index": 0,
            "part": {"type": "output_text", "text": "Hi"},
        }
    ],
    "in its item": [
        {
            "type": "response.output_item.done",
            "output_index": 0,
            "item": {"type": "message", "content": [{"type": "output_text", "text": "Hi"}]},
        }
    ],
    "in a delta without an index": [{"type": "response.output_text.delta", "delta": "Hi"}],
}


@pytest.mark.parametrize("events", PARTS.values(), ids=PARTS)
def test_a_text_is_told_once_wherever_it_comes_first(events: list[dict[str, Any]]) -> None:
    """What was told is not told again by the events that repeat it."""
    assert fed(*events)[0] == [Text("Hi")]
    again = [*events, *(event for part in PARTS.values() for event in part if "delta" not in event)]
    assert fed(*again) == ([Text("Hi")], [CUT])


DELTAS: dict[str, Event] = {
    "output_text": Text("x"),
    "refusal": Text("x"),
    "reasoning_summary_text": Reasoning("x"),
    "reasoning_text": Reasoning("x"),
}


@pytest.mark.parametrize(("kind", "expected"), DELTAS.items(), ids=DELTAS)
def test_a_piece_is_told_as_it_comes(kind: str, expected: Event) -> None:
    """Nobody waits for the event that repeats the pieces."""
    assert fed({"type": f"response.{kind}.delta", "delta": "x"})[0] == [expected]


WHOLE: dict[str, tuple[dict[str, Any], Event]] = {
    "refusal.done": ({"refusal": "x"}, Text("x")),
    "content_part.done": ({"part": {"type": "refusal", "refusal": "x"}}, Text("x")),
    "reasoning_summary_text.done": ({"text": "x"}, Reasoning("x")),
    "reasoning_summary_part.done": ({"part": {"text": "x"}}, Reasoning("x")),
    "reasoning_text.done": ({"text": "x"}, Reasoning("x")),
    "output_item.done": (
        {"item": {"type": "message", "content": [{"type": "refusal", "refusal": "x"}]}},
        Text("x"),
    ),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_what_was_not_told_in_pieces_is_told_whole(kind: str) -> None:
    """Once, however often it comes."""
    fields, expected = WHOLE[kind]
    event = {"type": f"response.{kind}", **fields}
    assert fed(event, event)[0] == [expected]


def test_texts_of_several_parts_and_items_are_all_told() -> None:
    """Another part, and another item, is another text."""
    delta = {"type": "response.output_text.delta"}
    whole = {"type": "response.output_text.done", "text": "c"}
    told, _ = fed(
        {**delta, "output_index": 0, "content_index": 0, "delta": "a"},
        {**whole, "output_index": 0, "content_index": 1},
        {**whole, "output_index": 1, "content_index": 0},
        {**whole, "output_index": 1, "content_index": 0},
    )
    assert told == [Text("a"), Text("c"), Text("c")]


def test_a_call_of_a_cut_answer_is_not_whole_and_forbids_a_resend() -> None:
    """A call that had begun may have been for something that is not to happen twice."""
    added = {"type": "function_call", "call_id": "a", "name": "rm", "arguments": ""}
    _, end = fed({"type": "response.output_item.added", "output_index": 0, "item": added})
    assert end == [CUT._replace(resend=False)]


def test_a_call_without_its_arguments_is_left_out() -> None:
    """Only a `.done` event makes a call whole; what deltas said of it is not believed."""
    added = {"type": "function_call", "call_id": "a", "name": "rm"}
    _, end = fed(
        {"type": "response.output_item.added", "output_index": 0, "item": added},
        {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": "{}"},
        ended(),
    )
    assert end == [STOP]


def test_the_item_that_is_done_has_the_last_word_on_its_arguments() -> None:
    """Its arguments replace those of the event before, unless it has none."""
    done = {"type": "response.function_call_arguments.done", "name": "f", "arguments": '{"a":1}'}
    item = {"type": "function_call", "call_id": "x", "name": "f", "arguments": '{"a":2}'}
    empty = {"type": "function_call", "call_id": "y", "name": "g", "arguments": ""}
    _, end = fed(
        {**done, "output_index": 0},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {**done, "output_index": 1},
        {"type": "response.output_item.done", "output_index": 1, "item": empty},
        {**done, "output_index": 2},
        ended(),
    )
    assert end[:-1] == [
        ToolCall("x", "f", '{"a":2}'),
        ToolCall("y", "g", '{"a":1}'),
        ToolCall("call_2", "f", '{"a":1}'),
    ]


def test_reasoning_without_a_seal_is_not_sent_back() -> None:
    """Nothing to echo is no event; a seal without an id goes without one."""
    item = {"type": "reasoning", "summary": [], "encrypted_content": ""}
    bare = {**item, "encrypted_content": "x"}
    done = {"type": "response.output_item.done", "output_index": 0}
    told, _ = fed({**done, "item": item}, {**done, "item": bare})
    seal = '{"type": "reasoning", "summary": [], "encrypted_content": "x"}'
    assert told == [SealedReasoning(seal, "responses")]


def test_pieces_that_are_no_event_are_progress() -> None:
    """A long call, or thinking that is not told, is not silence."""
    reader = Decoder()
    marks = [0]
    for event in (
        {"type": "response.output_item.added", "item": {"type": "reasoning"}},
        {"type": "response.function_call_arguments.delta", "delta": "x"},
        {"type": "response.function_call_arguments.done", "arguments": "{}"},
        {"type": "response.output_item.done", "item": {"type": "function_call"}},
    ):
        assert reader.feed(event) == []
        marks.append(reader.silent_progress)
    assert marks == sorted(set(marks))


def test_the_texts_that_end_an_answer_are_looked_for() -> None:
    """The wire has no field for them."""
    assert isinstance(decoder(Request("m", [message("user", "Hi")])), Decoder)
    reader = decoder(Request("m", [message("user", "Hi")], stop=("END",)))
    said = {"type": "response.output_text.delta", "delta": "Hello. END of it"}
    assert [*reader.feed(said), *reader.finish()] == [Text("Hello. "), STOP]
