"""Real connections on this machine: proxies that fail in every way, bad certificates, IPv6."""

import base64
import socket
import ssl
import threading
from collections.abc import Iterator

import httpx
import pytest

from copilot_cli.errors import CopilotChatError
from copilot_cli.network import build_client, translate
from tests.certificates import Certificates
from tests.listeners import Listener, Talk, relay

pytestmark = pytest.mark.real

PASSWORD = "madeUpProxyPassword"  # made up
LOGIN = f"user:{PASSWORD}"
API = "https://api.example/models"
PAGE = b"<!DOCTYPE html><html><body>Welcome to the hotel</body></html>"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """A CA of the test's own."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


def has_ipv6() -> bool:
    """Whether this machine has its own address in IPv6."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="there is no ::1 here")


def failure(environ: dict[str, str], url: str = API, *, silence: float = 10.0) -> CopilotChatError:
    """Return the error that a GET of `url` ends with; no text of it has the proxy's login."""
    with build_client(environ, user_agent="tests") as client:
        try:
            reply = client.get(url, timeout=httpx.Timeout(10, read=silence))
        except httpx.HTTPError as error:
            ours: CopilotChatError = translate(error, url=url)
        except CopilotChatError as error:
            ours = error
        else:
            raise AssertionError(f"no failure but {reply}")
    assert PASSWORD not in f"{ours.message} {ours.hint}"
    assert "user:" not in f"{ours.message} {ours.hint}"
    return ours


def closed_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


# -- proxies that speak HTTP -----------------------------------------------------------------


def replying(*pieces: bytes) -> Talk:
    """A proxy that answers the request for a way with `pieces`, and hangs up."""

    def talk(listener: Listener, connection: socket.socket) -> None:
        listener.hear(connection)
        for piece in pieces:
            connection.sendall(piece)

    return talk


def status(line: bytes, body: bytes = b"", headers: bytes = b"") -> bytes:
    """One HTTP reply."""
    return b"HTTP/1.1 %b\r\ncontent-length: %d\r\n%b\r\n%b" % (line, len(body), headers, body)


def page_in_tunnel(listener: Listener, connection: socket.socket) -> None:
    """A way is granted, and a page is all that is at its end."""
    listener.hear(connection)
    connection.sendall(status(b"200 OK"))
    connection.recv(3)
    connection.sendall(PAGE)


ASKS = b"proxy-authenticate: Basic realm=x\r\n"
REFUSALS: dict[str, tuple[Talk, str, str]] = {
    "407": (
        replying(status(b"407 Proxy Authentication Required", PAGE, ASKS)),
        "the proxy {proxy} refuses the user name or the password (status 407)",
        "look at USER:PASSWORD in HTTPS_PROXY: special characters are written as %XX",
    ),
    "403": (
        replying(status(b"403 Forbidden", PAGE)),
        "the proxy {proxy} refused the connection to api.example (status 403)",
        "look at HTTPS_PROXY; if the host is reached without a proxy, name it in NO_PROXY",
    ),
    "502": (
        replying(status(b"502 Bad Gateway")),
        "the proxy {proxy} cannot reach api.example (status 502)",
        "name the host in NO_PROXY if it is reached without HTTPS_PROXY",
    ),
    "a web server": (
        replying(status(b"405 Method Not Allowed", PAGE)),
        "the proxy {proxy} did not answer as a proxy (status 405)",
        "look at HTTPS_PROXY: something else may be listening there",
    ),
    "a bare page": (
        replying(PAGE),
        "the proxy {proxy} did not answer as a proxy",
        "look at HTTPS_PROXY: something else may be listening there",
    ),
    "nothing": (
        replying(),
        "the proxy {proxy} did not answer as a proxy",
        "look at HTTPS_PROXY: something else may be listening there",
    ),
    "a page in the tunnel": (
        page_in_tunnel,
        "cannot connect to api.example: TLS failed (WRONG_VERSION_NUMBER)",
        "the proxy {proxy} is in use; look at HTTPS_PROXY and NO_PROXY",
    ),
}


@pytest.mark.parametrize(("talk", "message", "hint"), REFUSALS.values(), ids=REFUSALS)
def test_a_proxy_that_does_not_lead_anywhere(talk: Talk, message: str, hint: str) -> None:
    """Named with what it said and where to look; exit code 6."""
    with Listener(talk) as proxy:
        error = failure({"HTTPS_PROXY": f"http://{LOGIN}@{proxy.place}"})
    told = message.format(proxy=proxy.place), hint.format(proxy=proxy.place)
    assert (error.message, error.hint) == told
    assert error.exit_code == 6


