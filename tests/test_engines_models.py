"""The model list, read: missing fields, odd ones, and why a model cannot be used."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.engines.models import (
    PLANS_PAGE,
    default_model,
    known_plan,
    parse_model,
    parse_models,
    wants_consent,
)
from copilot_cli.simulator import Scenario, Simulator
from copilot_cli.wires.table import WIRES
from tests.engine_world import simulated_engine

FULL: dict[str, Any] = {
    "id": "model-a",
    "name": "Model A",
    "vendor": "Somebody",
    "object": "model",
    "preview": True,
    "model_picker_enabled": True,
    "is_chat_default": True,
    "is_chat_fallback": True,
    "policy": {"state": "enabled", "terms": "..."},
    "capabilities": {
        "family": "a",
        "type": "chat",
        "limits": {
            "max_context_window_tokens": 128000,
            "max_prompt_tokens": 64000.0,
            "max_output_tokens": 4096,
            "vision": {
                "max_prompt_image_size": 3145728,
                "max_prompt_images": 5,
                "supported_media_types": ["image/png", 7],
            },
        },
        "supports": {
            "streaming": True,
            "tool_calls": True,
            "vision": False,
            "reasoning_effort": ["low", "high"],
            "structured_outputs": True,
            "parallel_tool_calls": False,
            "adaptive_thinking": True,
            "min_thinking_budget": 1024,
            "max_thinking_budget": 32000,
        },
    },
    "supported_endpoints": ["/chat/completions", "/responses"],
    "warning_messages": [{"code": "soon", "message": "It goes soon."}, "?", {"code": 7}],
    "billing": {
        "is_premium": True,
        "multiplier": 0.33,
        "restricted_to": ["pro", "business"],
        "token_prices": {"batch_size": 1000000, "default": {"input_price": 100}},
    },
}


def test_every_field_is_read() -> None:
    """What the list says of a model, as values."""
    model = parse_model(FULL)
    assert model._asdict() == {
        "id": "model-a",
        "name": "Model A",
        "vendor": "Somebody",
        "family": "a",
        "type": "chat",
        "preview": True,
        "picker": True,
        "chat_default": True,
        "chat_fallback": True,
        "context_tokens": 128000,
        "prompt_tokens": 64000,
        "output_tokens": 4096,
        "endpoints": ("/chat/completions", "/responses"),
        "streaming": True,
        "tools": True,
        "vision": False,
        "reasoning": ("low", "high"),
        "multiplier": 0.33,
        "premium": True,
        "prices": {"batch_size": 1000000, "default": {"input_price": 100}},
        "disabled": None,
        "structured": True,
        "parallel_tools": False,
        "adaptive_thinking": True,
        "thinking": (1024, 32000),
        "policy": "enabled",
        "terms": "...",
        "page": None,
        "endpoint": None,
        "plans": ("pro", "business"),
        "warnings": ("It goes soon.",),
        "image_bytes": 3145728,
        "image_count": 5,
        "image_types": ("image/png",),
    }


def test_a_model_may_have_nothing_but_an_id() -> None:
    """Every other field may be missing, and the model can be used all the same."""
    model = parse_model({"id": "bare"})
    assert (model.name, model.endpoints, model.picker) == ("bare", ("/chat/completions",), True)
    assert (model.context_tokens, model.streaming, model.multiplier) == (None, None, None)
    assert model.disabled is None


def test_a_multiplier_of_zero_is_a_figure() -> None:
    """Free is not unknown."""
    assert parse_model({"id": "free", "billing": {"multiplier": 0}}).multiplier == 0.0


@pytest.mark.parametrize("value", [10**400, -(10**400), 1e300, float("inf"), True, "7", [7], None])
def test_a_figure_that_is_none_is_unknown(value: Any) -> None:
    """JSON has room for numbers that nothing else has."""
    limits = {"max_context_window_tokens": value}
    item = {"id": "x", "capabilities": {"limits": limits}, "billing": {"multiplier": value}}
    model = parse_model(item)
    assert (model.context_tokens, model.multiplier) == (None, None)


DISABLED: dict[str, tuple[dict[str, Any], str]] = {
    "embeddings": ({"capabilities": {"type": "embeddings"}}, "not a chat model (embeddings)"),
    "policy disabled": ({"policy": {"state": "disabled"}}, "not enabled (disabled)"),
    "policy unconfigured": ({"policy": {"state": "unconfigured"}}, "not enabled (unconfigured)"),
    "policy pending": ({"policy": {"state": "pending"}}, "not enabled (pending)"),
    "policy of another type": ({"policy": {"state": ["x"]}}, "not enabled"),
    "another wire only": (
        {"supported_endpoints": ["ws:/responses", "/x"]},
        "only served by ws:/responses, /x",
    ),
    "deprecated": (
        {
            "model_picker_enabled": False,
            "warning_messages": [{"code": "model_deprecated", "message": "Use another."}],
        },
        "deprecated: Use another.",
    ),
    "not picked": ({"model_picker_enabled": False}, "not offered for chat"),
}


@pytest.mark.parametrize(("item", "reason"), DISABLED.values(), ids=DISABLED)
def test_a_model_that_cannot_be_used_says_why(item: dict[str, Any], reason: str) -> None:
    """The reason stands where the list is shown."""
    disabled = parse_model({"id": "x", **item}).disabled
    assert disabled is not None
    assert disabled.startswith(reason)


@pytest.mark.parametrize("path", sorted(WIRES))
def test_a_model_of_any_wire_of_ours_can_be_used(path: str) -> None:
    """One endpoint that is spoken is enough."""
    assert parse_model({"id": "x", "supported_endpoints": [path, "/x"]}).disabled is None


PLANS = [
    (None, None),
    ("pro", None),
    ("free", "not in your plan (free): only in pro, business"),
]


@pytest.mark.parametrize(("plan", "reason"), PLANS)
def test_a_model_of_other_plans(plan: str | None, reason: str | None) -> None:
    """Only where the plan is known is it held against the model, with the page of plans."""
    item = {"id": "x", "billing": {"restricted_to": ["pro", "business"]}}
    model = parse_model(item, plan=plan)
    assert model.disabled == reason
    assert model.page == (PLANS_PAGE if reason else None)


@pytest.mark.parametrize(
    ("sku", "plan"),
    [
        ("free_limited_copilot", "free"),
        ("no_auth_limited_copilot", "free"),
        ("free_educational_quota", None),
        ("monthly_subscriber_quota", "pro"),
        ("yearly_subscriber", "pro"),
        ("plus_monthly_subscriber_quota", "pro_plus"),
        ("copilot_for_business_seat_quota", "business"),
        ("copilot_enterprise_seat_quota", "enterprise"),
        ("something_new", None),
        ("", None),
        (None, None),
    ],
)
def test_the_plan_of_a_token(sku: str | None, plan: str | None) -> None:
    """A name that is not known for sure names no plan: nothing is held against a model."""
    assert known_plan(sku) == plan


def test_consent_has_a_page_on_the_account_s_own_host() -> None:
    """There it is given; where an organisation may decide, that is said."""
    item = {"id": "x", "policy": {"state": "unconfigured", "terms": "Terms."}}
    model = parse_model(item, plan="business", web="https://octo.ghe.com")
    assert model.page == "https://octo.ghe.com/settings/copilot/features"
    assert model.disabled == "not enabled (unconfigured); your organisation may have to"
    assert wants_consent(model)


@pytest.mark.parametrize("name", ["embeddings", "another wire only", "not picked", "deprecated"])
def test_consent_alone_would_not_help(name: str) -> None:
    """What cannot answer in any case is not offered to be enabled."""
    item = {"id": "x", "policy": {"state": "disabled"}, **DISABLED[name][0]}
    assert not wants_consent(parse_model(item))


def test_a_warning_of_a_model_that_is_offered_is_no_obstacle() -> None:
    """It answers until it goes."""
    said = [{"code": "deprecated", "message": "Goes on 1 May."}]
    model = parse_model({"id": "x", "model_picker_enabled": True, "warning_messages": said})
    assert (model.disabled, model.warnings) == (None, ("Goes on 1 May.",))


def test_prices_hold_nothing_that_json_cannot() -> None:
    """Endless numbers and endless depth are left out, whatever stands beside them stays."""
    deep: dict[str, Any] = {}
    for _ in range(200):
        deep = {"in": deep}
    prices = {"batch_size": float("inf"), "default": {"input_price": 1.5}, "deep": deep}
    found = parse_model({"id": "x", "billing": {"token_prices": prices}}).prices
    assert found is not None
    assert (found["batch_size"], found["default"]) == (None, {"input_price": 1.5})
    json.dumps(found, allow_nan=False)


def test_an_absent_policy_allows() -> None:
    """So does one without a state."""
    assert parse_model({"id": "x", "policy": None}).disabled is None
    assert parse_model({"id": "x", "policy": {"terms": "..."}}).disabled is None


def test_a_broken_item_hides_no_other() -> None:
    """Each item is read alone; equal families and names are not merged."""
    items = [None, 7, {}, {"id": ""}, {"id": 7}, {"id": "a", "name": "N"}, {"id": "b", "name": "N"}]
    items.append({"id": "a", "name": "again"})
    assert [model.id for model in parse_models({"data": items})] == ["a", "b"]


@pytest.mark.parametrize("reply", [{}, {"data": None}, {"data": {"id": "a"}}, {"data": []}])
def test_a_reply_without_a_list_has_no_models(reply: dict[str, Any]) -> None:
    """Nothing is guessed."""
    assert parse_models(reply) == []


def test_the_default_is_the_services_own() -> None:
    """Else it is the first that can be used; no model id is written into the program."""
    plain, other = {"id": "a"}, {"id": "b"}
    default = {"id": "c", "is_chat_default": True}
    off = {"id": "d", "is_chat_default": True, "policy": {"state": "disabled"}}
    cases = [([off, plain, default], "c"), ([off, plain, other], "a"), ([off], None), ([], None)]
    for items, expected in cases:
        chosen = default_model(parse_models({"data": items}))
        assert (chosen.id if chosen else None) == expected


def test_the_simulated_list_is_read_with_its_broken_items() -> None:
    """The stand-in's whole list, as the service would send it."""
    broken = simulated_engine(Simulator(Scenario(broken_models=True))).models_reply()
    whole = simulated_engine(Simulator()).models_reply()
    assert len(broken["data"]) > len(whole["data"])
    models = parse_models(whole)
    assert [model.id for model in parse_models(broken)] == [model.id for model in models]
    default = default_model(models)
    assert default is not None
    assert default.chat_default


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.just(10**400),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(FULL)), ODD), st.dictionaries(st.text(), ODD))
def test_fields_of_any_type_raise_nothing(item: dict[str, Any], limits: dict[str, Any]) -> None:
    """A field of another type is a missing field."""
    nested = {"limits": dict.fromkeys(FULL["capabilities"]["limits"], limits), "supports": limits}
    for capabilities in (item.get("capabilities"), nested):
        model = parse_model({**item, "id": "x", "capabilities": capabilities})
        assert model.id == "x"
        assert model.context_tokens is None
