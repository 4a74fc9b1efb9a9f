"""The countdown: what it shows, how long it waits, what it leaves."""

import pytest

from copilot_cli.ui.countdown import Countdown


class Clock:
    def __init__(self, stop_after: int | None = None) -> None:
        self.slept: list[float] = []
        self.written: list[str] = []
        self._stop_after = stop_after

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if len(self.slept) == self._stop_after:
            raise KeyboardInterrupt


@pytest.mark.parametrize("seconds", [1.0, 2.4, 30.0, 59.9])
def test_it_waits_as_long_as_it_was_told(seconds: float) -> None:
    """The steps add up, and every second has its number, the last being 1."""
    clock = Clock()
    Countdown(clock.written.append, clock.sleep)(seconds)
    assert sum(clock.slept) == pytest.approx(seconds)
    shown = [int(line.removeprefix("\r\x1b[K").split()[0]) for line in clock.written[:-1]]
    assert shown == list(range(shown[0], 0, -1))
    assert shown[0] - 1 < seconds <= shown[0]


@pytest.mark.parametrize("stop_after", [1, 3])
def test_ctrl_c_ends_it_and_the_line_is_clear(stop_after: int) -> None:
    """At once, and with nothing left on the screen."""
    clock = Clock(stop_after)
    with pytest.raises(KeyboardInterrupt):
        Countdown(clock.written.append, clock.sleep)(30.0)
    assert len(clock.slept) == stop_after
    assert clock.written[-1] == "\r\x1b[K"
    assert "Ctrl-C stops" in clock.written[0]


def test_a_moment_is_not_worth_a_line() -> None:
    """Half a second would only flicker."""
    clock = Clock()
    Countdown(clock.written.append, clock.sleep)(0.5)
    assert clock.slept == [0.5]
    assert clock.written == []
