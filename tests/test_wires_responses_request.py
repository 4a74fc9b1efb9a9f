"""The responses wire, written: items in their order, and only what was asked for."""

import json
from typing import Any

import pytest

from copilot_cli.messages import (
    ImagePart,
    Message,
    ModelInfo,
    ReasoningPart,
    Request,
    Schema,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    ToolSpec,
    message,
)
from copilot_cli.wires.responses import Decoder
from copilot_cli.wires.responses_request import encode, sealed
from tests.wire_models import model

HI = [message("user", "Hi")]
TOOL = ToolSpec("look", "Looks.", {"type": "object", "properties": {}})


def test_a_request_holds_what_was_asked_and_nothing_else() -> None:
    """Nothing is kept at the service, and no sampling value goes out by itself."""
    said = [message("system", "Be brief."), *HI, message("assistant", "Yes?"), message("user", "")]
    assert encode(Request("m", said, stream=False)) == {
        "model": "m",
        "input": [
            {"role": "system", "content": [{"type": "input_text", "text": "Be brief."}]},
            {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
            {"role": "assistant", "content": [{"type": "output_text", "text": "Yes?"}]},
        ],
        "stream": False,
        "store": False,
    }


ASKED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a temperature": ({"temperature": 0.5}, {"temperature": 0.5}),
    "a cap": ({"max_output": 9}, {"max_output_tokens": 9}),
    "an effort": ({"effort": "high"}, {"reasoning": {"effort": "high", "summary": "auto"}}),
    "no effort at all": ({"effort": "none"}, {"reasoning": {"effort": "none"}}),
    "texts that end it, for which there is no field": ({"stop": ("END",)}, {}),
    "a schema": (
        {"schema": Schema("answer", {"type": "object"})},
        {
            "text": {
                "format": {
                    "type": "json_schema",
                    "name": "answer",
                    "schema": {"type": "object"},
                    "strict": False,
                }
            }
        },
    ),
    "tools": (
        {"tools": (TOOL,)},
        {
            "tools": [
                {
                    "type": "function",
                    "name": "look",
                    "description": "Looks.",
                    "parameters": {"type": "object", "properties": {}},
                    "strict": False,
                }
            ],
            "include": ["reasoning.encrypted_content"],
        },
    ),
}


@pytest.mark.parametrize(("asked", "fields"), ASKED.values(), ids=ASKED)
def test_what_is_asked_for_has_its_field(asked: dict[str, Any], fields: dict[str, Any]) -> None:
    """Under the name that this wire has for it."""
    plain = encode(Request("m", HI))
    assert encode(Request("m", HI, **asked)) == {**plain, **fields}


MODELS: dict[str, tuple[ModelInfo | None, bool, bool]] = {
    "not known": (None, False, True),
    "reasons": (model(reasoning=("low", "high")), True, True),
    "does not reason": (model(reasoning=()), False, False),
}


@pytest.mark.parametrize(("info", "summary", "encrypted"), MODELS.values(), ids=MODELS)
def test_what_only_reasoning_models_take_is_asked_of_them_alone(
    info: ModelInfo | None, summary: bool, encrypted: bool
) -> None:
    """Others refuse the request for it: "Encrypted content is not supported with this model"."""
    body = encode(Request("m", HI, tools=(TOOL,)), info)
    assert (body.get("reasoning") == {"summary": "auto"}) is summary
    assert ("include" in body) is encrypted


def test_parts_become_items_in_their_order() -> None:
    """Text before a call stays before it; a result that comes with words does too."""
    seal = '{"type": "reasoning", "summary": [], "encrypted_content": "x", "id": "rs_1"}'
    parts = (
        ReasoningPart("hm", seal, "responses"),
        ReasoningPart("of another wire", seal, "chat"),
        ReasoningPart("not sealed"),
        ReasoningPart("broken", "{", "responses"),
        ReasoningPart("another thing", '{"type": "message"}', "responses"),
        TextPart("I will "),
        TextPart("look."),
        ToolCallPart("call_a", "look", '{"at":1}'),
        ToolCallPart("call_b", "clock", ""),
    )
    results = (ToolResultPart("call_a", "a tree"), TextPart("See?"))
    request = Request("m", [Message("assistant", parts), Message("tool", results)])
    assert encode(request)["input"] == [
        {"type": "reasoning", "summary": [], "encrypted_content": "x", "id": "rs_1"},
        {
            "role": "assistant",
            "content": [
                {"type": "output_text", "text": "I will "},
                {"type": "output_text", "text": "look."},
            ],
        },
        {"type": "function_call", "call_id": "call_a", "name": "look", "arguments": '{"at":1}'},
        {"type": "function_call", "call_id": "call_b", "name": "clock", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_a", "output": "a tree"},
        {"role": "user", "content": [{"type": "input_text", "text": "See?"}]},
    ]


def test_images_are_data_urls_and_say_how_closely_to_look() -> None:
    """`detail` has no default on this wire."""
    parts = (ImagePart("image/png", "AAAA"), ImagePart("image/gif", "BBBB", "low"))
    assert encode(Request("m", [Message("user", parts)]))["input"][0]["content"] == [
        {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "auto"},
        {"type": "input_image", "image_url": "data:image/gif;base64,BBBB", "detail": "low"},
    ]


def test_what_was_sealed_comes_back_as_it_was() -> None:
    """The id is the one that came with the seal, and nothing else of the item goes along."""
    item = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "Hm.", "x": 1}],
        "encrypted_content": "x",
        "status": "completed",
    }
    (event,) = [
        event
        for event in Decoder().feed({"type": "response.output_item.done", "item": item})
        if not hasattr(event, "text")
    ]
    part = ReasoningPart("Hm.", *event)
    assert encode(Request("m", [Message("assistant", (part,))]))["input"] == [
        {
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": "Hm."}],
            "encrypted_content": "x",
            "id": "rs_1",
        }
    ]
    assert sealed({"type": "reasoning", "encrypted_content": None}) == ""
    assert "id" not in json.loads(sealed({"encrypted_content": "x"}))
