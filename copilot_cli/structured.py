"""`--schema`: an answer that is one JSON value of a given form, checked, and asked for once more.

Where the model lists structured outputs the service is told the form; elsewhere the model is asked
for it in words. Either way the answer is checked here: a service's word for it is no proof.
"""

import json
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot_cli.errors import CopilotChatError, UsageError
from copilot_cli.messages import End, Event, Notice, Schema, Text
from copilot_cli.turn import together

if TYPE_CHECKING:
    from copilot_cli.chat import Chat, Content
    from copilot_cli.messages import ModelInfo

MAX_FILE = 1024 * 1024
"""The most bytes of a schema's file."""

_SHOWN = 160


class Form:
    """The form of an answer: a JSON Schema that has been checked itself."""

    def __init__(self, schema: dict[str, Any]) -> None:
        """Raises `UsageError` where `schema` is none."""
        from jsonschema.exceptions import SchemaError
        from jsonschema.validators import Draft202012Validator, validator_for
        from jsonschema_specifications import REGISTRY

        self._schema = schema
        try:
            kind = validator_for(schema, default=Draft202012Validator)
        except (AttributeError, TypeError, ValueError) as error:  # what it says of an odd one
            raise UsageError("--schema: $schema is no address of a dialect") from error
        try:
            kind.check_schema(schema)
        except SchemaError as error:
            where = "/".join(map(str, error.absolute_path)) or "its root"
            raise UsageError(f"--schema: at {where}: {_short(error.message)}") from error
        # JSON Schema's own documents and no others: no `$ref` is ever fetched from the network.
        self._validator = kind(schema, registry=REGISTRY)
        _look_up_references(schema)

    @classmethod
    def read(cls, given: str) -> "Form":
        """Return the form that `given` is: JSON text, or the path of a file with it.

        Raises `UsageError` for what cannot be read, is no JSON object, or no schema.
        """
        text = given if given.lstrip().startswith("{") else _file(given)
        try:
            schema = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"--schema is not JSON: {_short(str(error))}") from error
        if not isinstance(schema, dict):
            raise UsageError("--schema is no JSON object", hint="a schema looks like {…}")
        return cls(schema)

    def want(self, chat: "Chat", info: "ModelInfo | None") -> None:
        """Have `chat` ask for it: of the service if `info` says that it can, else of the model."""
        if info is not None and info.structured:
            title = self._schema.get("title")
            chat.schema = Schema(_name(title if isinstance(title, str) else ""), self._schema)
        else:
            chat.system = "\n\n".join(filter(None, (chat.system, self._wish())))

    def answers(self, chat: "Chat", text: "Content") -> Generator[Event]:
        """Yield the events of `chat`'s answer to `text`, its text checked and in one piece.

        What does not fit is said, and asked for once more. Raises `CopilotChatError` after the end
        of a second answer that does not fit either.
        """
        said, end = yield from _held(chat.send(text))
        fault = self.fault(said) if end.complete else None
        if fault is not None:
            yield Notice(f"the answer does not fit the schema ({fault}); it is asked for once more")
            first = chat.last
            said, end = yield from _held(chat.send(self._repair(fault), initiator="agent"))
            chat.last = together(first, chat.last)
            fault = self.fault(said) if end.complete else None
        if said:
            yield Text(_bare(said) if end.complete and fault is None else said)
        yield end
        if fault is not None:
            raise CopilotChatError(
                f"the answer does not fit the schema: {fault}",
                hint="try another model, or a simpler schema",
                kind="schema",
            )

    def fault(self, answer: str) -> str | None:
        """Return what is wrong with `answer`, as a clause; None where it is of this form."""
        from jsonschema.exceptions import best_match
        from referencing.exceptions import Unresolvable

        try:
            value = json.loads(_bare(answer), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return "it is no JSON"
        try:
            wrong = best_match(self._validator.iter_errors(value))
        except Unresolvable as error:
            raise UsageError(f"--schema: {_short(str(error))} cannot be found") from error
        except RecursionError:
            return "it is nested too deeply"
        except OverflowError:  # jsonschema divides to see what is a multiple
            return "it holds a number that is too large"
        if wrong is None:
            return None
        place = "".join(f"/{step}" for step in wrong.absolute_path)
        return _short(f"{wrong.message}" + (f", at {place}" if place else ""))

    def _wish(self) -> str:
        return (
            "Answer with one JSON value that is valid against this JSON Schema, and with nothing"
            " else: no words around it, no code fence.\n"
            + json.dumps(self._schema, ensure_ascii=False)
        )

    def _repair(self, fault: str) -> str:
        return f"That is not valid: {fault}. {self._wish()}"


def _look_up_references(schema: dict[str, Any]) -> None:
    """Raise `UsageError` for a `$ref` that leads nowhere, before anything is sent."""
    from jsonschema_specifications import REGISTRY
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    parts = list(_tables(schema))
    if any("$id" in part for part in parts[1:]):
        return  # each part with an address of its own is looked up where it is needed
    resource = DRAFT202012.create_resource(schema)
    resolver = REGISTRY.with_resource("", resource).resolver_with_root(resource)
    for part in parts:
        reference = part.get("$ref")
        if isinstance(reference, str):
            try:
                resolver.lookup(reference)
            except (Unresolvable, ValueError) as error:
                raise UsageError(f"--schema: {_short(reference)} cannot be found") from error


def _tables(value: Any) -> Iterator[dict[str, Any]]:
    waiting = [value]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, dict):
            yield each
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


def _held(events: Generator[Event]) -> Generator[Event, None, tuple[str, End]]:
    """Pass on `events` but for text and end, which are returned."""
    pieces: list[str] = []
    end = End("cut", complete=False)
    with closing(events):
        for event in events:
            match event:
                case Text(text):
                    pieces.append(text)
                case End():
                    end = event
                case _:
                    yield event
    return "".join(pieces), end


def _bare(answer: str) -> str:
    """Return `answer` without the code fence that models like to put around JSON."""
    if not answer.lstrip().startswith(("```", "~~~")):
        return answer
    from copilot_cli.fences import first

    block = first(answer)
    return block.source if block is not None else answer


def _file(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such path"
        raise UsageError(
            f"--schema: {path} cannot be read: {reason}", hint="give a file, or the JSON itself"
        ) from error
    if len(data) > MAX_FILE:
        raise UsageError(f"--schema: {path} is larger than 1 MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"--schema: {path} is not UTF-8") from error


def _name(title: str) -> str:
    """Return a name that every service takes: letters, digits, `_`, at most 64 of them."""
    kept = "".join(char if char.isascii() and char.isalnum() else "_" for char in title)
    return kept.strip("_")[:64] or "answer"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
