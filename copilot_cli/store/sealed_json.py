"""The sealed store as JSON: one strict reader, one writer, both of them bytes to bytes.

    {"format": "copilot-chat-secrets", "v": 1, "kid": ..., "gen": ...,
     "slots": [{"type", "kid", "kdf": null | {"name", "ln", "r", "p", "salt"}, "n", "ct"}],
     "names": ["github|github.com|octocat"], "entries": {"n", "ct"}}

Nothing is repaired or guessed: one missing, doubled, unknown or oddly typed member and the whole is
refused, before any key is derived. What a later version adds (a slot type, a key derivation)
comes with a higher `v`.
"""

import base64
import json
from typing import Any, NoReturn

from copilot_cli.errors import Corrupt, TooNew
from copilot_cli.store.sealed import (
    KEY_BYTES,
    NONCE_BYTES,
    SALT_BYTES,
    TAG_BYTES,
    EntryName,
    Kdf,
    Sealed,
    Slot,
)

FORMAT = "copilot-chat-secrets"
VERSION = 1
MAX_BYTES = 1 << 20
SLOT_TYPES = ("keyring", "passphrase", "keyfile")
MAX_SLOTS = 8
# Below: too cheap to guess against. Above: a file could ask for gigabytes (age stops at 22).
SCRYPT_COSTS = range(15, 21)
_HEXADECIMAL = frozenset("0123456789abcdef")
_MAX_NAME_PART = 255


def render(sealed: Sealed) -> bytes:
    """Return the file's bytes. Raises ValueError for a name that could not be read back."""
    document = {
        "format": FORMAT,
        "v": VERSION,
        "kid": sealed.kid,
        "gen": sealed.gen,
        "slots": [_render_slot(slot) for slot in sealed.slots],
        "names": [render_name(name) for name in sealed.names],
        "entries": {"n": _encode(sealed.nonce), "ct": _encode(sealed.ciphertext)},
    }
    return json.dumps(document, separators=(",", ":")).encode("ascii") + b"\n"


def render_name(name: EntryName) -> str:
    """Return `kind|host|user`; raises ValueError if a part has a character that is not allowed."""
    text = "|".join(name)
    if _name(text) != name:
        raise ValueError(f"not an entry name: {name!r}")
    return text


def _name(text: str) -> EntryName | None:
    """Return the name in `kind|host|user`, three parts of ASCII that shows; None if it is none.

    A user may be empty: a key for an endpoint has none.
    """
    parts = text.split("|")
    shows = text.isascii() and text.isprintable() and " " not in text
    if len(parts) != 3 or not shows or any(len(part) > _MAX_NAME_PART for part in parts):
        return None
    return EntryName(*parts) if parts[0] and parts[1] else None


def parse(data: bytes) -> Sealed:
    """Return the store in `data`.

    Raises TooNew for a higher version of the format, and Corrupt for anything else that `render`
    would not have written; neither message holds anything from the file.
    """
    if len(data) > MAX_BYTES:
        _refuse(f"it is longer than {MAX_BYTES} bytes")
    document = _load(data)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        _refuse("it is not a store of copilot-chat")
    version = _integer(document.get("v"), 1, 1 << 31)
    if version > VERSION:
        raise TooNew(f"it has version {version} of the format, this program knows {VERSION}")
    members = _members(document, "format", "v", "kid", "gen", "slots", "names", "entries")
    entries = _members(members["entries"], "n", "ct")
    slots = tuple(_parse_slot(slot) for slot in _list(members["slots"]))
    if not 1 <= len(slots) <= MAX_SLOTS:
        _refuse("it has no slot, or too many")
    return Sealed(
        kid=_kid(members["kid"]),
        gen=_integer(members["gen"], 1, (1 << 63) - 1),
        slots=slots,
        names=_parse_names(members["names"]),
        nonce=_decode(entries["n"], NONCE_BYTES),
        ciphertext=_decode(entries["ct"]),
    )


def _render_slot(slot: Slot) -> dict[str, Any]:
    kdf = slot.kdf and {
        "name": "scrypt",
        "ln": slot.kdf.cost,
        "r": 8,
        "p": 1,
        "salt": _encode(slot.kdf.salt),
    }
    return {
        "type": slot.type,
        "kid": slot.kid,
        "kdf": kdf,
        "n": _encode(slot.nonce),
        "ct": _encode(slot.ciphertext),
    }


def _parse_slot(value: Any) -> Slot:
    members = _members(value, "type", "kid", "kdf", "n", "ct")
    kind = members["type"]
    if kind not in SLOT_TYPES:
        _refuse("a slot has an unknown type")
    kdf = members["kdf"]
    if (kind == "passphrase") != (kdf is not None):
        _refuse("a slot has a key derivation that does not fit its type")
    return Slot(
        type=kind,
        kid=_kid(members["kid"]),
        kdf=None if kdf is None else _parse_kdf(kdf),
        nonce=_decode(members["n"], NONCE_BYTES),
        ciphertext=_decode(members["ct"], KEY_BYTES + TAG_BYTES),
    )


def _parse_kdf(value: Any) -> Kdf:
    members = _members(value, "name", "ln", "r", "p", "salt")
    if members["name"] != "scrypt":
        _refuse("a slot has an unknown key derivation")
    _integer(members["r"], 8, 8)
    _integer(members["p"], 1, 1)
    cost = _integer(members["ln"], SCRYPT_COSTS.start, SCRYPT_COSTS.stop - 1)
    return Kdf(cost, _decode(members["salt"], SALT_BYTES))


def _parse_names(value: Any) -> tuple[EntryName, ...]:
    names = []
    for text in _list(value):
        name = _name(text) if isinstance(text, str) else None
        if name is None:
            _refuse("an entry has a name that is not allowed")
        names.append(name)
    if names != sorted(set(names)):
        _refuse("the names are doubled or out of order")
    return tuple(names)


def _load(data: bytes) -> Any:
    try:
        return json.loads(
            data.decode("ascii"),
            object_pairs_hook=_unique,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except (ValueError, RecursionError) as error:
        raise Corrupt("it is not the JSON that was written") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        _refuse("a member is there twice")
    return members


def _members(value: Any, *names: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(names):
        _refuse("a member is missing or unknown")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        _refuse("a list is missing")
    return value


def _integer(value: Any, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:  # a bool is an int to isinstance
        _refuse("a number is out of its range")
    return value


def _kid(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 16 or not _HEXADECIMAL.issuperset(value):
        _refuse("a key id is malformed")
    return value


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _decode(value: Any, length: int | None = None) -> bytes:
    """Decode canonical base64 only: one spelling for each value."""
    try:
        data = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except ValueError:
        data = b""
    if not data or _encode(data) != value or (length is not None and len(data) != length):
        _refuse("a sealed value is malformed")
    return data


def _refuse_number(_text: str) -> NoReturn:
    _refuse("a number is out of its range")


def _refuse(reason: str) -> NoReturn:
    raise Corrupt(reason)
