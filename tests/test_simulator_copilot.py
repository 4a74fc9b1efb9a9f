"""The simulated Copilot host: whom and what it refuses, and what its models answer."""

from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from tests.simulated import COPILOT, Plain, events, text

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        pytest.param({"editor-version": None}, 400, "missing Editor-Version", id="no editor"),
        pytest.param({"editor-version": "curl/8"}, 400, "unknown Editor-Version", id="editor"),
        pytest.param({"authorization": None}, 401, "unauthorized", id="no credential"),
        pytest.param({"authorization": "Bearer tid=1"}, 401, "token expired", id="unknown token"),
        pytest.param({"authorization": "Basic eA=="}, 400, "badly formatted", id="scheme"),
        pytest.param(
            {"authorization": "Bearer ghp_madeUpForTests"}, 400, "Personal Access", id="classic"
        ),
        pytest.param(
            {"authorization": "Bearer gho_madeUpForTests"}, 401, "unauthorized", id="unknown gho_"
        ),
    ],
)
@pytest.mark.parametrize("path", ["/models", "/chat/completions", "/models/sim-disabled/policy"])
def test_identity_is_refused(
    path: str, change: dict[str, str | None], status: int, said: str
) -> None:
    """Every endpoint refuses a bad credential or identity with a line of plain text."""
    plain = Plain()
    merged = {**plain.bearer(), **change}
    headers = {name: value for name, value in merged.items() if value is not None}
    method = "GET" if path == "/models" else "POST"
    reply = plain.http.request(method, COPILOT + path, headers=headers)
    assert (reply.status_code, said in reply.text) == (status, True)
    assert reply.headers["content-type"].startswith("text/plain")
    assert reply.headers["x-request-id"]


@pytest.mark.parametrize(
    "editor", ["vscode/1.99.3", "Neovim/0.10.1", "Zed/0.190.0", "JetBrains-IU/251.1", "vim/9.1"]
)
def test_known_editors(editor: str) -> None:
    """The editors that Copilot has plug-ins for are taken."""
    plain = Plain()
    headers = plain.bearer() | {"editor-version": editor}
    assert plain.ask(headers=headers).status_code == 200


def test_app_token_as_bearer_is_badly_formatted() -> None:
    """An app's token must be exchanged first."""
    plain = Plain()
    headers = {"authorization": f"Bearer {plain.sim.sign_in()}", "editor-version": "vscode/1.99.3"}
    reply = plain.ask(headers=headers)
    assert (reply.status_code, "badly formatted" in reply.text) == (400, True)


@pytest.mark.parametrize(
    ("kind", "identity", "status"),
    [
        ("gho_", {}, 200),
        ("gho_", {"copilot-integration-id": "copilot-developer-cli"}, 200),
        ("gho_", {"copilot-integration-id": "vscode-chat"}, 403),
        ("gho_", {"user-agent": ""}, 403),
        ("github_pat_", {"copilot-integration-id": "copilot-developer-cli"}, 200),
        ("github_pat_", {}, 403),
    ],
)
def test_github_token_as_bearer(kind: str, identity: dict[str, str], status: int) -> None:
    """OAuth and fine-grained tokens are taken where the identity hangs together."""
    plain = Plain()
    headers = {"authorization": f"Bearer {plain.sim.sign_in(kind=kind)}", **identity}
    reply = plain.ask(headers=headers)
    assert reply.status_code == status
    if status == 403:
        assert reply.text.startswith("Access to this endpoint is forbidden")


@pytest.mark.parametrize(
    ("plan", "host", "status"),
    [
        ("individual", "api.individual.githubcopilot.com", 200),
        ("free", "api.individual.githubcopilot.com", 200),
        ("individual", "api.business.githubcopilot.com", 421),
        ("business", "api.individual.githubcopilot.com", 421),
        ("business", "api.githubcopilot.com", 200),
        ("enterprise", "127.0.0.1", 200),
        ("individual", "copilot-api.octo.ghe.com", 421),
        ("individual", "proxy.individual.githubcopilot.com", 404),
    ],
)
def test_host_of_the_plan(plan: str, host: str, status: int) -> None:
    """Another plan's host is misdirected; the general one and loopback take everybody."""
    reply = Plain(plan=plan).ask(api=f"https://{host}")
    assert reply.status_code == status


def test_misdirected_is_plain_text() -> None:
    """The 421 says just that."""
    reply = Plain().ask(api="https://api.business.githubcopilot.com")
    assert reply.text.strip() == "Misdirected Request"


def test_token_of_a_company_is_good_at_its_host_only() -> None:
    """Data residency: SUB.ghe.com's token works at copilot-api.SUB.ghe.com, and nowhere else."""
    plain = Plain()
    token = plain.sim.sign_in(domain="octo.ghe.com")
    copilot = plain.rest("/copilot_internal/v2/token", token, "api.octo.ghe.com").json()["token"]
    headers = {"authorization": f"Bearer {copilot}", "editor-version": "vscode/1.99.3"}
    assert plain.ask(api="https://copilot-api.octo.ghe.com", headers=headers).status_code == 200
    assert plain.ask(api="https://api.githubcopilot.com", headers=headers).status_code == 421


