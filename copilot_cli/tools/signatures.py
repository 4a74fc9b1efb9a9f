"""A function's typed signature and docstring, as the JSON Schema of its arguments.

What cannot be said in JSON is refused with the parameter's name, when the tool is made and not when
it is called.
"""

import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, Required, Union

from copilot_cli.errors import UsageError
from copilot_cli.patterns import pattern
from copilot_cli.tools.running import Running

_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    None: {"type": "null"},
    Any: {},
    object: {},
    list: {"type": "array"},
    dict: {"type": "object"},
}
_ARRAYS = (list, tuple, set, frozenset, Sequence, AbstractSet)
_OBJECTS = (dict, Mapping)
_NAME = pattern(r"[a-zA-Z0-9_-]{1,64}")
_SECTION = pattern(r"\s*(Args|Arguments|Parameters)\s*:\s*", re.IGNORECASE)
_END = pattern(r"\s*(Returns?|Raises|Yields|Examples?|Notes?)\s*:\s*", re.IGNORECASE)
_FIELD = pattern(r"\s*(?::param\s+(?:\w+\s+)?)?(\w+)(?:\s*\([^)]*\))?\s*:\s*(.*)")


class Signature(NamedTuple):
    """What a model is told of a function: its name, what it does, the schema of its arguments.

    `running` names the parameter that is not the model's: it takes a `Running`.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    running: str | None = None


def signature_of(function: Callable[..., object], name: str | None = None) -> Signature:
    """Return what a model is told of `function`; `name` replaces its own.

    Raises `UsageError` where it has no docstring, or a parameter that JSON cannot give.
    """
    name = str(name or getattr(function, "__name__", ""))
    if not _NAME.fullmatch(name):
        raise UsageError(f"a tool cannot be called {name!r}", hint="letters, digits, _ and -")
    if inspect.iscoroutinefunction(function):
        raise UsageError(f"the tool {name} is asynchronous", hint="give a plain function")
    doc = inspect.getdoc(function)
    if not doc:
        raise UsageError(
            f"the tool {name} has no docstring", hint="say in it what the tool does, for the model"
        )
    description, told = _docstring(doc)
    try:
        parameters = inspect.signature(function).parameters
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError, ValueError) as error:
        raise UsageError(f"the signature of the tool {name} cannot be read: {error}") from error
    running = next((each for each in parameters if hints.get(each) is Running), None)
    asked = [each for each in parameters.values() if each.name != running]
    properties = {
        each.name: _property(each, hints, told, f"the parameter {each.name} of the tool {name}")
        for each in asked
    }
    required = [each.name for each in asked if each.default is each.empty]
    return Signature(name, description, _object(properties, required), running)


def _property(
    parameter: inspect.Parameter, hints: Mapping[str, Any], told: Mapping[str, str], where: str
) -> dict[str, Any]:
    """Return the schema of one parameter; `told` is what the docstring says of each."""
    if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
        raise UsageError(f"{where} cannot be given by name")
    if parameter.name not in hints:
        raise UsageError(f"{where} has no type", hint="annotate it")
    schema = schema_of(hints[parameter.name], where)
    if parameter.name in told and "description" not in schema:
        schema = {**schema, "description": told[parameter.name]}
    if parameter.default is not parameter.empty and _is_json(parameter.default):
        schema = {**schema, "default": parameter.default}
    return schema


def schema_of(hint: Any, where: str) -> dict[str, Any]:
    """Return the JSON Schema of a type; `where` names it in a `UsageError`."""
    if _hashable(hint) and hint in _PLAIN:
        return dict(_PLAIN[hint])
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {Annotated, Required, NotRequired}:
        texts = [text for text in arguments[1:] if isinstance(text, str)]
        return {**schema_of(arguments[0], where), **({"description": texts[0]} if texts else {})}
    if origin is Literal:
        return _enumerated(arguments, where)
    if origin in {Union, types.UnionType}:
        return {"anyOf": [schema_of(each, where) for each in arguments]}
    if origin in _ARRAYS or (origin in _OBJECTS and arguments[0] is str):
        return _collection(origin, arguments, where)
    return _record(hint, where)


def _record(hint: Any, where: str) -> dict[str, Any]:
    if typing.is_typeddict(hint):
        fields = typing.get_type_hints(hint, include_extras=True)
        properties = {name: schema_of(each, where) for name, each in fields.items()}
        return _object(properties, sorted(hint.__required_keys__))
    raise UsageError(
        f"{where} has a type that JSON cannot give: {_named(hint)}",
        hint="use str, int, float, bool, list, dict, Literal, TypedDict, or a union of them",
    )


def _collection(origin: Any, arguments: tuple[Any, ...], where: str) -> dict[str, Any]:
    if origin in _OBJECTS:
        return {"type": "object", "additionalProperties": schema_of(arguments[1], where)}
    if origin is tuple and not (len(arguments) == 2 and arguments[1] is ...):
        items = [schema_of(each, where) for each in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "items": False}
    unique = {"uniqueItems": True} if issubclass(origin, AbstractSet) else {}
    return {"type": "array", "items": schema_of(arguments[0], where), **unique}


def _enumerated(values: tuple[Any, ...], where: str) -> dict[str, Any]:
    if not all(isinstance(value, str | int | bool | None) for value in values):
        raise UsageError(f"{where} has a Literal that JSON cannot give")
    kinds = {type(value) for value in values}
    kind = _PLAIN.get(kinds.pop(), {}) if len(kinds) == 1 else {}
    return {**kind, "enum": list(values)}


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _docstring(doc: str) -> tuple[str, dict[str, str]]:
    """Return what a docstring says of the function, and of each parameter."""
    said: list[str] = []
    told: dict[str, str] = {}
    section, current = "", ""
    for line in doc.splitlines():
        if _SECTION.fullmatch(line):
            section = "fields"
        elif _END.fullmatch(line):
            section = "other"
        elif line and not line[0].isspace() and not line.startswith(":"):
            section = ""
            said.append(line)
        elif section == "fields" or line.startswith(":param"):
            current = _field(line, current, told)
        elif not section and not line.startswith(":"):
            said.append(line)
    return "\n".join(said).strip(), told


def _field(line: str, current: str, told: dict[str, str]) -> str:
    """Note what `line` says of a parameter, the `current` one where it goes on; return which."""
    found = _FIELD.fullmatch(line)
    if found is not None:
        told[found[1]] = found[2].strip()
        return found[1]
    if current and line.strip():
        told[current] += " " + line.strip()
    return current


def _hashable(hint: Any) -> bool:
    try:
        hash(hint)
    except TypeError:
        return False
    return True


def _is_json(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _named(hint: Any) -> str:
    return getattr(hint, "__name__", None) or str(hint)
