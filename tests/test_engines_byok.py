"""The engine `byok`: answers, lists and refusals of an endpoint, and nothing of GitHub's on it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from copilot_cli.engines.byok import ByokEngine
from copilot_cli.engines.endpoint import Endpoint
from copilot_cli.engines.http import HTTPEngine
from copilot_cli.engines.resilience import Retrying
from copilot_cli.errors import (
    CopilotChatError,
    LimitError,
    ModelUnavailable,
    NotAllowedError,
    QuotaError,
    ServiceError,
    SettingsError,
    SignInError,
)
from copilot_cli.identity import USER_AGENT
from copilot_cli.messages import End, Notice, Reasoning, Request, Started, Text
from copilot_cli.network import build_client
from copilot_cli.secret import Secret
from copilot_cli.simulator import Simulator
from copilot_cli.simulator.scenario import KEYS
from tests.engine_world import NOW, Body, Clock, Replies, answer, ask, stream, text_of
from tests.recordings import joined
from tests.wizard_world import World

WHOLE = End("stop", complete=True)
KEY = Secret("madeUpKeyForTests")
LOCAL = Endpoint("local", "openai", "http://127.0.0.1:11434", where="config.toml")
HOSTS = {
    "openai": "https://api.openai.com",
    "azure": "https://mine.openai.azure.com",
    "anthropic": "https://api.anthropic.com",
}
MODELS = {"openai": "gpt-sim", "azure": "sim-deployment", "anthropic": "claude-sim"}


def engine(
    transport: httpx.BaseTransport, endpoint: Endpoint = LOCAL, *, retries: int = 3
) -> ByokEngine:
    """Return the engine on a transport of a test."""
    clock = Clock()
    client = build_client({}, transport=transport, user_agent=USER_AGENT)
    return ByokEngine(
        client,
        endpoint,
        HTTPEngine(client, timeout_idle=300, monotonic=clock.monotonic, now=lambda: NOW),
        retrying=Retrying(retries, clock.sleep, lambda seconds: f"{seconds:g} s from now"),
        now=lambda: NOW,
    )


def provider(kind: str, **more: Any) -> Endpoint:
    """Return an endpoint at the simulator's front of that provider, with its key."""
    return Endpoint("mine", kind, HOSTS[kind], key=Secret(KEYS[kind]), where="config.toml", **more)  # type: ignore[arg-type]


def refusal(status: int, body: object = "") -> httpx.Response:
    text = body if isinstance(body, str) else json.dumps(body)
    return httpx.Response(status, stream=Body([text.encode()]))


# -- the simulator's fronts ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("openai", {}),
        ("openai", {"wire": "responses"}),
        ("azure", {}),
        ("azure", {"wire": "responses"}),
        ("azure", {"api_version": "2024-10-21"}),
        ("anthropic", {}),
    ],
)
def test_each_provider_answers(kind: str, more: dict[str, Any]) -> None:
    """Address, key and wire as it wants them, and the words that it says."""
    simulator = Simulator()
    made = engine(simulator.transport(), provider(kind, **more))
    events = list(made.answer(ask("Grüße", model=MODELS[kind])))
    assert text_of(events) == "Grüße"
    assert events[-1] == WHOLE


@pytest.mark.parametrize("kind", HOSTS)
def test_each_provider_lists_its_models(kind: str) -> None:
    """As models of that endpoint."""
    simulator = Simulator()
    models = engine(simulator.transport(), provider(kind)).models()
    assert MODELS[kind] in [model.id for model in models]
    assert {model.endpoint for model in models} == {"mine"}
    assert [model.disabled for model in models] == [None] * len(models)


