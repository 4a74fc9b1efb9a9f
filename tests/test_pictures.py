"""The picture in the README shows what the program shows."""

import re
import sys
from html import unescape
from xml.etree import ElementTree as ET

import pytest

from tests.pages import ROOT

PICTURE = ROOT / "docs" / "pictures" / "chat.svg"
ENOUGH = 0.9  # of the words: an answer may be worded anew before the picture is made anew


@pytest.mark.real
@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_the_picture_is_of_this_program() -> None:
    """Nearly every word of the picture is on the screen of a run today.

    python -m tests.pictures makes it anew.
    """
    from tests.pictures import QUESTION, chat_screen, lines

    shown = unescape(" ".join(re.findall(r">([^<>]+)</text>", PICTURE.read_text("utf-8"))))
    words = shown.split()
    now = set(" ".join(lines(chat_screen())).split())
    assert QUESTION in shown
    assert len(words) > 20
    assert sum(word in now for word in words) >= ENOUGH * len(words)


def test_the_picture_needs_nothing_from_elsewhere() -> None:
    """It is well-formed, and refers to no font, script, picture or address."""
    text = PICTURE.read_text("utf-8")
    tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(text).iter()}
    assert tags == {"svg", "title", "rect", "text"}
    assert not re.search(r"url\(|href|@font|http", text.replace("http://www.w3.org/2000/svg", ""))
