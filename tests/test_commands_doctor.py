"""`doctor`: the whole report of one machine, its exit code, and that anybody may read it."""

import json
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.doctor.table import TABLE
from copilot_cli.simulator.scenario import ENDPOINTS
from tests.wizard_world import World

PASSPHRASE = "made up passphrase"
PROXY_PASSWORD = "madeUpProxyPassword"  # made up
API_KEY = "sk-madeUpForTests000000000000"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "octo-home" / "chat")


@pytest.fixture
def signed_in(world: World) -> World:
    world.onboard(method="device", store="keyfile", verify=False, model="sim-echo")
    world.sim.log.clear()
    return world


def report(world: World, *words: str, code: int = 0) -> dict[str, dict[str, Any]]:
    """The checks by their names."""
    ended, out, err = world.run("doctor", "--json", *words)
    assert ended == code, out + err
    return {check["name"]: check for check in json.loads(out)["checks"]}


def states(found: dict[str, dict[str, Any]]) -> dict[str, set[str]]:
    """The names by their state."""
    by: dict[str, set[str]] = {}
    for name, check in found.items():
        by.setdefault(check["state"], set()).add(name)
    return by


def test_all_is_well(signed_in: World) -> None:
    """Exit code 0; each check of the table is there once, in its order."""
    found = report(signed_in)
    assert list(found) == [row.name for row in TABLE if row.name != "endpoints"]
    by = states(found)
    assert "fail" not in by
    assert by.get("warn", set()) <= {"locale", "clipboard"}  # this machine's own
    assert found["sign-in"]["detail"] == (
        "the stored sign-in for github.com: a GitHub App's user token (ghu_…)"
    )
    assert found["exchange"]["detail"] == (
        "GitHub takes it: a Copilot token for 30 min, for https://api.individual.githubcopilot.com"
    )
    assert found["plan"]["detail"].startswith("individual; premium interactions ")
    assert found["models"]["detail"].endswith("; sim-echo can be used")
    assert found["copilot-api"]["detail"] == (
        "https://api.individual.githubcopilot.com answers in 0 ms"
    )


def test_what_is_sent(signed_in: World) -> None:
    """A HEAD to each host without any credential; one exchange, one plan, one list."""
    files = signed_in.files()
    report(signed_in)
    log = signed_in.sim.log
    heads = [seen for seen in log if seen.method == "HEAD"]
    assert {seen.host for seen in heads} == {
        "github.com",
        "api.github.com",
        "api.githubcopilot.com",
        "api.individual.githubcopilot.com",
    }
    assert all("authorization" not in seen.headers for seen in heads)
    assert all("copilot-integration-id" not in seen.headers for seen in heads)
    asked = [seen.endpoint for seen in log if seen.method != "HEAD"]
    assert asked == ["exchange", "quota", "models"]
    assert signed_in.files() == files


def test_offline(signed_in: World) -> None:
    """`--offline` sends nothing, and says of each check that it was not made."""
    found = report(signed_in, "--offline")
    assert signed_in.sim.log == []
    skipped = {name for name, check in found.items() if check["detail"] == "--offline"}
    assert {"github", "github-api", "copilot-api", "clock"} <= skipped
    assert found["models"]["state"] in {"pass", "skip"}
    assert "fail" not in states(found)


def test_copilot_offline(signed_in: World) -> None:
    """COPILOT_OFFLINE is no fault of the network's."""
    signed_in.environ["COPILOT_OFFLINE"] = "1"
    found = report(signed_in)
    assert found["github"]["state"] == "skip"
    assert found["github"]["detail"] == "COPILOT_OFFLINE is set"
    assert signed_in.sim.log == []


def test_nobody_is_signed_in(world: World) -> None:
    """A fail with its fix, exit code 1; nothing is made by looking."""
    found = report(world, code=1)
    assert states(found)["fail"] == {"sign-in"}
    assert found["sign-in"]["fix"] == "copilot-chat onboard"
    assert not world.home.exists()


def test_the_report_of_a_terminal_is_lines(signed_in: World) -> None:
    """In a pipe: state, name, what was found and the fix, with tabs between; a sum on stderr."""
    signed_in.environ["COPILOT_CHAT_MODEL"] = "nonesuch"
    code, out, err = signed_in.run("doctor")
    lines = [line.split("\t") for line in out.splitlines()]
    assert code == 0
    assert {line[0] for line in lines} <= {"pass", "warn", "skip"}
    models = next(line for line in lines if line[1] == "models")
    assert models[0] == "warn"
    assert models[2].endswith("; nonesuch is not in the list")
    assert models[3].startswith("choose one of `copilot-chat models`")
    assert " 0 fail, " in err


