"""The fronts of other providers: keys, errors in each one's form, models, and the watch."""

import json
from typing import Any

import httpx
import pytest

from copilot_cli.simulator import Crossing, Simulator
from copilot_cli.simulator.scenario import KEYS
from tests.simulated import Plain, events, text

OPENAI = "https://api.openai.com/v1"
AZURE = "https://octo.openai.azure.com/openai"
ANTHROPIC = "https://api.anthropic.com/v1"
OLLAMA = "http://127.0.0.1/byok/ollama/v1"
VERSION = {"anthropic-version": "2023-06-01"}

KEYED: dict[str, dict[str, str]] = {
    "openai": {"authorization": f"Bearer {KEYS['openai']}"},
    "azure": {"api-key": KEYS["azure"]},
    "anthropic": {"x-api-key": KEYS["anthropic"], **VERSION},
    "ollama": {},
}
ASKED = [{"role": "user", "content": "hello you"}]
CHATS = [
    pytest.param("openai", f"{OPENAI}/chat/completions", "gpt-sim", id="openai"),
    pytest.param("azure", f"{AZURE}/v1/chat/completions", "sim-deployment", id="azure v1"),
    pytest.param(
        "azure",
        f"{AZURE}/deployments/sim-deployment/chat/completions?api-version=2024-10-21",
        None,
        id="azure deployment",
    ),
    pytest.param("ollama", f"{OLLAMA}/chat/completions", "llama-sim:latest", id="ollama"),
    pytest.param(
        "openai", "http://127.0.0.1/byok/openai/v1/chat/completions", "gpt-sim", id="openai by path"
    ),
]


def post(plain: Plain, url: str, body: Any, headers: dict[str, str]) -> httpx.Response:
    """A POST."""
    return plain.http.post(url, json=body, headers=headers)


@pytest.mark.parametrize(("provider", "url", "model"), CHATS)
def test_chat(provider: str, url: str, model: str | None) -> None:
    """Each provider's chat streams an answer, and a script can give it."""
    plain = Plain()
    body = {"messages": ASKED, "stream": True} | ({"model": model} if model else {})
    reply = post(plain, url, body, KEYED[provider])
    assert (reply.status_code, text(reply)) == (200, "hello you")
    assert events(reply)[-1]["object"] == "chat.completion.chunk"
    assert not any("copilot_usage" in e or "usage" in e for e in events(reply))
    plain.sim.answer("scripted", quirk="crlf")
    assert "scripted" in post(plain, url, body, KEYED[provider]).text
    assert plain.sim.log[-1].endpoint == f"{provider}_chat"
    assert plain.sim.crossings == []


def test_usage_comes_when_it_is_asked_for() -> None:
    """OpenAI's stream counts on request only; Copilot's always does."""
    body = {"model": "gpt-sim", "messages": ASKED, "stream": True,
            "stream_options": {"include_usage": True}}  # fmt: skip
    reply = post(Plain(), f"{OPENAI}/chat/completions", body, KEYED["openai"])
    usage = events(reply)[-1]["usage"]
    assert [usage[f"{what}_tokens"] for what in ("prompt", "completion", "total")] == [2, 2, 4]


@pytest.mark.parametrize(
    ("provider", "url", "model"),
    [
        ("openai", f"{OPENAI}/responses", "gpt-sim-think"),
        ("azure", f"{AZURE}/v1/responses", "sim-deployment"),
        ("azure", f"{AZURE}/responses?api-version=preview", "sim-deployment"),
    ],
)
def test_responses(provider: str, url: str, model: str) -> None:
    """The responses wire keeps the ids of its items, as OpenAI's does; state may be asked for."""
    body = {"model": model, "input": "hello you", "stream": True, "store": True}
    found = events(post(Plain(), url, body, KEYED[provider]))
    names = {e["item_id"] for e in found if e["type"].startswith("response.output_text")}
    assert [name[:4] for name in names] == ["msg_"]
    assert found[-1]["response"]["output"][-1]["content"][0]["text"] == "hello you"


