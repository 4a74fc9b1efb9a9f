"""The SDK's events, and an attempt's items: what ends an answer, and what does not."""

from types import SimpleNamespace
from typing import Any

import pytest

from copilot_cli.engines.failure import Failure
from copilot_cli.engines.official import faults
from copilot_cli.engines.official.attempt import Asked, Attempt, Heard, Item, Settled
from copilot_cli.engines.official.events import item_of
from copilot_cli.engines.official.reading import Reading
from copilot_cli.errors import LimitError, NotAllowedError, QuotaError, SignInError, TooLongError
from copilot_cli.messages import End, Event, Notice, Text, TextPart, ToolCall, ToolCallPart

STOP = End("stop", complete=True)


def read(*items: Item) -> tuple[Reading, list[Event]]:
    """What the items make of an answer."""
    reading = Reading()
    return reading, [event for item in items for event in reading.take(item)]


def test_what_the_model_said_is_shown_and_ends_with_its_reply() -> None:
    """The runtime's own end of its turn changes nothing of it."""
    reading, shown = read(Asked(), Text("a"), Settled(), Text("b"), Heard((STOP,)))
    assert shown == [Text("a"), Text("b")]
    assert reading.over
    assert reading.goes_on
    assert reading.settled
    assert reading.ending() == (STOP,)
    assert reading.parts() == [TextPart("ab")]


def test_calls_are_part_of_the_answer() -> None:
    """The session waits for their results."""
    events = (ToolCall("c", "add", "{}"), End("tool_calls", complete=False))
    reading, _ = read(Asked(), Heard(events))
    assert reading.calls
    assert reading.goes_on
    assert reading.parts() == [ToolCallPart("c", "add", "{}")]


@pytest.mark.parametrize("reason", ["length", "content_filter", "cut", "stalled", "error"])
def test_a_session_does_not_go_on_from_half_an_answer(reason: str) -> None:
    """What it made of that nobody knows."""
    reading, _ = read(Asked(), Heard((End(reason, complete=False),)))
    assert reading.over
    assert not reading.goes_on


def test_a_runtime_that_dies_meanwhile_takes_no_word_along() -> None:
    """It is said, the reply comes to its end, and the session is not gone on with."""
    reading, shown = read(Asked(), Text("a"), faults.ended(-9), Text("b"), Heard((STOP,)))
    assert shown == [Text("a"), Notice("GitHub's runtime has ended (signal 9)"), Text("b")]
    assert reading.over
    assert not reading.goes_on


@pytest.mark.parametrize(
    "item", [faults.ended(None), Settled(faults.by_itself("x")), Settled()], ids=str
)
def test_before_the_model_is_asked_the_end_of_the_runtime_is_the_answers(item: Item) -> None:
    """There will be no reply."""
    with pytest.raises(Failure):
        read(item)


def test_the_failure_of_a_reply_counts_and_not_what_the_runtime_makes_of_it() -> None:
    """The service's own status has the better words, and a rule for trying again."""
    failure = faults.hung("x", 1)
    with pytest.raises(Failure) as raised:
        read(Asked(), Settled(faults.by_itself(None)), Heard(failure=failure))
    assert raised.value is failure


def test_an_attempt_that_is_over_takes_nothing_more() -> None:
    """What is late for it is dropped, and it hangs up on the model once."""
    hung_up: list[int] = []
    attempt = Attempt(None)  # type: ignore[arg-type]
    attempt.on_close(lambda: hung_up.append(1))
    attempt.put(Text("a"))
    attempt.close()
    attempt.put(Text("late"))
    assert attempt.next(0) == Text("a")
    assert attempt.next(0) is None
    assert hung_up == [1]


def event(**data: Any) -> Any:
    """The data of an event of the SDK's."""
    return SimpleNamespace(**{"error_code": None, "status_code": None, **data})


@pytest.mark.parametrize(
    ("kind", "status", "code", "error"),
    [
        ("authentication", None, None, SignInError),
        ("authorization", None, None, NotAllowedError),
        ("policy", None, None, NotAllowedError),
        ("quota", None, "billing_not_configured", QuotaError),
        ("rate_limit", None, "user_model_rate_limited", LimitError),
        ("context_limit", None, None, TooLongError),
        ("query", 413, None, TooLongError),
        ("rate_limit", 402, None, QuotaError),
    ],
)
def test_an_error_of_a_session_is_what_its_status_or_its_type_says(
    kind: str, status: int | None, code: str | None, error: type[Exception]
) -> None:
    """The status first, since it is the service's."""
    data = event(error_type=kind, status_code=status, error_code=code, message="words")
    found = item_of("session.error", data)
    assert isinstance(found, Settled)
    assert found.failure is not None
    assert type(found.failure.error) is error


def test_a_quota_is_never_sent_again_and_words_decide_nothing() -> None:
    """A message may speak of anything."""
    told = "please retry: rate limit, 503, timeout"
    quota = faults.of_session("quota", None, None, told)
    unknown = faults.of_session("something new", None, None, told)
    assert quota.retry.times == unknown.retry.times == 0


def test_a_secret_in_the_words_of_the_runtime_is_not_repeated() -> None:
    """Nor what a terminal would obey."""
    secret = "gho_madeUpForTests0000000000000000000000"
    words = f"bad \x1b[31m {secret}"
    for failure in (
        faults.of_session("query", None, None, words),
        faults.refused("a session", RuntimeError(words)),
    ):
        assert secret not in failure.error.message
        assert "\x1b" not in failure.error.message
    assert secret not in faults.not_started(faults.said(RuntimeError(words))).message


def test_other_events_are_passed_over() -> None:
    """There are a hundred kinds, and more to come."""
    assert item_of("assistant.message_delta", event(delta_content="x", message_id="m")) is None
    assert item_of("unknown", event()) is None
