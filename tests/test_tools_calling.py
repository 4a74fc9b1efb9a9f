"""Running what a model asks for: whatever goes wrong is a result for the model."""

import json
import threading
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_cli.messages import ToolCall, ToolResult
from copilot_cli.signals import Terminated
from copilot_cli.tools import calling
from copilot_cli.tools.calling import MAX_ARGUMENTS, Calls, Decision, capped
from copilot_cli.tools.running import Running
from copilot_cli.tools.tool import Tool, ToolError, tool


@tool
def add(a: int, b: int = 1) -> int:
    """Add."""
    return a + b


@tool
def fail(text: str) -> str:
    """Fail."""
    raise ValueError(text)


@tool
def leave() -> None:
    """Leave."""
    raise SystemExit(3)


@tool
def say(what: Any) -> Any:
    """Say it."""
    return RESULTS[what]


class Fault(Exception):
    """An error that cannot be told."""

    def __str__(self) -> str:
        raise RuntimeError("never")


class Words(str):
    """A text that cannot be written."""

    __slots__ = ()

    def encode(self, *_: Any) -> bytes:
        raise Fault


class Table(dict[str, int]):
    """A table that cannot be read."""

    def items(self) -> Any:
        raise Fault


@tool
def fault() -> str:
    """Fail at failing."""
    raise Fault


RESULTS: dict[str, Any] = {
    "words": Words("plain"),
    "table": Table(a=1),
    "text": "a",
    "none": None,
    "list": [1, {"ö": None}],
    "bytes": b"x",
    "nan": float("nan"),
    "surrogate": "\ud800",
    "long": "x" * 200_000,
}


class Saying:
    """Answers each question with what was foretold; yes without."""

    def __init__(self, *decisions: Decision | BaseException) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._decisions = list(decisions)

    def decide(self, tool: Tool, arguments: Mapping[str, Any]) -> Decision:
        self.asked.append((tool.name, dict(arguments)))
        decision = self._decisions.pop(0) if self._decisions else Decision(allowed=True)
        if isinstance(decision, BaseException):
            raise decision
        return decision


def called(*calls: tuple[str, Any], approval: Saying | None = None, **options: Any) -> list[Any]:
    """What comes of the calls, as (output, error)."""
    tools = [add, fail, leave, say, *options.pop("tools", [])]
    box = Calls(tools, approval or Saying(), **options)
    asked = [
        ToolCall(f"c{number}", name, given if isinstance(given, str) else json.dumps(given))
        for number, (name, given) in enumerate(calls)
    ]
    results = list(box.run(asked))
    assert [result.id for result in results if isinstance(result, ToolResult)] == [
        call.id for call in asked
    ]
    return [(each.output, each.error) for each in results if isinstance(each, ToolResult)]


def test_what_fails_while_it_is_told_is_a_result_at_once() -> None:
    """The thread of the call does not die of it, which would look like a call that takes long."""
    told = called(
        ("say", {"what": "words"}), ("say", {"what": "table"}), ("fault", {}), tools=[fault]
    )
    assert told == [("plain", False), ("Fault", True), ("Fault", True)]


def test_results_come_in_the_order_of_the_calls() -> None:
    """However long each takes."""
    first_may = threading.Event()

    def slow(arguments: dict[str, Any], _: Running) -> str:
        return "slow" if first_may.wait(10) else "late"

    def quick(arguments: dict[str, Any], _: Running) -> str:
        first_may.set()
        return "quick"

    own = [
        Tool(name, "x", {"type": "object"}, run, effect="read")
        for name, run in (("slow", slow), ("quick", quick))
    ]
    assert called(("slow", {}), ("quick", {}), tools=own) == [("slow", False), ("quick", False)]


@pytest.mark.parametrize(
    ("what", "output", "error"),
    [
        ("text", "a", False),
        ("none", "Done.", False),
        ("list", '[1, {"ö": null}]', False),
        ("bytes", "The tool gave a bytes, which is no text.", True),
        ("nan", "The tool gave a float, which is no text.", True),
        ("surrogate", "?", False),
    ],
)
def test_results(what: str, output: str, error: bool) -> None:
    """Text as it is, values as JSON, anything else as what it is."""
    assert called(("say", {"what": what})) == [(output, error)]


