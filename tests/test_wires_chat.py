"""The chat-completions wire: requests as dicts, dicts as events, each quirk by itself."""

from typing import Any

import pytest

from copilot_cli.messages import (
    Cost,
    End,
    Event,
    ImagePart,
    Message,
    Notice,
    Part,
    Reasoning,
    ReasoningPart,
    Request,
    Schema,
    SealedReasoning,
    Text,
    TextPart,
    ToolCall,
    ToolCallPart,
    ToolResultPart,
    ToolSpec,
    Usage,
    UsageReport,
    message,
)
from copilot_cli.wires.chat import Decoder, encode
from copilot_cli.wires.stream import StreamFault


def test_a_request_holds_what_was_asked_and_nothing_else() -> None:
    """No cap and no sampling value is sent by itself: GPT-5 refuses them."""
    request = Request("model-a", [message("system", "Be brief."), message("user", "Hi")])
    assert encode(request) == {
        "model": "model-a",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_a_request_that_is_not_streamed_asks_for_no_stream_options() -> None:
    """`stream_options` without `stream` is refused."""
    assert encode(Request("m", [message("user", "Hi")], stream=False)) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": False,
    }


def test_an_effort_is_sent_where_one_is_asked_for() -> None:
    """Under the name that chat completions have for it."""
    request = Request("m", [message("user", "Hi")], effort="high")
    assert encode(request)["reasoning_effort"] == "high"


def test_tool_calls_and_their_results_are_sent_back() -> None:
    """A call without arguments is `{}`; each result is a message; reasoning is left out."""
    calls = (
        ReasoningPart("hm"),
        TextPart("I will "),
        TextPart("look."),
        ToolCallPart("call_a", "look", '{"at":1}'),
        ToolCallPart("call_b", "clock", ""),
    )
    results = (ToolResultPart("call_a", "a tree"), ToolResultPart("call_b", "noon"))
    request = Request("m", [Message("assistant", calls), Message("tool", results)])
    assert encode(request)["messages"] == [
        {
            "role": "assistant",
            "content": "I will look.",
            "tool_calls": [
                {
                    "id": "call_a",
                    "type": "function",
                    "function": {"name": "look", "arguments": '{"at":1}'},
                },
                {
                    "id": "call_b",
                    "type": "function",
                    "function": {"name": "clock", "arguments": "{}"},
                },
            ],
        },
        {"role": "tool", "tool_call_id": "call_a", "content": "a tree"},
        {"role": "tool", "tool_call_id": "call_b", "content": "noon"},
    ]


ASKED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a temperature": ({"temperature": 0.5}, {"temperature": 0.5}),
    "a cap": ({"max_output": 9}, {"max_completion_tokens": 9}),
    "texts that end it": ({"stop": ("END", "\n")}, {"stop": ["END", "\n"]}),
    "a schema": (
        {"schema": Schema("answer", {"$schema": "x", "type": "array"})},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": {"type": "array"}, "strict": False},
            }
        },
    ),
    "a schema that keeps the rules": (
        {
            "schema": Schema(
                "answer", {"type": "object", "properties": {"a": {}}, "required": ["a"]}
            )
        },
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "answer",
                    "schema": {
                        "type": "object",
                        "properties": {"a": {}},
                        "required": ["a"],
                        "additionalProperties": False,
                    },
                    "strict": True,
                },
            }
        },
    ),
    "tools": (
        {"tools": (ToolSpec("look", "Looks.", {"$schema": "x"}),)},
        {
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "look",
                        "description": "Looks.",
                        "parameters": {"type": "object", "properties": {}},
                    },
                }
            ]
        },
    ),
}


@pytest.mark.parametrize(("asked", "fields"), ASKED.values(), ids=ASKED)
def test_what_is_asked_for_has_its_field(asked: dict[str, Any], fields: dict[str, Any]) -> None:
    """Under the name that chat completions have for it."""
    plain = encode(Request("m", [message("user", "Hi")]))
    assert encode(Request("m", [message("user", "Hi")], **asked)) == {**plain, **fields}


