"""What httpx's failures mean: our error, with the host, the reason, and the setting to look at.

Rule: httpx's own text is never shown, since it may quote a header or the password of a proxy; what
the operating system and OpenSSL say is. `docs/networks.md` lists every message with its fix.
"""

import errno
import logging
import re
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from copilot_cli.errors import NetworkError, ServiceError
from copilot_cli.proxies import Proxy
from copilot_cli.values import NamedTuple

PASSAGE = "copilot_chat_passage"
"""The extension of an httpx request that holds its `Passage`."""

TO_PROXY, IN_PROXY, TO_HOST = "to the proxy", "in the proxy", "to the host"
"""How far a request has come: not at the proxy yet; asking it for a way; past it, or none there."""

_NETWORK = "check the network connection; behind a company's proxy, set HTTPS_PROXY"
_ELSE = "a login page of the network, or a proxy, may have answered in its place"
_CLOCK = "check this machine's date and time; if they are right, {host} needs a new certificate"
_EXPIRED, _NOT_YET, _WRONG_HOST = 10, 9, {62, 64}  # X509_V_ERR_…, openssl/x509_vfy.h

_log = logging.getLogger(__name__)


class Passage:
    """The way one request takes: its proxy (None: none), the variable that names the CA, if any."""

    def __init__(self, proxy: Proxy | None = None, authority: str = "") -> None:
        self.proxy = proxy
        self.authority = authority
        self.stage = TO_HOST if proxy is None else TO_PROXY
        self.secured = False
        """Whether TLS with the proxy itself was begun, as `https://` before its name asks for."""


class _Fault(NamedTuple):
    """One message, its kind, and what to do."""

    text: str
    kind: str
    hint: str | None


def translate(error: httpx.HTTPError | httpx.InvalidURL, *, url: str) -> ServiceError:
    """Return our error for one of httpx's about a request to `url`."""
    passage = _passage(error)
    host = _host(url)
    _log.debug("%s: %s", host, chain(error))
    if isinstance(error, httpx.ProxyError):
        fault = _refused(str(error), passage.proxy, host)
    elif passage.proxy is not None and passage.stage != TO_HOST:
        fault = _lost(error, passage, passage.proxy)
    else:
        fault = _fault(error, passage, host)
    return NetworkError(fault.text, hint=fault.hint, kind=fault.kind)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and what it was raised from, outermost first."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def chain(error: BaseException) -> str:
    """Return the causes of `error` in one line, in the system's words and in nobody else's."""
    names = (
        f"{type(each).__name__} ({each.strerror})"
        if isinstance(each, OSError) and each.strerror
        else type(each).__name__
        for each in causes(error)
    )
    return " from ".join(dict.fromkeys(names))


def is_unknown_host(error: BaseException) -> bool:
    """Return whether `error` comes of a name that does not resolve."""
    return any(isinstance(cause, socket.gaierror) and _unknown(cause) for cause in causes(error))


def _unknown(cause: socket.gaierror) -> bool:
    return cause.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", -5)}


def _passage(error: Exception) -> Passage:
    request = getattr(error, "_request", None)  # the property raises where there is none
    found = request.extensions.get(PASSAGE) if request is not None else None
    return found if isinstance(found, Passage) else Passage()


def _host(url: str) -> str:
    """Return host and port of `url`, and nothing else of it: the rest may hold a credential."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the service"
    host = parts.hostname or ""
    if not host:
        return "the service"
    return f"[{host}]{port}" if ":" in host else f"{host}{port}"


# -- the host, reached directly or through a proxy -------------------------------------------

_REST: tuple[tuple[type[Exception], str, str, str | None], ...] = (
    (httpx.ConnectTimeout, "{host} could not be reached in time", "timeout", _NETWORK),
    (httpx.TimeoutException, "{host} did not answer in time", "timeout", None),
    (httpx.DecodingError, "the reply of {host} cannot be decoded", "network", None),
    (httpx.UnsupportedProtocol, "the address of {host} cannot be used", "network", None),
    (httpx.InvalidURL, "the address of {host} cannot be used", "network", None),
    (httpx.ConnectError, "cannot connect to {host}", "network", _NETWORK),
    (httpx.HTTPError, "the connection to {host} broke", "network", None),
)


def _fault(error: Exception, passage: Passage, host: str) -> _Fault:
    """Return what is wrong with the host; where a proxy leads there, it may be that one's doing."""
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _untrusted(cause, passage, host)
    reasons = [cause for cause in causes(error) if isinstance(cause, OSError)]
    if isinstance(error, httpx.ConnectError) and reasons:
        fault = _unconnected(reasons[-1], host)
    else:
        text, kind, hint = next(row[1:] for row in _REST if isinstance(error, row[0]))
        fault = _Fault(text.format(host=host), kind, hint)
    if passage.proxy is None:
        return fault
    proxy = passage.proxy
    hint = f"the proxy {proxy.address} is in use; look at {proxy.variable} and NO_PROXY"
    return fault._replace(hint=hint)


