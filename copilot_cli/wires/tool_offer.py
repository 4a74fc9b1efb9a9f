"""The tools of a request, and their names, as services take them.

OpenAI and Anthropic refuse a whole request for a call whose name has other characters, or none
(https://platform.openai.com/docs/api-reference/chat/create, `tools.function.name`). Anthropic's
models refuse one with calls in its history and no tools, so those are then told again, and closed.
"""

from copilot_cli.messages import Request, ToolCallPart, ToolSpec
from copilot_cli.patterns import pattern

_LONGEST = 64
_OTHER = pattern(r"[^a-zA-Z0-9_-]")


def tool_name(name: str) -> str:
    """Return `name` as it may be sent."""
    return _OTHER.sub("_", name[:_LONGEST]) or "unnamed"


def offered(request: Request) -> tuple[ToolSpec, ...]:
    """Return the tools to tell of: those of the request, else those that were called before."""
    if request.tools:
        return request.tools
    parts = (part for message in request.messages for part in message.parts)
    called = dict.fromkeys(tool_name(part.name) for part in parts if isinstance(part, ToolCallPart))
    gone = "It is not there any more."
    return tuple(ToolSpec(name, gone, {"type": "object", "properties": {}}) for name in called)


def calls_forbidden(request: Request) -> bool:
    """Say whether the model is told of tools and may call none of them."""
    return not request.tools or request.tool_choice == "none"
