"""What one answer has brought so far, and how it ended: what is written down beside its text."""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Self

from copilot_cli.errors import Interrupted
from copilot_cli.messages import (
    Cost,
    End,
    Event,
    Message,
    Outcome,
    Part,
    QuotaSnapshot,
    Reasoning,
    ReasoningPart,
    SealedReasoning,
    Started,
    State,
    Switched,
    Text,
    TextPart,
    ToolCall,
    ToolCallPart,
    ToolResult,
    ToolResultPart,
    Usage,
    UsageReport,
    spoken,
)

_LONGEST_ID = 50  # characters of an id to which a number is added: OpenAI takes 64 in all


class Turn:
    """A context that hears the events of one answer; the seconds count from its making.

    An answer may have several rounds: the model asks for tools, and goes on with what they gave.
    Left by Ctrl-C, a signal, or a reader who has gone, it was interrupted, unless it had ended.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._start = monotonic()
        self._first: float | None = None
        self._parts: list[Part] = []
        self._thoughts: list[str] = []
        self._round = 0  # where in the parts this round begins
        self._round_thoughts = 0
        self._pieces: list[str] = []
        self._sealed: list[ReasoningPart] = []
        self._quotas: tuple[QuotaSnapshot, ...] = ()
        self._request_id: str | None = None
        self._cost: Cost | None = None
        self._instead: Switched | None = None
        self._end: End | None = None
        self.usage = Usage()
        """What the service has counted in all rounds; nothing before it says so."""

    def note(self, event: Event) -> None:
        """Hear `event`."""
        match event:
            case Text(text):
                if self._first is None:
                    self._first = self._monotonic() - self._start
                self._pieces.append(text)
            case Reasoning(text):
                self._thoughts.append(text)
            case UsageReport(usage, cost):
                self.usage = added(self.usage, usage)
                self._cost = _costs(self._cost, cost)
            case Started(_, request_id, quotas):
                self._request_id, self._quotas = request_id, quotas
            case Switched():
                self._instead = event
            case End():
                self._end = event
            case ToolCall() | ToolResult() | SealedReasoning():
                self._note_tool(event)
            case _:
                pass

    def _note_tool(self, event: ToolCall | ToolResult | SealedReasoning) -> None:
        match event:
            case ToolCall(call_id, name, arguments, _):
                self._settle()
                self._parts.append(ToolCallPart(call_id, name, arguments))
            case ToolResult(call_id, _, output, error):
                self._settle()
                self._parts.append(ToolResultPart(call_id, output, error))
            case SealedReasoning(opaque, wire):
                self._sealed.append(ReasoningPart("", opaque, wire))

    def _settle(self) -> None:
        """Make one part of the text that came since the last."""
        if self._pieces:
            self._parts.append(TextPart("".join(self._pieces)))
            self._pieces = []

    # Rounds

    def begin_round(self) -> None:
        """Hear the next request's answer: what came before it is settled."""
        self._settle()
        self._round, self._sealed = len(self._parts), []
        self._round_thoughts = len(self._thoughts)

    @property
    def round(self) -> tuple[Part, ...]:
        """What this round has brought, with the reasoning that its next request has to echo.

        The provider's own form of the reasoning is good for the same answer only, so that it is
        part of no other message.
        """
        self._settle()
        thought = "".join(self._thoughts[self._round_thoughts :])
        echo = tuple(part._replace(text=thought) for part in self._sealed)
        return (*echo, *self._parts[self._round :])

    @property
    def acted(self) -> bool:
        """Whether a tool gave something back, which is not to be done twice."""
        return any(isinstance(part, ToolResultPart) for part in self._parts)

    # What came

    @property
    def text(self) -> str:
        """The answer's text so far."""
        settled = "".join(part.text for part in self._parts if isinstance(part, TextPart))
        return settled + "".join(self._pieces)

    @property
    def reasoning(self) -> str:
        """What the model thought aloud so far."""
        return "".join(self._thoughts)

    @property
    def message(self) -> Message | None:
        """What this round said; None where it has no word, which no service would take."""
        messages = spoken(self.round)
        return messages[0] if messages and messages[0].role == "assistant" else None

    @property
    def messages(self) -> list[Message]:
        """The answer as messages, those of its tools among them; none where it has no word."""
        self._settle()
        messages = spoken(self._parts)
        if messages and self.reasoning:
            role, parts = messages[0]
            messages[0] = Message(role, (ReasoningPart(self.reasoning), *parts))
        return messages

    def outcome(self) -> Outcome:
        """Return how it has ended, as far as that is known now."""
        return Outcome(
            state=self._state(),
            finish_reason=self._end.reason if self._end else None,
            usage=self.usage,
            cost=self._cost,
            request_id=self._request_id,
            first_token=self._first,
            total=self._monotonic() - self._start,
            quotas=self._quotas,
            instead=self._instead,
        )

    def _state(self) -> State:
        if self._end is None:
            return "incomplete" if self.text or self.acted else "failed"
        if self._end.reason == "interrupted":
            return "interrupted"
        return "complete" if self._end.complete else "incomplete"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, *_: object
    ) -> None:
        left = isinstance(error, Interrupted) or not isinstance(error, Exception | None)
        if left and self._end is None:
            self._end = End("interrupted", complete=False)


def distinct(call: ToolCall, messages: Iterable[Message], calls: Iterable[ToolCall]) -> ToolCall:
    """Return `call` by an id that none of the `calls` has, nor one that `messages` hold.

    A service may give no ids, or the same ones in each round; by them every result finds its call,
    and Anthropic's models refuse a conversation in which one is there twice.
    """
    taken = {each.id for each in calls}
    for message in messages:
        taken.update(part.id for part in message.parts if isinstance(part, ToolCallPart))
    names = (f"{call.id[:_LONGEST_ID]}_{number}" for number in count(2))
    return (
        call if call.id not in taken else call._replace(id=next(n for n in names if n not in taken))
    )


def together(first: Outcome | None, second: Outcome | None) -> Outcome | None:
    """Return the outcome of two turns that are one answer: how the second ended, both counted."""
    if first is None or second is None:
        return second or first
    return second._replace(
        usage=added(first.usage, second.usage),
        cost=_costs(first.cost, second.cost),
        first_token=first.first_token,
        total=first.total + second.total,
    )


def added(first: Usage, second: Usage) -> Usage:
    """Return the tokens of both; what one of them does not say counts as nothing."""
    return Usage(*(_sum(*pair) for pair in zip(first, second, strict=True)))


def _sum(first: int | None, second: int | None) -> int | None:
    return second if first is None else first + (second or 0)


def _costs(first: Cost | None, second: Cost | None) -> Cost | None:
    if first is None or second is None or first.unit != second.unit:
        return second or first
    return Cost(first.amount + second.amount, second.unit)
