"""The models that the simulator lists, the odd ones included, and how each of them behaves.

The shape follows protocol notes on `GET /models`: any part of an item may be missing, families and
names repeat, unknown fields come and go, and one item is broken outright.
"""

from __future__ import annotations

from typing import Any, NamedTuple

CHAT = "/chat/completions"
RESPONSES = "/responses"


class Model(NamedTuple):
    """One model: what is listed of it (`item`), and what answers (`answers`: docs, echo, tool)."""

    item: dict[str, Any]
    answers: str = "echo"
    restricted: bool = False
    """Refuses `max_tokens`, `temperature` and `top_p`, as reasoning models do."""

    @property
    def id(self) -> str:
        """The id that a request names."""
        return str(self.item["id"])

    @property
    def family(self) -> dict[str, Any]:
        """The capabilities block; {} where the item has none."""
        return self.item.get("capabilities") or {}

    @property
    def endpoints(self) -> list[str]:
        """Where it can be asked; a model that names nothing can be asked on chat."""
        return list(self.item.get("supported_endpoints", [CHAT]))

    @property
    def streams(self) -> bool:
        """Whether a stream request is answered as a stream."""
        return bool(self.family.get("supports", {}).get("streaming"))

    @property
    def max_prompt(self) -> int | None:
        """The most prompt tokens it takes; None where the item does not say."""
        limit = self.family.get("limits", {}).get("max_prompt_tokens")
        return limit if isinstance(limit, int) else None


def _item(
    model_id: str,
    name: str,
    *,
    family: str | None = None,
    context: int = 128_000,
    output: int = 16_384,
    multiplier: float = 0,
    supports: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": model_id,
        "name": name,
        "object": "model",
        "vendor": "Simulator",
        "version": f"{model_id}-2025-01-01",
        "preview": False,
        "model_picker_enabled": True,
        "model_picker_category": "versatile",
        "is_chat_default": False,
        "is_chat_fallback": False,
        "policy": {"state": "enabled", "terms": f"Terms of {name}: none, it is a simulation."},
        "billing": {"is_premium": multiplier > 0, "multiplier": multiplier},
        "supported_endpoints": [CHAT],
        "capabilities": {
            "object": "model_capabilities",
            "type": "chat",
            "family": family or model_id,
            "tokenizer": "o200k_base",
            "limits": {
                "max_context_window_tokens": context,
                "max_prompt_tokens": context - output,
                "max_output_tokens": output,
            },
            "supports": {"streaming": True, **(supports or {})},
        },
    }
    return item | more


_TOOLS = {"tool_calls": True, "parallel_tool_calls": True, "structured_outputs": True}
_VISION = {
    "max_prompt_image_size": 3_145_728,
    "max_prompt_images": 1,
    "supported_media_types": ["image/jpeg", "image/png", "image/webp", "image/gif"],
}


def _echo() -> dict[str, Any]:
    item = _item("sim-echo", "Echo", multiplier=1, supports={**_TOOLS, "vision": True})
    item["capabilities"]["limits"]["vision"] = _VISION
    return item


def _reasoning() -> dict[str, Any]:
    prices = {"input_price": 125, "output_price": 1000, "cache_price": 13, "context_max": 272_000}
    return _item(
        "sim-reason",
        "Reasoning Echo",
        family="gpt-5-sim",
        multiplier=0.33,
        supports={**_TOOLS, "reasoning_effort": ["low", "medium", "high"]},
        billing={
            "is_premium": True,
            "multiplier": 0.33,
            "restricted_to": ["pro", "pro_plus", "business", "enterprise"],
            "token_prices": {"batch_size": 1_000_000, "default": prices},
        },
    )


def _no_stream() -> dict[str, Any]:
    """As o1 was first listed: no output limit, no `streaming`, no policy."""
    item = _item("sim-o1", "Slow Echo", family="o1-sim", preview=True)
    item["capabilities"]["supports"] = {}
    del item["capabilities"]["limits"]["max_output_tokens"], item["policy"]
    return item


def _bare() -> dict[str, Any]:
    """No limits, no policy, no billing, no endpoints, and fields that nobody has heard of."""
    return {
        "id": "sim-bare",
        "name": "Bare Echo",
        "object": "model",
        "vendor": "Simulator",
        "model_picker_enabled": True,
        "future_field": {"nested": [1, None, "two"]},
        "capabilities": {
            "type": "chat",
            "family": "sim-bare",
            "supports": {"streaming": True, "telepathy": "partial"},
        },
    }


def _embeddings() -> dict[str, Any]:
    item = _item("text-embedding-3-small", "Embedding V3 small", model_picker_enabled=False)
    item["capabilities"].update(
        type="embeddings", limits={"max_inputs": 512}, supports={"dimensions": True}
    )
    del item["policy"], item["supported_endpoints"], item["billing"]
    return item


_BROKEN: dict[str, Any] = {
    "id": "sim-broken",
    "name": None,
    "model_picker_enabled": "perhaps",
    "capabilities": {
        "type": 7,
        "family": ["?"],
        "limits": {"max_context_window_tokens": "many"},
        "supports": {},
    },
    "supported_endpoints": 3,
    "policy": "?",
}

NOT_MODELS: tuple[Any, ...] = (None, "sim-text", {"name": "no id"}, {"id": 7, "capabilities": None})
"""What `Scenario.broken_models` adds: items that are no models at all."""


def models() -> dict[str, Model]:
    """A fresh catalogue, by id, in the order in which it is listed."""
    gpt: dict[str, Any] = {"family": "gpt-4o", "supports": _TOOLS, "vendor": "Azure OpenAI"}
    disabled = {"state": "disabled", "terms": "Enable access to **Disabled Echo** by policy."}
    listed = [
        Model(_item("sim-docs", "Docs", is_chat_default=True, is_chat_fallback=True), "docs"),
        Model(_echo()),
        Model(_item("sim-tool", "Tool", supports=_TOOLS), "tool"),
        Model(_reasoning(), restricted=True),
        Model(_item("sim-small", "Small Echo", context=2048, output=1024)),
        Model(_item("gpt-4o", "GPT-4o", **gpt)),
        Model(_item("gpt-4o-2024-11-20", "GPT-4o", **gpt)),
        Model(_no_stream()),
        Model(_bare()),
        Model(_item("sim-disabled", "Disabled Echo", policy=disabled)),
        Model(_item("sim-responses", "Responses", supported_endpoints=[RESPONSES])),
        Model(_embeddings()),
    ]
    return {model.id: model for model in listed}


def listing(catalogue: dict[str, Model], *, broken: bool) -> dict[str, Any]:
    """The body of `GET /models`; `broken` adds the items that are no models at all."""
    items: list[Any] = [model.item for model in catalogue.values()]
    return {"data": [*items, _BROKEN, *(NOT_MODELS if broken else ())], "object": "list"}
