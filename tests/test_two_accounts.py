"""Two accounts on two hosts, and two on one: no request carries the other's credential.

The simulator knows where each credential it gave out belongs, and writes down every one that it
meets elsewhere (`crossings`); whose it is within one host is held here, by who signed in when.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.wizard_world import World

OCTO = "octo.ghe.com"
OF_GITHUB = {
    "github.com",
    "api.github.com",
    "api.githubcopilot.com",
    "api.individual.githubcopilot.com",
}
OF_OCTO = {OCTO, f"api.{OCTO}", f"copilot-api.{OCTO}"}
HOURS = 3600.0


@pytest.fixture
def world(tmp_path: Path) -> World:
    """octocat on github.com and mona on a company's own host, with tokens that expire."""
    made = World(tmp_path / "home", expiring=True)
    for host, login in (("github.com", "octocat"), (OCTO, "mona")):
        made.sim.scenario.login = login
        code, _, err = made.run(
            *("--host", host, "onboard", "--method", "device", "--store", "keyfile", "--force"),
            *("--model", "sim-echo"),
        )
        assert code == 0, err
    check(made, {*OF_GITHUB, *OF_OCTO})
    return made


def check(world: World, hosts: set[str]) -> None:
    """Assert that what was sent since the last check went to `hosts`, each with its own."""
    assert world.sim.crossings == []
    assert {seen.host for seen in world.sim.log} <= hosts
    world.sim.log.clear()


def asked(world: World, *words: str) -> set[str]:
    """Run something that has to succeed, and return the hosts that were asked."""
    code, _, err = world.run(*words)
    assert code == 0, err
    return {seen.host for seen in world.sim.log}


EACH = [
    pytest.param("github.com", "octocat", OF_GITHUB, id="github.com"),
    pytest.param(OCTO, "mona", OF_OCTO, id="company"),
]
WORDS = [
    ("ask", "hello"),
    ("models",),
    ("models", "--refresh"),
    ("usage",),
    ("status",),
    ("accounts",),
    ("doctor",),
    ("repl",),
]


@pytest.mark.parametrize(("host", "login", "hosts"), EACH)
@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_a_command_stays_on_its_host(
    world: World, host: str, login: str, hosts: set[str], words: tuple[str, ...]
) -> None:
    """By `--host`, by `--account` alone, and by a switch; at first and with a warm cache."""
    for choice in (["--host", host], ["--account", login], ["--host", host]):
        code, _, err = world.run(*choice, *words, stdin="hello\n")
        assert code in ({0, 1} if words == ("doctor",) else {0}), err
        check(world, hosts)
    asked(world, "accounts", "switch", login)
    world.run(*words, stdin="hello\n")
    check(world, hosts)


@pytest.mark.parametrize(("host", "login", "hosts"), EACH)
def test_a_token_is_renewed_on_its_host(
    world: World, host: str, login: str, hosts: set[str]
) -> None:
    """Both have expired; the one that is used is renewed where it is from, and the other waits."""
    world.time += 9 * HOURS
    asked(world, "--account", login, "ask", "hello")
    renewals = [seen.host for seen in world.sim.log if seen.endpoint == "device_token"]
    assert renewals == [host]
    check(world, hosts)
    other = "mona" if login == "octocat" else "octocat"
    asked(world, "--account", other, "ask", "hello")
    check(world, {*OF_GITHUB, *OF_OCTO} - hosts)


@pytest.mark.parametrize(("host", "login", "hosts"), EACH)
def test_a_refused_token_does_not_make_the_other_one_tried(
    world: World, host: str, login: str, hosts: set[str]
) -> None:
    """A sign-in that was revoked is exit code 3 on its host, and no other host is asked."""
    world.time += 1 * HOURS
    world.sim.fault("exchange", status=401, body={"message": "Bad credentials"}, times=9)
    world.sim.fault("device_token", error="bad_refresh_token", times=9)
    code, _, err = world.run("--host", host, "ask", "hello")
    assert code == 3
    assert login in err or "onboard" in err
    check(world, hosts)


def test_who_signs_out_of_one_host_stays_on_the_other(world: World) -> None:
    """The other goes on, and the one is signed out: nothing of the other's stands in for it."""
    asked(world, "--account", "mona", "logout")
    check(world, set())
    code, _, err = world.run("--host", OCTO, "ask", "hello")
    assert code == 3
    assert "signed in: octocat on github.com" in err
    check(world, set())
    asked(world, "--host", "github.com", "ask", "hello")
    check(world, OF_GITHUB)


