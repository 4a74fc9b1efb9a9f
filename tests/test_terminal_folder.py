"""The real program at a pseudo-terminal, in a folder that brings something; and `suggest` there."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals are POSIX", allow_module_level=True)

from tests.pages import ROOT
from tests.terminal_session import CTRL_C, CTRL_D, Place

pytestmark = pytest.mark.real


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Somebody signed in, in the folder `work` of their home."""
    with Place(tmp_path) as made:
        made.sign_in_by_variable()
        made.environ["PYTHONPATH"] = str(ROOT)
        work = tmp_path / "work"
        work.mkdir()
        monkeypatch.chdir(work)
        yield made


def sent(place: Place) -> str:
    """The body of the last request for an answer."""
    body: bytes = place.asked("chat")[-1].body
    return body.decode()


def test_the_chat_asks_once_about_settings_and_instructions(place: Place) -> None:
    """What was agreed to goes along; a second chat asks nothing."""
    work = place.folder / "work"
    (work / ".copilot-chat.toml").write_text('role = "code"\ncontext = ["style.md"]\n')
    (work / "style.md").write_text("Two spaces.")
    (work / "AGENTS.md").write_text("Run make test.")
    with place.run("repl") as session:
        session.shows("role: code", "context: style.md, 11 bytes", "Use them here").types("y\r")
        session.shows("Send AGENTS.md (14 bytes) along").types("\r").prompts()
        session.types("hello\r").prompts(2).types(CTRL_D).ends(0)
    assert "Two spaces." in sent(place)
    assert "You write code." in sent(place)
    assert "make test" not in sent(place)
    with place.run("repl") as session:
        session.prompts()
        assert "Use them" not in session.text
        session.types(CTRL_D).ends(0)


def test_ctrl_c_at_the_question_is_no_answer(place: Place) -> None:
    """The program ends, nothing is kept, and it asks again."""
    (place.folder / "work" / ".copilot-chat.toml").write_text('model = "sim-docs"\n')
    with place.run("ask", "hello") as session:
        session.shows("Use them here").types(CTRL_C).ends(130)
    assert "trusted.json" not in place.files()
    with place.run("config", "trust") as session:
        session.shows("Use them here").types("y\r").ends(0)
    assert "trusted.json" in place.files()


def test_a_suggestion_is_one_line_on_the_terminal(place: Place) -> None:
    """The command, as it can be pasted, and nothing around it."""
    place.simulator.answer(text="```sh\n$ ls -la\n```")
    with place.run("suggest", "list all files") as session:
        session.ends(0)
        assert [line for line in session.lines if line] == ["ls -la", "[terminal whole]"]
