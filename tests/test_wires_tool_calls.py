"""Tool calls put together from their pieces."""

from typing import Any

import pytest

from copilot_cli.messages import ToolCall
from copilot_cli.wires.tool_calls import ToolCalls


def piece(
    arguments: Any = None, *, call: Any = None, index: Any = None, name: Any = None
) -> dict[str, Any]:
    """Return one piece of `delta.tool_calls`."""
    return {"id": call, "index": index, "function": {"name": name, "arguments": arguments}}


CALLS: dict[str, tuple[list[dict[str, Any]], list[tuple[str, str, str]]]] = {
    "by index": (
        [
            piece('{"a"', call="x", index=0, name="f"),
            piece('{"b"', call="y", index=1, name="g"),
            piece(":1}", index=0),
            piece(":2}", index=1),
        ],
        [("x", "f", '{"a":1}'), ("y", "g", '{"b":2}')],
    ),
    "by id, without index": (
        [
            piece('{"a"', call="x", name="f"),
            piece('{"b"', call="y", name="g"),
            piece(":1}", call="x"),
            piece(":2}", call="y"),
        ],
        [("x", "f", '{"a":1}'), ("y", "g", '{"b":2}')],
    ),
    "another id at the same index": (
        [
            piece("{}", call="x", index=0, name="f"),
            piece("{", call="y", index=0, name="g"),
            piece("}", index=0),
        ],
        [("x", "f", "{}"), ("y", "g", "{}")],
    ),
    "the same id at another index": (
        [
            piece('{"a"', call="x", index=0, name="f"),
            piece(":1}", index=0),
            piece('{"b"', call="x", index=1, name="f"),
            piece(":2", call="x", index=1),
            piece("}", index=1),
        ],
        [("x", "f", '{"a":1}'), ("x", "f", '{"b":2}')],
    ),
    "neither id nor index goes to the last": (
        [piece(call="x", index=0, name="f"), piece(call="y", index=1, name="g"), piece("{ }")],
        [("x", "f", "{}"), ("y", "g", "{ }")],
    ),
    "the id comes late": (
        [piece(index=0, name="f"), piece("{ }", call="x", index=0), piece(index=0)],
        [("x", "f", "{ }")],
    ),
    "no id at all": (
        [piece(index=0, name="f"), piece("{ }", index=0), piece(index=1, name="g")],
        [("call_0", "f", "{ }"), ("call_1", "g", "{}")],
    ),
    "name repeated": ([piece(call="x", name="f"), piece("{ }", name="f")], [("x", "f", "{ }")]),
    "empty id and name later": (
        [piece(call="x", index=0, name="f"), piece("{ }", call="", index=0, name="")],
        [("x", "f", "{ }")],
    ),
    "wrong types": (
        [{"id": 7, "index": "0", "function": {"name": 7, "arguments": 7}}, {"function": None}, {}],
        [("call_0", "", "{}")],
    ),
    "nothing": ([], []),
}


@pytest.mark.parametrize(("pieces", "expected"), CALLS.values(), ids=CALLS)
def test_pieces_find_their_call(
    pieces: list[dict[str, Any]], expected: list[tuple[str, str, str]]
) -> None:
    """By id, else by index, else the last; no arguments are an empty object."""
    calls = ToolCalls()
    for given in pieces:
        calls.add(given)
    assert list(calls.whole()) == [ToolCall(*call) for call in expected]


def test_blocks_of_the_other_form_are_whole_calls() -> None:
    """Anthropic's blocks hold their input as an object."""
    calls = ToolCalls()
    calls.add_block({"id": "x", "name": "f", "input": {"a": 1}})
    calls.add_block({"id": 7, "name": None, "input": None})
    assert list(calls.whole()) == [ToolCall("x", "f", '{"a": 1}'), ToolCall("call_1", "", "{}")]


def test_an_input_nested_too_deep_to_be_written_is_empty() -> None:
    """What could just be read may be too deep to write."""
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    calls = ToolCalls()
    calls.add_block({"id": "x", "name": "f", "input": deep})
    assert list(calls.whole()) == [ToolCall("x", "f", "{}")]
