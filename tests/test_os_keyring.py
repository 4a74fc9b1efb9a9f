"""The keyring adapter: whatever a back end does, the answer is typed, in time and believed only
when it was tried."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot_cli.errors import (
    KeyringLocked,
    KeyringTimeout,
    KeyringUnavailable,
    SettingsError,
)
from copilot_cli.store.os_keyring import DEADLINE, UNLOCK_DEADLINE, Backend, OsKeyring

SECRET = "0123456789abcdef" * 4  # made up


class Memory:
    """A back end that works."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], str] = {}
        self.calls: list[str] = []

    def get_password(self, service: str, username: str, /) -> str | None:
        self.calls.append(f"get {username}")
        return self.items.get((service, username))

    def set_password(self, service: str, username: str, password: str, /) -> None:
        self.calls.append(f"set {username}")
        self.items[service, username] = password

    def delete_password(self, service: str, username: str, /) -> None:
        self.calls.append(f"delete {username}")
        del self.items[service, username]


class Null(Memory):
    """Succeeds and keeps nothing."""

    def set_password(self, service: str, username: str, password: str, /) -> None:
        pass


class Garbling(Memory):
    """Keeps something else."""

    def get_password(self, service: str, username: str, /) -> str | None:
        found = super().get_password(service, username)
        return found and found[::-1] + "x"


class Bytes(Memory):
    """Answers with what is no text."""

    def get_password(self, service: str, username: str, /) -> str | None:
        return b"bytes"  # type: ignore[return-value]


class Raising(Memory):
    """Fails in a way of its own."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def get_password(self, service: str, username: str, /) -> str | None:
        raise self.error

    def set_password(self, service: str, username: str, password: str, /) -> None:
        raise self.error


class Hanging(Memory):
    """Answers nothing before it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()
        self.deleted = threading.Event()

    def set_password(self, service: str, username: str, password: str, /) -> None:
        self.released.wait()
        super().set_password(service, username, password)

    def get_password(self, service: str, username: str, /) -> str | None:
        self.released.wait()
        return super().get_password(service, username)

    def delete_password(self, service: str, username: str, /) -> None:
        super().delete_password(service, username)
        self.deleted.set()


def keyring(backend: Backend, *, deadline: float | None = 5.0) -> OsKeyring:
    return OsKeyring(backend=backend, deadline=deadline)


# What works


def test_what_is_written_is_read_until_it_is_removed() -> None:
    """Under the service and user name it was given, and nothing is left afterwards."""
    backend = Memory()
    ring = keyring(backend)
    ring.write("store:x", SECRET)
    assert backend.items == {("copilot-chat", "store:x"): SECRET}
    assert ring.read("store:x") == SECRET
    assert [ring.remove("store:x"), ring.remove("store:x")] == [True, False]
    assert ring.read("store:x") is None


def test_a_proof_writes_reads_back_and_cleans_up() -> None:
    """The probe has a name of its own, another each time, and leaves nothing."""
    backend = Memory()
    keyring(backend).prove()
    keyring(backend).prove()
    assert [call.split()[0] for call in backend.calls] == ["set", "get", "get", "delete"] * 2
    assert len({call.split()[1] for call in backend.calls}) == 2
    assert all("probe:" in call for call in backend.calls)
    assert backend.items == {}


# What does not


@pytest.mark.parametrize("backend", [Null(), Garbling(), Bytes()], ids=["null", "garbled", "bytes"])
def test_a_keyring_that_does_not_keep_is_found_out(backend: Memory) -> None:
    """No success is believed before the text was read back, and nothing stays behind."""
    with pytest.raises(KeyringUnavailable):
        keyring(backend).prove()
    with pytest.raises(KeyringUnavailable):
        keyring(backend).write("store:x", SECRET)
    if not isinstance(backend, Bytes):
        assert backend.items == {}


class KeyringLockedError(Exception):
    """Stands for `keyring.errors.KeyringLocked`."""


