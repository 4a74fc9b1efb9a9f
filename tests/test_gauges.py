"""Bars of what is left: how full, how wide, in which colour."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_cli.ui.cells import cells
from copilot_cli.ui.gauges import gauge, lines
from copilot_cli.ui.runs import paint, plain

SHARES = {
    "all": (1.0, "██████████", "32"),
    "nearly all": (0.999, "█████████░", "32"),
    "half": (0.5, "█████░░░░░", "32"),
    "above a quarter": (0.26, "███░░░░░░░", "32"),
    "a quarter": (0.25, "██░░░░░░░░", "33"),
    "a tenth": (0.1, "█░░░░░░░░░", "31"),
    "next to nothing": (0.001, "█░░░░░░░░░", "31"),
}


@pytest.mark.parametrize(("share", "bar", "sgr"), SHARES.values(), ids=SHARES)
def test_a_bar_is_as_full_as_what_is_left(share: float, bar: str, sgr: str) -> None:
    """It turns yellow at a quarter and red at a tenth, and never rounds to all or nothing."""
    assert plain(gauge(share, 10, color=False)) == bar
    assert "\x1b" not in paint(gauge(share, 10, color=False))
    assert f"\x1b[{sgr}m" in paint(gauge(share, 10, color=True))


def test_nothing_left_is_an_empty_bar() -> None:
    """There is nothing to colour."""
    assert gauge(0.0, 4, color=True) == [("░░░░", "")]


ROWS: list[tuple[str, str, float | None]] = [
    ("plan", "individual", None),
    ("premium interactions", "240 of 300 left, 80 %", 0.8),
]


def test_a_wide_terminal_gets_bars_beside_the_words() -> None:
    """Lines without a share have none."""
    assert lines(ROWS, room=79, color=False) == [
        "plan                  individual",
        "premium interactions  240 of 300 left, 80 %  ███████████████████░░░░░",
    ]


@pytest.mark.parametrize("room", [52, 45, 43])
def test_a_narrow_terminal_gets_the_words_alone(room: int) -> None:
    """A bar of a few cells would say nothing."""
    assert lines(ROWS, room=room, color=False) == [
        "plan                  individual",
        "premium interactions  240 of 300 left, 80 %",
    ]


def test_a_very_narrow_terminal_breaks_words_and_nothing_else() -> None:
    """No line is longer than the terminal is wide."""
    assert lines(ROWS, room=34, color=True) == [
        "plan                  individual",
        "premium interactions  240 of 300",
        "                      left, 80 %",
    ]


def test_bars_that_are_not_wanted_are_not_shown() -> None:
    """As for a screen reader."""
    assert lines(ROWS, room=79, color=True, bars=False)[1].endswith("80 %")


def test_foreign_names_are_made_safe() -> None:
    """The service names its quotas."""
    assert "\x1b" not in lines([("a\x1b[2J", "b\x07", None)], room=40, color=True)[0]


@given(st.floats(0, 1), st.integers(8, 24))
def test_a_bar_is_as_wide_as_it_was_told(share: float, width: int) -> None:
    """Whatever the share."""
    assert cells(plain(gauge(share, width, color=True))) == width
