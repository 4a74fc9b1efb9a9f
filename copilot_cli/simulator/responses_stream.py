"""The bytes of an answer on the responses wire, streamed or whole.

The events are OpenAI's (https://platform.openai.com/docs/api-reference/responses-streaming), with
what is told of Copilot's: an item's id differs from event to event, a summary may be empty or late,
`[DONE]` may come or not.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from copilot_cli.simulator.framing import (
    FAILURE,
    Head,
    TypedStream,
    deltas_of,
    finish_of,
    pieces,
    string,
    text_of,
    thirds,
)
from copilot_cli.simulator.scenario import Answer
from copilot_cli.simulator.seals import Item

_REASONS: Final = {"length": "max_output_tokens", "content_filter": "content_filter"}


class Form(NamedTuple):
    """What the request wants of an answer, and who makes its items.

    `summary`: the reasoning is to be summed up; `sealed`: its encrypted form is to come along;
    `item` makes a new item, its argument is the prefix of an id that does not change ("rs").
    """

    item: Callable[[str], Item]
    summary: bool = True
    sealed: bool = True
    changing: bool = True


class _Part(NamedTuple):
    """One output item as it will be: its kind, its text or arguments, its name."""

    kind: str
    text: str
    item: Item
    name: str = ""
    call_id: str = ""


def _parts(answer: Answer, form: Form) -> list[_Part]:
    changing = form.changing and "same_ids" not in _quirks(answer)

    def item(prefix: str) -> Item:
        return form.item("" if changing else prefix)

    made: list[_Part] = []
    if answer.reasoning:
        made.append(_Part("reasoning", answer.reasoning, item("rs")))
    if answer.refusal is not None:
        made.append(_Part("refusal", answer.refusal, item("msg")))
    elif deltas_of(answer) or not (answer.tool_calls or answer.reasoning):
        made.append(_Part("message", text_of(answer), item("msg")))
    tail = secrets.token_hex(8)
    for number, (name, arguments) in enumerate(answer.tool_calls):
        call_id = f"call_{tail}{number:04d}"
        made.append(_Part("function_call", arguments, item("fc"), name, call_id))
    return made


def _quirks(answer: Answer) -> frozenset[str]:
    named = answer.quirk
    return frozenset(named.split("+") if isinstance(named, str) else named)


def _written(part: _Part, form: Form, answer: Answer, status: str = "completed") -> dict[str, Any]:
    """An item in full, as the done events and the whole answer bring it."""
    if part.kind == "reasoning":
        summed = form.summary and "empty_summary" not in _quirks(answer)
        summary = [{"type": "summary_text", "text": part.text}] if summed else []
        said = {"id": part.item.id(), "type": "reasoning", "summary": summary}
        return said | ({"encrypted_content": part.item.blob} if form.sealed else {})
    if part.kind == "function_call":
        called = {"call_id": part.call_id, "name": part.name, "arguments": part.text}
        return {"id": part.item.id(), "type": "function_call", "status": status, **called}
    shape = {"type": "message", "role": "assistant", "status": status}
    return {"id": part.item.id(), **shape, "content": [_content(part.kind, part.text)]}


def _content(kind: str, text: str) -> dict[str, Any]:
    if kind == "refusal":
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _state(answer: Answer) -> tuple[str, dict[str, Any]]:
    """The status of the response, and the fields that say more of it."""
    found = _quirks(answer)
    if "failed" in found:
        return "failed", {"error": FAILURE}
    if "cancelled" in found:
        return "cancelled", {}
    reason = _REASONS.get(finish_of(answer))
    if reason is not None:
        return "incomplete", {"incomplete_details": {"reason": reason}}
    return "completed", {}


def _response(head: Head, status: str, output: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "id": head.id,
        "object": "response",
        "created_at": head.created,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "model": head.model,
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": None,
        **more,
    }


def whole(answer: Answer, head: Head, usage: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """The answer as one JSON body (not streamed)."""
    status, more = _state(answer)
    output = [_written(part, form, answer) for part in _parts(answer, form)]
    return _response(head, status, output, **more, **usage)


class ResponsesStream(TypedStream):
    """One streamed answer of the responses wire."""

    def __init__(self, answer: Answer, head: Head, usage: Mapping[str, Any], form: Form) -> None:
        super().__init__(answer)
        self._head = head
        self._usage = usage
        self._form = form
        self._parts = _parts(answer, form)
        self._sequence = -1

    def typed(self, kind: str, data: Mapping[str, Any]) -> bytes:
        """An event, numbered as all of them are."""
        self._sequence += 1
        return super().typed(kind, {"sequence_number": self._sequence, **data})

    def before(self) -> Iterator[bytes]:
        """The response as it starts out."""
        for kind in ("response.created", "response.in_progress"):
            yield self.event(kind, response=_response(self._head, "in_progress", []))

    def failure(self, *, nested: bool) -> bytes:
        """An `error` event: flat as OpenAI's, or nested as Copilot's websocket has it."""
        said: dict[str, Any] = {"error": FAILURE} if nested else {**FAILURE, "param": None}
        return self.typed("error", said)

    def content(self) -> Iterator[bytes]:
        """Every item: added, its deltas, done."""
        for index, part in enumerate(self._parts):
            started = _written(part._replace(text=""), self._form, self.answer, "in_progress")
            yield self.event("response.output_item.added", output_index=index, item=_empty(started))
            if part.kind == "reasoning":
                yield from self._reasoning(index, part)
            elif part.kind == "function_call":
                yield from self._arguments(index, part)
            else:
                yield from self._text(index, part)
            done = _written(part, self._form, self.answer)
            yield self.event("response.output_item.done", output_index=index, item=done)

    def _reasoning(self, index: int, part: _Part) -> Iterator[bytes]:
        late = self.quirks & {"empty_summary", "late_summary"}
        if late or not self._form.summary:
            return
        at = {"output_index": index, "summary_index": 0}
        kind = "response.reasoning_summary_"
        empty = {"type": "summary_text", "text": ""}
        yield self.event(f"{kind}part.added", item_id=part.item.id(), **at, part=empty)
        for piece in pieces(part.text):
            said = {"item_id": part.item.id(), **at, "delta": piece}
            yield self.typed(f"{kind}text.delta", said)
        yield self.event(f"{kind}text.done", item_id=part.item.id(), **at, text=part.text)
        whole_part = {"type": "summary_text", "text": part.text}
        yield self.event(f"{kind}part.done", item_id=part.item.id(), **at, part=whole_part)

    def _text(self, index: int, part: _Part) -> Iterator[bytes]:
        at = {"output_index": index, "content_index": 0}
        added = {**at, "part": _content(part.kind, "")}
        yield self.event("response.content_part.added", item_id=part.item.id(), **added)
        refused = part.kind == "refusal"
        kind = "response.refusal" if refused else "response.output_text"
        yield from self._deltas(index, part, kind)
        done = {**at, "refusal" if refused else "text": part.text}
        yield self.event(f"{kind}.done", item_id=part.item.id(), **done)
        ended = {**at, "part": _content(part.kind, part.text)}
        yield self.event("response.content_part.done", item_id=part.item.id(), **ended)

    def _deltas(self, index: int, part: _Part, kind: str) -> Iterator[bytes]:
        """The text, each delta for the price of one string escape and one formatting."""
        opened = self.opened(f"{kind}.delta") + f'{{"type":"{kind}.delta"'.encode()
        middle = b',"output_index":%d,"content_index":0,"delta":' % index
        after = b',"obfuscation":"%b"}' + self.close
        texts = deltas_of(self.answer) if part.kind == "message" else pieces(part.text)
        for text in texts:
            self._sequence += 1
            name = part.item.id().encode()
            yield (
                opened
                + b',"sequence_number":%d,"item_id":"%b"' % (self._sequence, name)
                + middle
                + string(text)
                + after % name[: 16 - len(text) % 16]
            )

    def _arguments(self, index: int, part: _Part) -> Iterator[bytes]:
        kind = "response.function_call_arguments"
        for piece in thirds(part.text):
            shown = secrets.token_urlsafe(12) if "cipher_arguments" in self.quirks else piece
            said = {"item_id": part.item.id(), "output_index": index, "delta": shown}
            yield self.typed(f"{kind}.delta", said | {"obfuscation": "simulated"})
        said = {"item_id": part.item.id(), "output_index": index, "name": part.name}
        yield self.event(f"{kind}.done", **said, arguments=part.text)

    def ending(self) -> Iterator[bytes]:
        """The terminal event, which brings everything once more."""
        if "no_finish" in self.quirks:
            return
        status, more = _state(self.answer)
        output = [_written(part, self._form, self.answer) for part in self._parts]
        counts = {name: value for name, value in self._usage.items() if name != "copilot_usage"}
        beside = {n: v for n, v in self._usage.items() if n == "copilot_usage"}
        response = _response(self._head, status, output, **more, **counts)
        yield self.event(f"response.{status}", response=response, **beside)


def _empty(item: dict[str, Any]) -> dict[str, Any]:
    """An item as it is when it is added: without its content and summary."""
    return {**item, **{name: [] for name in ("content", "summary") if name in item}}
