"""The messages wire of the simulated Copilot host: its refusals, its events, its oddities."""

import json
from typing import Any

import httpx
import pytest

from tests.simulated import COPILOT, Plain, events

THINKING = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}
USE = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "21 °C"}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "enum": ["Bern"]}, "extra": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


def user(*content: Any) -> dict[str, Any]:
    """A message of the user's with these blocks, or this text."""
    return {"role": "user", "content": content[0] if isinstance(content[0], str) else content}


def said(reply: httpx.Response) -> str:
    """The text of the deltas."""
    return "".join(
        e["delta"].get("text", "") for e in events(reply) if "index" in e and "delta" in e
    )


def answered(asked: Any = "hello", **script: Any) -> httpx.Response:
    """The reply to a stream request whose answer is scripted."""
    plain = Plain()
    plain.sim.answer(**script)
    reply = plain.message(asked, **THINKING)
    assert (reply.status_code, plain.sim.unused()) == (200, [])
    return reply


def kinds(reply: httpx.Response) -> list[str]:
    """The types of the events, each run of one type once."""
    found = [e["type"] for e in events(reply)]
    return [kind for n, kind in enumerate(found) if n == 0 or found[n - 1] != kind]


def test_real_shape() -> None:
    """Every event of an answer with thinking, text and a call, in order."""
    reply = answered(reasoning="well now", text="Grüße an", tool_calls=(("f", '{"a": 1}'),))
    assert reply.headers["content-type"].startswith("text/event-stream")
    block = ["content_block_start", "content_block_delta", "content_block_stop"]
    assert kinds(reply) == [
        "message_start", "ping", *block * 3, "message_delta", "message_stop",
    ]  # fmt: skip
    started = [e["content_block"] for e in events(reply) if e["type"] == "content_block_start"]
    assert started[0] == {"type": "thinking", "thinking": "", "signature": ""}
    assert started[2]["input"] == {}
    deltas = [e["delta"] for e in events(reply) if e["type"] == "content_block_delta"]
    found = list(dict.fromkeys(delta["type"] for delta in deltas))
    assert found == ["thinking_delta", "signature_delta", "text_delta", "input_json_delta"]
    assert "".join(delta.get("partial_json", "") for delta in deltas) == '{"a": 1}'
    assert said(reply) == "Grüße an"
    assert b"event: message_start\ndata: " in reply.content


def test_usage_comes_in_two_parts() -> None:
    """The prompt's tokens come first, the answer's with the reason for its end."""
    reply = events(answered("x" * 40, text="y" * 40))
    assert reply[0]["message"]["usage"]["input_tokens"] == 10
    ended = reply[-2]
    assert (ended["delta"]["stop_reason"], ended["usage"]["output_tokens"]) == ("end_turn", 10)
    assert ended["copilot_usage"]["total_nano_aiu"] > 0


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ({"text": "a", "finish": "length"}, "max_tokens"),
        ({"tool_calls": (("f", "{}"),)}, "tool_use"),
        ({"refusal": "No."}, "refusal"),
        ({"text": "a", "finish": "model_context_window_exceeded"}, "model_context_window_exceeded"),
    ],
)
def test_stop_reasons(script: dict[str, Any], reason: str) -> None:
    """The reasons have Anthropic's names."""
    assert events(answered(**script))[-2]["delta"]["stop_reason"] == reason


def test_without_thinking_there_is_none() -> None:
    """Unasked, the model does not think aloud."""
    plain = Plain()
    assert [b["type"] for b in plain.message(stream=False).json()["content"]] == ["text"]
    thought = plain.message(stream=False, thinking={"type": "adaptive"}).json()["content"]
    assert [block["type"] for block in thought] == ["thinking", "text"]


def test_whole() -> None:
    """Not streamed, an answer is one message with its blocks."""
    plain = Plain()
    plain.sim.answer("a b", tool_calls=(("f", '{"a": 1}'),))
    reply = plain.message(stream=False).json()
    assert (reply["type"], reply["role"], reply["stop_reason"]) == (
        "message", "assistant", "tool_use",
    )  # fmt: skip
    assert reply["content"][1]["input"] == {"a": 1}
    assert reply["usage"]["output_tokens"] == 2


@pytest.mark.parametrize(
    ("quirk", "ending"),
    [
        ("failed", "error"),
        ("error", "error"),
        ("cancelled", "content_block_stop"),
        ("no_finish", "content_block_stop"),
        ("eof", "content_block_delta"),
    ],
)
def test_endings(quirk: str, ending: str) -> None:
    """Each way to end is the end; an error names its type."""
    reply = answered(text="a b c d", quirk=quirk)
    assert kinds(reply)[-1] == ending
    if ending == "error":
        assert events(reply)[-1]["error"]["type"] == "api_error"


@pytest.mark.parametrize(
    ("quirk", "holds"),
    [
        ("done", b"data: [DONE]\n\n"),
        ("no_event_lines", b'\n\ndata: {"type":"ping"'),
        ("crlf", b"\r\n\r\nevent: ping\r\ndata: "),
        ("unknown_events", b"telepathy"),
        ("comments", b"\n\n: keep-alive\n\n"),
    ],
)
def test_framing(quirk: str, holds: bytes) -> None:
    """The quirks of framing work on this wire too, and leave the answer alone."""
    reply = answered(text="a b", quirk=quirk)
    assert holds in reply.content
    assert said(reply) == "a b"


def test_empty_summary() -> None:
    """Thinking may come sealed only."""
    plain = Plain()
    plain.sim.answer("a", reasoning="hm", quirk="empty_summary")
    block = plain.message(stream=False).json()["content"][0]
    assert (block["thinking"], bool(block["signature"])) == ("", True)


