"""One GET that follows redirects by hand: no credential goes to a host that it is not for.

Registries keep their packages on other hosts and send one there. The program's client follows
nothing by itself; here each address is looked at, and gets what is meant for it and no more.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx

from copilot_cli.errors import NetworkError, ServiceError
from copilot_cli.kinds import is_loopback
from copilot_cli.network import translate
from copilot_cli.runtime.npmrc import Npm

_MOST = 5
_REFUSED = {401, 403, 407}


def checked(url: str, what: str) -> str:
    """Return `url` if it may be fetched: https, or http of this machine. Raises `ServiceError`."""
    parts = urlsplit(url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.netloc))
    if not secure or not parts.hostname or parts.username is not None:
        raise ServiceError(f"{what} is no https address")
    return url


@contextmanager
def opened(
    client: httpx.Client, url: str, npm: Npm, headers: Mapping[str, str]
) -> Iterator[httpx.Response]:
    """Give the reply to a GET of `url`, unread, for the length of a `with`.

    Raises `NetworkError` where nobody answers, and `ServiceError` for a redirect that leads
    nowhere.
    """
    for _ in range(_MOST + 1):
        try:
            request = client.build_request(
                "GET", url, headers={**headers, **npm.authorization(url)}
            )
            reply = client.send(request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise translate(error, url=url) from error
        if not reply.has_redirect_location:
            try:
                yield reply
            finally:
                reply.close()
            return
        reply.close()
        url = _next(reply, url)
    raise ServiceError(f"{host(url)} leads from one address to the next without end")


def _next(reply: httpx.Response, url: str) -> str:
    what = f"where {host(url)} leads to"
    try:
        return checked(str(reply.url.join(reply.headers["location"])), what)
    except (httpx.InvalidURL, ValueError) as error:
        raise ServiceError(f"{what} is no address") from error


def refuse(reply: httpx.Response, what: str) -> None:
    """Raise `ServiceError` for a reply that is not `what` was asked for: a status, or a page."""
    asked, status = host(str(reply.url)), reply.status_code
    if status in _REFUSED:
        raise ServiceError(
            f"{asked} refuses {what} (status {status})",
            hint=f"a token for it belongs into ~/.npmrc: //{asked}/:_authToken=…",
        )
    if status == 404:
        raise ServiceError(f"{asked} does not have {what} (status 404)")
    if status not in {200, 206}:
        raise ServiceError(f"{asked} does not give {what} (status {status})")
    if reply.headers.get("content-type", "").startswith("text/html"):
        raise ServiceError(
            f"{asked} answered with a page in place of {what}",
            hint="a login page of the network, or a proxy, may have answered in its place",
        )


def broken(error: Exception, url: str) -> NetworkError:
    """Return our error for a reply that broke off."""
    if isinstance(error, httpx.HTTPError):
        translated = translate(error, url=url)
        return NetworkError(translated.message, hint=translated.hint, kind=translated.kind)
    return NetworkError(f"the connection to {host(url)} broke")


def host(url: str) -> str:
    """Return host and port of `url`."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] or "the address"
