"""The wires by name: a row for each path, and no code before it is wanted."""

import subprocess
import sys

import pytest

from copilot_cli.messages import Request, SealedReasoning, message
from copilot_cli.wires import chat
from copilot_cli.wires.table import CHAT, MESSAGES, RESPONSES, WIRES, Wire

REQUEST = Request("m", [message("user", "Hi")], max_output=9)


def test_wires_are_found_by_their_path() -> None:
    """As a model's `supported_endpoints` names them."""
    assert WIRES == {
        "/chat/completions": CHAT,
        "/responses": RESPONSES,
        "/v1/messages": MESSAGES,
    }
    assert CHAT.path == chat.PATH


CAPS = {
    "chat": (CHAT, False, {"max_completion_tokens": 9}),
    "chat, in its old name": (CHAT, True, {"max_tokens": 9}),
    "responses": (RESPONSES, True, {"max_output_tokens": 9}),
    "messages": (MESSAGES, True, {"max_tokens": 9}),
}


@pytest.mark.parametrize(("wire", "legacy", "field"), CAPS.values(), ids=CAPS)
def test_the_cap_has_the_name_that_the_server_knows(
    wire: Wire, legacy: bool, field: dict[str, int]
) -> None:
    """The old name is asked for by whoever knows the server; elsewhere it changes nothing."""
    body = wire.encode(REQUEST, legacy_cap=legacy)
    assert {name: value for name, value in body.items() if name.startswith("max")} == field
    uncapped = wire.encode(REQUEST._replace(max_output=None), legacy_cap=legacy)
    assert wire is MESSAGES or not any(name.startswith("max") for name in uncapped)


SEALS = {
    "chat": (
        CHAT,
        [{"choices": [{"delta": {"reasoning_opaque": "x"}, "finish_reason": "stop"}]}],
    ),
    "responses": (
        RESPONSES,
        [
            {
                "type": "response.output_item.done",
                "item": {"type": "reasoning", "encrypted_content": "x"},
            }
        ],
    ),
    "messages": (
        MESSAGES,
        [{"content": [{"type": "redacted_thinking", "data": "x"}], "stop_reason": "end_turn"}],
    ),
}


@pytest.mark.parametrize(("wire", "replies"), SEALS.values(), ids=SEALS)
def test_what_a_wire_seals_bears_its_name(wire: Wire, replies: list[dict[str, object]]) -> None:
    """So that it is sent back on no other."""
    reader = wire.decoder(REQUEST)
    events = [event for reply in replies for event in reader.feed(reply)]
    found = [e for e in [*events, *reader.finish()] if isinstance(e, SealedReasoning)]
    assert [event.wire for event in found] == [wire.name]


def test_each_wire_has_a_decoder_of_its_own_for_each_answer() -> None:
    """An answer must not begin with the rest of another."""
    for wire in WIRES.values():
        assert wire.decoder(REQUEST) is not wire.decoder(REQUEST)
        assert not wire.decoder(REQUEST).finished
        assert set(wire.headers) == ({"anthropic-version"} if wire is MESSAGES else set())


@pytest.mark.real
def test_a_question_of_words_loads_its_own_wire_alone() -> None:
    """The others' import would be waited for before every answer."""
    code = (
        "import sys\n"
        "from copilot_cli.messages import Request, message\n"
        "from copilot_cli.wires.table import WIRES\n"
        "from copilot_cli.wires.stream import EventStream\n"
        "request = Request('m', [message('user', 'Hi')], effort='low', stop=('x',))\n"
        "wire = WIRES['/chat/completions']\n"
        "wire.encode(request)\n"
        "reader = wire.decoder(request)\n"
        'EventStream(reader).feed(b\'data: {"choices":[{"delta":{"content":"a"}}],'
        '"usage":{"prompt_tokens":1}}\\n\\n\')\n'
        "reader.finish()\n"
        "print(*sorted(n.rpartition('.')[2] for n in sys.modules if 'copilot_cli.wires.' in n))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["chat", "reading", "sse", "stream", "table", "tool_calls"]
