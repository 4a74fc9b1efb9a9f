"""The responses wire of the simulated Copilot host: its refusals, its events, its oddities."""

import json
from typing import Any

import httpx
import pytest

from tests.simulated import COPILOT, Plain, events

SEALED = {"include": ["reasoning.encrypted_content"], "reasoning": {"summary": "auto"}}
CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "auto"}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "n": {"type": "integer", "minimum": 3}},
    "required": ["city", "n"],
    "additionalProperties": False,
}


def form(**more: Any) -> dict[str, Any]:
    """The `text` block that asks for structured output."""
    return {"format": {"type": "json_schema", "name": "place", "schema": SCHEMA, **more}}


def said(reply: httpx.Response) -> str:
    """The text of the deltas."""
    return "".join(e["delta"] for e in events(reply) if e["type"] == "response.output_text.delta")


def answered(asked: Any = "hello", **script: Any) -> httpx.Response:
    """The reply to a stream request whose answer is scripted."""
    plain = Plain()
    plain.sim.answer(**script)
    reply = plain.respond(asked, **SEALED)
    assert (reply.status_code, plain.sim.unused()) == (200, [])
    return reply


def kinds(reply: httpx.Response) -> list[str]:
    """The types of the events, each run of one type once."""
    found = [e["type"].removeprefix("response.") for e in events(reply)]
    return [kind for n, kind in enumerate(found) if n == 0 or found[n - 1] != kind]


def test_real_shape() -> None:
    """Every event of an answer with reasoning, text and a call, in order and numbered."""
    reply = answered(reasoning="well now", text="Grüße an", tool_calls=(("f", '{"a": 1}'),))
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert kinds(reply) == [
        "created", "in_progress",
        "output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta",
        "reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done",
        "output_item.added", "content_part.added", "output_text.delta", "output_text.done",
        "content_part.done", "output_item.done",
        "output_item.added", "function_call_arguments.delta", "function_call_arguments.done",
        "output_item.done", "completed",
    ]  # fmt: skip
    assert [e["sequence_number"] for e in events(reply)] == list(range(len(events(reply))))
    assert said(reply) == "Grüße an"
    names = [line[7:] for line in reply.content.split(b"\n") if line.startswith(b"event: ")]
    assert names == [e["type"].encode() for e in events(reply)]
    assert b"[DONE]" not in reply.content


def test_the_last_event_brings_everything_once_more() -> None:
    """The whole output and the usage come with the terminal event, and the bill beside them."""
    last = events(answered(reasoning="well", text="a b", tool_calls=(("f", "{}"),)))[-1]
    response = last["response"]
    assert [item["type"] for item in response["output"]] == [
        "reasoning",
        "message",
        "function_call",
    ]
    assert response["usage"]["output_tokens_details"] == {"reasoning_tokens": 1}
    assert response["status"] == "completed"
    assert last["copilot_usage"]["total_nano_aiu"] >= 0


def test_item_ids_change_with_every_event_and_call_ids_do_not() -> None:
    """No two events of an item share its id; `same_ids` lets them, as OpenAI does."""
    script: dict[str, Any] = {"text": "a b c", "tool_calls": (("f", '{"a": 1}'),)}
    found = [e.get("item_id") or e.get("item", {}).get("id") for e in events(answered(**script))]
    ids = [name for name in found if name]
    assert len(set(ids)) == len(ids) > 8
    assert min(map(len, ids)) > 60
    done = [e["item"] for e in events(answered(**script)) if e["type"].endswith("item.done")]
    last = events(answered(quirk="same_ids", **script))
    same = {e["item_id"] for e in last if e.get("output_index") == 0 and "item_id" in e}
    assert len(same) == 1
    assert done[-1]["call_id"].startswith("call_")


def test_a_call_keeps_its_call_id() -> None:
    """The call's own id is the same where it is added, done, and in the whole output."""
    reply = events(answered(tool_calls=(("f", "{}"),)))
    ids = {e["item"]["call_id"] for e in reply if "item" in e}
    assert ids == {item["call_id"] for item in reply[-1]["response"]["output"]}


