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


LIBRARIES = ("openai==2.54.0", "anthropic==2.11.0", "litellm==1.106.2", "mcp==2.3.0")
"""`mcp` is what litellm imports, and does not ask for, as soon as there are tools."""


@pytest.fixture(scope="session")
def library_venv(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Python with these libraries as PyPI has them, kept in pytest's cache."""
    cache = getattr(request.config, "cache", None)
    folder = cache.mkdir("other-clients") if cache else venvs.shared(tmp_path_factory)
    return venvs.kept(folder, *LIBRARIES).script("python")


@pytest.fixture
def script(library_venv: str, server: SimulatorServer, tmp_path: Path) -> Program:
    """Python with the libraries, and the variables that `copilot-chat simulator` prints."""
    program = Program([library_venv, "-c"], server, tmp_path, list(server.env))
    program.variables |= {"URL": server.url, **LITELLM, "GITHUB_COPILOT_TOKEN_DIR": str(tmp_path)}
    return program


LITELLM = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}  # it would fetch a list of prices otherwise
TURNS = """
import os
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
           "additionalProperties": False}
FUNCTION = {"name": "get_weather", "parameters": WEATHER}
turns = [{"role": "user", "content": "hello there"}]
"""

OPENAI = (
    TURNS
    + """
from openai import AuthenticationError, AzureOpenAI, OpenAI
client = OpenAI(api_key="sk-simulator-openai-key")
print(*[model.id for model in client.models.list()])
said = lambda reply: reply.choices[0].message
print(said(client.chat.completions.create(model="gpt-sim", messages=turns)).content)
with client.chat.completions.stream(model="gpt-sim", messages=turns) as stream:
    print("".join(event.delta for event in stream if event.type == "content.delta"))
tools = [{"type": "function", "function": FUNCTION}]
asking = said(client.chat.completions.create(model="gpt-sim-tool", messages=turns, tools=tools))
result = {"role": "tool", "tool_call_id": asking.tool_calls[0].id, "content": "21 °C"}
after = [*turns, asking, result]
print(said(client.chat.completions.create(model="gpt-sim-tool", messages=after)).content)

summed = {"model": "gpt-sim-think", "input": "hello there", "reasoning": {"summary": "auto"}}
with client.responses.stream(**summed) as stream:
    print("".join(e.delta for e in stream if e.type == "response.output_text.delta"))
    print(*[item.type for item in stream.get_final_response().output])
flat = {"model": "gpt-sim-tool", "tools": [{"type": "function", "strict": True, **FUNCTION}]}
first = client.responses.create(input=turns, **flat).output
result = {"type": "function_call_output", "call_id": first[-1].call_id, "output": "21 °C"}
print(client.responses.create(input=[*turns, *first, result], **flat).output_text)

azure = AzureOpenAI(azure_endpoint="https://octo.openai.azure.com", api_version="2024-10-21",
                    api_key="simulator-azure-key")
print(said(azure.chat.completions.create(model="sim-deployment", messages=turns)).content)
local = OpenAI(base_url=os.environ["URL"] + "/byok/ollama/v1", api_key="none")
print(repr(said(local.chat.completions.create(model="qwen-sim:8b", messages=turns)).content[:8]))
try:
    OpenAI(api_key="wrong").models.list()
except AuthenticationError as error:
    print(error.code)
"""
)

ANTHROPIC = (
    TURNS
    + """
from anthropic import Anthropic, AuthenticationError
client = Anthropic(api_key="sk-ant-simulator-anthropic-key")
print(*[model.id for model in client.models.list()])
asked = {"model": "claude-sim", "max_tokens": 2000, "messages": turns}
print(client.messages.create(**asked).content[0].text)
with client.messages.stream(**asked, thinking={"type": "enabled", "budget_tokens": 1024}) as stream:
    print("".join(stream.text_stream))
    print(*[block.type for block in stream.get_final_message().content])
asked |= {"model": "claude-sim-tool", "tools": [{"name": "get_weather", "input_schema": WEATHER}]}
first = client.messages.create(**asked).content
result = {"type": "tool_result", "tool_use_id": first[-1].id, "content": "21 °C"}
turns += [{"role": "assistant", "content": first}, {"role": "user", "content": [result]}]
print(client.messages.create(**asked).content[0].text)
try:
    Anthropic(api_key="wrong", base_url=os.environ["URL"] + "/byok/anthropic").models.list()
except AuthenticationError as error:
    print(error.body["error"]["type"])
"""
)

