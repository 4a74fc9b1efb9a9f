"""The messages wire, `POST {api}/v1/messages`: how a request is written.

Anthropic's rules: the system's words stand apart, user and assistant take turns, the user has the
last one, no text is blank, and how long the answer may be must be said.
"""

import json
import re
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

from copilot_cli.messages import (
    ImagePart,
    Message,
    ModelInfo,
    Part,
    ReasoningPart,
    Request,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from copilot_cli.wires.reading import parsed, text
from copilot_cli.wires.tool_offer import calls_forbidden, offered, tool_name

NAME = "messages"

DEFAULT_CAP = 8192
"""Tokens: the cap of an answer where nobody named one and the model's own is not known."""

GO_ON = "Go on."
"""What the user says where the conversation ends with an answer."""

_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")
_DEEP = 100
_SEALS = frozenset({"thinking", "redacted_thinking"})


def encode(request: Request, model: ModelInfo | None = None, /) -> dict[str, Any]:
    """Return the body of `request`; `model` says how long an answer may be and how it thinks."""
    known = model.output_tokens if model is not None else None
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_output or known or DEFAULT_CAP,
        "messages": _turns(request.messages),
        "stream": request.stream,
    }
    system = [message.text for message in request.messages if message.role == "system"]
    if any(words.strip() for words in system):
        body["system"] = "\n\n".join(words for words in system if words.strip())
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.stop:
        body["stop_sequences"] = list(request.stop)
    if tools := offered(request):
        from copilot_cli.wires.tool_schemas import parameters

        body["tools"] = [
            {
                "name": tool.name,
                "description": tool.description,
                "input_schema": parameters(tool.parameters),
            }
            for tool in tools
        ]
        if calls_forbidden(request):
            body["tool_choice"] = {"type": "none"}
    return body | _thinking(request, model)


def _thinking(request: Request, model: ModelInfo | None) -> dict[str, Any]:
    """Return the fields for the effort and the form of the answer.

    A model with a thinking budget and no levels of effort gets none: how many tokens a level would
    be is nobody's word.
    """
    fields: dict[str, Any] = {}
    config: dict[str, Any] = {}
    budget_only = model is not None and model.thinking is not None and not model.reasoning
    adaptive = model is not None and model.adaptive_thinking is True
    if request.effort is not None and (adaptive or not budget_only):
        config["effort"] = request.effort
        if adaptive:
            fields["thinking"] = {"type": "adaptive"}
    if request.schema is not None:
        from copilot_cli.wires.answer_schema import closed

        config["format"] = {"type": "json_schema", "schema": closed(request.schema.schema)}
    if config:
        fields["output_config"] = config
    return fields


def _turns(messages: Sequence[Message]) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = []
    for message in messages:
        blocks = [block for part in message.parts for block in _blocks(part)]
        if message.role == "system" or not blocks:
            continue
        role = "assistant" if message.role == "assistant" else "user"
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": role, "content": blocks})
    if not turns or turns[-1]["role"] != "user":
        turns.append({"role": "user", "content": [{"type": "text", "text": GO_ON}]})
    return turns


def _blocks(part: Part) -> Iterator[dict[str, Any]]:
    """Yield the block of `part`, if it has one.

    Thinking goes back only as this wire sealed it: the service checks its signature.
    """
    match part:
        case TextPart(words):
            if words.strip():
                yield {"type": "text", "text": words}
        case ImagePart(media_type, data):
            source = {"type": "base64", "media_type": media_type, "data": data}
            yield {"type": "image", "source": source}
        case ReasoningPart(_, opaque, wire):
            block = parsed(opaque) if opaque is not None and wire == NAME else {}
            if text(block.get("type")) in _SEALS:
                yield block
        case ToolCallPart(call_id, name, arguments):
            yield {
                "type": "tool_use",
                "id": _id(call_id),
                "name": tool_name(name),
                "input": _input(arguments),
            }
        case ToolResultPart(call_id, output, error):
            result = {"type": "tool_result", "tool_use_id": _id(call_id), "content": output}
            yield {**result, "is_error": True} if error else result


def _id(call_id: str) -> str:
    """Return an id as this wire takes it: a call may have been made on another."""
    return _NOT_IN_IDS.sub("_", call_id) or "_"


def _input(arguments: str) -> dict[str, Any]:
    """Return the arguments as an object; what is none goes back as the text that it is."""
    try:
        value = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) and _sendable(value, _DEEP) else {"text": arguments}


def _sendable(value: Any, left: int) -> bool:
    """Return whether JSON has a way to write `value`, and no reader will find it too deep."""
    if isinstance(value, float):
        return isfinite(value)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return left > 0 and all(_sendable(item, left - 1) for item in inner)
