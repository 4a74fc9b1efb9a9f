"""Failover: who is asked next, when nobody is, and who is passed over for a while."""

from typing import Any

import pytest

from copilot_cli.engines.failover import Breaker, Candidate, Failover
from copilot_cli.errors import (
    BudgetError,
    CopilotChatError,
    FilteredError,
    LimitError,
    LockTimeout,
    ModelUnavailable,
    NetworkError,
    NotAllowedError,
    QuotaError,
    ServiceError,
    SettingsError,
    SignInError,
    TooLongError,
)
from copilot_cli.messages import (
    End,
    Event,
    Message,
    Notice,
    Reasoning,
    ReasoningPart,
    Request,
    Started,
    Switched,
    Text,
    TextPart,
    ToolCall,
    ToolResultPart,
    Waiting,
    message,
)
from tests.chat_world import CUT, Engine, Seconds, Step, answered


def outage(what: str = "the service failed") -> ServiceError:
    """Return an error that counts."""
    error = ServiceError(what)
    error.outage = True
    return error


class World:
    """A first engine `a`, and others by the names of their models."""

    def __init__(self, first: Engine, **others: Engine | CopilotChatError) -> None:
        self.seconds = Seconds()
        self.breaker = Breaker(self.seconds)
        self.first = first
        self.others = others
        self.opened: list[str] = []
        self.engine = Failover(first, list(others), self.open, self.breaker)

    def open(self, name: str) -> Candidate:
        self.opened.append(name)
        found = self.others[name]
        if isinstance(found, CopilotChatError):
            raise found
        return Candidate(found, name, ("low",))

    def ask(self, **fields: Any) -> list[Event]:
        return list(self.engine.answer(question(**fields)))

    def hear(self, events: list[Event]) -> None:
        """Ask, and put into `events` what comes before the error."""
        for event in self.engine.answer(question()):
            events.append(event)  # noqa: PERF402 - `extend` loses what comes before an error


def question(**fields: Any) -> Request:
    """Return a request to `a`."""
    return Request("a", [message("user", "Hi")])._replace(**fields)


