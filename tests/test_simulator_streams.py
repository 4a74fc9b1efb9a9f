"""The simulated stream: the real shape, and each oddity on request."""

import json
import threading
from typing import Any

import httpx
import pytest

from copilot_cli.simulator.framing import QUIRKS, Head, pieces
from copilot_cli.simulator.scenario import Answer
from copilot_cli.simulator.streams import ChatStream
from tests.simulated import COPILOT, Plain, events, text


def answered(**script: Any) -> httpx.Response:
    """The reply to a stream request whose answer is scripted."""
    plain = Plain()
    plain.sim.answer(**script)
    reply = plain.ask()
    assert plain.sim.unused() == []
    return reply


def test_real_shape() -> None:
    """Filter results, role, deltas, finish, usage, [DONE], in that order."""
    reply = answered(deltas=["Grü", "ße"])
    assert reply.headers["content-type"].startswith("text/event-stream")
    first, role, *deltas, finish, usage = events(reply)
    assert (first["choices"], first["id"], first["created"]) == ([], "", 0)
    assert first["prompt_filter_results"]
    assert role["choices"][0]["delta"] == {"content": "", "role": "assistant"}
    assert [e["choices"][0]["delta"]["content"] for e in deltas] == ["Grü", "ße"]
    assert "content_filter_results" in deltas[0]["choices"][0]
    assert finish["choices"][0]["finish_reason"] == "stop"
    assert (usage["choices"], usage["usage"]["completion_tokens"]) == ([], 1)
    assert "total_nano_aiu" in usage["copilot_usage"]
    assert {e["id"] for e in [role, *deltas, finish, usage]} == {role["id"]}
    assert role["model"] == "sim-echo"
    assert reply.content.endswith(b"data: [DONE]\n\n")


def test_text_goes_out_as_utf_8() -> None:
    """Characters beyond ASCII are not escaped; a lone surrogate must be."""
    assert "é\u2028".encode() in answered(deltas=["é\u2028"]).content
    assert rb"\ud800" in answered(deltas=["\ud800"]).content


@pytest.mark.parametrize("sample", ["", " ", "a b", "\n\n x\n", "x" * 100, "a\u00a0b  "])
def test_pieces_are_the_text(sample: str) -> None:
    """Whatever the text, its pieces joined are it."""
    assert "".join(pieces(sample)) == sample


def test_answers_are_played_in_order() -> None:
    """Scripted answers come first, one per request; then the model speaks for itself."""
    plain = Plain()
    plain.sim.answer("one")
    plain.sim.answer("two", finish="length")
    assert plain.sim.unused() == ["answer", "answer"]
    assert text(plain.ask()) == "one"
    second = plain.ask()
    assert text(second) == "two"
    assert events(second)[-2]["choices"][0]["finish_reason"] == "length"
    assert text(plain.ask("me")) == "me"


def test_scripted_usage() -> None:
    """The usage can be given whole, with the bill beside it."""
    usage = {"prompt_tokens": 3, "copilot_usage": {"total_nano_aiu": 5}}
    last = events(answered(text="x", usage=usage))[-1]
    assert (last["usage"], last["copilot_usage"]) == ({"prompt_tokens": 3}, {"total_nano_aiu": 5})


def test_raw_bytes() -> None:
    """`raw` is sent as it is."""
    assert answered(raw=b"data: nonsense\r\r\n").content == b"data: nonsense\r\r\n"


def test_raw_bytes_and_then_a_cut() -> None:
    """`raw` can end in a broken connection as well."""
    with pytest.raises(httpx.RemoteProtocolError):
        answered(raw=b"data: {", cut_after=0)


def test_unknown_quirk() -> None:
    """A misspelt quirk is told at once, with the names there are."""
    with pytest.raises(ValueError, match=r"unknown quirk 'crfl'.*crlf"):
        Plain().sim.answer("x", quirk="crfl")


