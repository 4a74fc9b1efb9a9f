"""The sealed store, bytes to bytes: entries under one key, that key wrapped once in each slot.

    data key (32 random bytes) ── HKDF ──▶ entries, token cache, history: one purpose, one key
       ▲
    slot: the data key under a key of the keyring, of a passphrase or of a key file

One AES-256-GCM message holds all entries, and the whole header (slots, names, counter) is bound to
it as associated data, length-prefixed: whatever is added, removed, swapped or edited is noticed.
An older file put back whole is not. Nothing here reads, writes, asks or prints.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from typing import Any

from copilot_cli.errors import Corrupt, StoreError, WrongKey
from copilot_cli.values import NamedTuple

KEY_BYTES = 32
NONCE_BYTES = 12
SALT_BYTES = 16
TAG_BYTES = 16
SCRYPT_COST = 17
"""log2 of scrypt's N: 128 MiB and about half a second (ASVS 5.0, appendix C)."""
_PURPOSES = frozenset({"entries", "token-cache", "history"})


class EntryName(NamedTuple):
    """What an entry is for: `("github", "github.com", "octocat")`."""

    kind: str
    host: str
    user: str


class Kdf(NamedTuple):
    """How a passphrase becomes a key: scrypt with N = 2^`cost`, r = 8, p = 1."""

    cost: int
    salt: bytes


class Slot(NamedTuple):
    """One way to the data key. `kid` says which key of the source (the keyring item's name)."""

    type: str
    kid: str
    kdf: Kdf | None
    nonce: bytes
    ciphertext: bytes


class Sealed(NamedTuple):
    """A store as it lies on disk: a header that anyone can read, entries that need the key."""

    kid: str
    gen: int
    slots: tuple[Slot, ...]
    names: tuple[EntryName, ...]
    nonce: bytes
    ciphertext: bytes


def new_key() -> bytes:
    """Return a random key."""
    return os.urandom(KEY_BYTES)


def new_kid() -> str:
    """Return the random name of a new store: 16 hexadecimal digits."""
    return os.urandom(8).hex()


def new_kdf(cost: int = SCRYPT_COST) -> Kdf:
    """Return scrypt parameters with a new salt."""
    return Kdf(cost, os.urandom(SALT_BYTES))


def stretch(passphrase: str, kdf: Kdf) -> bytes:
    """Return the key that `passphrase`, in normal form C, gives under `kdf`.

    Raises StoreError if the machine has not the memory (128 bytes x 8 x 2^cost).
    """
    import unicodedata

    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    secret = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    try:
        return Scrypt(salt=kdf.salt, length=KEY_BYTES, n=2**kdf.cost, r=8, p=1).derive(secret)
    except MemoryError as error:
        needed = 2**kdf.cost // 1024
        raise StoreError(f"not enough memory to derive the key: {needed} MiB needed") from error


def wrap(data_key: bytes, key: bytes, kind: str, kid: str, kdf: Kdf | None = None) -> Slot:
    """Return a slot of type `kind` that gives `data_key` to whoever has `key`."""
    nonce = os.urandom(NONCE_BYTES)
    bare = Slot(kind, kid, kdf, nonce, b"")
    return bare._replace(ciphertext=_encrypt(key, nonce, data_key, _slot_header(bare)))


def mark(kind: str, kid: str) -> Slot:
    """Return a slot that opens nothing: it notes that a key of `kind` is kept under `kid`.

    It is there while that key is made or forgotten, so that a crash leaves no key unknown.
    """
    return Slot(kind, kid, None, bytes(NONCE_BYTES), bytes(KEY_BYTES + TAG_BYTES))


def is_mark(slot: Slot) -> bool:
    """Whether `slot` only notes a key; no encryption gives zeros alone."""
    return not any(slot.nonce) and not any(slot.ciphertext)


def unwrap(slot: Slot, key: bytes) -> bytes:
    """Return the data key; raises WrongKey if `key` is another one or the slot was changed."""
    data_key = _decrypt(key, slot.nonce, slot.ciphertext, _slot_header(slot))
    if data_key is None or len(data_key) != KEY_BYTES:
        raise WrongKey(f"the {slot.type} key does not open the store, or the store is damaged")
    return data_key