def _untrusted(cause: ssl.SSLCertVerificationError, passage: Passage, host: str) -> _Fault:
    """Return what is wrong with a certificate: its time and its name before who signed it."""
    code, reason = getattr(cause, "verify_code", 0), cause.verify_message
    if code in {_EXPIRED, _NOT_YET} or "expired" in reason:
        hint = _CLOCK.format(host=host)
    elif code in _WRONG_HOST:
        hint = f"check the address; {_ELSE}"
    elif passage.authority:
        hint = f"{passage.authority} replaces the system's certificates, and lacks this CA"
    else:
        hint = "behind an inspecting proxy, set SSL_CERT_FILE to your organisation's CA file"
    return _Fault(f"the certificate of {host} is not trusted ({reason})", "tls", hint)


def _unconnected(cause: OSError, host: str) -> _Fault:
    """Return why no connection came about, in the words of the system."""
    if isinstance(cause, ssl.SSLError):
        reason = getattr(cause, "reason", None) or "the connection was closed"
        cut = isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError)
        kind = "network" if cut else "tls"  # what was cut may come about the next time
        return _Fault(f"cannot connect to {host}: TLS failed ({reason})", kind, _ELSE)
    reason = (cause.strerror or type(cause).__name__).lower()
    hint = _NETWORK
    if isinstance(cause, socket.gaierror):
        what = "check the name, and whether a VPN has to be up"
        if not _unknown(cause):
            what = "no name server answers: check the network connection"
        hint = f"{what}; behind a company's proxy, set HTTPS_PROXY"
    elif cause.errno == errno.ECONNREFUSED:
        hint = "nothing listens there, or a firewall refuses: check the address and the network"
    return _Fault(f"cannot connect to {host}: {reason}", "network", hint)


# -- the proxy -------------------------------------------------------------------------------

_UNREACHED = ("502", "503", "504", "Proxy Server could not connect")
_NO_PROXY_AT_ALL = ("400", "404", "405", "501")
_WRONG_LOGIN = ("407", "Invalid username/password")
_NO_LOGIN = "Requested"  # SOCKS: how httpcore begins to tell that no way to sign in was agreed on


def _refused(said: str, proxy: Proxy | None, host: str) -> _Fault:
    """Return what a proxy's refusal means; `said` begins with its status or is httpcore's own.

    The words after a status are the proxy's, and are not shown.
    """
    variable = proxy.variable if proxy else "HTTPS_PROXY"
    who = f"the proxy {proxy.address}" if proxy else "the proxy"
    found = re.match(r"\d{3}\b", said)
    status = f" (status {found.group()})" if found else ""
    if said.startswith((*_WRONG_LOGIN, _NO_LOGIN)):
        if proxy and proxy.login:
            text = f"{who} refuses the user name or the password{status}"
            hint = f"look at USER:PASSWORD in {variable}: special characters are written as %XX"
        else:
            text = f"{who} wants a user name and a password{status}"
            scheme = proxy.scheme if proxy else "http"
            hint = f"set {variable} to {scheme}://USER:PASSWORD@HOST:PORT"
    elif said.startswith(_UNREACHED):
        text = f"{who} cannot reach {host}{status}"
        hint = f"name the host in NO_PROXY if it is reached without {variable}"
    elif said.startswith(_NO_PROXY_AT_ALL):
        text = f"{who} did not answer as a proxy{status}"
        hint = f"look at {variable}: something else may be listening there"
    else:
        text = f"{who} refused the connection to {host}{status}"
        hint = f"look at {variable}; if the host is reached without a proxy, name it in NO_PROXY"
    return _Fault(text, "proxy", hint)


def _lost(error: Exception, passage: Passage, proxy: Proxy) -> _Fault:
    """Return what went wrong on the way to the proxy or in it: the host was never spoken to."""
    who, look = f"the proxy {proxy.address}", f"look at {proxy.variable}"
    reasons = [cause for cause in causes(error) if isinstance(cause, OSError)]
    for cause in reasons:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _untrusted(cause, passage, who)
    late = isinstance(error, httpx.TimeoutException)
    late = late or any(isinstance(cause, BlockingIOError) for cause in reasons)
    if passage.secured and isinstance(error, httpx.ConnectError):
        text = f"{who} does not speak TLS"
        hint = f"{look}: most proxies want http:// there, for https:// addresses too"
    elif passage.stage == IN_PROXY:
        text = f"{who} did not answer {'in time' if late else 'as a proxy'}"
        hint = f"{look}: something else may be listening there"
    else:
        reason = f": {reasons[-1].strerror.lower()}" if reasons and reasons[-1].strerror else ""
        text = f"{who} could not be reached in time" if late else f"cannot connect to {who}{reason}"
        hint = f"{look}; unset it where there is no proxy"
    return _Fault(text, "proxy", hint)
