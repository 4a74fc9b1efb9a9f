"""Where requests of each type of provider go, and how the key is sent."""

import pytest

from copilot_cli.engines.endpoint import Endpoint
from copilot_cli.engines.provider_rows import AZURE_VERSION, PROVIDERS, authorization
from copilot_cli.secret import Secret

CHAT, RESPONSES, MESSAGES = "/chat/completions", "/responses", "/v1/messages"
AZURE = "https://mine.openai.azure.com"

ADDRESSES = [
    ("openai", "https://api.openai.com", None, CHAT, "https://api.openai.com/v1/chat/completions"),
    ("openai", "https://api.openai.com/v1", None, CHAT, "https://api.openai.com/v1/chat/completions"),
    ("openai", "http://127.0.0.1:11434", None, CHAT, "http://127.0.0.1:11434/v1/chat/completions"),
    ("openai", "http://[::1]:8000", None, RESPONSES, "http://[::1]:8000/v1/responses"),
    ("openai", "https://openrouter.ai/api/v1", None, CHAT,
     "https://openrouter.ai/api/v1/chat/completions"),
    ("openai", "https://x.example/llm", None, CHAT, "https://x.example/llm/chat/completions"),
    ("azure", AZURE, None, CHAT, f"{AZURE}/openai/v1/chat/completions"),
    ("azure", f"{AZURE}/openai", None, RESPONSES, f"{AZURE}/openai/v1/responses"),
    ("azure", f"{AZURE}/openai/v1", None, RESPONSES, f"{AZURE}/openai/v1/responses"),
    ("azure", AZURE, "preview", CHAT, f"{AZURE}/openai/v1/chat/completions?api-version=preview"),
    ("azure", AZURE, "2025-01-01", CHAT,
     f"{AZURE}/openai/deployments/my%20model/chat/completions?api-version=2025-01-01"),
    ("azure", AZURE, "2025-04-01-preview", RESPONSES,
     f"{AZURE}/openai/responses?api-version=2025-04-01-preview"),
    ("azure", f"{AZURE}/openai/deployments/d", None, CHAT,
     f"{AZURE}/openai/deployments/d/chat/completions?api-version={AZURE_VERSION}"),
    ("azure", f"{AZURE}/openai/deployments/d", "2025-01-01", CHAT,
     f"{AZURE}/openai/deployments/d/chat/completions?api-version=2025-01-01"),
    ("azure", "https://x.services.ai.azure.com/models", "2024-05-01-preview", CHAT,
     "https://x.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview"),
    ("anthropic", "https://api.anthropic.com", None, MESSAGES,
     "https://api.anthropic.com/v1/messages"),
    ("anthropic", "https://api.anthropic.com/v1", None, MESSAGES,
     "https://api.anthropic.com/v1/messages"),
    ("anthropic", "https://x.example/anthropic", None, MESSAGES,
     "https://x.example/anthropic/v1/messages"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "base", "version", "path", "expected"), ADDRESSES)
def test_where_a_request_goes(
    kind: str, base: str, version: str | None, path: str, expected: str
) -> None:
    """A path that is given is kept; `/v1` comes where none is; Azure has its three forms."""
    endpoint = Endpoint("e", kind, base, api_version=version)  # type: ignore[arg-type]
    assert PROVIDERS[kind].url(endpoint, path, "my model") == expected


LISTS = [
    ("openai", "http://127.0.0.1:11434", None, "http://127.0.0.1:11434/v1/models"),
    ("azure", AZURE, None, f"{AZURE}/openai/v1/models"),
    ("azure", AZURE, "2025-01-01", None),
    ("azure", f"{AZURE}/openai/deployments/d", None, None),
    ("anthropic", "https://api.anthropic.com", None,
     "https://api.anthropic.com/v1/models?limit=1000"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "base", "version", "expected"), LISTS)
def test_where_the_models_are_listed(
    kind: str, base: str, version: str | None, expected: str | None
) -> None:
    """A deployment is one model, and Azure's dated lists name none of them."""
    endpoint = Endpoint("e", kind, base, api_version=version)  # type: ignore[arg-type]
    assert PROVIDERS[kind].models(endpoint) == expected


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("openai", "Authorization", "Bearer madeUpKey"),
        ("azure", "api-key", "madeUpKey"),
        ("anthropic", "x-api-key", "madeUpKey"),
    ],
)
def test_each_type_has_its_header_for_the_key(kind: str, name: str, value: str) -> None:
    """A bearer wins over the key, everywhere in the same header; without either none is sent."""
    plain = Endpoint("e", kind, "https://x.example")  # type: ignore[arg-type]
    keyed = plain._replace(key=Secret("madeUpKey"))
    assert authorization(plain) == {}
    assert authorization(keyed) == {name: value}
    both = keyed._replace(bearer=Secret("madeUpBearer"))
    assert authorization(both) == {"Authorization": "Bearer madeUpBearer"}
