"""copilot-chat: a terminal client for GitHub Copilot chat, and `Client` for a person's own scripts.

Importing it costs nothing: each name below is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copilot_cli.client import Client
    from copilot_cli.errors import (
        CopilotChatError,
        FilteredError,
        IncompleteError,
        LimitError,
        NotAllowedError,
        SignInError,
        UsageError,
    )
    from copilot_cli.messages import (
        End,
        Event,
        Notice,
        Reasoning,
        Text,
        ToolCall,
        ToolResult,
        UsageReport,
    )
    from copilot_cli.tools.running import Running
    from copilot_cli.tools.tool import ToolError, tool

__version__ = "0.1.0"

__all__ = [
    "Client",
    "CopilotChatError",
    "End",
    "Event",
    "FilteredError",
    "IncompleteError",
    "LimitError",
    "NotAllowedError",
    "Notice",
    "Reasoning",
    "Running",
    "SignInError",
    "Text",
    "ToolCall",
    "ToolError",
    "ToolResult",
    "UsageError",
    "UsageReport",
    "tool",
]

_ROOMS = {
    "Client": "client",
    "Running": "tools.running",
    "ToolError": "tools.tool",
    "tool": "tools.tool",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room = "errors" if name.endswith("Error") else "messages"
    return getattr(import_module(f"{__name__}.{_ROOMS.get(name, room)}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
