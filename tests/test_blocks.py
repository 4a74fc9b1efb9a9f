"""The block structure is CommonMark's: held against markdown-it over the whole text."""

import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from copilot_cli.ui.grammar import split_row
from copilot_cli.ui.pieces import Piece
from copilot_cli.ui.splitter import BlockSplitter

_PARSER = MarkdownIt("commonmark").enable("table")

Leaf = tuple[str, tuple[Any, ...], Any]
"""Kind, the numbers of the items (None for bullets, ">" for quotes) around it, and its text."""

# Without tabs and link references, which the two treat alike but report differently.
_ATOMS = (
    *(
        "- ",
        "* ",
        "1. ",
        "2) ",
        "10. ",
        "> ",
        "    ",
        "  ",
        " ",
        "\n",
        "\n",
        "\n\n",
        "```",
        "```py\n",
    ),
    *("~~~", "# ", "## x", "---", "===", "***", "a", "b c", "foo bar", "<div>", "</div>", "<!-- x"),
    *("-->", "<script>", "`", "text\n", "-", "+", "12345 "),
)


class _Oracle:
    """Turns markdown-it's tokens into leaves."""

    def __init__(self) -> None:
        self.leaves: list[Leaf] = []
        self._path: list[Any] = []
        self._fresh: list[bool] = []
        self._lists: list[int | None] = []
        self._heading = 0
        self._table: list[list[str]] | None = None

    def read(self, text: str) -> list[Leaf]:
        for token in _PARSER.parse(text):
            name, _, edge = token.type.rpartition("_")
            if edge in {"open", "close"}:
                getattr(self, f"_{edge}", lambda *_: None)(name, token)
            else:
                self._content(token)
        return self.leaves

    def _leaf(self, kind: str, content: Any) -> None:
        self.leaves.append((kind, tuple(self._path), content))
        self._fresh = [False] * len(self._fresh)

    def _open(self, name: str, token: Any) -> None:
        if name in {"bullet_list", "ordered_list"}:
            start = token.attrGet("start")
            self._lists.append(None if name == "bullet_list" else 1 if start is None else start)
        elif name in {"blockquote", "list_item"}:
            number = ">" if name == "blockquote" else self._lists[-1]
            self._path.append(number)
            self._fresh.append(name == "list_item")
            if isinstance(number, int):
                self._lists[-1] = number + 1
        elif name == "heading":
            self._heading = int(token.tag[1])
        elif name == "table":
            self._table = []
        elif name == "tr" and self._table is not None:
            self._table.append([])

    def _close(self, name: str, token: Any) -> None:
        if name in {"bullet_list", "ordered_list"}:
            self._lists.pop()
        elif name in {"blockquote", "list_item"}:
            if self._fresh[-1]:
                self._leaf("paragraph", "")
            self._path.pop()
            self._fresh.pop()
        elif name == "heading":
            self._heading = 0
        elif name == "table":
            self._leaf("table", self._table)
            self._table = None

    def _content(self, token: Any) -> None:
        if token.type == "inline" and self._table is not None:
            self._table[-1].append(token.content)
        elif token.type == "inline":
            self._leaf(f"h{self._heading}" if self._heading else "paragraph", _plain(token.content))
        elif token.type in {"fence", "code_block"}:
            self._leaf("code", _stripped(token.content))
        elif token.type == "html_block":
            self._leaf("html", _stripped(token.content))
        elif token.type == "hr":
            self._leaf("rule", "")


def _plain(text: str) -> str:
    return "\n".join(line.strip() for line in text.split("\n")).strip()


def _stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n")).rstrip("\n")


def _ours(pieces: Iterable[Piece]) -> list[Leaf]:
    """Turn pieces into leaves; blocks that came in parts are put together."""
    leaves: list[Leaf] = []
    for piece in pieces:
        path = tuple(">" if c.kind == "quote" else c.number for c in piece.containers)
        if piece.kind == "fence":
            if piece.start:
                leaves.append(("code", path, None))
        elif piece.kind in {"code", "html"} and not piece.start:
            kind, where, text = leaves.pop()
            leaves.append((kind, where, piece.text if text is None else f"{text}\n{piece.text}"))
        elif piece.kind == "heading":
            leaves.append((f"h{piece.level}", path, _plain(piece.text)))
        elif piece.kind == "table":
            head, _, *body = map(split_row, piece.text.split("\n"))
            rows = [(row + [""] * len(head))[: len(head)] for row in body]
            leaves.append(("table", path, [head, *rows]))
        else:
            text = "" if piece.kind == "rule" else piece.text
            leaves.append((piece.kind, path, _plain(text) if piece.kind == "paragraph" else text))
    return [
        (kind, path, _stripped(text or "") if kind in {"code", "html"} else text)
        for kind, path, text in leaves
    ]


