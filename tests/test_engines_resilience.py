"""Trying again: exact waits, the minute's budget, and never after visible text."""

from collections.abc import Callable, Generator, Sequence

import pytest

from copilot_cli.engines.failure import BACKOFF, LIMIT, NEVER, OFTEN, ONCE, Failure, Retry
from copilot_cli.engines.resilience import MAX_WAIT, Patience, Retrying, rule_of
from copilot_cli.errors import (
    CopilotChatError,
    LimitError,
    NetworkError,
    ServiceError,
    SignInError,
)
from copilot_cli.messages import (
    End,
    Event,
    Notice,
    Reasoning,
    Started,
    Text,
    ToolCall,
    Usage,
    UsageReport,
    Waiting,
)

STOP = End("stop", complete=True)
OUTAGE = Failure(ServiceError("out"), BACKOFF)
Attempt = Sequence[Event | Exception]


def pauses(patience: Patience, *rules: Retry) -> list[float | None]:
    """Return the waits before the attempts after failures with `rules`."""
    return [patience.pause(rule) for rule in rules]


WAITS: dict[str, tuple[float, list[float]]] = {
    "least jitter": (0.0, [0.375, 0.75, 1.5, 3.0, 6.0, 6.0, 6.0]),
    "most jitter": (1.0, [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]),
}


@pytest.mark.parametrize(("jitter", "expected"), WAITS.values(), ids=WAITS)
def test_the_wait_doubles_up_to_eight_seconds(jitter: float, expected: list[float]) -> None:
    """Half a second, then twice as long each time, less a quarter at most."""
    patience = Patience(7, jitter=lambda: jitter)
    assert pauses(patience, *[BACKOFF] * 7) == expected


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_retries_bound_all_attempts(retries: int) -> None:
    """`--retries N` is at most N + 1 requests."""
    found = pauses(Patience(retries, jitter=lambda: 1.0), *[BACKOFF] * 5)
    assert [wait is not None for wait in found] == [n < retries for n in range(5)]


def test_a_rule_bounds_the_failures_like_it() -> None:
    """Once is once, even if something else was tried again before it."""
    patience = Patience(9, jitter=lambda: 1.0)
    assert pauses(patience, BACKOFF, ONCE, BACKOFF, ONCE) == [0.5, 1.0, 2.0, None]
    assert pauses(Patience(9), NEVER) == [None]
    limit = Retry(2, None, 15.0)
    assert pauses(Patience(9), limit, limit, limit) == [15.0, 15.0, None]


def test_the_service_asks_for_a_wait_and_gets_it() -> None:
    """What it says wins over the pause of the rule, and over the growing one; without jitter."""
    patience = Patience(9, jitter=lambda: 0.0)
    asked = Retry(OFTEN, after=7.0)
    assert pauses(patience, asked, Retry(2, 0.0, 15.0), BACKOFF) == [7.0, 0.0, 1.5]


def test_a_minute_is_the_most_that_is_waited() -> None:
    """All waits of one request together; a longer one is not begun."""
    assert pauses(Patience(9), Retry(OFTEN, after=60.0)) == [60.0]
    assert pauses(Patience(9), Retry(OFTEN, after=60.5)) == [None]
    patience = Patience(9, jitter=lambda: 1.0)
    twenty = Retry(OFTEN, after=20.0)
    assert pauses(patience, *[twenty] * 4) == [20.0, 20.0, 20.0, None]
    assert pauses(patience, BACKOFF, Retry(OFTEN, after=0.0)) == [None, 0.0]
    assert MAX_WAIT == 60.0


class Attempts:
    """Plays the scripted attempts, and keeps what was slept."""

    def __init__(self, *attempts: Attempt) -> None:
        self._attempts = list(attempts)
        self.slept: list[float] = []
        self.closed = 0

    def __call__(self) -> Generator[Event]:
        attempt = self._attempts.pop(0)
        try:
            for step in attempt:
                if isinstance(step, Exception):
                    raise step
                yield step
        finally:
            self.closed += 1

    def run(self, retries: int = 3) -> Generator[Event]:
        """Return the events of the attempts, as many as there are to be."""
        retrying = Retrying(
            retries,
            self.slept.append,
            lambda seconds: f"{seconds:g} s from now",
            jitter=lambda: 1.0,
        )
        yield from retrying.answer(self)

    @property
    def left(self) -> int:
        """How many attempts were not made."""
        return len(self._attempts)


def test_a_whole_answer_passes_as_it_is() -> None:
    """Nothing is added, nothing waited for."""
    attempts = Attempts([Started(None, "r"), Text("a"), Text("b"), STOP])
    assert list(attempts.run()) == [Started(None, "r"), Text("a"), Text("b"), STOP]
    assert attempts.slept == []


