"""What GitHub says about the plan: `GET {rest}/copilot_internal/user`, read leniently.

Rule: every field is optional and a figure that was not given is None, not 0. The endpoint is
undocumented, so a failure here is no failure of what the person asked for.
Source: microsoft/vscode-copilot-chat and github/copilot-sdk, 2026.
"""

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from copilot_cli.auth import rest
from copilot_cli.secret import Secret
from copilot_cli.values import number

if TYPE_CHECKING:
    import httpx


_UNITS = {"credits": "AI credits (1 credit = 0.01 USD)"}


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
    def share(self) -> float | None:
        """The share of it that is left, from 0 to 1; None where that is not told, or no matter."""
        if self.unlimited or (self.entitlement or 0) < 0:
            return None
        if self.percent_remaining is not None:
            return min(max(self.percent_remaining / 100, 0.0), 1.0)
        if self.remaining is None or not self.entitlement:
            return None
        return min(max(self.remaining / self.entitlement, 0.0), 1.0)

    @property
    def left(self) -> str:
        """What is left of it, in words."""
        if self.unlimited or (self.entitlement or 0) < 0:
            return "unlimited"
        if self.entitlement == 0 and not self.overage_count and not self.overage_permitted:
            return "not part of the plan"
        return ", ".join(filter(None, (self._figures, self._percent, self._beyond))) or "not told"

    @property
    def _figures(self) -> str:
        if self.remaining is None:
            return ""
        of = "" if self.entitlement is None else f" of {_figure(self.entitlement)}"
        if self.remaining < 0:
            return f"nothing left{of}" + ("" if self.overage_count else f", {self._over}")
        return f"{_figure(self.remaining)}{of} left"

    @property
    def _percent(self) -> str:
        share = self.share
        if share is None or (self.remaining or 0) < 0:
            return ""
        return f"{100 * share:.0f} %"

    @property
    def _over(self) -> str:
        return f"{_figure(-(self.remaining or 0.0))} over"

    @property
    def _beyond(self) -> str:
        over = f"{_figure(self.overage_count)} over" if self.overage_count else ""
        billed = "what goes beyond is billed" if self.overage_permitted else ""
        return ", ".join(filter(None, (over, billed)))


class Line(NamedTuple):
    """One line of what `usage` shows: `share` is what is left of a quota, from 0 to 1."""

    name: str
    words: str
    share: float | None = None


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

    @property
    def unit(self) -> str | None:
        """The unit that answers are billed in; None for a plan that bills none."""
        if self.token_based_billing:
            return "credits"
        return None if self.plan is None or self.plan == "free" else "premium requests"

    @property
    def reset_day(self) -> str | None:
        """The day on which the quotas start anew."""
        return _day(self.resets) if self.resets else None

    def lines(self) -> list[Line]:
        """Return what a person wants to know of it, line by line."""
        lines = [Line("account", self.login or ""), Line("plan", self.plan or "not told")]
        for quota in self.quotas:
            # What is billed by credits shows an entitlement that nobody comes near.
            told = quota.share if not self.token_based_billing or quota.name == "chat" else None
            lines.append(Line(quota.name.replace("_", " "), quota.left, told))
        if not self.quotas:
            lines.append(Line("quota", "not told"))
        if self.unit:
            lines.append(Line("billed in", _UNITS.get(self.unit, self.unit)))
        if self.reset_day:
            lines.append(Line("starts anew", self.reset_day))
        return lines

    def rows(self) -> list[tuple[str, str]]:
        """Return the lines as rows of a table."""
        return [(line.name, line.words) for line in self.lines()]


def _figure(figure: float) -> str:
    """Return `figure` as people write it, to a tenth at most."""
    return f"{figure:,.1f}".removesuffix(".0")


def _day(moment: str) -> str:
    """Return the day of an ISO date, which is all that a person wants of midnight."""
    found = re.match(r"\d{4}-\d{2}-\d{2}", moment)
    return found.group() if found else moment


def fetch_copilot_user(
    client: "httpx.Client",
    rest_url: str,
    token: Secret,
    *,
    headers: Mapping[str, str] | None = None,
    seconds: float = 15.0,
) -> Plan:
    """Return the plan of the account that `token` belongs to, within `seconds`.

    Raises what `rest.get` and `rest.refusal` do.
    """
    url = f"{rest_url}/copilot_internal/user"
    reply = rest.get(client, url, token, headers=headers or {}, seconds=seconds)
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
            or _reset_date(fields.get("limited_user_reset_date"))
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
    remaining = number(snapshot.get("quota_remaining"))
    return Quota(
        name,
        entitlement=number(snapshot.get("entitlement")),
        # `remaining` is rounded where `quota_remaining` is not
        remaining=number(snapshot.get("remaining")) if remaining is None else remaining,
        percent_remaining=number(snapshot.get("percent_remaining")),
        unlimited=_flag(snapshot, "unlimited") or False,
        overage_count=number(snapshot.get("overage_count")),
        overage_permitted=_flag(snapshot, "overage_permitted"),
    )


def _free_quotas(fields: Mapping[str, Any]) -> tuple[Quota, ...]:
    """Read the older form that free accounts may carry: what is left, and what a month has."""
    left, monthly = fields.get("limited_user_quotas"), fields.get("monthly_quotas")
    if not isinstance(left, dict):
        return ()
    whole = monthly if isinstance(monthly, dict) else {}
    return tuple(
        Quota(rest.safe(name), number(whole.get(name)), number(left.get(name)), None)
        for name in left
    )


def _reset_date(value: object) -> str | None:
    """Read the free plan's date, which may be one or unix seconds."""
    seconds = number(value)
    if seconds is not None and 0 < seconds < 1e11:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    return rest.safe(value) or None if isinstance(value, str) else None


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    return rest.text(fields, name) or None


def _flag(fields: Mapping[str, Any], name: str) -> bool | None:
    value = fields.get(name)
    return value if isinstance(value, bool) else None
