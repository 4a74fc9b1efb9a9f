"""Figures of a model in people's words."""

from typing import Any

import pytest

from copilot_cli.engines.models import parse_model
from copilot_cli.ui.describe import facts, price, tokens


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, ""),
        (1, "1"),
        (999, "999"),
        (1000, "1k"),
        (128_000, "128k"),
        (200_500, "200k"),
        (1_000_000, "1M"),
        (1_047_576, "1M"),
        (2_500_000, "2.5M"),
    ],
)
def test_tokens(count: int | None, text: str) -> None:
    """As people write them; nothing where nothing is known."""
    assert tokens(count) == text


PRICES = {"batch_size": 1_000_000, "default": {"input_price": 125, "output_price": 1000}}


@pytest.mark.parametrize(
    ("billing", "text"),
    [
        ({}, ""),
        ({"multiplier": 0}, "included"),
        ({"multiplier": 1}, "1x"),
        ({"multiplier": 0.33}, "0.33x"),
        ({"multiplier": 1, "token_prices": PRICES}, "125/1000 credits in/out per 1M"),
        ({"multiplier": 2, "token_prices": {"default": None}}, "2x"),
    ],
)
def test_price(billing: dict[str, Any], text: str) -> None:
    """In the unit that the service gives: requests, or credits for tokens."""
    assert price(parse_model({"id": "m", "billing": billing})) == text


def test_facts() -> None:
    """Context and price, parted only where there are both."""
    limits = {"limits": {"max_context_window_tokens": 128_000}}
    assert facts(parse_model({"id": "m"})) == ""
    assert facts(parse_model({"id": "m", "capabilities": limits})) == "128k context"
    both = {"id": "m", "capabilities": limits, "billing": {"multiplier": 0}}
    assert facts(parse_model(both)) == "128k context · included"
