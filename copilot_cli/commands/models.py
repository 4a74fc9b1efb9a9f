"""`copilot-chat models`: the live list, with what each model can do and why one cannot be used."""

from typing import TYPE_CHECKING, Any

import typer

from copilot_cli.ui.describe import price, tokens

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.messages import ModelInfo

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_COLUMNS = ("id", "vendor", "context", "output", "can", "price", "not usable because")


@app.command()
def models(
    ctx: typer.Context,
    as_json: bool = typer.Option(False, "--json", help="Print a JSON array."),
) -> None:
    """List the models of your account, from the service."""
    application: App = ctx.obj
    found = application.catalogue.models(fresh=True)
    if as_json:
        application.streams.json([_as_json(model) for model in found])
        return
    application.streams.table(_COLUMNS, [_row(model) for model in found])


def _as_json(model: "ModelInfo") -> dict[str, Any]:
    return {
        "id": model.id,
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
    }


def _row(model: "ModelInfo") -> tuple[str, ...]:
    abilities = [
        name
        for name, able in (
            ("tools", model.tools),
            ("vision", model.vision),
            ("reasoning", bool(model.reasoning)),
            ("preview", model.preview),
        )
        if able
    ]
    return (
        model.id + (" *" if model.chat_default else ""),
        model.vendor or "",
        tokens(model.context_tokens),
        tokens(model.output_tokens),
        " ".join(abilities),
        price(model),
        model.disabled or "",
    )
