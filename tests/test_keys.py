"""The key sources: each opens what it made, and a key that is gone is never made anew."""

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot_cli.errors import (
    Corrupt,
    KeyMissing,
    KeyringUnavailable,
    StoreError,
    Unsafe,
    UsageError,
    WrongKey,
)
from copilot_cli.secret import Secret
from copilot_cli.store.keys import (
    FileKey,
    KeyringKey,
    PassphraseKey,
    passphrase_from,
    passphrase_warning,
)
from copilot_cli.store.os_keyring import OsKeyring
from tests.test_os_keyring import Memory, Null

DATA_KEY = bytes(range(32))
KID, OTHER_KID = "0123456789abcdef", "fedcba9876543210"
PASSPHRASE = Secret("made up for these tests")
COST = 15
posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links are POSIX")


def keyring_key(backend: Memory) -> KeyringKey:
    return KeyringKey(OsKeyring(backend=backend))


def file_key(folder: Path) -> FileKey:
    return FileKey(folder / "settings" / "key", store_folder=folder / "secrets")


# Keyring


def test_a_keyring_key_opens_its_slot_and_lies_under_the_store_s_id() -> None:
    """The item is named after the store, so that two homes never collide."""
    backend = Memory()
    key = keyring_key(backend)
    key.ready()
    first, second = key.create(KID, DATA_KEY), key.create(OTHER_KID, DATA_KEY)
    assert [user for _, user in backend.items] == [f"store:{KID}", f"store:{OTHER_KID}"]
    assert len(set(backend.items.values())) == 2
    assert [key.unwrap(first), keyring_key(backend).unwrap(second)] == [DATA_KEY, DATA_KEY]


def test_a_keyring_item_that_is_gone_is_missing_and_stays_so() -> None:
    """The error names the item, and nothing is written in its place."""
    backend = Memory()
    slot = keyring_key(backend).create(KID, DATA_KEY)
    backend.items.clear()
    with pytest.raises(KeyMissing, match=f"no longer has the key store:{KID}"):
        keyring_key(backend).unwrap(slot)
    assert backend.items == {}


@pytest.mark.parametrize(
    "item",
    [
        pytest.param("", id="empty"),
        pytest.param("ab" * 32, id="no mark"),
        pytest.param("copilot-chat-key-1:" + "ab" * 31, id="short"),
        pytest.param("copilot-chat-key-2:" + "ab" * 32, id="another version"),
        pytest.param("copilot-chat-key-1:" + "ab" * 32, id="another key"),
    ],
)
def test_a_keyring_item_of_somebody_else_is_a_wrong_key(item: str) -> None:
    """Neither another text nor another key of ours opens the slot."""
    backend = Memory()
    slot = keyring_key(backend).create(KID, DATA_KEY)
    backend.items["copilot-chat", f"store:{KID}"] = item
    with pytest.raises(WrongKey):
        keyring_key(backend).unwrap(slot)


def test_a_keyring_that_keeps_nothing_is_found_before_anything_is_sealed() -> None:
    """Both the proof and the creation fail with a null keyring."""
    for step in (keyring_key(Null()).ready, lambda: keyring_key(Null()).create(KID, DATA_KEY)):
        with pytest.raises(KeyringUnavailable):
            step()


def test_a_keyring_key_is_withdrawn_once_and_removed_by_name() -> None:
    """Only what this process made is taken back; removal says what it removed."""
    backend = Memory()
    key = keyring_key(backend)
    key.withdraw()
    key.create(KID, DATA_KEY)
    key.withdraw()
    assert backend.items == {}
    key.create(KID, DATA_KEY)
    assert keyring_key(backend).remove(KID) == [f"{OsKeyring().title} item store:{KID}"]
    assert keyring_key(backend).remove(KID) == []


# Passphrase


def answers(*given: str) -> tuple[Callable[[], Secret], list[str]]:
    left = list(given)
    return lambda: Secret(left.pop(0)), left


def test_a_passphrase_is_asked_once_and_only_when_it_is_needed() -> None:
    """Making the source asks nothing; one answer serves the process."""
    ask, left = answers(PASSPHRASE.reveal(), "never asked")
    key = PassphraseKey(ask, cost=COST)
    assert len(left) == 2
    key.ready()
    slot = key.create(KID, DATA_KEY)
    assert key.unwrap(slot) == DATA_KEY
    assert left == ["never asked"]
    assert slot.kdf is not None
    assert slot.kdf.cost == COST


