"""One try at one answer: what comes for it, from two threads, in the order of its arrival.

Rule: every try has a queue of its own, and one that is over takes nothing more. So what comes late
for an earlier try is dropped, and never mixed into another answer.
"""

import queue
from collections.abc import Callable
from typing import NamedTuple

from copilot_cli.engines.answering import Form
from copilot_cli.engines.failure import Failure
from copilot_cli.messages import Event


class Asked(NamedTuple):
    """The request of the model goes out."""


class Settled(NamedTuple):
    """The runtime has ended its turn, or given it up because of `failure`."""

    failure: Failure | None = None


class Heard(NamedTuple):
    """The reply is over: what it brought after its text, or why it failed."""

    events: tuple[Event, ...] = ()
    failure: Failure | None = None


Item = Event | Asked | Settled | Heard | Failure
"""What comes for an attempt; a `Failure` is of the runtime's process, and not of the reply."""


class Attempt:
    """A try at the answer to `form.request`; `put` may be called from any thread."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.asked = False
        """Whether its one request of the model has gone out."""
        self._items: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._over = False
        self._hang_up: Callable[[], None] = lambda: None

    @property
    def over(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._over

    def put(self, item: Item) -> None:
        """Add `item`; it is dropped where the attempt is over."""
        if not self._over:
            self._items.put(item)

    def next(self, seconds: float) -> Item | None:
        """Return the next item, waiting at most `seconds` for it; None where none came."""
        try:
            return self._items.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None

    def on_close(self, hang_up: Callable[[], None]) -> None:
        """Have `hang_up` called when the attempt is given up."""
        self._hang_up = hang_up

    def close(self) -> None:
        """Take nothing more, and hang up on the model if it still speaks."""
        self._over = True
        self._hang_up()
