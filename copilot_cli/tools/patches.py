"""Unified diffs: what a model writes as one, read, and what it makes of a text.

Rule: pure. Numbers in a patch are hints, since models cannot count; its lines are none: what it
says is there must be there word for word, and in one place only. No line of it is passed over where
it could belong to a change. A `ToolError` says what does not fit.
The form: https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html, and git's
additions to it: https://git-scm.com/docs/diff-format.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from copilot_cli.patterns import pattern
from copilot_cli.tools.tool import ToolError

_HUNK = pattern(r"@@(?!@)(?: -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))?)?.*")
_NUMBER = 9  # the most digits of a line's number
_NOTHING = "/dev/null"
_NO_NEWLINE = "\\"
_SIGNATURE = "-- "  # below it `git format-patch` names its version
_OCTAL = pattern(r"\\([0-7]{3}|.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class Line(NamedTuple):
    """One line of a hunk: ` ` stays, `-` goes, `+` comes. `open`: no newline is at its end."""

    kind: str
    text: str
    open: bool = False


class Hunk(NamedTuple):
    """Neighbouring lines; `start` is where they are said to begin, counted from 1, or None."""

    start: int | None
    lines: tuple[Line, ...]

    @property
    def old(self) -> list[str]:
        """What must be there."""
        return [line.text for line in self.lines if line.kind != "+"]


class Change(NamedTuple):
    """What happens to one file: `old` None is a new one, `new` None one that goes.

    `executable` is whether it is to be one; None leaves that as it is.
    """

    old: str | None
    new: str | None
    hunks: tuple[Hunk, ...] = ()
    executable: bool | None = None

    @property
    def counts(self) -> tuple[int, int]:
        """How many lines come, and how many go."""
        kinds = [line.kind for hunk in self.hunks for line in hunk.lines]
        return kinds.count("+"), kinds.count("-")


# Reading


def parse(text: str) -> list[Change]:
    """Return what a patch changes, in order; words around it are passed over."""
    reader = _Reader(text.removesuffix("\n").split("\n"))
    changes = list(reader.changes())
    if not changes:
        raise ToolError(
            "There is no unified diff in it: --- and +++ lines, then @@ lines, are needed."
        )
    return changes


class _Reader:
    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._at = 0

    def changes(self) -> Iterator[Change]:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.startswith("diff --git "):
                self._at += 1
                yield self._git(line)
            elif self._is_header(self._at):
                yield self._change(Change(None, None))
            elif line.startswith("@@"):
                raise ToolError("There is a @@ line without --- and +++ lines above it.")
            elif line.startswith(("+", "-")) and line != _SIGNATURE:
                raise ToolError(f"A line belongs to no @@ line: {line[:80]}")
            else:
                self._at += 1

    def _git(self, header: str) -> Change:
        """Read what git says of a file before its hunks, and these."""
        told = Change(*_git_names(header))
        while self._at < len(self._lines):
            line = self._lines[self._at].rstrip("\r")
            if self._is_header(self._at):
                old, new = self._names()
                same = told.old in {old, None} and told.new in {new, None}
                return self._change(told) if same else told
            changed = _extended(line, told)
            if changed is None:
                break
            told = changed
            self._at += 1
        return told

    def _change(self, told: Change) -> Change:
        old, new = self._names()
        if old is None and new is None:
            raise ToolError("A file that is /dev/null before and after is none.")
        self._at += 2
        return told._replace(old=old, new=new, hunks=tuple(self._hunks()))

    def _names(self) -> tuple[str | None, str | None]:
        """Return the names in the two lines of a header, which come next."""
        old, new = (_path(self._lines[self._at + offset][4:]) for offset in (0, 1))
        return _stripped(old, new)

    def _hunks(self) -> Iterator[Hunk]:
        while self._at < len(self._lines) and self._lines[self._at].startswith("@@"):
            found = _HUNK.fullmatch(self._lines[self._at].rstrip("\r"))
            self._at += 1
            if found is None or any(len(each or "") > _NUMBER for each in found.groups()):
                raise ToolError(f"A @@ line cannot be read: {self._lines[self._at - 1][:80]}")
            start, old, _, new = found.groups()
            numbers = [int(each or 1) for each in (old, new)] if start else [0, 0]
            lines = tuple(self._body(*numbers))
            if not lines:
                raise ToolError("There is nothing below a @@ line.")
            yield Hunk(int(start) if start else None, lines)

    def _body(self, old: int, new: int) -> list[Line]:
        """Return the lines of a hunk, of which there are to be so many `old` and `new` ones."""
        lines: list[Line] = []
        bare = 0  # empty lines at the end, without even the blank of a line that stays
        while self._at < len(self._lines) and not self._ends(inside=old > 0 or new > 0):
            line = self._lines[self._at]
            self._at += 1
            if line.startswith(_NO_NEWLINE) and lines:
                lines[-1] = lines[-1]._replace(open=True)
                continue
            kind = line[:1] or " "
            lines.append(Line(kind, line[1:].removesuffix("\r")))
            old, new = old - (kind != "+"), new - (kind != "-")
            bare = 0 if line else bare + 1
        while bare and (old, new) != (0, 0):  # they stand behind the patch, and are not of it
            lines.pop()
            old, new, bare = old + 1, new + 1, bare - 1
        return lines

    def _ends(self, *, inside: bool) -> bool:
        """Return whether a hunk ends before the next line; `inside`: it is to have more lines."""
        line = self._lines[self._at]
        if line.startswith(("@@", "diff --git ")):
            return True
        if self._is_header(self._at):
            below = self._lines[self._at + 2 : self._at + 3]
            return not inside or any(each.startswith("@@") for each in below)
        if line[:1] in {"", " ", "+", "-", _NO_NEWLINE}:
            return line == _SIGNATURE and not inside
        if inside:
            raise ToolError(f"A line of a hunk begins with none of ' ', '+', '-': {line[:80]}")
        return True

    def _is_header(self, at: int) -> bool:
        pair = self._lines[at : at + 2]
        return len(pair) == 2 and pair[0].startswith("--- ") and pair[1].startswith("+++ ")


def _extended(line: str, told: Change) -> Change | None:
    """Return `told` with what a line of git's own adds to it; None where it is no such line."""
    word, _, rest = line.rpartition(" ")
    if word in {"new file mode", "new mode"}:
        return _moded(rest, told._replace(old=None) if word.startswith("new file") else told)
    if word == "deleted file mode":
        return told._replace(new=None)
    if line.startswith("rename from "):
        return told._replace(old=_path(line[len("rename from ") :]))
    if line.startswith("rename to "):
        return told._replace(new=_path(line[len("rename to ") :]))
    if line.startswith(("copy ", "GIT binary patch", "Binary files ")):
        raise ToolError(f"That cannot be applied: {line[:80]}")
    known = ("old mode ", "index ", "similarity index ", "dissimilarity index ")
    return told if line.startswith(known) else None


