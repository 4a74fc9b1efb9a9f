"""Two accounts on two hosts, tokens as the bearer, and the watch over what crosses."""

from typing import Any

import pytest

from copilot_cli.simulator import Crossing
from tests.simulated import COPILOT, Plain

COMPANY = "octo.ghe.com"
EDITOR = {"editor-version": "vscode/1.99.3"}


def copilot(plain: Plain, token: str, rest: str) -> dict[str, Any]:
    """What the exchange of that installation says."""
    said: dict[str, Any] = plain.rest("/copilot_internal/v2/token", token, rest).json()
    return said


def test_two_accounts_side_by_side() -> None:
    """Each signs in, exchanges and asks at its own hosts, and nothing crosses."""
    plain = Plain()
    for domain, rest, api in (
        ("github.com", "api.github.com", COPILOT),
        (COMPANY, f"api.{COMPANY}", f"https://copilot-api.{COMPANY}"),
    ):
        code = plain.code(domain)
        assert code["verification_uri"] == f"https://{domain}/login/device"
        plain.sim.approve(code["user_code"])
        token = plain.poll(code["device_code"], host=domain)["access_token"]
        assert plain.rest("/user", token, rest).json()["html_url"].startswith(f"https://{domain}/")
        said = copilot(plain, token, rest)
        assert said["endpoints"]["api"] == api
        quota = plain.rest("/copilot_internal/user", token, rest).json()
        assert quota["endpoints"]["api"] == api
        headers = {"authorization": f"Bearer {said['token']}", **EDITOR}
        assert plain.ask(api=api, headers=headers).status_code == 200
    assert plain.sim.crossings == []


def test_a_github_token_at_another_installation() -> None:
    """It is refused as unknown, and written down without the token."""
    plain = Plain()
    token = plain.sim.sign_in(domain=COMPANY)
    assert plain.rest("/user", token).status_code == 401
    assert plain.sim.crossings == [
        Crossing("ghu_", COMPANY, "api.github.com", "/user", "authorization")
    ]


def test_a_copilot_token_at_another_installation() -> None:
    """It is misdirected, and written down."""
    plain = Plain()
    token = copilot(plain, plain.sim.sign_in(domain=COMPANY), f"api.{COMPANY}")["token"]
    headers = {"authorization": f"Bearer {token}", **EDITOR}
    assert plain.ask(headers=headers).status_code == 421
    assert [(it.kind, it.home) for it in plain.sim.crossings] == [("copilot token", COMPANY)]


def test_a_refresh_token_at_another_installation() -> None:
    """It is bad there, stays good at home, and is found in the body."""
    plain = Plain(expiring=True)
    code = plain.code(COMPANY)
    plain.sim.approve(code["user_code"])
    refresh = plain.poll(code["device_code"], host=COMPANY)["refresh_token"]
    assert plain.refresh(refresh)["error"] == "bad_refresh_token"
    assert [(it.kind, it.where) for it in plain.sim.crossings] == [("ghr_", "body")]


def test_a_prompt_may_hold_a_token_that_nobody_gave_out() -> None:
    """Only what was given out counts in a body."""
    plain = Plain()
    assert plain.ask("is ghu_madeUpForTests0000000000 a token?").status_code == 200
    assert plain.sim.crossings == []


# -- the GitHub token itself as the bearer ------------------------------------------------------

CLI = {"copilot-integration-id": "copilot-developer-cli"}


@pytest.mark.parametrize(
    ("kind", "identity", "status"),
    [("ghs_", CLI, 200), ("ghs_", {}, 403), ("github_pat_", CLI, 200), ("ghu_", CLI, 400)],
)
def test_who_may_ask_as_the_bearer(kind: str, identity: dict[str, str], status: int) -> None:
    """Installation tokens and fine-grained ones may, as the command line; an app's user may not."""
    plain = Plain()
    headers = {"authorization": f"Bearer {plain.sim.sign_in(kind=kind)}", **identity}
    assert plain.ask(headers=headers, api="https://api.githubcopilot.com").status_code == status


@pytest.mark.parametrize(
    ("kind", "status"), [("gho_", 404), ("github_pat_", 403), ("ghs_", 403), ("ghu_", 200)]
)
def test_whom_the_exchange_takes(kind: str, status: int) -> None:
    """Only the token of an app's user is exchanged."""
    plain = Plain(exchange_refuses_gho=True)
    assert plain.exchange(plain.sim.sign_in(kind=kind)).status_code == status


def test_an_installation_is_nobody() -> None:
    """An installation token has no user behind it."""
    plain = Plain()
    assert plain.rest("/user", plain.sim.sign_in(kind="ghs_")).status_code == 403


def test_a_fine_grained_token_needs_its_permission() -> None:
    """Without "Copilot Requests" it is unauthorized, in words."""
    plain = Plain(copilot_requests=False)
    headers = {"authorization": f"Bearer {plain.sim.sign_in(kind='github_pat_')}", **CLI}
    reply = plain.ask(headers=headers)
    assert (reply.status_code, "Copilot Requests permission" in reply.text) == (401, True)


def test_the_plans_host_counts_for_the_bearer_too() -> None:
    """Another plan's host is misdirected; the user's endpoints name the right one."""
    plain = Plain(plans={"mona": "business"})
    token = plain.sim.sign_in("mona", kind="gho_")
    headers = {"authorization": f"Bearer {token}"}
    assert plain.ask(headers=headers).status_code == 421
    api = plain.rest("/copilot_internal/user", token).json()["endpoints"]["api"]
    assert plain.ask(headers=headers, api=api).status_code == 200
