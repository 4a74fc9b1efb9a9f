"""An attempt's items as the events of an answer. Pure: it knows no clock and no thread.

What is shown is what the model said, read by its wire's own decoder as it arrives; the runtime gets
the same bytes. So an answer that has begun needs the runtime no more: it may retry, hang or be
killed meanwhile, and no word is lost or comes twice.
"""

from collections.abc import Iterator

from copilot_cli.engines.failure import Failure
from copilot_cli.engines.official import faults
from copilot_cli.engines.official.attempt import Asked, Heard, Item, Settled
from copilot_cli.messages import End, Event, Notice, Part, Text, TextPart, ToolCall, ToolCallPart


class Reading:
    """Reads one answer: `take` each item until it is `over`, then yield what `ending` returns."""

    def __init__(self) -> None:
        self.over = False
        """Whether the reply has come to its end."""
        self.settled = False
        """Whether the runtime has ended its turn."""
        self._asked = False
        self._intact = True
        self._text: list[str] = []
        self._events: tuple[Event, ...] = ()

    def take(self, item: Item) -> Iterator[Event]:
        """Yield what `item` adds. Raises `Failure` where there will be no more."""
        match item:
            case Asked():
                self._asked = True
            case Heard(events, failure):
                if failure is not None:
                    raise failure
                self.over, self._events = True, events
            case Settled(failure):
                self._settle(failure)
            case Failure():
                yield self._lose(item)
            case Text(text):
                self._text.append(text)
                yield item
            case _:
                yield item

    def _settle(self, failure: Failure | None) -> None:
        if not self._asked:
            raise failure or faults.unheard()
        self.settled = True
        self._intact = self._intact and failure is None

    def _lose(self, failure: Failure) -> Notice:
        """The runtime is gone: an answer that it has asked for comes all the same."""
        if not self._asked:
            raise failure
        self._intact = False
        return Notice(failure.error.message)

    @property
    def goes_on(self) -> bool:
        """Whether the session can go on from here: the answer is whole, and nothing went wrong."""
        return self._intact and self._reason in {"stop", "tool_calls"}

    @property
    def calls(self) -> bool:
        """Whether the answer asks for tools, for whose results the runtime waits."""
        return self._reason == "tool_calls"

    @property
    def _reason(self) -> str:
        last = self._events[-1] if self._events else None
        return last.reason if isinstance(last, End) else ""

    def ending(self) -> tuple[Event, ...]:
        """Return what ends the answer: sealed reasoning, calls, usage, and the end."""
        return self._events

    def parts(self) -> list[Part]:
        """Return the answer as the parts of a message."""
        text = "".join(self._text)
        calls = (each for each in self._events if isinstance(each, ToolCall))
        said: list[Part] = [TextPart(text)] if text else []
        return [*said, *(ToolCallPart(call.id, call.name, call.arguments) for call in calls)]
