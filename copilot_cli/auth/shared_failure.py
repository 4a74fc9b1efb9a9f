"""A failure to get a Copilot token, as every process of a user is told of it.

One asks, and the others believe it for a while, so that a hundred processes do not fail in turn.
"""

from copilot_cli.auth.lease_values import ExchangeRefused
from copilot_cli.errors import (
    CopilotChatError,
    LimitError,
    NetworkError,
    NotAllowedError,
    ServiceError,
    SignInError,
)
from copilot_cli.store.cache import Failure, TokenRecord

LONGEST = 300.0
"""Seconds for which a failure is heeded at most, whatever `Retry-After` said."""

_REFUSED = 60.0  # seconds until a refusal is asked about again
# Seconds: where nothing was reached, to wait longer spares nobody. A service that is silent may
# have too much to do.
_UNREACHED = 5.0
_OWN = frozenset({"offline", "proxy", "tls"})
_KINDS: dict[str, type[CopilotChatError]] = {
    kind.__name__: kind
    for kind in (  # the narrower ones first
        SignInError,
        ExchangeRefused,
        NotAllowedError,
        LimitError,
        NetworkError,
        ServiceError,
    )
}


def is_own(error: CopilotChatError) -> bool:
    """Say whether `error` comes of this process's own variables: another's may be right."""
    return isinstance(error, NetworkError) and error.kind in _OWN


def recorded(error: CopilotChatError, before: TokenRecord, now: float) -> Failure:
    """Return what every process is told about `error`, after what the record told `before`."""
    attempts = before.fail.attempts + 1 if before.fail else 1
    if isinstance(error, SignInError | NotAllowedError):
        wait = _REFUSED
    elif error.retry_after is not None:
        wait = min(error.retry_after, LONGEST)
    elif isinstance(error, NetworkError) and error.kind == "network":
        wait = _UNREACHED
    else:
        wait = min(5.0 * 2 ** min(attempts - 1, 10), 60.0)
    name = next(name for name, kind in _KINDS.items() if isinstance(error, kind))
    return Failure(now + wait, attempts, name, error.message, error.hint, error.kind)


def in_force(record: TokenRecord | None, now: float) -> Failure | None:
    """Return the record's failure unless it is over, or the clock was set back since."""
    fail = record.fail if record else None
    return fail if fail is not None and 0 < fail.until - now <= LONGEST else None


def told(failure: Failure, now: float) -> CopilotChatError:
    """Build anew the error that another process met."""
    kind = _KINDS.get(failure.error, ServiceError)
    return kind(failure.why, hint=failure.hint, kind=failure.kind, retry_after=failure.until - now)
