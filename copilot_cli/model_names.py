"""What a person may call a model: its id, the beginning of it, its display name, its family.

Pure: a name and a list go in, what is meant comes out; asking and refusing are the catalogue's.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from copilot_cli.messages import ModelInfo

_NEAR = 3  # names that are offered in the place of a wrong one


class Found(NamedTuple):
    """One model is meant."""

    model: "ModelInfo"


class Several(NamedTuple):
    """More than one model may be meant: their ids begin so, they are called so, or are of it."""

    by: Literal["beginning", "name", "family"]
    models: "tuple[ModelInfo, ...]"


def match(name: str, models: "Sequence[ModelInfo]") -> Found | Several | None:
    """Return what `name` means among `models`, None for nothing.

    The id wins, then the id in another case, the beginning of one id only, a display name, a
    family. Models that can be used go before those that cannot, but for an id that is named whole.
    """
    wanted = name.strip().casefold()
    if not wanted:
        return None
    whole = _first(models, lambda it: it.id == name) or _first(
        models,
        lambda it: it.id.casefold() in {wanted, f"{wanted}:latest"},  # a tag, as Ollama's
    )
    if whole is not None:
        return Found(whole)
    usable = [model for model in models if model.disabled is None]
    return _loosely(wanted, usable) or _loosely(wanted, models)


def near(name: str, models: "Sequence[ModelInfo]") -> list[str]:
    """Return the ids that look like `name`, the likeliest first: of models that can be used if any
    of them does.
    """
    from difflib import get_close_matches

    usable = [model for model in models if model.disabled is None]
    for these in (usable, models):
        ids = {model.id.casefold(): model.id for model in these}
        if close := get_close_matches(name.casefold(), ids, n=_NEAR):
            return [ids[each] for each in close]
    return []


def _loosely(wanted: str, models: "Sequence[ModelInfo]") -> Found | Several | None:
    begun = tuple(it for it in models if it.id.casefold().startswith(wanted))
    if len(begun) == 1:
        return Found(begun[0])
    named = tuple(it for it in models if it.name.casefold() == wanted)
    if len(named) == 1:
        return Found(named[0])
    family = tuple(it for it in models if it.family and it.family.casefold() == wanted)
    if len(family) == 1:
        return Found(family[0])
    if family:
        return Several("family", family)
    if named:
        return Several("name", named)
    return Several("beginning", begun) if begun else None


def _first(
    models: "Sequence[ModelInfo]", is_it: "Callable[[ModelInfo], bool]"
) -> "ModelInfo | None":
    return next(filter(is_it, models), None)
