"""The messages wire, written: Anthropic's rules, and only what was asked for."""

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
from copilot_cli.wires.messages_api import HEADERS, Decoder
from copilot_cli.wires.messages_request import DEFAULT_CAP, GO_ON, encode
from tests.wire_models import model

HI = [message("user", "Hi")]
TOOL = ToolSpec("look", "Looks.", {"$schema": "x", "type": "object", "properties": {}})


def text(words: str) -> dict[str, str]:
    """Return a block of text."""
    return {"type": "text", "text": words}


def test_a_request_holds_what_was_asked_and_how_long_it_may_be() -> None:
    """The cap is the one field that this wire cannot do without."""
    assert encode(Request("m", HI, stream=False)) == {
        "model": "m",
        "max_tokens": DEFAULT_CAP,
        "messages": [{"role": "user", "content": [text("Hi")]}],
        "stream": False,
    }
    assert HEADERS == {"anthropic-version": "2023-06-01"}


CAPS: dict[str, tuple[int | None, ModelInfo | None, int]] = {
    "asked for": (9, model(output_tokens=99), 9),
    "the model's own": (None, model(output_tokens=99), 99),
    "the model's is not known": (None, model(), DEFAULT_CAP),
}


@pytest.mark.parametrize(("asked", "info", "cap"), CAPS.values(), ids=CAPS)
def test_the_cap_is_the_nearest_that_is_known(
    asked: int | None, info: ModelInfo | None, cap: int
) -> None:
    """A person's word, then the model's, then ours."""
    assert encode(Request("m", HI, max_output=asked), info)["max_tokens"] == cap


ASKED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a temperature": ({"temperature": 0.5}, {"temperature": 0.5}),
    "an effort": ({"effort": "high"}, {"output_config": {"effort": "high"}}),
    "texts that end it": ({"stop": ("END",)}, {"stop_sequences": ["END"]}),
    "a schema": (
        {
            "schema": Schema("answer", {"type": "object", "properties": {"a": {}}}),
            "effort": "low",
        },
        {
            "output_config": {
                "effort": "low",
                "format": {
                    "type": "json_schema",
                    "schema": {
                        "type": "object",
                        "properties": {"a": {}},
                        "additionalProperties": False,
                    },
                },
            }
        },
    ),
    "tools": (
        {"tools": (TOOL,)},
        {
            "tools": [
                {
                    "name": "look",
                    "description": "Looks.",
                    "input_schema": {"type": "object", "properties": {}},
                }
            ]
        },
    ),
}


@pytest.mark.parametrize(("asked", "fields"), ASKED.values(), ids=ASKED)
def test_what_is_asked_for_has_its_field(asked: dict[str, Any], fields: dict[str, Any]) -> None:
    """Under the name that this wire has for it."""
    plain = encode(Request("m", HI))
    assert encode(Request("m", HI, **asked)) == {**plain, **fields}


EFFORTS: dict[str, tuple[ModelInfo, dict[str, Any]]] = {
    "levels": (model(reasoning=("low",)), {"output_config": {"effort": "low"}}),
    "levels and a budget": (
        model(reasoning=("low",), thinking=(1024, 32000)),
        {"output_config": {"effort": "low"}},
    ),
    "a budget only": (model(thinking=(1024, 32000)), {}),
    "adaptive": (
        model(thinking=(1024, 32000), adaptive_thinking=True),
        {"output_config": {"effort": "low"}, "thinking": {"type": "adaptive"}},
    ),
}


@pytest.mark.parametrize(("info", "fields"), EFFORTS.values(), ids=EFFORTS)
def test_an_effort_is_told_as_the_model_takes_it(info: ModelInfo, fields: dict[str, Any]) -> None:
    """A budget in tokens is not made of a level: nobody says how many that would be."""
    body = encode(Request("m", HI, effort="low"), info)
    known = ("output_config", "thinking")
    assert {name: body[name] for name in known if name in body} == fields
    assert "thinking" not in encode(Request("m", HI), info)


TURNS: dict[str, tuple[list[Message], list[tuple[str, list[str]]]]] = {
    "in turns": (
        [message("user", "a"), message("assistant", "b"), message("user", "c")],
        [("user", ["a"]), ("assistant", ["b"]), ("user", ["c"])],
    ),
    "two of one": ([message("user", "a"), message("user", "b")], [("user", ["a", "b"])]),
    "a blank between": (
        [message("user", "a"), message("assistant", " \n"), message("user", "b")],
        [("user", ["a", "b"])],
    ),
    "an answer at the end": (
        [message("user", "a"), message("assistant", "b")],
        [("user", ["a"]), ("assistant", ["b"]), ("user", [GO_ON])],
    ),
    "nothing": ([], [("user", [GO_ON])]),
}


