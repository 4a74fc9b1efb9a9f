"""What a person sees while an answer comes, looked at in a terminal in memory."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.ui.rendering import TerminalWriter
from copilot_cli.ui.themes import EITHER
from tests.screen import Screen, pieces, shown
from tests.test_splitter import LONG, MARKDOWN

_SGR = re.compile(r"\x1b\[[\d;]*m")
_SEQUENCE = re.compile(r"\x1b\[(?:\d+A|J|K|[\d;]*m)")

DOCUMENTS = {
    "prose": "First, with **bold words** and `code`.\n\nSecond one\nof two lines.\n\nThird.",
    "headings": "# One\n\ntext\n\nTwo\n---\ntext after\n\n### Three ###\n",
    "lists": "Steps:\n- one\n- two\n  - nested\n\n    with a paragraph\n- three\n\n1. a\n2. b\n",
    "code": "Do:\n\n```py\ndef f(x):\n    '''doc\n    more'''\n    return x  # done\n```\n\nSo.\n",
    "code in a list": "1. first\n   ```sh\n   ls -l\n   ```\n2. second\n",
    "table": "| name | value |\n|---|--:|\n| one | 1 |\n| **two** | 22 |\n\nafter\n",
    "quote": "> quoted text\nthat goes on lazily\n\n> another\n\nend",
    "html": "<details>\n<summary>x</summary>\n\ninside *it*\n\n</details>\n",
    "links": "see [the docs](https://example.com/a) and <https://example.com>.\n\n[r]: http://x.org\n\n[r]\n",
    "wide": "日本語の段落がここにあります。とても長いので折り返します。\n\n- 項目一\n- 項目二\n",
    "emoji": "family 👨\u200d👩\u200d👧 and ❤\ufe0f and flags 🇩🇪 here\n\n- ✔\ufe0f done\n",
    "unfinished": "text\n\n```py\nx = 1\n\ny = ",
    "rules and breaks": "one  \ntwo\\\nthree\n\n***\n\nfour\n",
    "nearly markup": "2 * 3 * 4, snake_case_name, [not a link], a|b, <tag\n\n#hash\n\n-dash\n",
    **LONG,
}


@pytest.mark.parametrize("columns", [80, 40, 20])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_cuts_make_no_difference(name: str, columns: int) -> None:
    """In pieces of any size, the screen and scrollback are those of the text in one piece."""
    text = DOCUMENTS[name]
    whole = shown(text, 100_000, columns=columns, rows=12).lines
    sizes = (1, 2, 3, 5, 7, 20) if len(text) < 500 else (1, 20)
    for size in sizes:
        assert shown(text, size, columns=columns, rows=12).lines == whole


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if len(DOCUMENTS[name]) < 200])
def test_one_cut_at_every_place_makes_no_difference(name: str) -> None:
    """A text cut once, wherever, looks as in one piece."""
    text = DOCUMENTS[name]
    whole = shown(text, 100_000).lines
    for cut in range(1, len(text)):
        screen = Screen()
        with TerminalWriter(screen.write, screen.size) as writer:
            writer.text(text[:cut])
            writer.text(text[cut:])
        assert screen.lines == whole, cut


@settings(max_examples=60, deadline=None)
@given(MARKDOWN, st.sampled_from([1, 3, 17]), st.sampled_from([(80, 24), (40, 10), (20, 6)]))
def test_cuts_make_no_difference_to_anything(text: str, size: int, room: tuple[int, int]) -> None:
    """The same for texts that nobody would write."""
    columns, rows = room
    whole = shown(text, 100_000, columns=columns, rows=rows).lines
    assert shown(text, size, columns=columns, rows=rows).lines == whole


def _paragraphs(count: int) -> list[str]:
    return [
        f"Paragraph {number} has **some** words, `code` and a length of {number % 7} "
        + "more " * (number % 40)
        for number in range(count)
    ]


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (40, 10), (20, 5)])
def test_each_paragraph_is_there_once(columns: int, rows: int) -> None:
    """Long after it scrolled away, every paragraph stands in the scrollback exactly once."""
    lines = shown("\n\n".join(_paragraphs(60)), 20, columns=columns, rows=rows).lines
    text = " ".join(lines)
    for number in range(60):
        assert len(re.findall(rf"Paragraph\s+{number}\s+has", re.sub(r"\s+", " ", text))) == 1


def test_a_token_is_visible_at_once() -> None:
    """After each call the last word is on the screen, though no line has ended."""
    screen = Screen()
    with TerminalWriter(screen.write, screen.size) as writer:
        for word in ("Half", " a", " sentence", "\n\n- an", " item", "\n\n```py\nx", " = 1", "\ny"):
            writer.text(word)
            assert screen.lines[-1].endswith(word.split("\n")[-1].strip())


def test_code_is_highlighted_line_by_line() -> None:
    """A line of code is coloured when it ends, while the block is open."""
    screen = Screen()
    with TerminalWriter(screen.write, screen.size) as writer:
        writer.text("```python\nreturn 'x'\nretu")
        assert (
            f"\x1b[{EITHER.keyword}mreturn \x1b[m\x1b[{EITHER.string}m'x'\x1b[m" in screen.written
        )
        assert screen.lines == ["return 'x'", "retu"]


_CODE = [
    "def f(x):",
    "    if x:",
    "        return [1,  2]",
    "",
    "  # two  spaces",
    "日本 = 'é'",
]
_AROUND = {
    "text": ("Do:\n\n", ""),
    "an item": ("- do:\n\n", "  "),
    "a deep item": ("1. do\n   - this\n\n", "     "),
    "a quote": ("> do:\n>\n", "> "),
    "an item's first line": ("- ", "  "),
}


@pytest.mark.parametrize("fence", ["```py", "~~~", ""])
@pytest.mark.parametrize("name", _AROUND)
@pytest.mark.parametrize("color", [True, False])
def test_what_is_copied_from_the_screen_is_the_code(name: str, fence: str, color: bool) -> None:
    """Wherever code stands: no border, no indent, nothing after its lines, no line broken."""
    before, margin = _AROUND[name]
    if not fence and before == "- ":
        return  # code without a fence cannot begin there and keep its first indent
    source = [fence, *_CODE, fence[:3]] if fence else [f"    {line}" for line in _CODE]
    text = before + "\n".join(
        line if before == "- " and not number else margin + line
        for number, line in enumerate(source)
    )
    text += f"\n{margin.rstrip()}\n{margin}after\n"
    paper = _SGR.sub("", shown(text, 3, color=color, cursor=False).written).split("\n")
    for lines in (shown(text, 3, color=color).lines, paper):
        first = lines.index(_CODE[0])
        assert lines[first : first + len(_CODE)] == _CODE


def test_a_long_line_of_code_is_left_to_the_terminal() -> None:
    """It is written in one go, so that a terminal copies it as the one line it is."""
    line = "value = " + " + ".join(f"number_{n}" for n in range(30))
    screen = shown(f"```py\n{line}\n```\n", 20, columns=40)
    assert line in re.sub(r"\x1b\[[\d;]*m", "", screen.written).split("\r\n")[-2]


def test_a_table_waits_for_its_end() -> None:
    """A table's rows are echoed, and drawn when the table has ended."""
    screen = Screen()
    with TerminalWriter(screen.write, screen.size) as writer:
        writer.text("| a | b |\n|---|---|\n| longer | x |\n")
        assert screen.lines[-1] == "| longer | x |"
        writer.text("\nafter")
        assert screen.lines == ["a      │ b", "───────┼──", "longer │ x", "", "after"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_only_the_tail_is_redrawn(name: str) -> None:
    """Sequences are styles, cursor up within the screen, and erase below; nothing else."""
    screen = shown(DOCUMENTS[name], 3, columns=40, rows=10)
    rest = _SEQUENCE.sub("", screen.written)
    assert "\x1b" not in rest
    assert all(int(up) < 10 for up in re.findall(r"\x1b\[(\d+)A", screen.written))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_styles_are_reset_in_every_update(name: str) -> None:
    """After each update the terminal draws plain text again, whatever comes next."""
    for update in shown(DOCUMENTS[name], 5).updates:
        styles = re.findall(r"\x1b\[([\d;]*)m", update.decode())
        assert not styles or styles[-1] == ""


@pytest.mark.parametrize(("columns", "rows"), [(30, 24), (120, 24), (80, 10), (20, 5), (100, 40)])
@pytest.mark.parametrize("part", range(2, 40, 6))
def test_a_resize_destroys_nothing(columns: int, rows: int, part: int) -> None:
    """What was finished before the resize is there after it, and all that comes after it too."""
    finished = [f"finished {number}" for number in range(5)]
    screen = Screen(80, 24)
    tail = (
        "the tail is a long paragraph of many words, more than a row of them, to be resized in it"
    )
    with TerminalWriter(screen.write, screen.size) as writer:
        writer.text("\n\n".join(finished) + "\n\n" + tail[: part * 2])
        screen.resize(columns, rows)
        writer.text(tail[part * 2 :] + "\n\nafter **it** one\n\n")
        writer.text("- the end")
    lines = screen.lines
    for line in finished[-2 if rows < 10 else 0 :]:
        assert lines.count(line) == 1 or rows < 24
    assert [line for line in lines if line.startswith("after")] == ["after it one"]
    assert lines[-1] == "• the end"


def test_a_wider_screen_is_used() -> None:
    """After the window grew, the block that comes is wrapped to it, and what stood stays."""
    screen = Screen(20, 24)
    with TerminalWriter(screen.write, screen.size) as writer:
        writer.text("one two three four five six\n\n")
        screen.resize(60, 24)
        writer.text("one two three four five six\n\n")
    assert screen.lines == ["one two three four", "five six", "", "one two three four five six"]


def test_a_narrower_screen_keeps_the_tail_as_it_was_echoed() -> None:
    """Rows that may have been folded by the terminal are not erased; nothing comes twice."""
    screen = Screen(40, 24)
    with TerminalWriter(screen.write, screen.size) as writer:
        writer.text("finished\n\nsome words that were **echoed** at")
        screen.resize(20, 24)
        before = len(screen.updates)
        writer.text(" forty and go on\n\nnext")
    assert b"\x1b[K" not in screen.updates[before]
    text = " ".join(screen.lines)
    assert text.count("finished") == text.count("some words") == text.count("go on") == 1


def test_growing_over_the_screen_never_reaches_above_it() -> None:
    """Rows that were scrolled off are not drawn again, however the screen shrinks."""
    screen = Screen(40, 20)
    with TerminalWriter(screen.write, screen.size) as writer:
        writer.text("a\nb\nc\nd\ne\nf\ng\nh")
        screen.resize(40, 5)
        before = len(screen.updates)
        writer.text(" and on\n\nnext")
    later = b"".join(screen.updates[before:]).decode()
    assert all(int(up) < 5 for up in re.findall(r"\x1b\[(\d+)A", later))


class _Break(Exception):
    pass


def test_an_exception_leaves_the_terminal_whole() -> None:
    """Whatever goes wrong: what came is shown, the cursor is visible and in a new line."""
    screen = Screen()

    def answer() -> None:
        with TerminalWriter(screen.write, screen.size) as writer:
            writer.reasoning("thinking")
            writer.text("done\n\n**bold** and half a sen")
            raise _Break

    with pytest.raises(_Break):
        answer()
    assert screen.lines == ["done", "", "bold and half a sen"]
    assert not screen.screen.cursor.hidden
    assert screen.screen.cursor.x == 0
    assert not screen.screen.cursor.attrs.bold
    assert "?" not in _SEQUENCE.sub("", screen.written)


def test_a_reader_that_is_gone_is_told_once() -> None:
    """A closed stdout raises where it was written to, and not again on the way out."""

    def write(data: bytes) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError), TerminalWriter(write, lambda: (80, 24)) as writer:
        writer.text("text")


