"""What every HTTP engine shares: the wire of a model, and a request that is written otherwise."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from copilot_cli.engines.answering import REMEMBERED, WireMemory, wire_of
from copilot_cli.engines.models import parse_model
from copilot_cli.errors import CopilotChatError, ModelUnavailable, ServiceError
from copilot_cli.messages import (
    End,
    Event,
    ImagePart,
    Message,
    ModelInfo,
    Notice,
    ReasoningPart,
    Request,
    Started,
    Text,
    TextPart,
    ToolResultPart,
    Waiting,
    message,
)
from tests.engine_world import (
    Body,
    Clock,
    Replies,
    answer,
    ask,
    direct_engine,
    stream,
    text_event,
    text_of,
)
from tests.recordings import joined
from tests.wizard_world import World

CHAT, RESPONSES, MESSAGES = "/chat/completions", "/responses", "/v1/messages"
ALL = (CHAT, RESPONSES, MESSAGES)
WHOLE = End("stop", complete=True)


def model(*endpoints: str, reasoning: bool = False, **more: Any) -> ModelInfo:
    supports = {"reasoning_effort": ["low", "high"]} if reasoning else {}
    item = {"id": "m", "supported_endpoints": list(endpoints), **more}
    return parse_model({**item, "capabilities": {"supports": supports}})


def refusal(code: str, text: str, status: int = 400) -> httpx.Response:
    """Return a refusal as the service writes it: JSON that says it is plain text."""
    body = json.dumps({"error": {"code": code, "message": text}}).encode()
    return httpx.Response(status, headers={"content-type": "text/plain"}, stream=Body([body]))


def unsupported(name: str) -> httpx.Response:
    return refusal("unsupported_parameter", f"Unsupported parameter: '{name}' is not supported.")


def wrong_wire(text: str = "not accessible via this endpoint") -> httpx.Response:
    return refusal("unsupported_api_for_model", text)


def responses_answer(text: str) -> httpx.Response:
    """Return a whole answer of the responses wire."""
    delta = {"type": "response.output_text.delta", "output_index": 0, "delta": text}
    done = {"type": "response.completed", "response": {"status": "completed"}}
    return stream(*(b"data: %s\n\n" % json.dumps(each).encode() for each in (delta, done)))


def bodies(replies: Replies) -> list[dict[str, Any]]:
    return [json.loads(request.read()) for request in replies.requests]


def paths(replies: Replies) -> list[str]:
    return [request.url.path for request in replies.requests]


def told(events: list[Event]) -> list[Event]:
    return joined(event for event in events if not isinstance(event, Started))


# -- which wire --------------------------------------------------------------------------------

CHOICES = {
    "nobody knows it": (None, ALL, CHAT),
    "nothing is listed": (model(), ALL, CHAT),
    "chat": (model(CHAT), ALL, CHAT),
    "chat and messages": (model(CHAT, MESSAGES, reasoning=True), ALL, CHAT),
    "chat and responses": (model(CHAT, RESPONSES), ALL, CHAT),
    "a reasoning model": (model(CHAT, RESPONSES, reasoning=True), ALL, RESPONSES),
    "responses alone": (model(RESPONSES, "ws:/responses"), ALL, RESPONSES),
    "messages alone": (model(MESSAGES), ALL, MESSAGES),
    "responses and messages": (model(MESSAGES, RESPONSES), ALL, RESPONSES),
    "what we do not speak": (model("ws:/responses"), ALL, CHAT),
    "a wire that is not there": (model(RESPONSES), (CHAT,), CHAT),
}


@pytest.mark.parametrize(("info", "spoken", "path"), CHOICES.values(), ids=CHOICES)
def test_the_wire_of_a_model(info: ModelInfo | None, spoken: tuple[str, ...], path: str) -> None:
    """Chat where it is listed, but for reasoning models that list responses beside it."""
    assert wire_of(info, spoken) == path


def test_a_model_is_asked_on_its_own_wire() -> None:
    """Path, headers and form are those of the wire."""
    replies = Replies(responses_answer("Hi"))
    engine = direct_engine(replies, find=lambda _: model(RESPONSES))
    assert text_of(list(engine.answer(ask()))) == "Hi"
    assert paths(replies) == [RESPONSES]
    assert bodies(replies)[0]["input"]
    replies = Replies(
        httpx.Response(200, json={"type": "message", "content": [], "stop_reason": "end_turn"})
    )
    engine = direct_engine(replies, find=lambda _: model(MESSAGES))
    list(engine.answer(ask()))
    assert paths(replies) == [MESSAGES]
    assert replies.requests[0].headers["anthropic-version"] == "2023-06-01"


@pytest.mark.parametrize(
    ("supports", "streamed"),
    [({"streaming": False}, False), ({"streaming": True}, True), ({}, True)],
    ids=["cannot", "can", "not said"],
)
def test_a_model_that_cannot_stream_is_not_asked_to(
    supports: dict[str, bool], streamed: bool
) -> None:
    """It may refuse what the list says it does not have; its answer comes as one object."""
    info = parse_model({"id": "m", "capabilities": {"supports": supports}})
    whole = {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}
    replies = Replies(httpx.Response(200, json=whole))
    assert text_of(list(direct_engine(replies, find=lambda _: info).answer(ask()))) == "Hi"
    (body,) = bodies(replies)
    assert (body["stream"], "stream_options" in body) == (streamed, streamed)


def test_a_dry_run_shows_the_wire() -> None:
    """And its headers; nothing is sent."""
    shown = direct_engine(Replies(), find=lambda _: model(MESSAGES)).dry_run(ask())
    assert shown["path"] == MESSAGES
    assert shown["headers"]["anthropic-version"]
    assert shown["body"]["max_tokens"]


# -- another wire ------------------------------------------------------------------------------


class Kept:
    """What a memory keeps between runs."""

    def __init__(self) -> None:
        self.data: object = None
        self.now = 1000.0
        self.reads = 0

    def load(self) -> object:
        self.reads += 1
        return json.loads(json.dumps(self.data))

    def save(self, data: object) -> None:
        self.data = data

    def memory(self, whose: str = "github.com octocat") -> WireMemory:
        """The memory of another run."""
        return WireMemory(self.load, self.save, whose=lambda: whose, now=lambda: self.now)


def test_another_wire_is_asked_once_and_remembered() -> None:
    """By host, account and model; over runs, for three days."""
    kept = Kept()
    replies = Replies(wrong_wire("use /responses"), *(responses_answer("Hi") for _ in range(3)))
    engine = direct_engine(replies, memory=kept.memory())
    assert told(list(engine.answer(ask()))) == [Text("Hi"), WHOLE]
    list(engine.answer(ask()))
    assert paths(replies) == [CHAT, RESPONSES, RESPONSES]
    list(direct_engine(replies, memory=kept.memory()).answer(ask()))
    assert paths(replies)[3:] == [RESPONSES]
    for whose, name, seconds in [
        ("octo.ghe.com octocat", "m", 0.0),
        ("github.com hubot", "m", 0.0),
        ("github.com octocat", "n", 0.0),
        ("github.com octocat", "m", REMEMBERED + 1),
        ("github.com octocat", "m", -1.0),
    ]:
        kept.now = 1000.0 + seconds
        other = Replies(answer("Hi"))
        list(direct_engine(other, memory=kept.memory(whose)).answer(ask(model=name)))
        assert paths(other) == [CHAT]


def test_a_wire_that_answers_nothing_is_not_remembered() -> None:
    """Both refused: the error is told, and the next time is as the first."""
    kept = Kept()
    replies = Replies(wrong_wire(), wrong_wire(), answer("Hi"))
    engine = direct_engine(replies, memory=kept.memory())
    with pytest.raises(ModelUnavailable):
        list(engine.answer(ask()))
    assert kept.data is None
    list(engine.answer(ask()))
    assert paths(replies) == [CHAT, RESPONSES, CHAT]


def test_what_is_remembered_wins_over_the_list() -> None:
    """A list that is wrong once is wrong for a while."""
    kept = Kept()
    kept.memory().put("m", MESSAGES)
    engine = direct_engine(Replies(), memory=kept.memory(), find=lambda _: model(CHAT))
    assert engine.dry_run(ask())["path"] == MESSAGES


@pytest.mark.parametrize(
    "data",
    [None, [], "x", {"github.com octocat m": "x"}, {"github.com octocat m": ["/nonesuch", 1000.0]},
     {"github.com octocat m": [1, 2]}, {"github.com octocat m": ["/responses", True]}],
)  # fmt: skip
def test_a_memory_of_something_else_is_none(data: object) -> None:
    """Whatever lies there: the model's own wire."""
    kept = Kept()
    kept.data = data
    assert direct_engine(Replies(), memory=kept.memory()).dry_run(ask())["path"] == CHAT


