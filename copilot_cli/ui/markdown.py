"""A finished piece of Markdown as rows of a terminal.

rich's own Markdown was measured and not taken: it pads every row to the full width, boxes headings
and code (which breaks copying), hides where links lead, cannot go on with half a block, and wants
twice the time. What is drawn here is plain: headings bold and to the left, code without border,
indent or padding, so that what is copied is what was written.

Blank lines between blocks are where the source has them, and around code and tables always.
Without colour the marks stay that only a style would have replaced, and that are missed: hashes,
backticks, fences and tildes.
"""

from typing import TYPE_CHECKING, NamedTuple, assert_never

from copilot_cli.ui.cells import cells
from copilot_cli.ui.grammar import split_row
from copilot_cli.ui.inline import DIM, Inline
from copilot_cli.ui.pieces import Container, Piece
from copilot_cli.ui.runs import Runs, paint, width, wrapped
from copilot_cli.ui.tables import Columns, fitted, longest_words, natural
from copilot_cli.ui.themes import EITHER, Theme

if TYPE_CHECKING:
    from copilot_cli.ui.highlight import Highlighter

_SET_APART = frozenset({"fence", "code", "table"})
_LONGEST_RULE = 40


class Rendered(NamedTuple):
    """Rows of a terminal. `open` is None where the block has ended, else the cells of the last
    row: the block goes on in it, and the next rendering begins with that row again.
    """

    rows: list[str]
    open: int | None = None


class _Carry(NamedTuple):
    """The last row of a paragraph that goes on: what it was prefixed with, and its text."""

    prefix: str
    runs: Runs


class Renderer:
    """Renders the pieces of one answer, in their order."""

    def __init__(self, *, color: bool, theme: Theme = EITHER) -> None:
        self._color = color
        self._theme = theme
        self._inline = Inline(color=color, theme=theme)
        self._highlighter: Highlighter | None = None
        self._table: Columns | None = None
        self._carry: _Carry | None = None
        self._last: str = ""
        self._gap = False  # before what showed nothing

    @property
    def begun(self) -> bool:
        """Whether anything was rendered: a gap before the first block is not shown."""
        return bool(self._last)

    def break_row(self) -> None:
        """Let an unfinished paragraph go on in a new row."""
        if self._carry:
            self._carry = _Carry("", [])

    def render(self, piece: Piece, room: int) -> Rendered:
        """Return the rows of `piece` on a terminal `room` cells wide."""
        before = [""] if piece.start and self._parted(piece) else []
        if piece.kind in _SET_APART and any(c.fresh for c in piece.containers):
            before.append(self._prefixes(piece.containers, room)[0].rstrip())
        rendered = self._block(piece, room)
        if piece.kind == "paragraph" and not rendered.rows:  # nothing but definitions
            self._gap = self._gap or piece.gap
            return rendered
        if rendered.rows or before:
            self._last, self._gap = piece.kind, False
        return rendered._replace(rows=before + rendered.rows)

    def _parted(self, piece: Piece) -> bool:
        """Tell whether a blank row goes before the piece."""
        if not self._last or (piece.kind == "fence" and piece.end):
            return False
        return piece.gap or self._gap or piece.kind in _SET_APART or self._last in _SET_APART

    def _block(self, piece: Piece, room: int) -> Rendered:
        match piece.kind:
            case "paragraph":
                return self._paragraph(piece, room)
            case "heading":
                rows = self._heading(piece, room)
            case "rule":
                rows = [self._styled("─" * min(room, _LONGEST_RULE), DIM)]
            case "fence":
                rows = self._fence(piece)
            case "code":
                rows = [self._code(piece)]
            case "html":
                rows = [self._styled(piece.text, DIM)]
            case "table":
                rows = self._table_rows(piece, room)
            case _:
                assert_never(piece.kind)
        return Rendered(rows)

    def _styled(self, text: str, sgr: str) -> str:
        return paint([(text, sgr if self._color and text else "")])

    def _prefixes(self, containers: tuple[Container, ...], room: int) -> tuple[str, str]:
        """Return what stands before the first row of a block, and before its others."""
        first = rest = ""
        for container in containers:
            if container.kind == "quote":
                marker = then = "│ "
            else:
                marker = "• " if container.number is None else f"{container.number}. "
                then = " " * len(marker)
            first += marker if container.fresh else then
            rest += then
        most = max(0, room - 12)  # on a narrow terminal the text comes first
        return first[-most:] if most else "", rest[-most:] if most else ""

    def _paragraph(self, piece: Piece, room: int) -> Rendered:
        first, rest = self._prefixes(piece.containers, room)
        carried: Runs = []
        if not piece.start and self._carry is not None:
            first, carried = self._carry.prefix or rest, self._carry.runs
        text = piece.text
        if piece.start and text.startswith("["):
            text = self._inline.define(text)
        if not (text or carried or any(c.fresh for c in piece.containers)):
            self._carry = None
            return Rendered([])
        rows = wrapped([*carried, *self._inline.runs(text)] or [("", "")], room - cells(rest))
        shown = [(rest if index else first) + paint(row) for index, row in enumerate(rows)]
        if piece.end:
            self._carry = None
            return Rendered([row.rstrip(" ") for row in shown])
        prefix = first if len(rows) == 1 else rest
        self._carry = _Carry(prefix, rows[-1])
        return Rendered(shown, cells(prefix) + width(rows[-1]))

    def _heading(self, piece: Piece, room: int) -> list[str]:
        first, rest = self._prefixes(piece.containers, room)
        runs = self._inline.runs(piece.text, "1;4" if piece.level == 1 else "1")
        if not self._color:
            runs = [("#" * piece.level + " ", ""), *runs]
        rows = wrapped(runs or [("", "")], room - cells(rest))
        return [(rest if index else first) + paint(row) for index, row in enumerate(rows)]

    def _fence(self, piece: Piece) -> list[str]:
        self._highlighter = None
        if not self._color:
            return [piece.text]
        if not piece.end:
            from copilot_cli.ui.highlight import Highlighter  # the lexers: with the first code

            self._highlighter = Highlighter(piece.info, self._theme)
        return []

    def _code(self, piece: Piece) -> str:
        return paint(self._highlighter.line(piece.text)) if self._highlighter else piece.text

    def _table_rows(self, piece: Piece, room: int) -> list[str]:
        """Render a table, or the rows that one with fixed columns has more."""
        lines = [line for line in piece.text.split("\n") if line.strip()]
        if not piece.start:
            return self._body(lines)
        delimiters = split_row(lines[1])
        names = split_row(lines[0])
        head = [self._inline.runs(cell, "1") for cell in names]
        body = [self._cells(line, len(head)) for line in lines[2:]]
        rows = [head, *body]
        wanted, words = natural(rows, len(head)), longest_words(rows, len(head))
        widths = fitted(wanted, room - 3 * (len(head) - 1), words)
        if widths is None:
            self._table = None
            return lines
        self._table = Columns(
            widths, between=" │ ", aligns=[_alignment(delimiter) for delimiter in delimiters]
        )
        shown = [*self._table.lines(head), self._table.rule()]
        return shown + [line for row in body for line in self._table.lines(row)]

    def _body(self, lines: list[str]) -> list[str]:
        if self._table is None:
            return lines
        table = self._table
        return [row for line in lines for row in table.lines(self._cells(line, table.count))]

    def _cells(self, line: str, columns: int) -> list[Runs]:
        return [self._inline.runs(cell) for cell in split_row(line)[:columns]]


def _alignment(delimiter: str) -> str:
    if delimiter.endswith(":"):
        return "center" if delimiter.startswith(":") else "right"
    return "left"
