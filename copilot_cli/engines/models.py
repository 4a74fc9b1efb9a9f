"""The model list, read: each item alone, so that a broken one hides no other.

Rule: any field may be missing or of another type; what cannot be read is not known, never a
failure. Sources: microsoft/vscode-copilot-chat, zed and github/copilot-sdk for the fields.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from copilot_cli.messages import ModelInfo
from copilot_cli.values import number
from copilot_cli.wires.reading import dicts, table, text, tokens
from copilot_cli.wires.table import CHAT, WIRES

HIDDEN = "not offered for chat"
"""The reason of a model that the service's own clients do not list; it answers who names it."""

PLANS_PAGE = "https://github.com/features/copilot/plans"
WEB = "https://github.com"

_DEEP = 4
_RETIRED = ("deprecat", "retir", "sunset", "removed")
_NOT_ENABLED = "not enabled"


def parse_models(
    reply: Mapping[str, Any], *, plan: str | None = None, web: str = WEB
) -> list[ModelInfo]:
    """Return the models of a `/models` reply; items without an id are passed over.

    `plan` is the account's, in the words of `billing.restricted_to`, None where it is not known;
    `web` is the host's web site, where consent is given.
    """
    return [parse_model(item, plan=plan, web=web) for item in model_items(reply)]


def model_items(reply: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what can be a model in a `/models` reply: objects with an id, each id once."""
    items = reply.get("data")
    if not isinstance(items, list):
        return []
    found: dict[str, dict[str, Any]] = {}
    for item in items:
        if isinstance(item, dict) and (model_id := _text(item.get("id"))):
            found.setdefault(model_id, item)
    return list(found.values())


def parse_model(item: Mapping[str, Any], *, plan: str | None = None, web: str = WEB) -> ModelInfo:
    """Return one model; what is missing or of another type is None. `item` has an id."""
    capabilities = table(item.get("capabilities"))
    limits = table(capabilities.get("limits"))
    supports = table(capabilities.get("supports"))
    billing = table(item.get("billing"))
    policy = table(item.get("policy"))
    images = table(limits.get("vision"))
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
        context_tokens=_count(limits.get("max_context_window_tokens")),
        prompt_tokens=_count(limits.get("max_prompt_tokens")),
        output_tokens=_count(limits.get("max_output_tokens")),
        endpoints=_texts(item.get("supported_endpoints")) or (CHAT.path,),
        streaming=_flag(supports.get("streaming")),
        tools=_flag(supports.get("tool_calls")),
        vision=_flag(supports.get("vision")),
        reasoning=_texts(supports.get("reasoning_effort")),
        multiplier=number(billing.get("multiplier")),
        premium=_flag(billing.get("is_premium")),
        prices=_plain(table(billing.get("token_prices"))) or None,
        disabled=None,
        structured=_flag(supports.get("structured_outputs")),
        parallel_tools=_flag(supports.get("parallel_tool_calls")),
        adaptive_thinking=_flag(supports.get("adaptive_thinking")),
        thinking=_thinking(supports),
        policy=_text(policy.get("state")),
        terms=_text(policy.get("terms")),
        plans=_texts(billing.get("restricted_to")),
        warnings=_messages(item.get("warning_messages")),
        image_bytes=_count(images.get("max_prompt_image_size")),
        image_count=_count(images.get("max_prompt_images")),
        image_types=_texts(images.get("supported_media_types")),
    )
    disabled, page = _why_disabled(model, item, plan, web)
    return model._replace(disabled=disabled, page=page)


def default_model(models: Sequence[ModelInfo]) -> ModelInfo | None:
    """Return the service's own default if it can be used, else the first model that can."""
    usable = [model for model in models if model.disabled is None]
    return next((model for model in usable if model.chat_default), usable[0] if usable else None)


def wants_consent(model: ModelInfo) -> bool:
    """Say whether nothing but the person's consent to its terms keeps `model` from answering."""
    return (model.disabled or "").startswith(_NOT_ENABLED) and _spoken(model) and model.picker


def known_plan(sku: str | None) -> str | None:
    """Return the plan that a Copilot token's `sku` names, as `billing.restricted_to` writes it.

    None for one that is not known for sure: then no model is held to be outside of it.
    """
    if not sku:
        return None
    for mark, plan in (
        ("enterprise", "enterprise"),
        ("business", "business"),
        ("plus", "pro_plus"),
    ):
        if mark in sku:
            return plan
    if sku.startswith(("free_limited", "no_auth_limited")):
        return "free"
    return "pro" if sku.startswith(("monthly_subscriber", "yearly_subscriber")) else None


def _why_disabled(
    model: ModelInfo, item: Mapping[str, Any], plan: str | None, web: str
) -> tuple[str | None, str | None]:
    """Return why a model cannot be used and the page where that is changed, None for neither.

    What nobody can change comes first: consent to a model that would not answer is of no use.
    """
    if model.type is not None and model.type != "chat":
        return f"not a chat model ({model.type})", None
    if not _spoken(model):
        return f"only served by {', '.join(model.endpoints)}", None
    if retired := _retired(item):
        return f"deprecated: {retired}", None
    if plan is not None and model.plans and plan not in model.plans:
        return f"not in your plan ({plan}): only in {', '.join(model.plans)}", PLANS_PAGE
    state = table(item.get("policy")).get("state")
    if state not in (None, "enabled"):  # a tuple, since a list may be asked for
        # An absent policy allows; every state but "enabled" wants somebody's consent first.
        whose = "; your organisation may have to" if plan in {"business", "enterprise"} else ""
        return (
            f"{_NOT_ENABLED} ({str(_plain(state))[:40]}){whose}",
            f"{web}/settings/copilot/features",
        )
    return (None, None) if model.picker else (HIDDEN, None)


def _spoken(model: ModelInfo) -> bool:
    return any(path in WIRES for path in model.endpoints)


def _retired(item: Mapping[str, Any]) -> str | None:
    """Return the service's words for a model that is going or gone, if it no longer offers it.

    A model that is still offered answers: then they are a warning and nothing else.
    """
    if item.get("model_picker_enabled") is not False:
        return None
    for said in dicts(item.get("warning_messages")):
        code, message = text(said.get("code")), text(said.get("message"))
        if any(mark in f"{code} {message}".lower() for mark in _RETIRED):
            return message or code
    return None


def _messages(value: Any) -> tuple[str, ...]:
    found = (text(said.get("message")) or text(said.get("code")) for said in dicts(value))
    return tuple(filter(None, found))


def _thinking(supports: Mapping[str, Any]) -> tuple[int, int] | None:
    least = _count(supports.get("min_thinking_budget"))
    most = _count(supports.get("max_thinking_budget"))
    return None if most is None else (min(least or 0, most), most)


def _plain(value: Any, depth: int = 0) -> Any:
    """Return `value` without what JSON cannot hold everywhere: endless numbers, endless depth."""
    if isinstance(value, dict | list) and depth == _DEEP:
        return None
    if isinstance(value, dict):
        return {key: _plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, depth + 1) for each in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return None if number(value) is None else value
    return value


def _text(value: Any) -> str | None:
    return text(value) or None


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(filter(None, map(text, value))) if isinstance(value, list) else ()


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _count(value: Any) -> int | None:
    found = tokens(value)
    return found if found is not None and found > 0 else None
