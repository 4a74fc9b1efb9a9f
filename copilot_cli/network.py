"""The one HTTP client: trust store, proxies and time-outs; its failures are in `network_faults`.

httpx is imported here and by the files that speak HTTP, which are themselves imported only when a
request is about to be made. httpx itself never looks at the environment: what counts is what the
program was given.
"""

import logging
import socket
import ssl
import struct
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from copilot_cli.environment import switched_on
from copilot_cli.errors import NetworkError, SettingsError
from copilot_cli.kinds import is_loopback
from copilot_cli.network_faults import (
    IN_PROXY,
    PASSAGE,
    TO_HOST,
    Passage,
    causes,
    is_unknown_host,
    translate,
)
from copilot_cli.proxies import Proxy, Rules, rules

__all__ = ["build_client", "causes", "is_unknown_host", "translate", "trust"]

_log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 5.0
"""Seconds for a connection, TLS included."""

REPLY_TIMEOUT = 30.0
"""Seconds of silence allowed where no model is thinking."""

PROXY_TIMEOUT = 15.0
"""Seconds of silence allowed to a proxy that was asked for a way: it does not think either."""

_CA_PLACES = (  # where truststore looks beside OpenSSL's own places
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
)
_CA_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


def build_client(
    environ: Mapping[str, str],
    *,
    transport: httpx.BaseTransport | None = None,
    user_agent: str,
) -> httpx.Client:
    """Return the client that every request of this process uses.

    Redirects are never followed: they would carry the credential elsewhere. With `transport`
    (tests) nothing of the environment but `COPILOT_OFFLINE` is looked at. Raises `SettingsError`
    for a CA file that is not there; a proxy that cannot be used is a `SettingsError` of the first
    request that would take it.
    """
    offline = switched_on("COPILOT_OFFLINE", environ)
    hooks: dict[str, list[Callable[..., None]]] = {
        "request": [_refuse_unless_loopback] if offline else [],
        "response": [_log_reply],
    }
    return httpx.Client(
        transport=transport or Passages(rules(environ), trust(environ), authority(environ)),
        timeout=httpx.Timeout(REPLY_TIMEOUT, connect=CONNECT_TIMEOUT),
        headers={"User-Agent": user_agent, "Accept-Encoding": "identity"},
        event_hooks=hooks,
        trust_env=False,
    )


# -- what is trusted -------------------------------------------------------------------------


def authority(environ: Mapping[str, str]) -> str:
    """Return the variable that replaces the trust store, empty where none does."""
    return next((name for name in _CA_VARIABLES if environ.get(name)), "")


