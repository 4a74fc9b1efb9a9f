"""`copilot-chat tools`: what a model can be given to act with."""

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.tools.tool import Tool

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def tools() -> None:
    """List the tools that `ask --tool` and `repl --tool` give to a model."""


@app.command("list")
def list_(
    ctx: typer.Context,
    tool: list[str] | None = typer.Option(
        None, metavar="MODULE:FUNCTION", help="Show this one of your own, too (repeatable)."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print a JSON array."),
) -> None:
    """List the tools with what they do to the world: read, fetch, write or run.

    A tool of your own is a function; its module is imported to be shown.
    """
    application: App = ctx.obj
    toolkit = application.toolkit
    found = [("built in", each) for each in toolkit.built_in.values()]
    found += [(name, toolkit.add(name)) for name in tool or () if name not in toolkit.built_in]
    if as_json:
        application.streams.json([record(source, each) for source, each in found])
        return
    rows = [(each.name, each.effect, each.description.partition("\n")[0]) for _, each in found]
    application.streams.table(("name", "effect", "what it does"), rows)


def record(source: str, tool: "Tool") -> dict[str, Any]:
    """Return a tool as `docs/json.md` describes it."""
    return {
        "name": tool.name,
        "description": tool.description,
        "effect": tool.effect,
        "source": source,
        "seconds": tool.seconds,
        "parameters": tool.parameters,
    }
