"""The working folder: what of it a tool may touch, and how its files are opened.

Rule: a name leads to a regular file below the folder, or nowhere. A link that leads out, a file
that may hold secrets by its name, this program's own folders and a device are refused, whatever the
person agrees to. What is refused is a `ToolError`, for the model.
"""

import json
import os
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from copilot_cli.sensitive import holds_secret, is_sensitive, named_so
from copilot_cli.tools.tool import ToolError

LARGEST = 8 * 1024 * 1024
"""The most bytes of a file that a tool reads or writes."""

_HEAD = 8192  # bytes in which a binary file shows itself
_FLAGS: int = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # a pipe has no writer to wait for
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


_NEVER = (Path("/proc"), Path("/sys"))
"""What looks like files and is none: the environment of every process, this one's too."""


class Place:
    """The folder that the tools work in; `own` are the folders and files of this program."""

    def __init__(self, folder: Path, own: Iterable[Path] = ()) -> None:
        self.folder = folder.resolve()
        self._own = (*own, *_NEVER)
        self._ours = tuple(_spelled(each.resolve(), Path(each.anchor)) for each in self._own)

    def name(self, path: Path) -> str:
        """Return what `path` is called in the folder, as it is listed."""
        return listed(path.relative_to(self.folder).as_posix())

    def path(self, name: str) -> Path:
        """Return where `name` leads, whether there is anything or not. Raises `ToolError`.

        What git keeps for itself is refused: it may hold passwords, and programs that git runs.
        """
        if os.name == "nt" and ":" in name[2:]:  # another stream of a file
            raise ToolError(f"{name[:200]} is no name of a file.")
        try:
            path = _spelled((self.folder / name).resolve(), self.folder)
            outside = not path.is_relative_to(self.folder)
            sensitive = not outside and is_sensitive(path, self._own)
            sensitive |= not outside and is_sensitive(self.folder / name)
        except (OSError, ValueError, RuntimeError) as error:  # a loop of links; a zero in the name
            raise ToolError(f"{name[:200]!r} leads nowhere.") from error
        if outside:
            raise ToolError(f"{name[:200]} is outside the working folder, which is refused.")
        if sensitive:
            raise ToolError(f"{name[:200]} may hold secrets, by its name; that is refused.")
        if ".git" in {part.lower() for part in path.relative_to(self.folder).parts}:
            raise ToolError(f"{name[:200]} is git's own, which is refused.")
        return path

    def target(self, name: str) -> Path:
        """Return the file that `name` is, or would be, to write it. Raises `ToolError`."""
        path = self.path(name)
        if path == self.folder or name.endswith("/"):
            raise ToolError(f"{name[:200]} is a folder.")
        try:
            found = path.lstat()
        except OSError:
            return path
        if not stat.S_ISREG(found.st_mode):
            raise ToolError(f"{name[:200]} is {_kind(found.st_mode)}.")
        return path

    def may_read(self, path: Path) -> bool:
        """Say whether a file that a walk has found is one to look into: its name is no link's."""
        return not named_so(path) and not any(path.is_relative_to(each) for each in self._ours)

    def content(self, name: str) -> bytes:
        """Return all bytes of the file `name`. Raises `ToolError`."""
        return self.content_of(self.path(name), name)

    def content_of(self, path: Path, name: str, *, text: bool = False) -> bytes:
        """Return all bytes of `path`, which `path` or a walk has returned. Raises `ToolError`.

        Of what is to be a `text` only the beginning is read where there is a zero in it.
        """
        name = name[:200]
        try:
            descriptor = os.open(path, _FLAGS)
        except OSError as error:
            raise ToolError(f"{name} cannot be read: {error.strerror or error}.") from error
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise ToolError(f"{name} is {_kind(found.st_mode)}.")
            if not _still(path, descriptor, found):
                raise ToolError(f"{name} was put elsewhere meanwhile.")
            return _whole(descriptor, name, text=text)
        finally:
            os.close(descriptor)

    def text(self, name: str) -> str:
        """Return the text of the file `name`. Raises `ToolError`, for what is no text, too."""
        content = self.content(name)
        if b"\0" in content:
            raise ToolError(f"{name} is binary, not text ({len(content):,} bytes).")
        text = content.decode("utf-8-sig", "replace")
        if holds_secret(text):
            raise ToolError(f"A secret seems to stand in {name}: it is not shown.")
        return text


def listed(name: str) -> str:
    """Return `name` as a line of a list has it: as JSON writes it, where it is not plain.

    A name may hold newlines, and so look like other files, or like what was found in them.
    """
    return name if name.isprintable() and not name.startswith('"') else json.dumps(name)


def _spelled(path: Path, folder: Path) -> Path:
    """Return `path`, each part below `folder` spelled as its folder lists it.

    Where case, or a character that is not shown, makes no difference to a file system, `.GIT` is
    another name of `.git`: rules about names have to see that one.
    """
    if not path.is_relative_to(folder):
        return path
    made = folder
    for part in path.relative_to(folder).parts:
        made /= _listed(made, part)
    return made


def _listed(folder: Path, name: str) -> str:
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names, and nothing else
        if name in names:
            return name
        found = (folder / name).stat()
        return next(each for each in names if os.path.samestat(found, (folder / each).lstat()))
    except (OSError, StopIteration):  # there is none of that name
        return name


def _still(path: Path, descriptor: int, found: os.stat_result) -> bool:
    """Say whether what was opened is what `path` leads to, without a link on the way."""
    if sys.platform == "linux":
        with suppress(OSError):  # no /proc here
            if os.readlink(f"/proc/self/fd/{descriptor}") == str(path):  # noqa: PTH115 - quick
                return True
    try:
        return path.resolve() == path and os.path.samestat(path.stat(), found)
    except OSError:
        return False


def _whole(descriptor: int, name: str, *, text: bool) -> bytes:
    data = bytearray()
    try:
        data += os.read(descriptor, _HEAD)
        if text and b"\0" in data:
            return bytes(data)
        while chunk := os.read(descriptor, LARGEST + 1 - len(data)):
            data += chunk
    except OSError as error:
        raise ToolError(f"{name} cannot be read: {error.strerror or error}.") from error
    if len(data) > LARGEST:
        raise ToolError(f"{name} is larger than {LARGEST // 1024 // 1024} MiB.")
    return bytes(data)


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        return "a pipe or socket, and no file"
    return "a device or the like, and no file"