def test_token_expires_and_can_be_revoked() -> None:
    """After its life, or when it is revoked, a Copilot token is "expired"."""
    plain = Plain(token_life=60)
    first, second = plain.bearer(), plain.bearer()
    plain.sim.revoke(first["authorization"].removeprefix("Bearer "))
    assert plain.ask(headers=first).text.strip() == "unauthorized: token expired"
    assert plain.ask(headers=second).status_code == 200
    plain.pass_time(60)
    assert plain.ask(headers=second).status_code == 401


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({"model": "no-such"}, "model_not_supported", id="unknown model"),
        pytest.param({"model": "sim-disabled"}, "model_not_supported", id="policy"),
        pytest.param({"model": "text-embedding-3-small"}, "model_not_supported", id="embeddings"),
        pytest.param({"model": "sim-responses"}, "unsupported_api_for_model", id="responses"),
        pytest.param({"model": None}, "invalid_request_body", id="no model"),
        pytest.param({"messages": []}, "invalid_request_body", id="no message"),
        pytest.param({"messages": [{"role": "boss"}]}, "invalid_request_body", id="role"),
        pytest.param({"messages": [{"role": "user"}]}, "invalid_request_body", id="no content"),
        pytest.param(
            {"model": "sim-reason", "max_tokens": 5}, "unsupported_parameter", id="max_tokens"
        ),
        pytest.param(
            {"model": "sim-reason", "temperature": 1}, "unsupported_parameter", id="temperature"
        ),
        pytest.param(
            {"tools": [{"function": {"name": "a b"}}]}, "invalid_request_body", id="tool name"
        ),
        pytest.param(
            {"tools": [{"function": {"name": "a"}}] * 129}, "invalid_request_body", id="tools"
        ),
        pytest.param({"text": [IMAGE]}, "bad_request", id="image"),
        pytest.param(
            {"model": "sim-small", "text": "x" * 4100},
            "model_max_prompt_tokens_exceeded",
            id="too long",
        ),
    ],
)
def test_request_is_refused(body: dict[str, Any], code: str) -> None:
    """What cannot be answered is a 400 with JSON that is labelled as plain text."""
    reply = Plain().ask(**body)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, code)
    assert reply.headers["content-type"].startswith("text/plain")
    assert "x-quota-snapshot-chat" not in reply.headers


def test_malformed_json_is_refused() -> None:
    """A body that is no JSON object is told so."""
    plain = Plain()
    for body in (b"{", b"[]", b"\xff"):
        reply = plain.http.post(f"{COPILOT}/chat/completions", content=body, headers=plain.bearer())
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_request_body")


def test_body_too_large() -> None:
    """More than 16 MiB are refused with a line of text."""
    reply = Plain().ask("x" * (16 * 1024 * 1024))
    assert (reply.status_code, reply.text.strip()) == (413, "Request Entity Too Large")


def test_image_with_its_header() -> None:
    """An image is taken when the vision header is there."""
    plain = Plain()
    headers = plain.bearer() | {"copilot-vision-request": "true"}
    reply = plain.ask([IMAGE, {"type": "text", "text": "what is it?"}], headers=headers)
    assert text(reply) == "what is it?"


def test_limits_are_said() -> None:
    """The refusal of a long prompt names both numbers; exactly the limit is taken."""
    said = Plain().ask("x" * 4100, model="sim-small").json()["error"]["message"]
    assert said == "prompt token count of 1025 exceeds the limit of 1024"
    assert Plain().ask("x" * 4096, model="sim-small").status_code == 200


@pytest.mark.parametrize(
    "asked", ["a", "two  spaces\n\nand\tlines\r\n", " \u2028 é 🧪\x00", "x" * 99]
)
@pytest.mark.parametrize("model", ["sim-echo", "sim-bare", "gpt-4o", "sim-reason"])
def test_echo_is_verbatim(asked: str, model: str) -> None:
    """The echo models answer exactly the last user text."""
    assert text(Plain().ask(asked, model=model)) == asked


def test_echo_takes_the_last_user_message() -> None:
    """Earlier turns do not come back."""
    turns = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "first"},
        {"role": "user", "content": "second"},
    ]
    assert text(Plain().ask(messages=turns)) == "second"


def test_reasoning_comes_first() -> None:
    """The reasoning model sends reasoning_text, then its opaque form, then the answer."""
    deltas = [c["delta"] for e in events(Plain().ask(model="sim-reason")) for c in e["choices"]]
    kinds = [next(iter(set(delta) - {"role"} - {"content"}), "content") for delta in deltas]
    assert kinds[1:] == sorted(
        kinds[1:], key=["reasoning_text", "reasoning_opaque", "content"].index
    )
    assert {"reasoning_text", "reasoning_opaque"} <= set(kinds)


