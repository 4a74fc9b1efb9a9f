"""Column widths and rows of tables."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.ui.cells import cells
from copilot_cli.ui.tables import Columns, aligned, fitted


@pytest.mark.parametrize(
    ("natural", "room", "expected"),
    [
        ([3, 5], 10, [3, 5]),
        ([3, 50], 20, [3, 17]),
        ([50, 50], 20, [10, 10]),
        ([50, 3, 50], 23, [10, 3, 10]),
        ([50, 50], 7, None),
        ([2, 2], 4, [2, 2]),
        ([], 10, []),
    ],
    ids=["fits", "the widest gives", "both give", "all but one", "too narrow", "exact", "none"],
)
def test_how_columns_share_the_room(
    natural: list[int], room: int, expected: list[int] | None
) -> None:
    """Columns keep what they want while there is room; then the widest give."""
    assert fitted(natural, room) == expected


@pytest.mark.parametrize(
    ("room", "expected"),
    [(40, [10, 10, 20]), (26, [8, 9, 9]), (20, [6, 7, 7])],
    ids=["all", "no word is broken", "there is no room for the words"],
)
def test_words_are_not_broken_while_there_is_room(room: int, expected: list[int]) -> None:
    """Each column has its longest word first; the rest is shared."""
    assert fitted([10, 10, 20], room, [8, 7, 6]) == expected


def test_a_long_word_breaks_no_other_column() -> None:
    """An id can be copied whole, whatever stands in the title beside it."""
    widths = fitted([16, 16, 5, 8, 60], 51, [16, 10, 5, 8, 40])
    assert widths is not None
    assert widths[:1] + widths[2:4] == [16, 5, 8]
    assert widths[1] >= 10
    assert sum(widths) == 51


@settings(deadline=None)
@given(st.lists(st.integers(0, 80), min_size=1, max_size=6), st.integers(1, 100))
def test_shared_room_is_never_exceeded(natural: list[int], room: int) -> None:
    """Whatever is wanted, the widths fit, and no column gets more than it wants."""
    widths = fitted(natural, room)
    if widths is not None:
        assert sum(widths) <= room
        assert all(given <= wanted for given, wanted in zip(widths, natural, strict=True))


def test_cells_are_broken_and_aligned() -> None:
    """A long cell takes several lines; numbers go to the right, titles to the middle."""
    table = Columns([6, 4, 5], between="|", aligns=["", "right", "center"])
    assert table.lines([[("one two", "")], [("7", "")], [("x", "1")]]) == [
        "one   |   7|  \x1b[1mx\x1b[m",
        "two   |    |",
    ]
    assert table.rule() == "───────┼──────┼──────"


def test_missing_cells_are_empty() -> None:
    """A row with too few cells keeps its columns."""
    assert Columns([2, 2]).lines([[("a", "")]]) == ["a"]


@settings(deadline=None)
@given(
    st.lists(st.lists(st.text("ab 日", max_size=30), min_size=3, max_size=3), max_size=4),
    st.integers(20, 60),
)
def test_aligned_rows_fit_the_terminal(rows: list[list[str]], room: int) -> None:
    """No line of a table is wider than the terminal."""
    lines = aligned(["one", "two", "three"], rows, room=room, bold=False)
    assert all(cells(line) <= room for line in lines)


def test_a_table_without_names_has_no_head() -> None:
    """Names without text make a table of rows only."""
    assert aligned(["", ""], [["plan", "pro"], ["quota", "12"]], room=40, bold=True) == [
        "plan   pro",
        "quota  12",
    ]


def test_a_terminal_too_narrow_for_columns() -> None:
    """Where columns cannot be read, there is one line a cell."""
    assert aligned(["a", "b"], [["first cell", "second"]], room=8, bold=False) == [
        "first cell",
        "second",
    ]
