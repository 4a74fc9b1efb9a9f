"""Server-sent events, decoded from bytes; and the JSON values in them.

Lines end at LF, CR LF or CR and nowhere else: U+2028, U+0085 and their like are text inside JSON,
and a decoder that works on `str.splitlines` loses them. Source: WHATWG HTML, 9.2.6 "Interpreting an
event stream".

What Copilot sends is looser than the standard: every `data:` line is one JSON value, a blank line
between two of them may be missing, and the last line may have no end. So `SSEDecoder` yields each
`data:` line by itself, and `JSONEvents` puts a value that is spread over several lines, as the
standard allows, together again.
"""

import json
from collections.abc import Iterator
from typing import Any

MAX_EVENT = 4 * 1024 * 1024
"""The most bytes a single line may have."""

MAX_BAD = 3
"""How many values that are no JSON are passed over before the stream counts as broken."""

DONE = b"[DONE]"


class MalformedStream(Exception):  # noqa: N818 - caught by name, next to where it is raised
    """The stream is not what this wire writes: a line too long, or too much that is no JSON."""


class SSEDecoder:
    """Turns bytes, cut anywhere, into the payloads of `data:` lines.

    `feed` takes what came and yields the payloads that are whole; `flush` yields the one that the
    end of the stream left without its line end. A bare line that starts a JSON object counts as a
    payload too: a failure in mid-stream may arrive so.
    """

    def __init__(self, limit: int = MAX_EVENT) -> None:
        self._rest: list[bytes] = []
        self._rest_size = 0
        self._limit = limit
        self._after_cr = False
        self._first = True

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the payload of each `data:` line that `chunk` completes.

        Raises `MalformedStream` if a line is longer than the limit.
        """
        if self._after_cr and chunk[:1] == b"\n":
            chunk = chunk[1:]
            self._after_cr = False
        if not chunk:
            return
        self._after_cr = chunk[-1:] == b"\r"
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = chunk.split(b"\n")
        if len(lines) > 1:
            yield from self._line(b"".join((*self._rest, lines[0])))
            self._rest.clear()
            self._rest_size = 0
            for line in lines[1:-1]:
                if line:
                    yield from self._line(line)
        self._keep(lines[-1])

    def flush(self) -> Iterator[bytes]:
        """Yield the payload of a last line that has no end."""
        rest = b"".join(self._rest)
        self._rest.clear()
        self._rest_size = 0
        yield from self._line(rest)

    def _keep(self, rest: bytes) -> None:
        self._rest_size += len(rest)
        if self._rest_size > self._limit:
            raise MalformedStream(f"a line of more than {self._limit} bytes")
        if rest:
            self._rest.append(rest)

    def _line(self, line: bytes) -> Iterator[bytes]:
        if self._first:
            self._first = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if len(line) > self._limit:
            raise MalformedStream(f"a line of more than {self._limit} bytes")
        if line[:5] == b"data:":
            yield line[6:] if line[5:6] == b" " else line[5:]
        elif line[:1] == b"{":
            yield line


class JSONEvents:
    """Turns payloads into JSON objects; `[DONE]` sets `done`, blank ones are passed over.

    A payload that is no JSON may be one line of a value spread over several: it is kept until the
    next ones complete it, or until a payload that is whole by itself proves that it was broken.
    """

    def __init__(self) -> None:
        self.done = False
        self.bad = 0
        self.parsed = 0
        self._pending = b""

    def parse(self, payload: bytes) -> dict[str, Any] | None:
        """Return the object that `payload` is or completes, or None.

        Raises `MalformedStream` at the fourth value that is broken.
        """
        if payload.strip() == DONE:
            self.done = True
            return None
        value = _loads(payload)
        if value is not None:
            self._drop_pending()
        elif payload.strip():
            self._pending = self._pending + b"\n" + payload if self._pending else payload
            value = _loads(self._pending)
            if value is None:
                self._check_pending()
                return None
            self._pending = b""
        if not isinstance(value, dict):
            return None
        self.parsed += 1
        return value

    def end(self) -> None:
        """Count what is still pending as broken: no more will come."""
        self._drop_pending()

    def _check_pending(self) -> None:
        # A value that really is spread over lines starts as JSON does and stays within an event.
        if self._pending[:1] not in b"{[" or len(self._pending) > MAX_EVENT:
            self._drop_pending()

    def _drop_pending(self) -> None:
        if self._pending:
            self._pending = b""
            self.bad += 1
            if self.bad > MAX_BAD:
                raise MalformedStream("too much of it is no JSON")


def _loads(payload: bytes) -> Any:
    try:
        return json.loads(payload.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
