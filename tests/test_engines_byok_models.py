"""The models of an endpoint, in whatever shape its list comes."""

from typing import Any

import pytest

from copilot_cli.engines.byok_models import as_copilot
from copilot_cli.engines.models import parse_models

CHAT = "/chat/completions"

SHAPES: dict[str, tuple[object, list[str]]] = {
    "OpenAI": ({"object": "list", "data": [{"id": "a", "object": "model"}]}, ["a"]),
    "a bare list": ([{"id": "a"}, {"id": "b"}], ["a", "b"]),
    "Ollama's own": ({"models": [{"name": "llama:8b", "model": "llama:8b"}]}, ["llama:8b"]),
    "Anthropic": ({"data": [{"type": "model", "id": "c", "display_name": "C"}]}, ["c"]),
    "nothing": (None, []),
    "null": ({"data": None, "models": None}, []),
    "no list": ({"data": {"id": "a"}}, []),
    "odd items": ([None, 5, {}, {"id": 5}, {"id": ""}, {"id": "a"}], ["a"]),
    "a text": ("<html>", []),
}


@pytest.mark.parametrize(("reply", "ids"), SHAPES.values(), ids=SHAPES)
def test_each_shape_is_read(reply: object, ids: list[str]) -> None:
    """An item that is none hides no other."""
    assert [model.id for model in parse_models({"data": as_copilot(reply, CHAT)})] == ids


def test_what_servers_say_of_their_models() -> None:
    """OpenRouter's and vLLM's sizes, a name for people, the wire of the endpoint."""
    items: list[dict[str, Any]] = [
        {
            "id": "anthropic/claude", "name": "Claude", "context_length": 200_000,
            "top_provider": {"max_completion_tokens": 8192},
            "supported_parameters": ["tools", "temperature"],
        },
        {"id": "q", "max_model_len": 4096, "owned_by": "vllm", "top_provider": 5},
        {"id": "e", "type": "embeddings"},
    ]  # fmt: skip
    router, vllm, embeddings = parse_models({"data": as_copilot({"data": items}, "/responses")})
    assert (router.name, router.context_tokens, router.output_tokens) == ("Claude", 200_000, 8192)
    assert (router.tools, router.structured) == (True, False)
    assert router.endpoints == ("/responses",)
    assert (vllm.vendor, vllm.context_tokens, vllm.tools) == ("vllm", 4096, None)
    assert embeddings.disabled is not None
    assert vllm.disabled is None
