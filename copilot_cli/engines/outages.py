"""What a connection that failed means: the error that names it, and whether to try again.

Rule: the less the service can have seen of the request, the oftener it may be sent; what no second
attempt can change (a certificate, a proxy's refusal) is said at once.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from copilot_cli.engines.failure import BACKOFF, NEVER, ONCE, Failure, Retry
from copilot_cli.errors import CopilotChatError
from copilot_cli.network import causes, is_unknown_host, translate

_TOO_LARGE = 431
"""How h11 marks headers beyond its limit (RFC 6585, section 5)."""

_HANDSHAKE_BROKEN = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


@contextmanager
def outages(url: str) -> Iterator[None]:
    """Turn what httpx raises in a request to `url` into a `Failure`."""
    try:
        yield
    except (httpx.LocalProtocolError, UnicodeEncodeError):
        # Not `from` it: its text quotes the header, which may be the credential.
        raise Failure(
            CopilotChatError(
                "a header of the request cannot be sent",
                hint="look at GITHUB_COPILOT_EXTRA_HEADERS, or sign in again",
            )
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _outage(error, url) from error


def _outage(error: httpx.HTTPError | httpx.InvalidURL, url: str) -> Failure:
    if any(getattr(cause, "error_status_hint", None) == _TOO_LARGE for cause in causes(error)):
        return Failure(CopilotChatError("the reply's headers are too long; stopped"))
    failed, rule = translate(error, url=url), _retry_of(error)
    # A name that is not known, a certificate, a proxy's refusal: that is not the service's fault.
    failed.outage = rule in (BACKOFF, ONCE)
    return Failure(failed, rule)


def _retry_of(error: httpx.HTTPError | httpx.InvalidURL) -> Retry:
    if isinstance(error, httpx.ConnectError):
        return _retry_connecting(error)
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return BACKOFF
    if isinstance(error, httpx.TimeoutException | httpx.NetworkError | httpx.RemoteProtocolError):
        # The service may have taken the request: once more, no oftener.
        return ONCE
    return NEVER


def _retry_connecting(error: httpx.ConnectError) -> Retry:
    if is_unknown_host(error):
        # A name that does not exist may exist once the VPN is up again.
        return Retry(1, pause=1.0)
    faults = [cause for cause in causes(error) if isinstance(cause, ssl.SSLError)]
    lasting = any(not isinstance(fault, _HANDSHAKE_BROKEN) for fault in faults)
    return NEVER if lasting else BACKOFF
