"""The lines that were typed before: entry by entry over all runs, in a file of the person's own.

Rule: no credential goes into the file, nobody else can read it, it stays of bounded size, and no
failure of it is worth losing a chat. Its format is that of prompt_toolkit's FileHistory: each line
of an entry after a `+`, anything else between two entries.
"""

import os
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from prompt_toolkit.history import History, InMemoryHistory

from copilot_cli.secret import redact
from copilot_cli.ui.safe import utf8

_LARGEST = 2**20  # bytes; beyond, the older half goes at the next start
_FLAGS = os.O_CREAT | os.O_RDWR | os.O_APPEND
_FLAGS |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def open_history(path: Path | None) -> History:
    """Return the history in `path`; where that cannot be used, the lines of this run only."""
    if path is None:
        return InMemoryHistory()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(_open(path))
    except OSError:  # read-only, a symbolic link, a folder, a pipe, somebody else's
        return InMemoryHistory()
    return FileHistory(path)


class FileHistory(History):
    """Entries in a file, the newest first."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def load_history_strings(self) -> Iterable[str]:
        """Return the entries of the file, newest first; none if it cannot be read."""
        try:
            data = _read(self._path)
            if len(data) > _LARGEST:
                data = data[-_LARGEST // 2 :]
                data = data[data.find(b"\n#") + 1 :]  # where an entry begins
                _replace(self._path, data)
        except OSError:
            return []
        return reversed(_entries(data.decode("utf-8", "replace")))

    def store_string(self, string: str) -> None:
        """Add an entry, in one piece: other chats add theirs to the same file."""
        lines = "".join(f"+{line}\n" for line in redact(string).split("\n"))
        with suppress(OSError):  # a full disk must not stop the chat
            descriptor = _open(self._path)
            try:
                os.write(descriptor, utf8(f"\n#\n{lines}"))
            finally:
                os.close(descriptor)


def _open(path: Path) -> int:
    """Open the file, which nobody else can read from its first byte on. Raises OSError."""
    descriptor = os.open(path, _FLAGS, 0o600)
    try:
        _claim(descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _claim(descriptor: int) -> None:
    """Take away everybody else's access. Raises OSError where that is not ours to do."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError("a pipe or a device would keep us waiting")
    if sys.platform != "win32":
        os.fchmod(descriptor, 0o600)


def _read(path: Path) -> bytes:
    with os.fdopen(_open(path), "rb") as file:
        file.seek(0)
        return file.read()


def _replace(path: Path, data: bytes) -> None:
    """Put `data` in place of the file, whole or not at all."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(new, _FLAGS | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _entries(text: str) -> list[str]:
    entries: list[str] = []
    lines: list[str] = []
    for line in [*text.split("\n"), ""]:
        if line.startswith("+"):
            lines.append(line[1:])
        elif lines:
            entries.append("\n".join(lines))
            lines = []
    return entries
