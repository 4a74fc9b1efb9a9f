"""The model list, read: each item alone, so that a broken one hides no other.

Sources: microsoft/vscode-copilot-chat and zed for the fields; any of them may be missing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from copilot_cli.messages import ModelInfo
from copilot_cli.wires.chat import PATH

_HUGE = 1e15


def parse_models(reply: Mapping[str, Any]) -> list[ModelInfo]:
    """Return the models of a `/models` reply; items without an id are passed over."""
    items = reply.get("data")
    if not isinstance(items, list):
        return []
    return [
        parse_model(item)
        for item in items
        if isinstance(item, dict) and isinstance(item.get("id"), str) and item["id"]
    ]


def parse_model(item: Mapping[str, Any]) -> ModelInfo:
    """Return one model; what is missing or of another type is None, never a failure."""
    capabilities = _dict(item.get("capabilities"))
    limits = _dict(capabilities.get("limits"))
    supports = _dict(capabilities.get("supports"))
    billing = _dict(item.get("billing"))
    model = ModelInfo(
        id=item["id"],
        name=_text(item.get("name")) or item["id"],
        vendor=_text(item.get("vendor")),
        family=_text(capabilities.get("family")),
        type=_text(capabilities.get("type")),
        preview=item.get("preview") is True,
        picker=item.get("model_picker_enabled") is not False,
        chat_default=item.get("is_chat_default") is True,
        chat_fallback=item.get("is_chat_fallback") is True,
        context_tokens=_tokens(limits.get("max_context_window_tokens")),
        prompt_tokens=_tokens(limits.get("max_prompt_tokens")),
        output_tokens=_tokens(limits.get("max_output_tokens")),
        endpoints=_texts(item.get("supported_endpoints")) or (PATH,),
        streaming=_flag(supports.get("streaming")),
        tools=_flag(supports.get("tool_calls")),
        vision=_flag(supports.get("vision")),
        reasoning=_texts(supports.get("reasoning_effort")),
        multiplier=_number(billing.get("multiplier")),
        premium=_flag(billing.get("is_premium")),
        prices=_dict(billing.get("token_prices")) or None,
        disabled=None,
        structured=_flag(supports.get("structured_outputs")),
        parallel_tools=_flag(supports.get("parallel_tool_calls")),
        adaptive_thinking=_flag(supports.get("adaptive_thinking")),
        thinking=_thinking(supports),
        policy=_text(_dict(item.get("policy")).get("state")),
        terms=_text(_dict(item.get("policy")).get("terms")),
    )
    return model._replace(disabled=_why_disabled(model, item))


def default_model(models: Sequence[ModelInfo]) -> ModelInfo | None:
    """Return the service's own default if it can be used, else the first model that can."""
    usable = [model for model in models if model.disabled is None]
    return next((model for model in usable if model.chat_default), usable[0] if usable else None)


def _why_disabled(model: ModelInfo, item: Mapping[str, Any]) -> str | None:
    if model.type is not None and model.type != "chat":
        return f"not a chat model ({model.type})"
    state = _dict(item.get("policy")).get("state")
    if state not in (None, "enabled"):  # a tuple, since a list may be asked for
        # An absent policy allows; every state but "enabled" wants somebody's consent first.
        return f"not enabled ({state}): see github.com/settings/copilot/features"
    if PATH not in model.endpoints:
        return f"only served by {', '.join(model.endpoints)}"
    if not model.picker:
        return "not offered for chat"
    return None


def _thinking(supports: Mapping[str, Any]) -> tuple[int, int] | None:
    least = _tokens(supports.get("min_thinking_budget"))
    most = _tokens(supports.get("max_thinking_budget"))
    return None if most is None else (min(least or 0, most), most)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(text for text in value if isinstance(text, str) and text)


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: Any) -> float | None:
    """Return a finite number, of a size that can be one; JSON may hold 10**4000 as well."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -_HUGE < value < _HUGE else None


def _tokens(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number > 0 else None
