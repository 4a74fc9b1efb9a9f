"""A conversation and its model's window: what is left out, what is sent again, what is told."""

from typing import Any

import pytest

from copilot_cli.chat import Chat
from copilot_cli.engines.models import parse_models
from copilot_cli.errors import ServiceError, TooLongError
from copilot_cli.messages import (
    Notice,
    Reasoning,
    Text,
    Usage,
)
from copilot_cli.simulator import Simulator
from tests.chat_world import (
    LONG,
    Engine,
    Log,
    Seconds,
    answered,
    chat,
    notices,
    roles,
    turns,
)
from tests.engine_world import simulated_engine, text_of

# Leaving out


def test_what_does_not_fit_is_left_out_and_said() -> None:
    """The oldest turns; the conversation itself keeps them."""
    engine = Engine(answered())
    conversation = chat(engine, history=turns(10), window=1200, system="Be brief.")
    events = list(conversation.send("And now?"))
    assert events[0] == Notice(
        "the 6 oldest turns were left out: the conversation no longer fits m's 1.2k window"
    )
    sent = roles(engine.requests[0])
    assert sent[0] == ("system", "Be brief.")
    assert sent[1][1].startswith("6 ")
    assert sent[-1] == ("user", "And now?")
    assert len(conversation.history) == 22


def test_it_is_said_once_for_each_change() -> None:
    """The turns after it leave out the same, until there is no room again."""
    engine = Engine(*[answered(LONG) for _ in range(8)])
    conversation = chat(engine, history=turns(10), window=1200)
    said = [notices(list(conversation.send("more " + LONG))) for _ in range(8)]
    assert len(said[0]) == 1
    assert said[1] == []
    assert 2 <= sum(map(len, said)) <= 4
    firsts = [request.messages[0] for request in engine.requests]
    assert firsts[0] == firsts[1]


def test_one_turn_is_one_turn() -> None:
    """The words fit the number."""
    conversation = chat(Engine(answered()), history=turns(2), window=420)
    assert notices(list(conversation.send("?"))) == [
        "the oldest turn was left out: the conversation no longer fits m's 420 window"
    ]


def test_an_unknown_window_leaves_nothing_out() -> None:
    """No limit is guessed."""
    engine = Engine(answered())
    assert notices(list(chat(engine, history=turns(300)).send("?"))) == []
    assert len(engine.requests[0].messages) == 601


def test_the_last_message_goes_out_whatever_its_size() -> None:
    """It is not cut, and the service's own error is shown."""
    error = TooLongError("too long", limit=100, counted=2500)
    engine = Engine([error])
    with pytest.raises(TooLongError) as raised:
        list(chat(engine, window=100).send("x" * 10_000))
    assert raised.value is error
    assert roles(engine.requests[0]) == [("user", "x" * 10_000)]


def test_what_would_be_sent_can_be_looked_at() -> None:
    """A look changes nothing: the notice comes with the sending."""
    conversation = chat(Engine(answered()), history=turns(10), window=1200)
    looked_at = conversation.request("?").messages
    events = list(conversation.send("?"))
    assert len(notices(events)) == 1
    assert len(looked_at) == 9


# Refused as too long


def test_a_refused_conversation_is_sent_once_more_without_its_oldest_turns() -> None:
    """With another request id, the same initiator, and a notice; it is one turn on record."""
    log = Log()
    refusal = TooLongError("too long", limit=1000, counted=2200)
    engine = Engine([refusal], answered())
    conversation = chat(engine, log, history=turns(10), window=4000)
    events = list(conversation.send("?"))
    first, second = engine.requests
    assert len(first.messages) == 21
    assert second.messages == first.messages[-len(second.messages) :]
    assert 1 < len(second.messages) < 10
    assert first.request_id != second.request_id
    assert first.initiator == second.initiator == "user"
    left_out = (21 - len(second.messages)) // 2
    assert notices(events) == [
        f"the {left_out} oldest turns were left out: the conversation no longer fits m's 1k window"
    ]
    assert text_of(events) == "ok"
    assert [call[0] for call in log.calls] == ["ask", "begin", "grow", "finish"]
    assert engine.closed == 2
    assert conversation.tokens[1] == 1000


