r"""The unfinished end of an answer on a terminal: what may still be redrawn, and nothing above it.

A `Live` knows the rows from the first that is not finished down to the cursor. It echoes text as it
comes, replaces these rows from the first that differs, and commits them to the scrollback, never to
touch them again. Rows are broken by us and never by the terminal, so that their number is known.
The only sequences are CR, cursor up, erase line and erase below: no alternate screen, no scrolling
region, no hidden cursor. Whatever ends the program, the terminal is whole.

`Paper` is the same for what cannot be redrawn: it takes finished rows only.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from copilot_cli.ui.cells import breaks, cells
from copilot_cli.ui.safe import utf8

_TAB = 4
_UNFINISHED = "\n\u200d"
"""What waits for what follows: line ends, and a joiner, to which tmux adds whatever comes next,
from whichever row."""


def _erased(up: int) -> str:
    """Return what goes to the beginning of the row `up` rows above and erases all from there.

    Never erase-below in the first row: in the corner of the screen tmux and others take it for a
    cleared screen, and save to the scrollback what was to be gone.
    """
    if not up:
        return "\r\x1b[K"
    return f"\r\x1b[{up}A\x1b[K\n\x1b[J\x1b[1A"


class Tail(Protocol):
    """The unfinished end of an answer."""

    @property
    def empty(self) -> bool:
        """Whether nothing is shown that may still change."""

    @property
    def height(self) -> int:
        """The rows that may still change."""

    def fits(self, columns: int, rows: int) -> bool:
        """Take note of the screen's size; False if what is shown can no longer be redrawn."""

    def append(self, text: str, sgr: str = "") -> None:
        """Show more text as it comes."""

    def replace(self, rows: Sequence[str]) -> None:
        """Show these rows instead of what may still change."""

    def commit(self, open_cells: int | None = None) -> None:
        """Finish the rows; with `open_cells`, all but the last, which is that wide and goes on."""

    def settle(self) -> None:
        """Finish all rows but the last, which goes on."""

    def flush(self) -> None:
        """Write what was said since the last time, at once."""


class Live:
    """The tail on a terminal. `write` takes all bytes of one update."""

    def __init__(self, write: Callable[[bytes], None], columns: int = 80) -> None:
        self._write = write
        self._columns = columns
        self._rows: list[str] = []  # as shown, but for the lead of the first
        self._lead = ""  # what is finished in the first row
        self._lead_cells = 0
        self._held = ""  # what shows only with what follows
        self._out: list[str] = []

    @property
    def empty(self) -> bool:
        """Whether nothing is shown that may still change."""
        return not self._rows

    @property
    def height(self) -> int:
        """The rows that may still change."""
        return len(self._rows)

    def fits(self, columns: int, rows: int) -> bool:
        """Take note of the screen's size; False if what is shown can no longer be redrawn.

        A row that is now wider than the screen may take two, or be cut: terminals differ. A row
        that was scrolled off cannot be reached.
        """
        narrower = columns < self._columns
        self._columns = columns
        if len(self._rows) > rows:
            return False
        if not narrower:
            return True
        widest = max((cells(row) for row in self._rows), default=0)
        first = self._lead_cells + cells(self._rows[0]) if self._rows else 0
        return max(widest, first) <= columns

    def append(self, text: str, sgr: str = "") -> None:
        """Echo more text, broken at words; `sgr` styles it."""
        text = self._held + text.expandtabs(_TAB)
        shown = text.rstrip(_UNFINISHED)
        self._held = text[len(shown) :]
        if not shown:
            return
        if sgr:
            self._out.append(f"\x1b[{sgr}m")
        first, *others = shown.split("\n")
        if not self._rows:
            self._rows.append("")
        self._extend(first)
        for line in others:
            self._rows.append("")
            self._out.append("\r\n")
            self._extend(line)
        if sgr:
            self._out.append("\x1b[m")

    def _extend(self, text: str) -> None:
        """Add `text` to the last row, and rows under it where it is full."""
        row, lead, lead_cells = self._rows[-1], "", 0
        if len(self._rows) == 1:
            lead, lead_cells = self._lead, self._lead_cells
        joined = row + text
        if lead_cells + cells(joined) <= self._columns:
            self._rows[-1] = joined
            self._out.append(text)
            return
        spans = breaks(joined, self._columns, self._columns - lead_cells)
        parts = [joined[start:end] for start, end in spans]
        if len(parts[0]) < len(row.rstrip(" ")):  # a word moves to the next row
            self._out.append(f"{_erased(0)}{lead}{parts[0]}")
        else:
            self._out.append(parts[0][len(row) :])
        self._rows[-1:] = parts
        for part in parts[1:]:
            self._out.append(f"\r\n{part}")

    def replace(self, rows: Sequence[str]) -> None:
        """Show these rows instead: written from the first that differs."""
        old = list(self._rows)
        if old:
            old[0] = self._lead + old[0]
        same = 0
        while same < min(len(old), len(rows)) and old[same].rstrip(" ") == rows[same].rstrip(" "):
            same += 1
        if same == len(old) == len(rows) and old and len(old[-1]) > len(rows[-1]):
            same -= 1  # the cursor stands after spaces that are no longer there
        if same < len(old):
            same = min(same, max(0, len(rows) - 1))  # the cursor is to end in the last row
            self._out.append(_erased(len(old) - 1 - same))
        elif same < len(rows) and old:
            self._out.append("\r\n")
        elif old:
            self._out.append(rows[-1][len(old[-1]) :])  # spaces
        self._out.append("\r\n".join(rows[same:]))
        self._rows, self._lead, self._lead_cells, self._held = list(rows), "", 0, ""

    def commit(self, open_cells: int | None = None) -> None:
        """Finish the rows, or all but the last, which goes on after `open_cells` cells."""
        self._held = ""
        if open_cells is not None and self._rows:
            self._lead, self._lead_cells = self._rows[-1], open_cells
            self._rows = [""]
            return
        if self._rows:
            self._out.append("\r\n")
        self._rows, self._lead, self._lead_cells = [], "", 0

    def settle(self) -> None:
        """Finish all rows but the last, which goes on."""
        if len(self._rows) > 1:
            self._rows, self._lead, self._lead_cells = self._rows[-1:], "", 0

    def flush(self) -> None:
        """Write what was said since the last time, in one piece."""
        data, self._out = "".join(self._out), []
        if data:
            self._write(utf8(data))


class Paper:
    """The tail of what cannot be redrawn: a pipe, a file, a dumb terminal."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._rows: list[str] = []
        self._out: list[str] = []

    empty = True
    height = 0

    def fits(self, columns: int, rows: int) -> bool:  # noqa: ARG002 - nothing is ever redrawn
        """Return True: paper does not change its size."""
        return True

    def append(self, text: str, sgr: str = "") -> None:
        """Wait: only what is finished is written."""

    def replace(self, rows: Sequence[str]) -> None:
        """Hold these rows until they are finished."""
        self._rows = list(rows)

    def commit(self, open_cells: int | None = None) -> None:
        """Write the rows; not the last, if it goes on."""
        if open_cells is not None:
            self._rows = self._rows[:-1]
        self._out += [f"{row}\n" for row in self._rows]
        self._rows = []

    def settle(self) -> None:
        """Do nothing: no row goes on here."""

    def flush(self) -> None:
        """Write what was said since the last time, in one piece."""
        data, self._out = "".join(self._out), []
        if data:
            self._write(utf8(data))
