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
from typing import Self

from copilot_cli.errors import StoreError, UsageError
from copilot_cli.messages import Cost, Part, Usage
from copilot_cli.store import tree
from copilot_cli.store.cells import Cells, Key, OlderKeys, title_cell
from copilot_cli.store.database import Notice
from copilot_cli.store.lenient import MEMORY, LenientDatabase
from copilot_cli.store.reading import LATEST, Reading
from copilot_cli.store.turns import State, Turn, new_id, title_of, title_of_text
from copilot_cli.store.writing import (
    Ending,
    end_turn,
    insert_parts,
    insert_session,
    insert_turn,
    reseal_all,
    seal_all,
)

__all__ = ["LATEST", "Sessions"]

_DAY = 86_400.0  # seconds
_EXPIRED = "WHERE updated < ?"


class Sessions(Reading):
    """The conversations in the database at `path`; with None nothing is kept and nothing said.

    With `seal` every text and title is sealed with the key that it gives; `unseal` gives the key
    for what is sealed already where nothing new is to be, `older` those of before. Reading a sealed
    text raises `StoreError` where it cannot be opened; a list shows such a title as `(sealed)`.
    Opening the database seals what is still plain, and deletes what nobody wrote to for `days`.
    """

    def __init__(
        self,
        path: Path | str | None,
        notice: Notice,
        *,
        now: Callable[[], float] = time.time,
        seal: Key | None = None,
        unseal: Key | None = None,
        older: OlderKeys | None = None,
        days: float | None = None,
    ) -> None:
        prepare = None if seal is None and days is None else self._prepare
        super().__init__(LenientDatabase(path, notice, prepare), Cells(seal, unseal, older))
        self.path = path
        self._now = now
        self._days = days
        self._begun: dict[str, tuple[str, tuple[str | None, ...]]] = {}

    @classmethod
    def in_memory(cls, notice: Notice, *, now: Callable[[], float] = time.time) -> Self:
        """Return a store for private chats: all the methods, and nothing on disk."""
        return cls(MEMORY, notice, now=now)

    def close(self) -> None:
        """Close the database; the next use opens it again."""
        self._database.close()

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
        if not self._writable():
            return None
        session_id = new_id(self._now())
        self._begun[session_id] = ("", (host, account, model, engine))
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
        """Commit a turn after `parent` (None: the first), make it the head, and return its id.

        The role `summary` marks a compaction: the next request begins with the latest of them.
        """
        if session_id is None:
            return None
        now = self._now()
        turn = Turn(0, session_id, parent, role, now, model, engine, state, parts=tuple(parts))

        def write(db: sqlite3.Connection) -> int:
            if session_id in self._begun:
                title, about = self._begun[session_id]
                insert_session(db, self._cells, session_id, title, now, about)
            turn_id = insert_turn(db, self._cells, turn, session_id, parent)
            title = title_of(parts) if role == "user" else ""
            db.execute(
                "UPDATE sessions SET head = ?, tip = NULL, updated = ?, model = coalesce(?, model),"
                " engine = coalesce(?, engine), title = iif(title = '', ?, title) WHERE id = ?",
                (turn_id, now, model, engine, self._title(session_id, title), session_id),
            )
            return turn_id

        turn_id = self._database.write(write, again=session_id in self._begun)
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
            self._database.write(lambda db: insert_parts(db, self._cells, turn_id, parts))

    def finish(
        self,
        turn_id: int | None,
        state: State,
        *,
        rest: Sequence[Part] = (),
        finish_reason: str | None = None,
        request_id: str | None = None,
        model: str | None = None,
        engine: str | None = None,
        usage: Usage | None = None,
        cost: Cost | None = None,
        seconds_first_token: float | None = None,
        seconds_total: float | None = None,
    ) -> None:
        """Commit how an answer ended, with the `rest` that `grow` was not given.

        `model` and `engine` are who answered, where that is not who was asked.
        """
        if turn_id is None:
            return
        ending = Ending(
            state,
            finish_reason,
            request_id,
            model,
            engine,
            usage,
            cost,
            seconds_first_token,
            seconds_total,
        )
        now = self._now()

        def write(db: sqlite3.Connection) -> None:
            end_turn(db, self._cells, turn_id, rest, ending)
            db.execute(
                "UPDATE sessions SET updated = ?"
                " WHERE id = (SELECT session_id FROM turns WHERE id = ?)",
                (now, turn_id),
            )

        self._database.write(write)

    def rename(self, session_id: str | None, title: str) -> bool:
        """Give a session another title, its first line; return whether that was kept.

        Raises UsageError for a blank one.
        """
        words = title_of_text(title)
        if not words:
            raise UsageError("a title cannot be blank")
        if session_id is None:
            return False
        if session_id in self._begun:
            self._begun[session_id] = (words, self._begun[session_id][1])
            return True

        def write(db: sqlite3.Connection) -> bool:
            values = (self._title(session_id, words), session_id)
            return db.execute("UPDATE sessions SET title = ? WHERE id = ?", values).rowcount > 0

        return bool(self._database.write(write))

    def delete(self, session_id: str | None) -> bool:
        """Delete a session with all its branches; return whether there was one."""
        if session_id is None or session_id in self._begun:
            return False
        return bool(self._delete("WHERE id = ?", session_id))

    def expire(self, older_than_days: float) -> int:
        """Delete the sessions that nobody wrote to for so many days; return how many there were."""
        return self._delete(_EXPIRED, self._now() - older_than_days * _DAY)

    def reseal(self) -> int:
        """Seal with the present key what only an older one opens; return how many texts that were.

        Nothing where nothing is to be sealed, and where the database cannot be written.
        """
        if not self._cells.sealing or not self._writable():
            return 0
        count = self._database.write(lambda db: reseal_all(db, self._cells)) or 0
        if count:
            self._database.settle()
        return count

    # The tree

    def move(self, session_id: str | None, turn_id: int | None) -> None:
        """Make a turn of the session the last one that is shown; None: before the first.

        Raises UsageError for a turn of another session.
        """
        if session_id is None:
            return
        found = self._database.read(
            "SELECT 1 FROM turns WHERE id = ? AND session_id = ?", (turn_id, session_id)
        )
        if turn_id is not None and not found:
            raise UsageError("this conversation has no such message")
        self._database.write(lambda db: tree.move(db, session_id, turn_id))

    def undo(self, session_id: str | None) -> Turn | None:
        """Go back to before the last question, or summary, and return it; None if there is none."""
        return self._step(tree.undo, session_id)

    def redo(self, session_id: str | None) -> Turn | None:
        """Go forward by one exchange along the branch that undo left; return its question.

        None where there is nothing to go forward to: none was left, or something new was said.
        """
        return self._step(tree.redo, session_id)

    def fork(self, session_id: str | None, turn_id: int | None = None) -> str | None:
        """Copy the branch that ends at a turn (None: the head) into a new session; return its id.

        Raises UsageError for a turn of another session.
        """
        if session_id is None:
            return None
        source = self.find(session_id)
        turns = self.history(session_id) if turn_id is None else self.branch(turn_id)
        if any(turn.session != session_id for turn in turns) or (turn_id and not turns):
            raise UsageError("this conversation has no such message")
        if not self._writable():
            return None
        about = (source.host, source.account, source.model, source.engine)
        now = self._now()
        copy = new_id(now)

        def write(db: sqlite3.Connection) -> str:
            insert_session(db, self._cells, copy, f"{source.title} (fork)", now, about)
            head = None
            for turn in turns:
                head = insert_turn(db, self._cells, turn, copy, head)
            db.execute("UPDATE sessions SET head = ? WHERE id = ?", (head, copy))
            return copy

        return self._database.write(write)

    # Rows

    def _writable(self) -> bool:
        """Say whether anything can be kept; a key that is not to be had is said once."""
        if not self._database.open().writable:
            return False
        try:
            if self._cells.sealing:
                self._cells.cipher()
        except StoreError as exc:
            self._database.forsake(exc.message)
            return False
        return True

    def _prepare(self, db: sqlite3.Connection) -> bool:
        expired = self._days is not None and _delete(db, _EXPIRED, self._now() - self._days * _DAY)
        sealed = self._cells.sealing and seal_all(db, self._cells)
        return bool(expired or sealed)

    def _title(self, session_id: str, title: str) -> str | bytes:
        return title_cell(self._cells, session_id, title)

    def _delete(self, where: str, value: object) -> int:
        deleted = self._database.write(lambda db: _delete(db, where, value)) or 0
        if deleted:
            self._database.settle()
        return deleted

    def _step(
        self, take: Callable[[sqlite3.Connection, str], int | None], session_id: str | None
    ) -> Turn | None:
        if session_id is None:
            return None
        turn_id = self._database.write(lambda db: take(db, session_id))
        if turn_id is None:
            return None
        return self._turns("WHERE id = ?", turn_id)[0]


def _delete(db: sqlite3.Connection, where: str, value: object) -> int:
    return db.execute(f"DELETE FROM sessions {where}", (value,)).rowcount  # noqa: S608 - ours
