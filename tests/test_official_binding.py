"""What a session has been told: from where it can go on, and where another is needed."""

from types import MappingProxyType

import pytest

from copilot_cli.engines.official.binding import Binding, comparable, fingerprint, results
from copilot_cli.messages import (
    ImagePart,
    Message,
    ReasoningPart,
    Request,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    ToolSpec,
    message,
)

CALL = ToolCallPart("c1", "add", "{}")
RESULT = ToolResultPart("c1", "3")
TOOL = ToolSpec("add", "Adds.", MappingProxyType({"type": "object"}))
FIRST = Request("m", [message("system", "S"), message("user", "a")], tools=(TOOL,))


def bound(*answer: TextPart | ToolCallPart) -> Binding:
    """A session that was asked FIRST and has answered."""
    return Binding("s", fingerprint(FIRST, "mine")).after(FIRST, answer)


def test_a_session_goes_on_with_one_new_question() -> None:
    """What it knows is not told again, however its text was cut, and reasoning is no part of it."""
    parts = (ReasoningPart("hm"), TextPart("b"), TextPart("c"))
    later = [*FIRST.messages, Message("assistant", parts), message("user", "d")]
    found = bound(TextPart("bc")).rest(fingerprint(FIRST, "mine"), later)
    assert found == (message("user", "d"),)


@pytest.mark.parametrize(
    "later",
    [
        [message("user", "a")],
        [message("user", "a"), message("assistant", "b")],
        [message("user", "A"), message("assistant", "b"), message("user", "c")],
        [message("user", "a"), message("assistant", "other"), message("user", "c")],
        [message("user", "c")],
        [
            message("user", "a"),
            message("assistant", "b"),
            message("user", "c"),
            message("assistant", "d"),
            message("user", "e"),
        ],
    ],
    ids=["undo", "no question", "edit", "another answer", "shortened", "answered elsewhere"],
)
def test_whatever_differs_needs_another_session(later: list[Message]) -> None:
    """A session knows exactly what it was told, or nothing that is of use."""
    assert bound(TextPart("b")).rest(fingerprint(FIRST, "mine"), later) is None


@pytest.mark.parametrize(
    ("request_", "provider"),
    [
        (FIRST._replace(model="n"), "mine"),
        (FIRST._replace(effort="high"), "mine"),
        (FIRST._replace(stream=False), "mine"),
        (FIRST._replace(messages=[message("system", "T"), message("user", "a")]), "mine"),
        (FIRST._replace(tools=()), "mine"),
        (FIRST._replace(tools=(TOOL._replace(description="Sums."),)), "mine"),
        (FIRST._replace(tools=(TOOL._replace(parameters={}),)), "mine"),
        (FIRST, "another"),
    ],
)
def test_a_change_of_what_it_was_made_with_needs_another_session(
    request_: Request, provider: str
) -> None:
    """Model, effort, system text, provider and the whole definitions of tools are one value."""
    later = [*FIRST.messages, message("assistant", "b"), message("user", "c")]
    assert bound(TextPart("b")).rest(fingerprint(request_, provider), later) is None


@pytest.mark.parametrize(
    ("parts", "goes_on"),
    [
        ((RESULT,), True),
        ((RESULT, ToolResultPart("c2", "4")), False),
        ((ToolResultPart("c2", "4"),), False),
        ((TextPart("never mind"),), False),
    ],
    ids=["its results", "one too many", "another's", "a question"],
)
def test_a_session_that_waits_for_results_goes_on_with_just_those(
    parts: tuple[TextPart | ToolResultPart, ...], goes_on: bool
) -> None:
    """A call without its result would be waited for, for ever."""
    role: Role = "tool" if isinstance(parts[0], ToolResultPart) else "user"
    later = [*FIRST.messages, Message("assistant", (CALL,)), Message(role, parts)]
    found = bound(CALL).rest(fingerprint(FIRST, "mine"), later)
    assert (found is not None) == goes_on
    assert found is None or results(found) == {"c1": RESULT}


def test_images_count() -> None:
    """A message with another image is another message."""
    one = Message("user", (TextPart("see"), ImagePart("image/png", "aa")))
    other = Message("user", (TextPart("see"), ImagePart("image/png", "bb")))
    assert comparable([one]) != comparable([other])
