"""Texts that end an answer, looked for in the answer itself: for wires without a field for them."""

from collections.abc import Mapping, Sequence
from typing import Any

from copilot_cli.messages import End, Event, Text, UsageReport
from copilot_cli.wires.stream import Decoder


class StopTexts:
    """Reads as `decoder` does, and ends the answer before the first of `stops` in its text.

    `done` says so, and whoever reads the stream hangs up. Text is held back only as long as it may
    still become one of them. What the answer used is then known only if it had come before.
    """

    def __init__(self, decoder: Decoder, stops: Sequence[str]) -> None:
        self._decoder = decoder
        self._stops = stops
        self._held = ""
        self._hit = False

    @property
    def finished(self) -> bool:
        """Whether the terminal event, or one of the texts, has come."""
        return self._hit or self._decoder.finished

    @property
    def done(self) -> bool:
        """Whether nothing more counts."""
        return self._hit or self._decoder.done

    @property
    def silent_progress(self) -> int:
        """How many pieces came that are no event yet."""
        return self._decoder.silent_progress

    def feed(self, data: Mapping[str, Any]) -> Sequence[Event]:
        """Return what one JSON object adds. Raises `StreamFault`."""
        found: list[Event] = []
        for event in self._decoder.feed(data):
            if not isinstance(event, Text):
                found.append(event)
            elif not self._hit:
                self._take(event.text, found)
        return found

    def finish(self) -> Sequence[Event]:
        """Return what was held back, and what is known at the end."""
        events = self._decoder.finish()
        if self._hit:
            used = [event for event in events if isinstance(event, UsageReport)]
            return [*used, End("stop", complete=True)]
        return [Text(self._held), *events] if self._held else events

    def _take(self, piece: str, found: list[Event]) -> None:
        text = self._held + piece
        places = [place for stop in self._stops if (place := text.find(stop)) >= 0]
        self._hit = bool(places)
        end = min(places) if places else len(text) - begun(text, self._stops)
        self._held = text[end:]
        if end:
            found.append(Text(text[:end]))


def begun(text: str, words: Sequence[str]) -> int:
    """Return how many characters at the end of `text` may be the beginning of one of `words`."""
    longest = min(len(text), max(map(len, words)) - 1)
    for size in range(longest, 0, -1):
        if any(word.startswith(text[-size:]) for word in words):
            return size
    return 0