def test_a_proxy_that_wants_a_login() -> None:
    """Where none is set, the form is told."""
    with Listener(replying(status(b"407 x", headers=ASKS))) as proxy:
        error = failure({"HTTPS_PROXY": proxy.place})
    assert error.message == f"the proxy {proxy.place} wants a user name and a password (status 407)"
    assert error.hint == "set HTTPS_PROXY to http://USER:PASSWORD@HOST:PORT"


def test_a_plain_request_that_is_refused_for_its_login() -> None:
    """`http://` addresses take no tunnel: the 407 is a reply there, and means the same."""
    with Listener(replying(status(b"407 x", headers=ASKS))) as proxy:
        error = failure({"HTTP_PROXY": f"{LOGIN}@{proxy.place}"}, "http://lan.example/v1")
    assert error.message == (
        f"the proxy {proxy.place} refuses the user name or the password (status 407)"
    )


def test_a_proxy_that_is_not_there() -> None:
    """Named, with its variable, whatever that is called."""
    place = f"127.0.0.1:{closed_port()}"
    for variable in ("https_proxy", "ALL_PROXY"):
        error = failure({variable: f"http://{LOGIN}@{place}"})
        assert error.message == f"cannot connect to the proxy {place}: connection refused"
        assert error.hint == f"look at {variable}; unset it where there is no proxy"
        assert error.exit_code == 6


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_proxy_that_is_silent(scheme: str) -> None:
    """It is not granted the silence of a model that thinks."""
    if scheme == "socks5":
        pytest.importorskip("socksio")
    over = threading.Event()

    def talk(_: Listener, connection: socket.socket) -> None:
        connection.recv(3)
        over.wait(10)

    with Listener(talk) as proxy:
        error = failure({"HTTPS_PROXY": f"{scheme}://{proxy.place}"}, silence=0.1)
        over.set()
    assert error.message == f"the proxy {proxy.place} did not answer in time"


def test_a_proxy_that_speaks_no_tls() -> None:
    """`https://` in the variable is TLS with the proxy itself, which few have."""
    with Listener(saying(PAGE)) as proxy:
        error = failure({"HTTPS_PROXY": f"https://{LOGIN}@{proxy.place}"})
    assert error.message == f"the proxy {proxy.place} does not speak TLS"


def test_a_proxy_whose_certificate_is_not_trusted(certificates: Certificates) -> None:
    """It is the proxy's, and the message says so."""
    with secured(certificates.server("127.0.0.1")) as proxy:
        error = failure({"HTTPS_PROXY": f"https://{LOGIN}@{proxy.place}"})
    assert error.message.startswith(f"the certificate of the proxy {proxy.place} is not trusted (")
    assert "SSL_CERT_FILE" in (error.hint or "")


# -- certificates ----------------------------------------------------------------------------


def secured(context: ssl.SSLContext, host: str = "127.0.0.1") -> Listener:
    """A server with TLS that answers every request with 204."""

    def talk(listener: Listener, plain: socket.socket) -> None:
        with context.wrap_socket(plain, server_side=True) as connection:
            listener.hear(connection)
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    return Listener(talk, host)


CLOCK = "check this machine's date and time; if they are right, {host} needs a new certificate"
OTHER = "check the address; a login page of the network, or a proxy, may have answered in its place"
BAD: dict[str, tuple[dict[str, float], str, str, str]] = {
    "expired": ({"start": -9, "end": -2}, "localhost", "certificate has expired", CLOCK),
    "not valid yet": ({"start": 2, "end": 9}, "localhost", "certificate is not yet valid", CLOCK),
    "self-signed": (
        {"self_signed": True},
        "localhost",
        "self-signed certificate",
        "SSL_CERT_FILE replaces the system's certificates, and lacks this CA",
    ),
    "another host's": ({}, "other.example", "Hostname mismatch", OTHER),
}


