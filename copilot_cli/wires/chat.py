"""The chat-completions wire: `POST {api}/chat/completions`, as Copilot speaks it.

Pure: a request becomes a dict, dicts become events. No HTTP, clock, file or environment. The quirks
each have their source in the function that handles them; the shape is OpenAI's chat completions
with what Copilot adds (first-party evidence: microsoft/vscode-copilot-chat).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from copilot_cli.messages import (
    Cost,
    End,
    Event,
    Message,
    ModelInfo,
    Notice,
    Reasoning,
    Request,
    Text,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    Usage,
    UsageReport,
)
from copilot_cli.wires.stream import StreamFault
from copilot_cli.wires.tool_calls import ToolCalls

PATH = "/chat/completions"
HEADERS: Mapping[str, str] = {}

_REASONING_FIELDS = ("reasoning_text", "reasoning_content", "cot_summary", "thinking")
_SILENT_FIELDS = ("tool_calls", "function_call", "reasoning_opaque", "cot_id", "signature")
_HUGE = 1e15
_TOOL_REASONS = {"tool_calls", "function_call"}
_ANTHROPIC_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


def encode(request: Request, _model: ModelInfo | None = None, /) -> dict[str, Any]:
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
    if request.effort is not None:
        body["reasoning_effort"] = request.effort
    if request.temperature is not None:
        body["temperature"] = request.temperature
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


def decoder(_request: Request, /) -> "Decoder":
    """Return a new decoder for one answer; no request makes a difference to it."""
    return Decoder()


class Decoder:
    """Turns the objects of one answer into events; `finish` says how it ended.

    The same decoder reads a stream and a whole JSON reply, because a model that cannot stream
    answers a streaming request with one.
    """

    def __init__(self) -> None:
        self._reasons: dict[int, str] = {}
        self._filters: list[str] = []
        self._calls = ToolCalls()
        self._usage: Usage | None = None
        self._cost: Cost | None = None
        self._cited: set[str] = set()
        self.silent_progress = 0

    @property
    def finished(self) -> bool:
        """Whether a finish reason has come: the only sign that an answer is whole."""
        return bool(self._reasons)

    def feed(self, data: Mapping[str, Any]) -> list[Event]:
        """Return what `data`, one event of the stream or the whole reply, adds to the answer.

        Raises `StreamFault` where it is an error instead.
        """
        events: list[Event] = []
        choices = data.get("choices")
        if choices and isinstance(choices, list):
            for choice in choices:
                if isinstance(choice, dict):
                    self._choice(choice, events)
        elif data.get("error"):
            raise _fault(data["error"])
        elif isinstance(data.get("content"), list):
            self._anthropic(data, events)
        if data.get("usage") or data.get("copilot_usage"):
            self._count(data)
        if "copilot_errors" in data or "copilot_annotations" in data:
            events += self._remarks(data)
        return events

    def finish(self) -> list[Event]:
        """Return the tool calls, the usage and the end. Call it once, after the last `feed`.

        Of an answer that was cut, no tool call is whole, so none is returned.
        """
        events: list[Event] = [*self._calls.whole()] if self.finished else []
        wants_tool = bool(events)
        if self._usage is not None or self._cost is not None:
            events.append(UsageReport(self._usage or Usage(), self._cost))
        events.append(self._end(wants_tool=wants_tool))
        return events

    def _end(self, *, wants_tool: bool) -> End:
        if not self.finished:
            what = "the stream ended before the answer did"
            return End("cut", complete=False, detail=what, resend=not self._calls.begun)
        # Claude sends text and tool calls as two choices, the first of them with `stop`.
        reasons = set(self._reasons.values())
        for reason in ("error", "content_filter", "length"):
            if reason in reasons:
                filters = ", ".join(self._filters) if reason == "content_filter" else ""
                return End(reason, complete=False, detail=filters or None)
        if wants_tool or reasons & _TOOL_REASONS:
            return End("tool_calls", complete=False)
        return End("stop", complete=True)

    def _choice(self, choice: Mapping[str, Any], events: list[Event]) -> None:
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict):
            content = delta.get("content")
            is_text = isinstance(content, str)
            if content and is_text:
                events.append(Text(content))
            if len(delta) > 1 or not is_text:
                self._unusual(delta, events, whole="message" in choice)
        reason = choice.get("finish_reason")
        if reason and isinstance(reason, str):
            index = choice.get("index")
            self._reasons[index if isinstance(index, int) else 0] = reason
            self._filters += _filters(choice.get("content_filter_results"))

    def _unusual(self, delta: Mapping[str, Any], events: list[Event], *, whole: bool) -> None:
        content = delta.get("content")
        if isinstance(content, list):
            events += _blocks(content)
        if any(delta.get(name) for name in _SILENT_FIELDS):
            self.silent_progress += 1
        for name in _REASONING_FIELDS:
            thought = delta.get(name)
            if isinstance(thought, dict):
                thought = thought.get("text") or thought.get("thinking")
            if thought and isinstance(thought, str):
                events.append(Reasoning(thought))
                break
        refusal = delta.get("refusal")
        if refusal and isinstance(refusal, str):
            events.append(Text(refusal))
        for piece in _dicts(delta.get("tool_calls")):
            self._calls.add(piece, whole=whole)
        legacy = delta.get("function_call")
        if isinstance(legacy, dict):
            self._calls.add({"function": legacy}, whole=whole)

    def _anthropic(self, data: Mapping[str, Any], events: list[Event]) -> None:
        """Recent Claude models sometimes answer in Anthropic's form (BerriAI/litellm#29391)."""
        for block in _dicts(data["content"]):
            if block.get("type") == "tool_use":
                self._calls.add_block(block)
        events += _blocks(data["content"])
        reason = data.get("stop_reason")
        if reason and isinstance(reason, str):
            self._reasons[0] = _ANTHROPIC_REASONS.get(reason, reason)

    def _count(self, data: Mapping[str, Any]) -> None:
        usage = data.get("usage")
        if usage and isinstance(usage, dict):
            self._usage = _usage(usage)
        billed = data.get("copilot_usage")
        if isinstance(billed, dict):
            nano = _number(billed.get("total_nano_aiu"))
            if nano is not None:
                self._cost = Cost(nano / 1e9, "credits")

    def _remarks(self, data: Mapping[str, Any]) -> Iterator[Event]:
        for error in _dicts(data.get("copilot_errors")):
            text = error.get("message")
            if text and isinstance(text, str):
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


