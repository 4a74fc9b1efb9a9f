"""The two modes of `direct`, whole: which is chosen, what each sends, and what mends a refusal."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from copilot_cli import __version__
from copilot_cli.identity import VALUES
from copilot_cli.simulator.scenario import Seen
from tests.wizard_world import World

OURS = f"copilot-chat/{__version__}"
EDITORS = ("editor-version", "editor-plugin-version")
COPILOT = {"models", "chat", "responses", "messages", "policy", "session"}
DIRECT = ("ask", "-m", "sim-echo", "hello")
DAY = 86_400.0


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home", exchange_refuses_gho=True)


def signed_in(world: World, kind: str, *, variable: str = "COPILOT_GITHUB_TOKEN") -> str:
    """Set a variable to a new token of that kind, and return the token."""
    token = world.sim.sign_in(kind=kind)
    world.environ[variable] = token
    return token


def to_copilot(world: World) -> list[Seen]:
    return [seen for seen in world.sim.log if seen.endpoint in COPILOT]


def asked(world: World, since: int = 0) -> list[str]:
    """What was asked, in order, but for the model list: when that is read is not ours to say."""
    return [seen.endpoint for seen in world.sim.log[since:] if seen.endpoint != "models"]


def check_exchange_mode(headers: Mapping[str, str]) -> None:
    assert headers["editor-version"] == VALUES["editor_version"]
    assert headers["editor-plugin-version"] == VALUES["editor_plugin_version"]
    assert headers["user-agent"] == VALUES["user_agent"]
    assert headers["copilot-integration-id"] == VALUES["integration_id"]


def check_bearer_mode(headers: Mapping[str, str], integration: str | None) -> None:
    assert [name for name in EDITORS if name in headers] == []
    assert headers["user-agent"] == OURS
    assert headers.get("copilot-integration-id") == integration
    assert "vscode" not in str(dict(headers)).lower()


MODES = {
    "ghu_": ["exchange", "chat"],
    "gho_": ["exchange", "quota", "chat"],
    "github_pat_": ["quota", "chat"],
    "ghs_": ["quota", "chat"],
}
INTEGRATIONS = {
    "gho_": None,
    "github_pat_": "copilot-developer-cli",
    "ghs_": "copilot-developer-cli",
}


@pytest.mark.parametrize(("kind", "requests"), MODES.items(), ids=MODES)
def test_every_header_of_every_request_is_of_one_mode(
    world: World, kind: str, requests: list[str]
) -> None:
    """The exchange is tried where it may work; what was exchanged goes as an editor's."""
    token = signed_in(world, kind)
    assert world.run("models")[0] == 0
    code, out, err = world.run(*DIRECT)
    assert (code, out) == (0, "hello"), err
    assert asked(world) == requests
    for seen in world.sim.log:
        github_itself = seen.endpoint not in COPILOT
        if kind == "ghu_":
            check_exchange_mode(seen.headers)
            assert (seen.headers["authorization"].split()[1] == token) == github_itself
        else:
            check_bearer_mode(seen.headers, INTEGRATIONS[kind])
            assert seen.headers["authorization"].split()[1] == token


@pytest.mark.parametrize("kind", MODES)
def test_a_question_says_who_asked_and_what_for(world: World, kind: str) -> None:
    """The least that the service wants in both modes, and no vision flag without an image."""
    signed_in(world, kind)
    world.run(*DIRECT)
    headers = to_copilot(world)[-1].headers
    assert headers["x-initiator"] == "user"
    assert headers["openai-intent"] == "conversation-panel"
    assert "copilot-vision-request" not in headers


