"""The chat-completions wire: `POST {api}/chat/completions`, as Copilot speaks it.

Pure: a request becomes a dict, dicts become events. No HTTP, clock, file or environment. The quirks
each have their source in the function that handles them; the shape is OpenAI's chat completions
with what Copilot adds (first-party evidence: microsoft/vscode-copilot-chat).
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from copilot_cli.messages import (
    Cost,
    End,
    Event,
    Message,
    Notice,
    Reasoning,
    Request,
    Text,
    TextPart,
    ToolCall,
    ToolCallPart,
    ToolResultPart,
    Usage,
    UsageReport,
)

PATH = "/chat/completions"

_REASONING_FIELDS = ("reasoning_text", "reasoning_content", "cot_summary", "thinking")
_SILENT_FIELDS = ("tool_calls", "reasoning_opaque", "cot_id", "signature")
_TOOL_REASONS = {"tool_calls", "function_call"}
_ANTHROPIC_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


class StreamFault(Exception):  # noqa: N818 - the engine turns it into an error of ours
    """The service reported a failure inside a reply that had begun well."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def encode(request: Request) -> dict[str, Any]:
    """Return the body of `request`.

    No token cap and no sampling value is sent unless it was asked for: GPT-5 and the o-series
    refuse `max_tokens` and may refuse `temperature`.
    """
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [m for message in request.messages for m in _encode_message(message)],
        "stream": request.stream,
    }
    if request.stream:
        body["stream_options"] = {"include_usage": True}
    return body


def _encode_message(message: Message) -> Iterator[dict[str, Any]]:
    results = [part for part in message.parts if isinstance(part, ToolResultPart)]
    for result in results:
        yield {"role": "tool", "tool_call_id": result.call_id, "content": result.output}
    if results:
        return
    encoded: dict[str, Any] = {
        "role": message.role,
        "content": "".join(part.text for part in message.parts if isinstance(part, TextPart)),
    }
    calls = [part for part in message.parts if isinstance(part, ToolCallPart)]
    if calls:
        encoded["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments or "{}"},
            }
            for call in calls
        ]
    yield encoded


class Decoder:
    """Turns the objects of one answer into events; `finish` says how it ended.

    The same decoder reads a stream and a whole JSON reply, because a model that cannot stream
    answers a streaming request with one.
    """

    def __init__(self) -> None:
        self._reasons: dict[int, str] = {}
        self._calls = _ToolCalls()
        self._usage: Usage | None = None
        self._cost: Cost | None = None
        self._cited: set[str] = set()
        self.silent_progress = 0

    @property
    def finished(self) -> bool:
        """Whether a finish reason has come: the only sign that an answer is whole."""
        return bool(self._reasons)

    def feed(self, data: Mapping[str, Any]) -> Iterator[Event]:
        """Yield what `data`, one event of the stream or the whole reply, adds to the answer.

        Raises `StreamFault` where it is an error instead.
        """
        choices = data.get("choices")
        if choices and isinstance(choices, list):
            for choice in choices:
                if isinstance(choice, dict):
                    yield from self._choice(choice)
        elif data.get("error"):
            raise _fault(data["error"])
        elif isinstance(data.get("content"), list):
            yield from self._anthropic(data)
        if data.get("usage") or data.get("copilot_usage"):
            self._count(data)
        if "copilot_errors" in data or "copilot_annotations" in data:
            yield from self._remarks(data)

    def finish(self) -> Iterator[Event]:
        """Yield the tool calls, the usage and the end. Call it once, after the last `feed`."""
        calls = list(self._calls.whole())
        yield from calls
        if self._usage is not None or self._cost is not None:
            yield UsageReport(self._usage or Usage(), self._cost)
        yield self._end(wants_tool=bool(calls))

    def _end(self, *, wants_tool: bool) -> End:
        if not self.finished:
            return End("cut", complete=False, detail="the stream ended before the answer did")
        # Claude sends text and tool calls as two choices, the first of them with `stop`.
        reasons = set(self._reasons.values())
        for reason in ("error", "content_filter", "length"):
            if reason in reasons:
                return End(reason, complete=False)
        if wants_tool or reasons & _TOOL_REASONS:
            return End("tool_calls", complete=False)
        return End("stop", complete=True)

    def _choice(self, choice: Mapping[str, Any]) -> Iterator[Event]:
        delta = choice.get("delta") or choice.get("message") or {}
        if isinstance(delta, dict):
            content = delta.get("content")
            if content and isinstance(content, str):
                yield Text(content)
            if len(delta) > 1 or not content:
                yield from self._unusual(delta)
        reason = choice.get("finish_reason")
        if reason and isinstance(reason, str):
            index = choice.get("index")
            self._reasons[index if isinstance(index, int) else 0] = reason

    def _unusual(self, delta: Mapping[str, Any]) -> Iterator[Event]:
        content = delta.get("content")
        if isinstance(content, list):
            yield from _blocks(content)
        if any(delta.get(name) for name in _SILENT_FIELDS):
            self.silent_progress += 1
        for name in _REASONING_FIELDS:
            thought = delta.get(name)
            if isinstance(thought, dict):
                thought = thought.get("text") or thought.get("thinking")
            if thought and isinstance(thought, str):
                yield Reasoning(thought)
                break
        refusal = delta.get("refusal")
        if refusal and isinstance(refusal, str):
            yield Text(refusal)
        calls = delta.get("tool_calls")
        if isinstance(calls, list):
            for piece in calls:
                if isinstance(piece, dict):
                    self._calls.add(piece)

    def _anthropic(self, data: Mapping[str, Any]) -> Iterator[Event]:
        """Recent Claude models sometimes answer in Anthropic's form (BerriAI/litellm#29391)."""
        for block in data["content"]:
            if isinstance(block, dict) and block.get("type") == "tool_use":
                self._calls.add_whole(block)
        yield from _blocks(data["content"])
        reason = data.get("stop_reason")
        if isinstance(reason, str):
            self._reasons[0] = _ANTHROPIC_REASONS.get(reason, reason)

    def _count(self, data: Mapping[str, Any]) -> None:
        usage = data.get("usage")
        if isinstance(usage, dict):
            self._usage = _usage(usage)
        billed = data.get("copilot_usage")
        if isinstance(billed, dict):
            nano = _number(billed.get("total_nano_aiu"))
            if nano is not None:
                self._cost = Cost(nano / 1e9, "credits")

    def _remarks(self, data: Mapping[str, Any]) -> Iterator[Event]:
        for error in _dicts(data.get("copilot_errors")):
            text = error.get("message")
            if isinstance(text, str):
                yield Notice(text)
        annotations = data.get("copilot_annotations")
        found = annotations.get("IPCodeCitations") if isinstance(annotations, dict) else None
        for item in _dicts(found):
            for citation in _dicts(item.get("citations")) or [item]:
                url = citation.get("url")
                if isinstance(url, str) and url not in self._cited:
                    self._cited.add(url)
                    licence = citation.get("license")
                    yield Notice(f"matches public code ({licence or 'licence unknown'}): {url}")


