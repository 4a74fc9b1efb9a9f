"""A model of a list, for tests of what wires make of it."""

from typing import Any

from copilot_cli.messages import ModelInfo


def model(**known: Any) -> ModelInfo:
    """Return a model of which nothing is known but `known`."""
    unknown: dict[str, Any] = dict.fromkeys(ModelInfo._fields)
    texts = {"id": "m", "name": "M", "endpoints": (), "reasoning": ()}
    flags = dict.fromkeys(("preview", "picker", "chat_default", "chat_fallback"), False)
    return ModelInfo(**{**unknown, **texts, **flags, **known})
