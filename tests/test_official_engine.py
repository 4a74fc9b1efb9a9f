"""The engine `official`: sessions are a cache of the transcript, and the model gets that, whole."""

import asyncio
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

from copilot_cli.chat import Chat
from copilot_cli.engines.failure import Failure
from copilot_cli.engines.official import faults
from copilot_cli.engines.official.runtime import Deadlines
from copilot_cli.engines.official.sdk import PLACEHOLDER
from copilot_cli.errors import (
    CopilotChatError,
    LimitError,
    ModelUnavailable,
    NetworkError,
    QuotaError,
    ServiceError,
    SettingsError,
    SignInError,
)
from copilot_cli.messages import (
    End,
    Event,
    ImagePart,
    Message,
    Notice,
    Reasoning,
    Request,
    Started,
    Text,
    TextPart,
    ToolCall,
    ToolResult,
    ToolSpec,
    Usage,
    UsageReport,
    Waiting,
    message,
)
from tests.engine_world import DONE, STOP, Body, answer, stream, text_event
from tests.official_world import (
    ADDRESS,
    KEY,
    SHORT,
    TOKEN,
    FakeSession,
    World,
    ask,
    converse,
    encoded,
    endpoint,
    for_ever,
    official,
    request,
    sign_in,
    text_of,
)

CALLS = (
    b'data: {"choices":[{"delta":{"tool_calls":['
    b'{"index":0,"id":"c1","function":{"name":"add","arguments":"{\\"a\\": 1}"}},'
    b'{"index":1,"id":"c2","function":{"name":"add","arguments":"{bad"}}]}}]}\n\n'
    b'data: {"choices":[{"delta":{},"finish_reason":"tool_calls"}]}\n\n'
)
ADD = ToolSpec("add", "Adds.", {"type": "object", "properties": {"a": {"type": "number"}}})
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}}\n\n'


def refusal(status: int, code: str = "", **headers: str) -> httpx.Response:
    """A refusal of the service's."""
    body = {"error": {"message": "no", "code": code}}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=body, headers=given)


# -- one answer ------------------------------------------------------------------------------


def test_an_answer_is_what_the_runtime_passes_on_with_what_the_reply_says_beside(
    tmp_path: Path,
) -> None:
    """Text comes in its pieces; the request's id, the usage and the end are the reply's own."""
    reply = stream(text_event("hel"), text_event("lo"), STOP, USAGE, DONE, x_request_id="r1")
    with official(tmp_path, reply) as world:
        events = ask(world.engine, request(("user", "hi")))
    assert isinstance(events[0], Started)
    assert events[0].request_id == "r1"
    assert [event.text for event in events if isinstance(event, Text)] == ["hel", "lo"]
    assert events[-2:] == [UsageReport(Usage(7, 2)), End("stop", complete=True)]


def test_reasoning_is_passed_on(tmp_path: Path) -> None:
    """What the model thinks aloud is no text."""
    thought = b'data: {"choices":[{"delta":{"reasoning_content":"hm"}}]}\n\n'
    with official(tmp_path, stream(thought, text_event("so"), STOP, DONE)) as world:
        events = ask(world.engine, request(("user", "hi")))
    assert Reasoning("hm") in events
    assert text_of(events) == "so"


def test_the_model_gets_the_transcript_and_nothing_that_the_runtime_adds(tmp_path: Path) -> None:
    """No date, no sampling, no effort: the messages are those that were written down."""
    asked = request(("system", "S"), ("user", "a"), ("assistant", "b"), ("user", "c"))
    with official(tmp_path, answer("x")) as world:
        ask(world.engine, asked)
    body = world.bodies[0]
    assert body["messages"] == encoded(asked)
    assert set(body) == {"model", "messages", "stream", "stream_options", "snippy"}


def test_what_the_request_wishes_reaches_the_model_though_a_session_knows_no_such_thing(
    tmp_path: Path,
) -> None:
    """Temperature, effort, cap and stop texts are written by our own wire."""
    asked = request(("user", "a"), temperature=0.2, effort="high", max_output=9, stop=("z",))
    with official(tmp_path, answer("x")) as world:
        ask(world.engine, asked)
    wished = {"temperature", "reasoning_effort", "max_completion_tokens", "stop"}
    assert {key: world.bodies[0][key] for key in wished} == {
        "temperature": 0.2,
        "reasoning_effort": "high",
        "max_completion_tokens": 9,
        "stop": ["z"],
    }


def test_an_image_goes_out_as_its_wire_has_it(tmp_path: Path) -> None:
    """Every part of a message is kept, in its order, and the service is told of the image."""
    parts = (TextPart("see"), ImagePart("image/png", "aGk=", "low"), TextPart("this"))
    asked = request(Message("user", parts))
    with official(tmp_path, answer("x"), access=sign_in()) as world:
        ask(world.engine, asked)
    assert world.bodies[0]["messages"] == encoded(asked)
    assert world.replies.requests[0].headers["copilot-vision-request"] == "true"


