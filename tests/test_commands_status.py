"""`status` and `keys status`: who is signed in, where from, what is kept where; nothing is sent."""

import json
from pathlib import Path

import pytest

from tests.wizard_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


def signed_in(world: World) -> World:
    world.onboard(method="device", store="keyfile", verify=False, model="sim-echo")
    world.sim.log.clear()
    return world


def status(world: World) -> dict[str, object]:
    code, out, err = world.run("status", "--json")
    found = json.loads(out)
    assert code == (0 if found["signed_in"] else 3), err
    assert world.sim.log == []
    return dict(found)


def test_nobody_is_signed_in(world: World) -> None:
    """Exit code 3 with what to do; nothing is written by looking."""
    code, out, err = world.run("status")
    assert (code, err) == (3, "")
    assert "signed in\tno: run `copilot-chat onboard`\n" in out
    assert "key kept in\tnowhere: nothing is stored\n" in out
    assert not world.home.exists()
    assert status(world)["source"] is None


def test_a_stored_sign_in(world: World) -> None:
    """Account, place and settings; the key is not opened, so a lost one is no matter here."""
    signed_in(world)
    (world.home / "key").unlink()
    assert status(world) == {
        "signed_in": True,
        "host": "github.com",
        "account": "octocat",
        "source": "stored",
        "where": "the sign-in stored for octocat",
        "problem": None,
        "hides": [],
        "accounts": [{"host": "github.com", "account": "octocat"}],
        "store": "keyfile",
        "store_path": str(world.home / "secrets" / "store.json"),
        "model": "sim-echo",
        "engine": "direct",
        "config": str(world.home / "config.toml"),
        "endpoint": None,
        "engine_problem": None,
    }


def test_every_sign_in_is_named(world: World) -> None:
    """Who is signed in where: the account in use, and the others of every host."""
    signed_in(world)
    world.sim.scenario.login = "hubot"
    world.onboard(method="device", verify=False, options={"host": "acme.ghe.com"})
    world.sim.log.clear()
    assert status(world)["accounts"] == [
        {"host": "acme.ghe.com", "account": "hubot"},
        {"host": "github.com", "account": "octocat"},
    ]
    out = world.run("status")[1]
    assert "signed in\thubot\n" in out
    assert "also stored\toctocat on github.com\n" in out


@pytest.mark.parametrize(
    ("variable", "source"),
    [
        ("COPILOT_CHAT_TOKEN", "COPILOT_CHAT_TOKEN"),
        ("GITHUB_COPILOT_TOKEN", "GITHUB_COPILOT_TOKEN"),
        ("GH_TOKEN", "stored"),
        ("GITHUB_TOKEN", "stored"),
    ],
)
def test_which_source_supplied_the_token(world: World, variable: str, source: str) -> None:
    """What wins, and what it hides; never a value."""
    signed_in(world)
    token = world.sim.sign_in("hubot")
    world.environ[variable] = token
    found = status(world)
    assert found["source"] == source
    assert len(found["hides"]) == 1  # type: ignore[arg-type]
    assert token not in "".join(world.run("status")[1:])


def test_a_token_that_cannot_work(world: World) -> None:
    """Not signed in, and why."""
    world.environ["GH_TOKEN"] = "ghp_madeUpForTests000000000000000000000000"
    found = status(world)
    assert found["signed_in"] is False
    assert "classic personal access tokens" in str(found["problem"])
    assert "but\tGitHub does not accept classic" in world.run("status")[1]


def test_a_malformed_variable(world: World) -> None:
    """Exit code 2 naming it and the position, never the value; no falling through."""
    signed_in(world)
    world.environ["COPILOT_CHAT_TOKEN"] = "made up blanks"
    code, out, err = world.run("status")
    assert (code, out) == (2, "")
    assert "COPILOT_CHAT_TOKEN: the token cannot be sent (position 5)" in err
    assert "made up" not in err


def test_what_seals_the_store(world: World) -> None:
    """Slots, mode and entries; no key is opened."""
    assert "no secret is stored" in world.run("keys", "status")[1]
    nothing = json.loads(world.run("keys", "status", "--json")[1])
    signed_in(world)
    (world.home / "key").unlink()
    code, out, _ = world.run("keys", "status", "--json")
    found = json.loads(out)
    assert code == 0
    assert (set(nothing), nothing["mode"], nothing["names"]) == (set(found), None, [])
    assert found["store"] == "keyfile"
    assert found["mode"] == "0600"
    assert found["names"] == ["github|github.com|octocat"]
    assert [slot["type"] for slot in found["slots"]] == ["keyfile"]
    assert "entry\tthe sign-in of octocat on github.com\n" in world.run("keys", "status")[1]


def test_a_damaged_store_is_described(world: World) -> None:
    """`keys status` says what is wrong; `status` is exit code 10 with the way out."""
    signed_in(world)
    (world.home / "secrets" / "store.json").write_bytes(b"{}")
    assert "problem\t" in world.run("keys", "status")[1]
    code, _, err = world.run("status")
    assert code == 10
    assert "copilot-chat onboard sets it aside" in err