def test_messages() -> None:
    """Anthropic's messages answer, and think if they are to."""
    body = {"model": "claude-sim", "max_tokens": 2000, "messages": ASKED,
            "thinking": {"type": "enabled", "budget_tokens": 1024}}  # fmt: skip
    said = post(Plain(), f"{ANTHROPIC}/messages", body, KEYED["anthropic"]).json()
    assert [block["type"] for block in said["content"]] == ["thinking", "text"]
    assert "copilot_usage" not in said


def test_a_leading_think_of_a_local_model() -> None:
    """The model of the local server writes its thoughts into the text."""
    body = {"model": "qwen-sim:8b", "messages": ASKED, "stream": True}
    said = text(post(Plain(), f"{OLLAMA}/chat/completions", body, {}))
    assert said.startswith("<think>\n")
    assert said.endswith("\n</think>\n\nhello you")


@pytest.mark.parametrize(
    ("provider", "url"),
    [
        ("openai", f"{OPENAI}/models"),
        ("azure", f"{AZURE}/v1/models"),
        ("anthropic", f"{ANTHROPIC}/models"),
        ("ollama", f"{OLLAMA}/models"),
    ],
)
def test_models(provider: str, url: str) -> None:
    """Each lists its models in its own form."""
    data = Plain().http.get(url, headers=KEYED[provider]).json()["data"]
    assert len(data) >= 1
    kinds = {item.get("object", item.get("type")) for item in data}
    assert kinds == {"model"}


@pytest.mark.parametrize("given", ["", "sk-madeUpForTests"])
@pytest.mark.parametrize(
    ("provider", "path", "name", "prefix"),
    [
        ("openai", f"{OPENAI}/chat/completions", "authorization", "Bearer "),
        ("azure", f"{AZURE}/v1/chat/completions", "api-key", ""),
        ("anthropic", f"{ANTHROPIC}/messages", "x-api-key", ""),
    ],
)
def test_wrong_key(provider: str, path: str, name: str, prefix: str, given: str) -> None:
    """A wrong key, or none, is a 401 in the provider's own form."""
    headers = {name: prefix + given} if given else {}
    reply = post(Plain(), path, {"model": "x"}, VERSION | headers)
    error = reply.json()["error"]
    assert reply.status_code == 401
    assert reply.headers["content-type"] == "application/json"
    if provider == "openai":
        assert error["type"] == "invalid_request_error"
        assert error["code"] == ("invalid_api_key" if given else None)
        assert "madeUpForTests" not in error["message"]
    elif provider == "azure":
        assert error["code"] == "401"
        assert error["message"].startswith("Access denied due to invalid subscription key")
    else:
        assert (reply.json()["type"], error["type"]) == ("error", "authentication_error")
        assert reply.headers["request-id"] == reply.json()["request_id"]


@pytest.mark.parametrize(
    ("provider", "url", "status", "said"),
    [
        ("openai", f"{OPENAI}/chat/completions", 404, '"code": "model_not_found"'),
        ("azure", f"{AZURE}/v1/chat/completions", 404, '"code": "DeploymentNotFound"'),
        ("anthropic", f"{ANTHROPIC}/messages", 404, '"type": "not_found_error"'),
        ("ollama", f"{OLLAMA}/chat/completions", 404, "try pulling it first"),
    ],
)
def test_unknown_model(provider: str, url: str, status: int, said: str) -> None:
    """An unknown model is a 404 in the provider's own form."""
    reply = post(Plain(), url, {"model": "nope", "messages": ASKED}, KEYED[provider])
    assert (reply.status_code, said in reply.text) == (status, True)


def test_requests_are_checked_as_strictly() -> None:
    """What the wire refuses is refused, in the provider's form and with its parameter."""
    body = {"model": "gpt-sim-think", "messages": ASKED, "temperature": 1}
    error = post(Plain(), f"{OPENAI}/chat/completions", body, KEYED["openai"]).json()["error"]
    assert (error["param"], error["code"]) == ("temperature", "unsupported_parameter")
    body = {"model": "claude-sim", "messages": ASKED}
    said = post(Plain(), f"{ANTHROPIC}/messages", body, KEYED["anthropic"]).json()
    assert said["error"] == {
        "type": "invalid_request_error",
        "message": "max_tokens: Field required",
    }


