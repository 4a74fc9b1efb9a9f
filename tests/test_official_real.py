"""The engine `official` with GitHub's real runtime: over loopback, killed, stalled and refused."""

import json
import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from copilot_cli.chat import Chat
from copilot_cli.engines.byok import ByokEngine
from copilot_cli.engines.endpoint import Endpoint
from copilot_cli.engines.home import Home
from copilot_cli.engines.http import HTTPEngine
from copilot_cli.engines.official.access import OwnEndpoint, SignIn
from copilot_cli.engines.official.engine import OfficialEngine
from copilot_cli.engines.official.runtime import Deadlines
from copilot_cli.engines.resilience import Retrying
from copilot_cli.errors import (
    CopilotChatError,
    LimitError,
    ModelUnavailable,
    ServiceError,
    SettingsError,
    SignInError,
)
from copilot_cli.messages import (
    End,
    Event,
    Message,
    Notice,
    Request,
    Started,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
    Waiting,
)
from copilot_cli.network import build_client
from copilot_cli.process_tree import descendants
from copilot_cli.secret import Secret
from copilot_cli.simulator import SimulatorServer
from copilot_cli.simulator.scenario import KEYS
from copilot_cli.wires.table import WIRES
from tests.plain_server import plain_server

pytest.importorskip("copilot", reason="GitHub's SDK is not installed")
pytestmark = pytest.mark.real

CHAT, RESPONSES, MESSAGES = "/chat/completions", "/responses", "/v1/messages"
PLACES = {
    CHAT: ("openai", "openai/v1", "gpt-sim", "messages"),
    RESPONSES: ("openai", "openai/v1", "gpt-sim", "input"),
    MESSAGES: ("anthropic", "anthropic", "claude-sim", "messages"),
}
WEATHER = ToolSpec("get_weather", "The weather.", {"type": "object", "properties": {}})


class World:
    """An engine on the real runtime, and the simulator that it asks over a socket."""

    def __init__(self, server: SimulatorServer, program: Path, home: Path) -> None:
        self.server, self.sim = server, server.simulator
        self.program, self.home = program, home
        self.engines: list[OfficialEngine] = []
        self.clients: list[httpx.Client] = []

    def engine(
        self,
        path: str = CHAT,
        *,
        access: SignIn | None = None,
        idle: float = 30.0,
        retries: int = 2,
        **options: Any,
    ) -> OfficialEngine:
        """An engine on an endpoint that speaks the wire of `path`, or with a sign-in."""
        client = build_client({}, user_agent="tests/1")
        self.clients.append(client)
        clock: dict[str, Any] = {"monotonic": time.monotonic, "now": time.time}
        http = HTTPEngine(client, timeout_idle=idle, **clock)
        kind, folder, _, _ = PLACES[path]
        wire = "responses" if path == RESPONSES else None
        address = f"{self.server.url}/byok/{folder}"
        key = Secret(KEYS[kind])
        place = Endpoint("sim", kind, address, key=key, wire=wire)  # type: ignore[arg-type]
        retrying = Retrying(retries, self.slept, str)
        byok = ByokEngine(client, place, http, now=time.time, retrying=retrying)
        own = OwnEndpoint("sim", path, byok, byok.dry_run, lambda failure: failure)
        options = {"program": lambda: self.program, **options}
        engine = OfficialEngine(
            client,
            http,
            access or own,
            home=self.home,
            environ={"PATH": os.environ["PATH"]},
            timeout_idle=idle,
            monotonic=time.monotonic,
            retrying=retrying,
            **options,
        )
        self.engines.append(engine)
        return engine

    def slept(self, seconds: float) -> None:
        """Wait no longer than a test should."""
        threading.Event().wait(min(seconds, 0.05))

    def signed_in(self, token: str | None = None) -> SignIn:
        """The sign-in of an account at the simulator."""
        secret = Secret(token or self.sim.sign_in(kind="gho_"))
        variables = {"COPILOT_DEBUG_GITHUB_API_URL": self.server.url}

        def check() -> None:
            raise SignInError("GitHub refused the token")

        return SignIn("octocat", lambda: secret, check, variables)

    def sent(self, endpoint: str = "openai_chat") -> list[Any]:
        """The bodies that the model was asked with."""
        return [json.loads(each.body) for each in self.sim.log if each.endpoint == endpoint]


@pytest.fixture(scope="module")
def server() -> Iterator[SimulatorServer]:
    """One simulator for all: starting it makes a certificate."""
    with plain_server() as running:
        yield running


