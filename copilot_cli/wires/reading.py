"""What every wire reads alike: figures, usage, the bill, faults, remarks.

Rule: any field may be missing or of another type; what cannot be read is not known, never a
failure.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from copilot_cli.messages import Cost, Notice, Usage
from copilot_cli.values import number
from copilot_cli.wires.stream import StreamFault


def dicts(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list; none where `value` is something else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def table(value: Any) -> dict[str, Any]:
    """Return `value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    """Return `value` if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def parsed(value: str) -> dict[str, Any]:
    """Return the object that a JSON text holds; an empty one where it holds none."""
    try:
        return table(json.loads(value))
    except (ValueError, RecursionError):
        return {}


def tokens(value: Any) -> int | None:
    """Return a count of tokens; what is less than none is no count."""
    found = number(value)
    return None if found is None or found < 0 else int(found)


def usage(counted: Mapping[str, Any]) -> Usage:
    """Return a `usage` in the form of chat completions, of responses, or of messages.

    Anthropic counts cached input apart from the rest of it; the others do not.
    """
    inputs, outputs = (
        table(counted.get(f"{old}_tokens_details") or counted.get(f"{new}_tokens_details"))
        for old, new in (("prompt", "input"), ("completion", "output"))
    )
    read = tokens(counted.get("cache_read_input_tokens"))
    written = tokens(counted.get("cache_creation_input_tokens"))
    fresh = tokens(counted.get("input_tokens"))
    if fresh is not None:
        fresh += (read or 0) + (written or 0)
    return Usage(
        input_tokens=_first(tokens(counted.get("prompt_tokens")), fresh),
        output_tokens=_first(
            tokens(counted.get("completion_tokens")), tokens(counted.get("output_tokens"))
        ),
        cached_tokens=_first(tokens(inputs.get("cached_tokens")), read),
        cache_write_tokens=_first(tokens(inputs.get("cache_creation_tokens")), written),
        reasoning_tokens=_first(
            tokens(outputs.get("reasoning_tokens")),
            tokens(outputs.get("thinking_tokens")),
            tokens(counted.get("reasoning_tokens")),
        ),
    )


def cost(billed: Any) -> Cost | None:
    """Return the bill of a `copilot_usage`: a credit is 10**9 of its unit."""
    nano = number(table(billed).get("total_nano_aiu"))
    return None if nano is None else Cost(nano / 1e9, "credits")


def fault(error: Any) -> StreamFault:
    """Return the failure that an `error` inside a reply reports."""
    if not isinstance(error, dict):
        return StreamFault("error", text(error) or "no reason given")
    code = error.get("code") or error.get("type")
    known = str(code) if isinstance(code, str | int) else "error"
    return StreamFault(known, text(error.get("message")) or "no reason given")


class Remarks:
    """Copilot's remarks beside one answer: its own errors, and public code that the answer matches.

    They come on the event that they concern (microsoft/vscode-copilot-chat). Each citation is told
    once: it comes with every piece that touches it.
    """

    def __init__(self) -> None:
        self._cited: set[str] = set()

    def read(self, data: Mapping[str, Any]) -> Iterator[Notice]:
        """Yield what `data`, one event, remarks."""
        for error in dicts(data.get("copilot_errors")):
            if said := text(error.get("message")):
                yield Notice(said)
        for item in dicts(table(data.get("copilot_annotations")).get("IPCodeCitations")):
            for citation in dicts(item.get("citations")) or [item]:
                url = citation.get("url")
                if isinstance(url, str) and url not in self._cited:
                    self._cited.add(url)
                    licence = text(citation.get("license")) or "licence unknown"
                    yield Notice(f"matches public code ({licence}): {url}")


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)
