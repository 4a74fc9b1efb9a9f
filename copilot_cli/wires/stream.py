"""The body of one answer: bytes go in, cut anywhere, and events come out.

`EventStream` reads a stream, `WholeReply` the plain JSON of a model that cannot stream; both offer
the same. Pure, as the wires are: no HTTP, clock or file. What arrived together leaves together: the
pieces of text of one read are one event, since a thousand writes of twenty characters cost a
hundred times what one of twenty thousand does. Nothing that came before a fault is lost by it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from copilot_cli.messages import Event, Reasoning, Text
from copilot_cli.wires.sse import EVENT_END, JSONEvents, MalformedStream, SSEDecoder


class Decoder(Protocol):
    """What a wire's decoder offers."""

    @property
    def finished(self) -> bool:
        """Whether the terminal event has come."""

    @property
    def done(self) -> bool:
        """Whether nothing after this counts; the chat wire leaves that to `[DONE]`."""

    @property
    def silent_progress(self) -> int:
        """How many pieces came that are no event yet: of tool calls, of sealed reasoning."""

    def feed(self, data: Mapping[str, Any]) -> Sequence[Event]:
        """Return what one JSON object adds. Raises `StreamFault`."""

    def finish(self) -> Sequence[Event]:
        """Return what is known at the end: tool calls, usage, `End`."""


class StreamFault(Exception):  # noqa: N818 - the engine turns it into an error of ours
    """The service reported a failure inside a reply that had begun well."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


class EventStream:
    """Turns the bytes of one stream into the events that `decoder` makes of them.

    What is wrong with them is not raised but kept in `fault`, a `StreamFault` or `MalformedStream`:
    so the events before it are not lost.
    """

    def __init__(self, decoder: Decoder) -> None:
        self.fault: StreamFault | MalformedStream | None = None
        self._decoder = decoder
        self._lines = SSEDecoder()
        self._values = JSONEvents()
        self._joiner = TextJoiner()

    @property
    def done(self) -> bool:
        """Whether `[DONE]`, or the wire's own last event, has come: nothing after it counts."""
        return self._values.done or self._decoder.done

    @property
    def mark(self) -> int:
        """What grows with progress that is no event; comments are none."""
        return self._decoder.silent_progress + self._decoder.finished + self._values.done

    @property
    def empty(self) -> bool:
        """Whether nothing of this wire has come so far."""
        return not self._values.parsed and not self._values.done

    @property
    def bad(self) -> int:
        """How many values were passed over because they are no JSON."""
        return self._values.bad

    def feed(self, chunk: bytes) -> Sequence[Event]:
        """Return what `chunk` adds; look at `fault` then."""
        return self._joiner.join(self._events(self._lines.feed, chunk))

    def end(self, *, cut: bool = False) -> Sequence[Event]:  # noqa: ARG002 - a line may be whole
        """Return what the end of the stream leaves; look at `fault` then."""
        left = [*self._events(self._lines.flush), *self._events(lambda: [EVENT_END])]
        return [*self._joiner.join(left), *self._joiner.end()]

    def _events(self, payloads: Callable[..., list[bytes]], *given: bytes) -> list[Event]:
        events: list[Event] = []
        if self.done or self.fault is not None:
            return events
        values, decoder = self._values, self._decoder
        try:
            for payload in payloads(*given):
                for value in values.parse(payload):
                    events += decoder.feed(value)
                if values.done or decoder.done:
                    break
        except (MalformedStream, StreamFault) as fault:
            self.fault = fault
        return events


class WholeReply:
    """Turns a body that is one JSON object into the events that `decoder` makes of it."""

    done = False
    bad = 0

    def __init__(self, decoder: Decoder) -> None:
        self.fault: StreamFault | MalformedStream | None = None
        self._decoder = decoder
        self._body = bytearray()

    @property
    def mark(self) -> int:
        """What grows with progress; blanks, which may only keep the connection open, are none."""
        return len(self._body)

    @property
    def empty(self) -> bool:
        """Whether nothing has come so far."""
        return not self._body

    def feed(self, chunk: bytes) -> Sequence[Event]:
        """Keep `chunk`: nothing can be said before the end."""
        if self._body or not chunk.isspace():
            self._body += chunk
        return ()

    def end(self, *, cut: bool = False) -> Sequence[Event]:
        """Return the answer, nothing if it was `cut` short; look at `fault` then."""
        if cut or not self._body:
            return ()
        joiner = TextJoiner()
        try:
            return [*joiner.join(self._decoder.feed(self._object())), *joiner.end()]
        except (MalformedStream, StreamFault) as fault:
            self.fault = fault
            return ()

    def _object(self) -> dict[str, Any]:
        try:
            data = json.loads(self._body.decode("utf-8", "replace"))
        except (ValueError, RecursionError) as error:
            raise MalformedStream("it is JSON that does not parse") from error
        if not isinstance(data, dict):
            raise MalformedStream("it is JSON of another shape")
        return data


class TextJoiner:
    """Joins pieces of text, and of reasoning, that follow each other.

    A surrogate pair that was cut between two pieces becomes its character again; a surrogate
    without its half becomes U+FFFD.
    """

    def __init__(self) -> None:
        self._kind: type[Text] | type[Reasoning] = Text
        self._half = ""  # the first half of a surrogate pair, whose second may come

    def join(self, events: Sequence[Event]) -> Sequence[Event]:
        """Return `events` with text joined; a half of a surrogate pair waits for the next call."""
        if not events or (len(events) == 1 and self._is_plain(events[0])):
            return events
        joined: list[Event] = []
        pieces = [self._half]
        for event in events:
            if not isinstance(event, Text | Reasoning):
                joined += self._whole(pieces)
                joined.append(event)
            elif type(event) is self._kind:
                pieces.append(event[0])
            else:
                joined += self._whole(pieces)
                self._kind = type(event)
                pieces.append(event.text)
        last = pieces[-1]
        self._half = last[-1:] if "\ud800" <= last[-1:] <= "\udbff" else ""
        if self._half:
            pieces[-1] = last[:-1]
        joined += self._whole(pieces)
        return joined

    def end(self) -> Sequence[Event]:
        """Return what waits: its other half will not come."""
        pieces, self._half = [self._half], ""
        return self._whole(pieces)

    def _is_plain(self, event: Event) -> bool:
        """Return whether there is nothing to join: most reads bring one piece of plain text."""
        return type(event) is self._kind and not self._half and event[0].isascii()

    def _whole(self, pieces: list[str]) -> list[Event]:
        """Return `pieces` as one event, if they hold anything, and empty them."""
        text = "".join(pieces)
        pieces[:] = [""]
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return [self._kind(text)] if text else []
