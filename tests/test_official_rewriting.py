"""The runtime's request with our transcript in it."""

import pytest

from copilot_cli.engines.official.rewriting import headers_of, rewritten, wire_at
from copilot_cli.messages import Request, message
from copilot_cli.wires.table import CHAT, MESSAGES, RESPONSES, WIRES

ASKED = Request("m", [message("system", "S"), message("user", "hello")])
DATED = "<current_datetime>2026-11-20T16:24:45.717+00:00</current_datetime>\n\nhello"


@pytest.mark.parametrize(
    ("path", "theirs"),
    [
        (
            CHAT.path,
            {
                "messages": [{"role": "user", "content": DATED}],
                "reasoning_effort": "medium",
                "temperature": 1,
                "top_p": 0.95,
                "stream_options": {"include_usage": True},
                "tools": [],
            },
        ),
        (
            RESPONSES.path,
            {
                "instructions": "S",
                "input": [{"role": "user", "content": [{"type": "input_text", "text": DATED}]}],
                "reasoning": {"effort": "medium", "summary": "auto"},
                "tools": [],
            },
        ),
        (
            MESSAGES.path,
            {
                "system": [{"type": "text", "text": "S"}],
                "messages": [{"role": "user", "content": DATED}],
                "max_tokens": 64000,
                "thinking": {"type": "enabled", "budget_tokens": 1},
            },
        ),
    ],
    ids=["chat", "responses", "messages"],
)
def test_of_the_conversation_and_the_wishes_nothing_of_the_runtimes_is_left(
    path: str, theirs: dict[str, object]
) -> None:
    """What is sent is what our own wire writes, and what the runtime adds for the service."""
    ours = WIRES[path].encode(ASKED)
    own = {"model": "m", "stream": True, "snippy": {"enabled": False}, "store": False}
    assert rewritten({**own, **theirs}, ours) == {**own, **ours}


def test_the_model_and_the_form_of_the_reply_are_the_runtimes() -> None:
    """It knows the model's name at the service, and reads the reply."""
    body = rewritten({"model": "wire-name", "stream": False}, WIRES[CHAT.path].encode(ASKED))
    assert (body["model"], body["stream"]) == ("wire-name", False)
    assert "stream_options" not in body


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/chat/completions", "chat"),
        ("/responses", "responses"),
        ("/v1/messages", "messages"),
        ("/models", None),
        ("/v1/messages/count_tokens", None),
        ("/models/session", None),
    ],
)
def test_a_request_of_a_model_is_known_by_its_path(path: str, name: str | None) -> None:
    """Everything else is passed on as it is."""
    wire = wire_at(path)
    assert (wire.name if wire else None) == name


def test_headers_are_the_runtimes_but_for_those_of_its_connection() -> None:
    """Its identity and its token stay; lengths and encodings are set by who sends."""
    theirs = {
        "Authorization": "Bearer x",
        "Copilot-Integration-Id": "copilot-sdk",
        "Host": "h",
        "Content-Length": "9",
        "Accept-Encoding": "br",
        "X-Initiator": "user",
    }
    assert headers_of(theirs, ASKED._replace(initiator="agent")) == {
        "Authorization": "Bearer x",
        "Copilot-Integration-Id": "copilot-sdk",
        "X-Initiator": "agent",
    }
