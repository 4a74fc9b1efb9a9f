"""The HTTP client: what it trusts, which proxy it takes, and httpx's failures as ours."""

import errno
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from copilot_cli.errors import CopilotChatError, NetworkError, SettingsError
from copilot_cli.network import build_client, causes, is_unknown_host, translate, trust
from copilot_cli.simulator.ca import Authority

URL = "https://api.example/chat?token=madeUpForTests"
PASSWORD = "madeUpProxyPassword"  # made up


def caused(error: Exception, cause: BaseException) -> Exception:
    """Return `error` as raised from `cause`."""
    error.__cause__ = cause
    return error


# -- the client ------------------------------------------------------------------------------


def reply(request: httpx.Request) -> httpx.Response:
    """Answer anything."""
    return httpx.Response(302, headers={"location": "https://evil.example/"})


def client(**environ: str) -> httpx.Client:
    """Return a client on a transport of a test."""
    return build_client(environ, transport=httpx.MockTransport(reply), user_agent="tests/1")


def test_redirects_are_not_followed_and_nothing_is_compressed() -> None:
    """The two things that no caller can forget."""
    response = client().get("https://api.example/")
    assert response.status_code == 302
    assert response.request.headers["accept-encoding"] == "identity"
    assert response.request.headers["user-agent"] == "tests/1"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://[::1]:1/", "https://LOCALHOST/"])
def test_offline_allows_this_machine(url: str) -> None:
    """The simulator is not the network."""
    assert client(COPILOT_OFFLINE="1").get(url).status_code == 302


