"""A streamed answer from bytes to events: the recordings, cut anywhere; text that is joined."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.messages import (
    Cost,
    End,
    Event,
    Notice,
    Reasoning,
    SealedReasoning,
    Text,
    ToolCall,
    Usage,
    UsageReport,
)
from copilot_cli.wires.chat import Decoder
from copilot_cli.wires.stream import EventStream, StreamFault, TextJoiner, WholeReply
from tests.recordings import decoded, names, recording, told_however_cut

USAGE = Usage(
    input_tokens=12, output_tokens=5, cached_tokens=8, cache_write_tokens=None, reasoning_tokens=0
)
HELLO = Text("Hello, world.")
STOP = End("stop", complete=True)
CUT = End("cut", complete=False, detail="the stream ended before the answer did")
TOOLS = End("tool_calls", complete=False)

EXPECTED: dict[str, tuple[list[Event], str | None]] = {
    "plain": ([HELLO, UsageReport(USAGE), STOP], None),
    "line-ends": ([HELLO, STOP], None),
    "single-newline": ([HELLO, UsageReport(USAGE), STOP], None),
    "no-done": ([HELLO, STOP], None),
    "unicode": ([Text("Zürich \u2028and\u2029 \u0085日本😀 lone: \ufffd!\ufffd"), STOP], None),
    "nulls": ([HELLO, STOP], None),
    "reasoning": (
        [
            Reasoning("Let me think. Yes."),
            Text("Hello."),
            SealedReasoning('{"reasoning_opaque": "bW9yZQ=="}', "chat"),
            UsageReport(USAGE._replace(reasoning_tokens=3), Cost(2.5, "credits")),
            STOP,
        ],
        None,
    ),
    "tool-calls": (
        [
            ToolCall("call_a", "weather", '{"city":"Zürich"}'),
            ToolCall("call_b", "clock", "{}"),
            ToolCall("call_c", "sum", '{"n":[1]}'),
            TOOLS,
        ],
        None,
    ),
    "two-choices": (
        [Text("I will look."), ToolCall("toolu_1", "look", '{"at":1}'), UsageReport(USAGE), TOOLS],
        None,
    ),
    "stop-with-tool": ([ToolCall("call_a", "clock", "{}"), TOOLS], None),
    "error-after-text": ([Text("Hello, wor")], "StreamFault"),
    "error-last-line": ([Text("Hello")], "StreamFault"),
    "error-first": ([], "StreamFault"),
    "cut": ([Text("Hello, wor"), CUT], None),
    "done-without-finish": ([Text("Hello"), CUT], None),
    "bad-json": ([HELLO, STOP], None),
    "too-much-bad-json": ([Text("Hello")], "MalformedStream"),
    "multi-line-data": ([HELLO, STOP], None),
    "content-filter": (
        [Text("Hello"), End("content_filter", complete=False, detail="violence")],
        None,
    ),
    "length": ([Text("Hello"), End("length", complete=False)], None),
    "usage-on-finish": ([HELLO, UsageReport(USAGE, Cost(0.5, "credits")), STOP], None),
    "remarks": (
        [
            Notice("A reference could not be read."),
            Text("Hello"),
            Notice("matches public code (MIT): https://github.com/octocat/a"),
            Notice("matches public code (licence unknown): https://github.com/octocat/b"),
            STOP,
        ],
        None,
    ),
    "anthropic": (
        [
            Reasoning("Hm."),
            Text("Hello."),
            ToolCall("toolu_1", "look", '{"at": 1}'),
            UsageReport(Usage(12, 6, 4, 5, None)),
            TOOLS,
        ],
        None,
    ),
    "empty": ([CUT], None),
}


def test_every_recording_is_expected_and_described() -> None:
    """A recording that nobody looks at, or that its README does not name, is found out."""
    assert names() == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recording_gives_its_events_wherever_it_is_cut(name: str) -> None:
    """What each oddity comes to, whole, cut at every byte, and byte by byte."""
    assert told_however_cut(name, Decoder) == EXPECTED[name]


@settings(deadline=None)
@given(st.data())
def test_a_recording_that_is_damaged_raises_nothing(data: st.DataObject) -> None:
    """Bytes replaced, dropped and cut anywhere: an answer, or a documented fault."""
    stream = bytearray(recording(data.draw(st.sampled_from(sorted(EXPECTED)))))
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(stream) - 1))
        stream[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        stream += b"\n"
    events, fault = decoded(bytes(stream))
    assert fault in {None, "StreamFault", "MalformedStream"}
    assert fault is not None or isinstance(events[-1], End)


NAMES = """
choices delta message content role tool_calls function_call index id function name arguments
finish_reason error code text thinking usage prompt_tokens prompt_tokens_details copilot_usage
total_nano_aiu cached_tokens reasoning_text refusal copilot_errors copilot_annotations
IPCodeCitations citations url license stop_reason type input content_filter_results filtered
"""
WORDS = st.sampled_from(NAMES.split())
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(
    LEAVES | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.lists(st.dictionaries(WORDS, JSON, max_size=5), max_size=4))
def test_no_object_raises_anything_but_a_fault(objects: list[dict[str, object]]) -> None:
    """The right names with values of any other kind: each is looked at before it is used."""
    lines = [f"data: {json.dumps(value)}\n\n".encode() for value in objects]
    events, fault = decoded(*lines)
    assert fault in {None, "StreamFault"}
    whole = WholeReply(Decoder())
    whole.feed(json.dumps(objects[0] if objects else {}).encode())
    assert [event for event in whole.end() if isinstance(event, End)] == []
    assert events or fault


def test_what_comes_in_one_read_is_one_event() -> None:
    """A thousand pieces that arrived together are written together."""
    pieces = b"".join(
        b'data: {"choices":[{"delta":{"content":"%d,"}}]}\n\n' % n for n in range(1000)
    )
    stream = EventStream(Decoder())
    assert stream.feed(pieces) == [Text("".join(f"{n}," for n in range(1000)))]


def test_text_and_reasoning_are_not_mixed() -> None:
    """Pieces are joined with their own kind only, in the order in which they came."""
    events: list[Event] = [
        Reasoning("a"),
        Reasoning("b"),
        Text("c"),
        Notice("!"),
        Text("d"),
        Reasoning("e"),
    ]
    joiner = TextJoiner()
    assert [*joiner.join(events), *joiner.end()] == [
        Reasoning("ab"),
        Text("c"),
        Notice("!"),
        Text("d"),
        Reasoning("e"),
    ]


SURROGATES = {
    "one read": ([["\ud83d", "\ude00"]], "😀"),
    "two reads": ([["a\ud83d"], ["\ude00b"]], "a😀b"),
    "nothing in between": ([["\ud83d"], [], ["\ude00"]], "😀"),
    "first half alone": ([["a\ud83d"], ["b"]], "a\ufffdb"),
    "first half at the end": ([["a\ud83d"]], "a\ufffd"),
    "second half alone": ([["\ude00a"]], "\ufffda"),
    "two first halves": ([["\ud83d"], ["\ud83d"], ["\ude00"]], "\ufffd😀"),
    "in the middle": ([["x\ud83dy\ude00z"]], "x\ufffdy\ufffdz"),
}


@pytest.mark.parametrize(("reads", "expected"), SURROGATES.values(), ids=SURROGATES)
def test_surrogates_meet_again_or_are_replaced(reads: list[list[str]], expected: str) -> None:
    """JSON may cut a pair between two deltas, and deltas may come in two reads."""
    joiner = TextJoiner()
    events = [event for read in reads for event in joiner.join([Text(text) for text in read])]
    events += joiner.end()
    assert "".join(event.text for event in events if isinstance(event, Text)) == expected
    assert all(isinstance(event, Text) and event.text for event in events)


def test_a_half_of_a_pair_does_not_move_to_another_kind() -> None:
    """Reasoning that ended with half a character does not lend it to the text."""
    joiner = TextJoiner()
    events = [*joiner.join([Reasoning("a\ud83d")]), *joiner.join([Text("\ude00b")])]
    assert [*events, *joiner.end()] == [Reasoning("a"), Reasoning("\ufffd"), Text("\ufffdb")]


def test_nothing_counts_after_done() -> None:
    """What follows `[DONE]`, in the same read or another, is not part of the answer."""
    late = b'data: {"choices":[{"delta":{"content":"late"}}]}\n\n'
    stream = EventStream(Decoder())
    assert stream.feed(b"data: [DONE]\n\n" + late) == []
    assert stream.done
    assert stream.feed(late) == []
    assert stream.end() == []


def test_progress_is_told_apart_from_comments() -> None:
    """Pieces of tool calls, sealed reasoning and the end move the mark; comments do not."""
    stream = EventStream(Decoder())
    marks = [stream.mark]
    for line in (
        b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a"}]}}]}\n\n',
        b'data: {"choices":[{"delta":{"reasoning_opaque":"x"}}]}\n\n',
        b'data: {"choices":[{"finish_reason":"stop"}]}\n\n',
        b"data: [DONE]\n\n",
    ):
        assert stream.feed(line) == []
        marks.append(stream.mark)
        stream.feed(b": comment\n\n")
        assert stream.mark == marks[-1]
    assert marks == sorted(set(marks))


def test_a_whole_reply_waits_for_its_end() -> None:
    """A model that cannot stream answers with one JSON object, in as many reads as it likes."""
    decoder = Decoder()
    reply = WholeReply(decoder)
    body = {"choices": [{"message": {"content": "Zürich \ud83d\ude00"}, "finish_reason": "stop"}]}
    for byte in b" \n" + json.dumps(body).encode():
        assert reply.feed(bytes([byte])) == ()
    assert reply.end() == [Text("Zürich 😀")]
    assert reply.fault is None
    assert decoder.finish() == [STOP]


WRONG_WHOLES = {
    "cut JSON": (b'{"choices":[', "it is JSON that does not parse"),
    "a list": (b"[1]", "it is JSON of another shape"),
    "too deep": (b"[" * 100_000, "it is JSON that does not parse"),
}


@pytest.mark.parametrize(("body", "message"), WRONG_WHOLES.values(), ids=WRONG_WHOLES)
def test_a_whole_reply_that_is_no_object_is_a_fault(body: bytes, message: str) -> None:
    """The fault says what it is instead; one that the network cut is not blamed for it."""
    reply = WholeReply(Decoder())
    reply.feed(body)
    assert reply.end() == ()
    assert str(reply.fault) == message
    cut = WholeReply(Decoder())
    cut.feed(body)
    assert cut.end(cut=True) == ()
    assert cut.fault is None


def test_a_whole_reply_may_be_an_error() -> None:
    """An error object at status 200 is the service's failure, not an empty answer."""
    reply = WholeReply(Decoder())
    reply.feed(b'{"error":{"code":"server_error","message":"No."}}')
    assert reply.end() == ()
    assert isinstance(reply.fault, StreamFault)
    assert (reply.fault.code, reply.fault.message) == ("server_error", "No.")


def test_blanks_before_a_whole_reply_are_no_progress() -> None:
    """Blanks that only keep the connection open do not count as the answer coming."""
    reply = WholeReply(Decoder())
    reply.feed(b"  \n")
    assert (reply.mark, reply.empty) == (0, True)
    reply.feed(b"{")
    assert (reply.mark, reply.empty) == (1, False)
