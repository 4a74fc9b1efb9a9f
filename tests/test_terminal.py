"""The terminal's size and its single keys, on a real pseudo-terminal."""

import io
import os
import select
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple, TextIO

import pytest

from copilot_cli.ui.terminal import raw_keys, size

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)

import pty
import termios


class Pty(NamedTuple):
    """Both ends of a pseudo-terminal: the person's, and the program's as a file."""

    person: int
    stdin: TextIO

    def attributes(self) -> list[Any]:
        return termios.tcgetattr(self.stdin.fileno())


@pytest.fixture
def terminal() -> Iterator[Pty]:
    person, program = pty.openpty()
    with os.fdopen(program, "r") as stdin:
        yield Pty(person, stdin)
    os.close(person)


@pytest.mark.real
def test_keys_arrive_as_they_are_pressed(terminal: Pty) -> None:
    """A key needs no Enter, is not echoed, and an escape sequence comes in one piece."""
    with raw_keys(terminal.stdin) as keys:
        assert keys.read(0) is None
        for pressed in ("c", "\x1b[A", "é"):
            os.write(terminal.person, pressed.encode())
            assert keys.read(5) == pressed
    os.set_blocking(terminal.person, False)
    with pytest.raises(BlockingIOError):
        os.read(terminal.person, 100)


@pytest.mark.real
def test_the_terminal_is_put_back(terminal: Pty) -> None:
    """Whatever ends the reading, the terminal's attributes are as before."""
    before = terminal.attributes()
    during: list[list[Any]] = []

    def fail() -> None:
        with raw_keys(terminal.stdin):
            during.append(terminal.attributes())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert during[0] != before
    assert terminal.attributes() == before


@pytest.mark.real
def test_what_was_typed_before_is_thrown_away(terminal: Pty) -> None:
    """An Enter that was typed before the screen was there presses nothing."""
    os.write(terminal.person, b"\n\n")
    select.select([terminal.stdin], [], [], 5)
    with raw_keys(terminal.stdin) as keys:
        assert keys.read(0) is None


@pytest.mark.real
def test_ctrl_d_is_the_end(terminal: Pty) -> None:
    """Ctrl-D ends the reading."""
    with raw_keys(terminal.stdin) as keys:
        os.write(terminal.person, b"\x04")
        with pytest.raises(EOFError):
            keys.read(5)


@pytest.mark.real
def test_ctrl_c_still_makes_a_signal(terminal: Pty) -> None:
    """The terminal keeps its interrupt key while single keys are read."""
    with raw_keys(terminal.stdin):
        assert terminal.attributes()[3] & termios.ISIG


@pytest.mark.real
@pytest.mark.parametrize(
    ("window", "environ", "expected"),
    [
        ((40, 120), {}, (120, 40)),
        ((40, 120), {"COLUMNS": "66"}, (66, 40)),
        ((40, 120), {"COLUMNS": "200"}, (120, 40)),
        ((0, 0), {"COLUMNS": "200"}, (200, 24)),
        ((40, 120), {"COLUMNS": "wide"}, (120, 40)),
        ((40, 120), {"COLUMNS": "0"}, (120, 40)),
        ((40, 120), {"COLUMNS": "-3"}, (120, 40)),
        ((0, 0), {}, (80, 24)),
    ],
)
def test_the_size(
    terminal: Pty, window: tuple[int, int], environ: dict[str, str], expected: tuple[int, int]
) -> None:
    """COLUMNS can narrow what the terminal says of itself; 80 by 24 where neither says."""
    termios.tcsetwinsize(terminal.person, window)
    assert size(terminal.stdin, environ) == expected


def test_the_size_of_what_is_no_terminal() -> None:
    """Anything else counts as 80 by 24."""
    assert size(io.StringIO(), {}) == (80, 24)
