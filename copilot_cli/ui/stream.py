"""How an answer is written while it comes: as it is into a pipe, rendered on a terminal.

What stands here imports nothing heavy: it is all that the piped path needs. The parser and the
lexers come with `ui.rendering`, which is imported where somebody looks.
"""

from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

from copilot_cli.ui.console import Streams, write_bytes
from copilot_cli.ui.safe import safe, utf8

DIM = "2"


class Sink(Protocol):
    """A file that an answer goes to instead of stdout."""

    def write(self, data: bytes) -> None:
        """Write all of `data`, now."""


class AnswerWriter(Protocol):
    """Where the text of one answer goes. Leaving a `with` closes it."""

    def text(self, text: str) -> None:
        """Write the next piece of the answer."""

    def reasoning(self, text: str) -> None:
        """Show the next piece of reasoning."""

    def end(self, *, incomplete: bool = False) -> None:
        """Write what is still held back; a person is told that the answer is `incomplete`.

        Call it too before something else is said on the terminal: text may go on after it.
        """

    def close(self) -> None:
        """Leave the terminal whole, whatever happened. May be called again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Aside:
    """Reasoning on stderr: dim where that may be coloured, and parted from what follows."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def write(self, text: str) -> None:
        """Write the next piece of reasoning."""
        if self._streams.stderr_is_terminal:
            text = safe(text)
        if not text:
            return
        self._streams.stderr_line_open = text[-1] != "\n"
        if self._streams.stderr_color:
            text = f"\x1b[{DIM}m{text}\x1b[m"
        write_bytes(self._streams.stderr, utf8(text))

    def end(self) -> None:
        """End the line that is open."""
        if self._streams.stderr_line_open:
            self._streams.stderr_line_open = False
            write_bytes(self._streams.stderr, b"\n")


class PlainWriter(AnswerWriter):
    """Writes the answer as it came, character for character.

    With `terminal`, what a terminal would obey is made safe, and the last line is ended. Reasoning
    goes to `aside`, if there is one.
    """

    def __init__(
        self, write: Callable[[bytes], None], *, aside: Aside | None = None, terminal: bool = False
    ) -> None:
        self._write = write
        self._aside = aside
        self._terminal = terminal
        self._line_open = False
        self._thinking = False

    def text(self, text: str) -> None:
        """Write the next piece of the answer. Raises `BrokenPipeError` where nobody reads it."""
        if self._thinking:
            self._end_thinking()
        if self._terminal:
            text = safe(text)
        if text:
            self._write(utf8(text))
            self._line_open = text[-1] != "\n"

    def reasoning(self, text: str) -> None:
        """Write the next piece of reasoning to stderr."""
        if self._aside:
            self._end_line()
            self._thinking = True
            self._aside.write(text)

    def end(self, *, incomplete: bool = False) -> None:  # noqa: ARG002 - nothing is added to text
        """End the open line, on a terminal."""
        self._end_thinking()
        self._end_line()

    def close(self) -> None:
        """End the open line, on a terminal."""
        with suppress(OSError):  # whoever reads is gone, and whoever wrote first has said so
            self.end()

    def _end_thinking(self) -> None:
        self._thinking = False
        if self._aside:
            self._aside.end()

    def _end_line(self) -> None:
        if self._terminal and self._line_open:
            self._line_open = False
            self._write(b"\n")


def make_writer(
    streams: Streams,
    render: str = "auto",
    file: Sink | None = None,
    *,
    keep_reasoning: bool = False,
    theme: str = "auto",
) -> AnswerWriter:
    """Return the writer of one answer to stdout, or to `file`.

    `render` is auto (on a terminal that can move its cursor), always (into a pipe: finished blocks
    only) or never. On a terminal reasoning is folded away when the answer starts, unless
    `keep_reasoning`. `theme` is that of code: auto, dark or light.
    """
    terminal = streams.stdout_is_terminal and file is None
    cursor = terminal and not streams.dumb
    write = file.write if file else streams.out_bytes
    if render == "never" or (render == "auto" and not cursor):
        return PlainWriter(write, aside=Aside(streams), terminal=terminal)
    from copilot_cli.ui.rendering import TerminalWriter
    from copilot_cli.ui.themes import themed

    return TerminalWriter(
        write,
        streams.size,
        color=streams.color and file is None,
        cursor=cursor,
        aside=None if cursor and streams.stderr_is_terminal else Aside(streams),
        keep_reasoning=keep_reasoning,
        theme=themed(theme, streams.environ),
    )