def _filters(results: Any) -> list[str]:
    """Return the names of the content filters that struck: hate, violence, ..."""
    if not isinstance(results, dict):
        return []
    return [
        name
        for name, result in results.items()
        if isinstance(result, dict) and result.get("filtered") is True
    ]


def _blocks(blocks: list[Any]) -> Iterator[Event]:
    for block in _dicts(blocks):
        text, thought = block.get("text"), block.get("thinking")
        if isinstance(text, str) and text:
            yield Text(text)
        elif isinstance(thought, str) and thought:
            yield Reasoning(thought)


def _usage(usage: Mapping[str, Any]) -> Usage:
    """Read a `usage` in OpenAI's form, or in Anthropic's, which counts cached input apart."""
    prompt, completion = (
        details if isinstance(details, dict) else {}
        for details in (usage.get("prompt_tokens_details"), usage.get("completion_tokens_details"))
    )
    read, written = (
        _tokens(usage.get(name))
        for name in ("cache_read_input_tokens", "cache_creation_input_tokens")
    )
    fresh = _tokens(usage.get("input_tokens"))
    if fresh is not None:
        fresh += (read or 0) + (written or 0)
    return Usage(
        input_tokens=_first(_tokens(usage.get("prompt_tokens")), fresh),
        output_tokens=_first(
            _tokens(usage.get("completion_tokens")), _tokens(usage.get("output_tokens"))
        ),
        cached_tokens=_first(_tokens(prompt.get("cached_tokens")), read),
        cache_write_tokens=_first(_tokens(prompt.get("cache_creation_tokens")), written),
        reasoning_tokens=_first(
            _tokens(completion.get("reasoning_tokens")), _tokens(usage.get("reasoning_tokens"))
        ),
    )


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def _fault(error: Any) -> StreamFault:
    if isinstance(error, dict):
        code, text = error.get("code") or error.get("type"), error.get("message")
        return StreamFault(str(code or "error"), str(text or "no reason given"))
    return StreamFault("error", str(error))


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _number(value: Any) -> float | None:
    """Return a finite number, of a size that can be one; JSON may hold 10**4000 as well."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -_HUGE < value < _HUGE else None


def _tokens(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
