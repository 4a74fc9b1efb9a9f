"""The chat-completions wire: `POST {api}/chat/completions`, as Copilot speaks it.

Pure: a request becomes a dict, dicts become events. No HTTP, clock, file or environment. The quirks
each have their source in the function that handles them; the shape is OpenAI's chat completions
with what Copilot adds (first-party evidence: microsoft/vscode-copilot-chat).
"""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from copilot_cli.messages import (
    Cost,
    End,
    Event,
    Message,
    ModelInfo,
    Reasoning,
    Request,
    SealedReasoning,
    Text,
    TextPart,
    ToolResultPart,
    Usage,
    UsageReport,
)
from copilot_cli.wires.reading import Remarks, cost, dicts, fault, text, usage
from copilot_cli.wires.tool_calls import ToolCalls

if TYPE_CHECKING:
    from copilot_cli.wires import messages_api

NAME = "chat"
PATH = "/chat/completions"
HEADERS: Mapping[str, str] = {}

_REASONING_FIELDS = ("reasoning_text", "reasoning_content", "cot_summary", "thinking")
_SILENT_FIELDS = ("tool_calls", "function_call", "reasoning_opaque", "cot_id", "signature")
_TOOL_REASONS = {"tool_calls", "function_call"}
_ANTHROPIC_STREAM = ("message_", "content_block_")


