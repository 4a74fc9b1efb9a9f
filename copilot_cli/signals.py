"""Signals that end the program unwind it, so that what came of an answer is saved."""

import signal
import threading
from types import FrameType


class Terminated(BaseException):
    """A signal asked the program to end; it passes through everything, as Ctrl-C does."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def heed() -> None:
    """Raise `Terminated` in the main thread on SIGTERM and SIGHUP, unless nohup ignores them."""
    if threading.current_thread() is not threading.main_thread():
        return  # Python lets only the main thread set handlers

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        raise Terminated(number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)