def test_a_wrong_passphrase_is_asked_again_next_time() -> None:
    """The error says both that it is wrong and that the store may be damaged."""
    slot = PassphraseKey(lambda: PASSPHRASE, cost=COST).create(KID, DATA_KEY)
    ask, _ = answers("wrong", PASSPHRASE.reveal())
    key = PassphraseKey(ask, cost=COST)
    with pytest.raises(WrongKey, match="passphrase is wrong, or the store is damaged") as caught:
        key.unwrap(slot)
    assert caught.value.hint == "type it again; `copilot-chat onboard --force` begins anew"
    assert key.unwrap(slot) == DATA_KEY


def test_an_empty_passphrase_is_refused() -> None:
    """Nothing is ever sealed with no passphrase at all."""
    with pytest.raises(UsageError, match="empty"):
        PassphraseKey(lambda: Secret("")).ready()


def test_a_passphrase_leaves_nothing_to_remove() -> None:
    """It is kept nowhere."""
    key = PassphraseKey(lambda: PASSPHRASE)
    key.withdraw()
    assert key.remove(KID) == []


def test_a_passphrase_slot_without_its_derivation_is_damaged() -> None:
    """It cannot be opened by guessing how the key was made."""
    slot = PassphraseKey(lambda: PASSPHRASE, cost=COST).create(KID, DATA_KEY)
    with pytest.raises(Corrupt):
        PassphraseKey(lambda: PASSPHRASE).unwrap(slot._replace(kdf=None))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"pass phrase", "pass phrase", id="as it is"),
        pytest.param(b"pass\n", "pass", id="newline"),
        pytest.param(b"pass\r\n", "pass", id="carriage return and newline"),
        pytest.param(b"pass\n\n", "pass\n", id="one newline only"),
        pytest.param(b" pass ", " pass ", id="spaces stay"),
        pytest.param("pässwort".encode(), "pässwort", id="UTF-8"),
        pytest.param(b"", "", id="empty"),
    ],
)
def test_a_passphrase_is_read_from_a_descriptor(data: bytes, expected: str) -> None:
    """To its end, without exactly one newline."""
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    try:
        assert passphrase_from(reader).reveal() == expected
    finally:
        os.close(reader)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"\xff\xfe", "UTF-8"), (b"x" * 4097, "too long"), (None, "descriptor")],
    ids=["bytes", "long", "closed"],
)
def test_a_descriptor_that_gives_no_passphrase_is_wrong_usage(
    data: bytes | None, reason: str
) -> None:
    """The message names the descriptor and never the bytes, its cause neither."""
    reader, writer = os.pipe()
    os.write(writer, data or b"")
    os.close(writer)
    if data is None:
        os.close(reader)
    try:
        with pytest.raises(UsageError, match=reason) as caught:
            passphrase_from(reader)
    finally:
        if data is not None:
            os.close(reader)
    assert f"file descriptor {reader}" in caught.value.message
    assert not isinstance(caught.value.__cause__, UnicodeDecodeError)


def test_a_short_passphrase_is_warned_about() -> None:
    """Under twelve characters there is something to say."""
    assert "12 characters" in (passphrase_warning(Secret("x" * 11)) or "")
    assert passphrase_warning(Secret("x" * 12)) is None


# Key file


@posix
def test_a_key_file_opens_its_slot_and_is_private(tmp_path: Path) -> None:
    """It is made with mode 0600 in folders of 0700."""
    key = file_key(tmp_path)
    key.ready()
    slot = key.create(KID, DATA_KEY)
    path = tmp_path / "settings" / "key"
    assert file_key(tmp_path).unwrap(slot) == DATA_KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert DATA_KEY.hex() not in path.read_text()


def test_a_key_file_that_is_there_is_used_and_neither_replaced_nor_withdrawn(
    tmp_path: Path,
) -> None:
    """It may be another store's only key."""
    first = file_key(tmp_path).create(KID, DATA_KEY)
    before = (tmp_path / "settings" / "key").read_bytes()
    later = file_key(tmp_path)
    second = later.create(OTHER_KID, DATA_KEY[::-1])
    later.withdraw()
    assert (tmp_path / "settings" / "key").read_bytes() == before
    assert file_key(tmp_path).unwrap(first) == DATA_KEY
    assert file_key(tmp_path).unwrap(second) == DATA_KEY[::-1]


def test_a_key_file_that_was_just_made_is_withdrawn(tmp_path: Path) -> None:
    """And removal says what it removed."""
    key = file_key(tmp_path)
    key.create(KID, DATA_KEY)
    key.withdraw()
    assert not (tmp_path / "settings" / "key").exists()
    key.create(KID, DATA_KEY)
    assert key.remove(KID) == [str(tmp_path / "settings" / "key")]
    assert key.remove(KID) == []


