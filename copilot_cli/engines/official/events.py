"""The SDK's events as what an attempt hears: text, reasoning, and how the runtime's turn ended.

Pure. An event that is not known is passed over: the runtime has a hundred kinds, and gets more.
"""

from collections.abc import Callable, Iterator
from typing import Any

from copilot_cli.engines.official import faults
from copilot_cli.engines.official.attempt import Item, Progress, Settled
from copilot_cli.messages import Reasoning, Text


class Listener:
    """Turns the events of one session into items; knows which messages came in pieces."""

    def __init__(self) -> None:
        self._pieces: set[str] = set()
        self._thoughts = False

    def items(self, kind: str, data: Any) -> Iterator[Item]:
        """Yield what the event `kind` with its `data` means."""
        reader = _READERS.get(kind)
        if reader is not None:
            yield from reader(self, data)

    def _delta(self, data: Any) -> Iterator[Item]:
        self._pieces.add(data.message_id)
        if data.delta_content:
            yield Text(data.delta_content)

    def _thought(self, data: Any) -> Iterator[Item]:
        self._thoughts = True
        if data.delta_content:
            yield Reasoning(data.delta_content)

    def _message(self, data: Any) -> Iterator[Item]:
        """A whole message is what its pieces were, unless it had none."""
        if data.reasoning_text and not self._thoughts:
            yield Reasoning(data.reasoning_text)
        self._thoughts = False
        if data.content and data.message_id not in self._pieces:
            yield Text(data.content)

    def _call(self, _data: Any) -> Iterator[Item]:
        yield Progress()

    def _idle(self, _data: Any) -> Iterator[Item]:
        yield Settled()

    def _error(self, data: Any) -> Iterator[Item]:
        code = data.error_code
        yield Settled(faults.of_session(data.error_type, data.status_code, code, data.message))

    def _retry(self, data: Any) -> Iterator[Item]:
        """What was shown stays, and is not shown twice: the attempt is over."""
        yield Settled(faults.by_itself(data.reason))


_READERS: dict[str, Callable[[Listener, Any], Iterator[Item]]] = {
    "assistant.message_delta": Listener._delta,
    "assistant.reasoning_delta": Listener._thought,
    "assistant.message": Listener._message,
    "assistant.tool_call_delta": Listener._call,
    "assistant.turn_retry": Listener._retry,
    "session.error": Listener._error,
    "session.idle": Listener._idle,
}
