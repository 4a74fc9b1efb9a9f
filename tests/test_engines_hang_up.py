"""Hanging up, over real sockets: a connection that stays open keeps nobody waiting."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import httpx
import pytest

from copilot_cli.engines.hang_up import HangUp
from copilot_cli.engines.http import Call, HTTPEngine
from copilot_cli.messages import End, Event, Started, Text
from copilot_cli.network import build_client
from copilot_cli.simulator.ca import Authority
from copilot_cli.wires.chat import Decoder
from tests.engine_world import DONE, STOP, text_event

PATIENCE = 20.0  # seconds after which a test that hangs fails
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """Return `data` as a chunk of HTTP."""
    return b"%x\r\n%s\r\n" % (len(data), data)


class Server:
    """Answers every request with the same bytes, and keeps the connection open.

    `gone` is set when a client closes a connection, and not if the server loses patience first;
    `connections` counts them.
    """

    def __init__(self, reply: bytes, context: ssl.SSLContext | None = None) -> None:
        self._reply = reply
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.connections = 0
        self.gone = threading.Event()
        self.requests = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        scheme = "https" if self._context else "http"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/chat"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        plain.settimeout(PATIENCE)
        try:
            connection = (
                self._context.wrap_socket(plain, server_side=True) if self._context else plain
            )
            with connection:
                while self._request(connection):
                    self.requests += 1
                    connection.sendall(self._reply)
        except TimeoutError:
            return
        except OSError:
            pass
        self.gone.set()

    def _request(self, connection: socket.socket) -> bool:
        """Read one request with an empty body of JSON; False if the client has left."""
        received = b""
        while not received.endswith(b"{}"):
            piece = connection.recv(65536)
            if not piece:
                return False
            received += piece
        return True

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        # A thread that waits in accept() is only woken by this.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture(params=["http", "https"])
def tls(request: pytest.FixtureRequest) -> Iterator[tuple[ssl.SSLContext | None, dict[str, str]]]:
    """Without and with TLS: the server's context, and the environment that trusts it."""
    if request.param == "http":
        yield None, {}
        return
    authority = Authority()
    try:
        yield authority.context("127.0.0.1"), {"SSL_CERT_FILE": str(authority.path)}
    finally:
        authority.close()


def ask(client: httpx.Client, url: str) -> Iterator[Event]:
    """Return the events of one attempt."""
    engine = HTTPEngine(client, timeout_idle=PATIENCE * 10, monotonic=time.monotonic, now=time.time)
    return engine.attempt(Call(url, {}, b"{}", stream=True), Decoder())


@pytest.mark.real
def test_an_answer_ends_at_done_though_the_connection_stays_open(
    tls: tuple[ssl.SSLContext | None, dict[str, str]],
) -> None:
    """The server never ends the body, and would wait longer than the test."""
    context, environ = tls
    reply = HEAD + chunk(text_event("Hi") + STOP + DONE)
    with Server(reply, context) as server, build_client(environ, user_agent="tests") as client:
        events = list(ask(client, server.url))
        assert events == [Started(None, None), Text("Hi"), End("stop", complete=True)]
        assert server.gone.wait(PATIENCE)


@pytest.mark.real
def test_a_connection_is_used_again_after_a_whole_answer(
    tls: tuple[ssl.SSLContext | None, dict[str, str]],
) -> None:
    """Reading to the end of the body is what the next turn's start is made quick with."""
    context, environ = tls
    reply = HEAD + chunk(text_event("Hi") + STOP) + chunk(DONE) + LAST
    with Server(reply, context) as server, build_client(environ, user_agent="tests") as client:
        for _ in range(3):
            assert list(ask(client, server.url))[-1] == End("stop", complete=True)
        assert (server.connections, server.requests) == (1, 3)


@pytest.mark.real
def test_leaving_in_the_middle_hangs_up(
    tls: tuple[ssl.SSLContext | None, dict[str, str]],
) -> None:
    """The server sees the reader go, and can stop what costs."""
    context, environ = tls
    with (
        Server(HEAD + chunk(text_event("Hi")), context) as server,
        build_client(environ, user_agent="tests") as client,
    ):
        events = ask(client, server.url)
        assert isinstance(next(events), Started)
        assert next(events) == Text("Hi")
        assert not server.gone.is_set()
        events.close()  # type: ignore[attr-defined]
        assert server.gone.wait(PATIENCE)


@pytest.mark.real
def test_a_read_that_is_hung_up_on_ends(
    tls: tuple[ssl.SSLContext | None, dict[str, str]],
) -> None:
    """As one whose connection broke, in the thread that reads; a later call counts."""
    context, environ = tls
    with (
        Server(HEAD + chunk(b"a"), context) as server,
        build_client(environ, user_agent="tests") as client,
        client.stream("POST", server.url, content=b"{}", timeout=PATIENCE * 10) as response,
        HangUp(response) as hang_up,
    ):
        hang_up.after(PATIENCE * 2)
        hang_up.after(0.01)
        with pytest.raises(httpx.TransportError):
            list(response.iter_bytes())
        response.close()
        assert server.gone.wait(PATIENCE * 2)


@pytest.mark.real
def test_what_ends_in_time_is_not_hung_up_on() -> None:
    """The timer ends with the context."""
    with (
        Server(HEAD + chunk(b"a") + LAST) as server,
        build_client({}, user_agent="tests") as client,
    ):
        with (
            client.stream("POST", server.url, content=b"{}") as response,
            HangUp(response) as hang_up,
        ):
            hang_up.after(PATIENCE)
            (timer,) = _timers()
            assert list(response.iter_bytes()) == [b"a"]
        timer.join(PATIENCE / 2)
        assert not timer.is_alive()
        assert not server.gone.is_set()


def _timers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]


def test_without_a_socket_nothing_happens() -> None:
    """A transport of a test has none."""
    with HangUp(httpx.Response(200)) as hang_up:
        hang_up.now()
