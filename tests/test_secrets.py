"""The secret store: nothing is lost, nothing is half-made, and bad files are left as they are."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.errors import (
    Corrupt,
    KeyMissing,
    KeyringLocked,
    LockTimeout,
    SecretNotFound,
    StoreError,
    TooNew,
    Unsafe,
    WrongKey,
)
from copilot_cli.secret import Secret
from copilot_cli.store import files, sealed
from copilot_cli.store.keys import FileKey, KeyringKey, PassphraseKey
from copilot_cli.store.os_keyring import OsKeyring
from copilot_cli.store.sealed import Slot
from copilot_cli.store.secrets import EntryName, SecretStore
from tests.test_os_keyring import Memory

OCTOCAT = EntryName("github", "github.com", "octocat")
MONA = EntryName("github", "octo.ghe.com", "mona")
VALUE = {"token": "ghu_madeUpForTests0000000000000000000000"}
posix = pytest.mark.skipif(sys.platform == "win32", reason="modes, links and signals are POSIX")


def opened(folder: Path, **options: Any) -> SecretStore:
    """Open the store as a new process would, with the key file `folder/key`."""
    options.setdefault("key", FileKey(folder / "key", store_folder=folder / "secrets"))
    return SecretStore(folder, lock_wait=options.pop("lock_wait", 5.0), **options)


def with_keyring(folder: Path, backend: Memory, **options: Any) -> SecretStore:
    return SecretStore(folder, key=KeyringKey(OsKeyring(backend=backend)), **options)


def path_of(folder: Path) -> Path:
    return folder / "secrets" / "store.json"


def document(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path_of(folder).read_bytes())
    return found


def no_space(path: Path, data: bytes) -> None:
    raise OSError(28, "No space left on device")


# Everyday use


def test_what_is_put_is_got_by_the_next_process(tmp_path: Path) -> None:
    """Each entry under its own name, in order, until it is deleted."""
    opened(tmp_path).put(MONA, {"token": "b", "nested": {"list": [1, None, "é"]}})
    opened(tmp_path).put(OCTOCAT, VALUE)
    assert opened(tmp_path).get(OCTOCAT) == VALUE
    assert opened(tmp_path).get(MONA) == {"token": "b", "nested": {"list": [1, None, "é"]}}
    assert opened(tmp_path).names() == [OCTOCAT, MONA]
    opened(tmp_path).delete(OCTOCAT)
    assert opened(tmp_path).names() == [MONA]
    with pytest.raises(SecretNotFound, match=r"octocat on github\.com"):
        opened(tmp_path).get(OCTOCAT)


def test_where_nothing_is_stored_nothing_is_made(tmp_path: Path) -> None:
    """Questions about a store that is not there leave the disk as it is."""
    store = opened(tmp_path)
    assert (store.exists(), store.names(), store.slots()) == (False, [], [])
    assert store.fingerprint() is None
    assert store.describe() == {"path": str(store.path), "exists": False, "problem": None}
    for call in (lambda: store.get(OCTOCAT), lambda: store.subkey("history")):
        with pytest.raises(SecretNotFound):
            call()
    with pytest.raises(SecretNotFound):
        store.delete(OCTOCAT)
    assert store.purge() == []
    assert list(tmp_path.iterdir()) == []


@posix
def test_the_store_is_private_and_its_lock_lies_beside_it(tmp_path: Path) -> None:
    """The folder holds the sealed file alone."""
    opened(tmp_path).put(OCTOCAT, VALUE)
    modes = {
        str(path.relative_to(tmp_path)): oct(path.stat().st_mode & 0o777)
        for path in tmp_path.rglob("*")
    }
    expected = {"secrets": "0o700", "secrets/store.json": "0o600", "store.lock": "0o600"}
    assert modes == {"key": "0o600", **expected}
    assert VALUE["token"].encode() not in path_of(tmp_path).read_bytes()


def test_a_proof_makes_an_empty_store_once(tmp_path: Path) -> None:
    """The second proof opens what the first one made, and leaves the fingerprint as it was."""
    assert opened(tmp_path).prove() is True
    before = path_of(tmp_path).read_bytes()
    assert opened(tmp_path).prove() is False
    assert path_of(tmp_path).read_bytes() == before
    assert opened(tmp_path).names() == []


def test_a_proof_finds_a_key_that_does_not_open(tmp_path: Path) -> None:
    """Before a sign-in starts, not after it."""
    opened(tmp_path).prove()
    (tmp_path / "key").unlink()
    with pytest.raises(KeyMissing):
        opened(tmp_path).prove()
    assert not (tmp_path / "key").exists()


def test_a_proof_finds_a_disk_that_is_full(tmp_path: Path) -> None:
    """The store is written again as it is, so that a full disk is met before the sign-in."""
    opened(tmp_path).put(OCTOCAT, VALUE)
    with pytest.raises(StoreError, match="cannot be written: No space left on device"):
        opened(tmp_path, write=no_space).prove()
    assert opened(tmp_path).get(OCTOCAT) == VALUE


def test_an_update_sees_the_present_value_and_stores_the_new_one(tmp_path: Path) -> None:
    """None at first; what the change raises is passed on and nothing is written."""
    store = opened(tmp_path)
    assert store.update(OCTOCAT, lambda now: {"was": now}) == {"was": None}
    assert store.update(OCTOCAT, lambda now: {"was": now}) == {"was": {"was": None}}

    def fail(now: dict[str, Any] | None) -> dict[str, Any]:
        assert now is not None
        now["was"]["was"] = "changed in place"
        raise ZeroDivisionError

    before = path_of(tmp_path).read_bytes()
    with pytest.raises(ZeroDivisionError):
        store.update(OCTOCAT, fail)
    assert path_of(tmp_path).read_bytes() == before


def test_an_update_that_changes_nothing_is_not_written_but_a_put_is(tmp_path: Path) -> None:
    """A sign-in that gives the same token again is still a new sign-in to the token cache."""
    store = opened(tmp_path)
    store.put(OCTOCAT, VALUE)
    first = store.fingerprint()
    store.update(OCTOCAT, lambda now: dict(now or {}))
    second = store.fingerprint()
    store.put(OCTOCAT, VALUE)
    assert first == second != store.fingerprint()

    def in_place(now: dict[str, Any] | None) -> dict[str, Any]:
        assert now is not None
        now["token"] = "changed"
        return now

    store.update(OCTOCAT, in_place)
    assert opened(tmp_path).get(OCTOCAT) == {"token": "changed"}


def test_what_needs_no_key_does_not_ask_for_one(tmp_path: Path) -> None:
    """Names, slots, fingerprint and description are there for anyone."""
    opened(tmp_path).put(OCTOCAT, VALUE)
    (tmp_path / "key").unlink()
    store = opened(tmp_path)
    assert store.names() == [OCTOCAT]
    assert [kind for kind, _ in store.slots()] == ["keyfile"]
    assert len(store.fingerprint() or b"") == 32
    facts = store.describe()
    assert facts["names"] == ["github|github.com|octocat"]
    assert (facts["gen"], facts["size"]) == (1, path_of(tmp_path).stat().st_size)
    assert "madeUp" not in json.dumps(facts)


def test_subkeys_stay_the_same_as_entries_change(tmp_path: Path) -> None:
    """History that was sealed yesterday opens today."""
    store = opened(tmp_path)
    store.put(OCTOCAT, VALUE)
    before = store.subkey("history")
    store.put(MONA, {})
    assert opened(tmp_path).subkey("history") == before != store.subkey("token-cache")


def test_every_write_counts_and_seals_anew(tmp_path: Path) -> None:
    """The counter goes up by one, the nonce is another one."""
    store = opened(tmp_path)
    seen = []
    for _ in range(3):
        store.put(OCTOCAT, VALUE)
        seen.append(document(tmp_path))
    assert [each["gen"] for each in seen] == [1, 2, 3]
    assert len({each["entries"]["n"] for each in seen}) == 3
    assert len({each["kid"] for each in seen}) == 1


def test_a_passphrase_store_asks_once_for_everything(tmp_path: Path) -> None:
    """Making, reading and writing in one process is one question."""
    asked: list[int] = []

    def ask() -> Secret:
        asked.append(1)
        return Secret("made up for these tests")

    store = opened(tmp_path, key=PassphraseKey(ask, cost=15))
    store.prove()
    store.put(OCTOCAT, VALUE)
    assert store.get(OCTOCAT) == VALUE
    assert asked == [1]
    with pytest.raises(WrongKey):
        opened(tmp_path, key=PassphraseKey(lambda: Secret("wrong"))).get(OCTOCAT)


def test_a_store_that_would_grow_too_long_is_not_written(tmp_path: Path) -> None:
    """What could not be read back is refused, the old file stands."""
    store = opened(tmp_path)
    store.put(OCTOCAT, VALUE)
    with pytest.raises(StoreError, match="longer than"):
        store.put(MONA, {"token": "x" * (1 << 20)})
    assert opened(tmp_path).names() == [OCTOCAT]


def test_a_name_that_is_not_allowed_makes_nothing(tmp_path: Path) -> None:
    """It is refused before anything is asked or written."""
    with pytest.raises(ValueError, match="not an entry name"):
        opened(tmp_path).put(EntryName("github", "a|b", "c"), VALUE)
    assert list(tmp_path.iterdir()) == []


# The first write


def test_the_keyring_is_tried_then_the_key_kept_and_read_back_then_the_file_written(
    tmp_path: Path,
) -> None:
    """In this order: a file without its key is never there."""
    backend = Memory()

    def write(path: Path, data: bytes) -> None:
        backend.calls.append("file")
        files.write_atomic(path, data)

    with_keyring(tmp_path, backend, write=write).put(OCTOCAT, VALUE)
    steps = [call.split(":")[0] for call in backend.calls]
    probe = ["set probe", "get probe", "get probe", "delete probe"]
    assert steps == [*probe, "set store", "get store", "file"]
    assert with_keyring(tmp_path, backend).get(OCTOCAT) == VALUE


def test_a_file_that_cannot_be_written_takes_its_key_with_it(tmp_path: Path) -> None:
    """Neither a keyring item nor a key file is left from a first write that failed."""
    backend = Memory()
    with pytest.raises(StoreError, match="No space left"):
        with_keyring(tmp_path, backend, write=no_space).put(OCTOCAT, VALUE)
    assert backend.items == {}
    with pytest.raises(StoreError, match="No space left"):
        opened(tmp_path, write=no_space).put(OCTOCAT, VALUE)
    assert not (tmp_path / "key").exists()


def test_ctrl_c_during_the_first_write_leaves_nothing(tmp_path: Path) -> None:
    """An interruption is passed on, and the key is taken back."""
    backend = Memory()

    def interrupt(path: Path, data: bytes) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        with_keyring(tmp_path, backend, write=interrupt).prove()
    assert backend.items == {}
    assert not path_of(tmp_path).exists()


def test_ctrl_c_after_the_file_is_in_its_place_keeps_its_key(tmp_path: Path) -> None:
    """A file without its key would be of no use to anybody."""
    backend = Memory()

    def interrupted(path: Path, data: bytes) -> None:
        files.write_atomic(path, data)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        with_keyring(tmp_path, backend, write=interrupted).put(OCTOCAT, VALUE)
    assert with_keyring(tmp_path, backend).get(OCTOCAT) == VALUE


def test_many_entries_are_one_write(tmp_path: Path) -> None:
    """An equal result is none; what the change raises leaves everything as it was."""
    store = opened(tmp_path)
    store.put_all(lambda _: {OCTOCAT: VALUE, MONA: {}})
    assert store.describe()["gen"] == 1
    store.put_all(lambda entries: entries)
    assert store.describe()["gen"] == 1
    store.put_all(lambda entries: {**entries, MONA: {"token": "b"}})
    assert opened(tmp_path).entries() == {OCTOCAT: VALUE, MONA: {"token": "b"}}

    def fail(entries: dict[EntryName, dict[str, Any]]) -> dict[EntryName, dict[str, Any]]:
        entries.clear()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.put_all(fail)
    assert len(opened(tmp_path).entries()) == 2


def test_a_key_of_conversations_that_is_none_is_passed_over(tmp_path: Path) -> None:
    """The present one is always there."""
    store = opened(tmp_path)
    for kid, value in (("0" * 16, {"key": "zz"}), ("1" * 16, {}), ("2" * 16, {"key": 5})):
        store.put(EntryName("history", "conversations", kid), value)
    assert store.history_keys() == (store.subkey("history"),)


def test_a_key_that_cannot_be_taken_back_is_reported_too(tmp_path: Path) -> None:
    """Both failures are in the message."""

    class Stuck(Memory):
        def delete_password(self, service: str, username: str, /) -> None:
            if username.startswith("store:"):
                raise RuntimeError("deleting is not possible")
            super().delete_password(service, username)

    with pytest.raises(StoreError, match=r"No space left.*deleting is not possible"):
        with_keyring(tmp_path, Stuck(), write=no_space).put(OCTOCAT, VALUE)


def test_a_second_home_has_a_key_of_its_own(tmp_path: Path) -> None:
    """Two stores in one keyring do not touch each other."""
    backend = Memory()
    for home in ("one", "two"):
        with_keyring(tmp_path / home, backend).put(OCTOCAT, {"token": home})
    with_keyring(tmp_path / "two", backend).purge()
    assert with_keyring(tmp_path / "one", backend).get(OCTOCAT) == {"token": "one"}


def test_a_key_that_is_missing_is_never_made_anew(tmp_path: Path) -> None:
    """A keyring that was reset is an error, for reading and for writing."""
    backend = Memory()
    with_keyring(tmp_path, backend).put(OCTOCAT, VALUE)
    before = path_of(tmp_path).read_bytes()
    backend.items.clear()
    store = with_keyring(tmp_path, backend)
    for call in (store.prove, lambda: store.get(OCTOCAT), lambda: store.put(OCTOCAT, {})):
        with pytest.raises(KeyMissing):
            call()
    assert backend.items == {}
    assert path_of(tmp_path).read_bytes() == before


def test_a_locked_keyring_never_leads_to_another_store(tmp_path: Path) -> None:
    """Neither the first nor a later write falls back to anything."""

    class Locked(Memory):
        def set_password(self, service: str, username: str, password: str, /) -> None:
            raise RuntimeError("Prompt dismissed")

        def get_password(self, service: str, username: str, /) -> str | None:
            raise RuntimeError("Prompt dismissed")

    with pytest.raises(KeyringLocked):
        with_keyring(tmp_path, Locked()).prove()
    assert list(tmp_path.iterdir()) == []
    with_keyring(tmp_path, Memory()).put(OCTOCAT, VALUE)
    with pytest.raises(KeyringLocked):
        with_keyring(tmp_path, Locked()).get(OCTOCAT)


def test_a_store_is_not_opened_by_another_kind_of_key(tmp_path: Path) -> None:
    """The message says with what it is sealed."""
    opened(tmp_path).put(OCTOCAT, VALUE)
    with pytest.raises(KeyMissing, match="sealed with keyfile, not with keyring") as caught:
        with_keyring(tmp_path, Memory()).get(OCTOCAT)
    assert "config set store keyfile" in (caught.value.hint or "")


# Files that are not as they were left


def failing(folder: Path) -> list[Callable[[], object]]:
    return [
        lambda: opened(folder).get(OCTOCAT),
        lambda: opened(folder).put(OCTOCAT, {}),
        lambda: opened(folder).delete(OCTOCAT),
        lambda: opened(folder).prove(),
        lambda: opened(folder).subkey("history"),
    ]


def test_a_flipped_bit_anywhere_is_noticed_and_nothing_is_touched(tmp_path: Path) -> None:
    """Every single bit of the file, one after the other."""
    opened(tmp_path).put(OCTOCAT, VALUE)
    path = path_of(tmp_path)
    good = path.read_bytes()
    for index in range(len(good) * 8):
        data = bytearray(good)
        data[index // 8] ^= 1 << index % 8
        path.write_bytes(data)
        with pytest.raises((Corrupt, WrongKey, TooNew, KeyMissing)) as caught:
            opened(tmp_path).get(OCTOCAT)
        assert caught.value.exit_code == 10
        if index % 97 == 0:  # writing is tried too; for every bit it would take too long
            with pytest.raises((Corrupt, WrongKey, TooNew, KeyMissing)):
                opened(tmp_path).put(OCTOCAT, {})
        assert path.read_bytes() == data
    path.write_bytes(good)
    assert opened(tmp_path).get(OCTOCAT) == VALUE


def test_a_truncated_file_is_damaged_wherever_it_ends(tmp_path: Path) -> None:
    """Every prefix but the one that lacks only the last newline is refused."""
    opened(tmp_path).put(OCTOCAT, VALUE)
    path = path_of(tmp_path)
    good = path.read_bytes()
    for length in range(len(good) - 1):
        path.write_bytes(good[:length])
        with pytest.raises(Corrupt, match="is damaged") as caught:
            opened(tmp_path).get(OCTOCAT)
        assert "copilot-chat onboard" in (caught.value.hint or "")
        assert path.read_bytes() == good[:length]


def newer(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"v":1', b'"v":2'))


def another_program(path: Path) -> None:
    path.write_text('{"github.com": {"oauth_token": "gho_madeUpForTests"}}')


def huge(path: Path) -> None:
    with path.open("ab") as file:
        file.truncate(1 << 30)


def absurd(path: Path) -> None:
    kdf = b'"kdf":{"name":"scrypt","ln":60,"r":8,"p":1,"salt":"AAAAAAAAAAAAAAAAAAAAAA=="}'
    data = path.read_bytes().replace(b'"kdf":null', kdf)
    path.write_bytes(data.replace(b'"keyfile"', b'"passphrase"'))


def linked(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def loose(path: Path) -> None:
    path.chmod(0o640)


def loose_folder(path: Path) -> None:
    path.parent.chmod(0o755)


def linked_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))
    path.parent.symlink_to("elsewhere")


def foreign(path: Path) -> None:
    os.chown(path, 12345, -1)


@posix
@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        pytest.param(newer, TooNew, id="newer"),
        pytest.param(another_program, Corrupt, id="another program's"),
        pytest.param(huge, Corrupt, id="huge"),
        pytest.param(absurd, Corrupt, id="absurdly dear"),
        pytest.param(linked, Unsafe, id="link"),
        pytest.param(piped, Unsafe, id="pipe"),
        pytest.param(loose, Unsafe, id="open to the group"),
        pytest.param(loose_folder, Unsafe, id="open folder"),
        pytest.param(linked_folder, Unsafe, id="folder a link"),
        pytest.param(
            foreign,
            Unsafe,
            id="foreign",
            marks=pytest.mark.skipif(
                not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root"
            ),
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named_and_left_alone(
    tmp_path: Path, spoil: Callable[[Path], None], error: type[StoreError]
) -> None:
    """Whatever is tried, the error is typed, names the place and has a way out."""
    opened(tmp_path).put(OCTOCAT, VALUE)
    path = path_of(tmp_path)
    spoil(path)
    before = path.lstat()
    for call in failing(tmp_path):
        with pytest.raises(error) as caught:
            call()
        assert caught.value.exit_code == 10
        assert str(tmp_path / "secrets") in caught.value.message
        assert caught.value.hint
        assert "madeUp" not in str(caught.value)
    after = path.lstat()
    assert (before.st_ino, before.st_mtime_ns, before.st_mode, before.st_size) == (
        after.st_ino,
        after.st_mtime_ns,
        after.st_mode,
        after.st_size,
    )
    assert opened(tmp_path).exists()
    assert opened(tmp_path).describe()["problem"] is not None


def test_a_data_folder_that_is_a_file_is_a_store_error(tmp_path: Path) -> None:
    """Foreign errors of the system become ours, with the path."""
    (tmp_path / "home").write_text("")
    with pytest.raises(StoreError, match="cannot be"):
        opened(tmp_path / "home", key=FileKey(tmp_path / "k", store_folder=tmp_path / "s")).prove()


# Out of the way


def test_a_damaged_store_is_set_aside_and_a_new_one_made(tmp_path: Path) -> None:
    """Twice in one second gives two files, each as it was."""
    for expected in (
        "store.json.damaged-19700101T000140Z",
        "store.json.damaged-19700101T000140Z-2",
    ):
        opened(tmp_path).put(OCTOCAT, VALUE)
        path_of(tmp_path).write_bytes(b"damaged")
        aside = opened(tmp_path, now=lambda: 100.0).set_aside()
        assert (aside.name, aside.read_bytes()) == (expected, b"damaged")
        assert not opened(tmp_path).exists()
    opened(tmp_path).put(OCTOCAT, VALUE)
    assert opened(tmp_path).get(OCTOCAT) == VALUE
    with pytest.raises(StoreError, match="cannot be moved aside"):
        opened(tmp_path / "other").set_aside()


def test_a_purge_leaves_neither_file_nor_key(tmp_path: Path) -> None:
    """What was set aside and its key go too; the empty lock file stays."""
    backend = Memory()
    with_keyring(tmp_path, backend).put(OCTOCAT, VALUE)
    path = path_of(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    aside = with_keyring(tmp_path, backend).set_aside()
    with_keyring(tmp_path, backend).put(MONA, VALUE)
    (path.parent / ".store.json.0123.tmp").touch()
    assert len(backend.items) == 2
    removed = with_keyring(tmp_path, backend).purge()
    assert backend.items == {}
    assert [each.name for each in tmp_path.iterdir()] == ["store.lock"]
    assert {str(path), str(aside)} <= set(removed)
    assert sum("item store:" in each for each in removed) == 2


def test_a_purge_goes_on_past_what_fails_and_reports_it(tmp_path: Path) -> None:
    """The file goes although the keyring does not answer, and the item is named."""

    class Broken(Memory):
        def delete_password(self, service: str, username: str, /) -> None:
            raise RuntimeError("the service went away")

    backend = Broken()
    with_keyring(tmp_path, Memory()).put(OCTOCAT, VALUE)
    kid = document(tmp_path)["kid"]
    backend.items["copilot-chat", f"store:{kid}"] = "x"
    with pytest.raises(StoreError, match=f"store:{kid}.*the service went away") as caught:
        with_keyring(tmp_path, backend).purge()
    assert not path_of(tmp_path).exists()
    assert "store.json" in (caught.value.hint or "")


def test_a_purge_with_another_kind_of_key_says_what_it_cannot_reach(tmp_path: Path) -> None:
    """A key in a source that is not in use is not forgotten silently."""
    opened(tmp_path).put(OCTOCAT, VALUE)
    with pytest.raises(
        StoreError, match=r"the keyfile key .* \(the store in use is of another kind\)"
    ):
        opened(tmp_path, key=PassphraseKey(lambda: Secret("x"))).purge()
    assert not path_of(tmp_path).exists()


def test_old_temporary_files_are_swept_by_a_write(tmp_path: Path) -> None:
    """What a killed writer left an hour ago goes; a younger one may still be written."""
    opened(tmp_path).put(OCTOCAT, VALUE)
    folder = path_of(tmp_path).parent
    for name, age in ((".store.json.a.tmp", 4000), (".store.json.b.tmp", 3000)):
        (folder / name).touch()
        os.utime(folder / name, (100_000 - age, 100_000 - age))
    opened(tmp_path, now=lambda: 100_000.0).put(OCTOCAT, {})
    assert sorted(each.name for each in folder.iterdir()) == [".store.json.b.tmp", "store.json"]


# Other processes


def test_a_lock_that_is_held_is_reported_and_nothing_written(tmp_path: Path) -> None:
    """Reading needs no lock."""
    opened(tmp_path).put(OCTOCAT, VALUE)
    with files.lock(tmp_path / "store.lock", 0):
        with pytest.raises(LockTimeout):
            opened(tmp_path, lock_wait=0).put(OCTOCAT, {})
        assert opened(tmp_path).get(OCTOCAT) == VALUE


class Meddling(FileKey):
    """A key file whose use takes long enough for somebody else to act in between.

    It is never used while the lock is held: the lock can be had each time.
    """

    meddle: Callable[[], None] | None = None

    def _act(self) -> None:
        action, self.meddle = self.meddle, None
        if action:
            action()

    def ready(self) -> None:
        self._act()

    def unwrap(self, slot: Slot) -> bytes:
        with files.lock(self._path.parent / "store.lock", 0):
            data_key = super().unwrap(slot)
        self._act()
        return data_key


def meddling(folder: Path, action: Callable[[], None]) -> SecretStore:
    key = Meddling(folder / "key", store_folder=folder / "secrets")
    key.meddle = action
    return opened(folder, key=key)


def test_a_store_made_by_somebody_else_meanwhile_is_used_and_not_replaced(tmp_path: Path) -> None:
    """Two wizards at once end with both entries in one store."""
    meddling(tmp_path, lambda: opened(tmp_path).put(MONA, VALUE)).put(OCTOCAT, VALUE)
    assert opened(tmp_path).names() == [OCTOCAT, MONA]


def test_a_store_sealed_anew_meanwhile_is_opened_again(tmp_path: Path) -> None:
    """The key is asked for again outside the lock, and the other's entries are kept."""
    opened(tmp_path).put(OCTOCAT, VALUE)

    def anew() -> None:
        opened(tmp_path).set_aside()
        opened(tmp_path).put(MONA, VALUE)

    meddling(tmp_path, anew).put(OCTOCAT, {"token": "new"})
    assert opened(tmp_path).get(MONA) == VALUE
    assert opened(tmp_path).get(OCTOCAT) == {"token": "new"}


