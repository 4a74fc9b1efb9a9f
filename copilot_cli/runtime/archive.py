"""Taking a runtime out of its package, whose hash somebody has vouched for.

Two kinds of packages hold it: npm's, whose program has the files in an archive of its own, and
that of a release on GitHub, which has them as they are (github-copilot-sdk, `_cli_download.py`).
Only the files that are needed are written, each under a name of ours. A package with anything but
files and folders in it, or with a name that leads elsewhere, is refused as a whole.
"""

import gzip
import json
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple, cast

from copilot_cli.errors import UsageError
from copilot_cli.runtime import embedded
from copilot_cli.runtime.embedded import Readable
from copilot_cli.runtime.platforms import PLATFORMS, Platform

MAX_BYTES = 600_000_000
"""The most that a package, or the archive inside its program, may hold; 250 MB are usual."""

_MAX_ENTRIES = 20_000
_MAX_JSON = 1_000_000
_CHUNK = 1 << 20
_TOP = "package"
_LICENSE = "LICENSE.md"


class Damaged(UsageError):  # noqa: N818 - reads as what it is
    """A file that is no package of the runtime, or not a whole one."""

    kind = "package"


class Unpacked(NamedTuple):
    """What a package says of itself, and the bytes of each file that was taken out of it."""

    version: str
    sizes: dict[str, int]


def unpack(package: Path, target: Path, here: Platform) -> Unpacked:
    """Write the runtime for `here` that is in the tarball `package` into the folder `target`.

    Raises `Damaged` where it holds none, or what no package holds; OSError where the disk refuses.
    """
    taking = _Taking(target, here)
    try:
        with package.open("rb") as file:
            for entry, content in _entries(file):
                taking.look_at(entry, content)
    except (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError, ValueError) as error:
        raise Damaged(
            "the package is damaged: it cannot be unpacked",
            hint="fetch it anew; what came may be the page of a login or of a proxy",
        ) from error
    return taking.done()


class _Taking:
    """What has been found in one package so far."""

    def __init__(self, target: Path, here: Platform) -> None:
        self._target = target
        self._here = here
        self._sizes: dict[str, int] = {}
        self._others: set[str] = set()
        self._about: dict[str, Any] = {}

    def look_at(self, entry: tarfile.TarInfo, content: Readable) -> None:
        """Take what is needed of the outer archive."""
        name = PurePosixPath(entry.name)
        if entry.name == f"{_TOP}/package.json":
            self._about = _parsed(content.read(_MAX_JSON))
        elif entry.name == f"{_TOP}/{_LICENSE}":
            self._write(_LICENSE, content)
        elif name.parent == PurePosixPath(_TOP) and name.name in {"copilot", "copilot.exe"}:
            if not self._complete and (inner := embedded.find(content, MAX_BYTES)) is not None:
                self._look_inside(inner)
        else:
            self._take(name, content)

    def _look_inside(self, archive: Readable) -> None:
        for entry, content in _entries(archive):
            self._take(PurePosixPath(entry.name), content)
            if self._complete:
                return

    def _take(self, name: PurePosixPath, content: Readable) -> None:
        match name.parts:
            case (top, "prebuilds", platform, file) if top == _TOP and platform in _NAMES:
                if platform != self._here.name:
                    self._others.add(platform)
                elif file in self._here.files:
                    self._write(file, content)

    @property
    def _complete(self) -> bool:
        return all(name in self._sizes for name in self._here.files)

    def _write(self, name: str, content: Readable) -> None:
        if name in self._sizes:
            raise Damaged(f"the package holds {name} twice")
        mode = 0o700 if name == self._here.executable else 0o600
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(self._target / name, flags, mode), "wb") as file:
            while chunk := content.read(_CHUNK):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
            self._sizes[name] = file.tell()

    def done(self) -> Unpacked:
        """Return what was taken. Raises `Damaged` where something is missing."""
        if not self._complete:
            others = ", ".join(sorted(self._others))
            if others:
                raise Damaged(
                    f"the package is the runtime for {others}; this machine is {self._here.name}",
                    hint=f"the one for it is {self._here.package}",
                )
            raise Damaged("the package holds no runtime that is known here")
        version = self._about.get("version")
        if not isinstance(version, str):
            raise Damaged("the package does not say its version")
        return Unpacked(version, self._sizes)


_NAMES = frozenset(platform.name for platform in PLATFORMS)


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}


# -- reading a compressed archive, with suspicion ---------------------------------------------


class _Bounded:
    """The unpacked bytes of a gzip stream; more than `MAX_BYTES` of them is an error."""

    def __init__(self, compressed: Readable) -> None:
        self._file = gzip.GzipFile(fileobj=cast(IO[bytes], compressed), mode="rb")
        self._count = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size)
        self._count += len(data)
        if self._count > MAX_BYTES:
            raise Damaged(f"the package holds more than {MAX_BYTES // 1_000_000} MB")
        return data


def _entries(compressed: Readable) -> Iterator[tuple[tarfile.TarInfo, Readable]]:
    """Yield each file of a compressed archive with its content, which is to be read at once."""
    stream = cast(IO[bytes], _Bounded(compressed))
    with closing(tarfile.open(fileobj=stream, mode="r|", bufsize=_CHUNK)) as archive:
        for count, entry in enumerate(archive):
            _check(entry, count)
            content = archive.extractfile(entry) if entry.isfile() else None
            if content is not None:
                yield entry, content


def _check(entry: tarfile.TarInfo, count: int) -> None:
    """Refuse what no package of the runtime has in it."""
    name = entry.name
    if count >= _MAX_ENTRIES:
        raise Damaged(f"the package holds more than {_MAX_ENTRIES} entries")
    if not (entry.isfile() or entry.isdir()):
        raise Damaged("the package holds a link or a device, as no package of the runtime does")
    outside = name.startswith("/") or ".." in name.split("/") or "\\" in name or ":" in name
    if outside or not name.isprintable():
        raise Damaged("the package holds a name that leads outside its folder")
    if not 0 <= entry.size <= MAX_BYTES:
        raise Damaged("the package holds a file of an impossible size")
