"""The bytes of a chat answer, streamed or whole, in the real shape and with every known oddity.

The real shape (github.com/microsoft/vscode-copilot-chat): a first chunk with empty `choices` and
the prompt's filter results, a chunk with the role, the deltas, a chunk with `finish_reason`, one
with `usage` and empty `choices`, `[DONE]`. Making a delta costs one string escape and one
concatenation, because benchmarks read 100,000 of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any, Final, NamedTuple

from copilot_cli.simulator.reply import CUT, Pause, Step
from copilot_cli.simulator.scenario import Answer

QUIRKS: Final = {
    "crlf": "lines end in CR LF",
    "no_space": "`data:` is not followed by a space",
    "single_newline": "one newline between events",
    "comments": "a comment line after every delta",
    "event_lines": "an `event:` line before every `data:` line",
    "split_utf8": "events with characters beyond ASCII arrive byte by byte",
    "no_done": "no `[DONE]`",
    "no_finish": "no finish_reason and no usage",
    "no_newline_end": "the last line has no newline",
    "null_content": "a delta with null content and null role after the first",
    "null_choices": "null `choices` beside copilot_references after the first delta",
    "bad_json": "a line of broken JSON after the first delta",
    "error": "an error object half-way, and nothing after it",
    "usage_on_finish": "usage on the finish chunk, no chunk of its own",
    "two_choices": "the tool calls come as a second choice",
    "same_index": "all tool calls come at index 0, told apart by their ids",
    "json": "plain JSON instead of a stream",
    "anthropic": "plain JSON in Anthropic's form: content blocks and stop_reason",
}

_SAFE: Final = {
    name: {"filtered": False, "severity": "safe"}
    for name in ("hate", "self_harm", "sexual", "violence")
}
_OFFSETS: Final = {"check_offset": 0, "start_offset": 0, "end_offset": 0}


class Head(NamedTuple):
    """What every chunk of one answer repeats. `created` is in unix seconds."""

    id: str
    created: int
    model: str


def quirks(named: str | Sequence[str]) -> frozenset[str]:
    """The quirks in `named` (a name, several with + between, or a list); ValueError if unknown."""
    names = frozenset(named.split("+") if isinstance(named, str) else named) - {""}
    if unknown := names - QUIRKS.keys():
        raise ValueError(f"unknown quirk {min(unknown)!r}; there are: {', '.join(QUIRKS)}")
    return names


def pieces(text: str) -> list[str]:
    """Text cut as a model would send it, about a word at a time; joined it is the text again."""
    return re.findall(r"\s*\S{1,24}|\s+", text)


def deltas_of(answer: Answer) -> Sequence[str]:
    """The text pieces of an answer."""
    return answer.deltas if answer.deltas is not None else pieces(answer.text or "")


def finish_of(answer: Answer) -> str:
    """How the answer says it ended."""
    return answer.finish or ("tool_calls" if answer.tool_calls else "stop")


def whole(answer: Answer, head: Head, usage: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as one JSON body (not streamed)."""
    text = "".join(deltas_of(answer))
    if "anthropic" in quirks(answer.quirk):
        return _anthropic(text, head, usage)
    message: dict[str, Any] = {"role": "assistant", "content": text or None}
    if answer.reasoning:
        message["reasoning_text"] = answer.reasoning
    calls = [_call(n, *call) for n, call in enumerate(answer.tool_calls)]
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
    return {"choices": choices, **head._asdict(), "prompt_filter_results": filters, **usage}


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


def _call(number: int, name: str, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"id": _call_id(number), "type": "function", "function": function}


def _call_id(number: int) -> str:
    return f"call_simulated{number:010d}"


