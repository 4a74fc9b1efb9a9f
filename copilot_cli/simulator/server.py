"""The front for whole programs: real sockets on 127.0.0.1, and nowhere else.

Two ports. `url` serves everything at its root, for a client whose endpoints can be set. `proxy` is
a CONNECT proxy for clients that cannot be told: it ends the TLS of GitHub's host names with
certificates of the throw-away CA, and refuses every other host, so that nothing leaves the machine.
"""

from __future__ import annotations

import socket
import socketserver
import ssl
import sys
import threading
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING, Any

from copilot_cli.simulator.connection import LOOK, Gone, Handler, ProxyHandler, end
from copilot_cli.simulator.control import Control

if TYPE_CHECKING:
    from copilot_cli.simulator.router import Simulator


class Front(ThreadingHTTPServer):
    """One listening port; knows its threads and sockets, so that `stop()` leaves none behind.

    `tls` is the url's own context, `certificates` gives those of the hosts the proxy answers for.
    """

    request_queue_size = 128
    daemon_threads = True
    allow_reuse_address = sys.platform != "win32"  # there it lets a stranger share the port

    def __init__(
        self,
        port: int,
        handler: type[Handler],
        simulator: Simulator,
        *,
        tls: ssl.SSLContext | None = None,
        certificates: Callable[[str], ssl.SSLContext] | None = None,
    ) -> None:
        self.simulator = simulator
        self.control = Control(simulator)
        self.tls = tls
        self.certificates = certificates
        self.stopping = threading.Event()
        self.sockets: set[socket.socket] = set()
        self._at_work: set[threading.Thread] = set()
        super().__init__(("127.0.0.1", port), handler)

    def server_bind(self) -> None:
        """Bind without asking the name service who we are, as the standard library would."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give the connection a thread, and remember it."""
        work = threading.Thread(
            target=self._work, args=(request, client_address), name="simulator", daemon=True
        )
        self._at_work.add(work)
        work.start()

    def _work(self, request: Any, client_address: Any) -> None:
        try:
            self.process_request_thread(request, client_address)
        finally:
            self._at_work.discard(threading.current_thread())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off is no news; anything else is a bug and may be loud."""
        if not isinstance(sys.exc_info()[1], (OSError, Gone)):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """Release the port and end every connection."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        while self._at_work:
            for each in list(self.sockets):
                end(each)
            for work in list(self._at_work):
                work.join(LOOK)


class SimulatorServer:
    """Serves a simulator from `start()` to `close()`; also a context manager.

    `port` 0 takes a free one; with `tls` the url is https, valid for 127.0.0.1 and localhost.
    """

    def __init__(self, simulator: Simulator, *, tls: bool = False, port: int = 0) -> None:
        self.simulator = simulator
        self._tls = tls
        self._port = port
        self._fronts: list[Front] = []
        self.url = ""
        self.proxy = ""
        self.ca = ""

    def start(self) -> SimulatorServer:
        """Listen, and answer in threads of its own; OSError if the port is taken."""
        from copilot_cli.simulator.ca import Authority

        self._authority = Authority()
        self.ca = str(self._authority.path)
        context = self._authority.context("127.0.0.1", "localhost") if self._tls else None
        try:
            site = self._listen(Front(self._port, Handler, self.simulator, tls=context))
            certificates = self._authority.context
            proxy = self._listen(Front(0, ProxyHandler, self.simulator, certificates=certificates))
        except OSError:
            self.close()
            raise
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{site}"
        self.proxy = f"http://127.0.0.1:{proxy}"
        return self

    def _listen(self, front: Front) -> int:
        self._fronts.append(front)
        threading.Thread(
            target=front.serve_forever, args=(0.05,), name="simulator", daemon=True
        ).start()
        return front.server_port

    @property
    def env(self) -> dict[str, str]:
        """The variables that point any client here: endpoint settings, proxy and CA."""
        here = "127.0.0.1,localhost"
        proxied = {"HTTPS_PROXY": self.proxy, "https_proxy": self.proxy}
        names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        return {
            "COPILOT_CHAT_GITHUB_URL": self.url,
            "COPILOT_CHAT_GITHUB_API_URL": self.url,
            "COPILOT_CHAT_COPILOT_API_URL": self.url,
            **proxied,
            "NO_PROXY": here,
            "no_proxy": here,
            **dict.fromkeys(names, self.ca),
        }

    def close(self) -> None:
        """Stop listening, end every connection and thread, remove the CA. May be called twice."""
        fronts, self._fronts = self._fronts, []
        for front in fronts:
            front.stop()
        if self.ca:
            self._authority.close()
            self.ca = ""

    def __enter__(self) -> SimulatorServer:
        return self if self.url else self.start()

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()
