"""A terminal in memory, to look at what a person would see: the screen and its scrollback."""

from collections.abc import Iterable
from typing import Any

import pyte

from copilot_cli.ui.rendering import TerminalWriter

_NOT_DRAWN = str.maketrans("", "", "\u200d\ufe0f\u200c\u200e\u200f")  # pyte drops what follows one


class Screen:
    """A terminal of `columns` by `rows`; `written` is all it was given."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.columns, self.rows = columns, rows
        self.screen = pyte.HistoryScreen(columns, rows, history=100_000)
        self._stream = pyte.Stream(self.screen)
        self.updates: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Take one update."""
        self.updates.append(data)
        self._stream.feed(data.decode().translate(_NOT_DRAWN))

    def resize(self, columns: int, rows: int) -> None:
        """Change the size, as a person who drags the window's corner."""
        self.columns, self.rows = columns, rows
        self.screen.resize(rows, columns)

    def size(self) -> tuple[int, int]:
        """Return columns and rows."""
        return self.columns, self.rows

    @property
    def written(self) -> str:
        """All that was written."""
        return b"".join(self.updates).decode()

    def _line(self, row: Any) -> str:
        return "".join(row[column].data for column in range(self.columns)).rstrip()

    @property
    def lines(self) -> list[str]:
        """The scrollback and the screen, without the empty rows at the end."""
        lines = [self._line(row) for row in self.screen.history.top]
        lines += [line.rstrip() for line in self.screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines


def pieces(text: str, size: int) -> Iterable[str]:
    """Return `text` cut into pieces of `size` characters."""
    return (text[start : start + size] for start in range(0, len(text), size))


def shown(text: str, size: int = 1, *, columns: int = 80, rows: int = 24) -> Screen:
    """Return the screen after `text` came in pieces of `size` characters."""
    screen = Screen(columns, rows)
    with TerminalWriter(screen.write, screen.size) as writer:
        for piece in pieces(text, size):
            writer.text(piece)
        writer.end()
    return screen
