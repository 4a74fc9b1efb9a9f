"""The one HTTP client: trust store, proxies, time-outs, and httpx's failures turned into ours.

httpx is imported here and by the files that speak HTTP, which are themselves imported only when a
request is about to be made.
"""

import logging
import re
import ssl
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from copilot_cli.environment import switched_on
from copilot_cli.errors import NetworkError, ServiceError, SettingsError
from copilot_cli.kinds import is_loopback

_log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 5.0
"""Seconds for a connection, TLS included."""

REPLY_TIMEOUT = 30.0
"""Seconds of silence allowed where no model is thinking."""

_NEVER_PROXIED = ("all://127.0.0.1", "all://localhost", "all://[::1]")
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
    (tests) nothing of the environment but `COPILOT_OFFLINE` is looked at; in production httpx reads
    the proxy variables. Raises `SettingsError` for a CA file that is not there or a proxy that
    cannot be used.
    """
    offline = switched_on("COPILOT_OFFLINE", environ)
    hooks: dict[str, list[Callable[..., None]]] = {
        "request": [_refuse_unless_loopback] if offline else [],
        "response": [_log_reply],
    }
    timeout = httpx.Timeout(REPLY_TIMEOUT, connect=CONNECT_TIMEOUT)
    headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}
    if transport is not None:
        return httpx.Client(
            transport=transport, timeout=timeout, headers=headers, event_hooks=hooks
        )
    try:
        return httpx.Client(
            verify=trust(environ),
            timeout=timeout,
            headers=headers,
            event_hooks=hooks,
            mounts=dict.fromkeys(_NEVER_PROXIED),
        )
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        # The values are not repeated: a proxy's address may hold a password.
        raise SettingsError(
            "the proxy variables name a proxy that cannot be used",
            hint="look at HTTPS_PROXY, HTTP_PROXY and ALL_PROXY: http://HOST:PORT",
        ) from error


def trust(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Return the TLS context: what the environment names, else the system's store, else certifi's.

    Raises `SettingsError` where a variable names a file that is not there or holds no certificate.
    """
    for name in _CA_VARIABLES:
        if environ.get(name):
            return _trust_from(name, Path(environ[name]))
    try:
        import truststore

        if _has_system_store():
            return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    except (ImportError, NotImplementedError):
        # A Python whose ssl module truststore cannot work with.
        pass
    return httpx.create_ssl_context(trust_env=False)


def _has_system_store() -> bool:
    """Return whether the system has CA certificates at all: a slim container has none."""
    if sys.platform in {"darwin", "win32"}:
        return True
    found = ssl.get_default_verify_paths()
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


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and what it was raised from, outermost first."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


_FAILURES: tuple[tuple[type[Exception], str, str], ...] = (
    (httpx.ProxyError, "the proxy refused the connection to {host}{reason}", "proxy"),
    (httpx.ConnectTimeout, "{host} could not be reached in time", "timeout"),
    (httpx.TimeoutException, "{host} did not answer in time", "timeout"),
    (httpx.ConnectError, "cannot connect to {host}{reason}", "network"),
    (httpx.DecodingError, "the reply of {host} cannot be decoded", "network"),
    (httpx.UnsupportedProtocol, "the address of {host} cannot be used", "network"),
    (httpx.InvalidURL, "the address of {host} cannot be used", "network"),
    (httpx.HTTPError, "the connection to {host} broke", "network"),
)


def translate(error: httpx.HTTPError | httpx.InvalidURL, *, url: str) -> ServiceError:
    """Return our error for one of httpx's, naming the host and the setting to look at.

    httpx's own text is not shown: it may quote a header, or the password of a proxy.
    """
    host = _host(url)
    cause = next((c for c in causes(error) if isinstance(c, ssl.SSLCertVerificationError)), None)
    if cause is not None:
        return NetworkError(
            f"the certificate of {host} is not trusted ({cause.verify_message})",
            hint="behind an inspecting proxy, set SSL_CERT_FILE to your organisation's CA file",
            kind="tls",
        )
    text, kind = next((text, kind) for type_, text, kind in _FAILURES if isinstance(error, type_))
    proxy = _proxy_of(url)
    hint = "check the network connection" if isinstance(error, httpx.ConnectError) else None
    if proxy or kind == "proxy":
        hint = (
            f"{f'the proxy {proxy} is in use; ' if proxy else ''}look at HTTPS_PROXY and NO_PROXY"
        )
    return NetworkError(text.format(host=host, reason=_reason(error)), hint=hint, kind=kind)


def is_unknown_host(error: BaseException) -> bool:
    """Return whether `error` comes of a name that does not resolve."""
    import socket

    return any(
        isinstance(c, socket.gaierror) and c.errno in {socket.EAI_NONAME, -5} for c in causes(error)
    )


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "the service"
    except ValueError:
        return "the service"


def _reason(error: BaseException) -> str:
    """Return the operating system's reason, or a proxy's status, with its punctuation."""
    if isinstance(error, httpx.ProxyError):
        # "407 Proxy Authentication Required": the words are the proxy's own.
        status = re.match(r"\d{3}\b", str(error))
        return f" (status {status.group()})" if status else ""
    for cause in reversed(list(causes(error))):
        if isinstance(cause, ssl.SSLError):
            return f": TLS failed ({getattr(cause, 'reason', None) or 'no reason given'})"
        if isinstance(cause, OSError) and cause.strerror:
            return f": {cause.strerror.lower()}"
    return ""


def _proxy_of(url: str) -> str:
    """Return HOST:PORT of the proxy that a request to `url` goes through, without its password."""
    try:
        parts = urlsplit(url)
        proxies = getproxies()
        proxy = proxies.get(parts.scheme) or proxies.get("all", "")
        if (
            not proxy
            or not parts.hostname
            or is_loopback(parts.netloc)
            or proxy_bypass(parts.netloc)
        ):
            return ""
        found = urlsplit(proxy if "://" in proxy else f"//{proxy}")
        return (found.hostname or "") + (f":{found.port}" if found.port else "")
    except ValueError:
        # An address that cannot be read is complained about when the client is built.
        return ""