def test_a_long_result_is_capped_with_a_mark() -> None:
    """Its beginning and its end are there."""
    ((output, error),) = called(("say", {"what": "long"}), max_output=1000)
    assert not error
    assert output.startswith("x" * 750 + "\n[… 199,000 characters left out …]\nx")
    assert len(output) < 1100


@given(st.text(max_size=300), st.integers(10, 100))
def test_what_is_capped_keeps_both_ends(text: str, limit: int) -> None:
    """And what is short is left alone."""
    short = capped(text, limit)
    if len(text) <= limit:
        assert short == text.encode("utf-8", "replace").decode()
    else:
        assert short.startswith(text.encode("utf-8", "replace").decode()[: limit * 3 // 4])
        assert f"{len(text) - limit:,} characters left out" in short


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("nonesuch", {}), "There is no tool 'nonesuch'. There is: add, fail, leave, say."),
        (("\x1b]0;x\x07", {}), "There is no tool '\\x1b]0;x\\x07'."),
        (("add", "{"), "The arguments are no JSON:"),
        (("add", "[" * 100_000), "The arguments are no JSON:"),
        (("add", "[1]"), "The arguments are no JSON object."),
        (("add", {"a": "1"}), "do not fit the schema: '1' is not of type 'integer' (at /a)."),
        (("say", '{"what": NaN}'), "The arguments are no JSON: NaN is no JSON."),
        (("say", '{"what": -Infinity}'), "The arguments are no JSON: -Infinity is no JSON."),
        (("add", {}), "do not fit the schema: 'a' is a required property."),
        (("add", {"a": 1, "c": 2}), "Additional properties are not allowed"),
        (("add", " " * (MAX_ARGUMENTS + 1)), "The arguments are longer than 1,000,000 characters."),
        (("fail", {"text": "no\x1b[2J"}), "ValueError: no\x1b[2J"),
        (("leave", {}), "SystemExit: 3"),
    ],
)
def test_what_goes_wrong_is_the_result(call: tuple[str, Any], said: str) -> None:
    """The model reads it, and may do better; nobody is asked about what cannot be run."""
    approval = Saying()
    ((output, error),) = called(call, approval=approval)
    assert error
    assert said in output
    assert (approval.asked == []) == (call[0] not in {"fail", "leave"})


def test_no_arguments_are_an_empty_object() -> None:
    """Models send nothing where there is nothing to send."""
    assert "'a' is a required property" in called(("add", ""))[0][0]
    assert called(("leave", "")) == [("SystemExit: 3", True)]


def test_what_the_person_says_goes_to_the_model() -> None:
    """A no, with a word or without; the other calls run all the same."""
    approval = Saying(Decision(allowed=False), Decision(allowed=False, feedback="use 3"))
    calls = [("add", {"a": number}) for number in range(3)]
    assert called(*calls, approval=approval) == [
        ("The person does not allow this call.", True),
        ("The person does not allow this call. They say: use 3", True),
        ("3", False),
    ]
    assert approval.asked == [("add", {"a": 0}), ("add", {"a": 1}), ("add", {"a": 2})]


def test_nothing_runs_before_every_question_is_answered() -> None:
    """Ctrl-C at the second leaves the first undone."""
    done: list[str] = []
    own = Tool("note", "x", {"type": "object"}, lambda arguments, _: done.append("ran"))
    with pytest.raises(KeyboardInterrupt):
        called(
            ("note", {}),
            ("note", {}),
            tools=[own],
            approval=Saying(Decision(allowed=True), KeyboardInterrupt()),
        )
    assert done == []