def gone(path: Path) -> None:
    path.unlink()


def other(path: Path) -> None:
    path.write_text("copilot-chat-key-1:" + "ab" * 32)


def text(path: Path) -> None:
    path.write_bytes(b"\xffnot a key")


def open_to_all(path: Path) -> None:
    path.chmod(0o644)


def link(path: Path) -> None:
    path.rename(path.with_name("real"))
    path.symlink_to("real")


@posix
@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (gone, KeyMissing),
        (other, WrongKey),
        (text, WrongKey),
        (open_to_all, Unsafe),
        (link, Unsafe),
    ],
)
def test_a_key_file_that_is_not_as_it_was_left_is_told_apart(
    tmp_path: Path, spoil: Callable[[Path], None], error: type[StoreError]
) -> None:
    """Each message names the file, and the file stays as it is."""
    slot = file_key(tmp_path).create(KID, DATA_KEY)
    path = tmp_path / "settings" / "key"
    spoil(path)
    with pytest.raises(error) as caught:
        file_key(tmp_path).unwrap(slot)
    assert str(path) in caught.value.message
    assert path.exists() == (spoil is not gone)


def test_a_key_file_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    """The reason of the system is passed on with the path."""
    (tmp_path / "settings").write_text("a file where a folder belongs")
    with pytest.raises(StoreError, match=r"the key file .* cannot be made"):
        file_key(tmp_path).create(KID, DATA_KEY)
    (tmp_path / "settings").unlink()
    (tmp_path / "settings" / "key").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"the key file .* cannot be removed"):
        file_key(tmp_path).remove(KID)


@posix
def test_a_key_never_lies_beside_what_it_opens(tmp_path: Path) -> None:
    """Neither directly, nor deeper, nor by way of a link."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (tmp_path / "alias").symlink_to("secrets")
    for path in (secrets / "key", secrets / "a" / "key", tmp_path / "alias" / "key"):
        with pytest.raises(UsageError, match="beside what it opens"):
            FileKey(path, store_folder=secrets)
    FileKey(tmp_path / "secrets.key", store_folder=secrets)


# Another key beside the present one


@posix
def test_a_key_file_has_both_keys_until_it_is_settled(tmp_path: Path) -> None:
    """Whichever store is found after a crash opens; then only the newest is left."""
    key = file_key(tmp_path)
    first = key.create(KID, DATA_KEY)
    second = key.renew(OTHER_KID, DATA_KEY[::-1])
    path = tmp_path / "settings" / "key"
    assert path.read_bytes().count(b"copilot-chat-key-1:") == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    fresh = file_key(tmp_path)
    assert (fresh.unwrap(first), fresh.unwrap(second)) == (DATA_KEY, DATA_KEY[::-1])
    third = fresh.renew(KID, DATA_KEY)
    fresh.settle()
    assert path.read_bytes().count(b"copilot-chat-key-1:") == 1
    assert file_key(tmp_path).unwrap(third) == DATA_KEY
    for old in (first, second):
        with pytest.raises(WrongKey):
            file_key(tmp_path).unwrap(old)


def test_a_renewed_key_file_can_be_put_back(tmp_path: Path) -> None:
    """As it was, to the byte."""
    key = file_key(tmp_path)
    first = key.create(KID, DATA_KEY)
    key.settle()
    path = tmp_path / "settings" / "key"
    before = path.read_bytes()
    again = file_key(tmp_path)
    again.renew(OTHER_KID, DATA_KEY)
    again.withdraw()
    assert path.read_bytes() == before
    assert again.unwrap(first) == DATA_KEY


@pytest.mark.parametrize("text", ["\n", "x\n", "{key}\nx\n", "\n{key}\n", "{key}\n\n"])
def test_every_line_of_a_key_file_is_a_key(tmp_path: Path, text: str) -> None:
    """A file with anything else in it is not ours."""
    key = file_key(tmp_path)
    slot = key.create(KID, DATA_KEY)
    path = tmp_path / "settings" / "key"
    path.write_text(text.format(key=path.read_text().strip()))
    with pytest.raises(WrongKey, match="is not a key file of ours"):
        key.unwrap(slot)


def test_a_passphrase_is_renewed_with_another_salt() -> None:
    """The same words, and still another key."""
    key = PassphraseKey(lambda: PASSPHRASE, cost=COST)
    first, second = key.create(KID, DATA_KEY), key.renew(OTHER_KID, DATA_KEY)
    assert first.kdf is not None
    assert second.kdf is not None
    assert first.kdf.salt != second.kdf.salt
    assert key.unwrap(second) == DATA_KEY
