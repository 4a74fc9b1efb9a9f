"""Patterns of paths, as `.gitignore` writes them: `*.py`, `src/**/test_*`, `/build`.

Rule: pure, and never slow: each part of a path is held against each part of the pattern once, so
that no pattern of anybody's makes it look again and again.
"""

import re
from collections.abc import Iterator, Sequence
from fnmatch import translate
from itertools import islice

_ANY = None  # the part `**`: any number of names, none too
_MOST_FORMS = 64
_BRACES = re.compile(r"\{([^{}]*)\}")
_ESCAPED = re.compile(r"\\(.)")


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
    # fnmatch knows no backslash; in a class of its own a star is a star. What fnmatch makes of `*`
    # does not go back over what it has matched.
    return re.compile(translate(_ESCAPED.sub(_plain, part)))


def _plain(found: re.Match[str]) -> str:
    return f"[{found[1]}]" if found[1] in "*?[" else found[1]