def test_an_incomplete_answer_is_marked() -> None:
    """The mark stands under what came, on its own line."""
    screen = Screen()
    with TerminalWriter(screen.write, screen.size, color=False) as writer:
        writer.text("half an ans")
        writer.end(incomplete=True)
    assert screen.lines == ["half an ans", "", "[incomplete]"]


def test_reasoning_is_folded_away_when_the_answer_starts() -> None:
    """Reasoning is dim while it comes, and gone when text comes."""
    screen = Screen(40, 12)
    with TerminalWriter(screen.write, screen.size) as writer:
        for piece in pieces("I think about this and that. " * 40, 20):
            writer.reasoning(piece)
            assert len(screen.lines) <= 9
        assert "\x1b[2m" in screen.written
        writer.text("Answer")
        assert screen.lines == ["Answer"]


def test_reasoning_that_is_kept_stays_above_the_answer() -> None:
    """With `keep_reasoning` all of it belongs to the scrollback."""
    screen = Screen(40, 6)
    with TerminalWriter(screen.write, screen.size, keep_reasoning=True) as writer:
        for number in range(30):
            writer.reasoning(f"thought {number}\n")
        writer.text("Answer")
    assert screen.lines == [*(f"thought {number}" for number in range(30)), "", "Answer"]


def test_reasoning_in_mid_answer_finishes_what_came() -> None:
    """Thought between two parts of an answer parts them, and hides neither."""
    screen = Screen()
    with TerminalWriter(screen.write, screen.size) as writer:
        writer.text("first")
        writer.reasoning("hm")
        writer.text("second")
    assert screen.lines == ["first", "second"]


