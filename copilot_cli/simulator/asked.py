"""What a request asks for, whichever wire it came by, and what all wires refuse alike."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from copilot_cli.simulator.instances import strict_fault
from copilot_cli.simulator.models import Model

Body = Mapping[str, Any]

INVALID: Final = "invalid_request_body"
UNSUPPORTED: Final = "unsupported_parameter"
_MAX_TOOLS: Final = 128


class Refused(Exception):  # noqa: N818  a reply on its way out, not a fault of the program
    """A request that is answered with an error; each service writes it in its own form."""

    def __init__(
        self, code: str, message: str, status: int = 400, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.param = param


class Asked(NamedTuple):
    """What an answer depends on.

    `text` is what the person said last, `result` what a tool gave back if that came last. `cap` is
    in tokens. `schema` is the form that structured output was asked in; `any_json` that some JSON
    was. `echoed` are the (id, blob) of sealed reasoning that came back.
    """

    text: str
    result: str | None
    tokens: int
    stream: bool
    cap: int | None = None
    stop: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    any_json: bool = False
    images: bool = False
    echoed: tuple[tuple[str | None, str | None], ...] = ()
    thinking: bool = False
    summary: bool = False
    sealed: bool = False
    usage: bool = True


class Option(NamedTuple):
    """One option of a wire: what it is called in the catalogue, and where it stands in a body."""

    name: str
    path: tuple[str, ...]

    @property
    def param(self) -> str:
        """The name that a refusal gives it."""
        return ".".join(self.path)

    def of(self, body: Body) -> Any:
        """Its value; None where it is not given."""
        found: Any = body
        for step in self.path:
            found = found.get(step) if isinstance(found, Mapping) else None
        return found


def decoded(raw: bytes) -> dict[str, Any]:
    """The body as an object; Refused if it is none."""
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(INVALID, "failed to parse request")
    return body


def check_options(model: Model, body: Body, options: Iterable[Option]) -> None:
    """Refuse the options that this model does not take, each by its name on this wire."""
    for option in options:
        value = option.of(body)
        if value is None:
            continue
        fault = _fault(model, option, value)
        if fault is not None:
            message = f"Unsupported parameter: '{option.param}' {fault}"
            raise Refused(UNSUPPORTED, message, param=option.param)


def _fault(model: Model, option: Option, value: Any) -> str | None:
    if option.name in model.refuses:
        instead = ": use 'max_completion_tokens' instead" if option.param == "max_tokens" else ""
        return f"is not supported with this model{instead}."
    if option.name == "effort" and value not in model.efforts:
        levels = ", ".join(f"'{level}'" for level in model.efforts)
        known = f" supported values are {levels}." if levels else ""
        return f"does not support {value!r} with this model.{known}"
    if option.name == "format" and not model.structured and _is_schema(value):
        return "of type 'json_schema' is not supported with this model."
    if option.name == "thinking" and not model.thinks:
        return "is not supported with this model."
    return None


def _is_schema(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("type") == "json_schema"


def known_only(body: Body, names: frozenset[str], refuse: Callable[[str], Refused]) -> None:
    """Refuse a top-level field that the wire does not have."""
    for name in body:
        if name not in names:
            raise refuse(name)


def integer(body: Body, name: str, least: int = 1) -> int | None:
    """A whole number of the body; None where it is not given."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise Refused(INVALID, f"{name} must be an integer of at least {least}", param=name)
    return value


def check_range(body: Body, name: str, highest: float) -> None:
    """Refuse a number that is out of its range, from 0 to `highest`."""
    value = body.get(name)
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= highest:
        raise Refused(INVALID, f"{name} must be a number from 0 to {highest:g}", param=name)


def texts(body: Body, name: str, most: int) -> tuple[str, ...]:
    """The stop texts of a body: one, or a list of at most `most` that are not empty."""
    value = body.get(name) or ()
    found = (value,) if isinstance(value, str) else value
    sound = isinstance(found, (list, tuple)) and all(isinstance(x, str) and x for x in found)
    if not sound or len(found) > most:
        raise Refused(INVALID, f"{name} must be at most {most} texts", param=name)
    return tuple(found)


def schema_of(given: Any, where: str, *, named: bool = True) -> Mapping[str, Any] | None:
    """The schema of a structured-output block; None where none is asked for.

    `given` holds `schema`, `name` where the wire has one, and `strict`.
    """
    if given is None:
        return None
    schema = given.get("schema") if isinstance(given, Mapping) else None
    if not isinstance(schema, Mapping):
        raise Refused(INVALID, f"Missing required parameter: '{where}.schema'.", param=where)
    if not named:
        _check_strict(schema, where, whole=False)
        return schema
    name = str(given.get("name") or "")
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name):
        message = f"Invalid '{where}.name': a name of letters, digits, _ and - is needed."
        raise Refused(INVALID, message, param=f"{where}.name")
    if given.get("strict"):
        _check_strict(schema, where)
    return schema


def _check_strict(schema: Mapping[str, Any], where: str, *, whole: bool = True) -> None:
    fault = strict_fault(schema, whole=whole)
    if fault is not None:
        raise Refused(INVALID, f"Invalid schema for {where}: {fault}", param=where)


def check_tools(tools: Any, name_of: Callable[[Mapping[str, Any]], Any]) -> None:
    """Refuse too many tools, and names that are none."""
    if tools is None:
        return
    if not isinstance(tools, list) or not all(isinstance(tool, Mapping) for tool in tools):
        raise Refused(INVALID, "tools must be a list of objects", param="tools")
    if len(tools) > _MAX_TOOLS:
        raise Refused(INVALID, f"at most {_MAX_TOOLS} tools", param="tools")
    for tool in tools:
        name = str(name_of(tool) or "")
        if not re.fullmatch(r"[a-zA-Z0-9_-]+", name):
            raise Refused(INVALID, f"invalid tool name {name!r}", param="tools")


def prompt_tokens(said: Sequence[str], model: Model) -> int:
    """Tokens of the prompt by the simulator's own rule: a quarter of the characters."""
    tokens = sum(map(len, said)) // 4
    limit = model.max_prompt
    if limit is not None and tokens > limit:
        raise Refused(
            "model_max_prompt_tokens_exceeded",
            f"prompt token count of {tokens} exceeds the limit of {limit}",
        )
    return tokens


def joined(content: Any, *kinds: str) -> str:
    """The text of a message's content: a text, or the texts of its parts of these kinds."""
    if isinstance(content, str):
        return content
    return "".join(str(p.get("text", "")) for p in objects(content) if p.get("type") in kinds)


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; nothing where it is no list."""
    return [it for it in value if isinstance(it, Mapping)] if isinstance(value, list) else []
