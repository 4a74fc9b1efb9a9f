"""`copilot-chat explain`, run as the program runs it."""

import json
from pathlib import Path

import pytest

from tests.wizard_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "home")
    made.environ |= {"COPILOT_CHAT_TOKEN": made.sim.sign_in(), "SHELL": "/bin/zsh"}
    made.environ["COPILOT_CHAT_MODEL"] = "sim-echo"
    return made


@pytest.mark.parametrize(
    ("words", "stdin"),
    [(["tar xzf a.tgz"], ""), (["tar", "xzf", "a.tgz"], ""), ([], "tar xzf a.tgz\n")],
    ids=["quoted", "words", "stdin"],
)
def test_the_answer_is_the_explanation(world: World, words: list[str], stdin: str) -> None:
    """As it comes, character for character, and no session is kept."""
    world.sim.answer(text="Unpacks `a.tgz`:\n\n- x: out\n\n```\n$ x\n```")
    assert world.run("explain", *words, stdin=stdin) == (
        0,
        "Unpacks `a.tgz`:\n\n- x: out\n\n```\n$ x\n```",
        "",
    )
    system, asked = json.loads(world.sim.log[-1].body)["messages"]
    assert "of zsh on" in system["content"]
    assert asked == {"role": "user", "content": "tar xzf a.tgz"}
    assert world.run("sessions", "list")[1] == ""


def test_a_cut_explanation_is_shown(world: World) -> None:
    """What came is on stdout, and the exit code is that of `ask`."""
    world.sim.answer(text="It removes", finish="length")
    code, out, err = world.run("explain", "rm -rf /")
    assert (code, out) == (7, "It removes")
    assert err.startswith("error: answer incomplete")


def test_it_can_be_kept_and_read_by_a_program(world: World) -> None:
    """`--save` and `--json` are as with `ask`."""
    found = json.loads(world.run("explain", "--save", "--json", "ls")[1])
    assert found["answer"] == "ls"
    assert found["session"] in world.run("sessions", "list")[1]


def test_nothing_to_explain_is_wrong_usage(world: World) -> None:
    """Exit code 2, and nothing is sent."""
    code, out, err = world.run("explain")
    assert (code, out, world.sim.log) == (2, "", [])
    assert err.startswith("error: there is nothing to ask")
    assert "copilot-chat explain" in err
