"""Stored conversations in lists: what a search found, for a person and for a program.

Rule: what was stored is foreign text, so it is safe before it gets a style of ours.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from copilot_cli.exporting import local, utc
from copilot_cli.store.search import END, MARK, Hit
from copilot_cli.store.turns import Session
from copilot_cli.ui.runs import Run, Runs, paint, wrapped
from copilot_cli.ui.safe import safe_line

COLUMNS = ("id", "last used", "turns", "model", "title")

_INDENT = "    "
_PIECES = re.compile(f"{MARK}([^{END}]*){END}?")


def row(session: Session) -> tuple[str, str, str, str, str]:
    """Return a session as a row under COLUMNS."""
    return (
        session.id,
        local(session.updated),
        str(session.turns),
        session.model or "",
        session.title,
    )


def hit_record(hit: Hit) -> dict[str, Any]:
    """Return a hit as `docs/json.md` describes it; `marks` are places in the excerpt."""
    text, marks = "", []
    for piece, marked in pieces(hit.excerpt):
        if marked:
            marks.append([len(text), len(text) + len(piece)])
        text += piece
    return {
        "session": hit.session,
        "title": hit.title,
        "turn": hit.turn_id,
        "role": hit.role,
        "created": utc(hit.created),
        "excerpt": text,
        "marks": marks,
    }


def hit_row(hit: Hit) -> tuple[str, str, str, str, str]:
    """Return a hit as a row: id, time, role, title, and the excerpt without marks."""
    excerpt = "".join(piece for piece, _ in pieces(hit.excerpt))
    return hit.session, local(hit.created), hit.role, hit.title, excerpt


def hit_lines(hits: Sequence[Hit], columns: int, *, color: bool) -> Iterator[str]:
    """Yield what was found as lines of a terminal: a conversation, under it its excerpts."""
    before = None
    for hit in hits:
        if hit.session != before:
            head = f"{hit.session}  {local(hit.created)}  {safe_line(hit.title)}"
            yield from _rows([(head, "1" if color else "")], columns, "")
        before = hit.session
        if hit.turn_id is not None:
            yield from _rows(_runs(hit, color=color), columns, _INDENT)


def pieces(excerpt: str) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of an excerpt, and for each whether it is a match."""
    last = 0
    for match in _PIECES.finditer(excerpt):
        yield excerpt[last : match.start()], False
        yield match[1], True
        last = match.end()
    yield excerpt[last:], False


def _runs(hit: Hit, *, color: bool) -> Runs:
    who = "you: " if hit.role == "user" else f"{hit.role}: "
    runs: list[Run] = [(who, "2" if color else "")]
    for piece, marked in pieces(hit.excerpt):
        if piece:
            runs.append((safe_line(piece, None), "1;33" if marked and color else ""))
    return runs


def _rows(runs: Runs, columns: int, indent: str) -> Iterator[str]:
    for runs_of_row in wrapped(runs, max(8, columns - len(indent))):
        yield indent + paint(runs_of_row)
