"""`copilot-chat models`: what each model can do, what it costs, and why one cannot be used."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from copilot_cli.engines.models import wants_consent
from copilot_cli.ui.describe import abilities, named, obstacle, price, token_prices, tokens

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.messages import ModelInfo
    from copilot_cli.ui.console import Streams

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

_REASON: Column = ("not usable because", lambda model: model.disabled or "")

_NARROW = (_ID, _CONTEXT, _CAN, _PRICE)
_WHOLE = (_ID, _VENDOR, _CONTEXT, _PROMPT, _OUTPUT, _CAN, _EFFORTS, _ENDPOINTS, _PRICE)
_PIPED = (_ID, _VENDOR, _CONTEXT, _OUTPUT, _CAN, _PRICE, _WHY, _PROMPT, _EFFORTS, _ENDPOINTS)
"""Columns for programs: new ones come at the end."""

_REFRESH = typer.Option(False, "--refresh", help="Ask now, however new the list is.")
_JSON = typer.Option(False, "--json", help="Print a JSON array.")


@app.callback(invoke_without_command=True)
def models(
    ctx: typer.Context,
    refresh: bool = _REFRESH,
    everything: bool = typer.Option(
        False, "--all", help="On a terminal, show those too that are not for chat."
    ),
    as_json: bool = _JSON,
) -> None:
    """List the models of your account and of your endpoints; `*` is the service's default.

    The list is at most ten minutes old; where it cannot be read it is shown with its age.
    """
    if ctx.invoked_subcommand is not None:
        return
    application: App = ctx.obj
    listed = application.catalogue.everything(fresh=refresh)
    _print(application.streams, listed.models, everything=everything, as_json=as_json)
    if listed.wrong is not None:
        raise listed.wrong  # after the list, where it is seen


def _print(
    streams: "Streams", found: "list[ModelInfo]", *, everything: bool, as_json: bool
) -> None:
    if as_json:
        streams.json([record(model) for model in found])
        return
    if streams.stdout_is_terminal:
        found = found if everything else [model for model in found if _offered(model)]
        _show(streams, found)
    else:
        _table(streams, found, _PIPED)
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


def _offered(model: "ModelInfo") -> bool:
    return model.type in (None, "chat") and model.picker


def _show(streams: "Streams", models: "Sequence[ModelInfo]") -> None:
    """Show a person the models that can be used; then the others, and what can be done for them."""
    usable = [model for model in models if model.disabled is None]
    others = [model for model in models if model.disabled is not None]
    _table(streams, usable, _WHOLE if streams.size()[0] >= _WIDE else _NARROW)
    if not others:
        return
    streams.out_bytes(b"\n")
    _table(streams, others, (_ID, _REASON))
    for page in dict.fromkeys(filter(None, (model.page for model in others))):
        ids = ", ".join(named(model) for model in others if model.page == page)
        streams.notice(f"{page} changes that for {ids}")
    if any(wants_consent(model) for model in others):
        streams.notice("`copilot-chat models enable ID` shows the terms of one, and enables it")


def _table(streams: "Streams", models: "Sequence[ModelInfo]", columns: Sequence[Column]) -> None:
    heads = [head for head, _ in columns]
    streams.table(heads, [[cell(model) for _, cell in columns] for model in models])