@pytest.fixture
def world(server: SimulatorServer, official_runtime: Path, tmp_path: Path) -> Iterator[World]:
    """A world whose engines are closed at the end, with nothing left of them."""
    server.simulator.log.clear()
    world = World(server, official_runtime, tmp_path / "runtime")
    yield world
    for engine in world.engines:
        engine.close()
    for client in world.clients:
        client.close()
    assert not [pid for pid in descendants(os.getpid()) if "copilot-run" in _name(pid)]
    assert not list(world.home.glob("run-*"))


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def pid_of(engine: OfficialEngine) -> int:
    """The process of the runtime that is running."""
    runtime = engine._sessions._runtime
    assert runtime is not None
    process = runtime._process
    assert process is not None
    return process.pid


def conversation(engine: OfficialEngine, model: str = "gpt-sim", **options: Any) -> "Talk":
    """A chat that keeps what the engine was asked."""
    return Talk(engine, model, **options)


class Talk:
    """A chat on an engine, that remembers its requests."""

    name = "official"

    def __init__(self, engine: OfficialEngine, model: str, **options: Any) -> None:
        self._engine = engine
        self.asked: list[Request] = []
        ids = iter(range(1000))
        self.chat = Chat(
            self,
            model,
            system="S",
            monotonic=time.monotonic,
            new_id=lambda: str(next(ids)),
            **options,
        )

    def answer(self, asked: Request) -> Generator[Event]:
        self.asked.append(asked)
        return self._engine.answer(asked)

    def dry_run(self, asked: Request) -> dict[str, Any]:
        return self._engine.dry_run(asked)

    def say(self, words: str) -> list[Event]:
        return list(self.chat.send(words))


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def end_of(events: list[Event]) -> End:
    assert isinstance(events[-1], End)
    return events[-1]


# -- what it does ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", list(PLACES))
def test_a_conversation_on_each_wire(world: World, path: str) -> None:
    """Five turns in one session; at each the model gets the transcript, in its wire's own form."""
    _, _, model, field = PLACES[path]
    talk = conversation(world.engine(path), model)
    for words in ("one", "two", "three", "four", "five"):
        assert text_of(talk.say(words)) == words
    name = {CHAT: "openai_chat", RESPONSES: "openai_responses", MESSAGES: "anthropic_messages"}
    sent = world.sent(name[path])
    assert len(sent) == 5
    for asked, body in zip(talk.asked, sent, strict=True):
        assert body[field] == WIRES[path].encode(asked)[field]
        assert "current_datetime" not in str(body)


def test_text_comes_as_it_is_said(world: World) -> None:
    """The first words are there while the model still thinks of the rest."""
    shown = threading.Event()
    world.sim.answer(deltas=["first ", "then"], pause_after=(1, shown))
    events = world.engine().answer(_request("hi"))
    while not isinstance(event := next(events), Text):
        pass
    assert event.text == "first "
    shown.set()
    assert text_of(list(events)) == "then"


@pytest.mark.parametrize("path", list(PLACES))
def test_tools_on_each_wire(world: World, path: str) -> None:
    """Calls go to the chat, whose results the same session gets, in the model's own form."""
    calls = [("get_weather", '{"city": "Zürich"}'), ("get_weather", '{"city": "Bern"}')]
    world.sim.answer(text="let me see", tool_calls=calls)
    world.sim.answer(text="fine")

    class Box:
        specs = (WEATHER,)

        def run(self, calls: Any) -> Generator[Event]:
            for call in calls:
                yield ToolResult(call.id, call.name, f"sun, {call.arguments}")

    model = PLACES[path][2]
    talk = conversation(world.engine(path), model, tools=Box())
    events = talk.say("how is it?")
    assert [event.arguments for event in events if isinstance(event, ToolCall)] == [
        call[1] for call in calls
    ]
    assert text_of(events).endswith("fine")
    sent = [each for each in world.sim.log if each.endpoint.startswith(("openai", "anthropic"))]
    assert [each.status for each in sent] == [200, 200]
    assert text_of(talk.say("thanks")) == "thanks"


def test_copilot_itself(world: World) -> None:
    """With a sign-in the runtime asks GitHub, and through us Copilot's API, on each wire."""
    engine = world.engine(access=world.signed_in())
    for model in ("sim-echo", "sim-responses", "sim-claude", "auto"):
        assert text_of(list(engine.answer(_request("hello", model=model)))) == "hello"
    asked = [each.endpoint for each in world.sim.log if each.body and each.status == 200]
    assert [name for name in asked if name != "session"] == [
        "chat",
        "responses",
        "messages",
        "chat",
    ]
    with pytest.raises(ModelUnavailable):
        list(engine.answer(_request("hello", model="no-such-model")))


def test_a_token_that_github_refuses(world: World) -> None:
    """The session is not made; what is wrong is asked of GitHub, not read out of words."""
    engine = world.engine(access=world.signed_in("gho_madeUpForTests0000000000000000000000"))
    with pytest.raises(SignInError):
        list(engine.answer(_request("hello", model="sim-echo")))


