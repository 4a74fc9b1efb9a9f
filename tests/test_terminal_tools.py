"""Tools at a pseudo-terminal: who agrees, what counts as an answer, what Ctrl-C leaves."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals are POSIX", allow_module_level=True)

from tests.processes import gone
from tests.terminal_session import CTRL_C, CTRL_D, Place, Session

pytestmark = pytest.mark.real

ROOT = Path(__file__).parent.parent
MAKE = ("run_command", {"command": "echo hi > made"})
RUN = ("--tool", "run_command")
QUESTION = "Allow it?"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Somebody who is signed in, in a folder of their own."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    with Place(tmp_path) as made:
        made.sign_in_by_variable()
        made.environ["PYTHONPATH"] = str(ROOT)
        yield made


def calls(place: Place, *given: tuple[str, Any], **answer: Any) -> None:
    """Have the model call tools next."""
    pairs = [(name, json.dumps(arguments)) for name, arguments in given]
    place.simulator.answer(tool_calls=pairs, **answer)


def results(place: Place) -> list[str]:
    """What the model was told of the calls of the last request."""
    messages = place.asked("chat")[-1].json()["messages"]
    return [each["content"] for each in messages if each["role"] == "tool"]


def made() -> bool:
    return Path("made").exists()


# --- the question --------------------------------------------------------------------------------


def test_a_yes_runs_it(place: Place) -> None:
    """The whole call is shown first, and nothing of it runs before the answer."""
    calls(place, MAKE)
    place.simulator.answer("Done.")
    with place.run("ask", *RUN, "make it") as session:
        session.shows("The model wants to call run_command, which runs on your machine as you:")
        session.shows("command: echo hi > made", "Allow it? [y yes, n no; other words go to the")
        assert not made()
        session.types("y\r").shows("← run_command: exit code 0", "Done.").ends(0)
    assert made()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("n\r", "The person does not allow this call."),
        ("\r", "The person does not allow this call."),
        ("s\r", "The person does not allow this call. They say: s"),
        (CTRL_D, "The person does not allow this call."),
        ("use touch\r", "The person does not allow this call. They say: use touch"),
    ],
    ids=["no", "enter", "session", "ctrl-d", "words"],
)
def test_anything_else_is_a_no(place: Place, typed: str, told: str) -> None:
    """With a word to the model, which answers; what runs is agreed to each time."""
    calls(place, MAKE)
    place.simulator.answer("I will not.")
    with place.run("ask", *RUN, "make it") as session:
        session.shows(QUESTION).types(typed).shows("✗ run_command", "I will not.").ends(0)
    assert results(place) == [told]
    assert not made()


def test_what_is_piped_in_is_no_answer(place: Place) -> None:
    """However often it says yes: it is data, and the question goes to the terminal."""
    Path("yes").write_text("y\n" * 1000)
    calls(place, MAKE)
    place.simulator.answer("I will not.")
    with place.run("ask", *RUN, "make it", TEST_STDIN=str(Path("yes").resolve())) as session:
        session.shows(QUESTION)
        assert not made()
        session.types("n\r").shows("I will not.").ends(0)
    assert not made()
    assert "y\ny\ny" in place.asked("chat")[0].json()["messages"][0]["content"]


def test_the_answer_may_go_elsewhere(place: Place) -> None:
    """With stdout in a file the question is asked all the same, and is no part of it."""
    calls(place, MAKE)
    place.simulator.answer("Done.")
    with place.run("ask", *RUN, "-o", "answer.txt", "make it") as session:
        session.shows(QUESTION).types("y\r").ends(0)
    assert Path("answer.txt").read_text() == "Done."
    assert made()


@pytest.mark.parametrize("words", [("ask", *RUN, "make it"), ("repl", *RUN)], ids=["ask", "repl"])
def test_what_was_typed_before_the_question_is_no_answer(
    place: Place, words: tuple[str, ...]
) -> None:
    """Nobody had seen yet what it would answer."""
    go_on = threading.Event()
    calls(place, MAKE, text="Let me see.", pause_after=(1, go_on))
    place.simulator.answer("I will not.")
    with place.run(*words) as session:
        if words[0] == "repl":
            session.prompts().types("make it\r")
        assert place.simulator.wait(lambda: bool(place.asked("chat")))
        session.shows("Let").types("y\ry\ry\r")
        go_on.set()
        session.shows(QUESTION)
        assert not made()
        session.types("n\r").shows("I will not.")
        if words[0] == "repl":
            session.until(lambda: len(place.asked("chat")) >= 2, "the answer")
            session.types(CTRL_D)
        session.ends(0)
    assert not made()


def test_nothing_in_a_call_is_obeyed_by_the_terminal(place: Place) -> None:
    """Neither in the question nor in the lines around it."""
    command = "echo \x1b]0;owned\x07 \x9b2J \u202e; echo second\nrm -rf nowhere"
    calls(place, ("run_command", {"command": command}), ("rm\x1b]0;owned\x07", {}))
    place.simulator.answer("I see.")
    with place.run("ask", *RUN, "go") as session:
        session.shows(QUESTION, "rm -rf nowhere").types("n\r").shows("I see.").ends(0)
        assert b"\x1b]0;owned" not in session.raw
        assert "\u202e".encode() not in session.raw
        assert "\x9b".encode() not in session.raw
        assert "␛]0;owned␇" in session.text


# --- nobody is there -----------------------------------------------------------------------------


def alone(place: Place, *words: str, stdin: bytes = b"y\n" * 100) -> tuple[int, str, str]:
    """Run the program in a session of its own, which has no terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "copilot_cli", *words],
        input=stdin,
        capture_output=True,
        env=place.environ,
        timeout=60,
        check=False,
        start_new_session=True,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_without_a_terminal_nothing_runs(place: Place) -> None:
    """The model hears why and answers: that is a whole answer."""
    calls(place, MAKE)
    place.simulator.answer("I may not.")
    code, out, err = alone(place, "ask", *RUN, "make it")
    assert (code, out) == (0, "I may not.")
    assert "✗ run_command" in err
    assert "nobody is there to agree; --allow run_command would" in results(place)[0]
    assert not made()


