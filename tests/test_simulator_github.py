"""The simulated REST API: who am I, the token exchange, the quota."""

from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.simulated import START, Plain


def test_user() -> None:
    """`/user` names the account, to both forms of the Authorization header."""
    plain = Plain()
    token = plain.sim.sign_in("mona")
    assert plain.rest("/user", token).json()["login"] == "mona"
    headers = {"authorization": f"Bearer {token}"}
    assert plain.http.get("https://api.github.com/user", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/user", "/copilot_internal/v2/token", "/copilot_internal/user"])
def test_bad_credentials(path: str) -> None:
    """An unknown, a revoked and a missing token are a 401 on every endpoint."""
    plain = Plain()
    unknown = plain.rest(path, "ghu_madeUpForTests0000000000000000000000")
    assert (unknown.status_code, unknown.json()["message"]) == (401, "Bad credentials")
    token = plain.sim.sign_in()
    assert plain.rest(path, token).status_code == 200
    assert plain.sim.revoke(token)
    assert plain.rest(path, token).status_code == 401
    assert plain.http.get(f"https://api.github.com{path}").status_code == 401


@pytest.mark.parametrize("path", ["/user", "/copilot_internal/v2/token", "/copilot_internal/user"])
def test_user_agent_is_needed(path: str) -> None:
    """api.github.com refuses who does not say what it is."""
    plain = Plain()
    headers = {"authorization": f"token {plain.sim.sign_in()}", "user-agent": ""}
    reply = plain.http.get(f"https://api.github.com{path}", headers=headers)
    assert reply.status_code == 403
    assert "User-Agent" in reply.text


def test_exchange() -> None:
    """The exchange gives pairs and a signature, an expiry, and the plan's host."""
    plain = Plain()
    said = plain.exchange(plain.sim.sign_in()).json()
    pairs = dict(pair.split("=", 1) for pair in said["token"].split(":")[0].split(";"))
    assert pairs["exp"] == str(said["expires_at"])
    assert pairs["proxy-ep"] == "proxy.individual.githubcopilot.com"
    assert (said["expires_at"], said["refresh_in"]) == (START + 1800, 1500)
    assert said["endpoints"]["api"] == "https://api.individual.githubcopilot.com"


@pytest.mark.parametrize(
    ("scenario", "host", "api"),
    [
        ({"plan": "free"}, "api.github.com", "https://api.individual.githubcopilot.com"),
        ({"plan": "business"}, "api.github.com", "https://api.business.githubcopilot.com"),
        ({"plan": "enterprise"}, "api.github.com", "https://api.enterprise.githubcopilot.com"),
        ({"plan": "enterprise"}, "api.octo.ghe.com", "https://copilot-api.octo.ghe.com"),
        ({"endpoints_api": "https://evil.example"}, "api.github.com", "https://evil.example"),
        ({}, "127.0.0.1", "https://api.individual.githubcopilot.com"),
    ],
    ids=["free", "business", "enterprise", "data residency", "overridden", "loopback"],
)
def test_api_host(scenario: dict[str, Any], host: str, api: str) -> None:
    """The API's address goes by plan and installation, and can be overridden by the scenario."""
    plain = Plain(**scenario)
    domain = "octo.ghe.com" if "ghe" in host else "github.com"
    token = plain.sim.sign_in(domain=domain)
    for path in ("/copilot_internal/v2/token", "/copilot_internal/user"):
        assert plain.rest(path, token, host).json()["endpoints"]["api"] == api


def test_token_belongs_to_its_host() -> None:
    """A token of one installation is no good at another."""
    plain = Plain()
    token = plain.sim.sign_in(domain="octo.ghe.com")
    assert plain.rest("/user", token).status_code == 401
    assert plain.rest("/user", token, "api.octo.ghe.com").status_code == 200


@pytest.mark.parametrize(
    ("kind", "scenario", "status"),
    [
        ("ghu_", {}, 200),
        ("gho_", {"exchange_refuses_gho": False}, 200),
        ("gho_", {"exchange_refuses_gho": True}, 404),
        ("ghu_", {"exchange_refuses_gho": True}, 200),
        ("github_pat_", {}, 403),
        ("ghp_", {}, 403),
        ("ghs_", {}, 403),
    ],
)
def test_kinds_of_tokens(kind: str, scenario: dict[str, Any], status: int) -> None:
    """The exchange takes app tokens, OAuth ones only if told so, personal ones never."""
    plain = Plain(**scenario)
    reply = plain.exchange(plain.sim.sign_in(kind=kind))
    assert reply.status_code == status
    if status == 403:
        assert reply.json()["message"].startswith("Resource not accessible by")


@pytest.mark.parametrize("reason", ["no_copilot_access", "subscription_ended", "access_revoked"])
def test_no_copilot(reason: str) -> None:
    """Without a seat the exchange answers the envelope with a message meant for the person."""
    plain = Plain(no_copilot=reason, login="mona")
    reply = plain.exchange(plain.sim.sign_in())
    details = reply.json()["error_details"]
    assert reply.status_code == 403
    assert details["notification_id"] == reason
    assert "mona" in details["message"]
    assert "{EDITOR}" in details["url"]


def test_clock_skew_shifts_what_the_server_says_and_not_what_it_does() -> None:
    """A server a day ahead says so in Date and expires_at; the token still lives half an hour."""
    plain = Plain(clock_skew=86400.0)
    token = plain.sim.sign_in()
    reply = plain.exchange(token)
    assert parsedate_to_datetime(reply.headers["date"]).timestamp() == START + 86400
    assert reply.json()["expires_at"] == START + 86400 + 1800
    headers = plain.bearer(token)
    plain.pass_time(1799)
    assert plain.ask(headers=headers).status_code == 200
    plain.pass_time(1)
    assert plain.ask(headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("scenario", "percent", "remaining", "unlimited"),
    [
        ({}, 80.0, 240.0, False),
        ({"quota": 12.5}, 12.5, 37.5, False),
        ({"quota": -3.0}, -3.0, -9.0, False),
        ({"entitlement": -1}, 100.0, 0.0, True),
    ],
    ids=["some", "fraction", "overdrawn", "unlimited"],
)
def test_quota(scenario: dict[str, Any], percent: float, remaining: float, unlimited: bool) -> None:
    """The snapshot of premium requests follows the scenario, below zero and with fractions too."""
    plain = Plain(**scenario)
    said = plain.rest("/copilot_internal/user", plain.sim.sign_in()).json()
    premium = said["quota_snapshots"]["premium_interactions"]
    found = (premium["percent_remaining"], premium["quota_remaining"], premium["unlimited"])
    assert found == (percent, remaining, unlimited)
    assert said["quota_reset_date"] == "2025-07-01"


def test_free_plan_counts_chat() -> None:
    """On the free plan it is the chat snapshot that runs out, and the exchange says the limits."""
    plain = Plain(plan="free", quota=40.0)
    token = plain.sim.sign_in()
    said = plain.rest("/copilot_internal/user", token).json()
    assert said["quota_snapshots"]["chat"]["quota_remaining"] == 20.0
    assert plain.exchange(token).json()["limited_user_quotas"]["chat"] == 450


def test_reset_is_next_year_in_december() -> None:
    """The quota's reset date goes over the end of a year."""
    plain = Plain()
    plain.pass_time(1_766_000_000 - START)
    said = plain.rest("/copilot_internal/user", plain.sim.sign_in()).json()
    assert said["quota_reset_date"] == "2026-01-01"
