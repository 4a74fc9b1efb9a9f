"""A conversation: `Chat.send(text)` is one turn, from the person's words to the end of the answer.

The turn is written down before the request goes out, the answer as it grows, so that nothing that
was paid for is lost. What failed before its first word is no part of the conversation that the next
request carries, though it stays on record.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from typing import Any, Protocol

from copilot_cli.errors import Interrupted
from copilot_cli.messages import (
    Cost,
    End,
    Event,
    Message,
    Outcome,
    Request,
    Started,
    State,
    Text,
    Usage,
    UsageReport,
    message,
)


class Engine(Protocol):
    """What answers a turn."""

    @property
    def name(self) -> str:
        """The engine's name in settings and reports."""

    def answer(self, request: Request) -> Generator[Event]:
        """Yield the events of one answer; the last is `End`. Raises `CopilotChatError`.

        Closing the generator stops the answer.
        """

    def dry_run(self, request: Request) -> dict[str, Any]:
        """Return what `answer` would send, as JSON can hold it, with no secret in it."""


class Recorder(Protocol):
    """Who keeps the conversation. Nothing here may stop an answer."""

    def ask(self, text: str) -> None:
        """Write the person's turn."""

    def begin(self, model: str, engine: str) -> None:
        """Write that an answer has begun."""

    def grow(self, text: str) -> None:
        """Take the next piece of the answer; it is on disk within the second."""

    def finish(self, outcome: Outcome) -> None:
        """Write how the answer ended."""


class Forgetful:
    """The recorder of a chat that leaves nothing on disk."""

    def ask(self, text: str) -> None:
        """Keep nothing."""

    def begin(self, model: str, engine: str) -> None:
        """Keep nothing."""

    def grow(self, text: str) -> None:
        """Keep nothing."""

    def finish(self, outcome: Outcome) -> None:
        """Keep nothing."""


class Chat:
    """A conversation with one engine; `model` may be changed between turns."""

    def __init__(
        self,
        engine: Engine,
        model: str,
        *,
        system: str | None = None,
        history: Iterable[Message] = (),
        recorder: Recorder | None = None,
        stream: bool = True,
        monotonic: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self.engine = engine
        self.model = model
        self.system = system
        self.history = list(history)
        self.last: Outcome | None = None
        self._recorder: Recorder = recorder or Forgetful()
        self._stream = stream
        self._monotonic = monotonic
        self._new_id = new_id

    def request(self, text: str) -> Request:
        """Return the request that `send(text)` would make."""
        return Request(
            model=self.model,
            messages=self._messages(text),
            stream=self._stream,
            initiator="user",
            request_id=self._new_id(),
        )

    def send(self, text: str) -> Generator[Event]:
        """Yield the events of the answer to `text`; the last is `End`.

        Closing the generator, or an exception thrown into it (Ctrl-C), stops the answer and keeps
        what came. Raises a `CopilotChatError` where there was no answer at all.
        """
        request = self.request(text)
        self._recorder.ask(text)
        self._recorder.begin(self.model, self.engine.name)
        turn = _Turn(self._monotonic)
        try:
            with closing(self.engine.answer(request)) as events:
                for event in events:
                    turn.note(event)
                    if isinstance(event, Text):
                        self._recorder.grow(event.text)
                    yield event
        except BaseException as error:
            # Ctrl-C, a signal, or a reader who closed this generator: no exceptions of the program.
            if isinstance(error, Interrupted) or not isinstance(error, Exception):
                turn.interrupt()
            raise
        finally:
            # Whatever happened, what came is kept, and the rest is for the caller to handle.
            self._keep(text, turn)

    def _messages(self, text: str) -> Sequence[Message]:
        system = [message("system", self.system)] if self.system else []
        return [*system, *self.history, message("user", text)]

    def _keep(self, text: str, turn: "_Turn") -> None:
        self.last = turn.outcome()
        self._recorder.finish(self.last)
        answer = turn.text()
        if answer:
            self.history += [message("user", text), message("assistant", answer)]


class _Turn:
    """What one answer has brought so far."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._start = monotonic()
        self._first: float | None = None
        self._pieces: list[str] = []
        self._usage = Usage()
        self._cost: Cost | None = None
        self._request_id: str | None = None
        self._end: End | None = None

    def note(self, event: Event) -> None:
        match event:
            case Text(text):
                if self._first is None:
                    self._first = self._monotonic() - self._start
                self._pieces.append(text)
            case UsageReport(usage, cost):
                self._usage, self._cost = usage, cost
            case Started(_, request_id, _):
                self._request_id = request_id
            case End():
                self._end = event
            case _:
                pass

    def interrupt(self) -> None:
        """Note that the person, or the reader, left; after the end that changes nothing."""
        if self._end is None:
            self._end = End("interrupted", complete=False)

    def text(self) -> str:
        return "".join(self._pieces)

    def outcome(self) -> Outcome:
        return Outcome(
            state=self._state(),
            finish_reason=self._end.reason if self._end else None,
            usage=self._usage,
            cost=self._cost,
            request_id=self._request_id,
            first_token=self._first,
            total=self._monotonic() - self._start,
        )

    def _state(self) -> State:
        if self._end is None:
            return "incomplete" if self._pieces else "failed"
        if self._end.reason == "interrupted":
            return "interrupted"
        return "complete" if self._end.complete else "incomplete"
