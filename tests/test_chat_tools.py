"""The tool loop: what the model asks for is done, its results are sent, until it answers."""

from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from copilot_cli.errors import Interrupted, ServiceError, TooLongError
from copilot_cli.messages import (
    Cost,
    End,
    Event,
    Message,
    Reasoning,
    ReasoningPart,
    SealedReasoning,
    Text,
    TextPart,
    ToolCall,
    ToolCallPart,
    ToolResult,
    ToolResultPart,
    ToolSpec,
    Usage,
    UsageReport,
)
from copilot_cli.store.recorder import SessionRecorder
from copilot_cli.store.sessions import Sessions
from tests.chat_world import CUT, WHOLE, Engine, Log, Step, chat, notices

WANTS = End("tool_calls", complete=False)
ADD = ToolSpec("add", "Adds.", {"type": "object"})


class Box:
    """Tools that say what they were called with."""

    specs = (ADD,)

    def __init__(self, *raises: BaseException) -> None:
        self.calls: list[list[ToolCall]] = []
        self.closed = 0
        self._raises = list(raises)

    def run(self, calls: Sequence[ToolCall]) -> Generator[Event]:
        self.calls.append(list(calls))
        try:
            for call in calls:
                yield ToolResult(call.id, call.name, f"did {call.arguments}")
                if self._raises:
                    raise self._raises.pop(0)
        finally:
            self.closed += 1


def call(number: int) -> ToolCall:
    """A call with its number as its argument."""
    return ToolCall(f"c{number}", "add", f"{number}")


def test_what_is_asked_for_is_done_and_sent() -> None:
    """Every call of a round in order; the follow-up is the program's own and shown as it comes."""
    engine = Engine([Text("Let me see. "), call(1), call(2), WANTS], [Text("Done."), WHOLE])
    box = Box()
    conversation = chat(engine, tools=box)
    events = list(conversation.send("?"))
    assert events == [
        Text("Let me see. "),
        call(1),
        call(2),
        ToolResult("c1", "add", "did 1"),
        ToolResult("c2", "add", "did 2"),
        Text("Done."),
        WHOLE,
    ]
    assert box.calls == [[call(1), call(2)]]
    first, second = engine.requests
    assert first.tools == second.tools == (ADD,)
    assert (first.initiator, second.initiator) == ("user", "agent")
    assert first.request_id != second.request_id
    assert second.messages[1:] == [
        Message(
            "assistant",
            (
                TextPart("Let me see. "),
                ToolCallPart("c1", "add", "1"),
                ToolCallPart("c2", "add", "2"),
            ),
        ),
        Message("tool", (ToolResultPart("c1", "did 1"), ToolResultPart("c2", "did 2"))),
    ]


def test_every_call_of_a_conversation_has_an_id_of_its_own() -> None:
    """Where the service gives none, or one twice: results find theirs, no request is refused."""
    same = ToolCall("call_0", "add", "1")
    long = ToolCall("c" * 64, "add", "2")
    engine = Engine(
        [same, same, long, WANTS], [same, long, WANTS], [Text("one"), WHOLE], [same, WANTS], [WHOLE]
    )
    box = Box()
    conversation = chat(engine, tools=box)
    shown = [*conversation.send("a"), *conversation.send("b")]
    ids = [event.id for event in shown if isinstance(event, ToolCall)]
    assert ids == ["call_0", "call_0_2", "c" * 64, "call_0_3", "c" * 50 + "_2", "call_0_4"]
    assert [event.id for event in shown if isinstance(event, ToolResult)] == ids
    assert [each.id for calls in box.calls for each in calls] == ids
    parts = [part for message in conversation.history for part in message.parts]
    assert [part.id for part in parts if isinstance(part, ToolCallPart)] == ids
    assert [part.call_id for part in parts if isinstance(part, ToolResultPart)] == ids


def test_the_next_turn_carries_calls_and_results() -> None:
    """As they were, and without the reasoning that belonged to that answer alone."""
    engine = Engine([call(1), WANTS], [Text("one"), WHOLE], [Text("two"), WHOLE])
    conversation = chat(engine, tools=Box())
    list(conversation.send("a"))
    list(conversation.send("b"))
    assert [each.role for each in engine.requests[2].messages] == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
    ]
    assert conversation.answer() == "two"