def test_echo_and_instructions() -> None:
    """The last user item comes back, from text or parts."""
    parts = [{"type": "input_text", "text": "a "}, {"type": "input_text", "text": "b"}]
    turns = [
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": [{"type": "output_text", "text": "first"}]},
        {"role": "user", "content": parts},
    ]
    assert said(Plain().respond(turns, instructions="be brief")) == "a b"


@pytest.mark.parametrize(
    ("quirk", "ending"),
    [
        ("failed", "failed"),
        ("cancelled", "cancelled"),
        ("no_finish", "output_item.done"),
        ("eof", "output_text.delta"),
        ("error", "error"),
        ("nested_error", "error"),
    ],
)
def test_endings(quirk: str, ending: str) -> None:
    """Each way to end is the end."""
    assert kinds(answered(text="a b c d", quirk=quirk))[-1] == ending


def test_errors_are_flat_or_nested() -> None:
    """OpenAI's error is flat, Copilot's other one holds an object."""
    flat, nested = (
        events(answered(text="a b", quirk=quirk))[-1] for quirk in ("error", "nested_error")
    )
    assert (flat["code"], "error" in flat) == ("server_error", False)
    assert (nested["error"]["code"], "code" in nested) == ("server_error", False)


@pytest.mark.parametrize(
    ("finish", "reason"),
    [("length", "max_output_tokens"), ("content_filter", "content_filter")],
)
def test_incomplete(finish: str, reason: str) -> None:
    """An answer that was cut short says why."""
    last = events(answered(text="a", finish=finish))[-1]
    assert last["type"] == "response.incomplete"
    assert last["response"]["incomplete_details"] == {"reason": reason}


def test_failed_names_its_error() -> None:
    """A failed response brings its error along."""
    response = events(answered(text="a", quirk="failed"))[-1]["response"]
    assert (response["status"], response["error"]["code"]) == ("failed", "server_error")


@pytest.mark.parametrize("quirk", ["empty_summary", "late_summary"])
def test_summaries_that_do_not_stream(quirk: str) -> None:
    """A summary may be empty, or come with the item's last event only; the seal is there."""
    reply = events(answered(reasoning="well", text="a", quirk=quirk))
    assert not any("summary" in e["type"] for e in reply)
    item = next(e["item"] for e in reply if e["type"] == "response.output_item.done")
    assert bool(item["summary"]) is (quirk == "late_summary")
    assert item["encrypted_content"]


def test_summary_and_seal_come_on_request_only() -> None:
    """Unasked, reasoning has an empty summary and no encrypted content."""
    item = Plain().respond(stream=False).json()["output"][0]
    assert (item["type"], item["summary"], "encrypted_content" in item) == ("reasoning", [], False)


def test_arguments_are_only_sure_in_the_done_events() -> None:
    """With `cipher_arguments` the deltas are no JSON, the done events are."""
    reply = events(answered(tool_calls=(("f", '{"a": 1}'),), quirk="cipher_arguments"))
    deltas = "".join(e["delta"] for e in reply if e["type"].endswith("arguments.delta"))
    done = [e["arguments"] for e in reply if e["type"].endswith("arguments.done")]
    item = next(e["item"] for e in reply if e["type"].endswith("item.done"))
    assert (done, item["arguments"]) == (['{"a": 1}'], '{"a": 1}')
    assert "{" not in deltas


@pytest.mark.parametrize(
    ("quirk", "holds"),
    [
        ("done", b"data: [DONE]\n\n"),
        ("no_event_lines", b'\n\ndata: {"type":"response.in_progress"'),
        ("crlf", b"\r\n\r\nevent: response.in_progress\r\ndata: "),
        ("unknown_events", b'"type":"response.telepathy.delta"'),
        ("comments", b"\n\n: keep-alive\n\n"),
        ("bad_json", b'{"delta":{"conte\n\n'),
    ],
)
def test_framing(quirk: str, holds: bytes) -> None:
    """The quirks of framing work on this wire too, and leave the answer alone."""
    reply = answered(text="a b", quirk=quirk)
    if quirk == "bad_json":
        assert b'{"conte\n' in reply.content
        return
    assert holds in reply.content
    assert said(reply) == "a b"