# -- where requests go -----------------------------------------------------------------------


def test_the_runtime_knows_neither_address_nor_key_of_an_endpoint(tmp_path: Path) -> None:
    """Both are put in where the request is sent: by us."""
    with official(tmp_path, answer("x")) as world:
        ask(world.engine, request(("user", "a")))
        (sent,) = world.replies.requests
        known = f"{world.sdk.sessions[0].plan} {world.sdk.launches}"
    assert str(sent.url) == f"{ADDRESS}/chat/completions"
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in known
    assert "models.example" not in known


def test_a_sign_in_is_given_to_the_session_and_not_to_the_environment(tmp_path: Path) -> None:
    """`/proc` and `ps` show what a process was started with."""
    environ = {"PATH": "/bin", "COPILOT_MODEL": "x", "GH_TOKEN": "y", "OTEL_SERVICE_NAME": "z"}
    variables = {"COPILOT_GH_HOST": "octo.ghe.com"}
    access = sign_in(variables=variables)
    with official(tmp_path, answer("x"), access=access, environ=environ) as world:
        ask(world.engine, request(("user", "a")))
        launch, plan = world.sdk.launches[0], world.sdk.sessions[0].plan
    assert plan.token is not None
    assert plan.token.reveal() == TOKEN
    assert TOKEN not in str(launch.environ)
    assert {"COPILOT_MODEL", "GH_TOKEN", "OTEL_SERVICE_NAME"}.isdisjoint(launch.environ)
    assert launch.environ["PATH"] == "/bin"
    assert launch.environ["COPILOT_GH_HOST"] == "octo.ghe.com"
    assert launch.environ["HOME"].startswith(str(tmp_path))


def test_npms_own_program_starts_offline_and_unpacks_itself_once(tmp_path: Path) -> None:
    """It ends at once without an endpoint and a model, and each home of ours is a new one."""
    unpacked = tmp_path / "program"
    with official(tmp_path, answer("x"), unpacked=unpacked) as world:
        ask(world.engine, request(("user", "a")))
        environ = world.sdk.launches[0].environ
    assert environ["COPILOT_OFFLINE"] == "true"
    assert environ["COPILOT_PROVIDER_BASE_URL"] == PLACEHOLDER
    assert environ["COPILOT_MODEL"] == "none"
    assert environ["COPILOT_PKG_CACHE_HOME"] == str(unpacked)


@pytest.mark.parametrize(
    ("last", "initiator", "sent"),
    [("user", "user", "user"), ("user", "agent", "agent"), ("tool", "user", "agent")],
)
def test_who_began_the_turn_is_said_by_us(
    tmp_path: Path, last: str, initiator: str, sent: str
) -> None:
    """A new session would make the results of tools another question of the person's."""
    asked = request(("user", "a"), (last, "b"), initiator=initiator)
    with official(tmp_path, answer("x"), access=sign_in()) as world:
        ask(world.engine, asked)
    (out,) = world.replies.requests
    assert out.headers["x-initiator"] == sent
    assert out.headers["authorization"] == f"Bearer {TOKEN}"


def test_a_model_that_the_runtime_would_replace_is_refused(tmp_path: Path) -> None:
    """It answers with one of its own where it does not know the name, and says nothing."""

    async def other(session: FakeSession, _: str) -> None:
        await session.ask(model="its-own")
        session.idle()

    with official(tmp_path, access=sign_in()) as world:
        world.sdk.turns = [other]
        with pytest.raises(ModelUnavailable, match="does not have the model m"):
            ask(world.engine, request(("user", "a")))
    assert world.replies.requests == []


def test_auto_is_the_runtimes_choice(tmp_path: Path) -> None:
    """With that name the service is asked to choose."""

    async def other(session: FakeSession, _: str) -> None:
        await session.ask(model="chosen")
        session.idle()

    with official(tmp_path, answer("x"), access=sign_in()) as world:
        world.sdk.turns = [other]
        ask(world.engine, request(("user", "a"), model="auto"))
    assert world.bodies[0]["model"] == "chosen"


def test_other_requests_go_where_the_runtime_sends_them(tmp_path: Path) -> None:
    """The list of models is its own business; an endpoint of one's own is not asked for it."""

    async def listing(session: FakeSession, prompt: str) -> None:
        get = httpx.Request("GET", "https://api.githubcopilot.com/models")
        lists.append((await session._sdk.requests.send(get, None)).status_code)
        await converse(session, prompt)

    lists: list[int] = []
    for access in (sign_in(), endpoint()):
        given = [httpx.Response(200, json={"data": []})] if access.whose == "octocat" else []
        with official(tmp_path, *given, answer("x"), access=access) as world:
            world.sdk.turns = [listing]
            ask(world.engine, request(("user", "a")))
    assert lists == [200, 404]


