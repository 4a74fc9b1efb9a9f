"""A conversation: what the next request carries, what is written down, and what is kept."""

from contextlib import suppress

import pytest

from copilot_cli.chat import Chat
from copilot_cli.errors import CopilotChatError, Interrupted, ServiceError
from copilot_cli.messages import (
    Cost,
    End,
    Message,
    Notice,
    Outcome,
    Reasoning,
    Schema,
    Started,
    Text,
    Usage,
    UsageReport,
    message,
)
from copilot_cli.parties import Forgetful
from copilot_cli.simulator import Simulator
from tests.chat_world import WHOLE, Engine, Log, Seconds, Step, chat, roles
from tests.engine_world import simulated_engine


def test_a_turn_passes_every_event_on() -> None:
    """What the engine says is what the reader hears."""
    events: list[Step] = [Started(None, "r"), Reasoning("hm"), Text("Hi"), Notice("n"), WHOLE]
    assert list(chat(Engine(events)).send("Hello")) == events


def test_the_next_request_carries_the_conversation() -> None:
    """System text, then every turn that had an answer, then the question; each with a new id."""
    engine = Engine([Text("He"), Text("y"), WHOLE], [Text("Fine"), WHOLE])
    conversation = chat(engine, system="Be brief.")
    list(conversation.send("Hello"))
    list(conversation.send("How are you?"))
    first, second = engine.requests
    assert roles(first) == [("system", "Be brief."), ("user", "Hello")]
    assert roles(second) == [
        ("system", "Be brief."),
        ("user", "Hello"),
        ("assistant", "Hey"),
        ("user", "How are you?"),
    ]
    assert (first.request_id, second.request_id) == ("id-0", "id-1")
    assert (first.initiator, first.stream) == ("user", True)


def test_a_conversation_goes_on_from_its_history() -> None:
    """A stored one is continued, and the given list is left alone."""
    history: list[Message] = [message("user", "a"), message("assistant", "b")]
    engine = Engine([Text("d"), WHOLE])
    conversation = chat(engine, history=history)
    list(conversation.send("c"))
    assert roles(engine.requests[0]) == [("user", "a"), ("assistant", "b"), ("user", "c")]
    assert len(history) == 2
    assert [each.text for each in conversation.history] == ["a", "b", "c", "d"]


def test_the_model_may_change_between_turns() -> None:
    """The history stays."""
    engine = Engine([Text("a"), WHOLE], [Text("b"), WHOLE])
    conversation = chat(engine, stream=False)
    list(conversation.send("1"))
    conversation.model = "other"
    list(conversation.send("2"))
    assert [request.model for request in engine.requests] == ["m", "other"]
    assert len(engine.requests[1].messages) == 3
    assert not engine.requests[0].stream


def test_what_an_answer_is_to_be_like_goes_with_each_request() -> None:
    """The cap, the stops, the form, and who asked."""
    engine = Engine([Text("a"), WHOLE], [Text("b"), WHOLE])
    form = Schema("answer", {"type": "object"})
    conversation = chat(engine, temperature=0.5, max_output=9, stop=["END"], schema=form)
    list(conversation.send("1"))
    list(conversation.send("2", initiator="agent"))
    wanted = [
        (each.temperature, each.max_output, each.stop, each.schema) for each in engine.requests
    ]
    assert wanted == [(0.5, 9, ("END",), form)] * 2
    assert [each.initiator for each in engine.requests] == ["user", "agent"]


def test_the_turn_is_written_down_as_it_happens() -> None:
    """The question before the request goes out, each piece as it comes, the end at last."""
    log = Log()
    engine = Engine([Started(None, None), Text("a"), Reasoning("hm"), Text("b"), WHOLE])
    events = chat(engine, log).send("Hello")
    assert log.calls == []
    next(events)
    assert log.calls == [("ask", "Hello"), ("begin", "m", "scripted")]
    list(events)
    assert log.calls[2:] == [("grow", "a"), ("grow", "b"), ("finish", "complete", "stop")]


def test_a_piece_is_written_down_before_it_is_shown() -> None:
    """What a person saw is never missing from the record."""
    log = Log()
    events = chat(Engine([Text("a"), WHOLE]), log).send("Hello")
    assert next(events) == Text("a")
    assert log.calls[-1] == ("grow", "a")


def test_the_outcome_holds_what_the_answer_cost() -> None:
    """Usage, bill, the service's id, and the seconds to the first word and to the end."""
    clock = Seconds()
    usage, cost = Usage(1, 2), Cost(0.5, "credits")
    engine = Engine(
        [
            Started(None, "r-1"),
            clock.pass_(2),
            Reasoning("hm"),
            clock.pass_(1),
            Text("a"),
            clock.pass_(4),
            Text("b"),
            UsageReport(usage, cost),
            WHOLE,
        ]
    )
    conversation = chat(engine, monotonic=clock)
    list(conversation.send("Hello"))
    assert conversation.last == Outcome("complete", "stop", usage, cost, "r-1", 3.0, 7.0)


