"""The archive inside the program of the npm package.

The program is a Node "single executable application": its resources lie in it one after the other,
each as the length of its name, the name, the length of the content, and the content, the lengths as
64-bit little-endian numbers (nodejs/node, src/node_sea.cc). The runtime is in the one that is
called `copilot.tgz`. It is read from there: the program, which would unpack 235 MB, is not run.
"""

import struct
from typing import Protocol

NAME = b"copilot.tgz"
_MARK = struct.pack("<Q", len(NAME)) + NAME
_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20


class Readable(Protocol):
    """Something to read bytes from, in order."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes; none at the end."""


class Resource:
    """`size` bytes of `stream`, of which `begun` are read already."""

    def __init__(self, begun: bytes, stream: Readable, size: int) -> None:
        self._begun = begun[:size]
        self._stream = stream
        self._left = size

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes; none at the end."""
        wanted = self._left if size < 0 else min(size, self._left)
        if self._begun:
            data, self._begun = self._begun[:wanted], self._begun[wanted:]
        else:
            data = self._stream.read(wanted)
        self._left -= len(data)
        return data


def find(program: Readable, limit: int) -> Resource | None:
    """Return the archive inside `program`, None where there is none of at most `limit` bytes."""
    head = len(_MARK) + 8 + len(_GZIP)
    window = b""
    while chunk := program.read(_CHUNK):
        window += chunk
        at = window.find(_MARK)
        while at >= 0 and len(window) - at >= head:
            start = at + len(_MARK) + 8
            (size,) = struct.unpack_from("<Q", window, at + len(_MARK))
            if window.startswith(_GZIP, start) and size <= limit:
                return Resource(window[start:], program, size)
            at = window.find(_MARK, at + 1)
        # What may be the beginning of it stays, until the rest is read.
        window = window[at:] if at >= 0 else window[-len(_MARK) :]
    return None
