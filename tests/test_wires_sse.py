"""Server-sent events from bytes: line ends, limits, values spread over lines, broken ones."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.wires.sse import (
    EVENT_END,
    MAX_BAD,
    EventTooLarge,
    JSONEvents,
    MalformedStream,
    SSEDecoder,
)


def payloads(*chunks: bytes, limit: int = 1000) -> list[bytes]:
    """Return what the decoder makes of `chunks`, without the ends of events."""
    decoder = SSEDecoder(limit)
    found = [payload for chunk in chunks for payload in decoder.feed(chunk)]
    return [payload for payload in (*found, *decoder.flush()) if payload != EVENT_END]


def values(given: Iterable[bytes], events: JSONEvents | None = None) -> list[dict[str, Any]]:
    """Return the objects in the payloads `given`."""
    events = events or JSONEvents()
    found = [value for payload in given for value in events.parse(payload)]
    return [*found, *events.settle()]


LINES = {
    "LF": (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
    "CR LF": (b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"]),
    "CR": (b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
    "all three": (b"data: a\r\ndata: b\rdata: c\n", [b"a", b"b", b"c"]),
    "no blank line between": (b"data: a\ndata: b\n", [b"a", b"b"]),
    "no space": (b"data:a\n", [b"a"]),
    "one space of two is kept": (b"data:  a\n", [b" a"]),
    "no line end at the end": (b"data: a", [b"a"]),
    "comments": (b": hello\ndata: a\n:\n", [b"a"]),
    "other fields": (b"event: x\nid: 1\nretry: 3\ndata: a\nunknown: y\n", [b"a"]),
    "data without a colon": (b"data\ndata: a\n", [b"a"]),
    "empty data": (b"data:\ndata: \ndata: a\n", [b"a"]),
    "longer name": (b"database: a\ndata: b\n", [b"b"]),
    "byte order mark": (b"\xef\xbb\xbfdata: a\n", [b"a"]),
    "byte order mark later": (b"\n\xef\xbb\xbfdata: a\n", []),
    "bare object": (b'{"error":{}}', [b'{"error":{}}']),
    "separators that are text": (
        "data: a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg\n".encode(),
        ["a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg".encode()],
    ),
    "nothing": (b"", []),
}


@pytest.mark.parametrize(("stream", "expected"), LINES.values(), ids=LINES)
def test_lines_end_where_the_standard_says_and_nowhere_else(
    stream: bytes, expected: list[bytes]
) -> None:
    """Each `data:` line is a payload, whatever ends it and whatever stands around it."""
    assert payloads(stream) == expected


@pytest.mark.parametrize(("stream", "expected"), LINES.values(), ids=LINES)
def test_a_stream_cut_at_every_byte_has_the_same_payloads(
    stream: bytes, expected: list[bytes]
) -> None:
    """Where the network cuts makes no difference."""
    for cut in range(len(stream) + 1):
        assert payloads(stream[:cut], b"", stream[cut:]) == expected
    assert payloads(*(stream[n : n + 1] for n in range(len(stream)))) == expected


@settings(deadline=None)
@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_any_bytes_cut_anywhere_have_the_same_payloads(stream: bytes, cuts: list[int]) -> None:
    """The state between two reads is whole, for any bytes."""
    places = [0, *sorted(cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(places)]
    assert payloads(*pieces) == payloads(stream)


def test_a_payload_is_given_as_soon_as_its_line_ends() -> None:
    """A line that ended with CR is not held until it is known whether LF follows."""
    decoder = SSEDecoder()
    assert decoder.feed(b"data: a\r") == [b"a"]
    assert decoder.feed(b"\n") == []
    assert decoder.feed(b"data: b\n") == [b"b"]


def test_a_blank_line_ends_the_event() -> None:
    """The end of an event is told, and CR LF is one line end of it."""
    assert SSEDecoder().feed(b"data: a\r\n\r\n") == [b"a", EVENT_END]


def test_a_line_beyond_the_limit_is_refused_after_what_came_before_it() -> None:
    """The limit holds for whole lines and for lines that never end, and loses nothing."""
    line = b"data: " + b"x" * 30 + b"\n"
    whole = SSEDecoder(limit=20)
    assert whole.feed(b"data: a\n" + line + b"data: b\n") == [b"a"]
    with pytest.raises(EventTooLarge):
        whole.feed(b"data: c\n")
    endless = SSEDecoder(limit=20)
    assert [endless.feed(b"data: xxx") for _ in range(3)] == [[], [], []]
    with pytest.raises(EventTooLarge):
        endless.feed(b"x")
    with pytest.raises(EventTooLarge):
        endless.flush()


def test_a_line_of_exactly_the_limit_is_taken() -> None:
    """The limit is what a line may have."""
    line = b"data: 0123456789"
    assert payloads(line + b"\n", limit=len(line)) == [b"0123456789"]
    assert payloads(line, limit=len(line)) == [b"0123456789"]


def test_done_is_noted_and_is_no_value() -> None:
    """`[DONE]` ends the values, with or without blanks around it."""
    events = JSONEvents()
    assert values([b'{"a":1}', b" [DONE] "], events) == [{"a": 1}]
    assert events.done
    assert events.bad == 0


def test_values_that_are_no_objects_are_passed_over() -> None:
    """Valid JSON of another shape says nothing on this wire, and is not broken either."""
    events = JSONEvents()
    assert values([b"null", b"7", b'"x"', b"[1]", b"  ", b'{"a":1}'], events) == [{"a": 1}]
    assert events.bad == 0
    assert events.parsed == 1


SPREAD: dict[str, tuple[list[bytes], list[dict[str, Any]]]] = {
    "two lines": ([b'{"a":', b"1}", EVENT_END], [{"a": 1}]),
    "an inner line that is JSON by itself": ([b'{"a":', b"[1]", b"}", EVENT_END], [{"a": [1]}]),
    "an inner line that is an object": ([b"{", b'  "a":', b"    {}", b"}", EVENT_END], [{"a": {}}]),
    "an inner line that is a number": ([b'{"a":', b"1", b"}", EVENT_END], [{"a": 1}]),
    "ended by the end of the stream": ([b'{"a":', b"1}"], [{"a": 1}]),
    "ended by a whole object": ([b'{"a":', b"1}", b'{"b":2}'], [{"a": 1}, {"b": 2}]),
    "ended by [DONE]": ([b'{"a":', b"1}", b"[DONE]"], [{"a": 1}]),
}


@pytest.mark.parametrize(("lines", "expected"), SPREAD.values(), ids=SPREAD)
def test_a_value_spread_over_lines_is_put_together(
    lines: list[bytes], expected: list[dict[str, Any]]
) -> None:
    """As the standard says: lines of one event are joined, and each value comes once."""
    events = JSONEvents()
    assert values(lines, events) == expected
    assert events.bad == 0


BROKEN = {
    "cut": b'{"a":',
    "trailing": b'{"a":1} {"b":2}',
    "text": b"not json",
    "nested beyond sense": b'{"a":' * 100_000,
    "a number beyond sense": b'{"a":' + b"1" * 5000 + b"}",
}


@pytest.mark.parametrize("line", BROKEN.values(), ids=BROKEN)
def test_broken_values_are_skipped_three_times(line: bytes) -> None:
    """Three bad lines are bad luck, the fourth is another protocol."""
    events = JSONEvents()
    assert values([line, EVENT_END] * MAX_BAD + [b'{"a":1}'], events) == [{"a": 1}]
    assert events.bad == MAX_BAD
    with pytest.raises(MalformedStream):
        values([line, EVENT_END], events)


def test_a_broken_line_does_not_swallow_the_next_one() -> None:
    """Where no blank lines stand between events, a whole object shows that the last was broken."""
    events = JSONEvents()
    assert values([b'{"a":', b'{"b":2}', b'{"c":3}'], events) == [{"b": 2}, {"c": 3}]
    assert events.bad == 1


def test_a_value_that_is_spread_without_end_is_refused() -> None:
    """What is kept of an unfinished value is bounded too."""
    events = JSONEvents()
    events.parse(b'{"a":"')
    line = b" " * (1024 * 1024)
    with pytest.raises(EventTooLarge):
        values([line + b"1"] * 5, events)


def test_bytes_that_are_no_utf8_become_replacement_characters() -> None:
    """A damaged character costs itself, not its event."""
    assert values([b'{"a":"\xff\xc3"}']) == [{"a": "\N{REPLACEMENT CHARACTER}" * 2}]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=12))
def test_no_payload_raises_anything_else(lines: list[bytes]) -> None:
    """Whatever comes, the two documented exceptions are all there is."""
    try:
        found = values(lines)
    except MalformedStream:
        return
    assert all(isinstance(value, dict) for value in found)
