"""`/shell` and `!command`: only after a yes, without our variables, and sent only after another."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_cli.prompt import NOTICE
from tests.repl_world import chatting_world, run, said, sent
from tests.wizard_world import Person, World

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform == "win32", reason="the commands are a POSIX shell's"),
]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = chatting_world(tmp_path / "home")
    made.environ |= {"SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
    yield made
    if made.app is not None:
        made.app.close()


def test_a_command_and_its_output(world: World) -> None:
    """It is asked about twice: before it runs, and before its output goes along."""
    person = Person(("Run `echo a; echo b >&2` here?", True), ("Send its output (4 bytes)", True))
    run(world, "!echo a; echo b >&2", "what is that?", person=person)
    frame = '<data name="output of echo a; echo b _&2">\na\nb\n</data>'
    assert sent(world) == [[f"{NOTICE}\n\n{frame}\n\nwhat is that?"]]
    assert "a\nb\n" in said(world)
    assert not person.answers


def test_a_command_that_nobody_wants(world: World) -> None:
    """A line that was meant otherwise runs nothing and sends nothing."""
    run(world, "!touch made", person=Person(("Run `touch made` here?", False)))
    assert "not run, and nothing was sent\n" in said(world)
    assert not Path("made").exists()
    assert sent(world) == []


def test_output_that_does_not_go_along(world: World) -> None:
    """A no to the second question keeps it here."""
    run(world, "!echo a", "hi", person=Person(("Run", True), ("Send", False)))
    assert sent(world) == [["hi"]]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("exit 3", "exit code 3\nit printed nothing\n"),
        ("true", "it printed nothing\n"),
        ("no-such-command-here", "exit code 127\n"),
    ],
)
def test_a_command_without_output_or_success(world: World, command: str, expected: str) -> None:
    """Its exit code is told where it is not 0."""
    run(world, f"/shell {command}", person=Person(("Run", True), ("Send", False)))
    assert expected in said(world)


def test_a_shell_that_is_not_there(world: World) -> None:
    """It is an error, and the chat goes on."""
    world.environ["SHELL"] = "/no/such/shell"
    run(world, "!ls", "/shell", person=Person(("Run", True), ("Open /no/such/shell", True)))
    assert said(world).count("error: /no/such/shell cannot be started") == 2


def test_what_is_printed_cannot_steer_the_terminal(world: World) -> None:
    """Control characters are shown as what they are."""
    person = Person(("Run", True), ("Send", False))
    run(world, r"!printf '\033[31mred\n'", person=person)
    assert "␛[31mred\n" in said(world)


def test_a_shell_of_ones_own(world: World, tmp_path: Path) -> None:
    """It is opened after a yes, and gets none of our variables."""
    shell = tmp_path / "shell"
    shell.write_text(f"#!/bin/sh\nenv > {tmp_path}/env\n", encoding="utf-8")
    shell.chmod(0o755)
    world.environ["SHELL"] = str(shell)
    run(world, "/shell", person=Person((f"Open {shell} here?", True)))
    inside = (tmp_path / "env").read_text(encoding="utf-8")
    assert "PATH=" in inside
    assert "COPILOT" not in inside
    assert "back in the chat" in said(world)


def test_a_shell_that_nobody_wants(world: World) -> None:
    """Nothing is opened."""
    run(world, "/shell", person=Person(("Open", False)))
    assert said(world).endswith("not opened\n")


@pytest.mark.parametrize("line", ["!ls", "/shell ls", "/shell", "!"])
def test_from_a_pipe_nothing_runs(world: World, line: str) -> None:
    """Nobody is there to agree."""
    run(world, line)
    assert "error: nobody is there to agree to a command" in said(world)


def test_a_question_that_begins_with_an_exclamation_mark(world: World) -> None:
    """A space before it is enough."""
    run(world, " !important in CSS?", person=True)
    assert sent(world) == [[" !important in CSS?"]]
