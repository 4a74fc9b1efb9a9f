"""The redrawable tail: what it erases, and what it never touches."""

import re

import pytest

from copilot_cli.ui.live import Live, Paper
from tests.screen import Screen


def live(columns: int = 20, rows: int = 8) -> tuple[Live, Screen]:
    screen = Screen(columns, rows)
    return Live(screen.write, columns), screen


def test_text_is_echoed_at_once_and_broken_at_words() -> None:
    """Each append is on the screen after its flush; a word too long for the row moves down."""
    tail, screen = live()
    for part in ("some wo", "rds of", " a sen", "tence", " to break"):
        tail.append(part)
        tail.flush()
    assert screen.lines == ["some words of a", "sentence to break"]


def test_rows_that_stay_are_not_written_again() -> None:
    """A replacement is written from the first row that differs."""
    tail, screen = live()
    tail.append("one\ntwo\nthree")
    tail.flush()
    tail.replace(["one", "two", "THREE", "four"])
    tail.commit()
    tail.flush()
    assert screen.lines == ["one", "two", "THREE", "four"]
    assert screen.updates[-1] == b"\r\x1b[KTHREE\r\nfour\r\n"


def test_what_is_shown_already_is_only_committed() -> None:
    """Where nothing differs, nothing but the line end is written."""
    tail, screen = live()
    tail.append("as it is")
    tail.replace(["as it is"])
    tail.commit()
    tail.flush()
    assert screen.written == "as it is\r\n"


def test_committed_rows_are_out_of_reach() -> None:
    """After a commit no sequence goes above the rows that came since."""
    tail, screen = live()
    tail.replace(["a", "b", "c"])
    tail.commit()
    tail.append("x\ny")
    tail.replace(["z"])
    tail.commit()
    tail.flush()
    assert screen.lines == ["a", "b", "c", "z"]
    assert re.findall(r"\x1b\[(\d+)A", screen.written) == ["1", "1"]  # up, and back up


@pytest.mark.parametrize(
    "before", ["two", "t", "two three four"], ids=["same", "less", "more rows"]
)
def test_a_row_that_goes_on(before: str) -> None:
    """The last row of a part stays open: text goes on in it, style and trailing space included."""
    tail, screen = live(10)
    tail.append("one\n" + before)
    tail.replace(["one", "\x1b[1mtwo\x1b[m "])
    tail.commit(open_cells=4)
    tail.append("thr")
    tail.append("ee or more")
    tail.flush()
    assert screen.lines == ["one", "two three", "or more"]
    tail.replace(["two three", "or more!"])
    tail.commit()
    tail.flush()
    assert screen.lines == ["one", "two three", "or more!"]


def test_a_word_moves_down_from_behind_what_is_finished() -> None:
    """The finished beginning of a row is written again when the word after it moves."""
    tail, screen = live(10)
    tail.replace(["finished "])
    tail.commit(open_cells=9)
    for char in "long word":
        tail.append(char)
    tail.flush()
    assert screen.lines == ["finished", "long word"]


def test_line_ends_wait_for_what_follows() -> None:
    """A line end at the end shows nothing: the block may be finished by it."""
    tail, screen = live()
    tail.append("a\n\n")
    tail.flush()
    assert screen.written == "a"
    tail.append("b")
    tail.flush()
    assert screen.lines == ["a", "", "b"]


def test_a_joiner_waits_for_what_it_joins() -> None:
    """A piece may end within an emoji of several; a joiner alone would take what is drawn next."""
    tail, screen = live()
    tail.append("a 👩\u200d")
    tail.flush()
    assert screen.updates[-1] == "a 👩".encode()
    tail.append("💻 b")
    tail.flush()
    assert screen.updates[-1] == "\u200d💻 b".encode()


def test_wide_rows_do_not_fit_a_narrower_screen() -> None:
    """What a narrower screen may show in more rows is not redrawn; what fits still is."""
    tail, _ = live(20)
    tail.append("fifteen letters")
    assert tail.fits(30, 8)
    assert tail.fits(15, 8)
    assert not tail.fits(14, 8)


def test_rows_above_the_screen_are_not_redrawn() -> None:
    """A tail taller than the screen cannot be reached any more."""
    tail, _ = live(20)
    tail.append("a\nb\nc\nd")
    assert tail.fits(20, 4)
    assert not tail.fits(20, 3)


def test_settling_keeps_the_last_row_only() -> None:
    """Rows that are settled belong to the scrollback; the last goes on."""
    tail, screen = live()
    tail.append("a\nb\nc")
    tail.settle()
    assert tail.height == 1
    tail.replace([])
    tail.flush()
    assert screen.lines == ["a", "b"]


def test_the_sequences_that_are_used() -> None:
    """Cursor up, erase line, erase below; and styles that end where they begin."""
    tail, screen = live(12)
    tail.append("some text\nin rows, which are broken", "2")
    tail.replace(["x", "some text"])
    tail.commit(open_cells=9)
    tail.append("and more of it")
    tail.replace(["y"])
    tail.commit()
    tail.flush()
    sequences = set(re.findall(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", screen.written))
    moves = {"\x1b[K", "\x1b[J", "\x1b[1A", "\x1b[2A", "\x1b[3A"}
    assert sequences <= moves | {"\x1b[2m", "\x1b[m"}
    assert screen.written.count("\x1b[2m") == screen.written.count("\x1b[m")


def test_an_update_is_one_write() -> None:
    """All that was said between two flushes is written at once, and nothing is not written."""
    tail, screen = live()
    tail.append("a\nb")
    tail.replace(["c"])
    tail.commit()
    tail.flush()
    tail.flush()
    assert len(screen.updates) == 1


def test_paper_takes_finished_rows_only() -> None:
    """Into a pipe goes what is final, with plain line ends, and no sequence."""
    written: list[bytes] = []
    paper = Paper(written.append)
    paper.append("unfinished")
    paper.replace(["one", "two "])
    paper.commit(open_cells=4)
    paper.replace(["two three"])
    paper.commit()
    paper.flush()
    assert b"".join(written) == b"one\ntwo three\n"


def test_the_corner_of_the_screen_is_not_cleared_from() -> None:
    """A tail that begins at the top is erased without what tmux takes for a cleared screen."""
    tail, screen = live()
    tail.append("one\ntwo\nthree")
    tail.replace([])
    tail.append("gone")
    tail.flush()
    assert screen.lines == ["gone"]
    assert screen.written.endswith("\r\x1b[2A\x1b[K\n\x1b[J\x1b[1Agone")


def test_spaces_at_the_end_of_an_open_row_are_taken_back() -> None:
    """What goes on in a row that had more spaces stands where the row now ends."""
    tail, screen = live()
    tail.append("word    ")
    tail.replace(["word "])
    tail.commit(open_cells=5)
    tail.append("next")
    tail.flush()
    assert screen.lines == ["word next"]
