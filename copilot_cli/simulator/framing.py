"""What the streams of all wires have in common: how events are framed, where they break, quirks.

A stream is an iterator of steps: writes, pauses, a cut. A wire's own file says which events there
are; here they are framed, counted and interrupted as the answer's script asks for.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any, Final, NamedTuple

from copilot_cli.simulator.reply import CUT, Pause, Step
from copilot_cli.simulator.scenario import Answer

QUIRKS: Final = {
    "crlf": "lines end in CR LF",
    "no_space": "`data:` is not followed by a space",
    "single_newline": "one newline between events",
    "comments": "a comment line after every delta",
    "event_lines": "an `event:` line before every `data:` line, on chat too",
    "no_event_lines": "no `event:` line, on responses and messages neither",
    "split_utf8": "events with characters beyond ASCII arrive byte by byte",
    "done": "`[DONE]` at the end, on responses and messages too",
    "no_done": "no `[DONE]`",
    "no_finish": "no finish_reason and no usage; on responses and messages no terminal event",
    "no_newline_end": "the last line has no newline",
    "eof": "the stream ends half-way, in the middle of an item, as if it were whole",
    "null_content": "chat: a delta with null content and null role after the first",
    "null_choices": "chat: null `choices` beside copilot_references after the first delta",
    "bad_json": "a line of broken JSON after the first delta",
    "unknown_events": "an event of a kind that nobody knows after the first delta",
    "error": "an error half-way, and nothing after it; on responses a flat one",
    "nested_error": "as `error`, with code and message inside an `error` object on responses too",
    "failed": "responses: `response.failed` at the end; on the others an error in the end's place",
    "cancelled": "responses: `response.cancelled` at the end; on the others nothing there",
    "usage_on_finish": "chat: usage on the finish chunk, no chunk of its own",
    "two_choices": "chat: the tool calls come as a second choice",
    "same_index": "chat: all tool calls come at index 0, told apart by their ids",
    "same_ids": "responses: an item keeps its id from event to event, as at OpenAI",
    "empty_summary": "the reasoning comes sealed only, its summary empty",
    "late_summary": "responses: the summary comes with the item's last event only",
    "cipher_arguments": "responses: argument deltas are noise, only the done events tell",
    "json": "plain JSON instead of a stream",
    "anthropic": "chat: plain JSON in Anthropic's form: content blocks and stop_reason",
}

FAILURE: Final = {"code": "server_error", "message": "The simulated model failed half-way."}


class Head(NamedTuple):
    """What every chunk of one answer repeats. `created` is in unix seconds.

    `object` names the kind of the answer where the service does that: Copilot's chat does not.
    """

    id: str
    created: int
    model: str
    object: str = ""

    def fields(self, suffix: str = "") -> dict[str, Any]:
        """The fields as they are written; `suffix` is what a chunk's `object` ends in."""
        said: dict[str, Any] = {"id": self.id, "created": self.created, "model": self.model}
        return said | ({"object": self.object + suffix} if self.object else {})


class Aside(bytes):
    """An event that is no delta: `cut_after` and `pause_after` do not count it."""


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


def text_of(answer: Answer) -> str:
    """The text of an answer, whole."""
    return "".join(deltas_of(answer))


def finish_of(answer: Answer) -> str:
    """How the answer says it ended, in the words of the chat wire."""
    return answer.finish or ("tool_calls" if answer.tool_calls else "stop")


