"""Server-sent events, decoded from bytes; and the JSON values in them.

Lines end at LF, CR LF or CR and nowhere else: U+2028, U+0085 and their like are text inside JSON,
and a decoder that works on `str.splitlines` loses them. Source: WHATWG HTML, 9.2.6 "Interpreting an
event stream".

What Copilot sends is looser than the standard: every `data:` line is one JSON value, a blank line
between two of them may be missing, and the last line may have no end. So `SSEDecoder` gives each
`data:` line by itself, and `JSONEvents` puts a value that is spread over several lines, as the
standard allows, together again.
"""

import json
from collections.abc import Sequence
from typing import Any

MAX_EVENT = 4 * 1024 * 1024
"""The most bytes a single event may have."""

MAX_BAD = 3
"""How many values that are no JSON are passed over before the stream counts as broken."""

EVENT_END = b""
"""What `SSEDecoder` gives for a blank line: the event is over."""

_DONE = b"[DONE]"
_BROKEN = object()


class MalformedStream(Exception):  # noqa: N818 - caught by name, next to where it is raised
    """The stream is not what this wire writes."""


class EventTooLarge(MalformedStream):
    """One event is larger than any answer needs."""


class SSEDecoder:
    """Turns bytes, cut anywhere, into the payloads of `data:` lines.

    `feed` takes what came and returns the payloads that are whole; `flush` returns the one that the
    end of the stream left without its line end. A bare line that starts a JSON object counts as a
    payload too: a failure in mid-stream may arrive so.
    """

    def __init__(self, limit: int = MAX_EVENT) -> None:
        self._limit = limit
        self._rest: list[bytes] = []  # the pieces of a line whose end has not come
        self._rest_size = 0
        self._after_cr = False
        self._first = True
        self._too_large = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the payload of each `data:` line that `chunk` ends, `EVENT_END` for a blank line.

        Raises `EventTooLarge` at the call after the one with a line beyond the limit, so that what
        came before that line is not lost.
        """
        self._check_size()
        if not chunk:
            return []
        if self._after_cr and chunk[:1] == b"\n":
            chunk = chunk[1:]
            self._after_cr = False
            if not chunk:
                return []
        self._after_cr = chunk[-1:] == b"\r"
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = chunk.split(b"\n")
        last = lines.pop()
        if lines:
            lines[0] = self._take(lines[0])
        payloads = self._payloads(lines)
        self._keep(last)
        return payloads

    def flush(self) -> list[bytes]:
        """Return the payload of a last line that has no end. Raises `EventTooLarge`."""
        self._check_size()
        return self._payloads([self._take(b"")])

    def _check_size(self) -> None:
        if self._too_large:
            raise EventTooLarge(f"a line of more than {self._limit} bytes")

    def _take(self, end: bytes) -> bytes:
        """Return the whole line of which `end` is the end."""
        line = b"".join((*self._rest, end)) if self._rest else end
        self._rest.clear()
        self._rest_size = 0
        if self._first:
            self._first = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        return line

    def _keep(self, piece: bytes) -> None:
        if piece and not self._too_large:
            self._rest.append(piece)
            self._rest_size += len(piece)
            self._too_large = self._rest_size > self._limit

    def _payloads(self, lines: list[bytes]) -> list[bytes]:
        found: list[bytes] = []
        for line in lines:
            if len(line) > self._limit:
                self._too_large = True
                break
            if line.startswith(b"data:"):
                payload = line[6:] if line.startswith(b"data: ") else line[5:]
                if payload:
                    found.append(payload)
            elif not line:
                found.append(EVENT_END)
            elif line.startswith(b"{"):
                found.append(line)
        return found


class JSONEvents:
    """Turns payloads into JSON objects; `[DONE]` sets `done`, other values are passed over.

    An object that does not parse may be the first line of one spread over several: it is kept until
    the event ends, or until an object that is whole by itself shows that it was broken.
    """

    def __init__(self) -> None:
        self.done = False
        self.bad = 0
        self.parsed = 0
        self._pending: list[bytes] = []
        self._pending_size = 0

    def parse(self, payload: bytes) -> Sequence[dict[str, Any]]:
        """Return the objects that `payload`, or the end of an event, completes: at most two.

        Raises `MalformedStream` at the fourth value that is broken.
        """
        if payload.startswith(b"{"):
            value = _loads(payload)
            if value is not _BROKEN:
                self.parsed += 1
                return (*self.settle(), value) if self._pending else (value,)
            return self._keep(payload)
        if not payload:
            return self.settle() if self._pending else ()
        return self._odd(payload)

    def _odd(self, payload: bytes) -> Sequence[dict[str, Any]]:
        """Return what a payload completes that does not start as an object."""
        start = payload.strip()
        if start == _DONE:
            settled = self.settle()
            self.done = True
            return settled
        if self._pending:
            return self._keep(payload)
        if start.startswith(b"{"):
            return self.parse(start)
        if start and _loads(start) is _BROKEN:
            self._count_bad()
        return ()

    def settle(self) -> Sequence[dict[str, Any]]:
        """Return the object that was kept, now that nothing more of it will come."""
        if not self._pending:
            return ()
        value = _loads(b"\n".join(self._pending))
        self._pending.clear()
        self._pending_size = 0
        if value is _BROKEN:
            self._count_bad()
            return ()
        self.parsed += 1
        return (value,)

    def _keep(self, payload: bytes) -> Sequence[dict[str, Any]]:
        self._pending.append(payload)
        self._pending_size += len(payload)
        if self._pending_size > MAX_EVENT:
            raise EventTooLarge(f"an event of more than {MAX_EVENT} bytes")
        return ()

    def _count_bad(self) -> None:
        self.bad += 1
        if self.bad > MAX_BAD:
            raise MalformedStream("too much of it is no JSON")


_decode = json.JSONDecoder().raw_decode


def _loads(payload: bytes) -> Any:
    # json.loads in two calls less: this is where a long answer spends its time.
    text = payload.decode("utf-8", "replace")
    try:
        value, end = _decode(text)
        return value if end == len(text) or text[end:].isspace() else _BROKEN
    except (ValueError, RecursionError):
        return _BROKEN
