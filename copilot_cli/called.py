"""The parts of an answer as what was said and what was called, in their order."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from copilot_cli.messages import ImagePart, Part, TextPart, ToolCallPart, ToolResultPart


class Called(NamedTuple):
    """One call of a tool with what it gave: None where nothing came of it."""

    id: str
    name: str
    arguments: str
    output: str | None
    error: bool


def calls(parts: Iterable[Part]) -> list[Called]:
    """Return the calls of one answer."""
    return [each for each in pieces(parts) if isinstance(each, Called)]


def pieces(parts: Iterable[Part]) -> Iterator[str | Called]:
    """Yield the texts of a turn, and between them the calls with what they gave.

    An image is a line of text that says so.
    """
    parts = tuple(parts)
    results = {part.call_id: part for part in parts if isinstance(part, ToolResultPart)}
    for part in parts:
        if isinstance(part, TextPart):
            yield part.text
        elif isinstance(part, ImagePart):
            yield f"[image: {part.media_type}, {byte_count(part):,} bytes]\n\n"
        elif isinstance(part, ToolCallPart):
            result = results.get(part.id)
            output, error = (result.output, result.error) if result else (None, False)
            yield Called(part.id, part.name, part.arguments, output, error)


def byte_count(image: ImagePart) -> int:
    """Return how many bytes an image has; base64 writes three of them as four characters."""
    return len(image.data) // 4 * 3 - image.data[-2:].count("=")
