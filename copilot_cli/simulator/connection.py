"""One connection of the loopback server: bytes to a request, a reply to bytes, until it closes."""

from __future__ import annotations

import select
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from copilot_cli.simulator.control import PREFIX
from copilot_cli.simulator.hosts import LOOPBACK, place
from copilot_cli.simulator.reply import Pause, Reply, Request, Step, json_reply, text_reply

if TYPE_CHECKING:
    from copilot_cli.simulator.server import Front

_LARGEST: Final = 64 * 1024 * 1024  # bytes of a request body
_HANDSHAKE: Final = 10.0  # seconds
LOOK: Final = 0.05  # seconds between two looks whether a waiting client has gone


class Gone(Exception):  # noqa: N818  an event, not a fault
    """The client hung up, or the server is closing."""


def end(connection: socket.socket) -> None:
    """Wake whoever reads or writes this socket, in whatever thread."""
    try:
        # Not SSLSocket.shutdown: that takes the TLS state away from the thread that uses it.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        return  # it has gone by itself


class Handler(BaseHTTPRequestHandler):
    """Serves one connection, request by request."""

    protocol_version = "HTTP/1.1"
    server_version = "copilot-chat-simulator"
    sys_version = ""
    disable_nagle_algorithm = True
    server: Front
    connection: socket.socket
    wfile: Any
    rfile: Any

    def setup(self) -> None:
        """Do the TLS handshake in this thread, so that a slow one keeps nobody waiting."""
        if self.server.tls is not None:
            self.request = self._secured(self.request, self.server.tls)
        super().setup()
        self.server.sockets.add(self.connection)

    def finish(self) -> None:
        """Close what was opened here; a client that has gone is no fault."""
        self.server.sockets.discard(self.connection)
        try:
            super().finish()
        except OSError:
            self.close_connection = True
        if isinstance(self.connection, ssl.SSLSocket):
            end(self.connection)
            self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        """Nothing: the log is the simulator's."""

    def serve(self) -> None:
        """One request of any method."""
        try:
            body = self._read_body()
            if isinstance(body, Reply):
                self.close_connection = True
                self.deliver(body)
            else:
                self.deliver(self.answer(body))
        except (Gone, OSError):
            self.close_connection = True

    do_GET = do_POST = serve  # noqa: N815  the base class looks for these names
    do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = serve  # noqa: N815

    def answer(self, body: bytes) -> Reply:
        """The reply to a request on the url front."""
        host = _host_of(self.headers.get("host", "127.0.0.1"))
        if place(host) is None:
            return json_reply({"error": "this server is only for 127.0.0.1 and localhost"}, 403)
        request = self.request_for(host, body)
        if request.path.startswith(PREFIX) and host in LOOPBACK:
            return self.server.control.handle(request)
        return self.server.simulator.handle(request)

    def request_for(self, host: str, body: bytes) -> Request:
        """The request as the state machine takes it."""
        target = urlsplit(self.path)
        scheme = "https" if isinstance(self.connection, ssl.SSLSocket) else "http"
        authority = self.headers.get("host") or f"127.0.0.1:{self.server.server_port}"
        return Request(
            method=self.command,
            host=host,
            path=target.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            query=target.query,
            origin=f"{scheme}://{authority}",
        )

    def _secured(self, plain: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
        plain.settimeout(_HANDSHAKE)
        secured = context.wrap_socket(plain, server_side=True)
        secured.settimeout(None)
        return secured

    def _read_body(self) -> bytes | Reply:
        """The request's body, or the refusal of one that is too large or malformed."""
        try:
            if "chunked" in self.headers.get("transfer-encoding", "").lower():
                body = _unchunked(self.rfile)
            else:
                size = _length(self.headers.get("content-length", "0"), 10)
                body = None if size > _LARGEST else self.rfile.read(size)
        except ValueError:
            return text_reply("Bad Request\n", 400)
        return text_reply("Request Entity Too Large\n", 413) if body is None else body

    def deliver(self, reply: Reply) -> None:
        """Send a reply, step by step if it streams; Gone or OSError when nobody reads it."""
        try:
            self._wait(reply.delay)
            if reply.refuse or reply.drop:
                self._hang_up(reset=reply.refuse)
            elif isinstance(reply.body, bytes):
                self._send_whole(reply, reply.body)
            else:
                self._send_stream(reply, reply.body)
        finally:
            close = getattr(reply.body, "close", None)
            if close is not None:
                close()

    def _send_whole(self, reply: Reply, body: bytes) -> None:
        head = self._head(reply, {"content-length": str(len(body))})
        self.connection.sendall(head if self.command == "HEAD" else head + body)

    def _send_stream(self, reply: Reply, body: Iterator[Step]) -> None:
        chunked = self.request_version != "HTTP/1.0"
        self.close_connection = self.close_connection or not chunked
        framing = {"transfer-encoding": "chunked"} if chunked else {}
        send = self.connection.sendall
        send(self._head(reply, framing))
        for step in body:
            if isinstance(step, bytes):
                send(b"%x\r\n%b\r\n" % (len(step), step) if chunked else step)
            elif isinstance(step, Pause):
                self._wait(step.until)
            else:
                self._hang_up()
                return
        if chunked:
            send(b"0\r\n\r\n")

    def _head(self, reply: Reply, framing: dict[str, str]) -> bytes:
        try:
            phrase = HTTPStatus(reply.status).phrase
        except ValueError:
            phrase = "Simulated"
        lines = [f"HTTP/1.1 {reply.status} {phrase}"]
        headers = {**reply.headers, **framing}
        if self.close_connection:
            headers["connection"] = "close"
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def _hang_up(self, *, reset: bool = False) -> None:
        self.close_connection = True
        if reset:
            # Linger for no time: the close is a reset, the nearest to a refused connection.
            linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        else:
            end(self.connection)

    def _wait(self, until: float | threading.Event) -> None:
        """Wait for seconds or an event; Gone as soon as the client hangs up or the server stops."""
        event = until if isinstance(until, threading.Event) else self.server.stopping
        deadline = None if isinstance(until, threading.Event) else time.monotonic() + until
        while deadline is None or time.monotonic() < deadline:
            left = LOOK if deadline is None else min(LOOK, deadline - time.monotonic())
            if event.wait(max(0.0, left)) and event is until:
                return
            # In the middle of an answer a client has nothing to say: what can be read is its end.
            if self.server.stopping.is_set() or select.select([self.connection], [], [], 0)[0]:
                raise Gone


class ProxyHandler(Handler):
    """A CONNECT proxy that ends the TLS of the hosts it stands in for, and refuses all others."""

    _tunnel = ""

    def do_CONNECT(self) -> None:
        """Open the tunnel: from here on this connection is TLS, with us as the server."""
        host = _host_of(self.path)
        known = place(host) is not None and host not in LOOPBACK
        certificates = self.server.certificates
        if self._tunnel or not known or certificates is None:
            self.close_connection = True
            self.deliver(text_reply(f"the simulator does not stand in for {host}\n", 403))
            return
        self.connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.server.sockets.discard(self.connection)
        self.connection = self._secured(self.connection, certificates(host))
        self.server.sockets.add(self.connection)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", 0)
        self._tunnel = host
        self.close_connection = False

    def answer(self, body: bytes) -> Reply:
        """The reply to a request inside the tunnel; outside of one there is none to be had."""
        if not self._tunnel:
            return text_reply("this is a proxy for https only\n", 403)
        return self.server.simulator.handle(self.request_for(self._tunnel, body))


def _host_of(authority: str) -> str:
    return (urlsplit(f"//{authority}").hostname or "").lower()


def _length(written: str, base: int) -> int:
    """A length as it stands in a request; ValueError for all that is not plain digits."""
    if not written.isascii() or not written.isalnum():
        raise ValueError(f"{written!r} is no length")
    return int(written, base)


def _unchunked(stream: IO[bytes]) -> bytes | None:
    """A chunked request body (RFC 9112 section 7.1); None if it is too large."""
    body = bytearray()
    while size := _length(stream.readline(1024).split(b";")[0].strip().decode("latin-1"), 16):
        if len(body) + size > _LARGEST:
            return None
        body += stream.read(size)
        stream.readline(1024)
    while stream.readline(65536).strip():
        continue  # trailer fields: nothing here reads them
    return bytes(body)
