"""How much is left of something, as a bar beside the words that say it: for a terminal."""

from collections.abc import Sequence

from copilot_cli.ui.runs import Run, Runs
from copilot_cli.ui.safe import safe_line
from copilot_cli.ui.tables import Columns, natural

_WIDEST, _NARROWEST = 24, 8  # cells of a bar; below that it says nothing
_BETWEEN = 2  # cells between two columns
_LITTLE, _LOW = 0.10, 0.25  # the shares from which on a bar is red and yellow


def gauge(share: float, width: int, *, color: bool) -> Runs:
    """Return a bar of `width` cells of which `share` (0 to 1) is full.

    It is green, yellow from a quarter on and red from a tenth on; without `color` it is plain. A
    bar is empty only where nothing is left, and full only where nothing was used.
    """
    full = round(share * width)
    if 0 < share < 1:
        full = min(max(full, 1), width - 1)
    sgr = "31" if share <= _LITTLE else "33" if share <= _LOW else "32"
    runs: list[Run] = [("█" * full, sgr if color else ""), ("░" * (width - full), "")]
    return [run for run in runs if run[0]]


def lines(
    rows: Sequence[tuple[str, str, float | None]], *, room: int, color: bool, bars: bool = True
) -> list[str]:
    """Return rows of (name, words, share that is left or None) as lines of `room` cells.

    Where there is no room for bars, or they are not wanted, the words say it alone.
    """
    body: list[list[Runs]] = [
        [[(safe_line(name, None), "")], [(safe_line(words, None), "")]] for name, words, _ in rows
    ]
    names, words = natural(body, 2)
    width = min(room - names - words - 2 * _BETWEEN, _WIDEST)
    widths = [names, words]
    if bars and width >= _NARROWEST:
        widths.append(width)
        for row, (_, _, share) in zip(body, rows, strict=True):
            row.append([] if share is None else gauge(share, width, color=color))
    elif names + words + _BETWEEN > room:
        widths = [names, max(room - names - _BETWEEN, _NARROWEST)]
    table = Columns(widths)
    return [line for row in body for line in table.lines(row)]
