"""The schemas of tools, as services take them: objects, with nothing at the top that is refused."""

from typing import Any

import pytest

from copilot_cli.wires.tool_schemas import parameters

TEXT, NUMBER = {"type": "string"}, {"type": "number"}
A = {"properties": {"a": TEXT}, "required": ["a"]}
B = {"properties": {"a": NUMBER, "b": NUMBER}, "required": ["b", "a"]}
EITHER = {
    "type": "object",
    "properties": {"a": {"anyOf": [TEXT, NUMBER]}, "b": NUMBER},
    "required": ["a"],
}

SCHEMAS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "as it should be": ({"type": "object", **A}, {"type": "object", **A}),
    "nothing": ({}, {"type": "object", "properties": {}}),
    "a dialect": ({"$schema": "x", **A}, {"type": "object", **A}),
    "no alternatives below the top": (
        {"type": "object", "properties": {"a": {"oneOf": [TEXT, NUMBER]}}},
        {"type": "object", "properties": {"a": {"oneOf": [TEXT, NUMBER]}}},
    ),
    "what else is refused": (
        {"not": {}, "enum": [{}], "title": "T", **A},
        {"type": "object", "title": "T", **A},
    ),
    "oneOf": ({"oneOf": [A, B]}, EITHER),
    "anyOf": ({"anyOf": [A, B]}, EITHER),
    "allOf": (
        {"allOf": [A, B]},
        {**EITHER, "required": ["a", "b"]},
    ),
    "beside its own": (
        {"type": "object", "properties": {"c": TEXT}, "required": ["c"], "anyOf": [A, A]},
        {"type": "object", "properties": {"c": TEXT, "a": TEXT}, "required": ["c", "a"]},
    ),
    "three forms of one property": (
        {"oneOf": [A, B, {"properties": {"a": {"type": "null"}}}, A]},
        {
            "type": "object",
            "properties": {"a": {"anyOf": [TEXT, NUMBER, {"type": "null"}]}, "b": NUMBER},
        },
    ),
    "nested": ({"allOf": [{"anyOf": [A, B]}]}, EITHER),
    "referred to": (
        {"oneOf": [{"$ref": "#/$defs/A"}, B], "$defs": {"A": A}},
        {**EITHER, "$defs": {"A": A}},
    ),
    "referred to elsewhere": (
        {"oneOf": [{"$ref": "https://example.com/a"}, {"$ref": "#/$defs/none"}, {"$ref": 7}]},
        {"type": "object", "properties": {}},
    ),
    "nonsense": (
        {"type": "string", "properties": 7, "required": "a", "oneOf": {"a": 1}, "anyOf": [7, None]},
        {"type": "object", "properties": {}},
    ),
    "required that is no text": (
        {"required": ["a", 7]},
        {"type": "object", "properties": {}, "required": ["a"]},
    ),
}


@pytest.mark.parametrize(("schema", "expected"), SCHEMAS.values(), ids=SCHEMAS)
def test_a_schema_is_flattened(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    """Each form a tool's schema is known to have."""
    assert parameters(schema) == expected


def test_a_schema_that_refers_to_itself_comes_to_an_end() -> None:
    """Each definition is looked at once, however often and by whom it is referred to."""
    every = [{"$ref": f"#/$defs/{n}"} for n in range(20)]
    defs = {str(n): {"anyOf": every, "properties": {f"p{n}": TEXT}} for n in range(20)}
    flat = parameters({"allOf": every, "$defs": defs})
    assert flat["properties"] == {f"p{n}": TEXT for n in range(20)}


def test_a_schema_is_not_looked_at_too_deeply() -> None:
    """Nesting that could be read need not be walked to its end."""
    deep: dict[str, Any] = A
    for _ in range(2000):
        deep = {"allOf": [deep]}
    assert parameters(deep) == {"type": "object", "properties": {}}


def test_the_schema_that_was_given_is_left_alone() -> None:
    """The same tool is sent many times."""
    schema = {"oneOf": [A, B], "required": ["c"]}
    before = repr(schema)
    parameters(schema)
    assert repr(schema) == before