def test_anthropic_needs_its_version() -> None:
    """Without `anthropic-version` nothing is answered."""
    headers = {"x-api-key": KEYS["anthropic"]}
    reply = post(Plain(), f"{ANTHROPIC}/messages", {}, headers)
    assert (reply.status_code, "anthropic-version" in reply.text) == (400, True)


def test_anthropics_key_may_come_as_the_bearer() -> None:
    """As Anthropic's own client sends it since its version 2."""
    headers = {"authorization": f"Bearer {KEYS['anthropic']}", **VERSION}
    plain = Plain()
    assert plain.http.get(f"{ANTHROPIC}/models", headers=headers).status_code == 200
    assert plain.sim.crossings == []


def test_azures_older_paths_need_a_version() -> None:
    """Without an api-version the deployment form is not found, as at Azure."""
    url = f"{AZURE}/deployments/sim-deployment/chat/completions"
    assert post(Plain(), url, {"messages": ASKED}, KEYED["azure"]).status_code == 404


def test_other_paths_are_not_found() -> None:
    """A provider has no other's paths."""
    plain = Plain()
    assert plain.http.post(f"{OPENAI}/messages", headers=KEYED["openai"]).status_code == 404
    assert plain.http.get("https://api.openai.com/models").status_code == 404
    assert plain.http.get("http://127.0.0.1/byok/nobody/v1/models").status_code == 404
    headers = KEYED["openai"]
    assert plain.http.get("https://github.com/byok/openai/v1/models", headers=headers).is_error


@pytest.mark.parametrize(
    ("provider", "url", "name"),
    [
        ("openai", f"{OPENAI}/models", "authorization"),
        ("azure", f"{AZURE}/v1/models", "api-key"),
        ("anthropic", f"{ANTHROPIC}/models", "x-api-key"),
        ("ollama", f"{OLLAMA}/models", "authorization"),
    ],
)
@pytest.mark.parametrize("secret", ["github", "copilot", "made up"])
def test_a_token_of_github_at_a_provider(provider: str, url: str, name: str, secret: str) -> None:
    """Whatever is answered, it is written down, once, and without the token."""
    plain = Plain()
    token = "ghu_madeUpForTests0000000000000000000000"
    if secret != "made up":
        token = plain.sim.sign_in()
    if secret == "copilot":
        token = plain.exchange(token).json()["token"]
    prefix = "Bearer " if name == "authorization" else ""
    plain.http.get(url, headers=VERSION | {name: prefix + token})
    (crossing,) = plain.sim.crossings
    assert crossing.kind == ("copilot token" if secret == "copilot" else "ghu_")
    assert (crossing.home, crossing.where) == (
        "github" if secret == "made up" else "github.com",
        name,
    )
    assert token not in json.dumps(crossing)


def test_a_providers_key_elsewhere() -> None:
    """A key that reaches another provider, or GitHub, is written down too."""
    plain = Plain()
    plain.http.get(f"{ANTHROPIC}/models", headers={"x-api-key": KEYS["openai"], **VERSION})
    plain.rest("/user", KEYS["azure"])
    plain.http.get("http://127.0.0.1/models", headers=KEYED["anthropic"])
    assert [(it.kind, it.home, it.host) for it in plain.sim.crossings] == [
        ("key", "openai", "api.anthropic.com"),
        ("key", "azure", "api.github.com"),
        ("key", "anthropic", "127.0.0.1"),
    ]


def test_keys_can_be_changed() -> None:
    """The scenario has the keys; the watch follows them."""
    plain = Plain(keys={"openai": "sk-madeUpForTests"})
    assert plain.http.get(f"{OPENAI}/models", headers=KEYED["openai"]).status_code == 401
    headers = {"authorization": "Bearer sk-madeUpForTests"}
    assert plain.http.get(f"{OPENAI}/models", headers=headers).status_code == 200
    plain.rest("/user", "sk-madeUpForTests")
    assert isinstance(plain.sim.crossings[0], Crossing)


def test_faults() -> None:
    """A provider's endpoint can fail like any other."""
    simulator = Simulator()
    simulator.fault("anthropic_messages", status=529, body='{"type": "error"}')
    with httpx.Client(transport=simulator.transport()) as client:
        reply = client.post(f"{ANTHROPIC}/messages", json={}, headers=KEYED["anthropic"])
    assert (reply.status_code, simulator.unused()) == (529, [])