def test_images_stand_among_the_words_as_they_were_put() -> None:
    """Only a message with an image has a list of parts; how closely to look is kept."""
    image = ImagePart("image/png", "AAAA", "low")
    parts = (
        TextPart("Before"),
        TextPart(""),
        image,
        TextPart("after"),
        image._replace(detail=None),
    )
    request = Request(
        "m", [Message("user", parts), Message("user", (TextPart("a"), TextPart("b")))]
    )
    url = "data:image/png;base64,AAAA"
    assert encode(request)["messages"] == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Before"},
                {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
                {"type": "text", "text": "after"},
                {"type": "image_url", "image_url": {"url": url}},
            ],
        },
        {"role": "user", "content": "ab"},
    ]


def test_words_beside_results_follow_them_as_the_users() -> None:
    """What a message of results holds besides is not lost; a message of nothing stays one."""
    parts = (ToolResultPart("call_a", "a tree"), TextPart("So?"))
    request = Request("m", [Message("tool", parts), Message("user", ())])
    assert encode(request)["messages"] == [
        {"role": "tool", "tool_call_id": "call_a", "content": "a tree"},
        {"role": "user", "content": "So?"},
        {"role": "user", "content": ""},
    ]


def test_what_was_sealed_comes_back_as_it_was() -> None:
    """Within a tool loop: the reasoning beside its seal, and a signature on the call it is of."""
    signed = {"name": "f", "arguments": "{}", "thought_signature": "sig"}
    decoder = Decoder()
    decoder.feed(choice({"reasoning_text": "Hm.", "reasoning_opaque": "first"}))
    decoder.feed(choice({"tool_calls": [{"index": 0, "id": "a", "function": signed}]}))
    decoder.feed(choice({"tool_calls": [{"index": 1, "id": "b", "function": {"name": "g"}}]}))
    decoder.feed(choice({"reasoning_opaque": "last"}, "tool_calls"))
    sealed, *calls, end = decoder.finish()
    assert isinstance(sealed, SealedReasoning)
    assert end == End("tool_calls", complete=False)
    parts: tuple[Part, ...] = (
        ReasoningPart("not sealed"),
        ReasoningPart("Hm.", sealed.opaque, sealed.wire),
        *(ToolCallPart(c.id, c.name, c.arguments) for c in calls if isinstance(c, ToolCall)),
    )
    (echoed,) = encode(Request("m", [Message("assistant", parts)]))["messages"]
    assert echoed == {
        "role": "assistant",
        "content": "",
        "reasoning_text": "Hm.",
        "reasoning_opaque": "last",
        "tool_calls": [
            {"id": "a", "type": "function", "function": signed},
            {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}},
        ],
    }


def test_a_signature_finds_its_call_without_an_id() -> None:
    """The calls were given names by us, or by a service that gives two of them the same one."""
    decoder = Decoder()
    for index, signature in enumerate(("", "second")):
        function = {"name": "f", "arguments": "{}", "thought_signature": signature}
        decoder.feed(choice({"tool_calls": [{"index": index, "function": function}]}))
    decoder.feed(choice({}, "tool_calls"))
    sealed, *_ = decoder.finish()
    assert isinstance(sealed, SealedReasoning)
    parts = (
        ReasoningPart("", sealed.opaque, sealed.wire),
        ToolCallPart("call_0", "f", "{}"),
        ToolCallPart("call_1_2", "f", "{}"),
    )
    (echoed,) = encode(Request("m", [Message("assistant", parts)]))["messages"]
    functions = [call["function"] for call in echoed["tool_calls"]]
    assert [each.get("thought_signature") for each in functions] == [None, "second"]


