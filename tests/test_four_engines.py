"""The same chat of five turns, with each engine: one transcript, and one conversation sent."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.simulator import Scenario, Simulator, SimulatorServer
from copilot_cli.simulator.scenario import KEYS
from tests.official_command import Command, official_command
from tests.official_runtime import official_runtime

__all__ = ["official_command", "official_runtime"]  # fixtures


pytestmark = pytest.mark.real

ROOT = Path(__file__).parent.parent
LONGEST = 120.0  # seconds, for a program that would otherwise hang the tests
QUESTIONS = (
    "My name is Ada.",
    "What is 2 + 2?",
    "Say **bold** and `code`.",
    "Zürich, 東京, 🙂",
    "What did I say first?",
)
Said = list[tuple[str, str]]


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    """The service, whose models answer with what they are asked."""
    with SimulatorServer(Simulator(Scenario(auto_approve="at_once"))) as running:
        yield running


class Program:
    """The program in a home of its own, with one engine, and nobody at its terminal."""

    def __init__(self, server: SimulatorServer, home: Path, **variables: str) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        self._server = server
        self._variables = {
            **kept,
            **server.env,
            **variables,
            "HOME": str(home),
            "COPILOT_CHAT_HOME": str(home / "chat"),
            "COPILOT_CHAT_NO_KEYRING": "1",
            "PYTHONPATH": str(ROOT),
        }

    def run(self, *words: str, stdin: str = "") -> str:
        """What it prints on stdout; it must end well."""
        done = subprocess.run(
            [sys.executable, "-m", "copilot_cli", *words],
            env=self._variables,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=LONGEST,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def talk(self, engine: str, model: str) -> Said:
        """The transcript of the five turns, as it is stored."""
        self.run("repl", "--engine", engine, "-m", model, stdin="\n".join(QUESTIONS))
        stored: dict[str, Any] = json.loads(self.run("sessions", "show", "--json"))
        return [(each["role"], text_of(each)) for each in stored["messages"]]

    def sent(self) -> Said:
        """The conversation that the last question carried, as the model got it."""
        bodies = [entry.json() for entry in self._server.simulator.log if _asks(entry.path)]
        return [(each["role"], text_of(each)) for each in bodies[-1]["messages"]]


def _asks(path: str) -> bool:
    return path.endswith("/chat/completions")


def text_of(message: dict[str, Any]) -> str:
    """The text of a message, as it is stored or as it was sent."""
    content = message.get("content", message.get("text"))
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or message.get("parts", []))


TRANSCRIPT = [(role, question) for question in QUESTIONS for role in ("user", "assistant")]


def test_direct(server: SimulatorServer, tmp_path: Path) -> None:
    """Copilot's own endpoints."""
    program = Program(server, tmp_path, COPILOT_CHAT_TOKEN=server.simulator.sign_in())
    assert program.talk("direct", "sim-echo") == TRANSCRIPT
    assert program.sent() == TRANSCRIPT[:-1]


def test_byok(server: SimulatorServer, tmp_path: Path) -> None:
    """An endpoint of one's own."""
    program = Program(
        server,
        tmp_path,
        COPILOT_PROVIDER_BASE_URL=f"{server.url}/byok/openai/v1",
        COPILOT_PROVIDER_API_KEY=KEYS["openai"],
    )
    assert program.talk("byok", "gpt-sim") == TRANSCRIPT
    assert program.sent() == TRANSCRIPT[:-1]


def test_official(server: SimulatorServer, tmp_path: Path, official_runtime: Path) -> None:
    """GitHub's runtime: its own session is a cache, and the model gets the transcript."""
    pytest.importorskip("copilot", reason="GitHub's SDK is not installed")
    program = Program(
        server,
        tmp_path,
        COPILOT_CHAT_TOKEN=server.simulator.sign_in(),
        COPILOT_CLI_PATH=str(official_runtime),
    )
    assert program.talk("official", "sim-echo") == TRANSCRIPT
    assert program.sent() == TRANSCRIPT[:-1]


def test_cli(server: SimulatorServer, tmp_path: Path, official_command: Command) -> None:
    """GitHub's own command, once a turn: the conversation is in its prompt, and so in the echo."""
    program = Program(
        server,
        tmp_path,
        COPILOT_CHAT_TOKEN=server.simulator.sign_in(),
        COPILOT_CLI_PATH=str(official_command.program),
        COPILOT_PKG_CACHE_HOME=str(official_command.unpacked),
    )
    for question in QUESTIONS:
        server.simulator.answer(question)
    assert program.talk("cli", "sim-echo") == TRANSCRIPT
    (_, last) = program.sent()[-1]
    assert [question in last for question in QUESTIONS] == [True] * len(QUESTIONS)
