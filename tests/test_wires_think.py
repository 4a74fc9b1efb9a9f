"""Thinking in the text: a leading `<think>…</think>`, however it is cut."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_cli.messages import End, Event, Notice, Reasoning, Text
from copilot_cli.wires.chat import Decoder
from copilot_cli.wires.think import ThinkSplitter
from tests.recordings import joined

STOP = End("stop", complete=True)

ANSWERS: dict[str, tuple[str, list[Event]]] = {
    "no thinking": ("Hello.", [Text("Hello.")]),
    "thinking": ("<think>Hm.</think>Hello.", [Reasoning("Hm."), Text("Hello.")]),
    "blanks around it": (
        " \n<think>\nHm.</think>\n\n Hello. ",
        [Reasoning("Hm."), Text("Hello. ")],
    ),
    "no thoughts": ("<think>\n\n</think>\n\nHello.", [Text("Hello.")]),
    "no answer": ("<think>Hm.</think>\n", [Reasoning("Hm.")]),
    "nothing ends it": ("<think>Hm. </thin", [Reasoning("Hm. </thin")]),
    "it looks like the end": ("<think>a < b </b></think>c", [Reasoning("a < b </b>"), Text("c")]),
    "the tag comes later": ("a <think>b</think>", [Text("a <think>b</think>")]),
    "it comes twice": (
        "<think>a</think>b<think>c</think>",
        [Reasoning("a"), Text("b<think>c</think>")],
    ),
    "another tag": ("<thinner>a</thinner>", [Text("<thinner>a</thinner>")]),
    "another case": ("<THINK>a</THINK>", [Text("<THINK>a</THINK>")]),
    "a part of the tag": (" <thi", [Text(" <thi")]),
    "blanks": (" \n", [Text(" \n")]),
    "an end without a beginning": ("</think>a", [Text("</think>a")]),
    "nothing": ("", []),
}


def split(pieces: Sequence[str]) -> list[Event]:
    """Return the events of an answer whose text comes in `pieces`."""
    reader = ThinkSplitter(Decoder())
    events: list[Event] = []
    for piece in pieces:
        events += reader.feed({"choices": [{"delta": {"content": piece}}]})
    events += reader.feed({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    return joined([*events, *reader.finish()])


@pytest.mark.parametrize(("text", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_leading_thinking_is_reasoning_wherever_it_is_cut(text: str, expected: list[Event]) -> None:
    """Whole, cut in two at every character, and character by character."""
    assert split([text]) == [*expected, STOP]
    for place in range(len(text) + 1):
        assert split([text[:place], text[place:]]) == [*expected, STOP], f"cut at {place}"
    assert split(list(text)) == [*expected, STOP]


@given(st.text(st.sampled_from("<think>/ a\n"), max_size=40), st.lists(st.integers(0, 60)))
def test_no_cut_makes_a_difference_and_no_letter_is_lost(tail: str, cuts: list[int]) -> None:
    """Any text of such letters, with a tag and without, in any number of pieces."""
    for text in (tail, f"<think>{tail}", f" <think> a{tail}</think> b{tail}"):
        places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
        events = split([text[start:end] for start, end in pairwise(places)])
        found = re.fullmatch(r"\s*<think>\s*(.*?)(?:</think>\s*(.*))?", text, re.DOTALL)
        thought, answer = found.groups("") if found else ("", text)
        told: list[Event] = [Reasoning(thought)] if thought else []
        assert events == [*told, *([Text(answer)] if answer else []), STOP]


DELAYS: dict[str, tuple[list[str], list[list[Event]]]] = {
    "plain text at once": (["H", "i"], [[Text("H")], [Text("i")]]),
    "a tag that is none as soon as that is known": (
        ["<", "th", "e>"],
        [[], [], [Text("<the>")]],
    ),
    "thinking at once": (
        ["<think>", "a", "b<", "/x"],
        [[], [Reasoning("a")], [Reasoning("b")], [Reasoning("</x")]],
    ),
    "the answer at once": (
        ["<think>a</think>", "\n", "b", " "],
        [[Reasoning("a")], [], [Text("b")], [Text(" ")]],
    ),
}


@pytest.mark.parametrize(("pieces", "expected"), DELAYS.values(), ids=DELAYS)
def test_nothing_is_held_back_longer_than_need_be(
    pieces: list[str], expected: list[list[Event]]
) -> None:
    """Only what may still become a tag, or blanks before a word, waits."""
    reader = ThinkSplitter(Decoder())
    assert [reader.feed(chunk(piece)) for piece in pieces] == expected


def chunk(piece: str, **more: Any) -> dict[str, Any]:
    """Return a chunk of the chat wire."""
    return {"choices": [{"delta": {"content": piece}}], **more}


def test_other_events_pass_and_nothing_is_lost_before_the_end() -> None:
    """A notice does not wait for a tag; what waits comes before the usage and the end."""
    reader = ThinkSplitter(Decoder())
    assert reader.feed(chunk("<thi", copilot_errors=[{"message": "No."}])) == [Notice("No.")]
    reader.feed({"usage": {"prompt_tokens": 1}, "choices": [{"finish_reason": "stop"}]})
    assert [type(event).__name__ for event in reader.finish()] == ["Text", "UsageReport", "End"]


def test_it_tells_what_its_decoder_tells() -> None:
    """Whether the answer is over, and whether anything came, is the decoder's word."""
    inner = Decoder()
    reader = ThinkSplitter(inner)
    assert (reader.finished, reader.done, reader.silent_progress) == (False, False, 0)
    reader.feed({"choices": [{"delta": {"reasoning_opaque": "x"}, "finish_reason": "stop"}]})
    assert (reader.finished, reader.done, reader.silent_progress) == (True, False, 1)
