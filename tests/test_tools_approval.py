"""The person's say: on the controlling terminal, with the whole call shown, and never remembered
for what writes or runs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from copilot_cli.tools.approval import MAX_SHOWN, Approver
from copilot_cli.tools.calling import Decision
from copilot_cli.tools.tool import Effect, Tool

YES = Decision(allowed=True)
NO = Decision(allowed=False)


def a_tool(effect: Effect = "read", name: str = "look") -> Tool:
    """A tool with an effect."""
    return Tool(name, "x", {"type": "object"}, lambda arguments, _: "", effect=effect)


class Typing:
    """A terminal at which these lines are typed; None: it is gone."""

    def __init__(self, *lines: str | None) -> None:
        self.lines = list(lines)
        self.shown: list[str] = []
        self.open = False
        self.aside = 0

    def ask(self, text: str) -> str | None:
        assert self.open
        assert self.aside == 1
        self.shown.append(text)
        return self.lines.pop(0)

    @contextmanager
    def opened(self) -> Iterator["Typing"]:
        self.open = True
        yield self
        self.open = False

    @contextmanager
    def held(self) -> Iterator[None]:
        self.aside += 1
        yield
        self.aside -= 1

    def approver(self) -> Approver:
        return Approver(terminal=self.opened, aside=self.held)


@pytest.mark.parametrize(
    ("typed", "decision"),
    [
        ("y", YES),
        (" YES ", YES),
        ("n", NO),
        ("no", NO),
        ("", NO),
        (None, NO),
        ("yes please", Decision(allowed=False, feedback="yes please")),
        ("not that file", Decision(allowed=False, feedback="not that file")),
    ],
)
def test_answers(typed: str | None, decision: Decision) -> None:
    """Everything that is no plain yes is a no, and other words go to the model."""
    assert Typing(typed).approver().decide(a_tool(), {}) == decision


def test_a_yes_is_for_one_call_and_s_for_the_session() -> None:
    """Of that tool alone."""
    typing = Typing("y", "s", "n")
    approver, tool = typing.approver(), a_tool()
    decisions = [approver.decide(tool, {"n": n}) for n in range(5)]
    assert decisions == [YES, YES, YES, YES, YES]
    assert approver.decide(a_tool(name="other"), {}) == NO
    assert len(typing.shown) == 3


@pytest.mark.parametrize("effect", ["write", "run"])
def test_what_writes_or_runs_is_asked_about_each_time(effect: Effect) -> None:
    """`s` is no yes there, and not offered."""
    typing = Typing("s", "y", "n")
    approver = typing.approver()
    tool = a_tool(effect)
    assert [approver.decide(tool, {}) for _ in range(3)] == [
        Decision(allowed=False, feedback="s"),
        YES,
        NO,
    ]
    assert "session" not in typing.shown[0]


def test_an_agreement_is_not_for_another_tool_of_that_name() -> None:
    """One that takes its place is asked about."""
    typing = Typing("s", "n")
    approver = typing.approver()
    assert [approver.decide(a_tool(), {}) for _ in range(2)] == [YES, NO]


def test_a_tool_that_was_named_needs_no_question() -> None:
    """`--allow` is the person's yes, to that tool and to none that takes its name."""
    typing = Typing("n")
    approver, tool = typing.approver(), a_tool("run")
    approver.allow(tool)
    assert approver.decide(tool, {}) == YES
    assert approver.decide(a_tool("run"), {}) == NO


def test_without_a_terminal_nothing_runs() -> None:
    """And the model hears why."""

    @contextmanager
    def nowhere() -> Iterator[None]:
        yield None

    said = Approver(terminal=nowhere).decide(a_tool(), {})
    assert said == Decision(allowed=False, feedback="nobody is there to agree; --allow look would")


def test_the_whole_call_is_shown_and_nothing_in_it_is_obeyed() -> None:
    """Every argument, each line of it, with control characters as pictures."""
    typing = Typing("n")
    arguments: dict[str, Any] = {
        "command": "ls\nrm -rf /\x1b[2J\r",
        "deep": {"a": [1, "\u202e"]},
        "\x07name": "x" * 5000,
    }
    typing.approver().decide(a_tool("run", "run_command"), arguments)
    (shown,) = typing.shown
    assert "call run_command, which runs on your machine as you:" in shown
    assert "  command: ls\n      rm -rf /␛[2J" in shown
    assert "x" * 5000 in shown
    assert '"a": [' in shown
    assert not {"\x1b", "\r", "\x07", "\u202e"} & set(shown)


def test_what_would_leave_no_trace_is_shown_as_a_sign() -> None:
    """Returns and characters without a width; those that scripts and emoji need stay."""
    typing = Typing("n")
    arguments = {"command": "a\rb\r\n\u200bc\xad\u3164", "\u2060": "\u0645\u06cc\u200c\u062e"}
    typing.approver().decide(a_tool("run"), arguments)
    assert "  command: a␍b␍\n      \ufffdc\ufffd\ufffd\n" in typing.shown[0]
    assert "  \ufffd: \u0645\u06cc\u200c\u062e\n" in typing.shown[0]


def test_what_is_too_long_to_be_read_is_not_allowed() -> None:
    """Nobody is asked to agree to what they cannot see."""
    typing = Typing()
    decision = typing.approver().decide(a_tool(), {"text": "x" * MAX_SHOWN})
    assert decision == Decision(allowed=False, feedback="the call is too long to be read")


def test_a_call_that_may_begin_above_the_screen_says_how_long_it_is() -> None:
    """So that nobody takes its end for all of it."""
    typing = Typing("n")
    typing.approver().decide(a_tool("run"), {"command": "rm -rf /\n" + "\n" * 50 + "ls"})
    assert "  command (52 lines): rm -rf /\n" in typing.shown[0]
