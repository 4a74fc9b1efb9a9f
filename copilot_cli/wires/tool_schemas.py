"""The schemas of tools' arguments, in the form that services take.

OpenAI and Anthropic both refuse a tool whose schema has `oneOf`, `anyOf` or `allOf`
at its top, and with it the whole request (nspady/google-calendar-mcp#39). So what stands there is
flattened: the model is told less than the tool checks, never something else.
"""

from collections.abc import Iterator, Mapping
from typing import Any

_DEEP = 8
_ALL = "allOf"
_EITHER = ("oneOf", "anyOf")
_REFUSED = frozenset({"$schema", _ALL, *_EITHER, "enum", "not"})


def parameters(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return `schema` as an object without `$schema`, and without alternatives at its top.

    A property that several alternatives have takes any of their forms; it is required if each of
    them requires it.
    """
    flat = {name: value for name, value in schema.items() if name not in _REFUSED}
    fields, required = _fields(schema, schema, _DEEP)
    flat["type"] = "object"
    flat["properties"] = fields
    flat.pop("required", None)
    if required:
        flat["required"] = required
    return flat


def _fields(
    schema: Mapping[str, Any], root: Mapping[str, Any], left: int
) -> tuple[dict[str, Any], list[str]]:
    """Return the properties of `schema` and of what it is made of, and which are required."""
    own, names = schema.get("properties"), schema.get("required")
    fields: dict[str, Any] = dict(own) if isinstance(own, Mapping) else {}
    required = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    if not left:
        return fields, required
    for branch in _branches(schema, _ALL, root):
        more, needed = _fields(branch, root, left - 1)
        _merge(fields, more)
        required += needed
    for either in _EITHER:
        found = [_fields(branch, root, left - 1) for branch in _branches(schema, either, root)]
        for more, _ in found:
            _merge(fields, more)
        if found:
            required += [name for name in found[0][1] if all(name in n for _, n in found)]
    return fields, list(dict.fromkeys(required))


def _branches(
    schema: Mapping[str, Any], name: str, root: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    branches = schema.get(name)
    for branch in branches if isinstance(branches, list) else ():
        if isinstance(branch, Mapping):
            yield _resolved(branch, root)


def _resolved(branch: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what `branch` is, or what it refers to within the same schema."""
    target = branch.get("$ref")
    if not isinstance(target, str) or not target.startswith("#/"):
        return branch
    found: Any = root
    for step in target[2:].split("/"):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else branch


def _merge(fields: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, form in more.items():
        if name not in fields:
            fields[name] = form
        elif form != fields[name]:
            known = fields[name]
            several = (
                known["anyOf"]
                if isinstance(known, Mapping) and set(known) == {"anyOf"}
                else [known]
            )
            if form not in several:
                fields[name] = {"anyOf": [*several, form]}
