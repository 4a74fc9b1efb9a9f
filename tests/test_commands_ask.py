"""`ask`: what its options make of the request, and what of the answer."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.repl_world import chatting_world
from tests.wizard_world import World

AGE = json.dumps(
    {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return chatting_world(tmp_path / "home")


def asked(world: World) -> list[dict[str, Any]]:
    """The bodies of the chat requests so far."""
    return [entry.json() for entry in world.sim.log if entry.endpoint == "chat"]


def test_what_the_answer_is_to_be_like_is_sent_and_nothing_else(world: World) -> None:
    """No cap, stop or temperature goes out that nobody asked for: some models refuse them."""
    assert world.run("ask", "hi") == (0, "hi", "")
    words = ("--temperature", "0.5", "--max-output", "90", "--stop", "END", "--stop", "\n\n")
    assert world.run("ask", *words, "hi") == (0, "hi", "")
    plain, wanted = asked(world)
    assert not {"temperature", "max_tokens", "max_completion_tokens", "stop"} & set(plain)
    assert wanted["temperature"] == 0.5
    assert wanted["stop"] == ["END", "\n\n"]
    assert wanted["max_completion_tokens"] == 90


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--temperature", "3"), "--temperature: must be a number from 0 to 2\n"),
        (("--temperature", "warm"), "--temperature: must be a number from 0 to 2\n"),
        (("--temperature", "nan"), "--temperature: it is no number"),
        (("--max-output", "0"), "--max-output: must be a whole number of at least 1\n"),
        (("--stop", ""), "--stop is empty"),
        (("--max-credits", "-1"), "--max-credits"),
        (("--schema", "{"), "--schema is not JSON"),
        (("--schema", "{}", "-x"), "--schema and --code are two forms of one answer"),
    ],
)
def test_wrong_options(world: World, words: tuple[str, ...], said: str) -> None:
    """One line, exit code 2, and nothing is sent."""
    code, out, err = world.run("ask", *words, "hi")
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert said in err
    assert world.sim.log == []


@pytest.mark.parametrize(
    "words",
    [
        ("--schema", "{"),
        ("--schema", "{}", "-x"),
        ("--stop", ""),
        ("--temperature", "nan"),
        ("--detail", "fine"),
        ("--continue", "--no-save"),
        ("--dry-run", "--schema", "{"),
        ("--dry-run", "--role", "nobody"),
    ],
)
@pytest.mark.parametrize("form", ["--json", "--events"])
def test_a_machine_is_told_of_a_wrong_option_as_json(
    world: World, form: str, words: tuple[str, ...]
) -> None:
    """A value that cannot be is a failure as any other: the object is printed whatever happens."""
    code, out, err = world.run("ask", form, *words, "hi")
    told = json.loads(out)
    error = told["error"] if form == "--json" else told
    assert (code, error["kind"], error["exit_code"]) == (2, "usage", 2)
    assert f"error: {error['message']}\n" in err
    assert world.sim.log == []


def test_a_wait_for_the_sign_in_says_why(world: World) -> None:
    """As a wait for the answer does: nobody looks at a terminal that stands still."""
    world.sim.fault("exchange", status=503, times=1)
    code, out, err = world.run("ask", "hi")
    assert (code, out) == (0, "hi")
    assert err.endswith(" s\n")
    assert "; sending again in 0." in err


def test_a_model_with_structured_outputs_is_told_the_schema(world: World) -> None:
    """In the request's own field, and not in words."""
    world.sim.answer('{"age": 7}')
    assert world.run("ask", "--schema", AGE, "How old?") == (0, '{"age": 7}', "")
    (body,) = asked(world)
    told = body["response_format"]["json_schema"]["schema"]
    assert told == {**json.loads(AGE), "additionalProperties": False}
    assert [each["role"] for each in body["messages"]] == ["user"]


def test_another_model_is_asked_in_words(world: World) -> None:
    """And its code fence is taken off."""
    world.sim.answer('```json\n{"age": 7}\n```')
    assert world.run("ask", "-m", "sim-bare", "--schema", AGE, "How old?")[:2] == (
        0,
        '{"age": 7}\n',
    )
    (body,) = asked(world)
    assert "response_format" not in body
    assert AGE in body["messages"][0]["content"]


def test_what_does_not_fit_is_repaired_once(world: World) -> None:
    """stdout has the second answer alone; the service hears that the program asked."""
    world.sim.answer('{"age": "seven"}')
    world.sim.answer('{"age": 7}')
    code, out, err = world.run("ask", "--schema", AGE, "How old?")
    assert (code, out) == (0, '{"age": 7}')
    assert err.startswith("the answer does not fit the schema ('seven' is not of type 'integer'")
    initiators = [e.headers["x-initiator"] for e in world.sim.log if e.endpoint == "chat"]
    assert initiators == ["user", "agent"]


def test_what_still_does_not_fit_is_exit_code_1(world: World) -> None:
    """What came is on stdout, and in the JSON object with the error."""
    for _ in range(4):
        world.sim.answer("seven")
    code, out, err = world.run("ask", "--schema", AGE, "How old?")
    assert (code, out) == (1, "seven")
    assert "error: the answer does not fit the schema: it is no JSON" in err
    code, out, _ = world.run("ask", "--schema", AGE, "--json", "How old?")
    told = json.loads(out)
    assert (code, told["answer"], told["error"]["kind"]) == (1, "seven", "schema")
    assert told["usage"]["output_tokens"] == 2 * ((len("seven")) // 4)


def test_a_dry_run_shows_the_whole_request(world: World) -> None:
    """With every option in it, and nothing is sent."""
    words = ("--dry-run", "--schema", AGE, "--max-output", "9", "--temperature", "1")
    code, out, _ = world.run("ask", *words, "How old?")
    body = json.loads(out)["body"]
    assert code == 0
    assert (body["temperature"], body["max_completion_tokens"]) == (1.0, 9)
    assert AGE in body["messages"][0]["content"]
    assert world.sim.log == []


def test_a_dry_run_goes_into_the_file_that_was_named(world: World, tmp_path: Path) -> None:
    """As an answer does; and a file that cannot be made is said."""
    file = tmp_path / "request.json"
    assert world.run("ask", "--dry-run", "-o", str(file), "hi")[:2] == (0, "")
    assert json.loads(file.read_text())["body"]["messages"][-1]["content"] == "hi"
    code, out, err = world.run("ask", "--dry-run", "-o", str(tmp_path), "hi")
    assert (code, out) == (2, "")
    assert "cannot be written" in err
