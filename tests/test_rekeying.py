"""Moving and rotating keys: nothing is lost, nothing old opens, a crash anywhere is survived."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.errors import (
    CopilotChatError,
    KeyMissing,
    KeyringUnavailable,
    SecretNotFound,
    SettingsError,
    StoreError,
    WrongKey,
)
from copilot_cli.secret import Secret
from copilot_cli.store import files
from copilot_cli.store.keys import FileKey, KeyringKey, PassphraseKey
from copilot_cli.store.opening import KeySource
from copilot_cli.store.os_keyring import OsKeyring
from copilot_cli.store.rekeying import Changed, history_entry, move, rotate
from copilot_cli.store.secrets import EntryName, SecretStore
from tests.rekeying_process import PASSPHRASE
from tests.test_os_keyring import Memory

OCTOCAT = EntryName("github", "github.com", "octocat")
MINE = EntryName("byok", "localhost", "mine")
ENTRIES = {
    OCTOCAT: {"token": "ghu_madeUpForTests0000000000000000000000"},
    MINE: {"key": "sk-madeUpForTests000000000000"},
}
KINDS = ("keyfile", "passphrase", "keyring")


class Crash(BaseException):
    """What ends a process at once; nothing of ours catches it by its name."""


class Home:
    """A store, everything that may open it, and the setting that says what does."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder = folder
        self.backend = Memory()
        self.kind = kind
        self.key_file = "key"
        self.words = "the first passphrase"
        self.write: Callable[[Path, bytes], None] = files.write_atomic
        self.store().put_all(lambda _: dict(ENTRIES))

    def key(self, kind: str | None = None, **options: Any) -> KeySource:
        kind = kind or self.kind
        if kind == "keyring":
            return KeyringKey(OsKeyring(backend=self.backend))
        if kind == "passphrase":
            words = options.get("words", self.words)
            return PassphraseKey(lambda: Secret(words), cost=15)
        path = self.folder / options.get("key_file", self.key_file)
        return FileKey(path, store_folder=self.folder / "secrets")

    def store(self, kind: str | None = None, **options: Any) -> SecretStore:
        """The store as a new process would open it."""
        return SecretStore(
            self.folder,
            key=self.key(kind, **options),
            source=self.key,
            lock_wait=5.0,
            write=self.write,
        )

    def move(self, kind: str, *, keep: bool = False, **options: Any) -> Changed:
        def settle() -> None:
            if not isinstance(self.backend, Failing):
                assert self.store().entries() == ENTRIES, "the old way has to open it still"
                assert self.store(kind, **options).entries() == ENTRIES, "and the new one already"
            self.kind = kind
            self.key_file = options.get("key_file", self.key_file)
            self.words = options.get("words", self.words)

        if kind == self.kind == "passphrase":
            changed = move(self.store(), self.key(kind, **options), keep=keep, settle=lambda: None)
            self.words = options["words"]
            return changed
        return move(self.store(), self.key(kind, **options), keep=keep, settle=settle)

    def rotate(self, *kinds: str) -> Changed:
        store = self.store()
        store.entries()
        own = store.source(self.kind)
        assert own is not None
        return rotate(store, [own, *(self.key(kind) for kind in kinds)])

    def slots(self) -> list[tuple[str, bool]]:
        return [(slot["type"], slot["left_over"]) for slot in self.store().describe()["slots"]]

    def plain(self) -> dict[EntryName, dict[str, Any]]:
        """What is stored, without the keys of earlier conversations."""
        entries = self.store().entries()
        return {name: value for name, value in entries.items() if name.kind != "history"}


@pytest.fixture(params=KINDS)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    return Home(tmp_path, request.param)


# Moving


@pytest.mark.parametrize("to", KINDS)
def test_a_move_leaves_one_way_to_open_the_store(home: Home, to: str) -> None:
    """Every kind to every other; the entries and the key of conversations are the same."""
    before, history = home.kind, home.store().subkey("history")
    if before == to:
        pytest.skip("the same kind is below")
    home.move(to)
    assert home.slots() == [(to, False)]
    assert home.store().entries() == ENTRIES
    assert home.store().subkey("history") == history
    with pytest.raises(KeyMissing, match=f"sealed with {to}, not with {before}"):
        home.store(before).entries()
    assert (home.folder / "key").exists() == (to == "keyfile")
    assert len(home.backend.items) == (to == "keyring")


