"""The store against the real Secret Service: gnome-keyring on a message bus of its own.

Each test runs a script under `dbus-run-session`, in a home that is thrown away. The script starts
the daemon, does its checks with the program's own classes, and ends what it started.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

NEEDED = ("dbus-run-session", "dbus-daemon", "gnome-keyring-daemon")

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        any(shutil.which(name) is None for name in NEEDED),
        reason="needs the Debian packages gnome-keyring and dbus",
    ),
]

COMMON = """
import contextlib, os, signal, subprocess, sys, threading, time, warnings
from pathlib import Path

import secretstorage
from jeepney import DBusAddress, new_method_call

from copilot_cli.errors import *
from copilot_cli.store.keys import KeyringKey
from copilot_cli.store.os_keyring import OsKeyring
from copilot_cli.store.secrets import EntryName, SecretStore

BUS = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
NAME = EntryName("github", "github.com", "octocat")
HOME = Path(os.environ["HOME"])

def store(**options):
    return SecretStore(HOME / "data", key=KeyringKey(OsKeyring(**options)))

def on_the_bus():
    with contextlib.closing(secretstorage.dbus_init()) as bus:
        asked = new_method_call(BUS, "NameHasOwner", "s", ("org.freedesktop.secrets",))
        return bus.send_and_get_reply(asked).body[0]

