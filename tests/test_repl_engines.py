"""`/engine`: who answers from here on, what goes along, and what is there to answer at all."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_cli.engine_building import ENGINES
from copilot_cli.repl.table import find
from tests.endpoint_world import LOCAL, write
from tests.repl_world import chat_of, chatting_world, run, said, sent
from tests.runtimes import script
from tests.wizard_world import Person, World

LLAMA = f'[endpoints.ollama]\nurl = "{LOCAL}"\nmodel = "llama-sim:latest"\n'


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = chatting_world(tmp_path / "home")
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin", "", "copilot.exe" if sys.platform == "win32" else "copilot")
    made.environ["PATH"] = str(tmp_path / "bin")
    yield made
    if made.app is not None:
        made.app.close()


def hosts(world: World) -> list[str]:
    """Where each question went."""
    return [entry.host for entry in world.sim.log if entry.path.endswith("/chat/completions")]


def test_a_pipe_gets_the_list(world: World) -> None:
    """Every engine with what it is, the one that answers marked."""
    run(world, "/engine")
    lines = said(world).splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ")] == list(ENGINES)[1:]
    assert next(line for line in lines if line.startswith("*")).split()[1] == "direct"


def test_the_conversation_goes_along_and_back(world: World) -> None:
    """Another engine gets all that was said; its own default model answers, where it must."""
    write(world, LLAMA)
    run(world, "one", "/engine byok", "two", "/engine direct", "three")
    chats = [entry for entry in world.sim.log if entry.path.endswith("/chat/completions")]
    assert [len(entry.json()["messages"]) for entry in chats] == [1, 3, 5]
    assert len(set(hosts(world))) == 2
    assert hosts(world)[0] == hosts(world)[2]
    assert "engine: byok; model: ollama/llama-sim:latest" in said(world)


def test_a_model_that_is_named_later_stays_with_the_engine(world: World) -> None:
    """`/model` after `/engine` does not change the engine back."""
    write(world, LLAMA)
    chat = run(world, "/engine cli", "/model sim-small")
    assert (chat.talk.route.engine, chat.chat.model) == ("cli", "sim-small")


def test_a_person_chooses_from_a_menu(world: World) -> None:
    """The menu says what each engine is, and begins at the one that answers."""
    person = Person(("Which engine?", "cli"))
    chat = run(world, "/engine", person=person)
    assert person.asked[0].default == "direct"
    assert person.asked[0].options["official"].detail == ENGINES["official"]
    assert chat.talk.route.engine == "cli"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("/engine runtime", "there is no engine 'runtime'"),
        ("/engine byok", "no endpoint"),
        ("/engine official", "not installed"),
        ("/engine cli", "needs the command copilot"),
    ],
)
def test_what_cannot_answer_changes_nothing(world: World, line: str, message: str) -> None:
    """The error says why, and the engine of before answers the next question."""
    world.environ["PATH"] = ""
    chat = run(world, line, "hello")
    assert message in said(world)
    assert chat.talk.route.engine == "direct"
    assert sent(world) == [["hello"]]


def test_a_person_may_leave_the_runtime_uninstalled(world: World) -> None:
    """The question says how large it is; no is the end of it."""
    pytest.importorskip("copilot")
    person = Person(("130 MB", False))
    chat = run(world, "/engine official", person=person)
    assert chat.talk.route.engine == "direct"
    assert "not installed" in said(world)


def test_an_engine_that_is_left_is_ended(world: World) -> None:
    """A runtime that nobody asks any more keeps no memory; the one that answers goes on."""
    chat = chat_of(world)
    ended: list[str] = []
    app = chat.app
    for name in ("direct", "cli"):
        engine = app.engine_for(chat.talk.route._replace(engine=name))
        engine.__dict__["close"] = lambda name=name: ended.append(name)
    find("engine").run(chat, "cli")
    assert ended == ["direct"]
    app.close()
    assert ended == ["direct", "cli", "direct"]  # the last one that was built goes first


def test_names_are_completed(world: World) -> None:
    """Tab offers each engine with what it is."""
    command = find("engine")
    assert command.complete is not None
    offered = {choice.text: choice.meta for choice in command.complete(chat_of(world), "")}
    assert offered == ENGINES
    assert max(map(len, ENGINES.values())) <= 64  # in a menu of 80 columns nothing is cut
