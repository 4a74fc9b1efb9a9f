"""What writes turns and their parts: functions over a connection that is in a transaction.

An answer that grew was written piece by piece; when it ends, its pieces become one part, because a
search takes together what stands in one part, and a word may have been cut between two pieces.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from copilot_cli.errors import Corrupt, WrongKey
from copilot_cli.messages import Cost, Part, Usage
from copilot_cli.store.cells import Cells, title_cell
from copilot_cli.store.turns import Turn, figure, joined, part_of, row_of, storable
from copilot_cli.values import NamedTuple

_TURN = (
    "INSERT INTO turns (session_id, parent_id, role, created, model, engine, state,"
    " finish_reason, request_id, input_tokens, output_tokens, cached_tokens, cache_write_tokens,"
    " reasoning_tokens, cost_amount, cost_unit, seconds_first_token, seconds_total)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Ending(NamedTuple):
    """How an answer ended; durations are seconds."""

    state: str
    finish_reason: str | None = None
    request_id: str | None = None
    model: str | None = None
    engine: str | None = None
    usage: Usage | None = None
    cost: Cost | None = None
    seconds_first_token: float | None = None
    seconds_total: float | None = None


def insert_session(
    db: sqlite3.Connection,
    cells: Cells,
    session_id: str,
    title: str,
    created: float,
    about: Sequence[str | None],
) -> None:
    """Write a session's row; `about` is host, account, model and engine."""
    db.execute(
        "INSERT INTO sessions (id, title, created, updated, host, account, model, engine)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (session_id, title_cell(cells, session_id, title), created, created, *about),
    )


def insert_turn(
    db: sqlite3.Connection, cells: Cells, turn: Turn, session_id: str, parent: int | None
) -> int:
    """Write `turn` with its parts as one of `session_id` after `parent`, and return its new id."""
    figures = [figure(count) for count in turn.usage]
    price = (turn.cost.amount, turn.cost.unit) if turn.cost else (None, None)
    values = (
        *(session_id, parent, turn.role, turn.created, turn.model, turn.engine, turn.state),
        *(turn.finish_reason, turn.request_id, *figures, *price),
        *(turn.seconds_first_token, turn.seconds_total),
    )
    turn_id = db.execute(_TURN, values).lastrowid
    assert turn_id is not None
    insert_parts(db, cells, turn_id, turn.parts)
    return turn_id


def insert_parts(
    db: sqlite3.Connection, cells: Cells, turn_id: int, parts: Sequence[Part], first: int = -1
) -> None:
    """Write parts from the position `first` on; without one, after those that are there."""
    if first < 0:
        first = db.execute(
            "SELECT coalesce(max(position) + 1, 0) FROM parts WHERE turn_id = ?", (turn_id,)
        ).fetchone()[0]
    rows = (
        (turn_id, position, *part_cells(cells, turn_id, position, *row_of(part)))
        for position, part in enumerate(parts, start=first)
    )
    db.executemany(
        "INSERT INTO parts (turn_id, position, kind, text, data) VALUES (?, ?, ?, ?, ?)", rows
    )


def part_cells(
    cells: Cells, turn_id: int, position: int, kind: str, text: str, data: str | None
) -> tuple[str, str | bytes, str | bytes | None]:
    """Return kind, text and data of a part as they are stored at its place."""
    return (
        kind,
        cells.write(text, turn_id, position, kind, "text"),
        None if data is None else cells.write(data, turn_id, position, kind, "data"),
    )


def part_at(
    cells: Cells,
    turn_id: int,
    position: int,
    kind: str,
    text: str | bytes,
    data: str | bytes | None,
) -> Part:
    """Return the part that is stored at a place. Raises `StoreError` if it cannot be opened."""
    return part_of(
        kind,
        cells.read(text, turn_id, position, kind, "text"),
        None if data is None else cells.read(data, turn_id, position, kind, "data"),
    )