UNSEALED = {
    "of another wire": ReasoningPart("Hm.", '{"reasoning_opaque": "x"}', "messages"),
    "of no wire": ReasoningPart("Hm.", '{"reasoning_opaque": "x"}'),
    "no JSON": ReasoningPart("Hm.", "{", "chat"),
    "no object": ReasoningPart("Hm.", "[]", "chat"),
    "no text": ReasoningPart("Hm.", '{"reasoning_opaque": 7, "thought_signatures": 7}', "chat"),
}


@pytest.mark.parametrize("part", UNSEALED.values(), ids=UNSEALED)
def test_reasoning_that_is_not_sealed_for_this_wire_is_left_out(part: ReasoningPart) -> None:
    """It would be refused, or read as part of the conversation."""
    request = Request("m", [Message("assistant", (part, TextPart("Hi")))])
    assert encode(request)["messages"] == [{"role": "assistant", "content": "Hi"}]


def choice(delta: Any = None, finish: Any = None, **more: Any) -> dict[str, Any]:
    """Return a chunk of one choice."""
    return {"choices": [{"delta": delta, "finish_reason": finish, **more}]}


PIECES: dict[str, tuple[dict[str, Any], list[Event]]] = {
    "text": (choice({"content": "Hi"}), [Text("Hi")]),
    "empty text": (choice({"content": ""}), []),
    "null text": (choice({"content": None, "role": None}), []),
    "text of another type": (choice({"content": 7}), []),
    "text with a role": (choice({"role": "assistant", "content": "Hi"}), [Text("Hi")]),
    "text blocks": (choice({"content": [{"type": "text", "text": "Hi"}, 7]}), [Text("Hi")]),
    "thinking blocks": (choice({"content": [{"thinking": "Hm"}]}), [Reasoning("Hm")]),
    "no choices": ({}, []),
    "null choices": ({"choices": None}, []),
    "empty choices": ({"choices": []}, []),
    "choices of another type": ({"choices": {"0": {}}}, []),
    "choices that are no objects": ({"choices": [None, 1, "x"]}, []),
    "null delta": (choice(None), []),
    "delta of another type": (choice("Hi"), []),
    "whole message": ({"choices": [{"message": {"content": "Hi"}}]}, [Text("Hi")]),
    "two choices": (
        {"choices": [{"index": 0, "delta": {"content": "a"}}, {"delta": {"content": "b"}}]},
        [Text("a"), Text("b")],
    ),
    "reasoning_text": (choice({"reasoning_text": "Hm"}), [Reasoning("Hm")]),
    "reasoning_content": (choice({"reasoning_content": "Hm"}), [Reasoning("Hm")]),
    "cot_summary": (choice({"cot_summary": "Hm", "cot_id": "1"}), [Reasoning("Hm")]),
    "cot_summary as an object": (choice({"cot_summary": {"text": "Hm"}}), [Reasoning("Hm")]),
    "thinking": (choice({"thinking": "Hm", "signature": "x"}), [Reasoning("Hm")]),
    "thinking as an object": (choice({"thinking": {"thinking": "Hm"}}), [Reasoning("Hm")]),
    "only one form of the same thought": (
        choice({"reasoning_text": "Hm", "thinking": "Hm"}),
        [Reasoning("Hm")],
    ),
    "sealed reasoning": (choice({"reasoning_opaque": "x"}), []),
    "seals that are none": (choice({"reasoning_opaque": 7, "tool_calls": [7]}), []),
    "text beside reasoning": (
        choice({"content": "Hi", "reasoning_text": "Hm"}),
        [Reasoning("Hm"), Text("Hi")],
    ),
    "refusal": (choice({"refusal": "I will not."}), [Text("I will not.")]),
    "filter results": ({"choices": [], "prompt_filter_results": [{}]}, []),
    "references": ({"choices": None, "copilot_references": [], "copilot_confirmation": {}}, []),
    "copilot error": (
        {"copilot_errors": [{"message": "No."}, {"message": 7}, 7]},
        [Notice("No.")],
    ),
    "error beside choices": ({**choice({"content": "Hi"}), "error": {"code": "x"}}, [Text("Hi")]),
    "null error": ({"choices": [], "error": None}, []),
}


