"""`/tools`: what is given to the model in a chat, and to which model."""

import json
from pathlib import Path

import pytest

from copilot_cli.conversation import Manner, without_tools
from tests.chat_world import Engine, chat
from tests.repl_world import chat_of, chatting_world, run, said, sent
from tests.test_commands_ask_tools import listed
from tests.wizard_world import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return chatting_world(tmp_path / "home")


def given(world: World) -> list[list[str]]:
    """The names of the tools of each question that was sent."""
    bodies = [entry.json() for entry in world.sim.log if entry.endpoint == "chat"]
    return [[tool["function"]["name"] for tool in body.get("tools", [])] for body in bodies]


def test_tools_are_given_and_taken_back(world: World) -> None:
    """From the next question on, in whatever conversation it is."""
    run(
        world,
        "one",
        "/tools add list_files",
        "two",
        "/tools add read_file",
        "/new",
        "three",
        "/model sim-small",
        "four",
        "/tools remove list_files",
        "five",
        "/tools remove read_file",
        "six",
    )
    both = ["list_files", "read_file"]
    assert given(world) == [[], ["list_files"], both, both, ["read_file"], []]
    assert "list_files is given from now on; you are asked before it runs" in said(world)


def test_the_way_back_keeps_the_tools(world: World) -> None:
    """/retry, /edit, /undo, /fork and /resume go on with them."""
    run(
        world,
        "/tools add list_files",
        "one",
        "/retry",
        "/edit two",
        "/fork",
        "three",
        "/undo",
        "/redo",
        "/new",
        "/resume 2",
        "four",
    )
    assert given(world) == [["list_files"]] * 5


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/tools", "the model is given no tools"),
        ("/tools", "/tools add gives one more: read_file, list_files"),
        ("/tools give read_file", "error: /tools has no 'give'"),
        ("/tools add", "error: /tools add wants the name of a tool"),
        ("/tools add nonesuch", "error: there is no tool 'nonesuch'"),
        ("/tools add none:x", "error: there is no module none"),
        ("/tools remove read_file", "error: the tool read_file is not given"),
        ("/tools show", "error: the last answer has called no tool"),
        ("/tools show x", "error: the last answer has called no tool"),
    ],
)
def test_what_is_said(world: World, line: str, words: str) -> None:
    """Of what there is, and of mistakes."""
    run(world, line)
    assert words in said(world)
    assert sent(world) == []


def test_the_last_answers_calls_are_shown_whole(world: World) -> None:
    """Also after it was stored and resumed; a number shows one of them."""
    Path("note").write_text("milk\nbread\n")
    calls = [("read_file", json.dumps({"path": name})) for name in ("note", "none")]
    world.sim.answer(tool_calls=calls)
    world.sim.answer("ok")
    chat = chat_of(world, "/tools add read_file", "look", "/tools show 1", "/tools show 2")
    chat.app.toolkit.add("read_file")
    chat.app.toolkit.allow(["read_file"])
    chat.run()
    told = said(world)
    assert '1. read_file {"path": "note"}\nmilk\nbread\n' in told
    assert '2. read_file {"path": "none"}\n(it failed) none cannot be read' in told
    run(world, "/resume 1", "/tools show", "/tools show 3")
    told = said(world).split("(it failed)")[0]
    assert '1. read_file {"path": "note"}\nmilk\nbread\n2. read_file' in told
    assert "has called 2, and no tool 3" in said(world)


def test_a_model_that_takes_no_tools_is_given_none(world: World) -> None:
    """It is said once, and another model gets them."""
    listed(world, tools=False)
    run(world, "/tools add list_files", "one", "two", "/model sim-small", "three")
    assert said(world).count("sim-echo takes no tools: it is given none") == 1
    assert given(world) == [[], [], ["list_files"]]


def test_tools_of_the_command_line_are_there_from_the_start(world: World) -> None:
    """And what they may be asked, in each turn."""
    code, out, err = world.run("repl", "--tool", "list_files", stdin="hi\n")
    assert code == 0
    assert "hi" in out
    assert "error" not in err
    assert given(world) == [["list_files"]]
    assert world.run("repl", "--tool", "nonesuch", stdin="hi\n")[0] == 2


def test_what_can_follow_the_command(world: World) -> None:
    """The words, then the names that fit."""
    chat = chat_of(world, manner=Manner())
    from copilot_cli.repl.tools import choices

    assert [each.text for each in choices(chat, "")] == ["add", "remove", "show"]
    assert "add read_file" in [each.text for each in choices(chat, "add ")]
    chat.app.toolkit.add("read_file")
    assert "add read_file" not in [each.text for each in choices(chat, "add ")]
    assert [each.text for each in choices(chat, "remove ")] == ["remove read_file"]


def test_who_takes_no_tools_is_named() -> None:
    """The model, or the engine that passes none on."""
    engine = Engine()
    conversation = chat(engine)
    assert without_tools(conversation) == "m"
    engine.name = "cli"
    assert without_tools(conversation) == "the engine cli"
