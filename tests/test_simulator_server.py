"""The loopback front: real sockets, TLS, hang-ups, and that nothing is left behind."""

import json
import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from copilot_cli.simulator import Simulator, SimulatorServer
from tests.simulated import bearer, question, text, trust

pytestmark = pytest.mark.real


@pytest.fixture(params=[False, True], ids=["http", "https"])
def server(request: pytest.FixtureRequest) -> Iterator[SimulatorServer]:
    """A running server, with and without TLS."""
    with SimulatorServer(Simulator(), tls=request.param) as running:
        yield running


@pytest.fixture
def client(server: SimulatorServer) -> Iterator[httpx.Client]:
    """A client that goes straight to the server's url."""
    with httpx.Client(base_url=server.url, verify=trust(server), trust_env=False) as made:
        yield made


def test_whole_way(server: SimulatorServer, client: httpx.Client) -> None:
    """Device login, exchange, models and an answer, all at the root of one url."""
    server.simulator.scenario.auto_approve = "at_once"
    accept = {"accept": "application/json"}
    asked = {"client_id": "Iv1.b507a08c87ecfe98", "scope": "read:user"}
    code = client.post("/login/device/code", data=asked, headers=accept).json()
    assert code["verification_uri"] == f"{server.url}/login/device"
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    asked |= {"device_code": code["device_code"], "grant_type": grant}
    token = client.post("/login/oauth/access_token", data=asked, headers=accept).json()
    headers = {"authorization": f"token {token['access_token']}"}
    said = client.get("/copilot_internal/v2/token", headers=headers).json()
    assert said["endpoints"]["api"] == "https://api.individual.githubcopilot.com"
    headers = {"authorization": f"Bearer {said['token']}", "editor-version": "vscode/1.99.3"}
    assert client.get("/models", headers=headers).json()["object"] == "list"
    reply = client.post("/chat/completions", json=question(), headers=headers)
    assert text(reply) == "hello you"
    assert reply.headers["transfer-encoding"] == "chunked"


def test_each_delta_arrives_by_itself(server: SimulatorServer, client: httpx.Client) -> None:
    """What was sent before a pause is there during it: nothing is held back in a buffer."""
    headers, go = bearer(server, client), threading.Event()
    server.simulator.answer(deltas=["one", "two"], pause_after=(1, go))
    with client.stream("POST", "/chat/completions", json=question(), headers=headers) as reply:
        got = b""
        chunks = reply.iter_raw()
        while b'"content":"one"' not in got:
            got += next(chunks)
        assert b'"content":"two"' not in got
        go.set()
        got += b"".join(chunks)
    assert got.endswith(b"data: [DONE]\n\n")
    assert not server.simulator.log[-1].aborted


def test_connection_is_kept(server: SimulatorServer, client: httpx.Client) -> None:
    """Replies of every kind leave the connection usable for the next request."""
    headers = bearer(server, client)
    stream = client.post("/chat/completions", json=question(), headers=headers)
    wrong = client.post("/chat/completions", content=b"{", headers=headers)
    chunked = client.post("/chat/completions", content=iter([b"{}"]), headers=headers)
    sockets = {
        id(reply.extensions["network_stream"].get_extra_info("socket"))
        for reply in (stream, wrong, chunked, client.get("/nothing"))
    }
    assert len(sockets) == 1
    assert server.simulator.log[-2].body == b"{}"


def test_hang_up_in_mid_stream(server: SimulatorServer, client: httpx.Client) -> None:
    """A client that leaves is recorded at once, even in a pause; the server goes on."""
    headers = bearer(server, client)
    server.simulator.answer(text="one two", pause_after=(1, threading.Event()))
    with client.stream("POST", "/chat/completions", json=question(), headers=headers) as reply:
        next(reply.iter_raw())
    seen = server.simulator.log[-1]
    assert server.simulator.wait(lambda: seen.aborted)
    assert text(client.post("/chat/completions", json=question(), headers=headers)) == "hello you"


def test_hang_up_during_many_deltas(server: SimulatorServer, client: httpx.Client) -> None:
    """A client that leaves a long answer ends it."""
    headers = bearer(server, client)
    server.simulator.answer(deltas=["x" * 20] * 200_000, batch=100)
    with client.stream("POST", "/chat/completions", json=question(), headers=headers) as reply:
        next(reply.iter_raw())
    seen = server.simulator.log[-1]
    assert server.simulator.wait(lambda: seen.aborted)


@pytest.mark.parametrize(
    ("script", "error"),
    [({"drop": True}, httpx.RemoteProtocolError), ({"connect_error": True}, httpx.TransportError)],
    ids=["drop", "connect_error"],
)
def test_broken_connections(
    server: SimulatorServer,
    client: httpx.Client,
    script: dict[str, bool],
    error: type[httpx.TransportError],
) -> None:
    """A dropped connection ends without a reply, a refused one is reset; the next one works."""
    headers = {"authorization": f"token {server.simulator.sign_in()}"}
    server.simulator.fault("user", **script)  # type: ignore[arg-type]
    with pytest.raises(error):
        client.get("/user", headers=headers)
    assert client.get("/user", headers=headers).status_code == 200


def test_cut(server: SimulatorServer, client: httpx.Client) -> None:
    """A cut answer ends in the middle of its chunked body."""
    headers = bearer(server, client)
    server.simulator.answer(text="one two", cut_after=1)
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
        client.post("/chat/completions", json=question(), headers=headers)