def _moded(mode: str, told: Change) -> Change:
    if mode not in {"100644", "100755"}:
        raise ToolError(f"Only regular files can be made, and {mode} is no mode of one.")
    return told._replace(executable=mode == "100755")


def _git_names(header: str) -> tuple[str | None, str | None]:
    """Return the names of a `diff --git` line, which say the same name twice but for a rename."""
    names = header.removeprefix("diff --git ").rstrip("\r")
    middle = len(names) // 2
    old, new = names[:middle], names[middle + 1 :]
    return _stripped(_path(old), _path(new))


def _stripped(old: str | None, new: str | None) -> tuple[str | None, str | None]:
    """Return the names without git's `a/` and `b/`, where both that are there have them."""
    if (old is None or old.startswith("a/")) and (new is None or new.startswith("b/")):
        return old and old[2:], new and new[2:]
    return old, new


def _path(written: str) -> str | None:
    name = written.partition("\t")[0].rstrip("\r ")
    if name.startswith('"') and name.endswith('"') and len(name) > 1:
        name = _unquoted(name[1:-1])
    return None if name == _NOTHING else name


def _unquoted(name: str) -> str:
    def byte(found: re.Match[str]) -> str:
        code = found[1]
        return chr(int(code, 8) & 255) if len(code) == 3 else _ESCAPES.get(code, code)

    try:
        plain = _OCTAL.sub(byte, name.encode().decode("latin-1"))
        return plain.encode("latin-1").decode()
    except UnicodeError as error:
        raise ToolError(f"The name {name[:200]} is no UTF-8.") from error


# Applying


def apply(text: str, hunks: Sequence[Hunk], name: str) -> str:
    """Return `text` with `hunks` applied. Raises `ToolError` for what does not fit."""
    lines = _split(text)
    ending = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    made: list[str] = []
    done, drift = 0, 0
    for number, hunk in enumerate(hunks, start=1):
        start = _place(lines, hunk, done, drift, f"hunk {number} of {name}")
        made += lines[done:start]
        done = start
        for line in hunk.lines:
            if line.kind == "+":
                made.append(line.text + ("" if line.open else ending))
            else:
                made += [lines[done]] if line.kind == " " else []
                done += 1
        if hunk.start is not None:
            drift = start - _expected(hunk)
    made += lines[done:]
    closed = [line if line.endswith("\n") else line + ending for line in made[:-1]]
    return "".join([*closed, *made[-1:]])


def _place(lines: Sequence[str], hunk: Hunk, least: int, drift: int, where: str) -> int:
    """Return the line, from 0 and not before `least`, at which `hunk` fits."""
    old = hunk.old
    plain = [line.rstrip("\r\n") for line in lines]
    if hunk.start is not None:
        expected = _expected(hunk) + drift
        if least <= expected <= len(plain) and plain[expected : expected + len(old)] == old:
            return expected
    if not old:
        if lines or least:
            raise ToolError(f"{where} does not say where its lines belong: add some around them.")
        return 0
    first = old[0]
    fits = [
        at
        for at in range(least, len(plain) - len(old) + 1)
        if plain[at] == first and plain[at : at + len(old)] == old
    ]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise ToolError(f"{where} fits in {len(fits)} places: add more of the lines around it.")
    missing = next((line for line in old if line not in plain), None)
    which = "its lines do not follow each other" if missing is None else f"no line is {missing!r}"
    raise ToolError(f"{where} does not fit: {which[:300]}.")


def _expected(hunk: Hunk) -> int:
    """Return where a hunk says it begins, from 0; one that takes nothing stands behind a line."""
    start = hunk.start or 0
    return max(0, start - 1) if hunk.old else start


def _split(text: str) -> list[str]:
    """Return the lines with their ends; only newlines end one."""
    pieces = text.split("\n")
    return [f"{piece}\n" for piece in pieces[:-1]] + [piece for piece in pieces[-1:] if piece]
