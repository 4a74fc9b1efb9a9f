"""Every failure a person can be told about, as one tree; the class decides the exit code.

    CopilotChatError            1   anything that has no better place
    ├── UsageError              2   wrong usage
    │   └── SettingsError       2   wrong settings, client id or identity
    ├── SignInError             3   not signed in, or the sign-in was denied, expired, revoked
    │   └── CodeExpired         3   ... because nobody typed the code in time: a new one helps
    ├── NotAllowedError         4   signed in, but this is not allowed
    │   └── ModelUnavailable    4   ... this model is not
    ├── LimitError              5   a rate limit
    │   └── QuotaError          5   ... or a quota: never sent again by itself
    ├── BudgetError             5   the person's own limit on what a command may cost
    ├── ServiceError            6   network or service
    │   ├── NetworkError        6   ... nothing answered at all
    │   └── LockTimeout         6   ... another process holds the lock and does not let go
    ├── IncompleteError         7   the answer was cut; what came is kept
    ├── FilteredError           8   a content filter
    ├── TooLongError            9   the request does not fit the model
    ├── StoreError             10   the secret store
    │   ├── SecretNotFound, KeyMissing, WrongKey, Corrupt, TooNew, Unsafe
    │   └── KeyringLocked, KeyringUnavailable, KeyringTimeout
    └── Interrupted           130   Ctrl-C

An instance has a message (what happened, lower case, no full stop) and, where there is a next step,
a hint. Neither ever holds a secret: foreign text is cut and made safe by whoever raises.
"""


class CopilotChatError(Exception):
    """A failure with a message for the person, an optional hint, a kind and an exit code.

    `retry_after` is how many seconds the service asked to be left alone, where it did, and
    `request_id` the service's own name of the request that it refused. `outage` is whether what
    was asked is out of order, and neither the request nor the person's plan is the reason.
    """

    exit_code: int = 1
    kind: str = "error"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        kind: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.retry_after = retry_after
        self.request_id: str | None = None
        self.outage = False
        if kind is not None:
            self.kind = kind


class UsageError(CopilotChatError):
    """A wrong option, argument or combination of them."""

    exit_code = 2
    kind = "usage"


class SettingsError(UsageError):
    """A setting that cannot be used: file and line where there is one, or the variable's name."""

    kind = "settings"


class SignInError(CopilotChatError):
    """Not signed in, or a sign-in that was denied, has expired or was revoked."""

    exit_code = 3
    kind = "sign_in"


class CodeExpired(SignInError):  # noqa: N818 - reads as what it is
    """Nobody typed the code of a device login in time; a new code helps."""

    kind = "code_expired"


class NotAllowedError(CopilotChatError):
    """Signed in, but plan, policy or permission forbid it."""

    exit_code = 4
    kind = "not_allowed"


class ModelUnavailable(NotAllowedError):  # noqa: N818 - reads as what it is
    """The model is unknown, or not available to this account."""

    kind = "model"


class LimitError(CopilotChatError):
    """A rate limit: too many requests for now."""

    exit_code = 5
    kind = "rate_limit"


class QuotaError(LimitError):
    """The plan's quota is used up; waiting a minute does not help."""

    kind = "quota"


class BudgetError(CopilotChatError):
    """More than `max_credits` would be spent; nothing was sent."""

    exit_code = 5
    kind = "budget"


class ServiceError(CopilotChatError):
    """The service answered wrongly, or not in time."""

    exit_code = 6
    kind = "service"


class NetworkError(ServiceError):
    """No answer: DNS, TLS, proxy, connection or time-out."""

    kind = "network"


class LockTimeout(ServiceError):  # noqa: N818
    """Another process holds a lock of ours and did not let go in time."""

    kind = "lock"


class IncompleteError(CopilotChatError):
    """The answer ended before its end; what came is kept."""

    exit_code = 7
    kind = "incomplete"


class FilteredError(CopilotChatError):
    """A content filter refused the request or cut the answer."""

    exit_code = 8
    kind = "filtered"


class TooLongError(CopilotChatError):
    """The request does not fit the model's window.

    `limit` and `counted` are the tokens that the service allows and has counted, where it says so.
    """

    exit_code = 9
    kind = "too_long"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        limit: int | None = None,
        counted: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.limit = limit
        self.counted = counted


class StoreError(CopilotChatError):
    """The secret store cannot be used; it is never changed by the failure."""

    exit_code = 10
    kind = "store"


class SecretNotFound(StoreError):  # noqa: N818
    """The store is fine and holds no such entry."""


class KeyMissing(StoreError):  # noqa: N818
    """What sealed the store is not where it was left; it is never made anew."""


class WrongKey(StoreError):  # noqa: N818
    """The key does not open the slot: another key, or a damaged slot; the two look the same."""


class Corrupt(StoreError):  # noqa: N818
    """The file is not what was written."""


class TooNew(StoreError):  # noqa: N818
    """The file was written by a newer version of this program."""


class Unsafe(StoreError):  # noqa: N818
    """Wrong owner, mode or kind of file."""


class KeyringLocked(StoreError):  # noqa: N818
    """The keyring is there and locked, or its prompt was dismissed."""


class KeyringUnavailable(StoreError):  # noqa: N818
    """There is no keyring that can be used here."""


class KeyringTimeout(KeyringLocked):
    """The keyring did not answer in time: treated as locked, never as absent."""


class Interrupted(CopilotChatError):  # noqa: N818
    """Ctrl-C, or another signal: what came is kept, and the exit code is 128 and the number."""

    exit_code = 130
    kind = "interrupted"

    def __init__(self, message: str, *, signal: int = 2) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal
