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
    SealedReasoning,
    Started,
    Switched,
    Text,
    TextPart,
    ToolCall,
    ToolCallPart,
    ToolResult,
    ToolResultPart,
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
    assert turn.message == Message("assistant", (TextPart("ab"),))
    assert turn.messages == [Message("assistant", (ReasoningPart("hm"), TextPart("ab")))]


@pytest.mark.parametrize(
    "events", [[], [Reasoning("hm")], [Text(" "), Text("\n")]], ids=["nothing", "thought", "blank"]
)
def test_without_a_word_there_is_no_message(events: list[Event]) -> None:
    """Services refuse an empty one."""
    assert heard(*events).message is None
    assert heard(*events).messages == []


def test_a_round_is_what_came_since_its_request() -> None:
    """With the provider's own form of its reasoning, which the next request echoes."""
    turn = heard(Reasoning("old"), Text("a"), ToolCall("1", "t", "{}"), ToolResult("1", "t", "r"))
    turn.begin_round()
    for event in (Reasoning("new"), SealedReasoning("sealed", "chat"), Text("b")):
        turn.note(event)
    assert turn.round == (ReasoningPart("new", "sealed", "chat"), TextPart("b"))
    assert turn.message == Message("assistant", turn.round)
    assert turn.text == "ab"
    assert [each.role for each in turn.messages] == ["assistant", "tool", "assistant"]


def test_a_call_without_a_result_is_no_part_of_the_conversation() -> None:
    """No service takes it."""
    turn = heard(
        Text("a"), ToolCall("1", "t", "{}"), ToolCall("2", "t", "{}"), ToolResult("2", "t", "r")
    )
    assert turn.messages == [
        Message("assistant", (TextPart("a"), ToolCallPart("2", "t", "{}"))),
        Message("tool", (ToolResultPart("2", "r"),)),
    ]


def test_all_rounds_are_counted() -> None:
    """Tokens and bill; a cost in another unit is not added to it."""
    turn = heard(
        UsageReport(Usage(1, 2, None), Cost(0.5, "credits")),
        UsageReport(Usage(10, None, 3), Cost(0.25, "credits")),
        UsageReport(Usage(None, 1)),
    )
    assert turn.usage == Usage(11, 3, 3)
    assert turn.outcome().cost == Cost(0.75, "credits")


def test_who_answered_instead_is_kept() -> None:
    """The record names who it was."""
    instead = Switched("byok", "other", "down")
    assert heard(instead, Text("a")).outcome().instead == instead
    assert heard(Text("a")).outcome().instead is None


def test_what_the_service_says_of_itself_is_kept() -> None:
    """Its name for the request, its quotas, its count and its bill."""
    quota = QuotaSnapshot("chat", 50.0, 80.0, None, None, None)
    usage, cost = Usage(1, 2), Cost(0.5, "credits")
    outcome = heard(
        Started("m", "r-1", (quota,)), UsageReport(usage, cost), End("stop", complete=True)
    ).outcome()
    assert outcome == ("complete", "stop", usage, cost, "r-1", None, 0.0, (quota,), None)


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