@pytest.mark.parametrize(("chunk", "expected"), PIECES.values(), ids=PIECES)
def test_a_chunk_adds_its_events(chunk: dict[str, Any], expected: list[Event]) -> None:
    """Each shape a chunk is known to have; nothing is indexed that may be missing."""
    decoder = Decoder()
    assert decoder.feed(chunk) == expected
    assert not decoder.finished


FAULTS: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "code and message": ({"error": {"code": "x", "message": "No."}}, ("x", "No.")),
    "type for a code": ({"error": {"type": "overloaded", "message": "No."}}, ("overloaded", "No.")),
    "a number for a code": ({"error": {"code": 502, "message": "No."}}, ("502", "No.")),
    "nothing said": ({"error": {"x": 1}}, ("error", "no reason given")),
    "a text": ({"error": "No."}, ("error", "No.")),
    "nonsense": ({"error": {"code": [1], "message": {}}}, ("error", "no reason given")),
    "more nonsense": ({"error": [1]}, ("error", "no reason given")),
    "empty choices beside it": ({"choices": [], "error": {"code": "x"}}, ("x", "no reason given")),
}


@pytest.mark.parametrize(("chunk", "expected"), FAULTS.values(), ids=FAULTS)
def test_an_error_object_is_a_fault(chunk: dict[str, Any], expected: tuple[str, str]) -> None:
    """An error inside a reply of status 200 ends the turn."""
    with pytest.raises(StreamFault) as raised:
        Decoder().feed(chunk)
    assert (raised.value.code, raised.value.message) == expected


ENDS: dict[str, tuple[list[dict[str, Any]], End]] = {
    "stop": ([choice(finish="stop")], End("stop", complete=True)),
    "a reason nobody knows": ([choice(finish="eos")], End("stop", complete=True)),
    "length": ([choice(finish="length")], End("length", complete=False)),
    "error": ([choice(finish="error")], End("error", complete=False)),
    "content filter": (
        [choice(finish="content_filter")],
        End("content_filter", complete=False),
    ),
    "content filters by name": (
        [
            choice(
                finish="content_filter",
                content_filter_results={
                    "hate": {"filtered": False},
                    "self_harm": {"filtered": True},
                    "violence": {"filtered": True},
                    "error": 7,
                },
            )
        ],
        End("content_filter", complete=False, detail="self_harm, violence"),
    ),
    "tool calls": ([choice(finish="tool_calls")], End("tool_calls", complete=False)),
    "function call": ([choice(finish="function_call")], End("tool_calls", complete=False)),
    "nothing": (
        [choice({"content": "Hi"})],
        End("cut", False, "the stream ended before the answer did"),
    ),
    "null": ([choice(finish=None)], End("cut", False, "the stream ended before the answer did")),
    "number": ([choice(finish=1)], End("cut", False, "the stream ended before the answer did")),
    "stop and length": (
        [choice(finish="stop", index=0), choice(finish="length", index=1)],
        End("length", complete=False),
    ),
    "stop, then tool calls": (
        [choice(finish="stop", index=0), choice(finish="tool_calls", index=1)],
        End("tool_calls", complete=False),
    ),
    "end_turn": ([{"content": [], "stop_reason": "end_turn"}], End("stop", complete=True)),
    "max_tokens": ([{"content": [], "stop_reason": "max_tokens"}], End("length", complete=False)),
    "refusal": (
        [{"content": [], "stop_reason": "refusal"}],
        End("content_filter", complete=False),
    ),
    "message_stop": (
        [
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
            {"type": "message_stop"},
        ],
        End("stop", complete=True),
    ),
    "message_delta alone": (
        [{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}],
        End("cut", False, "the stream ended before the answer did"),
    ),
    "null stop_reason": (
        [{"content": [{"type": "text", "text": "Hi"}], "stop_reason": None}],
        End("cut", False, "the stream ended before the answer did"),
    ),
}