def test_a_failure_before_any_text_is_sent_again() -> None:
    """The person is told of each wait before it begins."""
    attempts = Attempts([OUTAGE], [Started(None, None), OUTAGE], [Text("a"), STOP])
    assert list(attempts.run()) == [
        Waiting(0.5, "out"),
        Started(None, None),
        Waiting(1.0, "out"),
        Text("a"),
        STOP,
    ]
    assert attempts.slept == [0.5, 1.0]


def test_the_wait_is_told_before_it_is_slept() -> None:
    """A countdown needs to know at the start."""
    attempts = Attempts([OUTAGE], [STOP])
    events = attempts.run()
    assert next(events) == Waiting(0.5, "out")
    assert attempts.slept == []


def test_the_last_failures_error_is_raised() -> None:
    """Four attempts, then the error; `Failure` itself does not get out."""
    attempts = Attempts(*[[OUTAGE]] * 5)
    with pytest.raises(ServiceError) as raised:
        list(attempts.run())
    assert raised.value is OUTAGE.error
    assert (attempts.left, attempts.slept) == (1, [0.5, 1.0, 2.0])


SHOWN: dict[str, list[Event]] = {
    "text": [Text("a")],
    "a tool call": [ToolCall("x", "f", "{}")],
    "reasoning and text": [Reasoning("hm"), Text("a")],
}


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_nothing_is_sent_again_after_visible_text(shown: list[Event]) -> None:
    """The answer ends as incomplete, with the reason; nothing is doubled or spliced."""
    attempts = Attempts([*shown, OUTAGE], [Text("b"), STOP])
    assert list(attempts.run()) == [*shown, End("error", complete=False, detail="out")]
    assert (attempts.left, attempts.slept) == (1, [])


BROKEN = {
    "cut": (End("cut", complete=False, detail="it broke"), 3),
    "error": (End("error", complete=False), 3),
    "stalled": (End("stalled", complete=False, detail="nothing came"), 1),
}


@pytest.mark.parametrize(("end", "again"), BROKEN.values(), ids=BROKEN)
def test_an_answer_that_broke_off_before_its_first_word_is_no_answer(end: End, again: int) -> None:
    """It is sent again, a stall once; then it is the service's failure."""
    first: Attempt = [Started(None, None), Reasoning("hm"), UsageReport(Usage(1)), end]
    attempts = Attempts(*[first] * 5)
    events: list[Event] = []
    with pytest.raises(ServiceError) as raised:
        events.extend(attempts.run())
    assert 5 - attempts.left == again + 1
    assert raised.value.exit_code == 6
    assert raised.value.kind == end.reason
    assert end not in events
    assert raised.value.message == (end.detail or "the answer broke off")
    assert raised.value.hint == "ask again"


def test_an_answer_without_a_word_is_said_to_be_one() -> None:
    """It is whole, and costs what it costs: it is not asked for again."""
    end = End("stop", complete=True)
    said = [event for event in Attempts([Reasoning("hm"), end]).run() if isinstance(event, Notice)]
    assert said == [Notice("the model only thought, and said nothing: ask again")]
    said = [event for event in Attempts([end]).run() if isinstance(event, Notice)]
    assert said == [Notice("the model said nothing: ask again")]
    assert not [event for event in Attempts([Text("a"), end]).run() if isinstance(event, Notice)]


@pytest.mark.parametrize("reason", ["cut", "stalled", "error"])
def test_an_answer_that_broke_off_after_a_word_keeps_it(reason: str) -> None:
    """What came is the person's; the end says why there is no more."""
    attempts = Attempts([Text("a"), End(reason, complete=False)], [STOP])
    assert list(attempts.run()) == [Text("a"), End(reason, complete=False)]


@pytest.mark.parametrize("reason", ["length", "content_filter", "tool_calls"])
def test_an_end_that_the_model_chose_is_an_end(reason: str) -> None:
    """Without a word too: asking again would give the same."""
    attempts = Attempts([End(reason, complete=False)], [STOP])
    assert list(attempts.run()) == [End(reason, complete=False)]


def test_a_limit_that_lasts_is_told_with_its_end() -> None:
    """Fifty-eight hours are not slept through."""
    failure = Failure(LimitError("limit", retry_after=208800.0), Retry(2, 208800.0, 15.0))
    attempts = Attempts([failure], [STOP])
    with pytest.raises(LimitError) as raised:
        list(attempts.run())
    assert raised.value.hint == "try again after 208800 s from now"
    assert attempts.slept == []


