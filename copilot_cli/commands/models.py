"""`copilot-chat models`: what each model can do, what it costs, and why one cannot be used."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from copilot_cli.ui.describe import abilities, named, obstacle, price, token_prices, tokens

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.messages import ModelInfo

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_WIDE = 120  # columns from which everything is shown

Column = tuple[str, "Callable[[ModelInfo], str]"]


def _id(model: "ModelInfo") -> str:
    return named(model) + (" *" if model.chat_default else "")


_ID: Column = ("id", _id)
_VENDOR: Column = ("vendor", lambda model: model.vendor or "")
_CONTEXT: Column = ("context", lambda model: tokens(model.context_tokens))
_OUTPUT: Column = ("output", lambda model: tokens(model.output_tokens))
_CAN: Column = ("can", abilities)
_PRICE: Column = ("price", price)
_WHY: Column = ("not usable because", obstacle)
_PROMPT: Column = ("prompt", lambda model: tokens(model.prompt_tokens))
_EFFORTS: Column = ("effort", lambda model: " ".join(model.reasoning))
_ENDPOINTS: Column = ("endpoints", lambda model: " ".join(model.endpoints))

NARROW = (_ID, _CONTEXT, _CAN, _PRICE, _WHY)
WIDE = (_ID, _VENDOR, _CONTEXT, _PROMPT, _OUTPUT, _CAN, _EFFORTS, _ENDPOINTS, _PRICE, _WHY)
PIPED = (_ID, _VENDOR, _CONTEXT, _OUTPUT, _CAN, _PRICE, _WHY, _PROMPT, _EFFORTS, _ENDPOINTS)
"""Columns for programs: new ones come at the end."""

_REFRESH = typer.Option(False, "--refresh", help="Ask now, however new the list is.")
_JSON = typer.Option(False, "--json", help="Print a JSON array.")


@app.callback(invoke_without_command=True)
def models(
    ctx: typer.Context,
    refresh: bool = _REFRESH,
    everything: bool = typer.Option(False, "--all", help="Show what is no chat model too."),
    as_json: bool = _JSON,
) -> None:
    """List the models of your account and of your endpoints; `*` is the service's default.

    The list is at most ten minutes old; where it cannot be read it is shown with its age.
    """
    if ctx.invoked_subcommand is not None:
        return
    application: App = ctx.obj
    found = list(application.catalogue.everything(fresh=refresh))
    streams = application.streams
    if as_json:
        streams.json([record(model) for model in found])
        return
    terminal = streams.stdout_is_terminal
    if terminal and not everything:
        found = [model for model in found if model.type in (None, "chat")]
    wide = streams.size()[0] >= _WIDE
    columns = PIPED if not terminal else WIDE if wide else NARROW
    streams.table([name for name, _ in columns], [_row(model, columns) for model in found])
    for model in found:
        for warning in model.warnings:
            streams.notice(f"{named(model)}: {warning}")


@app.command()
def enable(
    ctx: typer.Context,
    model: str = typer.Argument(metavar="ID", help="The model, by its id or the beginning of it."),
    yes: bool = typer.Option(False, "-y", "--yes", help="Accept its terms without being asked."),
    as_json: bool = typer.Option(False, "--json", help="Print the model as a JSON object."),
) -> None:
    """Show the terms of a model, and accept them if you agree."""
    from copilot_cli.enabling import enable as accept

    application: App = ctx.obj
    enabled = accept(application, model, yes=yes)
    if as_json:
        application.streams.json(record(enabled))
    else:
        application.streams.notice(f"{enabled.id} can be used")


def record(model: "ModelInfo") -> dict[str, Any]:
    """Return a model as `docs/json.md` describes it."""
    return {
        "id": named(model),
        "name": model.name,
        "vendor": model.vendor,
        "family": model.family,
        "type": model.type,
        "preview": model.preview,
        "default": model.chat_default,
        "context_tokens": model.context_tokens,
        "prompt_tokens": model.prompt_tokens,
        "output_tokens": model.output_tokens,
        "endpoints": list(model.endpoints),
        "streaming": model.streaming,
        "tools": model.tools,
        "vision": model.vision,
        "reasoning": list(model.reasoning),
        "multiplier": model.multiplier,
        "prices": model.prices,
        "enabled": model.disabled is None,
        "disabled_reason": model.disabled,
        "page": model.page,
        "policy": model.policy,
        "plans": list(model.plans),
        "warnings": list(model.warnings),
        "structured_outputs": model.structured,
        "credits_per_million": _prices(model),
        "endpoint": model.endpoint,
    }


def _prices(model: "ModelInfo") -> dict[str, float | None] | None:
    prices = token_prices(model)
    return None if prices is None else prices._asdict()


def _row(model: "ModelInfo", columns: Sequence[Column]) -> tuple[str, ...]:
    return tuple(cell(model) for _, cell in columns)
