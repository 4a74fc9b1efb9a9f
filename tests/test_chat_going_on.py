"""A conversation that goes on with an answer, is summed up, and keeps what the model thought."""

from contextlib import suppress
from typing import Any

import pytest

from copilot_cli.chat import CONTINUE, KEPT, SUMMARIZE, Chat
from copilot_cli.context import summary
from copilot_cli.errors import CopilotChatError, ServiceError, TooLongError, UsageError
from copilot_cli.messages import (
    End,
    Message,
    QuotaSnapshot,
    Reasoning,
    ReasoningPart,
    Started,
    Text,
    TextPart,
    message,
)
from copilot_cli.store.recorder import SessionRecorder
from copilot_cli.store.sessions import Sessions
from tests.chat_world import (
    CUT,
    LONG,
    WHOLE,
    Engine,
    Log,
    Seconds,
    Step,
    answered,
    chat,
    notices,
    roles,
    turns,
)
from tests.engine_world import text_of

# Reasoning and quotas


def test_reasoning_is_kept_with_its_turn() -> None:
    """For /thinking; the next request carries the message, and the wire leaves it out."""
    engine = Engine([Reasoning("h"), Reasoning("m"), Text("a"), WHOLE], answered("b"))
    conversation = chat(engine)
    list(conversation.send("1"))
    assert conversation.reasoning == "hm"
    assert conversation.history[-1] == Message("assistant", (ReasoningPart("hm"), TextPart("a")))
    list(conversation.send("2"))
    assert conversation.reasoning == ""
    assert conversation.history[1].parts[0] == ReasoningPart("hm")


def test_reasoning_of_an_answer_without_a_word_can_be_looked_at() -> None:
    """Somebody paid for it."""
    conversation = chat(Engine([Reasoning("hm"), End("length", complete=False)]))
    list(conversation.send("1"))
    assert conversation.reasoning == "hm"
    assert conversation.history == []


def test_an_answer_of_blanks_is_no_part_of_the_conversation() -> None:
    """Some services refuse every later request that holds one."""
    engine = Engine([Text("\n \n"), WHOLE], answered())
    conversation = chat(engine)
    list(conversation.send("1"))
    list(conversation.send("2"))
    assert roles(engine.requests[1]) == [("user", "2")]


def test_what_the_headers_say_of_quotas_is_in_the_outcome() -> None:
    """The last reply's word counts."""
    quota = QuotaSnapshot("chat", 50.0, 80.0, None, None, None)
    conversation = chat(Engine([Started(None, "r", (quota,)), Text("a"), WHOLE]))
    list(conversation.send("1"))
    assert conversation.last is not None
    assert conversation.last.quotas == (quota,)


# Going on


def test_going_on_asks_for_the_rest() -> None:
    """A turn of its own, on record too; the answer is the whole of it."""
    log = Log()
    engine = Engine([Text("Once upon"), CUT], [Text(" a time"), CUT], [Text("."), WHOLE])
    conversation = chat(engine, log)
    list(conversation.send("Tell"))
    assert conversation.answer() == "Once upon"
    assert text_of(list(conversation.go_on())) == " a time"
    list(conversation.go_on())
    assert conversation.answer() == "Once upon a time."
    assert roles(engine.requests[2]) == [
        ("user", "Tell"),
        ("assistant", "Once upon"),
        ("user", CONTINUE),
        ("assistant", " a time"),
        ("user", CONTINUE),
    ]
    assert engine.requests[2].initiator == "user"
    assert [call[1] for call in log.calls if call[0] == "ask"] == ["Tell", CONTINUE, CONTINUE]


@pytest.mark.parametrize(
    "steps",
    [answered(), [ServiceError("out")], [CUT], [Text("  "), CUT]],
    ids=["whole", "failed", "cut before a word", "blank"],
)
def test_there_must_be_something_to_go_on_with(steps: list[Step]) -> None:
    """Else the model would go on with an older answer."""
    conversation = chat(Engine([Text("a"), CUT], steps))
    list(conversation.send("1"))
    with suppress(ServiceError):
        list(conversation.send("2"))
    with pytest.raises(UsageError):
        conversation.go_on()


