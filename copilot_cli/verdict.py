"""What the end of an answer means for the person: nothing, or an error with its exit code."""

from copilot_cli.errors import CopilotChatError, FilteredError, IncompleteError
from copilot_cli.messages import End

WHY = {
    "length": ("the model's output limit was reached", "ask it to go on"),
    "cut": ("the stream ended before the answer did", "ask again"),
    "stalled": ("nothing more came", "ask again, or raise --timeout-idle"),
    "error": ("the service broke it off", "ask again"),
    "tool_calls": ("the model wants a tool that is not there", None),
}


def verdict(end: End, *, said: bool = True) -> CopilotChatError | None:
    """Return None for a whole answer, else what to tell: what came is on stdout and saved.

    `said` is whether anything came.
    """
    if end.complete:
        return None
    if end.reason == "content_filter":
        struck = f" ({end.detail})" if end.detail else ""
        if not said:
            return FilteredError(
                f"a content filter refused the answer{struck}", hint="ask in other words"
            )
        return FilteredError(f"a content filter cut the answer{struck}")
    why, hint = WHY.get(end.reason, (f"finish reason {end.reason}", None))
    return IncompleteError(f"answer incomplete ({end.detail or why})", hint=hint)
