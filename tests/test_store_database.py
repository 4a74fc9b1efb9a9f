"""Opening the database: made whole, migrated, put in the right journal mode."""

import hashlib
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from copilot_cli.messages import ReasoningPart, TextPart
from copilot_cli.store.database import on_network_mount, open_database, set_aside
from copilot_cli.store.schema import APPLICATION_ID, MIGRATIONS
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
    """A database of today becomes one two versions later, with its conversations."""
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


_OLD = """
INSERT INTO sessions VALUES ('1ng0hyt1ynqqcfsr', 'old', 1.5, 2.5, 'github.com', 'me', 'm', 'e', 4);
INSERT INTO turns (id, session_id, parent_id, role, created, state)
    VALUES (1, '1ng0hyt1ynqqcfsr', NULL, 'user', 1.5, 'complete'),
        (2, '1ng0hyt1ynqqcfsr', 1, 'assistant', 1.6, 'complete'),
        (3, '1ng0hyt1ynqqcfsr', 2, 'user', 1.7, 'complete'),
        (4, '1ng0hyt1ynqqcfsr', 3, 'assistant', 1.8, 'pending');
INSERT INTO parts (turn_id, position, kind, text, data)
    VALUES (1, 0, 'text', 'a question', NULL), (2, 0, 'text', 'an ans', NULL),
        (2, 1, 'text', 'wer of three ', NULL), (2, 2, 'text', 'pieces', NULL),
        (3, 0, 'text', 'and?', NULL), (4, 0, 'reasoning', 'hm', NULL),
        (4, 1, 'text', 'cut', NULL);
"""


def make_first_version(path: Path) -> None:
    """Make a database as version 0.1.0 made it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.executescript(MIGRATIONS[0])
        connection.execute("PRAGMA user_version=1")
        connection.executescript(_OLD)
        connection.execute("PRAGMA journal_mode=WAL")


def test_a_database_of_version_1_becomes_one_of_today(tmp_path: Path) -> None:
    """Its conversations are read, searched, gone on with and deleted as those of today."""
    path = tmp_path / "conversations.db"
    make_first_version(path)
    sessions = Sessions(path, refuse)
    [found] = sessions.recent()
    assert found[:-2] == ("1ng0hyt1ynqqcfsr", "old", 1.5, 2.5, "github.com", "me", "m", "e")
    turns = sessions.history(found.id)
    assert [turn.parts for turn in turns[1:]] == [
        (TextPart("an answer of three pieces"),),
        (TextPart("and?"),),
        (ReasoningPart("hm"), TextPart("cut")),
    ]
    assert [hit.turn_id for hit in sessions.search("pieces answer")] == [2]
    undone = sessions.undo(found.id)
    assert undone is not None
    assert undone.text == "and?"
    sessions.append(found.id, 2, "user", [TextPart("and more?")])
    assert [hit.turn_id for hit in sessions.search("more")] == [5]
    assert sessions.delete(found.id)
    assert sessions.search("pieces") == []
    sessions.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.execute("INSERT INTO parts_index (parts_index) VALUES ('integrity-check')")


def test_an_empty_database_of_version_1_is_migrated(tmp_path: Path) -> None:
    """There is nothing to carry over, and everything works."""
    path = tmp_path / "conversations.db"
    connection, _ = open_database(path, refuse, MIGRATIONS[:1])
    assert connection is not None
    connection.close()
    sessions = Sessions(path, refuse)
    sessions.append(sessions.create(), None, "user", [TextPart("new")])
    assert len(sessions.search("new")) == 1
    sessions.close()


@pytest.mark.real
def test_many_processes_migrate_once(tmp_path: Path) -> None:
    """Whoever comes second finds it done."""
    path = tmp_path / "conversations.db"
    make_first_version(path)
    program = (
        "import sys; from pathlib import Path; from copilot_cli.store.sessions import Sessions;"
        " print(Sessions(Path(sys.argv[1]), sys.exit).recent()[0].title)"
    )
    readers = [
        subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE)
        for _ in range(8)
    ]
    assert [reader.communicate()[0] for reader in readers] == [b"old\n"] * 8


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
