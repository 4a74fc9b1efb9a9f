"""The plan: every field optional, figures as they come, foreign text made safe."""

from typing import Any

import httpx
import pytest

from copilot_cli.auth.plan import Plan, Quota, fetch_copilot_user, parse_plan
from copilot_cli.errors import CopilotChatError, NotAllowedError, ServiceError, SignInError
from copilot_cli.secret import Secret
from copilot_cli.simulator import Scenario, Simulator

NOW = 1_800_000_000.0
REST = "https://api.github.com"


def ask(simulator: Simulator, token: str | None = None) -> Plan:
    with httpx.Client(transport=simulator.transport()) as client:
        return fetch_copilot_user(client, REST, Secret(token or simulator.sign_in()))


def test_the_plan_is_read() -> None:
    """Plan, reset date and quotas of an ordinary account."""
    plan = ask(Simulator(Scenario(quota=12.5), now=lambda: NOW))
    assert (plan.login, plan.plan, plan.chat_enabled) == ("octocat", "individual", True)
    assert plan.resets is not None
    quotas = {quota.name: quota for quota in plan.quotas}
    assert quotas["chat"].unlimited
    assert quotas["chat"].used is None
    premium = quotas["premium_interactions"]
    assert (premium.entitlement, premium.remaining, premium.used) == (300, 37.5, 262.5)
    assert premium.percent_remaining == 12.5


def test_an_overdrawn_quota_is_negative() -> None:
    """Figures may be below zero, and are not corrected."""
    plan = ask(Simulator(Scenario(quota=-10.0), now=lambda: NOW))
    premium = next(quota for quota in plan.quotas if quota.name == "premium_interactions")
    assert (premium.remaining, premium.used) == (-30.0, 330.0)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"quota_snapshots": None, "organization_login_list": None},
        {"quota_snapshots": [], "organization_login_list": {}, "copilot_plan": 7},
        {"quota_snapshots": {"chat": None}, "chat_enabled": "yes", "limited_user_quotas": 5},
    ],
)
def test_everything_is_optional(fields: dict[str, Any]) -> None:
    """A reply without anything is a plan of which nothing is known."""
    assert parse_plan(fields) == Plan(None, None, None, None, False, None, (), ())


def test_odd_figures_are_none() -> None:
    """A figure that is no number is not given; zero is zero."""
    snapshot = {
        "entitlement": "many", "remaining": 0, "quota_remaining": None,
        "percent_remaining": float("nan"), "unlimited": 1, "overage_count": True,
        "overage_permitted": "no",
    }  # fmt: skip
    (quota,) = parse_plan({"quota_snapshots": {"chat": snapshot}}).quotas
    assert quota == Quota("chat", None, 0.0, None)
    assert quota.used is None


def test_the_older_form_of_free_accounts() -> None:
    """Without snapshots, what is left and what a month has make the quotas."""
    fields = {
        "limited_user_quotas": {"chat": 450, "completions": 3900},
        "monthly_quotas": {"chat": 500},
        "limited_user_reset_date": "2026-09-01",
    }
    plan = parse_plan(fields)
    assert plan.quotas == (
        Quota("chat", 500.0, 450.0, None),
        Quota("completions", None, 3900.0, None),
    )
    assert plan.resets == "2026-09-01"


def test_foreign_text_is_made_safe() -> None:
    """Names come from the service and go to the terminal."""
    fields = {
        "login": "a\x1b[2J",
        "organization_login_list": ["o\x07", 5],
        "copilot_plan": "x\n" * 300,
    }
    plan = parse_plan({**fields, "quota_snapshots": {"c\x1b": {"entitlement": 1}}})
    shown = repr([str(part) for part in (plan.login, *plan.organizations, plan.quotas[0].name)])
    assert "\\x1b" not in shown
    assert "\\x07" not in shown
    assert plan.plan is not None
    assert len(plan.plan) <= 200


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"message": "Bad credentials"}, SignInError),
        (403, {"message": "no"}, NotAllowedError),
        (404, {"message": "Not Found"}, ServiceError),
        (200, "<html>", ServiceError),
        (200, "[]", ServiceError),
    ],
)
def test_failures(status: int, body: Any, error: type[CopilotChatError]) -> None:
    """The endpoint is undocumented: each failure is typed, so that the caller can go on."""
    simulator = Simulator(now=lambda: NOW)
    simulator.fault("quota", status=status, body=body)
    with pytest.raises(error):
        ask(simulator)
