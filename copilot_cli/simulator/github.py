"""The simulated api.github.com: who am I, the token exchange, the quota."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from copilot_cli.simulator.accounts import Accounts, GitHubToken, bearer, sku
from copilot_cli.simulator.hosts import Place
from copilot_cli.simulator.reply import Reply, Request, json_reply, text_reply
from copilot_cli.simulator.scenario import Scenario

_DOCS: Final = "https://docs.github.com/rest"
_NO_AGENT: Final = (
    "Request forbidden by administrative rules. Please make sure your request has a User-Agent "
    "header (https://docs.github.com/rest/using-the-rest-api). Check https://developer.github.com "
    "for other possible causes.\n"
)
_REFUSALS: Final = {
    "no_copilot_access": ("No access to GitHub Copilot found", "Sign up for GitHub Copilot"),
    "not_signed_up": ("No access to GitHub Copilot found", "Sign up for GitHub Copilot"),
    "subscription_ended": ("Your Copilot subscription has ended", "Renew your subscription"),
    "enterprise_managed_user_account": ("Contact your enterprise admin", "Learn more"),
    "feature_flag_blocked": ("Your access to Copilot is blocked", "Contact support"),
    "spammy_user": ("Your account has been flagged", "Contact support"),
    "snippy_not_configured": ("Choose how Copilot treats public code", "Open settings"),
    "server_error": ("Copilot could not check your access", "Contact support"),
}


def not_found() -> Reply:
    """What api.github.com says to a path or a token that it does not want to know."""
    return _message("Not Found", 404)


def _message(text: str, status: int) -> Reply:
    return json_reply({"message": text, "documentation_url": _DOCS, "status": str(status)}, status)


class GitHub:
    """The three REST endpoints that a Copilot client asks."""

    def __init__(self, scenario: Scenario, accounts: Accounts, now: Callable[[], float]) -> None:
        self._scenario = scenario
        self._accounts = accounts
        self._now = now

    def _admit(self, request: Request, place: Place) -> GitHubToken | Reply:
        if not request.headers.get("user-agent"):
            return text_reply(_NO_AGENT, 403)
        given = bearer(request)
        if not given:
            return _message("Requires authentication", 401)
        return self._accounts.github(given, place.domain) or _message("Bad credentials", 401)

    def user(self, request: Request, place: Place) -> Reply:
        """GET /user."""
        token = self._admit(request, place)
        if isinstance(token, Reply):
            return token
        if token.kind == "ghs_":
            return _message("Resource not accessible by integration", 403)
        number = sum(token.login.encode()) + 583_000
        said = {
            "login": token.login,
            "id": number,
            "node_id": f"U_{number}",
            "type": "User",
            "site_admin": False,
            "html_url": f"https://{place.domain}/{token.login}",
            "name": token.login.capitalize(),
            "email": None,
        }
        scopes = token.scope.replace(" ", ", ")
        return json_reply(said).with_headers({"x-oauth-scopes": scopes})

    def exchange(self, request: Request, place: Place) -> Reply:
        """GET /copilot_internal/v2/token: a Copilot token for a GitHub token."""
        token = self._admit(request, place)
        if isinstance(token, Reply):
            return token
        refused = self._refused(token)
        if refused is not None:
            return refused
        made = self._accounts.exchange(token)
        scenario, plan = self._scenario, made.plan
        free, business = plan == "free", plan in ("business", "enterprise")
        api = self._accounts.api_of(token)
        return json_reply(
            {
                "token": made.value,
                "expires_at": int(made.expires + scenario.clock_skew),
                "refresh_in": scenario.refresh_in,
                "sku": sku(plan),
                "individual": not business,
                "chat_enabled": True,
                "endpoints": _endpoints(api),
                "telemetry": "disabled",
                "public_suggestions": "enabled",
                "code_quote_enabled": True,
                "code_review_enabled": not free,
                "codesearch": True,
                "copilotignore_enabled": business,
                "blackbird_clientside_indexing": False,
                "vsc_electron_fetcher_v2": True,
                "annotations_enabled": True,
                "enterprise_list": [],
                "organization_list": ["0123456789abcdef"] if business else [],
                "limited_user_quotas": {"chat": 450, "completions": 3900} if free else None,
                "limited_user_reset_date": int(self._reset().timestamp()) if free else None,
            }
        )

    def _refused(self, token: GitHubToken) -> Reply | None:
        if token.kind in ("github_pat_", "ghp_"):
            return _message("Resource not accessible by personal access token", 403)
        if token.kind == "ghs_":
            return _message("Resource not accessible by integration", 403)
        if token.kind == "gho_" and self._scenario.exchange_refuses_gho:
            return not_found()
        reason = self._scenario.no_copilot
        return None if reason is None else _no_copilot(reason, token.login)

    def quota(self, request: Request, place: Place) -> Reply:
        """GET /copilot_internal/user: plan, endpoints and what is left."""
        token = self._admit(request, place)
        if isinstance(token, Reply):
            return token
        plan = self._accounts.plan_of(token.login)
        business = plan in ("business", "enterprise")
        reset = self._reset()
        return json_reply(
            {
                "login": token.login,
                "copilot_plan": plan,
                "access_type_sku": sku(plan),
                "assigned_date": None,
                "can_signup_for_limited": False,
                "chat_enabled": True,
                "is_mcp_enabled": True,
                "codex_agent_enabled": True,
                "analytics_tracking_id": "simulated",
                "organization_login_list": ["octo-org"] if business else [],
                "organization_list": [{"login": "octo-org", "name": "Octo Org"}] * business,
                "endpoints": _endpoints(self._accounts.api_of(token)),
                "quota_reset_date": reset.date().isoformat(),
                "quota_reset_date_utc": _iso(reset),
                "token_based_billing": self._scenario.token_billing,
                "quota_snapshots": self._snapshots(plan),
            }
        )

    def _snapshots(self, plan: str) -> dict[str, Any]:
        unlimited = self._snapshot("chat", -1, 100.0)
        premium = self._snapshot(
            "premium_interactions", self._scenario.entitlement, self._scenario.quota
        )
        chat = self._snapshot("chat", 50, self._scenario.quota)
        return {
            "chat": chat if plan == "free" else unlimited,
            "completions": self._snapshot("completions", -1, 100.0),
            "premium_interactions": premium,
        }

    def _snapshot(self, name: str, entitlement: int, percent: float) -> dict[str, Any]:
        unlimited = entitlement < 0
        left = 0.0 if unlimited else entitlement * percent / 100
        return {
            "quota_id": name,
            "entitlement": entitlement,
            "remaining": int(left),
            "quota_remaining": left,
            "percent_remaining": 100.0 if unlimited else percent,
            "unlimited": unlimited,
            "has_quota": unlimited or percent > 0,
            "overage_count": max(0.0, -left),
            "overage_permitted": self._scenario.overage_permitted,
            "timestamp_utc": _iso(self._today()),
        }

    def quota_headers(self, plan: str) -> dict[str, str]:
        """The snapshot headers of an answer to an account of this plan; `rem` is a percentage."""
        reset = _iso(self._reset(), "seconds")
        free = plan == "free"
        entitlement, percent = self._scenario.entitlement, self._scenario.quota
        rows = {
            "chat": (50, percent) if free else (-1, 100.0),
            "completions": (-1, 100.0),
            "premium_interactions": (entitlement, 100.0 if entitlement < 0 else percent),
        }
        return {
            f"x-quota-snapshot-{name}": urlencode(
                {
                    "ent": ent,
                    "ov": max(0.0, -ent * rem / 100) if ent > 0 else 0.0,
                    "ovPerm": str(self._scenario.overage_permitted).lower(),
                    "rem": rem,
                    "rst": reset,
                }
            )
            for name, (ent, rem) in rows.items()
        }

    def _today(self) -> datetime:
        return datetime.fromtimestamp(self._now() + self._scenario.clock_skew, UTC)

    def _reset(self) -> datetime:
        """Midnight UTC of the next month's first day."""
        today = self._today()
        year, month = divmod(today.year * 12 + today.month, 12)
        return datetime(year, month + 1, 1, tzinfo=UTC)


def _iso(moment: datetime, precision: str = "milliseconds") -> str:
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


def _endpoints(api: str) -> dict[str, str]:
    found = {"api": api}
    if "//api." in api and api.endswith(".githubcopilot.com"):
        for name in ("proxy", "telemetry", "origin-tracker"):
            found[name] = api.replace("//api.", f"//{name}.", 1)
    return found


def _no_copilot(reason: str, login: str) -> Reply:
    message, title = _REFUSALS.get(reason, ("Copilot is not available", "Learn more"))
    details = {
        "message": f"{message}. You are currently logged in as {login}.",
        "notification_id": reason,
        "title": title,
        "url": "https://github.com/settings/copilot?editor={EDITOR}",
    }
    return json_reply(
        {
            "can_signup_for_limited": reason == "not_signed_up",
            "message": "Resource not accessible by integration",
            "error_details": details,
            "reason": reason,
        },
        403,
    )
