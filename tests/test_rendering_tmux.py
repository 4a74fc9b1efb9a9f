"""An answer of the real program in tmux, which folds and unfolds rows as a window is resized."""

import os
import re
import select
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("tmux is POSIX", allow_module_level=True)
if shutil.which("tmux") is None:
    pytest.skip("tmux is not installed", allow_module_level=True)

from tests.terminal_session import PATIENCE, Place

pytestmark = pytest.mark.real


class Tmux:
    """A tmux server of its own, with one window of 80 by 24."""

    def __init__(self, place: Place) -> None:
        self._socket = place.folder / "tmux"
        self._environ = {**place.environ, "LANG": "C.UTF-8"}
        self._run("-f", os.devnull, "new-session", "-d", "-x", "80", "-y", "24", "sh")
        self._run("set-option", "history-limit", "5000")
        self._run("set-option", "window-size", "manual")

    def _run(self, *words: str) -> str:
        command = ["tmux", "-u", "-S", str(self._socket), *words]
        done = subprocess.run(
            command, env=self._environ, capture_output=True, text=True, check=True, timeout=PATIENCE
        )
        return done.stdout

    def types(self, text: str) -> None:
        """Type a line."""
        self._run("send-keys", "-l", text)
        self._run("send-keys", "Enter")

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the window."""
        self._run("resize-window", "-x", str(columns), "-y", str(rows))

    @property
    def lines(self) -> list[str]:
        """The scrollback and the screen; rows that tmux folded are joined."""
        return [line.rstrip() for line in self._run("capture-pane", "-p", "-J", "-S-").split("\n")]

    @property
    def text(self) -> str:
        """All that is shown as one line of words."""
        return " ".join(" ".join(self.lines).split())

    def until(self, holds: Callable[[], bool], wanted: str) -> None:
        """Wait until `holds`; `wanted` is what the failure says."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, f"{wanted} was never shown:\n" + "\n".join(self.lines)
            select.select([], [], [], 0.05)

    def close(self) -> None:
        """End the server and what runs in it."""
        self._run("kill-server")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Place(tmp_path) as made:
        made.sign_in_by_variable()
        yield made


@pytest.fixture
def tmux(place: Place) -> Iterator[Tmux]:
    made = Tmux(place)
    yield made
    made.close()


TEXTS = {
    "a paragraph": "begin of a paragraph of **bold** words, long enough to be broken into more rows"
    " than one at every width, and now it comes to the end\n",
    "a list": "- begin of an item of **bold** words, long enough to be broken into more rows than"
    " one\n- another of them that is broken, and now it comes to the end\n",
    "code": "```python\nbegin = 'a line of code that is longer than forty columns, so it is folded'"
    "\nreturn begin  # the end\n```\n",
    "a table": "| begin | b |\n|---|---|\n| a cell of **bold** words | another |\n| the | end |\n",
    "wide": "begin 日本語の**太字**が混ざった長い段落です。幅の広い文字は二つのセルを占めるので、"
    "行の終わりに注意が必要です end\n",
    "more than the screen": "begin " + "of very **many** words " * 120 + "and the end\n",
}


@pytest.mark.parametrize("columns", [40, 120])
@pytest.mark.parametrize("name", TEXTS)
def test_a_resize_in_mid_answer(place: Place, tmux: Tmux, name: str, columns: int) -> None:
    """Narrower or wider while a block comes: each word is there once, and what comes after too."""
    text, gate = TEXTS[name], threading.Event()
    half = len(text) * 3 // 5
    deltas = [
        "Before.\n\n",
        *re.findall(r"(?s).{1,7}", text[:half]),
        text[half:],
        "\nAfter *it*.\n",
    ]
    place.simulator.answer(deltas=deltas, pause_after=(len(deltas) - 2, gate))
    tmux.types(f"clear; {sys.executable} -m copilot_cli ask question; echo code $?")
    last = re.findall(r"\w+", text[:half])[-1]
    tmux.until(lambda: last in tmux.text.rpartition("Before.")[2], last)
    tmux.resize(columns, 24)
    gate.set()
    tmux.until(lambda: "code 0" in tmux.lines, "the end")
    answer = tmux.text.partition("Before.")[2]
    for word in ("begin", "end", "After it."):
        expected = text.count(word) if word in text else 1
        assert len(re.findall(rf"\b{re.escape(word)}", answer)) == expected, tmux.lines
    assert answer.count("many") == text.count("many")


def test_the_scrollback_has_an_answer_once(place: Place, tmux: Tmux) -> None:
    """A long answer, with reasoning folded away before it: nothing of it comes twice."""
    paragraphs = [f"Paragraph {n} is *about* {n} things." for n in range(60)]
    place.simulator.answer(text="\n\n".join(paragraphs), reasoning="I think about it. " * 60)
    tmux.types(f"clear; {sys.executable} -m copilot_cli ask question; echo code $?")
    tmux.until(lambda: "code 0" in tmux.lines, "the end")
    for n in range(60):
        assert tmux.lines.count(f"Paragraph {n} is about {n} things.") == 1
    assert "think" not in tmux.text
