"""Opening the database: made whole, migrated, put in the right journal mode."""

import hashlib
import os
import sqlite3
from pathlib import Path

import pytest

from copilot_cli.messages import TextPart
from copilot_cli.store.database import on_network_mount, open_database, set_aside
from copilot_cli.store.schema import MIGRATIONS
from copilot_cli.store.sessions import Sessions

RELEASED = ("894f4f8d49049ed0",)
"""The digest of each migration that was released: none is ever edited."""


def refuse(notice: str) -> None:
    """Fail at any notice."""
    raise AssertionError(notice)


def test_released_migrations_are_never_edited() -> None:
    """A changed migration would make two kinds of databases of one version."""
    digests = tuple(hashlib.sha256(each.encode()).hexdigest()[:16] for each in MIGRATIONS)
    assert digests[: len(RELEASED)] == RELEASED


def test_a_new_database_is_whole(tmp_path: Path) -> None:
    """It has the newest version, WAL, and nothing half-made beside it."""
    path = tmp_path / "conversations.db"
    (tmp_path / ".conversations.db.new").write_text("left by a process that was killed")
    connection, writable = open_database(path, refuse)
    assert connection is not None
    assert writable
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
    assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert connection.execute("PRAGMA busy_timeout").fetchone() == (5000,)
    connection.close()
    assert sorted(os.listdir(tmp_path)) == ["conversations.db", "conversations.lock"]


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    """What a crash of an older kind left empty is used."""
    path = tmp_path / "conversations.db"
    path.touch()
    connection, writable = open_database(path, refuse)
    assert writable
    assert connection is not None
    connection.close()


def test_migrations_run_in_order_and_keep_what_is_there(tmp_path: Path) -> None:
    """A database of version 1 becomes one of version 3, with its conversations."""
    path = tmp_path / "conversations.db"
    sessions = Sessions(path, refuse)
    session = sessions.create()
    sessions.append(session, None, "user", [TextPart("old")])
    sessions.close()
    later = (
        *MIGRATIONS,
        "ALTER TABLE sessions ADD COLUMN colour TEXT;\n",
        "CREATE TABLE more (a);\nUPDATE sessions SET colour = 'red';\n",
    )
    for _ in range(2):
        connection, writable = open_database(path, refuse, later)
        assert writable
        assert connection is not None
        assert connection.execute("PRAGMA user_version").fetchone() == (len(later),)
        assert connection.execute("SELECT title, colour FROM sessions").fetchall() == [
            ("old", "red")
        ]
        connection.close()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    """Half a migration is rolled back, the old conversations can still be read."""
    path = tmp_path / "conversations.db"
    sessions = Sessions(path, refuse)
    sessions.append(sessions.create(), None, "user", [TextPart("old")])
    sessions.close()
    notices: list[str] = []
    broken = (*MIGRATIONS, "CREATE TABLE more (a);\nNOT SQL;\n")
    connection, writable = open_database(path, notices.append, broken)
    assert not writable
    assert connection is not None
    assert connection.execute("SELECT title FROM sessions").fetchall() == [("old",)]
    connection.close()
    assert len(notices) == 1
    again = sqlite3.connect(path)
    assert again.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert again.execute("SELECT count(*) FROM sqlite_master WHERE name = 'more'").fetchone() == (
        0,
    )
    again.close()


def test_a_sound_database_is_never_set_aside(tmp_path: Path) -> None:
    """Who comes second to a damaged file leaves the new one alone."""
    path = tmp_path / "conversations.db"
    connection, _ = open_database(path, refuse)
    assert connection is not None
    connection.close()
    set_aside(path, refuse)
    assert path.exists()


MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
proc /proc proc rw 0 0
server:/home /home nfs4 rw 0 0
//server/share /mnt/my\\040share cifs rw 0 0
tmpfs /home/me/local tmpfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/var/x.db", False),
        ("/home/me/x.db", True),
        ("/homes/me/x.db", False),
        ("/home/me/local/x.db", False),
        ("/mnt/my share/x.db", True),
    ],
)
def test_network_mounts_are_known(tmp_path: Path, path: str, *, expected: bool) -> None:
    """The mount nearest to the file decides."""
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert on_network_mount(Path(path), mounts) is expected
    assert on_network_mount(Path(path), tmp_path / "none") is False