ELSEWHERE = [
    "https://api.github.com/",
    "http://127.0.0.1.evil.example/",
    "http://localhost.evil.example/",
    "http://localhost@evil.example/",
    "http://0.0.0.0/",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_offline_sends_nothing_elsewhere(url: str) -> None:
    """Names that only look like this machine are others'."""
    with pytest.raises(NetworkError, match="COPILOT_OFFLINE is set") as raised:
        client(COPILOT_OFFLINE="1").get(url)
    assert raised.value.exit_code == 6
    assert raised.value.hint == "unset COPILOT_OFFLINE"


@pytest.mark.parametrize("value", ["", "0", "false", "no", "OFF"])
def test_offline_can_be_switched_off(value: str) -> None:
    """As every switch in the environment."""
    assert client(COPILOT_OFFLINE=value).get("https://api.example/").status_code == 302


PROXIES = {
    "a port that is none": f"http://user:{PASSWORD}@proxy.example:port",
    "an unknown scheme": f"gopher://user:{PASSWORD}@proxy.example:1",
    "no socks library": f"socks5://user:{PASSWORD}@proxy.example:1",
}


@pytest.mark.parametrize("proxy", PROXIES.values(), ids=PROXIES)
def test_a_proxy_that_cannot_be_used_is_a_wrong_setting(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2, naming the variables and never the value."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(SettingsError) as raised:
        build_client({}, user_agent="tests")
    error = raised.value
    assert error.exit_code == 2
    assert PASSWORD not in f"{error} {error.hint} {error.__cause__}"
    assert "HTTPS_PROXY" in (error.hint or "")


# -- what is trusted -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    """A throw-away CA."""
    made = Authority()
    yield made
    made.close()


NAMES = ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"]


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_variable_replaces_the_trust_store(name: str, authority: Authority) -> None:
    """What it names is all that is trusted."""
    context = trust({name: str(authority.path)})
    assert len(context.get_ca_certs()) == 1
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_folder_of_certificates_is_taken(tmp_path: Path) -> None:
    """`SSL_CERT_DIR`, and a folder in the other variables."""
    for name in NAMES:
        context = trust({name: str(tmp_path)})
        assert context.get_ca_certs() == []
        assert context.verify_mode == ssl.CERT_REQUIRED


def test_the_first_variable_that_is_set_counts(authority: Authority, tmp_path: Path) -> None:
    """In the contract's order; an empty one is not set."""
    good, bad = str(authority.path), str(tmp_path / "missing")
    trust({"SSL_CERT_FILE": good, "SSL_CERT_DIR": bad, "REQUESTS_CA_BUNDLE": bad})
    trust({"SSL_CERT_FILE": "", "SSL_CERT_DIR": "", "REQUESTS_CA_BUNDLE": good})
    with pytest.raises(SettingsError, match="SSL_CERT_DIR"):
        trust({"SSL_CERT_DIR": bad, "REQUESTS_CA_BUNDLE": good})


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_a_wrong_setting(name: str, tmp_path: Path) -> None:
    """Exit 2, naming the variable and the file."""
    with pytest.raises(SettingsError) as raised:
        trust({name: str(tmp_path / "missing.pem")})
    assert raised.value.exit_code == 2
    assert raised.value.message == f"{name} names {tmp_path}/missing.pem, which is not there"


@pytest.mark.parametrize("content", [b"", b"no certificate", b"\x00\xff"], ids=repr)
def test_a_file_without_certificates_is_a_wrong_setting(content: bytes, tmp_path: Path) -> None:
    """Rather than a trust store of nothing."""
    path = tmp_path / "ca.pem"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="holds no usable certificate"):
        trust({"SSL_CERT_FILE": str(path)})


def test_without_variables_certificates_are_verified() -> None:
    """The system's store, or certifi's."""
    context = trust({})
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


# -- failures --------------------------------------------------------------------------------

UNKNOWN = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
EXPIRED = ssl.SSLCertVerificationError(1, "certificate verify failed")
EXPIRED.verify_message = "certificate has expired"
NO_TLS = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")
NO_TLS.reason = "WRONG_VERSION_NUMBER"
CHECK = "check the network connection"

FAILURES: dict[str, tuple[Exception, str, str, str | None]] = {
    "refused": (
        caused(
            httpx.ConnectError("x"),
            ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
        ),
        "network",
        "cannot connect to api.example: connection refused",
        CHECK,
    ),
    "unknown name": (
        caused(httpx.ConnectError("x"), UNKNOWN),
        "network",
        "cannot connect to api.example: name or service not known",
        CHECK,
    ),
    "no reason": (
        httpx.ConnectError("something foreign"),
        "network",
        "cannot connect to api.example",
        CHECK,
    ),
    "certificate": (
        caused(httpx.ConnectError("x"), caused(OSError("x"), EXPIRED)),
        "tls",
        "the certificate of api.example is not trusted (certificate has expired)",
        "behind an inspecting proxy, set SSL_CERT_FILE to your organisation's CA file",
    ),
    "no TLS": (
        caused(httpx.ConnectError("x"), NO_TLS),
        "network",
        "cannot connect to api.example: TLS failed (WRONG_VERSION_NUMBER)",
        CHECK,
    ),
    "TLS cut short": (
        caused(httpx.ConnectError("x"), ssl.SSLEOFError(8, "EOF occurred")),
        "network",
        "cannot connect to api.example: TLS failed (no reason given)",
        CHECK,
    ),
    "connect time-out": (
        httpx.ConnectTimeout("x"),
        "timeout",
        "api.example could not be reached in time",
        None,
    ),
    "read time-out": (
        httpx.ReadTimeout("x"),
        "timeout",
        "api.example did not answer in time",
        None,
    ),
    "write time-out": (
        httpx.WriteTimeout("x"),
        "timeout",
        "api.example did not answer in time",
        None,
    ),
    "pool time-out": (
        httpx.PoolTimeout("x"),
        "timeout",
        "api.example did not answer in time",
        None,
    ),
    "proxy": (
        httpx.ProxyError("407 Proxy Authentication Required"),
        "proxy",
        "the proxy refused the connection to api.example (status 407)",
        "look at HTTPS_PROXY and NO_PROXY",
    ),
    "proxy without status": (
        httpx.ProxyError("something foreign"),
        "proxy",
        "the proxy refused the connection to api.example",
        "look at HTTPS_PROXY and NO_PROXY",
    ),
    "read error": (httpx.ReadError("x"), "network", "the connection to api.example broke", None),
    "write error": (httpx.WriteError("x"), "network", "the connection to api.example broke", None),
    "close error": (httpx.CloseError("x"), "network", "the connection to api.example broke", None),
    "protocol": (
        httpx.RemoteProtocolError("x"),
        "network",
        "the connection to api.example broke",
        None,
    ),
    "our own protocol": (
        httpx.LocalProtocolError("Illegal header value b'Bearer madeUpForTests'"),
        "network",
        "the connection to api.example broke",
        None,
    ),
    "encoding": (
        httpx.DecodingError("x"),
        "network",
        "the reply of api.example cannot be decoded",
        None,
    ),
    "redirects": (
        httpx.TooManyRedirects("x"),
        "network",
        "the connection to api.example broke",
        None,
    ),
    "scheme": (
        httpx.UnsupportedProtocol("x"),
        "network",
        "the address of api.example cannot be used",
        None,
    ),
    "address": (
        httpx.InvalidURL("x"),
        "network",
        "the address of api.example cannot be used",
        None,
    ),
}


@pytest.mark.parametrize(("error", "kind", "message", "hint"), FAILURES.values(), ids=FAILURES)
def test_each_failure_of_httpx_is_told_in_our_words(
    error: httpx.HTTPError, kind: str, message: str, hint: str | None
) -> None:
    """The host, the reason the system gives, what to look at; nothing of the address."""
    ours = translate(error, url=URL)
    assert (ours.kind, ours.message, ours.hint) == (kind, message, hint)
    assert isinstance(ours, NetworkError)
    assert ours.exit_code == 6


def test_every_failure_of_httpx_is_translated() -> None:
    """One that a later httpx adds is found out here."""
    tested = {type(error) for error, *_ in FAILURES.values()}

    def leaves(kind: type[Exception]) -> Iterator[type[Exception]]:
        below = kind.__subclasses__()
        if not below:
            yield kind
        for each in below:
            yield from leaves(each)

    missing = set(leaves(httpx.HTTPError)) - tested - {httpx.HTTPStatusError}
    assert {kind for kind in missing if kind.__module__.startswith("httpx")} == set()


ADDRESSES = {
    "a password": "https://user:madeUpForTests@api.example/",
    "no host": "/madeUpForTests",
    "unreadable": "https://[madeUpForTests/",
}


@pytest.mark.parametrize("url", ADDRESSES.values(), ids=ADDRESSES)
def test_nothing_of_an_address_but_its_host_is_told(url: str) -> None:
    """A user part, a path or a query may hold a credential."""
    ours = translate(httpx.ReadError("madeUpForTests"), url=url)
    assert "madeupfortests" not in f"{ours.message} {ours.hint}".lower()


PROXY = f"http://user:{PASSWORD}@proxy.example:3128"


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_proxy_in_use_is_named_without_its_password(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most connections that fail behind a proxy fail because of it."""
    monkeypatch.setenv(name, PROXY)
    for error, _, _, _ in FAILURES.values():
        ours = translate(error, url=URL)  # type: ignore[arg-type]
        assert PASSWORD not in f"{ours.message} {ours.hint}"
        if ours.kind != "tls":
            hint = "the proxy proxy.example:3128 is in use; look at HTTPS_PROXY and NO_PROXY"
            assert ours.hint == hint


UNUSED = {
    "NO_PROXY": ({"HTTPS_PROXY": PROXY, "NO_PROXY": "api.example"}, URL),
    "NO_PROXY for all below": ({"HTTPS_PROXY": PROXY, "NO_PROXY": "example"}, URL),
    "another scheme's": ({"HTTP_PROXY": PROXY}, URL),
    "this machine": ({"HTTP_PROXY": PROXY, "HTTPS_PROXY": PROXY}, "http://127.0.0.1:9/"),
    "unreadable": ({"HTTPS_PROXY": f"http://user:{PASSWORD}@[::1"}, URL),
    "a port that is none": ({"HTTPS_PROXY": f"http://user:{PASSWORD}@proxy.example:port"}, URL),
}


@pytest.mark.parametrize(("environ", "url"), UNUSED.values(), ids=UNUSED)
def test_a_proxy_that_is_not_in_use_is_not_named(
    environ: dict[str, str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not to blame."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    ours = translate(httpx.ReadError("x"), url=url)
    assert ours.hint is None


def test_unknown_names_are_told_apart() -> None:
    """A name that does not exist is another fault than a name server that is silent."""
    assert is_unknown_host(caused(httpx.ConnectError("x"), UNKNOWN))
    silent = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    assert not is_unknown_host(caused(httpx.ConnectError("x"), silent))
    assert not is_unknown_host(httpx.ConnectError("x"))


def test_causes_are_followed_to_the_first() -> None:
    """What was raised from what, and while what was handled."""
    error = ValueError("c")
    error.__context__ = KeyError("d")
    chain = list(causes(caused(CopilotChatError("a"), caused(OSError("b"), error))))
    assert [type(each) for each in chain] == [CopilotChatError, OSError, ValueError, KeyError]


@pytest.mark.real
def test_this_machine_is_never_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulator is reached behind a company's proxy too."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        proxy = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        with build_client({}, user_agent="tests") as own:
            with pytest.raises(httpx.ReadTimeout):
                own.get(url, timeout=httpx.Timeout(10, read=0.05))
            connection, _ = server.accept()
            connection.close()
