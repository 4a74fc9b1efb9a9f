"""`read_file`, `list_files`, `find_files`: what is in the working folder."""

import os
from collections.abc import Mapping
from typing import Annotated

from copilot_cli.globs import globs
from copilot_cli.tools.place import Place, listed
from copilot_cli.tools.running import Running
from copilot_cli.tools.tool import Tool, ToolError, tool
from copilot_cli.walking import walk

MOST_CHARACTERS = 40_000
"""The most of a file that one call shows; a result may have some more."""

_MOST_LINES = 2000
_MOST_NAMES = 1000


def reading(place: Place, environ: Mapping[str, str]) -> list[Tool]:
    """Return the tools that say what is in `place`."""

    @tool(effect="read")
    def read_file(
        path: Annotated[str, "The file, relative to the working folder."],
        offset: Annotated[int, "The first line to show, counted from 1."] = 1,
        limit: Annotated[int, "The most lines to show."] = _MOST_LINES,
    ) -> str:
        """Read a text file of the working folder, or some of its lines."""
        return _lines(place.text(path), path, max(1, offset), max(1, limit))

    @tool(effect="read")
    def list_files(
        path: Annotated[str, "The folder, relative to the working folder."] = ".",
    ) -> str:
        """List what is in one folder: folders end in a slash, files have their size in bytes."""
        return _listed(place, path)

    @tool(effect="read")
    def find_files(
        pattern: Annotated[str, "Such as *.py, src/**/*.{ts,tsx} or docs/."],
        running: Running,
        path: Annotated[str, "The folder to look in, relative to the working folder."] = ".",
    ) -> str:
        """Find files by their names, without those that git ignores.

        A pattern without a slash is looked for in all folders; one with a slash begins at `path`.
        """
        return _found(place, environ, path, pattern, running)

    return [read_file, list_files, find_files]


def _lines(text: str, name: str, first: int, most: int) -> str:
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    if not lines:
        return f"{name} is empty."
    if first > len(lines):
        raise ToolError(f"{name} has {len(lines):,} lines.")
    shown: list[str] = []
    room = MOST_CHARACTERS
    for line in lines[first - 1 : first - 1 + most]:
        if len(line) + 1 > room and shown:
            break
        shown.append(line if len(line) < room else f"{line[:room]} [… the line goes on …]")
        room -= len(line) + 1
    last = first + len(shown) - 1
    if last < len(lines):
        shown.append(f"[… lines {first} to {last} of {len(lines)}; offset {last + 1} goes on …]")
    return "\n".join(shown)


def _listed(place: Place, name: str) -> str:
    path = place.path(name)
    try:
        with os.scandir(path) as entries:
            rows = [_row(entry) for entry in sorted(entries, key=lambda each: each.name)]
    except NotADirectoryError as error:
        raise ToolError(f"{name} is no folder.") from error
    except OSError as error:
        raise ToolError(f"{name} cannot be read: {error.strerror or error}.") from error
    return _capped(rows) or f"{name} is empty."


def _row(entry: os.DirEntry[str]) -> str:
    name = listed(entry.name)
    if entry.is_symlink():
        return f"{name} (a link)"
    if entry.is_dir():
        return f"{name}/"
    try:
        return f"{name} {entry.stat(follow_symlinks=False).st_size:,}"
    except OSError:  # gone meanwhile
        return name


def _found(
    place: Place, environ: Mapping[str, str], name: str, pattern: str, running: Running
) -> str:
    folder = place.path(name)
    if not folder.is_dir():
        raise ToolError(f"{name} is no folder.")
    try:
        wanted = globs(pattern + "**" if pattern.endswith("/") else pattern)
    except ValueError as error:
        raise ToolError(f"{error}.") from error
    depth = len(folder.parts)
    names: list[str] = []
    for path in walk(folder, environ=environ, stopped=running.stop.is_set):
        fits = any(glob.matches(path.parts[depth:]) for glob in wanted)
        if fits and place.may_read(path.parent):  # what cannot be listed is not found
            names.append(place.name(path))
            if len(names) > _MOST_NAMES:
                break
    return _capped(names) or "There is none."


def _capped(rows: list[str]) -> str:
    if len(rows) <= _MOST_NAMES:
        return "\n".join(rows)
    return "\n".join([*rows[:_MOST_NAMES], f"[… there are more than {_MOST_NAMES:,} …]"])
