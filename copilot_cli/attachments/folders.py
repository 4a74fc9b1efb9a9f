"""The files of a folder, or those that a pattern fits, without what git ignores.

Rule: bounded in number and in size, before any of them is read whole. Links are not followed.
"""

import itertools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import NamedTuple

from copilot_cli.errors import UsageError
from copilot_cli.globs import globs
from copilot_cli.walking import walk

MOST_FILES = 500
"""The most files of one folder or pattern."""

_MOST_SEEN = 100_000  # files of a folder that are held against a pattern
_MAGIC = frozenset("*?[{")


class Listed(NamedTuple):
    """A file, and what the model is told that it is called."""

    path: Path
    name: str


def is_pattern(reference: str) -> bool:
    """Say whether `reference` can stand for several names."""
    return not _MAGIC.isdisjoint(reference)


def below(folder: Path, name: str, environ: Mapping[str, str]) -> list[Listed]:
    """Return the files below `folder`, which the person calls `name`.

    Raises `UsageError` for none, for more than `MOST_FILES`, and for a folder that cannot be read.
    """
    return _bounded(_named(folder, name, environ), name, "holds no file that git would not ignore")


def fitting(pattern: str, cwd: Path, environ: Mapping[str, str]) -> list[Listed]:
    """Return the files that `pattern` fits: `*` within a folder, `**` at any depth.

    Raises `UsageError` for none, for more than `MOST_FILES`, and for a folder that cannot be read.
    """
    written = pattern.replace("\\", "/") if cwd.anchor[1:2] == ":" else pattern
    parts = written.split("/")
    plain = list(itertools.takewhile(lambda part: not is_pattern(part), parts))
    above, rest = "/".join(plain), "/".join(parts[len(plain) :])
    folder = cwd / Path(f"{above}/" if above or written.startswith("/") else ".").expanduser()
    try:
        wanted = globs(f"/{rest}")
    except ValueError as error:
        raise UsageError(f"{pattern}: {error}") from error
    root = folder.resolve()
    if not root.is_dir():
        raise UsageError(f"there is no file {pattern}")
    found = (
        each
        for each in _named(folder, above or ".", environ)
        if any(glob.matches(each.path.relative_to(root).parts) for glob in wanted)
    )
    return _bounded(found, pattern, "fits no file that git would not ignore")


def _named(folder: Path, name: str, environ: Mapping[str, str]) -> Iterator[Listed]:
    """Yield the files below `folder`, then the folders there that cannot be read.

    Those are for whoever reads them all, who says so of each that cannot be. Raises `UsageError`
    where nothing at all can be.
    """
    root = folder.resolve()
    try:
        os.scandir(root).close()
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from error
    called = PurePath(name).as_posix()  # without `./`: as a file is called that is named itself
    start = "" if called == "." else called.rstrip("/") + "/"
    closed: list[Path] = []
    for count, path in enumerate(walk(root, environ=environ, closed=closed.append)):
        if count == _MOST_SEEN:
            raise UsageError(f"there are more than {_MOST_SEEN} files below {name}")
        yield Listed(path, start + path.relative_to(root).as_posix())
    for path in closed:
        yield Listed(path, start + path.relative_to(root).as_posix())


def _bounded(found: Iterator[Listed], name: str, none: str) -> list[Listed]:
    files = list(itertools.islice(found, MOST_FILES + 1))
    if not files:
        raise UsageError(f"{name} {none}")
    if len(files) > MOST_FILES:
        raise UsageError(
            f"{name} stands for more than {MOST_FILES} files", hint="name a part: 'src/**/*.py'"
        )
    return files