def test_refusal() -> None:
    """The model's own refusal has events of its own."""
    reply = answered(refusal="I will not.")
    assert "refusal.delta" in kinds(reply)
    item = events(reply)[-1]["response"]["output"][0]
    assert item["content"] == [{"type": "refusal", "refusal": "I will not."}]


def test_cut_in_the_middle_of_an_item() -> None:
    """The connection can break between two deltas."""
    with pytest.raises(httpx.RemoteProtocolError):
        answered(text="a b c d", cut_after=2)


def test_json_instead_of_a_stream() -> None:
    """A stream request may be answered with one JSON body."""
    reply = answered(text="a b", quirk="json")
    assert reply.headers["content-type"].startswith("application/json")
    assert reply.json()["output"][0]["content"][0]["text"] == "a b"


def test_raw() -> None:
    """`raw` is sent as it is."""
    assert answered(raw=b"data: x\n\n").content == b"data: x\n\n"


def test_the_tool_loop() -> None:
    """A result is answered, sealed reasoning may come along, and so may its id."""
    plain = Plain()
    plain.sim.answer(reasoning="hm", tool_calls=(("f", "{}"),))
    reasoning, call = events(plain.respond("weather?", **SEALED))[-1]["response"]["output"]
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "21 °C"}
    call.pop("id"), call.pop("status")
    for echoed in (reasoning, {k: v for k, v in reasoning.items() if k != "id"}):
        turns = [{"role": "user", "content": "weather?"}, echoed, call, result]
        plain.sim.answer("fine")
        assert said(plain.respond(turns, **SEALED)) == "fine"


def test_sealed_reasoning_is_good_for_one_account_only() -> None:
    """Another account's reasoning is refused: by its id, or by its content."""
    plain = Plain()
    plain.sim.answer(reasoning="hm", text="x")
    item = events(plain.respond(**SEALED))[-1]["response"]["output"][0]
    other = plain.bearer(plain.sim.sign_in("hubot"))
    for drop, text in (
        ((), "does not belong to this connection"),
        (("id",), "decrypted or verified"),
    ):
        echoed = {k: v for k, v in item.items() if k not in drop}
        body = {"model": "sim-responses", "input": [echoed, {"role": "user", "content": "x"}]}
        reply = plain.http.post(f"{COPILOT}/responses", json=body, headers=other)
        assert (reply.status_code, text in reply.json()["error"]["message"]) == (400, True)
        assert plain.respond([echoed, {"role": "user", "content": "x"}]).status_code == 200


def test_the_id_and_the_content_of_reasoning_belong_together() -> None:
    """An id of another item, or one made up, is refused beside the content."""
    plain = Plain()
    items = []
    for _ in range(2):
        plain.sim.answer(reasoning="hm", text="x")
        items.append(events(plain.respond(**SEALED))[-1]["response"]["output"][0])
    for wrong in (items[1]["id"], "rs_1"):
        echoed = items[0] | {"id": wrong}
        assert plain.respond([echoed, {"role": "user", "content": "x"}]).status_code == 400