def test_extra_headers_go_out_in_both_modes_and_the_editors_in_one(world: World) -> None:
    """GITHUB_COPILOT_EXTRA_HEADERS adds and replaces; `editor_identity` is the exchange mode's."""
    world.environ["GITHUB_COPILOT_EXTRA_HEADERS"] = "x-mine:1,user-agent:mine/2"
    world.home.mkdir(exist_ok=True)
    (world.home / "config.toml").write_text('[editor_identity]\neditor_version = "Zed/1.0"\n')
    for kind, editor in (("ghu_", "Zed/1.0"), ("gho_", None)):
        signed_in(world, kind)
        assert world.run(*DIRECT)[0] == 0
        headers = to_copilot(world)[-1].headers
        assert (headers["x-mine"], headers["user-agent"]) == ("1", "mine/2")
        assert headers.get("editor-version") == editor


def test_the_mode_is_remembered_for_the_account(world: World) -> None:
    """The exchange is asked once a day, over all runs; another account is asked about anew."""
    signed_in(world, "gho_")
    for _ in range(3):
        assert world.run(*DIRECT)[0] == 0
    assert asked(world) == ["exchange", "quota", "chat", "chat", "chat"]
    world.time += DAY
    world.run(*DIRECT)
    assert asked(world)[5:] == ["exchange", "quota", "chat"]
    signed_in(world, "gho_")
    world.run(*DIRECT)
    assert asked(world)[8:] == ["exchange", "quota", "chat"]


def test_the_github_token_is_in_no_file(world: World) -> None:
    """The cache remembers mode and host; the token itself stays where it was given."""
    token = signed_in(world, "gho_").encode()
    world.run(*DIRECT)
    written = [path for path in world.home.rglob("*") if path.is_file()]
    assert any(path.name.startswith("token-") for path in written)
    assert [path for path in written if token in path.read_bytes()] == []


REFUSED = {
    "not for this kind": (404, {"message": "Not Found"}, 0, ["exchange", "quota", "chat"]),
    "not accessible": (
        403, {"message": "Resource not accessible by integration"}, 0,
        ["exchange", "quota", "chat"],
    ),
    "no copilot": (
        403, {"message": "no", "error_details": {"notification_id": "no_copilot_access"}}, 4,
        ["exchange"],
    ),
    "a rule of the organisation": (403, {"message": "SAML enforcement"}, 4, ["exchange"]),
    "revoked": (401, {"message": "Bad credentials"}, 3, ["exchange"]),
    "out of order": (503, {"message": "no"}, 6, ["exchange"] * 4),
}  # fmt: skip


@pytest.mark.parametrize(("status", "body", "code", "requests"), REFUSED.values(), ids=REFUSED)
def test_only_a_refusal_of_the_kind_selects_the_bearer(
    world: World, status: int, body: dict[str, Any], code: int, requests: list[str]
) -> None:
    """Nothing else that goes wrong with the exchange shows the GitHub token to another host."""
    signed_in(world, "gho_")
    world.sim.fault("exchange", status=status, body=body, times=9)
    assert world.run(*DIRECT)[0] == code
    assert asked(world) == requests


@pytest.mark.parametrize(
    ("scenario", "host"),
    [
        ({}, "api.individual.githubcopilot.com"),
        ({"plan": "business"}, "api.business.githubcopilot.com"),
    ],
)
def test_the_host_is_the_one_of_the_account(
    world: World, scenario: dict[str, Any], host: str
) -> None:
    """As GitHub names it beside the plan."""
    for name, value in scenario.items():
        setattr(world.sim.scenario, name, value)
    signed_in(world, "gho_")
    world.run(*DIRECT)
    assert to_copilot(world)[-1].host == host


@pytest.mark.parametrize("status", [403, 404])
def test_the_public_host_counts_where_github_names_none(world: World, status: int) -> None:
    """A token of Actions is told nothing of a plan."""
    signed_in(world, "ghs_")
    world.sim.fault("quota", status=status, body={"message": "no"}, times=9)
    assert world.run(*DIRECT)[0] == 0
    assert to_copilot(world)[-1].host == "api.githubcopilot.com"


