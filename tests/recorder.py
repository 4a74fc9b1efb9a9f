"""Writes down the streams of a service as they come, with nothing in them that is anybody's.

Rule: a recording is the stream byte for byte, but for what tells whose it was: credentials, ids and
names. Each of those is replaced by a stand-in, the same one wherever it occurs, since wires match
pieces by ids. What cannot be shown to be free of them, and of the same shape, is not written.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx

from copilot_cli.secret import redact

_TELLING_KEYS = re.compile(
    r"(?:.*_)?id|.*Id|login|user|email|name_hash|system_fingerprint|signature|.*_opaque"
    r"|encrypted_content|thought_signature|.*obfuscation"
)
_TELLING_VALUES = (
    r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"  # UUIDs
    r"|\b(?=[0-9]*[a-f])[0-9a-f]{16,}\b"  # other ids in hexadecimal
    r"|\b[0-9a-f]{4}(?::[0-9a-f]+){4}\b"  # request ids of GitHub's
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # addresses of mail
)
_LITERAL = re.compile(r'"(?:[^"\\\r\n]|\\.)*"')
_SHORTEST = 8  # characters: an id of fewer, such as `0`, is a number and tells nothing


class Tape:
    """Records what a client is answered on `/chat/completions`, from `watch` on."""

    def __init__(self) -> None:
        self.streams: list[bytearray] = []
        self.known: set[str] = set()

    def watch(self, client: httpx.Client) -> None:
        """Record what `client` is answered, beside whatever else it does with it."""
        client.event_hooks["response"].append(self._heard)

    def _heard(self, response: httpx.Response) -> None:
        sent = response.request.headers
        self.known.add(sent.get("authorization", "").partition(" ")[2])
        for headers in (sent, response.headers):
            self.known |= {value for name, value in headers.items() if name.endswith("request-id")}
        if response.request.url.path.endswith("/chat/completions") and response.is_success:
            assert isinstance(response.stream, httpx.SyncByteStream)
            self.streams.append(bytearray())
            response.stream = _Copied(response.stream, self.streams[-1])

    def save(self, folder: Path, names: Iterable[str], *, login: str) -> list[Path]:
        """Write one file a stream into `folder`, in their order; ValueError as of `redacted`."""
        known = {value for value in self.known | {login} if value}
        clean = {
            folder / f"{re.sub(r'[^a-zA-Z0-9.-]', '-', name)}.sse": redacted(bytes(stream), known)
            for name, stream in zip(names, self.streams, strict=True)
        }
        folder.mkdir(parents=True, exist_ok=True)
        for path, stream in clean.items():
            path.write_bytes(stream)
        return list(clean)


class _Copied(httpx.SyncByteStream):
    """A body that is copied while it is read."""

    def __init__(self, body: httpx.SyncByteStream, copy: bytearray) -> None:
        self._body = body
        self._copy = copy

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._body:
            self._copy += chunk
            yield chunk

    def close(self) -> None:
        self._body.close()


def redacted(stream: bytes, known: Iterable[str]) -> bytes:
    """Return `stream` with `known` and all that tells whose it was replaced by stand-ins.

    Raises ValueError if that would change its shape, or leave something of `known` in it.
    """
    known = frozenset(known)
    text = stream.decode("utf-8", "surrogateescape")
    whole = known | _telling(text)
    names: dict[str, str] = {}

    def stand_in(value: str) -> str:
        return names.setdefault(value, f"redacted-{len(names) + 1}")

    def in_place_of(literal: re.Match[str]) -> str:
        value = _said(literal)
        return f'"{stand_in(value)}"' if value in whole else literal.group()

    clean = _LITERAL.sub(in_place_of, text)
    exactly = (
        rf"(?<!\w){re.escape(value)}(?!\w)" for value in sorted(known, key=len, reverse=True)
    )
    parts = re.compile("|".join((*exactly, _TELLING_VALUES)), re.IGNORECASE)
    clean = redact(parts.sub(lambda part: stand_in(part.group()), clean))
    if [_shape(event) for event in _events(clean)] != [_shape(event) for event in _events(text)]:
        raise ValueError("a stand-in would change the shape of the stream")
    said = "\n".join((clean, *map(_said, _LITERAL.finditer(clean))))
    if any(value in said for value in known if len(value) >= _SHORTEST):
        raise ValueError("something that tells whose it was would be left in the stream")
    return clean.encode("utf-8", "surrogateescape")


def _said(literal: re.Match[str]) -> str:
    """Return what a JSON string says; its letters may be written in several ways."""
    try:
        return str(json.loads(literal.group()))
    except ValueError:
        return literal.group()


def _events(text: str) -> Iterator[Any]:
    """Yield the JSON values of the stream, as far as they are any."""
    for line in re.split(r"\r\n|\r|\n", text):
        try:
            yield json.loads(line.removeprefix("data:"))
        except ValueError:
            continue


def _telling(text: str) -> set[str]:
    """Return the values that stand under keys which tell whose the stream was."""
    return {value for event in _events(text) for value in _values(event)}


def _values(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _values(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from _values(each, key)
    elif isinstance(value, str) and len(value) >= _SHORTEST and _TELLING_KEYS.fullmatch(key):
        yield value


def _shape(value: Any) -> Any:
    """Return `value` with all its texts emptied."""
    if isinstance(value, dict):
        return {name: _shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_shape(each) for each in value]
    return "" if isinstance(value, str) else value
