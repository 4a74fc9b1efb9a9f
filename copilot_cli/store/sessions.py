"""Stored conversations: sessions, their turns as a tree, and each turn's parts, in SQLite.

Rule: an answer never fails because of its history. Writing is a few small transactions; one that
fails is said once through `notice`, and from then on nothing is kept: ids are then None, and every
method takes None and does nothing. The person's turn is committed before the request goes out, the
answer as it grows, so that a kill loses what came since the last `grow`. A turn that is still
`pending` in a session nobody writes to was killed.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from copilot_cli.errors import CopilotChatError, UsageError
from copilot_cli.messages import Cost, Part, Usage
from copilot_cli.store.database import (
    Notice,
    Opened,
    is_damage,
    open_database,
    reason,
    set_aside,
    transaction,
)
from copilot_cli.store.turns import (
    Session,
    State,
    Turn,
    figure,
    new_id,
    part_of,
    row_of,
    storable,
    title_of,
    turn_of,
)

LATEST = "latest"

_T = TypeVar("_T")

_LIST = "SELECT *, (SELECT count(*) FROM turns WHERE session_id = sessions.id) FROM sessions"
# The turns from the head of a session back to its first, each with its distance from the head.
_BRANCH = """
WITH RECURSIVE branch (id, distance) AS (
    SELECT head, 0 FROM sessions WHERE id = ?
    UNION ALL
    SELECT parent_id, distance + 1 FROM branch JOIN turns USING (id) WHERE parent_id IS NOT NULL
)
"""
_TURNS = f"""{_BRANCH} SELECT turns.*
FROM branch JOIN turns USING (id) ORDER BY distance DESC"""  # noqa: S608 - no foreign text in it
_PARTS = f"""{_BRANCH} SELECT turn_id, kind, text, data
FROM branch JOIN parts ON turn_id = branch.id ORDER BY turn_id, position"""  # noqa: S608 - the same


class Sessions:
    """The conversations in the database at `path`; with None nothing is kept and nothing said."""

    def __init__(
        self, path: Path | None, notice: Notice, *, now: Callable[[], float] = time.time
    ) -> None:
        self.path = path
        self._notice = notice
        self._now = now
        self._opened = Opened(None, writable=False) if path is None else None
        self._begun: dict[str, tuple[str | None, ...]] = {}

    def close(self) -> None:
        """Close the database; the next use opens it again."""
        if self._opened is not None and self._opened.connection is not None:
            self._opened.connection.close()
            self._opened = None

    # Writing

    def create(
        self,
        *,
        host: str | None = None,
        account: str | None = None,
        model: str | None = None,
        engine: str | None = None,
    ) -> str | None:
        """Begin a session and return its id; it is on disk with its first turn."""
        if not self._open().writable:
            return None
        session_id = new_id(self._now())
        self._begun[session_id] = (host, account, model, engine)
        return session_id

    def append(
        self,
        session_id: str | None,
        parent: int | None,
        role: str,
        parts: Sequence[Part],
        *,
        model: str | None = None,
        engine: str | None = None,
        state: State = "complete",
    ) -> int | None:
        """Commit a turn after `parent` (None: the first), make it the head, and return its id."""
        if session_id is None:
            return None
        now = self._now()

        def write(db: sqlite3.Connection) -> int:
            if session_id in self._begun:
                db.execute(
                    "INSERT INTO sessions VALUES (?, '', ?, ?, ?, ?, ?, ?, NULL)",
                    (session_id, now, now, *self._begun[session_id]),
                )
            turn_id = db.execute(
                "INSERT INTO turns (session_id, parent_id, role, created, model, engine, state)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (session_id, parent, role, now, model, engine, state),
            ).lastrowid
            assert turn_id is not None
            _insert_parts(db, turn_id, parts)
            title = title_of(parts) if role == "user" else ""
            db.execute(
                "UPDATE sessions SET head = ?, updated = ?, model = coalesce(?, model),"
                " engine = coalesce(?, engine), title = iif(title = '', ?, title) WHERE id = ?",
                (turn_id, now, model, engine, title, session_id),
            )
            return turn_id

        turn_id = self._write(write, again=session_id in self._begun)
        self._begun.pop(session_id, None)
        return turn_id

    def begin_answer(
        self,
        session_id: str | None,
        parent: int | None,
        *,
        model: str | None = None,
        engine: str | None = None,
    ) -> int | None:
        """Commit an empty pending answer to the turn `parent` and return its id."""
        if parent is None:
            return None
        return self.append(
            session_id, parent, "assistant", (), model=model, engine=engine, state="pending"
        )

    def grow(self, turn_id: int | None, parts: Sequence[Part]) -> None:
        """Commit what came of an answer since the last time; call it at least every second."""
        if turn_id is not None and parts:
            self._write(lambda db: _insert_parts(db, turn_id, parts))

    def finish(
        self,
        turn_id: int | None,
        state: State,
        *,
        rest: Sequence[Part] = (),
        finish_reason: str | None = None,
        request_id: str | None = None,
        model: str | None = None,
        usage: Usage | None = None,
        cost: Cost | None = None,
        seconds_first_token: float | None = None,
        seconds_total: float | None = None,
    ) -> None:
        """Commit how an answer ended, with the `rest` that `grow` was not given."""
        if turn_id is None:
            return
        finish_reason = finish_reason and storable(finish_reason)
        request_id = request_id and storable(request_id)
        model = model and storable(model)
        figures = [figure(count) for count in usage or Usage()]
        price = (cost.amount, cost.unit) if cost else (None, None)

        def write(db: sqlite3.Connection) -> None:
            _insert_parts(db, turn_id, rest)
            db.execute(
                "UPDATE turns SET state = ?, finish_reason = ?, request_id = ?,"
                " model = coalesce(?, model), input_tokens = ?, output_tokens = ?,"
                " cached_tokens = ?, cache_write_tokens = ?, reasoning_tokens = ?,"
                " cost_amount = ?, cost_unit = ?, seconds_first_token = ?, seconds_total = ?"
                " WHERE id = ?",
                (
                    *(state, finish_reason, request_id, model, *figures, *price),
                    *(seconds_first_token, seconds_total, turn_id),
                ),
            )
            db.execute(
                "UPDATE sessions SET updated = ?"
                " WHERE id = (SELECT session_id FROM turns WHERE id = ?)",
                (self._now(), turn_id),
            )

        self._write(write)

    # Reading

    def recent(self, limit: int | None = None) -> list[Session]:
        """Return the sessions, the one used last first, at most `limit` of them."""
        return self._sessions("", (), -1 if limit is None else limit)

    def latest(self, host: str | None = None, account: str | None = None) -> Session | None:
        """Return the session used last, of `host` and `account` where given."""
        found = self._sessions(
            "WHERE host IS coalesce(?, host) AND account IS coalesce(?, account)",
            (host, account),
            1,
        )
        return found[0] if found else None

    def find(self, reference: str) -> Session:
        """Return the session with this id or the beginning of one, or the latest for `latest`.

        Raises UsageError where there is none, or more than one.
        """
        if reference == LATEST:
            if latest := self.latest():
                return latest
            raise UsageError("there is no conversation yet")
        prefix = reference.strip().lower()
        found = self._sessions("WHERE id >= ? AND id < ?", (prefix, prefix + "\x7f"), 6)
        if len(found) == 1 and prefix:
            return found[0]
        if not found or not prefix:
            raise UsageError(
                "there is no conversation with this id", hint="copilot-chat sessions list"
            )
        ids = ", ".join(session.id for session in found[:5])
        more = ", ..." if len(found) > 5 else ""
        raise UsageError(f"more than one conversation begins so: {ids}{more}")

    def history(self, session_id: str | None) -> list[Turn]:
        """Return the turns from the first to the head of the session."""
        if session_id is None:
            return []
        rows = self._read(_TURNS, (session_id,))
        parts: dict[int, list[Part]] = {}
        for turn_id, *part in self._read(_PARTS, (session_id,)):
            parts.setdefault(turn_id, []).append(part_of(*part))
        return [turn_of(row, parts.get(row[0], ())) for row in rows]

    def _sessions(self, where: str, values: tuple[Any, ...], limit: int) -> list[Session]:
        rows = self._read(
            f"{_LIST} {where} ORDER BY updated DESC, id DESC LIMIT ?",
            (*values, limit),
        )
        return [Session(*row) for row in rows]

    # The database

    def _open(self) -> Opened:
        if self._opened is None:
            assert self.path is not None
            self._opened = open_database(self.path, self._notice)
        return self._opened

    def _write(
        self, action: Callable[[sqlite3.Connection], _T], *, again: bool = False
    ) -> _T | None:
        connection, writable = self._open()
        if connection is None or not writable:
            return None
        try:
            with transaction(connection):
                return action(connection)
        except sqlite3.Error as exc:
            damaged = self._give_up(connection, exc)
        if damaged and again:
            self._opened = None
            return self._write(action)
        return None

    def _read(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        connection, _ = self._open()
        if connection is None:
            return []
        try:
            return connection.execute(query, values).fetchall()
        except sqlite3.Error as exc:
            self._give_up(connection, exc)
            return []

    def _give_up(self, connection: sqlite3.Connection, error: sqlite3.Error) -> bool:
        """Keep nothing from here on, and say so; return whether a damaged file was set aside."""
        connection.close()
        self._opened = Opened(None, writable=False)
        if is_damage(error) and self.path is not None:
            try:
                set_aside(self.path, self._notice)
            except (CopilotChatError, OSError, sqlite3.Error) as exc:
                self._notice(f"the damaged conversations.db stays where it is: {reason(exc)}")
            else:
                return True
        self._notice(f"this conversation is not saved from here on: {reason(error)}")
        return False


def _insert_parts(db: sqlite3.Connection, turn_id: int, parts: Sequence[Part]) -> None:
    first = db.execute(
        "SELECT coalesce(max(position) + 1, 0) FROM parts WHERE turn_id = ?", (turn_id,)
    ).fetchone()[0]
    db.executemany(
        "INSERT INTO parts (turn_id, position, kind, text, data) VALUES (?, ?, ?, ?, ?)",
        ((turn_id, first + count, *row_of(part)) for count, part in enumerate(parts)),
    )