def test_tool_model_calls_and_then_reads_the_result() -> None:
    """The tool model calls get_weather in pieces, and answers once it has the result."""
    plain = Plain()
    reply = plain.ask(model="sim-tool")
    choices = [c for e in events(reply) for c in e["choices"]]
    pieces = [call for c in choices for call in c["delta"].get("tool_calls", ())]
    assert [p["function"].get("name") for p in pieces[:2]] == ["get_weather", None]
    assert len(pieces) > 2
    assert "".join(p["function"]["arguments"] for p in pieces) == (
        '{"city": "Zürich", "unit": "celsius"}'
    )
    assert choices[-1]["finish_reason"] == "tool_calls"
    call = {"id": pieces[0]["id"], "type": "function", "function": {"name": "get_weather"}}
    turns = [
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": pieces[0]["id"], "content": "21 °C"},
    ]
    assert "21 °C" in text(plain.ask(model="sim-tool", messages=turns))


def test_model_without_streaming_answers_json() -> None:
    """A model that does not say it streams answers one JSON body, whatever was asked."""
    reply = Plain().ask("hi", model="sim-o1")
    assert reply.headers["content-type"].startswith("application/json")
    assert reply.json()["choices"][0]["message"]["content"] == "hi"


def test_not_streamed() -> None:
    """Without `stream` the answer is one body with usage."""
    said = Plain().ask("hello you", stream=False).json()
    assert said["choices"][0]["finish_reason"] == "stop"
    assert said["usage"]["prompt_tokens"] == said["usage"]["completion_tokens"] == 2


@pytest.mark.parametrize(
    ("scenario", "left"),
    [({}, "80.0"), ({"quota": -3.5}, "-3.5"), ({"entitlement": -1}, "100.0")],
    ids=["some", "overdrawn", "unlimited"],
)
def test_quota_headers(scenario: dict[str, Any], left: str) -> None:
    """A successful chat carries the quota headers; the model list does not."""
    plain = Plain(**scenario)
    headers = plain.bearer()
    found = parse_qs(plain.ask(headers=headers).headers["x-quota-snapshot-premium_interactions"])
    assert found["rem"] == [left]
    assert found["ent"] == [str(scenario.get("entitlement", 300))]
    listed = plain.http.get(f"{COPILOT}/models", headers=headers)
    assert "x-quota-snapshot-chat" not in listed.headers


def _models(plain: Plain) -> dict[Any, Any]:
    said = plain.http.get(f"{COPILOT}/models", headers=plain.bearer()).json()
    assert said["object"] == "list"
    return {item["id"]: item for item in said["data"] if isinstance(item, dict) and "id" in item}


def test_model_list_has_its_odd_items() -> None:
    """Missing limits, no policy, unknown fields, doubled families: all of them are listed."""
    models = _models(Plain())
    assert [m["id"] for m in models.values() if m.get("is_chat_default")] == ["sim-docs"]
    assert "limits" not in models["sim-bare"]["capabilities"]
    assert "policy" not in models["sim-bare"]
    assert "future_field" in models["sim-bare"]
    assert "max_output_tokens" not in models["sim-o1"]["capabilities"]["limits"]
    assert models["sim-responses"]["supported_endpoints"] == ["/responses"]
    assert models["text-embedding-3-small"]["capabilities"]["type"] == "embeddings"
    assert models["sim-disabled"]["policy"]["state"] == "disabled"
    twins = [m for m in models.values() if m["name"] == "GPT-4o"]
    assert len({m["capabilities"]["family"] for m in twins}) == 1 < len(twins)
    assert models["sim-broken"]["supported_endpoints"] == 3


def test_model_list_can_hold_what_is_no_model() -> None:
    """With `broken_models` items come that are not even objects."""
    plain = Plain(broken_models=True)
    said = plain.http.get(f"{COPILOT}/models", headers=plain.bearer()).json()
    assert None in said["data"]
    assert "sim-text" in said["data"]


def test_policy_enables_a_model() -> None:
    """Accepting the terms makes the model usable and is listed; another simulator is untouched."""
    plain = Plain()
    url = f"{COPILOT}/models/sim-disabled/policy"
    reply = plain.http.post(url, json={"state": "enabled"}, headers=plain.bearer())
    assert reply.json()["policy"]["state"] == "enabled"
    assert _models(plain)["sim-disabled"]["policy"]["state"] == "enabled"
    assert plain.ask(model="sim-disabled").status_code == 200
    assert Plain().ask(model="sim-disabled").status_code == 400


@pytest.mark.parametrize(
    ("model", "state", "status"),
    [("no-such", "enabled", 404), ("sim-bare", "enabled", 404), ("sim-disabled", "maybe", 400)],
)
def test_policy_is_refused(model: str, state: str, status: int) -> None:
    """Unknown models, models without a policy and unknown states are refused."""
    plain = Plain()
    url = f"{COPILOT}/models/{model}/policy"
    reply = plain.http.post(url, json={"state": state}, headers=plain.bearer())
    assert isinstance(reply, httpx.Response)
    assert reply.status_code == status
