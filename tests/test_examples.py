"""Every construct of Markdown, cut everywhere, looks as in one piece.

`COMMONMARK_SPEC=spec.txt pytest tests/test_examples.py` does the same with the examples of
https://spec.commonmark.org, which are not ours to give away.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from copilot_cli.ui.rendering import TerminalWriter
from tests.examples import EXAMPLES
from tests.screen import Screen, pieces, shown

_SPEC = os.environ.get("COMMONMARK_SPEC")
_EXAMPLE = re.compile(r"^`{32} example[^\n]*\n(.*?)^\.\n.*?^`{32}$", re.MULTILINE | re.DOTALL)
_ROOMS = [(40, 12), (12, 5)]


def _styled(parts: Iterable[str], columns: int, rows: int) -> list[str]:
    screen = Screen(columns, rows)
    with TerminalWriter(screen.write, screen.size) as writer:
        for part in parts:
            writer.text(part)
    return screen.styled


def _check(text: str, columns: int, rows: int) -> None:
    whole = shown(text, len(text), columns=columns, rows=rows).styled
    assert _styled(pieces(text, 1), columns, rows) == whole
    for cut in range(1, len(text)):
        assert _styled((text[:cut], text[cut:]), columns, rows) == whole, cut


@pytest.mark.parametrize(("columns", "rows"), _ROOMS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_cut_anywhere_it_looks_the_same(name: str, columns: int, rows: int) -> None:
    """Text and styles; cut once, at each place, and cut at all of them."""
    _check(EXAMPLES[name], columns, rows)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_after_another_looks_the_same(name: str) -> None:
    """What came before, and is finished, does not change that."""
    text = f"- before\n\n```\n{EXAMPLES[name]}\n```\n\n> {EXAMPLES[name]}"
    assert shown(text, 1, columns=40).styled == shown(text, len(text), columns=40).styled


@pytest.mark.skipif(not _SPEC, reason="COMMONMARK_SPEC names no spec.txt")
def test_the_examples_of_the_specification() -> None:
    """The same for each of its more than six hundred."""
    found = _EXAMPLE.findall(Path(_SPEC or "").read_text("utf-8"))
    assert len(found) > 600
    for example in found:
        for columns, rows in _ROOMS:
            _check(example.replace("→", "\t"), columns, rows)
