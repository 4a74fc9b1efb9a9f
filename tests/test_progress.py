"""How far a download has come: a line that is drawn anew, or words where none can be."""

import io
from contextlib import suppress

import pytest

from copilot_cli.ui.console import Streams
from copilot_cli.ui.progress import Progress
from tests.wizard_world import Terminal

MB = 1_000_000


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def made(
    stderr: io.StringIO, *, columns: str = "80", term: str = "xterm", plain: bool = False
) -> tuple[Progress, Clock]:
    """A progress on `stderr`, and its clock."""
    environ = {"TERM": term, "COLUMNS": columns}
    streams = Streams(io.StringIO(), Terminal(), stderr, environ=environ)
    clock = Clock()
    return Progress(streams, "official runtime 1.0.102", clock, plain=plain), clock


def test_a_line_is_drawn_anew_and_goes() -> None:
    """Bytes, share and pace; at the end nothing is left of it."""
    stderr = Terminal()
    progress, clock = made(stderr)
    with progress:
        progress(0, 100 * MB)
        clock.now = 2.0
        progress(25 * MB, 100 * MB)
        clock.now = 2.05  # too soon to be drawn
        progress(26 * MB, 100 * MB)
        clock.now = 4.0
        progress(100 * MB, 100 * MB)
    drawn = stderr.getvalue().split("\r\x1b[K")
    assert drawn[1] == "official runtime 1.0.102  ░░░░░░░░░░░░░░░░░░░░░░░░  0 of 100 MB"
    assert drawn[2] == "official runtime 1.0.102  ██████░░░░░░░░░░░░░░░░░░  25 of 100 MB  12.5 MB/s"
    assert drawn[3:] == ["", ""]


def test_a_failure_leaves_a_clear_line() -> None:
    """What is said next begins at its start."""
    stderr = Terminal()
    progress, _ = made(stderr)
    with suppress(KeyboardInterrupt), progress:
        progress(5 * MB, 100 * MB)
        raise KeyboardInterrupt
    assert stderr.getvalue().endswith("\r\x1b[K")


def test_nobody_knows_how_many() -> None:
    """Then there is no bar."""
    stderr = Terminal()
    progress, _ = made(stderr)
    progress(5 * MB, None)
    assert stderr.getvalue() == "\r\x1b[Kofficial runtime 1.0.102  5 MB"


@pytest.mark.parametrize("columns", ["20", "12", "5", "40"])
def test_a_narrow_terminal(columns: str) -> None:
    """Never a line that wraps: it could not be drawn anew."""
    stderr = Terminal()
    progress, _ = made(stderr, columns=columns)
    progress(5 * MB, 100 * MB)
    line = stderr.getvalue().removeprefix("\r\x1b[K")
    assert len(line) < int(columns)


@pytest.mark.parametrize("how", ["pipe", "dumb", "plain"])
def test_where_no_line_can_be_redrawn(how: str) -> None:
    """At its start and each quarter, in words."""
    stderr = io.StringIO() if how == "pipe" else Terminal()
    progress, clock = made(stderr, term="dumb" if how == "dumb" else "xterm", plain=how == "plain")
    with progress:
        for done in range(0, 101 * MB, MB):
            clock.now += 1.0
            progress(done, 100 * MB)
        progress(100 * MB, 100 * MB)
    said = [line.rpartition(": ")[2] for line in stderr.getvalue().splitlines()]
    assert [line.removesuffix("\x1b[0m") for line in said] == [
        f"{done} of 100 MB" for done in (0, 25, 50, 75, 100)
    ]


def test_nothing_that_came_is_nothing_to_show() -> None:
    """No line for what was there already."""
    stderr = Terminal()
    progress, _ = made(stderr)
    with progress:
        pass
    assert stderr.getvalue() == ""
