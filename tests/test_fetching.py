"""What is fetched, from where, and what never is."""

import gzip
import socket
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from copilot_cli.errors import CopilotChatError, NetworkError, ServiceError, UsageError
from copilot_cli.fetching import Fetched, _Errand, _within, fetch
from copilot_cli.web_replies import LARGEST
from tests.certificates import Certificates
from tests.listeners import Listener
from tests.pictures_made import PNG

PUBLIC = "93.184.216.34"


class Pieces(httpx.SyncByteStream):
    """A body as it comes over the wire."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces

    def close(self) -> None:
        self.closed = True


class Web:
    """A web of pages by their address, behind names that are looked up."""

    def __init__(self, **names: Sequence[str]) -> None:
        self.names: dict[str, Sequence[str]] = names
        self.pages: dict[str, httpx.Response | Exception] = {}
        self.requests: list[httpx.Request] = []
        self.looked_up: list[tuple[str, int]] = []

    def page(self, address: str, body: bytes = b"", status: int = 200, **headers: Any) -> Pieces:
        stream = Pieces(body)
        named = [
            (name.replace("_", "-").encode(), value.encode("latin-1"))
            for name, value in headers.items()
        ]
        self.pages[address] = httpx.Response(status, headers=named, stream=stream)
        return stream

    def resolve(self, host: str, port: int) -> Sequence[str]:
        self.looked_up.append((host, port))
        return self.names.get(host, (PUBLIC,))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        url = request.url
        found = self.pages[f"{url.scheme}://{request.headers['host']}{url.raw_path.decode()}"]
        if isinstance(found, Exception):
            raise found
        return found

    def fetch(self, address: str, environ: dict[str, str] | None = None, **options: Any) -> Fetched:
        transport = httpx.MockTransport(self._answer)
        return fetch(address, environ or {}, transport=transport, resolve=self.resolve, **options)


@pytest.fixture
def web() -> Web:
    return Web()


def test_the_connection_goes_to_the_address_that_was_checked(web: Web) -> None:
    """With the name in TLS and in `Host`; nothing else of ours goes out."""
    web.page("https://example.com/a?b=c", b"hello", content_type="text/plain")
    assert web.fetch("https://example.com/a?b=c#d").text == "hello"
    (request,) = web.requests
    assert request.url.host == PUBLIC
    assert request.extensions["sni_hostname"] == "example.com"
    assert request.headers["host"] == "example.com"
    assert not {"authorization", "cookie", "referer", "proxy-authorization"} & set(request.headers)
    assert web.looked_up == [("example.com", 443)]


@pytest.mark.parametrize(
    ("addresses", "name"),
    [
        (("127.0.0.1",), "localhost"),
        (("169.254.169.254",), "metadata"),
        ((PUBLIC, "10.0.0.1"), "mixed"),
        (("::ffff:127.0.0.1",), "mapped"),
        (("64:ff9b::a00:1",), "nat64"),
        (("nonsense",), "nonsense"),
        ((), "none"),
    ],
)
def test_one_address_that_is_not_public_is_enough(addresses: tuple[str, ...], name: str) -> None:
    """Nothing is sent to any of them."""
    web = Web(**{name: addresses})
    with pytest.raises(UsageError, match=f"{name} is not at a public address: it is not fetched"):
        web.fetch(f"http://{name}/")
    assert web.requests == []


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("file:///etc/passwd", "only addresses that begin with http:// or https:// are fetched"),
        ("ftp://example.com/", "only addresses"),
        ("//example.com/", "only addresses"),
        ("http:///path", "only addresses"),
        ("http://user:secret@example.com/", "the address at example.com holds a user name"),
        ("http://user@example.com/", "holds a user name or a password"),
        ("http://example.com:8080/", "example.com:8080 is not fetched: only the ports 80 and 443"),
        ("https://example.com:22/", "only the ports 80 and 443"),
        ("http://example.com:99999/", "only the ports 80 and 443"),
        ("http://[::1/", "no address of the web"),
        ("http://exa\0mple.com/", "no address of the web"),
        ("http://" + "a" * 70_000 + "/", "no address of the web"),
    ],
)
def test_addresses_that_are_not_fetched(web: Web, address: str, message: str) -> None:
    """Another scheme, a credential, another port; nothing is looked up, no credential repeated."""
    with pytest.raises(UsageError, match=message) as raised:
        web.fetch(address)
    assert "secret" not in raised.value.message
    assert web.looked_up == []


@pytest.mark.parametrize("port", [80, 443])
def test_both_ports_for_both_schemes(web: Web, port: int) -> None:
    """`Host` names the port where it is not the scheme's own."""
    host = "example.com" if port == 80 else "example.com:443"
    web.page(f"http://{host}/", b"x")
    web.fetch(f"http://example.com:{port}/")
    assert web.looked_up == [("example.com", port)]