@pytest.mark.parametrize(("kind", "name", "reason", "hint"), BAD.values(), ids=BAD)
def test_a_certificate_that_is_no_good(
    kind: dict[str, float], name: str, reason: str, hint: str, certificates: Certificates
) -> None:
    """Each fault is told apart, with what mends it; nothing is sent."""
    context = certificates.server(name, **kind)  # type: ignore[arg-type]
    with secured(context) as server:
        host = f"localhost:{server.port}"
        error = failure({"SSL_CERT_FILE": str(certificates.path)}, f"https://{host}/")
    assert error.message.startswith(f"the certificate of {host} is not trusted ({reason}")
    assert error.hint == hint.format(host=host)
    assert (error.kind, error.exit_code) == ("tls", 6)
    assert server.heard == b""


def test_an_unknown_ca(certificates: Certificates) -> None:
    """What a company's inspecting proxy looks like before `SSL_CERT_FILE` is set."""
    with secured(certificates.server("localhost")) as server:
        url = f"https://localhost:{server.port}/"
        error = failure({}, url)
        assert error.hint == (
            "behind an inspecting proxy, set SSL_CERT_FILE to your organisation's CA file"
        )
        with build_client({"REQUESTS_CA_BUNDLE": str(certificates.path)}, user_agent="t") as client:
            assert client.get(url).status_code == 204


def test_a_host_that_speaks_no_tls() -> None:
    """A login page of the network, as a rule."""
    with Listener(saying(PAGE)) as server:
        error = failure({}, f"https://{server.place}/")
    said = f"cannot connect to {server.place}: TLS failed (WRONG_VERSION_NUMBER)"
    assert error.message == said
    assert error.kind == "tls"


def test_a_host_that_refuses() -> None:
    """With its port, and nobody else's."""
    port = closed_port()
    error = failure({}, f"http://127.0.0.1:{port}/")
    assert error.message == f"cannot connect to 127.0.0.1:{port}: connection refused"


# -- ways that work --------------------------------------------------------------------------


@pytest.fixture
def service(certificates: Certificates) -> Iterator[Listener]:
    """What stands behind the proxies: api.example, with a good certificate."""
    with secured(certificates.server("api.example")) as server:
        yield server


def tunnel(service: Listener) -> Talk:
    """A proxy that leads to `service`, whatever it is asked for."""

    def talk(listener: Listener, connection: socket.socket) -> None:
        listener.hear(connection)
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        relay(connection, socket.create_connection(("127.0.0.1", service.port), 10))

    return talk


def test_a_login_reaches_the_proxy_decoded(service: Listener, certificates: Certificates) -> None:
    """`%XX` in user name and password; the host never sees them."""
    with Listener(tunnel(service)) as proxy:
        environ = {
            "HTTPS_PROXY": f"http://us%40er:{PASSWORD}%2F@{proxy.place}",
            "SSL_CERT_FILE": str(certificates.path),
        }
        with build_client(environ, user_agent="tests") as client:
            assert client.get(API).status_code == 204
    given = base64.b64encode(f"us@er:{PASSWORD}/".encode())
    assert b"CONNECT api.example:443 HTTP/1.1\r\n" in proxy.heard
    assert b"Basic " + given in proxy.heard
    assert b"GET /models HTTP/1.1" in service.heard
    assert given not in service.heard


def test_the_silence_of_a_model_is_granted_past_the_proxy(
    service: Listener, certificates: Certificates
) -> None:
    """The limit is the proxy's; afterwards that of the request holds again."""
    with Listener(tunnel(service)) as proxy:
        environ = {"HTTPS_PROXY": proxy.place, "SSL_CERT_FILE": str(certificates.path)}
        with build_client(environ, user_agent="tests") as client:
            reply = client.get(API, timeout=httpx.Timeout(5, read=300))
    assert reply.request.extensions["timeout"]["read"] == 300


def test_this_machine_is_never_asked_through_a_proxy() -> None:
    """The simulator, or a model on this machine, is reached behind a company's proxy too."""
    broken = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "socks9://nonsense")
    server = Listener(replying(status(b"204 No Content")))
    with server, build_client(broken, user_agent="tests") as client:
        assert client.get(f"http://{server.place}/").status_code == 204


@needs_ipv6
@pytest.mark.parametrize("offline", ["", "1"])
def test_ipv6(offline: str) -> None:
    """`http://[::1]:PORT` is this machine: no proxy, and allowed offline."""
    environ = {"ALL_PROXY": "socks9://nonsense", "COPILOT_OFFLINE": offline}
    server = Listener(replying(status(b"204 No Content")), "::1")
    with server, build_client(environ, user_agent="tests") as client:
        assert client.get(f"http://{server.place}/").status_code == 204
    assert f"host: {server.place}".encode() in server.heard.lower()


