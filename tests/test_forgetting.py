"""Forgetting an endpoint: its key, its settings, and nothing of the others."""

from pathlib import Path

import pytest

from copilot_cli.errors import UsageError
from copilot_cli.forgetting import forget
from tests.endpoint_world import KEY, LOCAL, OPENAI, seal, write
from tests.wizard_world import World

ONE = f"""\
engine = "byok"
model = "cloud/gpt-sim"
store = "keyfile"

[endpoints.cloud]
url = "{OPENAI}"
"""
TWO = f"""{ONE}
[endpoints.here]
url = "{LOCAL}"
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "home")
    write(made, TWO)
    seal(made, "cloud", "api.openai.com", KEY)
    seal(made, "cloud", "old.example", "made-up-key")
    seal(made, "here", "127.0.0.1:11434", "made-up-key")
    return made


def names(world: World) -> list[tuple[str, str]]:
    return [(name.host, name.user) for name in world.build(None).vault.store.names()]


def test_key_settings_and_choice_go(world: World) -> None:
    """Each is told; what belongs to others stays."""
    lines = list(forget(world.build(None), "cloud"))
    config = world.home / "config.toml"
    assert lines == [
        "removed the key of cloud for api.openai.com",
        "removed the key of cloud for old.example",
        f"removed endpoints.cloud of {config}",
        f"removed the model cloud/gpt-sim of {config}",
    ]
    assert names(world) == [("127.0.0.1:11434", "here")]
    assert "cloud" not in world.config
    assert 'engine = "byok"' in world.config


def test_the_last_one_takes_the_engine_along(world: World) -> None:
    """With no endpoint left, the settings name none as what answers."""
    write(world, ONE)
    assert list(forget(world.build(None), "cloud"))[-1].startswith("removed the engine byok")
    assert world.config == 'store = "keyfile"\n\n'


def test_a_key_without_settings_is_forgotten_too(world: World) -> None:
    """Somebody may have edited the file."""
    write(world, 'store = "keyfile"\n')
    assert len(list(forget(world.build(None), "cloud"))) == 2
    assert names(world) == [("127.0.0.1:11434", "here")]


def test_one_that_is_not_there(world: World) -> None:
    """Exit code 2 with those that are; variables can only be unset."""
    with pytest.raises(UsageError) as wrong:
        list(forget(world.build(None), "nonesuch"))
    assert wrong.value.hint == "there are: cloud, here"
    world.environ["COPILOT_PROVIDER_BASE_URL"] = OPENAI
    with pytest.raises(UsageError, match="described by variables"):
        list(forget(world.build(None), "env"))


def test_logout_forgets_an_endpoint(world: World) -> None:
    """The store goes with the last secret in it; a sign-in of GitHub's is left alone."""
    code, out, err = world.run("logout", "--endpoint", "cloud")
    assert (code, out) == (0, "")
    assert "removed the key of cloud for api.openai.com" in err
    assert (world.home / "secrets" / "store.json").exists()
    assert world.run("logout", "--endpoint", "here")[0] == 0
    assert world.files() == {"config.toml"}
    assert world.config == 'store = "keyfile"\n\n'


def test_logout_of_an_endpoint_leaves_the_sign_in(world: World) -> None:
    """And the other way round."""
    world.onboard(method="device", store="keyfile", verify=False)
    assert world.run("logout", "--endpoint", "cloud")[0] == 0
    assert names(world) == [("127.0.0.1:11434", "here"), ("github.com", "octocat")]
    assert world.run("logout")[0] == 0
    assert names(world) == [("127.0.0.1:11434", "here")]


@pytest.mark.parametrize("other", ["--all", "--purge"])
def test_an_endpoint_is_not_everything(world: World, other: str) -> None:
    """Exit code 2, and nothing is gone."""
    before = world.files()
    assert world.run("logout", "--endpoint", "cloud", other)[0] == 2
    assert world.files() == before
