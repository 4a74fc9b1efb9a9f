"""Thinking that a model writes into its text: a leading `<think>…</think>`.

Open models do so where their server does not part the two (vllm-project/vllm, ollama/ollama). Only
what leads the answer is taken: later it may be a piece of HTML that was asked for.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from copilot_cli.messages import Event, Reasoning, Text
from copilot_cli.wires.stop_texts import begun
from copilot_cli.wires.stream import Decoder

_OPEN = "<think>"
_CLOSE = "</think>"


class ThinkSplitter:
    """Reads as `decoder` does, with a leading `<think>…</think>` of the text as reasoning.

    Text is held back only as long as it may still become a tag: blanks and a part of `<think>` at
    the start, a part of `</think>` while it thinks, blanks after that. Thinking that nothing ends
    is all reasoning.
    """

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._held = ""
        self._state = "leading"  # then: opened, thinking, closed, text

    @property
    def finished(self) -> bool:
        """Whether the terminal event has come."""
        return self._decoder.finished

    @property
    def done(self) -> bool:
        """Whether nothing more can come."""
        return self._decoder.done

    @property
    def silent_progress(self) -> int:
        """How many pieces came that are no event yet."""
        return self._decoder.silent_progress

    def feed(self, data: Mapping[str, Any]) -> Sequence[Event]:
        """Return what one JSON object adds. Raises `StreamFault`."""
        events = self._decoder.feed(data)
        if self._state == "text":
            return events
        found: list[Event] = []
        for event in events:
            self._take(event, found)
        return found

    def finish(self) -> Sequence[Event]:
        """Return what was held back, and what is known at the end."""
        found: list[Event] = []
        for event in self._decoder.finish():
            if not isinstance(event, Text):
                self._give(found)
            self._take(event, found)
        return found

    def _take(self, event: Event, found: list[Event]) -> None:
        if not isinstance(event, Text) or self._state == "text":
            found.append(event)
            return
        self._held += event.text
        if self._state == "leading":
            self._lead()
        if self._state in {"opened", "closed"}:
            self._skip_blanks()
        if self._state == "thinking":
            self._think(found)
        if self._state == "text":
            self._give(found)

    def _lead(self) -> None:
        start = self._held.lstrip()
        if start.startswith(_OPEN):
            self._held = start.removeprefix(_OPEN)
            self._state = "opened"
        elif not _OPEN.startswith(start):
            self._state = "text"

    def _skip_blanks(self) -> None:
        self._held = self._held.lstrip()
        if self._held:
            self._state = "thinking" if self._state == "opened" else "text"

    def _think(self, found: list[Event]) -> None:
        thought, tag, rest = self._held.partition(_CLOSE)
        if tag:
            self._held = thought
            self._give(found)
            self._held, self._state = rest, "closed"
            self._skip_blanks()
            return
        self._held = thought[len(thought) - begun(thought, (_CLOSE,)) :]
        if told := thought[: len(thought) - len(self._held)]:
            found.append(Reasoning(told))

    def _give(self, found: list[Event]) -> None:
        """Let go of what is held back, as what it is."""
        held, self._held = self._held, ""
        if held:
            found.append(Reasoning(held) if self._state == "thinking" else Text(held))
