r"""Text that comes in any cut, fed to the block parser line by line.

A line without its end is held back, unless it grows too long to wait for. Whatever the cuts, the
pieces are the same: everything that is decided depends on the text alone.
"""

from copilot_cli.ui.blocks import BlockParser
from copilot_cli.ui.cells import weight
from copilot_cli.ui.grammar import overflow
from copilot_cli.ui.pieces import Piece

_ITEM_SEEN = 24  # characters of a line after which it is a list item or none
_SLICE = 4096  # characters looked at together: bounds the copying when a text comes in one piece


class BlockSplitter:
    """Takes text as it comes and returns the pieces that are finished."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self._parser = BlockParser(columns, rows)
        self._partial = ""  # the line that has no end yet
        self._weight = 0  # of that line, in cells
        self._looked = False  # whether its beginning was looked at
        self._midline = False  # it was too long to wait for; its rest is text and nothing else

    def set_room(self, columns: int, rows: int) -> None:
        """Say how large the screen is: a block that would outgrow it leaves in pieces."""
        self._parser.set_room(columns, rows)

    @property
    def pending(self) -> str:
        """The source of what is unfinished, to be shown meanwhile; "" where it is blank."""
        text = self._parser.text
        text = f"{text}\n{self._partial}" if text else self._partial
        return text if text.strip() else ""

    @property
    def gap(self) -> bool:
        """Whether a blank line stands between the last piece and what is pending."""
        return self._parser.gap

    def feed(self, text: str) -> list[Piece]:
        r"""Take more text (line ends are `\n`) and return the pieces that it finished."""
        if len(text) <= _SLICE:
            self._feed(text)
        else:
            for start in range(0, len(text), _SLICE):
                self._feed(text[start : start + _SLICE])
        return self._parser.taken()

    def cut(self) -> list[Piece]:
        """Return what is pending as if it had outgrown the screen; the block goes on after it."""
        if self._partial.strip():
            head = self._partial
            self._restart("")
            self._midline = True
            self._parser.begin_line(head)
        self._parser.cut()
        return self._parser.taken()

    def flush(self) -> list[Piece]:
        """Return all that is left: the text has ended. The splitter is as new then."""
        if self._midline:
            self._end_midline()
        elif self._partial:
            self._parser.line(self._partial)
        self._restart("")
        self._parser.close(0)
        self._parser.gap = False
        return self._parser.taken()

    def _feed(self, text: str) -> None:
        if self._midline:
            head, newline, text = text.partition("\n")
            self._grow(head)
            if not newline:
                return
            self._end_midline()
        first, *others = text.split("\n")
        self._partial += first
        self._weight += weight(first)
        for line in others:
            self._end_line()
            self._restart(line)
        self._look_ahead()
        if self._weight >= self._budget():
            self._too_long()

    def _restart(self, line: str) -> None:
        self._partial, self._weight, self._looked = line, weight(line), False

    def _look_ahead(self) -> None:
        """Finish a paragraph as soon as a list item is seen to follow it, not at that line's end.

        Otherwise each item would be echoed twice: with the one before it, and alone.
        """
        if self._looked:
            return
        self._looked = len(self._partial) >= _ITEM_SEEN
        if self._parser.begins_item(self._partial):
            self._parser.finish()

    def _budget(self) -> int:
        """Return the weight at which a line is too long to wait for."""
        return max(self._parser.columns, self._parser.limit - self._parser.weight)

    def _end_line(self) -> None:
        self._look_ahead()
        if self._weight >= self._budget():
            self._too_long()
            self._end_midline()
        else:
            self._parser.line(self._partial)

    def _too_long(self) -> None:
        line, end = self._partial, overflow(self._partial, self._budget(), 0)
        self._restart("")
        self._midline = True
        self._parser.begin_line(line[:end])
        self._grow(line[end:])

    def _grow(self, text: str) -> None:
        """Take more of a line that was too long to wait for."""
        if not self._parser.verbatim:
            if text:
                self._parser.add_text(text)
            return
        self._partial += text
        while len(self._partial) > self._parser.limit:
            self._parser.add_verbatim(self._partial[: self._parser.limit])
            self._partial = self._partial[self._parser.limit :]

    def _end_midline(self) -> None:
        self._midline = False
        if self._partial:
            self._parser.add_verbatim(self._partial)
        self._restart("")
