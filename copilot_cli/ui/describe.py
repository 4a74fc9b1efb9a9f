"""Figures of a model in the words people use for them. Texts of the service's may be in them."""

from typing import TYPE_CHECKING, NamedTuple

from copilot_cli.values import number

if TYPE_CHECKING:
    from copilot_cli.messages import ModelInfo

MILLION = 1_000_000


class TokenPrices(NamedTuple):
    """Prices in AI credits (1 credit = 0.01 USD), for a million tokens each.

    `input` are tokens of the prompt, `cached` those of them that a cache held, `cache_write` those
    that went into one. None is what the service did not say.
    """

    input: float | None
    output: float | None
    cached: float | None
    cache_write: float | None


def tokens(count: int | None) -> str:
    """Return a token count as people write it: `128k`, `1M`; empty where it is not known."""
    if count is None:
        return ""
    if count >= MILLION:
        return f"{count / MILLION:.1f}".removesuffix(".0") + "M"
    return f"{count / 1000:.0f}k" if count >= 1000 else str(count)


def token_prices(model: "ModelInfo") -> TokenPrices | None:
    """Return the prices of a model that is billed by tokens; None where it is not.

    The service gives them for a batch of tokens, of a million where it does not say of how many.
    """
    listed = model.prices or {}
    usual = listed.get("default")
    if not isinstance(usual, dict):
        return None
    batch = number(listed.get("batch_size")) or MILLION
    names = ("input_price", "output_price", "cache_price", "cache_write_price")
    found = [number(usual.get(name)) for name in names]
    if found[0] is None and found[1] is None:
        return None
    return TokenPrices(*(None if it is None else it * MILLION / batch for it in found))


def price(model: "ModelInfo") -> str:
    """Return what the model costs, in the unit that the service gives; empty where it gives none.

    A multiplier counts premium requests; token prices are in AI credits.
    """
    prices = token_prices(model)
    if prices is not None:
        return f"{_figure(prices.input)}/{_figure(prices.output)} credits in/out per 1M"
    if model.multiplier is None:
        return ""
    return "included" if model.multiplier == 0 else f"{model.multiplier:g}x"


def abilities(model: "ModelInfo") -> str:
    """Return in one word each what the model can do, as far as the service says so."""
    able = (
        ("tools", model.tools),
        ("vision", model.vision),
        ("reasoning", bool(model.reasoning)),
        ("preview", model.preview),
    )
    return " ".join(name for name, can in able if can)


def facts(model: "ModelInfo") -> str:
    """Return context and price of a model in one line, as far as they are known."""
    window = tokens(model.context_tokens)
    return " · ".join(filter(None, (f"{window} context" if window else "", price(model))))


def named(model: "ModelInfo") -> str:
    """Return what a person types for the model: its id, behind the name of its endpoint."""
    return model.id if model.endpoint is None else f"{model.endpoint}/{model.id}"


def obstacle(model: "ModelInfo") -> str:
    """Return why the model cannot be used, with the page where that is changed; empty if it can."""
    return ": ".join(filter(None, (model.disabled, model.page)))


def _figure(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"
