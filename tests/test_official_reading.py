"""An attempt's items become an answer: when it is over, and whether its session can go on."""

import pytest

from copilot_cli.engines.failure import Failure
from copilot_cli.engines.official import faults
from copilot_cli.engines.official.attempt import Asked, Heard, Item, Settled
from copilot_cli.engines.official.reading import Reading
from copilot_cli.errors import ServiceError
from copilot_cli.messages import (
    End,
    Event,
    Notice,
    Reasoning,
    Text,
    TextPart,
    ToolCall,
    ToolCallPart,
    Usage,
    UsageReport,
)

STOP = End("stop", complete=True)
WHOLE = Heard((STOP,))
LOST = faults.ended(-9)
GIVEN_UP = faults.by_itself("made up")


def read(*items: Item) -> tuple[Reading, list[Event]]:
    """Return who has read the items, and the events that came."""
    reading = Reading()
    return reading, [event for item in items for event in reading.take(item)]


def test_an_answer_is_its_text_and_then_its_end() -> None:
    """It is over with the reply, whether or not the runtime has ended its turn."""
    reading, events = read(Asked(), Text("a"), Reasoning("hm"), Text("b"))
    assert (events, reading.over) == ([Text("a"), Reasoning("hm"), Text("b")], False)
    usage = UsageReport(Usage(1, 2))
    assert list(reading.take(Heard((usage, STOP)))) == []
    assert (reading.over, reading.settled, reading.calls) == (True, False, False)
    assert reading.ending() == (usage, STOP)
    assert reading.parts() == [TextPart("ab")]


def test_calls_are_parts_behind_the_text_and_leave_the_turn_open() -> None:
    """The runtime waits for their results."""
    call = ToolCall("c1", "add", "{}")
    end = End("tool_calls", complete=False)
    reading, _ = read(Asked(), Text("so"), Heard((call, end)))
    assert reading.calls
    assert reading.goes_on
    assert reading.parts() == [TextPart("so"), ToolCallPart("c1", "add", "{}")]


def test_an_answer_of_calls_alone_has_no_text() -> None:
    """An empty text is no part."""
    reading, _ = read(Asked(), Heard((ToolCall("c1", "add", "{}"), End("tool_calls", False))))
    assert reading.parts() == [ToolCallPart("c1", "add", "{}")]


@pytest.mark.parametrize(
    ("items", "goes_on"),
    [
        ((Asked(), Text("a"), WHOLE), True),
        ((Asked(), Text("a"), WHOLE, Settled()), True),
        ((Asked(), Text("a"), Settled(), WHOLE), True),
        ((Asked(), Text("a"), Settled(GIVEN_UP), WHOLE), False),
        ((Asked(), Settled(GIVEN_UP), Settled(), WHOLE), False),
        ((Asked(), Text("a"), LOST, WHOLE), False),
        ((Asked(), LOST, Settled(), WHOLE), False),
        ((Asked(), Text("a"), Heard((End("cut", complete=False),))), False),
        ((Asked(), Text("a"), Heard((End("length", complete=False),))), False),
        ((Asked(), Text("a"), Heard(())), False),
        ((Asked(), Text("a")), False),
    ],
    ids=[
        "whole",
        "settled after it",
        "settled before it",
        "given up",
        "given up, and gone on with",
        "the runtime lost",
        "lost, and an end after all",
        "cut",
        "too long",
        "without an end",
        "not over",
    ],
)
def test_whether_the_session_can_go_on(items: tuple[Item, ...], goes_on: bool) -> None:
    """Only where the answer is whole, and the runtime has taken it as we have."""
    assert read(*items)[0].goes_on is goes_on


def test_a_turn_that_has_settled_is_known_to_have() -> None:
    """Nobody waits for its end before the next one."""
    assert read(Asked(), WHOLE, Settled())[0].settled
    assert not read(Asked(), WHOLE)[0].settled


@pytest.mark.parametrize("item", [LOST, Settled(GIVEN_UP)], ids=["lost", "given up"])
def test_what_fails_before_the_model_was_asked_is_the_answers_failure(item: Item) -> None:
    """Nothing has been sent, so that the attempt can be made again."""
    with pytest.raises(Failure) as raised:
        read(item)
    assert raised.value is (item if isinstance(item, Failure) else GIVEN_UP)


def test_a_turn_that_ends_and_asked_nobody_is_a_failure() -> None:
    """Nobody could say what the model was told."""
    with pytest.raises(Failure, match="asked no model"):
        read(Settled())


def test_a_runtime_that_is_lost_after_it_asked_is_a_remark() -> None:
    """The answer comes all the same, past it."""
    _, events = read(Asked(), Text("a"), LOST, Text("b"), WHOLE)
    assert events == [Text("a"), Notice(LOST.error.message), Text("b")]


def test_a_reply_that_failed_is_raised() -> None:
    """By the table of all engines, who may send it again."""
    failed = Failure(ServiceError("out"))
    with pytest.raises(Failure) as raised:
        read(Asked(), Heard((), failed))
    assert raised.value is failed
