"""What a session of the runtime has been told: one value, replaced whole.

Pure. A session goes on only from exactly what it knows; whatever differs (another model, an undo,
an edit, a summary, an answer that was stopped) makes a new one, which gets everything.
"""

import json
from collections.abc import Sequence
from typing import NamedTuple

from copilot_cli.messages import (
    Message,
    Part,
    ReasoningPart,
    Request,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)


class Fingerprint(NamedTuple):
    """What a session was made with, and cannot change; `tools` are their whole definitions."""

    model: str
    effort: str | None
    system: str
    provider: str
    tools: str
    stream: bool


def fingerprint(request: Request, provider: str) -> Fingerprint:
    """Return the fingerprint of a session for `request`; `provider` says who answers, and whom."""
    return Fingerprint(
        model=request.model,
        effort=request.effort,
        system=system_text(request.messages),
        provider=provider,
        tools=json.dumps(request.tools, sort_keys=True, default=dict),
        stream=request.stream,
    )


def system_text(messages: Sequence[Message]) -> str:
    """Return the texts of the system messages."""
    return "\n\n".join(each.text for each in messages if each.role == "system")


class Binding(NamedTuple):
    """A session by its id; `told` is what it knows, `pending` the calls whose results it awaits."""

    session_id: str
    fingerprint: Fingerprint
    told: tuple[Message, ...] = ()
    pending: frozenset[str] = frozenset()

    def rest(self, made: Fingerprint, messages: Sequence[Message]) -> Sequence[Message] | None:
        """Return those of `messages` that the session is still to be told.

        That is one message of the person, or the results of all pending calls. None where the
        session cannot go on to it.
        """
        plain = comparable(messages)
        known = len(self.told)
        rest = plain[known:]
        if made != self.fingerprint or plain[:known] != self.told or len(rest) != 1:
            return None
        if self.pending:
            return rest if _results(rest[0]).keys() == self.pending else None
        return rest if rest[0].role == "user" else None

    def after(self, request: Request, answer: Sequence[Part]) -> "Binding":
        """Return the binding once the session was told `request` and has said `answer`."""
        told = comparable([*request.messages, Message("assistant", tuple(answer))])
        calls = frozenset(part.id for part in answer if isinstance(part, ToolCallPart))
        return self._replace(told=told, pending=calls)


def comparable(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return `messages` without the system's, without reasoning, and with their text in one part.

    Pieces of text come as the network cuts them, and what a model thought is not told to it again.
    """
    plain = (Message(each.role, _joined(each.parts)) for each in messages if each.role != "system")
    return tuple(each for each in plain if each.parts)


def _joined(parts: Sequence[Part]) -> tuple[Part, ...]:
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, ReasoningPart):
            continue
        last = joined[-1] if joined else None
        if isinstance(part, TextPart) and isinstance(last, TextPart):
            joined[-1] = TextPart(last.text + part.text)
        else:
            joined.append(part)
    return tuple(joined)


def results(rest: Sequence[Message]) -> dict[str, ToolResultPart]:
    """Return the results in `rest` by the ids of their calls."""
    return {name: part for each in rest for name, part in _results(each).items()}


def _results(each: Message) -> dict[str, ToolResultPart]:
    return {part.call_id: part for part in each.parts if isinstance(part, ToolResultPart)}
