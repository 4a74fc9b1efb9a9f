"""A failed attempt, as the engines pass it on: the error for the person, and when to try again.

`Failure` travels between an attempt and whoever may repeat it, and never further: outside of
`engines` only its error is seen.
"""

import sys
from typing import TYPE_CHECKING

from copilot_cli.errors import CopilotChatError
from copilot_cli.values import NamedTuple

if TYPE_CHECKING:
    from copilot_cli.engines.refusal import Refusal


class Retry(NamedTuple):
    """How often a failed request may be sent again, and after how long.

    `times` bounds it below the person's `--retries`; `after` is what the server asked, in seconds;
    `pause` the wait where it asked for nothing, None for the growing one.
    """

    times: int
    after: float | None = None
    pause: float | None = None


OFTEN = sys.maxsize
"""`Retry.times` of what only the person's `--retries` bounds."""

NEVER = Retry(0)
ONCE = Retry(1)
BACKOFF = Retry(OFTEN)
LIMIT = Retry(2, pause=15.0)
"""At a rate limit: twice, after 15 seconds where the service does not say how long it lasts."""


class Failure(Exception):  # noqa: N818 - it carries an error, and never reaches the person itself
    """A failed attempt: the error to show if nothing helps, and the rule for trying again.

    `refusal` is what the service said, None where it said nothing: a request written otherwise may
    be taken (`adapting.py`).
    """

    def __init__(self, error: CopilotChatError, retry: Retry = NEVER) -> None:
        super().__init__(error.message)
        self.error = error
        self.retry = retry
        self.refusal: Refusal | None = None


class StaleToken(Failure):
    """What a new Copilot token may cure: the request is sent once more with one."""


class Unauthorized(StaleToken):
    """A 401: the token itself was refused."""


class Misdirected(StaleToken):
    """A 421: the host is not the one of the token's plan."""
