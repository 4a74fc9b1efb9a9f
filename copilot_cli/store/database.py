"""Opening `conversations.db`: made whole or not at all, migrated, set aside when damaged.

Rule: history never stops an answer. What cannot be used is said once through `notice` and then
done without; a file of a newer version, or of another program, is not touched. A new database is
built under another name and put in place in one step, so nobody ever sees half of one. WAL lets
readers and writers go on together; it needs shared memory, which network mounts do not have
(https://sqlite.org/wal.html), so there the journal is SQLite's older one.
"""

import os
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from copilot_cli.errors import CopilotChatError
from copilot_cli.store.files import lock, make_folder
from copilot_cli.store.schema import APPLICATION_ID, MIGRATIONS
from copilot_cli.values import NamedTuple

Notice = Callable[[str], None]

_BUSY = 5.0  # seconds to wait for another writer
_LOCK_PATIENCE = 10.0  # seconds to wait for whoever makes or migrates the database
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "fuse.sshfs"}
)
_MOUNTS = Path("/proc/self/mounts")


class Opened(NamedTuple):
    """An open database, or None where there is none to use; `writable` says whether it can grow."""

    connection: sqlite3.Connection | None
    writable: bool


def open_database(path: Path, notice: Notice, migrations: tuple[str, ...] = MIGRATIONS) -> Opened:
    """Open the database at `path`, making or migrating it first; never raises for a bad one."""
    try:
        return Opened(_open(path, notice, migrations), writable=True)
    except (CopilotChatError, OSError, sqlite3.Error) as exc:
        notice(f"conversations are not saved: {reason(exc)}")
    with suppress(CopilotChatError, OSError, sqlite3.Error):
        return Opened(_open_to_read(path, len(migrations)), writable=False)
    return Opened(None, writable=False)


def open_in_memory() -> sqlite3.Connection:
    """Return a new database that never touches the disk, not even to sort."""
    connection = _configured(sqlite3.connect(":memory:", check_same_thread=False))
    connection.execute("PRAGMA temp_store=MEMORY")
    _migrate(connection, MIGRATIONS)
    connection.execute("PRAGMA foreign_keys=ON")
    return connection


def is_damage(error: BaseException) -> bool:
    """Say whether `error` means that the file is not what SQLite wrote."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF in _DAMAGE


def is_index_damage(error: BaseException) -> bool:
    """Say whether `error` means that only the search index is not what it should be."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_CORRUPT_VTAB


def rebuild_index(path: Path) -> None:
    """Make the search index anew from the texts; sqlite3.Error where they are damaged too."""
    with closing(_connect(path, "mode=rw")) as connection, transaction(connection):
        connection.execute("INSERT INTO parts_index (parts_index) VALUES ('rebuild')")


def reason(error: Exception) -> str:
    """Return what went wrong, for a notice."""
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    return str(error)


def set_aside(path: Path, notice: Notice) -> None:
    """Rename the damaged database at `path`, unless another process has already replaced it."""
    with _alone(path):
        if not _is_damaged(path):
            return
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        aside = path.with_name(f"{path.name}.damaged-{now}")
        for suffix in ("", "-wal", "-shm"):  # the names under which SQLite can still recover it
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    notice(f"{path.name} was damaged; it is kept as {aside}, and a new one is begun")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write in one transaction that holds the writer's lock from its start.

    A transaction that begins by reading fails at its first write when another wrote meanwhile.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:  # whatever it was, Ctrl-C included, nothing half-written stays
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _open(path: Path, notice: Notice, migrations: tuple[str, ...]) -> sqlite3.Connection:
    try:
        return _open_once(path, migrations)
    except sqlite3.DatabaseError as exc:
        if not is_damage(exc):
            raise
    set_aside(path, notice)
    return _open_once(path, migrations)


def _open_once(path: Path, migrations: tuple[str, ...]) -> sqlite3.Connection:
    if not _is_filled(path):
        make_folder(path.parent)
        with _alone(path):
            if not _is_filled(path):
                _make(path, migrations)
    _check_access(path)
    connection = _connect(path, "mode=rw")
    try:
        if _version(connection, len(migrations)) < len(migrations):
            with _alone(path):
                _migrate(connection, migrations)
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten
    except BaseException:
        connection.close()
        raise
    return connection


def _open_to_read(path: Path, known: int) -> sqlite3.Connection:
    """Open what cannot be written; `immutable` where even SQLite's shared memory cannot be made."""
    try:
        return _opened(path, "mode=ro", known)
    except sqlite3.OperationalError:
        return _opened(path, "immutable=1", known)


def _opened(path: Path, how: str, known: int) -> sqlite3.Connection:
    connection = _connect(path, how)
    try:
        _version(connection, known)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(path: Path, how: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{how}"
    return _configured(sqlite3.connect(uri, uri=True, timeout=_BUSY, check_same_thread=False))


def _configured(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.isolation_level = None
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    return connection


def _version(connection: sqlite3.Connection, known: int) -> int:
    """Return the version of a database of ours that is not newer than `known`."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise CopilotChatError("conversations.db is a database of another program")
    if version > known:
        raise CopilotChatError("conversations.db was written by a newer copilot-chat")
    return version


def _make(path: Path, migrations: tuple[str, ...]) -> None:
    """Build a new database beside `path` and put it in place; whoever calls is alone."""
    new = path.with_name(f".{path.name}.new")
    for suffix in ("", "-wal", "-shm", "-journal"):
        new.with_name(new.name + suffix).unlink(missing_ok=True)
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(_connect(new, "mode=rw")) as connection:
        if not on_network_mount(path):
            with suppress(sqlite3.OperationalError):
                connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        _migrate(connection, migrations)
    new.replace(path)


def _migrate(connection: sqlite3.Connection, migrations: tuple[str, ...]) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    for number, migration in enumerate(migrations[version:], start=version + 1):
        with transaction(connection):
            for statement in migration.split(";\n"):
                connection.execute(statement)  # executescript() would commit on its own
            connection.execute(f"PRAGMA user_version={number}")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with lock(path.with_suffix(".lock"), _LOCK_PATIENCE):
        yield


def _is_filled(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False


def _check_access(path: Path) -> None:
    """Raise OSError for what is no file or cannot be written; close our own file to others."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(0, "is not a regular file", str(path))
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise OSError(0, "is read-only", str(path))
    if sys.platform != "win32" and stat.S_IMODE(found.st_mode) & 0o077:
        path.chmod(0o600)  # `-wal` and `-shm` take the mode of the database


def _is_damaged(path: Path) -> bool:
    try:
        with closing(_connect(path, "mode=rw")) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
    except sqlite3.DatabaseError as exc:
        return is_damage(exc)


def on_network_mount(path: Path, mounts: Path = _MOUNTS) -> bool:
    """Say whether `path` lies on a file system of another machine, as far as Linux tells."""
    return file_system(path, mounts) in _NETWORK


def file_system(path: Path, mounts: Path = _MOUNTS) -> str:
    """Return the type of the file system that `path` lies on; empty where Linux does not tell."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    folder = Path(os.path.realpath(path))
    best, kind = -1, ""
    for line in lines:
        fields = line.split(" ")
        point = fields[1].replace("\\040", " ")
        if folder.is_relative_to(point) and len(point) >= best:
            best, kind = len(point), fields[2]
    return kind
