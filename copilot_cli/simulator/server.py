"""The front for whole programs: real sockets on 127.0.0.1, and nowhere else.

Two ports. `url` serves everything at its root, for a client whose endpoints can be set. `proxy` is
a CONNECT proxy for clients that cannot be told: it ends the TLS of GitHub's host names with
certificates of the throw-away CA, and refuses every other host, so that nothing leaves the machine.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TYPE_CHECKING

from copilot_cli.simulator.connection import Connection, Front, Handler, ProxyHandler

if TYPE_CHECKING:
    from copilot_cli.simulator.router import Simulator


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
            site = self._listen(Connection(self.simulator, context), Handler, self._port)
            proxy = self._listen(
                Connection(self.simulator, None, self._authority.context), ProxyHandler, 0
            )
        except OSError:
            self.close()
            raise
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{site}"
        self.proxy = f"http://127.0.0.1:{proxy}"
        return self

    def _listen(self, connection: Connection, handler: type[Handler], port: int) -> int:
        front = Front(("127.0.0.1", port), handler, connection)
        self._fronts.append(front)
        threading.Thread(
            target=front.serve_forever, args=(0.05,), name="simulator", daemon=True
        ).start()
        return int(front.server_address[1])

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
