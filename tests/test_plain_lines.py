"""Lines without a line editor: from a pipe, and from a terminal that is dumb."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from copilot_cli.errors import UsageError
from copilot_cli.ui.plain_lines import DumbLines, PipeLines


def test_a_pipe_gives_its_lines() -> None:
    """Lines come without their ends, empty ones too; after the last is EOFError."""
    lines = PipeLines(io.StringIO("one\n\ntwo\r\nthree\u2028still three", newline=""))
    assert [lines.read("> ") for _ in range(4)] == ["one", "", "two", "three\u2028still three"]
    with pytest.raises(EOFError):
        lines.read("> ", "default", b"typed")


def test_a_pipe_has_no_editor() -> None:
    """Nobody is there."""
    with pytest.raises(UsageError):
        PipeLines(io.StringIO("")).editor("x")


class Typed:
    """A terminal at which these things are typed; None is Ctrl-C."""

    def __init__(self, *lines: str | None) -> None:
        self.lines = list(lines)

    def readline(self) -> str:
        line = self.lines.pop(0)
        if line is None:
            raise KeyboardInterrupt
        return line


def dumb(*lines: str | None) -> tuple[Callable[..., str], list[str]]:
    written: list[str] = []
    stdin: Any = Typed(*lines)
    return DumbLines(stdin, written.append, {"PATH": "/nonexistent"}).read, written


def test_a_dumb_terminal_is_asked_line_by_line() -> None:
    """The prompt, the line without its end."""
    read, written = dumb("one\n", "\n", "two\r\n")
    assert [read("> "), read("> "), read("> ")] == ["one", "", "two"]
    assert written == ["> ", "> ", "> "]


def test_ctrl_c_begins_anew_and_hints_once() -> None:
    """The line is given up, and so is the default."""
    read, written = dumb(None, None, "x\n", "", "")
    assert read("> ", "default") == "x"
    assert "".join(written).count("(Ctrl-D leaves)") == 1
    assert "".join(written).endswith("> \n> ")


def test_ctrl_d_ends_it_on_a_line_of_its_own() -> None:
    """What comes next is not written behind the prompt."""
    read, written = dumb("")
    with pytest.raises(EOFError):
        read("> ")
    assert written == ["> ", "\n"]


def test_a_default_is_shown_and_taken_by_enter() -> None:
    """What cannot be edited in the line can be sent as it is, or replaced."""
    read, written = dumb("\n", "other\n")
    assert read("> ", "the text") == "the text"
    assert written[0].startswith("the text\n")
    assert read("> ", "the text") == "other"


def test_without_an_editor_it_is_said() -> None:
    """The error is the editor's own."""
    with pytest.raises(UsageError, match="there is no editor"):
        DumbLines(io.StringIO(), lambda _: None, {"PATH": "/nonexistent"}).editor("x")