def subkey(data_key: bytes, purpose: str) -> bytes:
    """Return the key for one purpose: `token-cache` or `history` (`entries` is the seal's own).

    HKDF-SHA256 (RFC 5869) without salt: the data key is random and used for nothing else. A key as
    long as the hash is one round of its expansion, so that two HMACs are all of it; importing it
    would cost a short answer one per cent of its CPU.
    """
    if purpose not in _PURPOSES:
        raise ValueError(f"no such purpose: {purpose}")
    extracted = hmac.digest(bytes(KEY_BYTES), data_key, "sha256")
    return hmac.digest(extracted, f"copilot-chat/v1/{purpose}".encode() + b"\x01", "sha256")


def seal(
    data_key: bytes,
    kid: str,
    gen: int,
    slots: tuple[Slot, ...],
    entries: Mapping[EntryName, Mapping[str, Any]],
) -> Sealed:
    """Return the store that holds `entries` (JSON objects), with their names in sorted order."""
    names = tuple(sorted(entries))
    nonce = os.urandom(NONCE_BYTES)
    bare = Sealed(kid, gen, slots, names, nonce, b"")
    plain = json.dumps([entries[name] for name in names], allow_nan=False, separators=(",", ":"))
    key = subkey(data_key, "entries")
    return bare._replace(ciphertext=_encrypt(key, nonce, plain.encode(), _header(bare)))


def unseal(sealed: Sealed, data_key: bytes) -> dict[EntryName, dict[str, Any]]:
    """Return the entries by name; raises Corrupt if header or entries are not what was sealed."""
    key = subkey(data_key, "entries")
    plain = _decrypt(key, sealed.nonce, sealed.ciphertext, _header(sealed))
    if plain is None:
        raise Corrupt("the entries or their header are not what was sealed")
    return dict(zip(sealed.names, _values(plain, len(sealed.names)), strict=True))


def _values(plain: bytes, count: int) -> list[dict[str, Any]]:
    """Return the entries' values; whoever has the key may still have sealed something else."""
    try:
        values = json.loads(plain)
    except (ValueError, RecursionError):
        values = None
    fit = isinstance(values, list) and len(values) == count
    if not fit or not all(isinstance(value, dict) for value in values):
        raise Corrupt("the entries are not what they should be")
    checked: list[dict[str, Any]] = values
    return checked


def fingerprint(sealed: Sealed) -> bytes:
    """Return SHA-256 of the sealed entries: another one after every write, no key needed."""
    return hashlib.sha256(sealed.nonce + sealed.ciphertext).digest()


def _encrypt(key: bytes, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    _check_lengths(key, nonce)
    return AESGCM(key).encrypt(nonce, plain, bound)


def _decrypt(key: bytes, nonce: bytes, ciphertext: bytes, bound: bytes) -> bytes | None:
    """Return None if the message was not made with this key, nonce and bound data."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    _check_lengths(key, nonce)
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, bound)
    except InvalidTag:
        return None


def _check_lengths(key: bytes, nonce: bytes) -> None:
    # AESGCM itself takes 16-byte keys and nonces of 8 to 128 bytes
    if len(key) != KEY_BYTES or len(nonce) != NONCE_BYTES:
        raise ValueError("a key has 32 bytes and a nonce 12")


def _frame(*parts: bytes) -> bytes:
    """Join without ambiguity: every part after its length, the whole after their number."""
    framed = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return len(parts).to_bytes(4, "big") + framed


def _kdf_header(kdf: Kdf | None) -> bytes:
    return _frame(b"scrypt", bytes([kdf.cost, 8, 1]), kdf.salt) if kdf else _frame()


def _slot_header(slot: Slot) -> bytes:
    return _frame(
        b"copilot-chat/v1/slot", slot.type.encode(), slot.kid.encode(), _kdf_header(slot.kdf)
    )


def _header(sealed: Sealed) -> bytes:
    slots = (_frame(_slot_header(slot), slot.nonce, slot.ciphertext) for slot in sealed.slots)
    names = (_frame(*(part.encode() for part in name)) for name in sealed.names)
    return _frame(
        b"copilot-chat-secrets/v1",
        sealed.kid.encode(),
        sealed.gen.to_bytes(8, "big"),
        _frame(*slots),
        _frame(*names),
    )
