"""Writing down a conversation while it happens: the user's turn first, the answer as it grows.

What came of an answer is on disk within a second, even when the stream then falls silent: a timer
writes it, started by the first piece that is not written yet. An answer that takes less than a
second costs three small transactions.
"""

import threading
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Protocol

from copilot_cli.messages import Message, Outcome, Part, ReasoningPart, TextPart, message, spoken
from copilot_cli.store.sessions import Sessions
from copilot_cli.store.turns import Turn, joined

SUMMARY = "Summary of the conversation so far:"
"""The line before a summary in the message that carries it."""

KEPT = 2
"""Turns before a summary that it does not sum up: they go on word for word (`chat.KEPT`)."""

_LAG = 1.0  # seconds that a kill may cost

_TOGETHER = 64
"""Pieces that are written as one part while the answer grows.

SQLite copies a part three times over, and the memory of large copies is not given back.
"""


class Timer(Protocol):
    """Something that calls back once, later, unless it is cancelled."""

    def start(self) -> None:
        """Begin to wait."""

    def cancel(self) -> None:
        """Call nobody, if it is not too late."""


def _timer(seconds: float, call: Callable[[], None]) -> Timer:
    timer = threading.Timer(seconds, call)
    timer.daemon = True  # what it would write, `finish` writes too
    return timer


class SessionRecorder:
    """Writes one conversation into `sessions`: a new session, or the one with the id `session`."""

    def __init__(
        self,
        sessions: Sessions,
        session: str | None = None,
        *,
        host: str | None = None,
        account: str | None = None,
        timer: Callable[[float, Callable[[], None]], Timer] = _timer,
    ) -> None:
        self._sessions = sessions
        self._host = host
        self._account = account
        self._make_timer = timer
        self._lock = threading.Lock()
        self._timer: Timer | None = None
        self._parts: list[Part] = []
        self._answer: int | None = None
        self._head: int | None = None
        self.session: str | None = None
        if session is None:
            self.session = sessions.create(host=host, account=account)
        else:
            self.attach(session)

    @property
    def head(self) -> int | None:
        """The turn that the next one comes after."""
        return self._head

    def attach(self, session: str) -> None:
        """Go on with a stored session, named as `Sessions.find` takes it. Raises UsageError."""
        found = self._sessions.find(session)
        self.session, self._head = found.id, found.head

    def follow(self) -> None:
        """Go on from where the session's head is now, after an undo or a redo moved it."""
        turns = self._sessions.history(self.session)
        self._head = turns[-1].id if turns else None

    def conversation(self) -> list[Message]:
        """Return what the next request carries of the turns up to the head."""
        return conversation(self._sessions.history(self.session))

    def summarize(self, summary: str) -> None:
        """Write a summary of all but the last two turns: the next request carries it for them.

        Undo takes it back; what it stands for stays stored.
        """
        parts = [TextPart(summary)]
        self._head = self._sessions.append(self.session, self._head, "summary", parts)

    def ask(self, parts: Sequence[Part]) -> None:
        """Write the person's turn."""
        self._head = self._sessions.append(self.session, self._head, "user", parts)

    def begin(self, model: str, engine: str) -> None:
        """Write that an answer has begun."""
        self._answer = self._sessions.begin_answer(
            self.session, self._head, model=model, engine=engine
        )

    def grow(self, part: Part) -> None:
        """Take the next piece of the answer; it is on disk within the second."""
        if self._answer is None:
            return
        with self._lock:
            self._parts.append(part)
            if self._timer is None:
                self._timer = self._make_timer(_LAG, self._flush)
                self._timer.start()

    def finish(self, outcome: Outcome) -> None:
        """Write how the answer ended, and what of it is not written yet."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._sessions.finish(
                self._answer,
                outcome.state,
                rest=self._unwritten(),
                finish_reason=outcome.finish_reason,
                request_id=outcome.request_id,
                model=outcome.instead.model if outcome.instead else None,
                engine=outcome.instead.engine if outcome.instead else None,
                usage=outcome.usage,
                cost=outcome.cost,
                seconds_first_token=outcome.first_token,
                seconds_total=outcome.total,
            )
        if self._answer is not None:
            self._head = self._answer
        self._answer = None

    def _flush(self) -> None:
        with self._lock:
            self._timer = None
            self._sessions.grow(self._answer, self._unwritten())

    def _unwritten(self) -> Sequence[Part]:
        parts, self._parts = self._parts, []
        runs = (parts[start : start + _TOGETHER] for start in range(0, len(parts), _TOGETHER))
        return [part for run in runs for part in joined(run)]


def conversation(turns: list[Turn]) -> list[Message]:
    """Return what the next request carries: each question that got text, with that text.

    A question whose answer failed before its first word is on record, not in the conversation.
    What came before the latest summary is there as that summary, but for the last two turns, which
    it leaves as they are. An answer of blanks is none: some services refuse whatever carries it.
    """
    exchanges: list[list[Message]] = []
    for before, turn in pairwise([None, *turns]):
        if turn is None:
            continue
        if turn.role == "summary":
            exchanges = [[message("system", f"{SUMMARY}\n{turn.text}")], *exchanges[-KEPT:]]
        elif before and before.role == "user" and turn.role == "assistant":
            answer = spoken([part for part in turn.parts if not isinstance(part, ReasoningPart)])
            if answer:
                exchanges.append([Message("user", before.parts), *answer])
    return [each for exchange in exchanges for each in exchange]
