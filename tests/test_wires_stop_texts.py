"""Texts that end an answer: found wherever they are cut; what only begins so is told."""

import pytest

from copilot_cli.messages import End, Event, Reasoning, Text, Usage, UsageReport
from copilot_cli.wires.chat import Decoder
from copilot_cli.wires.stop_texts import StopTexts, begun
from copilot_cli.wires.stream import EventStream
from tests.recordings import joined

STOP = End("stop", complete=True)

ANSWERS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "not there": ("Hello.", ("END",), "Hello."),
    "in the middle": ("Hello. END of it", ("END",), "Hello. "),
    "at the start": ("END", ("END",), ""),
    "the first of several": ("a two one", ("one", "two"), "a "),
    "one in another": ("a stopped", ("stopped", "stop"), "a "),
    "begun, then something else": ("a ENENDb", ("END",), "a EN"),
    "begun at the end": ("a EN", ("END",), "a EN"),
    "one letter": ("a\nb", ("\n",), "a"),
}


@pytest.mark.parametrize(("text", "stops", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_ends_before_the_first_wherever_it_is_cut(
    text: str, stops: tuple[str, ...], expected: str
) -> None:
    """Whole, cut in two at every character, and character by character."""
    cuts = [[text], list(text), *([text[:n], text[n:]] for n in range(len(text) + 1))]
    for pieces in cuts:
        reader = StopTexts(Decoder(), stops)
        events: list[Event] = []
        for piece in pieces:
            events += reader.feed({"choices": [{"delta": {"content": piece}}]})
        events += reader.feed({"choices": [{"finish_reason": "stop"}]})
        events += reader.finish()
        said = [Text(expected)] if expected else []
        assert joined(events) == [*said, STOP], pieces


def test_whoever_reads_the_stream_is_told_to_hang_up() -> None:
    """What follows does not count, whatever it would have been; usage that came does."""
    stream = EventStream(reader := StopTexts(Decoder(), ("END",)))
    used = b'"usage":{"prompt_tokens":1}'
    assert stream.feed(b'data: {"choices":[{"delta":{"content":"a "}}],%b}\n\n' % used)
    assert (reader.done, reader.finished, stream.done) == (False, False, False)
    stream.feed(b'data: {"choices":[{"delta":{"content":"END b"}}]}\n\n')
    assert (reader.done, reader.finished, stream.done) == (True, True, True)
    assert stream.feed(b'data: {"choices":[{"delta":{"content":"c"}}]}\n\n') == []
    assert reader.feed({"choices": [{"delta": {"content": "d"}}]}) == []
    assert reader.finish() == [UsageReport(Usage(1)), STOP]


def test_an_answer_that_broke_off_before_is_not_whole() -> None:
    """Only a text that was found ends an answer well; what was held back is told."""
    reader = StopTexts(Decoder(), ("END",))
    assert reader.feed({"choices": [{"delta": {"content": "EN"}}]}) == []
    text, end = reader.finish()
    assert (text, end.reason if isinstance(end, End) else "") == (Text("EN"), "cut")


def test_reasoning_is_not_searched() -> None:
    """The texts end the answer, not the thinking before it."""
    reader = StopTexts(Decoder(), ("END",))
    chunk = {"choices": [{"delta": {"reasoning_text": "END", "content": "a"}}]}
    assert reader.feed(chunk) == [Reasoning("END"), Text("a")]
    reader.feed({"choices": [{"delta": {"reasoning_opaque": "x"}}]})
    assert reader.silent_progress == 1


BEGUN = {
    "nothing": ("abc", ("END",), 0),
    "one letter": ("abE", ("END",), 1),
    "all but one": ("abEN", ("END",), 2),
    "the longest": ("aa", ("aaab",), 2),
    "of several": ("xEN", ("no", "END"), 2),
    "no text": ("", ("END",), 0),
}


@pytest.mark.parametrize(("text", "words", "expected"), BEGUN.values(), ids=BEGUN)
def test_how_much_may_be_the_beginning_of_a_word(
    text: str, words: tuple[str, ...], expected: int
) -> None:
    """As much as could be, and no more."""
    assert begun(text, words) == expected