COMPANY = {"COPILOT_GH_HOST": "octo.ghe.com"}
HOMES: dict[str, tuple[dict[str, Any], str]] = {
    "the public one": ({}, "https://api.githubcopilot.com"),
    "a company's": ({"variables": COMPANY}, "https://copilot-api.octo.ghe.com"),
    "an address that was set": ({"api": "https://gate.example/a"}, "https://gate.example/a"),
}


@pytest.mark.parametrize(("given", "home"), HOMES.values(), ids=HOMES)
def test_no_request_leaves_its_home(tmp_path: Path, given: dict[str, Any], home: str) -> None:
    """Without a list of models the runtime turns to the public API, whoever's the token is."""

    async def listing(session: FakeSession, prompt: str) -> None:
        get = httpx.Request("GET", "https://api.githubcopilot.com/models?a=b")
        await session._sdk.requests.send(get, None)
        await converse(session, prompt)

    replies = (httpx.Response(500), answer("x"))
    with official(tmp_path, *replies, access=sign_in(**given)) as world:
        world.sdk.turns = [listing]
        ask(world.engine, request(("user", "a")))
    assert [str(each.url) for each in world.replies.requests] == [
        f"{home}/models?a=b",
        f"{home}/chat/completions",
    ]
    hosts = {each.headers["host"] for each in world.replies.requests}
    assert hosts == {httpx.URL(home).host}


@pytest.mark.parametrize(
    ("meant", "goes"),
    [
        ("https://copilot-proxy.octo.ghe.com/models", "https://copilot-proxy.octo.ghe.com/models"),
        ("https://octo.ghe.com.example/models", "https://copilot-api.octo.ghe.com/models"),
        ("https://other-octo.ghe.com/models", "https://copilot-api.octo.ghe.com/models"),
    ],
)
def test_what_is_a_companys(meant: str, goes: str) -> None:
    """Whatever host of its own GitHub names, and no other that is called alike."""
    assert str(sign_in(variables=COMPANY).at_home(httpx.URL(meant))) == goes


def test_offline_no_other_machine_is_asked(tmp_path: Path) -> None:
    """The runtime would ask GitHub by itself, with the token; an endpoint is asked by us alone."""
    here = sign_in(
        variables={"COPILOT_DEBUG_GITHUB_API_URL": "http://127.0.0.1:1"}, api="http://127.0.0.1:1"
    )
    for access, named in (
        (sign_in(), r"api\.github\.com"),
        (sign_in(variables=COMPANY), r"api\.octo\.ghe\.com"),
        (here._replace(api=None), r"api\.githubcopilot\.com"),
    ):
        with official(tmp_path, access=access, offline=True) as world:
            with pytest.raises(NetworkError, match=f"COPILOT_OFFLINE is set: {named}"):
                ask(world.engine, request(("user", "a")))
            assert world.sdk.launches == []
    for allowed in (here, endpoint()):
        with official(tmp_path, answer("x"), access=allowed, offline=True) as world:
            assert text_of(ask(world.engine, request(("user", "a")))) == "x"


def test_what_cannot_be_passed_on_is_a_reply_all_the_same(tmp_path: Path) -> None:
    """Whatever went wrong with it: the runtime would wait for ever."""

    async def listing(session: FakeSession, prompt: str) -> None:
        get = httpx.Request("GET", "https://api.githubcopilot.com/models")
        lists.append((await session._sdk.requests.send(get, None)).status_code)
        await converse(session, prompt)

    lists: list[int] = []
    for error in (httpx.ConnectError("x"), RuntimeError("the client is closed")):
        with official(tmp_path, error, answer("x"), access=sign_in()) as world:
            world.sdk.turns = [listing]
            ask(world.engine, request(("user", "a")))
    assert lists == [502, 502]


# -- the session is a cache of the transcript ------------------------------------------------


class Watched:
    """The engine as a chat has it; keeps what it was asked."""

    name = "official"

    def __init__(self, world: World) -> None:
        self._world = world
        self.asked: list[Request] = []

    def answer(self, asked: Request) -> Generator[Event]:
        self.asked.append(asked)
        return self._world.engine.answer(asked)

    def dry_run(self, asked: Request) -> dict[str, Any]:
        return self._world.engine.dry_run(asked)


def conversation(world: World, **options: Any) -> tuple[Chat, Watched]:
    """A chat on the engine of `world`."""
    watched = Watched(world)
    ids = iter(range(99))
    options = {"system": "S", **options}
    chat = Chat(watched, "m", monotonic=lambda: 0.0, new_id=lambda: f"id{next(ids)}", **options)
    return chat, watched


def _undo(chat: Chat) -> None:
    chat.load(chat.history[:-2])


def _edit(chat: Chat) -> None:
    chat.load([message("user", "other words"), *chat.history[1:]])


def _model(chat: Chat) -> None:
    chat.model = "another"


def _effort(chat: Chat) -> None:
    chat.effort = "low"


def _system(chat: Chat) -> None:
    chat.system = "T"