def test_the_key_is_never_asked_for_under_the_lock(tmp_path: Path) -> None:
    """What may wait for a person lets other processes go on."""
    opened(tmp_path).put(MONA, VALUE)

    def check() -> None:
        with files.lock(tmp_path / "store.lock", 0):
            pass

    meddling(tmp_path, check).put(OCTOCAT, VALUE)
    meddling(tmp_path, check).update(OCTOCAT, lambda now: now or {})
    meddling(tmp_path, check).delete(OCTOCAT)
    meddling(tmp_path, check).prove()
    fresh = tmp_path / "fresh"
    key = Meddling(tmp_path / "fresh.key", store_folder=fresh)
    key.meddle = lambda: None if not fresh.exists() else pytest.fail("made before it was ready")
    SecretStore(fresh, key=key).prove()


@posix
@pytest.mark.real
def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    """Three processes that put and update all the time end with every entry, on a shared count."""
    script = (
        "import sys; from pathlib import Path\n"
        "from tests.test_secrets import opened, EntryName\n"
        "folder, who = Path(sys.argv[1]), sys.argv[2]\n"
        "for number in range(15):\n"
        "    opened(folder).put(EntryName('github', 'github.com', f'{who}-{number}'), {})\n"
        "    opened(folder).update(EntryName('count', 'all', ''),\n"
        "        lambda now: {'n': (now or {'n': 0})['n'] + 1})\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    root = Path(__file__).parent.parent  # where `tests` can be imported from
    writers = [subprocess.Popen([*command, who], cwd=root) for who in "abc"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    names = opened(tmp_path).names()
    assert len(names) == 46
    assert opened(tmp_path).get(EntryName("count", "all", "")) == {"n": 45}


def _write_until_killed(folder: Path, pipe: int, start: int) -> None:
    number = start
    while True:
        number += 1
        opened(folder).put(OCTOCAT, {"number": number, "filling": str(number) * 5000})
        os.write(pipe, b".")


@posix
@pytest.mark.real
def test_a_writer_killed_at_any_moment_leaves_a_whole_store(tmp_path: Path) -> None:
    """Thirty kills: the store opens, holds the last write that was reported or the one after it,
    the lock is free, and nothing but temporary files is left beside it."""
    opened(tmp_path).put(OCTOCAT, {"number": 0, "filling": ""})
    pause = threading.Event()
    for kill in range(30):
        before = opened(tmp_path).get(OCTOCAT)["number"]
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                _write_until_killed(tmp_path, writer, before)
            finally:
                os._exit(1)
        os.close(writer)
        seen = len(os.read(reader, 1))
        pause.wait(kill / 5000)
        os.kill(child, 9)
        os.waitpid(child, 0)
        while data := os.read(reader, 1 << 16):
            seen += len(data)
        os.close(reader)
        value = opened(tmp_path, lock_wait=0).get(OCTOCAT)
        assert value["number"] - before in {seen, seen + 1}
        assert value["filling"] == str(value["number"]) * 5000
    opened(tmp_path, lock_wait=0).put(OCTOCAT, VALUE)
    left = [path.name for path in path_of(tmp_path).parent.iterdir()]
    assert all(name == "store.json" or name.endswith(".tmp") for name in left)


@pytest.mark.real
def test_importing_the_store_loads_none_of_the_heavy_libraries() -> None:
    """They are loaded when something is sealed, locked or asked for."""
    script = (
        "import sys, copilot_cli.store.secrets, copilot_cli.store.keys\n"
        "heavy = {'cryptography', 'keyring', 'filelock', 'asyncio', 'sqlite3', 'httpx', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.strip() == "[]"


# The format does not change under those who have a store


def test_a_store_of_the_first_version_still_opens() -> None:
    """A file as it was written when version 1 was fixed, with its key."""
    from copilot_cli.store.sealed_json import parse

    found = parse(FIRST_VERSION)
    data_key = sealed.unwrap(found.slots[0], bytes(range(32)))
    assert sealed.unseal(found, data_key) == {OCTOCAT: {"token": "made up"}}
    stretched = sealed.stretch("made up for these tests", found.slots[1].kdf or sealed.new_kdf())
    assert sealed.unwrap(found.slots[1], stretched) == data_key


FIRST_VERSION = (
    b'{"format":"copilot-chat-secrets","v":1,"kid":"0123456789abcdef","gen":3,"slots":[{"t'
    b'ype":"keyfile","kid":"0123456789abcdef","kdf":null,"n":"tt+vAQSuCQigme8E","ct":"5o7v'
    b'g/7UJz5u+pxJd641Iu8uhsu6W1oX2ZLJtIIRy6SacdrpTdAg/mrgRi6w/sVZ"},{"type":"passphrase",'
    b'"kid":"0123456789abcdef","kdf":{"name":"scrypt","ln":15,"r":8,"p":1,"salt":"AAECAwQF'
    b'BgcICQoLDA0ODw=="},"n":"9idBDoUbfLcI8L/L","ct":"yiD3NF0TWJYE52KLgL7QH9xcZLR6EE29sQnr'
    b'fWUGpFRSrCgq5m/SrIyIyPKLC902"}],"names":["github|github.com|octocat"],"entries":{"n"'
    b':"HxpD1QtfDjcDP/i/","ct":"Hz01T7OKf6Ah/07gLzfHH/ykICbN6JdxVuFjUCkCQpv+Igjv/w=="}}\n'
)
