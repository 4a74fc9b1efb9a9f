"""`doctor` on the sign-in: which token wins, whether it is taken, plan, models and limits."""

import json
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.doctor.examination import Examination
from copilot_cli.errors import KeyringUnavailable
from tests.wizard_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


@pytest.fixture
def signed_in(world: World) -> World:
    world.onboard(method="device", store="keyfile", verify=False, model="sim-echo")
    return world


def checks(world: World, *words: str) -> dict[str, dict[str, Any]]:
    """The report, by the checks' names."""
    code, out, err = world.run("doctor", "--json", *words)
    found = {check["name"]: check for check in json.loads(out)["checks"]}
    failed = [check for check in found.values() if check["state"] == "fail"]
    assert code == bool(failed), err
    assert all(check["fix"] for check in found.values() if check["state"] in {"warn", "fail"})
    return found


def told(world: World, name: str) -> tuple[str, str]:
    """State and detail of one check."""
    check = checks(world)[name]
    return check["state"], check["detail"]


# -- the source ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("ghu_", "a GitHub App's user token (ghu_…)"),
        ("gho_", "an OAuth app's token (gho_…)"),
        ("github_pat_", "a fine-grained personal access token (github_pat_…)"),
    ],
)
def test_the_kind_of_a_token(kind: str, said: str, world: World) -> None:
    """By its prefix; a bearer is looked up in place of exchanged."""
    world.environ["COPILOT_CHAT_TOKEN"] = world.sim.sign_in(kind=kind)
    found = checks(world)
    detail = f"the variable COPILOT_CHAT_TOKEN for github.com: {said}"
    assert (found["sign-in"]["state"], found["sign-in"]["detail"]) == ("pass", detail)
    assert found["exchange"]["state"] == "pass"
    assert ("is a bearer itself" in found["exchange"]["detail"]) == (kind != "ghu_")


def test_a_variable_that_hides_a_sign_in(signed_in: World) -> None:
    """A warning with the variable: it is why another account answers."""
    signed_in.environ["GITHUB_COPILOT_TOKEN"] = signed_in.sim.sign_in("hubot")
    check = checks(signed_in)["sign-in"]
    assert check["state"] == "warn"
    assert check["detail"].endswith("; hides the stored sign-in")
    assert check["fix"] == "unset GITHUB_COPILOT_TOKEN where the stored sign-in should count"


def test_a_variable_that_hides_another(world: World) -> None:
    """Told, and no warning."""
    world.environ["COPILOT_CHAT_TOKEN"] = world.sim.sign_in()
    world.environ["GH_TOKEN"] = world.sim.sign_in()
    state, detail = told(world, "sign-in")
    assert state == "pass"
    assert detail.endswith("; hides the variable GH_TOKEN")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("ghp_madeUpForTests000000000000000000000000", "classic personal access tokens"),
        ("made up blanks", "the token cannot be sent (position 5)"),
    ],
)
def test_a_token_that_cannot_work(value: str, said: str, world: World) -> None:
    """A fail with the reason, never the value; what needs it is skipped."""
    world.environ["COPILOT_CHAT_TOKEN"] = value
    found = checks(world)
    assert found["sign-in"]["state"] == "fail"
    assert said in found["sign-in"]["detail"]
    assert value not in json.dumps(found)
    assert found["exchange"] == {
        "name": "exchange",
        "state": "skip",
        "detail": "there is no token to try",
        "fix": None,
    }


def test_own_endpoints_need_no_sign_in(world: World) -> None:
    """Nobody is signed in, and nothing is wrong; the endpoint is asked for its name."""
    world.environ["COPILOT_PROVIDER_BASE_URL"] = "http://127.0.0.1:11434/v1"
    found = checks(world)
    assert found["sign-in"]["state"] == "pass"
    assert found["sign-in"]["detail"].endswith("your own endpoints answer")
    assert found["endpoint-env"]["state"] == "pass"


# -- exchange and limits ---------------------------------------------------------------------


def test_a_revoked_sign_in(signed_in: World) -> None:
    """Not taken: sign in again; the plan and the list cannot be asked for."""
    for secret in list(signed_in.sim.secrets()):
        signed_in.sim.revoke(secret)
    found = checks(signed_in)
    assert found["exchange"]["state"] == "fail"
    assert "copilot-chat onboard" in found["exchange"]["fix"]
    assert found["plan"]["detail"] == "GitHub did not take the token"


def test_a_failure_that_all_processes_heed(signed_in: World) -> None:
    """It is told with its time, and nobody asks GitHub meanwhile, not even this check."""
    signed_in.sim.fault("exchange", status=429, headers={"retry-after": "120"})
    signed_in.time += 7200  # what the sign-in left in the cache is over
    assert signed_in.run("ask", "hello")[0] == 5
    signed_in.sim.log.clear()
    found = checks(signed_in)
    assert found["limits"]["state"] == "warn"
    assert found["limits"]["detail"].startswith("for 1")
    assert "nobody asks GitHub for a token: " in found["limits"]["detail"]
    assert found["exchange"]["state"] == "skip"
    assert "exchange" not in [seen.endpoint for seen in signed_in.sim.log]
    signed_in.time += 200
    assert told(signed_in, "limits") == ("pass", "no failure is heeded")


def test_a_machine_without_a_keyring(signed_in: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sign-in is tried where a key file opens the store: no keyring is needed for it."""

    def absent(*_: object) -> None:
        raise KeyringUnavailable("no usable keyring: no bus")

    monkeypatch.setattr("copilot_cli.store.os_keyring.OsKeyring.read", absent)
    del signed_in.environ["COPILOT_CHAT_NO_KEYRING"]
    found = checks(signed_in)
    assert (found["keyring"]["state"], found["keyring"]["fix"]) == ("pass", None)
    assert [found[name]["state"] for name in ("exchange", "plan")] == ["pass", "pass"]


def test_where_github_is_not_reached_it_has_refused_nothing(
    signed_in: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the exchange nor the plan blames the token."""
    monkeypatch.setattr(Examination, "reaches", lambda *_: False)
    found = checks(signed_in)
    assert {found[name]["detail"] for name in ("exchange", "plan")} == {
        "GitHub's API cannot be reached"
    }


def test_offline_no_token_is_missed(signed_in: World) -> None:
    """What was not tried was not to be tried: there may be a token."""
    found = checks(signed_in, "--offline")
    assert {found[name]["detail"] for name in ("limits", "exchange", "plan")} == {"--offline"}


# -- plan and models -------------------------------------------------------------------------


def test_a_quota_that_is_used_up(signed_in: World) -> None:
    """A warning, with the day on which it starts anew."""
    signed_in.sim.scenario.quota = 0.0
    check = checks(signed_in)["plan"]
    assert check["state"] == "warn"
    assert "a quota is used up" in check["detail"]
    assert check["fix"].startswith("it starts anew on 20")


def test_a_model_that_cannot_be_used(signed_in: World) -> None:
    """The reason, and the page where it is changed, or another model."""
    signed_in.environ["COPILOT_CHAT_MODEL"] = "sim-disabled"
    check = checks(signed_in)["models"]
    assert check["state"] == "fail"
    assert "; sim-disabled cannot be used: " in check["detail"]


def test_the_list_as_it_was_read(signed_in: World) -> None:
    """Offline, with its age; without a list nothing is said."""
    assert signed_in.run("models")[0] == 0
    signed_in.time += 3600
    check = checks(signed_in, "--offline")["models"]
    assert check["state"] == "pass"
    assert check["detail"].endswith("; sim-echo can be used; read 1 hour ago")
