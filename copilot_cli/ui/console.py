"""The program's three streams, decided once: who is there, what may be coloured, how wide it is.

stdout carries answers and data; everything said to the person goes to stderr. Nothing heavy is
imported here: a terminal's notices are plain ANSI, and only a table on a terminal needs to measure.
"""

import errno
import json
import os
import select
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TextIO

from copilot_cli.errors import CopilotChatError
from copilot_cli.ui.safe import safe, safe_json, safe_line, utf8

_RESET = "\x1b[0m"


def json_bytes(value: Any, *, indent: int | None = 2) -> bytes:
    r"""Return `value` as one JSON document in UTF-8 with a newline at its end.

    What a terminal would obey is written as `\u` escapes; `indent` None makes it a single line.
    """
    separators = (",", ": ") if indent else (", ", ": ")
    encoded = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    return utf8(safe_json(encoded)) + b"\n"


_STDOUT = 1  # the descriptor that every process has for its output


class Streams:
    """stdin, stdout and stderr, and what can be said of them."""

    def __init__(
        self,
        stdin: TextIO,
        stdout: TextIO,
        stderr: TextIO,
        *,
        color: str = "auto",
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.environ = os.environ if environ is None else environ
        self.stdout_is_terminal = _is_terminal(stdout)
        self.stderr_is_terminal = _is_terminal(stderr)
        self.person = _is_terminal(stdin) and self.stderr_is_terminal
        """Whether somebody is there to be asked: stdin and stderr are terminals."""
        self.dumb = self.environ.get("TERM") == "dumb" or not self._obeys_escapes()
        """Whether the terminal cannot move its cursor."""
        self.color = self._colored(color, terminal=self.stdout_is_terminal)
        """Whether stdout may be coloured."""
        self.stderr_color = self._colored(color, terminal=self.stderr_is_terminal)
        self.stderr_line_open = False
        """Whether a line of stderr waits for its end: the next notice or error gives it one."""

    def _obeys_escapes(self) -> bool:
        if not (self.stdout_is_terminal or self.stderr_is_terminal):
            return True
        return _enable_escapes()

    def _colored(self, choice: str, *, terminal: bool) -> bool:
        """Decide on colour: --color, then NO_COLOR, FORCE_COLOR, TERM=dumb, then what it is."""
        if choice in {"always", "never"}:
            return choice == "always"
        if self.environ.get("NO_COLOR"):
            return False
        if self.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
            return True
        return terminal and not self.dumb

    def size(self) -> tuple[int, int]:
        """Return columns and rows of stdout's terminal now; COLUMNS wins, unless it is wider.

        A width that the terminal does not have would have us lose count of its rows.
        """
        columns, rows = 0, 0
        with suppress(OSError, ValueError):  # not a terminal, or a stand-in for one
            columns, rows = os.get_terminal_size(self.stdout.fileno())
        wanted = self.environ.get("COLUMNS", "")
        if wanted.isascii() and wanted.isdigit() and int(wanted):
            columns = min(int(wanted), columns or int(wanted))
        return columns or 80, rows or 24

    # -- stdout ------------------------------------------------------------------------------

    def out_bytes(self, data: bytes) -> None:
        """Write to stdout, now and whole. Raises `BrokenPipeError` where nobody reads it."""
        write_bytes(self.stdout, data)

    def keep_stdout(self) -> None:
        """Have stdout for ourselves: what others write to its descriptor goes to stderr.

        That is what a child process inherits, and a library of C's writes to. A terminal shows
        both, so that nothing changes there; nor where stdout is no file of the system's.
        """
        if self.stdout_is_terminal:
            return
        with suppress(OSError, ValueError):
            descriptor, other = self.stdout.fileno(), self.stderr.fileno()
            if descriptor == _STDOUT:
                self.stdout.flush()
                self.stdout = os.fdopen(os.dup(descriptor), "w", encoding="utf-8")
                os.dup2(other, descriptor)

    def json(self, value: Any) -> None:
        """Print one JSON document, indented."""
        self.out_bytes(json_bytes(value))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table: aligned for a person, one line a row with tabs between for a program.

        Column names without text make a table without a head; a program gets no head either way,
        and a person none where there is no row.
        """
        body = [[safe_line(str(cell), limit=None) for cell in row] for row in rows]
        if not self.stdout_is_terminal:
            lines = ["\t".join(row) for row in body]
        else:
            from copilot_cli.ui.tables import aligned

            lines = aligned(columns, body, room=self.size()[0] - 1, bold=self.color) if body else []
        self.out_bytes(utf8("".join(f"{line}\n" for line in lines)))

    # -- stderr ------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """Write `text` to stderr as it is; the caller made it safe."""
        write_bytes(self.stderr, utf8(text))

    def notice(self, text: str) -> None:
        """Say something in passing."""
        self._say(_paint(safe(text), "2", color=self.stderr_color))

    def error(self, message: str, hint: str | None = None) -> None:
        """Say what happened and, where there is one, what to do next."""
        lines = [_paint("error:", "1;31", color=self.stderr_color) + " " + safe(message)]
        if hint:
            lines.append(_paint("hint:", "1", color=self.stderr_color) + " " + safe(hint))
        self._say("\n".join(lines))

    def _say(self, text: str) -> None:
        before = "\n" if self.stderr_line_open else ""
        self.stderr_line_open = False
        write_bytes(self.stderr, utf8(f"{before}{text}\n"))


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def _paint(text: str, sgr: str, *, color: bool) -> str:
    return f"\x1b[{sgr}m{text}{_RESET}" if color else text


def write_bytes(stream: TextIO, data: bytes) -> None:
    """Write `data` to the file under `stream`, all of it, before returning.

    One system call where the file takes it whole, so that what belongs together arrives together.
    Raises `BrokenPipeError` where the reader is gone, on every platform, and `CopilotChatError` for
    a full disk and the like.
    """
    stream.flush()
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):  # a stand-in without a file
        stream.write(data.decode())
        return
    try:
        if sys.platform == "win32" and stream.isatty():
            # The console's descriptor wants its code page; Python's own layer wants UTF-8.
            stream.buffer.write(data)
            stream.buffer.flush()
        else:
            _write_all(descriptor, data)
    except OSError as error:
        if error.errno == errno.EINVAL and sys.platform == "win32":  # a pipe closed there
            raise BrokenPipeError(errno.EPIPE, "the reader of the output is gone") from error
        if isinstance(error, BrokenPipeError) or error.errno == errno.EIO:
            raise  # EIO: the terminal is gone, as a pipe's reader may be
        raise unwritable(error) from error


def unwritable(error: OSError) -> CopilotChatError:
    """Return the error for an output that takes nothing, as on a full disk."""
    reason = error.strerror or "no reason given"
    return CopilotChatError(f"the output cannot be written: {reason}", kind="output")


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:  # somebody made the file non-blocking, and it is full
            select.select([], [descriptor], [])


if sys.platform == "win32":
    import ctypes

    def _enable_escapes() -> bool:
        """Have the console obey escape sequences; tell whether it does."""
        kernel = ctypes.windll.kernel32
        obeys = False
        for handle in (kernel.GetStdHandle(-11), kernel.GetStdHandle(-12)):  # stdout, stderr
            mode = ctypes.c_ulong()
            if kernel.GetConsoleMode(handle, ctypes.byref(mode)):
                # ENABLE_VIRTUAL_TERMINAL_PROCESSING; refused by consoles older than Windows 10.
                obeys = bool(kernel.SetConsoleMode(handle, mode.value | 0x0004))
        return obeys

else:

    def _enable_escapes() -> bool:
        """Every other terminal obeys escape sequences, but for `TERM=dumb`."""
        return True
