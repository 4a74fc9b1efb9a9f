"""Trying again: at most so often, never for long, and never once something was shown.

A chat completion has no side effect but costs quota and may differ the second time. So what failed
before the first visible word is sent again, by the rule that came with the failure; what failed
after it ends the answer as incomplete.
"""

import random
from collections.abc import Callable, Iterator

from copilot_cli.engines.statuses import Failure, Retry
from copilot_cli.errors import CopilotChatError
from copilot_cli.messages import End, Event, Reasoning, Text, ToolCall, Waiting

MAX_WAIT = 60.0
"""The most seconds one request waits by itself, all its waits together."""

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0


class Patience:
    """How often and how long one request may still be tried again."""

    def __init__(self, retries: int, jitter: Callable[[], float] = random.random) -> None:
        self._left = retries
        self._tried = 0
        self._waited = 0.0
        self._jitter = jitter

    def pause(self, rule: Retry) -> float | None:
        """Return the seconds to wait before the next attempt, or None to give up.

        A server's wish wins over the growing pause. One that goes beyond the minute is not slept
        through: the person hears of it instead.
        """
        if self._left <= 0 or self._tried >= rule.times:
            return None
        seconds = self._wanted(rule)
        if self._waited + seconds > MAX_WAIT:
            return None
        self._left -= 1
        self._tried += 1
        self._waited += seconds
        return seconds

    def _wanted(self, rule: Retry) -> float:
        if rule.after is not None:
            return rule.after
        if rule.pause is not None:
            return rule.pause
        grown = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**self._tried)
        # Full jitter in the upper quarter: clients that failed together do not come back together.
        return grown * (0.75 + 0.25 * self._jitter())


def resilient(
    attempt: Callable[[], Iterator[Event]],
    *,
    patience: Patience,
    sleep: Callable[[float], None],
    local_time: Callable[[float], str],
) -> Iterator[Event]:
    """Yield the events of `attempt`, started anew where that is right; `Waiting` says when.

    `local_time` turns seconds from now into the time of day that a message names. Raises the
    failure's error where nothing was shown and nothing more is to be tried.
    """
    while True:
        shown = False
        try:
            for event in attempt():
                if isinstance(event, End) and not shown and event.reason in {"cut", "stalled"}:
                    raise _silent(event)
                shown = shown or isinstance(event, Text | Reasoning | ToolCall)
                yield event
        except Failure as failure:
            if shown:
                yield End("error", complete=False, detail=failure.error.message)
                return
            seconds = patience.pause(failure.retry)
            if seconds is None:
                raise _told(failure, local_time) from failure
            yield Waiting(seconds, failure.error.message)
            sleep(seconds)
        else:
            return


def _silent(end: End) -> Failure:
    """An answer that ended before its first word is a failure of the service, not an answer."""
    from copilot_cli.engines.statuses import BACKOFF, ONCE
    from copilot_cli.errors import ServiceError

    what = end.detail or "the answer broke off"
    return Failure(
        ServiceError(what, kind=end.reason), ONCE if end.reason == "stalled" else BACKOFF
    )


def _told(failure: Failure, local_time: Callable[[float], str]) -> CopilotChatError:
    after = failure.error.retry_after
    if after is None:
        after = failure.retry.after
    if after is not None and after > 0 and failure.error.exit_code in {5, 6}:
        again = f"try again after {local_time(after)}"
        hint = failure.error.hint
        failure.error.hint = f"{again}; {hint}" if hint else again
    return failure.error