def test_reasoning_is_echoed_within_the_turn_and_dropped_after_it() -> None:
    """In the provider's own form, on the message it came with."""
    engine = Engine(
        [Reasoning("hm"), SealedReasoning("sealed", "chat"), call(1), WANTS],
        [Text("one"), WHOLE],
        [Text("two"), WHOLE],
    )
    conversation = chat(engine, tools=Box())
    list(conversation.send("a"))
    list(conversation.send("b"))
    assert ReasoningPart("hm", "sealed", "chat") in engine.requests[1].messages[1].parts
    sealed = [
        part
        for each in engine.requests[2].messages
        for part in each.parts
        if isinstance(part, ReasoningPart) and part.opaque
    ]
    assert sealed == []


def test_the_rounds_have_a_limit_that_ends_with_an_answer() -> None:
    """The last request lets it ask for nothing more, and that is said."""
    engine = Engine([call(1), WANTS], [call(2), WANTS], [Text("as far as I know"), WHOLE])
    box = Box()
    events = list(chat(engine, tools=box, max_rounds=2).send("?"))
    assert [request.tool_choice for request in engine.requests] == ["auto", "auto", "none"]
    assert notices(events) == ["the model has used tools 2 times; it answers now"]
    assert events[-1] == WHOLE
    assert len(box.calls) == 2
    once = Engine([call(1), WANTS], [WHOLE])
    events = list(chat(once, tools=box, max_rounds=1).send("?"))
    assert notices(events) == ["the model has used tools once; it answers now"]


def test_a_model_that_asks_beyond_the_limit_is_not_heard() -> None:
    """Its answer is incomplete."""
    engine = Engine([call(1), WANTS], [call(2), WANTS])
    box = Box()
    assert list(chat(engine, tools=box, max_rounds=1).send("?"))[-1] == WANTS
    assert len(box.calls) == 1


def test_without_tools_the_wish_ends_the_answer() -> None:
    """As before there were any."""
    engine = Engine([call(1), WANTS])
    assert list(chat(engine).send("?")) == [call(1), WANTS]
    assert engine.requests[0].tools == ()


@pytest.mark.parametrize("end", [CUT, End("length", complete=False)], ids=["cut", "too long"])
def test_a_call_of_an_answer_that_was_cut_is_not_done(end: End) -> None:
    """It may not be whole."""
    box = Box()
    assert list(chat(Engine([call(1), end]), tools=box).send("?"))[-1] == end
    assert box.calls == []


def test_what_the_engine_has_done_itself_is_not_done_again() -> None:
    """A runtime with a loop of its own says so."""
    done = call(1)._replace(executed=True)
    box = Box()
    events: list[Step] = [done, ToolResult("c1", "add", "5"), Text("five"), WHOLE]
    conversation = chat(Engine(events), tools=box)
    assert list(conversation.send("?")) == events
    assert box.calls == []
    assert [each.role for each in conversation.history] == [
        "user",
        "assistant",
        "tool",
        "assistant",
    ]


def test_a_call_beside_one_that_the_engine_has_done_is_done() -> None:
    """That one alone, and both are in the transcript."""
    done = call(1)._replace(executed=True)
    script: list[Step] = [done, ToolResult("c1", "add", "5"), call(2), WANTS]
    box = Box()
    list(chat(Engine(script, [Text("seven"), WHOLE]), tools=box).send("?"))
    assert box.calls == [[call(2)]]


def test_a_whole_answer_is_not_gone_on_from_though_a_call_was_in_it() -> None:
    """The end of the answer says what the model wants."""
    box = Box()
    assert list(chat(Engine([call(1), Text("x"), WHOLE]), tools=box).send("?"))[-1] == WHOLE
    assert box.calls == []


def test_tokens_and_cost_are_those_of_all_rounds() -> None:
    """And the window learns from each."""
    engine = Engine(
        [call(1), UsageReport(Usage(10, 2), Cost(1.0, "credits")), WANTS],
        [Text("x"), UsageReport(Usage(20, 3), Cost(2.0, "credits")), WHOLE],
    )
    conversation = chat(engine, tools=Box())
    list(conversation.send("?"))
    assert conversation.last is not None
    assert conversation.last.usage == Usage(30, 5)
    assert conversation.last.cost == Cost(3.0, "credits")
    assert conversation.tokens[0] == 23


