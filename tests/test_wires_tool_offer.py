"""The tools of a request, and their names, as services take them."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_cli.messages import (
    Message,
    Request,
    ToolCallPart,
    ToolResultPart,
    ToolSpec,
    message,
)
from copilot_cli.wires.table import WIRES
from copilot_cli.wires.tool_offer import tool_name


@given(st.text(max_size=100))
def test_any_name_becomes_one_that_is_taken(name: str) -> None:
    """One that is taken already stays as it is."""
    made = tool_name(name)
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", made)
    assert made == name or not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name)


def test_no_wire_sends_another() -> None:
    """Each puts the call that failed back into the conversation."""
    call = ToolCallPart("c1", "rm -rf\x1b", "{")
    messages = (Message("assistant", (call,)), Message("tool", (ToolResultPart("c1", "no", True),)))
    for wire in WIRES.values():
        body = str(wire.encode(Request("m", messages)))
        assert "rm_-rf_" in body
        assert "rm -rf" not in body


CALLED = (
    message("user", "?"),
    Message("assistant", (ToolCallPart("c1", "look", "{}"),)),
    Message("tool", (ToolResultPart("c1", "a tree"),)),
)
NONE: dict[str, Any] = {"chat": "none", "responses": "none", "messages": {"type": "none"}}


@pytest.mark.parametrize("name", NONE)
def test_the_last_round_is_told_to_answer(name: str) -> None:
    """The tools stay, since they are in the conversation; calling one is forbidden."""
    (wire,) = (each for each in WIRES.values() if each.name == name)
    request = Request("m", CALLED, tools=(ToolSpec("look", "Looks.", {}),))
    assert "tool_choice" not in wire.encode(request)
    body = wire.encode(request._replace(tool_choice="none"))
    assert body["tool_choice"] == NONE[name]
    assert len(body["tools"]) == 1


@pytest.mark.parametrize("name", ["chat", "messages"])
def test_tools_that_are_gone_are_told_again(name: str) -> None:
    """Where a conversation has calls in it; closed, and only there."""
    (wire,) = (each for each in WIRES.values() if each.name == name)
    body = wire.encode(Request("m", CALLED))
    assert body["tool_choice"] == NONE[name]
    assert "look" in str(body["tools"])
    assert not {"tools", "tool_choice"} & set(wire.encode(Request("m", CALLED[:1])))
