"""The chat at a pseudo-terminal: answers, keys, what is typed meanwhile, and how it is stopped."""

import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals are POSIX", allow_module_level=True)

from tests.terminal_session import CTRL_C, CTRL_D, UP, Place, Session

pytestmark = pytest.mark.real

LEFT = "\x1b[D"


@pytest.fixture
def chatting(tmp_path: Path) -> Iterator[Place]:
    with Place(tmp_path) as made:
        made.sign_in_by_variable()
        yield made


def test_an_answer_longer_than_the_screen_is_in_the_scrollback_once(chatting: Place) -> None:
    """Every paragraph is rendered, and stands exactly once in scrollback and screen."""
    paragraphs = [f"Paragraph number {n} is *about* {n} things and ends." for n in range(40)]
    chatting.simulator.answer(text="\n\n".join(paragraphs))
    with chatting.run("repl", lines=12) as session:
        session.prompts().types("go\r").prompts(2)
        for n in range(40):
            assert session.lines.count(f"Paragraph number {n} is about {n} things and ends.") == 1
        last = len(session.lines) - 1
        while not session.lines[last].startswith(">"):
            last -= 1
        assert session.lines[last - 1] == ""
        assert " out · " in session.lines[last - 2]
        assert session.lines[last - 3].startswith("Paragraph number 39")
        session.types(CTRL_D).ends(0)


def test_ctrl_c_stops_the_answer_and_keeps_what_came(chatting: Place) -> None:
    """The part that came is in the database and the conversation goes on with it."""
    chatting.simulator.answer(deltas=["One. ", "Two."], pause_after=(1, threading.Event()))
    with chatting.run("repl") as session:
        session.prompts().types("count\r").shows("One.").types(CTRL_C)
        session.shows("stopped; what came is kept").prompts(2)
        assert chatting.rows()[1] == ("assistant", "interrupted", "One. ")
        session.types("and now?\r").prompts(3).types(CTRL_D).ends(0)
    sent = chatting.asked("chat")[-1].json()["messages"]
    assert [(it["role"], it["content"]) for it in sent] == [
        ("user", "count"),
        ("assistant", "One. "),
        ("user", "and now?"),
    ]
    assert [state for _, state, _ in chatting.rows()][2:] == ["complete", "complete"]


def test_ctrl_c_before_the_first_word_says_that_nothing_came(chatting: Place) -> None:
    """Nothing came, so nothing is said to be kept, and the next question goes without it."""
    chatting.simulator.answer(deltas=["never"], pause_after=(0, threading.Event()))
    with chatting.run("repl") as session:
        session.prompts().types("count\r")
        assert chatting.simulator.wait(lambda: bool(chatting.asked("chat")))
        session.types(CTRL_C).shows("stopped; nothing came").prompts(2)
        session.types("and now?\r").prompts(3).types(CTRL_D).ends(0)
    assert len(chatting.asked("chat")[-1].json()["messages"]) == 1


def test_commands_are_no_questions(chatting: Place) -> None:
    """Empty lines, /help, /model, /new and unknown ones send nothing; // sends a slash."""
    with chatting.run("repl", lines=50) as session:
        session.prompts().types("\r").prompts(2).types("   \r").prompts(3)
        session.types("/help\r").shows("/model [ID]", "Ctrl-D leaves.").prompts(4)
        session.types("/model\r").shows("Which model?", "» sim-echo").types("\r").prompts(5)
        session.types("/model sim-tiny\r").shows("error: there is no model 'sim-tiny'").prompts(6)
        session.types("/model sim-small\r").shows("model: sim-small").prompts(7)
        session.types("/nwe\r").shows("there is no command /nwe hint: did you mean /new?")
        session.prompts(8).types("/new\r").shows("a new conversation").prompts(9)
        assert not chatting.asked("chat")
        session.types("//etc\r").prompts(10).types(CTRL_D).ends(0)
    (question,) = chatting.asked("chat")
    assert question.json()["model"] == "sim-small"
    assert question.json()["messages"][-1]["content"] == "/etc"


