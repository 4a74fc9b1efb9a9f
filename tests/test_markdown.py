"""Finished pieces as rows: plain to read and to copy."""

import re

import pytest

from copilot_cli.ui.cells import cells
from copilot_cli.ui.markdown import Renderer
from copilot_cli.ui.splitter import BlockSplitter
from copilot_cli.ui.themes import EITHER

_SGR = re.compile(r"\x1b\[[\d;]*m")


def rendered(text: str, *, room: int = 40, color: bool = False) -> list[str]:
    splitter, renderer = BlockSplitter(room, 1000), Renderer(color=color)
    pieces = splitter.feed(text) + splitter.flush()
    return [row for piece in pieces for row in renderer.render(piece, room).rows]


CASES = {
    "heading": ("# Big\n\n## Small *one*\n", ["# Big", "", "## Small one"]),
    "paragraphs": ("one\ntwo\n\nthree\n", ["one two", "", "three"]),
    "blank lines as in the source": (
        "# Title\ntext\n\n\n\nmore\n",
        ["# Title", "text", "", "more"],
    ),
    "bullets": ("- a\n- b\n  - c\n", ["• a", "• b", "  • c"]),
    "loose list": ("- a\n\n- b\n", ["• a", "", "• b"]),
    "numbers": ("9. a\n9. b\n   more\n", ["9. a", "10. b more"]),
    "item that is wrapped": (
        "- " + "word " * 12,
        ["• word word word word word word word", "  word word word word word"],
    ),
    "empty item": ("-\n- b\n", ["•", "• b"]),
    "quote": ("> a\n> b\n>\n> c\n", ["│ a b", "", "│ c"]),
    "rule": ("a\n\n---\nb\n", ["a", "", "─" * 40, "b"]),
    "code": (
        "text\n```py\nx = 1\n\ty\n```\nmore\n",
        ["text", "", "```py", "x = 1", "\ty", "```", "", "more"],
    ),
    "indented code": ("text\n\n    x = 1\n\n      y\n", ["text", "", "x = 1", "", "  y"]),
    "code in an item has no indent": (
        "1. do\n   ```sh\n   ls\n   ```\n2. done\n",
        ["1. do", "", "```sh", "ls", "```", "", "2. done"],
    ),
    "code first in an item": ("- ```\n  ls\n  ```\n", ["•", "```", "ls", "```"]),
    "html is text": ("<div>\n<b>x</b>\n</div>\n", ["<div>", "<b>x</b>", "</div>"]),
    "table": (
        "| a | long name |\n|--:|:-:|\n| 1 | x |\n| 22 | *y* |\n",
        [" a │ long name", "───┼──────────", " 1 │     x", "22 │     y"],
    ),
    "table with long cells": (
        "a | b\n-|-\nx | " + "word " * 10 + "\n",
        [
            "a │ b",
            "──┼─" + "─" * 36,
            "x │ word word word word word word word",
            "  │ word word word",
        ],
    ),
    "definitions show nothing": ("[a]: http://x.org\n\nsee [a]\n", ["see a (http://x.org)"]),
    "definitions leave one gap": ("one\n\n[a]: /u\n\ntwo\n", ["one", "", "two"]),
    "a gap before definitions is one": ("one\n\n[a]: /u\n# two\n", ["one", "", "# two"]),
    "struck text keeps its tildes": ("~~no~~ yes\n", ["~~no~~ yes"]),
    "markup of rich is inert": ("[/b] [red]x[/red]\n", ["[/b] [red]x[/red]"]),
}


@pytest.mark.parametrize("name", CASES)
def test_rows(name: str) -> None:
    """Each construct, without colour."""
    text, expected = CASES[name]
    assert rendered(text) == expected


def test_colour_replaces_the_marks() -> None:
    """With colour hashes, backticks and fences go: a style says it."""
    rows = rendered("# Big\n\n`x`\n\n```py\nreturn 1\n```\n", color=True)
    assert rows == [
        "\x1b[1;4mBig\x1b[m",
        "",
        f"\x1b[{EITHER.number}mx\x1b[m",
        "",
        f"\x1b[{EITHER.keyword}mreturn \x1b[m\x1b[{EITHER.number}m1\x1b[m",
    ]


@pytest.mark.parametrize("color", [True, False])
def test_copied_code_is_the_code(color: bool) -> None:
    """Code has no border, indent or padding, and long lines are not broken by us."""
    code = ["def f():", "    return " + "x" * 60, "", "\tif tab:", "# 日本"]
    rows = rendered("\n".join(["```python", *code, "```", ""]), room=30, color=color)
    shown = [_SGR.sub("", row) for row in rows]
    assert [row for row in shown if not row.startswith("```")] == code


@pytest.mark.parametrize("room", [20, 40, 80])
def test_rows_fit_and_end_without_spaces(room: int) -> None:
    """No row of text or table is wider than the terminal, or padded."""
    text = "\n".join(case for case, _ in CASES.values() if "```" not in case)
    for row in rendered(text * 2, room=room, color=True):
        assert cells(_SGR.sub("", row)) <= room
        assert not _SGR.sub("", row).endswith(" ")


def test_a_table_too_wide_for_the_terminal_is_shown_as_written() -> None:
    """Ten columns do not fit twenty cells: the source is more readable."""
    text = (
        "|".join("abcdefghij") + "\n" + "|".join(["-"] * 10) + "\n" + "|".join(["long cell"] * 10)
    )
    assert rendered(text, room=20) == text.split("\n")


def test_nesting_leaves_room_for_the_text() -> None:
    """However deep a text stands, a narrow terminal shows some of it in each row."""
    rows = rendered("> " * 19 + "some words of a quotation", room=20)
    assert max(len(row.lstrip("│ ")) for row in rows) >= 9


def test_a_paragraph_in_parts_is_the_paragraph() -> None:
    """The parts of a long paragraph are wrapped as one."""
    text = "some **words** of a `long` paragraph, " * 60
    renderer, splitter = Renderer(color=True), BlockSplitter(40, 10)
    rows: list[str] = []
    pieces = splitter.feed(text) + splitter.flush()
    assert len(pieces) > 3
    for piece in pieces:
        part = renderer.render(piece, 40)
        rows = rows[:-1] + part.rows if not piece.start else rows + part.rows
        assert (part.open is None) == piece.end
        if part.open is not None:
            assert cells(_SGR.sub("", part.rows[-1])) == part.open
    assert [row.rstrip() for row in rows] == rendered(text, color=True)


def test_a_table_in_parts_keeps_its_columns() -> None:
    """Rows that come after the first part have the columns of the first."""
    text = "| a | b |\n|---|---|\n" + "| x | yy |\n" * 50 + "| xxxxx | longer |\n"
    renderer, splitter = Renderer(color=False), BlockSplitter(40, 10)
    pieces = splitter.feed(text) + splitter.flush()
    rows = [row for piece in pieces for row in renderer.render(piece, 40).rows]
    assert rows[2:52] == ["x │ yy"] * 50
    assert {row[1:3] for row in rows[52:]} == {" │"}
