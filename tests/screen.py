"""A terminal in memory, to look at what a person would see: the screen and its scrollback."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import pyte

from copilot_cli.ui.rendering import TerminalWriter

_NOT_DRAWN = str.maketrans("", "", "\u200d\ufe0f\u200c\u200e\u200f")  # pyte drops what follows one


_STYLES = {"bold": "1", "blink": "2", "italics": "3", "underscore": "4", "strikethrough": "9"}


def _sgr(cell: Any) -> str:
    """Return the style of a cell; a colour by its six digits, which name it whatever it came as."""
    styles = [code for name, code in _STYLES.items() if getattr(cell, name)]
    if cell.fg != "default":
        red, green, blue = bytes.fromhex(cell.fg)
        styles.append(f"38;2;{red};{green};{blue}")
    return ";".join(styles)


class _Pyte(pyte.HistoryScreen):
    """pyte knows no dim text: here it is what pyte takes for blinking, which nothing else is."""

    def select_graphic_rendition(self, *attributes: int, **options: Any) -> None:
        """Set the style of what comes."""
        # No theme has the colour 2, so a 2 is always this.
        super().select_graphic_rendition(*(5 if it == 2 else it for it in attributes), **options)


class Screen:
    """A terminal of `columns` by `rows`; `written` is all it was given."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.columns, self.rows = columns, rows
        self.screen = _Pyte(columns, rows, history=100_000)
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
    def styled(self) -> list[str]:
        """The lines with their styles as sequences: what `cat` shows as the terminal did."""
        rows = [*self.screen.history.top, *(self.screen.buffer[y] for y in range(self.rows))]
        lines = [self._styled(row) for row in rows]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def _styled(self, row: Any) -> str:
        cells = [row[column] for column in range(self.columns)]
        while cells and cells[-1].data == " " and not _sgr(cells[-1]):
            cells.pop()
        line = ""
        for sgr, group in groupby(cells, _sgr):
            text = "".join(cell.data for cell in group)
            line += f"\x1b[{sgr}m{text}\x1b[m" if sgr else text
        return line

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


def shown(text: str, size: int = 1, *, columns: int = 80, rows: int = 24, **options: Any) -> Screen:
    """Return the screen after `text` came in pieces of `size` characters.

    `options` are those of the writer.
    """
    screen = Screen(columns, rows)
    with TerminalWriter(screen.write, screen.size, **options) as writer:
        for piece in pieces(text, size):
            writer.text(piece)
        writer.end()
    return screen