ENDS: dict[str, tuple[list[Step], str, str | None, bool]] = {
    "whole": ([Text("a"), WHOLE], "complete", "stop", True),
    "whole and empty": ([WHOLE], "complete", "stop", False),
    "cut": ([Text("a"), End("cut", complete=False)], "incomplete", "cut", True),
    "limit": ([Text("a"), End("length", complete=False)], "incomplete", "length", True),
    "filtered at once": (
        [End("content_filter", complete=False)],
        "incomplete",
        "content_filter",
        False,
    ),
    "an error": ([ServiceError("out")], "failed", None, False),
    "an error after text": ([Text("a"), ServiceError("out")], "incomplete", None, True),
    "a bug": ([ValueError("bug")], "failed", None, False),
    "a bug after text": ([Text("a"), ValueError("bug")], "incomplete", None, True),
    "no end": ([Text("a")], "incomplete", None, True),
    "nothing": ([], "failed", None, False),
    "Ctrl-C before text": ([KeyboardInterrupt()], "interrupted", "interrupted", False),
    "Ctrl-C after text": ([Text("a"), KeyboardInterrupt()], "interrupted", "interrupted", True),
    "a signal": ([Text("a"), SystemExit(143)], "interrupted", "interrupted", True),
    "our own word for it": ([Text("a"), Interrupted("x")], "interrupted", "interrupted", True),
    "Ctrl-C after the end": ([Text("a"), WHOLE, KeyboardInterrupt()], "complete", "stop", True),
    "a bug after the end": ([Text("a"), WHOLE, ValueError("bug")], "complete", "stop", True),
}


@pytest.mark.parametrize(("steps", "state", "reason", "kept"), ENDS.values(), ids=ENDS)
def test_however_a_turn_ends_it_is_written_down_once(
    steps: list[Step], state: str, reason: str | None, kept: bool
) -> None:
    """What came is kept; a turn without a word is no part of the next request."""
    log, engine = Log(), Engine(steps, [Text("b"), WHOLE])
    conversation = chat(engine, log)
    with suppress(*(type(step) for step in steps if isinstance(step, BaseException))):
        list(conversation.send("1"))
    finishes = [call for call in log.calls if call[0] == "finish"]
    assert finishes == [("finish", state, reason)]
    assert conversation.last is not None
    assert conversation.last.state == state
    assert engine.closed == 1
    list(conversation.send("2"))
    before = [("user", "1"), ("assistant", "a")] if kept else []
    assert roles(engine.requests[1]) == [*before, ("user", "2")]


def test_an_error_goes_on_to_the_caller() -> None:
    """The very one."""
    error = ServiceError("out")
    with pytest.raises(CopilotChatError) as raised:
        list(chat(Engine([error])).send("1"))
    assert raised.value is error


@pytest.mark.parametrize("read", [1, 2], ids=["one piece", "two pieces"])
def test_closing_the_answer_keeps_what_came(read: int) -> None:
    """A reader who leaves stops the engine at once; the rest is never asked for."""
    log, engine = Log(), Engine([Text("a"), Text("b"), Text("c"), WHOLE])
    conversation = chat(engine, log)
    events = conversation.send("1")
    for _ in range(read):
        next(events)
    assert engine.closed == 0
    events.close()
    assert engine.closed == 1
    assert log.calls[-1] == ("finish", "interrupted", "interrupted")
    assert conversation.history[-1].text == "ab"[:read]


def test_an_exception_thrown_into_the_answer_stops_the_engine() -> None:
    """Ctrl-C while the text is being shown is Ctrl-C."""
    log, engine = Log(), Engine([Text("a"), Text("b"), WHOLE])
    events = chat(engine, log).send("1")
    next(events)
    with pytest.raises(KeyboardInterrupt) as raised:
        events.throw(KeyboardInterrupt())
    assert raised.tb is not None  # which keeps every frame alive
    assert engine.closed == 1
    assert log.calls[-1] == ("finish", "interrupted", "interrupted")


def test_closing_after_the_end_changes_nothing() -> None:
    """The answer was whole."""
    log = Log()
    events = chat(Engine([Text("a"), WHOLE]), log).send("1")
    next(events)
    next(events)
    events.close()
    assert log.calls[-1] == ("finish", "complete", "stop")


def test_an_answer_that_is_never_read_is_never_asked_for() -> None:
    """A generator that nobody started leaves no record either."""
    log, engine = Log(), Engine([WHOLE])
    chat(engine, log).send("1").close()
    assert (log.calls, engine.requests) == ([], [])


def test_without_a_recorder_nothing_is_kept_but_the_conversation() -> None:
    """`--no-save` goes through the same calls."""
    conversation = Chat(
        Engine([Text("a"), WHOLE]),
        "m",
        recorder=Forgetful(),
        monotonic=Seconds(),
        new_id=lambda: "id",
    )
    list(conversation.send("1"))
    assert len(conversation.history) == 2


def test_a_request_can_be_looked_at_without_sending_it() -> None:
    """What `--dry-run` shows is what `send` would send, and it adds nothing of its own."""
    engine = Engine()
    conversation = chat(engine, system=None)
    request = conversation.request("Hello")
    assert roles(request) == [("user", "Hello")]
    assert conversation.history == []
    assert engine.requests == []


def test_a_conversation_with_the_simulator_remembers() -> None:
    """Two turns over the whole engine; the second request carries the first."""
    simulator = Simulator()
    engine = simulated_engine(simulator)
    model = engine.models_reply()["data"][0]["id"]
    conversation = Chat(engine, model, monotonic=Seconds(), new_id=lambda: "made-up-id")
    for question, answer in (("1", "one"), ("2", "two")):
        simulator.answer(answer)
        assert list(conversation.send(question))[-1] == WHOLE
    sent = simulator.log[-1].json()["messages"]
    assert sent == [
        {"role": "user", "content": "1"},
        {"role": "assistant", "content": "one"},
        {"role": "user", "content": "2"},
    ]
    assert conversation.last is not None
    assert conversation.last.request_id
