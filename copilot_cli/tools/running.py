"""What a call is run with, so that it can end when nobody waits for it any more."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Lock


class Running:
    """One call that runs. A tool that takes long looks at `stop` now and then."""

    def __init__(self) -> None:
        self.stop = Event()
        """Is set when nobody waits for the call any more."""
        self._lock = Lock()
        self._ends: list[Callable[[], object]] = []

    @contextmanager
    def ended_by(self, end: Callable[[], object]) -> Iterator[None]:
        """Have `end` called as soon as the call is stopped, for the length of a `with`.

        Whoever stops the call waits for `end`, so that no child process is left by a program that
        ends.
        """
        with self._lock:
            self._ends.append(end)
            late = self.stop.is_set()
        try:
            if late:
                end()
            yield
        finally:
            with self._lock:
                if end in self._ends:
                    self._ends.remove(end)

    def cancel(self) -> None:
        """Stop the call, and wait for what ends it."""
        with self._lock:
            self.stop.set()
            ends, self._ends = self._ends, []
        with ExitStack() as ending:  # a second Ctrl-C, at one of them, leaves none out
            for end in ends:
                ending.callback(end)
