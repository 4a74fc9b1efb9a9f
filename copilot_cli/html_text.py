"""A web page as text for a model: title, headings, lists, links with their targets, code, tables.

Rule: it is written as Markdown, and nothing of a page is carried out or fetched. Scripts, styles,
drawings and what is meant for other programs are left out. The work grows with the page's length;
no nesting is too deep, since nothing is recursive.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from copilot_cli.html_tokens import End, Start, Text, tokens
from copilot_cli.patterns import pattern

_UNREAD = frozenset({"script", "style", "template", "svg", "math", "canvas", "noscript", "iframe"})
_UNREAD |= {"object", "audio", "video", "head"}
_READ_IN_HEAD = frozenset({"title", "base"})
_IN_HEAD = _READ_IN_HEAD | {"meta", "link", "script", "style", "noscript", "template"}
_BLOCKS = frozenset({"p", "div", "section", "article", "header", "footer", "main", "nav", "aside"})
_BLOCKS |= {"ul", "ol", "dl", "dt", "dd", "table", "form", "figure", "figcaption", "blockquote"}
_BLOCKS |= {"address", "fieldset", "details", "summary", "body", "html"}
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_SPACE = pattern(r"[ \t\n\r\f\v]+")
_BLANKS = pattern(r"\n{3,}")
_DEEPEST = 8  # levels of lists that are indented
_LONGEST_TARGET = 2000  # characters
_TARGETS = 500_000  # characters of all targets: a long address makes each short link a long one
_OFTEN = 1024  # tokens after which `proceed` is asked


class Page(NamedTuple):
    """What is to be read on a page."""

    title: str
    text: str


def read_page(html: str, address: str = "", proceed: Callable[[], object] | None = None) -> Page:
    """Return the page `html`, its links made whole by the `address` that it was found at.

    `proceed` is called now and then, and may raise to end the work.
    """
    reader = _Reader(address)
    for count, token in enumerate(tokens(html)):
        if proceed is not None and count % _OFTEN == 0:
            proceed()
        match token:
            case Text(text):
                reader.text(text)
            case Start(name, attributes):
                reader.start(name, attributes)
            case End(name):
                reader.end(name)
    return reader.page()


class _Reader:
    """Writes down what is read, block by block."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._title: list[str] | None = None
        self._titled = ""
        self._unread: str | None = None
        self._unread_depth = 0
        self._lines: list[str] = []
        self._line: list[str] = []
        self._lists: list[int | None] = []  # an ordered list's last number; None for a bulleted one
        self._worded = False  # whether the line holds more than a mark of ours
        self._link: tuple[int, str] | None = None
        self._code: list[str] | None = None
        self._targets = 0

    def page(self) -> Page:
        """Return what was read."""
        self._end_code()
        self._end_block()
        text = _BLANKS.sub("\n\n", "\n".join(self._lines)).strip("\n")
        return Page(_plain(self._titled), text)

    # What comes

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Begin an element."""
        if self._skips(tag):
            return
        if self._code is not None:
            if tag == "br":
                self._code.append("\n")
        elif tag == "title":
            self._title = []
        elif tag in _BLOCKS:
            self._begin_block(tag)
        else:
            self._begin(tag, attributes)

    def end(self, tag: str) -> None:
        """End an element."""
        if self._unread is not None:
            if tag == self._unread:
                self._unread_depth -= 1
                self._unread = self._unread if self._unread_depth else None
            self._end_title(tag)
        elif self._code is not None:
            if tag == "pre":
                self._end_code()
        elif tag in _BLOCKS or tag in _HEADINGS or tag in {"li", "tr"}:
            self._end_block()
            if tag in {"ul", "ol"} and self._lists:
                self._lists.pop()
            if tag not in {"li", "tr", "dt"} and not self._lists:
                self._gap()
        else:
            self._end(tag)

    def text(self, data: str) -> None:
        """Take text."""
        if self._title is not None:
            self._title.append(data)
        elif self._code is not None:
            self._code.append(data)
        elif self._unread is None:
            self._write(data)

    # Elements

    def _skips(self, tag: str) -> bool:
        """Say whether `tag` is not read, or stands in what is not."""
        if self._unread is None:
            if tag not in _UNREAD:
                return False
            self._unread, self._unread_depth = tag, 1
            return True
        if self._unread == "head":
            if tag in _READ_IN_HEAD:
                return False
            if tag not in _IN_HEAD:  # the end of the head may be left out
                self._unread = None
                return self._skips(tag)
        if tag == self._unread:
            self._unread_depth += 1
        return True

    def _begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        match tag:
            case "pre":
                self._end_block()
                self._code = []
            case "br" | "hr" | "tr" | "li":
                self._begin_line(tag)
            case "a":
                self._end_link()  # one in another is none of HTML
                self._link = len(self._line), self._target(attributes.get("href", ""))
            case "base":
                self._address = self._whole(attributes.get("href", "")) or self._address
            case "img" if alt := _plain(attributes.get("alt", "")):
                self._write(f"[image: {alt}]")
            case "code":
                self._write("`")
            case "td" | "th" if self._worded:
                self._write(" | ")
            case _ if tag in _HEADINGS:
                self._end_block()
                self._gap()
                self._line.append(f"{_HEADINGS[tag]} ")

    def _begin_block(self, tag: str) -> None:
        if tag != "p" or self._worded:  # the first of a list's item goes on behind its mark
            self._end_block()
        if tag in {"ul", "ol"}:
            self._lists.append(0 if tag == "ol" else None)
        elif not self._lists and tag not in {"dt", "dd"}:
            self._gap()

    def _begin_line(self, tag: str) -> None:
        self._end_block()
        if tag == "hr":
            self._lines += ["", "---", ""]
        elif tag == "li":
            mark = "- "
            if self._lists and self._lists[-1] is not None:
                self._lists[-1] += 1
                mark = f"{self._lists[-1]}. "
            self._line.append("  " * min(len(self._lists) - 1, _DEEPEST) + mark)

    def _end(self, tag: str) -> None:
        self._end_title(tag)
        if tag == "code":
            self._write("`")
        elif tag == "a":
            self._end_link()

    def _end_link(self) -> None:
        if self._link is None:
            return
        (start, target), self._link = self._link, None
        words = _plain("".join(self._line[start:]))
        self._targets += len(target)
        if target and self._targets <= _TARGETS:
            self._line[start:] = [f"[{words}]({target})"] if words else []

    def _end_title(self, tag: str) -> None:
        if tag == "title" and self._title is not None:
            self._titled = self._titled or "".join(self._title)
            self._title = None

    # Lines

    def _write(self, text: str) -> None:
        if not self._worded and not text.strip():
            return
        self._worded = True
        self._line.append(text)

    def _end_block(self) -> None:
        self._end_link()
        text = "".join(self._line)
        self._line, self._worded = [], False
        indent = text[: len(text) - len(text.lstrip(" "))] if self._lists else ""
        if line := _plain(text):
            self._lines.append(indent[: 2 * _DEEPEST] + line)

    def _gap(self) -> None:
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def _end_code(self) -> None:
        if self._code is None:
            return
        code = "".join(self._code).strip("\n")
        self._code = None
        longest = max((len(run) for run in re.findall("`{3,}", code)), default=2)
        fence = "`" * (longest + 1)
        if code.strip():
            self._lines += ["", fence, code, fence, ""]

    # Links

    def _target(self, href: str) -> str:
        """Return where a link leads, empty where that says nothing to a reader elsewhere."""
        if not href or href.lstrip().startswith("#"):
            return ""
        return self._whole(href)

    def _whole(self, href: str) -> str:
        if len(href) > _LONGEST_TARGET:
            return ""
        try:
            whole = urljoin(self._address, href.strip())
            scheme = urlsplit(whole).scheme
        except ValueError:
            return ""
        if scheme not in {"http", "https", "mailto"}:
            return ""
        return "".join(_escaped(whole))


def _escaped(target: str) -> Iterator[str]:
    """Yield a target's characters, those that would end it as %XX."""
    for char in target:
        yield f"%{ord(char):02X}" if char <= " " or char in "()<>" else char


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
