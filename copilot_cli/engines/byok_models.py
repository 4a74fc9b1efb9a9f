"""The models of a person's own endpoint, in the form of Copilot's list.

The list of an OpenAI-compatible server is read in whatever of its shapes comes (a bare list,
Ollama's own, OpenRouter's and vLLM's extra fields), Anthropic's too. Pure; fetching is `byok.py`.
"""

from collections.abc import Mapping
from typing import Any


def as_copilot(reply: object, path: str) -> list[dict[str, Any]]:
    """Return the items of `reply` as those of a `/models` reply; `path` is the wire they are for.

    What has no id, or is no object, is passed over.
    """
    found = reply
    if isinstance(reply, dict):
        found = reply.get("data") if isinstance(reply.get("data"), list) else reply.get("models")
    items = found if isinstance(found, list) else []
    return [
        _item(item, name, path)
        for item in items
        if isinstance(item, dict) and (name := _text(item, "id", "model", "name"))
    ]


def _item(item: Mapping[str, Any], name: str, path: str) -> dict[str, Any]:
    top = item.get("top_provider")
    top = top if isinstance(top, dict) else {}
    context = _first(
        item, "context_length", "max_model_len", "max_context_length", "context_window"
    )
    return {
        "id": name,
        "name": _text(item, "display_name", "name") or name,
        "vendor": _text(item, "owned_by") or None,
        "supported_endpoints": [path],
        "capabilities": {
            "type": _kind(item),
            "limits": {
                "max_context_window_tokens": context,
                "max_output_tokens": top.get("max_completion_tokens"),
            },
            "supports": _supports(item),
        },
    }


def _kind(item: Mapping[str, Any]) -> str | None:
    """Return `embeddings` where the server says so (LM Studio's `type`), else nothing."""
    kind = _text(item, "type")
    return "embeddings" if kind.startswith("embedding") else None


def _supports(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what OpenRouter says that a model takes."""
    taken = item.get("supported_parameters")
    if not isinstance(taken, list):
        return {}
    return {"tool_calls": "tools" in taken, "structured_outputs": "structured_outputs" in taken}


def _first(item: Mapping[str, Any], *names: str) -> Any:
    return next((item[name] for name in names if item.get(name) is not None), None)


def _text(item: Mapping[str, Any], *names: str) -> str:
    texts = (item.get(name) for name in names)
    return next((text for text in texts if isinstance(text, str) and text), "")