def test_a_name_of_other_letters_is_asked_for_as_dns_writes_it(web: Web) -> None:
    """By the rules of IDNA 2008, in the look-up and in TLS."""
    web.page("https://xn--bcher-kva.example/", b"x")
    web.fetch("https://bücher.example/")
    assert web.looked_up == [("xn--bcher-kva.example", 443)]
    assert web.requests[0].extensions["sni_hostname"] == "xn--bcher-kva.example"


def test_a_bare_address_needs_no_name_in_tls() -> None:
    """Its certificate is for the address."""
    web = Web()
    web.page("https://1.1.1.1/", b"x")
    web.names["1.1.1.1"] = ("1.1.1.1",)
    web.fetch("https://1.1.1.1/")
    assert web.requests[0].extensions["sni_hostname"] is None


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_begins_anew(web: Web, status: int) -> None:
    """Its name is looked up and checked; what the first one set is not sent to the second."""
    web.page(
        "http://one.example/a", status=status, location="//two.example/b", set_cookie="session=1"
    )
    web.page("http://two.example/b", b"there", content_type="text/plain")
    found = web.fetch("http://one.example/a")
    assert (found.url, found.text) == ("http://two.example/b", "there")
    assert [name for name, _ in web.looked_up] == ["one.example", "two.example"]
    assert "cookie" not in web.requests[1].headers
    assert "referer" not in web.requests[1].headers


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("http://inside.example/", "inside.example is not at a public address"),
        ("http://127.0.0.1/", "not at a public address"),
        ("file:///etc/passwd", "only addresses that begin with"),
        ("http://u:p@two.example/", "holds a user name"),
        ("http://two.example:6379/", "only the ports"),
        ("http://[", "redirects to what is no address"),
    ],
)
def test_a_redirect_is_refused_like_any_address(location: str, message: str) -> None:
    """Wherever it comes from."""
    web = Web()
    web.names.update({"inside.example": ("192.168.0.1",), "127.0.0.1": ("127.0.0.1",)})
    web.page("http://one.example/", status=302, location=location)
    with pytest.raises(UsageError, match=message):
        web.fetch("http://one.example/")
    assert len(web.requests) == 1


def test_a_name_that_changes_its_address_is_checked_each_time(web: Web) -> None:
    """Looked up once for each request: there is no second look-up that could differ."""
    answers = iter([(PUBLIC,), ("127.0.0.1",)])
    web.resolve = lambda host, port: next(answers)  # type: ignore[method-assign]
    web.page("http://one.example/", status=302, location="/again")
    with pytest.raises(UsageError, match="not at a public address"):
        web.fetch("http://one.example/")
    assert [request.url.host for request in web.requests] == [PUBLIC]


def test_too_many_redirects(web: Web) -> None:
    """Three are followed."""
    for number in range(5):
        web.page(f"http://one.example/{number}", status=302, location=f"/{number + 1}")
    with pytest.raises(ServiceError, match=r"one.example redirects more than 3 times"):
        web.fetch("http://one.example/0")
    assert len(web.requests) == 4