def test_every_quirk_is_tried_below() -> None:
    """The tables of this file and the list of quirks name the same."""
    tried = {case.id for case in FRAMING + ENDINGS} | OTHERS
    assert tried == set(QUIRKS)


FRAMING = [
    pytest.param(b'"}}],"id"', b"\r\n\r\ndata: ", id="crlf"),
    pytest.param(b"", b'\n\ndata:{"choices"', id="no_space"),
    pytest.param(b"", b'}\ndata: {"choices"', id="single_newline"),
    pytest.param(b"", b"\n\n: keep-alive\n\n", id="comments"),
    pytest.param(b"", b"\n\nevent: message\ndata: ", id="event_lines"),
]
ENDINGS = [
    pytest.param(b"stop", b"}\n\n", id="no_done"),
    pytest.param(b"", b"data: [DONE]\n\n", id="no_finish"),
    pytest.param(b"stop", b"data: [DONE]", id="no_newline_end"),
]
OTHERS = {
    "split_utf8", "null_content", "null_choices", "bad_json", "error", "usage_on_finish",
    "two_choices", "same_index", "json", "anthropic", "done", "no_event_lines", "eof",
    "unknown_events", "nested_error", "failed", "cancelled", "same_ids", "empty_summary",
    "late_summary", "cipher_arguments",
}  # fmt: skip


@pytest.mark.parametrize(("_", "holds"), FRAMING)
def test_framing(_: bytes, holds: bytes, request: pytest.FixtureRequest) -> None:
    """Each way to frame the events shows in the bytes and leaves the text alone."""
    reply = answered(deltas=["a", "b"], quirk=request.node.callspec.id)
    assert holds in reply.content
    assert text(reply) == "ab"


def test_crlf_everywhere() -> None:
    """With `crlf` no newline is alone."""
    assert b"\n" not in answered(text="a b", quirk="crlf").content.replace(b"\r\n", b"")


@pytest.mark.parametrize(("holds", "end"), ENDINGS)
def test_endings(holds: bytes, end: bytes, request: pytest.FixtureRequest) -> None:
    """Each way to end is the end; only `no_finish` has no finish_reason."""
    quirk = request.node.callspec.id
    reply = answered(text="a b", quirk=quirk)
    assert reply.content.endswith(end)
    assert holds in reply.content
    assert (b"finish_reason" in reply.content) is (quirk != "no_finish")


def test_no_done_means_none() -> None:
    """`no_done` sends no [DONE] at all."""
    assert b"[DONE]" not in answered(text="a", quirk="no_done").content


def test_quirks_add_up() -> None:
    """Several quirks can be named with a + or as a list."""
    for quirk in ("no_finish+no_done", ["no_finish", "no_done"]):
        reply = answered(text="a", quirk=quirk)
        assert b"[DONE]" not in reply.content
        assert b"finish_reason" not in reply.content


def test_split_utf8() -> None:
    """Events beyond ASCII come byte by byte, so that characters are cut."""
    answer = Answer(deltas=["ö", "o"], quirk="split_utf8")
    steps = list(ChatStream(answer, Head("x", 1, "m"), {}).steps())
    assert b"\xc3" in steps
    assert text(answered(deltas=["ö", "o"], quirk="split_utf8")) == "öo"


def test_null_content() -> None:
    """A delta may hold null for content and role."""
    deltas = [c["delta"] for e in events(answered(text="a b", quirk="null_content"))
              for c in e["choices"]]  # fmt: skip
    assert {"content": None, "role": None} in deltas


def test_null_choices() -> None:
    """`choices` may be null beside references."""
    found = [e for e in events(answered(text="a b", quirk="null_choices")) if e["choices"] is None]
    assert "copilot_references" in found[0]


def test_bad_json() -> None:
    """One line is broken JSON; the others are whole."""
    lines = answered(text="a b", quirk="bad_json").content.split(b"\n\n")
    payloads = [line.removeprefix(b"data: ") for line in lines if line][:-1]
    assert sum(not _parses(payload) for payload in payloads) == 1


