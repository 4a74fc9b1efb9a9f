"""`copilot-chat suggest`, run as the program runs it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.wizard_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "home")
    made.environ |= {
        "COPILOT_CHAT_TOKEN": made.sim.sign_in(),
        "COPILOT_CHAT_MODEL": "sim-echo",
        "SHELL": "/usr/bin/fish",
    }
    return made


def sent(world: World) -> dict[str, Any]:
    """The body of the last request for an answer."""
    found: dict[str, Any] = json.loads(world.sim.log[-1].body)
    return found


def test_one_command_is_printed_and_nothing_else(world: World) -> None:
    """No fence and no text around it; a newline at its end; nothing on stderr."""
    world.sim.answer(text="Sure:\n\n```fish\n$ ls -la\n```\n\nIt lists all.", reasoning="hm")
    assert world.run("suggest", "list all files") == (0, "ls -la\n", "")


def test_the_request_names_the_shell(world: World) -> None:
    """The role `shell` and the words, as a person's request."""
    assert world.run("suggest", "list", "files") == (0, "list files\n", "")
    system, asked = sent(world)["messages"]
    assert system["role"] == "system"
    assert "for fish on" in system["content"]
    assert asked == {"role": "user", "content": "list files"}
    assert world.sim.log[-1].headers["x-initiator"] == "user"


def test_what_is_piped_in_is_context(world: World) -> None:
    """As with `ask`."""
    world.sim.answer(text="rm a.txt")
    assert world.run("suggest", "remove these", stdin="a.txt\n")[1] == "rm a.txt\n"
    assert sent(world)["messages"][1]["content"].startswith('<data name="stdin">\na.txt\n</data>')


def test_no_session_is_kept_unless_asked(world: World) -> None:
    """`--save` keeps the whole answer."""
    world.run("suggest", "one")
    assert world.run("sessions", "list")[1] == ""
    world.sim.answer(text="Use `ls`.")
    world.run("suggest", "--save", "two")
    assert "Use `ls`." in world.run("sessions", "show")[1]


def test_ones_own_role_is_used(world: World) -> None:
    """A file `shell.md` stands in the place of the shipped one, with its model."""
    folder = world.home / "roles"
    folder.mkdir(parents=True)
    (folder / "shell.md").write_text(
        '+++\nmodel = "sim-docs"\ntemperature = 0.5\n+++\nJust {{shell}}.'
    )
    del world.environ["COPILOT_CHAT_MODEL"]
    world.sim.answer(text="ls")
    assert world.run("suggest", "x") == (0, "ls\n", "")
    body = sent(world)
    assert (body["model"], body["temperature"]) == ("sim-docs", 0.5)
    assert body["messages"][0]["content"] == "Just fish."
    world.run("suggest", "-m", "sim-echo", "x")
    assert sent(world)["model"] == "sim-echo"


def test_control_characters_do_not_come_out(world: World) -> None:
    """A command is pasted, or given to a shell: nothing hidden is in it."""
    world.sim.answer(text="ls \x1b]0;x\x07\u202e-la")
    assert world.run("suggest", "x")[1] == "ls ␛]0;x␇\ufffd-la\n"
    world.sim.answer(text="ls \x1b]0;x\x07")
    assert json.loads(world.run("suggest", "--json", "x")[1])["answer"] == "ls ␛]0;x␇"


def test_of_a_cut_answer_nothing_is_printed(world: World) -> None:
    """Half a command is another command: exit code 7."""
    world.sim.answer(text="rm -rf /home/me", finish="length")
    code, out, err = world.run("suggest", "remove the folder")
    assert (code, out) == (7, "")
    assert err.startswith("error: answer incomplete")


def test_no_command_is_an_error_with_the_reason(world: World) -> None:
    """What the model says in a comment is the message."""
    world.sim.answer(text="# that needs a \x1b[31mscreen")
    code, out, err = world.run("suggest", "take a photo")
    assert (code, out) == (1, "")
    assert err.startswith("error: the model suggests no command: that needs a ␛[31mscreen\nhint: ")


def test_json_has_the_command_as_the_answer(world: World) -> None:
    """The object of `ask --json`, whatever happens."""
    world.sim.answer(text="```\nls\n```")
    found = json.loads(world.run("suggest", "--json", "x")[1])
    assert (found["answer"], found["model"], found["session"]) == ("ls", "sim-echo", None)
    world.sim.fault("chat", status=402, body={"error": {"code": "quota_exceeded", "message": "no"}})
    code, out, _ = world.run("suggest", "--json", "x")
    assert json.loads(out)["error"]["exit_code"] == code == 5


def test_the_settings_of_the_folder_want_a_yes(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a person they are not used, and that is the one notice."""
    (tmp_path / ".copilot-chat.toml").write_text('model = "sim-docs"\n')
    monkeypatch.chdir(tmp_path)
    code, out, err = world.run("suggest", "ls")
    assert (code, out) == (0, "ls\n")
    assert err.startswith(f"{tmp_path / '.copilot-chat.toml'} is not used")
    assert err.count("\n") == 1
    assert sent(world)["model"] == "sim-echo"


@pytest.mark.parametrize("words", [(), ("",), ("  ",)])
def test_nothing_to_do_is_wrong_usage(world: World, words: tuple[str, ...]) -> None:
    """Exit code 2, and nothing is sent."""
    code, out, err = world.run("suggest", *words)
    assert (code, out, world.sim.log) == (2, "", [])
    assert err.startswith("error: ")