def test_what_was_removed_is_said(tmp_path: Path) -> None:
    """The key file, or the item of the keyring."""
    home = Home(tmp_path, "keyring")
    kid = home.store().kid()
    assert home.move("keyfile").removed[0].endswith(f" item store:{kid}")
    assert home.move("passphrase").removed == [str(tmp_path / "key")]
    assert home.move("keyring") == Changed([], [])


def test_another_passphrase(tmp_path: Path) -> None:
    """The old one opens nothing any more."""
    home = Home(tmp_path, "passphrase")
    home.move("passphrase", words="the second passphrase")
    assert home.slots() == [("passphrase", False)]
    assert home.store().entries() == ENTRIES
    with pytest.raises(WrongKey):
        home.store(words="the first passphrase").entries()


def test_another_key_file(tmp_path: Path) -> None:
    """The old one is removed."""
    home = Home(tmp_path, "keyfile")
    home.move("keyfile", key_file="elsewhere")
    assert home.store().entries() == ENTRIES
    assert not (tmp_path / "key").exists()


def test_a_move_to_the_same_key_file_does_not_remove_it(tmp_path: Path) -> None:
    """The key that opens the store is not the old one's to take along."""
    home = Home(tmp_path, "keyfile")
    home.move("keyfile")
    assert home.store().entries() == ENTRIES
    assert home.slots() == [("keyfile", False)]


def test_a_key_that_is_kept_opens_the_store_too(home: Home) -> None:
    """A second way, for when the first is lost; whoever fails by the first is told of it."""
    to = "passphrase" if home.kind != "passphrase" else "keyfile"
    before = home.kind
    assert home.move(to, keep=True) == Changed([], [])
    assert home.slots() == [(to, False), (before, False)]
    assert home.store(to).entries() == home.store(before).entries() == ENTRIES
    if to == "keyfile":
        (home.folder / "key").unlink()
    with pytest.raises((KeyMissing, WrongKey)) as caught:
        home.store(words="mistyped").entries()
    assert f"copilot-chat config set store {before}" in (caught.value.hint or "")


def test_a_second_way_goes_with_the_next_move(tmp_path: Path) -> None:
    """A move without `keep` means that nothing else opens the store."""
    home = Home(tmp_path, "keyring")
    home.move("keyfile", keep=True)
    home.move("passphrase")
    assert home.slots() == [("passphrase", False)]
    assert home.backend.items == {}
    assert not (tmp_path / "key").exists()


def test_a_purge_forgets_the_keys_of_both_ways(tmp_path: Path) -> None:
    """No key outlives what it opened."""
    home = Home(tmp_path, "keyring")
    home.move("keyfile", keep=True)
    home.store().purge()
    assert home.backend.items == {}
    assert [path.name for path in tmp_path.iterdir()] == ["store.lock"]


def test_there_has_to_be_a_store(tmp_path: Path) -> None:
    """Nothing is made of nothing."""
    home = Home(tmp_path, "keyfile")
    home.store().purge()
    with pytest.raises(SecretNotFound):
        home.move("passphrase")
    with pytest.raises(SecretNotFound):
        home.rotate()


# Rotating


def test_a_rotation_changes_every_key(home: Home) -> None:
    """Another id, another key of the data, another key around it; the same entries."""
    store = home.store()
    kid, cache, history = store.kid(), store.subkey("token-cache"), store.subkey("history")
    key_file = home.folder / "key"
    around = key_file.read_bytes() if home.kind == "keyfile" else dict(home.backend.items)
    home.rotate()
    fresh = home.store()
    assert fresh.kid() != kid
    assert fresh.subkey("token-cache") != cache
    assert home.plain() == ENTRIES
    assert home.slots() == [(home.kind, False)]
    assert fresh.history_keys() == (fresh.subkey("history"), history)
    assert fresh.get(history_entry(kid)) == {"key": history.hex()}
    if home.kind == "keyfile":
        assert key_file.read_bytes() != around
        assert key_file.read_bytes().count(b"\n") == 1
    if home.kind == "keyring":
        assert isinstance(around, dict)
        assert [user for _, user in home.backend.items] == [f"store:{fresh.kid()}"]
        assert not set(home.backend.items.values()) & set(around.values())