@contextlib.contextmanager
def daemon():
    command = ["gnome-keyring-daemon", "--foreground", "--components=secrets", "--unlock"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.stdin.write(b"made up password")
        process.stdin.close()
        deadline = time.monotonic() + 20
        while not on_the_bus() and time.monotonic() < deadline:
            threading.Event().wait(0.02)
        yield process
    finally:
        process.kill()
        process.wait()
"""

UNLOCKED = """
with daemon():
    assert store().prove() is True
    store().put(NAME, {"token": "made up"})
    assert store().get(NAME) == {"token": "made up"}
    kid = store().slots()[0][1]
    ring = OsKeyring()
    assert ring.title == "Secret Service"
    assert ring.read(f"store:{kid}").startswith("copilot-chat-key-1:")
    assert ring.read("store:0000000000000000") is None
    removed = store().purge()
    assert f"Secret Service item store:{kid}" in removed, removed
    assert ring.read(f"store:{kid}") is None
    with contextlib.closing(secretstorage.dbus_init()) as bus:
        collection = secretstorage.get_default_collection(bus)
        assert [item.get_label() for item in collection.get_all_items()] == []
"""

LOCKED = """
with daemon():
    store().put(NAME, {"token": "made up"})
    before = store().path.read_bytes()
    with contextlib.closing(secretstorage.dbus_init()) as bus:
        secretstorage.get_default_collection(bus).lock()
    for call in (lambda: store().get(NAME), lambda: store().put(NAME, {}), store().prove):
        try:
            call()
        except KeyringLocked as error:
            assert error.exit_code == 10 and "unlock it" in error.hint
        else:
            raise AssertionError("a locked keyring was read")
    assert store().path.read_bytes() == before
"""

MISSING = """
with daemon():
    store().put(NAME, {"token": "made up"})
    kid = store().slots()[0][1]
    assert OsKeyring().remove(f"store:{kid}")
    try:
        store().get(NAME)
    except KeyMissing as error:
        assert kid in error.message
    else:
        raise AssertionError("a missing key was replaced")
"""

STOPPED = """
with daemon() as process:
    store().put(NAME, {"token": "made up"})
    process.send_signal(signal.SIGSTOP)
    told = []
    for options in ({}, {"interactive": True, "on_wait": lambda: told.append(1)}):
        try:
            store(deadline=0.3, wait_notice=0.1, **options).get(NAME)
        except KeyringTimeout as error:
            assert isinstance(error, KeyringLocked)
        else:
            raise AssertionError("a stopped keyring answered")
    assert told == [1]
    assert store().fingerprint()
"""

MOVED = """
from copilot_cli.secret import Secret
from copilot_cli.store.keys import PassphraseKey
from copilot_cli.store.rekeying import move, rotate

def items():
    with contextlib.closing(secretstorage.dbus_init()) as bus:
        collection = secretstorage.get_default_collection(bus)
        return [item.get_attributes()["username"] for item in collection.get_all_items()]

def with_passphrase():
    key = PassphraseKey(lambda: Secret("made up passphrase"), cost=15)
    return SecretStore(HOME / "data", key=key, source=lambda _: KeyringKey(OsKeyring()))

with daemon():
    store().put(NAME, {"token": "made up"})
    first = store().kid()
    opened = store()
    rotate(opened, [opened.source("keyring")])
    assert store().kid() != first
    assert items() == [f"store:{store().kid()}"], items()
    assert store().get(NAME) == {"token": "made up"}
    moving = SecretStore(
        HOME / "data", key=KeyringKey(OsKeyring()), source=lambda _: KeyringKey(OsKeyring()))
    key = PassphraseKey(lambda: Secret("made up passphrase"), cost=15)
    changed = move(moving, key, keep=False, settle=lambda: None)
    assert changed.removed and not changed.left, changed
    assert items() == []
    move(with_passphrase(), KeyringKey(OsKeyring()), keep=False, settle=lambda: None)
    assert len(items()) == 1
    assert store().get(NAME) == {"token": "made up"}
    with contextlib.closing(secretstorage.dbus_init()) as bus:
        secretstorage.get_default_collection(bus).lock()
    before = store().path.read_bytes()
    try:
        move(store(), key, keep=False, settle=lambda: None)
    except KeyringLocked as error:
        assert "keys move --to passphrase" in error.hint
    else:
        raise AssertionError("a locked keyring was moved from")
    assert store().path.read_bytes() == before
"""

SILENT = """
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

with contextlib.closing(open_dbus_connection()) as silent:
    silent.send_and_get_reply(message_bus.RequestName("org.freedesktop.secrets"))
    assert on_the_bus()
    try:
        store(deadline=0.3).prove()
    except KeyringTimeout as error:
        assert error.exit_code == 10
    else:
        raise AssertionError("a service that says nothing was believed")
    assert not (HOME / "data").exists()
"""

ABSENT = """
# No service, and none that could be started
try:
    store().prove()
except KeyringTimeout:
    raise AssertionError("an absent keyring was taken for a locked one")
except KeyringUnavailable as error:
    assert "Secret Service" in error.message, error.message
    assert "--store passphrase" in error.hint
assert not (HOME / "data").exists()
"""


def run(folder: Path, script: str) -> None:
    """Run `script` in a session bus of its own; its end is the end of everything it started."""
    for name in ("home", "run", "services"):
        (folder / name).mkdir(mode=0o700)
    # A bus that starts nothing by itself: no prompter, no desktop of the person who runs the tests
    (folder / "bus.conf").write_text(
        "<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>"
        f"<servicedir>{folder}/services</servicedir>"
        '<policy context="default"><allow send_destination="*" eavesdrop="true"/>'
        '<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>'
    )
    environ = {
        "HOME": str(folder / "home"),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "LC_ALL": "C.UTF-8",
    }
    session = ["dbus-run-session", f"--config-file={folder}/bus.conf", "--"]
    with subprocess.Popen(
        [*session, sys.executable, "-c", COMMON + script],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            _, complaints = process.communicate(timeout=60)
        except BaseException:  # too late, or Ctrl-C: bus and daemon end with the script
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert process.returncode == 0, complaints


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(UNLOCKED, id="unlocked"),
        pytest.param(LOCKED, id="locked"),
        pytest.param(MISSING, id="key removed"),
        pytest.param(MOVED, id="keys moved and rotated"),
        pytest.param(STOPPED, id="stopped"),
        pytest.param(SILENT, id="never answers"),
        pytest.param(ABSENT, id="absent"),
    ],
)
def test_the_store_and_the_secret_service(tmp_path: Path, script: str) -> None:
    """Unlocked it works and leaves no item; else the error is typed, in time, and nothing changes;
    and the process ends although a thread still waits for the service."""
    run(tmp_path, script)
