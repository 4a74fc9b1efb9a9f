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
    streams = application.streams
    if as_json:
        streams.json(_as_json(plan))
    elif streams.stdout_is_terminal:
        from copilot_cli.ui.gauges import lines
        from copilot_cli.ui.safe import utf8

        bars = not (application.settings.plain or streams.dumb)
        room = streams.size()[0] - 1
        shown = lines(plan.lines(), room=room, color=streams.color, bars=bars)
        streams.out_bytes(utf8("".join(f"{line}\n" for line in shown)))
    else:
        streams.table(("", ""), plan.rows())


def _as_json(plan: "Plan") -> dict[str, Any]:
    return {
        "account": plan.login,
        "plan": plan.plan,
        "sku": plan.sku,
        "resets": plan.resets,
        "token_based_billing": plan.token_based_billing,
        "unit": plan.unit,
        "quotas": [{**quota._asdict(), "used": quota.used} for quota in plan.quotas],
    }