@pytest.mark.parametrize("listing", [False, True])
@pytest.mark.parametrize("kind", HOSTS)
def test_a_wrong_key_says_whose_and_where_it_is_set(kind: str, listing: bool) -> None:
    """Exit code 3; not a word of the key, of GitHub or of Copilot."""
    wrong = provider(kind)._replace(key=Secret("sk-madeUpWrongKey"))
    made = engine(Simulator().transport(), wrong)
    with pytest.raises(SignInError) as raised:
        made.models() if listing else list(made.answer(ask(model=MODELS[kind])))
    error = raised.value
    host = HOSTS[kind].removeprefix("https://")
    assert error.message.startswith(f"{host} refused the key of mine")
    assert error.hint == "`copilot-chat onboard --method byok --name mine` takes another key"
    assert "sk-made" not in error.message
    assert "opilot" not in error.message


# -- what is sent --------------------------------------------------------------------------------


def test_a_local_server_wants_nothing_but_the_question() -> None:
    """No key, no credential, no identity of Copilot's."""
    replies = Replies(answer("Hi"))
    assert text_of(list(engine(replies).answer(ask()))) == "Hi"
    (request,) = replies.requests
    assert str(request.url) == "http://127.0.0.1:11434/v1/chat/completions"
    assert sorted(request.headers) == [
        "accept", "accept-encoding", "connection", "content-length", "content-type", "host",
        "user-agent",
    ]  # fmt: skip
    assert request.headers["user-agent"] == USER_AGENT


def test_headers_of_the_endpoint_go_along_and_the_key_wins() -> None:
    """Whatever their case; the wire's own can be replaced by them."""
    replies = Replies(answer("Hi"))
    endpoint = LOCAL._replace(key=KEY, headers={"authorization": "Basic x", "X-Title": "mine"})
    list(engine(replies, endpoint).answer(ask()))
    headers = replies.requests[0].headers
    assert headers.get_list("authorization") == [f"Bearer {KEY.reveal()}"]
    assert headers["x-title"] == "mine"


def test_a_dry_run_shows_no_key_and_no_header_s_value() -> None:
    """And sends nothing."""
    endpoint = provider("anthropic")._replace(headers={"X-Mine": "madeUpSecretValue"})
    shown = engine(Replies(), endpoint).dry_run(ask())
    assert (shown["url"], shown["path"]) == ("https://api.anthropic.com", "/v1/messages")
    assert shown["body"]["messages"]
    assert shown["headers"] == {"anthropic-version": "2023-06-01", "X-Mine": "****"}
    assert KEYS["anthropic"] not in json.dumps(shown)


OF_GITHUB = [
    "gho_madeUpForTests00000000000000", "ghu_madeUpForTests00000000000000",
    "ghp_madeUpForTests00000000000000", "ghs_madeUpForTests00000000000000",
    "ghr_madeUpForTests00000000000000", "github_pat_madeUpForTests00000000",
    "tid=madeUpForTests;exp=1:sig",
]  # fmt: skip


@pytest.mark.parametrize("value", OF_GITHUB)
@pytest.mark.parametrize(
    "place",
    [
        lambda value: {"key": Secret(value)},
        lambda value: {"bearer": Secret(value)},
        lambda value: {"headers": {"X-Key": f"token {value}"}},
    ],
    ids=["key", "bearer", "header"],
)
@pytest.mark.parametrize("kind", HOSTS)
def test_a_token_of_github_goes_to_no_endpoint(
    kind: str, place: Callable[[str], dict[str, Any]], value: str
) -> None:
    """Not even where it was set as the key, the bearer or a header: nothing is sent at all."""
    replies = Replies(answer("Hi"))
    made = engine(replies, provider(kind)._replace(**place(value)))
    for attempt in (lambda: list(made.answer(ask())), made.models):
        with pytest.raises(SettingsError, match="token of GitHub or Copilot") as raised:
            attempt()
        assert value not in raised.value.message + str(raised.value.hint)
    assert replies.requests == []