def test_a_redirect_to_nowhere(web: Web) -> None:
    """It has no address."""
    web.page("http://one.example/", status=302)
    with pytest.raises(ServiceError, match="redirects to nowhere"):
        web.fetch("http://one.example/")


# What comes back


@pytest.mark.parametrize(
    ("body", "content_type", "media_type", "text"),
    [
        (b"caf\xc3\xa9", "text/plain", "text/plain", "café"),
        (b"caf\xe9", "text/plain; charset=ISO-8859-1", "text/plain", "café"),
        (b"caf\xe9", 'Text/Plain; x=y; Charset="latin1"', "text/plain", "café"),
        (b'{"a": 1}', "application/json", "application/json", '{"a": 1}'),
        (b"{}", "application/ld+json", "application/ld+json", "{}"),
        (b"<a/>", "application/rss+xml", "application/rss+xml", "<a/>"),
        (b"<svg/>", "image/svg+xml", "image/svg+xml", "<svg/>"),
        (b"x = 1", "text/x-python", "text/x-python", "x = 1"),
        (b"plain", "", "text/plain", "plain"),
        (b"<p>a<p>b", "text/html", "text/html", "a\n\nb"),
        (b"<title>T</title><p>a", "text/html", "text/html", "# T\n\na"),
        (b"<title>T</title><h1>T</h1>a", "text/html", "text/html", "# T\n\na"),
        (b" <!DOCTYPE html><p>a", "", "text/html", "a"),
        (b"<meta charset=windows-1251><p>\xdf", "text/html", "text/html", "Я"),
        (b"<a href=b>c</a>", "application/xhtml+xml", "text/html", "[c](http://x.example/b)"),
        (b"", "text/plain", "text/plain", ""),
    ],
)
def test_texts(web: Web, body: bytes, content_type: str, media_type: str, text: str) -> None:
    """By their type and encoding; HTML is made readable."""
    headers: dict[str, Any] = {"content_type": content_type} if content_type else {}
    web.page("http://x.example/", body, **headers)
    assert web.fetch("http://x.example/") == Fetched("http://x.example/", media_type, text)


def test_an_image_is_what_its_bytes_are(web: Web) -> None:
    """Whatever the server calls it."""
    web.page("http://x.example/", PNG, content_type="application/octet-stream")
    found = web.fetch("http://x.example/")
    assert found == Fetched("http://x.example/", "image/png", data=PNG)


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        (b"%PDF-1.7", "application/pdf", "application/pdf"),
        (b"\0\1", "application/octet-stream", "application/octet-stream"),
        (b"BM", "image/bmp", "image/bmp"),
        (b"x", "video/mp4", "video/mp4"),
        (b"x", "application/vnd.ms-excel", "application/vnd.ms-excel"),
        (b"a\0b", "", "no text"),
        (b"a\0b", "text/plain", "binary data as text/plain"),
        (b"<p>a\0b", "text/html", "binary data as text/html"),
        (b"x", "evil/\x9b31m", "evil/"),
    ],
)
def test_what_is_not_read(web: Web, body: bytes, content_type: str, said: str) -> None:
    """Neither text nor one of the four kinds of images; the type is told, made safe."""
    headers: dict[str, Any] = {"content_type": content_type} if content_type else {}
    web.page("http://x.example/", body, **headers)
    with pytest.raises(UsageError, match=f"x.example sent {said}.*, which is not read") as raised:
        web.fetch("http://x.example/")
    assert "\x9b" not in raised.value.message


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (404, UsageError, r"there is no such page at x.example \(404\)"),
        (410, UsageError, "there is no such page"),
        (401, UsageError, r"x.example does not show this page to everybody \(401\)"),
        (403, UsageError, "does not show this page"),
        (429, ServiceError, "x.example answered 429"),
        (500, ServiceError, "x.example answered 500"),
        (204, ServiceError, "x.example answered 204"),
        (304, ServiceError, "x.example answered 304"),
    ],
)
def test_other_answers(web: Web, status: int, kind: type[CopilotChatError], message: str) -> None:
    """The body of a refusal is not read."""
    stream = web.page("http://x.example/", b"x", status)
    with pytest.raises(kind, match=message) as raised:
        web.fetch("http://x.example/")
    assert type(raised.value) is kind
    assert stream.closed


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"x", {"content_length": str(LARGEST + 1)}),
        (b"x" * (LARGEST + 1), {}),
        (gzip.compress(b"x" * (LARGEST + 1), mtime=0), {"content_encoding": "gzip"}),
        (zlib.compress(b"x" * (100 * LARGEST)), {"content_encoding": "deflate"}),
    ],
    ids=["said", "sent", "compressed", "bomb"],
)
def test_too_large(web: Web, body: bytes, headers: dict[str, Any]) -> None:
    """Said or not, compressed or not; no more than the limit is held."""
    stream = web.page("http://x.example/", body, content_type="text/plain", **headers)
    with pytest.raises(UsageError, match=r"what x.example sends is larger than 5 MiB"):
        web.fetch("http://x.example/")
    assert stream.closed


