"""What a person calls a model, at the program's boundary: which one answers, or why none does."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.routing import COPILOT
from tests.repl_world import models_asked
from tests.wizard_world import Person, World, token_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with token_world(tmp_path / "home") as made:
        yield made


def ask(world: World, name: str, *words: str) -> tuple[int, str, str]:
    return world.run("ask", "-m", name, *words, "hello")


TAKEN = {
    "the id": ("sim-echo", "sim-echo"),
    "another case": ("SIM-Echo", "sim-echo"),
    "a beginning": ("sim-ech", "sim-echo"),
    "a display name": ("slow echo", "sim-o1"),
    "a family of one": ("gpt-5-sim", "sim-reason"),
    "an id that begins another": ("gpt-4o", "gpt-4o"),
    "a model that is not shown, by its whole id": ("sim-hidden", "sim-hidden"),
    **{f"the prefix {prefix}/": (f"{prefix}/sim-echo", "sim-echo") for prefix in sorted(COPILOT)},
    "a prefix and a beginning": ("gh/sim-ech", "sim-echo"),
}


@pytest.mark.parametrize(("name", "model"), TAKEN.values(), ids=TAKEN)
def test_a_name_is_taken_for_a_model(world: World, name: str, model: str) -> None:
    """The id goes out; where it is not what was typed, that is said once on stderr."""
    hidden = {"id": "sim-hidden", "model_picker_enabled": False}
    body = {"data": [hidden, *listed(world)]}
    world.sim.fault("models", status=200, body=body, times=9)
    _, _, err = ask(world, name)
    assert models_asked(world) == [model]
    said = f"model: {model} (for {name.rpartition('/')[2]!r})"
    assert err.count(said) == (0 if name.rpartition("/")[2] == model else 1)


def listed(world: World) -> list[dict[str, Any]]:
    """The items of the simulator's list."""
    from copilot_cli.simulator import catalogue

    found = catalogue.listing(catalogue.models(), broken=False)["data"]
    assert isinstance(found, list)
    return found


REFUSED = {
    "a wrong name": ("sim-ecko", "there is no model 'sim-ecko'", "near it: sim-echo"),
    "nothing like any": ("zzz", "there is no model 'zzz'", "`copilot-chat models` lists them"),
    "several beginnings": (
        "gpt-4",
        "several models begin with 'gpt-4'",
        "name one: gpt-4o, gpt-4o-2024-11-20",
    ),
    "policy": (
        "sim-disabled",
        "sim-disabled cannot be used: not enabled (disabled)",
        "https://github.com/settings/copilot/features",
    ),
    "plan": (
        "sim-plus",
        "sim-plus cannot be used: not in your plan (pro)",
        "https://github.com/features/copilot/plans",
    ),
    "retired": ("sim-gone", "sim-gone cannot be used: deprecated", "Retired Echo is gone"),
    "kind": ("text-embedding-3-small", "not a chat model (embeddings)", "copilot-chat models"),
    "an unknown prefix": (
        "olama/llama3",
        "there is no model 'olama/llama3'",
        "'olama' is no endpoint of yours",
    ),
    "Copilot's prefix alone": (
        "gh/",
        "there is no model 'gh/'",
        "name a model behind it, as gh/MODEL",
    ),
}


@pytest.mark.parametrize("source", ["option", "variable", "settings", "role"])
@pytest.mark.parametrize(("name", "message", "hint"), REFUSED.values(), ids=REFUSED)
def test_a_name_is_refused(world: World, name: str, message: str, hint: str, source: str) -> None:
    """Exit code 4 with the reason and what to do, wherever it stands; no question is sent."""
    words: tuple[str, ...] = ("ask", "hello")
    if source == "option":
        words = ("ask", "-m", name, "hello")
    elif source == "variable":
        world.environ["GITHUB_COPILOT_MODEL"] = name
    elif source == "settings":
        assert world.run("config", "set", "model", name)[0] == 0
    else:
        roles = world.home / "roles"
        roles.mkdir(parents=True)
        (roles / "mine.md").write_text(f'+++\nmodel = "{name}"\n+++\nBe brief.\n')
        words = ("ask", "-r", "mine", "hello")
    code, out, err = world.run(*words)
    assert (code, out) == (4, "")
    assert message in err
    assert hint in err
    assert "chat" not in world.copilot_asked


