"""`apply_patch`: files of the working folder changed by a unified diff, all of them or none.

Rule: everything is made beside its place first, then put there by renaming; what fails on the way
is taken back. A file that somebody else changes meanwhile is left to them.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Annotated, NamedTuple

from copilot_cli.tools.patches import Change, apply, parse
from copilot_cli.tools.place import LARGEST, Place
from copilot_cli.tools.running import Running
from copilot_cli.tools.tool import Tool, ToolError, tool

_PATIENCE = 5.0  # seconds that the end of the program waits for the files to be in place


class _File(NamedTuple):
    """A file as it is or is to be: None where there is none, and its mode."""

    content: bytes | None
    mode: int


def patching(place: Place) -> Tool:
    """Return the tool that changes files of `place`."""

    @tool(effect="write")
    def apply_patch(
        patch: Annotated[str, "A unified diff: --- and +++ lines, then @@ lines with hunks."],
        running: Running,
    ) -> str:
        """Change, create, delete or rename files of the working folder, all of them or none.

        Lines around a change have to be there word for word; their numbers need not be right.
        """
        plan = _Plan(place)
        said = [plan.add(change) for change in parse(patch)]
        done = Event()
        with running.ended_by(lambda: done.wait(_PATIENCE)):
            try:
                if running.stop.is_set():
                    raise ToolError("It was stopped, and nothing was changed.")
                _Writing(plan.before, plan.after).write()
            finally:
                done.set()
        return "\n".join(said)

    return apply_patch


class _Plan:
    """What a patch makes of files, before any is written."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.before: dict[Path, _File] = {}
        self.after: dict[Path, _File] = {}

    def add(self, change: Change) -> str:
        """Take up one change, and say what it does. Raises `ToolError` where it does not fit."""
        if change.old is None:
            return self._create(change, change.new or "")
        path = self._target(change.old)
        file = self.after[path]
        if file.content is None:
            raise ToolError(f"There is no file {change.old}.")
        content = _patched(file.content, change, change.old)
        added, removed = change.counts
        if change.new is None:
            if content:
                raise ToolError(f"The patch deletes {change.old}, but not all of its lines.")
            self.after[path] = _File(None, file.mode)
            return f"deleted {change.old}"
        self.after[path] = _File(content, _mode(file.mode, change))
        if change.new == change.old:
            return f"changed {change.old} (+{added} -{removed})"
        target = self._free(change.new)
        self.after[target] = self.after[path]
        self.after[path] = _File(None, file.mode)
        return f"renamed {change.old} to {change.new} (+{added} -{removed})"

    def _create(self, change: Change, name: str) -> str:
        path = self._free(name)
        content = _patched(b"", change, name)
        self.after[path] = _File(content, _mode(0o666 & ~_umask(), change))
        return f"created {name} (+{change.counts[0]})"

    def _free(self, name: str) -> Path:
        path = self._target(name)
        if self.after[path].content is not None:
            raise ToolError(f"{name} is there already.")
        return path

    def _target(self, name: str) -> Path:
        path = self._place.target(name)
        if path not in self.after:
            self.before[path] = self.after[path] = _read(self._place, path, name)
        return path


def _read(place: Place, path: Path, name: str) -> _File:
    try:
        mode = path.stat().st_mode & 0o777
    except FileNotFoundError:
        return _File(None, 0o644)
    except OSError as error:
        raise ToolError(f"{name} cannot be read: {error.strerror or error}.") from error
    return _File(place.content_of(path, name), mode)


def _patched(content: bytes, change: Change, name: str) -> bytes:
    if not change.hunks:
        return content
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise ToolError(f"{name} is no UTF-8 text.") from error
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    made = mark + apply(text.removeprefix(mark), change.hunks, name)
    try:
        changed = made.encode()
    except UnicodeEncodeError as error:
        raise ToolError(f"There is a lone surrogate in what is added to {name}.") from error
    if len(changed) > LARGEST:
        raise ToolError(f"{name} would be larger than {LARGEST // 1024 // 1024} MiB.")
    return changed


def _mode(mode: int, change: Change) -> int:
    if change.executable is None:
        return mode
    readable = (mode & 0o444) >> 2
    return mode | readable if change.executable else mode & ~0o111


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


class _Writing:
    """The files of a plan, on their way to their places."""

    def __init__(self, before: dict[Path, _File], after: dict[Path, _File]) -> None:
        self._before = before
        self._after = {path: file for path, file in after.items() if file != before[path]}
        self._made: list[Path] = []  # folders
        self._ready: dict[Path, Path] = {}  # files beside their places

    def write(self) -> None:
        """Put every file in its place. Raises `ToolError`, with all as it was before."""
        done: list[Path] = []
        try:
            for path, file in self._after.items():
                self._prepare(path, file)
            self._check()
            for path in self._after:
                self._put(path)
                done.append(path)
        except OSError as error:
            self._take_back(done)
            where = f"{error.filename}: " if error.filename else ""
            raise ToolError(f"Nothing was changed: {where}{error.strerror or error}.") from error
        except BaseException:
            self._take_back(done)
            raise

    def _prepare(self, path: Path, file: _File) -> None:
        if file.content is None:
            return
        self._make_folders(path.parent)
        ready = _beside(path)
        self._ready[path] = ready
        _write(ready, file)

    def _make_folders(self, folder: Path) -> None:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        for each in reversed(missing):
            each.mkdir()
            self._made.append(each)

    def _check(self) -> None:
        """Raise `ToolError` where a file is not what the plan was made for."""
        for path, file in self._before.items():
            try:
                now = path.read_bytes() if path == path.resolve() else b""
            except FileNotFoundError:
                now = None
            if now != file.content:
                raise ToolError(f"Nothing was changed: {path.name} was changed meanwhile.")

    def _put(self, path: Path) -> None:
        ready = self._ready.get(path)
        if ready is None:
            path.unlink()
        else:
            ready.replace(path)
            del self._ready[path]

    def _take_back(self, done: Iterable[Path]) -> None:
        for path in done:
            file = self._before[path]
            with suppress(OSError):  # as much as can be
                if file.content is None:
                    path.unlink()
                else:
                    beside = _beside(path)
                    _write(beside, file)
                    beside.replace(path)
        for ready in self._ready.values():
            with suppress(OSError):
                ready.unlink()
        for folder in reversed(self._made):
            with suppress(OSError):
                folder.rmdir()


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name[:100]}.{os.urandom(8).hex()}.tmp")


def _write(path: Path, file: _File) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0), 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(file.content or b"")
        opened.flush()
        os.fsync(descriptor)
    path.chmod(file.mode)
