"""The `docs` model: it answers by finding the fitting section of the bundled documentation.

The search is BM25 (Robertson and Zaragoza, 2009) over the sections of the Markdown pages, with the
headings counted several times. A section is only given as an answer if it holds enough of what
makes the question particular; otherwise the answer says that nothing was found.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

_STOP: Final = frozenset(
    re.split(
        r"\s+",
        "a an and are as at be by can could do does for from get has have how i if in is it its me "
        "my of on or please say should so some tell than that the their them then there these they "
        "this to us was we what when where which who why will with would you your about "
        "copilot chat",
    )
)
_SAME: Final = {
    "login": "sign", "signin": "sign", "authenticate": "sign", "authentication": "sign",
    "signed": "sign", "onboard": "onboard", "logout": "logout", "signout": "logout",
    "remove": "delete", "uninstall": "delete", "erase": "delete", "forget": "delete",
    "conversation": "session", "history": "session", "configuration": "setting",
    "config": "setting", "configure": "setting", "option": "setting", "preference": "setting",
    "colour": "color", "password": "passphrase", "secret": "secret", "stored": "store",
    "saved": "store", "save": "store", "kept": "store", "keep": "store", "error": "error",
    "variable": "environment", "env": "environment", "safe": "risk", "banned": "risk",
    "installed": "install", "installation": "install", "installing": "install",
}  # fmt: skip
"""Words that people use for what the documentation calls otherwise, after stemming."""

_HEADING_WEIGHT: Final = 4
_K1: Final = 1.4
_B: Final = 0.6
_ENOUGH: Final = 0.5
_LONGEST_QUESTION: Final = 600


class Section(NamedTuple):
    """A heading with what stands under it. `source` is the page's path as a reader knows it."""

    source: str
    title: str
    text: str


def pages() -> list[tuple[str, str]]:
    """The bundled pages as (name, Markdown): from the installed package, else the checkout."""
    package = Path(__file__).resolve().parent.parent
    bundled = package / "_docs"
    folder = bundled if bundled.is_dir() else package.parent / "docs"
    found = [(f"docs/{page.relative_to(folder).as_posix()}", page) for page in folder.rglob("*.md")]
    readme = (bundled if bundled.is_dir() else package.parent) / "README.md"
    if readme.is_file():
        found = [("README.md", readme), *(item for item in found if item[1] != readme)]
    return [(name, page.read_text("utf-8")) for name, page in sorted(found)]


def sections(name: str, markdown: str) -> list[Section]:
    """The page cut at its headings; a `#` inside a fenced block is no heading."""
    made: list[Section] = []
    title, lines, fence = "", list[str](), ""
    for line in markdown.splitlines():
        mark = re.match(r" {0,3}(`{3,}|~{3,})", line)
        if mark and (not fence or (line.strip() == mark[1] and mark[1].startswith(fence))):
            fence = "" if fence else mark[1]
        heading = None if fence else re.match(r"#{1,6} +(.+?)(?: +#+)?$", line)
        if heading:
            made.append(Section(name, title, "\n".join(lines).strip()))
            title, lines = heading[1], []
        else:
            lines.append(line)
    made.append(Section(name, title, "\n".join(lines).strip()))
    return [section for section in made if section.text]


def terms(text: str) -> list[str]:
    """The words of a text that are worth a search, in one form each."""
    words = re.findall(r"[a-z0-9][a-z0-9_]*", text.lower().replace("sign in", "login"))
    return [_SAME.get(stem, stem) for stem in map(_stem, words) if stem not in _STOP]


def _stem(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] not in "su" else word


class Library:
    """A searchable set of pages, given as (name, Markdown); by default the bundled ones."""

    def __init__(self, pages_of: Iterable[tuple[str, str]] | None = None) -> None:
        self._given = pages_of

    @cached_property
    def sections(self) -> list[Section]:
        """All sections, in the order of the pages."""
        given = pages() if self._given is None else self._given
        return [section for name, text in given for section in sections(name, text)]

    @cached_property
    def _counts(self) -> list[Counter[str]]:
        made = []
        for section in self.sections:
            counts = Counter(terms(section.text))
            for term in terms(section.title):
                counts[term] += _HEADING_WEIGHT
            made.append(counts)
        return made

    @cached_property
    def _lengths(self) -> list[int]:
        return [counts.total() for counts in self._counts]

    @cached_property
    def _frequencies(self) -> Counter[str]:
        """In how many sections each term occurs."""
        return Counter(term for counts in self._counts for term in counts)

    def _weight(self, term: str) -> float:
        seen = self._frequencies[term]
        return math.log(1 + (len(self.sections) - seen + 0.5) / (seen + 0.5))

    def _score(self, number: int, question: set[str]) -> float:
        counts, length = self._counts[number], self._lengths[number]
        average = sum(self._lengths) / len(self._lengths)
        slope = _K1 * (1 - _B + _B * length / average)
        return sum(
            self._weight(term) * counts[term] * (_K1 + 1) / (counts[term] + slope)
            for term in question
        )

    def find(self, question: str) -> Section | None:
        """The section that fits best; None if none holds half of what is asked for."""
        asked = set(terms(question))
        if not asked or not self.sections:
            return None
        best = max(range(len(self.sections)), key=lambda number: self._score(number, asked))
        held = sum(self._weight(term) for term in asked if self._counts[best][term])
        total = sum(self._weight(term) for term in asked)
        return self.sections[best] if held >= _ENOUGH * total else None

    def answer(self, question: str) -> str:
        """What the `docs` model says: the section with its source, or that there is none."""
        section = self.find(_last_paragraph(question))
        if section is None:
            return self._nothing(question)
        title = f"### {section.title}\n\n" if section.title else ""
        return f"{title}{section.text}\n\n*Source: {section.source}*\n"

    def _nothing(self, question: str) -> str:
        asked = " ".join(question.split())
        shown = asked if len(asked) <= 80 else asked[:79] + "…"
        said = (
            "This is the simulator's documentation model: it only looks things up in the "
            "documentation of `copilot-chat`, and there it found nothing about "
            f"“{shown.replace('`', '')}”.\n"
        )
        topics = list(dict.fromkeys(section.title for section in self.sections if section.title))
        if not topics:
            return said + "\nNo documentation is bundled with this installation.\n"
        return said + "\nIt can answer questions about:\n\n" + "".join(f"- {t}\n" for t in topics)


def _last_paragraph(question: str) -> str:
    """Of a long message (a file and a request) the part that is likely to be the request."""
    if len(question) <= _LONGEST_QUESTION:
        return question
    return re.split(r"\n\s*\n", question.strip())[-1][-_LONGEST_QUESTION:]
