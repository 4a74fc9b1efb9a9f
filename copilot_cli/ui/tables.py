"""Tables on a terminal: how wide each column is, and rows as lines."""

from collections.abc import Sequence

from copilot_cli.ui.cells import cells
from copilot_cli.ui.runs import Runs, paint, plain, width, wrapped

_NARROWEST = 4  # cells; a column with less cannot be read
_READABLE = 10  # cells that no column has to give for the sake of another's words


def fitted(
    natural: Sequence[int], room: int, words: Sequence[int] | None = None
) -> list[int] | None:
    """Return widths for columns that want `natural` cells and share `room`; None if none fit.

    The widest give first, and only what is needed. `words` are the longest word of each column:
    the longer of them are broken first, so that an id stays whole beside a long title.
    """
    if sum(natural) <= room:
        return list(natural)
    if room < sum(min(wanted, _NARROWEST) for wanted in natural):
        return None
    widths = _whole_words(natural, room, words) if words else [0] * len(natural)
    while sum(widths) < room:  # a cell for each of the narrowest, until nothing is left
        narrowest = min(now for now, wanted in zip(widths, natural, strict=True) if now < wanted)
        for index in reversed(range(len(natural))):
            if widths[index] == narrowest < natural[index] and sum(widths) < room:
                widths[index] += 1
    return widths


def _whole_words(natural: Sequence[int], room: int, words: Sequence[int]) -> list[int]:
    """Return the cells with which as few columns as possible have to break a word."""
    if sum(words) <= room:
        return list(words)
    least = [min(wanted, _READABLE) for wanted in natural]
    if sum(least) > room:
        return [0] * len(natural)
    for index in sorted(range(len(words)), key=words.__getitem__):
        more = max(0, words[index] - least[index])
        if sum(least) + more > room:
            break
        least[index] += more
    return least


def natural(rows: Sequence[Sequence[Runs]], columns: int) -> list[int]:
    """Return the cells that each column would take if nothing in it were broken."""
    return [
        max((width(row[index]) for row in rows if index < len(row)), default=0)
        for index in range(columns)
    ]


def longest_words(rows: Sequence[Sequence[Runs]], columns: int) -> list[int]:
    """Return the cells that the longest word of each column takes."""
    return [
        max((cells(word) for cell in column for word in plain(cell).split()), default=0)
        for column in ([row[index] for row in rows if index < len(row)] for index in range(columns))
    ]


class Columns:
    """Columns of fixed widths; a cell that is longer is broken at its words."""

    def __init__(
        self, widths: Sequence[int], *, between: str = "  ", aligns: Sequence[str] = ()
    ) -> None:
        self._widths = [max(1, wide) for wide in widths]
        self.count = len(widths)
        self._between = between
        self._aligns = aligns or [""] * len(widths)

    def lines(self, row: Sequence[Runs]) -> list[str]:
        """Return one row as lines; it may have fewer cells than there are columns."""
        given = [*row, *([[]] * (len(self._widths) - len(row)))]
        parts = [
            wrapped(runs, wide) if runs else []
            for runs, wide in zip(given, self._widths, strict=False)
        ]
        return [
            self._line([part[level] if level < len(part) else [] for part in parts])
            for level in range(max(map(len, parts), default=0))
        ]

    def rule(self) -> str:
        """Return the line under the head of a Markdown table."""
        return "─┼─".join("─" * wide for wide in self._widths)

    def _line(self, row: Sequence[Runs]) -> str:
        texts = []
        for runs, wide, align in zip(row, self._widths, self._aligns, strict=False):
            space = max(0, wide - width(runs))
            before = {"right": space, "center": space // 2}.get(align, 0)
            texts.append(" " * before + paint(runs) + " " * (space - before))
        return self._between.join(texts).rstrip(" ")


def aligned(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, room: int, bold: bool
) -> list[str]:
    """Return a table's lines in `room` cells; where that is too narrow, one line a cell.

    Names without text make a table without a head.
    """
    body: list[list[Runs]] = [[[(cell, "")] if cell else [] for cell in row] for row in rows]
    head: list[Runs] = [[(name, "1" if bold else "")] for name in columns]
    whole = [head, *body] if any(columns) else body
    count = len(columns)
    widths = fitted(natural(whole, count), room - 2 * (count - 1), longest_words(whole, count))
    if widths is None:
        return [cell for row in rows for cell in row]
    table = Columns(widths)
    return [line for row in whole for line in table.lines(row)]