def _stop(chat: Chat) -> None:
    events = chat.send("stop here")
    while not isinstance(next(events), Text):
        pass
    events.close()


def _compact(chat: Chat) -> None:
    list(chat.compact())


def _elsewhere(chat: Chat) -> None:
    """Another engine has answered meanwhile."""
    chat.load([*chat.history, message("user", "there"), message("assistant", "done")])


def _nothing(_: Chat) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "sessions"),
    [
        (_nothing, 1),
        (_undo, 2),
        (_edit, 2),
        (_model, 2),
        (_effort, 2),
        (_system, 2),
        (_stop, 2),
        (_compact, 3),
        (_elsewhere, 2),
    ],
)
def test_what_the_model_got_is_the_transcript_whatever_happened_to_the_conversation(
    tmp_path: Path, change: Callable[[Chat], None], sessions: int
) -> None:
    """A session goes on from exactly what it knows; everything else begins a new one, with all."""
    with official(tmp_path, *(answer(f"a{n}") for n in range(9))) as world:
        chat, watched = conversation(world)
        for words in ("one", "two", "three"):
            list(chat.send(words))
        change(chat)
        list(chat.send("last"))
        for asked, body in zip(watched.asked, world.bodies, strict=True):
            assert body["messages"] == encoded(asked)
        assert len(world.sdk.sessions) == sessions
        expected = encoded(Request("m", [*chat._system(), *chat.history[:-1]]))
        assert world.bodies[-1]["messages"] == expected


def test_a_session_is_told_the_new_turn_alone(tmp_path: Path) -> None:
    """The runtime keeps what it was told; only what is new is sent to it."""
    with official(tmp_path, answer("a"), answer("b")) as world:
        chat, _ = conversation(world)
        list(chat.send("one"))
        list(chat.send("two"))
        assert [session.told for session in world.sdk.sessions] == [["one", "two"]]


def test_a_session_that_is_given_up_is_let_go(tmp_path: Path) -> None:
    """Its turn is aborted: the runtime would answer on, and queue what comes next."""
    with official(tmp_path, answer("a"), answer("b")) as world:
        chat, _ = conversation(world)
        _stop(chat)
        assert world.sdk.sessions[0].disconnected.wait(5)
        assert world.sdk.sessions[0].aborted


def test_a_session_that_cannot_go_on_is_let_go(tmp_path: Path) -> None:
    """One that was made for another model is of no use any more; the runtime itself is."""
    with official(tmp_path, answer("a"), answer("b")) as world:
        ask(world.engine, request(("user", "one")))
        ask(world.engine, request(("user", "two"), model="other"))
        assert world.sdk.sessions[0].disconnected.wait(5)
        assert world.sdk.started == 1


def test_a_stopped_answer_leaves_the_runtime_which_is_pinged(tmp_path: Path) -> None:
    """Without a session that has just answered nobody knows whether it hangs."""
    with official(tmp_path, answer("a"), answer("b"), answer("c")) as world:
        chat, _ = conversation(world)
        _stop(chat)
        list(chat.send("two"))
        assert (world.sdk.started, world.sdk.pings) == (1, 1)
        list(chat.send("three"))
        assert (world.sdk.started, world.sdk.pings) == (1, 1)


def test_a_message_without_words_is_told_by_others(tmp_path: Path) -> None:
    """The runtime wants a prompt; the model gets the image."""
    asked = request(Message("user", (ImagePart("image/png", "aGk=", "low"),)))
    with official(tmp_path, answer("x")) as world:
        ask(world.engine, asked)
        assert [session.told for session in world.sdk.sessions] == [["(see the transcript)"]]
        assert world.bodies[0]["messages"] == encoded(asked)


def test_late_events_of_an_earlier_attempt_are_dropped(tmp_path: Path) -> None:
    """An attempt has its own queue: what comes for another is no part of this answer."""
    late = threading.Event()

    async def slow(session: FakeSession, prompt: str) -> None:
        session.say("old")
        await session.ask()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            session.say("LATE")
            session.idle()
            late.set()

    with official(tmp_path, answer("gone"), answer("new")) as world:
        world.sdk.turns = [slow]
        events = world.engine.answer(request(("user", "a")))
        while not isinstance(next(events), Text):
            pass
        events.close()
        assert late.wait(5)
        assert text_of(ask(world.engine, request(("user", "b")))) == "new"


# -- tools -----------------------------------------------------------------------------------


class Box:
    """Tools that say what they were called with."""

    specs = (ADD,)

    def __init__(self) -> None:
        self.calls: list[ToolCall] = []

    def run(self, calls: Any) -> Generator[Event]:
        self.calls += calls
        for call in calls:
            yield ToolResult(call.id, call.name, f"got {call.arguments}")


