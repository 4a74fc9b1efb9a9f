"""How far something large has come, in a line that is drawn anew and goes when it is over.

Where no line can be redrawn, it is said in words at its start and every quarter.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from copilot_cli.ui.console import Streams
from copilot_cli.ui.gauges import gauge
from copilot_cli.ui.safe import safe_line

_CLEAR_LINE = "\r\x1b[K"
_EVERY = 0.1  # seconds between two drawings
_QUARTERS = 4
_BAR = 24  # cells
_NARROWEST = 8


class Progress:
    """Shows bytes that come, as `name`, for the length of a `with`; call it with what is there.

    `plain` says that no line is to be redrawn, as for a screen reader.
    """

    def __init__(
        self, streams: Streams, name: str, monotonic: Callable[[], float], *, plain: bool = False
    ) -> None:
        self._streams = streams
        self._name = safe_line(name)
        self._monotonic = monotonic
        self._drawn = streams.stderr_is_terminal and not streams.dumb and not plain
        self._next = float("-inf")
        self._begun: tuple[float, int] | None = None
        self._quarter = -1

    def __call__(self, done: int, total: int | None) -> None:
        """Show that `done` of `total` bytes are there; None where nobody knows how many."""
        now = self._monotonic()
        self._begun = self._begun or (now, done)
        if not self._drawn:
            self._tell(done, total)
        elif done == total:
            self._streams.say(_CLEAR_LINE)
        elif now >= self._next:
            self._next = now + _EVERY
            self._streams.say(_CLEAR_LINE + self._line(done, total, now))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._drawn and self._begun is not None:
            self._streams.say(_CLEAR_LINE)

    def _tell(self, done: int, total: int | None) -> None:
        quarter = done * _QUARTERS // total if total else 0
        if quarter > self._quarter:
            self._quarter = quarter
            self._streams.notice(f"{self._name}: {_amount(done, total)}")

    def _line(self, done: int, total: int | None, now: float) -> str:
        assert self._begun is not None
        begun, first = self._begun
        words = f"  {_amount(done, total)}"
        if now - begun >= 1.0:
            words += f"  {(done - first) / (now - begun) / 1e6:.1f} MB/s"
        room = self._streams.size()[0] - 1
        name = self._name if len(self._name) + len(words) <= room else ""
        width = min(room - len(name) - len(words) - 2, _BAR)
        bar = ""
        if total and width >= _NARROWEST:
            runs = gauge(min(done / total, 1.0), width, color=False)
            bar = "  " + "".join(text for text, _ in runs)
        return f"{name}{bar}{words}"[:room]


def _amount(done: int, total: int | None) -> str:
    if total is None:
        return f"{done / 1e6:.0f} MB"
    return f"{done / 1e6:.0f} of {total / 1e6:.0f} MB"
