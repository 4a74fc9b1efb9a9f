"""A registry of npm's kind on this machine, strict with ranges, and able to fail in every way."""

import json
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from copilot_cli.runtime.platforms import Platform
from tests.runtime_packages import LINUX, VERSION, npm_package, sha512


class Asked(NamedTuple):
    """One request: the path as it was sent, what it was shown, and the range it wanted."""

    path: str
    authorization: str | None
    range: str | None
    host: str


class Registry:
    """What it has, how it answers, and what it was asked.

    `cut` are numbers of bytes after which replies break off, one reply after the other; `first` are
    statuses that come before anything else; `status` is every reply's. `page` answers with HTML.
    """

    def __init__(self, here: Platform = LINUX, package: bytes | None = None) -> None:
        self.here = here
        self.package = npm_package(here) if package is None else package
        self.url = ""
        self.asked: list[Asked] = []
        self.cut: list[int] = []
        self.first: list[int] = []
        self.status = 0
        self.page = False
        self.ranges = True
        self.wrong_range: str | None = None
        self.wants: str | None = None
        self.elsewhere: str | None = None
        self.listed: Any = None
        self.tarball: str | None = None

    @property
    def digest(self) -> str:
        """The hash of the package."""
        return sha512(self.package)

    @property
    def downloads(self) -> list[Asked]:
        """The requests for the package itself."""
        return [each for each in self.asked if each.path.endswith(".tgz")]

    def listing(self) -> Any:
        """The list of versions."""
        if self.listed is not None:
            return self.listed
        name = self.here.package
        path = f"/{name}/-/{name.partition('/')[2]}-{VERSION}.tgz"
        dist = {"tarball": self.tarball or self.url + path, "integrity": f"sha512-{self.digest}"}
        return {
            "name": name,
            "versions": {"1.0.1": {}, VERSION: {"version": VERSION, "dist": dist}},
        }


class _Handler(BaseHTTPRequestHandler):
    registry: Registry
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        registry = self.registry
        headers = self.headers
        asked = Asked(
            self.path, headers.get("Authorization"), headers.get("Range"), headers.get("Host", "")
        )
        registry.asked.append(asked)
        try:
            self._answer(registry, asked)
        except ConnectionError:
            self.close_connection = True

    def _answer(self, registry: Registry, asked: Asked) -> None:
        if registry.first:
            self._reply(registry.first.pop(0), b"", {})
        elif registry.status:
            self._reply(registry.status, b"{}", {})
        elif registry.wants is not None and asked.authorization != registry.wants:
            self._reply(401, b"{}", {})
        elif registry.page:
            self._reply(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})
        elif asked.path.endswith(".tgz"):
            self._package(registry, asked)
        elif asked.path == f"/{registry.here.package.replace('/', '%2f')}":
            self._reply(200, json.dumps(registry.listing()).encode(), {})
        else:
            self._reply(404, b'{"error": "not_found"}', {})

    def _package(self, registry: Registry, asked: Asked) -> None:
        if registry.elsewhere is not None:
            self._reply(302, b"", {"Location": registry.elsewhere})
            return
        start, headers = 0, {}
        if asked.range and registry.ranges:
            start = int(asked.range.removeprefix("bytes=").removesuffix("-"))
            if start >= len(registry.package):
                headers = {"Content-Range": f"bytes */{len(registry.package)}"}
                self._reply(416, b"", headers)
                return
            shown = registry.wrong_range or start
            last = len(registry.package) - 1
            headers = {"Content-Range": f"bytes {shown}-{last}/{len(registry.package)}"}
        body = registry.package[start:]
        self._reply(206 if headers else 200, body, headers, registry.cut)

    def _reply(
        self, status: int, body: bytes, headers: Mapping[str, str], cut: list[int] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if cut:
            self.wfile.write(body[: cut.pop(0)])
            self.close_connection = True
        else:
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off is what some tests are about; anything else may be loud."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


@contextmanager
def serving(registry: Registry) -> Iterator[Registry]:
    """Serve `registry` for the length of a `with`; its `url` is set."""
    handler = type("Handler", (_Handler,), {"registry": registry})
    server = _Server(("127.0.0.1", 0), handler)
    registry.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
