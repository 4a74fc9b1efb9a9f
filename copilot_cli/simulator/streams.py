"""The bytes of a chat answer, streamed or whole, in the real shape and with every known oddity.

The real shape (github.com/microsoft/vscode-copilot-chat): a first chunk with empty `choices` and
the prompt's filter results, a chunk with the role, the deltas, a chunk with `finish_reason`, one
with `usage` and empty `choices`, `[DONE]`. Making a delta costs one string escape and one
concatenation, because benchmarks read 100,000 of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from copilot_cli.simulator.framing import (
    FAILURE,
    EventStream,
    Head,
    deltas_of,
    dump,
    finish_of,
    pieces,
    quirks,
    string,
    text_of,
    thirds,
)
from copilot_cli.simulator.scenario import Answer

_SAFE: Final = {
    name: {"filtered": False, "severity": "safe"}
    for name in ("hate", "self_harm", "sexual", "violence")
}
_OFFSETS: Final = {"check_offset": 0, "start_offset": 0, "end_offset": 0}
_OPAQUE: Final = "c2ltdWxhdGVk"


def whole(answer: Answer, head: Head, usage: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as one JSON body (not streamed)."""
    text = text_of(answer)
    if "anthropic" in quirks(answer.quirk):
        return _anthropic(text, head, usage)
    message: dict[str, Any] = {"role": "assistant", "content": text or None}
    if answer.refusal is not None:
        message["refusal"] = answer.refusal
    if answer.reasoning:
        message["reasoning_text"] = answer.reasoning
    calls = [_call(head, n, *call) for n, call in enumerate(answer.tool_calls)]
    finish = finish_of(answer)
    first = {"index": 0, "message": message, "finish_reason": finish}
    choices = [first | {"content_filter_results": _SAFE}]
    if calls and "two_choices" in quirks(answer.quirk):
        choices[0]["finish_reason"] = "stop"
        second = {"role": "assistant", "content": None, "tool_calls": calls}
        choices.append({"index": 1, "message": second, "finish_reason": finish})
    elif calls:
        message["tool_calls"] = calls
    filters = [{"prompt_index": 0, "content_filter_results": _SAFE}]
    return {"choices": choices, **head.fields(), "prompt_filter_results": filters, **usage}


def _anthropic(text: str, head: Head, usage: Mapping[str, Any]) -> dict[str, Any]:
    counts = usage.get("usage") or {}
    return {
        "id": head.id,
        "type": "message",
        "role": "assistant",
        "model": head.model,
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": {
            "input_tokens": counts.get("prompt_tokens", 0),
            "output_tokens": counts.get("completion_tokens", 0),
        },
    }


def _call(head: Head, number: int, name: str, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"id": f"call_{head.id[-12:]}{number:04d}", "type": "function", "function": function}


class ChatStream(EventStream):
    """One streamed answer of the chat wire."""

    named = False
    done = True

    def __init__(self, answer: Answer, head: Head, usage: Mapping[str, Any]) -> None:
        super().__init__(answer)
        self._head = head
        self._usage = usage
        self._tail = b"," + dump(head.fields(".chunk"))[1:]
        self._open = self.opened()

    def before(self) -> Iterator[bytes]:
        """The prompt's filter results, and the role."""
        filters = [{"prompt_index": 0, "content_filter_results": _SAFE}]
        yield self._frame({"choices": [], "created": 0, "id": "", "prompt_filter_results": filters})
        yield self._choice({"content": "", "role": "assistant"})

    def failure(self, *, nested: bool) -> bytes:
        """An error object in a chunk's place; it is always nested here."""
        del nested
        return self._frame({"error": FAILURE})

    def unknown(self) -> bytes:
        """A chunk with fields that no client knows."""
        return self._frame({"choices": [], "telepathy": {"nested": [None, "?"]}})

    def oddities(self) -> dict[str, Callable[[], bytes]]:
        """Nulls where a client would not look for them, beside what all wires have."""
        return {
            **super().oddities(),
            "null_content": lambda: self._choice({"content": None, "role": None}),
            "null_choices": lambda: self._frame(
                {"choices": None, "copilot_references": [], "created": 0}
            ),
        }

    def content(self) -> Iterator[bytes]:
        """Reasoning, text, refusal and tool calls."""
        if self.answer.reasoning and "empty_summary" not in self.quirks:
            for piece in pieces(self.answer.reasoning):
                yield self._choice({"content": None, "reasoning_text": piece})
        if self.answer.reasoning:
            yield self._choice({"content": None, "reasoning_opaque": _OPAQUE})
        before = (
            self._open
            + b'{"choices":[{"index":0,"content_filter_offsets":'
            + dump(_OFFSETS)
            + b',"content_filter_results":'
            + dump(_SAFE)
            + b',"delta":{"content":'
        )
        after = b"}}]" + self._tail + self.close
        for text in deltas_of(self.answer):
            yield before + string(text) + after
        for piece in pieces(self.answer.refusal or ""):
            yield self._choice({"refusal": piece})
        for number, (name, arguments) in enumerate(self.answer.tool_calls):
            yield from self._tool_pieces(number, name, arguments)

    def _tool_pieces(self, number: int, name: str, arguments: str) -> Iterator[bytes]:
        index = 0 if "same_index" in self.quirks else number
        choice = 1 if "two_choices" in self.quirks else 0
        first = _call(self._head, number, name, "") | {"index": index}
        yield self._choice({"content": None, "tool_calls": [first]}, index=choice)
        for part in thirds(arguments):
            piece = {"index": index, "function": {"arguments": part}}
            yield self._choice({"tool_calls": [piece]}, index=choice)

    def ending(self) -> Iterator[bytes]:
        """The finish reason and the usage."""
        if "failed" in self.quirks:
            yield self.failure(nested=True)
        if self.quirks & {"no_finish", "failed", "cancelled"}:
            return
        finish = finish_of(self.answer)
        extra = self._usage if "usage_on_finish" in self.quirks else {}
        if "two_choices" in self.quirks and self.answer.tool_calls:
            yield self._choice({"content": None}, finish="stop")
            yield self._choice({"content": None}, index=1, finish=finish, extra=extra)
        else:
            yield self._choice({"content": None}, finish=finish, extra=extra)
        if self._usage and not extra:
            yield self._frame({"choices": []}, self._usage)

    def _choice(
        self,
        delta: Mapping[str, Any],
        *,
        index: int = 0,
        finish: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> bytes:
        choice: dict[str, Any] = {"index": index, "delta": delta}
        if finish is not None:
            choice |= {"finish_reason": finish, "content_filter_offsets": _OFFSETS}
        return self._frame({"choices": [choice]}, extra)

    def _frame(self, data: Mapping[str, Any], extra: Mapping[str, Any] | None = None) -> bytes:
        """One event; the head is added unless the event brings a `created` of its own."""
        body = dump({**data, **(extra or {})})
        if "created" not in data and "error" not in data:
            body = body[:-1] + self._tail
        return self._open + body + self.close
