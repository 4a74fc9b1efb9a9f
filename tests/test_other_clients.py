"""Clients that know a proxy and a CA and no simulator: somebody else's, unchanged, and this one."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from copilot_cli.simulator import Scenario, Simulator, SimulatorServer
from tests import venvs

pytestmark = pytest.mark.real

ROOT = Path(__file__).parent.parent
INDIVIDUAL = "api.individual.githubcopilot.com"
BUSINESS = "api.business.githubcopilot.com"
LONGEST = 60.0  # seconds, for a program that would otherwise hang the tests


class Program:
    """A program that is run with `variables` and a home of its own; nobody is at its terminal."""

    def __init__(
        self, words: Sequence[str], server: SimulatorServer, home: Path, names: Sequence[str]
    ) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        self.variables = {**kept, "HOME": str(home), **{n: server.env[n] for n in names}}
        self.simulator = server.simulator
        self._words = words

    def run(self, *words: str, code: int = 0) -> tuple[str, str]:
        """What it prints on stdout and stderr; it must end with `code`."""
        done = subprocess.run(
            [*self._words, *words],
            cwd=ROOT,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout, done.stderr

    def asked(self) -> list[tuple[str, str, int]]:
        """What the simulator was asked since the last look: endpoint, host, status."""
        seen = [(entry.endpoint, entry.host, entry.status) for entry in self.simulator.log]
        self.simulator.log.clear()
        return seen


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    """A server that approves every sign-in."""
    with SimulatorServer(Simulator(Scenario(auto_approve="at_once"))) as running:
        yield running


# -- somebody else's ---------------------------------------------------------------------------

LLM = ("llm==0.36", "llm-github-copilot==0.3.1")
COPILOT = "api.githubcopilot.com"  # written into that plug-in, and taken from every plan


@pytest.fixture(scope="session")
def llm_venv(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The `llm` program with its Copilot plug-in as PyPI has them, kept in pytest's cache."""
    cache = getattr(request.config, "cache", None)
    folder = cache.mkdir("other-clients") if cache else venvs.shared(tmp_path_factory)
    return venvs.kept(folder, *LLM).script("llm")


@pytest.fixture
def llm(llm_venv: str, server: SimulatorServer, tmp_path: Path) -> Program:
    """`llm`, with the variables that `copilot-chat simulator` prints and nothing else."""
    program = Program([llm_venv], server, tmp_path, list(server.env))
    program.variables["LLM_USER_PATH"] = str(tmp_path)
    return program


@pytest.mark.xdist_group("installs")
def test_llm_signs_in_lists_and_asks(llm: Program) -> None:
    """The plug-in's whole way works, and it asks for nothing that the simulator does not have."""
    out, _ = llm.run("github_copilot", "auth", "login")
    assert "Authentication successful!" in out
    assert "Available models: sim-docs, sim-echo, " in out
    assert llm.asked() == [
        ("device_code", "github.com", 200),
        ("device_token", "github.com", 200),
        ("exchange", "api.github.com", 200),
        ("models", COPILOT, 200),
    ]

    out, _ = llm.run("github_copilot", "auth", "status", "--verbose")
    assert "User: octocat" in out
    assert llm.asked() == [("user", "api.github.com", 200)]

    out, _ = llm.run("github_copilot", "models", "--verbose")
    assert "- id: github_copilot/sim-echo\n  vendor: Simulator\n  name: Echo\n" in out
    assert llm.asked() == [("models", COPILOT, 200)]

    for words, stream, answer in (
        (("-m", "github_copilot/sim-echo", "hello there"), True, "hello there\n"),
        (("-m", "github_copilot/gpt-4o", "--no-stream", "once more"), False, "once more\n"),
        (("--continue", "and on"), True, "and on\n"),
    ):
        out, err = llm.run(*words)
        assert (out, err) == (answer, "")
        chat = llm.simulator.log[-1]
        assert chat.headers["editor-version"] == "vscode/1.85.1"
        assert bool(chat.json().get("stream")) == stream
        assert llm.asked() == [("models", COPILOT, 200), ("chat", COPILOT, 200)]

    for secret in llm.simulator.secrets():
        llm.simulator.revoke(secret)
    out, _ = llm.run("github_copilot", "models")
    assert "(HTTP 401): unauthorized: token expired" in out
    assert llm.asked() == [("models", COPILOT, 401)]