def test_a_company_s_own_github(world: World) -> None:
    """Its own hosts, and no integration id, which it refuses."""
    world.environ["COPILOT_GITHUB_TOKEN"] = world.sim.sign_in(kind="gho_", domain="octo.ghe.com")
    code, out, err = world.run("--host", "octo.ghe.com", *DIRECT)
    assert (code, out) == (0, "hello"), err
    assert {seen.host for seen in world.sim.log} == {"api.octo.ghe.com", "copilot-api.octo.ghe.com"}
    world.environ["COPILOT_GITHUB_TOKEN"] = world.sim.sign_in(
        kind="github_pat_", domain="octo.ghe.com"
    )
    world.run("--host", "octo.ghe.com", *DIRECT)
    check_bearer_mode(to_copilot(world)[-1].headers, None)


@pytest.mark.parametrize("kind", ["ghu_", "gho_"])
def test_a_wrong_host_is_looked_up_again_once(world: World, kind: str) -> None:
    """421: the account has moved to another plan; the second one is told."""
    signed_in(world, kind)
    world.run(*DIRECT)
    world.sim.scenario.plan = "business"
    if kind == "ghu_":  # the plan of an exchanged token is its own
        world.sim.fault("chat", status=421, body="Misdirected Request")
    before = len(world.sim.log)
    assert world.run(*DIRECT)[0] == 0
    looked_up = ["exchange"] if kind == "ghu_" else ["exchange", "quota"]
    assert asked(world, before) == ["chat", *looked_up, "chat"]
    assert to_copilot(world)[-1].host == "api.business.githubcopilot.com"
    world.sim.fault("chat", status=421, body="Misdirected Request", times=2)
    before = len(world.sim.log)
    assert world.run(*DIRECT)[0] == 6
    assert asked(world, before) == ["chat", *looked_up, "chat"]


def test_a_refused_bearer_that_cannot_be_renewed_is_exit_3(world: World) -> None:
    """Nothing is asked again: there is no other token."""
    token = signed_in(world, "gho_")
    world.run(*DIRECT)
    world.sim.revoke(token)
    before = len(world.sim.log)
    code, _, err = world.run(*DIRECT)
    assert code == 3
    assert asked(world, before) == ["chat"]
    assert token not in err


def test_a_token_without_the_permission_says_which(world: World) -> None:
    """A fine-grained token needs `Copilot Requests`."""
    signed_in(world, "github_pat_")
    world.sim.scenario.copilot_requests = False
    code, _, err = world.run(*DIRECT)
    assert code == 3
    assert "Copilot Requests" in err


@pytest.mark.parametrize("kind", ["ghp_", "ghr_"])
def test_kinds_that_cannot_work_are_refused_before_anything_is_sent(
    world: World, kind: str
) -> None:
    """Exit code 3, with the reason."""
    world.environ["COPILOT_CHAT_TOKEN"] = f"{kind}madeUpForTests00000000000000000000"
    code, _, err = world.run(*DIRECT)
    assert (code, asked(world)) == (3, [])
    assert "classic" in err or "renews a sign-in" in err


@pytest.mark.parametrize("kind", ["ghu_", "gho_", "ghp_", "ghr_"])
@pytest.mark.parametrize("command", [DIRECT, ("models",)], ids=["ask", "models"])
def test_a_refused_token_of_a_variable_names_the_variable(
    world: World, kind: str, command: tuple[str, ...]
) -> None:
    """A new sign-in would not help: the variable would win over it."""
    world.environ["GITHUB_COPILOT_TOKEN"] = f"{kind}madeUpForTests00000000000000000000"
    code, _, err = world.run(*command)
    assert code == 3, err
    assert "hint: unset GITHUB_COPILOT_TOKEN, or set it to a valid token" in err
    assert "onboard" not in err


def test_a_bearer_of_a_variable_that_copilot_refuses(world: World) -> None:
    """Of the chat, of the model list, and of the plan."""
    token = signed_in(world, "gho_")
    world.run(*DIRECT)
    world.sim.revoke(token)
    for command in (DIRECT, ("models", "--refresh"), ("usage",)):
        code, _, err = world.run(*command)
        assert code == 3
        assert "hint: unset COPILOT_GITHUB_TOKEN, or set it to a valid token" in err


