"""Figures of a model in the words people use for them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from copilot_cli.messages import ModelInfo


def tokens(count: int | None) -> str:
    """Return a token count as people write it: `128k`, `1M`; empty where it is not known."""
    if count is None:
        return ""
    if count >= 1_000_000:
        return f"{count / 1_000_000:.1f}".removesuffix(".0") + "M"
    return f"{count / 1000:.0f}k" if count >= 1000 else str(count)


def price(model: "ModelInfo") -> str:
    """Return what the model costs, in the unit that the service gives; empty where it gives none.

    A multiplier counts premium requests; token prices are in AI credits (1 credit = 0.01 USD).
    """
    default = (model.prices or {}).get("default")
    if isinstance(default, dict):
        batch = (model.prices or {}).get("batch_size")
        per = f" per {tokens(int(batch))}" if isinstance(batch, int | float) else ""
        return f"{default.get('input_price')}/{default.get('output_price')} credits in/out{per}"
    if model.multiplier is None:
        return ""
    return "included" if model.multiplier == 0 else f"{model.multiplier:g}x"


def facts(model: "ModelInfo") -> str:
    """Return context and price of a model in one line, as far as they are known."""
    window = tokens(model.context_tokens)
    return " · ".join(filter(None, (f"{window} context" if window else "", price(model))))