def _parses(payload: bytes) -> bool:
    try:
        json.loads(payload)
    except ValueError:
        return False
    return True


def test_error_half_way() -> None:
    """An error object ends the stream: no finish, no [DONE]."""
    reply = answered(deltas=list("abcd"), quirk="error")
    *_, last = events(reply)
    assert last["error"]["code"] == "server_error"
    assert reply.content.count(b'"content":"') == 3  # the role chunk and half of the deltas
    assert b"[DONE]" not in reply.content


def test_error_on_a_last_line_without_newline() -> None:
    """The last line may be an error without a newline behind it."""
    reply = answered(text="a b", quirk="error+no_newline_end")
    assert json.loads(reply.content.split(b"\n")[-1].removeprefix(b"data: "))["error"]


@pytest.mark.parametrize(
    ("quirk", "ending"),
    [
        ("eof", b'"content":"b"'),
        ("failed", b'"code":"server_error"'),
        ("nested_error", b'"code":"server_error"'),
        ("cancelled", b'"content":"d"'),
    ],
)
def test_endings_of_other_wires(quirk: str, ending: bytes) -> None:
    """What another wire has an event for ends this one without a finish."""
    reply = answered(deltas=list("abcd"), quirk=f"{quirk}+no_done")
    assert ending in reply.content.rstrip().split(b"\n")[-1]
    assert b"finish_reason" not in reply.content


def test_unknown_events() -> None:
    """A chunk may hold what nobody knows, and no choice."""
    found = [e for e in events(answered(text="a b", quirk="unknown_events")) if "telepathy" in e]
    assert [e["choices"] for e in found] == [[]]


def test_reasoning_may_be_sealed_only() -> None:
    """With `empty_summary` there is the opaque form and no text of the reasoning."""
    reply = answered(text="a", reasoning="hm", quirk="empty_summary")
    assert b"reasoning_opaque" in reply.content
    assert b"reasoning_text" not in reply.content


def test_refusal() -> None:
    """The model's own refusal has a field of its own."""
    deltas = [c["delta"] for e in events(answered(refusal="I will not.")) for c in e["choices"]]
    assert "".join(delta.get("refusal", "") for delta in deltas) == "I will not."


def test_call_ids_differ_from_answer_to_answer() -> None:
    """Two rounds of a tool loop have no id in common."""
    ids = [answered(tool_calls=CALLS, quirk="json").json()["choices"][0] for _ in range(2)]
    named = [call["id"] for choice in ids for call in choice["message"]["tool_calls"]]
    assert len(set(named)) == 4


def test_usage_on_finish() -> None:
    """Usage may sit on the finish chunk, and then nowhere else."""
    with_usage = [e for e in events(answered(text="a", quirk="usage_on_finish")) if "usage" in e]
    assert [e["choices"][0]["finish_reason"] for e in with_usage] == ["stop"]


CALLS = (("first", '{"a": 1}'), ("second", "{}"))


def test_two_choices() -> None:
    """Text as choice 0 with `stop`, tool calls as choice 1 with `tool_calls`."""
    said = events(answered(text="a", tool_calls=CALLS, quirk="two_choices"))
    choices = [c for e in said for c in e["choices"]]
    finishes = {c["index"]: c["finish_reason"] for c in choices if "finish_reason" in c}
    assert finishes == {0: "stop", 1: "tool_calls"}
    assert {c["index"] for c in choices if "tool_calls" in c["delta"]} == {1}


def test_same_index() -> None:
    """Two calls may share an index; their ids differ."""
    said = events(answered(tool_calls=CALLS, quirk="same_index"))
    calls = [t for e in said for c in e["choices"] for t in c["delta"].get("tool_calls", ())]
    assert {t["index"] for t in calls} == {0}
    assert len({t["id"] for t in calls if "id" in t}) == 2