def test_settings_that_cannot_be_read_are_one_finding(signed_in: World) -> None:
    """The rest is skipped, not failed, and what needs no settings is checked."""
    path = signed_in.home / "config.toml"
    path.write_text(path.read_text("utf-8") + "\nretries = 'many'\n", "utf-8")
    found = report(signed_in, code=1)
    assert states(found)["fail"] == {"settings"}
    assert "config.toml" in found["settings"]["detail"]
    assert found["sign-in"]["detail"] == "the settings cannot be read"
    assert found["certificates"]["state"] == "pass"


@pytest.mark.parametrize("endpoint", ["exchange", "quota", "models"])
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500, "body": "<html>"},
        {"status": 403, "body": {"message": "no"}},
        {"status": 429, "headers": {"retry-after": "9"}},
        {"drop": True},
        {"delay": 60.0},
        {"connect_error": True},
        {"status": 200, "body": "[]"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_whatever_a_service_does_the_report_is_whole(
    endpoint: str, fault: dict[str, Any], signed_in: World
) -> None:
    """One warning or fail with what to do; every other check is made."""
    assert endpoint in ENDPOINTS
    signed_in.sim.fault(endpoint, **fault)
    code = 0 if endpoint == "quota" else 1
    found = report(signed_in, code=code)
    names = {"exchange": "exchange", "quota": "plan", "models": "models"}
    bad = found[names[endpoint]]
    assert bad["state"] == ("warn" if endpoint == "quota" else "fail")
    assert bad["detail"]
    assert len(found) == len(TABLE) - 1
    assert signed_in.sim.unused() == []


# -- what nobody may read ----------------------------------------------------------------------


def crowded(world: World) -> None:
    """A machine with a secret in every place."""
    token = world.sim.sign_in("octocat")
    world.environ |= {
        "COPILOT_CHAT_TOKEN": token,
        "GH_TOKEN": world.sim.sign_in("hubot"),
        "GITHUB_COPILOT_TOKEN": world.sim.sign_in("monalisa"),
        "COPILOT_CHAT_PASSPHRASE": PASSPHRASE,
        "COPILOT_PROVIDER_BASE_URL": "http://127.0.0.1:9/v1",
        "COPILOT_PROVIDER_API_KEY": API_KEY,
        "HTTPS_PROXY": f"http://proxyUser:{PROXY_PASSWORD}@proxy.example:3128",
        "ALL_PROXY": f"socks5://proxyUser:{PROXY_PASSWORD}@proxy.example:1080",
        "GITHUB_COPILOT_EXTRA_HEADERS": "X-Made-Up:madeUpHeaderSecret",
        "SOME_OTHER_TOKEN": "madeUpOtherToken",
        "HOME": str(world.home.parent),
    }


@pytest.mark.parametrize("words", [("doctor",), ("doctor", "--json"), ("-vv", "doctor")])
@pytest.mark.parametrize("broken", [False, True], ids=["well", "broken"])
def test_no_secret_no_account_and_no_path_of_the_home_is_in_it(
    words: tuple[str, ...], broken: bool, world: World
) -> None:
    """Whatever is in variables, in the store and in replies, on stdout or stderr."""
    world.onboard(method="device", store="keyfile", verify=False, model="sim-echo")
    crowded(world)
    if broken:
        world.sim.fault("exchange", status=401, body={"message": "Bad credentials"})
        world.environ["HTTP_PROXY"] = f"gopher://proxyUser:{PROXY_PASSWORD}@x"
        world.environ["SSL_CERT_FILE"] = str(world.home / "missing.pem")
    _, out, err = world.run(*words)
    said = out + err
    values = [value for name, value in world.environ.items() if name.endswith(("TOKEN", "API_KEY"))]
    for secret in (*world.sim.secrets(), *values, PASSPHRASE, PROXY_PASSWORD, "madeUpHeaderSecret"):
        assert secret not in said, secret
    assert "proxyUser" not in said
    assert str(world.home.parent) not in said
    assert "octo-home" not in said
    for login in ("octocat", "hubot", "monalisa"):
        assert login not in out


@pytest.mark.parametrize("by_variable", [False, True])
@pytest.mark.parametrize("reason", ["spammy_user", "no_copilot_access"])
def test_the_account_is_in_no_message(reason: str, by_variable: bool, signed_in: World) -> None:
    """Not even where GitHub puts it into its own."""
    if by_variable:
        signed_in.environ["COPILOT_CHAT_TOKEN"] = signed_in.sim.sign_in("hubot")
    signed_in.sim.scenario.no_copilot = reason
    found = report(signed_in, code=1)
    assert found["exchange"]["state"] == "fail"
    assert "octocat" not in json.dumps(found)
    assert "hubot" not in json.dumps(found)
