"""Each command of the chat once, at a pseudo-terminal, as a person types it."""

import base64
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals are POSIX", allow_module_level=True)

from copilot_cli.prompt import NOTICE
from tests.terminal_session import CTRL_C, CTRL_D, DOWN, Place, Session

pytestmark = pytest.mark.real


class Chat:
    """A chat in which each line is typed when the prompt is back."""

    def __init__(self, session: Session) -> None:
        self.session = session.prompts()

    def line(self, text: str, *expected: str) -> None:
        """Type a line; once the prompt is back, the texts must have come, once more."""
        before = {each: self.session.text.count(each) for each in expected}
        self.session.types(f"{text}\r").prompts_below(self.session.row)
        for each in expected:
            assert self.session.text.count(each) > before[each], f"{each!r} after {text!r}"

    def asked(self, text: str, question: str, answer: str, *expected: str) -> None:
        """Type a line that asks something; answer it."""
        number = self.session.text.count(question) + 1
        self.session.types(f"{text}\r").asks(question, number)
        self.line(answer, *expected)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Place(tmp_path) as made:
        made.sign_in_by_variable()
        made.environ |= {"SSH_TTY": "/dev/pts/0", "SHELL": "/bin/sh", "PS1": "inside> "}
        yield made


@pytest.fixture
def chat(place: Place) -> Iterator[Chat]:
    with place.run("repl", columns=110, lines=60) as session:
        yield Chat(session)
        session.types(CTRL_D).ends(0)


def questions(place: Place) -> list[str]:
    return [str(it.json()["messages"][-1]["content"]) for it in place.asked("chat")]


def test_who_answers(chat: Chat, place: Place) -> None:
    """/help /model /effort /system /role"""
    chat.line("/help", "/compact", "Ctrl-R searches")
    chat.line("/help undo", "take back the last question")
    chat.session.types("/model\r").shows("Which model?", "» sim-echo", "sim-small")
    chat.line("", "model: sim-echo")
    chat.line("/model sim-reason", "model: sim-reason")
    chat.line("/effort high", "effort: high (of low, medium, high)")
    chat.line("/effort none", "effort: the model’s own")
    chat.line("/system be brief", "your instructions hold")
    chat.line("/system", "be brief")
    chat.line("/role code", "role: code")
    chat.line("/role", "* code", "explain", "shell")
    chat.line("hello", "hello")
    assert "be brief" in place.asked("chat")[0].json()["messages"][0]["content"]


def test_which_conversation(chat: Chat, place: Place) -> None:
    """/new /sessions /resume /rename /search /fork /private"""
    chat.line("the first one")
    chat.line("/rename Of beginnings", "the title is now “Of beginnings”")
    chat.line("/new", "a new conversation")
    chat.line("the second one")
    chat.line("/sessions", "1* ", "2 ", "Of beginnings")
    chat.line("/search first", "Of beginnings", "you: the first one")
    chat.session.types("/resume\r").shows("Which conversation?", "» Of beginnings")
    chat.line("", "going on with “Of beginnings” (1 question, sim-echo)", "> the first one")
    chat.line("/fork", "in a copy from here on: “Of beginnings (fork)”")
    chat.line("third", "third")
    assert len(place.asked("chat")[-1].json()["messages"]) == 3
    chat.line("/private", "private from now on")
    chat.line("never written")
    assert not any(text == "never written" for _, _, text in place.rows())
    assert "never written" not in (place.home / "history").read_text(encoding="utf-8")


def test_the_tree(chat: Chat, place: Place) -> None:
    """/undo /redo /retry /edit /continue"""
    chat.line("one")
    chat.line("two")
    chat.line("/undo", "undone: “two”", "1 question left")
    chat.line("/redo", "brought back: “two”")
    chat.line("/retry sim-small", "model: sim-small", "again: two")
    chat.session.types("/edit\r").shows("change the question and press Enter", "> two")
    chat.line(", or three", "two, or three")
    place.simulator.answer(text="half ", finish="length")
    chat.line("four", "answer incomplete", "/continue goes on")
    place.simulator.answer(text="and half")
    chat.line("/continue", "and half")
    assert questions(place)[:5] == ["one", "two", "two", "two, or three", "four"]
    asked = [it.json()["model"] for it in place.asked("chat")]
    assert asked == ["sim-echo"] * 2 + ["sim-small"] * 4


def test_the_editor(place: Place, tmp_path: Path) -> None:
    """/edit with an editor: what comes back from it is asked."""
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho "edited here" > "$1"\n', encoding="utf-8")
    editor.chmod(0o755)
    with place.run("repl", EDITOR=str(editor)) as session:
        chat = Chat(session)
        chat.line("one")
        chat.line("/edit", "asking anew: edited here")
        session.types(CTRL_D).ends(0)
    assert questions(place) == ["one", "edited here"]


