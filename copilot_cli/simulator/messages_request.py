"""What a request on the messages wire asks for, checked as Anthropic's API checks it.

https://docs.anthropic.com/en/api/messages
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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
    known_only,
    objects,
    prompt_tokens,
    schema_of,
    texts,
)
from copilot_cli.simulator.models import Model

_FIELDS: Final = frozenset({
    "model", "messages", "max_tokens", "system", "stream", "temperature", "top_p", "top_k",
    "stop_sequences", "tools", "tool_choice", "thinking", "output_config", "metadata",
    "service_tier", "context_management", "cache_control",
})  # fmt: skip
_OPTIONS: Final = (
    Option("temperature", ("temperature",)),
    Option("top_p", ("top_p",)),
    Option("stop", ("stop_sequences",)),
    Option("effort", ("output_config", "effort")),
    Option("format", ("output_config", "format")),
    Option("thinking", ("thinking",)),
)
_BLOCKS: Final = {
    "user": ("text", "image", "tool_result", "document"),
    "assistant": ("text", "thinking", "redacted_thinking", "tool_use"),
}
_MOST_MARKS: Final = 4
_LEAST_BUDGET: Final = 1024
_TOOL_ID: Final = re.compile(r"[a-zA-Z0-9_-]+")

Blocks = list[dict[str, Any]]


def check(body: Body, model: Model) -> Asked:
    """What the body asks of the model; Refused if it cannot be answered."""
    known_only(body, _FIELDS, lambda name: _wrong(name, "Extra inputs are not permitted"))
    cap = _cap(body, model)
    turns = _turns(body)
    check_options(model, body, _OPTIONS)
    thinking = _thinking(body, cap)
    check_range(body, "temperature", 1)
    check_range(body, "top_p", 1)
    tools = body.get("tools")
    check_tools(tools, lambda tool: tool.get("name"))
    _check_schemas(objects(tools))
    _check_marks(body, turns)
    config = body.get("output_config")
    wanted = config.get("format") if isinstance(config, Mapping) else None
    system = joined(body.get("system"), "text")
    last = turns[-1][1]
    results = [block for block in last if block["type"] == "tool_result"]
    asked = [blocks for role, blocks in turns if role == "user"]
    said = [_words(blocks) for _, blocks in turns]
    return Asked(
        text=next((text for text in map(_text, reversed(asked)) if text), ""),
        result="\n".join(joined(block.get("content"), "text") for block in results) or None,
        tokens=prompt_tokens([system, *said], model),
        stream=body.get("stream") is True,
        cap=cap,
        stop=texts(body, "stop_sequences", 8192),
        schema=schema_of(wanted, "output_config.format", named=False),
        images=any(block["type"] == "image" for _, blocks in turns for block in blocks),
        echoed=tuple(_echoed(turns)),
        thinking=thinking,
    )


def _wrong(where: str, said: str) -> Refused:
    return Refused(INVALID, f"{where}: {said}", param=where)


def _cap(body: Body, model: Model) -> int:
    if body.get("max_tokens") is None:
        raise _wrong("max_tokens", "Field required")
    cap = integer(body, "max_tokens") or 1
    most = model.max_output
    if most is not None and cap > most:
        said = f"{cap} > {most}, which is the maximum allowed number of output tokens for"
        raise _wrong("max_tokens", f"{said} {model.id}")
    return cap


def _turns(body: Body) -> list[tuple[str, Blocks]]:
    """Every message as its role and its blocks; consecutive ones of a role are one turn."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _wrong("messages", "at least one message is required")
    turns: list[tuple[str, Blocks]] = []
    for number, message in enumerate(messages):
        role, blocks = _message(message, f"messages.{number}")
        if turns and turns[-1][0] == role:
            turns[-1][1].extend(blocks)
        else:
            turns.append((role, blocks))
    if turns[0][0] != "user":
        raise _wrong("messages", 'first message must use the "user" role')
    _check_calls(turns)
    if turns[-1][0] != "user":
        said = "This model does not support assistant message prefill."
        raise Refused(INVALID, f"{said} The conversation must end with a user message.")
    return turns


def _message(message: Any, where: str) -> tuple[str, Blocks]:
    role = message.get("role") if isinstance(message, dict) else None
    if role == "system":
        said = 'Unexpected role "system". The Messages API accepts a top-level `system` parameter'
        raise _wrong("messages", said)
    if role not in _BLOCKS:
        raise _wrong(f"{where}.role", "Input should be 'user' or 'assistant'")
    content = message.get("content")
    given = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if not isinstance(given, list) or not given:
        raise _wrong(where, "all messages must have non-empty content")
    for number, block in enumerate(given):
        _check_block(block, role, f"{where}.content.{number}")
    return role, list(given)


