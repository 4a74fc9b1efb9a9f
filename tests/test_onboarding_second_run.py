"""A second run: one exchange, nothing changed, and what is out of reach is not taken for broken."""

from pathlib import Path
from typing import Any

import pytest

from copilot_cli.errors import KeyringLocked, NotAllowedError, UsageError
from tests.wizard_world import DEFAULT, Person, World

DEVICE: dict[str, Any] = {"method": "device", "store": "keyfile", "verify": False}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world where octocat is signed in."""
    made = World(tmp_path / "home")
    made.onboard(**DEVICE)
    made.requests.clear()
    return made


def disk(world: World) -> dict[str, bytes]:
    return {name: (world.home / name).read_bytes() for name in world.files()}


def test_it_checks_with_one_exchange_and_changes_nothing(world: World) -> None:
    """The sign-in works: that is said, every file is as it was."""
    before = disk(world)
    world.onboard(Person())
    assert world.endpoints == ["exchange"]
    assert "Already signed in as octocat on github.com; GitHub accepts it." in world.said
    assert disk(world) == before


@pytest.mark.parametrize(
    "fault",
    [
        {"connect_error": True},
        {"drop": True},
        {"status": 500, "body": "oops"},
        {"status": 429, "body": "slow down"},
    ],
    ids=["offline", "cut", "500", "429"],
)
def test_what_cannot_be_checked_is_not_checked(world: World, fault: dict[str, Any]) -> None:
    """No network, or GitHub out of order: said, and no reason for anything."""
    before = disk(world)
    world.sim.fault("exchange", **fault)
    world.onboard(Person())
    assert world.endpoints == ["exchange"]
    assert "(not checked: " in world.said
    assert disk(world) == before


def test_a_revoked_sign_in_goes_straight_to_a_new_one(world: World) -> None:
    """No question whether; settings are kept."""
    world.sim.revoke(next(it for it in world.sim.secrets() if it.startswith("ghu_")))
    person = Person(("How do you want to sign in?", DEFAULT))
    world.onboard(person, verify=False)
    assert "The stored sign-in does not work any more: " in person.said
    assert "Signed in as octocat" in person.said
    assert 'model = "sim-docs"' in world.config


def test_a_locked_store_is_not_a_broken_one(world: World) -> None:
    """A passphrase that nobody gives: exit code 10, and no new sign-in over the old."""
    other = World(world.home.parent / "other")
    other.environ["COPILOT_CHAT_PASSPHRASE"] = "made up for tests"
    other.onboard(method="device", store="passphrase", verify=False)
    del other.environ["COPILOT_CHAT_PASSPHRASE"]
    before = disk(other)
    with pytest.raises(KeyringLocked):
        other.onboard(yes=True)
    assert disk(other) == before


def test_an_account_without_copilot_is_told_so(world: World) -> None:
    """Exit code 4: the sign-in is good, and a new one of the same account would not help."""
    world.sim.scenario.no_copilot = "no_copilot_access"
    with pytest.raises(NotAllowedError) as failed:
        world.onboard(Person())
    assert failed.value.exit_code == 4
    assert failed.value.hint
    assert world.endpoints == ["exchange"]


def test_an_expired_sign_in_is_renewed_not_replaced(tmp_path: Path) -> None:
    """GitHub tokens that expire are renewed with their refresh token; nobody signs in again."""
    world = World(tmp_path / "home", expiring=True)
    world.onboard(**DEVICE)
    world.time += 9 * 3600
    world.requests.clear()
    world.onboard(Person())
    assert world.endpoints == ["device_token", "exchange"]
    assert "Already signed in as octocat" in world.said


@pytest.mark.parametrize(
    "answers",
    [{"method": "device"}, {"method": "gh"}, {"token_stdin": True}, {"store": "keyfile"}],
    ids=["device", "gh", "token", "store"],
)
def test_how_to_sign_in_changes_nothing_of_that(world: World, answers: dict[str, Any]) -> None:
    """A script that signs in may run twice: one exchange, and every file as it was."""
    before = disk(world)
    world.onboard(stdin=world.sim.sign_in("hubot"), **answers)
    assert world.endpoints == ["exchange"]
    assert "Already signed in as octocat on github.com; GitHub accepts it." in world.said
    assert "--force" in world.said
    assert disk(world) == before


def test_force_is_a_wish_for_a_new_sign_in(world: World) -> None:
    """Then nothing is checked first."""
    world.onboard(method="device", verify=False, force=True)
    assert world.endpoints[0] == "device_code"


def test_an_account_that_is_not_signed_in_yet_can_sign_in(world: World) -> None:
    """`--account hubot` beside octocat: that is a new sign-in, and no mistake."""
    world.sim.scenario.login = "hubot"
    world.onboard(yes=True, verify=False, options={"account": "hubot"})
    assert 'account = "hubot"' in world.config
    names = [name.user for name in world.build(None).vault.store.names()]
    assert names == ["hubot", "octocat"]


def test_several_accounts_without_a_choice(world: World) -> None:
    """Which one to check is for the person to say: exit code 2 names both."""
    world.sim.scenario.login = "hubot"
    world.onboard(method="device", verify=False, options={"account": "hubot"})
    path = world.home / "config.toml"
    path.write_text("".join(f"{line}\n" for line in world.config.splitlines() if "acc" not in line))
    with pytest.raises(UsageError, match="hubot, octocat"):
        world.onboard(Person())


def test_another_host_has_no_sign_in_yet(world: World) -> None:
    """What is stored for github.com says nothing about a company's own GitHub."""
    world.onboard(yes=True, verify=False, options={"host": "acme.ghe.com"})
    assert world.endpoints[0] == "device_code"
