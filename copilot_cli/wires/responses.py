"""The responses wire, `POST {api}/responses`: who reads the answers.

OpenAI's form as Copilot speaks it. Pure, as `chat.py` is. What differs from OpenAI: the id of an
item is another on each of its events (vercel/ai#18548), so an item is known by its `output_index`;
what a delta said of a call's arguments may be no JSON, so only a `.done` event is believed; and a
summary may come with `response.output_item.done` alone.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

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
from copilot_cli.wires.reading import Remarks, cost, dicts, fault, table, text, usage
from copilot_cli.wires.responses_request import NAME, encode, sealed

if TYPE_CHECKING:
    from copilot_cli.wires.stream import Decoder as AnyDecoder

__all__ = ["HEADERS", "Decoder", "decoder", "encode"]

HEADERS: Mapping[str, str] = {}

_INCOMPLETE = {
    "max_output_tokens": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
}
_ENDS = ("completed", "incomplete", "failed", "cancelled")


def decoder(request: Request, /) -> "AnyDecoder":
    """Return a new decoder for the answer to `request`.

    This wire has no field for the texts that end an answer: they are looked for here.
    """
    if not request.stop:
        return Decoder()
    from copilot_cli.wires.stop_texts import StopTexts

    return StopTexts(Decoder(), request.stop)


class _Call:
    """A call of a tool; without arguments it is not whole yet."""

    __slots__ = ("arguments", "id", "name")

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments: str | None = None

    def read(self, item: Mapping[str, Any]) -> None:
        self.id = text(item.get("call_id")) or self.id
        self.name = text(item.get("name")) or self.name


class Decoder:
    """Turns the objects of one answer into events; `finish` says how it ended.

    The same decoder reads a stream and a whole JSON reply. Whatever comes twice, in pieces and
    whole, is told once: by the pieces if there were any.
    """

    def __init__(self) -> None:
        self._told: set[tuple[int, str, int]] = set()
        self._last = 0
        self._thought = False
        self._calls: dict[int, _Call] = {}
        self._status = ""
        self._response: Mapping[str, Any] = {}
        self._cost: Cost | None = None
        self._remarks = Remarks()
        self.silent_progress = 0

    @property
    def finished(self) -> bool:
        """Whether the terminal event has come; it carries the usage too."""
        return bool(self._status)

    @property
    def done(self) -> bool:
        """Whether nothing more can come."""
        return bool(self._status)

    def feed(self, data: Mapping[str, Any]) -> list[Event]:
        """Return what `data`, one event of the stream or the whole reply, adds to the answer.

        Raises `StreamFault` where it is an error instead.
        """
        events: list[Event] = []
        kind = data.get("type")
        read = _READERS.get(kind) if isinstance(kind, str) else None
        if read is not None:
            read(self, data, events)
        elif kind == "error" or data.get("error"):
            raise fault(data.get("error") or data)
        elif data.get("object") == "response" or isinstance(data.get("output"), list):
            self._whole_reply(data, events)
        if "copilot_annotations" in data or "copilot_errors" in data:
            events += self._remarks.read(data)
        return events

    def finish(self) -> list[Event]:
        """Return the tool calls, the usage and the end. Call it once, after the last `feed`.

        Of an answer that was cut, no tool call need be whole, so none is returned.
        """
        events: list[Event] = []
        if self._status == "completed":
            events += self._tool_calls()
        wants_tool = bool(events)
        counted = table(self._response.get("usage"))
        if counted or self._cost is not None:
            events.append(UsageReport(usage(counted), self._cost))
        events.append(self._end(wants_tool=wants_tool))
        return events

    def _end(self, *, wants_tool: bool) -> End:
        if not self._status:
            what = "the stream ended before the answer did"
            return End("cut", complete=False, detail=what, resend=not self._calls)
        if self._status == "cancelled":
            return End("error", complete=False, detail="the service cancelled the answer")
        if self._status == "incomplete":
            why = text(table(self._response.get("incomplete_details")).get("reason"))
            if why in _INCOMPLETE:
                return End(_INCOMPLETE[why], complete=False)
            return End("error", complete=False, detail=why or "the service ended it early")
        return End("tool_calls", complete=False) if wants_tool else End("stop", complete=True)

    def _tool_calls(self) -> Iterator[ToolCall]:
        for index, call in sorted(self._calls.items()):
            if call.arguments is not None:
                yield ToolCall(call.id or f"call_{index}", call.name, call.arguments or "{}")

    # Pieces

    def _delta(self, data: Mapping[str, Any], events: list[Event]) -> None:
        piece = text(data.get("delta"))
        if piece:
            self._told.add((self._index(data), "content", _number(data, "content_index")))
            events.append(Text(piece))

    def _part(self, data: Mapping[str, Any], events: list[Event]) -> None:
        key = (self._index(data), "content", _number(data, "content_index"))
        part = table(data.get("part")) or data
        self._say(key, text(part.get("text")) or text(part.get("refusal")), events)

    def _summary_delta(self, data: Mapping[str, Any], events: list[Event]) -> None:
        key = (self._index(data), "summary", _number(data, "summary_index"))
        self._think(key, text(data.get("delta")), events, new=key not in self._told)

    def _summary_part(self, data: Mapping[str, Any], events: list[Event]) -> None:
        key = (self._index(data), "summary", _number(data, "summary_index"))
        part = table(data.get("part")) or data
        self._reveal(key, text(part.get("text")), events)

    def _reasoning_delta(self, data: Mapping[str, Any], events: list[Event]) -> None:
        key = (self._index(data), "reasoning", _number(data, "content_index"))
        self._think(key, text(data.get("delta")), events, new=key not in self._told)

    def _reasoning_done(self, data: Mapping[str, Any], events: list[Event]) -> None:
        key = (self._index(data), "reasoning", _number(data, "content_index"))
        self._reveal(key, text(data.get("text")), events)

    def _arguments_delta(self, data: Mapping[str, Any], _: list[Event]) -> None:
        self._calls.setdefault(self._index(data), _Call())
        self.silent_progress += 1

    def _arguments_done(self, data: Mapping[str, Any], _: list[Event]) -> None:
        call = self._calls.setdefault(self._index(data), _Call())
        call.read(data)
        call.arguments = text(data.get("arguments"))
        self.silent_progress += 1

    # Items

    def _added(self, data: Mapping[str, Any], _: list[Event]) -> None:
        item, index = table(data.get("item")), self._index(data)
        if item.get("type") == "function_call":
            self._calls.setdefault(index, _Call()).read(item)
        self.silent_progress += 1

    def _item_done(self, data: Mapping[str, Any], events: list[Event]) -> None:
        self._item(self._index(data), table(data.get("item")), events)

    def _item(self, index: int, item: Mapping[str, Any], events: list[Event]) -> None:
        match item.get("type"):
            case "message":
                for number, part in enumerate(dicts(item.get("content"))):
                    said = text(part.get("text")) or text(part.get("refusal"))
                    self._say((index, "content", number), said, events)
            case "reasoning":
                for name, field in (("summary", "summary"), ("reasoning", "content")):
                    for number, part in enumerate(dicts(item.get(field))):
                        self._reveal((index, name, number), text(part.get("text")), events)
                if opaque := sealed(item):
                    events.append(SealedReasoning(opaque, NAME))
            case "function_call":
                call = self._calls.setdefault(index, _Call())
                call.read(item)
                whole = item.get("status") != "incomplete"
                given = text(item.get("arguments"))
                call.arguments = (given or call.arguments or "") if whole else None
                self.silent_progress += 1
            case _:
                pass

    def _say(self, key: tuple[int, str, int], said: str, events: list[Event]) -> None:
        """Tell a text that came whole, unless its pieces were told."""
        if said and key not in self._told:
            self._told.add(key)
            events.append(Text(said))

    def _reveal(self, key: tuple[int, str, int], thought: str, events: list[Event]) -> None:
        """Tell a part of the reasoning that came whole, unless its pieces were told."""
        if key not in self._told:
            self._think(key, thought, events, new=True)

    def _think(
        self, key: tuple[int, str, int], thought: str, events: list[Event], *, new: bool
    ) -> None:
        if thought:
            events.append(Reasoning(f"\n\n{thought}" if new and self._thought else thought))
            self._told.add(key)
            self._thought = True

    # The end

    def _terminal(self, data: Mapping[str, Any], events: list[Event]) -> None:
        response = table(data.get("response"))
        status = text(data.get("type")).removeprefix("response.")
        said = text(response.get("status"))
        self._close(said if status == "completed" and said in _ENDS else status, response, events)
        self._cost = cost(data.get("copilot_usage")) or self._cost

    def _whole_reply(self, response: Mapping[str, Any], events: list[Event]) -> None:
        status = text(response.get("status")) or "completed"
        self._close(status if status in _ENDS else "", response, events)

    def _close(self, status: str, response: Mapping[str, Any], events: list[Event]) -> None:
        if status == "failed":
            raise fault(response.get("error"))
        if not self._told and not self._calls:
            for index, item in enumerate(dicts(response.get("output"))):
                self._item(index, item, events)
        self._status, self._response = status, response
        self._cost = cost(response.get("copilot_usage"))

    def _index(self, data: Mapping[str, Any]) -> int:
        """Return which item an event is about; the last one where it does not say."""
        self._last = _number(data, "output_index", self._last)
        return self._last


def _number(data: Mapping[str, Any], name: str, default: int = 0) -> int:
    number = data.get(name)
    return number if isinstance(number, int) else default


_READERS: Mapping[str, Callable[[Decoder, Mapping[str, Any], list[Event]], None]] = {
    "response.output_text.delta": Decoder._delta,
    "response.output_text.done": Decoder._part,
    "response.refusal.delta": Decoder._delta,
    "response.refusal.done": Decoder._part,
    "response.content_part.done": Decoder._part,
    "response.reasoning_summary_text.delta": Decoder._summary_delta,
    "response.reasoning_summary_text.done": Decoder._summary_part,
    "response.reasoning_summary_part.done": Decoder._summary_part,
    "response.reasoning_text.delta": Decoder._reasoning_delta,
    "response.reasoning_text.done": Decoder._reasoning_done,
    "response.function_call_arguments.delta": Decoder._arguments_delta,
    "response.function_call_arguments.done": Decoder._arguments_done,
    "response.output_item.added": Decoder._added,
    "response.output_item.done": Decoder._item_done,
    **{f"response.{end}": Decoder._terminal for end in _ENDS},
}
