"""httpx's failures as ours: the host, the reason the system gives, the setting to look at."""

import errno
import logging
import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from copilot_cli.errors import CopilotChatError, NetworkError
from copilot_cli.network_faults import (
    IN_PROXY,
    PASSAGE,
    TO_HOST,
    Passage,
    causes,
    is_unknown_host,
    translate,
)
from copilot_cli.proxies import parse

URL = "https://api.example/chat?token=madeUpForTests"
PASSWORD = "madeUpProxyPassword"  # made up
LOGIN = f"user:{PASSWORD}@"


def caused(error: Exception, cause: BaseException) -> Exception:
    """Return `error` as raised from `cause`."""
    error.__cause__ = cause
    return error


def untrusted(code: int, message: str) -> ssl.SSLCertVerificationError:
    """Return what OpenSSL raises for a certificate."""
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, message
    return error


UNKNOWN = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
SILENT = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
UNREACHABLE = OSError(errno.ENETUNREACH, "Network is unreachable")
NO_TLS = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")
NO_TLS.reason = "WRONG_VERSION_NUMBER"
EXPIRED = untrusted(10, "certificate has expired")
MISMATCH = untrusted(62, "Hostname mismatch, certificate is not valid for 'api.example'.")
SELF_SIGNED = untrusted(18, "self-signed certificate")
ISSUER = untrusted(20, "unable to get local issuer certificate")

NETWORK = "check the network connection; behind a company's proxy, set HTTPS_PROXY"
SILENCE = f"no name server answers: {NETWORK}"
LISTENS = "nothing listens there, or a firewall refuses: check the address and the network"
PORTAL = "a login page of the network, or a proxy, may have answered in its place"
CLOCK = "check this machine's date and time; if they are right, api.example needs a new certificate"
INSPECTING = "behind an inspecting proxy, set SSL_CERT_FILE to your organisation's CA file"
CANNOT = "cannot connect to api.example"

