"""What a model takes and whom it answers: parameters, policies, plans, and the auto mode."""

import json
from typing import Any

import httpx
import pytest

from tests.simulated import COPILOT, Plain, events, text

AUTO = {"auto_mode": {"model_hints": ["auto"]}}
SCHEMA = {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"],
          "additionalProperties": False}  # fmt: skip


def wanted(**more: Any) -> dict[str, Any]:
    """A `response_format` with a schema."""
    return {"type": "json_schema", "json_schema": {"name": "it", "schema": SCHEMA, **more}}


@pytest.mark.parametrize(
    ("model", "body", "param"),
    [
        ("sim-reason", {"max_tokens": 9}, "max_tokens"),
        ("sim-reason", {"temperature": 1}, "temperature"),
        ("sim-reason", {"top_p": 1}, "top_p"),
        ("sim-reason", {"stop": ["x"]}, "stop"),
        ("sim-reason", {"reasoning_effort": "xhigh"}, "reasoning_effort"),
        ("sim-echo", {"reasoning_effort": "low"}, "reasoning_effort"),
        ("sim-small", {"response_format": wanted()}, "response_format"),
    ],
)
def test_parameter_is_refused(model: str, body: dict[str, Any], param: str) -> None:
    """What a model does not take is refused with the parameter's name."""
    reply = Plain().ask(model=model, **body)
    error = reply.json()["error"]
    assert (reply.status_code, error["code"]) == (400, "unsupported_parameter")
    assert (error["param"], f"'{param}'" in error["message"]) == (param, True)


@pytest.mark.parametrize(
    ("model", "body"),
    [
        ("sim-reason", {"max_completion_tokens": 9, "reasoning_effort": "high"}),
        ("sim-echo", {"max_tokens": 9, "temperature": 2, "top_p": 0.5, "stop": "x"}),
        ("sim-small", {"response_format": {"type": "json_object"}}),
    ],
)
def test_parameter_is_taken(model: str, body: dict[str, Any]) -> None:
    """What a model does take is."""
    assert Plain().ask(model=model, **body).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"temperature": 2.1}, {"temperature": "hot"}, {"max_completion_tokens": 0},
        {"max_tokens": 1.5}, {"stop": ["a"] * 5}, {"stop": [""]},
        {"response_format": wanted(name="no good")},
        {"response_format": wanted(strict=True, schema={"type": "object"})},
    ],
)  # fmt: skip
def test_value_is_refused(body: dict[str, Any]) -> None:
    """A value that is none is refused, whatever the model."""
    assert Plain().ask(**body).json()["error"]["code"] == "invalid_request_body"


def test_structured_output_is_an_instance() -> None:
    """A model that keeps to a schema answers an instance of it, unless the answer is scripted."""
    plain = Plain()
    assert json.loads(text(plain.ask(response_format=wanted(strict=True)))) == {"a": True}
    plain.sim.answer("no JSON")
    assert text(plain.ask(response_format=wanted())) == "no JSON"
    assert json.loads(text(plain.ask("x", response_format={"type": "json_object"})))


def test_cap_and_stop_on_chat() -> None:
    """An answer ends at the cap with `length`, and before a stop text with `stop`."""
    plain = Plain()
    capped = plain.ask("x" * 50, max_completion_tokens=3, stream=False).json()["choices"][0]
    assert (capped["message"]["content"], capped["finish_reason"]) == ("x" * 12, "length")
    stopped = plain.ask("a b c", stop=["c", "b"], stream=False).json()["choices"][0]
    assert (stopped["message"]["content"], stopped["finish_reason"]) == ("a ", "stop")


def test_result_without_call_is_refused() -> None:
    """A tool's result has to answer a call of the conversation."""
    turns = [
        {"role": "user", "content": "x"},
        {"role": "tool", "tool_call_id": "c", "content": "y"},
    ]
    assert "'tool_calls'" in Plain().ask(messages=turns).json()["error"]["message"]


# -- policies --------------------------------------------------------------------------------