HINTS: dict[str, tuple[CopilotChatError, str | None]] = {
    "beside another hint": (
        LimitError("x", hint="do this", retry_after=5),
        "try again after 5 s from now; do this",
    ),
    "no time": (LimitError("x", hint="do this"), "do this"),
    "nothing is said": (LimitError("x"), "try again later: the service does not say when"),
    "no wait": (LimitError("x", retry_after=0), None),
    "an outage": (ServiceError("x", retry_after=5), "try again after 5 s from now"),
    "where waiting does not help": (SignInError("x", retry_after=5), None),
}


@pytest.mark.parametrize(("error", "hint"), HINTS.values(), ids=HINTS)
def test_the_hint_says_when_to_try_again(error: CopilotChatError, hint: str | None) -> None:
    """By the clock on the wall, where the service said so."""
    with pytest.raises(CopilotChatError) as raised:
        list(Attempts([Failure(error)]).run())
    assert raised.value.hint == hint


def test_an_error_of_ours_is_not_tried_again() -> None:
    """A locked store or a refused sign-in is no failure of an attempt."""

    attempts = Attempts([SignInError("no")], [STOP])
    with pytest.raises(SignInError):
        list(attempts.run())
    assert (attempts.left, attempts.slept) == (1, [])


def test_leaving_closes_the_attempt() -> None:
    """Ctrl-C must close the connection, not leave it to the collector."""
    attempts = Attempts([Text("a"), Text("b"), STOP])
    events = attempts.run()
    next(events)
    events.close()
    assert attempts.closed == 1


def test_ctrl_c_in_a_wait_ends_it() -> None:
    """Whatever the sleep raises goes to the caller."""

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    events = Retrying(3, interrupted, str).answer(Attempts([OUTAGE]))
    assert isinstance(next(events), Waiting)
    with pytest.raises(KeyboardInterrupt):
        next(events)


def failing(*outcomes: Failure | str) -> Callable[[], str]:
    """Return a function that fails as scripted, and at last returns."""
    left = list(outcomes)

    def attempt() -> str:
        outcome = left.pop(0)
        if isinstance(outcome, Failure):
            raise outcome
        return outcome

    return attempt


def test_a_single_value_is_tried_for_by_the_same_rules() -> None:
    """The model list waits as an answer does."""
    slept: list[float] = []
    told: list[Waiting] = []
    attempt = failing(OUTAGE, OUTAGE, "done")
    retrying = Retrying(3, slept.append, str, jitter=lambda: 1.0)
    assert retrying.result(attempt, told.append) == "done"
    assert slept == [0.5, 1.0]
    assert told == [Waiting(0.5, "out"), Waiting(1.0, "out")]


def test_a_single_value_fails_with_the_error() -> None:
    """And with the time, where the service said it."""
    failure = Failure(LimitError("limit", retry_after=90.0), Retry(2, 90.0))
    with pytest.raises(LimitError) as raised:
        Retrying(3, _refuse, str).result(failing(failure))
    assert raised.value.hint == "try again after 90.0"


def test_what_was_shown_stays_shown_whatever_comes_after_it() -> None:
    """A figure between the word and the failure makes no difference."""
    usage = UsageReport(Usage(1, 1))
    attempts = Attempts([Text("a"), usage, OUTAGE], [STOP])
    assert list(attempts.run()) == [
        Text("a"),
        usage,
        End("error", complete=False, detail="out"),
    ]
    assert attempts.left == 1


def test_a_thought_is_known_of_whatever_comes_after_it() -> None:
    """The figures of the answer are no word either."""
    usage = UsageReport(Usage(1, 1))
    said = [e for e in Attempts([Reasoning("hm"), usage, STOP]).run() if isinstance(e, Notice)]
    assert said == [Notice("the model only thought, and said nothing: ask again")]


RULES = {
    "a limit": (LimitError("x", retry_after=7.0), LIMIT._replace(after=7.0)),
    "no connection": (NetworkError("x"), BACKOFF),
    "a time-out": (NetworkError("x", kind="timeout"), ONCE),
    "a certificate": (NetworkError("x", kind="tls"), NEVER),
    "down": (ServiceError("x", kind="unavailable", retry_after=3.0), BACKOFF._replace(after=3.0)),
    "another failure": (ServiceError("x", retry_after=3.0), NEVER),
    "a refusal": (SignInError("x", kind="unavailable"), NEVER),
}


@pytest.mark.parametrize(("error", "rule"), RULES.values(), ids=RULES)
def test_the_rule_of_githubs_own_host(error: CopilotChatError, rule: Retry) -> None:
    """What may have been taken goes out once more; what is refused does not."""
    assert rule_of(error) == rule


def _refuse(seconds: float) -> None:
    raise AssertionError(f"nothing was to be slept, not even {seconds}")