def _dump(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()


def _string(text: str) -> bytes:
    """`text` as a JSON string in UTF-8, as the service sends it; a lone surrogate is escaped."""
    try:
        return encode_basestring(text).encode()
    except UnicodeEncodeError:
        return json.dumps(text).encode()


class ChatStream:
    """One streamed answer: `steps()` gives what goes over the wire, write by write."""

    def __init__(self, answer: Answer, head: Head, usage: Mapping[str, Any]) -> None:
        self._answer = answer
        self._usage = usage
        self._quirks = quirks(answer.quirk)
        self._tail = b"," + _dump(head._asdict())[1:]
        newline = b"\r\n" if "crlf" in self._quirks else b"\n"
        event = b"event: message" + newline if "event_lines" in self._quirks else b""
        self._open = event + (b"data:" if "no_space" in self._quirks else b"data: ")
        self._close = newline if "single_newline" in self._quirks else newline * 2

    def steps(self) -> Iterator[Step]:
        """The writes of the stream, with the pauses and the cut that the answer asks for."""
        if self._answer.raw is not None:
            steps: Iterator[Step] = self._raw(self._answer.raw)
        else:
            steps = self._events()
        if "no_newline_end" in self._quirks:
            steps = _without_last_newline(steps)
        if self._answer.batch > 1:
            steps = _batched(steps, self._answer.batch)
        return _bytewise(steps) if "split_utf8" in self._quirks else steps

    def _raw(self, raw: bytes) -> Iterator[Step]:
        yield raw
        if self._answer.cut_after is not None:
            yield CUT

    def _events(self) -> Iterator[Step]:
        yield self._frame(
            {
                "choices": [],
                "created": 0,
                "id": "",
                "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": _SAFE}],
            }
        )
        yield self._choice({"content": "", "role": "assistant"})
        interruptions = self._interruptions()
        yield from interruptions.get(0, ())
        for number, event in enumerate(self._content(), 1):
            yield event
            if number in interruptions:
                yield from interruptions[number]
                if CUT in interruptions[number] or number == self._error_at:
                    return
        if 0 not in interruptions or CUT not in interruptions[0]:
            yield from self._end()

    @property
    def _error_at(self) -> int | None:
        if "error" not in self._quirks:
            return None
        return max(1, len(deltas_of(self._answer)) // 2)

    def _interruptions(self) -> dict[int, list[Step]]:
        """What comes after the n-th piece of content beside the content itself."""
        found: dict[int, list[Step]] = {}

        def add(number: int, step: Step) -> None:
            found.setdefault(number, []).append(step)

        if "comments" in self._quirks:
            for number in range(len(deltas_of(self._answer)) + 1):
                add(number, b": keep-alive" + self._close)
        if "bad_json" in self._quirks:
            add(1, self._open + b'{"choices":[{"index":0,"delta":{"conte' + self._close)
        if "null_content" in self._quirks:
            add(1, self._choice({"content": None, "role": None}))
        if "null_choices" in self._quirks:
            add(1, self._frame({"choices": None, "copilot_references": [], "created": 0}))
        if self._error_at is not None:
            failure = {"code": "server_error", "message": "The simulated model failed half-way."}
            add(self._error_at, self._frame({"error": failure}))
        if self._answer.pause_after is not None:
            add(self._answer.pause_after[0], Pause(self._answer.pause_after[1]))
        if self._answer.cut_after is not None:
            add(self._answer.cut_after, CUT)
        return found

    def _content(self) -> Iterator[bytes]:
        for piece in pieces(self._answer.reasoning or ""):
            yield self._choice({"content": None, "reasoning_text": piece})
        if self._answer.reasoning:
            yield self._choice({"content": None, "reasoning_opaque": "c2ltdWxhdGVk"})
        before = (
            self._open
            + b'{"choices":[{"index":0,"content_filter_offsets":'
            + _dump(_OFFSETS)
            + b',"content_filter_results":'
            + _dump(_SAFE)
            + b',"delta":{"content":'
        )
        after = b"}}]" + self._tail + self._close
        for text in deltas_of(self._answer):
            yield before + _string(text) + after
        for number, (name, arguments) in enumerate(self._answer.tool_calls):
            yield from self._tool_pieces(number, name, arguments)

    def _tool_pieces(self, number: int, name: str, arguments: str) -> Iterator[bytes]:
        index = 0 if "same_index" in self._quirks else number
        choice = 1 if "two_choices" in self._quirks else 0
        first = _call(number, name, "") | {"index": index}
        yield self._choice({"content": None, "tool_calls": [first]}, index=choice)
        size = max(1, len(arguments) // 3)
        for start in range(0, len(arguments), size):
            piece = {"index": index, "function": {"arguments": arguments[start : start + size]}}
            yield self._choice({"tool_calls": [piece]}, index=choice)

    def _end(self) -> Iterator[bytes]:
        if "no_finish" not in self._quirks:
            yield from self._finish()
        if "no_done" not in self._quirks:
            yield self._open + b"[DONE]" + self._close

    def _finish(self) -> Iterator[bytes]:
        finish = finish_of(self._answer)
        extra = self._usage if "usage_on_finish" in self._quirks else {}
        if "two_choices" in self._quirks and self._answer.tool_calls:
            yield self._choice({"content": None}, finish="stop")
            yield self._choice({"content": None}, index=1, finish=finish, extra=extra)
        else:
            yield self._choice({"content": None}, finish=finish, extra=extra)
        if not extra:
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
        body = _dump({**data, **(extra or {})})
        if "created" not in data and "error" not in data:
            body = body[:-1] + self._tail
        return self._open + body + self._close


def _batched(steps: Iterator[Step], size: int) -> Iterator[Step]:
    """`size` events in one write; a pause or a cut comes after what was due before it."""
    waiting: list[bytes] = []
    for step in steps:
        if isinstance(step, bytes):
            waiting.append(step)
            if len(waiting) < size:
                continue
        if waiting:
            yield b"".join(waiting)
            waiting.clear()
        if not isinstance(step, bytes):
            yield step
    if waiting:
        yield b"".join(waiting)


def _bytewise(steps: Iterator[Step]) -> Iterator[Step]:
    for step in steps:
        if isinstance(step, bytes) and not step.isascii():
            yield from (step[n : n + 1] for n in range(len(step)))
        else:
            yield step


def _without_last_newline(steps: Iterator[Step]) -> Iterator[Step]:
    held: Step | None = None
    for step in steps:
        if held is not None:
            yield held
        held = step
    if held is not None:
        yield held.rstrip(b"\r\n") if isinstance(held, bytes) else held