def _split(text: str) -> list[Piece]:
    splitter = BlockSplitter(80, 10_000)
    return splitter.feed(text) + splitter.flush()


# Known and meant: markdown-it ends a list whose item was empty before a blank line only for the
# item, where its number goes on; and in a quote or item it takes some lines for code that
# CommonMark has continue a paragraph.
_EMPTY_ITEM = re.compile(r"(?:\d[.)]) *\n")
_INDENTED = re.compile(r"\n {4,}\S|    ")


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(_ATOMS), max_size=16).map("".join))
def test_the_structure_is_that_of_the_whole_text(text: str) -> None:
    """The leaves found line by line are those that markdown-it finds in the finished text."""
    if _EMPTY_ITEM.search(text) or _INDENTED.search(text):
        return
    assert _ours(_split(text)) == _Oracle().read(text)


CASES = {
    "setext headings": "Title\n===\n\nTwo lines\nof title\n---\n",
    "not a heading but a rule": "- item\n---\n",
    "lazy paragraph in a quote": "> one\ntwo\n\nthree\n",
    "lazy paragraph in an item": "- one\ntwo\n- three\n",
    "nested lists": "- a\n  - b\n    1. c\n    2. d\n  - e\n- f\n",
    "loose list": "1. a\n\n2. b\n\n   more of b\n\n3. c\n\nafter\n",
    "fence in an item": "1. do:\n\n   ```sh\n   ls\n\n   pwd\n   ```\n\n2. done\n",
    "fence that the item's end closes": "- ```\n  a\nb\n",
    "unclosed fence": "```py\nx = 1\n\n\ny = 2",
    "longer fence holds shorter": "````\n```\n````\nafter\n",
    "fence in a paragraph": "text\n```\ncode\n```\ntext\n",
    "indented code with blank lines": "    a\n\n\n      b\n\nafter\n",
    "code after a list": "- a\n\n      code in it\n",
    "html until a blank line": "<div>\n*a*\n\n*b*\n",
    "html comment over blank lines": "<!-- a\n\nb -->\nafter\n",
    "html does not interrupt": "text\n<b>x</b>\n",
    "table": "| a | b |\n|:--|--:|\n| 1 | 2 |\n| 3 |\n\nafter\n",
    "table after a paragraph": "text\na | b\n--|--\n1 | 2\n",
    "table ended by a list": "a | b\n--|--\n1 | 2\n- item\n",
    "escaped pipe": "a | b\n--|--\nx \\| y | 2\n",
    "ordered list that may not interrupt": "text\n2. no list\n",
    "ordered list that may": "text\n1. a list\n",
    "bullets change": "- a\n* b\n+ c\n",
    "empty items": "-\n- a\n-\n",
    "item that begins with code": "-     code\n\n  text\n",
    "headings": "# a #\n####### no\n#no\n## \n### b ###\n",
    "quote in list in quote": "> - > a\n>   > b\n> - c\n",
    "rules": "***\n- - -\n___\n",
    "no end": "- a\n  - b",
    "tabs": "-\ta\n\n\tb\n\n>\tc\n",
}


@pytest.mark.parametrize("name", CASES)
def test_the_structure_of_what_models_write(name: str) -> None:
    """Each construct is what markdown-it makes of it, and says what it stands in."""
    expected = [
        (kind, path, text.expandtabs(4) if kind == "code" else text)
        for kind, path, text in _Oracle().read(CASES[name])
    ]
    assert _ours(_split(CASES[name])) == expected


def test_link_references_before_a_heading_are_no_part_of_it() -> None:
    """A definition is a block of its own, though a heading's underline follows."""
    kinds = [(piece.kind, piece.text) for piece in _split("[a]: /u\nTitle\n===\n")]
    assert kinds == [("paragraph", "[a]: /u"), ("heading", "Title")]


def test_a_block_leaves_as_soon_as_it_is_certain() -> None:
    """A heading, a line of code, a paragraph before its blank line: none waits for more."""
    splitter = BlockSplitter()
    assert [p.kind for p in splitter.feed("# a\n")] == ["heading"]
    assert [p.kind for p in splitter.feed("text")] == []
    assert [p.kind for p in splitter.feed("\n")] == []
    assert [p.kind for p in splitter.feed("\n")] == ["paragraph"]
    assert [p.kind for p in splitter.feed("```\n")] == ["fence"]
    assert [p.text for p in splitter.feed("one\ntw")] == ["one"]
    assert [p.kind for p in splitter.feed("o\n```\n")] == ["code", "fence"]