def test_tools_are_run_by_the_chat_while_the_session_waits(tmp_path: Path) -> None:
    """One session, two requests; arguments are as the model wrote them, were they JSON or not."""
    replies = (stream(text_event("see "), CALLS, DONE), answer("three"), answer("four"))
    with official(tmp_path, *replies) as world:
        box = Box()
        chat, watched = conversation(world, tools=box)
        events = list(chat.send("add"))
        assert [call.arguments for call in box.calls] == ['{"a": 1}', "{bad"]
        assert text_of(events) == "see three"
        assert len(world.sdk.sessions) == 1
        for asked, body in zip(watched.asked, world.bodies, strict=True):
            assert body["messages"] == encoded(asked)
        assert world.bodies[1]["messages"][-1]["content"] == "got {bad"
        list(chat.send("and on"))
        assert len(world.sdk.sessions) == 1


def test_a_call_that_the_runtime_answers_by_itself_waits_for_the_transcript(
    tmp_path: Path,
) -> None:
    """It knows no such tool and asks the model again at once: the request waits for our results."""

    async def hasty(session: FakeSession, _prompt: str) -> None:
        for _ in range(2):
            reply = await session.ask()
            async for _piece in reply.aiter_raw():
                pass
        session.say("so")
        session.idle()

    with official(tmp_path, stream(CALLS, DONE), answer("so")) as world:
        world.sdk.turns = [hasty]
        chat, watched = conversation(world, tools=Box())
        assert text_of(list(chat.send("add"))) == "so"
        assert world.bodies[1]["messages"] == encoded(watched.asked[1])


def test_results_survive_the_loss_of_their_session(tmp_path: Path) -> None:
    """A new session gets the calls and the results with everything else, and no tool runs twice."""
    replies = (stream(CALLS, DONE), answer("so"))
    with official(tmp_path, *replies) as world:
        box = Box()
        chat, watched = conversation(world, tools=box)
        events = chat.send("add")
        while not isinstance(next(events), ToolResult):
            pass
        world.engine.close()
        assert text_of(list(events)) == "so"
        assert len(box.calls) == 2
        assert world.bodies[1]["messages"] == encoded(watched.asked[1])
        assert len(world.sdk.sessions) == 2


def test_the_tools_of_a_session_are_ours_alone(tmp_path: Path) -> None:
    """A change of any part of a tool's definition makes a new session."""
    with official(tmp_path, answer("a"), answer("b"), answer("c")) as world:
        asked = request(("user", "a"), tools=(ADD,))
        ask(world.engine, asked)
        other = ADD._replace(parameters={"type": "object"})
        longer = [*asked.messages, message("assistant", "a"), message("user", "b")]
        ask(world.engine, asked._replace(messages=longer, tools=(other,)))
        assert [list(each.plan.tools) for each in world.sdk.sessions] == [[ADD], [other]]


# -- failures --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "error", "requests"),
    [
        (lambda: refusal(401), SignInError, 1),
        (lambda: refusal(402), QuotaError, 1),
        (lambda: refusal(429, "quota_exceeded"), QuotaError, 1),
        (lambda: refusal(429, retry_after="1"), LimitError, 3),
        (lambda: refusal(499), ServiceError, 1),
        (lambda: refusal(500), ServiceError, 3),
        (lambda: httpx.ReadError("dropped"), ServiceError, 2),
    ],
    ids=["401", "402", "quota as 429", "429", "cancelled", "500", "dropped"],
)
def test_a_refusal_is_sent_again_by_the_table_of_all_engines(
    tmp_path: Path, reply: Any, error: type[CopilotChatError], requests: int
) -> None:
    """The runtime, which would try six times, gets an answer that it takes for final."""
    with official(tmp_path, *(reply() for _ in range(4)), retries=2) as world:
        with pytest.raises(error):
            ask(world.engine, request(("user", "a")))
        assert len(world.replies.requests) == requests
        assert len(world.waits) == requests - 1


def test_an_identity_that_is_refused_is_the_runtimes_own(tmp_path: Path) -> None:
    """No setting of ours changes what it calls itself."""
    refused = httpx.Response(466, json={"error": {"message": "too old"}})
    with (
        official(tmp_path, refused, access=sign_in()) as world,
        pytest.raises(SettingsError, match="no longer takes this client identity") as caught,
    ):
        ask(world.engine, request(("user", "a")))
    assert caught.value.hint == faults.UPDATE


def test_what_the_model_does_not_take_is_left_out_and_said(tmp_path: Path) -> None:
    """As with every engine: the same question, written otherwise."""
    refused = httpx.Response(
        400,
        json={"error": {"code": "unsupported_parameter", "param": "temperature", "message": "x"}},
    )
    with official(tmp_path, refused, answer("x")) as world:
        events = ask(world.engine, request(("user", "a"), temperature=0.5))
    assert [event.message for event in events if isinstance(event, Notice)]
    assert "temperature" not in world.bodies[1]


