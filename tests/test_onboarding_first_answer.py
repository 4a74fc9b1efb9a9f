"""The model and its first answer: which one, what a failure costs, what stays in the settings."""

from pathlib import Path
from typing import Any

import pytest

from tests.wizard_world import DEFAULT, Person, World

DEVICE: dict[str, Any] = {"method": "device", "store": "keyfile"}
QUOTA = {"status": 402, "body": {"error": {"code": "quota_exceeded", "message": "No quota"}}}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


def model(world: World) -> str | None:
    """The model in the settings file."""
    for line in world.config.splitlines():
        if line.startswith("model = "):
            return line.removeprefix('model = "').removesuffix('"')
    return None


def chats(world: World) -> list[str]:
    """Which models were asked for an answer."""
    return [entry.json()["model"] for entry in world.sim.log if entry.endpoint == "chat"]


def test_the_answer_is_on_stdout_and_nothing_else(world: World) -> None:
    """The first answer is real, shown as it came, and not stored as a session."""
    world.sim.answer(text="I answer questions.")
    world.onboard(**DEVICE)
    assert world.stdout.getvalue() == "I answer questions."
    assert "sim-docs says:" in world.said
    assert "conversations.db" not in world.files()


def test_the_list_shows_context_and_price_and_what_can_be_used(world: World) -> None:
    """The service's default is preselected; what cannot be used is not there."""
    person = Person(("Which model?", DEFAULT))
    world.onboard(person, **DEVICE)
    asked = person.asked[0]
    assert asked.default == "sim-docs"
    assert asked.options["sim-echo"].detail == "128k context · 1x"
    assert asked.options["sim-docs"].detail == "128k context · included"
    assert asked.options["sim-disabled"].detail == "wants your consent"
    assert "text-embedding-3-small" not in asked.values
    assert model(world) == "sim-docs"


@pytest.mark.parametrize(
    "fault",
    [
        QUOTA,
        {"status": 429, "headers": {"retry-after": "7200"}, "body": "slow down"},
        {"status": 403, "body": "not authorized to use this Copilot feature"},
        {"status": 500, "body": "oops", "times": 4},
        {"connect_error": True, "times": 4},
        {"drop": True, "times": 4},
        {"status": 401, "body": "unauthorized", "times": 2},
        {"status": 200, "body": "<html>portal</html>"},
    ],
    ids=["402", "429", "403", "500", "offline", "cut", "401", "html"],
)
def test_a_failure_keeps_the_sign_in(world: World, fault: dict[str, Any]) -> None:
    """It is said, with what to do; the wizard ends well and the settings are written."""
    world.sim.fault("chat", **fault)
    world.onboard(**DEVICE)
    assert "The first answer failed: " in world.said
    assert "Your sign-in is kept all the same." in world.said
    assert "Next:" in world.said
    assert model(world) == "sim-docs"
    world.onboard()
    assert "Already signed in as octocat" in world.said


def test_another_model_is_offered_until_one_answers(world: World) -> None:
    """Those that failed are not offered again; the one that answered is in the settings."""
    world.sim.fault("chat", **QUOTA, times=2)  # type: ignore[arg-type]
    person = Person(
        ("Which model?", "sim-echo"),
        ("Try another model?", DEFAULT),
        ("Which model?", "sim-docs"),
        ("Try another model?", DEFAULT),
        ("Which model?", "sim-small"),
    )
    world.onboard(person, **DEVICE)
    assert chats(world) == ["sim-echo", "sim-docs", "sim-small"]
    assert "sim-echo" not in person.asked[2].values
    assert {"sim-echo", "sim-docs"}.isdisjoint(person.asked[4].values)
    assert model(world) == "sim-small"


def test_no_other_model_is_wanted(world: World) -> None:
    """Then the chosen one stays, for when it answers again."""
    world.sim.fault("chat", **QUOTA)  # type: ignore[arg-type]
    person = Person(("Which model?", "sim-echo"), ("Try another model?", False))
    world.onboard(person, **DEVICE)
    assert model(world) == "sim-echo"


def test_a_half_answer_is_a_failure_too(world: World) -> None:
    """What came is on stdout; that it was cut is said."""
    world.sim.answer(deltas=["one ", "two"], cut_after=1)
    world.onboard(**DEVICE)
    assert world.stdout.getvalue() == "one "
    assert "The first answer failed: answer incomplete" in world.said


def test_without_verify_no_answer_is_asked_for(world: World) -> None:
    """`--no-verify` skips the first answer and never the exchange."""
    world.onboard(**DEVICE, verify=False)
    assert world.endpoints[-1] == "models"
    assert "exchange" in world.endpoints
    assert model(world) == "sim-docs"


