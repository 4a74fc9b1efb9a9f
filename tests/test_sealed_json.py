"""The file format: one spelling is read, everything else is refused before a key is derived."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from copilot_cli.errors import Corrupt, TooNew
from copilot_cli.store import sealed
from copilot_cli.store.sealed import EntryName, Kdf
from copilot_cli.store.sealed_json import MAX_BYTES, parse, render

KID = "0123456789abcdef"
Document = dict[str, Any]


def document() -> Document:
    key = bytes(32)
    slots = (
        sealed.wrap(key, key, "keyfile", KID),
        sealed.wrap(key, key, "passphrase", KID, Kdf(17, bytes(16))),
    )
    entries = {EntryName("github", "github.com", name): {"token": name} for name in ("ada", "bob")}
    loaded: Document = json.loads(render(sealed.seal(key, KID, 3, slots, entries)))
    return loaded


def edited(*path: str | int, to: Any) -> Callable[[Document], None]:
    def edit(found: Document) -> None:
        target: Any = found
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = to

    return edit


def without(*path: str | int) -> Callable[[Document], None]:
    def edit(found: Document) -> None:
        target: Any = found
        for step in path[:-1]:
            target = target[step]
        del target[path[-1]]

    return edit


B64_12 = "AAAAAAAAAAAAAAAA"
EDITS = {
    "another format": edited("format", to="age"),
    "version 0": edited("v", to=0),
    "version true": edited("v", to=True),
    "version as text": edited("v", to="1"),
    "version 1.0": edited("v", to=1.0),
    "kid in capitals": edited("kid", to="0123456789ABCDEF"),
    "kid too short": edited("kid", to="0123"),
    "kid with a newline": edited("kid", to=KID + "\n"),
    "kid a number": edited("kid", to=7),
    "counter 0": edited("gen", to=0),
    "counter true": edited("gen", to=True),
    "counter too large": edited("gen", to=1 << 63),
    "counter null": edited("gen", to=None),
    "unknown member": edited("extra", to=1),
    "member missing": without("gen"),
    "no slots": edited("slots", to=[]),
    "slots an object": edited("slots", to={}),
    "too many slots": lambda found: found.update(slots=found["slots"] * 5),
    "slot null": edited("slots", 0, to=None),
    "slot member missing": without("slots", 0, "kdf"),
    "slot of an unknown type": edited("slots", 0, "type", to="plain"),
    "slot type a list": edited("slots", 0, "type", to=[]),
    "slot nonce of 8 bytes": edited("slots", 0, "n", to="AAAAAAAAAAA="),
    "slot of another length": edited("slots", 0, "ct", to=B64_12),
    "derivation on a key file": edited("slots", 0, "kdf", to={}),
    "passphrase without derivation": edited("slots", 1, "kdf", to=None),
    "unknown derivation": edited("slots", 1, "kdf", "name", to="argon2id"),
    "derivation member missing": without("slots", 1, "kdf", "p"),
    "too cheap": edited("slots", 1, "kdf", "ln", to=14),
    "too dear": edited("slots", 1, "kdf", "ln", to=21),
    "absurdly dear": edited("slots", 1, "kdf", "ln", to=10**9),
    "cost true": edited("slots", 1, "kdf", "ln", to=True),
    "r changed": edited("slots", 1, "kdf", "r", to=16),
    "p changed": edited("slots", 1, "kdf", "p", to=0),
    "salt too short": edited("slots", 1, "kdf", "salt", to="AAAA"),
    "names doubled": edited("names", to=["a|b|c", "a|b|c"]),
    "names out of order": lambda found: found["names"].reverse(),
    "name with a part too few": edited("names", to=["github|github.com"]),
    "name with a part too many": edited("names", to=["github|github.com|a|b"]),
    "name without a host": edited("names", to=["github||a"]),
    "name with a control character": edited("names", to=["github|github.com|a\x1b"]),
    "name not ASCII": edited("names", to=["github|github.com|é"]),
    "name a number": edited("names", to=[1]),
    "entries null": edited("entries", to=None),
    "entries member unknown": edited("entries", "x", to=1),
    "entries nonce empty": edited("entries", "n", to=""),
    "entries nonce too long": edited("entries", "n", to=B64_12 + "AAAA"),
    "base64 not canonical": edited("entries", "ct", to="AB=="),
    "base64 with a space": edited("entries", "ct", to="AAAA AAAA"),
    "base64 of the other alphabet": edited("entries", "ct", to="_-__"),
    "base64 not ASCII": edited("entries", "ct", to="é"),
}


def test_what_is_rendered_is_read_back() -> None:
    """The document the edits below start from is itself accepted."""
    data = json.dumps(document(), separators=(",", ":")).encode() + b"\n"
    assert render(parse(data)) == data


@pytest.mark.parametrize("edit", [pytest.param(edit, id=name) for name, edit in EDITS.items()])
def test_a_document_that_would_not_have_been_written_is_refused(
    edit: Callable[[Document], None],
) -> None:
    """Each member has one type, one range and one spelling."""
    found = document()
    edit(found)
    with pytest.raises(Corrupt):
        parse(json.dumps(found).encode())


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe{\x00}\x00", id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"{}{}", id="two documents"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"v":' + b"9" * 5000 + b"}", id="long number"),
        pytest.param(b'{"format":"copilot-chat-secrets","v":NaN}', id="NaN"),
        pytest.param(b'{"format":"copilot-chat-secrets","v":1e400}', id="infinite"),
    ],
)
def test_what_is_no_such_json_is_refused(data: bytes) -> None:
    """Neither the decoder nor its recursion shows through."""
    with pytest.raises(Corrupt):
        parse(data)


def test_a_document_that_is_too_long_is_refused_unread() -> None:
    """Even one that is a good store with blanks behind it."""
    data = json.dumps(document()).encode()
    assert parse(data.ljust(MAX_BYTES)).gen == 3
    with pytest.raises(Corrupt, match="longer"):
        parse(data.ljust(MAX_BYTES + 1))


def test_a_doubled_member_is_refused() -> None:
    """The last of two values never wins silently."""
    data = json.dumps(document()).replace('"gen": 3', '"gen": 2, "gen": 3').encode()
    with pytest.raises(Corrupt, match="twice"):
        parse(data)


def test_a_newer_version_is_told_apart_whatever_else_it_holds() -> None:
    """Its members are not judged by the rules of this version."""
    with pytest.raises(TooNew, match="version 2"):
        parse(b'{"format":"copilot-chat-secrets","v":2,"whatever":[]}')


@pytest.mark.parametrize(
    "name", [("", "h", "u"), ("k", "", "u"), ("k", "h|x", "u"), ("k", "h", "ü")]
)
def test_a_name_that_could_not_be_read_back_is_not_written(name: tuple[str, str, str]) -> None:
    """The separator and everything beyond printable ASCII stay out of names."""
    key = bytes(32)
    slot = sealed.wrap(key, key, "keyfile", KID)
    with pytest.raises(ValueError, match="not an entry name"):
        render(sealed.seal(key, KID, 1, (slot,), {EntryName(*name): {}}))
