"""The files below a folder, without those that git ignores.

Rule: no program is run for it, for git obeys what a folder's own settings say, and may be told
there to start others. What git has taken up although a pattern ignores it is left out here.
See https://git-scm.com/docs/gitignore.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from copilot_cli.globs import Glob
from copilot_cli.patterns import pattern

_LARGEST = 1024 * 1024  # bytes of a file of patterns
_GIT = ".git"
_SECTION = pattern(r"\s*\[\s*([\w.-]+)\s*\]")
_EXCLUDES = pattern(
    r"(?i)(?:^|\])\s*excludesfile\s*=\s*(?:\"([^\"]*)\"|([^\s#;][^#;]*?))\s*(?:[#;].*)?$"
)


class _Rule(NamedTuple):
    """One line of a `.gitignore`: where it counts from, and whether it takes back."""

    depth: int
    glob: Glob
    folders_only: bool
    back: bool


def walk(
    folder: Path,
    *,
    environ: Mapping[str, str] | None = None,
    stopped: Callable[[], bool] = lambda: False,
    closed: Callable[[Path], object] = lambda _: None,
) -> Iterator[Path]:
    """Yield the regular files below `folder`, in order; links are not followed.

    What git would ignore is left out, and so is git's own folder; the patterns are those of the
    repository that `folder` is in, and the person's own (found by `environ`). It ends early once
    `stopped` says so. `closed` is told of each folder that cannot be listed.
    """
    folder = folder.resolve()
    top = _top(folder)
    rules = [*_personal(environ or {}, top), *_above(top, folder)]
    waiting = [(folder, rules)]
    while waiting and not stopped():
        place, known = waiting.pop()
        known = [*known, *_rules(place / ".gitignore", len(place.parts))]
        below: list[tuple[Path, list[_Rule]]] = []
        for entry in _entries(place, closed):
            path = place / entry.name
            if entry.is_symlink() or _ignored(path, entry.is_dir(), known):
                continue
            if entry.is_dir():
                below.append((path, known))
            elif entry.is_file():
                yield path
        waiting += reversed(below)


def _entries(place: Path, closed: Callable[[Path], object]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(place) as found:
            return sorted(found, key=lambda entry: entry.name)
    except FileNotFoundError:  # gone meanwhile
        return []
    except OSError:
        closed(place)
        return []


def _ignored(path: Path, is_folder: bool, rules: list[_Rule]) -> bool:  # noqa: FBT001
    if path.name == _GIT:
        return True
    for rule in reversed(rules):  # the last one that fits decides
        if rule.folders_only and not is_folder:
            continue
        if rule.glob.matches(path.parts[rule.depth :]):
            return not rule.back
    return False


def _top(folder: Path) -> Path:
    """Return the folder of the repository that `folder` is in; itself where there is none."""
    return next((each for each in (folder, *folder.parents) if _holds_git(each)), folder)


def _holds_git(folder: Path) -> bool:
    try:
        return (folder / _GIT).exists()
    except OSError:  # not ours to look into
        return False


def _above(top: Path, folder: Path) -> Iterator[_Rule]:
    """Yield the rules of the folders from `top` to the one above `folder`."""
    for place in reversed(folder.parents):
        if place.is_relative_to(top):
            yield from _rules(place / ".gitignore", len(place.parts))


def _personal(environ: Mapping[str, str], top: Path) -> Iterator[_Rule]:
    if file := _excludes(environ):
        yield from _rules(file, len(top.parts))
    yield from _rules(_git_folder(top) / "info" / "exclude", len(top.parts))


def _excludes(environ: Mapping[str, str]) -> Path | None:
    """Return the file of the person's own patterns: `core.excludesFile`, or the usual one."""
    home = environ.get("HOME", "")
    settings = environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")
    found = Path(settings) / "git" / "ignore" if settings else None
    for file in (settings and f"{settings}/git/config", home and f"{home}/.gitconfig"):
        in_core = False
        for line in _text(Path(file)).splitlines() if file else ():
            if section := _SECTION.match(line):
                in_core = section[1].lower() == "core"
            if in_core and (named := _EXCLUDES.search(line)):
                name = named[1] if named[1] is not None else named[2]
                found = Path(home, name[2:]) if name.startswith("~/") else Path(name)
    return found


def _git_folder(top: Path) -> Path:
    """Return where git keeps what is not of one working tree alone; a file can say where."""
    place = top / _GIT
    text = _text(place)
    if text.startswith("gitdir:"):
        place = top / text.removeprefix("gitdir:").strip()
        place /= _text(place / "commondir").strip()
    return place


def _rules(file: Path, depth: int) -> Iterator[_Rule]:
    """Yield the rules of a file; none where it cannot be read, as git does."""
    for line in _text(file).split("\n"):
        if rule := _rule(line.removesuffix("\r"), depth):
            yield rule


def _text(file: Path) -> str:
    try:
        if not file.is_file():
            return ""
        with file.open("rb") as opened:
            return opened.read(_LARGEST).decode("utf-8-sig", "replace")
    except (OSError, ValueError):  # ValueError: a zero in its name
        return ""


def _rule(line: str, depth: int) -> _Rule | None:
    while line.endswith(" ") and not line.endswith("\\ "):
        line = line[:-1]
    if not line or line.startswith("#"):
        return None
    back = line.startswith("!")
    pattern = line[1:] if back else line
    return _Rule(depth, Glob(pattern), pattern.endswith("/"), back)