def test_without_a_terminal_a_model_that_insists_gives_no_whole_answer(place: Place) -> None:
    """Exit code 7."""
    for _ in range(3):
        calls(place, MAKE)
    assert alone(place, "ask", *RUN, "--max-rounds", "2", "make it")[0] == 7
    assert not made()


def test_a_chat_from_a_pipe_runs_nothing_either(place: Place) -> None:
    """The lines after the question are questions, and no answers."""
    calls(place, MAKE)
    place.simulator.answer("I may not.")
    code, out, _ = alone(place, "repl", *RUN, stdin=b"make it\ny\n")
    assert code == 0
    assert "I may not." in out
    assert place.asked("chat")[-1].json()["messages"][-1]["content"] == "y"
    assert not made()


def test_what_is_allowed_runs_without_a_question(place: Place) -> None:
    """That tool, and no other."""
    calls(place, MAKE, ("list_files", {}))
    place.simulator.answer("Done.")
    words = ("ask", *RUN, "--tool", "list_files", "--allow", "run_command", "make it")
    assert alone(place, *words)[:2] == (0, "Done.")
    assert made()
    assert [text.partition("\n")[0][:36] for text in results(place)] == [
        "exit code 0",
        "The person does not allow this call.",
    ]


# --- in the chat ---------------------------------------------------------------------------------


def test_s_is_a_yes_for_the_session(place: Place) -> None:
    """Of what reads; the next turn asks no more, nor does a new conversation."""
    look: tuple[str, Any] = ("list_files", {})
    with place.run("repl", lines=60) as session:
        session.prompts().types("/tools add list_files\r").prompts(2)
        for number, typed in ((3, "s\r"), (4, ""), (5, "")):
            calls(place, look)
            place.simulator.answer(f"Answer {number}.")
            if number == 5:
                session.types("/new\r").shows("a new conversation").prompts(number)
            session.types("look\r")
            if typed:
                session.shows("y once, s for this session, n no").types(typed)
            session.shows(f"Answer {number}.").prompts(number + (number == 5))
        session.types(CTRL_D).ends(0)
        assert session.text.count(QUESTION) == 1


def test_what_a_call_gave_is_shown_whole(place: Place) -> None:
    """In the chat as one line, with `/tools show` all of it, as text."""
    command = "seq 1 30; printf '\\033]0;owned\\007'"
    calls(place, ("run_command", {"command": command}))
    place.simulator.answer("Thirty.")
    with place.run("repl", *RUN, lines=60) as session:
        session.prompts().types("count\r").shows(QUESTION).types("y\r")
        session.shows("← run_command: 32 lines", "Thirty.").prompts(2)
        assert "29" not in session.lines
        session.types("/tools show\r").prompts(3)
        assert "29" in session.lines
        assert "␛]0;owned␇" in session.text
        session.types("/tools show 2\r").shows("has called 1, and no tool 2").prompts(4)
        session.types("/tools\r").shows("run_command run Run a command", "read_file").prompts(5)
        session.types("/tools remove run_command\r").shows("not given any more").prompts(6)
        session.types("and?\r").prompts(7).types(CTRL_D).ends(0)
        assert b"\x1b]0;owned" not in session.raw
    assert place.asked("chat")[-1].json()["tool_choice"] == "none"


