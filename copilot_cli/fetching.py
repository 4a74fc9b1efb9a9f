"""Fetches one public web page or image, for the person or for the model, and nothing else.

Rule: what stands in a page, or what a model was talked into, never reaches this machine, its
network or a cloud's own services. http and https at ports 80 and 443 only; a name is resolved once,
every address it has must be public, and the connection goes to an address that was checked, with
the name in TLS and in `Host`. Each redirect begins anew. No cookie, no credential, nothing of the
environment but the CA variables. `SECONDS` bounds the whole, and
`web_replies` says what is read.

A proxy would resolve the name itself, so that nothing here could be held: where one is set for the
address, nothing is fetched. `COPILOT_OFFLINE` forbids all of it, since what it allows is loopback.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urljoin

import httpx

from copilot_cli.environment import switched_on
from copilot_cli.errors import CopilotChatError, NetworkError, ServiceError, UsageError
from copilot_cli.identity import USER_AGENT
from copilot_cli.network import authority, translate, trust
from copilot_cli.network_faults import PASSAGE, Passage
from copilot_cli.proxies import rules
from copilot_cli.public_addresses import is_public, resolve
from copilot_cli.ui.safe import safe_line
from copilot_cli.web_replies import Fetched, Reply, read_body, read_reply

__all__ = ["Fetched", "fetch", "is_address"]

SECONDS = 10.0
"""For all of it: names, connections, redirects, the page, and reading it."""

REDIRECTS = 3

_PORTS = (80, 443)
_ADDRESSES = 3  # of one name that are tried
_CONNECT = 3.0  # seconds for each
_MOVED = frozenset({301, 302, 303, 307, 308})
_ACCEPT = "text/html, text/*;q=0.9, application/json;q=0.9, image/*;q=0.8, */*;q=0.1"
_BY_HAND = "curl URL | copilot-chat ask '…' sends what you fetch yourself"

Resolve = Callable[[str, int], Sequence[str]]

_log = logging.getLogger(__name__)


def is_address(text: str) -> bool:
    """Say whether `text` is meant as an address of the web, and not as the name of a file."""
    return text.lower().startswith(("http://", "https://"))


def fetch(
    url: str,
    environ: Mapping[str, str],
    *,
    transport: httpx.BaseTransport | None = None,
    resolve: Resolve = resolve,
    monotonic: Callable[[], float] = time.monotonic,
    seconds: float = SECONDS,
) -> Fetched:
    """Return the text or the image at `url`.

    `environ` is looked at for `COPILOT_OFFLINE`, for proxies and for the CA; with `transport`
    (tests) for the first alone, and requests are then for a checked address, the name in `Host`.
    `resolve` gives the addresses of a name and a port. Raises `UsageError` for what is not to be
    fetched, and for what is not there, too large, or neither text nor image; `NetworkError` and
    `ServiceError` where the server cannot be reached or answers wrongly.
    """
    if switched_on("COPILOT_OFFLINE", environ):
        raise NetworkError(
            "COPILOT_OFFLINE is set: nothing is fetched",
            hint="unset COPILOT_OFFLINE",
            kind="offline",
        )
    errand = _Errand(environ, transport, resolve, monotonic, monotonic() + seconds)
    return _within(seconds, errand, lambda: errand.run(url))


def _within(seconds: float, errand: "_Errand", work: Callable[[], Fetched]) -> Fetched:
    """Return what `work` gives, in another thread: a name server may be silent for a minute."""
    outcome: list[Fetched | BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits
            outcome.append(error)
        done.set()

    threading.Thread(target=run, name="fetch", daemon=True).start()
    in_time = False
    try:
        in_time = done.wait(seconds)
    finally:
        errand.close()
    if not in_time:  # what the work failed of since is that it was ended
        raise _late()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


class _Errand:
    """One fetch, with all its redirects."""

    def __init__(
        self,
        environ: Mapping[str, str],
        transport: httpx.BaseTransport | None,
        resolve: Resolve,
        monotonic: Callable[[], float],
        deadline: float,
    ) -> None:
        self._environ = environ
        self._rules = None if transport is not None else rules(environ)
        self._transport = transport
        self._own: httpx.HTTPTransport | None = None
        self._resolve = resolve
        self._monotonic = monotonic
        self._deadline = deadline

    def run(self, address: str) -> Fetched:
        """Return what is at `address`. Raises as `fetch` does."""
        url = _checked(address)
        for _ in range(REDIRECTS + 1):
            reply = self._ask(url)
            if reply.status not in _MOVED:
                return self._read(url, reply)
            url = _moved(url, reply)
        raise ServiceError(f"{_host(url)} redirects more than {REDIRECTS} times")

    def close(self) -> None:
        """Let go of the connection; the work ends at its next step."""
        self._deadline = float("-inf")
        if self._own is not None:
            self._own.close()

    # The way there

    def _ask(self, url: httpx.URL) -> Reply:
        """Return the reply of the first address of `url` that can be connected to."""
        self._refuse_proxy(url)
        failure: httpx.ConnectError | httpx.ConnectTimeout | None = None
        for address in self._addresses(url)[:_ADDRESSES]:
            try:
                return self._send(url, address)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
            except httpx.HTTPError as error:
                raise _failed(error, url) from error
        assert failure is not None  # a name has at least one address
        raise _failed(failure, url) from failure

    def _refuse_proxy(self, url: httpx.URL) -> None:
        proxy = self._rules.find(str(url)) if self._rules is not None else None
        if proxy is not None:
            raise UsageError(
                f"{_host(url)} is not fetched: {proxy.variable} is set, and proxies lead anywhere",
                hint=f"name the host in NO_PROXY if it is reached without; else {_BY_HAND}",
            )

    def _addresses(self, url: httpx.URL) -> Sequence[str]:
        """Return the addresses of `url`'s host, every one of them public."""
        try:
            found = self._resolve(_name(url), _port(url))
        except (OSError, UnicodeError, ValueError) as error:
            raise NetworkError(
                f"cannot connect to {_host(url)}: no address is known for it", hint="check the name"
            ) from error
        self._proceed()
        if not found or not all(map(is_public, found)):
            _log.debug("%s has the addresses %s", _host(url), ", ".join(found))
            raise UsageError(
                f"{_host(url)} is not at a public address: it is not fetched",
                hint=f"only the public internet is; {_BY_HAND}",
                kind="not_public",
            )
        return found

    def _send(self, url: httpx.URL, address: str) -> Reply:
        left = self._proceed()
        request = httpx.Request(
            "GET",
            url.copy_with(host=address, fragment=None),
            headers={
                "Host": url.netloc.decode("ascii"),
                "User-Agent": USER_AGENT,
                "Accept": _ACCEPT,
                "Accept-Encoding": "identity",
            },
            extensions={
                "timeout": {
                    **dict.fromkeys(("read", "write", "pool"), left),
                    "connect": min(left, _CONNECT),
                },
                "sni_hostname": _name(url) if address != _name(url) else None,
                PASSAGE: Passage(None, authority(self._environ)),
            },
        )
        try:
            response = self._way().handle_request(request)
            try:
                return self._received(response, _host(url))
            finally:
                response.close()
        except httpx.HTTPError as error:
            error.request = request
            raise

    def _way(self) -> httpx.BaseTransport:
        if self._transport is not None:
            return self._transport
        if self._own is None:
            self._own = httpx.HTTPTransport(verify=trust(self._environ), trust_env=False)
        return self._own

    # What came

    def _received(self, response: httpx.Response, host: str) -> Reply:
        """Return the reply; only one that is wanted is read to its end."""
        body = b""
        if response.status_code == 200:
            body = read_body(response, host, self._proceed)
        return Reply(response.status_code, response.headers, body)

    def _read(self, url: httpx.URL, reply: Reply) -> Fetched:
        if reply.status != 200:
            raise _refused(url, reply.status)
        return read_reply(str(url.copy_with(fragment=None)), _host(url), reply, self._proceed)

    def _proceed(self) -> float:
        """Return the seconds that are left. Raises `NetworkError` where there are none."""
        left = self._deadline - self._monotonic()
        if left <= 0:
            raise _late()
        return left