def test_a_call_that_takes_too_long_is_told_to_stop() -> None:
    """By a clock; nobody waits for it any more."""
    stopped = threading.Event()

    def hang(arguments: dict[str, Any], running: Running) -> str:
        running.stop.wait(10)
        stopped.set()
        return "late"

    times = iter([0.0, 0.0, 61.0, 61.0])
    own = Tool("hang", "x", {"type": "object"}, hang)
    assert called(("hang", {}), tools=[own], monotonic=lambda: next(times)) == [
        ("The tool took longer than 60 seconds and was stopped.", True)
    ]
    assert stopped.wait(10)


def test_a_result_that_is_there_is_given_though_another_took_all_the_time() -> None:
    """Both have run since the same moment, and only one of them was waited for."""
    there = threading.Event()

    def hang(arguments: dict[str, Any], running: Running) -> str:
        running.stop.wait(10)
        return "late"

    def look(arguments: dict[str, Any], running: Running) -> str:
        there.set()
        return "done"

    def clock() -> float:
        ended = "tool quick" not in {each.name for each in threading.enumerate()}
        return 61.0 if there.is_set() and ended else 0.0

    quick = Tool("quick", "x", {"type": "object"}, look, effect="read")
    hanging = Tool("hang", "x", {"type": "object"}, hang, effect="read")
    assert called(("hang", {}), ("quick", {}), tools=[hanging, quick], monotonic=clock) == [
        ("The tool took longer than 60 seconds and was stopped.", True),
        ("done", False),
    ]


def test_not_all_calls_of_one_reply_run_at_once() -> None:
    """A model may ask for more files than there can be threads."""
    most, now, lock = 0, 0, threading.Lock()

    def look(arguments: dict[str, Any], running: Running) -> str:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        running.stop.wait(0.01)
        with lock:
            now -= 1
        return str(arguments["n"])

    looking = Tool("look", "x", {"type": "object"}, look, effect="read")
    results = called(*(("look", {"n": n}) for n in range(100)), tools=[looking])
    assert results == [(str(n), False) for n in range(100)]
    assert most <= 16


def test_a_second_interrupt_leaves_no_call_running() -> None:
    """It comes while the first of several is being ended, and the others are ended all the same."""
    ended: list[str] = []
    begun = threading.Barrier(3)

    def look(arguments: dict[str, Any], running: Running) -> str:
        def end() -> None:
            ended.append(arguments["name"])
            raise KeyboardInterrupt

        with running.ended_by(end):
            begun.wait(10)
            running.stop.wait(10)
        return ""

    looking = Tool("look", "x", {"type": "object"}, look, effect="read")
    quick = Tool("quick", "x", {"type": "object"}, lambda *_: begun.wait(10), effect="read")
    results = Calls([quick, looking], Saying()).run(
        [
            ToolCall("1", "quick", "{}"),
            ToolCall("2", "look", '{"name": "one"}'),
            ToolCall("3", "look", '{"name": "two"}'),
        ]
    )
    next(results)
    with pytest.raises(KeyboardInterrupt):
        results.close()
    assert sorted(ended) == ["one", "two"]


@pytest.mark.parametrize(
    ("given", "taken"),
    [("2.0", "2"), ("-3e2", "-300"), ("2.5", "2.5"), ("1e400", "inf"), ("1e300", "1e+300")],
)
def test_a_whole_number_is_an_integer_however_it_is_written(given: str, taken: str) -> None:
    """JSON has one kind of number, and some models write each with a point."""
    look = Tool("look", "x", {"type": "object"}, lambda arguments, _: repr(arguments["n"]))
    assert called(("look", f'{{"n": {given}}}'), tools=[look]) == [(taken, False)]
    assert called(("add", '{"a": 2.0}')) == [("3", False)]


def test_leaving_the_results_stops_what_runs() -> None:
    """As Ctrl-C does."""
    stopped = threading.Event()

    def hang(arguments: dict[str, Any], running: Running) -> str:
        if running.stop.wait(10):
            stopped.set()
        return "late"

    looking = Tool("look", "x", {"type": "object"}, lambda arguments, _: "2", effect="read")
    hanging = Tool("hang", "x", {"type": "object"}, hang, effect="read")
    results = Calls([looking, hanging], Saying()).run(
        [ToolCall("1", "look", "{}"), ToolCall("2", "hang", "{}")]
    )
    assert next(results) == ToolResult("1", "look", "2")
    results.close()
    assert stopped.wait(10)


