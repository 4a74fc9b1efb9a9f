"""The runtime's request of a model with our transcript in it. Pure.

The runtime writes the conversation as its session remembers it, each message with the date before
it, sampling that nobody asked for (temperature 1, an effort of `medium` for models that have none)
and schemas in its own form. Of all that nothing is sent: those fields are written by our own wires,
from the transcript. What else it adds is its own business with the service, and stays.
"""

from collections.abc import Mapping
from typing import Any

from copilot_cli.messages import ImagePart, Request
from copilot_cli.wires.table import WIRES, Wire

_CONVERSATION = frozenset({
    "messages", "input", "instructions", "system", "previous_response_id",
    "tools", "tool_choice", "parallel_tool_calls", "functions", "function_call",
})  # fmt: skip
_WISHES = frozenset({
    "temperature", "top_p", "top_k", "n", "seed", "presence_penalty", "frequency_penalty",
    "reasoning", "reasoning_effort", "thinking", "output_config", "verbosity",
    "max_tokens", "max_completion_tokens", "max_output_tokens",
    "stop", "stop_sequences", "response_format", "text", "stream_options",
})  # fmt: skip

_DROPPED = frozenset({
    # of the connection to us, or set again by whoever sends it
    "host", "connection", "content-length", "transfer-encoding", "accept-encoding",
    "accept", "content-type", "x-initiator", "copilot-vision-request",
})  # fmt: skip


def wire_at(path: str) -> Wire | None:
    """Return the wire of a URL's path; None for what is no request of a model."""
    return next((wire for suffix, wire in WIRES.items() if path.endswith(suffix)), None)


def rewritten(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """Return the runtime's body with the conversation and the wishes of our own.

    The model is the runtime's, which knows its name at the service, and so is whether it streams,
    since it reads the reply.
    """
    kept = {key: value for key, value in theirs.items() if key not in _CONVERSATION | _WISHES}
    body = {**kept, **ours, "model": theirs.get("model", ours["model"])}
    body["stream"] = bool(theirs.get("stream"))
    if not body["stream"]:
        body.pop("stream_options", None)
    return body


def headers_of(theirs: Mapping[str, str], request: Request) -> dict[str, str]:
    """Return the runtime's headers, with who began the turn and whether it has an image.

    The runtime takes a question that a session is told anew for the person's, and sees no image.
    """
    headers = {name: value for name, value in theirs.items() if name.lower() not in _DROPPED}
    follows = bool(request.messages) and request.messages[-1].role == "tool"
    headers["X-Initiator"] = "agent" if follows else request.initiator
    if any(isinstance(part, ImagePart) for each in request.messages for part in each.parts):
        headers["Copilot-Vision-Request"] = "true"
    return headers
