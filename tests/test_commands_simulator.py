"""`simulator` as a command: how it ends."""

import io
import json

import pytest

from copilot_cli.commands import simulator
from copilot_cli.effects import Effects
from copilot_cli.main import main
from copilot_cli.signals import Terminated


class Interrupting(io.StringIO):
    """A stdout in whose writing a signal comes."""

    def __init__(self, signal: BaseException) -> None:
        super().__init__()
        self._signal = signal

    def write(self, text: str) -> int:
        """Write `text`, and be hit by the signal."""
        super().write(text)
        raise self._signal


def never() -> None:
    """Stand for the wait that a signal spared."""
    raise AssertionError("the signal was lost")


@pytest.mark.real
@pytest.mark.parametrize("signal", [KeyboardInterrupt(), Terminated(15)], ids=["ctrl-c", "term"])
def test_a_signal_that_follows_the_first_line_at_once_is_no_failure(
    signal: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that has read the line may end the server before it waits."""
    monkeypatch.setattr(simulator, "_wait", never)
    out = Interrupting(signal)
    effects = Effects(environ={}, stdin=io.StringIO(), stdout=out, stderr=io.StringIO())
    assert main(["simulator", "--json"], effects) == 0
    assert json.loads(out.getvalue()).keys() == {"url", "proxy", "ca", "env"}
