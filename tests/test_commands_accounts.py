"""`copilot-chat accounts`: what is listed, how one switches, and what is said of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.sign_ins import SignIns
from tests.wizard_world import DEFAULT, Person, World

OCTO = "octo.ghe.com"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Three sign-ins: two accounts of github.com, one of a company's own host."""
    made = World(tmp_path / "home")
    for host, login in (("github.com", "hubot"), (OCTO, "mona"), ("github.com", "octocat")):
        made.sim.scenario.login = login
        made.onboard(
            method="device", store="keyfile", verify=False, force=True, options={"host": host}
        )
    made.sim.log.clear()
    return made


def listed(world: World) -> list[dict[str, Any]]:
    code, out, err = world.run("accounts", "--json")
    assert (code, err) == (0, "")
    assert world.sim.log == []
    found: list[dict[str, Any]] = json.loads(out)
    return found


def in_use(world: World) -> list[str]:
    return [f"{it['host']}/{it['account']}" for it in listed(world) if it["in_use"]]


def test_every_account_is_listed(world: World) -> None:
    """By host and name, with the one in use; nothing is sent."""
    fields = {"kind": "ghu_", "expires": None, "renewable_until": None}
    assert listed(world) == [
        {"host": "github.com", "account": "hubot", "in_use": False, **fields},
        {"host": "github.com", "account": "octocat", "in_use": True, **fields},
        {"host": OCTO, "account": "mona", "in_use": False, **fields},
    ]
    lines = world.run("accounts")[1].splitlines()
    assert lines[1].split("\t")[:3] == ["github.com", "octocat", "yes"]
    assert lines[1].endswith("\tnever")


def test_the_end_of_a_sign_in(tmp_path: Path) -> None:
    """A token that expires, and until when it is renewed."""
    world = World(tmp_path / "home", expiring=True)
    world.onboard(method="device", store="keyfile", verify=False)
    world.sim.log.clear()
    (found,) = listed(world)
    assert found["expires"] == "2025-06-15T23:06:40Z"
    assert found["renewable_until"] == "2025-12-16T15:06:40Z"
    assert "2025-06-15T23:06:40Z, renewed until 2025-12-16" in world.run("accounts")[1]


def test_a_store_that_does_not_open_is_still_a_list(world: World) -> None:
    """Without its key the names are there, and why there is no more is said."""
    (world.home / "key").unlink()
    code, out, err = world.run("accounts", "--json")
    assert code == 0
    assert [it["kind"] for it in json.loads(out)] == [None, None, None]
    assert "kind and end are not known: the key file" in err
    assert "github.com\toctocat\tyes\tunknown\tunknown\n" in world.run("accounts")[1]


def test_a_passphrase_is_not_asked_for(tmp_path: Path) -> None:
    """A list is not worth typing for."""
    world = World(tmp_path / "home")
    world.environ["COPILOT_CHAT_PASSPHRASE"] = "made up for these tests"
    world.onboard(method="device", store="passphrase", verify=False)
    del world.environ["COPILOT_CHAT_PASSPHRASE"]
    rows, closed = SignIns(world.build(Person())).rows()
    assert [row.kind for row in rows] == [None]
    assert "locked" in (closed or "")


def test_nobody_is_signed_in(tmp_path: Path) -> None:
    """An empty list, and what to do; a switch is exit code 3."""
    world = World(tmp_path / "home")
    assert world.run("accounts", "--json") == (
        0,
        "[]\n",
        "nobody is signed in: run `copilot-chat onboard`\n",
    )
    assert world.run("accounts", "switch", "octocat")[0] == 3
    assert not world.home.exists()


def test_a_damaged_store(world: World) -> None:
    """Exit code 10."""
    (world.home / "secrets" / "store.json").write_bytes(b"{}")
    assert world.run("accounts")[0] == 10
    assert world.run("accounts", "switch", "hubot")[0] == 10


def test_a_variable_that_wins_is_said(world: World) -> None:
    """None of them is in use then."""
    world.environ["COPILOT_CHAT_TOKEN"] = world.sim.sign_in("other")
    code, out, err = world.run("accounts", "--json")
    assert code == 0
    assert not any(it["in_use"] for it in json.loads(out))
    assert err == "COPILOT_CHAT_TOKEN is set, and is used in place of them\n"


def test_several_and_none_chosen(world: World) -> None:
    """The list is there all the same: one needs it to choose."""
    assert world.run("config", "unset", "account")[0] == 0
    assert in_use(world) == []


@pytest.mark.parametrize(
    ("name", "used"),
    [
        ("hubot", "github.com/hubot"),
        ("HUBOT", "github.com/hubot"),
        ("mona", f"{OCTO}/mona"),
        (f"{OCTO}/mona", f"{OCTO}/mona"),
        (f"mona@{OCTO}", f"{OCTO}/mona"),
        (f"https://{OCTO.upper()}/mona", f"{OCTO}/mona"),
    ],
)
def test_a_switch(world: World, name: str, used: str) -> None:
    """Host and account of the settings; the next command uses them, and the model stays."""
    world.run("config", "set", "model", "sim-echo")
    code, out, err = world.run("accounts", "switch", name)
    host, _, login = used.partition("/")
    assert (code, out) == (0, "")
    assert err.startswith(f"using {login} on {host}\nthe model stays sim-echo; ")
    assert in_use(world) == [used]
    assert f'host = "{host}"\naccount = "{login}"\n' in world.config
    assert world.run("ask", "hello")[:2] == (0, "hello")
    assert {seen.host for seen in world.sim.log} == (
        {"api.github.com", "api.individual.githubcopilot.com"}
        if host == "github.com"
        else {f"api.{OCTO}", f"copilot-api.{OCTO}"}
    )


