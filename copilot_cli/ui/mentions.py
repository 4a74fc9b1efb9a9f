"""Files that are named in a message: `@path`, or `@"a path with blanks"`, relative to a folder.

A mention begins the message or follows a blank. Only one that names a file which is there counts:
`@octocat` is a person. Completion looks at one folder at a time, and at so much of it.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from heapq import nsmallest
from itertools import islice
from pathlib import Path

from copilot_cli.ui.completing import Candidate
from copilot_cli.ui.safe import safe_line

_MENTION = re.compile(r'(?<!\S)@(?:"([^"\n]+)"|([^\s"]+))')
_TYPED = re.compile(r'(?<!\S)@(?:"(?P<quoted>[^"\n]*)|(?P<bare>[^\s"]*))\Z')
_ROOT = r"(?:file:///|/|~/|[A-Za-z]:[\\/])"
_IMAGE = r"\.(?:png|jpe?g|webp|gif)"
_PASTED = re.compile(
    rf"(?<!\S)(?:'(?P<single>{_ROOT}[^'\n]*{_IMAGE})'|\"(?P<double>{_ROOT}[^\"\n]*{_IMAGE})\""
    rf"|(?P<bare>{_ROOT}(?:\\.|[^\s\\'\"])*{_IMAGE}))(?=[\s.,;:!?)]|\Z)",
    re.IGNORECASE,
)
_ESCAPED = re.compile(r"\\(.)")
_AFTER_A_WORD = ".,;:!?)]}'"  # of the sentence, where the file is not called so
_LOOKED_AT = 20_000  # entries of one folder, about 20 ms
_OFFERED = 200


def mentioned(text: str, folder: Path) -> list[Path]:
    """Return the files that `text` mentions, each once, in order; folders are none."""
    found: dict[Path, None] = {}
    for match in _MENTION.finditer(text):
        for name in _names(match):
            path = _place(folder, name)
            if _is_file(path):
                found[path] = None
                break
    return list(found)


def pasted_images(text: str, folder: Path) -> list[Path]:
    """Return the images whose whole paths stand in `text`, as a terminal pastes a dropped file.

    That is quoted, or with a backslash before what a shell would take amiss. Only a path from the
    root or from home counts, and only that of a file that is there.
    """
    found: dict[Path, None] = {}
    for match in _PASTED.finditer(text):
        quoted = match["single"] or match["double"]
        name = quoted if quoted is not None else _ESCAPED.sub(r"\1", match["bare"])
        path = _place(folder, name.removeprefix("file://"))
        if _is_file(path):
            found[path] = None
    return list(found)


def completer(folder: Path) -> Callable[[str], Iterable[Candidate]]:
    """Return a completer of the files in `folder`, and of those in the folders that are typed."""

    def find(before: str) -> Iterable[Candidate]:
        match = _TYPED.search(before)
        if match is None:
            return []
        typed = match["bare"] if match["quoted"] is None else match["quoted"]
        return _candidates(folder, typed, match.start(), quoted=match["quoted"] is not None)

    return find


def _names(match: re.Match[str]) -> Iterator[str]:
    """Yield what a mention may be the name of: without the comma after it as a second thought."""
    quoted, bare = match.groups()
    yield quoted or bare
    if bare and bare.rstrip(_AFTER_A_WORD) not in {"", bare}:
        yield bare.rstrip(_AFTER_A_WORD)


def _place(folder: Path, name: str) -> Path:
    """Return where `name` is: in `folder`, absolute, or at somebody's home."""
    return folder / os.path.expanduser(name)  # noqa: PTH111 - pathlib's raises for an unknown ~user


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _candidates(folder: Path, typed: str, start: int, *, quoted: bool) -> list[Candidate]:
    """Return what `typed` can become: hidden files last, as none was asked for."""
    above, slash, beginning = typed.rpartition("/")
    place = _place(folder, above + slash)
    return [
        _candidate(f"{above}{slash}", entry, start, quoted=quoted)
        for entry in nsmallest(_OFFERED, _entries(place, beginning), key=_order)
        if _nameable(entry.name)
    ]


def _order(entry: "os.DirEntry[str]") -> tuple[bool, str]:
    return entry.name.startswith("."), entry.name.casefold()


def _candidate(above: str, entry: "os.DirEntry[str]", start: int, *, quoted: bool) -> Candidate:
    folder = _is_folder(entry)
    end = "/" if folder else ""
    text = f"{above}{entry.name}{end}"
    if quoted or any(char.isspace() for char in text):
        text = f'"{text}' if folder else f'"{text}"'  # in a folder the name goes on
    return Candidate(f"@{text}", start, f"{entry.name}{end}", "folder" if folder else "")


def _entries(folder: Path, beginning: str) -> "list[os.DirEntry[str]]":
    """Return what of `folder` begins so; capitals count if any is typed."""
    exact = beginning != beginning.casefold()
    try:
        with os.scandir(folder) as entries:
            return [
                entry
                for entry in islice(entries, _LOOKED_AT)
                if (entry.name if exact else entry.name.casefold()).startswith(beginning)
            ]
    except (OSError, ValueError):  # there is no such folder, or it cannot be read
        return []


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False


def _nameable(name: str) -> bool:
    """Tell whether a mention can hold `name`, and a terminal show it."""
    return '"' not in name and safe_line(name, None) == name