REFUSED = [
    pytest.param({"model": "sim-echo"}, "unsupported_api_for_model", None, id="chat model"),
    pytest.param({"model": "nope"}, "model_not_supported", "model", id="unknown model"),
    pytest.param({"asked": []}, "missing_required_parameter", "input", id="no input"),
    pytest.param({"asked": [{"role": "boss"}]}, "invalid_value", "input[0].role", id="role"),
    pytest.param(
        {"asked": [{"role": "tool", "content": "x"}]}, "invalid_value", "input[0].role", id="tool"
    ),
    pytest.param({"asked": [{"type": "x"}]}, "invalid_value", "input[0].type", id="type"),
    pytest.param(
        {"asked": [{"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}]},
        "invalid_value", "input[0].content[0]", id="part",
    ),
    pytest.param({"asked": [{"type": "reasoning"}]}, "missing_required_parameter",
                 "input[0].summary", id="reasoning without summary"),
    pytest.param({"asked": [CALL]}, "invalid_request_body", None, id="call without result"),
    pytest.param(
        {"asked": [{"type": "function_call_output", "call_id": "c1", "output": "x"}]},
        "invalid_request_body", "input", id="result without call",
    ),
    pytest.param({"stop": ["x"]}, "unknown_parameter", "stop", id="stop"),
    pytest.param({"max_tokens": 5}, "unknown_parameter", "max_tokens", id="max_tokens"),
    pytest.param({"max_output_tokens": 5}, "invalid_request_body", "max_output_tokens", id="cap"),
    pytest.param({"temperature": 1}, "unsupported_parameter", "temperature", id="temperature"),
    pytest.param({"model": "sim-any", "temperature": 3}, "invalid_request_body", "temperature",
                 id="hot"),
    pytest.param({"reasoning": {"effort": "huge"}}, "unsupported_parameter", "reasoning.effort",
                 id="effort"),
    pytest.param({"reasoning": {"summary": "long"}}, "invalid_value", "reasoning.summary",
                 id="summary"),
    pytest.param({"include": ["everything"]}, "invalid_value", "include", id="include"),
    pytest.param({"previous_response_id": "resp_1"}, "previous_response_not_found",
                 "previous_response_id", id="previous"),
    pytest.param({"store": True}, "invalid_request_body", "store", id="store"),
    pytest.param({"service_tier": "flex"}, "unsupported_parameter", "service_tier", id="tier"),
    pytest.param({"tools": [{"type": "function", "function": {"name": "f"}}]},
                 "missing_required_parameter", "tools[0].name", id="nested tool"),
    pytest.param({"tools": [{"type": "web_search"}]}, "invalid_value", "tools[0].type",
                 id="tool type"),
    pytest.param({"text": form(name="a b")}, "invalid_request_body", "text.format.name",
                 id="schema name"),
    pytest.param(
        {"text": form(strict=True, schema={"type": "object", "properties": {}})},
        "invalid_request_body", "text.format", id="lax schema",
    ),
    pytest.param({"asked": [{"role": "user", "content": [IMAGE]}]}, "bad_request", None,
                 id="image"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "code", "param"), REFUSED)
def test_request_is_refused(body: dict[str, Any], code: str, param: str | None) -> None:
    """What cannot be answered is a 400 with JSON labelled as plain text, and names what it is."""
    reply = Plain().respond(**body)
    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error.get("param")) == (400, code, param)
    assert reply.headers["content-type"].startswith("text/plain")


def test_the_refusal_names_the_endpoint() -> None:
    """A client reads from the message which endpoint it was that does not fit."""
    assert "/responses endpoint" in Plain().respond(model="sim-echo").json()["error"]["message"]
    reply = Plain().ask(model="sim-responses").json()["error"]
    assert "/chat/completions endpoint" in reply["message"]


def test_structured_output_is_an_instance() -> None:
    """The answer to a schema is JSON of that form."""
    assert json.loads(said(Plain().respond(text=form(strict=True)))) == {
        "city": "simulated",
        "n": 3,
    }


def test_the_cap_is_kept() -> None:
    """An answer longer than the cap ends there, and says that it is incomplete."""
    reply = Plain().respond("x" * 100, max_output_tokens=16)
    assert said(reply) == "x" * 64
    assert events(reply)[-1]["type"] == "response.incomplete"


def test_an_image_with_its_header() -> None:
    """An image is taken with the vision header."""
    parts = [IMAGE, {"type": "input_text", "text": "what is it?"}]
    body = {"model": "sim-responses", "input": [{"role": "user", "content": parts}], "stream": True}
    reply = Plain().post("/responses", body, **{"copilot-vision-request": "true"})
    assert said(reply) == "what is it?"


def test_quota_headers() -> None:
    """A good answer says what is left."""
    assert "rem=80" in Plain().respond().headers["x-quota-snapshot-premium_interactions"]
