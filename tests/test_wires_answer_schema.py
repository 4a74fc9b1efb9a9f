"""The form of an answer, as services take it: closed, and strict where the rules are kept."""

from typing import Any

import pytest

from copilot_cli.messages import Schema
from copilot_cli.wires.answer_schema import closed, openai_format

TEXT = {"type": "string"}
OPEN = {"type": "object", "properties": {"a": TEXT}, "required": ["a"]}
CLOSED = {**OPEN, "additionalProperties": False}

CLOSING: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an object": (OPEN, CLOSED),
    "a dialect": ({"$schema": "x", **OPEN}, CLOSED),
    "one that says it is open": (
        {**OPEN, "additionalProperties": True},
        {**OPEN, "additionalProperties": True},
    ),
    "one of any properties": ({"type": "object"}, {"type": "object"}),
    "one inside": (
        {"type": "object", "properties": {"b": OPEN}},
        {"type": "object", "properties": {"b": CLOSED}, "additionalProperties": False},
    ),
    "in a list": ({"type": "array", "items": OPEN}, {"type": "array", "items": CLOSED}),
    "in a map": ({"additionalProperties": OPEN}, {"additionalProperties": CLOSED}),
    "alternatives": ({"anyOf": [OPEN, TEXT]}, {"anyOf": [CLOSED, TEXT]}),
    "definitions": ({"$defs": {"x": OPEN}}, {"$defs": {"x": CLOSED}}),
    "put together": ({"allOf": [OPEN]}, {"allOf": [OPEN]}),
    "a property with the name of a keyword": (
        {"properties": {"properties": TEXT}},
        {"properties": {"properties": TEXT}, "additionalProperties": False},
    ),
    "nonsense": ({"properties": 7, "items": True}, {"properties": 7, "items": True}),
}


@pytest.mark.parametrize(("schema", "expected"), CLOSING.values(), ids=CLOSING)
def test_objects_that_name_their_properties_are_closed(
    schema: dict[str, Any], expected: dict[str, Any]
) -> None:
    """What fits the closed form fits the one that was asked for."""
    before = repr(schema)
    assert closed(schema) == expected
    assert repr(schema) == before


STRICT: dict[str, tuple[dict[str, Any], bool]] = {
    "closed by hand": (CLOSED, True),
    "closed by us": (OPEN, True),
    "an optional property": ({"type": "object", "properties": {"a": TEXT}}, False),
    "open on purpose": ({**OPEN, "additionalProperties": True}, False),
    "any object": ({"type": "object"}, False),
    "an object that may be null": (
        {
            "type": "object",
            "properties": {"a": {"type": ["object", "null"]}},
            "required": ["a"],
        },
        False,
    ),
    "a list": ({"type": "array", "items": TEXT}, False),
    "alternatives at the top": ({**OPEN, "anyOf": [CLOSED]}, False),
    "alternatives below": (
        {"type": "object", "properties": {"a": {"anyOf": [OPEN, TEXT]}}, "required": ["a"]},
        True,
    ),
    "oneOf below": (
        {"type": "object", "properties": {"a": {"oneOf": [OPEN, TEXT]}}, "required": ["a"]},
        False,
    ),
    "allOf below": (
        {"type": "object", "properties": {"a": {"allOf": [CLOSED]}}, "required": ["a"]},
        False,
    ),
    "an optional property below": (
        {
            "type": "object",
            "properties": {"a": {"type": "array", "items": {"properties": {"b": TEXT}}}},
            "required": ["a"],
        },
        False,
    ),
    "required that is no list": ({**OPEN, "required": True}, False),
}


@pytest.mark.parametrize(("schema", "strict"), STRICT.values(), ids=STRICT)
def test_the_form_is_strict_where_the_rules_are_kept(schema: dict[str, Any], strict: bool) -> None:
    """A strict form that does not keep them has the whole request refused."""
    form = openai_format(Schema("answer", {"$schema": "x", **schema}))
    assert form["strict"] is strict
    assert form["schema"] == (closed(schema) if strict else schema)
    assert form["name"] == "answer"


def test_a_schema_too_deep_to_close_is_left_as_it_is() -> None:
    """Nesting that could be read need not be walked."""
    deep: dict[str, Any] = {}
    for _ in range(2000):
        deep = {"items": deep}
    assert closed({"$schema": "x", "items": deep})["items"] is deep
    form: dict[str, Any] = {"type": "object", "properties": {"a": deep}, "required": ["a"]}
    form["additionalProperties"] = False
    assert openai_format(Schema("answer", form)) == {
        "name": "answer",
        "schema": form,
        "strict": False,
    }
