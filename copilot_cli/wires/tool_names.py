"""The name of a tool, as services take it back: what a model has made up may be none.

OpenAI and Anthropic refuse a whole request for a call whose name has other characters, or none:
https://platform.openai.com/docs/api-reference/chat/create (`tools.function.name`).
"""

from copilot_cli.patterns import pattern

_LONGEST = 64
_OTHER = pattern(r"[^a-zA-Z0-9_-]")


def tool_name(name: str) -> str:
    """Return `name` as it may be sent."""
    return _OTHER.sub("_", name[:_LONGEST]) or "unnamed"