def trust(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Return the TLS context: what the environment names, else the system's store, else certifi's.

    Raises `SettingsError` where a variable names a file that is not there or holds no certificate.
    """
    if name := authority(environ):
        return _trust_from(name, Path(environ[name]))
    # A Python whose ssl module, or a system whose store truststore cannot work with.
    with suppress(ImportError):
        import truststore

        if _has_system_store():
            return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.create_ssl_context(trust_env=False)


def _has_system_store() -> bool:
    """Return whether the system has CA certificates at all: a slim container has none."""
    if sys.platform in {"darwin", "win32"}:
        return True
    found = ssl.get_default_verify_paths()
    with suppress(OSError):  # a folder that this person may not read
        if found.cafile or (found.capath and any(Path(found.capath).iterdir())):
            return True
    return any(Path(place).is_file() for place in _CA_PLACES)


def _trust_from(name: str, path: Path) -> ssl.SSLContext:
    try:
        if path.is_dir():
            return ssl.create_default_context(capath=str(path))
        return ssl.create_default_context(cafile=str(path))
    except FileNotFoundError as error:
        raise SettingsError(
            f"{name} names {path}, which is not there", hint=f"correct or unset {name}"
        ) from error
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(
            f"{name} names {path}, which holds no usable certificate",
            hint="it must be a PEM file of one or more CA certificates, or a folder of them",
        ) from error


# -- which way a request takes ---------------------------------------------------------------


class Passages(httpx.BaseTransport):
    """Sends each request on its way, direct or through the proxy that the rules name for it.

    Every request carries its `Passage`, so that whoever translates a failure knows what it met.
    """

    def __init__(self, found: Rules, context: ssl.SSLContext, authority: str) -> None:
        self._rules = found
        self._context = context
        self._authority = authority
        self._transports: dict[Proxy | None, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`. Raises what httpx raises, and `SettingsError` for a proxy of no use."""
        proxy = self._rules.find(str(request.url))
        passage = Passage(proxy, self._authority)
        request.extensions[PASSAGE] = passage
        if proxy is None:
            return _sent(self._transport(None), request)
        transport = self._transport(proxy)
        _follow(request, passage)
        try:
            response = _sent(transport, request)
        except _misread(proxy) as error:
            if passage.stage != IN_PROXY:
                raise
            raise httpx.RemoteProtocolError("no SOCKS reply", request=request) from error
        if response.status_code == 407:  # plain http has no tunnel that could be refused
            response.close()
            raise httpx.ProxyError("407", request=request)
        return response

    def close(self) -> None:
        """Close every connection."""
        for transport in self._transports.values():
            transport.close()

    def _transport(self, proxy: Proxy | None) -> httpx.HTTPTransport:
        if proxy not in self._transports:
            self._transports[proxy] = self._build(proxy)
        return self._transports[proxy]

    def _build(self, proxy: Proxy | None) -> httpx.HTTPTransport:
        if proxy is None:
            return httpx.HTTPTransport(verify=self._context, trust_env=False)
        login = (proxy.login[0], proxy.login[1].reveal()) if proxy.login else None
        secured = self._context if proxy.scheme == "https" else None
        way = httpx.Proxy(proxy.url, auth=login, ssl_context=secured)
        try:
            return httpx.HTTPTransport(verify=self._context, trust_env=False, proxy=way)
        except ImportError as error:
            raise SettingsError(
                f"{proxy.variable} names a SOCKS proxy, which needs one more package",
                hint="pip install 'copilot-chat[socks]'",
            ) from error


def _sent(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
    try:
        return transport.handle_request(request)
    except UnicodeError as error:  # Python's, of a name with an empty or too long part
        raise httpx.UnsupportedProtocol("no name of a host", request=request) from error


def _misread(proxy: Proxy) -> tuple[type[Exception], ...]:
    """Return what gets past httpcore where something answers as no SOCKS proxy does."""
    if not proxy.is_socks:
        return ()
    import socksio

    return (socksio.SOCKSError, AssertionError, OSError, ValueError)


def _follow(request: httpx.Request, passage: Passage) -> None:
    """Note in `passage` how far `request` comes, and limit a proxy's silence until it is past it.

    By httpx's `trace` extension: its exceptions do not tell the proxy's failures from the host's,
    and it grants the proxy the silence that is meant for a model that thinks.
    """
    timeout = request.extensions["timeout"] = dict(request.extensions.get("timeout", {}))
    patience = timeout.get("read")
    limit = min(PROXY_TIMEOUT, patience or PROXY_TIMEOUT)
    stream: Any = None

    def note(event: str, info: Mapping[str, Any]) -> None:
        nonlocal stream
        match event:
            case "connection.start_tls.started":
                passage.secured = True
            case "http11.send_request_headers.started":
                asks = info["request"].method == b"CONNECT"
                passage.stage = IN_PROXY if asks else TO_HOST
                timeout["read"] = (
                    min(PROXY_TIMEOUT, patience or PROXY_TIMEOUT) if asks else patience
                )
            case "socks.connect_tcp.complete":
                stream = info["return_value"]
            case "socks.setup_socks5_connection.started":
                passage.stage = IN_PROXY
                _limit(stream.get_extra_info("socket"), limit)
            case "socks.setup_socks5_connection.failed":
                stream.close()  # httpcore forgets it
            case "socks.setup_socks5_connection.complete" | "proxy.start_tls.started":
                passage.stage = TO_HOST

    request.extensions["trace"] = note


def _limit(connection: socket.socket, seconds: float) -> None:
    """Have the system end a read after `seconds`: httpcore's own SOCKS reads wait for ever."""
    milliseconds = int(seconds * 1000)
    value = struct.pack("L", milliseconds)
    if sys.platform != "win32":
        value = struct.pack("ll", *divmod(milliseconds * 1000, 1_000_000))
    with suppress(OSError):  # without it a proxy that is silent is waited for until Ctrl-C
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)


# -- every request, every reply --------------------------------------------------------------


def _log_reply(response: httpx.Response) -> None:
    """Log a reply by its host, path and status: a query or a header may hold a secret."""
    request = response.request
    name = response.headers.get("x-request-id") or response.headers.get("x-github-request-id")
    where = f"{request.url.host}{request.url.path}"
    _log.info("%s %s: %d, request %s", request.method, where, response.status_code, name or "?")


def _refuse_unless_loopback(request: httpx.Request) -> None:
    if not is_loopback(request.url.netloc.decode("ascii", "replace")):
        raise NetworkError(
            f"COPILOT_OFFLINE is set: no request to {request.url.host} was sent",
            hint="unset COPILOT_OFFLINE",
            kind="offline",
        )
