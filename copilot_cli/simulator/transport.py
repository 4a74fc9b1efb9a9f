"""The front for unit tests: an httpx transport on the state machine, without a socket.

Nothing sleeps here: a delay or pause beyond the request's read timeout is that timeout at once,
and a shorter one passes in no time. A pause for an event does wait for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import httpx

from copilot_cli.simulator.hosts import place
from copilot_cli.simulator.reply import Pause, Reply, Request, Step


class SimulatorTransport(httpx.BaseTransport):
    """Gives each request to `handle`; hosts that GitHub does not own cannot be connected to."""

    def __init__(self, handle: Callable[[Request], Reply]) -> None:
        self._handle = handle

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange; raises the httpx errors that a real connection would."""
        url = request.url
        if place(url.host) is None:
            raise httpx.ConnectError("[Errno -2] Name or service not known", request=request)
        authority = url.netloc.decode("ascii")
        reply = self._handle(
            Request(
                method=request.method,
                host=url.host,
                path=url.path,
                headers={name.lower(): value for name, value in request.headers.items()},
                body=request.read(),
                query=url.query.decode("ascii"),
                origin=f"{url.scheme}://{authority}",
            )
        )
        patience = request.extensions.get("timeout", {}).get("read")
        _wait(reply.delay, patience, request)
        if reply.refuse:
            raise httpx.ConnectError("[Errno 111] Connection refused", request=request)
        if reply.drop:
            message = "Server disconnected without sending a response."
            raise httpx.RemoteProtocolError(message, request=request)
        if isinstance(reply.body, bytes):
            headers = {**reply.headers, "content-length": str(len(reply.body))}
            return httpx.Response(reply.status, headers=headers, content=reply.body)
        headers = {**reply.headers, "transfer-encoding": "chunked"}
        stream = _Stream(reply.body, patience, request)
        return httpx.Response(reply.status, headers=headers, stream=stream)


class _Stream(httpx.SyncByteStream):
    """A streamed body, with its pauses and its cut as httpx would report them."""

    def __init__(
        self, steps: Iterator[Step], patience: float | None, request: httpx.Request
    ) -> None:
        self._steps = steps
        self._patience = patience
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        for step in self._steps:
            if isinstance(step, bytes):
                yield step
            elif isinstance(step, Pause):
                _wait(step.until, self._patience, self._request)
            else:
                message = (
                    "peer closed connection without sending complete message body "
                    "(incomplete chunked read)"
                )
                raise httpx.RemoteProtocolError(message, request=self._request)

    def close(self) -> None:
        """The reader leaves: the log learns of it if that was before the end."""
        close = getattr(self._steps, "close", None)
        if close is not None:
            close()


def _wait(until: float | threading.Event, patience: float | None, request: httpx.Request) -> None:
    if isinstance(until, threading.Event):
        in_time = until.wait(patience)
    else:
        in_time = patience is None or until <= patience
    if not in_time:
        raise httpx.ReadTimeout("The read operation timed out", request=request)
