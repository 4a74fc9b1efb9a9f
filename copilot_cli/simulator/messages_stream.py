"""The bytes of an answer on the messages wire, streamed or whole, as Anthropic writes them.

https://docs.anthropic.com/en/docs/build-with-claude/streaming
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from copilot_cli.simulator.framing import (
    FAILURE,
    Head,
    TypedStream,
    deltas_of,
    finish_of,
    pieces,
    quirks,
    string,
    text_of,
    thirds,
)
from copilot_cli.simulator.scenario import Answer

_REASONS: Final = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}

Seal = Callable[[], str]
"""Gives the signature of a thinking block."""


def _stop(answer: Answer) -> str:
    if answer.refusal is not None:
        return "refusal"
    if answer.stopped is not None:
        return "stop_sequence"
    return _REASONS.get(finish_of(answer), finish_of(answer))


def _said(answer: Answer) -> str:
    return text_of(answer) + (answer.refusal or "")


def _blocks(answer: Answer, seal: Seal) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    if answer.reasoning:
        shown = "" if "empty_summary" in quirks(answer.quirk) else answer.reasoning
        made.append({"type": "thinking", "thinking": shown, "signature": seal()})
    if _said(answer):
        made.append({"type": "text", "text": _said(answer)})
    tail = secrets.token_hex(8)
    for number, (name, arguments) in enumerate(answer.tool_calls):
        call = {"type": "tool_use", "id": f"toolu_{tail}{number:04d}", "name": name}
        made.append(call | {"input": _decoded(arguments)})
    return made


def _decoded(arguments: str) -> Any:
    try:
        return json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return {}  # what is no JSON can only be streamed


def _message(head: Head, content: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    shape = {"type": "message", "role": "assistant", "model": head.model, "content": content}
    return {"id": head.id, **shape, "stop_reason": None, "stop_sequence": None, **more}


def whole(answer: Answer, head: Head, usage: Mapping[str, Any], seal: Seal) -> dict[str, Any]:
    """The answer as one JSON body (not streamed)."""
    ended = {"stop_reason": _stop(answer), "stop_sequence": answer.stopped}
    return _message(head, _blocks(answer, seal)) | ended | dict(usage)


class MessagesStream(TypedStream):
    """One streamed answer of the messages wire."""

    def __init__(self, answer: Answer, head: Head, usage: Mapping[str, Any], seal: Seal) -> None:
        super().__init__(answer)
        self._head = head
        self._usage = usage
        self._seal = seal

    def before(self) -> Iterator[bytes]:
        """The message as it starts out, and a ping."""
        counts = {**self._usage.get("usage", {}), "output_tokens": 1}
        yield self.event("message_start", message=_message(self._head, [], usage=counts))
        yield self.event("ping")

    def failure(self, *, nested: bool) -> bytes:
        """An `error` event; it is always nested here."""
        del nested
        said = {"type": "api_error", "message": FAILURE["message"]}
        return self.typed("error", {"error": said})

    def content(self) -> Iterator[bytes]:
        """Every block: start, deltas, stop."""
        calls = iter(self.answer.tool_calls)
        for index, block in enumerate(_blocks(self.answer, self._seal)):
            kind = block["type"]
            if kind == "thinking":
                started = {"type": kind, "thinking": "", "signature": ""}
                deltas = self._thinking(index, block)
            elif kind == "text":
                started = {"type": kind, "text": ""}
                deltas = self._text(index)
            else:
                started = {**block, "input": {}}
                deltas = self._input(index, next(calls)[1])
            yield self.event("content_block_start", index=index, content_block=started)
            yield from deltas
            yield self.event("content_block_stop", index=index)

    def _thinking(self, index: int, block: Mapping[str, Any]) -> Iterator[bytes]:
        for piece in pieces(block["thinking"]):
            yield self._delta(index, {"type": "thinking_delta", "thinking": piece})
        yield self._delta(index, {"type": "signature_delta", "signature": block["signature"]})

    def _text(self, index: int) -> Iterator[bytes]:
        """The text, each delta for the price of one string escape and one concatenation."""
        shape = b'{"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":'
        opened = self.opened("content_block_delta") + shape % index
        closed = b"}}" + self.close
        for text in [*deltas_of(self.answer), *pieces(self.answer.refusal or "")]:
            yield opened + string(text) + closed

    def _input(self, index: int, arguments: str) -> Iterator[bytes]:
        for piece in ("", *thirds(arguments)):
            yield self._delta(index, {"type": "input_json_delta", "partial_json": piece})

    def _delta(self, index: int, delta: Mapping[str, Any]) -> bytes:
        return self.typed("content_block_delta", {"index": index, "delta": delta})

    def ending(self) -> Iterator[bytes]:
        """Why it stopped, what it used, and that it is over."""
        if "failed" in self.quirks:
            yield self.failure(nested=True)
        if self.quirks & {"no_finish", "failed", "cancelled"}:
            return
        ended = {"stop_reason": _stop(self.answer), "stop_sequence": self.answer.stopped}
        yield self.event("message_delta", delta=ended, **self._usage)
        yield self.event("message_stop")