FAILURES: dict[str, tuple[Exception, str, str, str | None]] = {
    "refused": (
        caused(httpx.ConnectError("x"), REFUSED),
        "network",
        f"{CANNOT}: connection refused",
        LISTENS,
    ),
    "unreachable": (
        caused(httpx.ConnectError("x"), UNREACHABLE),
        "network",
        f"{CANNOT}: network is unreachable",
        NETWORK,
    ),
    "unknown name": (
        caused(httpx.ConnectError("x"), UNKNOWN),
        "network",
        f"{CANNOT}: name or service not known",
        "check the name, and whether a VPN has to be up; behind a company's proxy, set HTTPS_PROXY",
    ),
    "silent name server": (
        caused(httpx.ConnectError("x"), SILENT),
        "network",
        f"{CANNOT}: temporary failure in name resolution",
        SILENCE,
    ),
    "no reason": (httpx.ConnectError("something foreign"), "network", CANNOT, NETWORK),
    "expired": (
        caused(httpx.ConnectError("x"), caused(OSError("x"), EXPIRED)),
        "tls",
        "the certificate of api.example is not trusted (certificate has expired)",
        CLOCK,
    ),
    "not valid yet": (
        caused(httpx.ConnectError("x"), untrusted(9, "certificate is not yet valid")),
        "tls",
        "the certificate of api.example is not trusted (certificate is not yet valid)",
        CLOCK,
    ),
    "another's": (
        caused(httpx.ConnectError("x"), MISMATCH),
        "tls",
        f"the certificate of api.example is not trusted ({MISMATCH.verify_message})",
        f"check the address; {PORTAL}",
    ),
    "self-signed": (
        caused(httpx.ConnectError("x"), SELF_SIGNED),
        "tls",
        "the certificate of api.example is not trusted (self-signed certificate)",
        INSPECTING,
    ),
    "unknown CA": (
        caused(httpx.ConnectError("x"), ISSUER),
        "tls",
        "the certificate of api.example is not trusted (unable to get local issuer certificate)",
        INSPECTING,
    ),
    "no TLS": (
        caused(httpx.ConnectError("x"), NO_TLS),
        "tls",
        f"{CANNOT}: TLS failed (WRONG_VERSION_NUMBER)",
        PORTAL,
    ),
    "TLS cut short": (
        caused(httpx.ConnectError("x"), ssl.SSLEOFError(8, "EOF occurred")),
        "network",
        f"{CANNOT}: TLS failed (the connection was closed)",
        PORTAL,
    ),
    "connect time-out": (
        httpx.ConnectTimeout("x"),
        "timeout",
        "api.example could not be reached in time",
        NETWORK,
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
        httpx.ProxyError("403 something foreign"),
        "proxy",
        "the proxy refused the connection to api.example (status 403)",
        "look at HTTPS_PROXY; if the host is reached without a proxy, name it in NO_PROXY",
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
    """The host, the reason the system gives, what to look at; nothing else of the address."""
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
    "a password": ("https://user:madeUpForTests@api.example/", "api.example"),
    "a port": ("https://api.example:8443/madeUpForTests", "api.example:8443"),
    "IPv6": ("http://[::1]:8080/madeUpForTests", "[::1]:8080"),
    "no host": ("/madeUpForTests", "the service"),
    "unreadable": ("https://[madeUpForTests/", "the service"),
    "a port that is none": ("https://api.example:madeUpForTests/", "the service"),
}


@pytest.mark.parametrize(("url", "host"), ADDRESSES.values(), ids=ADDRESSES)
def test_nothing_of_an_address_but_host_and_port_is_told(url: str, host: str) -> None:
    """A user part, a path or a query may hold a credential."""
    ours = translate(httpx.ReadError("madeUpForTests"), url=url)
    assert ours.message == f"the connection to {host} broke"
    assert "madeupfortests" not in f"{ours.message} {ours.hint}".lower()


def test_a_variable_that_lacks_the_ca_is_named() -> None:
    """Who replaced the system's certificates learns that it was that."""
    ours = translate(
        sent(caused(httpx.ConnectError("x"), ISSUER), Passage(None, "SSL_CERT_DIR")), url=URL
    )
    assert ours.hint == "SSL_CERT_DIR replaces the system's certificates, and lacks this CA"


# -- proxies ---------------------------------------------------------------------------------


def sent(error: Exception, passage: Passage) -> httpx.HTTPError:
    """Return `error` as of a request that took `passage`."""
    request = httpx.Request("GET", URL, extensions={PASSAGE: passage})
    assert isinstance(error, httpx.RequestError)
    error.request = request
    return error


def through(
    error: Exception, stage: str, *, login: str = LOGIN, scheme: str = "http"
) -> NetworkError:
    """Return our error for one that was met at `stage` of the way through a proxy."""
    passage = Passage(parse("HTTPS_PROXY", f"{scheme}://{login}p.example:3128"))
    passage.stage = stage or passage.stage
    passage.secured = scheme == "https"
    ours = translate(sent(error, passage), url=URL)
    assert isinstance(ours, NetworkError)
    assert PASSWORD not in f"{ours.message} {ours.hint}"
    assert "user:" not in f"{ours.message} {ours.hint}"
    return ours


P = "the proxy p.example:3128"
UNSET = "look at HTTPS_PROXY; unset it where there is no proxy"
OTHER = "look at HTTPS_PROXY; if the host is reached without a proxy, name it in NO_PROXY"
LISTENING = "look at HTTPS_PROXY: something else may be listening there"

ON_THE_WAY: dict[str, tuple[Exception, str, str, str]] = {
    "refused": (
        caused(httpx.ConnectError("x"), REFUSED),
        "",
        f"cannot connect to {P}: connection refused",
        UNSET,
    ),
    "unknown": (
        caused(httpx.ConnectError("x"), UNKNOWN),
        "",
        f"cannot connect to {P}: name or service not known",
        UNSET,
    ),
    "no reason": (httpx.ConnectError("x"), "", f"cannot connect to {P}", UNSET),
    "late": (httpx.ConnectTimeout("x"), "", f"{P} could not be reached in time", UNSET),
    "silent": (httpx.ReadTimeout("x"), IN_PROXY, f"{P} did not answer in time", LISTENING),
    "no HTTP": (
        httpx.RemoteProtocolError("x"),
        IN_PROXY,
        f"{P} did not answer as a proxy",
        LISTENING,
    ),
    "cut": (httpx.ReadError("x"), IN_PROXY, f"{P} did not answer as a proxy", LISTENING),
    "wrong login": (
        httpx.ProxyError("407 Proxy Authentication Required"),
        IN_PROXY,
        f"{P} refuses the user name or the password (status 407)",
        "look at USER:PASSWORD in HTTPS_PROXY: special characters are written as %XX",
    ),
    "forbidden": (
        httpx.ProxyError(f"403 {PASSWORD}"),
        IN_PROXY,
        f"{P} refused the connection to api.example (status 403)",
        OTHER,
    ),
    "unreached": (
        httpx.ProxyError("502 Bad Gateway"),
        IN_PROXY,
        f"{P} cannot reach api.example (status 502)",
        "name the host in NO_PROXY if it is reached without HTTPS_PROXY",
    ),
    "a web server": (
        httpx.ProxyError("405 Method Not Allowed"),
        IN_PROXY,
        f"{P} did not answer as a proxy (status 405)",
        LISTENING,
    ),
    "SOCKS, wrong login": (
        httpx.ProxyError("Invalid username/password"),
        IN_PROXY,
        f"{P} refuses the user name or the password",
        "look at USER:PASSWORD in HTTPS_PROXY: special characters are written as %XX",
    ),
    "SOCKS, unreached": (
        httpx.ProxyError("Proxy Server could not connect: Host unreachable."),
        IN_PROXY,
        f"{P} cannot reach api.example",
        "name the host in NO_PROXY if it is reached without HTTPS_PROXY",
    ),
    "something foreign": (
        httpx.ProxyError(PASSWORD),
        IN_PROXY,
        f"{P} refused the connection to api.example",
        OTHER,
    ),
}


@pytest.mark.parametrize(("error", "stage", "message", "hint"), ON_THE_WAY.values(), ids=ON_THE_WAY)
def test_a_proxys_fault_names_the_proxy_and_its_variable(
    error: Exception, stage: str, message: str, hint: str
) -> None:
    """Not the host, which was never spoken to; and never the user name or the password."""
    ours = through(error, stage)
    assert (ours.message, ours.hint, ours.kind) == (message, hint, "proxy")


def test_a_proxy_that_wants_a_login() -> None:
    """Where none was given, the form is shown."""
    ours = through(httpx.ProxyError("407 x"), IN_PROXY, login="")
    assert ours.message == f"{P} wants a user name and a password (status 407)"
    assert ours.hint == "set HTTPS_PROXY to http://USER:PASSWORD@HOST:PORT"
    ours = through(
        httpx.ProxyError("Requested NO AUTHENTICATION"), IN_PROXY, login="", scheme="socks5"
    )
    assert ours.message == f"{P} wants a user name and a password"
    assert ours.hint == "set HTTPS_PROXY to socks5://USER:PASSWORD@HOST:PORT"


def test_a_proxy_without_tls() -> None:
    """`https://` before its name asks for TLS with the proxy itself."""
    ours = through(caused(httpx.ConnectError("x"), NO_TLS), "", scheme="https")
    assert ours.message == f"{P} does not speak TLS"
    assert ours.hint == (
        "look at HTTPS_PROXY: most proxies want http:// there, for https:// addresses too"
    )
    ours = through(caused(httpx.ConnectError("x"), ISSUER), "", scheme="https")
    assert ours.message == f"the certificate of {P} is not trusted ({ISSUER.verify_message})"
    assert ours.hint == INSPECTING


BEHIND = {name: row[0] for name, row in FAILURES.items() if isinstance(row[0], httpx.RequestError)}


@pytest.mark.parametrize("error", BEHIND.values(), ids=BEHIND)
def test_behind_a_proxy_the_proxy_is_named_too(error: Exception) -> None:
    """Most connections that fail behind a proxy fail because of it; a certificate does not."""
    ours = through(error, TO_HOST)
    if ours.kind == "tls" and "certificate" in ours.message:
        assert "the proxy p.example:3128 is in use" not in (ours.hint or "")
    elif not isinstance(error, httpx.ProxyError):
        assert ours.hint == "the proxy p.example:3128 is in use; look at HTTPS_PROXY and NO_PROXY"


# -- the chain -------------------------------------------------------------------------------


def test_unknown_names_are_told_apart() -> None:
    """A name that does not exist is another fault than a name server that is silent."""
    assert is_unknown_host(caused(httpx.ConnectError("x"), UNKNOWN))
    assert not is_unknown_host(caused(httpx.ConnectError("x"), SILENT))
    assert not is_unknown_host(httpx.ConnectError("x"))


def test_causes_are_followed_to_the_first() -> None:
    """What was raised from what, and while what was handled."""
    error = ValueError("c")
    error.__context__ = KeyError("d")
    chain = list(causes(caused(CopilotChatError("a"), caused(OSError("b"), error))))
    assert [type(each) for each in chain] == [CopilotChatError, OSError, ValueError, KeyError]


def test_the_chain_is_logged_in_the_systems_words_only(caplog: pytest.LogCaptureFixture) -> None:
    """For `-vv`: the kinds of the causes and the system's reason, no text of httpx."""
    error = httpx.ConnectError(f"madeUp {PASSWORD}")
    middle = caused(RuntimeError(PASSWORD), REFUSED)
    with caplog.at_level(logging.DEBUG, "copilot_cli"):
        translate(sent(caused(error, middle), Passage()), url=URL)
    said = "api.example: ConnectError from RuntimeError from ConnectionRefusedError"
    assert caplog.messages == [f"{said} (Connection refused)"]


# -- the page ----------------------------------------------------------------------------------

PAGE = (Path(__file__).parent.parent / "docs" / "networks.md").read_text("utf-8")
TOLD = [row[2] for row in FAILURES.values()] + [row[2] for row in ON_THE_WAY.values()]
TOLD += [f"{P} wants a user name and a password", f"{P} does not speak TLS"]


@pytest.mark.parametrize("message", TOLD)
def test_every_message_stands_on_the_page_with_its_fix(message: str) -> None:
    """A person finds what the program said, word for word."""
    said = message.replace("p.example:3128", "PROXY").replace("api.example", "HOST")
    said = said.replace("the proxy refused", "the proxy PROXY refused")
    said = re.sub(r" \(status \d+\)$|, certificate is not valid for .*", "", said)
    assert f"| {said}" in PAGE
