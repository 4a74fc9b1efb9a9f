"""The real runtime from the real registry: installed, asked, removed while it runs, and chatted
with beside the other engines, over a simulator on this machine.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_cli.errors import SettingsError
from copilot_cli.runtime import platforms, versions
from copilot_cli.runtime.installed import is_whole
from copilot_cli.runtime.probe import ARGUMENTS, probe
from copilot_cli.simulator import Scenario, Simulator, SimulatorServer
from copilot_cli.simulator.scenario import KEYS
from tests.official_command import Command, official_command

__all__ = ["official_command"]  # a fixture: pytest finds it here

pytestmark = pytest.mark.real


def test_the_pinned_runtime_speaks_the_protocol_of_the_pinned_sdk(official_runtime: Path) -> None:
    """What npm publishes under the pinned hash is the version and protocol that are pinned."""
    answer = probe(official_runtime, os.environ, hint="")
    assert (answer.version, answer.protocol) == (versions.RUNTIME, versions.PROTOCOL)


def test_nothing_but_what_is_needed_was_unpacked(official_runtime: Path) -> None:
    """The program, its library, the licence under which GitHub gives them, and our own note."""
    folder, here = official_runtime.parent, platforms.here()
    assert {path.name for path in folder.iterdir()} == {*here.files, "LICENSE.md", "manifest.json"}
    assert "GitHub Copilot CLI" in (folder / "LICENSE.md").read_text("utf-8")
    assert is_whole(folder, here)
    noted = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert noted["sha512"] == versions.INTEGRITY[versions.RUNTIME][here.name]


@pytest.mark.skipif(sys.platform == "win32", reason="there what runs cannot be removed")
def test_a_runtime_that_is_removed_goes_on_until_it_ends(
    official_runtime: Path, tmp_path: Path
) -> None:
    """Whoever chats meanwhile keeps their answer."""
    copy = tmp_path / "copy"
    shutil.copytree(official_runtime.parent, copy)
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "COPILOT_OFFLINE": "true"}
    with subprocess.Popen(
        [copy / official_runtime.name, *ARGUMENTS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environ,
        cwd=tmp_path,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number, method in enumerate(("connect", "ping", "status.get")):
            body = json.dumps({"jsonrpc": "2.0", "id": str(number), "method": method, "params": {}})
            process.stdin.write(f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
            process.stdin.flush()
            length = int(process.stdout.readline().split(b":")[1])
            process.stdout.readline()
            assert "result" in json.loads(process.stdout.read(length))
            if method == "connect":
                shutil.rmtree(copy)
        process.stdin.close()


def test_a_damaged_library_is_told(official_runtime: Path, tmp_path: Path) -> None:
    """The program alone does not answer, and says so itself or not at all."""
    shutil.copy2(official_runtime, tmp_path)
    (tmp_path / "runtime.node").write_bytes(b"no library")
    with pytest.raises(SettingsError):
        probe(tmp_path / official_runtime.name, os.environ, hint="")


# -- the program with it ----------------------------------------------------------------------


class World:
    """The program, a simulator that it reaches over sockets, and the runtime."""

    def __init__(self, server: SimulatorServer, home: Path, program: Path) -> None:
        self.sim = server.simulator
        self.environ = {
            **{name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ},
            "HOME": str(home),
            "COPILOT_CHAT_HOME": str(home),
            "COPILOT_CHAT_NO_KEYRING": "1",
            "COPILOT_CHAT_GITHUB_URL": server.url,
            "COPILOT_CHAT_GITHUB_API_URL": server.url,
            "COPILOT_CHAT_COPILOT_API_URL": server.url,
            "COPILOT_CHAT_TOKEN": self.sim.sign_in(),
            "COPILOT_CHAT_MODEL": "sim-echo",
            "COPILOT_CLI_PATH": str(program),
            "PYTHONPATH": str(Path(__file__).parent.parent),
        }

    def run(self, *words: str, typed: str = "") -> tuple[int, str, str]:
        """Run the program in a process of its own: exit code, stdout, stderr."""
        done = subprocess.run(
            [sys.executable, "-m", "copilot_cli", *words],
            input=typed,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=self.environ,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr


@pytest.fixture
def world(official_runtime: Path, tmp_path: Path) -> Iterator[World]:
    pytest.importorskip("copilot", reason="GitHub's SDK is not installed")
    with SimulatorServer(Simulator(Scenario(auto_approve="at_once"))) as server:
        yield World(server, tmp_path, official_runtime)


def test_ask_with_it(world: World) -> None:
    """The answer on stdout, its engine in the JSON, and nobody asked an undocumented endpoint."""
    code, out, err = world.run("ask", "--engine", "official", "--json", "--no-save", "hello")
    assert code == 0, err
    found = json.loads(out)
    assert (found["answer"], found["engine"], found["model"]) == ("hello", "official", "sim-echo")
    assert [entry.path for entry in world.sim.log if entry.endpoint == "exchange"] == []


def test_a_chat_goes_from_engine_to_engine(world: World) -> None:
    """Each gets the whole of what was said: the same messages that one engine alone would get."""
    code, _, err = world.run(
        "repl",
        "--no-save",
        typed="one\n/engine official\ntwo\nthree\n/engine direct\nfour\n/engine official\nfive\n",
    )
    assert code == 0, err
    assert "engine: official; model: sim-echo" in err
    asked = [entry.json()["messages"] for entry in world.sim.log if entry.endpoint == "chat"]
    said = [[str(message["content"]) for message in messages] for messages in asked]
    words = ["one", "two", "three", "four", "five"]
    whole = [text for word in words for text in (word, word)]
    assert said == [whole[: 2 * turn + 1] for turn in range(5)]


def test_the_wizard_proves_it_with_the_first_answer(world: World) -> None:
    """By flags: signed in, answered by the runtime, and set for good."""
    world.environ.pop("COPILOT_CHAT_TOKEN")
    code, out, err = world.run(
        "onboard", "--engine", "official", "--method", "device", "--store", "keyfile", "--yes"
    )
    assert code == 0, err
    assert "sim-echo says:" in err or "sim-docs says:" in err
    runtime = [entry for entry in world.sim.log if entry.endpoint == "chat"]
    assert [entry.headers["copilot-integration-id"] for entry in runtime] == ["copilot-sdk"]
    assert world.run("config", "get", "engine")[1].strip() == "official"
    code, out, err = world.run("ask", "--no-save", "hello")
    assert (code, out) == (0, "hello"), err


def test_doctor_starts_it(world: World) -> None:
    """Versions, and that it answers."""
    world.environ["COPILOT_CHAT_ENGINE"] = "official"
    _, out, _ = world.run("doctor", "--json", "--offline")
    (check,) = [it for it in json.loads(out)["checks"] if it["name"] == "official-runtime"]
    assert check["state"] in {"pass", "warn"}, check
    assert f"the runtime {versions.RUNTIME} answers" in check["detail"]


def test_npms_own_program_answers_in_the_runtimes_place(
    world: World, official_command: Command
) -> None:
    """Copilot and an endpoint of one's own; what it unpacks is written once."""
    world.environ["COPILOT_CLI_PATH"] = str(official_command.program)
    home = Path(world.environ["COPILOT_CHAT_HOME"])
    own = home / "cache" / "runtimes" / "program"
    own.parent.mkdir(parents=True)
    own.symlink_to(official_command.unpacked)
    assert world.run("ask", "--engine", "official", "hello") == (0, "hello", "")
    url = world.environ["COPILOT_CHAT_GITHUB_URL"]
    del world.environ["COPILOT_CHAT_TOKEN"]
    world.environ |= {
        "COPILOT_PROVIDER_BASE_URL": f"{url}/byok/openai/v1",
        "COPILOT_PROVIDER_API_KEY": KEYS["openai"],
        "COPILOT_PROVIDER_TYPE": "openai",
    }
    code, out, err = world.run("ask", "--engine", "official", "-m", "gpt-sim", "hello")
    assert (code, out) == (0, "hello"), err