def test_what_ctrl_c_stops_is_told_with_what_came_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has done what it has done, and the model has to know; what has not begun has no result."""
    begun, interrupted, over = threading.Barrier(3), threading.Event(), threading.Event()

    def work(arguments: dict[str, Any], running: Running) -> str:
        begun.wait(10)
        running.stop.wait(10)
        return "half of it"

    def deaf(arguments: dict[str, Any], running: Running) -> str:
        begun.wait(10)
        over.wait(10)
        return "never"

    def clock() -> float:
        if interrupted.is_set():
            raise KeyboardInterrupt
        return 0.0

    works = (("quick", lambda *_: "whole"), ("work", work), ("deaf", deaf))
    tools = [Tool(name, "x", {"type": "object"}, run, effect="read") for name, run in works]
    names = ("quick", "work", "nonesuch", "deaf", "add")
    results = Calls([*tools, add], Saying(), monotonic=clock).run(
        [ToolCall(name, name, '{"a": 1}' if name == "add" else "{}") for name in names]
    )
    assert next(results) == ToolResult("quick", "quick", "whole")
    begun.wait(10)
    interrupted.set()
    monkeypatch.setattr(calling, "_LAST_WORDS", 10.0)
    said = "The person stopped it while it ran."
    assert next(results) == ToolResult(
        "work", "work", f"{said} It said until then:\nhalf of it", error=True
    )
    refused = next(results)
    assert isinstance(refused, ToolResult)
    assert refused.output.startswith("There is no tool 'nonesuch'")
    monkeypatch.setattr(calling, "_LAST_WORDS", 0.01)
    assert next(results) == ToolResult("deaf", "deaf", said, error=True)
    with pytest.raises(KeyboardInterrupt):
        next(results)
    over.set()


def test_another_signal_ends_the_calls_without_a_word() -> None:
    """There may be no terminal any more that could take one."""
    begun, stopped = threading.Event(), threading.Event()

    def hang(arguments: dict[str, Any], running: Running) -> str:
        begun.set()
        if running.stop.wait(10):
            stopped.set()
        return ""

    def clock() -> float:
        if begun.is_set():
            raise Terminated(1)
        return 0.0

    hanging = Tool("hang", "x", {"type": "object"}, hang)
    results = Calls([hanging], Saying(), monotonic=clock).run([ToolCall("1", "hang", "{}")])
    with pytest.raises(Terminated):
        next(results)
    assert stopped.wait(10)


def test_ctrl_c_while_a_call_is_being_started_leaves_none_running(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What may have begun is stopped and told; what has not begun is neither."""
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    def work(arguments: dict[str, Any], running: Running) -> str:
        running.stop.wait(10)
        return "stopped"

    monkeypatch.setattr(calling, "_LAST_WORDS", 10.0)
    working = Tool("work", "x", {"type": "object"}, work, effect="read")
    results = Calls([working], Saying()).run(
        [ToolCall("1", "work", "{}"), ToolCall("2", "work", "{}")]
    )
    monkeypatch.setattr(threading.Thread, "start", interrupted)
    told = next(results)
    assert isinstance(told, ToolResult)
    assert (told.id, told.output.split("\n")[-1]) == ("1", "stopped")
    with pytest.raises(KeyboardInterrupt):
        next(results)


def test_what_changes_something_runs_alone_and_in_order() -> None:
    """A patch is there before the tests run, and two patches never meet."""
    done: list[str] = []
    inside = threading.Lock()

    def change(arguments: dict[str, Any], _: Running) -> str:
        assert inside.acquire(blocking=False)
        done.append(arguments["n"])
        inside.release()
        return "ok"

    own = Tool("change", "x", {"type": "object"}, change, effect="write")
    look = Tool("look", "x", {"type": "object"}, lambda arguments, _: list(done), effect="read")
    calls = [("change", {"n": "1"}), ("look", {}), ("nonesuch", {}), ("change", {"n": "2"})]
    results = called(*calls, ("look", {}), tools=[own, look])
    assert [results[1], results[4]] == [('["1"]', False), ('["1", "2"]', False)]