def test_no_run_sends_a_sign_in_to_an_endpoint(tmp_path: Path) -> None:
    """With a token in every variable and a stored sign-in, the endpoint sees none of them."""
    world = World(tmp_path / "home")
    world.onboard(method="device", store="keyfile", model="sim-echo")
    for name in ("COPILOT_CHAT_TOKEN", "COPILOT_GITHUB_TOKEN", "GITHUB_COPILOT_TOKEN",
                 "GH_TOKEN", "GITHUB_TOKEN"):  # fmt: skip
        world.environ[name] = world.sim.sign_in()
    world.environ["GITHUB_COPILOT_EXTRA_HEADERS"] = "x-of-copilot:1"
    world.environ["COPILOT_PROVIDER_BASE_URL"] = HOSTS["openai"]
    world.environ["COPILOT_PROVIDER_API_KEY"] = KEYS["openai"]
    world.run("ask", "-m", "copilot/sim-echo", "hello")
    before = len(world.sim.log)
    code, out, err = world.run("ask", "-m", "env/gpt-sim", "hello")
    assert (code, out) == (0, "hello"), err
    seen = world.sim.log[before:]
    assert {each.host for each in seen} == {"api.openai.com"}
    secrets = world.sim.secrets() - set(KEYS.values())
    assert len(secrets) >= 7
    for each in seen:
        sent = f"{dict(each.headers)} {each.body!r} {each.path} {each.query}"
        assert [secret for secret in secrets if secret in sent] == []
        assert "x-of-copilot" not in each.headers
        assert each.headers["user-agent"] == USER_AGENT
        assert [name for name in each.headers if "copilot" in name or "editor" in name] == []


# -- what comes ----------------------------------------------------------------------------------


def think(*pieces: str) -> httpx.Response:
    events = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    return stream(*(b"data: %s\n\n" % json.dumps(each).encode() for each in (*events, end)))


def test_thinking_within_the_text_is_reasoning() -> None:
    """However cut, at servers of open models; at Azure it is text that was asked for."""
    pieces = ("<th", "ink>hm", "</thi", "nk>", "Hi")
    events = joined(
        event for event in engine(Replies(think(*pieces))).answer(ask())
        if not isinstance(event, Started)
    )  # fmt: skip
    assert events == [Reasoning("hm"), Text("Hi"), WHOLE]
    azure = list(engine(Replies(think(*pieces)), provider("azure")).answer(ask()))
    assert text_of(azure) == "<think>hm</think>Hi"


def test_a_cap_has_an_older_name() -> None:
    """Where the newer one is not known."""
    said = {"error": {"message": "Unrecognized request argument supplied: max_completion_tokens"}}
    replies = Replies(refusal(400, said), answer("Hi"))
    list(engine(replies).answer(Request("m", ask().messages, max_output=7)))
    assert json.loads(replies.requests[1].read())["max_tokens"] == 7


def test_a_parameter_that_is_not_known_is_left_out() -> None:
    """As with Copilot."""
    said = {"detail": "x", "error": {"message": "'temperature' is not supported", "code": "400"}}
    events = list(engine(Replies(refusal(400, said), answer("Hi"))).answer(
        Request("m", ask().messages, temperature=0.1)
    ))  # fmt: skip
    assert Notice("temperature is left out: m does not take it") in events


# -- refusals --------------------------------------------------------------------------------------

SAID: list[tuple[int, object, type[CopilotChatError], int, str, str | None]] = [
    (401, "", SignInError, 3, "127.0.0.1:11434 refused the key of local",
     "`copilot-chat onboard --method byok --name local` takes another key"),
    (403, {"error": {"message": "invalid x-api-key"}}, SignInError, 3, "refused the key", "--name"),
    (403, "no", NotAllowedError, 4, "127.0.0.1:11434 does not allow this: no", "your account at"),
    (402, "", QuotaError, 5, "the quota at 127.0.0.1:11434 is used up", "your account at"),
    (429, {"error": {"code": "insufficient_quota", "message": "You exceeded it"}}, QuotaError, 5,
     "the quota at", "your account at"),
    (400, {"error": {"type": "invalid_request_error", "message": "Your credit balance is too low"}},
     QuotaError, 5, "the quota at", None),
    (404, {"error": {"message": 'model "x" not found, try pulling it first'}}, ModelUnavailable, 4,
     "local has no such model: model", "`copilot-chat models`"),
    (404, {"error": {"code": "DeploymentNotFound", "message": "The API deployment"}},
     ModelUnavailable, 4, "local has no such model", None),
    (404, {"detail": "Not Found"}, CopilotChatError, 1, "127.0.0.1:11434 knows no such address",
     "look at its address, of config.toml"),
    (405, "", CopilotChatError, 1, "knows no such address", None),
    (400, "bad request: missing Editor-Version header for IDE auth", CopilotChatError, 1,
     "127.0.0.1:11434 refused the request: bad request", None),
    (421, "Misdirected Request", CopilotChatError, 1, "refused the request", None),
    (466, "", CopilotChatError, 1, "refused the request", None),
    (500, "boom", ServiceError, 6, "the service failed: boom", None),
    (529, {"error": {"type": "overloaded_error", "message": "Overloaded"}}, ServiceError, 6,
     "the service failed: Overloaded", None),
    (429, {"error": {"code": "rate_limit_exceeded", "message": "slow"}}, LimitError, 5,
     "a rate limit is reached: slow", None),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "code", "says", "hint"), SAID)