def test_a_chat_that_has_not_begun_cannot_go_on() -> None:
    """And has no answer."""
    conversation = chat(Engine())
    assert conversation.answer() == ""
    with pytest.raises(UsageError):
        conversation.go_on()


def test_a_stored_answer_can_be_gone_on_with() -> None:
    """How it ended is not known any more; the person knows."""
    engine = Engine(answered("b"))
    conversation = chat(engine, history=[message("user", "1"), message("assistant", "a")])
    list(conversation.go_on())
    assert conversation.answer() == "ab"


def test_what_is_gone_on_with_is_never_left_out() -> None:
    """Whatever the window: without it the request would be senseless."""
    engine = Engine([Text(LONG), CUT], answered("b"))
    conversation = chat(engine, history=turns(3), window=150)
    list(conversation.send("1 " + LONG))
    list(conversation.go_on())
    assert [text[:2] for _, text in roles(engine.requests[1])] == ["1 ", "xx", CONTINUE[:2]]


# Summing up


def summed_up(log: Log | None = None, *answers: list[Step], **given: Any) -> tuple[Chat, Engine]:
    """Return a chat of five turns and its engine, which sums up with `answers` first."""
    engine = Engine(*(answers or (answered("They met."),)), answered("fine"))
    given.setdefault("history", turns(5, "said"))
    return chat(engine, log, **given), engine


def result(conversation: Chat) -> str:
    """Sum up, and return the summary."""
    events = conversation.compact()
    while True:
        try:
            next(events)
        except StopIteration as stop:
            return str(stop.value)


def test_a_summary_takes_the_place_of_the_old_turns() -> None:
    """The last two stay as they are; the program asked, so it is an agent's request."""
    log = Log()
    conversation, engine = summed_up(log, system="Be brief.")
    kept = conversation.history[-2 * KEPT :]
    assert result(conversation) == "They met."
    asked = engine.requests[0]
    assert asked.initiator == "agent"
    assert roles(asked)[0] == ("system", "Be brief.")
    assert [text for _, text in roles(asked)[1:]] == [
        *[f"{who}{n} said" for n in range(3) for who in ("", "a")],
        SUMMARIZE,
    ]
    assert conversation.history == [summary("They met."), *kept]
    assert log.calls == [("summarize", "They met.")]
    list(conversation.send("Go on"))
    assert roles(engine.requests[1])[:2] == [
        ("system", "Be brief."),
        ("system", "Summary of the conversation so far:\nThey met."),
    ]
    assert engine.requests[1].initiator == "user"


def test_what_is_stored_goes_on_as_it_was_talked_about() -> None:
    """A summary, the turns it leaves, a turn after it, and a second summary of all that."""
    sessions = Sessions.in_memory(pytest.fail)
    recorder = SessionRecorder(sessions)
    scripted = [answered(f"a{n}") for n in range(8)]
    scripted[4], scripted[6] = answered("They met."), answered("They parted.")
    conversation = Chat(
        Engine(*scripted), "m", recorder=recorder, monotonic=Seconds(), new_id=lambda: "made-up"
    )
    for number in range(4):
        list(conversation.send(f"q{number}"))
    for number in (5, 7):
        result(conversation)
        assert recorder.conversation() == conversation.history
        list(conversation.send(f"q{number}"))
        assert recorder.conversation() == conversation.history
    assert [text for _, text in roles(conversation.request("?"))][:3] == [
        "Summary of the conversation so far:\nThey parted.",
        "q3",
        "a3",
    ]
    sessions.close()


def test_a_summary_is_summed_up_with_what_came_after_it() -> None:
    """Nothing that was summed up once is lost the second time."""
    conversation, engine = summed_up(history=[summary("They met."), *turns(3, "said")])
    assert result(conversation) == "They met."
    assert roles(engine.requests[0])[0] == (
        "system",
        "Summary of the conversation so far:\nThey met.",
    )
    assert sum(each.role == "system" for each in conversation.history) == 1


