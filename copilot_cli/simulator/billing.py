"""What an answer used, in the words of each wire, and what Copilot bills for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from copilot_cli.simulator.framing import text_of
from copilot_cli.simulator.models import Model
from copilot_cli.simulator.scenario import Answer


class Counts(NamedTuple):
    """Tokens of one answer, by the simulator's rule of four characters each."""

    prompt: int
    output: int
    reasoning: int


def counts(prompt: int, answer: Answer) -> Counts:
    """The tokens of an answer to a prompt of so many."""
    reasoning = len(answer.reasoning or "") // 4
    called = sum(len(name) + len(arguments) for name, arguments in answer.tool_calls) // 4
    text = (len(text_of(answer)) + len(answer.refusal or "")) // 4
    return Counts(prompt, text + reasoning + called, reasoning)


def chat(used: Counts) -> dict[str, Any]:
    """The usage of a chat completion."""
    return {
        "prompt_tokens": used.prompt,
        "completion_tokens": used.output,
        "total_tokens": used.prompt + used.output,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": used.reasoning},
    }


def responses(used: Counts) -> dict[str, Any]:
    """The usage of a response."""
    return {
        "input_tokens": used.prompt,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": used.output,
        "output_tokens_details": {"reasoning_tokens": used.reasoning},
        "total_tokens": used.prompt + used.output,
    }


def messages(used: Counts) -> dict[str, Any]:
    """The usage of a message; the prompt's tokens are these three together."""
    return {
        "input_tokens": used.prompt,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": used.output,
        "output_tokens_details": {"thinking_tokens": used.reasoning},
    }


def scripted(usage: Mapping[str, Any]) -> dict[str, Any]:
    """A scripted usage: counts, with `copilot_usage` beside them where it was given."""
    said = {name: value for name, value in usage.items() if name != "copilot_usage"}
    beside = {"copilot_usage": usage["copilot_usage"]} if "copilot_usage" in usage else {}
    return ({"usage": said} if said else {}) | beside


def bill(used: Counts, model: Model) -> dict[str, Any]:
    """The bill in nano credits; the prices are per batch of tokens, in credits."""
    billing = model.item.get("billing", {})
    prices = billing.get("token_prices", {}).get("default", {})
    dear = billing.get("multiplier", 0)
    batch = 1_000_000
    rows = [
        ("input", used.prompt, prices.get("input_price", 100 * dear)),
        ("output", used.output, prices.get("output_price", 400 * dear)),
    ]
    return {
        "token_details": [
            {"batch_size": batch, "cost_per_batch": price, "token_count": n, "token_type": kind}
            for kind, n, price in rows
        ],
        "total_nano_aiu": int(sum(n * price * 1_000_000_000 / batch for _, n, price in rows)),
    }