def test_the_way_back_takes_the_calls_along(place: Place) -> None:
    """`/retry` asks again without them, `/undo` leaves none behind."""
    with place.run("repl", *RUN, lines=60) as session:
        calls(place, MAKE)
        place.simulator.answer("Done.")
        session.prompts().types("first\r").shows(QUESTION).types("y\r").shows("Done.").prompts(2)
        session.types("/retry\r").shows("again: first").prompts(3)
        roles = [each["role"] for each in place.asked("chat")[-1].json()["messages"]]
        assert roles == ["user"]
        assert place.asked("chat")[-1].json()["tools"]
        session.types("/undo\r").shows("undone").prompts(4)
        session.types("/undo\r").shows("there is nothing to undo").prompts(5)
        session.types("/model sim-small\r").prompts(6).types("next\r").prompts(7)
        body = place.asked("chat")[-1].json()
        assert [each["content"] for each in body["messages"]] == ["next"]
        assert body["tools"]
        session.types(CTRL_D).ends(0)


# --- Ctrl-C --------------------------------------------------------------------------------------


def test_ctrl_c_at_the_question_runs_nothing(place: Place) -> None:
    """Of a turn with several calls, the ones agreed to do not run either."""
    calls(place, MAKE, MAKE)
    with place.run("ask", *RUN, "make it") as session:
        session.shows(QUESTION).types("y\r").asks(QUESTION, 2).types(CTRL_C).ends(130)
    assert not made()
    assert len(place.asked("chat")) == 1


def test_ctrl_c_at_the_question_comes_back_to_the_chat(place: Place) -> None:
    """The turn is over, and the next one goes its way."""
    calls(place, MAKE, text="Let me see.")
    with place.run("repl", *RUN) as session:
        session.prompts().types("make it\r").shows(QUESTION).types(CTRL_C)
        session.shows("stopped").prompts(2).types("hello\r").prompts(3).types(CTRL_D).ends(0)
    assert not made()
    assert place.asked("chat")[-1].json()["messages"][-1]["content"] == "hello"


def started(session: Session) -> list[int]:
    """The processes that the command has written down."""
    file = Path("pids")
    session.until(lambda: file.exists() and file.read_text().count("\n") == 2, "a command")
    return [int(line) for line in file.read_text().split()]


SLEEP = ("run_command", {"command": "sleep 1000 & echo $$ > pids; echo $! >> pids; sleep 1000"})
linux = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="pidfd is Linux's")


@linux
@pytest.mark.parametrize("how", ["ctrl-c", "terminate"])
def test_a_command_that_runs_is_ended_with_the_program(place: Place, how: str) -> None:
    """With its children, before the program is gone."""
    calls(place, SLEEP)
    with place.run("ask", *RUN, "sleep") as session:
        session.shows(QUESTION).types("y\r")
        pids = started(session)
        if how == "ctrl-c":
            session.types(CTRL_C).ends(130)
        else:
            session.terminate().ends(128 + signal.SIGTERM)
    assert all(gone(pid) for pid in pids)


@linux
def test_a_command_that_runs_is_ended_and_the_chat_goes_on(place: Place) -> None:
    """What came before it is kept, and the model told that it has run."""
    calls(place, SLEEP, text="I sleep.")
    with place.run("repl", *RUN) as session:
        session.prompts().types("sleep\r").shows(QUESTION).types("y\r")
        pids = started(session)
        session.types(CTRL_C).shows("stopped").prompts(2)
        assert all(gone(pid) for pid in pids)
        session.types("hello\r").prompts(3).types(CTRL_D).ends(0)
    assert [state for _, state, _ in place.rows()] == [
        "complete",
        "interrupted",
        "complete",
        "complete",
    ]
    *_, answer, result, _ = place.asked("chat")[-1].json()["messages"]
    assert answer["content"] == "I sleep."
    assert result["content"].startswith("The person stopped it while it ran.")
