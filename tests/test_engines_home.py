"""The folder that a runtime may write to: private, and gone with its process."""

import os
import stat
import sys
from pathlib import Path

import pytest

from copilot_cli.engines.home import Home
from copilot_cli.errors import SettingsError, StoreError


def test_it_is_private_and_removed(tmp_path: Path) -> None:
    """What was said to the runtime lies in it in plain text."""
    home = Home(tmp_path / "runtime")
    if sys.platform != "win32":
        for folder in (tmp_path / "runtime", home.path, home.state, home.cache):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (home.state / "session").mkdir()
    (home.state / "session" / "events.jsonl").write_text("secret words")
    home.close()
    assert list((tmp_path / "runtime").iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    """The kernel has let go of its lock."""
    left = tmp_path / "run-0123456789abcdef"
    left.mkdir()
    (left / "words").write_text("x")
    (tmp_path / "run-0123456789abcdef.lock").touch(mode=0o600)
    tmp_path.chmod(0o700)
    home = Home(tmp_path)
    assert not left.exists()
    home.close()


def test_the_home_of_another_process_that_lives_is_left_alone(tmp_path: Path) -> None:
    """Two chats at once have two runtimes."""
    first, second = Home(tmp_path / "r"), Home(tmp_path / "r")
    assert first.path.is_dir()
    second.close()
    assert first.path.is_dir()
    first.close()


def test_a_lock_that_another_process_looks_at_is_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is taken for one that was left, for a moment; many processes may begin at once."""
    names = iter([b"\0" * 8, b"\0" * 8, b"\1" * 8])
    monkeypatch.setattr(os, "urandom", lambda _: next(names))
    first = Home(tmp_path / "r")
    second = Home(tmp_path / "r")
    assert second.path.name == f"run-{'01' * 8}"
    assert first.path.is_dir()
    for home in (second, first):
        home.close()
    assert list((tmp_path / "r").iterdir()) == []


def test_one_that_cannot_be_made_is_said_before_anything_is_started(tmp_path: Path) -> None:
    """A runtime without a place to write would wait for ever."""
    (tmp_path / "file").write_text("x")
    with pytest.raises((SettingsError, StoreError)):
        Home(tmp_path / "file" / "runtime")


@pytest.mark.skipif(sys.platform == "win32", reason="modes are not looked at")
def test_a_folder_that_others_can_look_into_is_refused(tmp_path: Path) -> None:
    """Somebody else made it so, and it is not tightened in passing."""
    shared = tmp_path / "shared"
    shared.mkdir()
    os.chmod(shared, 0o755)
    with pytest.raises(StoreError):
        Home(shared)
