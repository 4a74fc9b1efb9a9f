"""`copilot-chat usage`: the plan, and what is left of its quota, in the unit it is billed in."""

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.auth.plan import Plan, Quota

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def usage(
    ctx: typer.Context,
    as_json: bool = typer.Option(False, "--json", help="Print a JSON object."),
) -> None:
    """Show your plan, what is left of its quota, and when it starts anew."""
    application: App = ctx.obj
    plan = application.access.plan()
    if as_json:
        application.streams.json(_as_json(plan))
        return
    rows = [("account", plan.login or ""), ("plan", plan.plan or "not told")]
    rows += [(quota.name.replace("_", " "), _left(quota)) for quota in plan.quotas]
    if not plan.quotas:
        rows.append(("quota", "not told"))
    if plan.token_based_billing:
        rows.append(("billed in", "AI credits (1 credit = 0.01 USD)"))
    if plan.resets:
        rows.append(("starts anew", plan.resets.removesuffix("T00:00:00.000Z")))
    application.streams.table(("", ""), rows)


def _left(quota: "Quota") -> str:
    if quota.unlimited:
        return "unlimited"
    parts = []
    if quota.remaining is not None and quota.entitlement is not None:
        parts.append(f"{quota.remaining:g} of {quota.entitlement:g} left")
    elif quota.remaining is not None:
        parts.append(f"{quota.remaining:g} left")
    if quota.percent_remaining is not None:
        parts.append(f"{quota.percent_remaining:.0f} %")
    if quota.overage_count:
        parts.append(f"{quota.overage_count:g} over")
    if quota.overage_permitted:
        parts.append("overage is allowed and billed")
    return ", ".join(parts) or "not told"


def _as_json(plan: "Plan") -> dict[str, Any]:
    return {
        "account": plan.login,
        "plan": plan.plan,
        "sku": plan.sku,
        "resets": plan.resets,
        "token_based_billing": plan.token_based_billing,
        "quotas": [{**quota._asdict(), "used": quota.used} for quota in plan.quotas],
    }
