"""What a chat completion asks for, checked as the service checks it.

https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from copilot_cli.simulator.asked import (
    INVALID,
    Asked,
    Body,
    Option,
    Refused,
    check_options,
    check_range,
    check_tools,
    integer,
    joined,
    objects,
    prompt_tokens,
    schema_of,
    texts,
)
from copilot_cli.simulator.models import Model

_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_OPTIONS: Final = (
    Option("max_tokens", ("max_tokens",)),
    Option("temperature", ("temperature",)),
    Option("top_p", ("top_p",)),
    Option("stop", ("stop",)),
    Option("effort", ("reasoning_effort",)),
    Option("format", ("response_format",)),
)


def check(body: Body, model: Model) -> Asked:
    """What the body asks of the model; Refused if it cannot be answered."""
    messages = _messages(body)
    check_options(model, body, _OPTIONS)
    check_range(body, "temperature", 2)
    check_range(body, "top_p", 1)
    check_tools(body.get("tools"), _tool_name)
    cap = integer(body, "max_completion_tokens") or integer(body, "max_tokens")
    written = body.get("response_format")
    wanted = written if isinstance(written, Mapping) else {}
    last = messages[-1]
    options = body.get("stream_options")
    return Asked(
        text=next((_text(m) for m in reversed(messages) if m.get("role") == "user"), ""),
        result=_text(last) if last.get("role") == "tool" else None,
        tokens=prompt_tokens([_text(message) for message in messages], model),
        stream=body.get("stream") is True,
        cap=cap,
        stop=texts(body, "stop", 4),
        schema=schema_of(wanted.get("json_schema"), "response_format.json_schema"),
        any_json=wanted.get("type") == "json_object",
        images=_images(messages),
        thinking=model.reasons,
        usage=isinstance(options, Mapping) and options.get("include_usage") is True,
    )


def _messages(body: Body) -> Sequence[Mapping[str, Any]]:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused(INVALID, "messages must be a non-empty list", param="messages")
    called: set[str] = set()
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            raise Refused(INVALID, f"{where}: unknown role", param=f"{where}.role")
        content = message.get("content")
        parts = isinstance(content, list) and all(isinstance(part, dict) for part in content)
        calls = message.get("tool_calls")
        empty = content is None and bool(calls)
        if not (isinstance(content, str) or parts or empty):
            raise Refused(INVALID, f"{where}: content is missing", param=f"{where}.content")
        called.update(str(call.get("id")) for call in objects(calls))
        if message["role"] == "tool" and str(message.get("tool_call_id")) not in called:
            said = "messages with role 'tool' must be a response to a preceding message with"
            raise Refused(INVALID, f"{where}: {said} 'tool_calls'", param=f"{where}.role")
    return messages


def _text(message: Mapping[str, Any]) -> str:
    return joined(message.get("content"), "text")


def _tool_name(tool: Mapping[str, Any]) -> Any:
    return (tool.get("function") or {}).get("name")


def _images(messages: Sequence[Mapping[str, Any]]) -> bool:
    parts = [p for m in messages if isinstance(m.get("content"), list) for p in m["content"]]
    return any(part.get("type") == "image_url" for part in parts)
