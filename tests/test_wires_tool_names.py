"""The name of a tool, as services take it back."""

import re

from hypothesis import given
from hypothesis import strategies as st

from copilot_cli.messages import Message, Request, ToolCallPart, ToolResultPart
from copilot_cli.wires.table import WIRES
from copilot_cli.wires.tool_names import tool_name


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
