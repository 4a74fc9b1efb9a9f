"""What the tests of the engine `official` stand on: an SDK with a small runtime in it, no process.

`FakeSDK` does what the real pair does, as far as the engine sees it: a session that is told
something asks the model through the request handler, reads the reply, and emits the SDK's events.
"""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx

from copilot_cli.engines.http import HTTPEngine
from copilot_cli.engines.official.access import OwnEndpoint, SignIn
from copilot_cli.engines.official.engine import OfficialEngine
from copilot_cli.engines.official.requests import ModelRequests
from copilot_cli.engines.official.runtime import Deadlines
from copilot_cli.engines.official.sdk import PLACEHOLDER, Launch, OnCall, OnEvent, Plan
from copilot_cli.engines.resilience import Retrying
from copilot_cli.messages import Event, Message, Request, Text, message
from copilot_cli.network import build_client
from copilot_cli.secret import Secret
from copilot_cli.wires.table import CHAT, WIRES
from tests.engine_world import NOW, Replies, Scripted

TOKEN = "gho_madeUpForTests0000000000000000000000"
KEY = "sk-madeUpForTests"
ADDRESS = "https://models.example/v1"
SHORT = Deadlines(start=2.0, call=2.0, settle=0.5, ping=0.5, unused=5.0)
PATHS = {"chat": "/chat/completions", "responses": "/responses", "messages": "/v1/messages"}

Work = Callable[["FakeSession", str], Awaitable[None]]


class FakeSession:
    """A session: what it was made with, what it was told, and whether it was let go."""

    def __init__(self, sdk: "FakeSDK", plan: Plan, on_event: OnEvent, on_call: OnCall) -> None:
        self.plan = plan
        self.told: list[str] = []
        self.aborted = False
        self.disconnected = threading.Event()
        self.emit_raw = on_event
        self.on_call = on_call
        self._sdk = sdk
        self._turns: list[asyncio.Task[None]] = []

    async def send(self, prompt: str) -> str:
        self.told.append(prompt)
        work = self._sdk.turns.pop(0) if self._sdk.turns else converse
        self._turns.append(asyncio.ensure_future(work(self, prompt)))
        return "message"

    async def abort(self) -> None:
        self.aborted = True
        for turn in self._turns:
            turn.cancel()

    async def disconnect(self) -> None:
        self.disconnected.set()

    # What a turn does

    def emit(self, kind: str, **data: Any) -> None:
        """Emit an event of the SDK's; what it has no word on is None, as in the SDK."""
        blank = dict.fromkeys(("reasoning_text", "error_code", "status_code", "reason"))
        self.emit_raw(kind, SimpleNamespace(**{**blank, **data}))

    def say(self, text: str, message_id: str = "m1") -> None:
        self.emit("assistant.message_delta", delta_content=text, message_id=message_id)

    def idle(self) -> None:
        self.emit("session.idle")

    async def ask(self, **body: Any) -> httpx.Response:
        """Ask the model as the runtime does: with its own view of the conversation."""
        plan = self.plan
        base = PLACEHOLDER if plan.wire else "https://api.githubcopilot.com"
        path = PATHS[plan.wire or "chat"]
        theirs = {
            "model": plan.model,
            "messages": [
                {"role": "system", "content": plan.system},
                *({"role": "user", "content": f"{DATE}\n\n{text}"} for text in self.told),
            ],
            "temperature": 1,
            "reasoning_effort": "medium",
            "snippy": {"enabled": False},
            "stream": plan.stream,
            **body,
        }
        headers = {"authorization": f"Bearer {TOKEN}", "x-initiator": "user", "accept": "*/*"}
        request = httpx.Request("POST", f"{base}{path}", headers=headers, json=theirs)
        return await self._sdk.requests.send(request, plan.session_id)


DATE = "<current_datetime>2026-11-20T16:24:45.717+00:00</current_datetime>"


async def converse(session: FakeSession, _prompt: str) -> None:
    """Ask the model until it wants no more tools, and pass on what it says."""
    while True:
        reply = await session.ask()
        if reply.status_code != 200:
            session.emit(
                "session.error", error_type="query", message="no", status_code=reply.status_code
            )
            break
        try:
            calls = await pass_on(session, reply)
        except httpx.HTTPError:
            session.emit("assistant.turn_retry", turn_id="0")
            continue
        if not calls:
            break
        await asyncio.gather(*(session.on_call(call_id) for call_id in calls))
    session.idle()


async def pass_on(session: FakeSession, reply: httpx.Response) -> list[str]:
    """Emit the text of a reply as it comes; return the ids of the calls in it."""
    calls: list[str] = []
    buffer = b""
    async for piece in reply.aiter_raw():
        *events, buffer = (buffer + piece).split(b"\n\n")
        for event in events:
            value = event.removeprefix(b"data: ")
            for choice in [] if value == b"[DONE]" else json.loads(value).get("choices", []):
                delta = choice.get("delta", {})
                if delta.get("content"):
                    session.say(delta["content"])
                if delta.get("reasoning_content"):
                    thought = delta["reasoning_content"]
                    session.emit("assistant.reasoning_delta", delta_content=thought)
                for call in delta.get("tool_calls", ()):
                    session.emit("assistant.tool_call_delta")
                    calls.append(call["id"])
    return calls


