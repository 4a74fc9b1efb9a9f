"""One stored conversation as values, and as the rows that SQLite holds.

Rule: pure. What a search should find is a part's text; everything else about it is its data (JSON).
"""

import json
import os
from collections.abc import Iterable
from typing import Any, Literal

from copilot_cli.messages import (
    Cost,
    ImagePart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    Usage,
)
from copilot_cli.values import NamedTuple

State = Literal["complete", "incomplete", "interrupted", "failed", "pending"]

_TITLE = 60  # characters
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: nothing to mistake


class Session(NamedTuple):
    """One conversation; times are seconds since 1970, `head` is the last turn that is shown."""

    id: str
    title: str
    created: float
    updated: float
    host: str | None
    account: str | None
    model: str | None
    engine: str | None
    head: int | None
    turns: int


class Turn(NamedTuple):
    """What one side said, and how it ended; durations are seconds."""

    id: int
    session: str
    parent: int | None
    role: str
    created: float
    model: str | None
    engine: str | None
    state: State
    finish_reason: str | None = None
    request_id: str | None = None
    usage: Usage = Usage()
    cost: Cost | None = None
    seconds_first_token: float | None = None
    seconds_total: float | None = None
    parts: tuple[Part, ...] = ()

    @property
    def text(self) -> str:
        """The turn's text parts, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))


def new_id(now: float) -> str:
    """Return a new session id: 7 digits of the second, so that ids sort, and 9 at random."""
    second = int(now)
    moment = "".join(_DIGITS[second >> shift & 31] for shift in range(30, -1, -5))
    return moment + "".join(_DIGITS[byte & 31] for byte in os.urandom(9))


def title_of(parts: Iterable[Part]) -> str:
    """Return the first line with something on it, cut at 60 characters.

    What was piped in as data comes before the person's words, and titles nothing.
    """
    for part in parts:
        if isinstance(part, TextPart):
            data, end, words_after = part.text.rpartition("</data>")
            asked = words_after if end and "<data " in data else part.text
            if title := title_of_text(asked):
                return title
    return ""


def title_of_text(text: str) -> str:
    """Return the first line of a text with something on it, cut at 60 characters."""
    for line in text.splitlines():
        if words := " ".join(line.split()):
            title = storable(words)
            return title if len(title) <= _TITLE else title[: _TITLE - 1].rstrip() + "…"
    return ""


def row_of(part: Part) -> tuple[str, str, str | None]:
    """Return kind, text and data of a part: what a search finds is the text."""
    match part:
        case TextPart(text):
            return "text", storable(text), None
        case ImagePart(media_type, image, detail):
            return "image", "", json.dumps({"type": media_type, "data": image, "detail": detail})
        case ReasoningPart(text, opaque, wire):
            kept = opaque and json.dumps({"opaque": opaque, "wire": wire})
            return "reasoning", storable(text), kept
        case ToolCallPart(id, name, arguments):
            return "tool_call", storable(arguments), json.dumps({"id": id, "name": name})
        case ToolResultPart(call_id, output, error):
            data = json.dumps({"call_id": call_id, "error": error})
            return "tool_result", storable(output), data


def part_of(kind: str, text: str, data: str | None) -> Part:
    """Return the part of a row."""
    more = json.loads(data) if data else {}
    match kind:
        case "reasoning":
            return ReasoningPart(text, more.get("opaque"), more.get("wire"))
        case "image":
            return ImagePart(more["type"], more["data"], more["detail"])
        case "tool_call":
            return ToolCallPart(more["id"], more["name"], text)
        case "tool_result":
            return ToolResultPart(more["call_id"], text, more["error"])
        case _:
            return TextPart(text)


def turn_of(row: tuple[Any, ...], parts: Iterable[Part]) -> Turn:
    """Return the turn of a row of `turns` and its parts in order."""
    cost = Cost(*row[15:17]) if row[15] is not None else None
    return Turn._make([*row[:10], Usage(*row[10:15]), cost, *row[17:19], joined(parts)])


def joined(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Join neighbouring pieces of text, and of reasoning, as they grew."""
    runs: list[tuple[Part, list[str]]] = []  # each part, with the texts that are its own
    for part in parts:
        match runs[-1:], part:
            case [(TextPart(), texts)], TextPart(text):
                texts.append(text)
            case [(ReasoningPart(_, None), texts)], ReasoningPart(text):
                texts.append(text)
                runs[-1] = (part, texts)
            case _, TextPart(text) | ReasoningPart(text):
                runs.append((part, [text]))
            case _:
                runs.append((part, []))
    return tuple(
        part._replace(text="".join(texts))
        if isinstance(part, TextPart | ReasoningPart) and len(texts) > 1
        else part
        for part, texts in runs
    )


def storable(text: str) -> str:
    """Return a text without lone surrogates, which UTF-8 does not have."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def figure(count: int | None) -> int | None:
    """Return a count that SQLite can hold; what a service says is not always sane."""
    return count if count is not None and abs(count) < 2**63 else None