def test_nothing_is_sent_again_once_a_word_was_shown(tmp_path: Path) -> None:
    """What broke after it is incomplete, and what was shown is not shown twice."""
    with official(tmp_path, stream(text_event("half"), httpx.ReadError("cut"))) as world:
        events = ask(world.engine, request(("user", "a")))
    assert text_of(events) == "half"
    assert isinstance(events[-1], End)
    assert (events[-1].reason, events[-1].complete) == ("cut", False)


def test_words_that_the_runtime_begins_anew_are_not_shown_twice(tmp_path: Path) -> None:
    """It gives a reply up and asks for another: that request waits until it is let go."""

    async def again(session: FakeSession, _: str) -> None:
        reply = await session.ask()
        async for _piece in reply.aiter_raw():
            pass
        session.emit("assistant.turn_retry", turn_id="0", reason="streaming_error")
        refused.append((await session.ask()).status_code)

    refused: list[int] = []
    with official(tmp_path, answer("one two"), answer("b")) as world:
        world.sdk.turns = [again]
        chat, watched = conversation(world)
        assert text_of(list(chat.send("a"))) == "one two"
        assert text_of(list(chat.send("b"))) == "b"
        assert world.bodies[1]["messages"] == encoded(watched.asked[1])
        assert len(world.sdk.sessions) == 2
        assert world.sdk.sessions[0].disconnected.wait(5)
    assert refused in ([], [400])


def test_what_the_runtime_keeps_to_itself_is_shown(tmp_path: Path) -> None:
    """The model said it: a session that says nothing hides no word."""

    async def mute(session: FakeSession, _: str) -> None:
        await session.ask()
        session.idle()

    with official(tmp_path, answer("one two")) as world:
        world.sdk.turns = [mute]
        assert text_of(ask(world.engine, request(("user", "a")))) == "one two"


def test_a_turn_that_never_ends_is_not_gone_on_with(tmp_path: Path) -> None:
    """The answer is there; the next turn has another session, with everything."""

    async def endless(session: FakeSession, _: str) -> None:
        await session.ask()
        await for_ever()

    with official(tmp_path, answer("a"), answer("b")) as world:
        world.sdk.turns = [endless]
        chat, watched = conversation(world)
        list(chat.send("one"))
        list(chat.send("two"))
        assert len(world.sdk.sessions) == 2
        assert world.sdk.started == 1
        assert world.bodies[1]["messages"] == encoded(watched.asked[1])


def test_a_turn_that_asks_no_model_is_an_error(tmp_path: Path) -> None:
    """What the model was told could not be known, so that nothing of it is shown."""

    async def past_us(session: FakeSession, _: str) -> None:
        session.say("who knows")
        session.idle()

    with official(tmp_path, retries=0) as world:
        world.sdk.turns = [past_us]
        with pytest.raises(ServiceError, match="asked no model"):
            ask(world.engine, request(("user", "a")))


def test_what_the_runtime_warns_of_is_said(tmp_path: Path) -> None:
    """Once, and made safe."""

    async def warning(session: FakeSession, prompt: str) -> None:
        session.emit("session.warning", message="soon \x1b[31m gone", warning_type="model")
        await converse(session, prompt)

    with official(tmp_path, answer("a")) as world:
        world.sdk.turns = [warning]
        (said,) = [
            event.message
            for event in ask(world.engine, request(("user", "a")))
            if isinstance(event, Notice)
        ]
    assert said.startswith("GitHub's runtime: soon")
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("kind", "status", "code", "error"),
    [
        ("authentication", None, None, SignInError),
        ("quota", None, None, QuotaError),
        ("rate_limit", None, "user_weekly_rate_limited", LimitError),
        ("query", 402, None, QuotaError),
        ("query", None, None, ServiceError),
    ],
)
def test_an_error_of_the_runtimes_own_is_known_by_its_type(
    tmp_path: Path, kind: str, status: int | None, code: str | None, error: type[CopilotChatError]
) -> None:
    """Never by its words; without a type it is not sent again."""

    async def failing(session: FakeSession, _: str) -> None:
        words = "rate limit quota 401"
        session.emit(
            "session.error", error_type=kind, status_code=status, error_code=code, message=words
        )
        session.idle()

    with official(tmp_path, retries=3) as world:
        world.sdk.turns = [failing]
        with pytest.raises(error) as raised:
            ask(world.engine, request(("user", "a")))
    assert type(raised.value) is error
    assert world.waits == []


def test_a_session_that_is_refused_is_explained_by_github_itself(tmp_path: Path) -> None:
    """The runtime's words have no type; the sign-in is tried where it has one."""

    async def refuse() -> None:
        raise RuntimeError("JSON-RPC Error -32603: 401 in words")

    def check() -> None:
        raise SignInError("GitHub refused the token")

    with official(tmp_path, access=sign_in(check)) as world:
        world.sdk.opening = refuse
        with pytest.raises(SignInError, match="GitHub refused the token"):
            ask(world.engine, request(("user", "a")))
    with official(tmp_path, access=sign_in()) as world:
        world.sdk.opening = refuse
        with pytest.raises(ServiceError, match="refused a session"):
            ask(world.engine, request(("user", "a")))


