"""The schemas of tools' arguments, in the form that services take.

OpenAI and Anthropic both refuse a tool whose schema has `oneOf`, `anyOf` or `allOf`
at its top, and with it the whole request (nspady/google-calendar-mcp#39). So what stands there is
flattened: the model is told less than the tool checks, never something else.
"""

from collections.abc import Iterator, Mapping
from typing import Any

_DEEP = 32
_ALL = "allOf"
_EITHER = ("oneOf", "anyOf")
_REFUSED = frozenset({"$schema", _ALL, *_EITHER, "enum", "not"})


def parameters(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return `schema` as an object without `$schema`, and without alternatives at its top.

    A property that several alternatives have takes any of their forms; it is required if each of
    them requires it.
    """
    flat = {name: value for name, value in schema.items() if name not in _REFUSED}
    fields, required = _Fields(schema).of(schema, _DEEP)
    flat["type"] = "object"
    flat["properties"] = fields
    flat.pop("required", None)
    if required:
        flat["required"] = required
    return flat


class _Fields:
    """The properties of the schemas within `root`, each looked at once: they may go in circles."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._known: dict[int, tuple[dict[str, Any], list[str]]] = {}

    def of(self, schema: Mapping[str, Any], left: int) -> tuple[dict[str, Any], list[str]]:
        """Return the properties of `schema` and of what it is made of, and which are required."""
        if id(schema) in self._known or not left:
            return self._known.get(id(schema), ({}, []))
        self._known[id(schema)] = ({}, [])
        own, names = schema.get("properties"), schema.get("required")
        fields: dict[str, Any] = dict(own) if isinstance(own, Mapping) else {}
        required = list(names) if isinstance(names, list) else []
        for branch in _branches(schema, _ALL, self._root):
            more, needed = self.of(branch, left - 1)
            _merge(fields, more)
            required += needed
        for either in _EITHER:
            branches = _branches(schema, either, self._root)
            found = [self.of(branch, left - 1) for branch in branches]
            for more, _ in found:
                _merge(fields, more)
            if found:
                required += [name for name in found[0][1] if all(name in n for _, n in found)]
        unique = dict.fromkeys(name for name in required if isinstance(name, str))
        self._known[id(schema)] = fields, list(unique)
        return self._known[id(schema)]


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
