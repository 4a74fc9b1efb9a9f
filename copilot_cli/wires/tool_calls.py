"""Tool calls of the chat wire, put together from the pieces in which they are streamed."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from copilot_cli.messages import ToolCall
from copilot_cli.wires.reading import text


class _Call:
    """A call that is not whole yet."""

    __slots__ = ("arguments", "id", "index", "name", "signature")

    def __init__(self, call_id: str, index: int | None) -> None:
        self.id = call_id
        self.index = index
        self.name = ""
        self.arguments: list[str] = []
        self.signature = ""


class ToolCalls:
    """The calls of one answer.

    A different `id` starts a new call even at the same index, and so does a different index with
    the same `id`; a piece without `id` goes to its index, or to the last call if it has none
    (vscode-copilot-chat matches by id, else last).
    """

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._by_id: dict[str, _Call] = {}
        self._by_index: dict[int, _Call] = {}

    @property
    def begun(self) -> bool:
        """Whether any call has begun, whole or not."""
        return bool(self._calls)

    def add(self, piece: Mapping[str, Any], *, whole: bool = False) -> None:
        """Take one piece of `delta.tool_calls`, or a `whole` call of `message.tool_calls`."""
        call_id, index = text(piece.get("id")), piece.get("index")
        index = index if isinstance(index, int) else None
        call = None if whole and not call_id else self._find(call_id, index)
        if call is None:
            call = self._start(call_id, index)
        function = piece.get("function")
        if isinstance(function, dict):
            name, arguments = function.get("name"), function.get("arguments")
            if isinstance(name, str) and name:
                call.name = name
            if isinstance(arguments, str):
                call.arguments.append(arguments)
            call.signature = text(function.get("thought_signature")) or call.signature

    def add_block(self, block: Mapping[str, Any]) -> None:
        """Take a `tool_use` block of Anthropic's form."""
        call = self._start(text(block.get("id")), None)
        call.name = text(block.get("name"))
        # Nesting that was just shallow enough to be read may be too deep to be written.
        with suppress(RecursionError):
            call.arguments.append(json.dumps(block.get("input") or {}))

    def whole(self) -> Iterator[ToolCall]:
        """Yield the calls in the order in which they began; no arguments are `{}`."""
        for number, call in enumerate(self._calls):
            yield ToolCall(call.id or f"call_{number}", call.name, "".join(call.arguments) or "{}")

    def signatures(self) -> list[str]:
        """Return the signature of each call, in their order: Gemini's seal; none if none has one.

        Ids would not do: a service may give none, or the same one twice.
        """
        signatures = [call.signature for call in self._calls]
        return signatures if any(signatures) else []

    def _find(self, call_id: str, index: int | None) -> _Call | None:
        known = self._by_id.get(call_id)
        if known is not None and (index is None or known.index in {None, index}):
            return known
        if index is not None:
            call = self._by_index.get(index)
        else:
            call = self._calls[-1] if self._calls else None
        if call_id and call is not None:
            if call.id:
                return call if call.id == call_id else None
            # The id came later than the first piece.
            call.id = call_id
            self._by_id[call_id] = call
        return call

    def _start(self, call_id: str, index: int | None) -> _Call:
        call = _Call(call_id, index)
        self._calls.append(call)
        if call_id:
            self._by_id[call_id] = call
        if index is not None:
            self._by_index[index] = call
        return call