class _ToolCalls:
    """Tool calls put together from pieces.

    A different `id` starts a new call even at the same index; a piece without `id` goes to its
    index, or to the last call if it has none (vscode-copilot-chat matches by id, else last).
    """

    def __init__(self) -> None:
        self._calls: list[dict[str, Any]] = []
        self._by_index: dict[int, dict[str, Any]] = {}

    def add(self, piece: Mapping[str, Any]) -> None:
        """Take one piece of `delta.tool_calls`, or a whole call of `message.tool_calls`."""
        index = piece.get("index")
        call = self._find(piece.get("id"), index if isinstance(index, int) else None)
        function = piece.get("function")
        if isinstance(function, dict):
            name, arguments = function.get("name"), function.get("arguments")
            if isinstance(name, str) and name:
                call["name"] = name
            if isinstance(arguments, str):
                call["arguments"].append(arguments)

    def add_whole(self, block: Mapping[str, Any]) -> None:
        """Take a `tool_use` block of Anthropic's form."""
        import json

        call = self._find(block.get("id"), None)
        call["name"] = str(block.get("name") or "")
        call["arguments"].append(json.dumps(block.get("input") or {}))

    def whole(self) -> Iterator[ToolCall]:
        """Yield the calls in the order in which they began."""
        for number, call in enumerate(self._calls):
            arguments = "".join(call["arguments"]) or "{}"
            yield ToolCall(call["id"] or f"call_{number}", call["name"], arguments)

    def _find(self, call_id: Any, index: int | None) -> dict[str, Any]:
        if isinstance(call_id, str) and call_id:
            for call in self._calls:
                if call["id"] == call_id:
                    return call
        elif index in self._by_index:
            return self._by_index[index]
        elif index is None and self._calls:
            return self._calls[-1]
        call = {"id": call_id if isinstance(call_id, str) else "", "name": "", "arguments": []}
        self._calls.append(call)
        if index is not None:
            self._by_index[index] = call
        return call


def _blocks(blocks: list[Any]) -> Iterator[Event]:
    for block in _dicts(blocks):
        text, thought = block.get("text"), block.get("thinking")
        if isinstance(text, str) and text:
            yield Text(text)
        elif isinstance(thought, str) and thought:
            yield Reasoning(thought)


def _usage(usage: Mapping[str, Any]) -> Usage:
    prompt = usage.get("prompt_tokens_details")
    completion = usage.get("completion_tokens_details")
    prompt = prompt if isinstance(prompt, dict) else {}
    completion = completion if isinstance(completion, dict) else {}
    return Usage(
        input_tokens=_count_of(usage.get("prompt_tokens", usage.get("input_tokens"))),
        output_tokens=_count_of(usage.get("completion_tokens", usage.get("output_tokens"))),
        cached_tokens=_count_of(prompt.get("cached_tokens")),
        cache_write_tokens=_count_of(prompt.get("cache_creation_tokens")),
        reasoning_tokens=_count_of(
            completion.get("reasoning_tokens", usage.get("reasoning_tokens"))
        ),
    )


def _fault(error: Any) -> StreamFault:
    if isinstance(error, dict):
        code, text = error.get("code") or error.get("type"), error.get("message")
        return StreamFault(str(code or "error"), str(text or "no reason given"))
    return StreamFault("error", str(error))


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _count_of(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
