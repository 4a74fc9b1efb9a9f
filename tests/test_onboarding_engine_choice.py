"""The wizard's choice between the two ways to Copilot, and the runtime that one of them needs."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.errors import Interrupted, SettingsError
from copilot_cli.onboarding.engine_choice import WAYS
from copilot_cli.onboarding.wizard import RISK, RISK_OF_GITHUBS
from tests.runtimes import runtime_program
from tests.wizard_world import DEFAULT, ENGINE, Person, World

DEVICE: dict[str, Any] = {"method": "device", "store": "keyfile", "model": "sim-echo"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have GitHub's SDK be there, whether or not it is."""
    monkeypatch.setitem(sys.modules, "copilot", type(sys)("copilot"))
    sys.modules["copilot"].__spec__ = sys.__spec__


@pytest.fixture
def no_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "copilot", None)


@pytest.mark.usefixtures("sdk")
def test_a_person_is_offered_both_ways(world: World) -> None:
    """What each costs and risks is said first; Enter takes the one without a download."""
    person = Person((ENGINE, DEFAULT))
    world.onboard(person, **DEVICE)
    asked = person.asked[0]
    assert (asked.values, asked.default, asked.flag) == (
        ["direct", "official"],
        "direct",
        "--engine",
    )
    assert person.notes[0].startswith(WAYS)
    assert all(fact in WAYS for fact in ("130 MB", "150 MB", "0.2 s", "warned accounts"))
    assert 'engine = "direct"' in world.config


@pytest.mark.usefixtures("sdk")
@pytest.mark.real
def test_the_one_that_was_chosen_is_written(world: World, tmp_path: Path) -> None:
    """A runtime that is there needs no question, only to be one."""
    world.environ["COPILOT_CLI_PATH"] = str(runtime_program(tmp_path))
    world.onboard(Person((ENGINE, "official")), **DEVICE, verify=False)
    assert 'engine = "official"' in world.config


@pytest.mark.usefixtures("sdk")
@pytest.mark.real
def test_what_is_no_runtime_is_said_and_asked_again(world: World) -> None:
    """Nobody is signed in to an engine that cannot answer; the other way is still open."""
    world.environ["COPILOT_CLI_PATH"] = sys.executable
    person = Person((ENGINE, "official"), (ENGINE, "direct"))
    world.onboard(person, **DEVICE)
    assert "It could not be installed:" in person.said
    assert "does not answer as the official runtime does" in person.said
    assert "unset it and run `copilot-chat engine install`" in person.said
    assert 'engine = "direct"' in world.config


@pytest.mark.usefixtures("sdk")
def test_stopping_there_leaves_nothing(world: World) -> None:
    """It comes before the sign-in: nothing was sent, and no store was made."""
    with pytest.raises(Interrupted):
        world.onboard(Person((ENGINE, Interrupted("stopped"))), **DEVICE)
    assert (world.endpoints, world.files()) == ([], set())


@pytest.mark.usefixtures("sdk")
@pytest.mark.parametrize("said", ["flag", "variable", "yes"])
def test_who_has_said_it_is_not_asked(world: World, said: str) -> None:
    """By an option, a variable, or by wanting the defaults."""
    person, options = Person(), {}
    if said == "flag":
        options = {"engine": "direct"}
    elif said == "variable":
        world.environ["COPILOT_CHAT_ENGINE"] = "direct"
    world.onboard(person, options=options, yes=said == "yes", **DEVICE)
    assert not person.asked
    assert RISK in person.said


@pytest.mark.usefixtures("no_sdk")
def test_without_the_sdk_there_is_no_choice(world: World) -> None:
    """And a flag that wants it is told how to have it, before anything is sent."""
    person = Person()
    world.onboard(person, **DEVICE)
    assert not person.asked
    with pytest.raises(SettingsError) as caught:
        world.onboard(options={"engine": "official"}, **DEVICE, force=True)
    assert caught.value.hint == "pip install 'copilot-chat[official]'"


@pytest.mark.usefixtures("sdk")
def test_without_a_person_the_flag_needs_the_runtime(world: World) -> None:
    """Nothing is downloaded that nobody agreed to."""
    with pytest.raises(SettingsError) as caught:
        world.onboard(options={"engine": "official"}, **DEVICE)
    assert "not installed" in caught.value.message
    assert "`copilot-chat engine install`" in (caught.value.hint or "")
    assert world.endpoints == []


def test_a_dry_run_names_the_runtime(world: World) -> None:
    """It is written where the flag wants it, and nowhere else."""
    assert not any("runtime" in line for line in world.plan(**DEVICE))
    world.environ["COPILOT_CHAT_ENGINE"] = "official"
    assert any("cache/runtimes (the official runtime" in line for line in world.plan(**DEVICE))


@pytest.mark.parametrize("name", ["official", "cli"])
def test_the_risk_that_is_told_is_that_of_the_engine(world: World, name: str) -> None:
    """Who has named GitHub's own program is not told that an editor's part is played."""
    world.environ["COPILOT_CLI_PATH"] = str(world.home)  # official sees at once that it is none
    with suppress(SettingsError):
        world.onboard(options={"engine": name}, **DEVICE)
    said = world.said.replace("\n", " ")
    assert RISK_OF_GITHUBS in said
    assert RISK not in said