def test_memories_of_two_processes_go_together() -> None:
    """What another has written meanwhile is kept."""
    kept = Kept()
    first, second = kept.memory(), kept.memory()
    first.get("a"), second.get("a")
    first.put("a", RESPONSES)
    second.put("b", MESSAGES)
    assert (kept.memory().get("a"), kept.memory().get("b")) == (RESPONSES, MESSAGES)


# -- without what the model does not take ------------------------------------------------------


def test_a_refused_parameter_is_left_out_with_a_notice() -> None:
    """Once, by name; the question goes out again at once."""
    replies, clock = Replies(unsupported("temperature"), answer("Hi")), Clock()
    request = ask()._replace(temperature=0.5)
    events = told(list(direct_engine(replies, clock=clock).answer(request)))
    assert events == [
        Notice("temperature is left out: m does not take it"), Text("Hi"), WHOLE,
    ]  # fmt: skip
    first, second = bodies(replies)
    assert first.pop("temperature") == 0.5
    assert first == second
    assert clock.waits == []


def test_what_a_model_does_not_take_is_not_sent_to_it_again() -> None:
    """In the same run, and without saying it twice; another model gets it."""
    replies = Replies(unsupported("temperature"), answer("a"), answer("b"), answer("c"))
    engine = direct_engine(replies)
    request = ask()._replace(temperature=0.5)
    list(engine.answer(request))
    assert told(list(engine.answer(request))) == [Text("b"), WHOLE]
    list(engine.answer(request._replace(model="n")))
    assert ["temperature" in body for body in bodies(replies)] == [True, False, False, True]


