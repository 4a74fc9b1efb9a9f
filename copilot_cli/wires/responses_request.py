"""The responses wire, `POST {api}/responses`: how a request is written.

Nothing is kept at the service (`store: false`), so the whole conversation goes out each time. Items
have no ids, which would name something kept, except reasoning, whose seal is bound to its id.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from copilot_cli.messages import (
    ImagePart,
    Message,
    ModelInfo,
    ReasoningPart,
    Request,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from copilot_cli.wires.images import data_url
from copilot_cli.wires.reading import dicts, parsed, text
from copilot_cli.wires.tool_offer import tool_name

NAME = "responses"


def encode(request: Request, model: ModelInfo | None = None, /) -> dict[str, Any]:
    """Return the body of `request`; `model` says whether it reasons.

    The wire has no field for `stop`: see `responses.decoder`.
    """
    body: dict[str, Any] = {
        "model": request.model,
        "input": [item for message in request.messages for item in _items(message)],
        "stream": request.stream,
        "store": False,
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.max_output is not None:
        body["max_output_tokens"] = request.max_output
    if reasoning := _reasoning(request, model):
        body["reasoning"] = reasoning
    if request.schema is not None:
        from copilot_cli.wires.answer_schema import openai_format

        body["text"] = {"format": {"type": "json_schema", **openai_format(request.schema)}}
    if request.tools:
        body["tools"] = _tools(request)
        if request.tool_choice == "none":
            body["tool_choice"] = "none"
        if model is None or model.reasoning:
            # A model that does not reason refuses it: "Encrypted content is not supported".
            body["include"] = ["reasoning.encrypted_content"]
    return body


def _reasoning(request: Request, model: ModelInfo | None) -> dict[str, str]:
    """Return how hard to think, and whether to tell of it; a model that cannot refuses either."""
    wanted: dict[str, str] = {}
    if request.effort is not None:
        wanted["effort"] = request.effort
    reasons = request.effort is not None or (model is not None and bool(model.reasoning))
    if reasons and request.effort != "none":
        wanted["summary"] = "auto"
    return wanted


def _tools(request: Request) -> list[dict[str, Any]]:
    from copilot_cli.wires.tool_schemas import parameters

    return [
        {
            "type": "function",
            "name": tool.name,
            "description": tool.description,
            "parameters": parameters(tool.parameters),
            "strict": False,  # true is this wire's default, and refuses optional arguments
        }
        for tool in request.tools
    ]


def _items(message: Message) -> Iterator[dict[str, Any]]:
    """Yield what `message` says, and its calls and results, in their order."""
    role = "user" if message.role == "tool" else message.role
    content: list[dict[str, Any]] = []
    for part in message.parts:
        if isinstance(part, TextPart):
            if part.text:
                kind = "output_text" if role == "assistant" else "input_text"
                content.append({"type": kind, "text": part.text})
        elif isinstance(part, ImagePart):
            detail = part.detail or "auto"
            content.append({"type": "input_image", "image_url": data_url(part), "detail": detail})
        else:
            if content:
                yield {"role": role, "content": content}
                content = []
            yield from _item(part)
    if content:
        yield {"role": role, "content": content}


def _item(part: ReasoningPart | ToolCallPart | ToolResultPart) -> Iterator[dict[str, Any]]:
    match part:
        case ToolCallPart(call_id, name, arguments):
            yield {
                "type": "function_call",
                "call_id": call_id,
                "name": tool_name(name),
                "arguments": arguments or "{}",
            }
        case ToolResultPart(call_id, output):
            yield {"type": "function_call_output", "call_id": call_id, "output": output}
        case ReasoningPart(_, opaque, wire):
            item = parsed(opaque) if opaque is not None and wire == NAME else {}
            if item.get("type") == "reasoning":
                yield item


def sealed(item: Mapping[str, Any]) -> str:
    """Return an item of reasoning as `encode` sends it back, nothing if it is not sealed.

    The seal is good only with the id that came beside it, though each event has another; and the
    service wants a summary, which may be empty (community.openai.com/t/1364760).
    """
    encrypted = text(item.get("encrypted_content"))
    if not encrypted:
        return ""
    parts = (text(part.get("text")) for part in dicts(item.get("summary")))
    seal: dict[str, Any] = {
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": part} for part in parts],
        "encrypted_content": encrypted,
    }
    if item_id := text(item.get("id")):
        seal["id"] = item_id
    return json.dumps(seal)
