"""An answer of a given form: asked for, checked, asked for once more, and never taken on trust."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_cli.engines.models import parse_model
from copilot_cli.errors import CopilotChatError, UsageError
from copilot_cli.messages import Cost, End, Event, Notice, Reasoning, Text, Usage, UsageReport
from copilot_cli.structured import Form
from tests.chat_world import CUT, WHOLE, Engine, Log, chat

AGE = {
    "type": "object",
    "properties": {"age": {"type": "integer"}},
    "required": ["age"],
    "additionalProperties": False,
}


def answered(form: Form, *scripts: list[Any]) -> tuple[list[Event], CopilotChatError | None]:
    """What comes of asking, and the error at its end."""
    events: list[Event] = []
    try:
        for event in form.answers(chat(Engine(*scripts)), "?"):
            events.append(event)  # noqa: PERF402 - what came before an error counts
    except CopilotChatError as error:
        return events, error
    return events, None


def test_an_answer_that_fits_is_passed_on_in_one_piece() -> None:
    """Character for character; what is no text comes as it comes."""
    script = [Reasoning("hm"), Text('{"age"'), Text(": 7}\n"), WHOLE]
    assert answered(Form(AGE), script) == (
        [Reasoning("hm"), Text('{"age": 7}\n'), WHOLE],
        None,
    )


def test_a_code_fence_is_no_part_of_the_answer() -> None:
    """Models put one around JSON whatever they are told."""
    script = [Text('```json\n{"age": 7}\n```\n'), WHOLE]
    assert answered(Form(AGE), script) == ([Text('{"age": 7}\n'), WHOLE], None)


def test_what_does_not_fit_is_asked_for_once_more() -> None:
    """By the program itself, with what was wrong; only the second answer is shown."""
    engine = Engine([Text('{"age": "seven"}'), WHOLE], [Text('{"age": 7}'), WHOLE])
    conversation = chat(engine)
    events = list(Form(AGE).answers(conversation, "How old?"))
    assert [event for event in events if isinstance(event, Text | End)] == [
        Text('{"age": 7}'),
        WHOLE,
    ]
    (notice,) = [event.message for event in events if isinstance(event, Notice)]
    assert "'seven' is not of type 'integer', at /age" in notice
    assert [each.initiator for each in engine.requests] == ["user", "agent"]
    assert "'seven' is not of type" in engine.requests[1].messages[-1].text
    assert json.dumps(AGE) in engine.requests[1].messages[-1].text


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        pytest.param("seven", "it is no JSON", id="prose"),
        pytest.param('{"age": NaN}', "it is no JSON", id="not a number"),
        pytest.param("[" * 100_000, "it is no JSON", id="nested deeply"),
        pytest.param("{}", "'age' is a required property", id="a property is missing"),
        pytest.param("", "it is no JSON", id="nothing"),
    ],
)
def test_a_second_answer_that_does_not_fit_is_an_error(said: str, fault: str) -> None:
    """Exit code 1; what came is shown all the same."""
    script = [Text(said), WHOLE] if said else [WHOLE]
    events, error = answered(Form(AGE), script, script)
    assert events[-1] == WHOLE
    assert [event.text for event in events if isinstance(event, Text)] == ([said] if said else [])
    assert error is not None
    assert (error.exit_code, error.kind) == (1, "schema")
    assert fault in error.message


def test_an_answer_that_was_cut_is_shown_and_not_judged() -> None:
    """That it was cut is what went wrong."""
    assert answered(Form(AGE), [Text('{"a'), CUT]) == ([Text('{"a'), CUT], None)


def test_of_an_answer_that_was_cut_no_character_is_taken_away() -> None:
    """Its fence stays: what is in it was not checked."""
    said = [Text('```json\n{"age": 7}\n```\n'), CUT]
    assert answered(Form(AGE), said) == (said, None)
    still = [Text('```json\n{"age": 1.5}\n```\n'), WHOLE]
    events, error = answered(Form(AGE), still, still)
    assert [event for event in events if isinstance(event, Text)] == still[:1]
    assert error is not None


def test_both_turns_are_counted() -> None:
    """Tokens, cost and time are those of the whole command; both turns are on record."""
    first = UsageReport(Usage(5, 2, None), Cost(0.5, "credits"))
    second = UsageReport(Usage(9, 3, 4), Cost(0.25, "credits"))
    log = Log()
    engine = Engine([Text("no"), first, WHOLE], [Text('{"age": 1}'), second, WHOLE])
    conversation = chat(engine, log)
    list(Form(AGE).answers(conversation, "?"))
    assert conversation.last is not None
    assert conversation.last.usage == Usage(14, 5, 4)
    assert conversation.last.cost == Cost(0.75, "credits")
    assert [call[0] for call in log.calls].count("ask") == 2


def test_the_service_is_asked_where_the_model_lists_structured_outputs() -> None:
    """The system text stays as it is."""
    info = parse_model({"id": "m", "capabilities": {"supports": {"structured_outputs": True}}})
    conversation = chat(Engine(), system="Be brief.")
    Form({**AGE, "title": "Age of a person!"}).want(conversation, info)
    assert conversation.schema is not None
    assert conversation.schema.name == "Age_of_a_person"
    assert conversation.system == "Be brief."


@pytest.mark.parametrize("known", [True, False])
def test_elsewhere_the_model_is_asked_in_words(known: bool) -> None:
    """After the person's own instructions."""
    conversation = chat(Engine(), system="Be brief.")
    Form(AGE).want(conversation, parse_model({"id": "m"}) if known else None)
    assert conversation.schema is None
    assert conversation.system is not None
    assert conversation.system.startswith("Be brief.\n\nAnswer with one JSON value")
    assert json.dumps(AGE) in conversation.system


