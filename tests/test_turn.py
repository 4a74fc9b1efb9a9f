"""What one answer has brought, and how it ended."""

import pytest

from copilot_cli.errors import Interrupted, ServiceError
from copilot_cli.messages import (
    Cost,
    End,
    Event,
    Message,
    Notice,
    QuotaSnapshot,
    Reasoning,
    ReasoningPart,
    Started,
    Text,
    TextPart,
    Usage,
    UsageReport,
)
from copilot_cli.turn import Turn
from tests.chat_world import Seconds


def heard(*events: Event) -> Turn:
    """Return a turn that has heard `events`."""
    turn = Turn(Seconds())
    for event in events:
        turn.note(event)
    return turn


def test_an_answer_is_what_was_said() -> None:
    """Text and reasoning apart, as one message."""
    turn = heard(Reasoning("h"), Text("a"), Notice("n"), Reasoning("m"), Text("b"))
    assert (turn.text, turn.reasoning) == ("ab", "hm")
    assert turn.message == Message("assistant", (ReasoningPart("hm"), TextPart("ab")))


@pytest.mark.parametrize(
    "events", [[], [Reasoning("hm")], [Text(" "), Text("\n")]], ids=["nothing", "thought", "blank"]
)
def test_without_a_word_there_is_no_message(events: list[Event]) -> None:
    """Services refuse an empty one."""
    assert heard(*events).message is None


def test_what_the_service_says_of_itself_is_kept() -> None:
    """Its name for the request, its quotas, its count and its bill."""
    quota = QuotaSnapshot("chat", 50.0, 80.0, None, None, None)
    usage, cost = Usage(1, 2), Cost(0.5, "credits")
    outcome = heard(
        Started("m", "r-1", (quota,)), UsageReport(usage, cost), End("stop", complete=True)
    ).outcome()
    assert outcome == ("complete", "stop", usage, cost, "r-1", None, 0.0, (quota,))


LEFT = {
    "Ctrl-C": (KeyboardInterrupt(), "interrupted"),
    "a signal": (SystemExit(143), "interrupted"),
    "a reader who closes": (GeneratorExit(), "interrupted"),
    "our own word": (Interrupted("x"), "interrupted"),
    "an error": (ServiceError("out"), "incomplete"),
    "a bug": (ValueError("bug"), "incomplete"),
}


@pytest.mark.parametrize(("error", "state"), LEFT.values(), ids=LEFT)
def test_how_it_is_left_says_how_it_ended(error: BaseException, state: str) -> None:
    """Unless the end had come, which nothing changes any more."""
    for events, expected in (
        ([Text("a")], state),
        ([Text("a"), End("stop", complete=True)], "complete"),
    ):
        turn = heard(*events)
        with pytest.raises(type(error)), turn:
            raise error
        assert turn.outcome().state == expected


def test_leaving_it_in_peace_says_nothing() -> None:
    """What came without an end is incomplete."""
    turn = heard(Text("a"))
    with turn:
        pass
    assert turn.outcome().state == "incomplete"
    assert turn.outcome().finish_reason is None
