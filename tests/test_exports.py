"""Exports as bytes: whatever is wrong with one, it is an error of the store, and nothing else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copilot_cli.errors import Corrupt, StoreError, TooNew, WrongKey
from copilot_cli.secret import Secret
from copilot_cli.store import exports, sealed_json
from copilot_cli.store.keys import FileKey, PassphraseKey
from copilot_cli.store.sealed import (
    EntryName,
    Sealed,
    Slot,
    _encrypt,
    _header,
    new_kdf,
    seal,
    stretch,
    subkey,
    wrap,
)
from copilot_cli.store.secrets import SecretStore

OCTOCAT = EntryName("github", "github.com", "octocat")
VALUE = {"token": "ghu_madeUpForTests0000000000000000000000"}
PASSPHRASE = "made up for these tests"
KID, DATA_KEY = "0123456789abcdef", bytes(range(32))


def key(words: str = PASSPHRASE) -> PassphraseKey:
    return PassphraseKey(lambda: Secret(words), cost=15)


def store(folder: Path) -> SecretStore:
    made = SecretStore(folder, key=FileKey(folder / "key", store_folder=folder / "secrets"))
    if not made.exists():
        made.put(OCTOCAT, VALUE)
    return made


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An export."""
    return exports.pack(store(tmp_path_factory.mktemp("home")), key())


def test_what_is_packed_is_unpacked(tmp_path: Path) -> None:
    """All entries, and the key of conversations under the id of the store it came from."""
    made = store(tmp_path)
    found = exports.unpack(exports.pack(made, key()), "it", key())
    assert found.pop(OCTOCAT) == VALUE
    assert found == {
        EntryName("history", "conversations", made.kid()): {"key": made.subkey("history").hex()}
    }
    with pytest.raises(WrongKey):
        exports.unpack(exports.pack(made, key()), "it", key("another"))


def test_what_is_there_with_another_value() -> None:
    """By name, in order; what is equal, or new, is no conflict."""
    other = EntryName("github", "github.com", "hubot")
    coming = {OCTOCAT: {"token": "b"}, other: {"token": "c"}}
    assert exports.conflicts({}, coming) == []
    assert exports.conflicts(coming, coming) == []
    assert exports.conflicts({OCTOCAT: {}, other: {}}, coming) == [other, OCTOCAT]


def tried(data: bytes) -> None:
    """Unpack, and hold that all that can come of it is an error of the store."""
    failure: StoreError | None = None
    found = {OCTOCAT: VALUE}
    try:
        found = exports.unpack(data, "it", key())
    except StoreError as error:
        failure = error
    assert found[OCTOCAT] == VALUE
    if failure is not None:
        assert failure.exit_code == 10
        assert PASSPHRASE not in f"{failure.message} {failure.hint}"


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=400))
def test_bytes_that_are_anything(data: bytes) -> None:
    """No traceback, and never an entry."""
    with pytest.raises(StoreError):
        exports.unpack(data, "it", key())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_mangled_export(packed: bytes, data: st.DataObject) -> None:
    """A member gone, added or replaced at any depth, or bytes cut, doubled and flipped."""
    how = data.draw(st.sampled_from(["cut", "flip", "double", "member"]))
    if how == "member":
        document = json.loads(packed)
        place: Any = document
        while isinstance(place, dict | list) and place and data.draw(st.booleans()):
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            at = data.draw(st.sampled_from(keys))
            if not isinstance(place[at], dict | list) or data.draw(st.booleans()):
                place[at] = data.draw(JSON)
                break
            place = place[at]
        tried(json.dumps(document).encode())
        return
    at = data.draw(st.integers(0, len(packed) - 1))
    if how == "flip":
        mangled = bytearray(packed)
        mangled[at] ^= 1 << data.draw(st.integers(0, 7))
        tried(bytes(mangled))
    else:
        tried(packed[:at] if how == "cut" else packed[:at] + packed)


def crafted(plain: bytes, names: tuple[EntryName, ...] = (OCTOCAT,)) -> bytes:
    """What somebody who knows the passphrase may have sealed."""
    kdf = new_kdf(15)
    slot = wrap(DATA_KEY, stretch(PASSPHRASE, kdf), "passphrase", KID, kdf)
    bare = Sealed(KID, 1, (slot,), names, bytes(range(12)), b"")
    ciphertext = _encrypt(subkey(DATA_KEY, "entries"), bare.nonce, plain, _header(bare))
    return sealed_json.render(bare._replace(ciphertext=ciphertext))


@pytest.mark.parametrize(
    "plain", [b"", b"{}", b"[]", b"[1]", b"[{}, {}]", b"null", b"\xff", b"[" * 100_000]
)
def test_entries_that_are_none(plain: bytes) -> None:
    """Sealed rightly, and still not what a store holds."""
    with pytest.raises(Corrupt, match="it cannot be imported"):
        exports.unpack(crafted(plain), "it", key())


def unknown_version(document: dict[str, Any]) -> None:
    document["v"] = 2


def dear(document: dict[str, Any]) -> None:
    document["slots"][0]["kdf"]["ln"] = 40


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (unknown_version, TooNew, "it is too new"),
        (dear, Corrupt, "a number is out of its range"),
        (dict.clear, Corrupt, "it is not a store"),
    ],
)
def test_what_is_wrong_is_said_before_anybody_is_asked(
    packed: bytes,
    change: Callable[[dict[str, Any]], None],
    error: type[StoreError],
    said: str,
) -> None:
    """No passphrase is asked for a file that it cannot open, and none is stretched without end."""
    document = json.loads(packed)
    change(document)
    with pytest.raises(error, match=said):
        exports.check(json.dumps(document).encode(), "it")


def test_a_store_without_a_passphrase_is_no_export(tmp_path: Path) -> None:
    """Its key is elsewhere."""
    with pytest.raises(StoreError, match="only its own machine opens"):
        exports.check(store(tmp_path).path.read_bytes(), "it")
    slot = Slot("passphrase", KID, new_kdf(15), bytes(12), bytes(48))  # as a mark, it opens nothing
    data = sealed_json.render(seal(DATA_KEY, KID, 1, (slot,), {}))
    with pytest.raises(StoreError, match="only its own machine opens"):
        exports.check(data, "it")


def test_an_export_that_is_too_long(tmp_path: Path) -> None:
    """What could not be read back is not written."""
    made = store(tmp_path)
    big = {EntryName("byok", "localhost", f"m{n}"): {"key": "x" * 60_000} for n in range(13)}
    made.put_all(lambda entries: {**entries, **big})
    data = exports.pack(made, key())
    assert len(data) < sealed_json.MAX_BYTES
    with pytest.raises(StoreError, match="longer than"):
        exports.unpack(data + b" " * sealed_json.MAX_BYTES, "it", key())