def test_the_runtime_is_told_neither_key_nor_address_and_no_token_by_its_environment(
    world: World,
) -> None:
    """What a process was started with can be read by others."""
    engine = world.engine()
    list(engine.answer(_request("hi")))
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux shows the environment of a process")
    seen = Path(f"/proc/{pid_of(engine)}/environ").read_text()
    assert KEYS["openai"] not in seen
    assert "127.0.0.1" not in seen


def test_ctrl_c_at_the_terminal_is_not_the_runtimes(world: World) -> None:
    """Its signal goes to every process of the terminal; the runtime stays for the next turn."""
    engine = world.engine()
    list(engine.answer(_request("hi")))
    os.kill(pid_of(engine), signal.SIGINT)
    events = list(engine.answer(_request("again")))
    assert not [event for event in events if isinstance(event, Notice)]


# -- the provider fails ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error", "requests"),
    [
        ({"status": 401}, SignInError, 1),
        ({"status": 429, "headers": {"retry-after": "0"}}, LimitError, 3),
        ({"status": 500}, ServiceError, 3),
        ({"drop": True}, ServiceError, 2),
    ],
    ids=["401", "429", "500", "dropped"],
)
def test_a_provider_that_fails(
    world: World, fault: dict[str, Any], error: type[CopilotChatError], requests: int
) -> None:
    """Asked again by our rules alone, and then the next turn goes on."""
    engine = world.engine(retries=2)
    world.sim.fault("openai_chat", times=requests, **fault)
    with pytest.raises(error):
        list(engine.answer(_request("hi")))
    assert not world.sim.unused()
    assert text_of(list(engine.answer(_request("on")))) == "on"


def test_a_reply_that_breaks_off(world: World) -> None:
    """What came is shown once, and is incomplete; the runtime would say it again."""
    world.sim.answer(deltas=["one ", "two ", "three"], cut_after=2)
    talk = conversation(world.engine())
    events = talk.say("count")
    assert text_of(events) == "one two "
    assert end_of(events).reason == "cut"
    talk.say("on")
    assert world.sent()[-1]["messages"] == _encoded(talk.asked[-1])


def test_a_reply_that_stalls(world: World) -> None:
    """Our own idle time-out ends it: the runtime would wait for ever."""
    over = threading.Event()
    world.sim.answer(deltas=["one ", "two"], pause_after=(1, over))
    engine = world.engine(idle=1.0)
    events = list(engine.answer(_request("count")))
    over.set()
    assert text_of(events) == "one "
    assert end_of(events).reason == "stalled"
    assert text_of(list(engine.answer(_request("on")))) == "on"


# -- the runtime fails -----------------------------------------------------------------------


def test_killed_at_twenty_moments_of_an_answer_the_history_is_whole(world: World) -> None:
    """It is said, no word is lost, and the next turn goes on in another with the transcript."""
    chance = random.Random(20260801)
    engine = world.engine()
    talk = conversation(engine)
    talk.say("begin")
    for number in range(20):
        moment, killed = chance.randrange(-1, 8), threading.Event()
        words = [f"{number}-{n} " for n in range(8)]
        world.sim.answer(deltas=words, pause_after=(max(moment, 0), killed))
        if moment < 0:  # before the model is asked
            _kill(engine, killed)
        events: list[Event] = []
        for event in talk.chat.send(f"question {number}"):
            events.append(event)
            begun = any(isinstance(each, Started) for each in events)
            if begun and text_of(events) == "".join(words[: max(moment, 0)]):
                _kill(engine, killed)
        assert killed.is_set()
        assert [each for each in events if isinstance(each, Notice | Waiting)]
        assert text_of(events) == "".join(words) == talk.chat.history[-1].text
        assert end_of(events).complete
        assert text_of(talk.say(f"and on {number}")) == f"and on {number}"
        for asked, body in zip(talk.asked[-2:], world.sent()[-2:], strict=True):
            assert body["messages"] == _encoded(asked)


def _kill(engine: OfficialEngine, killed: threading.Event) -> None:
    """Kill the runtime, once."""
    if not killed.is_set():
        os.kill(pid_of(engine), signal.SIGKILL)
        _until(lambda: engine._sessions._runtime is None or engine._sessions._runtime.ended)
        killed.set()


