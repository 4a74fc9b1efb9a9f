"""Patterns of paths, as `.gitignore` writes them: `*.py`, `src/**/test_*`, `/build`.

Rule: pure, and never slow: each part of a path is held against each part of the pattern once, so
that no pattern of anybody's makes it look again and again.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

_ANY = None  # the part `**`: any number of names, none too
_MOST_FORMS = 64
_BRACES = re.compile(r"\{([^{}]*)\}")
_LONGEST = 1000  # characters of a part; a longer one fits no name that there can be
_TOKEN = re.compile(
    r"(?P<star>\*+)|(?P<one>\?)|\\(?P<plain>.)"
    r"|\[(?P<no>[!^]?)(?P<chars>\]?(?:\[:[a-z]+:\]|\\.|[^\]\\])*)\]|(?P<other>.)",
    re.DOTALL,
)
_CHAR = r"\\.|[^\\]"
_ITEM = re.compile(
    rf"\[:(?P<kind>[a-z]+):\]|(?P<low>{_CHAR})-(?P<high>{_CHAR})|(?P<char>{_CHAR})", re.DOTALL
)
_KINDS = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "cntrl": r"\x01-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r" \t\n\v\f\r",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}
_NOTHING = "(?!)"


class Glob:
    """One pattern. One without a slash in it is looked for at any depth.

    `*` and `?` stop at slashes, `**` does not, `[…]` is one of some characters, and a backslash
    takes a character as it is. `anchored` has a pattern begin where the path does, whatever it is.
    """

    def __init__(self, pattern: str, *, anchored: bool = False) -> None:
        inner = pattern.strip("/")
        anchored = anchored or "/" in pattern.rstrip("/")
        parts = [part for part in inner.split("/") if part]
        if parts and parts[-1] == "**":
            parts.append("*")  # what is inside, and not the folder itself
        if parts and not anchored:
            parts.insert(0, "**")
        # Several `**` in a row mean no more than one, and would be gone through again and again.
        self._parts = [
            _ANY if part == "**" else _compiled(part)
            for part, before in zip(parts, ["", *parts], strict=False)
            if not part == before == "**"
        ]

    def matches(self, path: Sequence[str]) -> bool:
        """Return whether the parts of a relative path fit the pattern, all of them."""
        end = len(self._parts)
        reached = self._on({0})
        for name in path:
            following = set()
            for place in reached - {end}:
                part = self._parts[place]
                if part is None:
                    following.add(place)
                elif part.match(name):
                    following.add(place + 1)
            reached = self._on(following)
        return end in reached

    def _on(self, places: set[int]) -> set[int]:
        """Return `places`, and those behind any `**` that stands there."""
        found = set(places)
        for place in places:
            while place < len(self._parts) and self._parts[place] is _ANY:
                place += 1  # noqa: PLW2901
                found.add(place)
        return found


def globs(pattern: str) -> list[Glob]:
    """Return the patterns that one with braces stands for: `*.{c,h}` is two.

    Raises ValueError where it stands for too many.
    """
    forms = [pattern]
    while any(_BRACES.search(form) for form in forms):
        opened = (made for form in forms for made in _opened(form))
        forms = list(islice(opened, _MOST_FORMS + 1))
        if len(forms) > _MOST_FORMS:
            raise ValueError(f"the pattern stands for more than {_MOST_FORMS} others")
    return [Glob(form) for form in forms]


def _opened(form: str) -> Iterator[str]:
    found = _BRACES.search(form)
    if found is None:
        yield form
        return
    for each in found[1].split(","):
        yield form[: found.start()] + each + form[found.end() :]


def _compiled(part: str) -> re.Pattern[str]:
    if len(part) > _LONGEST:
        return re.compile(_NOTHING)
    runs = [""]  # what stands between the stars
    for found in _TOKEN.finditer(part):
        if found["star"]:
            runs.append("")
        else:
            runs[-1] += _one(found)
    first, *others = runs
    if others:  # nothing is gone back over: what a star takes is settled by what comes next
        first += "".join(f"(?>.*?{run})" for run in others[:-1]) + f".*{others[-1]}"
    return re.compile(rf"(?s:{first})\Z")


def _one(found: re.Match[str]) -> str:
    """Return the expression of one character of a name."""
    if found["one"]:
        return "."
    if found["chars"] is None:
        return re.escape(found["plain"] or found["other"])
    items = [_item(item) for item in _ITEM.finditer(found["chars"])]
    if None in items:  # of a kind that git does not know either
        return _NOTHING
    inside = "".join(filter(None, items))
    if not inside:
        return "." if found["no"] else _NOTHING
    return f"[{'^' if found['no'] else ''}{inside}]"


def _item(found: re.Match[str]) -> str | None:
    if found["kind"]:
        return _KINDS.get(found["kind"])
    if found["char"]:
        return re.escape(found["char"][-1])
    low, high = found["low"][-1], found["high"][-1]
    return f"{re.escape(low)}-{re.escape(high)}" if low <= high else ""
