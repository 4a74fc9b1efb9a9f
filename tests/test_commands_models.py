"""`models` and `usage`: what the service says, as a table and as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.wizard_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "home")
    made.environ["COPILOT_CHAT_TOKEN"] = made.sim.sign_in()
    return made


def test_the_list_says_what_each_model_can_and_costs_and_why_not(world: World) -> None:
    """One line a model, tabs between, for programs; the default is marked."""
    code, out, err = world.run("models")
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in out.splitlines()}
    assert (code, err) == (0, "")
    assert rows["sim-docs *"][:3] == ["Simulator", "128k", "16k"]
    assert rows["sim-reason"][3:5] == ["tools reasoning", "125/1000 credits in/out per 1M"]
    assert rows["sim-disabled"][-1].startswith("not enabled (disabled)")
    assert rows["sim-bare"] == ["Simulator", "", "", "", "", ""]


def test_the_list_as_json_is_an_array(world: World) -> None:
    """A figure that was not given is null."""
    found: list[dict[str, Any]] = json.loads(world.run("models", "--json")[1])
    models = {model["id"]: model for model in found}
    assert models["sim-docs"]["default"] is True
    assert models["sim-bare"]["context_tokens"] is None
    assert models["sim-responses"]["enabled"] is False
    assert "/responses" in models["sim-responses"]["disabled_reason"]
    assert models["sim-reason"]["reasoning"] == ["low", "medium", "high"]


def test_the_list_is_live(world: World) -> None:
    """It is asked for each time, and what it said serves the commands that follow."""
    world.run("models")
    world.run("models")
    assert [entry.endpoint for entry in world.sim.log] == ["exchange", "models", "models"]
    world.run("ask", "hello")
    assert [entry.endpoint for entry in world.sim.log][3:] == ["chat"]


@pytest.mark.parametrize("command", ["models", "usage"])
@pytest.mark.parametrize("words", [(), ("--json",)])
def test_signed_out(world: World, command: str, words: tuple[str, ...]) -> None:
    """Exit code 3, and nothing on stdout."""
    del world.environ["COPILOT_CHAT_TOKEN"]
    code, out, err = world.run(command, *words)
    assert (code, out) == (3, "")
    assert "hint: run `copilot-chat onboard`" in err


@pytest.mark.parametrize(
    ("scenario", "row"),
    [
        ({}, "premium interactions\t240 of 300 left, 80 %"),
        ({"quota": -2.0}, "premium interactions\t"),
        ({"entitlement": -1}, "premium interactions\tunlimited"),
        ({"token_billing": True}, "billed in\tAI credits"),
        ({"plan": "business"}, "plan\tbusiness"),
    ],
)
def test_usage(world: World, scenario: dict[str, Any], row: str) -> None:
    """Plan, what is left in the unit that is billed, and the day it starts anew."""
    for name, value in scenario.items():
        setattr(world.sim.scenario, name, value)
    code, out, _ = world.run("usage")
    assert code == 0
    assert row in out
    assert out.rstrip().rpartition("\t")[2].count("-") == 2


def test_usage_as_json(world: World) -> None:
    """Every figure as the service gave it, with what was used."""
    found = json.loads(world.run("usage", "--json")[1])
    assert found["account"] == "octocat"
    assert found["plan"] == "individual"
    quota = {it["name"]: it for it in found["quotas"]}["premium_interactions"]
    assert (quota["entitlement"], quota["remaining"], quota["used"]) == (300, 240, 60)