def _check_block(block: Any, role: str, where: str) -> None:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind not in _BLOCKS[role]:
        raise _wrong(where, f"Input tag {kind!r} is not expected in a message of the {role}")
    if kind == "text" and not str(block.get("text") or "").strip():
        raise Refused(INVALID, "messages: text content blocks must be non-empty", param=where)
    needed = {
        "image": ("source",),
        "tool_use": ("id", "name", "input"),
        "tool_result": ("tool_use_id",),
        "thinking": ("signature",),
    }
    for name in needed.get(kind, ()):
        if block.get(name) is None:
            raise _wrong(f"{where}.{kind}.{name}", "Field required")
    if kind == "tool_use" and not isinstance(block["input"], dict):
        raise _wrong(f"{where}.tool_use.input", "Input should be a valid dictionary")
    if kind == "tool_use" and not _TOOL_ID.fullmatch(str(block["id"])):
        raise _wrong(f"{where}.tool_use.id", f"String should match pattern '^{_TOOL_ID.pattern}$'")


def _check_calls(turns: Sequence[tuple[str, Blocks]]) -> None:
    """Every call has its result in the very next turn, and every result its call before."""
    open_calls: list[Any] = []
    for role, blocks in turns:
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if role == "user":
            missing = [call for call in open_calls if call not in results]
            if missing:
                said = "`tool_use` ids were found without `tool_result` blocks immediately after"
                raise Refused(INVALID, f"messages: {said}: {', '.join(missing)}")
            for result in results:
                if result not in open_calls:
                    said = f"unexpected `tool_use_id` found in `tool_result` blocks: {result}"
                    raise Refused(INVALID, f"messages: {said}")
        open_calls = [block["id"] for block in blocks if block["type"] == "tool_use"]


def _thinking(body: Body, cap: int) -> bool:
    """Whether it is to think; a budget leaves room for the answer, and forbids a temperature."""
    given = body.get("thinking")
    if given is None:
        return False
    kind = given.get("type") if isinstance(given, Mapping) else None
    if kind not in ("enabled", "disabled", "adaptive"):
        raise _wrong("thinking", "Input should be 'enabled', 'disabled' or 'adaptive'")
    if kind == "disabled":
        return False
    if kind == "enabled":
        budget = integer(given, "budget_tokens")
        if budget is None or budget < _LEAST_BUDGET:
            said = f"Input should be greater than or equal to {_LEAST_BUDGET}"
            raise _wrong("thinking.enabled.budget_tokens", said)
        if budget >= cap:
            raise _wrong("max_tokens", "`max_tokens` must be greater than `thinking.budget_tokens`")
    if body.get("temperature") not in (None, 1):
        raise _wrong("temperature", "may only be set to 1 when thinking is enabled")
    return True


def _check_schemas(tools: Sequence[Mapping[str, Any]]) -> None:
    for number, tool in enumerate(tools):
        if str(tool.get("type", "custom")) != "custom":
            raise _wrong(f"tools.{number}", f"tools of the type {tool['type']!r} are not supported")
        if not isinstance(tool.get("input_schema"), Mapping):
            raise _wrong(f"tools.{number}.custom.input_schema", "Field required")


def _check_marks(body: Body, turns: Sequence[tuple[str, Blocks]]) -> None:
    places: list[Mapping[str, Any]] = [block for _, blocks in turns for block in blocks]
    for name in ("system", "tools"):
        places += objects(body.get(name))
    marks = sum("cache_control" in place for place in places)
    if marks > _MOST_MARKS:
        said = f"A maximum of {_MOST_MARKS} blocks with cache_control may be provided."
        raise Refused(INVALID, f"{said} Found {marks}.")


def _text(blocks: Blocks) -> str:
    return joined(blocks, "text")


def _words(blocks: Blocks) -> str:
    results = [joined(b.get("content"), "text") for b in blocks if b["type"] == "tool_result"]
    return _text(blocks) + "".join(results)


def _echoed(turns: Sequence[tuple[str, Blocks]]) -> Iterator[tuple[None, str]]:
    for _, blocks in turns:
        for block in blocks:
            if block["type"] == "thinking":
                yield None, str(block["signature"])
