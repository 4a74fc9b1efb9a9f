"""What one answer has brought so far, and how it ended: what is written down beside its text."""

from collections.abc import Callable
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
    Started,
    State,
    Text,
    TextPart,
    Usage,
    UsageReport,
)


class Turn:
    """A context that hears the events of one answer; the seconds count from its making.

    Left by Ctrl-C, a signal, or a reader who has gone, it was interrupted, unless it had ended.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._start = monotonic()
        self._first: float | None = None
        self._pieces: list[str] = []
        self._thoughts: list[str] = []
        self._quotas: tuple[QuotaSnapshot, ...] = ()
        self._request_id: str | None = None
        self._cost: Cost | None = None
        self._end: End | None = None
        self.usage = Usage()
        """What the service has counted; nothing before it says so."""

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
                self.usage, self._cost = usage, cost
            case Started(_, request_id, quotas):
                self._request_id, self._quotas = request_id, quotas
            case End():
                self._end = event
            case _:
                pass

    @property
    def text(self) -> str:
        """The answer's text so far."""
        return "".join(self._pieces)

    @property
    def reasoning(self) -> str:
        """What the model thought aloud so far."""
        return "".join(self._thoughts)

    @property
    def message(self) -> Message | None:
        """The answer as a message; None where it has no word, which no service would take."""
        text, reasoning = self.text, self.reasoning
        if not text.strip():
            return None
        parts: tuple[Part, ...] = (TextPart(text),)
        return Message("assistant", (ReasoningPart(reasoning), *parts) if reasoning else parts)

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
        )

    def _state(self) -> State:
        if self._end is None:
            return "incomplete" if self._pieces else "failed"
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


def together(first: Outcome | None, second: Outcome | None) -> Outcome | None:
    """Return the outcome of two turns that are one answer: how the second ended, both counted."""
    if first is None or second is None:
        return second or first
    counts = [_sum(*pair) for pair in zip(first.usage, second.usage, strict=True)]
    cost = second.cost or first.cost
    if first.cost and second.cost and first.cost.unit == second.cost.unit:
        cost = Cost(first.cost.amount + second.cost.amount, second.cost.unit)
    return second._replace(
        usage=Usage(*counts),
        cost=cost,
        first_token=first.first_token,
        total=first.total + second.total,
    )


def _sum(first: int | None, second: int | None) -> int | None:
    return second if first is None else first + (second or 0)