def test_each_parameter_is_left_out_once() -> None:
    """Two that are refused are two more requests; one that is refused again is told."""
    replies = Replies(
        unsupported("temperature"), unsupported("stop"), unsupported("stop"), answer("Hi")
    )
    request = ask()._replace(temperature=0.5, stop=("x",))
    with pytest.raises(CopilotChatError, match="stop"):
        list(direct_engine(replies).answer(request))
    assert replies.unused == 1


def test_a_cap_goes_out_under_its_older_name_first() -> None:
    """Only a server that takes neither answers without a cap, which is said."""
    replies = Replies(unsupported("max_completion_tokens"), answer("Hi"))
    request = ask()._replace(max_output=5)
    assert told(list(direct_engine(replies).answer(request))) == [Text("Hi"), WHOLE]
    assert bodies(replies)[1]["max_tokens"] == 5
    replies = Replies(unsupported("max_completion_tokens"), unsupported("max_tokens"), answer("Hi"))
    events = told(list(direct_engine(replies).answer(request)))
    assert events[0] == Notice("max-output is left out: m does not take it")
    assert "max_tokens" not in bodies(replies)[2]
    assert "max_completion_tokens" not in bodies(replies)[2]


def test_a_refusal_of_something_else_is_told() -> None:
    """One request, its error."""
    replies = Replies(refusal("invalid_request_body", "messages[0]: unknown role"), answer("Hi"))
    with pytest.raises(CopilotChatError, match="unknown role"):
        list(direct_engine(replies).answer(ask()._replace(temperature=0.5)))
    assert replies.unused == 1


def test_adapting_and_trying_again_go_together() -> None:
    """What was left out stays out when an outage comes between."""
    replies = Replies(
        unsupported("temperature"), refusal("", "busy", status=503), unsupported("stop"),
        answer("Hi"),
    )  # fmt: skip
    request = ask()._replace(temperature=0.5, stop=("x",))
    events = told(list(direct_engine(replies).answer(request)))
    assert [type(event) for event in events] == [Notice, Waiting, Notice, Text, End]
    assert [sorted(set(body) & {"stop", "temperature"}) for body in bodies(replies)] == [
        ["stop", "temperature"], ["stop"], ["stop"], [],
    ]  # fmt: skip


def test_nothing_is_written_otherwise_after_a_word() -> None:
    """A refusal in the middle of a stream ends the answer."""
    fault = b'data: {"error":{"code":"unsupported_parameter","message":"temperature"}}\n\n'
    replies = Replies(stream(text_event("Hel"), fault), answer("Hello"))
    events = list(direct_engine(replies).answer(ask()._replace(temperature=0.5)))
    assert text_of(events) == "Hel"
    assert replies.unused == 1


# -- reasoning that cannot be read -------------------------------------------------------------