@needs_ipv6
def test_ipv6_with_tls(certificates: Certificates) -> None:
    """A certificate may be for an address."""
    with secured(certificates.server("::1"), "::1") as server:
        environ = {"SSL_CERT_FILE": str(certificates.path)}
        with build_client(environ, user_agent="tests") as client:
            assert client.get(f"https://{server.place}/").status_code == 204
        error = failure(environ, f"https://localhost:{server.port}/")
    assert "localhost" in error.message


@needs_ipv6
def test_a_proxy_on_ipv6(service: Listener, certificates: Certificates) -> None:
    """Its address in brackets."""
    with Listener(tunnel(service), "::1") as proxy:
        environ = {"HTTPS_PROXY": proxy.place, "SSL_CERT_FILE": str(certificates.path)}
        with build_client(environ, user_agent="tests") as client:
            assert client.get(API).status_code == 204


# -- SOCKS -----------------------------------------------------------------------------------


def socks(
    service: Listener | None, *, reply: int = 0, method: int = 0, accepts: bool = True
) -> Talk:
    """A SOCKS 5 proxy (RFC 1928, 1929) that answers with `method` and `reply`."""

    def talk(listener: Listener, connection: socket.socket) -> None:
        listener.heard += connection.recv(3)
        connection.sendall(bytes([5, method]))
        if method == 2:
            listener.heard += connection.recv(512)
            connection.sendall(bytes([1, 0 if accepts else 1]))
        listener.heard += connection.recv(512)
        connection.sendall(bytes([5, reply, 0, 1, 127, 0, 0, 1, 0, 80]))
        if service is not None:
            relay(connection, socket.create_connection(("127.0.0.1", service.port), 10))

    return talk


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize("login", ["", f"{LOGIN}@"], ids=["open", "with a login"])
def test_a_socks_proxy(
    scheme: str, login: str, service: Listener, certificates: Certificates
) -> None:
    """With the extra `[socks]`; names are looked up by the proxy."""
    pytest.importorskip("socksio")
    with Listener(socks(service, method=2 if login else 0)) as proxy:
        environ = {
            "ALL_PROXY": f"{scheme}://{login}{proxy.place}",
            "SSL_CERT_FILE": str(certificates.path),
        }
        with build_client(environ, user_agent="tests") as client:
            assert client.get(API).status_code == 204
    assert b"api.example" in proxy.heard
    assert (PASSWORD.encode() in proxy.heard) == bool(login)


def saying(text: bytes) -> Talk:
    """Hear the first words, say `text` and go."""

    def talk(_: Listener, connection: socket.socket) -> None:
        connection.recv(3)
        connection.sendall(text)

    return talk


SOCKS: dict[str, tuple[Talk, str, str]] = {
    "wrong login": (
        socks(None, method=2, accepts=False),
        f"{LOGIN}@",
        "the proxy {proxy} refuses the user name or the password",
    ),
    "wants a login": (
        socks(None, method=2),
        "",
        "the proxy {proxy} wants a user name and a password",
    ),
    "forbidden": (
        socks(None, reply=2),
        "",
        "the proxy {proxy} cannot reach api.example",
    ),
    "unreachable": (
        socks(None, reply=4),
        "",
        "the proxy {proxy} cannot reach api.example",
    ),
    "a web server": (
        saying(PAGE),
        "",
        "the proxy {proxy} did not answer as a proxy",
    ),
    "an HTTP proxy": (
        saying(status(b"400 Bad Request", PAGE)),
        "",
        "the proxy {proxy} did not answer as a proxy",
    ),
    "hangs up": (saying(b""), "", "the proxy {proxy} did not answer as a proxy"),
}


@pytest.mark.parametrize(("talk", "login", "message"), SOCKS.values(), ids=SOCKS)
def test_a_socks_proxy_that_fails(talk: Talk, login: str, message: str) -> None:
    """Each in words, and none as a traceback."""
    pytest.importorskip("socksio")
    with Listener(talk) as proxy:
        error = failure({"ALL_PROXY": f"socks5://{login}{proxy.place}"})
    assert error.message == message.format(proxy=proxy.place)
    assert "ALL_PROXY" in (error.hint or "")
    assert error.exit_code == 6
