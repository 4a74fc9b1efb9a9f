"""An attempt's items as the events of an answer. Pure: it knows no clock and no thread.

What is shown is what the runtime passes on. The reply that was overheard says when that is all, and
ends the answer: with the calls, the usage and the reason that its wire gave.
"""

from collections.abc import Iterator

from copilot_cli.engines.failure import Failure
from copilot_cli.engines.official import faults
from copilot_cli.engines.official.attempt import Asked, Heard, Item, Progress, Settled
from copilot_cli.messages import End, Event, Part, Text, TextPart, ToolCall, ToolCallPart


class Reading:
    """Reads one answer; `take` each item until it is `over`, then yield from `rest` and `last`."""

    def __init__(self) -> None:
        self.settled = False
        """Whether the runtime has ended its turn."""
        self.heard: Heard | None = None
        """The reply, once it is over."""
        self._shown: list[str] = []
        self._asked = False
        self._given_up: Failure | None = None

    def take(self, item: Item) -> Iterator[Event]:
        """Yield what `item` adds. Raises `Failure` where there will be no more."""
        match item:
            case Failure():
                self._lose(item)
            case Asked():
                self._asked = True
            case Heard():
                self.heard = item
            case Settled(failure):
                self._settle(failure)
            case Progress():
                pass
            case Text(text):
                self._shown.append(text)
                yield item
            case _:
                yield item

    def _lose(self, failure: Failure) -> None:
        """The runtime is gone; what the model has said to its end is an answer all the same."""
        if self.heard is None:
            raise failure
        self.settled, self._given_up = True, failure

    def _settle(self, failure: Failure | None) -> None:
        self.settled = True
        self._given_up = self._given_up or failure
        if not self._asked and self.heard is None:
            raise failure or faults.unheard()

    @property
    def over(self) -> bool:
        """Whether all that the model said was passed on, or nothing more will be."""
        if self.heard is None:
            return False
        return self.settled or sum(map(len, self._shown)) >= len(self.heard.text)

    @property
    def goes_on(self) -> bool:
        """Whether the session can go on from here: the answer was whole, and nothing else came."""
        return self._given_up is None and self.last is not None and self.last.reason in _WHOLE

    @property
    def calls(self) -> bool:
        """Whether the answer asks for tools, for whose results the runtime waits."""
        return self.last is not None and self.last.reason == "tool_calls"

    @property
    def last(self) -> End | None:
        """The end of the reply, None where it had none."""
        events = self.heard.events if self.heard else ()
        return events[-1] if events and isinstance(events[-1], End) else None

    def rest(self) -> Iterator[Event]:
        """Yield what the model said and the runtime kept to itself. Raises the reply's failure."""
        if self.heard is None:
            raise self._given_up or faults.unheard()
        shown, said = "".join(self._shown), self.heard.text
        if len(shown) < len(said) and said.startswith(shown):
            self._shown.append(said[len(shown) :])
            yield Text(self._shown[-1])
        if self.heard.failure is not None:
            raise self.heard.failure

    def ending(self) -> tuple[Event, ...]:
        """Return what ends the answer."""
        return self.heard.events if self.heard else ()

    def parts(self) -> list[Part]:
        """Return the answer as the parts of a message."""
        text = "".join(self._shown)
        calls = (each for each in self.ending() if isinstance(each, ToolCall))
        said: list[Part] = [TextPart(text)] if text else []
        return [*said, *(ToolCallPart(call.id, call.name, call.arguments) for call in calls)]


_WHOLE = frozenset({"stop", "tool_calls"})
