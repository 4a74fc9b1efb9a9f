"""The controlling terminal, for a question that no pipe and no redirection may answer."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

_LONGEST = 4096  # bytes of a line that somebody types


class Controlling:
    """An open controlling terminal."""

    def __init__(self, reader: int, writer: int) -> None:
        self._reader = reader
        self._writer = writer

    def ask(self, text: str) -> str | None:
        """Show `text`, and return the line typed after it; None where the terminal is gone.

        What was typed before its last line stood there is thrown away: nobody had seen yet what it
        would answer.
        """
        above, newline, question = text.rpartition("\n")
        try:
            self._write(above + newline)  # it waits here where the terminal was stopped (Ctrl-S)
            _throw_away(self._reader)
            self._write(question)
            line = None
            try:
                line = self._line()
            finally:
                if line is None:  # left with Ctrl-C or Ctrl-D, which end no line
                    with suppress(OSError):
                        self._write("\n")
        except OSError:
            return None
        return None if line is None else line.decode("utf-8", "replace")

    def _write(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        while data:
            data = data[os.write(self._writer, data) :]

    def _line(self) -> bytes | None:
        line = b""
        while not line.endswith(b"\n") and len(line) < _LONGEST:
            piece = os.read(self._reader, _LONGEST)
            if not piece:  # Ctrl-D, or hung up
                return line or None
            line += piece
        return line.rstrip(b"\r\n")


if sys.platform == "win32":
    import msvcrt

    @contextmanager
    def controlling() -> Iterator[Controlling | None]:
        """Open the console for the length of a `with`; None where there is none."""
        try:
            reader = os.open("CONIN$", os.O_RDWR)
            writer = os.open("CONOUT$", os.O_RDWR)
        except OSError:
            yield None
            return
        try:
            yield Controlling(reader, writer)
        finally:
            os.close(reader)
            os.close(writer)

    def _throw_away(descriptor: int) -> None:  # noqa: ARG001 - the console has one queue
        while msvcrt.kbhit():
            msvcrt.getwch()

else:
    import termios

    @contextmanager
    def controlling() -> Iterator[Controlling | None]:
        """Open the controlling terminal for the length of a `with`; None where there is none.

        It reads whole lines and shows what is typed meanwhile, however it was before.
        """
        try:
            descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
        except OSError:
            yield None
            return
        before = terminal = None
        try:
            with suppress(termios.error):
                before = termios.tcgetattr(descriptor)
                termios.tcsetattr(descriptor, termios.TCSANOW, _cooked(before))
                terminal = Controlling(descriptor, descriptor)
            yield terminal
        finally:
            if before is not None:
                with suppress(termios.error):  # the terminal is gone
                    termios.tcsetattr(descriptor, termios.TCSANOW, before)
            os.close(descriptor)

    def _cooked(attributes: list[Any]) -> list[Any]:
        iflag, oflag, cflag, lflag, *rest = attributes
        lines = termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN
        return [iflag | termios.ICRNL, oflag, cflag, lflag | lines, *rest]

    def _throw_away(descriptor: int) -> None:
        try:
            termios.tcflush(descriptor, termios.TCIFLUSH)
        except termios.error as error:  # no OSError, though it is one of the system's
            raise OSError(*error.args) from error
