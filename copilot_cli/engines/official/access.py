"""Who answers, and by what right: Copilot with a GitHub token, or an endpoint with its own key."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from copilot_cli.engines.answering import Sender
from copilot_cli.engines.failure import Failure
from copilot_cli.messages import Request
from copilot_cli.secret import Secret


class SignIn(NamedTuple):
    """Copilot by a GitHub token: `whose` it is, and what `check` raises if GitHub refuses it.

    `variables` tell the runtime of another host than github.com. `api` is Copilot's address where
    it is set by hand.
    """

    whose: str
    token: Callable[[], Secret]
    check: Callable[[], object]
    variables: Mapping[str, str] = MappingProxyType({})
    api: str | None = None


class OwnEndpoint(NamedTuple):
    """An endpoint of the person's own: `whose` names it, `wire` is the path that it speaks.

    `sender` knows address and key, `dry_run` shows a request, `explain` rewords a failure.
    """

    whose: str
    wire: str
    sender: Sender
    dry_run: Callable[[Request], dict[str, Any]]
    explain: Callable[[Failure], Failure]
