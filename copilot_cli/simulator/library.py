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
        "between this to us was we what when where which who why will with would you your about "
        "work mean happen",
    )
)
_SAME: Final = {
    "login": "sign", "signin": "sign", "authenticate": "sign", "authentication": "sign",
    "signout": "logout", "remove": "delete", "uninstall": "delete", "erase": "delete",
    "forget": "delete", "conversation": "session", "history": "session", "configure": "setting",
    "configuration": "setting", "config": "setting", "option": "setting", "preference": "setting",
    "colour": "color", "password": "passphrase", "save": "store", "keep": "store", "kept": "store",
    "variable": "environment", "env": "environment", "safe": "risk", "banned": "risk",
    "installation": "install", "price": "cost", "quota": "usage", "pipe": "stdin",
    "risky": "risk", "ban": "risk", "dangerous": "risk", "switch": "choose", "change": "choose",
    "pick": "choose", "select": "choose",
}  # fmt: skip
"""What people say for what the documentation calls otherwise."""

_HEADING_WEIGHT: Final = 4
_K1: Final = 1.4
_B: Final = 0.6
_ENOUGH: Final = 0.4
_LONGEST_QUESTION: Final = 600  # characters
_LONG_TABLE: Final = 8  # rows
_FOR_DEVELOPERS: Final = ("docs/simulator.md", "docs/design.md", "docs/contributing.md")
_ASIDE: Final = 0.6  # what such a page's score counts: most people ask how to use the program


class Section(NamedTuple):
    """A heading with what stands under it. `source` is the page's path as a reader knows it."""

    source: str
    page: str  # the page's first heading
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
    page, title, lines, fence = "", "", list[str](), ""
    for line in markdown.splitlines():
        mark = re.match(r" {0,3}(`{3,}|~{3,})", line)
        if mark and (not fence or (line.strip() == mark[1] and mark[1].startswith(fence))):
            fence = "" if fence else mark[1]
        heading = None if fence else re.match(r"#{1,6} +(.+?)(?: +#+)?$", line)
        if heading:
            made.append(Section(name, page, title, "\n".join(lines).strip()))
            title, lines = heading[1], []
            page = page or title
        else:
            lines.append(line)
    made.append(Section(name, page, title, "\n".join(lines).strip()))
    return [section for section in made if section.text]


def terms(text: str) -> list[str]:
    """The words of a text that are worth a search, in one form each."""
    words = re.findall(r"[a-z0-9][a-z0-9_]*", text.lower().replace("log in", "login"))
    stems = [_stem(word) for word in words if word not in _STOP]
    return [_ONE_FORM.get(stem, stem) for stem in stems if stem not in _STOP]


def _stem(word: str) -> str:
    """The word without its commonest English endings: store, stores, stored, storing are one."""
    if word.endswith("s") and len(word) > 3 and word[-2] not in "su":
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word.removesuffix(ending)
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


def _parts(text: str) -> str:
    """The parts of names like HTTPS_PROXY, which are found by a single word as well."""
    return " ".join(re.findall(r"\w+_\w+", text)).replace("_", " ")


_ONE_FORM: Final = {_stem(word): _stem(meant) for word, meant in _SAME.items()}


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
            counts = Counter(terms(section.text) + terms(_parts(section.text)))
            for term in terms(section.title):
                counts[term] += _HEADING_WEIGHT
            counts.update(terms(section.page))
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
        seen = max(1, self._frequencies[term])  # a word that is nowhere weighs as a rare one
        return math.log(1 + (len(self.sections) - seen + 0.5) / (seen + 0.5))

    def _score(self, number: int, question: set[str]) -> float:
        counts, length = self._counts[number], self._lengths[number]
        average = sum(self._lengths) / len(self._lengths)
        slope = _K1 * (1 - _B + _B * length / average)
        score = sum(
            self._weight(term) * counts[term] * (_K1 + 1) / (counts[term] + slope)
            for term in question
        )
        return score * self._standing(number)

    def _standing(self, number: int) -> float:
        return _ASIDE if self.sections[number].source in _FOR_DEVELOPERS else 1.0

    def find(self, question: str) -> Section | None:
        """The section that fits best; None if none holds enough of what is asked for."""
        asked = set(terms(question))
        total = sum(self._weight(term) for term in asked)
        fitting = [
            number
            for number, counts in enumerate(self._counts)
            if sum(self._weight(term) for term in asked if counts[term]) * self._standing(number)
            >= _ENOUGH * total
        ]
        if not asked or not fitting:
            return None
        return self.sections[max(fitting, key=lambda number: self._score(number, asked))]

    def answer(self, question: str) -> str:
        """What the `docs` model says: the section with its source, or that there is none."""
        request = re.split(r"\n\s*\n", question.strip())[-1]  # after what was piped in
        for asked in (request, question):
            section = self.find(asked[-_LONGEST_QUESTION:])
            if section is not None:
                title = f"### {section.title}\n\n" if section.title else ""
                text = _fitting_rows(section.text, set(terms(asked)))
                return f"{title}{text}\n\n*Source: {section.source}*\n"
        return self._nothing(request)

    def _nothing(self, question: str) -> str:
        asked = " ".join(question.split()).replace("`", "")
        shown = asked if len(asked) <= 80 else asked[:79] + "…"
        said = (
            "This is the simulator's documentation model: it only looks things up in the "
            f"documentation of `copilot-chat`, and there it found nothing about “{shown}”.\n"
        )
        if not self.sections:
            return said + "\nNo documentation is bundled with this installation.\n"
        titles: dict[str, list[str]] = {}
        for section in self.sections:
            titles.setdefault(section.source, []).append(section.title)
        rows = [f"- {name}: {', '.join(filter(None, kept))}" for name, kept in titles.items()]
        return said + "\nIt can answer questions about:\n\n" + "\n".join(rows) + "\n"


def _fitting_rows(text: str, asked: set[str]) -> str:
    """The section with a long table cut to the rows that the question is about, if any are."""
    kept: list[str] = []
    for block in re.split(r"(?m)(?<=\n)(?=\|)(?<!\|\n)", text):
        lines = block.splitlines(keepends=True)
        rows = [line for line in lines if line.startswith("|")]
        body = rows[2:]
        fitting = [row for row in body if asked & set(terms(row) + terms(_parts(row)))]
        short = len(body) <= _LONG_TABLE or not fitting
        kept += lines if short else [it for it in lines if it not in body or it in fitting]
    return "".join(kept).rstrip()