def test_the_largest_page_is_read(web: Web) -> None:
    """To its last byte."""
    web.page("http://x.example/", b"x" * LARGEST, content_type="text/plain")
    assert len(web.fetch("http://x.example/").text) == LARGEST


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP"])
def test_what_is_compressed_all_the_same(web: Web, coding: str) -> None:
    """`identity` was asked for."""
    web.page(
        "http://x.example/",
        gzip.compress(b"x", mtime=0),
        content_type="text/plain",
        content_encoding=coding,
    )
    assert web.fetch("http://x.example/").text == "x"
    assert web.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("body", "coding", "message"),
    [
        (b"x", "br", "compressed its reply with br, unasked"),
        (b"not gzip", "gzip", "cannot be decompressed"),
        (gzip.compress(b"x" * 1000, mtime=0)[:-9], "gzip", "was cut"),
    ],
)
def test_what_cannot_be_decompressed(web: Web, body: bytes, coding: str, message: str) -> None:
    """It is the server's fault."""
    web.page("http://x.example/", body, content_type="text/plain", content_encoding=coding)
    with pytest.raises(ServiceError, match=message):
        web.fetch("http://x.example/")


# The way there


def test_the_next_address_is_tried_where_one_cannot_be_reached(web: Web) -> None:
    """As many as three."""
    web.names["x.example"] = ("1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4")
    web.pages["http://x.example/"] = httpx.ConnectError("refused")
    with pytest.raises(NetworkError, match=r"cannot connect to x.example") as raised:
        web.fetch("http://x.example/")
    assert [request.url.host for request in web.requests] == ["1.1.1.1", "1.0.0.1", "8.8.8.8"]
    assert "HTTPS_PROXY" not in (raised.value.hint or "")


def test_what_was_sent_is_not_sent_again(web: Web) -> None:
    """Only a connection that never came about is tried elsewhere."""
    web.names["x.example"] = ("1.1.1.1", "1.0.0.1")
    web.pages["http://x.example/"] = httpx.ReadError("reset")
    with pytest.raises(NetworkError, match=r"the connection to x.example broke"):
        web.fetch("http://x.example/")
    assert len(web.requests) == 1


@pytest.mark.parametrize("error", [socket.gaierror(-2, "?"), UnicodeError("label too long")])
def test_a_name_without_an_address(web: Web, error: Exception) -> None:
    """It is said as it is."""

    def resolve(host: str, port: int) -> Sequence[str]:
        raise error

    web.resolve = resolve  # type: ignore[method-assign]
    with pytest.raises(NetworkError, match=r"cannot connect to x.example: no address is known"):
        web.fetch("http://x.example/")


