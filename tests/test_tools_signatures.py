"""A function's signature and docstring, as what a model is told of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import pytest
from jsonschema.validators import Draft202012Validator

from copilot_cli.errors import UsageError
from copilot_cli.tools.signatures import schema_of, signature_of
from copilot_cli.tools.tool import Tool, tool


class Place(TypedDict):
    """Where."""

    city: str
    country: NotRequired[str]


def forecast(place: Place, days: int = 3, unit: Literal["C", "F"] = "C") -> str:
    """Tell the weather.

    It is made up.

    Args:
        place: Where to look,
            by its name.
        days (int): How many days.

    Returns:
        The weather: all of it.
    """
    return f"{place['city']} {days} {unit}"


def test_a_function_is_told_whole() -> None:
    """Its name, its docstring without the sections, its parameters with theirs."""
    told = signature_of(forecast)
    assert told.name == "forecast"
    assert told.description == "Tell the weather.\n\nIt is made up."
    assert told.parameters == {
        "type": "object",
        "properties": {
            "place": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "country": {"type": "string"}},
                "required": ["city"],
                "additionalProperties": False,
                "description": "Where to look, by its name.",
            },
            "days": {"type": "integer", "description": "How many days.", "default": 3},
            "unit": {"type": "string", "enum": ["C", "F"], "default": "C"},
        },
        "required": ["place"],
        "additionalProperties": False,
    }
    Draft202012Validator.check_schema(told.parameters)


def test_fields_of_a_docstring_are_read_too() -> None:
    """Sphinx's form."""

    def add(a: int, b: int) -> int:
        """Add.

        :param a: The first.
        :param int b: The second.
        :returns: The sum.
        """
        return a + b

    told = signature_of(add)
    assert told.description == "Add."
    descriptions = [each["description"] for each in told.parameters["properties"].values()]
    assert descriptions == ["The first.", "The second."]


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (str, {"type": "string"}),
        (float, {"type": "number"}),
        (Any, {}),
        (list, {"type": "array"}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (Sequence[str], {"type": "array", "items": {"type": "string"}}),
        (set[str], {"type": "array", "items": {"type": "string"}, "uniqueItems": True}),
        (
            tuple[int, str],
            {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
                "minItems": 2,
                "items": False,
            },
        ),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (
            Mapping[str, bool],
            {"type": "object", "additionalProperties": {"type": "boolean"}},
        ),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (Annotated[int, "how many"], {"type": "integer", "description": "how many"}),
        (Literal["a", 1], {"enum": ["a", 1]}),
    ],
    ids=str,
)
def test_types(hint: Any, schema: dict[str, Any]) -> None:
    """What JSON can give."""
    assert schema_of(hint, "x") == schema


def nameless(x, y: int) -> None:  # type: ignore[no-untyped-def]
    """Has a parameter without a type."""


def silent(x: int) -> None: ...


async def later(x: int) -> None:
    """Comes later."""


def of_bytes(x: bytes) -> None:
    """Wants bytes."""


def of_keys(x: dict[int, str]) -> None:
    """Wants numbers for keys."""


def starred(*x: int) -> None:
    """Wants any number."""


def unknown(x: "Nonesuch") -> None:  # type: ignore[name-defined]  # noqa: F821
    """Has a type that is not there."""


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (nameless, "the parameter x of the tool nameless has no type"),
        (silent, "the tool silent has no docstring"),
        (later, "the tool later is asynchronous"),
        (of_bytes, "the parameter x of the tool of_bytes has a type that JSON cannot give: bytes"),
        (of_keys, "has a type that JSON cannot give: dict"),
        (starred, "the parameter x of the tool starred cannot be given by name"),
        (unknown, "the signature of the tool unknown cannot be read: name 'Nonesuch'"),
        (lambda: None, "a tool cannot be called '<lambda>'"),
    ],
)
def test_what_is_no_tool(function: Callable[..., object], said: str) -> None:
    """It is told when the tool is made, not when it is called."""
    with pytest.raises(UsageError) as caught:
        signature_of(function)
    assert said in caught.value.message


def test_the_decorator_leaves_the_function_as_it_was() -> None:
    """For a script of one's own it is still a function."""

    @tool
    def double(x: int) -> int:
        """Double it."""
        return 2 * x

    @tool(name="half", effect="read", seconds=5)
    def halve(x: int) -> float:
        """Halve it."""
        return x / 2

    assert isinstance(double, Tool)
    assert (double(4), halve(x=4)) == (8, 2.0)
    assert (double.name, double.effect, halve.name, halve.effect, halve.seconds) == (
        "double",
        "run",
        "half",
        "read",
        5,
    )
    assert double.spec.description == "Double it."