def test_what_is_taken_out(place: Place, tmp_path: Path) -> None:
    """/copy /save /export"""
    place.simulator.answer(text="First:\n\n```sh\nls 'ü'\n```\n\nor\n\n```\nx\n```\n")
    with place.run("repl", columns=110, lines=60) as session:
        chat = Chat(session)
        chat.line("how?")
        chat.line("/copy", "1 sh ls 'ü' 1 line", "/copy with a number")
        chat.line("/copy 1", "block 1 (7 characters) given to the terminal")
        chat.line("/copy all", "the answer (")
        copied = re.findall(rb"\x1b]52;c;([^\x07]*)\x07", session.raw)
        assert base64.b64decode(copied[0]).decode() == "ls 'ü'\n"
        chat.line(f"/save 2 {tmp_path}/x", "(2 bytes)")
        chat.asked(f"/save {tmp_path}/x", "Replace it? [y/N]", "n", "nothing was written")
        assert (tmp_path / "x").read_text(encoding="utf-8") == "x\n"
        chat.line(f"/export {tmp_path}/talk.html", "wrote ")
        session.types(CTRL_D).ends(0)
    assert "<!doctype html>" in (tmp_path / "talk.html").read_text(encoding="utf-8")


def test_what_goes_along(chat: Chat, place: Place, tmp_path: Path) -> None:
    """/attach /detach @file"""
    note = tmp_path / "note.txt"
    note.write_text("remember", encoding="utf-8")
    chat.line(f"/attach {note}", "goes along with the next question")
    chat.line("/attach", "8 bytes")
    chat.line("/detach", "nothing goes along any more")
    chat.line(f"what is in @{note}?", "(8 bytes)")
    assert questions(place)[0].startswith(f'{NOTICE}\n\n<data name="')
    assert "remember" in questions(place)[0]


def test_what_it_takes(chat: Chat, place: Place) -> None:
    """/tokens /usage /compact /thinking"""
    place.simulator.answer(reasoning="I wonder.", text="one")
    chat.line("one")
    chat.line("/thinking", "I wonder.")
    chat.line("two")
    chat.line("three")
    chat.line("/tokens", "of 112k")
    chat.line("/usage", "240 of 300 left")
    place.simulator.answer(text="In short: numbers.")
    chat.asked("/compact", "Use this summary in place of the older turns? [Y/n]", "", "are now")
    chat.line("and now?")
    assert "In short: numbers." in place.asked("chat")[-1].json()["messages"][0]["content"]
    chat.line("/undo 2", "undone: “and now?”", "undone: the summary")


def test_settings(chat: Chat) -> None:
    """/set /theme"""
    chat.line("/set", "meter", "thinking", "of auto, light, dark")
    chat.line("/theme light", "theme: light in this chat")
    chat.line("/set meter off", "for good: copilot-chat config set meter off")
    chat.line("hello")
    assert " out · " not in chat.session.text
    chat.line("/set keys vi", "keys: vi")
    chat.session.types("held\x1b").types("0x").shows("> eld").types(CTRL_C)
    chat.line("/set keys emacs", "keys: emacs")


def test_commands_of_the_shell(chat: Chat, place: Place) -> None:
    """/shell !command"""
    chat.session.types("!echo $((6*7)); env\r").asks("here? [y/N]", 1).types("y\r")
    chat.session.shows("42", "your next question? [y/N]")
    assert "COPILOT_CHAT" not in chat.session.text.partition("42")[2]
    chat.line("y", "it goes along")
    chat.line("what is it?")
    assert "42" in questions(place)[0]
    chat.asked("!touch never", "here? [y/N]", "n", "not run, and nothing was sent")
    chat.session.types("/shell\r").asks("Open /bin/sh here?", 1).types("y\r").shows("inside>")
    chat.session.types("echo $((50+5))\r").shows("55")
    chat.line("exit", "back in the chat")


def test_a_stopped_question_stops_the_command(chat: Chat) -> None:
    """Ctrl-C and Ctrl-D at a question do nothing, and the chat goes on."""
    chat.session.types("/shell\r").asks("Open /bin/sh here?", 1).types(CTRL_C)
    chat.session.shows("stopped").prompts(2)
    chat.line("one")
    chat.line("/new")
    chat.session.types("/resume\r").shows("Which conversation?").types(DOWN + CTRL_C)
    chat.session.until(lambda: chat.session.text.count("stopped") == 2, "stopped again")
    chat.line("/tokens", "about 0 tokens")