@pytest.mark.parametrize(
    "block",
    [
        lambda web, wait: setattr(web, "resolve", lambda host, port: wait()),
        lambda web, wait: setattr(web, "_answer", lambda request: wait()),
    ],
    ids=["a silent name server", "a silent server"],
)
def test_the_time_is_up(web: Web, block: Callable[[Web, Callable[[], object]], None]) -> None:
    """For whatever of it takes so long."""
    over = threading.Event()
    block(web, lambda: over.wait(10))
    try:
        with pytest.raises(NetworkError, match="the page was not there in time") as raised:
            web.fetch("http://x.example/", seconds=0.05)
        assert raised.value.kind == "timeout"
    finally:
        over.set()


def test_what_fails_because_the_time_is_up_is_not_what_went_wrong() -> None:
    """A connection that is closed under somebody who reads may raise anything."""
    closed, begun = threading.Event(), threading.Event()

    def work() -> Fetched:
        begun.set()
        closed.wait(10)
        raise RuntimeError("read of a closed connection")

    class Ending(_Errand):
        def __init__(self) -> None:
            pass

        def close(self) -> None:
            begun.wait(10)
            reading = [each for each in threading.enumerate() if each.name == "fetch"]
            closed.set()
            for each in reading:
                each.join(10)

    with pytest.raises(NetworkError, match="not there in time"):
        _within(0.0, Ending(), work)


def test_a_page_that_drips_is_ended(web: Web) -> None:
    """The clock is looked at between its pieces."""
    now = iter(range(100))
    web.pages["http://x.example/"] = httpx.Response(
        200, headers={"content-type": "text/plain"}, stream=Pieces(*[b"x"] * 1000)
    )
    with pytest.raises(NetworkError, match="not there in time"):
        web.fetch("http://x.example/", monotonic=lambda: float(next(now)))


def test_nothing_is_fetched_offline(web: Web) -> None:
    """What `COPILOT_OFFLINE` allows is this machine, which is never fetched from."""
    with pytest.raises(NetworkError, match="COPILOT_OFFLINE is set: nothing is fetched"):
        web.fetch("http://x.example/", {"COPILOT_OFFLINE": "1"})
    assert web.looked_up == []


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_nothing_is_fetched_through_a_proxy(variable: str) -> None:
    """It would look the name up itself, and might lead anywhere; its address is not repeated."""
    environ = {variable: "http://user:hunter2@proxy.example:3128"}
    with pytest.raises(UsageError, match=f"x.example is not fetched: {variable} is set") as raised:
        fetch("https://x.example/", environ, resolve=lambda host, port: (PUBLIC,))
    assert "NO_PROXY" in (raised.value.hint or "")
    assert "hunter2" not in f"{raised.value.message}{raised.value.hint}"


@pytest.mark.real
def test_the_certificate_has_to_be_the_names(tmp_path: Path) -> None:
    """The connection goes to the address; what is trusted is the name."""
    authority = Certificates(tmp_path)
    context = authority.server("pinned.example")
    told: list[str | None] = []
    context.sni_callback = lambda connection, name, _: told.append(name)

    def talk(_listener: Listener, plain: socket.socket) -> None:
        with context.wrap_socket(plain, server_side=True) as connection:
            connection.recv(65536)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
            )

    environ = {"SSL_CERT_FILE": str(authority.path)}
    with Listener(talk) as server:
        for name, refused in (("pinned.example", False), ("other.example", True)):
            errand = _Errand(
                environ, None, lambda host, port: (), monotonic=lambda: 0.0, deadline=5.0
            )
            url = httpx.URL(f"https://{name}:{server.port}/")
            try:
                if refused:
                    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                        errand._send(url, "127.0.0.1")
                else:
                    assert errand._send(url, "127.0.0.1").body == b"hello"
            finally:
                errand.close()
    assert told == ["pinned.example", "other.example"]


@pytest.mark.real
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1", "0x7f000001"])
def test_this_machine_is_never_reached(host: str) -> None:
    """By whatever name, with the system's own resolver."""
    with pytest.raises((UsageError, NetworkError), match=r"not at a public address|no address"):
        fetch(f"http://{host}/", {})
