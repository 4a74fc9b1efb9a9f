"""The terminal itself: how large it is, and single keys as they are pressed.

The terminal is put back whatever happens. Ctrl-C stays what it is: it interrupts, here as
KeyboardInterrupt.
"""

import os
import select
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Protocol, TextIO


def size(stream: TextIO, environ: Mapping[str, str]) -> tuple[int, int]:
    """Return columns and lines of the terminal `stream`; 80 and 24 where it does not say.

    COLUMNS can make it narrower, never wider: lines that wrap unforeseen cannot be redrawn.
    """
    columns, lines = 0, 0
    with suppress(OSError, ValueError):
        columns, lines = os.get_terminal_size(stream.fileno())
    wanted = environ.get("COLUMNS", "")
    if wanted.isascii() and wanted.isdigit() and int(wanted):
        columns = min(int(wanted), columns or int(wanted))
    return columns or 80, lines or 24


class Keys(Protocol):
    """Where keys come from."""

    def read(self, timeout: float, /) -> str | None:
        """Return what was pressed within `timeout` seconds, else None; EOFError at the end."""


if sys.platform == "win32":
    import msvcrt

    class _Console:
        """Keys of a Windows console."""

        def read(self, timeout: float) -> str | None:
            deadline = time.monotonic() + timeout
            while not msvcrt.kbhit():
                if time.monotonic() >= deadline:
                    return None
                time.sleep(0.05)
            key = msvcrt.getwch()
            if key == "\x03":
                raise KeyboardInterrupt
            if key in ("\x00", "\xe0"):  # the first half of a function key
                msvcrt.getwch()
                return None
            return key

    @contextmanager
    def raw_keys(stdin: TextIO) -> Iterator[Keys]:  # noqa: ARG001 - the same call everywhere
        """Give the keys of the console for the length of a `with`."""
        yield _Console()

else:
    import termios
    import tty

    class _Terminal:
        """Keys of a terminal that hands out each character and echoes none."""

        def __init__(self, descriptor: int) -> None:
            self._descriptor = descriptor

        def read(self, timeout: float) -> str | None:
            ready, _, _ = select.select([self._descriptor], [], [], timeout)
            if not ready:
                return None
            pressed = os.read(self._descriptor, 1024)
            if not pressed or pressed == b"\x04":  # hung up, or Ctrl-D
                raise EOFError
            return pressed.decode("utf-8", "replace")

    @contextmanager
    def raw_keys(stdin: TextIO) -> Iterator[Keys]:
        """Give the keys of the terminal `stdin` for the length of a `with`.

        What was typed before is thrown away: nobody has seen yet what it would answer.
        """
        descriptor = stdin.fileno()
        before = termios.tcgetattr(descriptor)
        try:
            tty.setcbreak(descriptor, termios.TCSAFLUSH)
            yield _Terminal(descriptor)
        finally:
            # Not DRAIN: output that was stopped with Ctrl-S must not keep us here.
            termios.tcsetattr(descriptor, termios.TCSANOW, before)
