"""Signals that end the program unwind it, so that what came of an answer is saved."""

import signal
import threading
from types import FrameType

_NAMES = ("SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGXCPU")

ENDING = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
"""The signals that end a program that does not handle them, and leave it time to; SIGINT apart."""


class Terminated(BaseException):
    """A signal asked the program to end; it passes through everything, as Ctrl-C does."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def heed() -> None:
    """Raise `Terminated` in the main thread on a signal that ends the program.

    What whoever started us has us ignore, as nohup does SIGHUP, stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # Python lets only the main thread set handlers

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        raise Terminated(number)

    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)