@pytest.mark.parametrize(("messages", "expected"), TURNS.values(), ids=TURNS)
def test_user_and_assistant_take_turns_and_the_user_has_the_last(
    messages: list[Message], expected: list[tuple[str, list[str]]]
) -> None:
    """Messages of one side are one turn, and a text that is blank is none."""
    turns = encode(Request("m", messages))["messages"]
    assert [(t["role"], [block["text"] for block in t["content"]]) for t in turns] == expected


def test_the_systems_words_stand_apart() -> None:
    """Wherever they were said; blank ones are not said at all."""
    said = [message("system", "Be brief."), *HI, message("system", "Be kind.")]
    body = encode(Request("m", said))
    assert body["system"] == "Be brief.\n\nBe kind."
    assert body["messages"] == [{"role": "user", "content": [text("Hi")]}]
    assert "system" not in encode(Request("m", [message("system", " "), *HI]))


def test_a_tool_loop_is_echoed_as_it_was() -> None:
    """Sealed thinking goes back block by block; results are the user's; ids fit the wire."""
    seal = '{"type": "thinking", "thinking": "Hm.", "signature": "x"}'
    hidden = '{"type": "redacted_thinking", "data": "x"}'
    parts = (
        ReasoningPart("Hm."),
        ReasoningPart("", seal, "messages"),
        ReasoningPart("", hidden, "messages"),
        ReasoningPart("", seal, "chat"),
        ReasoningPart("", '{"type": "text"}', "messages"),
        ReasoningPart("", "[", "messages"),
        ReasoningPart("", '{"type": ["thinking"]}', "messages"),
        TextPart("I will look."),
        ToolCallPart("call|a", "look", '{"at": 1}'),
        ToolCallPart("", "clock", ""),
    )
    results = (ToolResultPart("call|a", "a tree"), ToolResultPart("", "gone", error=True))
    said = [*HI, Message("assistant", parts), Message("tool", results), message("user", "So?")]
    _, assistant, user = encode(Request("m", said))["messages"]
    assert assistant["content"] == [
        json.loads(seal),
        json.loads(hidden),
        text("I will look."),
        {"type": "tool_use", "id": "call_a", "name": "look", "input": {"at": 1}},
        {"type": "tool_use", "id": "_", "name": "clock", "input": {}},
    ]
    assert user["content"] == [
        {"type": "tool_result", "tool_use_id": "call_a", "content": "a tree"},
        {"type": "tool_result", "tool_use_id": "_", "content": "gone", "is_error": True},
        text("So?"),
    ]


ARGUMENTS = {
    "no JSON": "{",
    "no object": "[1]",
    "no number": '{"a": NaN}',
    "no end": '{"a": 1e999}',
    "too deep to be read": '{"a":' * 100_000,
    "too deep to be written": '{"a":' * 150 + "1" + "}" * 150,
}


@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS)
def test_arguments_that_are_no_object_go_back_as_a_text(arguments: str) -> None:
    """A model may write anything; the service takes an object only."""
    said = [Message("assistant", (ToolCallPart("a", "f", arguments),))]
    assistant = encode(Request("m", said))["messages"][0]
    assert assistant["content"][0]["input"] == {"text": arguments}


def test_images_go_out_as_they_are() -> None:
    """This wire knows no `detail`."""
    parts = (TextPart("See:"), ImagePart("image/png", "AAAA", "low"))
    source = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
    assert encode(Request("m", [Message("user", parts)]))["messages"][0]["content"] == [
        text("See:"),
        {"type": "image", "source": source},
    ]


def test_what_was_sealed_comes_back_as_it_was() -> None:
    """From the stream's pieces to the block of the next request."""
    start = {"type": "thinking", "thinking": "H", "signature": ""}
    reader = Decoder()
    reader.feed({"type": "content_block_start", "index": 0, "content_block": start})
    delta = {"type": "content_block_delta", "index": 0}
    reader.feed({**delta, "delta": {"type": "thinking_delta", "thinking": "m."}})
    reader.feed({**delta, "delta": {"type": "signature_delta", "signature": "x"}})
    (event,) = reader.feed({"type": "content_block_stop", "index": 0})
    said = [*HI, Message("assistant", (ReasoningPart("Hm.", *event),))]
    assert encode(Request("m", said))["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "Hm.", "signature": "x"}
    ]