def test_a_stalled_reply_is_given_up(tmp_path: Path) -> None:
    """The idle time-out of all engines ends it, and the turn is aborted."""
    gate = threading.Event()
    reply = stream(text_event("a"), lambda: gate.wait(3), text_event("b"), STOP, DONE)
    short = SHORT._replace(settle=0.2)
    with official(tmp_path, reply, idle=0.2, deadlines=short, retries=0) as world:
        events = ask(world.engine, request(("user", "a")))
        gate.set()
        assert world.sdk.sessions[0].disconnected.wait(5)
    assert text_of(events) == "a"
    assert isinstance(events[-1], End)
    assert events[-1].reason == "stalled"


# -- the runtime's life ----------------------------------------------------------------------


def test_nothing_is_started_before_the_first_question(tmp_path: Path) -> None:
    """Neither the SDK is looked for nor the program, and no folder is made."""
    with official(tmp_path / "new", sdk=lambda: pytest.fail("too early")) as world:
        assert world.engine.dry_run(request(("user", "a"))) == {"method": "POST"}
    assert not (tmp_path / "new").exists()


def test_a_program_that_is_missing_is_said_by_who_knows(tmp_path: Path) -> None:
    """Its error has the way out."""

    def missing() -> Path:
        raise SettingsError("not installed", hint="copilot-chat engine install")

    with official(tmp_path, program=missing) as world, pytest.raises(SettingsError) as raised:
        ask(world.engine, request(("user", "a")))
    assert raised.value.hint == "copilot-chat engine install"


def test_a_start_without_an_end_is_ended(tmp_path: Path) -> None:
    """A program that never answers is stopped before the person hears of it."""
    with official(tmp_path, deadlines=SHORT._replace(start=0.05)) as world:
        world.sdk.starting = for_ever
        with pytest.raises(SettingsError, match=r"no answer within 0\.05 s") as raised:
            ask(world.engine, request(("user", "a")))
        assert world.sdk.stopped == 1
    assert raised.value.exit_code == 2


def test_an_sdk_that_cannot_be_asked_so_is_said(tmp_path: Path) -> None:
    """Another release of it takes other arguments; no thread is left of the attempt."""

    def client(*_: object) -> Any:
        raise TypeError("got an unexpected keyword argument 'request_handler'")

    with official(tmp_path) as world:
        world.sdk.client = client  # type: ignore[method-assign, assignment]
        with pytest.raises(SettingsError, match="unexpected keyword argument"):
            ask(world.engine, request(("user", "a")))


def test_of_a_start_that_fails_and_cannot_be_undone_both_errors_are_told(tmp_path: Path) -> None:
    """The first says what is wrong, the second that something may be left."""

    async def start() -> None:
        raise RuntimeError("SDK protocol version mismatch: server reports version 9")

    async def stop() -> None:
        raise OSError("cannot kill")

    with official(tmp_path) as world:
        world.sdk.starting, world.sdk.stopping = start, stop
        with pytest.raises(SettingsError, match=r"version 9; .*cannot kill"):
            ask(world.engine, request(("user", "a")))


def test_a_runtime_is_pinged_before_it_is_used_after_idling(tmp_path: Path) -> None:
    """One that does not answer is replaced, and the person hears of it."""
    deadlines = SHORT._replace(unused=0.0, ping=0.05)
    with official(tmp_path, answer("a"), answer("b"), deadlines=deadlines) as world:
        chat, watched = conversation(world)
        list(chat.send("one"))
        world.sdk.pinging = for_ever
        events = list(chat.send("two"))
        assert any("started again" in each.message for each in events if isinstance(each, Notice))
        assert world.bodies[1]["messages"] == encoded(watched.asked[1])
    assert (world.sdk.started, world.sdk.stopped) == (2, 2)


def test_a_runtime_that_hangs_in_a_call_is_replaced_and_the_question_asked_again(
    tmp_path: Path,
) -> None:
    """Nothing was shown, so that the same turn goes on with another."""
    hanging = [for_ever]

    async def opening() -> None:
        if hanging:
            await hanging.pop()()

    with official(tmp_path, answer("a"), deadlines=SHORT._replace(call=0.05)) as world:
        world.sdk.opening = opening
        events = ask(world.engine, request(("user", "a")))
    assert text_of(events) == "a"
    assert [event.seconds for event in events if isinstance(event, Waiting)] == [0.0]
    assert world.sdk.started == 2


def test_a_call_that_takes_long_is_asked_for_a_sign_of_life(tmp_path: Path) -> None:
    """One that gives none is ended, long before the deadline of the call."""
    deadlines = SHORT._replace(call=4.0, unused=0.05, ping=0.05)
    with official(tmp_path, deadlines=deadlines, retries=0) as world:
        world.sdk.opening = world.sdk.pinging = for_ever
        with pytest.raises(ServiceError, match=r"did not answer within 0\.\d s \(a session\)"):
            ask(world.engine, request(("user", "a")))
        assert (world.sdk.pings, world.sdk.stopped) == (1, 1)


