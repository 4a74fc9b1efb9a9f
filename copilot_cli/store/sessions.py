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
from typing import Any, Self

from copilot_cli.errors import StoreError, UsageError
from copilot_cli.messages import Cost, Part, Usage
from copilot_cli.store import tree
from copilot_cli.store.cells import Cells, Key, title_cell, title_of_cell
from copilot_cli.store.database import Notice
from copilot_cli.store.lenient import MEMORY, LenientDatabase
from copilot_cli.store.search import Hit, search
from copilot_cli.store.turns import Session, State, Turn, new_id, title_of, title_of_text, turn_of
from copilot_cli.store.writing import (
    Ending,
    end_turn,
    insert_parts,
    insert_session,
    insert_turn,
    part_at,
)

LATEST = "latest"

_DAY = 86_400.0  # seconds
_LIST = (
    "SELECT id, title, created, updated, host, account, model, engine, head,"
    " (SELECT count(*) FROM turns WHERE session_id = sessions.id) FROM sessions"
)


class Sessions:
    """The conversations in the database at `path`; with None nothing is kept and nothing said.

    With `seal` every text and title is sealed with the key that it gives; `unseal` gives the key
    for what is sealed already where nothing new is to be. Reading a sealed text raises `StoreError`
    where it cannot be opened; a list shows such a title as `(sealed)`.
    """

    def __init__(
        self,
        path: Path | str | None,
        notice: Notice,
        *,
        now: Callable[[], float] = time.time,
        seal: Key | None = None,
        unseal: Key | None = None,
    ) -> None:
        self.path = path
        self._notice = notice
        self._now = now
        self._cells = Cells(seal, unseal)
        self._database = LenientDatabase(path, notice)
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
        usage: Usage | None = None,
        cost: Cost | None = None,
        seconds_first_token: float | None = None,
        seconds_total: float | None = None,
    ) -> None:
        """Commit how an answer ended, with the `rest` that `grow` was not given."""
        if turn_id is None:
            return
        ending = Ending(
            state,
            finish_reason,
            request_id,
            model,
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

    def rename(self, session_id: str | None, title: str) -> None:
        """Give a session another title, on one line. Raises UsageError for a blank one."""
        words = title_of_text(title)
        if not words:
            raise UsageError("a title needs a letter or a digit in it")
        if session_id is None:
            return
        if session_id in self._begun:
            self._begun[session_id] = (words, self._begun[session_id][1])
            return
        self._database.write(
            lambda db: db.execute(
                "UPDATE sessions SET title = ? WHERE id = ?",
                (self._title(session_id, words), session_id),
            )
        )

    def delete(self, session_id: str | None) -> bool:
        """Delete a session with all its branches; return whether there was one."""
        if session_id is None or session_id in self._begun:
            return False
        return bool(self._delete("WHERE id = ?", session_id))

    def expire(self, older_than_days: float) -> int:
        """Delete the sessions that nobody wrote to for so many days; return how many there were."""
        return self._delete("WHERE updated < ?", self._now() - older_than_days * _DAY)

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

    def siblings(self, turn_id: int) -> list[Turn]:
        """Return the turns that stand in the place of this one on other branches, and itself."""
        return self._turns(
            "WHERE (session_id, coalesce(parent_id, 0)) ="
            " (SELECT session_id, coalesce(parent_id, 0) FROM turns WHERE id = ?)",
            turn_id,
        )

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
        """Return the session with this id, or title, or the beginning of one; or the latest.

        Case does not matter. Raises UsageError where there is none, or more than one.
        """
        if reference == LATEST:
            if latest := self.latest():
                return latest
            raise UsageError("there is no conversation yet")
        wanted = reference.strip()
        found = self._by_id(wanted.lower()) if wanted else []
        if len(found) != 1 and wanted:
            found = self._by_title(wanted) or found
        if len(found) == 1:
            return found[0]
        if not found:
            raise UsageError(
                "there is no conversation with this id or title", hint="copilot-chat sessions list"
            )
        ids = ", ".join(session.id for session in found[:5])
        more = ", ..." if len(found) > 5 else ""
        raise UsageError(f"more than one conversation begins so: {ids}{more}")

    def history(self, session_id: str | None) -> list[Turn]:
        """Return the turns from the first to the head of the session."""
        return [] if session_id is None else self._branch(tree.OF_SESSION, session_id)

    def branch(self, turn_id: int) -> list[Turn]:
        """Return the turns from the first to this one."""
        return self._branch(tree.OF_TURN, turn_id)

    def search(self, text: str, limit: int = 20) -> list[Hit]:
        """Return the newest messages and titles with all words of `text`; see `store.search`."""
        return search(self._database.read, self._cells, text, limit)

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

    def _title(self, session_id: str, title: str) -> str | bytes:
        return title_cell(self._cells, session_id, title)

    def _delete(self, where: str, value: object) -> int:
        def write(db: sqlite3.Connection) -> int:
            return db.execute(f"DELETE FROM sessions {where}", (value,)).rowcount  # noqa: S608

        return self._database.write(write) or 0

    def _step(
        self, take: Callable[[sqlite3.Connection, str], int | None], session_id: str | None
    ) -> Turn | None:
        if session_id is None:
            return None
        turn_id = self._database.write(lambda db: take(db, session_id))
        if turn_id is None:
            return None
        return self._turns("WHERE id = ?", turn_id)[0]

    def _branch(self, branch: str, start: str | int) -> list[Turn]:
        rows = self._database.read(branch + tree.TURNS, (start,))
        return self._with_parts(rows, self._database.read(branch + tree.PARTS, (start,)))

    def _turns(self, where: str, value: int) -> list[Turn]:
        rows = self._database.read(f"SELECT * FROM turns {where} ORDER BY id", (value,))  # noqa: S608
        parts = (
            "SELECT turn_id, position, kind, text, data FROM parts"  # noqa: S608 - ours, all of it
            f" WHERE turn_id IN (SELECT id FROM turns {where}) ORDER BY turn_id, position"
        )
        return self._with_parts(rows, self._database.read(parts, (value,)))

    def _with_parts(self, rows: list[tuple[Any, ...]], cells: list[tuple[Any, ...]]) -> list[Turn]:
        parts: dict[int, list[Part]] = {}
        for turn_id, *cell in cells:
            parts.setdefault(turn_id, []).append(part_at(self._cells, turn_id, *cell))
        return [turn_of(row, parts.get(row[0], ())) for row in rows]

    def _sessions(self, where: str, values: tuple[Any, ...], limit: int) -> list[Session]:
        rows = self._database.read(
            f"{_LIST} {where} ORDER BY updated DESC, id DESC LIMIT ?",
            (*values, limit),
        )
        return [Session(row[0], title_of_cell(self._cells, *row[:2]), *row[2:]) for row in rows]

    def _by_id(self, prefix: str) -> list[Session]:
        return self._sessions("WHERE id >= ? AND id < ?", (prefix, prefix + "\x7f"), 6)

    def _by_title(self, wanted: str) -> list[Session]:
        """Return the sessions with this title, else those whose title begins so; at most six."""
        folded = wanted.casefold()
        titles = [
            (session_id, title_of_cell(self._cells, session_id, cell).casefold())
            for session_id, cell in self._database.read("SELECT id, title FROM sessions")
        ]
        ids = [session_id for session_id, title in titles if title == folded]
        ids = ids or [session_id for session_id, title in titles if title.startswith(folded)]
        return [found for each in ids[:6] for found in self._sessions("WHERE id = ?", (each,), 1)]
