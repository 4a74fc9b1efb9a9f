"""`models enable`: the terms are shown, the person agrees, and only then the service is told."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_cli.enabling import enable
from copilot_cli.errors import CopilotChatError, UsageError
from copilot_cli.messages import ModelInfo
from tests.wizard_world import DEFAULT, Person, World, token_world

TERMS = "Enable access to **Disabled Echo** by policy."
FEATURES = "https://github.com/settings/copilot/features"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with token_world(tmp_path / "home") as made:
        yield made


def agree(world: World, name: str, *answers: tuple[str, object]) -> ModelInfo:
    """Enable a model with a person who answers so."""
    person = Person(*answers)
    return enable(world.build(person), name, yes=False)


@pytest.mark.parametrize("name", ["sim-disabled", "sim-dis", "Disabled Echo"])
def test_a_person_agrees(world: World, name: str) -> None:
    """After terms and page were shown; then the list is read anew, and the model answers."""
    found = agree(world, name, ("Accept the terms and enable sim-disabled?", True))
    assert (found.id, found.disabled) == ("sim-disabled", None)
    assert TERMS in world.said
    assert FEATURES in world.said
    assert world.copilot_asked == ["models", "policy", "models"]
    assert world.run("ask", "-m", "sim-disabled", "hello")[:2] == (0, "hello")


@pytest.mark.parametrize("answer", [DEFAULT, False])
def test_a_person_does_not(world: World, answer: object) -> None:
    """Nobody's consent is taken for granted: Enter means no."""
    with pytest.raises(UsageError, match="stays as it is"):
        agree(world, "sim-disabled", ("Accept the terms", answer))
    assert world.copilot_asked == ["models"]


def test_yes_is_for_scripts(world: World) -> None:
    """The terms are written all the same, on stderr."""
    code, out, err = world.run("models", "enable", "sim-disabled", "--yes")
    assert (code, out) == (0, "")
    assert TERMS in err
    assert world.copilot_asked == ["models", "policy", "models"]
    assert world.sim.log[-2].json() == {"state": "enabled"}


def test_without_a_person_the_flag_is_named(world: World) -> None:
    """Exit code 2; nothing is accepted."""
    code, out, err = world.run("models", "enable", "sim-disabled")
    assert (code, out) == (2, "")
    assert "--yes" in err
    assert "policy" not in world.copilot_asked


def test_json_is_the_model(world: World) -> None:
    """As in the list."""
    code, out, _ = world.run("models", "enable", "sim-disabled", "--yes", "--json")
    model = json.loads(out)
    assert (code, model["id"], model["enabled"]) == (0, "sim-disabled", True)


def test_one_that_is_enabled_stays_so(world: World) -> None:
    """Nothing is sent, and nobody is asked."""
    code, _, err = world.run("models", "enable", "sim-echo")
    assert code == 0
    assert "sim-echo can be used" in err
    assert world.copilot_asked == ["models"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nonesuch", "there is no model 'nonesuch'"),
        ("sim-plus", "not in your plan (pro)"),
        ("text-embedding-3-small", "not a chat model"),
    ],
)
def test_consent_would_not_help(world: World, name: str, message: str) -> None:
    """Exit code 4 with the reason."""
    code, _, err = world.run("models", "enable", name, "--yes")
    assert code == 4
    assert message in err
    assert "policy" not in world.copilot_asked


def test_an_organisation_s_block_wins(world: World) -> None:
    """Exit code 4, said plainly; consent given before changes nothing of it."""
    code, _, err = world.run("models", "enable", "sim-blocked", "--yes")
    assert code == 4
    assert "sim-blocked cannot be enabled by you" in err
    assert "ask them to enable the model" in err


def test_a_service_that_takes_its_time(world: World) -> None:
    """Accepted and not listed so yet: that is said, it is no success."""
    world.sim.fault("policy", status=200, body="{}")
    with pytest.raises(CopilotChatError, match="it cannot be used yet: not enabled") as failed:
        agree(world, "sim-disabled", ("Accept", True))
    assert failed.value.exit_code == 1


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 401, "body": "unauthorized: token expired"}, 0),
        ({"status": 503, "body": "no"}, 0),
        ({"status": 404, "body": "not found"}, 1),
        ({"connect_error": True}, 0),
    ],
    ids=["401", "503", "404", "offline"],
)
def test_a_request_that_fails_is_sent_as_any_other(
    world: World, fault: dict[str, object], code: int
) -> None:
    """A stale token is renewed, an outage waited for, a refusal told."""
    world.sim.fault("policy", **fault)  # type: ignore[arg-type]
    assert world.run("models", "enable", "sim-disabled", "--yes")[0] == code


def test_terms_are_foreign_text(world: World) -> None:
    """No control character of theirs reaches the terminal."""
    item = {"id": "evil", "policy": {"state": "disabled", "terms": "\x1b[2Jgone\x07"}}
    world.sim.fault("models", status=200, body={"data": [item]})
    _, _, err = world.run("models", "enable", "evil")
    assert "gone" in err
    assert "\x1b" not in err
    assert "\x07" not in err