@pytest.mark.parametrize("leave", ["/exit\r", "/quit\r", "exit\r", "quit\r", CTRL_D])
def test_the_chat_is_left(chatting: Place, leave: str) -> None:
    """Each of the ways out leaves with 0."""
    with chatting.run("repl") as session:
        session.prompts().types(leave).ends(0)


def test_ctrl_c_at_the_prompt_clears_the_line(chatting: Place) -> None:
    """What was typed is gone, the chat goes on, and nothing was sent."""
    with chatting.run("repl") as session:
        session.prompts().types("never to be sent").shows("> never to be sent")
        session.types(CTRL_C).until(lambda: "never" not in session.text, "an empty prompt")
        session.types("/exit\r").ends(0)
    assert not chatting.asked("chat")


def test_the_next_run_has_the_earlier_lines(chatting: Place) -> None:
    """Arrow up brings the last line of the run before; the file is nobody else's."""
    with chatting.run("repl") as session:
        session.prompts().types("the first run\r").prompts(2).types(CTRL_D).ends(0)
    assert (chatting.home / "history").stat().st_mode & 0o777 == 0o600
    with chatting.run("repl") as session:
        session.prompts().types(UP).shows("> the first run")
        session.types("\r").prompts(2).types(CTRL_D).ends(0)
    assert [it.json()["messages"][-1]["content"] for it in chatting.asked("chat")] == [
        "the first run"
    ] * 2


def test_a_wait_is_counted_down_and_ended_by_ctrl_c(chatting: Place) -> None:
    """A limit of half a minute: the seconds are shown, and nobody has to sit them out."""
    chatting.simulator.fault("chat", status=429, headers={"retry-after": "30"}, body="busy")
    with chatting.run("repl") as session:
        session.prompts().types("hello\r").shows("sending again in 30.0 s", "s left; Ctrl-C stops")
        session.types(CTRL_C).shows("stopped; nothing came").prompts(2)
        assert "s left" not in session.text
        session.types(CTRL_D).ends(0)
    assert len(chatting.asked("chat")) == 1


def test_what_is_typed_while_an_answer_comes_waits(chatting: Place) -> None:
    """It is not echoed into the answer; an Enter in it sends, the rest stands in the line."""
    goes_on = threading.Event()
    chatting.simulator.answer(deltas=["One. ", "Two."], pause_after=(1, goes_on))
    with chatting.run("repl") as session:
        session.prompts().types("count\r").shows("One.").types("and then?\rlater")
        session.types(f"{LEFT}{LEFT}")
        goes_on.set()
        session.shows("Two.", "> and then?", "> later")
        assert "One. Two." in session.lines
        session.types("X\r").shows("> latXer").types(CTRL_D).ends(0)
    assert questions(chatting) == ["count", "and then?", "latXer"]


def test_what_was_typed_before_ctrl_c_is_not_sent(chatting: Place) -> None:
    """Who stops an answer may not want the next one: it waits in the line."""
    chatting.simulator.answer(deltas=["One. ", "Two."], pause_after=(1, threading.Event()))
    with chatting.run("repl") as session:
        session.prompts().types("count\r").shows("One.").types("and then?\r").types(CTRL_C)
        session.shows("stopped; what came is kept", "> and then?")
        session.types(" Or not?\r").prompts(3).types(CTRL_D).ends(0)
    assert questions(chatting) == ["count", "and then? Or not?"]


def test_a_paste_is_one_question(chatting: Place) -> None:
    """At the prompt and during an answer: whole, with its lines, and sent by Enter alone."""
    goes_on = threading.Event()
    with chatting.run("repl") as session:
        session.prompts().types("\x1b[200~one\rtwo\x1b[201~").shows("> one", "two")
        assert not chatting.asked("chat")
        chatting.simulator.answer(deltas=["1. ", "2."], pause_after=(1, goes_on))
        session.types("\r").shows("1.").types("\x1b[200~three\nfour\x1b[201~")
        goes_on.set()
        session.shows("2.", "> three", "four")
        assert len(chatting.asked("chat")) == 1
        session.types("\r").prompts(3).types(CTRL_D).ends(0)
    assert questions(chatting) == ["one\ntwo", "three\nfour"]


