"""The controlling terminal: what was typed too early is no answer, and one that is gone is none."""

import os
import sys
import threading
from contextlib import nullcontext, suppress

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals are POSIX", allow_module_level=True)

import pty

from copilot_cli.ui.controlling import Controlling

LONG = "x\n" * 50_000
"""More than a terminal takes without anybody who reads it."""


@pytest.mark.real
def test_what_is_typed_while_the_question_cannot_be_seen_is_no_answer() -> None:
    """A long call may stand still on its way to the screen: by Ctrl-S, or a slow line."""
    ours, theirs = pty.openpty()
    shown = bytearray()
    stopped, answered = threading.Event(), threading.Event()

    def person() -> None:
        stopped.wait(20)
        os.write(ours, b"y\n")
        while not shown.endswith(b"Allow? "):
            shown.extend(os.read(ours, 65536))
        os.write(ours, b"n\n")
        answered.set()

    class Slow(Controlling):
        def _write(self, text: str) -> None:
            stopped.set()
            super()._write(text)

    threading.Thread(target=person, daemon=True).start()
    try:
        assert Slow(theirs, theirs).ask(f"{LONG}Allow? ") == "n"
        assert answered.wait(20)
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_terminal_that_hangs_up_gives_no_answer() -> None:
    """As it does in the middle of a question: that is no fault of the program's."""
    reader, writer = os.pipe()
    try:
        assert Controlling(reader, writer).ask("Allow? ") is None
    finally:
        os.close(reader)
        os.close(writer)


@pytest.mark.parametrize("end", [KeyboardInterrupt(), None], ids=["Ctrl-C", "Ctrl-D"])
def test_a_question_that_is_left_ends_its_line(end: KeyboardInterrupt | None) -> None:
    """What is said next begins a line of its own."""
    ours, theirs = pty.openpty()
    said = b""

    class Left(Controlling):
        def _line(self) -> bytes | None:
            if end is not None:
                raise end
            return None

    try:
        with nullcontext() if end is None else pytest.raises(KeyboardInterrupt):
            assert Left(theirs, theirs).ask("Allow? ") is None
    finally:
        os.close(theirs)
        with suppress(OSError):  # its end, on Linux
            while data := os.read(ours, 100):
                said += data
        os.close(ours)
    assert said == b"Allow? \r\n"


CHILD = """
import os, pty, sys, termios
from copilot_cli.ui.controlling import controlling

try:
    with controlling() as terminal:
        assert terminal is not None
        raise termios.error(5, "hung up")
except termios.error as error:
    os.write(1, str(error).encode())
"""


@pytest.mark.real
def test_a_fault_of_the_terminal_passes_through() -> None:
    """Whoever holds it open hears of it."""
    pid, ours = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", CHILD])
    said = b""
    try:
        while data := os.read(ours, 1000):
            said += data
    except OSError:  # its end, on Linux
        pass
    os.close(ours)
    os.waitpid(pid, 0)
    assert said == b"(5, 'hung up')"