def seal_all(db: sqlite3.Connection, cells: Cells) -> bool:
    """Seal every text that is still plain, and empty the index of them; return whether any was."""
    plain = db.execute(
        "SELECT id, turn_id, position, kind, text, data FROM parts WHERE typeof(text) = 'text'"
    ).fetchall()
    titles = db.execute(
        "SELECT id, title FROM sessions WHERE typeof(title) = 'text' AND title != ''"
    ).fetchall()
    if not plain and not titles:
        return False
    db.execute("INSERT INTO parts_index (parts_index) VALUES ('delete-all')")
    db.executemany(
        "UPDATE parts SET kind = ?, text = ?, data = ? WHERE id = ?",
        ((*part_cells(cells, *place), part_id) for part_id, *place in plain),
    )
    db.executemany(
        "UPDATE sessions SET title = ? WHERE id = ?",
        ((title_cell(cells, session_id, title), session_id) for session_id, title in titles),
    )
    return True


def reseal_all(db: sqlite3.Connection, cells: Cells) -> int:
    """Seal anew every text that only an older key opens; return how many there were.

    What no key opens is left as it is.
    """
    parts = db.execute(
        "SELECT id, turn_id, position, kind, text, data FROM parts WHERE typeof(text) = 'blob'"
    ).fetchall()
    titles = db.execute("SELECT id, title FROM sessions WHERE typeof(title) = 'blob'").fetchall()
    count = 0
    for part_id, turn_id, position, kind, text, data in parts:
        place = (turn_id, position, kind)
        if cells.is_current(text, *place, "text"):
            continue
        with suppress(Corrupt, WrongKey):
            plain = cells.read(text, *place, "text")
            more = None if data is None else cells.read(data, *place, "data")
            fresh = part_cells(cells, turn_id, position, kind, plain, more)
            db.execute(
                "UPDATE parts SET kind = ?, text = ?, data = ? WHERE id = ?", (*fresh, part_id)
            )
            count += 1
    for session_id, cell in titles:
        if cells.is_current(cell, "title", session_id):
            continue
        with suppress(Corrupt, WrongKey):
            title = title_cell(cells, session_id, cells.read(cell, "title", session_id))
            db.execute("UPDATE sessions SET title = ? WHERE id = ?", (title, session_id))
            count += 1
    return count


def end_turn(
    db: sqlite3.Connection, cells: Cells, turn_id: int, rest: Sequence[Part], ending: Ending
) -> None:
    """Write how an answer ended, and its pieces with the `rest` as one."""
    _join_pieces(db, cells, turn_id, rest)
    usage = [figure(count) for count in ending.usage or Usage()]
    cost = (ending.cost.amount, ending.cost.unit) if ending.cost else (None, None)
    words: list[Any] = [
        word and storable(word)
        for word in (ending.finish_reason, ending.request_id, ending.model, ending.engine)
    ]
    db.execute(
        "UPDATE turns SET state = ?, finish_reason = ?, request_id = ?, model = coalesce(?, model),"
        " engine = coalesce(?, engine),"
        " input_tokens = ?, output_tokens = ?, cached_tokens = ?, cache_write_tokens = ?,"
        " reasoning_tokens = ?, cost_amount = ?, cost_unit = ?, seconds_first_token = ?,"
        " seconds_total = ? WHERE id = ?",
        (
            *(ending.state, *words, *usage, *cost),
            *(ending.seconds_first_token, ending.seconds_total, turn_id),
        ),
    )


def _join_pieces(db: sqlite3.Connection, cells: Cells, turn_id: int, rest: Sequence[Part]) -> None:
    rows = db.execute(
        "SELECT position, kind, text, data FROM parts WHERE turn_id = ? ORDER BY position",
        (turn_id,),
    )
    pieces = [part_at(cells, turn_id, *row) for row in rows]
    whole = joined([*pieces, *rest])
    if list(whole) == pieces:
        return
    del pieces  # as large as the answer, of which SQLite makes copies enough
    db.execute("DELETE FROM parts WHERE turn_id = ?", (turn_id,))
    insert_parts(db, cells, turn_id, whole, first=0)
