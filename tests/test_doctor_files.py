"""`doctor` on files: settings, folders, store, keys and conversations, good and bad."""

import os
import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.doctor_world import Machine
from tests.wizard_world import World

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine on which somebody has signed in, with a key file."""
    World(tmp_path / "home").onboard(
        method="device", store="keyfile", verify=False, model="sim-echo"
    )
    return Machine(tmp_path / "home")


def told(machine: Machine, name: str) -> tuple[str, str, str]:
    found = machine.one(name)
    return found.state, found.detail, found.fix or ""


# -- settings and folders --------------------------------------------------------------------


def test_settings_that_hold(machine: Machine) -> None:
    """The file, the engine and the model."""
    path = machine.home / "config.toml"
    assert told(machine, "settings") == ("pass", f"{path}: engine direct, sim-echo", "")
    path.unlink()
    assert told(machine, "settings")[:2] == ("pass", f"{path} is not there: the defaults hold")


BROKEN = {
    "no TOML": ("model = ", "config.toml"),
    "a wrong value": ("retries = 99\n", "retries"),
}


@pytest.mark.parametrize(("text", "named"), BROKEN.values(), ids=BROKEN)
def test_settings_that_cannot_be_read(text: str, named: str, machine: Machine) -> None:
    """The fault as every command tells it, with file and line."""
    (machine.home / "config.toml").write_text(text, "utf-8")
    state, detail, fix = told(machine, "settings")
    assert state == "fail"
    assert named in detail
    assert fix


def test_a_malformed_variable_is_found_here(machine: Machine) -> None:
    """Before it breaks the first request."""
    machine.environ["GITHUB_COPILOT_EXTRA_HEADERS"] = "no colon"
    state, detail, _ = told(machine, "settings")
    assert (state, detail) == ("fail", "GITHUB_COPILOT_EXTRA_HEADERS: item 1: not Name:value")


@posix
def test_settings_that_others_can_write(machine: Machine) -> None:
    """`store` may name a class: who writes it runs code."""
    path = machine.home / "config.toml"
    path.chmod(0o666)
    said = f"{path} is open to other users (mode 0666)"
    assert told(machine, "settings") == ("fail", said, f"chmod 644 {path}")


def test_folders(machine: Machine) -> None:
    """Where everything lies, and on what kind of file system."""
    state, detail, _ = told(machine, "folders")
    assert state == "pass"
    assert detail.startswith(f"{machine.home}, {machine.home / 'cache'}")


@posix
def test_a_folder_that_others_can_write(machine: Machine) -> None:
    """Its files could be replaced."""
    machine.home.chmod(0o777)
    said = f"{machine.home} is open to other users (mode 0777)"
    assert told(machine, "folders") == ("fail", said, f"chmod 700 {machine.home}")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    """Nothing can be made below it."""
    (tmp_path / "file").write_text("", "utf-8")
    machine = Machine(tmp_path / "file" / "home")
    state, detail, fix = told(machine, "folders")
    assert (state, detail) == ("fail", f"{tmp_path / 'file'} is not a folder")
    assert fix


def test_a_home_on_another_machine(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks differ there: a warning with the type of the file system."""
    monkeypatch.setattr("copilot_cli.doctor.files.file_system", lambda _: "nfs4")
    monkeypatch.setattr("copilot_cli.doctor.files.on_network_mount", lambda _: True)
    state, detail, fix = told(machine, "folders")
    assert state == "warn"
    assert "(nfs4): locks over a network may not hold" in detail
    assert "COPILOT_CHAT_HOME" in fix


@posix
def test_the_cache(machine: Machine) -> None:
    """Closed to others; lost without harm."""
    cache = machine.home / "cache"
    assert told(machine, "cache")[0] == "pass"
    cache.mkdir(mode=0o700, exist_ok=True)
    cache.chmod(0o755)
    state, detail, fix = told(machine, "cache")
    assert (state, detail) == ("fail", f"{cache} is open to other users (mode 0755)")
    assert fix == f"if nobody else should have it: chmod 700 {cache}"


# -- conversations ---------------------------------------------------------------------------


def test_conversations(machine: Machine) -> None:
    """Sound, none, damaged, or open to others; the file is only read."""
    path = machine.home / "conversations.db"
    path.unlink(missing_ok=True)
    assert told(machine, "conversations")[:2] == ("pass", "none is stored")
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE a (b)")
    path.chmod(0o600)
    assert told(machine, "conversations")[:2] == ("pass", "sound, 0.0 MB")
    if sys.platform != "win32":
        path.chmod(0o644)
        assert told(machine, "conversations")[0] == "warn"
    path.write_bytes(b"no database at all, but longer than its head would be" * 20)
    before = path.read_bytes()
    state, detail, fix = told(machine, "conversations")
    assert (state, detail) == ("fail", f"{path}: file is not a database")
    assert "sets it aside" in fix
    assert path.read_bytes() == before
    assert {each.name for each in machine.home.glob("conversations*")} == {path.name}


# -- the store and its key -------------------------------------------------------------------


def test_a_store_that_opens(machine: Machine) -> None:
    """Its slots, entries, size and mode; then whether the key opens it."""
    state, detail, _ = told(machine, "store")
    assert state == "pass"
    assert "keyfile " in detail
    assert "; 1 entry, " in detail
    assert told(machine, "key") == ("pass", "the store opens (keyfile)", "")