@pytest.mark.parametrize("name", ["mine", "mine/"])
def test_an_endpoint_s_name_alone(world: World, name: str) -> None:
    """It is no model, and is not told as an endpoint that is not there either."""
    config = world.home / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    with config.open("a") as file:
        file.write('\n[endpoints.mine]\nurl = "http://127.0.0.1:9/v1"\n')
    code, _, err = ask(world, name)
    assert code == 4
    assert "name a model behind it, as mine/MODEL" in err


@pytest.mark.parametrize("command", ["suggest", "explain"])
def test_every_command_takes_such_names(world: World, command: str) -> None:
    """And refuses as the others do."""
    world.sim.answer(text="```sh\nls\n```")
    assert world.run(command, "-m", "sim-ech", "list files")[0] == 0
    assert models_asked(world) == ["sim-echo"]
    assert world.run(command, "-m", "sim-disabled", "list files")[0] == 4


def test_json_tells_a_refusal_too(world: World) -> None:
    """As every other error."""
    code, out, _ = ask(world, "sim-ecko", "--json")
    error = json.loads(out)["error"]
    assert code == 4
    assert (error["kind"], error["exit_code"]) == ("model", 4)
    assert "sim-echo" in error["hint"]


# What is read for it


def test_an_id_on_any_old_list_is_sent_at_once(world: World) -> None:
    """However old: nothing is read before the answer."""
    world.run("models")
    world.time += 90 * 86_400
    assert ask(world, "sim-echo")[0] == 0
    assert world.copilot_asked == ["models", "chat"]


def test_another_name_is_looked_up_on_a_list_of_ten_minutes(world: World) -> None:
    """A newer model may have taken that name."""
    world.run("models")
    ask(world, "sim-ech")
    assert world.copilot_asked == ["models", "chat"]
    world.time += 601
    ask(world, "sim-ech")
    assert world.copilot_asked == ["models", "chat", "models", "chat"]


def test_a_name_that_is_not_on_an_old_list_is_looked_up_once(world: World) -> None:
    """The list is read again, and then it is judged."""
    world.sim.fault("models", status=200, body={"data": [{"id": "other"}]})
    world.run("models")
    world.time += 60
    assert ask(world, "sim-echo")[0] == 0
    world.time += 60
    assert ask(world, "nonesuch")[0] == 4
    assert world.copilot_asked == ["models", "models", "chat", "models"]


def test_a_model_that_was_enabled_elsewhere_answers_at_once(world: World) -> None:
    """No refusal on the word of an old list."""
    off = {"id": "sim-echo", "policy": {"state": "disabled"}}
    world.sim.fault("models", status=200, body={"data": [off]})
    world.run("models")
    world.time += 60
    assert ask(world, "sim-echo")[0] == 0


@pytest.mark.parametrize(
    "fault",
    [{"status": 500, "body": "no"}, {"status": 404, "body": "no"}, {"status": 200, "body": "<"}],
    ids=["500", "404", "html"],
)
def test_without_a_list_the_name_is_sent_as_it_is(world: World, fault: dict[str, Any]) -> None:
    """The service knows better than nobody."""
    world.sim.fault("models", **fault, times=9)
    assert ask(world, "sim-echo")[:2] == (0, "hello")
    code, _, err = ask(world, "nonesuch")
    assert code == 4
    assert "The requested model is not supported" in err


def test_a_refusal_of_an_old_list_stands_where_there_is_no_newer_one(world: World) -> None:
    """The reason is known; what is new is not."""
    world.run("models")
    world.time += 3600
    world.sim.fault("models", connect_error=True, times=99)
    code, _, err = ask(world, "sim-disabled")
    assert code == 4
    assert "not enabled (disabled)" in err


