"""An answer that is stopped in twenty places, and a program that is killed in fifty."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals are POSIX", allow_module_level=True)

from tests.terminal_session import CTRL_C, CTRL_D, Place, Session

pytestmark = pytest.mark.real

PIECES = [
    "word00 begins ",
    "and *word01 is ",
    "emphatic* word02.\n",
    "\nA `word03` span, ",
    "[word04](https://example.com) ",
    "and **word05** end.\n\n",
    "- word06 in a list\n",
    "- and word07\n",
    "  - below it word08\n\n",
    "```python\nword09 = 1\n",
    "word10 = 'a string",
    " and word11'\n",
    "word12()\n```\n\n",
    "| word13 | b |\n",
    "| --- | --- |\n| word14 | 1 |\n",
    "| word15 | 2 |\n\n",
    "> word16 is quoted\n\n",
    "日本語 word17 ",
    "e\u0301t\u00e9 word18 ",
    "word19.",
]
"""An answer in which every kind of block is stopped somewhere."""


@pytest.fixture
def chatting(tmp_path: Path) -> Iterator[Place]:
    with Place(tmp_path) as made:
        made.sign_in_by_variable()
        yield made


def test_ctrl_c_at_twenty_points_keeps_what_came(chatting: Place) -> None:
    """Whatever is being shown: the words that came are on the screen, stored, and go along."""
    with chatting.run("repl", lines=40) as session:
        session.prompts()
        for point in range(len(PIECES)):
            chatting.simulator.answer(deltas=PIECES, pause_after=(point, threading.Event()))
            asked = len(chatting.asked("chat"))
            session.types(f"question{point}\r")
            if point:
                came(session, f"question{point}", f"word{point - 1:02}")
            else:
                assert chatting.simulator.wait(lambda: len(chatting.asked("chat")) > 0)
            session.types(CTRL_C).prompts(point + 2)
            assert len(chatting.asked("chat")) == asked + 1
        session.types(CTRL_D).ends(0)
        assert session.text.count("stopped; what came is kept") == len(PIECES) - 1
        assert session.text.count("stopped; nothing came") == 1
    answers = [(state, text) for role, state, text in chatting.rows() if role == "assistant"]
    assert answers == [("interrupted", "".join(PIECES[:point])) for point in range(len(PIECES))]


def came(session: Session, question: str, word: str) -> None:
    """Wait until `word` is shown below `question`."""
    session.until(lambda: word in session.text.rpartition(question)[2], word)


# --- killed --------------------------------------------------------------------------------------

KILLS = 5
"""How many times each of the ten tests kills the program."""


def start(place: Place, question: str) -> "subprocess.Popen[bytes]":
    """Ask one question in a chat that reads a pipe, of a process that can be killed."""
    child = subprocess.Popen(
        [sys.executable, "-m", "copilot_cli", "repl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=place.environ,
    )
    assert child.stdin is not None
    child.stdin.write(f"{question}\n".encode())
    child.stdin.flush()
    return child


def kill(child: "subprocess.Popen[bytes]") -> None:
    """End it as a power cut does."""
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()


@pytest.mark.parametrize("seed", range(10))
def test_kill_9_loses_at_most_the_last_second(chatting: Place, seed: int) -> None:
    """At a random moment of start, request, answer or end: the database is sound, a question that
    was sent is in it, and so is the answer, as far as it had come a second before.
    """
    chance = random.Random(seed)
    words = [f"w{number} " for number in range(40)]
    for number in range(KILLS):
        question, last = f"question {seed}.{number}", number == KILLS - 1
        if not chatting.simulator.unused():
            point = chance.randrange(1, len(words))
            pause = threading.Event() if last else chance.uniform(0.05, 0.3)
            chatting.simulator.answer(deltas=words, pause_after=(point, pause))
        asked = len(chatting.asked("chat"))
        child = start(chatting, question)
        try:
            if last or chance.random() < 0.7:
                wait_for_request(chatting, asked + 1)
            threading.Event().wait(1.5 if last else chance.uniform(0.0, 0.35))
        finally:
            kill(child)
        sent = len(chatting.asked("chat")) > asked
        check(chatting, question, sent=sent, whole="".join(words))
        if last and isinstance(pause, threading.Event):
            assert chatting.rows()[-1] == ("assistant", "pending", "".join(words[:point]))
    child = start(chatting, "still there?")
    child.communicate()
    assert chatting.rows()[-1] == ("assistant", "complete", "still there?")


def wait_for_request(place: Place, number: int) -> None:
    """Wait until the service was asked for the `number`-th time."""
    assert place.simulator.wait(lambda: len(place.asked("chat")) >= number)


def check(place: Place, question: str, *, sent: bool, whole: str) -> None:
    """The database is sound, and what must be in it is."""
    if not (place.home / "conversations.db").exists():
        assert not sent
        return
    rows = place.rows()
    questions = [text for role, _, text in rows if role == "user"]
    assert not sent or questions[-1] == question
    for role, state, text in rows:
        if role == "assistant":
            assert whole.startswith(text)
            assert state in {"pending", "complete"}
