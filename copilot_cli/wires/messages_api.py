"""The messages wire, `POST {api}/v1/messages`: who reads the answers.

Anthropic's form, which Copilot speaks for Claude models too. Pure, as `chat.py` is. Sources: the
`anthropic` package's types for the shape, microsoft/vscode-copilot-chat for what Copilot adds.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from copilot_cli.messages import (
    Cost,
    End,
    Event,
    Reasoning,
    Request,
    SealedReasoning,
    Text,
    ToolCall,
    UsageReport,
)
from copilot_cli.wires.messages_request import NAME, encode
from copilot_cli.wires.reading import Remarks, cost, dicts, fault, table, text, usage

__all__ = ["HEADERS", "Decoder", "decoder", "encode"]

HEADERS: Mapping[str, str] = {"anthropic-version": "2023-06-01"}

REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
"""Why an answer ended, in Anthropic's words and in those of chat completions."""


def decoder(_request: Request, /) -> "Decoder":
    """Return a new decoder for one answer; no request makes a difference to it."""
    return Decoder()


class _Block:
    """One block of the answer: text, thinking, or the call of a tool."""

    __slots__ = ("pieces", "signature", "start")

    def __init__(self, start: Mapping[str, Any]) -> None:
        self.start = start
        self.pieces: list[str] = []
        self.signature = text(start.get("signature"))

    @property
    def kind(self) -> str:
        return text(self.start.get("type"))

    def sealed(self) -> dict[str, str] | None:
        """Return the block as it must be sent back, if it is one that must."""
        if self.kind == "redacted_thinking":
            return {"type": self.kind, "data": text(self.start.get("data"))}
        if self.kind == "thinking" and self.signature:
            thought = text(self.start.get("thinking")) + "".join(self.pieces)
            return {"type": self.kind, "thinking": thought, "signature": self.signature}
        return None

    def arguments(self) -> str:
        """Return the arguments of a call: streamed in pieces, or given with the block."""
        if not self.pieces:
            # Nesting that was just shallow enough to be read may be too deep to be written.
            with suppress(RecursionError):
                return json.dumps(table(self.start.get("input")))
        return "".join(self.pieces) or "{}"


class Decoder:
    """Turns the objects of one answer into events; `finish` says how it ended.

    The same decoder reads a stream and a whole JSON reply. Thinking that is signed comes a second
    time as `SealedReasoning`, block by block: each is to be sent back as it is, in its place.
    """

    def __init__(self) -> None:
        self._blocks: dict[int, _Block] = {}
        self._calls: list[_Block] = []
        self._reason = ""
        self._detail: str | None = None
        self._counts: dict[str, Any] = {}
        self._cost: Cost | None = None
        self._thought = False
        self._remarks = Remarks()
        self._whole = False
        self.done = False
        self.silent_progress = 0

    @property
    def finished(self) -> bool:
        """Whether the end of the message has come: a stop reason alone is not it."""
        return self.done or self._whole

    def feed(self, data: Mapping[str, Any]) -> list[Event]:
        """Return what `data`, one event of the stream or the whole reply, adds to the answer.

        Raises `StreamFault` where it is an error instead.
        """
        events: list[Event] = []
        match data.get("type"):
            case "content_block_start":
                self._start(_index(data), table(data.get("content_block")), events)
            case "content_block_delta":
                self._delta(_index(data), table(data.get("delta")), events)
            case "content_block_stop":
                self._stop(_index(data), events)
            case "message_start":
                self._count(table(data.get("message")))
            case "message_delta":
                self._end_of(table(data.get("delta")))
                self._count(data)
            case "message_stop":
                self.done = True
                self._count(data)
            case _:
                self._other(data, events)
        if "copilot_annotations" in data or "copilot_errors" in data:
            events += self._remarks.read(data)
        return events

    def finish(self) -> list[Event]:
        """Return the tool calls, the usage and the end. Call it once, after the last `feed`.

        Of an answer that was cut, no tool call need be whole, so none is returned.
        """
        events: list[Event] = []
        reason = self._why()
        if reason in {"stop", "tool_calls"}:
            events += self._tool_calls()
            if events:
                reason = "tool_calls"
        if self._counts or self._cost is not None:
            events.append(UsageReport(usage(self._counts), self._cost))
        events.append(self._end(reason))
        return events

    def _why(self) -> str:
        if not self.finished:
            return "cut"
        reason = REASONS.get(self._reason, "stop")
        return "tool_calls" if reason == "stop" and self._calls else reason

    def _end(self, reason: str) -> End:
        if reason == "cut":
            what = "the stream ended before the answer did"
            return End("cut", complete=False, detail=what, resend=not self._calls)
        detail = self._detail if reason == "content_filter" else None
        return End(reason, complete=reason == "stop", detail=detail)

    def _tool_calls(self) -> Iterator[ToolCall]:
        for number, call in enumerate(self._calls):
            call_id = text(call.start.get("id")) or f"call_{number}"
            yield ToolCall(call_id, text(call.start.get("name")), call.arguments())

    def _start(self, index: int, start: Mapping[str, Any], events: list[Event]) -> None:
        block = self._blocks[index] = _Block(start)
        if block.kind == "tool_use":
            self._calls.append(block)
            self.silent_progress += 1
        elif block.kind == "thinking":
            if self._thought:
                events.append(Reasoning("\n\n"))
            self._think(text(start.get("thinking")), events)
        elif block.kind == "redacted_thinking":
            self.silent_progress += 1
        elif said := text(start.get("text")):
            events.append(Text(said))

    def _delta(self, index: int, delta: Mapping[str, Any], events: list[Event]) -> None:
        block = self._blocks.get(index)
        if said := text(delta.get("text")):
            events.append(Text(said))
        elif thought := text(delta.get("thinking")):
            self._think(thought, events)
            if block is not None:
                block.pieces.append(thought)
        elif block is not None:
            self.silent_progress += 1
            block.signature += text(delta.get("signature"))
            block.pieces.append(text(delta.get("partial_json")))

    def _think(self, thought: str, events: list[Event]) -> None:
        if thought:
            self._thought = True
            events.append(Reasoning(thought))

    def _stop(self, index: int, events: list[Event]) -> None:
        block = self._blocks.pop(index, None)
        sealed = block.sealed() if block is not None else None
        if sealed is not None:
            events.append(SealedReasoning(json.dumps(sealed), NAME))

    def _other(self, data: Mapping[str, Any], events: list[Event]) -> None:
        """Take a whole reply, or a failure; whatever else comes is passed over, as is `ping`."""
        if data.get("type") == "error" or data.get("error"):
            raise fault(data.get("error") or data)
        if isinstance(data.get("content"), list):
            for index, block in enumerate(dicts(data["content"])):
                self._start(index, block, events)
                self._stop(index, events)
            self._end_of(data)
            self._count(data)
            self._whole = bool(self._reason)

    def _end_of(self, delta: Mapping[str, Any]) -> None:
        self._reason = text(delta.get("stop_reason")) or self._reason
        details = table(delta.get("stop_details"))
        said = text(details.get("explanation")) or text(details.get("category"))
        self._detail = said or self._detail

    def _count(self, data: Mapping[str, Any]) -> None:
        """Take the figures of one event: each is a sum so far, and a zero may mean nothing."""
        for name, value in table(data.get("usage")).items():
            if value or name not in self._counts:
                self._counts[name] = value
        self._cost = cost(data.get("copilot_usage")) or self._cost


def _index(data: Mapping[str, Any]) -> int:
    index = data.get("index")
    return index if isinstance(index, int) else -1
