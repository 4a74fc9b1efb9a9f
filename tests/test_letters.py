"""Large letters: every character of a code is drawn, and no two alike."""

import string

import pytest

from copilot_cli.ui.letters import half_blocks, large

CHARACTERS = string.ascii_uppercase + string.digits + "-"


def test_no_two_characters_look_alike() -> None:
    """Each character of a code has its own picture of four lines and five columns."""
    pictures = {char: tuple(large(char)) for char in CHARACTERS}
    assert len(set(pictures.values())) == len(CHARACTERS)
    assert {len(lines) for lines in pictures.values()} == {4}
    assert {len(line) for lines in pictures.values() for line in lines} == {5}


def test_a_code_is_as_wide_as_it_says() -> None:
    """Characters stand side by side, with one empty column between."""
    assert {len(line) for line in large("WDJB-MJHT")} == {53}
    assert [line[6:11] for line in large("AB")] == large("B")


def test_a_character_that_is_in_no_code_is_refused() -> None:
    """There is no picture of anything else."""
    with pytest.raises(KeyError):
        large("é")


def test_two_rows_make_a_line() -> None:
    """The upper dot is the upper half; a missing last row is empty."""
    dots = [[True, False, True, False], [True, True, False, False], [True, False, True, False]]
    assert half_blocks(dots) == ["█▄▀ ", "▀ ▀ "]
