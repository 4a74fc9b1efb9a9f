"""What GitHub says about the plan: `GET {rest}/copilot_internal/user`, read leniently.

Rule: every field is optional and a figure that was not given is None, not 0. The endpoint is
undocumented, so a failure here is no failure of what the person asked for.
Source: microsoft/vscode-copilot-chat and github/copilot-sdk, 2026.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from copilot_cli.auth import rest
from copilot_cli.secret import Secret

if TYPE_CHECKING:
    import httpx


class Quota(NamedTuple):
    """One allowance; numbers may be fractions, and negative where it is overdrawn.

    Where `unlimited` is set the other figures mean nothing.
    """

    name: str
    entitlement: float | None
    remaining: float | None
    percent_remaining: float | None
    unlimited: bool = False
    overage_count: float | None = None
    overage_permitted: bool | None = None

    @property
    def used(self) -> float | None:
        """How much is used, in the quota's own unit."""
        if self.unlimited or self.entitlement is None or self.remaining is None:
            return None
        return self.entitlement - self.remaining

    @property
    def left(self) -> str:
        """What is left of it, in words."""
        if self.unlimited:
            return "unlimited"
        parts = []
        if self.remaining is not None and self.entitlement is not None:
            parts.append(f"{self.remaining:g} of {self.entitlement:g} left")
        elif self.remaining is not None:
            parts.append(f"{self.remaining:g} left")
        if self.percent_remaining is not None:
            parts.append(f"{self.percent_remaining:.0f} %")
        if self.overage_count:
            parts.append(f"{self.overage_count:g} over")
        if self.overage_permitted:
            parts.append("overage is allowed and billed")
        return ", ".join(parts) or "not told"


class Plan(NamedTuple):
    """The account's plan; `resets` is the date as GitHub writes it (ISO 8601)."""

    login: str | None
    plan: str | None
    sku: str | None
    chat_enabled: bool | None
    token_based_billing: bool
    resets: str | None
    organizations: tuple[str, ...]
    quotas: tuple[Quota, ...]

    def rows(self) -> list[tuple[str, str]]:
        """Return what a person wants to know of it, line by line."""
        rows = [("account", self.login or ""), ("plan", self.plan or "not told")]
        rows += [(quota.name.replace("_", " "), quota.left) for quota in self.quotas]
        if not self.quotas:
            rows.append(("quota", "not told"))
        if self.token_based_billing:
            rows.append(("billed in", "AI credits (1 credit = 0.01 USD)"))
        if self.resets:
            rows.append(("starts anew", self.resets.removesuffix("T00:00:00.000Z")))
        return rows


def fetch_copilot_user(
    client: "httpx.Client",
    rest_url: str,
    token: Secret,
    *,
    headers: Mapping[str, str] | None = None,
) -> Plan:
    """Return the plan of the account that `token` belongs to.

    Raises what `rest.get` and `rest.refusal` do.
    """
    url = f"{rest_url}/copilot_internal/user"
    reply = rest.get(client, url, token, headers=headers or {}, seconds=15.0)
    if reply.status != 200 or reply.fields is None:
        raise rest.refusal(reply, time.time())
    return parse_plan(reply.fields)


def parse_plan(fields: Mapping[str, Any]) -> Plan:
    """Read the reply's fields; whatever is missing or odd is None."""
    logins = fields.get("organization_login_list")
    return Plan(
        login=_text(fields, "login"),
        plan=_text(fields, "copilot_plan"),
        sku=_text(fields, "access_type_sku"),
        chat_enabled=_flag(fields, "chat_enabled"),
        token_based_billing=_flag(fields, "token_based_billing") or False,
        resets=(
            _text(fields, "quota_reset_date_utc")
            or _text(fields, "quota_reset_date")
            or _text(fields, "limited_user_reset_date")
        ),
        organizations=tuple(rest.safe(login) for login in logins if isinstance(login, str))
        if isinstance(logins, list)
        else (),
        quotas=_snapshots(fields) or _free_quotas(fields),
    )


def _snapshots(fields: Mapping[str, Any]) -> tuple[Quota, ...]:
    snapshots = fields.get("quota_snapshots")
    if not isinstance(snapshots, dict):
        return ()
    return tuple(
        _quota(rest.safe(name), snapshot)
        for name, snapshot in snapshots.items()
        if isinstance(snapshot, dict)
    )


def _quota(name: str, snapshot: Mapping[str, Any]) -> Quota:
    remaining = rest.number(snapshot.get("quota_remaining"))
    return Quota(
        name,
        entitlement=rest.number(snapshot.get("entitlement")),
        # `remaining` is rounded where `quota_remaining` is not
        remaining=rest.number(snapshot.get("remaining")) if remaining is None else remaining,
        percent_remaining=rest.number(snapshot.get("percent_remaining")),
        unlimited=_flag(snapshot, "unlimited") or False,
        overage_count=rest.number(snapshot.get("overage_count")),
        overage_permitted=_flag(snapshot, "overage_permitted"),
    )


def _free_quotas(fields: Mapping[str, Any]) -> tuple[Quota, ...]:
    """Read the older form that free accounts may carry: what is left, and what a month has."""
    left, monthly = fields.get("limited_user_quotas"), fields.get("monthly_quotas")
    if not isinstance(left, dict):
        return ()
    whole = monthly if isinstance(monthly, dict) else {}
    return tuple(
        Quota(rest.safe(name), rest.number(whole.get(name)), rest.number(left.get(name)), None)
        for name in left
    )


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    return rest.text(fields, name) or None


def _flag(fields: Mapping[str, Any], name: str) -> bool | None:
    value = fields.get(name)
    return value if isinstance(value, bool) else None
