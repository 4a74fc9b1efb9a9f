"""No token of GitHub or Copilot goes to an endpoint of one's own, whatever is asked and however.

Every variable that may hold such a token holds one, an account is signed in, and every request of
the program is looked through: each host gets what is its own, and nothing else.
"""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from copilot_cli.simulator.scenario import KEYS
from tests.endpoint_world import ANTHROPIC, AZURE, LOCAL, OPENAI, everything_sent, seal, write
from tests.wizard_world import World

TOKENS = {
    "COPILOT_CHAT_TOKEN": "ghu_madeUpForTests0000000000000000000001",
    "COPILOT_GITHUB_TOKEN": "gho_madeUpForTests0000000000000000000002",
    "GITHUB_COPILOT_TOKEN": "ghu_madeUpForTests0000000000000000000003",
    "GH_TOKEN": "ghp_madeUpForTests0000000000000000000004",
    "GITHUB_TOKEN": "ghs_madeUpForTests0000000000000000000005",
    "GITHUB_COPILOT_EXTRA_HEADERS": "X-Extra:madeUpForCopilotAlone",
}
ENDPOINTS = {
    "openai": (OPENAI, "gpt-sim"),
    "azure": (AZURE, "sim-deployment"),
    "anthropic": (ANTHROPIC, "claude-sim"),
    "ollama": (LOCAL, "llama-sim:latest"),
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world where octocat is signed in, each endpoint is set up, and every variable is set."""
    made = World(tmp_path / "home")
    made.onboard(method="device", store="keyfile", model="sim-echo")
    rows = "".join(
        f'[endpoints.{name}]\nurl = "{url}"\nmodel = "{model}"\n'
        for name, (url, model) in ENDPOINTS.items()
    )
    write(made, made.config + rows)
    for name in ("openai", "azure", "anthropic"):
        seal(made, name, ENDPOINTS[name][0].removeprefix("https://"), KEYS[name])
    made.environ |= TOKENS
    made.sim.log.clear()
    return made


def secrets_of(world: World) -> set[str]:
    """Everything that is GitHub's or Copilot's, Copilot tokens that are cached included."""
    simulated = {each for each in world.sim.secrets() if each not in KEYS.values()}
    return simulated | {token.removeprefix("X-Extra:") for token in TOKENS.values()}


def check(world: World) -> None:
    """Fail if a secret of GitHub's, or an editor's identity, is anywhere in what was sent."""
    said = everything_sent(world)
    assert world.sim.log
    for secret in secrets_of(world):
        assert secret not in said
    for word in ("editor-version", "copilot-integration", "GitHubCopilotChat", "vscode", "tid="):
        assert word.lower() not in said.lower()
    assert world.sim.crossings == []


WORDS = [
    ("ask", "hello"),
    ("ask", "--no-stream", "hello"),
    ("ask", "--json", "hello"),
    ("repl",),
    ("suggest", "list files"),
    ("explain", "ls"),
]


@pytest.mark.parametrize("name", list(ENDPOINTS))
@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_no_token_goes_to_an_endpoint(world: World, name: str, words: tuple[str, ...]) -> None:
    """By a prefix, with its own key or with none."""
    url, model = ENDPOINTS[name]
    world.sim.answer(text="```sh\nls\n```")
    command, *rest = words
    code, _, err = world.run(command, "-m", f"{name}/{model}", *rest, stdin="hello\n")
    assert code == 0, err
    assert {entry.host for entry in world.sim.log} == {urlsplit(url).hostname}
    check(world)


@pytest.mark.parametrize("name", list(ENDPOINTS))
def test_no_token_goes_to_a_key_less_endpoint_that_refuses(world: World, name: str) -> None:
    """A 401 is no reason to try another secret."""
    model = ENDPOINTS[name][1]
    write(world, world.config.replace(f"endpoints.{name}]", "endpoints.bare]"))
    for end in ("openai_chat", "azure_chat", "anthropic_messages", "ollama_chat"):
        world.sim.fault(end, status=401, body={"error": {"message": "a key is missing"}}, times=9)
    code, _, _ = world.run("ask", "-m", f"bare/{model}", "hello")
    assert code == 3
    assert len(world.sim.log) == 1
    check(world)


@pytest.mark.parametrize("variable", ["COPILOT_PROVIDER_API_KEY", "COPILOT_PROVIDER_BEARER_TOKEN"])
@pytest.mark.parametrize("token", [*TOKENS.values()][:5])
def test_no_token_is_taken_as_a_key(world: World, variable: str, token: str) -> None:
    """Exit code 2 before anything is sent."""
    world.environ |= {"COPILOT_PROVIDER_BASE_URL": LOCAL, variable: token}
    code, _, err = world.run("ask", "--engine", "byok", "-m", "x", "hello")
    assert code == 2
    assert err.startswith(f"error: {variable}: this is a token of GitHub or Copilot")
    assert token not in err
    assert world.sim.log == []


def test_a_redirect_of_an_endpoint_is_not_followed(world: World) -> None:
    """Neither its key nor the question goes where it points."""
    world.sim.fault(
        "openai_chat", status=307, headers={"location": f"{ANTHROPIC}/v1/messages"}, times=9
    )
    code, _, _ = world.run("ask", "-m", "openai/gpt-sim", "hello")
    assert code != 0
    assert {entry.host for entry in world.sim.log} == {"api.openai.com"}


def test_no_key_of_an_endpoint_goes_to_copilot(world: World) -> None:
    """Nor to another endpoint: each host gets its own."""
    for name in TOKENS:
        del world.environ[name]
    assert world.run("ask", "-m", "copilot/sim-echo", "hello")[:2] == (0, "hello")
    said = everything_sent(world)
    for key in KEYS.values():
        assert not key or key not in said
    assert world.sim.crossings == []


def test_nothing_of_the_session_tells_copilot_s_account(world: World) -> None:
    """An endpoint gets the conversation and no word of who is signed in."""
    assert world.run("ask", "-m", "ollama/llama-sim:latest", "hello")[0] == 0
    assert "octocat" not in everything_sent(world)


def to_endpoints(world: World) -> str:
    """All of what was sent to the hosts of endpoints, as one text."""
    hosts = {urlsplit(url).hostname for url, _ in ENDPOINTS.values()}
    return repr(
        [(it.path, it.headers, it.body) for it in world.sim.log if it.host in hosts],
    )


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (("models", "--refresh"), ""),
        (
            ("repl", "-m", "copilot/sim-echo"),
            "one\n/model openai/gpt-sim\ntwo\n/model copilot/sim-echo\nthree\n",
        ),
    ],
    ids=["models", "repl"],
)
def test_each_host_gets_its_own(world: World, words: tuple[str, ...], stdin: str) -> None:
    """Where Copilot and endpoints are asked side by side, or in turn."""
    for name in TOKENS:
        del world.environ[name]
    code, _, err = world.run(*words, stdin=stdin)
    assert code == 0, err
    hosts = {entry.host for entry in world.sim.log}
    assert {"api.openai.com", "api.individual.githubcopilot.com"} <= hosts
    said = to_endpoints(world)
    assert not [each for each in secrets_of(world) if each in said]
    assert world.sim.crossings == []