def test_what_a_tool_says_of_its_own_failure_is_all_that_is_told() -> None:
    """In its own words, without the name of a class."""

    @tool
    def refuse() -> None:
        """Refuse."""
        raise ToolError("not on a Sunday")

    assert called(("refuse", {}), tools=[refuse]) == [("not on a Sunday", True)]


def test_a_function_may_ask_for_the_call_it_is_run_by() -> None:
    """The model is not told of it, and cannot give it."""

    @tool
    def patient(seconds: int, running: Running) -> bool:
        """Wait."""
        return running.stop.is_set()

    assert list(patient.parameters["properties"]) == ["seconds"]
    assert called(("patient", {"seconds": 1}), tools=[patient]) == [("false", False)]
    ((output, error),) = called(("patient", {"seconds": 1, "running": 1}), tools=[patient])
    assert error
    assert "Additional properties" in output


def test_whoever_stops_a_call_waits_for_its_end() -> None:
    """No thread is trusted to do it later: the program may be over by then."""
    running, ended = Running(), []
    with running.ended_by(lambda: ended.append("one")):
        with running.ended_by(lambda: ended.append("two")):
            pass
        running.cancel()
        assert ended == ["one"]
        running.cancel()
    with running.ended_by(lambda: ended.append("late")):
        assert ended == ["one", "late"]


def test_ctrl_c_at_one_end_of_a_call_leaves_none_of_its_others_out() -> None:
    """A call may have started several programs."""
    running, ended = Running(), []

    def interrupted() -> None:
        raise KeyboardInterrupt

    with (
        running.ended_by(lambda: ended.append("first")),
        running.ended_by(interrupted),
        running.ended_by(lambda: ended.append("last")),
        pytest.raises(KeyboardInterrupt),
    ):
        running.cancel()
    assert sorted(ended) == ["first", "last"]


def test_in_a_script_of_ones_own_what_a_tool_prints_goes_where_it_would(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing is moved there."""

    @tool
    def loud() -> None:
        """Say it aloud."""
        print("loud")

    called(("loud", {}), tools=[loud], printing=nullcontext)
    assert capsys.readouterr() == ("loud\n", "")


def test_what_a_tool_prints_is_no_part_of_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """It goes to stderr."""

    @tool
    def loud() -> str:
        """Say it aloud."""
        print("loud")
        return "quiet"

    assert called(("loud", {}), tools=[loud]) == [("quiet", False)]
    assert capsys.readouterr() == ("", "loud\n")


def test_a_schema_that_names_another_place_is_not_fetched() -> None:
    """Sockets are refused here: what it names is not there."""
    own = Tool("far", "x", {"$ref": "https://example.invalid/s.json"}, lambda a, _: "ran")
    ((output, error),) = called(("far", {}), tools=[own])
    assert error
    assert "ran" not in output


@given(st.text(max_size=50), st.text(max_size=80))
def test_any_call_has_a_result(name: str, arguments: str) -> None:
    """Whatever a model writes."""
    assert len(called((name, arguments), ("add", arguments))) == 2


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"x": {"pattern": "[[:alpha:]](", "type": "string"}}},
        {"properties": {"x": {"type": "word"}}},
        {"properties": {"x": {"$ref": "https://schemas.example/x.json"}}},
        {"properties": {"x": {"$ref": "#/$defs/none"}}},
        {"properties": 7},
        {"properties": {"x": {"enum": 7}}},
    ],
    ids=["pattern", "type", "far ref", "near ref", "properties", "enum"],
)
def test_a_schema_that_cannot_be_read_is_told(schema: dict[str, Any]) -> None:
    """It may be another program's, written for another reader; nothing runs unchecked."""
    strange = Tool("strange", "Strange.", {"type": "object", **schema}, lambda *_: "ran")
    ((told, error),) = called(("strange", {"x": "a"}), tools=[strange])
    assert told.startswith("The tool's own schema cannot be read: ")
    assert error