FEW = {
    "nothing": [],
    "the last turns alone": turns(KEPT),
    "a summary and the last turns": [summary("They met."), *turns(KEPT)],
}


@pytest.mark.parametrize("history", FEW.values(), ids=FEW)
def test_there_must_be_something_to_sum_up(history: list[Message]) -> None:
    """Nothing is asked."""
    conversation, engine = summed_up(history=history)
    with pytest.raises(UsageError):
        result(conversation)
    assert engine.requests == []
    assert conversation.history == history


@pytest.mark.parametrize(
    "steps",
    [[Text("They"), CUT], [Text("They"), End("length", complete=False)], [ServiceError("out")]],
    ids=["cut", "too long", "failed"],
)
def test_half_a_summary_is_none(steps: list[Step]) -> None:
    """The conversation stays as it was, and nothing is on record."""
    log = Log()
    conversation, _ = summed_up(log, steps)
    before = list(conversation.history)
    with suppress(ServiceError):
        assert result(conversation) == ""
    assert conversation.history == before
    assert log.calls == []
    assert conversation.last is not None
    assert conversation.last.state in {"incomplete", "failed"}


def test_a_summary_can_be_stopped() -> None:
    """Ctrl-C in it changes nothing."""
    log = Log()
    conversation, engine = summed_up(log, [Text("They"), Text(" met."), WHOLE])
    before = list(conversation.history)
    events = conversation.compact()
    next(events)
    with pytest.raises(KeyboardInterrupt):
        events.throw(KeyboardInterrupt())
    assert (conversation.history, log.calls, engine.closed) == (before, [], 1)
    assert conversation.last is not None
    assert conversation.last.state == "interrupted"


def test_an_empty_summary_replaces_nothing() -> None:
    """A model that says nothing must not cost the conversation."""
    conversation, _ = summed_up(None, [Text(" \n"), WHOLE])
    before = list(conversation.history)
    with pytest.raises(CopilotChatError, match="nothing"):
        result(conversation)
    assert conversation.history == before


def test_summing_up_survives_a_conversation_that_is_too_long() -> None:
    """It is what people do when it is; the oldest turns are then left out of the summary too."""
    refusal = TooLongError("too long", limit=1000, counted=2000)
    conversation, engine = summed_up(None, [refusal], answered("They met."), history=turns(12))
    assert result(conversation) == "They met."
    assert len(engine.requests[1].messages) < len(engine.requests[0].messages)
    assert {request.initiator for request in engine.requests[:2]} == {"agent"}
    assert len(conversation.history) == 1 + 2 * KEPT
    list(conversation.send("?"))
    assert len(engine.requests[2].messages) == 2 + 2 * KEPT


def test_no_summary_is_asked_of_nothing() -> None:
    """What is too long to be summed up is refused; it is not left out with the rest."""
    history = [*turns(1, "x" * 8000), *turns(2, "said")]
    conversation, engine = summed_up(None, [TooLongError("too long", limit=1000)], history=history)
    with pytest.raises(TooLongError):
        result(conversation)
    assert [len(request.messages) for request in engine.requests] == [3]
    assert conversation.history == history


def test_what_requests_do_without_is_summed_up_all_the_same() -> None:
    """As far as it fits without the last turns."""
    history = [*turns(4, "said"), *turns(2, "x" * 2000)]
    conversation, engine = summed_up(
        None, answered(), answered("They met."), history=history, window=2000
    )
    assert len(notices(list(conversation.send("?")))) == 1
    result(conversation)
    assert roles(engine.requests[1])[0] == ("user", "0 said")


def test_an_answer_can_still_be_gone_on_with_after_summing_up() -> None:
    """The last turn is the same as before."""
    engine = Engine([Text("half"), CUT], answered("They met."), answered(" whole"))
    conversation = chat(engine, history=turns(4, "said"))
    list(conversation.send("?"))
    result(conversation)
    list(conversation.go_on())
    assert conversation.answer() == "half whole"