def test_nothing_is_stored(tmp_path: Path) -> None:
    """Nothing is wrong with that."""
    machine = Machine(tmp_path / "home")
    assert told(machine, "store") == ("pass", "nothing is stored", "")
    assert told(machine, "key") == ("skip", "nothing is stored", "")


@posix
def test_what_is_wrong_with_a_store(machine: Machine) -> None:
    """Damaged, or open to others: told with the way out, and left as it is."""
    path = machine.home / "secrets" / "store.json"
    path.chmod(0o644)
    state, detail, fix = told(machine, "store")
    assert (state, detail) == ("fail", f"{path} is open to other users (mode 0644)")
    assert "chmod 600" in fix
    path.chmod(0o600)
    path.write_bytes(b"{}")
    state, detail, fix = told(machine, "store")
    assert state == "fail"
    assert "is damaged" in detail
    assert "copilot-chat onboard sets it aside" in fix
    assert path.read_bytes() == b"{}"


def test_what_is_wrong_with_a_key_file(machine: Machine) -> None:
    """Gone, open to others, or another store's."""
    path = machine.home / "key"
    kept = path.read_text("utf-8")
    path.unlink()
    state, detail, fix = told(machine, "key")
    assert (state, detail) == ("fail", f"the key file {path} is not there")
    assert "copilot-chat onboard" in fix
    path.write_text(kept.replace(kept[30:36], "012345"), "utf-8")
    if sys.platform != "win32":
        assert told(machine, "key")[0] == "fail"  # its mode
        path.chmod(0o600)
    assert "does not open the store" in told(machine, "key")[1]


def test_a_passphrase_is_not_asked_for(tmp_path: Path) -> None:
    """Without its variable the check is skipped, on a terminal too; with it the store is opened."""
    world = World(tmp_path / "home")
    world.environ["COPILOT_CHAT_PASSPHRASE"] = "made up passphrase"
    world.onboard(method="device", store="passphrase", verify=False, model="sim-echo")
    machine = Machine(tmp_path / "home")
    machine.terminal = True
    state, detail, _ = told(machine, "key")
    assert (state, "COPILOT_CHAT_PASSPHRASE" in detail) == ("skip", True)
    machine.environ["COPILOT_CHAT_PASSPHRASE"] = "made up passphrase"
    assert told(machine, "key") == ("pass", "the store opens (passphrase)", "")
    machine.environ["COPILOT_CHAT_PASSPHRASE"] = "made up and wrong"
    assert told(machine, "key")[:2] == ("fail", "the passphrase is wrong, or the store is damaged")


# -- the keyring -----------------------------------------------------------------------------


class Fake:
    """A keyring that the setting names; what it does is up to the test."""

    priority = 1

    def get_password(self, service: str, user: str) -> str | None:
        return None


class Locked(Fake):
    def get_password(self, service: str, user: str) -> str | None:
        class KeyringLocked(Exception):
            pass

        raise KeyringLocked("Prompt dismissed")


class Absent(Fake):
    def get_password(self, service: str, user: str) -> str | None:
        raise RuntimeError("no bus")


class Frozen(Fake):
    def get_password(self, service: str, user: str) -> str | None:
        threading.Event().wait(60)
        return None


def keyring(machine: Machine, name: str) -> Any:
    """What is told of the keyring `name`."""
    machine.environ.pop("COPILOT_CHAT_NO_KEYRING", None)
    (machine.home / "config.toml").write_text(f'store = "keyring:{name}"\n', "utf-8")
    return machine.one("keyring")


KEYRINGS = {
    "fine": (f"{__name__}.Fake", "pass", "answers within 3 s"),
    "locked": (f"{__name__}.Locked", "warn", "is locked"),
    "absent": (f"{__name__}.Absent", "fail", "no usable keyring: no bus"),
    "null": ("keyring.backends.null.Keyring", "fail", "does not protect what it keeps"),
    "fail": ("keyring.backends.fail.Keyring", "fail", "does not protect what it keeps"),
    "not there": ("nonesuch.Keyring", "fail", "no keyring class"),
}


@pytest.mark.parametrize(("name", "state", "detail"), KEYRINGS.values(), ids=KEYRINGS)
def test_the_keyring(name: str, state: str, detail: str, machine: Machine) -> None:
    """Asked for something that is not in it; one that keeps plain text or nothing is refused."""
    found = keyring(machine, name)
    assert found.state == state
    assert detail in found.detail
    assert (found.fix is None) == (state == "pass")


@pytest.mark.real
def test_a_frozen_keyring_does_not_keep_the_report(machine: Machine) -> None:
    """No answer within the deadline is a locked keyring, and the store is not tried with it."""
    found = keyring(machine, f"{__name__}.Frozen")
    assert (found.state, "did not answer within 3 s" in found.detail) == ("warn", True)


def test_a_keyring_that_nobody_needs(machine: Machine) -> None:
    """Switched off by the variable, or missing where a key file is used: nothing is wrong."""
    assert told(machine, "keyring") == ("skip", "COPILOT_CHAT_NO_KEYRING is set", "")


@posix
def test_somebody_elses_file(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a `sudo copilot-chat`."""
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    path = machine.home / "config.toml"
    assert told(machine, "settings")[1] == f"{path} belongs to another user"