def test_without_colour_there_is_no_style() -> None:
    """NO_COLOR: the cursor moves, and nothing is styled."""
    screen = Screen()
    with TerminalWriter(screen.write, screen.size, color=False) as writer:
        writer.reasoning("hm")
        for text in DOCUMENTS.values():
            writer.text(text + "\n\n")
        writer.end(incomplete=True)
    assert _SGR.search(screen.written) is None


def test_without_a_cursor_only_finished_blocks_are_written() -> None:
    """On paper nothing is taken back, and nothing is missing at the end."""
    screen = Screen()
    with TerminalWriter(screen.write, screen.size, color=False, cursor=False) as writer:
        writer.text("# Title\n\nhalf")
        assert screen.written == "# Title\n"
        writer.text(" a paragraph\n\n- item")
    assert screen.written == "# Title\n\nhalf a paragraph\n\n• item\n"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_paper_reads_as_the_terminal(name: str) -> None:
    """What is written without a cursor is what the terminal shows in the end."""
    screen = Screen(40, 12)
    written: list[bytes] = []
    with TerminalWriter(written.append, screen.size, color=False, cursor=False) as writer:
        for piece in pieces(DOCUMENTS[name], 7):
            writer.text(piece)
    with TerminalWriter(screen.write, screen.size, color=False) as writer:
        writer.text(DOCUMENTS[name])
    replay = Screen(40, 12)
    replay.write(b"".join(written).replace(b"\n", b"\r\n"))
    assert replay.lines == screen.lines


def test_an_answer_goes_on_after_its_end() -> None:
    """What is said between two parts stands in lines of its own."""
    screen = Screen()
    with TerminalWriter(screen.write, screen.size) as writer:
        writer.text("first half")
        writer.end()
        screen.write(b"a notice\r\n")
        writer.text("second half")
    assert screen.lines == ["first half", "a notice", "second half"]
