"""How long a server asks to wait: `Retry-After` in all its forms, and how that is told.

Seconds are tried before the date: a client that tries the date first misreads small numbers.
Sources: RFC 9110 section 10.2.3 (both forms), section 5.6.7 (three date formats).
"""

import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from copilot_cli.patterns import pattern

_SECONDS = pattern(r"[0-9]{1,10}(?:\.[0-9]{1,20})?", re.ASCII)
_SHORT = 60.0  # seconds that nobody needs a clock for
_DATES = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y")


def parse_retry_after(value: str, now: float) -> float | None:
    """Return the seconds that one `Retry-After` value asks to wait from `now` (unix seconds).

    A date in the past is 0. Anything that is neither plain ASCII seconds nor an HTTP date is None.
    """
    value = value.strip(" \t")
    if _SECONDS.fullmatch(value):
        return float(value)
    if not value.isascii():
        return None
    for form in _DATES:
        try:
            # The C locale's names are the protocol's names; strptime is asked for nothing else.
            when = datetime.strptime(value, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return max(0.0, when.timestamp() - now)
    return None


def delay_asked(headers: Mapping[str, str], repeated: Sequence[str], now: float) -> float | None:
    """Return the seconds a reply asks to wait, or None.

    `headers` are its headers in lower case, `repeated` every value of `retry-after`: the largest
    valid one counts. Then `retry-after-ms`, then `x-ratelimit-reset` (unix seconds), which GitHub
    sends with every reply: it counts unless `x-ratelimit-remaining` says that something is left.
    """
    asked = [parse_retry_after(value, now) for value in repeated]
    valid = [seconds for seconds in asked if seconds is not None]
    if valid:
        return max(valid)
    milliseconds = headers.get("retry-after-ms", "").strip()
    if _SECONDS.fullmatch(milliseconds):
        return float(milliseconds) / 1000
    if headers.get("x-ratelimit-remaining", "0").strip() != "0":
        return None
    reset = headers.get("x-ratelimit-reset", "").strip()
    if _SECONDS.fullmatch(reset) and float(reset) > 1_000_000_000:
        return max(0.0, float(reset) - now)
    return None


def time_of_day(now: float, seconds: float) -> str:
    """Return the local time `seconds` from `now` (unix seconds), with the date of another day."""
    then = time.localtime(now + seconds)
    today = time.localtime(now)[:3] == then[:3]
    return time.strftime("%H:%M" if today else "%Y-%m-%d %H:%M", then)


def try_again(now: float, seconds: float | None) -> str:
    """Return the hint for a limit that lasts `seconds` from `now`: beyond a minute, until when."""
    if seconds is None:
        return "try again later"
    if seconds <= _SHORT:
        return f"try again in {seconds:.0f} s"
    return f"try again after {time_of_day(now, seconds)}"
