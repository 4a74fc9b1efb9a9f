"""Styled runs: broken, cut and painted without a character lost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.ui.runs import paint, plain, width, wrapped

_RUNS = st.lists(
    st.tuples(
        st.text(st.sampled_from("ab 日\n"), min_size=1, max_size=12), st.sampled_from(["", "1"])
    ),
    max_size=8,
)


@settings(deadline=None)
@given(_RUNS, st.integers(2, 15))
def test_wrapping_loses_nothing_but_spaces_and_line_ends(
    runs: list[tuple[str, str]], room: int
) -> None:
    """The rows hold every letter in its order and its style, and each row fits."""
    rows = wrapped(runs, room)
    letters = [(char, sgr) for text, sgr in runs for char in text if char not in " \n"]
    assert [(c, sgr) for row in rows for text, sgr in row for c in text if c != " "] == letters
    assert all(width([(plain(row).rstrip(), "")]) <= room for row in rows)


def test_line_ends_break_rows() -> None:
    """A line end in the text is a row's end, and an empty line an empty row."""
    assert [plain(row) for row in wrapped([("a\n\nb", ""), ("c\nd", "1")], 10)] == [
        "a",
        "",
        "bc",
        "d",
    ]


def test_paint_ends_each_style_where_it_began() -> None:
    """Unstyled text is bare; a style is reset right after its text."""
    assert paint([("a", ""), ("b", "1;36"), ("c", "")]) == "a\x1b[1;36mb\x1b[mc"
