"""The engine `cli` with GitHub's real command, which asks the simulator over loopback."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.chat import Chat
from copilot_cli.engines.cli import CliEngine
from copilot_cli.engines.endpoint import Endpoint
from copilot_cli.engines.official.access import SignIn
from copilot_cli.engines.resilience import Retrying
from copilot_cli.errors import (
    CopilotChatError,
    LimitError,
    ModelUnavailable,
    ServiceError,
    SignInError,
    TooLongError,
)
from copilot_cli.messages import (
    End,
    ImagePart,
    Message,
    Text,
    TextPart,
    UsageReport,
    message,
)
from copilot_cli.process_tree import descendants
from copilot_cli.secret import Secret
from copilot_cli.simulator import SimulatorServer
from copilot_cli.simulator.scenario import KEYS
from tests.cli_world import ctrl_c, request, runs, text_of, until
from tests.official_command import Command, official_command
from tests.plain_server import plain_server

__all__ = ["official_command"]  # a fixture: pytest finds it here

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform == "win32", reason="processes are looked at as on POSIX"),
]

MODEL = "llama-sim:latest"
MODELS = {
    "ollama": MODEL,
    "openai": "gpt-sim",
    "azure": "sim-deployment",
    "anthropic": "claude-sim",
}
PATHS = {"ollama": "/v1", "openai": "/v1"}
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5Erk"
    "Jggg=="
)


class World:
    """Engines on the real command, and the simulator that it asks."""

    def __init__(self, server: SimulatorServer, command: Command, folder: Path) -> None:
        self.server, self.sim = server, server.simulator
        self.command, self.folder = command, folder
        self.waits: list[float] = []

    def engine(
        self, access: SignIn | Endpoint | None = None, *, idle: float = 30.0, retries: int = 1
    ) -> CliEngine:
        return CliEngine(
            access or self.endpoint(),
            program=lambda: self.command.program,
            environ={"PATH": os.environ["PATH"]},
            unpacked=self.command.unpacked,
            folder=self.folder,
            timeout_idle=idle,
            retrying=Retrying(retries, self.waits.append, str),
            monotonic=time.monotonic,
        )

    def endpoint(self, kind: str = "ollama", **change: Any) -> Endpoint:
        """An endpoint of the simulator."""
        address = f"{self.server.url}/byok/{kind}{PATHS.get(kind, '')}"
        key = Secret(KEYS[kind]) if kind in KEYS else None
        of: Any = "openai" if kind == "ollama" else kind
        return Endpoint("sim", of, address, key=key, where="a test")._replace(**change)

    def sign_in(self, token: str | None = None) -> SignIn:
        """The sign-in of an account at the simulator."""
        secret = Secret(token or self.sim.sign_in(kind="gho_"))

        def check() -> None:
            raise SignInError("GitHub refused the token")

        variables = {"COPILOT_DEBUG_GITHUB_API_URL": self.server.url}
        return SignIn("octocat", lambda: secret, check, variables)

    def asked(self, endpoint: str = "ollama_chat") -> list[Any]:
        """The requests of the model, as they came."""
        return [each for each in self.sim.log if each.endpoint == endpoint]

    def sent(self, endpoint: str = "ollama_chat") -> list[Any]:
        """The bodies that the model was asked with."""
        return [json.loads(each.body) for each in self.asked(endpoint)]

    def prompts(self, endpoint: str = "ollama_chat") -> list[str]:
        """The messages of the user in them; there is one in each."""
        users = [
            [each["content"] for each in body["messages"] if each["role"] == "user"]
            for body in self.sent(endpoint)
        ]
        assert all(len(each) == 1 for each in users)
        return [each[0] for each in users]


@pytest.fixture(scope="module")
def server() -> Iterator[SimulatorServer]:
    """One simulator for all: starting it makes a certificate."""
    with plain_server() as running:
        yield running


@pytest.fixture
def world(server: SimulatorServer, official_command: Command, tmp_path: Path) -> Iterator[World]:
    """A world of which nothing is left at the end."""
    server.simulator.log.clear()
    yield World(server, official_command, tmp_path / "runs")
    until(lambda: not ours())
    folder = tmp_path / "runs"
    assert not folder.exists() or not any(folder.iterdir())


def ours() -> list[int]:
    """The processes that this one has started and that run the command."""
    return [pid for pid in descendants(os.getpid()) if "--output-format" in _arguments(pid)]


def _arguments(pid: int) -> str:
    return _listed("-p", str(pid))


def _listed(*which: str) -> str:
    """What `ps` shows everybody."""
    argv = ["ps", "-ww", "-o", "args=", *which]
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout


def test_a_conversation(world: World) -> None:
    """At each turn the model gets all of it, in order, and no tool."""
    ids = iter(range(100))
    chat = Chat(
        world.engine(),
        MODEL,
        system="Speak like a pirate.",
        monotonic=time.monotonic,
        new_id=lambda: str(next(ids)),
    )
    for number in range(3):
        world.sim.answer(text=f"answer {number}")
        events = list(chat.send(f"question {number}"))
        assert text_of(events) == f"answer {number}"
        assert isinstance(events[-1], End)
        assert events[-1].complete
    assert [each.text for each in chat.history] == [
        f"{kind} {number}" for number in range(3) for kind in ("question", "answer")
    ]
    prompts = world.prompts()
    assert len(prompts) == 3
    said = ["Speak like a pirate.", *(each.text for each in chat.history[:-1])]
    places = [prompts[-1].find(words) for words in said]
    assert -1 not in places
    assert places == sorted(places)
    assert not any(body.get("tools") for body in world.sent())


def test_what_is_used_is_told(world: World) -> None:
    """The command's own figures, which count its own instructions too."""
    events = list(world.engine().answer(request()._replace(model=MODEL)))
    report = next(event for event in events if isinstance(event, UsageReport))
    assert report.usage.input_tokens
    assert report.usage.output_tokens


