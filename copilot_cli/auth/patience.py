"""An exchange with patience: what may pass in a moment is asked for again, within one budget.

Rule: nothing is remembered here, and nobody else waits; both are the lease's.
"""

import random
from collections.abc import Callable

from copilot_cli.auth.lease_values import UNAVAILABLE, CopilotToken
from copilot_cli.errors import CopilotChatError, LimitError, NetworkError, ServiceError
from copilot_cli.secret import Secret

BUDGET = 15.0
"""Seconds for all attempts of one exchange."""

RETRIES = 3
"""How often an exchange is sent again where nobody set another number."""

_LIMITED = 2  # how often at a rate limit, as an answer is
_BACKOFF, _LONGEST_BACKOFF = 0.5, 8.0  # seconds


def exchange_patiently(
    exchange: Callable[[Secret, float], CopilotToken],
    github: Secret,
    deadline: float | None = None,
    *,
    sleep: Callable[[float], None],
    monotonic: Callable[[], float],
    retries: int = RETRIES,
    jitter: Callable[[], float] = random.random,
    tell: Callable[[str], object] = lambda _: None,
) -> CopilotToken:
    """Exchange `github`, and try again, `retries` times at most, what may pass in a moment.

    It ends at `deadline`, on the clock `monotonic`; None leaves the whole budget. `tell` hears in a
    line why there is a wait. Raises what the last attempt raised.
    """
    end = monotonic() + BUDGET if deadline is None else deadline
    limited = 0
    for attempt in range(retries + 1):
        try:
            return exchange(github, end - monotonic())
        except (LimitError, ServiceError) as error:
            pause = _pause(error, attempt, jitter)
            limited += isinstance(error, LimitError)
            last = attempt == retries or limited > _LIMITED
            if last or not _may_pass(error) or pause >= end - monotonic():
                raise
            tell(f"{error.message}; sending again in {pause:.1f} s")
        sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def _pause(error: CopilotChatError, attempt: int, jitter: Callable[[], float]) -> float:
    if error.retry_after is not None:
        return error.retry_after
    if isinstance(error, LimitError):
        return BUDGET
    longest: float = min(_BACKOFF * 2**attempt, _LONGEST_BACKOFF)
    return longest * (0.75 + 0.25 * jitter())


def _may_pass(error: CopilotChatError) -> bool:
    """Whether the same request may succeed in a moment."""
    if isinstance(error, NetworkError):
        return error.kind in {"network", "timeout"}
    return isinstance(error, LimitError) or error.kind == UNAVAILABLE
