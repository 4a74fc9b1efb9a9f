"""What a refusal says of tokens, as the service and the providers behind it word it."""

import pytest

from copilot_cli.engines.refusal import Refusal
from copilot_cli.engines.statuses import failure
from copilot_cli.engines.token_counts import SIGNS, token_counts
from copilot_cli.errors import TooLongError

TEXTS = {
    "the Copilot host": (
        "prompt token count of 70123 exceeds the limit of 64000",
        (70123, 64000),
        True,
    ),
    "OpenAI": (
        "maximum context length is 4097 tokens. However, your messages resulted in 4392 tokens.",
        (4392, 4097),
        True,
    ),
    "OpenAI with room for the answer": (
        "maximum context length is 8,192 tokens, however you requested 9,000 tokens (8,000 in the",
        (9000, 8192),
        True,
    ),
    "in capitals": ("Prompt is too long: 5 tokens > 4 maximum", (5, 4), True),
    "Anthropic": ("prompt is too long: 208310 tokens > 200000 maximum", (208310, 200000), True),
    "a limit alone": ("maximum context length is 8192 tokens", (None, 8192), True),
    "no figures": ("Prompt is too long", (None, None), True),
    "no limit": ("prompt token count of 5 exceeds the limit of 0", (5, None), True),
    "an endless figure": (
        f"prompt token count of {'9' * 5000} exceeds the limit of 5",
        (None, None),
        True,
    ),
    "other digits": ("maximum context length is ١٢ tokens", (None, None), True),
    "something else": ("failed to parse request", (None, None), False),
    "nothing": ("", (None, None), False),
}


@pytest.mark.parametrize(("text", "figures", "too_long"), TEXTS.values(), ids=TEXTS)
def test_a_refusal_is_read(
    text: str, figures: tuple[int | None, int | None], too_long: bool
) -> None:
    """Tokens counted and allowed, as far as the text says."""
    assert token_counts(text) == figures
    assert any(sign in text.lower() for sign in SIGNS) is too_long


@pytest.mark.parametrize(
    ("status", "code"),
    [(200, "200"), (400, ""), (400, "invalid_request_body"), (400, "context_length_exceeded")],
)
def test_the_text_says_it_whatever_the_code(status: int, code: str) -> None:
    """The host's code may be empty; the figures travel with the error."""
    text = "prompt token count of 70123 exceeds the limit of 64000"
    error = failure(Refusal(status, code, text)).error
    assert isinstance(error, TooLongError)
    assert (error.counted, error.limit) == (70123, 64000)
