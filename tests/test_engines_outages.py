"""What a failed connection means: which are tried again, and how often."""

import errno
import socket
import ssl
from typing import cast

import httpx
import pytest

from copilot_cli.engines.failure import BACKOFF, NEVER, ONCE, Failure, Retry
from copilot_cli.engines.outages import outages
from copilot_cli.errors import CopilotChatError, NetworkError
from tests.engine_world import TOKEN

URL = "https://api.example/chat"


def caused(error: Exception, cause: BaseException) -> Exception:
    """Return `error` as raised from `cause`."""
    error.__cause__ = cause
    return error


def connect(cause: BaseException) -> Exception:
    """Return a failure to connect because of `cause`."""
    return caused(httpx.ConnectError(str(cause)), cause)


EXPIRED = ssl.SSLCertVerificationError(1, "certificate verify failed")
EXPIRED.verify_message = "certificate has expired"

OUTAGES = {
    "refused": (connect(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")), BACKOFF),
    "reset": (connect(ConnectionResetError(errno.ECONNRESET, "Connection reset")), BACKOFF),
    "unreachable": (connect(OSError(errno.ENETUNREACH, "Network is unreachable")), BACKOFF),
    "name server silent": (connect(socket.gaierror(socket.EAI_AGAIN, "Temporary")), BACKOFF),
    "no such name": (connect(socket.gaierror(socket.EAI_NONAME, "Unknown")), Retry(1, None, 1.0)),
    "certificate": (connect(EXPIRED), NEVER),
    "certificate, further down": (connect(caused(OSError("x"), EXPIRED)), NEVER),
    "no TLS there": (connect(ssl.SSLError(1, "wrong version number")), NEVER),
    "TLS cut short": (connect(ssl.SSLEOFError(8, "EOF occurred")), BACKOFF),
    "no reason": (httpx.ConnectError("All connection attempts failed"), BACKOFF),
    "connect time-out": (httpx.ConnectTimeout("x"), BACKOFF),
    "pool time-out": (httpx.PoolTimeout("x"), BACKOFF),
    "read time-out": (httpx.ReadTimeout("x"), ONCE),
    "write time-out": (httpx.WriteTimeout("x"), ONCE),
    "end before headers": (httpx.RemoteProtocolError("Server disconnected"), ONCE),
    "read error": (httpx.ReadError("x"), ONCE),
    "write error": (httpx.WriteError("x"), ONCE),
    "proxy": (httpx.ProxyError("407 Proxy Authentication Required"), NEVER),
    "scheme": (httpx.UnsupportedProtocol("x"), NEVER),
    "address": (httpx.InvalidURL("x"), NEVER),
    "encoding": (httpx.DecodingError("x"), NEVER),
}


@pytest.mark.parametrize(("error", "retry"), OUTAGES.values(), ids=OUTAGES)
def test_a_lost_connection_is_an_outage(error: Exception, retry: Retry) -> None:
    """What is wrong with a name, a certificate or a proxy's consent is none: it will not pass."""
    with pytest.raises(Failure) as raised, outages(URL):
        raise error
    assert raised.value.error.outage == (retry in (BACKOFF, ONCE))


@pytest.mark.parametrize(("error", "retry"), OUTAGES.values(), ids=OUTAGES)
def test_an_outage_is_tried_again_as_often_as_it_may_help(error: Exception, retry: Retry) -> None:
    """The less the service can have seen of the request, the oftener."""
    with pytest.raises(Failure) as raised, outages(URL):
        raise error
    assert raised.value.retry == retry
    assert isinstance(raised.value.error, NetworkError)
    assert raised.value.__cause__ is error


def test_headers_beyond_the_limit_are_not_asked_for_again() -> None:
    """A reply whose headers never end is not a network's failure."""
    import h11

    cause = h11.RemoteProtocolError("Receive buffer too long", error_status_hint=431)
    with pytest.raises(Failure) as raised, outages(URL):
        raise caused(httpx.RemoteProtocolError("Receive buffer too long"), cause)
    assert (raised.value.retry, raised.value.error.exit_code) == (NEVER, 1)


@pytest.mark.parametrize(
    "error",
    [
        httpx.LocalProtocolError(f"Illegal header value b'Bearer {TOKEN}\\n'"),
        UnicodeEncodeError("ascii", f"Bearer {TOKEN}é", 60, 61, "ordinal not in range(128)"),
    ],
    ids=["protocol", "encoding"],
)
def test_a_header_that_cannot_be_sent_is_not_repeated(error: Exception) -> None:
    """The library's text quotes the header, so it is not even the cause of ours."""
    with pytest.raises(Failure) as raised, outages(URL):
        raise error
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    assert TOKEN[:20] not in str(raised.value)
    assert raised.value.retry == NEVER


def test_other_errors_pass() -> None:
    """What is no failure of HTTP is not this file's to judge."""
    ours = CopilotChatError("made up")
    with pytest.raises(CopilotChatError) as raised, outages(URL):
        raise ours
    assert cast("Exception", raised.value) is ours
