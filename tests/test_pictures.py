"""The pictures in the docs show what the program shows."""

import re
import sys
from html import unescape
from xml.etree import ElementTree as ET

import pytest

from tests.pages import ROOT

FOLDER = ROOT / "docs" / "pictures"
NAMES = ["chat", "wizard"]
ENOUGH = 0.9  # of the words: an answer may be worded anew before the picture is made anew


@pytest.mark.real
@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_of_this_program(name: str) -> None:
    """Nearly every word of the picture is on the screen of a run today, and the other way round.

    python -m tests.pictures makes them anew.
    """
    from tests.pictures import PICTURES, lines

    text = (FOLDER / f"{name}.svg").read_text("utf-8")
    words = unescape(" ".join(re.findall(r">([^<>]+)</text>", text))).split()
    now = re.sub("[█▀▄]+", " ", " ".join(lines(PICTURES[name][1]()))).split()
    assert len(words) > 20
    assert sum(word in now for word in words) >= ENOUGH * len(words)
    assert sum(word in words for word in now) >= ENOUGH * len(now)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_needs_nothing_from_elsewhere(name: str) -> None:
    """It is well-formed, and refers to no font, script, picture or address that is fetched."""
    text = (FOLDER / f"{name}.svg").read_text("utf-8")
    tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(text).iter()}
    assert tags == {"svg", "title", "rect", "text"}
    markup = re.sub(r">[^<>]+</text>", "></text>", text)
    assert not re.search(r"url\(|href|@font|http", markup.replace("http://www.w3.org/2000/svg", ""))


def test_each_picture_is_in_the_docs() -> None:
    """The README has the chat, the page on signing in the wizard; no other lies about."""
    assert "docs/pictures/chat.svg" in (ROOT / "README.md").read_text("utf-8")
    assert "pictures/wizard.svg" in (ROOT / "docs" / "sign-in.md").read_text("utf-8")
    assert sorted(path.stem for path in FOLDER.iterdir()) == NAMES
