"""Widths and line breaks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.ui.cells import breaks, cells, fit, weight

_LINES = st.text(st.sampled_from("ab  wörd日本語,.\u0301\u200d\ufe0f👨👩❤⚠한"), max_size=60)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("abc", 3), ("日本", 4), ("e\u0301", 1), ("❤\ufe0f", 2), ("👨\u200d👩", 4), ("", 0)],
    ids=["ASCII", "wide", "combining", "emoji style", "joined: the sum of its parts", "nothing"],
)
def test_cells(text: str, expected: int) -> None:
    """A row is never believed narrower than some terminal draws it."""
    assert cells(text) == expected


@settings(deadline=None)
@given(_LINES, _LINES)
def test_weight_adds_up(one: str, other: str) -> None:
    """The weight of a text does not depend on where it is cut."""
    assert weight(one) + weight(other) == weight(one + other)


@settings(deadline=None)
@given(_LINES, st.integers(2, 30))
def test_rows_keep_to_the_width_and_lose_spaces_only(text: str, width: int) -> None:
    """Every row fits, and between the rows there is nothing but spaces."""
    rows = breaks(text, width)
    end = 0
    for start, stop in rows:
        assert text[end:start].strip(" ") == ""
        assert cells(text[start:stop].rstrip(" ")) <= width
        end = stop
    assert end == len(text)


@settings(deadline=None)
@given(_LINES, st.integers(0, 9))
def test_the_first_row_may_have_less_room(text: str, first: int) -> None:
    """Where something stands in the first row already, the text keeps to what is left of it."""
    (start, end), *_ = breaks(text, 10, first)
    assert cells(text[start:end].rstrip(" ")) <= first


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("one two three", 8, ["one two", "three"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("a abcdefghij", 4, ["a", "abcd", "efgh", "ij"]),
        ("日本語テキスト", 5, ["日本", "語テ", "キス", "ト"]),
        ("wide 日本語", 8, ["wide 日", "本語"]),
        ("日", 1, ["日"]),
        ("exact fit", 9, ["exact fit"]),
    ],
    ids=[
        "at words",
        "long word",
        "after a word",
        "wide",
        "mixed",
        "too wide for the column",
        "exact",
    ],
)
def test_where_lines_break(text: str, width: int, expected: list[str]) -> None:
    """Lines break at spaces, in words that are too long, and between wide characters."""
    assert [text[start:end] for start, end in breaks(text, width)] == expected


def test_a_cluster_is_not_parted() -> None:
    """Combining characters stay with their base, and a joined emoji with what it is joined to."""
    assert fit("abe\u0301", 2) == 2
    assert fit("xx👨\u200d👩", 4) == 2
    assert fit("a❤\ufe0fb", 2) == 1
