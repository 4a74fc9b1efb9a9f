"""What few requests of the chat wire hold: images, tools, a schema, reasoning that is echoed.

It stands apart from `chat.py` so that a question of words alone does not wait for its import.
"""

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

from copilot_cli.messages import ImagePart, Part, ReasoningPart, Request, TextPart, ToolCallPart
from copilot_cli.wires.answer_schema import openai_format
from copilot_cli.wires.chat import NAME
from copilot_cli.wires.images import data_url
from copilot_cli.wires.reading import parsed, text
from copilot_cli.wires.tool_offer import calls_forbidden, offered, tool_name
from copilot_cli.wires.tool_schemas import parameters


def wishes(request: Request) -> dict[str, Any]:
    """Return the fields of the body that hold the tools and the form of the answer."""
    fields: dict[str, Any] = {}
    if tools := offered(request):
        fields["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": parameters(tool.parameters),
                },
            }
            for tool in tools
        ]
        if calls_forbidden(request):
            fields["tool_choice"] = "none"
    if request.schema is not None:
        form = openai_format(request.schema)
        fields["response_format"] = {"type": "json_schema", "json_schema": form}
    return fields


def complete(encoded: dict[str, Any], parts: Iterable[Part]) -> None:
    """Add to a message with its text what `parts` hold besides.

    Reasoning goes back only as Copilot sealed it on this wire (microsoft/vscode-copilot-chat): to
    everything else it is no part of the conversation.
    """
    if any(isinstance(part, ImagePart) for part in parts):
        encoded["content"] = _content(parts)
    thoughts = ""
    sealed: dict[str, Any] = {}
    for part in parts:
        if isinstance(part, ReasoningPart) and part.opaque is not None and part.wire == NAME:
            thoughts += part.text
            sealed |= parsed(part.opaque)
    if opaque := text(sealed.get("reasoning_opaque")):
        encoded["reasoning_text"] = thoughts
        encoded["reasoning_opaque"] = opaque
    given = sealed.get("thought_signatures")
    signatures = given if isinstance(given, list) else []
    calls = [part for part in parts if isinstance(part, ToolCallPart)]
    if calls:
        encoded["tool_calls"] = [
            _call(call, text(signature))
            for call, signature in zip_longest(calls, signatures[: len(calls)])
        ]


def _content(parts: Iterable[Part]) -> list[dict[str, Any]]:
    """Return text and images in their order."""
    content: list[dict[str, Any]] = []
    for part in parts:
        if isinstance(part, TextPart) and part.text:
            content.append({"type": "text", "text": part.text})
        elif isinstance(part, ImagePart):
            image = {"url": data_url(part)}
            if part.detail is not None:
                image["detail"] = part.detail
            content.append({"type": "image_url", "image_url": image})
    return content


def _call(call: ToolCallPart, signature: str) -> dict[str, Any]:
    function = {"name": tool_name(call.name), "arguments": call.arguments or "{}"}
    if signature:
        function["thought_signature"] = signature
    return {"id": call.id, "type": "function", "function": function}
