"""A wait that a person can see: the seconds that are left, in a line that goes when it is over."""

import math
from collections.abc import Callable

_CLEAR_LINE = "\r\x1b[K"
_SHORTEST = 1.0  # seconds below which a line would only flicker


class Countdown:
    """A `sleep` that counts down with `write`, on a terminal that can redraw its line.

    Ctrl-C ends it at once, and leaves the line clear.
    """

    def __init__(self, write: Callable[[str], None], sleep: Callable[[float], None]) -> None:
        self._write = write
        self._sleep = sleep

    def __call__(self, seconds: float) -> None:
        """Wait for `seconds`."""
        if seconds < _SHORTEST:
            self._sleep(seconds)
            return
        left = seconds
        try:
            while left > 0:
                shown = math.ceil(left)
                self._write(f"{_CLEAR_LINE}{shown} s left; Ctrl-C stops")
                self._sleep(left - (shown - 1))
                left = shown - 1
        finally:
            self._write(_CLEAR_LINE)
