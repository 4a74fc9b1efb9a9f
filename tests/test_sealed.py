"""The sealed store in memory: what goes in comes out, and nothing else opens it."""

import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.errors import Corrupt, WrongKey
from copilot_cli.store import sealed
from copilot_cli.store.sealed import EntryName, Kdf, Sealed
from copilot_cli.store.sealed_json import parse, render

KEY, KEK = bytes(range(32)), bytes(range(32, 64))
KID = "0123456789abcdef"
OCTOCAT = EntryName("github", "github.com", "octocat")
MONA = EntryName("github", "octo.ghe.com", "mona")
ENTRIES = {OCTOCAT: {"token": "gho_madeUpForTests0000000000000000000000"}, MONA: {"token": "b"}}
COST = 15  # the cheapest that is read back

part = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="|"))
names = st.builds(
    EntryName, part.filter(bool), part.filter(bool), st.one_of(part, st.just(""))
).filter(lambda name: max(map(len, name)) <= 255)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
).filter(lambda value: value not in (float("inf"), float("-inf")))


def store(entries: dict[EntryName, Any] = ENTRIES) -> Sealed:
    slots = (
        sealed.wrap(KEY, KEK, "keyring", KID),
        sealed.wrap(KEY, KEK, "passphrase", KID, Kdf(COST, bytes(16))),
    )
    return sealed.seal(KEY, KID, 7, slots, entries)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(names, st.dictionaries(st.text(), values, max_size=3), max_size=4))
def test_every_entry_comes_back_equal(entries: dict[EntryName, dict[str, Any]]) -> None:
    """Whatever JSON objects are sealed, rendered and read, they are the same."""
    try:
        data = render(store(entries))
    except ValueError:  # an infinity inside a list
        return
    found = parse(data)
    assert sealed.unseal(found, KEY) == entries
    assert [sealed.unwrap(slot, KEK) for slot in found.slots] == [KEY, KEY]


def test_nothing_secret_is_readable_in_the_file() -> None:
    """The names are there for anyone, the values are not."""
    data = render(store())
    assert b"github|github.com|octocat" in data
    assert b"madeUp" not in data
    assert KEY.hex().encode() not in data


def swapped(found: Sealed) -> Sealed:
    return found._replace(names=found.names[::-1])


def renamed(found: Sealed) -> Sealed:
    return found._replace(names=(OCTOCAT._replace(host="evil.example"), found.names[1]))


def shifted(found: Sealed) -> Sealed:
    first = found.names[0]
    moved = first._replace(host=first.host + first.user[0], user=first.user[1:])
    return found._replace(names=(moved, *found.names[1:]))


def one_slot(found: Sealed) -> Sealed:
    return found._replace(slots=found.slots[:1])


def cheaper(found: Sealed) -> Sealed:
    weak = found.slots[1]._replace(kdf=Kdf(COST + 1, bytes(16)))
    return found._replace(slots=(found.slots[0], weak))


def reordered(found: Sealed) -> Sealed:
    return found._replace(slots=found.slots[::-1])


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda found: found._replace(gen=6), id="counter"),
        pytest.param(lambda found: found._replace(kid="f" * 16), id="kid"),
        pytest.param(lambda found: found._replace(nonce=bytes(12)), id="nonce"),
        pytest.param(lambda found: found._replace(ciphertext=found.ciphertext[:-1]), id="cut"),
        pytest.param(lambda found: found._replace(names=found.names[:1]), id="name removed"),
        pytest.param(lambda found: found._replace(slots=found.slots * 2), id="slot added"),
        pytest.param(swapped, id="names swapped"),
        pytest.param(renamed, id="host changed"),
        pytest.param(shifted, id="letter moved from user to host"),
        pytest.param(one_slot, id="slot removed"),
        pytest.param(cheaper, id="key derivation changed"),
        pytest.param(reordered, id="slots swapped"),
    ],
)
def test_a_changed_header_no_longer_opens(edit: Any) -> None:
    """The whole header is bound to the entries: no part of it can be exchanged."""
    with pytest.raises(Corrupt):
        sealed.unseal(edit(store()), KEY)