def test_a_refusal_is_told_in_words_of_the_endpoint(
    status: int, body: object, kind: type[CopilotChatError], code: int, says: str, hint: str | None
) -> None:
    """What is wrong, where it is set, and nothing that only helps with Copilot."""
    with pytest.raises(CopilotChatError) as raised:
        list(engine(Replies(refusal(status, body)), retries=0).answer(ask()))
    error = raised.value
    assert (type(error), error.exit_code) == (kind, code)
    assert says in error.message
    assert hint is None or hint in (error.hint or "")
    told = f"{error} {error.message} {error.hint}".replace("`copilot-chat", "`")
    assert "opilot" not in told
    assert "github" not in told.lower()
    assert "onboard" not in told or "--method byok" in told


def test_the_variables_key_is_named() -> None:
    """Where the endpoint is one that variables describe."""
    endpoint = LOCAL._replace(name="env", where="the variable COPILOT_PROVIDER_BASE_URL")
    with pytest.raises(SignInError) as raised:
        list(engine(Replies(refusal(401)), endpoint).answer(ask()))
    assert "COPILOT_PROVIDER_API_KEY" in (raised.value.hint or "")


def test_a_page_is_not_an_answer() -> None:
    """Nor Copilot's."""
    page = httpx.Response(200, headers={"content-type": "text/html"}, stream=Body([b"<html>"]))
    with pytest.raises(ServiceError) as raised:
        list(engine(Replies(page)).answer(ask()))
    assert raised.value.message.startswith("not the answer of a model")
    assert "opilot" not in str(raised.value)


def test_a_refused_key_is_not_tried_again() -> None:
    """There is no other."""
    replies = Replies(refusal(401), answer("Hi"))
    with pytest.raises(SignInError):
        list(engine(replies).answer(ask()))
    assert replies.unused == 1


def test_an_outage_is_waited_for() -> None:
    """As with Copilot."""
    replies = Replies(refusal(503), answer("Hi"))
    assert text_of(list(engine(replies).answer(ask()))) == "Hi"


@pytest.mark.parametrize(
    "reply",
    [refusal(404, "404 page not found"), refusal(405), refusal(501),
     httpx.Response(200, stream=Body([b"<html>"])), httpx.Response(200, json={"data": []})],
    ids=["404", "405", "501", "html", "empty"],
)  # fmt: skip
def test_a_server_without_a_list_has_none(reply: httpx.Response) -> None:
    """That is no error."""
    assert engine(Replies(reply)).models() == []


def test_a_deployment_is_not_asked_for_its_list() -> None:
    """Nothing is sent."""
    endpoint = provider("azure")._replace(base_url=f"{HOSTS['azure']}/openai/deployments/d")
    assert engine(Replies(), endpoint).models() == []


def test_a_list_out_of_order_is_an_error() -> None:
    """A server that is down is not a server without models."""
    with pytest.raises(ServiceError):
        engine(Replies(refusal(503)), retries=0).models()
