"""Somebody else's client, unchanged, works against the simulator through the proxy front."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from copilot_cli.simulator import Scenario, Simulator, SimulatorServer

pytestmark = pytest.mark.real

_NO_REGISTRY = r"NewConnectionError|Name or service not known|Could not find a version|No matching"


@pytest.fixture(scope="module")
def llm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `llm` program with its Copilot plug-in, in a virtual environment of its own."""
    folder = tmp_path_factory.mktemp("llm")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    scripts = folder / ("Scripts" if sys.platform == "win32" else "bin")
    done = subprocess.run(
        [
            *(str(scripts / "python"), "-m", "pip", "install", "--quiet", "--no-input"),
            *("--retries=1", "llm", "llm-github-copilot==0.3.1"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and re.search(_NO_REGISTRY, done.stderr):
        pytest.skip("no package registry")
    assert done.returncode == 0, done.stderr
    return scripts / "llm"


def run(llm: Path, home: Path, server: SimulatorServer, *words: str) -> str:
    """What the program prints, with nothing but the simulator's variables to guide it."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    env = {**kept, "HOME": str(home), "LLM_USER_PATH": str(home), **server.env}
    done = subprocess.run(
        [llm, *words],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_llm_signs_in_lists_and_asks(llm: Path, tmp_path: Path) -> None:
    """The plug-in's whole way: device login, model list, a streamed and a whole answer."""
    simulator = Simulator(Scenario(auto_approve="at_once"))
    with SimulatorServer(simulator) as server:
        assert "successfully" in run(llm, tmp_path, server, "github_copilot", "auth", "login")
        assert "github_copilot/sim-echo" in run(llm, tmp_path, server, "github_copilot", "models")
        streamed = run(llm, tmp_path, server, "-m", "github_copilot/sim-echo", "hello there")
        assert streamed == "hello there\n"
        whole = run(llm, tmp_path, server, "-m", "github_copilot/gpt-4o", "--no-stream", "again")
        assert whole == "again\n"
    asked = [(seen.endpoint, seen.host, seen.status) for seen in simulator.log]
    assert asked[:3] == [
        ("device_code", "github.com", 200),
        ("device_token", "github.com", 200),
        ("exchange", "api.github.com", 200),
    ]
    assert asked.count(("chat", "api.githubcopilot.com", 200)) == 2
    assert "unknown" not in {seen.endpoint for seen in simulator.log}