def test_a_schema_is_read_from_a_file_or_from_the_words(tmp_path: Path) -> None:
    """Which it is shows at the brace."""
    file = tmp_path / "age.json"
    file.write_text("\ufeff" + json.dumps(AGE), encoding="utf-8")
    for given_text in (str(file), " " + json.dumps(AGE)):
        assert Form.read(given_text).fault('{"age": 1}') is None
        assert Form.read(given_text).fault("{}") is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("{", "--schema is not JSON", id="cut"),
        pytest.param('{"type": "thing"}', "--schema: at type: 'thing' is not valid", id="no type"),
        pytest.param('{"minimum": NaN}', "--schema is not JSON: NaN is no JSON", id="NaN"),
        pytest.param('{"a": ' * 60_000, "--schema is not JSON", id="nested deeply"),
        pytest.param('{"$schema": []}', "--schema: $schema is no address", id="no dialect"),
        pytest.param('{"$schema": "http://["}', "--schema: $schema is no", id="no address"),
        pytest.param("no/such/file", "no/such/file cannot be read: No such file", id="no file"),
        pytest.param("a\0b", "cannot be read", id="NUL"),
        pytest.param(".", "cannot be read", id="a folder"),
    ],
)
def test_what_is_no_schema_is_wrong_usage(text: str, said: str) -> None:
    """Before anything is sent."""
    with pytest.raises(UsageError) as caught:
        Form.read(text)
    assert said in caught.value.message
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"[1]", "is no JSON object", id="a list"),
        pytest.param(b"\xff\xfe", "is not UTF-8", id="not UTF-8"),
        pytest.param(b" " * (1024 * 1024 + 1), "is larger than 1 MiB", id="too large"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, content: bytes, said: str) -> None:
    """The message says what is wrong with it."""
    file = tmp_path / "schema.json"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=said):
        Form.read(str(file))


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://example.invalid/schema.json"},
        {"properties": {"a": {"anyOf": [{"$ref": "#/$defs/missing"}]}}},
        {"$ref": "file:///etc/passwd"},
    ],
    ids=["elsewhere", "not there", "a file"],
)
def test_a_reference_is_never_fetched(schema: dict[str, Any]) -> None:
    """What it names is not there, and that is said before anything is sent."""
    with pytest.raises(UsageError, match=r"--schema: .* cannot be found"):
        Form(schema)


def test_a_reference_with_an_address_of_its_own_is_looked_up_where_it_is_needed() -> None:
    """Nor is that one fetched: sockets are refused here."""
    inner = {"$id": "https://example.invalid/inner", "$ref": "https://example.invalid/other"}
    form = Form({"properties": {"a": inner}})
    assert form.fault("{}") is None
    with pytest.raises(UsageError, match=r"--schema: .* cannot be found"):
        form.fault('{"a": 1}')


@pytest.mark.parametrize(
    "schema",
    [
        {"$defs": {"age": {"type": "integer"}}, "properties": {"a": {"$ref": "#/$defs/age"}}},
        {"properties": {"a": {"$ref": "#/properties/b"}, "b": {"type": "integer"}}},
        {"properties": {"a": {"$ref": "https://json-schema.org/draft/2020-12/schema"}}},
    ],
    ids=["a definition", "another part", "JSON Schema's own"],
)
def test_references_that_are_there(schema: dict[str, Any]) -> None:
    """Within the schema, or to the standard's own documents, which come with the library."""
    form = Form(schema)
    assert form.fault('{"a": "x"}') is not None
    assert form.fault("{}") is None


def test_a_number_that_is_too_large_to_be_divided_does_not_fit() -> None:
    """JSON has no largest number, and division has."""
    assert Form({"multipleOf": 0.1}).fault("1" + "0" * 400) == "it holds a number that is too large"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(VALUES)
def test_any_json_has_a_verdict(value: Any) -> None:
    """It fits exactly if it is an object with an age and nothing else."""
    fits = isinstance(value, dict) and set(value) == {"age"} and type(value["age"]) is int
    assert (Form(AGE).fault(json.dumps(value)) is None) == fits