def test_a_failure_after_words_and_tools_is_a_cut_answer() -> None:
    """What was done is kept, and not done again."""
    engine = Engine([Text("I look. "), call(1), WANTS], [ServiceError("out")])
    conversation = chat(engine, tools=Box())
    events = list(conversation.send("?"))
    assert events[-1] == End("error", complete=False, detail="out")
    assert [each.role for each in conversation.history] == ["user", "assistant", "tool"]
    assert conversation.last is not None
    assert conversation.last.finish_reason == "error"


def test_a_failure_before_any_word_is_told_as_it_is() -> None:
    """With its own exit code; the turn has no answer, but what was done is on record."""
    log = Log()
    conversation = chat(Engine([call(1), WANTS], [ServiceError("out")]), log, tools=Box())
    with pytest.raises(ServiceError):
        list(conversation.send("?"))
    assert ("finish", "incomplete", None) in log.calls


@pytest.mark.parametrize("error", [KeyboardInterrupt(), GeneratorExit()])
def test_ctrl_c_stops_the_tools_and_keeps_what_came(error: BaseException) -> None:
    """Results that are there, and no call without one."""
    box = Box(error)
    log = Log()
    conversation = chat(Engine([Text("I look. "), call(1), call(2), WANTS]), log, tools=box)
    with pytest.raises(type(error)):
        list(conversation.send("?"))
    assert box.closed == 1
    assert log.calls[-1] == ("finish", "interrupted", None) or log.calls[-1][1] == "interrupted"
    assert conversation.history[1:] == [
        Message("assistant", (TextPart("I look. "), ToolCallPart("c1", "add", "1"))),
        Message("tool", (ToolResultPart("c1", "did 1"),)),
    ]


def test_what_stops_the_answer_after_words_and_tools_is_no_failure_of_it() -> None:
    """Ctrl-C at a question of ours, for a passphrase say: it has its own exit code."""
    log = Log()
    engine = Engine([Text("I look. "), call(1), WANTS], [Interrupted("stopped")])
    with pytest.raises(Interrupted):
        list(chat(engine, log, tools=Box()).send("?"))
    assert log.calls[-1][1] == "interrupted"


def test_nothing_runs_for_a_summary() -> None:
    """What a tool gave there would be in no transcript, and the words of a round no summary."""
    engine = Engine([call(1), WANTS])
    box, said = Box(), [Message(who, (TextPart("x"),)) for who in ("user", "assistant") * 3]
    conversation = chat(engine, tools=box, history=said)
    assert call(1) in list(conversation.compact())
    assert box.calls == []
    assert engine.requests[0].tool_choice == "none"
    assert conversation.history == said


def test_a_refusal_as_too_long_in_a_later_round_leaves_out_older_turns() -> None:
    """And no tool is run again for it."""
    engine = Engine(
        [Text("0"), WHOLE],
        [call(1), WANTS],
        [TooLongError("too long", limit=10, counted=20)],
        [Text("x"), WHOLE],
    )
    box = Box()
    conversation = chat(engine, tools=box)
    list(conversation.send("a " * 200))
    events = list(conversation.send("b"))
    assert events[-1] == WHOLE
    assert len(box.calls) == 1
    assert [each.role for each in engine.requests[3].messages] == ["user", "assistant", "tool"]


def test_it_is_stored_with_its_results(tmp_path: Path) -> None:
    """In order, and the conversation goes on from disk as it does in memory."""
    sessions = Sessions(tmp_path / "c.db", lambda _: None)
    recorder = SessionRecorder(sessions)
    engine = Engine([Text("I look. "), call(1), WANTS], [Text("Done."), WHOLE])
    conversation = chat(engine, tools=Box(), recorder=recorder)
    list(conversation.send("?"))
    stored = sessions.history(recorder.session)[-1]
    assert stored.parts == (
        TextPart("I look. "),
        ToolCallPart("c1", "add", "1"),
        ToolResultPart("c1", "did 1"),
        TextPart("Done."),
    )
    assert recorder.conversation() == conversation.history
    sessions.close()


def test_a_message_of_parts_keeps_them_in_their_order() -> None:
    """On the way out, on record, and in the turns after it."""
    engine = Engine([Text("a"), WHOLE], [Text("b"), WHOLE])
    parts = (TextPart("one"), TextPart("two"))
    conversation = chat(engine)
    list(conversation.send(parts))
    list(conversation.send("next"))
    assert engine.requests[0].messages[0] == Message("user", parts)
    assert engine.requests[1].messages[0] == Message("user", parts)
