"""What a refusal says of tokens: that they are too many, how many they are and how many may be.

The Copilot host words it its own way, and passes on what the providers behind it say. Sources:
microsoft/vscode-copilot-chat; the API references and issue threads of OpenAI and Anthropic.
"""

import re

_COUNT = "(?P<counted>[0-9][0-9,]{0,14})"
_LIMIT = "(?P<limit>[0-9][0-9,]{0,14})"
_WORDINGS = (
    f"prompt token count of {_COUNT} exceeds the limit of {_LIMIT}",  # the Copilot host
    f"maximum context length is {_LIMIT} tokens",  # OpenAI says limit and count apart
    f"input tokens exceed the configured limit of {_LIMIT}",
    f"messages resulted in {_COUNT} tokens",
    f"you requested {_COUNT} tokens",
    f"prompt is too long: {_COUNT} tokens > {_LIMIT}",  # Anthropic
)
SIGNS = ("prompt token count of", "maximum context length is", "prompt is too long")
"""What such a text holds, in lower case, whatever its status and code."""


def token_counts(text: str) -> tuple[int | None, int | None]:
    """Return the tokens that were counted and that are allowed, as far as `text` says."""
    figures: dict[str, int] = {}
    for wording in _WORDINGS:
        found = re.search(wording, text, re.IGNORECASE)
        for name, digits in found.groupdict().items() if found else ():
            figures.setdefault(name, int(digits.replace(",", "")))
    return figures.get("counted") or None, figures.get("limit") or None