# -- addresses -------------------------------------------------------------------------------


def _checked(address: str) -> httpx.URL:
    """Return `address` as one that may be asked. Raises `UsageError`, never quoting all of it."""
    try:
        url = httpx.URL(address.strip())
        port = _port(url)
    except (httpx.InvalidURL, ValueError, UnicodeError) as error:
        raise UsageError("this is no address of the web that can be read") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise UsageError("only addresses that begin with http:// or https:// are fetched")
    if url.userinfo:
        raise UsageError(
            f"the address at {_host(url)} holds a user name or a password: it is not fetched"
        )
    if port not in _PORTS:
        raise UsageError(f"{_host(url)}:{port} is not fetched: only the ports 80 and 443 are")
    return url


def _moved(url: httpx.URL, reply: Reply) -> httpx.URL:
    location = reply.headers.get("Location", "")
    if not location:
        raise ServiceError(f"{_host(url)} redirects to nowhere")
    try:
        return _checked(urljoin(str(url), location))
    except ValueError as error:
        raise UsageError(f"{_host(url)} redirects to what is no address of the web") from error


def _name(url: httpx.URL) -> str:
    """Return the host as DNS and TLS write it."""
    return url.raw_host.decode("ascii")


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _host(url: httpx.URL) -> str:
    return safe_line(url.host, 100)


# -- what is said ----------------------------------------------------------------------------


def _refused(url: httpx.URL, status: int) -> CopilotChatError:
    host = _host(url)
    if status in {404, 410}:
        return UsageError(f"there is no such page at {host} ({status})")
    if status in {401, 403, 407, 451}:
        hint = f"pages behind a sign-in are not fetched; {_BY_HAND}"
        return UsageError(f"{host} does not show this page to everybody ({status})", hint=hint)
    return ServiceError(f"{host} answered {status}")


def _late() -> NetworkError:
    return NetworkError("the page was not there in time", hint=_BY_HAND, kind="timeout")


def _failed(error: httpx.HTTPError, url: httpx.URL) -> ServiceError:
    """Return our error; what it says of proxies does not hold here, so its hint is another."""
    found = translate(error, url=str(url))
    return NetworkError(
        found.message, hint=found.hint if found.kind == "tls" else _BY_HAND, kind=found.kind
    )
