"""Text cut anywhere gives the same pieces, and each piece is final."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.ui.splitter import BlockSplitter
from tests.screen import pieces

ATOMS = (
    *(
        "- ",
        "* ",
        "1. ",
        "2) ",
        "> ",
        "    ",
        "  ",
        "\n",
        "\n\n",
        "```",
        "```py\n",
        "~~~",
        "# ",
        "---",
    ),
    *("===", "***", "| a | b |\n", "|---|---|\n", "word", "some words ", "<div>", "<!-- x", "-->"),
    *("\t", "[x]: /u\n", "`", "**", "日本 ", "text\n", "|"),
)
MARKDOWN = st.lists(st.sampled_from(ATOMS), max_size=30).map("".join)

LONG = {
    "paragraph": "many words and **bold ones** in `one` paragraph " * 60,
    "no space": "x" * 2500,
    "table": "| a | b |\n|--|--|\n" + "| cell | 日本 |\n" * 80 + "after it\n",
    "item": "- " + "an item that is long " * 60 + "\n- b",
    "code line": "```py\n" + "x = 1; " * 400 + "\nb\n```\n",
    "html line": "<div>" + "x y " * 500 + "\nfoo\n\n",
    "wide": "日本語テキスト" * 200,
    "row": "| a | b |\n|--|--|\n| " + "long " * 400 + " | b |\n",
}


def split(text: str, size: int, columns: int = 40, rows: int = 10) -> list[object]:
    splitter = BlockSplitter(columns, rows)
    out: list[object] = []
    for piece in pieces(text, size):
        out += splitter.feed(piece)
    return out + splitter.flush()


@settings(deadline=None)
@given(MARKDOWN, st.sampled_from([1, 2, 3, 7, 20]), st.sampled_from([(80, 24), (20, 6)]))
def test_cuts_make_no_difference(text: str, size: int, room: tuple[int, int]) -> None:
    """However the text is cut, the pieces are those of the text in one."""
    assert split(text, size, *room) == split(text, 10_000, *room)


@pytest.mark.parametrize("name", LONG)
def test_cuts_make_no_difference_to_what_outgrows_the_screen(name: str) -> None:
    """Where a long block is parted depends on the text, not on how it came."""
    whole = split(LONG[name], 100_000)
    assert len(whole) > 2
    for size in (1, 3, 20, 997):
        assert split(LONG[name], size) == whole


@settings(deadline=None)
@given(MARKDOWN, MARKDOWN)
def test_what_left_is_final(text: str, more: str) -> None:
    """No text that follows changes a piece that was returned."""
    splitter = BlockSplitter(80, 24)
    early = splitter.feed(text)
    assert (early + splitter.feed(more) + splitter.flush())[: len(early)] == early
    assert split(text + more, 10_000, 80, 24)[: len(early)] == early


def test_a_long_block_keeps_to_the_room() -> None:
    """What is pending never weighs more than the screen holds, whatever comes."""
    rng = random.Random(2)
    for name, text in LONG.items():
        splitter = BlockSplitter(40, 10)
        start = 0
        while start < len(text):
            step = rng.randint(1, 30)
            splitter.feed(text[start : start + step])
            start += step
            rows = sum(1 + len(line) // 40 for line in splitter.pending.split("\n"))
            assert rows <= 10, name


def test_a_mark_is_not_parted() -> None:
    """A paragraph is parted between words that no emphasis, code or link spans."""
    text = "plain words here **bold words there** and `code span` [a link](http://x/) " * 30
    parts = [piece.text for piece in BlockSplitter(40, 10).feed(text)]
    assert len(parts) > 3
    for part in parts:
        assert part.count("**") % 2 == part.count("`") % 2 == 0
        assert part.count("[") == part.count(")")


def test_a_list_item_ends_the_one_before_it_at_once() -> None:
    """The second item's first letter finishes the first item."""
    splitter = BlockSplitter()
    assert splitter.feed("- one\n- ") == []
    (piece,) = splitter.feed("t")
    assert piece.text == "one"
    assert splitter.pending == "- t"


def test_a_cut_lets_what_is_shown_go_and_the_block_goes_on() -> None:
    """After a cut the rest of the paragraph comes as its continuation."""
    splitter = BlockSplitter()
    splitter.feed("first line\nsecond, half")
    cut = splitter.cut()
    assert "".join(piece.text for piece in cut) == "first line\nsecond, half"
    assert splitter.pending == ""
    (rest,) = splitter.feed(" a line\n\n")
    assert (rest.text, rest.start, rest.end) == (" a line", False, True)


def test_deep_nesting_is_bounded() -> None:
    """A line of a thousand markers opens no more containers than markdown-it would."""
    (piece,) = split("> " * 1000 + "x\n\n", 100_000, 80, 1000)
    assert len(piece.containers) == 20  # type: ignore[attr-defined]
