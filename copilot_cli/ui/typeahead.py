"""What is typed while an answer streams: kept, not shown, and handed to the next prompt.

The terminal is raw meanwhile, but Ctrl-C stays the interrupt: no echo, so that keys do not land in
the answer; and Enter arrives as Enter, which the terminal else makes the same as Ctrl-J. Rule: the
terminal is put back by whatever ends the `with`, by the end of the program else, and around a stop
with Ctrl-Z. Only SIGKILL, and signals whose default action nobody changed, leave it raw.
"""

import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any, TextIO

PASTES_ON, PASTES_OFF = "\x1b[?2004h", "\x1b[?2004l"
_PASTE = re.compile(rb"(\x1b\[200~.*?(?:\x1b\[201~|\Z))", re.DOTALL)


class TypeAhead:
    """Collects what is typed."""

    def __init__(self) -> None:
        self._typed = bytearray()
        self._lock = threading.Lock()
        self.paused: Callable[[], AbstractContextManager[None]] = nullcontext
        """Collects nothing for a `with`, and leaves the terminal as it was before."""

    def add(self, data: bytes) -> None:
        """Keep `data`."""
        with self._lock:
            self._typed += data

    def take(self) -> bytes:
        """Return what was typed since the last call, for `Lines.read`."""
        with self._lock:
            typed, self._typed = bytes(self._typed), bytearray()
        return typed


def unsent(typed: bytes) -> bytes:
    """Return `typed` as text that waits in the line: no Enter in it sends, no Ctrl-D leaves.

    For what was typed before Ctrl-C: whoever stops an answer may not want the next one either.
    """
    pieces = _PASTE.split(typed)
    pieces[::2] = [piece.replace(b"\r", b"\n").replace(b"\x04", b"") for piece in pieces[::2]]
    return b"".join(pieces).rstrip(b"\n")


if sys.platform == "win32":

    @contextmanager
    def typing_ahead(
        stdin: TextIO,  # noqa: ARG001 - the same call everywhere
        write: Callable[[str], object] | None = None,  # noqa: ARG001
    ) -> Iterator[TypeAhead]:
        """Give what collects nothing: a console keeps what is typed, unseen, for the next read."""
        yield TypeAhead()

    @contextmanager
    def quiet(
        stdin: TextIO,  # noqa: ARG001
        write: Callable[[str], object] | None = None,  # noqa: ARG001
    ) -> Iterator[None]:
        """Do nothing: a console shows what is typed when it is read."""
        yield

else:
    import atexit
    import select
    import signal
    import termios
    from contextlib import suppress
    from types import FrameType

    @contextmanager
    def typing_ahead(
        stdin: TextIO, write: Callable[[str], object] | None = None
    ) -> Iterator[TypeAhead]:
        """Collect what is typed at the terminal `stdin` for the length of a `with`.

        `write` writes to that terminal, which then marks pastes. Where `stdin` is no terminal,
        nothing is collected and nothing changed.
        """
        typed = TypeAhead()
        if not _is_terminal(stdin):
            yield typed
            return
        held = ExitStack()

        def collect() -> None:
            held.enter_context(quiet(stdin, write))
            held.enter_context(_listening(stdin.fileno(), typed))

        @contextmanager
        def paused() -> Iterator[None]:
            held.close()
            try:
                yield
            finally:
                collect()

        with held:
            collect()
            typed.paused = paused
            yield typed

    @contextmanager
    def quiet(stdin: TextIO, write: Callable[[str], object] | None = None) -> Iterator[None]:
        """Have the terminal `stdin` neither show nor change what is typed, for a `with`."""
        descriptor = stdin.fileno()
        before = termios.tcgetattr(descriptor)
        inside = _silenced(before, os.fpathconf(descriptor, "PC_VDISABLE"))

        def enter() -> None:
            termios.tcsetattr(descriptor, termios.TCSANOW, inside)
            if write is not None:
                write(PASTES_ON)

        def leave() -> None:
            with suppress(termios.error):  # the terminal is gone
                termios.tcsetattr(descriptor, termios.TCSANOW, before)
            if write is not None:
                with suppress(OSError):
                    write(PASTES_OFF)

        atexit.register(leave)  # should another Ctrl-C come while the first is leaving
        try:
            with _stoppable(enter, leave):
                enter()
                yield
        finally:
            leave()
            atexit.unregister(leave)

    def _is_terminal(stdin: TextIO) -> bool:
        try:
            return stdin.isatty()
        except ValueError:  # closed
            return False

    def _silenced(attributes: list[Any], no_key: int) -> list[Any]:
        """Return terminal attributes without echo, lines and translation, and with signals.

        NOFLSH: else Ctrl-C would throw away what was typed, and what is being shown. Ctrl-\\ ends
        the program with the terminal as it is then, so it is a key like others.
        """
        iflag, oflag, cflag, lflag, ispeed, ospeed, chars = attributes
        iflag &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR)
        lflag &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
        lflag |= termios.ISIG | termios.NOFLSH
        chars = list(chars)
        chars[termios.VMIN], chars[termios.VTIME] = 1, 0
        chars[termios.VQUIT] = no_key.to_bytes(1, "big")
        return [iflag, oflag, cflag, lflag, ispeed, ospeed, chars]

    @contextmanager
    def _stoppable(enter: Callable[[], None], leave: Callable[[], None]) -> Iterator[None]:
        """Put the terminal back around a stop with Ctrl-Z."""
        if threading.current_thread() is not threading.main_thread():
            yield  # Python lets only the main thread set handlers
            return

        def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
            leave()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)  # returns when the program goes on
            signal.signal(number, stop)
            enter()

        before = signal.signal(signal.SIGTSTP, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGTSTP, before)

    @contextmanager
    def _listening(descriptor: int, typed: TypeAhead) -> Iterator[None]:
        """Collect in a thread of its own: the main thread waits for the answer."""
        ended, end = os.pipe()
        listener = threading.Thread(
            target=_listen, args=(descriptor, ended, typed), name="typeahead", daemon=True
        )
        try:
            listener.start()
            yield
        finally:
            os.write(end, b".")
            listener.join()
            os.close(ended)
            os.close(end)

    def _listen(descriptor: int, ended: int, typed: TypeAhead) -> None:
        """Read until the terminal is gone, or until it is time to end and nothing is left."""
        while True:
            ready, _, _ = select.select([descriptor, ended], [], [])
            if descriptor not in ready:
                return
            try:
                data = os.read(descriptor, 65536)
            except OSError:
                return
            if not data:
                return
            typed.add(data)