def test_several_tool_calls() -> None:
    """Without the quirk each call has its index, and its id only on the first piece."""
    said = events(answered(tool_calls=CALLS))
    calls = [t for e in said for c in e["choices"] for t in c["delta"].get("tool_calls", ())]
    joined = ["".join(t["function"]["arguments"] for t in calls if t["index"] == n) for n in (0, 1)]
    assert joined == ['{"a": 1}', "{}"]
    assert [t["index"] for t in calls if "id" in t] == [0, 1]


@pytest.mark.parametrize("quirk", ["json", "anthropic"])
def test_json_instead_of_a_stream(quirk: str) -> None:
    """A stream request may be answered with one JSON body, in either form."""
    reply = answered(text="a b", quirk=quirk)
    assert reply.headers["content-type"].startswith("application/json")
    said = reply.json()
    if quirk == "json":
        assert said["choices"][0]["message"]["content"] == "a b"
    else:
        assert said["content"] == [{"type": "text", "text": "a b"}]
        assert (said["stop_reason"], "choices" in said) == ("end_turn", False)


def test_whole_answer_holds_all_parts() -> None:
    """Not streamed, an answer has its reasoning and its tool calls in one message."""
    plain = Plain()
    plain.sim.answer(reasoning="hm", tool_calls=CALLS)
    choice = plain.ask(stream=False).json()["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert (choice["message"]["content"], choice["message"]["reasoning_text"]) == (None, "hm")
    assert [c["function"]["name"] for c in choice["message"]["tool_calls"]] == ["first", "second"]


def test_json_with_two_choices() -> None:
    """The whole answer follows the same two-choice rule."""
    said = answered(text="a", tool_calls=CALLS, quirk="json+two_choices").json()
    assert [c["finish_reason"] for c in said["choices"]] == ["stop", "tool_calls"]
    assert len(said["choices"][1]["message"]["tool_calls"]) == 2


@pytest.mark.parametrize("after", [0, 2])
def test_cut(after: int) -> None:
    """`cut_after` breaks the connection after so many deltas, and that is no client's abort."""
    plain = Plain()
    plain.sim.answer(deltas=list("abcd"), cut_after=after)
    asked = {"model": "sim-echo", "messages": [{"role": "user", "content": "x"}], "stream": True}
    request = plain.http.build_request(
        "POST", f"{COPILOT}/chat/completions", json=asked, headers=plain.bearer()
    )
    reply = plain.http.send(request, stream=True)
    got: list[bytes] = []
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
        got.extend(reply.iter_raw())
    assert b"".join(got).count(b'"content":"') == 1 + after
    reply.close()
    assert not plain.sim.log[-1].aborted


def test_pause_for_seconds_beyond_patience_is_a_timeout() -> None:
    """A pause longer than the read timeout is that timeout, without waiting for it."""
    plain = Plain()
    plain.sim.answer(text="a b c", pause_after=(1, 400))
    with pytest.raises(httpx.ReadTimeout):
        plain.ask()
    plain.sim.answer(text="a b c", pause_after=(1, 4))
    assert text(plain.ask()) == "a b c"


def test_pause_for_an_event() -> None:
    """A pause can wait for an event of the test's."""
    plain, go = Plain(), threading.Event()
    plain.sim.answer(text="a b c", pause_after=(1, go))
    go.set()
    assert text(plain.ask()) == "a b c"


def test_batch() -> None:
    """`batch` puts events together into one write; a pause still comes after what was due."""
    answer = Answer(deltas=["x"] * 100, batch=50, pause_after=(3, 1.0))
    steps = list(ChatStream(answer, Head("x", 1, "m"), {}).steps())
    writes = [step for step in steps if isinstance(step, bytes)]
    assert writes[0].count(b'"content":"x"') == 3
    assert len(writes) == 3  # 97 deltas, finish, usage and [DONE] in two more
