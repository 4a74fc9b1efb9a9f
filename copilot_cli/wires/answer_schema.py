"""The form that an answer is to have, as services take it.

OpenAI and Anthropic keep a model to a schema only if each object in it is closed
(`additionalProperties: false`), and OpenAI only if each property is required too. A schema that
leaves `additionalProperties` out is closed here: what fits the closed one fits the open one.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

from copilot_cli.messages import Schema
from copilot_cli.wires.reading import dicts, table

_MAPS = ("properties", "$defs", "definitions", "patternProperties")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "not")


def openai_format(schema: Schema) -> dict[str, Any]:
    """Return the name and schema as chat completions and responses take them.

    `strict` only where the schema keeps the rules for it, as the whole request is refused if it
    does not; elsewhere the schema is sent as it is and the service tries its best.
    """
    form = closed(schema.schema)
    try:
        strict = form.get("type") == "object" and "anyOf" not in form and _keeps_rules(form)
    except RecursionError:
        strict = False
    return {
        "name": schema.name,
        "schema": form if strict else _without_dialect(schema.schema),
        "strict": strict,
    }


def closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return `schema` without `$schema`, and each object in it that names its properties closed.

    One that is put together by `allOf` stays as it is: closed, its parts would exclude each other.
    """
    plain = _without_dialect(schema)
    try:
        form: dict[str, Any] = _closed(plain)
    except RecursionError:
        return plain
    return form


def _closed(schema: Any) -> Any:
    if not isinstance(schema, Mapping) or "allOf" in schema:
        return schema
    form = _mapped(schema, _closed)
    if table(form.get("properties")) and "additionalProperties" not in form:
        form["additionalProperties"] = False
    return form


def _mapped(schema: Mapping[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    """Return `schema` with `change` applied to the schemas right inside it."""
    form = dict(schema)
    for name in _MAPS:
        if isinstance(inner := form.get(name), Mapping):
            form[name] = {key: change(value) for key, value in inner.items()}
    for name in _LISTS:
        if isinstance(inner := form.get(name), list):
            form[name] = [change(value) for value in inner]
    for name in _SINGLE:
        if isinstance(form.get(name), Mapping):
            form[name] = change(form[name])
    return form


def _keeps_rules(schema: Mapping[str, Any]) -> bool:
    """Return whether OpenAI keeps a model to `schema`: the rules are those of its documentation."""
    if "allOf" in schema or "oneOf" in schema:
        return False
    kinds = schema.get("type")
    is_object = kinds == "object" or (isinstance(kinds, list) and "object" in kinds)
    if is_object or "properties" in schema:
        names, required = table(schema.get("properties")), schema.get("required", [])
        complete = isinstance(required, list) and all(name in required for name in names)
        if schema.get("additionalProperties") is not False or not complete:
            return False
    return all(_keeps_rules(inner) for inner in _inner(schema))


def _inner(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas right inside `schema`."""
    maps = (table(schema.get(name)).values() for name in _MAPS)
    lists = (dicts(schema.get(name)) for name in _LISTS)
    single = (schema.get(name) for name in _SINGLE)
    for value in (*chain(*maps, *lists), *single):
        if isinstance(value, Mapping):
            yield value


def _without_dialect(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != "$schema"}