LITELLM_SCRIPT = (
    TURNS
    + """
import asyncio, litellm
litellm.suppress_debug_info = True
said = lambda model, **asked: litellm.completion(model=f"github_copilot/{model}", **asked)
print(said("sim-echo", messages=turns).choices[0].message.content)
chunks = said("sim-echo", messages=turns, stream=True)
print("".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices))
tools = [{"type": "function", "function": FUNCTION}]
asking = said("sim-tool", messages=turns, tools=tools).choices[0].message
result = {"role": "tool", "tool_call_id": asking.tool_calls[0].id, "content": "21 °C"}
after = [*turns, asking, result]
print(said("sim-tool", messages=after, tools=tools).choices[0].message.content)
codex = {"mode": "responses", "litellm_provider": "github_copilot"}
litellm.register_model({"github_copilot/sim-responses": codex})
print(said("sim-responses", messages=turns).choices[0].message.content)
claude = litellm.anthropic_messages(
    model="github_copilot/sim-claude", messages=turns, max_tokens=100
)
print(asyncio.run(claude)["content"][0]["text"])
"""
)


@pytest.mark.xdist_group("installs")
def test_openai_speaks_to_openai_azure_and_a_local_server(script: Program) -> None:
    """Chat, responses, streams and tools work by the public names, and no key goes astray."""
    out, _ = script.run(OPENAI)
    assert out.splitlines() == [
        "gpt-sim gpt-sim-think gpt-sim-tool",
        "hello there",
        "hello there",
        "The tool said: 21 °C",
        "hello there",
        "reasoning message",
        "The tool said: 21 °C",
        "hello there",
        "'<think>\\n'",
        "invalid_api_key",
    ]
    hosts = {host for _, host, _ in script.asked()}
    assert hosts == {"api.openai.com", "octo.openai.azure.com", "127.0.0.1"}
    assert script.simulator.crossings == []


@pytest.mark.xdist_group("installs")
def test_anthropic_speaks_to_anthropic(script: Program) -> None:
    """Messages, thinking, streams and tools work by the public name."""
    out, _ = script.run(ANTHROPIC)
    assert out.splitlines() == [
        "claude-sim claude-sim-tool",
        "hello there",
        "hello there",
        "thinking text",
        "The tool said: 21 °C",
        "authentication_error",
    ]
    assert script.simulator.crossings == []


@pytest.mark.xdist_group("installs")
def test_litellm_signs_in_and_speaks_all_three_wires(script: Program) -> None:
    """Its Copilot provider goes the whole way, from the device login to each of the wires."""
    out, _ = script.run(LITELLM_SCRIPT)
    login, *answers = out.splitlines()
    assert login.startswith("Please visit https://github.com/login/device and enter code ")
    said = "The tool said: 21 °C"
    assert answers == ["hello there", "hello there", said, "hello there", "hello there"]
    assert script.asked() == [
        ("device_code", "github.com", 200),
        ("device_token", "github.com", 200),
        ("exchange", "api.github.com", 200),
        *[("chat", INDIVIDUAL, 200)] * 4,
        ("responses", INDIVIDUAL, 200),
        ("messages", INDIVIDUAL, 200),
    ]
    assert script.simulator.crossings == []


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
    """A host that answers 421 is looked up once more for each request, and told with its hint."""
    simulator = copilot_chat.simulator
    copilot_chat.variables["COPILOT_CHAT_TOKEN"] = simulator.sign_in()
    simulator.scenario.endpoints_api = f"https://{BUSINESS}"
    _, err = copilot_chat.run("ask", "-m", "sim-echo", "hello", code=6)
    assert "another plan" in err
    looked_up = ("exchange", "api.github.com", 200)
    listing, chat = ("models", BUSINESS, 421), ("chat", BUSINESS, 421)
    assert copilot_chat.asked() == [looked_up, listing, looked_up, listing, chat, looked_up, chat]

    simulator.scenario.endpoints_api = None
    out, _ = copilot_chat.run("ask", "-m", "sim-echo", "hello")
    assert out == "hello"
    assert copilot_chat.asked() == [
        listing,
        looked_up,
        ("models", INDIVIDUAL, 200),
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
