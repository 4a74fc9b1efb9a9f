"""What ends the line editor from outside: signals that end the program, and failures.

What a signal's handler raises would be swallowed wherever it hits a callback of the editor's loop,
and a failure there would be shown and gone. So the editor is asked to end, which puts the terminal
back, and then the handler is called, or the failure goes on.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from prompt_toolkit.application import get_app

from copilot_cli.signals import ENDING

_Handler = Callable[[int, FrameType | None], object]


@contextmanager
def ended_from_outside() -> Iterator[Callable[[], None]]:
    """Have the signals that end the program end the prompt first, for a `with`.

    Then they do what they did.

    Gives what the prompt is to call as soon as its loop runs; from then on failures end it too.
    """
    handlers = _handlers()
    came: list[int] = []

    def heed() -> None:
        app, loop = get_app(), asyncio.get_running_loop()

        def end() -> None:
            if not app.is_done:
                app.exit(exception=EOFError())

        def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
            came.append(number)
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(end)

        def fail(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            if "exception" in context and not app.is_done:
                app.exit(exception=context["exception"])
            else:
                loop.default_exception_handler(context)

        loop.set_exception_handler(fail)
        for number in handlers:
            signal.signal(number, handle)

    try:
        yield heed
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            handlers[came[0]](came[0], None)


def _handlers() -> dict[int, _Handler]:
    """Return the handlers that somebody set; only the main thread can replace any."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    handlers = {number: signal.getsignal(number) for number in ENDING}
    return {number: handler for number, handler in handlers.items() if callable(handler)}