# -- this program ------------------------------------------------------------------------------


@pytest.fixture
def copilot_chat(server: SimulatorServer, tmp_path: Path) -> Program:
    """This program with a proxy, a CA and a home: every address is the one built into it."""
    program = Program(
        [sys.executable, "-m", "copilot_cli"], server, tmp_path, ["HTTPS_PROXY", "SSL_CERT_FILE"]
    )
    program.variables |= {
        "COPILOT_CHAT_HOME": str(tmp_path / "home"),
        "COPILOT_CHAT_NO_KEYRING": "1",
    }
    return program


def test_it_goes_the_whole_way_under_githubs_own_names(copilot_chat: Program) -> None:
    """With no endpoint set, the sign-in is GitHub's, and the API host is the exchange's."""
    copilot_chat.simulator.scenario.plan = "business"
    copilot_chat.simulator.answer("Good to see you.")
    out, err = copilot_chat.run("onboard", "--method", "device", "--store", "keyfile")
    assert out == "Good to see you."
    assert "Open https://github.com/login/device and type the code" in err
    assert copilot_chat.asked() == [
        ("device_code", "github.com", 200),
        ("device_token", "github.com", 200),
        ("exchange", "api.github.com", 200),
        ("user", "api.github.com", 200),
        ("models", BUSINESS, 200),
        ("chat", BUSINESS, 200),
    ]

    out, _ = copilot_chat.run("ask", "-m", "sim-echo", "hello there")
    assert out == "hello there"
    assert copilot_chat.asked() == [("chat", BUSINESS, 200)]


def test_another_plans_host_is_left_once_the_exchange_names_the_right_one(
    copilot_chat: Program,
) -> None:
    """A host that answers 421 is asked for anew, once a run, and told with what to do about it."""
    simulator = copilot_chat.simulator
    copilot_chat.variables["COPILOT_CHAT_TOKEN"] = simulator.sign_in()
    simulator.scenario.endpoints_api = f"https://{BUSINESS}"
    _, err = copilot_chat.run("ask", "-m", "sim-echo", "hello", code=6)
    assert "another plan" in err
    refused = [("exchange", "api.github.com", 200), ("chat", BUSINESS, 421)]
    assert copilot_chat.asked() == [*refused, *refused]

    simulator.scenario.endpoints_api = None
    out, _ = copilot_chat.run("ask", "-m", "sim-echo", "hello")
    assert out == "hello"
    assert copilot_chat.asked() == [
        ("chat", BUSINESS, 421),
        ("exchange", "api.github.com", 200),
        ("chat", INDIVIDUAL, 200),
    ]


@pytest.mark.parametrize(
    ("excepted", "said"),
    [
        ("", "refused the connection to [::ffff:7f00:2]:9 (status 403)"),
        ("::ffff:7f00:2", "cannot connect to [::ffff:7f00:2]:9"),
    ],
    ids=["through the proxy", "past it"],
)
def test_no_proxy_is_heeded(copilot_chat: Program, excepted: str, said: str) -> None:
    """A host that NO_PROXY names is gone to directly: the simulator's proxy never hears of it."""
    # An address of this machine that does not look like one: no exception, and nowhere beyond.
    copilot_chat.variables |= {
        "COPILOT_CHAT_GITHUB_URL": "https://[::ffff:7f00:2]:9",
        "NO_PROXY": excepted,
    }
    _, err = copilot_chat.run("onboard", "--method", "device", "--store", "keyfile", code=6)
    assert said in err
    assert copilot_chat.asked() == []


def test_an_unknown_ca_is_named_and_nothing_is_sent(copilot_chat: Program) -> None:
    """Without the CA no token goes out, and the message names the variable that mends it."""
    copilot_chat.variables["COPILOT_CHAT_TOKEN"] = copilot_chat.simulator.sign_in()
    del copilot_chat.variables["SSL_CERT_FILE"]
    _, err = copilot_chat.run("ask", "-m", "sim-echo", "hello", code=6)
    assert "the certificate of api.github.com is not trusted" in err
    assert "SSL_CERT_FILE" in err
    assert copilot_chat.asked() == []