def test_a_dry_run_shows_the_mode_that_the_kind_says(world: World) -> None:
    """Nothing is sent to find out."""
    for kind, expected in (("ghu_", VALUES["user_agent"]), ("github_pat_", OURS)):
        signed_in(world, kind)
        code, out, _ = world.run(*DIRECT, "--dry-run")
        shown = json.loads(out)
        assert code == 0
        assert shown["headers"]["User-Agent"] == expected
    assert asked(world) == []


# -- a sign-in of an app of one's own, kept -----------------------------------------------------


OWN_APP = "Ov23liMadeUpForTests"


@pytest.fixture
def own_app(tmp_path: Path) -> World:
    """A world with a sign-in of an own app, whose tokens expire."""
    world = World(
        tmp_path / "home",
        exchange_refuses_gho=True,
        token_kind="gho_",
        client_ids=frozenset({OWN_APP}),
        expiring=True,
    )
    world.onboard(method="device", client_id=OWN_APP, store="keyfile", model="sim-echo")
    return world


def test_the_wizard_signs_in_with_an_own_app(own_app: World) -> None:
    """The whole way in bearer mode, to the first answer; no editor's name is on any request."""
    world = own_app
    assert world.stdout.getvalue()
    assert "it goes to Copilot's API itself" in world.said
    assert asked(world)[-3:] == ["quota", "user", "chat"]
    for seen in world.sim.log:
        check_bearer_mode(seen.headers, None)
    before = len(world.sim.log)
    assert world.run("ask", "hello")[:2] == (0, "hello")
    assert asked(world, before) == ["chat"]


def test_a_second_run_checks_a_bearer_too(own_app: World) -> None:
    """With the exchange's refusal and GitHub's word on the plan; nothing is changed."""
    world, before = own_app, len(own_app.sim.log)
    world.onboard(method="device")
    assert "Already signed in as octocat" in world.said
    assert asked(world, before) == ["exchange", "quota"]


def test_the_plan_of_a_bearer(own_app: World) -> None:
    """`usage` asks under our own name."""
    world = own_app
    assert world.run("usage")[0] == 0
    assert asked(world)[-1] == "quota"
    check_bearer_mode(world.sim.log[-1].headers, None)


def test_an_expiring_bearer_is_renewed_before_its_end(own_app: World) -> None:
    """A minute early, and what is known of it is asked for again."""
    world = own_app
    world.time += 8 * 3600 - 59
    before = len(world.sim.log)
    assert world.run(*DIRECT)[0] == 0
    assert asked(world, before) == ["device_token", "exchange", "quota", "chat"]
    before = len(world.sim.log)
    world.run(*DIRECT)
    assert asked(world, before) == ["chat"]


def test_a_refused_bearer_is_renewed_once(own_app: World) -> None:
    """401: the pair is rotated, and the question asked again with the new token."""
    world = own_app
    world.sim.fault("chat", status=401, body="unauthorized")
    before = len(world.sim.log)
    assert world.run(*DIRECT)[0] == 0
    assert asked(world, before) == ["chat", "device_token", "exchange", "quota", "chat"]
    world.sim.fault("chat", status=401, body="unauthorized", times=2)
    before = len(world.sim.log)
    assert world.run(*DIRECT)[0] == 3
    assert asked(world, before) == ["chat", "device_token", "exchange", "quota", "chat"]


def test_a_refresh_token_that_is_worth_nothing_ends_the_sign_in(own_app: World) -> None:
    """Exit code 3: sign in again."""
    world = own_app
    world.time += 8 * 3600
    world.sim.fault("device_token", error="bad_refresh_token", times=9)
    code, _, err = world.run(*DIRECT)
    assert code == 3
    assert "copilot-chat onboard" in err
