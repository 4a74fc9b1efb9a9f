"""Hanging up on a connection that stays open after what it was for is over."""

import contextlib
import socket
import threading
from typing import Self

import httpx


class HangUp:
    """A context in which `after` sets when to stop waiting for more of a response.

    Reading a body to its end is what lets the connection be used again, and what brings the usage;
    but a server that never ends it must not keep the person waiting. A read that is hung up on ends
    as one whose connection broke. Where there is no socket (a transport of a test) nothing happens.
    """

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._timer: threading.Timer | None = None

    def after(self, seconds: float) -> None:
        """Hang up in `seconds` from now; a later call counts instead of this one."""
        self._cancel()
        self._timer = threading.Timer(seconds, self.now)
        self._timer.daemon = True
        self._timer.start()

    def now(self) -> None:
        """Hang up at once; any thread may."""
        stream = self._response.extensions.get("network_stream")
        connection = stream.get_extra_info("socket") if stream is not None else None
        if isinstance(connection, socket.socket):
            # The plain socket's method: the one of a TLS socket also lets go of its TLS state,
            # while another thread is reading with it. One that is closed is what was wanted.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._cancel()