def test_no_key_of_conversations_is_ever_dropped(home: Home) -> None:
    """One more with each rotation, the present one first."""
    keys = [home.store().subkey("history")]
    for _ in range(3):
        home.rotate()
        keys.insert(0, home.store().subkey("history"))
        found = home.store().history_keys()
        assert (found[0], set(found)) == (keys[0], set(keys))


def test_an_old_copy_does_not_open_with_the_new_key(home: Home) -> None:
    """That is what a rotation is for; with a passphrase, the passphrase is to be changed too."""
    old = home.store().path.read_bytes()
    home.rotate()
    home.store().path.write_bytes(old)
    if home.kind == "passphrase":
        assert home.store().entries() == ENTRIES
    else:
        with pytest.raises((KeyMissing, WrongKey)):
            home.store().entries()


def test_a_second_way_is_made_anew_as_well(tmp_path: Path) -> None:
    """Both open the new store, and neither the old."""
    home = Home(tmp_path, "keyring")
    home.move("passphrase", keep=True)
    home.rotate("keyring")
    assert home.slots() == [("passphrase", False), ("keyring", False)]
    assert home.store("keyring").entries() == home.store("passphrase").entries()
    assert len(home.backend.items) == 1


def test_a_mistyped_second_passphrase_changes_nothing(tmp_path: Path) -> None:
    """It would else become the one that opens the store, and nobody would know it."""
    home = Home(tmp_path, "passphrase")
    home.move("keyfile", keep=True)
    before = home.store().path.read_bytes()
    home.words = "mistyped"
    with pytest.raises(WrongKey):
        home.rotate("passphrase")
    assert home.store().path.read_bytes() == before


# What goes wrong


class Failing(Memory):
    """A keyring that fails or crashes at its n-th call, before or after it is done."""

    def __init__(self, step: int = -1, error: type[BaseException] = Crash) -> None:
        super().__init__()
        self.step = step
        self.error = error
        self.only = ""

    def _done(self, what: str) -> None:
        if not what.startswith(self.only):
            return
        self.step -= 1
        if self.step == -1:
            raise self.error

    def get_password(self, service: str, username: str, /) -> str | None:
        self._done("get before")
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str, /) -> None:
        self._done(f"set before {username}")
        super().set_password(service, username, password)
        self._done(f"set after {username}")

    def delete_password(self, service: str, username: str, /) -> None:
        self._done(f"delete before {username}")
        super().delete_password(service, username)
        self._done(f"delete after {username}")


def crashing(home: Home, step: int, error: type[BaseException]) -> Callable[[], int]:
    """Have the home fail at its n-th write of the file or call of the keyring; count what is left.

    A write fails before it is done and, as an interruption may, after it.
    """
    backend = Failing(step, error)
    backend.items = home.backend.items
    home.backend = backend

    def write(path: Path, data: bytes) -> None:
        backend._done("write before")
        files.write_atomic(path, data)
        backend._done("write after")

    home.write = write
    return lambda: backend.step


def whole(home: Home) -> None:
    """Assert that the store opens as the setting says, and that no keyring item is unknown."""
    backend = Memory()
    backend.items = home.backend.items
    home.backend, home.write = backend, files.write_atomic
    assert home.plain() == ENTRIES
    known = {f"store:{slot['kid']}" for slot in home.store().describe()["slots"]}
    items = {user for _, user in backend.items if user.startswith("store:")}
    assert items <= known


ACTIONS: dict[str, Callable[[Home], Changed]] = {
    "rotate": lambda home: home.rotate(),
    "move to the keyring": lambda home: home.move("keyring"),
    "move to a passphrase": lambda home: home.move("passphrase", words="the second passphrase"),
    "move to a key file": lambda home: home.move("keyfile", key_file="elsewhere"),
}


def steps(tmp_path: Path, kind: str, action: str, error: type[BaseException]) -> int:
    """Fail at every step in turn; return how many there were."""
    for step in range(100):
        home = Home(tmp_path / str(step), kind)
        left = crashing(home, step, error)
        try:
            ACTIONS[action](home)
        except (error, CopilotChatError):
            assert left() < 0, "it failed of itself"
        done = left() >= 0
        if kind == home.kind == "passphrase":
            home.words = passphrase_of(home)
        whole(home)
        home.rotate()
        items = [user for _, user in home.backend.items if user.startswith("store:")]
        assert len(items) == (home.kind == "keyring"), "a rotation clears what was left"
        if done:
            return step
    raise AssertionError("it never ends")