KeyringLockedError.__name__ = "KeyringLocked"


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(KeyringLockedError("Failed to unlock the collection!"), id="locked"),
        pytest.param(RuntimeError("Failed to create the collection: Prompt dismissed.."), id="no"),
        pytest.param(OSError("Can't fetch password from system: (-25308, 'x')"), id="-25308"),
        pytest.param(OSError(-25293, "Security Auth Failure"), id="-25293"),
    ],
)
def test_a_locked_keyring_is_told_apart(error: Exception) -> None:
    """What a person can unlock is locked, with the way out."""
    with pytest.raises(KeyringLocked, match="is locked") as caught:
        keyring(Raising(error)).read("store:x")
    assert "unlock it" in (caught.value.hint or "")
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(RuntimeError("No recommended backend was available"), id="none"),
        pytest.param(OSError(1312, "CredRead", "no such logon session"), id="Windows over SSH"),
        pytest.param(TypeError(), id="a bug of theirs"),
        pytest.param(AttributeError("'NoneType' object"), id="attribute"),
        pytest.param(ImportError("No module named 'secretstorage'"), id="import"),
        pytest.param(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), id="decoding"),
        pytest.param(SystemExit(3), id="exit"),
        pytest.param(KeyboardInterrupt(), id="interrupt"),
        pytest.param(RecursionError("too deep"), id="recursion"),
    ],
)
def test_any_other_failure_means_that_it_cannot_be_used(error: BaseException) -> None:
    """Back ends raise anything; all of it is exit 10, with a reason."""
    ring = keyring(Raising(error))
    calls: list[Callable[[], object]] = [
        lambda: ring.read("store:x"),
        lambda: ring.write("store:x", SECRET),
        lambda: ring.remove("store:x"),
        ring.prove,
    ]
    for call in calls:
        with pytest.raises(KeyringUnavailable, match=r"no usable keyring: .") as caught:
            call()
        assert caught.value.exit_code == 10


def test_a_foreign_text_is_made_safe_and_holds_no_key() -> None:
    """A message never shows what was written, control characters, or more than 200 characters."""
    error = RuntimeError(f"\x1b[2J cannot store {SECRET} ghu_madeUpForTests0000 {'x' * 500}")
    with pytest.raises(KeyringUnavailable) as caught:
        keyring(Raising(error)).write("store:x", SECRET)
    message = caught.value.message
    assert message.isprintable()
    assert len(message) < 250
    assert SECRET not in message
    assert "madeUp" not in message


def test_a_keyring_that_is_switched_off_is_never_asked() -> None:
    """COPILOT_CHAT_NO_KEYRING is kept, even where the keyring would work."""
    backend = Memory()
    with pytest.raises(KeyringUnavailable, match="COPILOT_CHAT_NO_KEYRING"):
        OsKeyring(backend=backend, disabled=True).prove()
    assert backend.calls == []


# What never answers


def test_no_answer_in_time_means_locked_and_never_absent() -> None:
    """The caller gets a time-out that is a kind of locked."""
    backend = Hanging()
    with pytest.raises(KeyringTimeout, match=r"within 0\.02 s") as caught:
        keyring(backend, deadline=0.02).read("store:x")
    assert isinstance(caught.value, KeyringLocked)
    backend.released.set()


def test_a_write_that_succeeds_too_late_is_taken_back() -> None:
    """After a reported failure no key appears in the keyring."""
    backend = Hanging()
    with pytest.raises(KeyringTimeout):
        keyring(backend, deadline=0.02).write("store:x", SECRET)
    backend.released.set()
    assert backend.deleted.wait(10)
    assert backend.items == {}


def test_a_person_is_told_what_is_waited_for_and_can_still_unlock() -> None:
    """After the notice the answer that comes is taken."""
    backend = Hanging()
    backend.items["copilot-chat", "store:x"] = SECRET
    ring = OsKeyring(
        backend=backend, interactive=True, on_wait=backend.released.set, wait_notice=0.0
    )
    assert ring.read("store:x") == SECRET


