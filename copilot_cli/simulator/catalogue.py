"""The models that the simulator lists, the odd ones included, and those of other providers.

The shape follows protocol notes on `GET /models`: any part of an item may be missing, families and
names repeat, unknown fields come and go, and one item is broken outright.
"""

from __future__ import annotations

from typing import Any

from copilot_cli.simulator.models import CHAT, MESSAGES, RESPONSES, Model

_SAMPLING = frozenset({"max_tokens", "temperature", "top_p", "stop"})
_EFFORTS = ["low", "medium", "high"]


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


def _claude(model_id: str, name: str, endpoints: list[str]) -> dict[str, Any]:
    """Speaks messages; thinks as long as it sees fit, or within a budget."""
    thinking = {"adaptive_thinking": True, "min_thinking_budget": 1024, "max_thinking_budget": 8192}
    item = _item(
        model_id,
        name,
        family="claude-sim",
        vendor="Anthropic",
        multiplier=1,
        supports={**_TOOLS, **thinking, "vision": True, "reasoning_effort": _EFFORTS},
        supported_endpoints=endpoints,
    )
    item["capabilities"]["limits"]["vision"] = _VISION
    return item


def _codex() -> dict[str, Any]:
    """On responses only, as the newest of the GPT family are."""
    return _item(
        "sim-responses",
        "Responses",
        family="gpt-5-codex-sim",
        supports={**_TOOLS, "vision": True, "reasoning_effort": [*_EFFORTS, "xhigh"]},
        supported_endpoints=[RESPONSES],
    )


def _wanting_consent() -> list[Model]:
    """Models that are not simply there: by policy, by plan, by age."""
    disabled = {"state": "disabled", "terms": "Enable access to **Disabled Echo** by policy."}
    new = {
        "state": "unconfigured",
        "terms": "Enable access to **New Echo**. [Learn more](https://docs.github.com/copilot).",
    }
    block = {"state": "disabled", "terms": "Enable access to **Blocked Echo**."}
    dear = {"is_premium": True, "multiplier": 10, "restricted_to": ["pro_plus", "enterprise"]}
    aged = [
        {
            "code": "model_deprecated",
            "message": "Old Echo goes away at the end of the year; use Echo.",
        }
    ]
    gone = [{"code": "model_retired", "message": "Retired Echo is gone; use Echo."}]
    early = [{"code": "model_preview", "message": "Early Echo may change or go at any time."}]
    return [
        Model(_item("sim-disabled", "Disabled Echo", policy=disabled)),
        Model(_item("sim-new", "New Echo", policy=new)),
        Model(_item("sim-blocked", "Blocked Echo", policy=block), blocked=True),
        Model(_item("sim-plus", "Plus Echo", billing=dear)),
        Model(_item("sim-aged", "Old Echo", warning_messages=aged)),
        Model(
            _item("sim-gone", "Retired Echo", warning_messages=gone, model_picker_enabled=False),
            retired=True,
        ),
        Model(_item("sim-early", "Early Echo", preview=True, info_messages=early)),
    ]


def models() -> dict[str, Model]:
    """A fresh catalogue, by id, in the order in which it is listed."""
    gpt: dict[str, Any] = {"family": "gpt-4o", "supports": _TOOLS, "vendor": "Azure OpenAI"}
    every = {**_TOOLS, "reasoning_effort": _EFFORTS}
    listed = [
        Model(_item("sim-docs", "Docs", is_chat_default=True, is_chat_fallback=True), "docs"),
        Model(_echo()),
        Model(_item("sim-tool", "Tool", supports=_TOOLS), "tool"),
        Model(_reasoning(), refuses=_SAMPLING),
        Model(_item("sim-small", "Small Echo", context=2048, output=1024)),
        Model(_item("gpt-4o", "GPT-4o", **gpt)),
        Model(_item("gpt-4o-2024-11-20", "GPT-4o", **gpt)),
        Model(_no_stream()),
        Model(_bare()),
        *_wanting_consent(),
        Model(_codex(), refuses=frozenset({"temperature", "top_p"})),
        Model(
            _item(
                "sim-any",
                "Every Wire",
                supports=every,
                supported_endpoints=[MESSAGES, RESPONSES, CHAT],
            )
        ),
        Model(_claude("sim-claude", "Sonnet Echo", [CHAT, MESSAGES])),
        Model(_claude("sim-messages", "Messages Echo", [MESSAGES])),
        Model(_item("sim-moved", "Moved Echo", supports=_TOOLS), moved=(RESPONSES,)),
        Model(_item("sim-auto", "Auto Echo", model_picker_enabled=False), by_session=True),
        Model(_embeddings()),
    ]
    return {model.id: model for model in listed}


def of_provider(name: str) -> dict[str, Model]:
    """The models of another provider, by id."""
    every = {**_TOOLS, "vision": True}
    reasoning = {**every, "reasoning_effort": ["minimal", *_EFFORTS]}
    thinking = {"adaptive_thinking": True, "min_thinking_budget": 1024, "max_thinking_budget": 8192}
    both, messages = [CHAT, RESPONSES], [MESSAGES]
    gpt: dict[str, Any] = {"vendor": "openai", "supported_endpoints": both}
    claude: dict[str, Any] = {"vendor": "anthropic", "supported_endpoints": messages}
    found = {
        "openai": [
            Model(_item("gpt-sim", "GPT Sim", supports=every, **gpt)),
            Model(
                _item("gpt-sim-think", "GPT Think", supports=reasoning, **gpt), refuses=_SAMPLING
            ),
            Model(_item("gpt-sim-tool", "GPT Tool", supports=every, **gpt), "tool"),
        ],
        "azure": [Model(_item("sim-deployment", "Deployment", supports=every, **gpt))],
        "anthropic": [
            Model(_item("claude-sim", "Claude Sim", supports={**every, **thinking}, **claude)),
            Model(_item("claude-sim-tool", "Claude Tool", supports=every, **claude), "tool"),
        ],
        "ollama": [
            Model(_item("qwen-sim:8b", "Qwen Sim", vendor="library"), "think"),
            Model(_item("llama-sim:latest", "Llama Sim", vendor="library")),
        ],
    }
    return {model.id: model for model in found[name]}


def listing(catalogue: dict[str, Model], *, broken: bool) -> dict[str, Any]:
    """The body of `GET /models`; `broken` adds the items that are no models at all."""
    items: list[Any] = [model.item for model in catalogue.values()]
    return {"data": [*items, _BROKEN, *(NOT_MODELS if broken else ())], "object": "list"}
