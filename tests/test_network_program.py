"""The whole program on odd networks: exit codes, messages, and that no proxy's login is shown."""

import io
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_cli.effects import Effects
from copilot_cli.main import main
from copilot_cli.simulator import Simulator, SimulatorServer
from tests.listeners import Listener, relay
from tests.test_network_real import needs_ipv6

pytestmark = pytest.mark.real

PASSWORD = "madeUpProxyPassword"  # made up
LOGIN = f"proxyUser:{PASSWORD}"


@pytest.fixture
def dead() -> str:
    """HOST:PORT at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


class Run:
    """The program in this process on real sockets, signed in by a variable."""

    def __init__(self, home: Path) -> None:
        self.environ = {
            "COPILOT_CHAT_HOME": str(home),
            "COPILOT_CHAT_NO_KEYRING": "1",
            "COPILOT_CHAT_TOKEN": "ghu_madeUpForTests0000000000000000000000",
            "COPILOT_CHAT_MODEL": "sim-echo",
        }

    def __call__(self, *words: str, **environ: str) -> tuple[int, str, str]:
        """Exit code, stdout, stderr; no word of the proxy's login may be in them."""
        out, err = io.StringIO(), io.StringIO()
        effects = Effects(
            environ={**self.environ, **environ},
            stdin=io.TextIOWrapper(io.BytesIO()),
            stdout=out,
            stderr=err,
            sleep=lambda _: None,
        )
        code = main(words, effects)
        said = out.getvalue() + err.getvalue()
        assert PASSWORD not in said
        assert "proxyUser" not in said
        return code, out.getvalue(), err.getvalue()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path / "home")


COMMANDS = [
    ("ask", "hello"),
    ("-vv", "ask", "hello"),
    ("models",),
    ("usage",),
    ("-vv", "onboard", "--yes", "--method", "device", "--store", "keyfile"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_proxy_that_is_not_there(words: tuple[str, ...], run: Run, dead: str) -> None:
    """Exit code 6, the proxy with its port, and its variable."""
    code, out, err = run(*words, HTTPS_PROXY=f"http://{LOGIN}@{dead}")
    assert (code, out) == (6, "")
    assert f"cannot connect to the proxy {dead}: connection refused" in err
    assert "look at HTTPS_PROXY" in err


def test_a_proxy_that_refuses_its_login(run: Run) -> None:
    """Exit code 6; what the proxy says itself is not repeated, with `-vv` neither."""

    def refuse(listener: Listener, connection: socket.socket) -> None:
        listener.hear(connection)
        connection.sendall(f"HTTP/1.1 407 {LOGIN}\r\ncontent-length: 0\r\n\r\n".encode())

    with Listener(refuse) as proxy:
        code, _, err = run("-vv", "ask", "hello", ALL_PROXY=f"{LOGIN}@{proxy.place}")
    assert code == 6
    assert f"the proxy {proxy.place} refuses the user name or the password (status 407)" in err
    assert "look at USER:PASSWORD in ALL_PROXY" in err
    assert "api.github.com: ProxyError" in err  # the chain of `-vv`


@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        (f"gopher://{LOGIN}@p.example", "HTTPS_PROXY cannot be used: the scheme must be one of"),
        (f"http://{LOGIN}#@p.example", "HTTPS_PROXY cannot be used: it is no address of a proxy"),
    ],
)
@pytest.mark.parametrize("words", [("ask", "hello"), ("-vv", "models")], ids=" ".join)
def test_a_malformed_proxy(words: tuple[str, ...], proxy: str, said: str, run: Run) -> None:
    """Exit code 2, the variable and its form."""
    code, _, err = run(*words, HTTPS_PROXY=proxy)
    assert code == 2
    assert said in err
    assert "set HTTPS_PROXY to http://HOST:PORT" in err


def test_socks_without_its_package(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2 with the line that installs it."""
    pytest.importorskip("httpcore")  # it would remember for good that there is no SOCKS
    monkeypatch.setitem(sys.modules, "socksio", None)
    code, _, err = run("ask", "hello", ALL_PROXY=f"socks5://{LOGIN}@p.example:1")
    assert code == 2
    assert "hint: pip install 'copilot-chat[socks]'" in err


@pytest.mark.parametrize("words", [("ask", "--dry-run", "hello"), ("config", "list"), ("status",)])
def test_what_sends_nothing_shows_nothing_of_it(words: tuple[str, ...], run: Run) -> None:
    """Not even where the variable is malformed."""
    for proxy in (f"http://{LOGIN}@p.example:1", f"gopher://{LOGIN}@p.example"):
        assert run("-vv", *words, HTTPS_PROXY=proxy, ALL_PROXY=proxy)[0] == 0


def test_a_missing_ca(run: Run) -> None:
    """Exit code 2, the variable and the file."""
    code, _, err = run("ask", "hello", SSL_CERT_FILE="/nonesuch/ca.pem")
    assert code == 2
    assert "SSL_CERT_FILE names /nonesuch/ca.pem, which is not there" in err


def test_offline(run: Run) -> None:
    """Exit code 6 without a request, and what to unset."""
    code, _, err = run("ask", "hello", COPILOT_OFFLINE="1", HTTPS_PROXY="http://127.0.0.1:1")
    assert code == 6
    assert "COPILOT_OFFLINE is set: no request to api.github.com was sent" in err
    assert "hint: unset COPILOT_OFFLINE" in err


# -- addresses of this machine -----------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    with SimulatorServer(Simulator()) as running:
        yield running


def at(url: str) -> dict[str, str]:
    """The variables that put every service at `url`."""
    names = ("GITHUB_URL", "GITHUB_API_URL", "COPILOT_API_URL")
    return {f"COPILOT_CHAT_{name}": url for name in names}


@pytest.mark.parametrize("offline", ["", "1"])
def test_this_machine_is_reached_past_every_proxy(
    offline: str, run: Run, server: SimulatorServer, dead: str
) -> None:
    """With a proxy that is dead, one that is malformed, and offline."""
    run.environ["COPILOT_CHAT_TOKEN"] = server.simulator.sign_in()
    run.environ |= at(server.url)
    run.environ["COPILOT_OFFLINE"] = offline
    for proxy in (f"http://{LOGIN}@{dead}", "gopher://x"):
        code, out, err = run("ask", "hello you", HTTP_PROXY=proxy, ALL_PROXY=proxy)
        assert (code, out) == (0, "hello you"), err


@needs_ipv6
def test_every_service_on_ipv6(run: Run, server: SimulatorServer) -> None:
    """`http://[::1]:PORT` for all of them, offline and behind a proxy."""
    run.environ["COPILOT_CHAT_TOKEN"] = server.simulator.sign_in()
    port = int(server.url.rpartition(":")[2])

    def forward(_: Listener, connection: socket.socket) -> None:
        relay(connection, socket.create_connection(("127.0.0.1", port), 10))

    with Listener(forward, "::1") as front:
        run.environ |= at(f"http://{front.place}")
        run.environ |= {"COPILOT_OFFLINE": "1", "ALL_PROXY": "gopher://x"}
        code, out, err = run("ask", "hello you")
        assert (code, out) == (0, "hello you"), err
        assert run("models")[0] == 0
    assert {seen.host for seen in server.simulator.log} == {"::1"}
