"""A model's name says who answers: prefixes of Copilot's, and the names of endpoints."""

import pytest

from copilot_cli.routing import COPILOT, Route, parse

ENDPOINTS = ("ollama", "my.azure")

ROUTES = [
    (None, "direct", Route("direct")),
    ("gpt-5", "direct", Route("direct", None, "gpt-5")),
    ("gpt-5", "byok", Route("byok", None, "gpt-5")),
    *[(f"{prefix}/gpt-5", "direct", Route("direct", None, "gpt-5")) for prefix in sorted(COPILOT)],
    ("GitHub/gpt-5", "direct", Route("direct", None, "gpt-5")),
    ("gh/gpt-5", "byok", Route("direct", None, "gpt-5")),
    ("gh/gpt-5", "official", Route("official", None, "gpt-5")),
    ("gh/gpt-5", "cli", Route("cli", None, "gpt-5")),
    ("gh/copilot/gpt-5", "direct", Route("direct", None, "copilot/gpt-5")),
    ("ollama/llama3:8b", "direct", Route("byok", "ollama", "llama3:8b")),
    ("my.azure/gpt-4o", "official", Route("official", "my.azure", "gpt-4o")),
    ("ollama/library/llama3", "direct", Route("byok", "ollama", "library/llama3")),
    ("OLLAMA/llama3", "direct", Route("direct", None, "OLLAMA/llama3")),
    ("anthropic/claude", "direct", Route("direct", None, "anthropic/claude")),
    ("anthropic/claude", "byok", Route("byok", None, "anthropic/claude")),
    ("gh/", "direct", Route("direct", None, "gh/")),
    ("/gpt-5", "direct", Route("direct", None, "/gpt-5")),
    ("", "direct", Route("direct", None, "")),
]


@pytest.mark.parametrize(("name", "engine", "route"), ROUTES)
def test_a_name_chooses_engine_and_endpoint(name: str | None, engine: str, route: Route) -> None:
    """A known prefix is taken off, one at most; an unknown one belongs to the id."""
    assert parse(name, engine, ENDPOINTS) == route


def test_the_prefixes_of_copilot() -> None:
    """As other clients write them."""
    assert {"copilot", "github", "gh", "ghcp", "github-copilot"} == COPILOT
