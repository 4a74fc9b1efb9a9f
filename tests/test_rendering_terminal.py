"""An answer of the real program at a pseudo-terminal: how it looks, and what every end leaves."""

import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals are POSIX", allow_module_level=True)

from tests.terminal_session import CTRL_C, CTRL_D, PATIENCE, Place, Session

pytestmark = pytest.mark.real

PARTS = {
    "a paragraph": ["Done.\n\n", "Now **bold words** and `co"],
    "bold": ["Done.\n\n", "Now **bo"],
    "code": ["Done.\n\n", "```python\nreturn 'a string", " that"],
    "a table": ["Done.\n\n", "| a | b |\n|---|---|\n| **one", "** | tw"],
    "a list": ["Done.\n\n", "- one\n  - *two", " three"],
    "wide text": ["Done.\n\n", "日本語の**太字", "と"],
    "more than the screen": ["Done.\n\n", "words **and** words " * 200],
}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Place(tmp_path) as made:
        made.sign_in_by_variable()
        yield made


def begun(place: Place, parts: list[str], *words: str) -> Session:
    """An answer that came so far and no further: its last words are on the screen."""
    pause = (len(parts), threading.Event())
    place.simulator.answer(deltas=[*parts, "never"], pause_after=pause)
    session = place.run("ask", "question", *words, lines=12)
    return came(session, "Done.", re.findall(r"\w+", parts[-1])[-1])


def came(session: Session, before: str, word: str) -> Session:
    """Wait until `word` is shown somewhere after `before`."""
    return session.until(lambda: word in session.text.rpartition(before)[2], word)


def process(session: Session) -> int:
    """The process id of the program, which the session's shell waits for."""
    found = subprocess.run(
        ["pgrep", "-P", str(session._child.pid)], capture_output=True, text=True, check=True
    )
    return int(found.stdout.split()[0])


def whole(session: Session) -> None:
    """The prompt that would follow stands in a row of its own, in plain letters."""
    assert "[terminal whole]" in session.lines
    attributes = session.terminal.cursor.attrs
    assert (attributes.fg, attributes.bg, attributes.bold) == ("default", "default", False)
    row = next(row for row in session.terminal.buffer.values() if row[1].data == "t")
    assert {row[column].fg for column in range(16)} == {"default"}
    assert not any(row[column].bold for column in range(16))


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_a_stop_in_any_block_leaves_the_terminal_whole(
    place: Place, name: str, end: signal.Signals
) -> None:
    """Terminated, hung up or stopped: what came is there once, and stored; 128 and the signal."""
    with begun(place, PARTS[name]) as session:
        if end == signal.SIGINT:
            session.types(CTRL_C)
        else:
            os.kill(process(session), end)
        session.ends(128 + end)
        whole(session)
        assert session.text.count("Done.") == 1
    assert place.rows()[1] == ("assistant", "interrupted", "".join(PARTS[name]))


@pytest.mark.parametrize("command", ["ask", "explain"])
def test_a_dash_takes_what_is_typed_up_to_ctrl_d(place: Place, command: str) -> None:
    """As `cat -` does; without it a terminal is not waited for."""
    with place.run(command, "-") as session:
        session.types("What is\ntyped?\n" + CTRL_D)
        session.ends(0)
    (entry,) = place.asked("chat")
    assert entry.json()["messages"][-1]["content"] == "What is\ntyped?"
    with place.run(command) as session:
        session.ends(2)
        assert "there is nothing to ask" in session.text


def test_a_terminal_that_goes_away_ends_the_program(place: Place) -> None:
    """The window is closed in mid-answer: the program ends, and what came is stored."""
    with begun(place, PARTS["a paragraph"]) as session:
        number = process(session)
    end = time.monotonic() + PATIENCE
    while _alive(number):
        assert time.monotonic() < end, "the program outlives its terminal"
        select.select([], [], [], 0.05)
    assert place.rows()[1] == ("assistant", "interrupted", "".join(PARTS["a paragraph"]))


def _alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_bug_in_the_renderer_leaves_the_terminal_whole(place: Place) -> None:
    """What came is shown, as it came; the traceback stands below it; the rest is stored."""
    place.simulator.answer(deltas=["Done.\n\n", "Second **block**.", "\n\n", "Third."])
    words = ("ask", "question")
    with Session(words, place.environ, 80, 40, module="tests.failing_renderer") as session:
        session.ends(1)
        whole(session)
        assert "Done." in session.lines
        assert "Second **block**." in session.lines
        assert "LookupError: made to fail" in session.lines
        assert session.text.count("this is a bug in copilot-chat") == 1


ANSWER = (
    "# Title\n\nSome **bold** words, `code` and ~~struck~~ 日本語 e\u0301te\u0301.\n\n"
    "```python\nreturn 'text'  # why\n```\n\n| a | b |\n|---|--:|\n| 日本 | 1 |\n"
)


def test_no_color(place: Place) -> None:
    """Rendered, and nothing is styled."""
    place.simulator.answer(text=ANSWER)
    with place.run("ask", "question", NO_COLOR="1") as session:
        session.ends(0)
        assert not re.search(rb"\x1b\[[\d;]*m", session.raw)
        assert "a    │ b" in session.lines


def test_a_dumb_terminal(place: Place) -> None:
    """The answer as it came, and no escape sequence."""
    place.simulator.answer(text=ANSWER)
    with place.run("ask", "question", TERM="dumb") as session:
        session.ends(0)
        assert b"\x1b" not in session.raw
        assert "| a | b |" in session.lines


@pytest.mark.parametrize("columns", [80, 40])
def test_the_screen(place: Place, columns: int) -> None:
    """An answer in small pieces, at two widths, as it stands in the end."""
    place.simulator.answer(deltas=list(ANSWER))
    with place.run("ask", "question", columns=columns) as session:
        session.ends(0)
        text = "\n".join(session.lines)
    assert text.startswith(
        "Title\n\n"
        + {
            80: "Some bold words, code and struck 日本語 été.\n",
            40: "Some bold words, code and struck 日本語\nété.\n",
        }[columns]
        + "\nreturn 'text'  # why\n\na    │ b\n─────┼──\n日本 │ 1\n"
    )
