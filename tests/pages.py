"""The pages of the documentation as data: their fenced blocks, code spans, headings and links."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]

_FENCE = re.compile(r"```(\w*)\s*$")


class Block(NamedTuple):
    """One fenced block: its page, the line it begins on, its language, its text."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        """What a failing test is called by."""
        return f"{self.page.name}:{self.line}"


class Page(NamedTuple):
    """A page taken apart: `prose` is what is left without the fenced blocks."""

    path: Path
    prose: str
    blocks: tuple[Block, ...]

    def spans(self) -> list[str]:
        """Return the inline code of the page."""
        return re.findall(r"`([^`\n]+)`", self.prose)

    def links(self) -> list[str]:
        """Return the targets of the links and pictures of the page."""
        return re.findall(r"\]\(([^)\s]+)\)", self.prose)

    def anchors(self) -> set[str]:
        """Return the anchors of the headings, as GitHub makes them."""
        titles = re.findall(r"^#{1,6} +(.+)$", self.prose, re.M)
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def read(path: Path) -> Page:
    """Take the page at `path` apart."""
    prose: list[str] = []
    blocks: list[Block] = []
    inside: list[str] | None = None
    language, start = "", 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        fence = _FENCE.match(line)
        if fence and inside is None:
            inside, language, start = [], fence[1], number
        elif fence and inside is not None:
            blocks.append(Block(path, start, language, "\n".join(inside) + "\n"))
            inside = None
        else:
            (prose if inside is None else inside).append(line)
    assert inside is None, f"{path.name}: the block of line {start} has no end"
    return Page(path, "\n".join(prose), tuple(blocks))


def blocks(*languages: str) -> Iterator[Block]:
    """Yield the blocks of all pages that are in one of `languages`."""
    for path in PAGES:
        yield from (block for block in read(path).blocks if block.language in languages)
