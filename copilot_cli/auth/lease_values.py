"""What an exchange brings and how it fails: what a warm start needs of it without doing one.

A token that is still good is served from the cache; the exchange and GitHub's REST host, which cost
a twentieth of a short answer to import, are for the others.
"""

from copilot_cli.errors import NotAllowedError
from copilot_cli.secret import Secret
from copilot_cli.values import NamedTuple

UNAVAILABLE = "unavailable"
"""The `kind` of the ServiceError of a 5xx: the same request may succeed in a moment."""


class CopilotToken(NamedTuple):
    """The token and where it is good; times in seconds since 1970 by this machine's clock.

    `bearer`: `token` is the GitHub token itself, and the times are those of what is known about it.
    """

    token: Secret
    obtained: float
    exp_local: float
    refresh_at: float
    api: str
    sku: str | None
    bearer: bool = False


class ExchangeRefused(NotAllowedError):  # noqa: N818 - reads as what it is
    """GitHub exchanges no token of this kind: it can only be used as a bearer itself."""

    exit_code = 3
    kind = "token_kind"