@pytest.mark.parametrize(
    ("name", "code", "hint"),
    [
        ("nobody", 2, f"signed in: hubot on github.com, octocat on github.com, mona on {OCTO}"),
        ("github.com/mona", 2, "signed in: "),
        ("a/b/c", 2, "the host of c: must be"),
    ],
)
def test_a_name_that_is_nobody_s(world: World, name: str, code: int, hint: str) -> None:
    """Exit code 2 with those there are; the settings stay."""
    before = world.config
    found, _, err = world.run("accounts", "switch", name)
    assert found == code
    assert hint in err
    assert world.config == before


def test_a_login_of_two_hosts(world: World) -> None:
    """Without a person the host has to be named too; `--host` does."""
    world.sim.scenario.login = "octocat"
    world.onboard(method="device", verify=False, force=True, options={"host": OCTO})
    code, _, err = world.run("accounts", "switch", "octocat")
    assert code == 2
    assert f"several hosts: octocat on github.com, octocat on {OCTO}" in err
    assert world.run("--host", "github.com", "accounts", "switch", "octocat")[0] == 0
    assert 'host = "github.com"' in world.config
    code, _, err = world.run("--account", "octocat", "status")
    assert code == 0, err  # the settings' own host has it


def test_a_switch_without_a_name(world: World) -> None:
    """A question on a terminal, which offers another one first; exit code 2 without one."""
    code, _, err = world.run("accounts", "switch")
    assert code == 2
    assert "accounts switch NAME" in err
    person = Person(("Which account?", DEFAULT))
    app = world.build(person)
    sign_ins = SignIns(app)
    account = sign_ins.pick(None)
    assert (account.host, account.login) == ("github.com", "hubot")
    assert person.asked[0].values == [
        "github.com/hubot",
        "github.com/octocat",
        f"{OCTO}/mona",
    ]
    assert person.asked[0].options["github.com/octocat"].detail == "github.com, in use"


def test_the_only_account_needs_no_question(tmp_path: Path) -> None:
    """There is nothing to choose."""
    world = World(tmp_path / "home")
    world.onboard(method="device", store="keyfile", verify=False)
    world.run("config", "unset", "account")
    assert world.run("accounts", "switch")[0] == 0
    assert 'account = "octocat"' in world.config


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("COPILOT_GH_HOST", "github.com", "COPILOT_GH_HOST is set, and wins over that host"),
        ("GH_HOST", "github.com", "GH_HOST is set, and wins over that host"),
        ("COPILOT_CHAT_ACCOUNT", "hubot", "COPILOT_CHAT_ACCOUNT is set, and wins over that acc"),
        ("COPILOT_CHAT_TOKEN", "ghu_madeUpForTests00000000000000", "wins over every stored"),
    ],
)
def test_what_wins_over_a_switch_is_said(
    world: World, variable: str, value: str, said: str
) -> None:
    """A switch that will not be seen would be a riddle."""
    world.environ[variable] = value
    code, _, err = world.run("accounts", "switch", "mona")
    assert code == 0
    assert said in err


def test_a_named_account_of_another_host_is_used_for_one_run(world: World) -> None:
    """`--account` alone finds its host; the settings stay."""
    assert world.run("--account", "mona", "ask", "-m", "sim-echo", "hello")[:2] == (0, "hello")
    assert {seen.host for seen in world.sim.log} == {f"api.{OCTO}", f"copilot-api.{OCTO}"}
    assert 'host = "github.com"' in world.config


def test_the_first_host_s_account_is_not_asked_for_on_another(world: World) -> None:
    """`--host` alone takes the one account that is there, though the settings name another."""
    code, out, _ = world.run("--host", f"HTTPS://{OCTO}/", "status", "--json")
    found = json.loads(out)
    assert (code, found["host"], found["account"]) == (0, OCTO, "mona")


def test_signed_in_elsewhere_only(world: World) -> None:
    """Exit code 3 names who is signed in where, and the variable that is not used for them."""
    for name in ("hubot", "octocat"):
        assert world.run("--host", "github.com", "--account", name, "logout")[0] == 0
    world.run("config", "unset", "host")
    world.environ["GH_TOKEN"] = world.sim.sign_in("other")
    code, _, err = world.run("ask", "-m", "sim-echo", "hello")
    assert code == 3
    assert "nobody is signed in to github.com" in err
    assert f"signed in: mona on {OCTO}" in err
    assert "GH_TOKEN is not used" in err
    code, out, _ = world.run("status")
    assert code == 3
    assert "not used\tthe variable GH_TOKEN\n" in out
    assert f"also stored\tmona on {OCTO}\n" in out


@pytest.mark.parametrize("name", [f"{OCTO}/mona", f"mona@{OCTO}"])
def test_a_name_with_its_host_is_used_for_one_run(world: World, name: str) -> None:
    """As `--host` and `--account` together."""
    assert world.run("--account", name, "ask", "-m", "sim-echo", "hello")[:2] == (0, "hello")
    assert {seen.host for seen in world.sim.log} == {f"api.{OCTO}", f"copilot-api.{OCTO}"}