def test_the_next_turn_remembers_the_refusal() -> None:
    """It is not refused a second time for the same turns."""
    engine = Engine([TooLongError("too long")], answered(), answered())
    conversation = chat(engine, history=turns(10))
    assert notices(list(conversation.send("1"))) == [
        "the 5 oldest turns were left out: the conversation no longer fits m's window"
    ]
    assert notices(list(conversation.send("2"))) == []
    assert [len(request.messages) for request in engine.requests] == [21, 11, 13]


def test_a_second_refusal_is_shown() -> None:
    """Once more, and not twice: every attempt takes its time."""
    second = TooLongError("still too long")
    engine = Engine([TooLongError("too long")], [second])
    conversation = chat(engine, history=turns(10), window=4000)
    with pytest.raises(TooLongError) as raised:
        list(conversation.send("?"))
    assert raised.value is second
    assert len(engine.requests) == 2
    assert conversation.last is not None
    assert conversation.last.state == "failed"
    assert len(conversation.history) == 20


def test_nothing_is_sent_again_once_there_was_text() -> None:
    """Two beginnings of an answer are none."""
    engine = Engine([Text("a"), TooLongError("too long")], answered())
    with pytest.raises(TooLongError):
        list(chat(engine, history=turns(10)).send("?"))
    assert len(engine.requests) == 1


def test_another_error_is_no_reason_to_leave_anything_out() -> None:
    """It goes on to the caller."""
    engine = Engine([ServiceError("out")])
    with pytest.raises(ServiceError):
        list(chat(engine, history=turns(10), window=4000).send("?"))
    assert len(engine.requests) == 1


def test_reasoning_before_the_refusal_is_no_answer() -> None:
    """Nothing of it reached stdout."""
    engine = Engine([Reasoning("hm"), TooLongError("too long")], answered())
    assert text_of(list(chat(engine, history=turns(10)).send("?"))) == "ok"


# The meter


def test_the_meter_shows_the_services_count() -> None:
    """Estimated before the first turn; then prompt and answer, as the service counted them."""
    engine = Engine(answered("a" * 40, Usage(120, 30, reasoning_tokens=20)))
    conversation = chat(engine, window=8000)
    assert conversation.tokens == (0, 8000)
    assert conversation.estimated
    list(conversation.send("?"))
    assert conversation.tokens == (130, 8000)
    assert not conversation.estimated


def test_the_meter_follows_an_undo() -> None:
    """What is taken back is counted no more."""
    engine = Engine(*[answered(LONG, Usage(1000 * n, 100)) for n in (1, 2)])
    conversation = chat(engine, window=8000)
    list(conversation.send("1 " + LONG))
    after_one = list(conversation.history)
    list(conversation.send("2 " + LONG))
    before = conversation.tokens[0]
    conversation.load(after_one)
    assert conversation.tokens[0] < before
    assert conversation.history == after_one


def test_the_meter_counts_what_is_sent() -> None:
    """Turns that are left out fill no window."""
    conversation = chat(Engine(answered()), history=turns(10), window=1200)
    assert conversation.tokens[0] > 1200
    list(conversation.send("?"))
    assert conversation.tokens[0] < 1200


def test_another_conversation_is_not_trimmed_for_the_last_one() -> None:
    """What was left out there says nothing here."""
    engine = Engine(answered(), answered())
    conversation = chat(engine, history=turns(10), window=1200)
    list(conversation.send("?"))
    conversation.load(turns(3))
    list(conversation.send("?"))
    assert len(engine.requests[1].messages) == 7


# Another model, another effort


def test_another_model_has_another_window() -> None:
    """What was left out for the small one is there for the large one."""
    engine = Engine(answered(), answered(), answered())
    conversation = chat(engine, history=turns(10), window=1200)
    list(conversation.send("?"))
    conversation.use_model("large", window=128_000)
    list(conversation.send("?"))
    conversation.model = "unknown"
    list(conversation.send("?"))
    assert [len(request.messages) for request in engine.requests] == [9, 23, 25]
    assert [request.model for request in engine.requests] == ["m", "large", "unknown"]
    assert conversation.tokens[1] is None


def test_another_model_counts_about_alike() -> None:
    """What the service has counted is a better guess than the rule of thumb."""
    conversation = chat(Engine(answered("a" * 40, Usage(120, 30))), window=8000)
    list(conversation.send("?"))
    conversation.use_model("large", window=128_000)
    assert conversation.tokens == (150, 128_000)
    assert not conversation.estimated