SEALED = ReasoningPart("hm", '{"reasoning_opaque":"x"}', "chat")
TALK = [
    message("user", "Hi"),
    Message("assistant", (SEALED, TextPart("Yes"))),
    message("user", "And?"),
]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "input item ID does not belong to this connection",
        "Encrypted content could not be decrypted or verified",
    ],
)
def test_reasoning_of_another_account_is_dropped_once(text: str) -> None:
    """The question goes out without it; a second refusal is told."""
    unreadable = refusal("invalid_request_body", text)
    replies = Replies(unreadable, answer("Hi"))
    request = Request("m", TALK)
    assert text_of(list(direct_engine(replies).answer(request))) == "Hi"
    assert b"reasoning_opaque" in replies.requests[0].read()
    assert b"reasoning" not in replies.requests[1].read()
    again = Replies(refusal("x", text), refusal("x", text), answer("Hi"))
    with pytest.raises(CopilotChatError):
        list(direct_engine(again).answer(request))
    assert again.unused == 1


def test_instructions_that_are_refused_go_along_in_the_question() -> None:
    """Said once; the next request of the model is written so from the start."""
    told_off = "Unsupported value: 'messages[0].role' does not support 'system' with this model."
    replies = Replies(refusal("unsupported_value", told_off), answer("Hi"), answer("Hi"))
    engine = direct_engine(replies)
    request = Request("m", [message("system", "Be brief."), message("user", "Hi")])
    notice = Notice("the instructions go along in the question: m takes no others")
    assert notice in list(engine.answer(request))
    assert notice not in list(engine.answer(request))
    joint = [{"role": "user", "content": "Be brief.\n\nHi"}]
    assert [body["messages"] for body in bodies(replies)[1:]] == [joint, joint]


def test_instructions_that_are_refused_where_there_are_none_are_a_failure() -> None:
    """Nothing could be written otherwise, so nothing is sent again."""
    replies = Replies(refusal("unsupported_value", "'system' is not supported"), answer("Hi"))
    with pytest.raises(CopilotChatError):
        list(direct_engine(replies).answer(ask()))
    assert replies.unused == 1


def test_a_refusal_of_something_else_leaves_the_reasoning_where_it_is() -> None:
    """Without it the model would have to think again."""
    replies = Replies(refusal("invalid_request_body", "no such thing"), answer("Hi"))
    with pytest.raises(CopilotChatError):
        list(direct_engine(replies).answer(Request("m", TALK)))
    assert replies.unused == 1


# -- headers of one request --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "given", "expected"),
    [
        (message("user", "Hi"), "user", "user"),
        (message("user", "sum up"), "agent", "agent"),
        (Message("tool", (ToolResultPart("1", "4"),)), "user", "agent"),
    ],
)
def test_who_began_is_said_by_the_last_message(last: Message, given: Any, expected: str) -> None:
    """A tool's result is the program's own, whoever began the turn."""
    replies = Replies(answer("Hi"))
    list(direct_engine(replies).answer(Request("m", [last], initiator=given)))
    assert replies.requests[0].headers["x-initiator"] == expected


def test_the_vision_flag_goes_with_an_image_and_not_without() -> None:
    """Anywhere in the conversation."""
    image = Message("user", (TextPart("What?"), ImagePart("image/png", "AAAA")))
    for talk, flag in (([image, *TALK], "true"), (TALK, None)):
        replies = Replies(answer("Hi"))
        list(direct_engine(replies).answer(Request("m", talk)))
        assert replies.requests[0].headers.get("copilot-vision-request") == flag


def test_an_error_of_the_engine_is_never_a_failure() -> None:
    """Whatever was tried before it."""
    replies = Replies(unsupported("temperature"), refusal("", "no", status=500))
    with pytest.raises(ServiceError):
        list(direct_engine(replies, retries=0).answer(ask()._replace(temperature=1.0)))


def test_the_fallback_is_kept_in_the_cache_folder(tmp_path: Path) -> None:
    """Over runs of the program, without anything secret."""
    world = World(tmp_path / "home")
    world.environ["COPILOT_CHAT_TOKEN"] = world.sim.sign_in()
    body = {"error": {"code": "unsupported_api_for_model", "message": "use /chat/completions"}}
    world.sim.fault("responses", status=400, body=body)
    for _ in range(2):
        assert world.run("ask", "-m", "sim-any", "hello")[:2] == (0, "hello")
    asked = [seen.endpoint for seen in world.sim.log if seen.endpoint in {"chat", "responses"}]
    assert asked == ["responses", "chat", "chat"]
    kept = json.loads((world.home / "cache" / "wires.json").read_text())
    assert list(kept["data"].values()) == [["/chat/completions", world.time]]
