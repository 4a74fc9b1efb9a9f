"""What a request on the responses wire asks for, checked as the service checks it.

https://platform.openai.com/docs/api-reference/responses/create
"""

from __future__ import annotations

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
)
from copilot_cli.simulator.models import Model

_FIELDS: Final = frozenset({
    "model", "input", "instructions", "stream", "store", "max_output_tokens", "reasoning", "text",
    "tools", "tool_choice", "parallel_tool_calls", "temperature", "top_p", "truncation",
    "include", "prompt_cache_key", "metadata", "user", "safety_identifier", "top_logprobs",
    "stream_options", "previous_response_id", "service_tier",
})  # fmt: skip
_OPTIONS: Final = (
    Option("temperature", ("temperature",)),
    Option("top_p", ("top_p",)),
    Option("effort", ("reasoning", "effort")),
    Option("format", ("text", "format")),
)
_SUMMARIES: Final = (None, "auto", "concise", "detailed")
_INCLUDED: Final = frozenset({"reasoning.encrypted_content", "message.output_text.logprobs"})
_CONTENT: Final = {
    "user": frozenset({"input_text", "input_image", "input_file"}),
    "system": frozenset({"input_text"}),
    "developer": frozenset({"input_text"}),
    "assistant": frozenset({"output_text", "refusal"}),
}
_KINDS: Final = ("message", "function_call", "function_call_output", "reasoning")


def check(body: Body, model: Model) -> Asked:
    """What the body asks of the model; Refused if it cannot be answered."""
    known_only(body, _FIELDS, _unknown)
    items = _items(body)
    check_options(model, body, _OPTIONS)
    check_range(body, "temperature", 2)
    check_range(body, "top_p", 1)
    _check_tools(body)
    reasoning, included = _reasoning(body), _included(body)
    text = body.get("text")
    wanted = (text.get("format") if isinstance(text, Mapping) else None) or {}
    said = [joined(item.get("content"), "input_text", "output_text") for item in items]
    said += [_output(item) for item in items] + [str(body.get("instructions") or "")]
    structured = wanted if wanted.get("type") == "json_schema" else None
    last = items[-1]
    return Asked(
        text=next((_text(item) for item in reversed(items) if item.get("role") == "user"), ""),
        result=_output(last) if last.get("type") == "function_call_output" else None,
        tokens=prompt_tokens(said, model),
        stream=body.get("stream") is True,
        cap=integer(body, "max_output_tokens", least=16),
        schema=schema_of(structured, "text.format"),
        any_json=wanted.get("type") == "json_object",
        images=any(part.get("type") == "input_image" for part in _parts(items)),
        echoed=tuple(_echoed(items)),
        thinking=model.reasons,
        summary=bool(reasoning.get("summary")),
        sealed="reasoning.encrypted_content" in included,
    )


def _unknown(name: str) -> Refused:
    return Refused("unknown_parameter", f"Unknown parameter: '{name}'.", param=name)


def _items(body: Body) -> Sequence[Mapping[str, Any]]:
    given = body.get("input")
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    if not isinstance(given, list) or not given:
        said = "Missing required parameter: 'input'."
        raise Refused("missing_required_parameter", said, param="input")
    called: dict[str, bool] = {}
    for number, item in enumerate(given):
        _check_item(item, f"input[{number}]", called)
    for call_id, answered in called.items():
        if not answered:
            raise Refused(INVALID, f"No tool output found for function call {call_id}.")
    return given


def _check_item(item: Any, where: str, called: dict[str, bool]) -> None:
    if not isinstance(item, dict):
        raise Refused("invalid_type", f"Invalid type for '{where}': an object.", param=where)
    kind = item.get("type", "message" if "role" in item else None)
    if kind not in _KINDS:
        raise _invalid(f"{where}.type", kind, _KINDS)
    if kind == "message":
        _check_message(item, where)
    elif kind == "reasoning":
        _need(item, where, "summary")
    elif kind == "function_call":
        _need(item, where, "call_id", "name", "arguments")
        called[str(item["call_id"])] = False
    else:
        _need(item, where, "call_id", "output")
        if str(item["call_id"]) not in called:
            said = f"No tool call found for function call output with call_id {item['call_id']}."
            raise Refused(INVALID, said, param="input")
        called[str(item["call_id"])] = True


def _check_message(item: Mapping[str, Any], where: str) -> None:
    allowed = _CONTENT.get(str(item.get("role")))
    if allowed is None:
        raise _invalid(f"{where}.role", item.get("role"), _CONTENT)
    content = item.get("content")
    if isinstance(content, str):
        return
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise Refused("invalid_type", f"Invalid type for '{where}.content'.", param=where)
    for number, part in enumerate(content):
        if part.get("type") not in allowed:
            raise _invalid(f"{where}.content[{number}]", part.get("type"), sorted(allowed))


def _need(item: Mapping[str, Any], where: str, *names: str) -> None:
    for name in names:
        if item.get(name) is None:
            said = f"Missing required parameter: '{where}.{name}'."
            raise Refused("missing_required_parameter", said, param=f"{where}.{name}")


def _invalid(where: str, value: Any, known: Any) -> Refused:
    names = ", ".join(f"'{name}'" for name in known)
    said = f"Invalid value: {value!r}. Supported values are: {names}."
    return Refused("invalid_value", said, param=where)


def _check_tools(body: Body) -> None:
    for number, tool in enumerate(objects(body.get("tools"))):
        if tool.get("type") != "function":
            raise _invalid(f"tools[{number}].type", tool.get("type"), ("function",))
        _need(tool, f"tools[{number}]", "name")
    check_tools(body.get("tools"), lambda tool: tool.get("name"))


def _reasoning(body: Body) -> Mapping[str, Any]:
    found = body.get("reasoning") or {}
    if not isinstance(found, Mapping) or found.get("summary") not in _SUMMARIES:
        value = found.get("summary") if isinstance(found, Mapping) else found
        raise _invalid("reasoning.summary", value, _SUMMARIES[1:])
    return found


def _included(body: Body) -> Sequence[Any]:
    found = body.get("include") or []
    if not isinstance(found, list) or not _INCLUDED.issuperset(map(str, found)):
        raise _invalid("include", found, sorted(_INCLUDED))
    return found


def _text(item: Mapping[str, Any]) -> str:
    return joined(item.get("content"), "input_text")


def _output(item: Mapping[str, Any]) -> str:
    return joined(item.get("output"), "input_text")


def _parts(items: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for item in items:
        for name in ("content", "output"):
            if isinstance(item.get(name), list):
                yield from item[name]


def _echoed(items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str | None, str | None]]:
    """What is bound to its credential: reasoning, and the ids of everything."""
    for item in items:
        echoed = None if item.get("id") is None else str(item["id"])
        blob = item.get("encrypted_content") if item.get("type") == "reasoning" else None
        if echoed is not None or blob is not None:
            yield echoed, None if blob is None else str(blob)
