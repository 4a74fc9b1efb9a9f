"""How an answer is reported: as text, as one object, as lines of JSON."""

import io
import json
from typing import Any

import pytest

from copilot_cli.errors import QuotaError
from copilot_cli.messages import (
    Cost,
    End,
    Notice,
    Outcome,
    Reasoning,
    Started,
    Switched,
    Text,
    ToolCall,
    ToolResult,
    Usage,
    UsageReport,
    Waiting,
)
from copilot_cli.ui.console import Streams
from copilot_cli.ui.report import EventsReport, JSONReport, TextReport


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Writer:
    """Writes down what it is told, beside what stderr hears."""

    def __init__(self, heard: list[str]) -> None:
        self._heard = heard

    def text(self, text: str) -> None:
        self._heard.append(f"text {text}")

    def reasoning(self, text: str) -> None:
        self._heard.append(f"reasoning {text}")

    def end(self, *, incomplete: bool) -> None:
        self._heard.append(f"end incomplete={incomplete}")

    def close(self) -> None:
        self._heard.append("close")


class Heard(Streams):
    """Streams whose notices are noted in order with the writer's calls."""

    def __init__(self, *, terminal: bool) -> None:
        out = Terminal() if terminal else io.StringIO()
        super().__init__(io.StringIO(), out, io.StringIO(), environ={})
        self.heard: list[str] = []

    def notice(self, text: str) -> None:
        self.heard.append(f"notice {text}")


OUTCOME = Outcome(
    state="complete",
    finish_reason="stop",
    usage=Usage(input_tokens=3, output_tokens=0),
    cost=Cost(0.5, "credits"),
    request_id="made-up-id",
    first_token=0.12345,
    total=1.0,
)


def told(report: Any, *events: Any) -> None:
    report.start("sim-echo", "direct", None)
    for event in events:
        report.event(event)


def test_a_notice_on_a_terminal_waits_for_the_answer_s_end() -> None:
    """Between rows that are still being redrawn it would be overwritten, or overwrite."""
    streams = Heard(terminal=True)
    report = TextReport(streams, lambda: Writer(streams.heard))
    told(report, Text("a"), Notice("within"), Text("b"), End("stop", True))
    report.finish(None, None)
    assert streams.heard == [
        "text a",
        "text b",
        "end incomplete=False",
        "close",
        "notice within",
    ]


def test_a_notice_beside_a_pipe_is_said_at_once() -> None:
    """Nothing is redrawn there."""
    streams = Heard(terminal=False)
    report = TextReport(streams, lambda: Writer(streams.heard))
    told(report, Text("a"), Notice("within"), Text("b"))
    assert streams.heard == ["text a", "notice within", "text b"]


def test_what_was_thought_before_a_wait_is_folded_away() -> None:
    """The answer starts anew after it; the terminal is whole while the seconds are shown."""
    streams = Heard(terminal=True)
    report = TextReport(streams, lambda: Writer(streams.heard))
    told(report, Reasoning("hm"), Waiting(2.0, "busy"), Text("a"))
    assert streams.heard == [
        "reasoning hm",
        "close",
        "notice busy; sending again in 2.0 s",
        "text a",
    ]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_tool_is_told_in_its_place(terminal: bool) -> None:
    """Between the texts around it; on a terminal what is being redrawn ends first."""
    streams = Heard(terminal=terminal)
    report = TextReport(streams, lambda: Writer(streams.heard))
    call = ToolCall("1", "look", '{"path": "a\x1b[2J"}')
    results = [
        ToolResult("1", "look", "one"),
        ToolResult("1", "look", "1\n2\n3"),
        ToolResult("1", "look", ""),
        ToolResult("1", "look", "no such file", error=True),
    ]
    told(report, Text("a"), call, *results, Text("b"))
    said = [
        'notice → look {"path": "a␛[2J"}',
        "notice ← look: one",
        "notice ← look: 3 lines, 5 characters",
        "notice ← look: nothing",
        "notice ✗ look: no such file",
    ]
    ends = ["end incomplete=False"] if terminal else []
    assert streams.heard == ["text a", *[each for line in said for each in (*ends, line)], "text b"]