def test_a_short_name_works_without_the_service_s_list(world: World) -> None:
    """The one that was read before serves."""
    world.run("models")
    world.time += 3600
    world.sim.fault("models", status=500, body="no", times=99)
    assert ask(world, "sim-ech")[:2] == (0, "hello")


def test_the_default_of_an_old_list_serves_where_there_is_no_newer_one(world: World) -> None:
    """The list may be out of order while answers are not."""
    world.run("models")
    world.time += 3600
    world.sim.fault("models", status=500, body="no", times=99)
    assert world.run("ask", "hello")[0] == 0
    assert models_asked(world) == ["sim-docs"]


def test_a_revoked_sign_in_is_no_missing_list(world: World) -> None:
    """It is told as what it is."""
    world.sim.fault("exchange", status=401, body='{"message": "Bad credentials"}', times=9)
    assert ask(world, "sim-ech")[0] == 3


def test_a_dry_run_reads_nothing(world: World) -> None:
    """It knows what was read before, and takes a name as it is otherwise."""
    code, out, _ = ask(world, "sim-ech", "--dry-run")
    assert (code, json.loads(out)["body"]["model"], world.sim.log) == (0, "sim-ech", [])
    world.run("models")
    seen = len(world.sim.log)
    _, out, _ = ask(world, "sim-ech", "--dry-run")
    assert json.loads(out)["body"]["model"] == "sim-echo"
    assert len(world.sim.log) == seen


# A family


def test_a_family_is_a_question_to_a_person(world: World) -> None:
    """Its models that can be used are offered with what is known of them."""
    person = Person(("Which claude-fam?", "two"))
    world.sim.fault("models", status=200, body={"data": FAMILY})
    app = world.build(person)
    route = app.catalogue.resolve("claude-fam", ask=True)
    assert route.model == "two"
    assert person.asked[0].values == ["one", "two"]
    assert person.asked[0].flag == "--model"


def test_a_family_without_a_person_is_an_error(world: World) -> None:
    """Its models that can be used are named."""
    world.sim.fault("models", status=200, body={"data": FAMILY})
    code, _, err = ask(world, "claude-fam")
    assert code == 4
    assert "'claude-fam' is a family of models" in err
    assert "hint: name one: one, two\n" in err


FAMILY = [
    {"id": "one", "capabilities": {"family": "claude-fam"}},
    {"id": "two", "capabilities": {"family": "claude-fam"}},
    {"id": "off", "capabilities": {"family": "claude-fam"}, "policy": {"state": "disabled"}},
    {"id": "more", "capabilities": {"family": "other"}},
]


NOT_SUPPORTED = {"error": {"code": "model_not_supported", "message": "The model is not supported."}}


def test_a_refused_model_puts_its_list_in_doubt(world: World) -> None:
    """The list called it fine: it is read anew before the model is asked for again, or listed."""
    world.run("models")
    world.sim.fault("chat", status=400, body=NOT_SUPPORTED)
    code, _, err = ask(world, "sim-echo")
    assert (code, world.copilot_asked) == (4, ["models", "chat"]), err
    kept = [item for item in listed(world) if item["id"] != "sim-echo"]
    world.sim.fault("models", status=200, body={"data": kept}, times=9)
    code, _, err = ask(world, "sim-echo")
    assert (code, world.copilot_asked[2:]) == (4, ["models"]), err
    assert "there is no model 'sim-echo'" in err
    world.run("models")
    assert len(world.copilot_asked) == 3  # the new list is not in doubt


def test_a_list_in_doubt_that_cannot_be_read_stands(world: World) -> None:
    """The service then says itself what it thinks of the model."""
    world.run("models")
    world.sim.fault("chat", status=400, body=NOT_SUPPORTED)
    ask(world, "sim-echo")
    world.sim.fault("models", status=501, times=9)
    assert ask(world, "sim-echo")[0] == 0


@pytest.mark.parametrize("name", ["", "  "])
def test_an_empty_name_is_told_as_one(world: World, name: str) -> None:
    """Exit code 2, before anything is sent."""
    code, _, err = ask(world, name)
    assert (code, world.copilot_asked) == (2, [])
    assert "error: --model: must not be empty" in err