def test_another_key_opens_neither_slot_nor_entries() -> None:
    """A wrong key and a damaged slot look alike, and the message says so."""
    found = store()
    with pytest.raises(WrongKey, match="or the store is damaged"):
        sealed.unwrap(found.slots[0], bytes(32))
    with pytest.raises(Corrupt):
        sealed.unseal(found, bytes(32))


def test_a_slot_is_bound_to_its_type_and_key() -> None:
    """A slot that claims another type, key or derivation does not open."""
    keyring, passphrase = store().slots
    for changed in (
        keyring._replace(type="keyfile"),
        keyring._replace(kid="f" * 16),
        passphrase._replace(kdf=Kdf(COST + 1, bytes(16))),
        passphrase._replace(kdf=None),
    ):
        with pytest.raises(WrongKey):
            sealed.unwrap(changed, KEK)


@pytest.mark.parametrize("length", [0, 16, 24, 31, 33])
def test_a_key_of_another_length_is_never_used(length: int) -> None:
    """AES-GCM would take 16 and 24 bytes; we do not."""
    with pytest.raises(ValueError, match="32 bytes"):
        sealed.wrap(KEY, bytes(length), "keyring", KID)


def test_two_seals_share_no_nonce() -> None:
    """Each message has its own random nonce, and so its own fingerprint."""
    found = [store() for _ in range(100)]
    nonces = {each.nonce for each in found} | {slot.nonce for each in found for slot in each.slots}
    assert len(nonces) == 300
    assert len({sealed.fingerprint(each) for each in found}) == 100


def test_a_fingerprint_is_the_hash_of_the_sealed_entries() -> None:
    """It needs no key and does not depend on the rest."""
    found = store()
    expected = hashlib.sha256(found.nonce + found.ciphertext).digest()
    assert sealed.fingerprint(found._replace(gen=99)) == expected


def test_subkeys_are_hkdf_sha256_one_for_each_purpose() -> None:
    """What is derived is what the library's HKDF derives, without salt and with the purpose."""
    for purpose in ("entries", "token-cache", "history"):
        info = f"copilot-chat/v1/{purpose}".encode()
        expected = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(KEY)
        assert sealed.subkey(KEY, purpose) == expected
    with pytest.raises(ValueError, match="no such purpose"):
        sealed.subkey(KEY, "entires")


def test_a_passphrase_is_stretched_by_scrypt_in_normal_form() -> None:
    """However the keyboard composes an accent, the key is the same, and it is scrypt's."""
    kdf = Kdf(COST, bytes(16))
    composed = sealed.stretch("caf\u00e9", kdf)
    assert composed == sealed.stretch("cafe\u0301", kdf)
    by_hand = hashlib.scrypt(
        "caf\u00e9".encode(), salt=bytes(16), n=2**COST, r=8, p=1, maxmem=1 << 26, dklen=32
    )
    assert composed == by_hand


def test_the_entries_are_what_the_format_says() -> None:
    """A second implementation of the header and the seal, written from the format alone, agrees."""

    def frame(*parts: bytes) -> bytes:
        return len(parts).to_bytes(4, "big") + b"".join(
            len(one).to_bytes(4, "big") + one for one in parts
        )

    found = store()
    slots = []
    for slot in found.slots:
        kdf = frame(b"scrypt", bytes([COST, 8, 1]), bytes(16)) if slot.kdf else frame()
        header = frame(b"copilot-chat/v1/slot", slot.type.encode(), KID.encode(), kdf)
        slots.append(frame(header, slot.nonce, slot.ciphertext))
    header = frame(
        b"copilot-chat-secrets/v1",
        KID.encode(),
        (7).to_bytes(8, "big"),
        frame(*slots),
        frame(*(frame(*(one.encode() for one in name)) for name in (OCTOCAT, MONA))),
    )
    plain = AESGCM(sealed.subkey(KEY, "entries")).decrypt(found.nonce, found.ciphertext, header)
    assert json.loads(plain) == [ENTRIES[OCTOCAT], ENTRIES[MONA]]
