"""The history file: entries over runs, privacy, size, and what cannot be used."""

import asyncio
import os
import stat
import sys
from pathlib import Path

import pytest
from prompt_toolkit.history import FileHistory as TheirHistory
from prompt_toolkit.history import History

from copilot_cli.ui.history import FileHistory, open_history

TOKEN = "ghu_madeUpForTests0000000000000000000000"

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links are POSIX's")


def entries(history: History) -> list[str]:
    """All that the editor would load, newest first."""

    async def load() -> list[str]:
        return [entry async for entry in history.load()]

    return asyncio.run(load())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history"


def test_entries_come_back_whole_and_newest_first(path: Path) -> None:
    """Line breaks, blank lines, signs of the format and any character are kept."""
    kept = ["one", "+two\n#three\n\n  four\n", "Grüße 世界 🙂", "\u2028\x0b\x85", "five\rsix"]
    history = open_history(path)
    for entry in kept:
        history.append_string(entry)
    assert entries(open_history(path)) == kept[::-1]
    assert entries(history) == kept[::-1]


def test_two_chats_share_the_file(path: Path) -> None:
    """Each adds its own; the next one has both."""
    one, two = open_history(path), open_history(path)
    one.append_string("of one")
    two.append_string("of two")
    one.append_string("of one again")
    assert entries(open_history(path)) == ["of one again", "of two", "of one"]


def test_the_format_is_the_library_s(path: Path, tmp_path: Path) -> None:
    """What prompt_toolkit wrote is read, and the other way round."""
    theirs = TheirHistory(tmp_path / "theirs")
    theirs.append_string("one\ntwo")
    theirs.append_string("three")
    assert entries(open_history(tmp_path / "theirs")) == ["three", "one\ntwo"]
    open_history(path).append_string("four\nfive")
    assert entries(TheirHistory(path)) == ["four\nfive"]


@posix
def test_the_file_is_private(path: Path) -> None:
    """It is 0600 from the start, and again where it was looser; its new folder 0700."""
    open_history(path).append_string("x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    open_history(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_credential_goes_into_it(path: Path) -> None:
    """A token is kept for this run's arrow keys, and not in the file."""
    history = open_history(path)
    history.append_string(f"is {TOKEN} a token?")
    assert TOKEN not in path.read_text()
    assert entries(open_history(path)) == ["is **** a token?"]
    assert history.get_strings() == [f"is {TOKEN} a token?"]


def test_without_a_path_nothing_is_kept(path: Path) -> None:
    """A private chat has the lines of its own run."""
    history = open_history(None)
    history.append_string("x")
    assert entries(history) == ["x"]
    assert not path.parent.exists()


def test_the_file_stays_of_bounded_size(path: Path) -> None:
    """Beyond a megabyte the older half goes at the start, between two entries."""
    history = open_history(path)
    for number in range(12):
        history.append_string(f"{number}\n" + "x" * 100_000)
    before = path.stat().st_size
    kept = entries(open_history(path))
    assert [entry.partition("\n")[0] for entry in kept] == ["11", "10", "9", "8", "7"]
    assert all(entry.endswith("\n" + "x" * 100_000) for entry in kept)
    assert path.stat().st_size < before / 2
    assert [file.name for file in path.parent.iterdir()] == ["history"]
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@posix
@pytest.mark.parametrize("kind", ["folder", "link", "pipe", "no folder"])
def test_what_cannot_be_used_is_left_alone(tmp_path: Path, kind: str) -> None:
    """The chat goes on with the lines of its own run."""
    history, other = tmp_path / "history", tmp_path / "other"
    other.write_text("untouched")
    if kind == "folder":
        history.mkdir()
    elif kind == "link":
        history.symlink_to(other)
    elif kind == "pipe":
        os.mkfifo(history)
    else:
        history = other / "below a file" / "history"
    opened = open_history(history)
    assert not isinstance(opened, FileHistory)
    opened.append_string("x")
    assert entries(opened) == ["x"]
    assert other.read_text() == "untouched"


@posix
def test_a_file_that_goes_away_does_not_stop_the_chat(path: Path) -> None:
    """What cannot be kept, or read any more, is done without."""
    history = open_history(path)
    path.unlink()
    path.mkdir()
    history.append_string("x")
    assert history.get_strings() == ["x"]
    assert entries(FileHistory(path)) == []


def test_a_damaged_file_gives_what_it_has(path: Path) -> None:
    """Bytes that are no text, and lines of no entry."""
    path.parent.mkdir()
    path.write_bytes(b"junk\n+one\xff\n+two\n\n\n# x\n+three")
    assert entries(open_history(path)) == ["three", "one\ufffd\ntwo"]
