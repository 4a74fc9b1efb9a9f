"""A session's turns are a tree: undo, redo, edit, retry and fork move a pointer and lose nothing.

The branch that is shown goes from a session's `head` back to its first turn. Where undo left a
longer branch, `tip` is its last turn, and redo goes along it. An exchange begins with what a person
asked, or with a summary: those are the places undo and redo stop at. Functions over a connection.
"""

import sqlite3

from copilot_cli.values import NamedTuple

_STARTS = frozenset({"user", "summary"})

# The turns from one turn back to the first, each with its distance from that one. The seed is named
# so that planners find it first: `{seed}` is a turn's id or NULL.
_BRANCH = """
WITH RECURSIVE branch (id, distance) AS (
    SELECT {seed}, 0
    UNION ALL
    SELECT parent_id, distance + 1 FROM branch JOIN turns USING (id) WHERE parent_id IS NOT NULL
)
"""
OF_SESSION = _BRANCH.format(seed="(SELECT head FROM sessions WHERE id = ?)")
OF_TURN = _BRANCH.format(seed="?")
TURNS = "SELECT turns.* FROM branch JOIN turns USING (id) ORDER BY distance DESC"
_STEPS = "SELECT id, parent_id, role FROM branch JOIN turns USING (id) ORDER BY distance"
PARTS = (
    "SELECT turn_id, position, kind, text, data"
    " FROM branch JOIN parts ON turn_id = branch.id ORDER BY turn_id, position"
)


class Step(NamedTuple):
    """One turn on the way back."""

    id: int
    parent: int | None
    role: str


def way_back(db: sqlite3.Connection, turn_id: int | None) -> list[Step]:
    """Return the steps from a turn to the first of its branch."""
    return [Step(*row) for row in db.execute(OF_TURN + _STEPS, (turn_id,))]


def pointers(db: sqlite3.Connection, session_id: str) -> tuple[int | None, int | None]:
    """Return head and tip of a session, two times None for one that is not there."""
    found = db.execute("SELECT head, tip FROM sessions WHERE id = ?", (session_id,)).fetchone()
    return (found[0], found[1]) if found else (None, None)


def move(db: sqlite3.Connection, session_id: str, turn_id: int | None) -> None:
    """Make `turn_id` the head; redo leads back where that is further along the same branch."""
    head, tip = pointers(db, session_id)
    end = head if tip is None else tip
    behind = [step.id for step in way_back(db, end)]
    on_the_way = turn_id is None or turn_id in behind
    _point(db, session_id, turn_id, end if on_the_way and turn_id != end else None)


def undo(db: sqlite3.Connection, session_id: str) -> int | None:
    """Make the turn before the last exchange the head; return the exchange's first turn."""
    head, tip = pointers(db, session_id)
    for step in way_back(db, head):
        if step.role in _STARTS:
            _point(db, session_id, step.parent, head if tip is None else tip)
            return step.id
    return None


def redo(db: sqlite3.Connection, session_id: str) -> int | None:
    """Make the end of the next exchange towards the tip the head; return its first turn."""
    head, tip = pointers(db, session_id)
    way = way_back(db, tip)
    ids = [step.id for step in way]
    if tip is None or (head is not None and head not in ids):
        return None
    ahead = way[: ids.index(head) if head is not None else None][::-1]
    if not ahead:
        return None
    exchange = [ahead[0]]
    for step in ahead[1:]:
        if step.role in _STARTS:
            break
        exchange.append(step)
    last = exchange[-1].id
    _point(db, session_id, last, None if last == tip else tip)
    return exchange[0].id


def _point(db: sqlite3.Connection, session_id: str, head: int | None, tip: int | None) -> None:
    db.execute("UPDATE sessions SET head = ?, tip = ? WHERE id = ?", (head, tip, session_id))
