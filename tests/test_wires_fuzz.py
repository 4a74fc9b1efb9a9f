"""Every wire against anything: replies of the right names and the wrong values, any request."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.messages import (
    End,
    ImagePart,
    Message,
    ReasoningPart,
    Request,
    Schema,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    ToolSpec,
)
from copilot_cli.wires.stream import EventStream, StreamFault, WholeReply
from copilot_cli.wires.table import WIRES, Wire
from copilot_cli.wires.think import ThinkSplitter
from tests.recordings import FOLDER
from tests.wire_models import model

NAMES = """
choices delta message content role tool_calls function_call index id function name arguments
finish_reason error code text thinking usage prompt_tokens prompt_tokens_details copilot_usage
total_nano_aiu cached_tokens reasoning_text reasoning_opaque refusal copilot_errors
copilot_annotations IPCodeCitations citations url license stop_reason stop_details explanation
type input content_filter_results filtered response item part output output_index content_index
summary_index summary encrypted_content call_id status incomplete_details reason object
content_block partial_json signature data thought_signature output_tokens input_tokens_details
"""
KINDS = """
response.created response.output_item.added response.output_item.done response.completed
response.content_part.done response.output_text.delta response.output_text.done
response.refusal.delta response.refusal.done response.reasoning_summary_text.delta
response.reasoning_summary_text.done response.reasoning_summary_part.done
response.reasoning_text.delta response.reasoning_text.done
response.function_call_arguments.delta response.function_call_arguments.done
response.incomplete response.failed response.cancelled error response message reasoning
function_call message_start content_block_start content_block_delta content_block_stop
message_delta message_stop ping thinking redacted_thinking tool_use text completed incomplete
failed tool_calls stop end_turn refusal summary_text output_text
"""
WORDS = st.sampled_from(NAMES.split())
LEAVES = (
    st.sampled_from(KINDS.split())
    | st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.floats()
    | st.text(max_size=5)
    | st.just(10**400)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
EVENTS = st.builds(
    lambda event, kind: {**event, "type": kind},
    st.dictionaries(WORDS, VALUES, max_size=5),
    st.sampled_from(KINDS.split()) | LEAVES,
)
ALL = pytest.mark.parametrize("wire", WIRES.values(), ids=lambda wire: wire.name)
ASKED = Request("m", [], stop=("END",))


@ALL
@settings(deadline=None)
@given(events=st.lists(EVENTS | st.dictionaries(WORDS, VALUES, max_size=5), max_size=5))
def test_a_reply_of_anything_is_events_or_a_fault(wire: Wire, events: list[dict[str, Any]]) -> None:
    """Nothing but a fault is raised, and the last event is the end, which can be told as JSON."""
    reader = ThinkSplitter(wire.decoder(ASKED))
    told: list[Any] = []
    faults: list[StreamFault] = []
    try:
        for event in events:
            told += reader.feed(json.loads(json.dumps(event)))
    except StreamFault as fault:
        faults.append(fault)
    assert all(type(f.code) is str and type(f.message) is str for f in faults)
    told += reader.finish()
    assert [isinstance(event, End) for event in told] == [False] * (len(told) - 1) + [True]
    json.dumps(told)


@ALL
@settings(deadline=None)
@given(reply=EVENTS | st.dictionaries(WORDS, VALUES, max_size=5))
def test_a_whole_reply_of_anything_is_events_or_a_fault(wire: Wire, reply: dict[str, Any]) -> None:
    """As a stream is, but in one object."""
    reader = wire.decoder(ASKED._replace(stop=()))
    whole = WholeReply(reader)
    whole.feed(json.dumps(reply).encode())
    whole.end()
    assert whole.fault is None or isinstance(whole.fault, StreamFault)
    assert isinstance(reader.finish()[-1], End)


RECORDINGS = {
    wire.name: [path.read_bytes() for path in (FOLDER / wire.name).glob("*.sse")]
    or [path.read_bytes() for path in FOLDER.glob("*.sse")]
    for wire in WIRES.values()
}


@ALL
@settings(deadline=None)
@given(data=st.data())
def test_a_recording_that_is_damaged_raises_nothing(wire: Wire, data: st.DataObject) -> None:
    """Bytes replaced, dropped and cut anywhere, also those of another wire."""
    kept = data.draw(st.sampled_from(sorted(RECORDINGS)))
    stream = bytearray(data.draw(st.sampled_from(RECORDINGS[kept])))
    for _ in range(data.draw(st.integers(0, 5))):
        place = data.draw(st.integers(0, len(stream) - 1))
        stream[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        stream += b"\n"
    reader = wire.decoder(ASKED)
    events = EventStream(reader)
    events.feed(bytes(stream))
    events.end()
    assert isinstance(reader.finish()[-1], End)


DEEP = {
    "an error": '{"error":%s}',
    "an event's error": '{"type":"error","error":{"message":%s,"code":%s}}',
    "a call's input": '{"type":"content_block_start","index":0,'
    '"content_block":{"type":"tool_use","input":%s}}',
    "a whole call": '{"content":[{"type":"tool_use","input":%s}],"stop_reason":"tool_use"}',
    "an item": '{"type":"response.output_item.done","item":{"type":"reasoning","summary":%s}}',
    "a licence": '{"copilot_annotations":{"IPCodeCitations":[{"url":"u","license":%s}]}}',
}


@ALL
@pytest.mark.parametrize("reply", DEEP.values(), ids=DEEP)
def test_nesting_that_can_just_be_read_does_no_harm(wire: Wire, reply: str) -> None:
    """What is deep is not walked, nor written anew."""
    for depth in (100, 900, 985):
        value = '{"a":' * depth + "1" + "}" * depth
        reader = wire.decoder(ASKED)
        stream = EventStream(reader)
        stream.feed(f"data: {reply.replace('%s', value)}\n\n".encode())
        stream.end()
        assert stream.fault is None or isinstance(stream.fault, StreamFault)
        assert isinstance(reader.finish()[-1], End)


TEXTS = st.text(max_size=8)
OPAQUE = st.none() | TEXTS | VALUES.map(json.dumps)
PARTS = st.one_of(
    st.builds(TextPart, TEXTS),
    st.builds(ImagePart, TEXTS, TEXTS, st.sampled_from([None, "low", "high", "auto"])),
    st.builds(
        ReasoningPart, TEXTS, OPAQUE, st.sampled_from([None, "chat", "responses", "messages"])
    ),
    st.builds(ToolCallPart, TEXTS, TEXTS, TEXTS | VALUES.map(json.dumps)),
    st.builds(ToolResultPart, TEXTS, TEXTS, st.booleans()),
)
KEYWORDS = "type properties required anyOf oneOf allOf items $ref $defs $schema enum not a"
SCHEMAS = st.dictionaries(
    st.sampled_from(KEYWORDS.split()),
    st.recursive(
        LEAVES | st.sampled_from(["object", "#", "#/$defs/a"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(KEYWORDS.split()), inner, max_size=3)
        ),
        max_leaves=8,
    ),
    max_size=5,
)
REQUESTS = st.builds(
    Request,
    model=TEXTS,
    messages=st.lists(
        st.builds(
            Message,
            st.sampled_from(["system", "user", "assistant", "tool"]),
            st.lists(PARTS, max_size=4).map(tuple),
        ),
        max_size=4,
    ),
    stream=st.booleans(),
    effort=st.none() | TEXTS,
    temperature=st.none() | st.floats(0, 2),
    max_output=st.none() | st.integers(1, 9),
    stop=st.lists(st.text(min_size=1, max_size=3), max_size=2).map(tuple),
    schema=st.none() | st.builds(Schema, TEXTS, SCHEMAS),
    tools=st.lists(st.builds(ToolSpec, TEXTS, TEXTS, SCHEMAS), max_size=2).map(tuple),
)
MODELS = st.sampled_from(
    [None, model(), model(reasoning=("low",), adaptive_thinking=True), model(thinking=(1, 2))]
)


@ALL
@settings(deadline=None)
@given(request=REQUESTS, info=MODELS)
def test_any_request_can_be_written(wire: Wire, request: Request, info: Any) -> None:
    """What goes out is JSON of the conversation's own model, and encoding leaves no trace."""
    before = repr(request)
    body = wire.encode(request, info, legacy_cap=True)
    assert json.loads(json.dumps(body))["model"] == request.model
    assert repr(request) == before
    assert body == wire.encode(request, info, legacy_cap=True)