def thirds(arguments: str) -> list[str]:
    """The arguments of a call in about three pieces; joined they are the arguments again."""
    size = max(1, len(arguments) // 3)
    return [arguments[start : start + size] for start in range(0, len(arguments), size)]


def dump(data: Any) -> bytes:
    """`data` as JSON without spaces."""
    return json.dumps(data, separators=(",", ":")).encode()


def string(text: str) -> bytes:
    """`text` as a JSON string in UTF-8, as the service sends it; a lone surrogate is escaped."""
    try:
        return encode_basestring(text).encode()
    except UnicodeEncodeError:
        return json.dumps(text).encode()


class EventStream(ABC):
    """One streamed answer: `steps()` gives what goes over the wire, write by write.

    A wire gives the events before the content, the content (whose deltas count), the end, and what
    an error is.
    """

    named = True
    """Whether each event has an `event:` line by itself."""
    done = False
    """Whether `[DONE]` comes last by itself."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.quirks = quirks(answer.quirk)
        self.newline = b"\r\n" if "crlf" in self.quirks else b"\n"
        self.data = b"data:" if "no_space" in self.quirks else b"data: "
        self.close = self.newline if "single_newline" in self.quirks else self.newline * 2
        self._named = "event_lines" in self.quirks or (
            self.named and "no_event_lines" not in self.quirks
        )

    @abstractmethod
    def before(self) -> Iterator[bytes]:
        """The events before the first of the content."""

    @abstractmethod
    def content(self) -> Iterator[bytes]:
        """The events of the content; those that are no deltas as `Aside`."""

    @abstractmethod
    def ending(self) -> Iterator[bytes]:
        """The events that say how it ended."""

    @abstractmethod
    def failure(self, *, nested: bool) -> bytes:
        """The event of an error."""

    @abstractmethod
    def unknown(self) -> bytes:
        """An event that no client knows."""

    def oddities(self) -> dict[str, Callable[[], bytes]]:
        """What comes after the first delta, by quirk."""
        return {"unknown_events": self.unknown, "bad_json": self._broken}

    def _broken(self) -> bytes:
        return self.opened() + b'{"choices":[{"index":0,"delta":{"conte' + self.close

    def opened(self, name: str = "message") -> bytes:
        """What stands before the JSON of an event."""
        return b"event: " + name.encode() + self.newline + self.data if self._named else self.data

    def steps(self) -> Iterator[Step]:
        """The writes of the stream, with the pauses and the cut that the answer asks for."""
        if self.answer.raw is not None:
            steps: Iterator[Step] = self._raw(self.answer.raw)
        else:
            steps = self._events()
        if "no_newline_end" in self.quirks:
            steps = _without_last_newline(steps)
        if self.answer.batch > 1:
            steps = _batched(steps, self.answer.batch)
        return _bytewise(steps) if "split_utf8" in self.quirks else steps

    def _raw(self, raw: bytes) -> Iterator[Step]:
        yield raw
        if self.answer.cut_after is not None:
            yield CUT

    def _events(self) -> Iterator[Step]:
        yield from self.before()
        interruptions = self._interruptions()
        over = self._over_at
        number = 0
        yield from interruptions.get(0, ())
        if CUT in interruptions.get(0, ()):
            return
        for event in self.content():
            yield event
            if isinstance(event, Aside):
                continue
            number += 1
            if number in interruptions:
                yield from interruptions[number]
                if CUT in interruptions[number]:
                    return
            if number == over:
                return
        yield from self.ending()
        if "no_done" not in self.quirks and (self.done or "done" in self.quirks):
            yield self.data + b"[DONE]" + self.close

    @property
    def _over_at(self) -> int | None:
        """After which delta a stream that ends half-way does so."""
        if not self.quirks & {"error", "nested_error", "eof"}:
            return None
        return max(1, len(deltas_of(self.answer)) // 2)

    def _interruptions(self) -> dict[int, list[Step]]:
        """What comes after the n-th delta beside the content itself."""
        found: dict[int, list[Step]] = {}

        def add(number: int, step: Step) -> None:
            found.setdefault(number, []).append(step)

        if "comments" in self.quirks:
            for number in range(len(deltas_of(self.answer)) + 1):
                add(number, b": keep-alive" + self.close)
        for name, event in self.oddities().items():
            if name in self.quirks:
                add(1, event())
        if self._over_at is not None and "eof" not in self.quirks:
            add(self._over_at, self.failure(nested="nested_error" in self.quirks))
        if self.answer.pause_after is not None:
            add(self.answer.pause_after[0], Pause(self.answer.pause_after[1]))
        if self.answer.cut_after is not None:
            add(self.answer.cut_after, CUT)
        return found


class TypedStream(EventStream):
    """A stream whose events tell their kind: `event:` lines, and `type` in the JSON."""

    def event(self, kind: str, **data: Any) -> Aside:
        """An event that is no delta."""
        return Aside(self.typed(kind, data))

    def typed(self, kind: str, data: Mapping[str, Any]) -> bytes:
        """An event of that type."""
        return self.opened(kind) + dump({"type": kind, **data}) + self.close

    def unknown(self) -> bytes:
        """An event that no client knows."""
        return self.typed("response.telepathy.delta", {"delta": "?", "nested": {"a": [None]}})


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