def test_nobody_is_told_where_nobody_is() -> None:
    """Without a person there is no notice."""
    told: list[int] = []
    backend = Hanging()
    ring = OsKeyring(
        backend=backend, on_wait=lambda: told.append(1), wait_notice=0.0, deadline=0.02
    )
    with pytest.raises(KeyringTimeout):
        ring.read("store:x")
    backend.released.set()
    assert told == []


def test_the_deadlines_are_those_of_the_design() -> None:
    """Three seconds where nobody can unlock, a minute where somebody can."""
    assert (DEADLINE, UNLOCK_DEADLINE) == (3.0, 60.0)


HANGS = """
import sys, threading
from copilot_cli.errors import KeyringTimeout
from copilot_cli.store.os_keyring import OsKeyring
class Hangs:
    def get_password(self, service, username, /):
        threading.Event().wait()
try:
    OsKeyring(backend=Hangs(), deadline=0.05).read("store:x")
except KeyringTimeout:
    sys.exit(10)
"""


@pytest.mark.real
def test_the_program_can_end_although_the_keyring_hangs() -> None:
    """The abandoned thread does not keep the process."""
    done = subprocess.run(
        [sys.executable, "-c", HANGS], check=False, timeout=30, capture_output=True
    )
    assert (done.returncode, done.stderr) == (10, b"")


# Which back end


SETTING = """
class Works:
    priority = 1
    kept = {}
    def get_password(self, service, username, /): return self.kept.get(username)
    def set_password(self, service, username, password, /): self.kept[username] = password
    def delete_password(self, service, username, /): del self.kept[username]

class Unfit(Works):
    @property
    def broken(self): ...
    class _Priority:
        def __get__(self, *_): raise RuntimeError("needs a moon")
    priority = _Priority()
"""


@pytest.fixture
def _own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_keyring_module.py").write_text(SETTING)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("_own_module")
def test_the_setting_names_another_back_end() -> None:
    """`keyring:module.Class` is loaded, tried, and named in messages."""
    ring = OsKeyring(setting="keyring:own_keyring_module.Works")
    ring.prove()
    ring.write("store:x", SECRET)
    assert (ring.read("store:x"), ring.title) == (SECRET, "own_keyring_module.Works")
    with pytest.raises(KeyringUnavailable, match="needs a moon"):
        OsKeyring(setting="keyring:own_keyring_module.Unfit").prove()


@pytest.mark.usefixtures("_own_module")
@pytest.mark.parametrize(
    "setting",
    [
        "keyring:nothing.like.This",
        "keyring:own_keyring_module.Missing",
        "keyring:Works",
        "keyring:",
        "keyring:keyring.backends.null.Keyring",
        "keyring:keyring.backends.fail.Keyring",
        "keyring:keyring.backends.chainer.ChainerBackend",
    ],
)
def test_a_setting_that_names_nothing_fit_is_refused(setting: str) -> None:
    """Unknown classes, and those that keep nothing or keep it in the open."""
    with pytest.raises(SettingsError, match="store names"):
        OsKeyring(setting=setting).prove()


NULL_BY_ENVIRONMENT = """
from copilot_cli.errors import StoreError
from copilot_cli.store.os_keyring import OsKeyring
try:
    OsKeyring().prove()
except StoreError as error:
    print(type(error).__name__)
"""


@pytest.mark.real
@pytest.mark.skipif(sys.platform in {"darwin", "win32"}, reason="there the keyring is always there")
def test_neither_environment_nor_files_choose_the_back_end(tmp_path: Path) -> None:
    """A null back end named from outside is not used where no service runs."""
    config = tmp_path / "python_keyring"
    config.mkdir()
    (config / "keyringrc.cfg").write_text(
        "[backend]\ndefault-keyring=keyring.backends.null.Keyring\n"
    )
    environ = {
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "XDG_CONFIG_HOME": str(tmp_path),
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/none",
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run(
        [sys.executable, "-c", NULL_BY_ENVIRONMENT],
        env=environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "KeyringUnavailable\n", done.stderr
