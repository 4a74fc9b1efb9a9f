"""JSON Schema as the services use it: what a strict one must say, and an instance of any.

https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

_DEEPEST: Final = 8
_TEXTS: Final = {
    "date": "2025-06-15",
    "date-time": "2025-06-15T12:00:00Z",
    "time": "12:00:00Z",
    "email": "mona@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def strict_fault(schema: Schema, *, whole: bool = True) -> str | None:
    """Why a service does not take this schema as a strict one; None if it does.

    `whole`: every property has to be required, as OpenAI wants it and Anthropic does not.
    """
    for name, part in _objects(schema, "()"):
        if part.get("additionalProperties") is not False:
            return f"In context={name}, 'additionalProperties' must be supplied and be false."
        missing = set(_named(part, "properties")) - set(map(str, _listed(part, "required")))
        if missing and whole:
            first = min(missing)
            return f"In context={name}, 'required' must name every property; {first!r} is missing."
    return None


def _objects(schema: Any, name: str) -> Iterator[tuple[str, Schema]]:
    """Every schema of an object in here, with where it stands."""
    if not isinstance(schema, Mapping):
        return
    if schema.get("type") == "object" or "properties" in schema:
        yield name, schema
    for key in ("properties", "$defs", "definitions"):
        for inner, part in _named(schema, key).items():
            yield from _objects(part, f"({key}, {inner})")
    yield from _objects(schema.get("items"), "(items)")
    for part in _listed(schema, "anyOf"):
        yield from _objects(part, "(anyOf)")


def instance(schema: Any, root: Schema | None = None, depth: int = 0) -> Any:
    """Some value that fits the schema; of what may be left out, nothing."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return None
    root = schema if root is None else root
    if "$ref" in schema:
        return instance(_followed(str(schema["$ref"]), root), root, depth + 1)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    for value in _listed(schema, "enum"):
        return value
    for key in ("anyOf", "oneOf", "allOf"):
        for part in _listed(schema, key):
            return instance(part, root, depth + 1)
    return _of_type(schema, root, depth)


def _listed(schema: Schema, key: str) -> list[Any]:
    found = schema.get(key)
    return found if isinstance(found, list) else []


def _named(schema: Schema, key: str) -> Mapping[str, Any]:
    found = schema.get(key)
    return found if isinstance(found, Mapping) else {}


def _whole_number(schema: Schema, key: str, otherwise: int) -> int:
    found = schema.get(key)
    return found if isinstance(found, int) and found >= 0 else otherwise


def _of_type(schema: Schema, root: Schema, depth: int) -> Any:
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "object" or (kind is None and "properties" in schema):
        properties = _named(schema, "properties")
        needed = [name for name in _listed(schema, "required") if isinstance(name, str)]
        return {name: instance(properties.get(name), root, depth + 1) for name in needed}
    if kind == "array":
        count = _whole_number(schema, "minItems", 1)
        return [instance(schema.get("items"), root, depth + 1) for _ in range(count)]
    if kind == "string":
        return _text(schema)
    if kind in ("integer", "number"):
        return _number(schema)
    return True if kind == "boolean" else None


def _text(schema: Schema) -> str:
    text = _TEXTS.get(str(schema.get("format")), "simulated")
    text = text.ljust(_whole_number(schema, "minLength", 0), ".")
    return text[: _whole_number(schema, "maxLength", len(text))]


def _number(schema: Schema) -> Any:
    for key, beyond in (
        ("minimum", 0), ("exclusiveMinimum", 1), ("maximum", 0), ("exclusiveMaximum", -1),
    ):  # fmt: skip
        if isinstance(schema.get(key), (int, float)):
            return schema[key] + beyond
    return 1


def _followed(reference: str, root: Schema) -> Any:
    found: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        found = found.get(step) if step and isinstance(found, Mapping) else found
    return found
