"""The one HTTP client: trust store, proxies, time-outs, and httpx's failures turned into ours.

httpx is imported here and by the files that speak HTTP, which are themselves imported only when a
request is about to be made.
"""

import os
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from copilot_cli.errors import NetworkError, ServiceError, SettingsError

CONNECT_TIMEOUT = 5.0
"""Seconds for a connection, TLS included."""

REPLY_TIMEOUT = 30.0
"""Seconds of silence allowed where no model is thinking."""

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
    hooks = {"request": [_refuse_unless_loopback]} if environ.get("COPILOT_OFFLINE") else {}
    timeout = httpx.Timeout(REPLY_TIMEOUT, connect=CONNECT_TIMEOUT)
    headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}
    if transport is not None:
        return httpx.Client(
            transport=transport, timeout=timeout, headers=headers, event_hooks=hooks
        )
    try:
        return httpx.Client(
            verify=trust(environ), timeout=timeout, headers=headers, event_hooks=hooks
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

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    except (ImportError, NotImplementedError):
        return httpx.create_ssl_context(trust_env=False)


def _trust_from(name: str, path: Path) -> ssl.SSLContext:
    if not path.exists():
        raise SettingsError(
            f"{name} names {path}, which is not there", hint=f"correct or unset {name}"
        )
    try:
        if path.is_dir():
            return ssl.create_default_context(capath=str(path))
        return ssl.create_default_context(cafile=str(path))
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(
            f"{name} names {path}, which holds no usable certificate",
            hint="it must be a PEM file of one or more CA certificates",
        ) from error


def is_loopback(url: str) -> bool:
    """Return whether `url` names this machine, by a name that cannot be resolved elsewhere."""
    host = (urlsplit(url).hostname or "").lower()
    return host in {"localhost", "::1"} or host.startswith("127.")


def _refuse_unless_loopback(request: httpx.Request) -> None:
    if not is_loopback(str(request.url)):
        raise NetworkError(
            f"COPILOT_OFFLINE is set: no request to {request.url.host} was sent",
            hint="unset COPILOT_OFFLINE",
        )


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and what it was raised from, outermost first."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def translate(error: httpx.HTTPError | httpx.InvalidURL, *, url: str) -> ServiceError:
    """Return our error for one of httpx's, naming the host and the setting to look at.

    httpx's own text is not used: it may quote a header.
    """
    host = urlsplit(url).hostname or url
    cause = next((c for c in causes(error) if isinstance(c, ssl.SSLCertVerificationError)), None)
    if cause is not None:
        return NetworkError(
            f"the certificate of {host} is not trusted ({cause.verify_message})",
            hint="behind an inspecting proxy, set SSL_CERT_FILE to your organisation's CA file",
            kind="tls",
        )
    if isinstance(error, httpx.ProxyError):
        return NetworkError(
            f"the proxy{_proxy_in_use()} refused the connection to {host}",
            hint="look at HTTPS_PROXY and NO_PROXY",
            kind="proxy",
        )
    if isinstance(error, httpx.TimeoutException):
        what = "could not be reached" if isinstance(error, httpx.ConnectTimeout) else "was silent"
        return NetworkError(f"{host} {what} in time", hint=_proxy_hint(), kind="timeout")
    if isinstance(error, httpx.ConnectError):
        return NetworkError(
            f"cannot connect to {host}: {_reason(error)}",
            hint=_proxy_hint() or "check the network connection",
        )
    return NetworkError(f"the connection to {host} broke", hint=_proxy_hint())


def is_unknown_host(error: BaseException) -> bool:
    """Return whether `error` comes of a name that does not resolve."""
    import socket

    return any(
        isinstance(c, socket.gaierror) and c.errno in {socket.EAI_NONAME, -5} for c in causes(error)
    )


def _reason(error: BaseException) -> str:
    deepest = list(causes(error))[-1]
    if isinstance(deepest, ssl.SSLError):
        return f"TLS failed ({deepest.reason or 'no reason given'})"
    if isinstance(deepest, OSError) and deepest.strerror:
        return deepest.strerror.lower()
    text = str(error)
    return text[text.find("]") + 1 :].strip().lower() or "no reason given"


def _proxy_in_use() -> str:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        if os.environ.get(name):
            parts = urlsplit(os.environ[name])
            if parts.hostname:
                return f" {parts.hostname}" + (f":{parts.port}" if parts.port else "")
    return ""


def _proxy_hint() -> str | None:
    proxy = _proxy_in_use()
    return f"the proxy{proxy} is in use; look at HTTPS_PROXY and NO_PROXY" if proxy else None
