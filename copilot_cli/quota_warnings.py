"""A word when a quota is nearly used up: at three quarters and at nine tenths, once each.

Rule: a chat says each once in its run. Single questions are many processes, so they say each once a
day, which a small file in the cache remembers; where it cannot be written the word comes again.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from copilot_cli.errors import StoreError
from copilot_cli.messages import QuotaSnapshot
from copilot_cli.store.cache import read_json, write_json
from copilot_cli.ui.meter import quota_left

_THRESHOLDS = (90, 75)  # per cent used
_DAYS = 2 * 86_400.0  # seconds after which the file says nothing any more


class QuotaWarnings:
    """Says once what is nearly used up of the quotas of `account`.

    `file` is where that is remembered for the day, None to remember it in this process alone.
    """

    def __init__(self, account: str, file: Path | None, now: Callable[[], float]) -> None:
        self._account = account
        self._file = file
        self._now = now
        self._told: dict[str, int] = {}

    def __call__(self, quotas: Sequence[QuotaSnapshot]) -> Iterator[str]:
        """Yield a line for each of `quotas` that has reached a threshold for the first time."""
        told = self._read()
        lines = [line for quota in quotas if (line := self._line(quota, told))]
        if lines:
            self._write(told)
        yield from lines

    def _line(self, quota: QuotaSnapshot, told: dict[str, int]) -> str | None:
        left = quota.remaining_percent
        if left is None:
            return None
        reached = next((each for each in _THRESHOLDS if 100 - left >= each), None)
        key = f"{self._account} {quota.name}"
        if reached is None or told.get(key, 0) >= reached:
            return None
        told[key] = reached
        return _words(quota, reached)

    @property
    def _day(self) -> str:
        return time.strftime("%Y-%m-%d", time.localtime(self._now()))

    def _read(self) -> dict[str, int]:
        if self._file is None:
            return self._told
        kept = read_json(self._file, _DAYS, self._now())
        if not isinstance(kept, dict) or kept.get("day") != self._day:
            return {}
        told = kept.get("told")
        if not isinstance(told, dict):
            return {}
        return {key: each for key, each in told.items() if isinstance(each, int)}

    def _write(self, told: dict[str, int]) -> None:
        self._told = told
        if self._file is not None:
            # A folder that is not private keeps no note; the answer is not the place to say so.
            with suppress(StoreError):
                write_json(self._file, {"day": self._day, "told": told}, self._now())


def _words(quota: QuotaSnapshot, reached: int) -> str:
    used_up = (quota.remaining_percent or 0.0) <= 0
    how = "used up" if used_up else "nearly used up" if reached >= 90 else "running low"
    beyond = "; what goes beyond is billed" if quota.overage_permitted else ""
    return f"your quota is {how}: {quota_left(quota)}{beyond if reached >= 90 else ''}"
