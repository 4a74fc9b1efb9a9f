"""The models of one's own endpoints beside Copilot's: none hides another, names lead to them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_cli.listed_models import ago
from tests.endpoint_world import LOCAL, write
from tests.wizard_world import World

ENDPOINTS = f'[endpoints.ollama]\nurl = "{LOCAL}"\n[endpoints.gone]\nurl = "http://127.0.0.1:9"\n'
ONE = f'[endpoints.ollama]\nurl = "{LOCAL}"\n'


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "home")
    made.environ["COPILOT_CHAT_TOKEN"] = made.sim.sign_in()
    write(made, ONE)
    yield made
    if made.app is not None:
        made.app.close()


def ids(world: World, *words: str) -> tuple[int, list[str], str]:
    """The exit code, the ids of the list, and stderr."""
    code, out, err = world.run("models", *words, "--json")
    return code, [model["id"] for model in json.loads(out or "[]")], err


def local(found: list[str]) -> list[str]:
    return [each for each in found if each.startswith("ollama/")]


def test_they_stand_behind_the_name_of_their_endpoint(world: World) -> None:
    """Beside Copilot's, named as they are typed."""
    code, found, _ = ids(world)
    assert code == 0
    assert "sim-echo" in found
    assert local(found)
    name = local(found)[0]
    assert world.run("ask", "-m", name, "hello")[0] == 0
    assert world.sim.log[-1].json()["model"] == name.removeprefix("ollama/")


def test_one_that_cannot_be_reached_hides_nothing(world: World) -> None:
    """A word about it, and the others."""
    write(world, ENDPOINTS)
    code, found, err = ids(world)
    assert (code, "sim-echo" in found, bool(local(found))) == (0, True, True)
    assert "the models of gone are not listed: " in err


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_one_that_is_set_up_wrongly_is_an_error_after_the_list(
    world: World, words: tuple[str, ...]
) -> None:
    """The settings are wrong, exit code 2 with file and line, once; what can be listed is."""
    write(world, ONE + '[endpoints.bad]\ntype = "openai"\n')
    code, out, err = world.run("models", *words)
    assert code == 2
    assert "sim-echo" in out
    assert err.count("config.toml:") == 1
    assert err.rstrip().splitlines()[-1].startswith("error: ")
    assert "endpoints.bad: has no url" in err


def test_with_nobody_signed_in(world: World) -> None:
    """Copilot's part is a word about it."""
    del world.environ["COPILOT_CHAT_TOKEN"]
    code, found, err = ids(world)
    assert code == 0
    assert found == local(found) != []
    assert "Copilot's models are not listed: nobody is signed in" in err


def test_with_copilot_out_of_order(world: World) -> None:
    """The endpoint's are listed all the same."""
    world.sim.fault("models", status=500, body="no", times=99)
    code, found, err = ids(world)
    assert (code, found) == (0, local(found))
    assert "Copilot's models are not listed: " in err


def test_with_nothing_at_all(world: World) -> None:
    """It is an error, and the first one: Copilot's; the others are a word beside it."""
    write(world, '[endpoints.gone]\nurl = "http://127.0.0.1:9"\n')
    del world.environ["COPILOT_CHAT_TOKEN"]
    code, found, err = ids(world)
    assert (code, found) == (3, [])
    assert "the models of gone are not listed: " in err
    assert "error: nobody is signed in" in err


def test_a_list_of_an_endpoint_is_kept_too(world: World) -> None:
    """For ten minutes, and after that for when it cannot be reached."""
    before = ids(world)[1]
    seen = len(world.sim.log)
    assert ids(world)[1] == before
    assert len(world.sim.log) == seen
    world.time += 7200
    write(world, ONE.replace("11434/byok/ollama/v1", "9"))
    assert local(ids(world)[1]) == []  # another address is another endpoint


def test_names_at_an_endpoint(world: World) -> None:
    """Short ones are looked up on its list, where there is one; before that they go as they are."""
    whole = local(ids(world)[1])[0].removeprefix("ollama/")
    world.run("ask", "-m", f"ollama/{whole[:-1]}", "hello")
    assert world.sim.log[-1].json()["model"] == whole
    code, _, err = world.run("ask", "-m", "ollama/nonesuch", "hello")
    assert code == 4
    assert "there is no model 'nonesuch' at ollama" in err


def test_no_list_of_an_endpoint_is_read_before_its_first_answer(world: World) -> None:
    """It need not have one."""
    world.run("ask", "-m", "ollama/anything", "hello")
    assert [entry.endpoint for entry in world.sim.log if "models" in entry.path] == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "a moment ago"),
        (59, "a moment ago"),
        (60, "1 minute ago"),
        (3 * 3600 + 5, "3 hours ago"),
        (86_400 * 2.5, "2 days ago"),
    ],
)
def test_ago(seconds: float, text: str) -> None:
    """The largest unit that is whole."""
    assert ago(seconds) == text