def test_a_resize_in_the_middle_of_an_answer(chatting: Place) -> None:
    """What comes then is as wide as the terminal is then, and every word is there once."""
    goes_on = threading.Event()
    words = [f"word{number:02} " for number in range(40)]
    chatting.simulator.answer(deltas=words, pause_after=(20, goes_on))
    with chatting.run("repl", columns=100, lines=30) as session:
        session.prompts().types("go\r").shows("word19").resize(50, 30)
        goes_on.set()
        session.shows("word39").prompts(2)
        assert [session.text.count(word.strip()) for word in words[20:]] == [1] * 20
        session.types("still there?\r").prompts(3).types(CTRL_D).ends(0)


SCREEN_100 = """\

sim-echo · COPILOT_CHAT_TOKEN · /help, Ctrl-D to leave
> Tell me all about it
A heading

Some emphatic words, enough of them to be broken on a terminal that has only forty columns.

• one
• two

# code
print("hello")
N in · N out · N s to the first word, N s in all · N credits · quota 80% left

> N/112k tokens (N)"""

SCREEN_40 = """\

sim-echo · COPILOT_CHAT_TOKEN · /help,
Ctrl-D to leave
> Tell me all about it
A heading

Some emphatic words, enough of them to
be broken on a terminal that has only
forty columns.

• one
• two

# code
print("hello")
N in · N out · N credits

> N"""


@pytest.mark.parametrize(("columns", "expected"), [(100, SCREEN_100), (40, SCREEN_40)])
def test_the_screen(chatting: Place, columns: int, expected: str) -> None:
    """What a person sees after one question, at two widths; figures are taken for N."""
    answer = (
        "# A heading\n\nSome *emphatic* words, enough of them to be broken on a terminal that has"
        ' only forty columns.\n\n- one\n- two\n\n```python\n# code\nprint("hello")\n```\n'
    )
    chatting.simulator.answer(text=answer)
    with chatting.run("repl", columns=columns, lines=30) as session:
        session.prompts().types("Tell me all about it\r").prompts(2)
        shown = "\n".join(session.lines).rstrip()
        shown = re.sub(r"(?<!quota )\b\d+(\.\d+)?(?=[ /]|%)%?", "N", shown)
        assert squeezed(shown) == squeezed(expected)
        session.types(CTRL_D).ends(0)


def squeezed(screen: str) -> str:
    """`screen` with the space before the meter as one: its figures vary in length."""
    return re.sub(r"(?m)^> {2,}", "> ", screen)


def questions(place: Place) -> list[str]:
    """What was asked, the last message of each request."""
    return [str(it.json()["messages"][-1]["content"]) for it in place.asked("chat")]


def at_the_prompt(place: Place) -> Session:
    return place.run("repl").prompts()


def in_an_answer(place: Place) -> Session:
    place.simulator.answer(deltas=["One. ", "Two."], pause_after=(1, threading.Event()))
    return at_the_prompt(place).types("count\r").shows("One.")


@pytest.mark.parametrize("step", [at_the_prompt, in_an_answer])
def test_sigterm_leaves_the_terminal_whole(
    chatting: Place, step: Callable[[Place], Session]
) -> None:
    """128 and the signal's number; what came of an answer is saved."""
    with step(chatting) as session:
        session.terminate().ends(143)
    if step is in_an_answer:
        assert chatting.rows()[1] == ("assistant", "interrupted", "One. ")


def test_ctrl_c_ends_an_ask_with_130(chatting: Place) -> None:
    """What came of the answer stays on the terminal, and in the database."""
    chatting.simulator.answer(deltas=["One. ", "Two."], pause_after=(1, threading.Event()))
    with chatting.run("ask", "count") as session:
        session.shows("One.").types(CTRL_C).ends(130)
    assert chatting.rows()[1] == ("assistant", "interrupted", "One. ")