def text(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def switches(events: list[Event]) -> list[tuple[str, str]]:
    found = [event for event in events if isinstance(event, Switched)]
    told = [(each.model, each.said.partition("; ")) for each in found]
    for (model, (_, _, said)), each in zip(told, found, strict=True):
        assert said == f"{model} ({each.engine}) answers instead"
    return [(model, reason) for model, (reason, _, _) in told]


def test_the_first_answers_and_nobody_else_is_opened() -> None:
    """Without a failure there is nothing to be seen of it."""
    world = World(Engine(answered("one")), b=Engine())
    assert world.ask() == answered("one")
    assert world.opened == []
    assert world.engine.name == "scripted"
    assert world.engine.dry_run(question()) == {"messages": 1}


DOWN: dict[str, CopilotChatError] = {
    "down": outage(),
    "unreachable": NetworkError("cannot connect"),
    "limited": LimitError("the rate limit is reached"),
    "quota": QuotaError("the quota is used up"),
}


@pytest.mark.parametrize("error", DOWN.values(), ids=DOWN)
def test_the_next_answers_where_the_first_is_down_or_limited(error: CopilotChatError) -> None:
    """It is said why, and by whom, before its first word."""
    world = World(Engine([error]), b=Engine(answered("from b")), c=Engine())
    events = world.ask()
    assert switches(events) == [("b", error.message)]
    assert events[1:] == answered("from b")
    assert world.opened == ["b"]


KEPT: dict[str, CopilotChatError] = {
    "sign-in": SignInError("refused"),
    "not allowed": NotAllowedError("no"),
    "model": ModelUnavailable("no such model"),
    "wrong request": CopilotChatError("refused"),
    "too long": TooLongError("too long"),
    "filtered": FilteredError("filtered"),
    "budget": BudgetError("enough"),
    "lock": LockTimeout("stuck"),
}


@pytest.mark.parametrize("error", KEPT.values(), ids=KEPT)
def test_what_another_model_does_not_mend_is_told(error: CopilotChatError) -> None:
    """The others are not asked, and the hint says nothing of them."""
    world = World(Engine([error]), b=Engine())
    with pytest.raises(type(error)) as raised:
        world.ask()
    assert raised.value is error
    assert (world.opened, error.hint) == ([], None)


SHOWN: dict[str, Step] = {"text": Text("half "), "a tool call": ToolCall("1", "x", "{}")}


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_nobody_else_answers_once_something_was_shown(shown: Step) -> None:
    """No answer is ever made of two."""
    world = World(Engine([Started(None, None), shown, outage()]), b=Engine())
    with pytest.raises(ServiceError):
        world.ask()
    assert world.opened == []


def test_reasoning_is_no_word_of_the_answer() -> None:
    """It does not reach stdout, so another may still answer."""
    world = World(Engine([Reasoning("hm"), outage()]), b=Engine(answered("b")))
    assert text(world.ask()) == "b"


def test_the_error_is_the_firsts_and_names_who_was_tried() -> None:
    """What the others' failures were is told as it happens."""
    first = LimitError("the rate limit is reached", hint="try again after 12:00")
    others: dict[str, Engine | CopilotChatError] = {
        "b": Engine([outage("b is down")]),
        "c": SettingsError("no such endpoint"),
        "d": Engine([SignInError("d refused")]),
    }
    world = World(Engine([first]), **others)
    events: list[Event] = []
    with pytest.raises(LimitError) as raised:
        world.hear(events)
    assert raised.value is first
    assert first.hint == "try again after 12:00; b, c, d could not answer either"
    assert switches(events) == [("b", first.message), ("d", "b is down")]
    assert Notice("c cannot be asked in its place: no such endpoint") in events
    assert events[-1] == Notice("d could not answer either: d refused")


def test_a_content_filter_is_not_passed_by() -> None:
    """What the second refuses for its content the third is not asked."""
    world = World(Engine([outage()]), b=Engine([FilteredError("no")]), c=Engine())
    with pytest.raises(FilteredError):
        world.ask()
    assert world.opened == ["b"]


def test_what_only_the_first_knows_does_not_go_along() -> None:
    """Sealed reasoning and a level of effort belong to the model that they came from."""
    sealed = Message("assistant", (ReasoningPart("hm", "sealed", "responses"), TextPart("so")))
    b, c = Engine([outage()]), Engine(answered())
    world = World(Engine([outage()]), b=b, c=c)
    world.ask(messages=[sealed, message("user", "Hi")], effort="high")
    assert world.first.requests[0].messages[0] == sealed
    sent = b.requests[0]
    assert (sent.model, sent.effort) == ("b", None)
    assert sent.messages[0].parts == (ReasoningPart("hm"), TextPart("so"))
    world.first._answers, b._answers = [[outage()]], [answered()]
    world.ask(effort="low")
    assert b.requests[1].effort == "low"


def test_an_engine_answers_with_the_model_that_was_asked_for() -> None:
    """A name of the setting that is an engine's changes the engine alone."""
    world, other = World(Engine([outage()])), Engine(answered())
    world.engine = Failover(world.first, ["other"], lambda _name: Candidate(other), world.breaker)
    assert switches(world.ask()) == [("a", "the service failed")]


def test_what_a_tool_gave_back_goes_to_who_asked_for_it() -> None:
    """Within one loop of tools the model does not change back."""
    b = Engine([*answered("call")], [*answered("done")])
    world = World(Engine([outage()]), b=b)
    world.ask()
    result = Message("tool", (ToolResultPart("1", "x"),))
    events = world.ask(messages=[message("user", "Hi"), result])
    assert (text(events), switches(events)) == ("done", [])
    assert len(world.first.requests) == 1


def test_all_waits_together_are_a_minute() -> None:
    """The second may not wait another minute after the first has."""
    first = Engine([Waiting(40.0, "limited"), LimitError("limited")])
    b = Engine([Waiting(15.0, "b is limited"), Waiting(15.0, "b is limited"), *answered()])
    c = Engine(answered("from c"))
    world = World(first, b=b, c=c)
    events = world.ask()
    assert [event.seconds for event in events if isinstance(event, Waiting)] == [40.0, 15.0]
    assert (text(events), b.closed) == ("from c", 1)


def failing(world: World, times: int) -> None:
    for _ in range(times):
        world.first._answers.append([outage()])
        world.others["b"]._answers.append(answered("b"))  # type: ignore[union-attr]
        world.ask()


def test_who_fails_thrice_in_five_minutes_is_passed_over_until_that_is_long_ago() -> None:
    """The fourth time it is not asked, and five minutes after the first failure it is again."""
    world = World(Engine(), b=Engine())
    failing(world, 3)
    world.others["b"]._answers.append(answered("b"))  # type: ignore[union-attr]
    assert switches(world.ask()) == [("b", "a failed 3 times in five minutes")]
    assert len(world.first.requests) == 3
    world.seconds.now += 299.0
    assert world.breaker.is_open("a")
    world.seconds.now += 1.0
    world.first._answers.append(answered("a"))
    assert text(world.ask()) == "a"


def test_never_are_all_passed_over() -> None:
    """Where everybody fails everybody is asked, the first first."""
    world = World(Engine(), b=Engine())
    for name in ("a", "b"):
        for _ in range(3):
            world.breaker.count(name)
    world.first._answers.append(answered("a"))
    assert world.ask() == answered("a")


COUNTED: dict[str, tuple[list[Step], bool]] = {
    "an outage": ([outage()], True),
    "cut after its first word": ([Text("x"), CUT], True),
    "a fault after its first word": ([Text("x"), End("error", complete=False)], True),
    "a stall": ([Text("x"), End("stalled", complete=False)], False),
    "the output limit": ([Text("x"), End("length", complete=False)], False),
    "a limit": ([LimitError("limited")], False),
    "a sign-in": ([SignInError("refused")], False),
    "a wrong request": ([CopilotChatError("refused")], False),
    "not the service's fault": ([NetworkError("no such host")], False),
    "a whole answer": (answered(), False),
}


@pytest.mark.parametrize(("steps", "counts"), COUNTED.values(), ids=COUNTED)
def test_only_outages_count(steps: list[Step], counts: bool) -> None:
    """Neither a 401 nor a limit nor a wrong request says that the service is down."""
    world = World(Engine(steps, steps, steps))
    for _ in range(3):
        try:
            world.ask()
        except CopilotChatError:
            continue
    assert world.breaker.is_open("a") is counts


def test_closing_the_answer_closes_the_engines() -> None:
    """Ctrl-C hangs up, also on the second."""
    b = Engine([Text("x"), Text("y")])
    world = World(Engine([outage()]), b=b)
    events = world.engine.answer(question())
    while not isinstance(next(events), Text):
        pass
    events.close()
    assert (world.first.closed, b.closed) == (1, 1)
