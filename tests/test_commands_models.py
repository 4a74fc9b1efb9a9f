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
    assert code == 0
    assert rows["sim-docs *"][:3] == ["Simulator", "128k", "16k"]
    assert rows["sim-reason"][3:5] == ["tools reasoning", "125/1000 credits in/out per 1M"]
    assert rows["sim-reason"][6:] == ["112k", "low medium high", "/chat/completions"]
    assert rows["sim-bare"] == ["Simulator", "", "", "", "", "", "", "", "/chat/completions"]
    assert "sim-aged: Old Echo goes away at the end of the year; use Echo." in err


FEATURES = "https://github.com/settings/copilot/features"
WHY = {
    "sim-disabled": f"not enabled (disabled): {FEATURES}",
    "sim-new": f"not enabled (unconfigured): {FEATURES}",
    "sim-plus": "not in your plan (pro): only in pro_plus, enterprise:"
    " https://github.com/features/copilot/plans",
    "sim-gone": "deprecated: Retired Echo is gone; use Echo.",
    "sim-auto": "not offered for chat",
    "text-embedding-3-small": "not a chat model (embeddings)",
    "sim-responses": "",
    "sim-claude": "",
}


@pytest.mark.parametrize(("model", "why"), WHY.items(), ids=WHY)
def test_why_a_model_cannot_be_used(world: World, model: str, why: str) -> None:
    """Policy, plan, age and kind, each with the page where it is changed if there is one."""
    rows = [line.split("\t") for line in world.run("models")[1].splitlines()]
    assert next(row[6] for row in rows if row[0] == model) == why


def test_the_list_as_json_is_an_array(world: World) -> None:
    """A figure that was not given is null."""
    found: list[dict[str, Any]] = json.loads(world.run("models", "--json")[1])
    models = {model["id"]: model for model in found}
    assert models["sim-docs"]["default"] is True
    assert models["sim-bare"]["context_tokens"] is None
    assert models["sim-bare"]["credits_per_million"] is None
    assert models["sim-disabled"]["enabled"] is False
    assert models["sim-disabled"]["page"] == FEATURES
    assert models["sim-reason"]["reasoning"] == ["low", "medium", "high"]
    assert models["sim-reason"]["credits_per_million"] == {
        "input": 125.0,
        "output": 1000.0,
        "cached": 13.0,
        "cache_write": None,
    }


def asked(world: World) -> list[str]:
    """The requests to Copilot, in order."""
    return [entry.endpoint for entry in world.sim.log if entry.endpoint != "exchange"]


def test_the_list_is_read_once_in_ten_minutes(world: World) -> None:
    """What it said serves the commands that follow; `--refresh` asks at once."""
    world.run("models")
    world.time += 590
    world.run("models")
    world.run("ask", "hello")
    assert asked(world) == ["models", "chat"]
    world.time += 20
    world.run("models")
    world.run("models", "--refresh")
    assert asked(world)[2:] == ["models", "models"]


@pytest.mark.parametrize("words", [(), ("--json",), ("--refresh",)])
@pytest.mark.parametrize(
    "fault",
    [{"connect_error": True}, {"status": 503, "body": "no"}, {"status": 200, "body": "<html>"}],
    ids=["offline", "503", "html"],
)
def test_a_list_that_cannot_be_read_is_shown_with_its_age(
    world: World, words: tuple[str, ...], fault: dict[str, Any]
) -> None:
    """As it was, exit code 0, and a word about it on stderr."""
    before = world.run("models", *words)[1]
    world.time += 3 * 3600 + 100
    world.sim.fault("models", **fault, times=9)
    code, out, err = world.run("models", *words)
    assert (code, out) == (0, before)
    assert "as of 3 hours ago: could not be read now: " in err


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"connect_error": True}, 6),
        ({"status": 500, "body": "no"}, 6),
        ({"status": 429, "body": "slow", "headers": {"retry-after": "7200"}}, 5),
        ({"status": 403, "body": "no"}, 4),
    ],
    ids=["offline", "500", "429", "403"],
)
def test_a_list_that_was_never_read_is_an_error(
    world: World, fault: dict[str, Any], code: int
) -> None:
    """There is nothing to show instead."""
    world.sim.fault("models", **fault, times=9)
    assert world.run("models")[:2] == (code, "")


def test_a_refusal_is_no_outage(world: World) -> None:
    """What was listed before is not shown to who may not see it now."""
    world.run("models")
    world.time += 3600
    body = "not authorized to use this Copilot feature"
    world.sim.fault("models", status=403, body=body, times=9)
    code, out, _ = world.run("models")
    assert (code, out) == (4, "")


def test_accounts_do_not_see_each_other_s_lists(world: World) -> None:
    """A list belongs to the account and the host that it was read for."""
    world.run("models")
    world.environ["COPILOT_GITHUB_TOKEN"] = world.environ.pop("COPILOT_CHAT_TOKEN")
    world.sim.fault("models", connect_error=True, times=9)
    assert world.run("models")[0] == 6


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


def test_a_list_that_is_not_there_is_no_hint_for_itself(world: World) -> None:
    """A 404 of the list: the list cannot say what would be found."""
    world.sim.fault("models", status=404, body="404 page not found", times=9)
    code, _, err = world.run("models")
    assert code == 1
    assert "lists those that are" not in err
    assert "hint: look at copilot_api_url" in err
