"""A database whose failures cost the record and never the answer.

Rule: the first write or read that fails is said through `notice`; from then on nothing is kept, and
every action is None and every query empty. A damaged file is set aside; an index that is damaged is
only made anew. One lock makes each
transaction one thread's own: an answer is written by a timer while the person does other things.
"""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, TypeVar

from copilot_cli.errors import CopilotChatError, StoreError
from copilot_cli.store.database import (
    Notice,
    Opened,
    is_damage,
    is_index_damage,
    open_database,
    open_in_memory,
    reason,
    rebuild_index,
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
        self._mended = False
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
                remedy = self._remedy(connection, exc)
            if remedy == "mended" or (remedy == "replaced" and again):
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
                if self._remedy(connection, exc) != "mended":
                    return []
                self._opened = None
                return self.read(query, values)

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

    def _remedy(
        self, connection: sqlite3.Connection, error: sqlite3.Error | StoreError
    ) -> Literal["mended", "replaced", "none"]:
        """Keep nothing from here on, and say so, unless the search index was all that was wrong.

        `replaced` means that a damaged file was set aside.
        """
        if isinstance(error, StoreError):
            self.forsake(error.message)
            return "none"
        connection.close()
        self._opened = _NOTHING
        if isinstance(self.path, Path) and is_damage(error):
            if is_index_damage(error) and self._mend(self.path):
                return "mended"
            try:
                set_aside(self.path, self._notice)
            except (CopilotChatError, OSError, sqlite3.Error) as exc:
                self._notice(f"the damaged conversations.db stays where it is: {reason(exc)}")
            else:
                return "replaced"
        self._notice(f"this conversation is not saved from here on: {reason(error)}")
        return "none"

    def _mend(self, path: Path) -> bool:
        """Make the search index anew, once; return whether that was done."""
        if self._mended:
            return False
        self._mended = True
        with suppress(sqlite3.Error):  # the texts are damaged as well
            rebuild_index(path)
            return True
        return False