def test_a_call_that_takes_long_and_lives_is_waited_for(tmp_path: Path) -> None:
    """GitHub's own replies may be slow, and the runtime is not to blame."""
    asked = asyncio.Event()

    async def pinging() -> None:
        asked.set()

    async def opening() -> None:
        await asked.wait()

    with official(tmp_path, answer("a"), deadlines=SHORT._replace(unused=0.05)) as world:
        world.sdk.opening, world.sdk.pinging = opening, pinging
        assert text_of(ask(world.engine, request(("user", "a")))) == "a"
        assert (world.sdk.pings, world.sdk.started) == (1, 1)


def test_a_turn_that_never_asks_the_model_is_ended(tmp_path: Path) -> None:
    """The deadline of a call holds until the model is asked."""

    async def silent(_session: FakeSession, _: str) -> None:
        await for_ever()

    deadlines = Deadlines(start=2, call=0.1, settle=0.2, ping=0.5, unused=5)
    with official(tmp_path, deadlines=deadlines, retries=0) as world:
        world.sdk.turns = [silent]
        with pytest.raises(ServiceError, match=r"did not answer within 0\.1 s"):
            ask(world.engine, request(("user", "a")))
        assert world.sdk.stopped == 1


def test_an_engine_that_was_closed_may_be_asked_again(tmp_path: Path) -> None:
    """It starts a runtime anew, and the whole conversation goes to it."""
    with official(tmp_path, answer("a"), answer("b")) as world:
        chat, watched = conversation(world)
        list(chat.send("one"))
        world.engine.close()
        list(chat.send("two"))
        assert world.bodies[1]["messages"] == encoded(watched.asked[1])


def test_a_second_ctrl_c_leaves_no_conversation_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes while the runtime is being ended; what that wrote is in plain text."""

    def interrupted() -> str:
        raise KeyboardInterrupt

    with official(tmp_path, answer("a")) as world:
        ask(world.engine, request(("user", "a")))
        assert list(tmp_path.glob("run-*"))
        with monkeypatch.context() as patch:
            patch.setattr(world.engine._sessions._runtime, "stop", interrupted)
            with pytest.raises(KeyboardInterrupt):
                world.engine.close()
        assert not list(tmp_path.glob("run-*"))


def test_what_a_runtime_was_asked_is_let_go_with_it(tmp_path: Path) -> None:
    """Nobody waits for a request of a session that it had, and no question is kept for one."""
    with official(tmp_path, answer("a")) as world:
        ask(world.engine, request(("user", "a")))
        (session,), requests = world.sdk.sessions, world.sdk.requests
        world.engine.close()
        late = httpx.Request("POST", f"{ADDRESS}/chat/completions", json={"model": "m"})

        async def reply() -> int:
            async with asyncio.timeout(5):
                return (await requests.send(late, session.plan.session_id)).status_code

        assert asyncio.run(reply()) == 400


def test_a_dry_run_shows_what_the_model_would_get(tmp_path: Path) -> None:
    """As with the other engines: nothing is started, and no secret is in it."""
    with official(tmp_path, access=sign_in(api="https://api.example")) as world:
        shown = world.engine.dry_run(request(("user", "a")))
    assert shown["url"] == "https://api.example"
    assert shown["path"] == "/chat/completions"
    assert shown["body"]["messages"] == [{"role": "user", "content": "a"}]
    assert TOKEN not in str(shown)


def test_a_failure_of_an_endpoint_is_worded_by_it(tmp_path: Path) -> None:
    """Who knows whose key it was says so."""
    reworded = endpoint()._replace(
        explain=lambda failure: Failure(SignInError("the key of mine was refused"), failure.retry)
    )
    with (
        official(tmp_path, refusal(401), access=reworded) as world,
        pytest.raises(SignInError, match="the key of mine"),
    ):
        ask(world.engine, request(("user", "a")))


def test_a_body_without_streaming_is_read_whole(tmp_path: Path) -> None:
    """What the runtime asks as one reply comes as one, and its message has no pieces."""

    async def whole(session: FakeSession, _: str) -> None:
        reply = await session.ask()
        content = b"".join([piece async for piece in reply.aiter_raw()])
        assert b"all at once" in content
        session.emit("assistant.message", content="all at once", message_id="m")
        session.idle()

    body = {"choices": [{"message": {"content": "all at once"}, "finish_reason": "stop"}]}
    reply = httpx.Response(
        200,
        headers={"content-type": "application/json"},
        stream=Body([httpx.Response(200, json=body).content]),
    )
    with official(tmp_path, reply) as world:
        world.sdk.turns = [whole]
        events = ask(world.engine, request(("user", "a"), stream=False))
    assert text_of(events) == "all at once"
    assert world.bodies[0]["stream"] is False
    assert "stream_options" not in world.bodies[0]
