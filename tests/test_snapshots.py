"""Whole answers look as they did when somebody last looked at them."""

import re

import pytest

from tests.snapshots import FOLDER, documents, screens


@pytest.mark.parametrize("name", documents())
def test_an_answer_looks_as_it_did(name: str) -> None:
    """At 80 and 40 columns, with colour and without; `python -m tests.snapshots` writes them."""
    for path, content in screens(name):
        assert content == path.read_text("utf-8"), path.name


@pytest.mark.parametrize("name", documents())
def test_colour_changes_no_word(name: str) -> None:
    """Colour takes the place of marks, and of nothing else."""
    for columns in (80, 40):
        plain = (FOLDER / f"{name}.{columns}.txt").read_text("utf-8")
        styled = (FOLDER / f"{name}.{columns}.ansi").read_text("utf-8")
        words = [re.sub(r"\x1b\[[\d;]*m", "", text) for text in (plain, styled)]
        letters = ["".join(re.findall(r"\w+", text)) for text in words]
        infos = "".join(re.findall(r"^```(\w*)", plain, re.MULTILINE))
        assert len(letters[0]) - len(letters[1]) == len(infos)


def test_there_are_ten() -> None:
    """Each document has its four screens, and no screen is left over."""
    assert len(documents()) == 10
    wanted = {path for name in documents() for path, _ in screens(name)}
    assert set(FOLDER.iterdir()) == wanted | {FOLDER / f"{name}.md" for name in documents()}
