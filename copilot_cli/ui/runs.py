"""Styled text: runs of characters that share a style, broken into rows and painted as ANSI."""

from collections.abc import Iterable

from copilot_cli.ui.cells import breaks, cells

Run = tuple[str, str]
"""Text, and the parameters of its SGR sequence ("1;36"); "" is unstyled."""

Runs = list[Run]


def plain(runs: Iterable[Run]) -> str:
    """Return the text alone."""
    return "".join([text for text, _ in runs])


def paint(runs: Iterable[Run]) -> str:
    """Return the runs as a terminal wants them; every style is ended where it was begun."""
    return "".join([f"\x1b[{sgr}m{text}\x1b[m" if sgr else text for text, sgr in runs])


def width(runs: Iterable[Run]) -> int:
    """Return the cells of one row."""
    return cells(plain(runs))


def wrapped(runs: Runs, room: int) -> list[Runs]:
    r"""Break runs into rows of at most `room` cells, at spaces and at every `\n`."""
    spans: list[tuple[int, int]] = []
    offset = 0
    for line in plain(runs).split("\n"):
        spans += [(start + offset, end + offset) for start, end in breaks(line, room)]
        offset += len(line) + 1
    return _sliced(runs, spans)


def _sliced(runs: Runs, spans: list[tuple[int, int]]) -> list[Runs]:
    """Return the parts of `runs` at `spans`, which ascend and do not overlap."""
    if len(runs) == 1:
        text, sgr = runs[0]
        return [[(text[start:end], sgr)] for start, end in spans]
    rows: list[Runs] = []
    first, first_at = 0, 0  # the run in which the next span may begin, and where that run begins
    for start, end in spans:
        row: Runs = []
        while first < len(runs) and first_at + len(runs[first][0]) <= start:
            first_at += len(runs[first][0])
            first += 1
        index, at = first, first_at
        while index < len(runs) and at < end:
            text, sgr = runs[index]
            if part := text[max(start - at, 0) : end - at]:
                row.append((part, sgr))
            at += len(text)
            index += 1
        rows.append(row)
    return rows
