"""What the tests of conversations stand on: a scripted engine, a recorder to watch, a clock."""

from collections.abc import Callable, Generator, Sequence
from typing import Any

from copilot_cli.chat import Chat
from copilot_cli.messages import (
    End,
    Event,
    Message,
    Notice,
    Outcome,
    Part,
    Request,
    Started,
    Text,
    TextPart,
    Usage,
    UsageReport,
    message,
)

WHOLE = End("stop", complete=True)
CUT = End("cut", complete=False)
LONG = "x" * 400  # some hundred tokens
Step = Event | BaseException | Callable[[], object]


class Engine:
    """Plays the scripted answers, and keeps what it was asked.

    It holds on to its answers: one that is not closed by who reads it stays open.
    """

    name = "scripted"

    def __init__(self, *answers: Sequence[Step]) -> None:
        self._answers = list(answers)
        self.requests: list[Request] = []
        self.closed = 0
        self._begun: list[Generator[Event]] = []

    def answer(self, request: Request) -> Generator[Event]:
        self.requests.append(request)
        self._begun.append(self._play())
        return self._begun[-1]

    def _play(self) -> Generator[Event]:
        try:
            for step in self._answers.pop(0):
                if isinstance(step, BaseException):
                    raise step
                if callable(step):
                    step()
                else:
                    yield step
        finally:
            self.closed += 1

    def dry_run(self, request: Request) -> dict[str, Any]:
        return {"messages": len(request.messages)}


class Log:
    """A recorder that keeps the calls it got."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def ask(self, parts: Sequence[Part]) -> None:
        self.calls.append(("ask", Message("user", tuple(parts)).text))

    def begin(self, model: str, engine: str) -> None:
        self.calls.append(("begin", model, engine))

    def grow(self, part: Part) -> None:
        self.calls.append(("grow", part.text if isinstance(part, TextPart) else part))

    def finish(self, outcome: Outcome) -> None:
        self.calls.append(("finish", outcome.state, outcome.finish_reason))

    def summarize(self, summary: str) -> None:
        self.calls.append(("summarize", summary))


class Seconds:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> Callable[[], None]:
        """Return what lets `seconds` pass."""

        def pass_on() -> None:
            self.now += seconds

        return pass_on


def chat(engine: Engine, log: Log | None = None, **given: Any) -> Chat:
    """Return a conversation with `engine`, with counted ids."""
    ids = iter(range(100))
    given.setdefault("monotonic", Seconds())
    given.setdefault("recorder", log)
    return Chat(engine, "m", new_id=lambda: f"id-{next(ids)}", **given)


def roles(request: Request) -> list[tuple[str, str]]:
    """Return role and text of each message of `request`."""
    return [(each.role, each.text) for each in request.messages]


def turns(count: int, text: str = LONG) -> list[Message]:
    """Return so many turns, each with its number."""
    return [
        each
        for number in range(count)
        for each in (message("user", f"{number} {text}"), message("assistant", f"a{number} {text}"))
    ]


def answered(text: str = "ok", usage: Usage | None = None) -> list[Step]:
    """Return the events of a whole answer."""
    report: list[Step] = [] if usage is None else [UsageReport(usage)]
    return [Started(None, None), Text(text), *report, WHOLE]


def notices(events: list[Any]) -> list[str]:
    """Return what the person was told."""
    return [event.message for event in events if isinstance(event, Notice)]