def test_the_tool_loop_and_its_seal() -> None:
    """Thinking is echoed with its call and its result; another account's is refused."""
    plain = Plain()
    plain.sim.answer(reasoning="hm", tool_calls=(("f", "{}"),))
    content = plain.message(stream=False, **THINKING).json()["content"]
    result = RESULT | {"tool_use_id": content[1]["id"]}
    turns = [user("weather?"), {"role": "assistant", "content": content}, user(result)]
    plain.sim.answer("fine")
    assert said(plain.message(messages=turns, **THINKING)) == "fine"
    other = plain.bearer(plain.sim.sign_in("hubot"))
    body = {"model": "sim-claude", "messages": turns, "max_tokens": 4096, **THINKING}
    reply = plain.http.post(f"{COPILOT}/v1/messages", json=body, headers=other)
    assert (reply.status_code, "decrypted or verified" in reply.text) == (400, True)


REFUSED = [
    pytest.param({"model": "sim-echo"}, "unsupported_api_for_model", id="chat model"),
    pytest.param({"max_tokens": None}, "max_tokens: Field required", id="no max_tokens"),
    pytest.param({"max_tokens": 0}, "at least 1", id="no room"),
    pytest.param({"max_tokens": 99_999}, "99999 > 16384", id="too much"),
    pytest.param({"messages": []}, "at least one message", id="no message"),
    pytest.param(
        {"messages": [{"role": "system", "content": "x"}]}, 'Unexpected role "system"', id="system"
    ),
    pytest.param({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role", id="tool"),
    pytest.param(
        {"messages": [{"role": "assistant", "content": "x"}]}, "first message", id="first"
    ),
    pytest.param(
        {"messages": [user("x"), {"role": "assistant", "content": "y"}]},
        "must end with a user message", id="prefill",
    ),
    pytest.param({"messages": [user(" ")]}, "must be non-empty", id="blank"),
    pytest.param({"messages": [{"role": "user", "content": []}]}, "non-empty content", id="empty"),
    pytest.param({"messages": [user({"type": "image_url"})]}, "'image_url'", id="chat's image"),
    pytest.param({"messages": [user(RESULT)]}, "unexpected `tool_use_id`", id="result alone"),
    pytest.param(
        {"messages": [user("x"), {"role": "assistant", "content": [USE]}, user("y")]},
        "without `tool_result` blocks immediately after: t1", id="call alone",
    ),
    pytest.param({"n": 1}, "n: Extra inputs are not permitted", id="unknown field"),
    pytest.param({"temperature": 1.5}, "from 0 to 1", id="hot"),
    pytest.param(
        {"temperature": 0.5, **THINKING}, "may only be set to 1 when thinking", id="thinking hot"
    ),
    pytest.param(
        {"thinking": {"type": "enabled", "budget_tokens": 100}}, "equal to 1024", id="budget"
    ),
    pytest.param(
        {"max_tokens": 1024, **THINKING}, "greater than `thinking.budget_tokens`", id="no answer"
    ),
    pytest.param({"model": "sim-any", **THINKING}, "'thinking'", id="no thinker"),
    pytest.param(
        {"output_config": {"effort": "max"}}, "'output_config.effort' does not", id="effort"
    ),
    pytest.param({"tools": [{"name": "f"}]}, "input_schema: Field required", id="tool"),
    pytest.param(
        {"tools": [{"name": "f", "input_schema": {"$schema": "x"}}]}, "$schema", id="$schema"
    ),
    pytest.param(
        {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "web_search",
        id="web search",
    ),
    pytest.param(
        {"messages": [user(*[{"type": "text", "text": "x", "cache_control": {}}] * 5)]},
        "maximum of 4 blocks", id="cache marks",
    ),
    pytest.param({"messages": [user(IMAGE)]}, "Copilot-Vision-Request", id="image"),
    pytest.param(
        {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
        "additionalProperties", id="lax schema",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("body", "text"), REFUSED)
def test_request_is_refused(body: dict[str, Any], text: str) -> None:
    """What cannot be answered is a 400 with JSON labelled as plain text."""
    reply = Plain().message(**body)
    error = reply.json()["error"]
    assert (reply.status_code, text in error["message"] + error["code"]) == (400, True), error
    assert reply.headers["content-type"].startswith("text/plain")


def test_structured_output_is_an_instance() -> None:
    """The answer to a schema is JSON of that form; what may be left out is."""
    config = {"format": {"type": "json_schema", "schema": SCHEMA}}
    assert json.loads(said(Plain().message(output_config=config))) == {"city": "Bern"}


def test_stop_texts_and_the_cap_are_kept() -> None:
    """An answer ends before a stop text, or at the cap, and says which."""
    plain = Plain()
    stopped = plain.message("one. two", stream=False, stop_sequences=["."]).json()
    assert (stopped["stop_reason"], stopped["stop_sequence"]) == ("stop_sequence", ".")
    assert stopped["content"][0]["text"] == "one"
    capped = plain.message("x" * 100, stream=False, max_tokens=5).json()
    assert (capped["stop_reason"], capped["content"][0]["text"]) == ("max_tokens", "x" * 20)


def test_an_image_with_its_header() -> None:
    """An image is taken with the vision header."""
    turns = [user(IMAGE, {"type": "text", "text": "what is it?"})]
    body = {"model": "sim-claude", "max_tokens": 10, "messages": turns, "stream": True}
    assert said(Plain().post("/v1/messages", body, **{"copilot-vision-request": "true"})) == (
        "what is it?"
    )


def test_quota_headers() -> None:
    """A good answer says what is left."""
    assert "rem=80" in Plain().message().headers["x-quota-snapshot-premium_interactions"]
