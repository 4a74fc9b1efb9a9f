"""HTML cut into texts and tags, as a browser's tokenizer would, in one pass.

Rule: linear in the page's length, whatever is in it. That of the standard library looks for the end
of what never ends again and again (CVE-2025-6069), while nothing can interrupt it. What is not
finished where the page ends is dropped, as browsers do (HTML Standard §13.2.5).
"""

import html
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from copilot_cli.patterns import pattern


class Text(NamedTuple):
    """Text, its references replaced by what they stand for."""

    text: str


class Start(NamedTuple):
    """The beginning of an element, its name in lower case."""

    name: str
    attributes: Mapping[str, str]


class End(NamedTuple):
    """The end of an element."""

    name: str


Token = Text | Start | End

_NAME = pattern(r"[A-Za-z][^\s/>\0]*")
_GAP = pattern(r"[\s/]*")
_ATTRIBUTE = pattern(r"[^\s/>][^\s/>=]*")
_VALUE = pattern(r"\s*=\s*")
_BARE = pattern(r"[^\s>]*")
_RAW = ("script", "style", "title", "textarea", "iframe", "noembed", "noframes", "xmp")
_RAW_ENDS = {name: pattern(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW}
_REFERRING = frozenset({"title", "textarea"})  # raw text in which references count


def tokens(page: str) -> Iterator[Token]:
    """Yield the texts and tags of `page`, in their order; of comments and the like nothing."""
    place = 0
    while place < len(page):
        opened = page.find("<", place)
        if opened != place:
            yield Text(_unescaped(page[place : opened if opened >= 0 else None]))
            if opened < 0:
                return
        token, place = _markup(page, opened)
        if token is not None:
            yield token
        if isinstance(token, Start) and token.name in _RAW_ENDS:
            end = _RAW_ENDS[token.name].search(page, place)
            raw = page[place : end.start() if end else None]
            if raw:
                yield Text(_unescaped(raw) if token.name in _REFERRING else raw)
            place = end.start() if end else len(page)


def _markup(page: str, place: int) -> tuple[Token | None, int]:
    """Return what begins with the `<` at `place`, None for nothing, and where it ends."""
    following = page[place + 1 : place + 2]
    if page.startswith("<!--", place):
        return None, _after(page, "-->", place + 2)
    if following in {"!", "?"}:
        return None, _after(page, ">", place)
    if following == "/":
        name, end = _NAME.match(page, place + 2), page.find(">", place)
        token = End(name[0].lower()) if name and end >= 0 else None
        return token, end + 1 if end >= 0 else len(page)
    name = _NAME.match(page, place + 1)
    return _start(page, name) if name else (Text("<"), place + 1)


def _after(page: str, mark: str, place: int) -> int:
    """Return the place after the next `mark`; the page's end where there is none."""
    found = page.find(mark, place)
    return found + len(mark) if found >= 0 else len(page)


def _start(page: str, name: re.Match[str]) -> tuple[Start | None, int]:
    """Return the tag of that name and where it ends; None where the page ends before."""
    attributes: dict[str, str] = {}
    place = _skipped(page, name.end())
    while place < len(page):
        if page[place] == ">":
            return Start(name[0].lower(), attributes), place + 1
        found = _ATTRIBUTE.match(page, place)
        assert found is not None  # neither a blank, nor a slash, nor the end stands there
        value, place = _value(page, found.end())
        attributes.setdefault(found[0].lower(), value)
        place = _skipped(page, place)
    return None, len(page)


def _value(page: str, place: int) -> tuple[str, int]:
    """Return the value of the attribute whose name ends at `place`, and where it ends."""
    equals = _VALUE.match(page, place)
    if equals is None:
        return "", place
    quote = page[equals.end() : equals.end() + 1]
    if quote in {'"', "'"}:
        end = page.find(quote, equals.end() + 1)
        if end < 0:
            return "", len(page)
        return _unescaped(page[equals.end() + 1 : end]), end + 1
    bare = _BARE.match(page, equals.end())
    assert bare is not None  # it may be empty
    return _unescaped(bare[0]), bare.end()


def _skipped(page: str, place: int) -> int:
    gap = _GAP.match(page, place)
    return gap.end() if gap else place


def _unescaped(text: str) -> str:
    if "&" not in text:
        return text
    try:
        return html.unescape(text)
    except ValueError:  # a number of more digits than Python reads
        return text
