"""A database whose failures cost the record and never the answer.

Rule: the first write or read that fails is said through `notice`; from then on nothing is kept, and
every action is None and every query empty. A damaged file is set aside. One lock makes each
transaction one thread's own: an answer is written by a timer while the person does other things.
"""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from copilot_cli.errors import CopilotChatError, StoreError
from copilot_cli.store.database import (
    Notice,
    Opened,
    is_damage,
    open_database,
    open_in_memory,
    reason,
    set_aside,
    transaction,
)

MEMORY = ":memory:"
_NOTHING = Opened(None, writable=False)

_T = TypeVar("_T")


class LenientDatabase:
    """The database at `path`; None keeps nothing, `MEMORY` keeps it until it is closed."""

    def __init__(
        self,
        path: Path | str | None,
        notice: Notice,
        prepare: Callable[[sqlite3.Connection], bool] | None = None,
    ) -> None:
        """`prepare` is done whenever the database was opened; it says whether it deleted a text."""
        self.path = path
        self._prepare = prepare
        self._notice = notice
        self._opened = _NOTHING if path is None else None
        self._lock = threading.RLock()

    def open(self) -> Opened:
        """Return the connection, None where there is none to use, and whether it can be written."""
        with self._lock:
            if self._opened is None:
                self._opened = (
                    open_database(self.path, self._notice)
                    if isinstance(self.path, Path)
                    else Opened(open_in_memory(), writable=True)
                )
                if self._prepare is not None and self.write(self._prepare):
                    self.settle()
            return self._opened

    def close(self) -> None:
        """Close it; the next use opens it again."""
        with self._lock:
            if self._opened is not None and self._opened.connection is not None:
                self._opened.connection.close()
                self._opened = None

    def write(
        self, action: Callable[[sqlite3.Connection], _T], *, again: bool = False
    ) -> _T | None:
        """Return what `action` returns within one transaction, None where it could not be kept.

        With `again` it is done once more in the new database if the old one was set aside.
        """
        with self._lock:
            connection, writable = self.open()
            if connection is None or not writable:
                return None
            try:
                with transaction(connection):
                    return action(connection)
            except (sqlite3.Error, StoreError) as exc:
                damaged = self._give_up(connection, exc)
            if damaged and again:
                self._opened = None
                return self.write(action)
            return None

    def read(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of `query`, none where it failed."""
        with self._lock:
            connection, _ = self.open()
            if connection is None:
                return []
            try:
                return connection.execute(query, values).fetchall()
            except sqlite3.Error as exc:
                self._give_up(connection, exc)
                return []

    def settle(self) -> None:
        """Leave nothing of what was deleted on the disk: neither in the index nor in the log.

        Where another process is reading, the log goes when that one closes the database.
        """
        self.write(
            lambda db: db.execute("INSERT INTO parts_index (parts_index) VALUES ('optimize')")
        )
        self.read("PRAGMA wal_checkpoint(TRUNCATE)")

    def forsake(self, why: str) -> None:
        """Write nothing from here on, and say why; what is there can still be read."""
        with self._lock:
            self._opened = self.open()._replace(writable=False)
            self._notice(f"this conversation is not saved from here on: {why}")

    def _give_up(self, connection: sqlite3.Connection, error: sqlite3.Error | StoreError) -> bool:
        """Keep nothing from here on, and say so; return whether a damaged file was set aside."""
        if isinstance(error, StoreError):
            self.forsake(error.message)
            return False
        connection.close()
        self._opened = _NOTHING
        if is_damage(error) and isinstance(self.path, Path):
            try:
                set_aside(self.path, self._notice)
            except (CopilotChatError, OSError, sqlite3.Error) as exc:
                self._notice(f"the damaged conversations.db stays where it is: {reason(exc)}")
            else:
                return True
        self._notice(f"this conversation is not saved from here on: {reason(error)}")
        return False