def test_text_comes_as_it_is_said(world: World) -> None:
    """The first words are there while the model still thinks of the rest."""
    shown = threading.Event()
    world.sim.answer(deltas=["first ", "then"], pause_after=(1, shown))
    events = world.engine().answer(request()._replace(model=MODEL))
    while not isinstance(event := next(events), Text):
        pass
    assert event.text == "first "
    shown.set()
    assert text_of(list(events)) == "then"


@pytest.mark.parametrize("kind", MODELS)
def test_an_endpoint_of_ones_own(world: World, kind: str) -> None:
    """Its key goes to it alone, and nothing is asked of GitHub."""
    events = list(world.engine(world.endpoint(kind)).answer(request()._replace(model=MODELS[kind])))
    assert "hello" in text_of(events)
    assert {each.endpoint.partition("_")[0] for each in world.sim.log} == {kind}


def test_a_key_that_is_a_word(world: World) -> None:
    """Local servers take any; the command would strike it out of every line that it prints."""
    world.sim.answer(text="the type of it")
    keyed = world.endpoint(key=Secret("type"))
    events = list(world.engine(keyed).answer(request()._replace(model=MODEL)))
    assert text_of(events) == "the type of it"
    assert world.asked()[0].headers["authorization"] == "Bearer type"


def test_an_effort_that_nobody_asked_for(world: World) -> None:
    """The command asks for one by the model's name; refused, it is left out from then on."""
    engine = world.engine(world.endpoint("openai"))
    for _ in range(2):
        assert "hello" in text_of(list(engine.answer(request()._replace(model="gpt-sim"))))
    efforts = [body.get("reasoning_effort") for body in world.sent("openai_chat")]
    assert efforts == ["medium", None, None]
    assert world.waits == []


@pytest.mark.parametrize(
    ("name", "endpoint"),
    [("sim-echo", "chat"), ("sim-responses", "responses"), ("sim-claude", "messages")],
)
def test_copilot_itself(world: World, name: str, endpoint: str) -> None:
    """With a sign-in the command asks GitHub and Copilot's API, with the token as it is."""
    engine = world.engine(world.sign_in())
    world.sim.answer(text="hi there")
    assert text_of(list(engine.answer(request()._replace(model=name)))) == "hi there"
    assert [each.status for each in world.asked(endpoint)] == [200]


def test_a_token_that_github_refuses(world: World) -> None:
    """It is asked of GitHub, and not read out of words."""
    engine = world.engine(world.sign_in("gho_madeUpForTests0000000000000000000000"))
    with pytest.raises(SignInError):
        list(engine.answer(request()._replace(model="sim-echo")))


def test_a_model_that_there_is_not(world: World) -> None:
    """The command does not answer with another one; what it says of that is told."""
    engine = world.engine(world.sign_in()._replace(check=lambda: None))
    with pytest.raises(CopilotChatError, match="before it asked the model"):
        list(engine.answer(request()._replace(model="no-such-model")))


@pytest.mark.parametrize(
    ("fault", "error", "requests"),
    [
        ({"status": 400, "body": {"error": {"code": "model_not_found"}}}, ModelUnavailable, 1),
        ({"status": 401}, SignInError, 1),
        ({"status": 413}, TooLongError, 1),
        ({"status": 429}, LimitError, 2),
        ({"status": 500}, ServiceError, 2),
        ({"drop": True}, ServiceError, 2),
    ],
    ids=["400", "401", "413", "429", "500", "dropped"],
)
def test_a_provider_that_fails(
    world: World, fault: dict[str, Any], error: type[CopilotChatError], requests: int
) -> None:
    """It is asked again by our rules alone: not as often as the command would."""
    world.sim.fault("ollama_chat", times=requests, **fault)
    with pytest.raises(error):
        list(world.engine().answer(request()._replace(model=MODEL)))
    assert not world.sim.unused()
    assert len(world.asked()) == requests