def test_who_answers_instead_is_said_and_is_in_the_object() -> None:
    """Nothing was shown before it."""
    streams = Heard(terminal=False)
    switched = Switched("byok", "other", "the service is down; other (byok) answers instead")
    told(TextReport(streams, lambda: Writer(streams.heard)), switched, Text("a"))
    assert streams.heard == [
        "close",
        "notice the service is down; other (byok) answers instead",
        "text a",
    ]
    out: list[bytes] = []
    beside: list[str] = []
    object_report = JSONReport(out.append, beside.append)
    told(object_report, switched, Notice("hey"), Waiting(1.5, "busy"), Text("a"))
    object_report.finish(OUTCOME, None)
    found = json.loads(b"".join(out))
    assert (found["model"], found["engine"]) == ("other", "byok")
    assert beside == [
        "the service is down; other (byok) answers instead",
        "hey",
        "busy; sending again in 1.5 s",
    ]


@pytest.mark.parametrize("ending", ["finish", "abandon"])
def test_the_terminal_is_left_whole_once(ending: str) -> None:
    """However it ends, and also before it began."""
    streams = Heard(terminal=True)
    report = TextReport(streams, lambda: Writer(streams.heard))
    report.abandon()
    assert streams.heard == []
    told(report, Text("a"), End("length", complete=False))
    for _ in range(2):
        report.finish(None, None) if ending == "finish" else report.abandon()
    assert streams.heard == ["text a", "end incomplete=True", "close"]


def test_one_object() -> None:
    """The shape of the contract; figures that were given, null for those that were not."""
    out: list[bytes] = []
    report = JSONReport(out.append)
    told(report, Text("a"), Notice("not in it"), Text("b"), End("stop", True))
    report.finish(OUTCOME, QuotaError("no quota", hint="wait"))
    assert json.loads(b"".join(out)) == {
        "answer": "ab",
        "model": "sim-echo",
        "engine": "direct",
        "finish_reason": "stop",
        "usage": {
            "input_tokens": 3,
            "output_tokens": 0,
            "cached_tokens": None,
            "cache_write_tokens": None,
            "reasoning_tokens": None,
        },
        "cost": {"amount": 0.5, "unit": "credits"},
        "session": None,
        "request_id": "made-up-id",
        "seconds": {"first_token": 0.123, "total": 1.0},
        "error": {"kind": "quota", "message": "no quota", "hint": "wait", "exit_code": 5},
    }


def test_one_object_of_nothing() -> None:
    """It failed before anything was asked: every figure is null, and the error is there."""
    out: list[bytes] = []
    JSONReport(out.append).finish(None, QuotaError("no quota"))
    found = json.loads(b"".join(out))
    assert found["error"]["hint"] is None
    assert found["answer"] == ""
    assert {found[name] for name in ("model", "engine", "cost", "request_id")} == {None}
    assert set(found["usage"].values()) == set(found["seconds"].values()) == {None}


def test_lines_of_json() -> None:
    """One object a line for each thing that happens, in order."""
    out: list[bytes] = []
    report = EventsReport(out.append)
    told(
        report,
        Started("m", "id"),
        Reasoning("hm"),
        Text("a\u2028b"),
        ToolCall("1", "tool", "{}"),
        ToolResult("1", "tool", "ok", error=True),
        Notice("hey"),
        Waiting(1.5, "busy"),
        UsageReport(Usage(output_tokens=7), None),
        End("stop", True),
    )
    report.finish(None, QuotaError("no quota"))
    report.abandon()
    assert all(line.count(b"\n") == 1 for line in out)
    found = [json.loads(line) for line in out]
    assert [line["type"] for line in found] == [
        "start",
        "reasoning",
        "text",
        "tool_call",
        "tool_result",
        "notice",
        "notice",
        "usage",
        "end",
        "error",
    ]
    assert found[2]["text"] == "a\u2028b"
    assert found[3] == {"type": "tool_call", "id": "1", "name": "tool", "arguments": "{}"}
    result = {"type": "tool_result", "id": "1", "name": "tool", "output": "ok", "error": True}
    assert found[4] == result
    assert found[7]["output_tokens"] == 7
    assert found[7]["cost"] is None
    assert found[8] == {"type": "end", "finish_reason": "stop", "complete": True}