def encode(request: Request, _model: ModelInfo | None = None, /) -> dict[str, Any]:
    """Return the body of `request`.

    No token cap and no sampling value is sent unless it was asked for: GPT-5 and the o-series
    refuse `max_tokens`, for which they have another name, and may refuse `temperature`.
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
    if request.max_output is not None:
        body["max_completion_tokens"] = request.max_output
    if request.stop:
        body["stop"] = list(request.stop)
    tools = request.tools or any(message.role == "tool" for message in request.messages)
    if request.schema is not None or tools:
        from copilot_cli.wires.chat_parts import wishes

        body |= wishes(request)
    return body


def _encode_message(message: Message) -> Iterator[dict[str, Any]]:
    rest = []
    for part in message.parts:
        if isinstance(part, ToolResultPart):
            yield {"role": "tool", "tool_call_id": part.call_id, "content": part.output}
        else:
            rest.append(part)
    if message.parts and not rest:
        return
    encoded: dict[str, Any] = {
        "role": "user" if message.role == "tool" else message.role,
        "content": message.text,
    }
    if not all(isinstance(part, TextPart) for part in rest):
        from copilot_cli.wires.chat_parts import complete

        complete(encoded, rest)
    yield encoded


def decoder(_request: Request, /) -> "Decoder":
    """Return a new decoder for one answer; no request makes a difference to it."""
    return Decoder()


class Decoder:
    """Turns the objects of one answer into events; `finish` says how it ended.

    The same decoder reads a stream and a whole JSON reply, because a model that cannot stream
    answers a streaming request with one.
    """

    done = False

    def __init__(self) -> None:
        self._reasons: dict[int, str] = {}
        self._filters: list[str] = []
        self._calls = ToolCalls()
        self._usage: Usage | None = None
        self._cost: Cost | None = None
        self._opaque = ""
        self._remarks = Remarks()
        self._messages: messages_api.Decoder | None = None
        self.silent_progress = 0

    @property
    def finished(self) -> bool:
        """Whether a finish reason has come: the only sign that an answer is whole."""
        return bool(self._reasons) or (self._messages is not None and self._messages.finished)

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
            raise fault(data["error"])
        elif isinstance(data.get("content"), list):
            self._anthropic(data, events)
        elif text(data.get("type")).startswith(_ANTHROPIC_STREAM):
            return self._of_messages(data)
        if data.get("usage") or data.get("copilot_usage"):
            self._count(data)
        if "copilot_errors" in data or "copilot_annotations" in data:
            events += self._remarks.read(data)
        return events

    def finish(self) -> list[Event]:
        """Return the tool calls, the usage and the end. Call it once, after the last `feed`.

        Of an answer that was cut, no tool call need be whole, so none is returned.
        """
        if self._messages is not None and not self._reasons:
            return self._messages.finish()
        calls = [] if self._cut() else [*self._calls.whole()]
        events: list[Event] = []
        if self.finished:
            events += self._sealed()
        events += calls
        if self._usage is not None or self._cost is not None:
            events.append(UsageReport(self._usage or Usage(), self._cost))
        events.append(self._end(wants_tool=bool(calls)))
        return events

    def _end(self, *, wants_tool: bool) -> End:
        if not self.finished:
            what = "the stream ended before the answer did"
            return End("cut", complete=False, detail=what, resend=not self._calls.begun)
        if reason := self._cut():
            filters = ", ".join(self._filters) if reason == "content_filter" else ""
            return End(reason, complete=False, detail=filters or None)
        if wants_tool or _TOOL_REASONS & set(self._reasons.values()):
            return End("tool_calls", complete=False)
        return End("stop", complete=True)

    def _cut(self) -> str | None:
        """Return why the answer is not whole, as far as a finish reason says so."""
        if not self._reasons:
            return "cut"
        # Claude sends text and tool calls as two choices, the first of them with `stop`.
        reasons = self._reasons.values()
        return next((r for r in ("error", "content_filter", "length") if r in reasons), None)

    def _sealed(self) -> Iterator[Event]:
        """Yield what must be sent back with the tool calls: see `chat_parts.complete`."""
        sealed: dict[str, Any] = {}
        if self._opaque:
            sealed["reasoning_opaque"] = self._opaque
        if signatures := self._calls.signatures():
            sealed["thought_signatures"] = signatures
        if sealed:
            yield SealedReasoning(json.dumps(sealed), NAME)

    def _choice(self, choice: Mapping[str, Any], events: list[Event]) -> None:
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict):
            content = delta.get("content")
            is_text = isinstance(content, str)
            if len(delta) > 1 or not is_text:
                self._unusual(delta, events, whole="message" in choice)
            if content and is_text:
                events.append(Text(content))
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
        self._opaque = text(delta.get("reasoning_opaque")) or self._opaque
        if refusal := text(delta.get("refusal")):
            events.append(Text(refusal))
        for piece in dicts(delta.get("tool_calls")):
            self._calls.add(piece, whole=whole)
        legacy = delta.get("function_call")
        if isinstance(legacy, dict):
            self._calls.add({"function": legacy}, whole=whole)
        if "copilot_annotations" in delta:
            events += self._remarks.read(delta)

    def _anthropic(self, data: Mapping[str, Any], events: list[Event]) -> None:
        """Recent Claude models sometimes answer in Anthropic's form (BerriAI/litellm#29391)."""
        for block in dicts(data["content"]):
            if block.get("type") == "tool_use":
                self._calls.add_block(block)
        events += _blocks(data["content"])
        if reason := text(data.get("stop_reason")):
            from copilot_cli.wires.messages_api import REASONS

            self._reasons[0] = REASONS.get(reason, reason)

    def _of_messages(self, data: Mapping[str, Any]) -> list[Event]:
        """Read one event of that form's own stream."""
        if self._messages is None:
            from copilot_cli.wires.messages_api import Decoder as MessagesDecoder

            self._messages = MessagesDecoder()
        events = self._messages.feed(data)
        self.silent_progress += not events
        self.done = self._messages.done
        return events

    def _count(self, data: Mapping[str, Any]) -> None:
        counted = data.get("usage")
        if counted and isinstance(counted, dict):
            self._usage = usage(counted)
        self._cost = cost(data.get("copilot_usage")) or self._cost


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
    for block in dicts(blocks):
        if said := text(block.get("text")):
            yield Text(said)
        elif thought := text(block.get("thinking")):
            yield Reasoning(thought)
