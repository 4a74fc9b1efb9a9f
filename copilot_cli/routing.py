"""What a model's name says of who answers: `copilot/`, `gh/` … and the names of endpoints.

Pure: a name goes in, a route comes out; which models there are is the catalogue's.
"""

from collections.abc import Collection

from copilot_cli.values import NamedTuple

COPILOT = frozenset({"copilot", "github", "gh", "ghcp", "github-copilot"})
"""Prefixes that mean Copilot itself, as other clients write them."""

GITHUBS = frozenset({"official", "cli"})
"""The engines that are GitHub's own programs: Copilot answers by them, and any endpoint too."""

ENV = "env"
"""The name of the endpoint that variables describe."""


class Route(NamedTuple):
    """Who answers: an engine, the endpoint where it is not Copilot, and the model's name there.

    `model` None is that engine's default.
    """

    engine: str
    endpoint: str | None = None
    model: str | None = None


def parse(name: str | None, engine: str, endpoints: Collection[str]) -> Route:
    """Return the route of a model's `name`, whose prefix is taken off where it is a known one.

    `engine` answers where no prefix says otherwise; `endpoints` are the names of the person's own.
    An id may hold slashes of its own (`anthropic/claude-…` at OpenRouter): one prefix is looked at.
    """
    if name is None:
        return Route(engine)
    prefix, slash, rest = name.partition("/")
    if slash and rest:
        if prefix in endpoints:
            return Route(engine if engine in GITHUBS else "byok", prefix, rest)
        if prefix.lower() in COPILOT:
            return Route(engine if engine in GITHUBS else "direct", None, rest)
    return Route(engine, None, name)
