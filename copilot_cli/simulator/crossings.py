"""Watches that no credential reaches a host it does not belong to.

A credential has one home: the GitHub installation that gave it out (github.com with its Copilot
hosts, octo.ghe.com with its), or the provider whose key it is. Whatever else a request is answered,
one that carries a credential away from home is written down here, so that a test can say that there
was none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from copilot_cli.simulator.hosts import PROVIDERS, Place
from copilot_cli.simulator.reply import Request
from copilot_cli.simulator.scenario import Scenario

_LOOKS: Final = re.compile(r"\b(?:gh[oupsr]_|github_pat_)\w{8}|\btid=\w+;")
_GITHUB: Final = "github"


class Crossing(NamedTuple):
    """A credential at a host that is not its home. `where` is the header, `query` or `body`."""

    kind: str
    home: str
    host: str
    path: str
    where: str


class Watch:
    """Looks through requests. `homes` says where each known secret belongs, and may grow."""

    def __init__(self, homes: Mapping[str, str], scenario: Scenario) -> None:
        self._homes = homes
        self._scenario = scenario

    def crossings(self, request: Request, place: Place) -> Iterator[Crossing]:
        """The credentials in this request that do not belong at this place."""
        keys = self._scenario.keys
        homes = {key: provider for provider, key in keys.items() if key} | dict(self._homes)
        for where, text in _texts(request):
            found = False
            for secret, home in homes.items():
                if secret in text and not _at_home(home, place):
                    found = True
                    yield Crossing(_kind(secret), home, request.host, request.path, where)
            if not found and place.domain in PROVIDERS and where != "body":
                match = _LOOKS.search(text)
                if match:
                    yield Crossing(_kind(match[0]), _GITHUB, request.host, request.path, where)


def _texts(request: Request) -> Iterator[tuple[str, str]]:
    """Where a credential could stand, and what stands there."""
    yield from request.headers.items()
    yield "query", request.query
    yield "body", request.body.decode("latin-1")


def _at_home(home: str, place: Place) -> bool:
    if place.room == "any":
        return home not in PROVIDERS  # one root for every installation, and for no provider
    return home == place.domain


def _kind(secret: str) -> str:
    """What a secret is, without the secret."""
    match = re.match(r"github_pat_|gh[oupsr]_", secret)
    if match:
        return match[0]
    if secret.startswith("tid="):
        return "copilot token"
    return "auto session" if secret.startswith("auto_") else "key"
