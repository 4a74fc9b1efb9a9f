"""Tables on a terminal: how wide each column is, and its rows as lines."""

from collections.abc import Callable, Sequence

from copilot_cli.ui.cells import breaks, cells

_NARROWEST = 4  # cells; a column with less cannot be read


def fitted(natural: Sequence[int], room: int) -> list[int] | None:
    """Return widths for columns that want `natural` cells and share `room`; None if none fit.

    The widest give first, and only what is needed.
    """
    if sum(natural) <= room:
        return list(natural)
    if room < sum(min(width, _NARROWEST) for width in natural):
        return None
    widths, left = [0] * len(natural), room
    by_width = sorted(range(len(natural)), key=lambda index: natural[index])
    for position, index in enumerate(by_width):
        widths[index] = min(natural[index], left // (len(natural) - position))
        left -= widths[index]
    return widths


def pad(text: str, width: int, align: str) -> tuple[str, str]:
    """Return the spaces before and after `text` that fill `width` cells."""
    space = max(0, width - cells(text))
    before = {"right": space, "center": space // 2}.get(align, 0)
    return " " * before, " " * (space - before)


def aligned(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, width: int, bold: bool
) -> list[str]:
    """Return a table's lines: columns two spaces apart, long cells broken at words.

    Where the terminal is too narrow for that, one line a cell.
    """
    head = [list(columns)] if any(columns) else []
    natural = [
        max([cells(row[index]) for row in [*head, *rows] if index < len(row)], default=0)
        for index in range(len(columns))
    ]
    widths = fitted(natural, width - 1 - 2 * (len(columns) - 1))
    if widths is None:
        return [cell for row in rows for cell in row]
    lines: list[str] = []
    if head:
        lines += _lines(columns, widths, (lambda text: f"\x1b[1m{text}\x1b[0m") if bold else str)
    for row in rows:
        lines += _lines(row, widths, str)
    return lines


def _lines(row: Sequence[str], widths: Sequence[int], paint: Callable[[str], str]) -> list[str]:
    parts = [
        [cell[start:end] for start, end in breaks(cell, width)] if cell else [""]
        for cell, width in zip(row, widths, strict=False)
    ]
    lines = []
    for level in range(max((len(part) for part in parts), default=0)):
        texts = [part[level] if level < len(part) else "" for part in parts]
        padded = [text + pad(text, w, "left")[1] for text, w in zip(texts, widths, strict=False)]
        lines.append(paint("  ".join(padded).rstrip()))
    return lines