class FakeClient:
    """A client of a runtime that is not there."""

    def __init__(self, sdk: "FakeSDK") -> None:
        self._sdk = sdk

    async def start(self) -> None:
        self._sdk.started += 1
        await self._sdk.starting()

    async def force_stop(self) -> None:
        self._sdk.stopped += 1
        await self._sdk.stopping()

    async def ping(self) -> object:
        self._sdk.pings += 1
        await self._sdk.pinging()
        return None


async def _at_once() -> None:
    """Do nothing."""


async def for_ever() -> None:
    """Never answer."""
    await asyncio.Event().wait()


class FakeSDK:
    """The SDK's place; `turns` are what the next turns do, `converse` where there is none."""

    def __init__(self) -> None:
        self.turns: list[Work] = []
        self.sessions: list[FakeSession] = []
        self.launches: list[Launch] = []
        self.started = self.stopped = self.pings = 0
        self.starting: Callable[[], Awaitable[None]] = _at_once
        self.stopping: Callable[[], Awaitable[None]] = _at_once
        self.pinging: Callable[[], Awaitable[None]] = _at_once
        self.opening: Callable[[], Awaitable[None]] = _at_once

    def client(self, launch: Launch, requests: ModelRequests) -> FakeClient:
        self.launches.append(launch)
        self.requests = requests
        return FakeClient(self)

    def process(self, _client: object) -> None:
        return None

    async def session(
        self, _client: object, plan: Plan, on_event: OnEvent, on_call: OnCall
    ) -> FakeSession:
        await self.opening()
        self.sessions.append(FakeSession(self, plan, on_event, on_call))
        return self.sessions[-1]


class Sender:
    """Knows an endpoint's address and key."""

    def address(self, wire: Any, _request: Request) -> Any:
        from copilot_cli.engines.answering import Address

        return Address(f"{ADDRESS}{wire.path}", {"Authorization": f"Bearer {KEY}"})

    def renew(self, _stale: object) -> bool:
        return False


def endpoint(path: str = CHAT.path, whose: str = "mine") -> OwnEndpoint:
    """An endpoint that speaks the wire of `path`."""
    return OwnEndpoint(whose, path, Sender(), lambda _: {"method": "POST"}, lambda failure: failure)


def sign_in(check: Callable[[], object] = lambda: None, **given: Any) -> SignIn:
    """The sign-in of an account of GitHub's."""
    return SignIn("octocat", lambda: Secret(TOKEN), check, **given)


class World:
    """An engine on a fake SDK and scripted replies; `sdk` and `replies` tell what happened."""

    def __init__(
        self,
        home: Path,
        *replies: Scripted,
        access: SignIn | OwnEndpoint | None = None,
        retries: int = 2,
        idle: float = 5.0,
        deadlines: Deadlines = SHORT,
        **options: Any,
    ) -> None:
        self.sdk = FakeSDK()
        self.replies = Replies(*replies)
        self.waits: list[float] = []
        self.home = home
        client = build_client({}, transport=self.replies, user_agent="tests")
        monotonic = time.monotonic
        http = HTTPEngine(client, timeout_idle=idle, monotonic=monotonic, now=lambda: NOW)
        given: dict[str, Any] = {
            "program": lambda: Path("copilot-runtime"),
            "environ": {},
            "sdk": lambda: self.sdk,
            **options,
        }
        self.engine = OfficialEngine(
            client,
            http,
            access or endpoint(),
            home=home,
            timeout_idle=idle,
            retrying=Retrying(retries, self.waits.append, str),
            monotonic=monotonic,
            deadlines=deadlines,
            **given,
        )

    @property
    def bodies(self) -> list[Mapping[str, Any]]:
        """What the model was sent, request by request."""
        return [json.loads(request.content) for request in self.replies.requests]


@contextmanager
def official(home: Path, *replies: Scripted, **options: Any) -> Iterator[World]:
    """A world whose engine is closed at the end, and leaves no thread of a loop behind."""
    world = World(home, *replies, **options)
    try:
        yield world
    finally:
        world.engine.close()
    ours = [each for each in threading.enumerate() if each.name.startswith("copilot-chat")]
    for thread in ours:
        thread.join(5)
    assert [each.name for each in ours if each.is_alive()] == []
    assert not list(home.glob("run-*"))


def request(*said: tuple[str, str] | Message, model: str = "m", **fields: Any) -> Request:
    """A request of the messages `said`, each a role and a text."""
    messages = [
        each if isinstance(each, Message) else message(each[0], each[1])  # type: ignore[arg-type]
        for each in said
    ]
    return Request(model, messages, **fields)


def ask(engine: OfficialEngine, asked: Request) -> list[Event]:
    """All events of an answer."""
    return list(engine.answer(asked))


def text_of(events: Sequence[Event]) -> str:
    """The text of an answer."""
    return "".join(event.text for event in events if isinstance(event, Text))


def encoded(asked: Request, path: str = CHAT.path) -> Any:
    """The messages of a request as the wire has them: what the model is to get."""
    return WIRES[path].encode(asked)["messages"]