def passphrase_of(home: Home) -> str:
    """Which of the two opens it: before the one write the first does, after it the second."""
    for words in ("the first passphrase", "the second passphrase"):
        try:
            home.store(words=words).entries()
        except WrongKey:
            continue
        return words
    raise AssertionError("neither opens it")


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", [Crash, OSError], ids=["crash", "failure"])
def test_whatever_stops_it_the_store_opens(
    tmp_path: Path, kind: str, action: str, error: type[BaseException]
) -> None:
    """At each write and each call of the keyring; what is left over goes with the next rotation."""
    if action.endswith({"keyring": "the keyring", "passphrase": "-", "keyfile": "-"}[kind]):
        pytest.skip("nothing to move")
    assert steps(tmp_path, kind, action, error) >= 2


@pytest.mark.real
@pytest.mark.parametrize("action", ["rotate", "move"])
def test_a_process_that_is_killed_leaves_a_store_that_opens(tmp_path: Path, action: str) -> None:
    """At everything that it does to a file, in processes of their own."""
    for step in range(60):
        folder = tmp_path / str(step)
        home = Home(folder, "keyfile")
        script = Path(__file__).with_name("rekeying_process.py")
        done = subprocess.run(
            [sys.executable, script, folder, action, str(step)],
            check=False,
            capture_output=True,
            env={"PYTHONPATH": str(Path(__file__).parent.parent), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert done.returncode in {0, 9}, done.stderr
        home.kind = "passphrase" if (folder / "setting").exists() else "keyfile"
        home.words = PASSPHRASE
        assert home.plain() == ENTRIES
        home.rotate()
        assert home.plain() == ENTRIES
        if done.returncode == 0:
            assert step > 8
            return
    raise AssertionError("it never ends")


def test_a_new_key_that_cannot_be_kept_changes_nothing(tmp_path: Path) -> None:
    """No item, no mark, and the reason."""
    home = Home(tmp_path, "keyfile")
    backend = Failing(0, RuntimeError)
    backend.only = "set before store:"
    home.backend = backend
    with pytest.raises(KeyringUnavailable):
        home.move("keyring")
    assert home.slots() == [("keyfile", False)]
    assert backend.items == {}


def test_settings_that_cannot_be_written_take_the_new_key_back(tmp_path: Path) -> None:
    """The store opens as it did, and with nothing else."""

    def refuse() -> None:
        raise SettingsError("config.toml: read-only file system")

    home = Home(tmp_path, "keyfile")
    with pytest.raises(SettingsError, match="read-only"):
        move(home.store(), home.key("keyring"), keep=False, settle=refuse)
    assert home.slots() == [("keyfile", False)]
    assert home.backend.items == {}
    assert home.store().entries() == ENTRIES


@pytest.mark.parametrize("action", ["rotate", "move"])
def test_an_old_item_that_cannot_be_removed_is_remembered(tmp_path: Path, action: str) -> None:
    """It opens nothing any more, it is named, and the next rotation removes it."""
    home = Home(tmp_path, "keyring")
    kid = home.store().kid()
    backend = Failing(0, RuntimeError)
    backend.only = f"delete before store:{kid}"
    backend.items, home.backend = home.backend.items, backend
    changed = home.rotate() if action == "rotate" else home.move("keyfile")
    assert f"the keyring key store:{kid}" in changed.left[0]
    kind = "keyring" if action == "rotate" else "keyfile"
    assert home.slots() == [(kind, False), ("keyring", True)]
    assert home.plain() == ENTRIES
    assert home.rotate().left == []
    assert home.slots() == [(kind, False)]
    assert f"store:{kid}" not in {user for _, user in backend.items}


def test_a_key_that_cannot_be_taken_back_is_reported_too(tmp_path: Path) -> None:
    """Both failures are in the message."""
    home = Home(tmp_path, "keyfile")

    class Stuck(Memory):
        def delete_password(self, service: str, username: str, /) -> None:
            if username.startswith("store:"):
                raise RuntimeError("deleting is not possible")
            super().delete_password(service, username)

    def refuse() -> None:
        raise SettingsError("read-only")

    home.backend = Stuck()
    with pytest.raises(StoreError, match=r"read-only.*deleting is not possible"):
        move(home.store(), home.key("keyring"), keep=False, settle=refuse)
    assert home.store().entries() == ENTRIES
