"""Classes of values, quickly declared, and numbers that somebody else wrote.

`NamedTuple` is as `typing` has it, made in a sixth of the time: the path of `ask` declares by it.
To mypy it is `typing.NamedTuple`. At run time a class of three fields takes CPython 3.11 610 000
instructions by `typing` (it checks every annotation, and compiles a constructor), 360 000 by
`collections.namedtuple`, 100 000 here, where all classes share one constructor; `ask` imports
seventy such classes. What it does not have: generic classes, and a signature for `inspect`.
"""

from typing import TYPE_CHECKING, Any, Self

__all__ = ["NamedTuple", "number"]

_HUGE = 1e15  # beyond any time, size or count; NaN and infinity fail the comparison too

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from operator import itemgetter

    class _Value(tuple):
        """What every class of values can do."""

        __slots__ = ()
        # `_fields` and `_field_defaults` are each class's own.

        def __new__(cls, *values: Any, **named: Any) -> Self:
            if named or len(values) != len(cls._fields):
                values += cls._others(len(values), named)
            return tuple.__new__(cls, values)

        @classmethod
        def _others(cls, count: int, named: dict[str, Any]) -> tuple[Any, ...]:
            """Return the values behind the first `count`: those by name, else the defaults."""
            fields, defaults = cls._fields[count:], cls._field_defaults
            if count > len(cls._fields) or not named.keys() <= set(fields):
                raise TypeError(f"{cls.__name__} has no place for some of these values")
            try:
                return tuple([named[f] if f in named else defaults[f] for f in fields])
            except KeyError as missing:
                raise TypeError(f"{cls.__name__} needs a value for {missing}") from None

        @classmethod
        def _make(cls, values: Any) -> Self:
            """Return the value of an iterable that has an item for every field."""
            made = tuple.__new__(cls, values)
            if len(made) != len(cls._fields):
                raise TypeError(f"{cls.__name__} has {len(cls._fields)} values, not {len(made)}")
            return made

        def _replace(self, /, **named: Any) -> Self:
            """Return a copy with other values for the fields that are named."""
            made = self._make(map(named.pop, self._fields, self))
            if named:
                raise ValueError(f"Got unexpected field names: {list(named)!r}")
            return made

        __replace__ = _replace

        def _asdict(self) -> dict[str, Any]:
            """Return the values by their fields' names."""
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self) -> str:
            shown = (f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
            return f"{type(self).__name__}({', '.join(shown)})"

        def __getnewargs__(self) -> tuple[Any, ...]:
            return tuple(self)

    class _Declaring(type):
        """Makes a class of values, an ordinary one, of the declaration under `NamedTuple`."""

        def __new__(meta, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            if not bases:
                return super().__new__(meta, name, bases, body)
            if len(bases) > 1:
                raise TypeError(f"{name} has two bases, which a `typing.NamedTuple` can have")
            made = type(name, (_Value,), {"__slots__": (), **body})
            fields = tuple(made.__annotations__)
            made._fields = made.__match_args__ = fields
            made._field_defaults = {field: body[field] for field in fields if field in body}
            for place, field in enumerate(fields):
                setattr(made, field, property(itemgetter(place)))
            return made

    class NamedTuple(metaclass=_Declaring):
        """The base under which a class of values is declared: see `typing.NamedTuple`."""


def number(value: object) -> float | None:
    """Return a finite number, of a size that can be one; None for anything else.

    JSON may hold 10**4000 as well, and `true` or "5" where a number is meant.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -_HUGE < value < _HUGE else None
