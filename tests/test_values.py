"""`values.NamedTuple` does what `typing.NamedTuple` does, for the same declarations."""

import pickle
import types
import typing
from collections.abc import Callable
from typing import Any

import pytest

from copilot_cli import values


class Typed(typing.NamedTuple):
    """A place."""

    name: str
    height: "int | None" = None
    tags: tuple[str, ...] = ()

    @property
    def loud(self) -> str:
        """The name in capitals."""
        return self.name.upper()

    @classmethod
    def named(cls, name: str) -> "Typed":
        """Return a place without a height."""
        return cls(name)


class Ours(values.NamedTuple):
    """A place."""

    name: str
    height: "int | None" = None
    tags: tuple[str, ...] = ()

    @property
    def loud(self) -> str:
        """The name in capitals."""
        return self.name.upper()

    @classmethod
    def named(cls, name: str) -> "Ours":
        """Return a place without a height."""
        return cls(name)


class Shouted(Ours):
    """A class of values under another, as one under `typing`'s."""

    def __repr__(self) -> str:
        return self.loud


def height(place: Any) -> object:
    """Return what a pattern by place finds; the fields by name where it is of neither class."""
    match place:
        case Ours(_, found) | Typed(_, found):
            return found
        case _:
            return None


ALIKE: dict[str, Callable[[Any], object]] = {
    "by place": lambda made: made("K2", 8611, ("high",)),
    "by name": lambda made: made(tags=("high",), height=8611, name="K2"),
    "by both": lambda made: made("K2", tags=("high",)),
    "defaults": lambda made: made("K2"),
    "fields": lambda made: [made("K2", 1).name, made("K2", 1).height, made("K2", 1).tags],
    "hash": lambda made: hash(made("K2", 1)),
    "equal to a tuple": lambda made: made("K2", 1) == ("K2", 1, ()),
    "taken apart": lambda made: [*made("K2", 1)],
    "copy with others": lambda made: made("K2")._replace(height=2, tags=("low",)),
    "as a dict": lambda made: list(made("K2", 1)._asdict().items()),
    "of an iterable": lambda made: made._make(iter(["K2", 1, ()])),
    "own members": lambda made: (made("K2").loud, made.named("K2")),
    "pattern by place": lambda made: height(made("K2", 3)),
    "length": lambda made: len(made("K2")),
    "names": lambda made: (made._fields, made._field_defaults, made.__match_args__),
    "docstring": lambda made: made.__doc__,
    "hints": typing.get_type_hints,
    "places": lambda made: (made.__module__, type(made), made.__mro__[-2:], made.__slots__),
    "small": lambda made: made("K2").__sizeof__(),
}

REFUSED: dict[str, tuple[type[Exception], Callable[[Any], object]]] = {
    "too few": (TypeError, lambda made: made()),
    "too many": (TypeError, lambda made: made("K2", 1, (), 2)),
    "unknown name": (TypeError, lambda made: made("K2", depth=1)),
    "a field twice": (TypeError, lambda made: made("K2", name="K1")),
    "too short an iterable": (TypeError, lambda made: made._make(["K2"])),
    "another value": (AttributeError, lambda made: setattr(made("K2"), "name", "K1")),
    "a new attribute": (AttributeError, lambda made: setattr(made("K2"), "depth", 1)),
    "an item": (TypeError, lambda made: made("K2").__setitem__(0, "K1")),
}


@pytest.mark.parametrize("ask", ALIKE.values(), ids=ALIKE)
def test_it_does_what_typing_does(ask: Callable[[Any], object]) -> None:
    """The same declaration gives the same values, in every way that a value is used."""
    assert ask(Ours) == ask(Typed)


@pytest.mark.parametrize(("error", "ask"), REFUSED.values(), ids=REFUSED)
def test_it_refuses_what_typing_refuses(error: type[Exception], ask: Callable[[Any], Any]) -> None:
    """What one does not take, the other does not take either, with the same kind of error."""
    for made in (Ours, Typed):
        with pytest.raises((error, AttributeError)):
            ask(made)


def test_a_wrong_name_in_a_copy_is_refused() -> None:
    """A copy with a field that is not there names it, as that of `typing` does."""
    with pytest.raises(ValueError, match="depth"):
        Ours("K2")._replace(depth=1)  # type: ignore[call-arg]


def test_it_reads_like_its_declaration() -> None:
    """A value shows its class and every field, like one of `typing`."""
    shown = repr(Ours("K2", 1))
    assert shown == repr(Typed("K2", 1)).replace("Typed", "Ours")
    assert shown == "Ours(name='K2', height=1, tags=())"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_can_be_pickled(protocol: int) -> None:
    """A value comes back from a pickle with its class."""
    back = pickle.loads(pickle.dumps(Ours("K2", 1), protocol))
    assert (back, type(back)) == (Ours("K2", 1), Ours)


def test_a_class_below_keeps_the_fields() -> None:
    """A class of values can be derived from, with its fields and constructor."""
    assert Shouted("K2", height=1) == ("K2", 1, ())
    assert repr(Shouted("K2")) == "K2"


def test_a_class_without_fields_is_an_empty_tuple() -> None:
    """A declaration without fields has the one value that it can have."""

    class Nothing(values.NamedTuple):
        """Nothing."""

    assert Nothing() == ()
    assert repr(Nothing()) == "Nothing()"


def test_a_generic_one_is_refused() -> None:
    """A second base would be lost, so it is refused where it is declared."""
    with pytest.raises(TypeError, match="two bases"):
        types.new_class("Both", (values.NamedTuple, dict))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5.0),
        (-0.5, -0.5),
        (0, 0.0),
        (True, None),
        ("5", None),
        (None, None),
        ([5], None),
        (float("nan"), None),
        (float("-inf"), None),
        (10**4000, None),
    ],
)
def test_a_number_that_somebody_else_wrote(value: object, expected: float | None) -> None:
    """What cannot be one is not known, and never a failure."""
    assert values.number(value) == expected