def test_a_list_that_cannot_be_read(world: World) -> None:
    """Nothing can be chosen; the sign-in is kept, and a model named by its flag too."""
    world.sim.fault("models", status=404, body="<html>no</html>", times=2)
    world.onboard(**DEVICE)
    assert "The model list could not be read: " in world.said
    assert "Your sign-in is kept all the same." in world.said
    assert model(world) is None
    world.onboard(method="device", model="sim-echo", force=True)
    assert model(world) == "sim-echo"


def test_a_list_with_broken_items(world: World) -> None:
    """Those that are models can be chosen."""
    world.sim.scenario.broken_models = True
    person = Person(("Which model?", "sim-echo"))
    world.onboard(person, **DEVICE)
    assert model(world) == "sim-echo"


def test_a_list_without_a_usable_model(world: World) -> None:
    """That is said with where the reasons are; the sign-in is kept and no model set."""
    world.sim.fault("models", status=200, body={"data": [], "object": "list"})
    world.onboard(**DEVICE)
    assert "no chat model that can be used" in world.said
    assert chats(world) == []
    assert model(world) is None


@pytest.mark.parametrize("wanted", ["sim-disabled", "nonesuch"])
def test_a_wanted_model_that_cannot_be_used(world: World, wanted: str) -> None:
    """It is said, with the list's own reason; then it goes on as if it had not been wanted."""
    world.onboard(**DEVICE, model=wanted)
    assert f"The model {wanted} is not available to you" in world.said
    assert ("(not enabled (disabled)" in world.said) is (wanted == "sim-disabled")
    assert model(world) == "sim-docs"


TERMS = "Enable access to **Disabled Echo** by policy."


def test_a_model_that_wants_consent_is_enabled_where_it_is_taken(world: World) -> None:
    """Its terms are shown first; then it answers."""
    person = Person(("Which model?", "sim-disabled"), ("Accept the terms", True))
    world.onboard(person, **DEVICE)
    assert TERMS in person.said
    assert world.endpoints[-4:] == ["models", "policy", "models", "chat"]
    assert chats(world) == ["sim-disabled"]
    assert model(world) == "sim-disabled"


def test_terms_that_are_not_accepted_lead_back_to_the_list(world: World) -> None:
    """Nothing is enabled, and that model is not offered again."""
    person = Person(
        ("Which model?", "sim-disabled"), ("Accept the terms", DEFAULT), ("Which model?", DEFAULT)
    )
    world.onboard(person, **DEVICE)
    assert "policy" not in world.endpoints
    assert "sim-disabled" not in person.asked[2].values
    assert model(world) == "sim-docs"


def test_an_organisation_s_block_is_said(world: World) -> None:
    """Then another model is taken."""
    world.sim.fault("policy", status=403, body="blocked by policy")
    person = Person(
        ("Which model?", "sim-disabled"), ("Accept the terms", True), ("Which model?", "sim-echo")
    )
    world.onboard(person, **DEVICE)
    assert "sim-disabled could not be enabled" in person.said
    assert "ask them to enable the model" in person.said
    assert model(world) == "sim-echo"


@pytest.mark.parametrize(
    ("name", "taken"), [("SIM-ECHO", "sim-echo"), ("sim-ech", "sim-echo"), ("Slow echo", "sim-o1")]
)
def test_a_model_may_be_named_as_anywhere(world: World, name: str, taken: str) -> None:
    """By the beginning of its id, in another case, or by its display name."""
    world.onboard(**DEVICE, model=name, verify=False)
    assert model(world) == taken


def test_a_model_that_holds_is_kept(world: World) -> None:
    """A new sign-in asks for no model where the one in the settings can be used."""
    world.onboard(**DEVICE, model="sim-echo", verify=False)
    person = Person()
    world.onboard(person, method="device", force=True, verify=False)
    assert model(world) == "sim-echo"


def test_a_model_that_no_longer_holds_is_dropped_and_named(world: World) -> None:
    """The account changed: what it cannot use goes, the rest of the settings stays."""
    world.onboard(**DEVICE, model="sim-reason", verify=False)
    path = world.home / "config.toml"
    path.write_text(f"# mine\nretries = 1\n{world.config}")
    world.sim.fault("models", status=200, body={"data": [], "object": "list"})
    world.onboard(method="device", force=True)
    assert "The model sim-reason of before is not available to you; it is dropped." in world.said
    assert model(world) is None
    assert world.config.startswith("# mine\nretries = 1\n")
    assert 'account = "octocat"' in world.config


def test_a_variable_s_model_is_not_ours_to_drop(world: World) -> None:
    """It is named as what it is: the variable."""
    world.environ["COPILOT_CHAT_MODEL"] = "nonesuch"
    world.onboard(**DEVICE, verify=False)
    assert "look at COPILOT_CHAT_MODEL" in world.said
    assert model(world) == "sim-docs"