def test_delay(server: SimulatorServer, client: httpx.Client) -> None:
    """A late reply is a read timeout for an impatient client."""
    server.simulator.fault("user", delay=60)
    with pytest.raises(httpx.ReadTimeout):
        client.get("/user", timeout=httpx.Timeout(5, read=0.05))


def test_http_1_0(server: SimulatorServer) -> None:
    """An old client gets its stream without chunks, ended by the close."""
    with httpx.Client(base_url=server.url, verify=trust(server), trust_env=False) as client:
        headers = bearer(server, client)
    body = json.dumps(question()).encode()
    lines = [b"POST /chat/completions HTTP/1.0", b"Host: localhost"]
    lines += [f"{name}: {value}".encode() for name, value in headers.items()]
    lines += [b"Content-Length: %d" % len(body), b"", body]
    with raw(server) as connection:
        connection.sendall(b"\r\n".join(lines))
        got = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"connection: close" in got
    assert b"transfer-encoding" not in got
    assert got.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize(
    ("framing", "status"),
    [
        (b"Content-Length: 999999999\r\n\r\n", b"413"),
        (b"Content-Length: -1\r\n\r\n", b"400"),
        (b"Transfer-Encoding: chunked\r\n\r\n-5\r\n", b"400"),
        (b"Transfer-Encoding: chunked\r\n\r\nfffffff\r\n", b"413"),
        (b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nA: b\r\n\r\n", b"401"),
    ],
    ids=["too long", "negative", "bad chunk", "large chunk", "extension and trailer"],
)
def test_framing_of_the_request(server: SimulatorServer, framing: bytes, status: bytes) -> None:
    """A body that cannot be read is refused and ends the connection; every legal one is read."""
    with raw(server) as connection:
        connection.sendall(b"POST /chat/completions HTTP/1.1\r\nHost: localhost\r\n" + framing)
        assert connection.recv(65536).split()[1] == status


def raw(server: SimulatorServer) -> socket.socket:
    """A connection to the server's url, TLS done."""
    url = httpx.URL(server.url)
    plain = socket.create_connection((url.host, url.port or 0), timeout=10)
    if url.scheme == "http":
        return plain
    return trust(server).wrap_socket(plain, server_hostname="localhost")


def test_foreign_host_names_are_refused(server: SimulatorServer, client: httpx.Client) -> None:
    """A page that points its own name at 127.0.0.1 gets nothing."""
    for path in ("/models", "/_simulator/log"):
        assert client.get(path, headers={"host": "evil.example"}).status_code == 403
    assert server.simulator.log == []


def test_host_header_of_github_routes_as_github(client: httpx.Client) -> None:
    """With GitHub's name as the host its own paths are there, the control paths are not."""
    host = {"host": "api.github.com"}
    assert client.get("/user", headers=host).status_code == 401
    assert client.get("/models", headers=host).status_code == 404
    assert client.get("/_simulator/log", headers=host).status_code == 404


def test_only_loopback_listens(server: SimulatorServer) -> None:
    """Both ports are bound to 127.0.0.1."""
    for url in (server.url, server.proxy):
        assert httpx.URL(url).host == "127.0.0.1"


def test_close_leaves_nothing() -> None:
    """close() ends threads and connections, frees the port and removes the keys, twice as well."""
    before = set(threading.enumerate())
    server = SimulatorServer(Simulator()).start()
    folder = Path(server.ca).parent
    port = httpx.URL(server.url).port
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        headers = bearer(server, client)
        server.simulator.answer(text="one two", pause_after=(1, threading.Event()))
        request = client.build_request(
            "POST", "/chat/completions", json=question(), headers=headers
        )
        reply = client.send(request, stream=True)
        server.close()
        server.close()
        with pytest.raises(httpx.TransportError):
            reply.read()
    assert set(threading.enumerate()) <= before
    assert not folder.exists()
    with SimulatorServer(Simulator(), port=port or 0) as again:
        assert httpx.URL(again.url).port == port


def test_taken_port() -> None:
    """A port that is taken is an OSError, and nothing is left of the attempt."""
    before = set(threading.enumerate())
    with SimulatorServer(Simulator()) as first:
        second = SimulatorServer(Simulator(), port=httpx.URL(first.url).port or 0)
        with pytest.raises(OSError, match=r"[Aa]ddress"):
            second.start()
        assert second.ca == ""
    assert set(threading.enumerate()) <= before


def test_keys_are_private() -> None:
    """The folder of the CA is for the owner alone, and so is every file in it."""
    with SimulatorServer(Simulator(), tls=True) as server:
        folder = Path(server.ca).parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        files = list(folder.iterdir())
        assert len(files) == 2
        assert {stat.S_IMODE(os.stat(file).st_mode) for file in files} == {0o600}


def test_many_clients_at_once() -> None:
    """A hundred connections opened together are all answered."""
    with SimulatorServer(Simulator()) as server:
        url = httpx.URL(server.url)
        request = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        opened = [socket.create_connection((url.host, url.port or 0)) for _ in range(100)]
        for connection in opened:
            connection.sendall(request)
        replies = [b"".join(iter(lambda c=c: c.recv(4096), b"")) for c in opened]  # type: ignore[misc]
        for connection in opened:
            connection.close()
    assert {reply.split(b"\r\n")[0] for reply in replies} == {b"HTTP/1.1 404 Not Found"}