@pytest.mark.parametrize("variable", ["GH_TOKEN", "GITHUB_TOKEN"])
@pytest.mark.parametrize(("host", "login", "hosts"), EACH)
def test_a_stray_variable_takes_no_one_s_place(
    world: World, host: str, login: str, hosts: set[str], variable: str
) -> None:
    """Set for other ends, of another account: who is signed in answers."""
    stray = world.sim.sign_in("stray", domain=host)
    world.environ[variable] = stray
    asked(world, "--host", host, "ask", "hello")
    asked(world, "--account", login, "usage")
    assert not [seen for seen in world.sim.log if stray in repr(seen.headers)]
    check(world, hosts)


def test_keys_that_change_change_nobody_s_host(world: World) -> None:
    """After a rotation each host gets its own, by a new exchange."""
    asked(world, "keys", "rotate")
    for _, login, hosts in (it.values for it in EACH):
        asked(world, "--account", str(login), "ask", "hello")
        check(world, set(hosts))  # type: ignore[call-overload]


# Two accounts on one host


def test_each_account_of_a_host_has_its_own(tmp_path: Path) -> None:
    """Neither the GitHub token nor the cached Copilot token nor the model list is the other's."""
    world = World(tmp_path / "home")
    tokens = {login: world.sim.sign_in(login) for login in ("hubot", "octocat")}
    for login, token in tokens.items():
        words = ("--account", login, "onboard", "--token-stdin", "--store", "keyfile", "--force")
        code, _, err = world.run(*words, stdin=token)
        assert code == 0, err
    copilot: dict[str, set[str]] = {}
    for turn in range(2):
        for login, other in (("hubot", "octocat"), ("octocat", "hubot")):
            world.time += turn * 2 * HOURS
            world.sim.log.clear()
            for asking in ("models --refresh", "ask -m sim-echo hello", "usage"):
                asked(world, "--account", login, *asking.split())
            sent = repr([seen.headers for seen in world.sim.log])
            assert tokens[login] in sent
            assert tokens[other] not in sent
            bearers = {
                seen.headers["authorization"]
                for seen in world.sim.log
                if seen.endpoint in {"chat", "models"}
            }
            assert not bearers & copilot.get(other, set())
            copilot[login] = copilot.get(login, set()) | bearers


def test_the_same_login_on_two_hosts_is_two_accounts(tmp_path: Path) -> None:
    """Named without its host it is that of the host in use; a sign-out is of one."""
    world = World(tmp_path / "home")
    for host in ("github.com", OCTO):
        world.onboard(
            method="device", store="keyfile", verify=False, force=True, options={"host": host}
        )
    check(world, {*OF_GITHUB, *OF_OCTO})
    asked(world, "--account", "octocat", "ask", "-m", "sim-echo", "hello")
    check(world, OF_OCTO)
    asked(world, "--account", "octocat", "logout")
    asked(world, "--account", "octocat", "ask", "-m", "sim-echo", "hello")
    check(world, OF_GITHUB)


# What a second sign-in does to the first


def edit(world: World, change: Callable[[str], str]) -> None:
    path = world.home / "config.toml"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def test_a_second_sign_in_keeps_the_first_and_the_settings(world: World) -> None:
    """The settings name the new one; a model that holds there stays, and so does all else."""
    edit(world, lambda text: text + "retries = 1\n")
    world.sim.scenario.login = "hubot"
    words = ("--host", "github.com", "onboard", "--method", "device", "--force")
    code, _, err = world.run(*words)
    assert code == 0, err
    assert 'account = "hubot"' in world.config
    assert 'model = "sim-echo"' in world.config
    assert "retries = 1" in world.config
    listed = world.run("accounts")[1]
    assert [line.split("\t")[1] for line in listed.splitlines()] == ["hubot", "octocat", "mona"]


def test_a_model_that_does_not_hold_is_said(world: World) -> None:
    """It is dropped from the settings, in words."""
    edit(world, lambda text: text.replace("sim-echo", "of-the-other-plan"))
    world.sim.scenario.login = "hubot"
    code, _, err = world.run("onboard", "--method", "device", "--force", "--yes")
    assert code == 0, err
    assert "The model of-the-other-plan of before is not available to you" in err
    assert "of-the-other-plan" not in world.config


def test_a_second_run_for_a_host_checks_who_is_there(world: World) -> None:
    """The settings' account is that of another host, and asks for no new sign-in on this one."""
    asked(world, "accounts", "switch", "octocat")
    code, _, err = world.run("--host", OCTO, "onboard", "--yes")
    assert code == 0
    assert f"Already signed in as mona on {OCTO}" in err
    check(world, OF_OCTO)
    assert 'account = "octocat"' in world.config
