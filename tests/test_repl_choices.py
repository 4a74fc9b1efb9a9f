"""What Tab offers in the chat: commands, what follows them, and files."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_cli.repl.choices import completer
from copilot_cli.repl.loop import Repl
from copilot_cli.repl.table import COMMANDS, find
from tests.repl_world import chat_of, chatting_world
from tests.wizard_world import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "notes.md").write_text("text", encoding="utf-8")
    monkeypatch.chdir(folder)
    made = chatting_world(tmp_path / "home")
    yield made
    if made.app is not None:
        made.app.close()


@pytest.fixture
def chat(world: World) -> Repl:
    return chat_of(world)


def offered(chat: Repl, before: str) -> list[str]:
    """What the line becomes with each of the candidates."""
    return [before[: each.start] + each.text for each in completer(chat)(before)]


@pytest.mark.skipif(sys.platform == "win32", reason="no folder goes that somebody is in")
def test_no_file_is_offered_where_the_folder_is_gone(chat: Repl) -> None:
    """The line can be typed all the same."""
    Path("notes.md").unlink()
    Path.cwd().rmdir()
    assert offered(chat, "see @no") == []
    assert offered(chat, "/attach no") == []


def test_the_names_of_commands_are_unique() -> None:
    """Each name, the other names too, leads to one command."""
    names = [name for command in COMMANDS for name in (command.name, *command.also)]
    assert len(names) == len(set(names))
    assert [find(name).name for name in ("exit", "quit")] == ["exit", "exit"]


def test_commands_are_offered_after_a_slash(chat: Repl) -> None:
    """In the order of the table; a space follows where there is more to say."""
    assert offered(chat, "/re") == ["/resume ", "/rename", "/redo", "/retry "]
    assert len(offered(chat, "/")) == len(COMMANDS)


@pytest.mark.parametrize(
    "before", ["", "hello", " /re", "//re", "say /re", "/re\nx", "/nonesuch x"]
)
def test_nothing_is_offered_elsewhere(chat: Repl, before: str) -> None:
    """A slash counts only where a command can stand."""
    assert offered(chat, before) == []


def test_nothing_is_asked_of_the_service(world: World, chat: Repl) -> None:
    """Models are those of the list that was read last."""
    before = len(world.sim.log)
    assert "/model sim-docs" in offered(chat, "/model ")
    assert offered(chat, "/effort ") == ["/effort none"]
    assert len(world.sim.log) == before


def test_models_and_their_efforts(chat: Repl) -> None:
    """Those that can be used, as they are known."""
    chat.handle("/model sim-reason")
    assert "/model sim-small" in offered(chat, "/model sim-s")
    assert offered(chat, "/model au") == ["/model auto"]
    assert not any("sim-disabled" in line for line in offered(chat, "/retry "))
    assert offered(chat, "/effort ") == [
        f"/effort {it}" for it in ("low", "medium", "high", "none")
    ]


def test_roles_settings_themes_and_words(chat: Repl) -> None:
    """Each after its command, and values after a setting."""
    assert offered(chat, "/role ") == [f"/role {it}" for it in ("code", "explain", "shell", "none")]
    assert offered(chat, "/set me") == ["/set meter"]
    assert offered(chat, "/set meter ") == [f"/set meter {it}" for it in ("auto", "on", "off")]
    assert offered(chat, "/theme l") == ["/theme light"]
    assert offered(chat, "/system n") == ["/system none"]
    assert offered(chat, "/help red") == ["/help redo"]


def test_sessions_by_their_titles(chat: Repl) -> None:
    """Case does not matter while one types."""
    chat.handle("What is new?")
    assert offered(chat, "/resume what") == ["/resume What is new?"]


def test_the_blocks_of_the_last_answer(chat: Repl) -> None:
    """By number, with their first lines."""
    chat.handle("```\none\n```\n\n```\n\ntwo\n```")
    assert offered(chat, "/copy ") == ["/copy 1", "/copy 2", "/copy all"]
    assert [each.meta for each in completer(chat)("/copy ")] == ["one", "two", ""]


def test_files(chat: Repl) -> None:
    """After a mention, and after the commands that take a path."""
    assert offered(chat, "see @no") == ["see @notes.md"]
    for command in ("attach", "save", "export"):
        assert offered(chat, f"/{command} no") == [f"/{command} notes.md"]
    chat.handle("/attach notes.md")
    assert offered(chat, "/detach ") == ["/detach notes.md"]