def enable(plain: Plain, model: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """The acceptance of a model's terms."""
    url = f"{COPILOT}/models/{model}/policy"
    return plain.http.post(url, json={"state": "enabled"}, headers=headers or plain.bearer())


def listed(plain: Plain, headers: dict[str, str]) -> dict[str, Any]:
    """The models by id."""
    data = plain.http.get(f"{COPILOT}/models", headers=headers).json()["data"]
    return {item["id"]: item for item in data}


@pytest.mark.parametrize(
    ("model", "state"), [("sim-disabled", "disabled"), ("sim-new", "unconfigured")]
)
def test_consent_is_per_account(model: str, state: str) -> None:
    """Terms come with the list; whoever accepts them may use the model, and nobody else."""
    plain = Plain()
    mona, hubot = (plain.bearer(plain.sim.sign_in(login)) for login in ("mona", "hubot"))
    assert listed(plain, mona)[model]["policy"]["state"] == state
    assert listed(plain, mona)[model]["policy"]["terms"]
    assert plain.ask(model=model, headers=mona).status_code == 400
    assert enable(plain, model, mona).json()["policy"]["state"] == "enabled"
    assert plain.ask(model=model, headers=mona).status_code == 200
    assert listed(plain, mona)[model]["policy"]["state"] == "enabled"
    assert listed(plain, hubot)[model]["policy"]["state"] == state
    assert plain.ask(model=model, headers=hubot).status_code == 400


def test_an_organizations_block_stands() -> None:
    """What an organization has disabled cannot be enabled by its member."""
    plain = Plain()
    reply = enable(plain, "sim-blocked")
    assert (reply.status_code, "set by your organization" in reply.text) == (403, True)
    assert plain.ask(model="sim-blocked").status_code == 400


@pytest.mark.parametrize(
    ("model", "plan", "status"),
    [
        ("sim-plus", "individual", 400),
        ("sim-plus", "individual_pro", 200),
        ("sim-reason", "free", 400),
        ("sim-reason", "individual", 200),
        ("sim-aged", "free", 200),
        ("sim-early", "free", 200),
        ("sim-gone", "individual_pro", 400),
    ],
)
def test_plans_and_ages(model: str, plan: str, status: int) -> None:
    """A model answers the plans that have it, until it is retired."""
    assert Plain(plan=plan).ask(model=model).status_code == status


def test_the_list_may_be_behind() -> None:
    """A model may be listed for chat, refuse it, and answer on another wire."""
    plain = Plain()
    listed_on = listed(plain, plain.bearer())["sim-moved"]["supported_endpoints"]
    assert listed_on == ["/chat/completions"]
    assert plain.ask(model="sim-moved").json()["error"]["code"] == "unsupported_api_for_model"
    assert plain.respond(model="sim-moved").status_code == 200


def test_the_list_warns() -> None:
    """Deprecation and preview come with words of their own."""
    plain = Plain()
    models = listed(plain, plain.bearer())
    assert "goes away" in models["sim-aged"]["warning_messages"][0]["message"]
    assert models["sim-early"]["info_messages"][0]["code"]
    assert models["sim-plus"]["billing"]["restricted_to"] == ["pro_plus", "enterprise"]


def test_plans_of_single_logins() -> None:
    """Two accounts can have two plans, and then two hosts."""
    plain = Plain(plans={"hubot": "business"})
    for login, tier in (("mona", "individual"), ("hubot", "business")):
        said = plain.exchange(plain.sim.sign_in(login)).json()
        assert said["endpoints"]["api"] == f"https://api.{tier}.githubcopilot.com"
        quota = plain.rest("/copilot_internal/user", plain.sim.sign_in(login)).json()
        assert quota["copilot_plan"] == tier


# -- auto ------------------------------------------------------------------------------------


def session(plain: Plain, headers: dict[str, str], body: Any = AUTO) -> httpx.Response:
    """The reply to a request for a session."""
    return plain.http.post(f"{COPILOT}/models/session", json=body, headers=headers)


def test_auto_picks_and_the_request_carries_its_session() -> None:
    """The picked model answers with the session's token, and not without."""
    plain = Plain()
    headers = plain.bearer()
    said = session(plain, headers).json()
    assert said["selected_model"] in said["available_models"]
    assert said["expires_at"] == plain.time + 3600
    picked = {"model": said["selected_model"], "headers": headers}
    assert plain.ask(**picked).json()["error"]["code"] == "model_not_supported"
    carried = headers | {"copilot-session-token": said["session_token"]}
    assert text(plain.ask(model=said["selected_model"], headers=carried)) == "hello"


def test_a_session_is_good_for_its_time_account_and_models() -> None:
    """Stale, another account's, made up, or for another model: an invalid selector."""
    plain = Plain(token_life=9000)
    mine, other = plain.bearer(), plain.bearer(plain.sim.sign_in("hubot"))
    token = session(plain, mine).json()["session_token"]
    refused = [
        ({"model": "sim-auto"}, other | {"copilot-session-token": token}),
        ({"model": "sim-auto"}, mine | {"copilot-session-token": "auto_x"}),
        ({"model": "sim-docs"}, mine | {"copilot-session-token": token}),
    ]
    for body, headers in refused:
        reply = plain.ask(**body, headers=headers)
        assert (reply.status_code, "Invalid auto-mode selector" in reply.text) == (401, True)
    plain.pass_time(3600)
    stale = plain.ask(model="sim-auto", headers=mine | {"copilot-session-token": token})
    assert stale.status_code == 401


def test_auto_may_not_be_there() -> None:
    """Where the service has no auto mode there is no such path; what is no request is refused."""
    plain = Plain(auto=False)
    assert session(plain, plain.bearer()).status_code == 404
    plain = Plain()
    assert session(plain, plain.bearer(), {"auto_mode": {}}).status_code == 400
    assert plain.http.post(f"{COPILOT}/models/session", json=AUTO).status_code == 401


def test_no_model_is_called_auto() -> None:
    """`auto` itself is no id that the wires know."""
    reply = Plain().ask(model="auto")
    assert reply.json()["error"]["code"] == "model_not_supported"
    assert events(Plain().ask())
