"""A refused request written otherwise: only what was sent, and only what the refusal names."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_cli.engines.adapting import (
    other_wire,
    refused_parameter,
    refuses_instructions,
    unreadable_reasoning,
    without_fields,
    without_instructions,
    without_reasoning,
)
from copilot_cli.engines.models import parse_model
from copilot_cli.engines.refusal import Refusal
from copilot_cli.messages import Message, ReasoningPart, Request, Schema, TextPart, message

CHAT, RESPONSES, MESSAGES = "/chat/completions", "/responses", "/v1/messages"
ALL = (CHAT, RESPONSES, MESSAGES)

UNSUPPORTED = "Unsupported parameter: '{}' is not supported with this model."
REFUSED: dict[str, tuple[Refusal, dict[str, Any], str]] = {
    "by its field": (
        Refusal(400, "unsupported_parameter", "No.", param="temperature"),
        {"temperature": 0.5}, "temperature",
    ),
    "by its words": (
        Refusal(400, "unsupported_parameter", UNSUPPORTED.format("temperature")),
        {"temperature": 0.5}, "temperature",
    ),
    "a value": (
        Refusal(400, "unsupported_value",
                "Unsupported value: 'temperature' does not support 0.2 with this model."),
        {"temperature": 0.2}, "temperature",
    ),
    "the older cap": (
        Refusal(400, "invalid_request_body",
                "Unsupported parameter: 'max_tokens'; use 'max_completion_tokens' instead."),
        {"max_tokens": 5}, "max_tokens",
    ),
    "the newer cap": (
        Refusal(400, "", "Unrecognized request argument supplied: max_completion_tokens"),
        {"max_completion_tokens": 5}, "max_completion_tokens",
    ),
    "a cap on responses": (
        Refusal(400, "unsupported_parameter", UNSUPPORTED.format("max_output_tokens")),
        {"max_output_tokens": 5}, "max_output_tokens",
    ),
    "stop": (
        Refusal(400, "unsupported_parameter", UNSUPPORTED.format("stop")), {"stop": ["x"]}, "stop",
    ),
    "a part of effort": (
        Refusal(400, "unsupported_value", "No.", param="reasoning.effort"),
        {"reasoning": {"effort": "high"}}, "reasoning",
    ),
    "effort": (
        Refusal(400, "invalid_request_body", "reasoning_effort is not supported by this model"),
        {"reasoning_effort": "high"}, "reasoning_effort",
    ),
    "schema": (
        Refusal(400, "invalid_request_error", "'response_format' of type 'json_schema' is not"
                " supported with this model", param="response_format"),
        {"response_format": {}}, "response_format",
    ),
    "schema on responses": (
        Refusal(400, "unsupported_parameter", "No.", param="text.format"),
        {"text": {"format": {}, "verbosity": "low"}}, "text.format",
    ),
    "schema on messages": (
        Refusal(400, "invalid_request_error",
                "output_config.format: Extra inputs are not permitted"),
        {"output_config": {"effort": "low", "format": {}}}, "output_config.format",
    ),
    "effort on messages": (
        Refusal(400, "invalid_request_error",
                "output_config.effort: Extra inputs are not permitted"),
        {"output_config": {"effort": "low", "format": {}}}, "output_config.effort",
    ),
    "what is asked of a stream": (
        Refusal(400, "", "Unknown field stream_options"), {"stream_options": {}}, "stream_options",
    ),
    "vLLM's words": (
        Refusal(400, "400", "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options'), 'msg':"
                " 'Extra inputs are not permitted'}]"),
        {"stream_options": {}}, "stream_options",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("refusal", "body", "key"), REFUSED.values(), ids=REFUSED)
def test_a_refused_parameter_is_found(refusal: Refusal, body: dict[str, Any], key: str) -> None:
    """By the field that the refusal names, or by words that services and servers use."""
    found = refused_parameter(refusal, {"model": "m", "messages": [], **body}, CHAT)
    assert found is not None
    assert found[1] == key


NOT_REFUSED: dict[str, tuple[Refusal, dict[str, Any]]] = {
    "what was not sent": (Refusal(400, "unsupported_parameter", UNSUPPORTED.format("stop")), {}),
    "what nobody may leave out": (
        Refusal(400, "unsupported_parameter", UNSUPPORTED.format("messages")), {},
    ),
    "a word of the language": (
        Refusal(400, "invalid_request_body", "please stop: unsupported text for this reasoning"),
        {"stop": ["x"], "text": {}, "reasoning": {}},
    ),
    "a value out of range": (
        Refusal(400, "invalid_request_body", "temperature must be between 0 and 2"),
        {"temperature": 3.0},
    ),
    "another status": (
        Refusal(500, "unsupported_parameter", UNSUPPORTED.format("temperature")),
        {"temperature": 0.5},
    ),
    "another code": (
        Refusal(400, "model_not_supported", "temperature is not supported"), {"temperature": 0.5},
    ),
    "a longer name": (
        Refusal(400, "", "unknown field my_max_tokens"), {"max_tokens": 5},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("refusal", "body"), NOT_REFUSED.values(), ids=NOT_REFUSED)
def test_nothing_is_left_out_on_a_guess(refusal: Refusal, body: dict[str, Any]) -> None:
    """What was not plainly refused stays, and the person hears of the refusal."""
    sent = {"model": "m", "messages": [], **body}
    assert refused_parameter(refusal, sent, CHAT) is None


@given(
    text=st.text(max_size=200),
    code=st.text(max_size=20) | st.sampled_from(["", "unsupported_parameter", "400"]),
    param=st.text(max_size=20) | st.sampled_from(["stop", "text.format", "output_config"]),
    path=st.sampled_from(ALL),
)
def test_any_refusal_names_a_field_that_was_sent_or_none(
    text: str, code: str, param: str, path: str
) -> None:
    """Whatever a service writes."""
    body: dict[str, Any] = {"stop": ["x"], "text": {"format": {}}, "output_config": None}
    refusal = Refusal(400, code, text, param=param)
    found = refused_parameter(refusal, body, path)
    assert found is None or found[1].partition(".")[0] in body
    assert other_wire(refusal, path, None, ALL) in {None, *ALL} - {path}


def test_anthropics_cap_is_never_left_out() -> None:
    """Its API takes no request without one."""
    refusal = Refusal(400, "unsupported_parameter", UNSUPPORTED.format("max_tokens"))
    assert refused_parameter(refusal, {"max_tokens": 5}, MESSAGES) is None
    assert refused_parameter(refusal, {"max_tokens": 5}, CHAT) == ("max-output", "max_tokens")


def test_fields_are_emptied_in_the_request() -> None:
    """So that the wire leaves out whatever belongs to them."""
    whole = Request(
        "m", [message("user", "Hi")], effort="high", temperature=1.0, max_output=5, stop=("x",),
        schema=Schema("s", {}),
    )  # fmt: skip
    assert without_fields(whole, {"temperature", "stop_sequences"}) == whole._replace(
        temperature=None, stop=()
    )
    assert without_fields(whole, {"output_config.format"}) == whole._replace(schema=None)
    assert without_fields(whole, {"reasoning"}) == whole._replace(effort=None)
    assert without_fields(whole, {"stream_options"}) == whole
    assert without_fields(whole, {"max_completion_tokens"}) == whole
    both = {"max_completion_tokens", "max_tokens"}
    assert without_fields(whole, both) == whole._replace(max_output=None)


WRONG = "unsupported_api_for_model"


@pytest.mark.parametrize(
    ("text", "listed", "refused", "expected"),
    [
        ("use /responses", [], CHAT, RESPONSES),
        ("not accessible via the /chat/completions endpoint", [], CHAT, RESPONSES),
        ("use the /v1/messages endpoint", [CHAT], CHAT, MESSAGES),
        ("no", [CHAT, MESSAGES], CHAT, MESSAGES),
        ("no", [], RESPONSES, CHAT),
        ("no", [], MESSAGES, RESPONSES),
    ],
)
def test_another_endpoint_is_asked(
    text: str, listed: list[str], refused: str, expected: str
) -> None:
    """The one that the message names, unless it was asked; then one that is listed; then any."""
    model = parse_model({"id": "m", "supported_endpoints": listed}) if listed else None
    assert other_wire(Refusal(400, WRONG, text), refused, model, ALL) == expected
    assert other_wire(Refusal(400, f"{WRONG}:pro", text), refused, model, ALL) == expected


def test_no_other_endpoint_without_the_code() -> None:
    """A model that is not there is not there on another wire either."""
    assert other_wire(Refusal(400, "model_not_supported", "/responses"), CHAT, None, ALL) is None
    assert other_wire(Refusal(400, WRONG, "/responses"), CHAT, None, (CHAT,)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input item ID does not belong to this connection", True),
        ("Encrypted content could not be decrypted or verified.", True),
        ("invalid input", False),
    ],
)  # fmt: skip
def test_reasoning_that_cannot_be_read_is_known(text: str, expected: bool) -> None:
    """By the words of the two services that seal it."""
    assert unreadable_reasoning(Refusal(400, "invalid_request_body", text)) == expected


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("unsupported_value", "'messages[0].role' does not support 'system' with this model", True),
        ("", "Developer instruction is not enabled for models/gemma-3-27b-it", True),
        ("invalid_request_body", "system messages are not supported", True),
        ("invalid_request_body", "the system is not supported", False),
        ("invalid_request_body", "the system message is too short", False),
        ("model_not_supported", "'system' is not supported", False),
    ],
)
def test_a_refusal_of_instructions_is_known(code: str, text: str, expected: bool) -> None:
    """By the words of those who refuse the role, and by no other word of theirs."""
    assert refuses_instructions(Refusal(400, code, text)) is expected
    assert not refuses_instructions(Refusal(500, code, text))


def test_instructions_go_in_front_of_the_first_question() -> None:
    """All of them, and of a talk without any, or without a question, nothing is made."""
    talk = [
        message("system", "Be brief."),
        message("user", "Hi"),
        message("assistant", "Hello"),
        message("user", "Why?"),
    ]
    first = Message("user", (TextPart("Be brief.\n\n"), TextPart("Hi")))
    assert without_instructions(talk) == [first, *talk[2:]]
    assert without_instructions(talk[1:]) is None
    assert without_instructions(talk[:1]) is None


def test_reasoning_is_dropped_and_nothing_else() -> None:
    """A message of reasoning alone goes with it."""
    thought = ReasoningPart("hm", "{}", "responses")
    talk = [
        message("user", "Hi"),
        Message("assistant", (thought,)),
        Message("assistant", (thought, TextPart("Hello"))),
    ]
    assert without_reasoning(talk) == [message("user", "Hi"), message("assistant", "Hello")]
    assert without_reasoning([message("user", "Hi")]) is None