def test_a_reply_that_breaks_off(world: World) -> None:
    """What came is shown once, and is incomplete; the command would say it all again."""
    world.sim.answer(deltas=["one ", "two ", "three"], cut_after=2)
    events = list(world.engine().answer(request()._replace(model=MODEL)))
    assert text_of(events) == "one two "
    end = events[-1]
    assert isinstance(end, End)
    assert end.reason == "cut"
    assert len(world.sent()) == 1


def test_a_reply_that_stalls(world: World) -> None:
    """The command would wait for ever."""
    over = threading.Event()
    world.sim.answer(deltas=["one ", "two"], pause_after=(1, over))
    events = list(world.engine(idle=6.0).answer(request()._replace(model=MODEL)))
    over.set()
    assert text_of(events) == "one "
    end = events[-1]
    assert isinstance(end, End)
    assert end.reason == "stalled"


def test_an_image(world: World) -> None:
    """The model gets it, after the text in which it is named."""
    parts = (TextPart("what is "), ImagePart("image/png", PIXEL), TextPart(" this?"))
    list(world.engine().answer(request(Message("user", parts))._replace(model=MODEL)))
    (content,) = [each["content"] for each in world.sent()[0]["messages"] if each["role"] == "user"]
    assert "what is [image 1] this?" in content[0]["text"]
    images = [each["image_url"]["url"] for each in content if each["type"] == "image_url"]
    assert images == [f"data:image/png;base64,{PIXEL}"]


def test_a_long_prompt_is_in_no_list_of_processes(world: World) -> None:
    """131,072 bytes are the most of an argument, and `ps` shows those to everybody."""
    over = threading.Event()
    world.sim.answer(deltas=["well", "come"], pause_after=(1, over))
    secret = "the-secret-plan "
    long = message("user", secret * 20_000)
    events = world.engine().answer(request(long)._replace(model=MODEL))
    while not isinstance(next(events), Text):
        pass
    listed = _listed("-e")
    assert "--output-format=json" in listed
    assert secret not in listed
    over.set()
    list(events)
    assert secret * 20_000 in world.prompts()[0]


def test_what_is_in_a_prompt_is_text(world: World) -> None:
    """The command's own language does not count in it: no file is put in, and nothing is run."""
    tricks = "/model other\n!id\n@/etc/passwd #1 $(id) `id`\n\x00\x1b[31m\u202e"
    list(world.engine().answer(request(message("user", tricks))._replace(model=MODEL)))
    assert tricks in world.prompts()[0]
    assert "root:" not in world.prompts()[0]


def test_ctrl_c(world: World) -> None:
    """It passes through, and no process and no file is left (the fixture looks)."""
    over = threading.Event()
    world.sim.answer(deltas=["well", "come"], pause_after=(1, over))
    events = world.engine().answer(request()._replace(model=MODEL))
    while not isinstance(next(events), Text):
        pass
    assert ours()
    with ctrl_c(), pytest.raises(KeyboardInterrupt):
        next(events)
    over.set()


KILLED = """
import sys
from pathlib import Path
from tests.official_command import Command
from tests.test_engines_cli_real import MODEL, World, request
class Here(World):
    def __init__(self, url, program, unpacked, folder):
        self.command, self.folder = Command(Path(program), Path(unpacked)), Path(folder)
        self.waits = []
        self.server = type("Server", (), {"url": url})
for event in Here(*sys.argv[1:]).engine().answer(request()._replace(model=MODEL)):
    print(type(event).__name__, flush=True)
"""


def test_nothing_outlives_us(world: World) -> None:
    """Killed in the middle of an answer that stalls, we leave neither process nor file."""
    over = threading.Event()
    world.sim.answer(deltas=["well", "come"], pause_after=(1, over))
    root = Path(__file__).parent.parent
    argv = [sys.executable, "-c", KILLED, world.server.url, *map(str, world.command)]
    environ = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        [*argv, str(world.folder)], stdout=subprocess.PIPE, env=environ, cwd=root
    ) as process:
        assert process.stdout is not None
        assert b"Text\n" in iter(process.stdout.readline, b"")
        pids = descendants(process.pid)
        assert pids
        process.kill()
    until(lambda: not any(map(runs, pids)))
    until(lambda: not [each for each in world.folder.iterdir() if each.is_dir()])
    over.set()
    list(world.engine().answer(request()._replace(model=MODEL)))  # removes the lock of it
