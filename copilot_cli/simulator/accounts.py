"""The tokens that the simulated GitHub has given out, and what each of them is good for."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from copilot_cli.simulator.hosts import copilot_api, tier
from copilot_cli.simulator.reply import Request
from copilot_cli.simulator.scenario import Scenario

ACCESS_LIFE = 28_800  # 8 h, as GitHub documents it for apps with expiring tokens
REFRESH_LIFE = 15_897_600  # about six months, ditto

_SKUS = {
    "free": "free_limited_copilot",
    "individual": "monthly_subscriber",
    "individual_pro": "plus_monthly_subscriber",
    "business": "copilot_for_business_seat_quota",
    "enterprise": "copilot_enterprise_seat_quota",
}


@dataclass
class GitHubToken:
    """A GitHub token. `expires` is in unix seconds of the simulator's clock, None for never."""

    value: str
    login: str
    domain: str
    scope: str
    expires: float | None = None
    refresh: str | None = None
    refresh_expires: float = 0.0

    @property
    def kind(self) -> str:
        """The prefix: ghu_, gho_, github_pat_, ghp_, ghs_."""
        return prefix(self.value)


class CopilotToken(NamedTuple):
    """A Copilot token. `expires` is in unix seconds of the simulator's clock."""

    value: str
    domain: str
    plan: str
    expires: float
    login: str


def prefix(token: str) -> str:
    """The part of a GitHub token that tells its kind; "" if it is not one."""
    kinds = ("github_pat_", "ghu_", "gho_", "ghp_", "ghs_", "ghr_")
    return next((kind for kind in kinds if token.startswith(kind)), "")


def sku(plan: str) -> str:
    """The name under which a plan is sold."""
    return _SKUS.get(plan, "monthly_subscriber")


def bearer(request: Request) -> str:
    """The credential of the Authorization header (`token` or `Bearer`); "" if there is none."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() in ("token", "bearer") else ""


class Accounts:
    """Gives out tokens, rotates them, and tells which are still good.

    `homes` has every secret ever given out, with the installation that it belongs to.
    """

    def __init__(self, scenario: Scenario, now: Callable[[], float]) -> None:
        self._scenario = scenario
        self._now = now
        self._github: dict[str, GitHubToken] = {}
        self._copilot: dict[str, CopilotToken] = {}
        self.homes: dict[str, str] = {}

    def issue(self, login: str, kind: str, domain: str, scope: str = "") -> GitHubToken:
        """A new GitHub token, with a refresh token where the scenario's tokens expire."""
        made = GitHubToken(kind + _random(36), login, domain, scope if kind == "gho_" else "")
        if self._scenario.expiring and kind in ("ghu_", "gho_"):
            made.expires = self._now() + ACCESS_LIFE
            made.refresh = "ghr_" + _random(76)
            made.refresh_expires = self._now() + REFRESH_LIFE
            self.homes[made.refresh] = domain
        self._github[made.value] = made
        self.homes[made.value] = domain
        return made

    def rotate(self, refresh: str, domain: str) -> GitHubToken | None:
        """A new pair for a refresh token; both old ones die at once. None if it is not good."""
        for old in self._github.values():
            if (
                old.refresh == refresh
                and old.domain == domain
                and self._now() < old.refresh_expires
            ):
                del self._github[old.value]
                return self.issue(old.login, old.kind, old.domain, old.scope)
        return None

    def github(self, value: str, domain: str) -> GitHubToken | None:
        """The GitHub token of that value, if it is good on this installation now."""
        token = self._github.get(value)
        if token is None or token.domain != domain:
            return None
        expired = token.expires is not None and self._now() >= token.expires
        return None if expired else token

    def exchange(self, token: GitHubToken) -> CopilotToken:
        """A new Copilot token, in the form of the real ones: pairs, a colon, a signature."""
        plan = self.plan_of(token.login)
        expires = self._now() + self._scenario.token_life
        stated = int(expires + self._scenario.clock_skew)
        pairs = (
            f"tid={secrets.token_hex(16)};exp={stated};sku={sku(plan)};"
            f"proxy-ep=proxy.{tier(plan)}.githubcopilot.com;st=dotcom;chat=1;ssc=1;8kp=1;mcp=1"
        )
        made = CopilotToken(
            f"{pairs}:{secrets.token_hex(32)}", token.domain, plan, expires, token.login
        )
        self._copilot[made.value] = made
        self.homes[made.value] = token.domain
        return made

    def copilot(self, value: str) -> CopilotToken | None:
        """The Copilot token of that value, if it is good now."""
        token = self._copilot.get(value)
        return token if token is not None and self._now() < token.expires else None

    def revoke(self, value: str) -> bool:
        """Forget a GitHub, refresh or Copilot token; False if there was none of that value."""
        for token in list(self._github.values()):
            if token.refresh == value:
                del self._github[token.value]
                return True
        return bool(self._github.pop(value, None) or self._copilot.pop(value, None))

    def api_of(self, token: GitHubToken) -> str:
        """The Copilot API that this account is told to use."""
        return self._scenario.endpoints_api or copilot_api(token.domain, self.plan_of(token.login))

    def plan_of(self, login: str) -> str:
        """The plan of an account."""
        return self._scenario.plans.get(login, self._scenario.plan)


def _random(length: int) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(secrets.choice(alphabet) for _ in range(length))
