"""Other models, and other engines, in the place of one that is down or limited.

`Failover` is an engine over engines: it asks the first, and where that is out of order, or at a
limit, and not a word was shown, the next; `Switched` says so. What another model would not mend is
not covered up by it: a refused sign-in, a model that this account has not, a content filter, a
request that is wrong or too long, the person's own limit on what may be spent.

The `Breaker` remembers, for as long as the process lives, which of them failed: three failures in
five minutes, and a model is passed over until the first of them is old; never all of them.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple

from copilot_cli.engines.resilience import MAX_WAIT
from copilot_cli.errors import (
    CopilotChatError,
    FilteredError,
    Interrupted,
    LimitError,
    LockTimeout,
    ServiceError,
)
from copilot_cli.messages import (
    End,
    Event,
    Message,
    Notice,
    ReasoningPart,
    Request,
    Switched,
    Text,
    ToolCall,
    Waiting,
)
from copilot_cli.parties import Engine

FAILURES = 3
"""So many counted failures and a model is passed over ..."""

WINDOW = 300.0
"""... if they are of the last five minutes (in seconds)."""


class Candidate(NamedTuple):
    """One that can answer: the engine, its name of the model, the levels of reasoning it has.

    `model` None is the one that was asked for.
    """

    engine: Engine
    model: str | None = None
    efforts: Sequence[str] = ()


class Breaker:
    """Counts the failures of each candidate by name; `monotonic` is in seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._failures: dict[str, deque[float]] = {}

    def count(self, name: str) -> None:
        """Count a failure of `name`."""
        self._failures.setdefault(name, deque(maxlen=FAILURES)).append(self._monotonic())

    def is_open(self, name: str) -> bool:
        """Whether `name` has failed too often to be asked."""
        failures = self._failures.get(name, ())
        recent = [at for at in failures if self._monotonic() - at < WINDOW]
        return len(recent) >= FAILURES


class Failover:
    """Answers by the first engine, else by the first of the others that can."""

    def __init__(
        self,
        first: Engine,
        others: Sequence[str],
        open_: Callable[[str], Candidate],
        breaker: Breaker,
    ) -> None:
        """`others` are names for `open_`, which makes a candidate of one when it is needed.

        What it raises passes that one over.
        """
        self._first = first
        self._others = others
        self._open = open_
        self._breaker = breaker
        self._answered: str | None = None

    @property
    def name(self) -> str:
        """The first engine's name; `Switched` tells of another."""
        return self._first.name

    def dry_run(self, request: Request) -> dict[str, Any]:
        """Return what the first engine would be sent."""
        return self._first.dry_run(request)

    def answer(self, request: Request) -> Generator[Event]:
        """Yield the events of one answer.

        Raises the error of the first that was asked, with what else was tried in its hint.
        """
        run, reason = _Run(self._breaker), self._why_not_first(request)
        goes_back, last = self._who_wants(request), None
        for name in self._in_turn(request, goes_back):
            try:
                engine, asked = self._asked(name, request)
            except CopilotChatError as error:
                yield Notice(f"{name} cannot be asked in its place: {error.message}")
                run.tried.append(name)
                continue
            if asked is not request and name != goes_back:
                if (engine, asked.model) == (self._first, request.model):
                    continue  # the first by another of its names
                said = f"{reason}; {asked.model} ({engine.name}) answers instead"
                yield Switched(engine.name, asked.model, said)
            self._answered, last = name, None
            try:
                yield from run.events(name, engine, asked)
            except CopilotChatError as error:
                if not run.goes_on(name, error):
                    raise
                reason = error.message
                if name in run.tried:
                    last = Notice(f"{name} could not answer either: {reason}")
            else:
                return
        if last is not None:
            yield last
        raise run.told()

    def _who_wants(self, request: Request) -> str | None:
        """Return who asked for the tool whose result `request` brings; None if it brings none."""
        brings = bool(request.messages) and request.messages[-1].role == "tool"
        return self._answered if brings else None

    def _in_turn(self, request: Request, goes_back: str | None) -> Iterator[str]:
        """Yield who is to be asked, in order, by name: none that fails all the time, if possible.

        What came of a tool goes back to who asked for it.
        """
        names = [request.model, *(name for name in self._others if name != request.model)]
        if goes_back in names:
            names.sort(key=lambda name: name != goes_back)
        yield from [name for name in names if not self._breaker.is_open(name)] or names

    def _why_not_first(self, request: Request) -> str:
        failing = self._breaker.is_open(request.model)
        return f"{request.model} failed {FAILURES} times in five minutes" if failing else ""

    def _asked(self, name: str, request: Request) -> tuple[Engine, Request]:
        """Return the engine of `name`, and `request` as it is to get it."""
        if name == request.model:
            return self._first, request
        candidate = self._open(name)
        return candidate.engine, _adapted(request, candidate)


class _Run:
    """One answer, from whoever gives it."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker
        self._shown = False
        self._waited = 0.0
        self._error: CopilotChatError | None = None
        self.tried: list[str] = []

    def events(self, name: str, engine: Engine, request: Request) -> Generator[Event]:
        """Yield the events of the answer of `engine`. All waits together are at most a minute."""
        with closing(engine.answer(request)) as events:
            for event in events:
                if isinstance(event, Waiting):
                    self._waited += event.seconds
                    if self._waited > MAX_WAIT:
                        raise ServiceError(event.reason)
                elif isinstance(event, Text | ToolCall):
                    self._shown = True
                elif isinstance(event, End) and event.reason in {"cut", "error"}:
                    self._breaker.count(name)
                yield event

    def goes_on(self, name: str, error: CopilotChatError) -> bool:
        """Count what failed; tell whether another may answer instead."""
        if error.outage:
            self._breaker.count(name)
        first = self._error is None
        if first:
            self._error = error
        else:
            self.tried.append(name)
        if self._shown or isinstance(error, Interrupted | FilteredError | LockTimeout):
            return False
        # The others may fail as they like: what the person hears of is why the first did.
        return not first or isinstance(error, ServiceError | LimitError)

    def told(self) -> CopilotChatError:
        """Return the first error, which says what else was tried."""
        error = self._error or ServiceError("no model of the setting failover can be asked")
        if self.tried:
            tried = f"{', '.join(self.tried)} could not answer either"
            error.hint = f"{error.hint}; {tried}" if error.hint else tried
        return error


def _adapted(request: Request, candidate: Candidate) -> Request:
    """Return `request` for `candidate`, without what only another model can read or knows."""
    return request._replace(
        model=candidate.model or request.model,
        effort=request.effort if request.effort in candidate.efforts else None,
        messages=[_readable(each) for each in request.messages],
    )


def _readable(message: Message) -> Message:
    parts = (
        part._replace(opaque=None, wire=None) if isinstance(part, ReasoningPart) else part
        for part in message.parts
    )
    return message._replace(parts=tuple(parts))