def test_the_system_text_may_change_between_turns() -> None:
    """The next request has the new one, and only that."""
    engine = Engine(answered(), answered())
    conversation = chat(engine, system="Be brief.")
    list(conversation.send("1"))
    conversation.system = "Be long."
    list(conversation.send("2"))
    assert [each.role for each in engine.requests[1].messages].count("system") == 1
    assert engine.requests[1].messages[0].text == "Be long."


def test_an_effort_is_sent_where_the_model_lists_it() -> None:
    """It may change between turns."""
    engine = Engine(answered(), answered(), answered())
    conversation = chat(engine, effort="high", efforts=("low", "high"))
    events = list(conversation.send("1"))
    conversation.effort = "low"
    list(conversation.send("2"))
    conversation.effort = None
    list(conversation.send("3"))
    assert [request.effort for request in engine.requests] == ["high", "low", None]
    assert notices(events) == []


def test_an_effort_that_the_model_does_not_list_is_not_sent_and_said_once() -> None:
    """A service refuses what it does not know."""
    engine = Engine(*[answered() for _ in range(4)])
    conversation = chat(engine, effort="huge", efforts=("low", "high"))
    said = [notices(list(conversation.send("?"))) for _ in range(2)]
    conversation.use_model("plain", efforts=())
    said += [notices(list(conversation.send("?"))) for _ in range(2)]
    assert said == [
        ["effort huge is not sent: m does not list it (low, high)"],
        [],
        ["effort huge is not sent: plain does not list it"],
        [],
    ]
    assert {request.effort for request in engine.requests} == {None}


def test_an_effort_is_sent_to_a_model_of_which_nothing_is_known() -> None:
    """Its service says what it does not know."""
    engine = Engine(answered())
    conversation = chat(engine, effort="high")
    assert notices(list(conversation.send("?"))) == []
    assert engine.requests[0].effort == "high"


# With the service's stand-in


def simulated(simulator: Simulator, **given: Any) -> Chat:
    """Return a chat with the simulator's model of 1,024 tokens of prompt."""
    ids = iter(range(1000))
    given.setdefault("monotonic", Seconds())
    return Chat(
        simulated_engine(simulator), "sim-small", new_id=lambda: f"made-up-{next(ids)}", **given
    )


def test_the_small_model_says_its_window() -> None:
    """In the list, as a real one does."""
    engine = simulated_engine(Simulator())
    (small,) = [m for m in parse_models(engine.models_reply()) if m.id == "sim-small"]
    assert small.prompt_tokens == 1024


def test_forty_turns_fit_a_small_window() -> None:
    """Not one is refused, once the service has counted the first."""
    simulator = Simulator()
    conversation = simulated(simulator, window=1024)
    for number in range(40):
        events = list(conversation.send(f"{number} {LONG}"))
        assert text_of(events).startswith(f"{number} ")
        used, window = conversation.tokens
        assert conversation.last is not None
        told = conversation.last.usage
        assert told.input_tokens is not None
        assert told.output_tokens is not None
        assert used == told.input_tokens + told.output_tokens
        assert window == 1024
    chats = [entry for entry in simulator.log if entry.path == "/chat/completions"]
    assert len(chats) == 40
    assert len(conversation.history) == 80


def test_a_refusal_of_the_service_is_survived() -> None:
    """Its own error, in its own words; the limit it names is the window from then on."""
    simulator = Simulator()
    conversation = simulated(simulator, history=turns(10))
    events = list(conversation.send("short"))
    assert text_of(events) == "short"
    assert notices(events)[0].endswith(
        "left out: the conversation no longer fits sim-small's 1k window"
    )
    assert conversation.tokens[1] == 1024
    chats = [entry for entry in simulator.log if entry.path == "/chat/completions"]
    assert [entry.status for entry in chats] == [400, 200]
    ids = [entry.headers["x-request-id"] for entry in chats]
    assert len(set(ids)) == 2


def test_a_message_that_is_too_long_by_itself_is_refused_in_the_services_words() -> None:
    """Nothing is cut, and nothing is sent twice."""
    simulator = Simulator()
    with pytest.raises(TooLongError, match="1200 exceeds the limit of 1024") as raised:
        list(simulated(simulator, window=1024).send("x" * 4800))
    assert raised.value.limit == 1024
    assert sum(entry.path == "/chat/completions" for entry in simulator.log) == 1
