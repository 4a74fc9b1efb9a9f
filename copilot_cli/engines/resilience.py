"""Trying again: at most so often, never for long, and never once something was shown.

A chat completion has no side effect but costs quota and may differ the second time. So what failed
before the first visible word is sent again, by the rule that came with the failure; what failed
after it ends the answer as incomplete.
"""

import random
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import TypeVar

from copilot_cli.engines.failure import BACKOFF, LIMIT, NEVER, ONCE, Failure, Retry
from copilot_cli.errors import CopilotChatError, LimitError, NetworkError, ServiceError
from copilot_cli.messages import End, Event, Notice, Reasoning, Text, ToolCall, Waiting
from copilot_cli.values import NamedTuple

MAX_WAIT = 60.0
"""The most seconds one request waits by itself, all its waits together."""

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0

_T = TypeVar("_T")


class Patience:
    """How often and how long one request may still be tried again.

    `retries` bounds all of them together, each failure's rule those after failures like it.
    """

    def __init__(self, retries: int, jitter: Callable[[], float] = random.random) -> None:
        self._left = retries
        self._tried: Counter[int] = Counter()
        self._waited = 0.0
        self._jitter = jitter

    def pause(self, rule: Retry) -> float | None:
        """Return the seconds to wait before the next attempt, or None to give up.

        A server's wish wins over the growing pause. One that goes beyond the minute is not slept
        through: the person hears of it instead.
        """
        if self._left <= 0 or self._tried[rule.times] >= rule.times:
            return None
        seconds = self._wanted(rule)
        if self._waited + seconds > MAX_WAIT:
            return None
        self._left -= 1
        self._tried[rule.times] += 1
        self._waited += seconds
        return seconds

    def _wanted(self, rule: Retry) -> float:
        if rule.after is not None:
            return rule.after
        if rule.pause is not None:
            return rule.pause
        grown = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** self._tried.total())
        # Jitter in the upper quarter: clients that failed together do not come back together.
        return grown * (0.75 + 0.25 * self._jitter())


class Retrying(NamedTuple):
    """Who sends again what failed, at most `retries` times for one request.

    `local_time` turns seconds from now into the time of day that a message names; `jitter` returns
    a number from 0 to 1.
    """

    retries: int
    sleep: Callable[[float], None]
    local_time: Callable[[float], str]
    jitter: Callable[[], float] = random.random

    def answer(self, attempt: Callable[[], Generator[Event]]) -> Iterator[Event]:
        """Yield the events of `attempt`, started anew where that is right; `Waiting` says when.

        Raises the failure's error where no word was shown and nothing more is to be tried.
        Reasoning is no word: it is not part of the answer, and does not reach stdout.
        """
        patience = Patience(self.retries, self.jitter)
        while True:
            shown = thought = False
            try:
                with closing(attempt()) as events:
                    for event in events:
                        if isinstance(event, End) and event.complete and not shown:
                            yield _wordless(thought=thought)
                        thought = thought or isinstance(event, Reasoning)
                        if isinstance(event, End) and not shown and event.reason in _BROKEN:
                            raise _silent(event)
                        shown = shown or isinstance(event, Text | ToolCall)
                        yield event
            except Failure as failure:
                if shown:
                    yield End("error", complete=False, detail=failure.error.message)
                    return
                seconds = self._pause(failure, patience)
                yield Waiting(seconds, failure.error.message)
                self.sleep(seconds)
            else:
                return

    def result(
        self, attempt: Callable[[], _T], tell: Callable[[Waiting], None] | None = None
    ) -> _T:
        """Return what `attempt` returns, tried again where that is right.

        `tell` hears of each wait before it begins. Raises as `answer` does.
        """
        patience = Patience(self.retries, self.jitter)
        while True:
            try:
                return attempt()
            except Failure as failure:
                seconds = self._pause(failure, patience)
                if tell is not None:
                    tell(Waiting(seconds, failure.error.message))
            self.sleep(seconds)

    def _pause(self, failure: Failure, patience: Patience) -> float:
        """Return the seconds to wait; raise the failure's error if nothing more is to be tried."""
        seconds = patience.pause(failure.retry)
        if seconds is None:
            raise self._told(failure.error) from failure
        return seconds

    def _told(self, error: CopilotChatError) -> CopilotChatError:
        if error.retry_after and error.exit_code in {5, 6}:
            again = f"try again after {self.local_time(error.retry_after)}"
            error.hint = f"{again}; {error.hint}" if error.hint else again
        elif error.retry_after is None and isinstance(error, LimitError):
            error.hint = error.hint or "try again later: the service does not say when"
        return error


def rule_of(error: CopilotChatError) -> Retry:
    """Return when to try again what GitHub's own host refused: it has no table of codes."""
    if isinstance(error, LimitError):
        return LIMIT._replace(after=error.retry_after)
    if isinstance(error, NetworkError):
        # What was not sent may go out again; what may have been taken, once.
        return {"network": BACKOFF, "timeout": ONCE}.get(error.kind, NEVER)
    if isinstance(error, ServiceError) and error.kind == "unavailable":
        return BACKOFF._replace(after=error.retry_after)
    return NEVER


_BROKEN = frozenset({"cut", "stalled", "error"})


def _wordless(*, thought: bool) -> Notice:
    """A whole answer without a word: a model may do that, and nobody should look for the text."""
    what = "only thought, and said nothing" if thought else "said nothing"
    return Notice(f"the model {what}: ask again")


def _silent(end: End) -> Failure:
    """An answer that ended before its first word is a failure of the service, not an answer."""
    error = ServiceError(end.detail or "the answer broke off", hint="ask again", kind=end.reason)
    error.outage = end.reason != "stalled"
    if not end.resend:
        return Failure(error, NEVER)
    return Failure(error, ONCE if end.reason == "stalled" else BACKOFF)