def test_a_stream_in_anthropics_form_is_read() -> None:
    """Claude may answer in its own form here too: its text, thoughts, calls and figures count."""
    call = {"type": "tool_use", "id": "a", "name": "rm"}
    arguments = {"type": "input_json_delta", "partial_json": '{"path":"/"}'}
    decoder = Decoder()
    events = [
        event
        for chunk in (
            {"type": "message_start", "message": {"usage": {"input_tokens": 3}}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text"}},
            {"type": "ping"},
            {"type": "content_block_delta", "index": 0, "delta": {"thinking": "Hm"}},
            {"type": "content_block_delta", "index": 0, "delta": {"text": "Hi"}},
            {"type": "content_block_start", "index": 1, "content_block": call},
            {"type": "content_block_delta", "index": 1, "delta": arguments},
            {"type": "content_block_stop", "index": 1},
            {
                "type": "message_delta",
                "delta": {"stop_reason": "tool_use"},
                "usage": {"output_tokens": 2},
            },
        )
        for event in decoder.feed(chunk)
    ]
    assert events == [Reasoning("Hm"), Text("Hi")]
    assert decoder.silent_progress
    before = decoder.finished, decoder.done
    decoder.feed({"type": "message_stop"})
    assert [before, (decoder.finished, decoder.done)] == [(False, False), (True, True)]
    assert decoder.finish() == [
        ToolCall("a", "rm", '{"path":"/"}'),
        UsageReport(Usage(input_tokens=3, output_tokens=2)),
        End("tool_calls", complete=False),
    ]


@pytest.mark.parametrize(("chunks", "expected"), ENDS.values(), ids=ENDS)
def test_an_answer_ends_by_its_finish_reason(chunks: list[dict[str, Any]], expected: End) -> None:
    """Only `stop` makes an answer whole, and only a finish reason ends it at all."""
    decoder = Decoder()
    for chunk in chunks:
        decoder.feed(chunk)
    assert decoder.finish()[-1] == expected
    assert decoder.finished == (expected.reason != "cut")


def test_a_cut_answer_has_no_whole_tool_call() -> None:
    """Half the arguments of a call are not a call; what was used is told all the same."""
    decoder = Decoder()
    call = {"index": 0, "id": "a", "function": {"name": "rm", "arguments": '{"path":"/'}}
    decoder.feed(choice({"tool_calls": [call]}))
    decoder.feed({"choices": [], "usage": {"prompt_tokens": 3}})
    usage, end = decoder.finish()
    assert usage == UsageReport(Usage(input_tokens=3))
    assert isinstance(end, End)
    assert end.reason == "cut"


@pytest.mark.parametrize("reason", ["length", "content_filter", "error"])
def test_a_call_of_an_answer_that_was_cut_short_is_left_out(reason: str) -> None:
    """It may have lost its end."""
    decoder = Decoder()
    call = {"id": "a", "function": {"name": "rm", "arguments": '{"path":"/"}'}}
    decoder.feed(choice({"tool_calls": [call]}, reason))
    assert decoder.finish() == [End(reason, complete=False)]


def test_stop_with_a_tool_call_wants_the_tool() -> None:
    """`stop` can still come with tool calls."""
    decoder = Decoder()
    decoder.feed(choice({"tool_calls": [{"id": "a", "function": {"name": "f"}}]}, "stop"))
    assert decoder.finish() == [ToolCall("a", "f", "{}"), End("tool_calls", complete=False)]


def test_the_older_function_call_is_a_tool_call() -> None:
    """`function_call` comes in pieces, without id and index."""
    decoder = Decoder()
    decoder.feed(choice({"function_call": {"name": "f", "arguments": '{"a"'}}))
    decoder.feed(choice({"function_call": {"arguments": ":1}"}}, "function_call"))
    assert decoder.finish()[0] == ToolCall("call_0", "f", '{"a":1}')
    assert decoder.silent_progress == 2


def test_whole_calls_without_ids_stay_apart() -> None:
    """In a whole message each entry is a call of its own."""
    calls = [{"function": {"name": "f"}}, {"function": {"name": "g", "arguments": "{}"}}]
    decoder = Decoder()
    decoder.feed({"choices": [{"message": {"tool_calls": calls}, "finish_reason": "tool_calls"}]})
    assert decoder.finish()[:2] == [ToolCall("call_0", "f", "{}"), ToolCall("call_1", "g", "{}")]


USAGES: dict[str, tuple[dict[str, Any], Usage]] = {
    "OpenAI's": (
        {
            "prompt_tokens": 10,
            "completion_tokens": 20,
            "total_tokens": 30,
            "prompt_tokens_details": {"cached_tokens": 4, "cache_creation_tokens": 2},
            "completion_tokens_details": {"reasoning_tokens": 5},
        },
        Usage(10, 20, 4, 2, 5),
    ),
    "reasoning beside the rest": (
        {"prompt_tokens": 1, "reasoning_tokens": 2},
        Usage(1, None, None, None, 2),
    ),
    "Anthropic's": (
        {
            "input_tokens": 1,
            "cache_read_input_tokens": 20,
            "cache_creation_input_tokens": 300,
            "output_tokens": 4,
        },
        Usage(321, 4, 20, 300, None),
    ),
    "zero is a figure": ({"prompt_tokens": 0, "completion_tokens": 0}, Usage(0, 0)),
    "null details": ({"prompt_tokens": 1, "prompt_tokens_details": None}, Usage(1)),
    "nonsense": (
        {"prompt_tokens": "7", "completion_tokens": True, "prompt_tokens_details": [1]},
        Usage(),
    ),
    "less than none": (
        {"prompt_tokens": -5, "completion_tokens": -1, "cache_read_input_tokens": -2},
        Usage(),
    ),
    "beyond any size": ({"prompt_tokens": 10**400, "completion_tokens": float("inf")}, Usage()),
}


@pytest.mark.parametrize(("usage", "expected"), USAGES.values(), ids=USAGES)
def test_usage_is_read_in_both_forms(usage: dict[str, Any], expected: Usage) -> None:
    """A figure that was not given is None, not 0."""
    decoder = Decoder()
    decoder.feed({"choices": [], "usage": usage})
    assert decoder.finish()[0] == UsageReport(expected)


def test_the_last_usage_counts_and_the_bill_is_in_credits() -> None:
    """Null usages before do no harm; a credit is 10**9 of the bill's unit."""
    decoder = Decoder()
    decoder.feed({**choice({"content": "Hi"}), "usage": None})
    decoder.feed({**choice(finish="stop"), "usage": {"prompt_tokens": 1}})
    decoder.feed({"choices": [], "usage": {"prompt_tokens": 2}})
    decoder.feed({"choices": [], "copilot_usage": {"total_nano_aiu": 1_500_000_000}})
    assert decoder.finish() == [
        UsageReport(Usage(2), Cost(1.5, "credits")),
        End("stop", complete=True),
    ]


def test_nothing_is_told_of_usage_that_was_not_given() -> None:
    """No usage is no report, rather than one of zeros."""
    decoder = Decoder()
    decoder.feed({**choice(finish="stop"), "usage": {}, "copilot_usage": {"total_nano_aiu": None}})
    assert decoder.finish() == [End("stop", complete=True)]


def test_a_citation_is_told_once() -> None:
    """The same licence notice comes with every chunk that touches the code, in it or beside it."""
    decoder = Decoder()
    cited = {"citations": [{"url": "https://github.com/octocat/a", "license": "MIT"}]}
    annotations = {"copilot_annotations": {"IPCodeCitations": [cited]}}
    chunk = {"choices": [], **annotations}
    notice = Notice("matches public code (MIT): https://github.com/octocat/a")
    assert [decoder.feed(chunk), decoder.feed(chunk)] == [[notice], []]
    assert Decoder().feed(choice({"content": "Hi", **annotations})) == [notice, Text("Hi")]
