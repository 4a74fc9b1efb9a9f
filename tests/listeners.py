"""Servers on this machine that do one thing to whoever connects, for the tests of networks."""

import socket
import threading
from collections.abc import Callable
from typing import Self

Talk = Callable[["Listener", socket.socket], object]
"""What is done with one connection, by a listener that may `hear`; it is closed afterwards."""


class Listener:
    """Listens on `host` and gives each connection to `talk`, in a thread of its own."""

    def __init__(self, talk: Talk, host: str = "127.0.0.1") -> None:
        self._talk = talk
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._server = socket.create_server((host, 0), family=family)
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.port = self._server.getsockname()[1]
        self.place = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self.heard = b""
        """All that was read by `hear`, of every connection."""

    def __enter__(self) -> Self:
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for connection in self._open:
            _end(connection)
        for thread in [self._accepting, *self._threads]:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return  # the test is over
            connection.settimeout(10)
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            self._talk(self, connection)
            # A close with something unread would take back what was sent.
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
        except OSError:
            return  # the client has gone, which is what most of these tests are about
        finally:
            connection.close()

    def hear(self, connection: socket.socket, end: bytes = b"\r\n\r\n") -> bytes:
        """Read until `end`, and return what came."""
        data = b""
        while not data.endswith(end):
            chunk = connection.recv(4096)
            if not chunk:
                break
            data += chunk
        self.heard += data
        return data


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # closed already


def relay(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes between two connections until either ends."""

    def carry(source: socket.socket, target: socket.socket) -> None:
        try:
            while chunk := source.recv(65536):
                target.sendall(chunk)
        except OSError:
            return  # the other way has ended
        finally:
            _end(target)

    back = threading.Thread(target=carry, args=(other, one), daemon=True)
    back.start()
    carry(one, other)
    back.join(10)
    other.close()