def test_killed_while_it_is_asked_the_same_turn_goes_on(world: World) -> None:
    """Nothing was shown: the person waits a little longer, and hears why."""
    from copilot_cli.engines.official.sdk import GitHubSDK

    class Mortal(GitHubSDK):
        left = 1

        async def session(self, client: Any, *given: Any) -> Any:
            made = await super().session(client, *given)
            if self.left:
                self.left -= 1
                process = self.process(client)
                assert process is not None
                os.kill(process.pid, signal.SIGKILL)
            return made

    events = list(world.engine(sdk=Mortal).answer(_request("hi")))
    assert [event.seconds for event in events if isinstance(event, Waiting)] == [0.0]
    assert text_of(events) == "hi"
    assert end_of(events).complete


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGSTOP")
def test_one_that_hangs_is_killed_with_its_children_before_another_starts(world: World) -> None:
    """A ping finds it before it is used again."""
    deadlines = Deadlines(settle=0.5, ping=1.0, unused=0.0)
    engine = world.engine(deadlines=deadlines)
    talk = conversation(engine)
    talk.say("one")
    first = pid_of(engine)
    os.kill(first, signal.SIGSTOP)
    events = talk.say("two")
    assert text_of(events) == "two"
    assert [event for event in events if isinstance(event, Notice)]
    assert first not in descendants(os.getpid())
    assert world.sent()[-1]["messages"] == _encoded(talk.asked[-1])


@pytest.mark.parametrize("how", ["killed", "hangs and killed", "leave", "abandon"])
def test_no_runtime_outlives_us(world: World, tmp_path: Path, how: str) -> None:
    """Killed, or gone without a word and in the middle of an answer: its input ends with us.

    One that hangs does not see that, and is killed by who watches it.
    """
    given = {"program": str(world.program), "home": str(tmp_path / "home"), "url": world.server.url}
    what = json.dumps({**given, "do": "wait" if "killed" in how else how})
    command = [sys.executable, "-m", "tests.official_process", what]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as ours:
        assert ours.stdout is not None
        runtime = json.loads(ours.stdout.readline())["runtime"]
        if "hangs" in how:
            os.kill(runtime, signal.SIGSTOP)
        if "killed" in how:
            ours.kill()
        ours.wait(30)
    _until(lambda: not _alive(runtime))
    left = list((tmp_path / "home").glob("run-*"))
    assert left
    Home(tmp_path / "home").close()
    assert not list((tmp_path / "home").glob("run-*"))


# -- it does not start -----------------------------------------------------------------------


def _program(folder: Path, text: str) -> Path:
    path = folder / "program"
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


WRONG = """
import json, sys
def read():
    length = int(sys.stdin.buffer.readline().split(b":")[1])
    sys.stdin.buffer.readline()
    return json.loads(sys.stdin.buffer.read(length))
while True:
    asked = read()
    reply = {"ok": True, "version": "9.9.9", "protocolVersion": 99}
    body = json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": reply}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\\r\\n\\r\\n%s" % (len(body), body))
    sys.stdout.buffer.flush()
"""
SLEEPS = """
import subprocess, sys, threading
child = subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"])
open(sys.argv[0] + ".pid", "w").write(str(child.pid))
threading.Event().wait()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the programs are scripts")
@pytest.mark.parametrize(
    ("text", "says"),
    [
        (WRONG, "version mismatch"),
        ("import sys; sys.exit(3)", "did not start"),
        (SLEEPS, "no answer within"),
        (None, "did not start"),
    ],
    ids=["wrong protocol", "ends at once", "sleeps for ever", "is not there"],
)
def test_a_program_that_is_not_it(
    world: World, tmp_path: Path, text: str | None, says: str
) -> None:
    """A clear error with the way out; whatever was started is gone, with its children."""
    program = _program(tmp_path, text) if text else tmp_path / "nothing"
    engine = world.engine(program=lambda: program, deadlines=Deadlines(start=3.0))
    with pytest.raises(SettingsError, match=says) as raised:
        list(engine.answer(_request("hi")))
    assert "engine install" in (raised.value.hint or "")
    assert descendants(os.getpid()) == []
    if text == SLEEPS:
        child = int(Path(f"{program}.pid").read_text())
        _until(lambda: not _alive(child))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="root may write everywhere else")
def test_a_home_that_cannot_be_written_to(world: World) -> None:
    """The runtime would wait there for ever, so it is not started."""
    world.home = Path("/proc/copilot-chat")
    with pytest.raises(SettingsError, match="nowhere to write"):
        list(world.engine().answer(_request("hi")))


def test_a_home_below_what_is_no_folder(world: World) -> None:
    """The same for root, who may write everywhere else."""
    world.home.write_text("a file")
    with pytest.raises(CopilotChatError):
        list(world.engine().answer(_request("hi")))
    world.home.unlink()


# -- helpers ---------------------------------------------------------------------------------


def _request(words: str, model: str = "gpt-sim") -> Request:
    from copilot_cli.messages import message

    said: list[Message] = [message("user", words)]
    return Request(model, said)


def _encoded(asked: Request) -> Any:
    return WIRES[CHAT].encode(asked)["messages"]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


def _until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until `true`, at most so long."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)
