"""`copilot-chat usage`: the plan, and what is left of its quota, in the unit it is billed in."""

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.auth.plan import Plan

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
    application.streams.table(("", ""), plan.rows())


def _as_json(plan: "Plan") -> dict[str, Any]:
    return {
        "account": plan.login,
        "plan": plan.plan,
        "sku": plan.sku,
        "resets": plan.resets,
        "token_based_billing": plan.token_based_billing,
        "quotas": [{**quota._asdict(), "used": quota.used} for quota in plan.quotas],
    }
