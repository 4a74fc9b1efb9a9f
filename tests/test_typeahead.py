"""Typing ahead, on a real pseudo-terminal: what is collected, and that the terminal is put back."""

import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TextIO

import pytest

from copilot_cli.ui.typeahead import PASTES_OFF, PASTES_ON, TypeAhead, typing_ahead, unsent

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)

import pty
import select
import termios


class Pty(NamedTuple):
    """Both ends of a pseudo-terminal: the person's, and the program's as a file."""

    person: int
    stdin: TextIO

    def attributes(self) -> list[Any]:
        return termios.tcgetattr(self.stdin.fileno())

    def types(self, data: bytes) -> None:
        """Type all of it, as fast as the terminal takes it."""
        while data:
            data = data[os.write(self.person, data) :]

    def shown(self) -> bytes:
        """What the person sees, so far."""
        seen = b""
        while select.select([self.person], [], [], 0)[0]:
            seen += os.read(self.person, 65536)
        return seen


@pytest.fixture
def terminal() -> Iterator[Pty]:
    person, program = pty.openpty()
    with os.fdopen(program, "r") as stdin:
        yield Pty(person, stdin)
    os.close(person)


def collected(typed: TypeAhead, count: int) -> bytes:
    """Wait for `count` bytes."""
    data, pause = b"", threading.Event()
    for _ in range(2000):
        data += typed.take()
        if len(data) >= count:
            break
        pause.wait(0.005)
    return data


@pytest.mark.real
def test_what_is_typed_is_collected_as_it_was_typed(terminal: Pty) -> None:
    """Enter is Enter, keys that edit and end lines are keys, nothing is shown."""
    keys = "one\r\x7f\x15two\x04\n\x16\x1c\x11Grüße\x1b[A".encode()
    with typing_ahead(terminal.stdin) as typed:
        terminal.types(keys)
        assert collected(typed, len(keys) - 1) == keys.replace(b"\x11", b"")
        assert typed.take() == b""
        assert terminal.shown() == b""


@pytest.mark.real
def test_what_is_typed_at_the_last_moment_is_not_lost(terminal: Pty) -> None:
    """All that was there when the `with` ended is given after it."""
    with typing_ahead(terminal.stdin) as typed:
        terminal.types(b"x" * 3000)
    assert typed.take() == b"x" * 3000


@pytest.mark.real
def test_more_than_a_terminal_holds_is_taken(terminal: Pty) -> None:
    """A long paste does not block the person's terminal."""
    with typing_ahead(terminal.stdin) as typed:
        terminal.types(b"0123456789" * 50_000)
        assert collected(typed, 500_000) == b"0123456789" * 50_000


def failing(kind: type[BaseException]) -> Callable[[], None]:
    def fail() -> None:
        raise kind

    return fail


@pytest.mark.real
@pytest.mark.parametrize("kind", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_the_terminal_is_put_back(terminal: Pty, kind: type[BaseException]) -> None:
    """Whatever ends it: attributes, pastes, the handler of Ctrl-Z, and the thread."""
    before, written = terminal.attributes(), list[str]()
    handler, threads = signal.getsignal(signal.SIGTSTP), threading.active_count()
    during: list[list[Any]] = []

    def work() -> None:
        with typing_ahead(terminal.stdin, written.append):
            during.append(terminal.attributes())
            failing(kind)()

    with pytest.raises(kind):
        work()
    assert during[0] != before
    assert terminal.attributes() == before
    assert written == [PASTES_ON, PASTES_OFF]
    assert signal.getsignal(signal.SIGTSTP) is handler
    assert threading.active_count() == threads


@pytest.mark.real
def test_ctrl_c_stays_the_interrupt_and_loses_nothing(terminal: Pty) -> None:
    """It keeps its signal; what was typed and shown before it stays, and Ctrl-S still stops."""
    with typing_ahead(terminal.stdin):
        iflag, _, _, lflag, _, _, chars = terminal.attributes()
        assert lflag & termios.ISIG
        assert lflag & termios.NOFLSH
        assert not lflag & (termios.ECHO | termios.ICANON)
        assert not iflag & termios.ICRNL
        assert iflag & termios.IXON
        assert chars[termios.VINTR] == b"\x03"
        assert chars[termios.VQUIT] == b"\x00"


@pytest.mark.real
def test_it_can_be_begun_again_and_inside_itself(terminal: Pty) -> None:
    """Each puts back what it found."""
    before = terminal.attributes()
    with typing_ahead(terminal.stdin) as outer:
        terminal.types(b"one")
        assert collected(outer, 3) == b"one"
    with typing_ahead(terminal.stdin) as again:
        terminal.types(b"two")
    assert again.take() == b"two"
    assert outer.take() == b""
    assert terminal.attributes() == before


@pytest.mark.real
def test_a_terminal_that_goes_away_ends_nothing() -> None:
    """The answer goes on, and leaving raises nothing."""
    person, program = pty.openpty()
    written: list[str] = []

    def write(text: str) -> None:
        if written:
            raise OSError(5, "Input/output error")
        written.append(text)

    with os.fdopen(program, "r") as stdin, typing_ahead(stdin, write) as typed:
        os.close(person)
        assert typed.take() == b""


@pytest.mark.real
def test_a_thread_may_answer_too(terminal: Pty) -> None:
    """Only Ctrl-Z is not looked after there: Python gives handlers to the main thread alone."""
    took: list[bytes] = []

    def work() -> None:
        with typing_ahead(terminal.stdin) as typed:
            terminal.types(b"x")
            took.append(collected(typed, 1))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert took == [b"x"]


@pytest.mark.parametrize("closed", [False, True])
def test_what_is_no_terminal_is_left_alone(closed: bool) -> None:
    """A pipe's lines are its own, and a closed file is none."""
    stdin = io.StringIO("one\n")
    if closed:
        stdin.close()
    written: list[str] = []
    with typing_ahead(stdin, written.append) as typed:
        assert typed.take() == b""
    assert written == []
    assert closed or stdin.read() == "one\n"


@pytest.mark.parametrize(
    ("typed", "waits"),
    [
        (b"", b""),
        (b"one", b"one"),
        (b"one\r", b"one"),
        (b"one\rtwo\r\r", b"one\ntwo"),
        (b"\x1b[200~a\rb\x04\x1b[201~\r", b"\x1b[200~a\rb\x04\x1b[201~"),
        (b"x\r\x1b[200~a\r\x1b[201~y\r", b"x\n\x1b[200~a\r\x1b[201~y"),
        (b"x\r\x1b[200~a\rb", b"x\n\x1b[200~a\rb"),
        (b"one\x04two", b"onetwo"),
    ],
)
def test_what_waits_sends_nothing(typed: bytes, waits: bytes) -> None:
    """Enter begins a line, the last ones go; Ctrl-D goes; pastes stay what they are."""
    assert unsent(typed) == waits
