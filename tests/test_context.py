"""What a conversation takes of a window, and what is left out of it where it is too much."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_cli.context import (
    Scale,
    Window,
    calibrated,
    count,
    divide,
    estimate,
    fit,
    prompt_limit,
    summary,
)
from copilot_cli.engines.models import parse_model
from copilot_cli.errors import TooLongError
from copilot_cli.messages import (
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    Usage,
    message,
)


def turn(number: int, size: int = 400) -> list[Message]:
    """Return a question and its answer, of about `size` bytes each."""
    return [
        message("user", f"question {number} ".ljust(size, "q")),
        message("assistant", f"answer {number} ".ljust(size, "a")),
    ]


def tool_turn(number: int, size: int = 400) -> list[Message]:
    """Return a turn in which the model had a tool run."""
    call = ToolCallPart(f"call-{number}", "look", '{"at": 1}')
    return [
        message("user", f"question {number}"),
        Message("assistant", (TextPart("I will look."), call)),
        Message("tool", (ToolResultPart(call.id, "r" * size),)),
        message("assistant", f"answer {number}"),
    ]


def talk(turns: int) -> list[Message]:
    """Return a conversation of so many turns, the last without its answer."""
    return [each for number in range(turns) for each in turn(number)][:-1]


ESTIMATES = {
    "nothing": ([], 3),
    "a short message": ([message("user", "Hi")], 3 + 4 + 1),
    "by bytes, not characters": ([message("user", "日本語")], 3 + 4 + 3),
    "half a character": ([message("user", "\ud800")], 3 + 4 + 1),
    "a call": ([Message("assistant", (ToolCallPart("c", "look", "{}"),))], 3 + 4 + 2),
    "a result": ([Message("tool", (ToolResultPart("c", "x" * 40),))], 3 + 4 + 10),
    "reasoning is not sent": ([Message("assistant", (ReasoningPart("x" * 40),))], 3 + 4),
}


@pytest.mark.parametrize(("messages", "tokens"), ESTIMATES.values(), ids=ESTIMATES)
def test_an_estimate_is_four_bytes_a_token(messages: list[Message], tokens: int) -> None:
    """And four for a message, and three for the reply."""
    assert estimate(messages) == tokens


def test_what_fits_is_left_alone() -> None:
    """To the token: at the limit nothing is left out, below it a whole turn is."""
    messages = talk(4)
    tokens = estimate(messages)
    assert fit(messages, tokens)[:3] == (messages, 0, tokens)
    shorter = fit(messages, tokens - 1)
    assert (shorter.messages, shorter.left_out) == (messages[2:], 1)
    assert shorter.tokens == estimate(messages[2:])


def test_the_oldest_turns_go_first_and_no_more_than_needed() -> None:
    """Each with its answer."""
    messages = talk(6)
    for left_out in range(6):
        kept = messages[2 * left_out :]
        assert fit(messages, estimate(kept))[:3] == (kept, left_out, estimate(kept))


def test_what_the_system_says_stays() -> None:
    """Wherever it stands, and in its place."""
    system, summed_up = message("system", "Be brief."), summary("They met.")
    messages = [system, summed_up, *turn(0), system, *turn(1), message("user", "?")]
    fitted = fit(messages, 0)
    assert fitted.messages == [system, summed_up, system, message("user", "?")]
    assert fitted.left_out == 2


def test_the_last_message_is_never_cut() -> None:
    """It is for the service to say that it is too long."""
    last = message("user", "x" * 10_000)
    assert fit([*talk(3), last], 50)[:3] == ([last], 3, estimate([last]))
    assert fit([last], 50).left_out == 0


def test_calls_and_results_stay_together() -> None:
    """A result without its call is refused by every service."""
    messages = [*tool_turn(0), *tool_turn(1), *tool_turn(2), message("user", "?")]
    for limit in range(0, estimate(messages) + 1, 7):
        kept = fit(messages, limit).messages
        calls = [p.id for each in kept for p in each.parts if isinstance(p, ToolCallPart)]
        results = [p.call_id for each in kept for p in each.parts if isinstance(p, ToolResultPart)]
        assert calls == results


def test_a_turn_that_is_still_going_on_stays_whole() -> None:
    """The model has called a tool and waits for what it will make of the result."""
    going_on = tool_turn(1)[:-1]
    assert fit([*turn(0), *going_on], 0).messages == going_on


def test_a_result_in_the_persons_name_begins_no_turn() -> None:
    """As some services want them."""
    call, result = ToolCallPart("c", "look", "{}"), ToolResultPart("c", "r" * 400)
    going_on = [
        message("user", "?"),
        Message("assistant", (call,)),
        Message("user", (result,)),
    ]
    assert fit([*turn(0), *going_on], 0).messages == going_on


def test_more_than_the_last_turn_can_be_kept() -> None:
    """What goes on with an answer needs the answer."""
    messages = [*talk(4), message("assistant", "half"), message("user", "go on")]
    assert fit(messages, 0, keep=2).messages == messages[-3:]
    assert fit(messages[-3:], 0, keep=5).left_out == 0


def test_a_conversation_that_begins_with_an_answer_is_left_to_the_service() -> None:
    """While it fits; once something has to go, that goes first."""
    messages = [message("assistant", "Welcome! " * 50), *turn(0), message("user", "?")]
    assert fit(messages, 10_000).messages == messages
    assert fit(messages, 10).messages == messages[-1:]


def test_nothing_fits_anywhere() -> None:
    """No message, no turn."""
    assert fit([], 0)[:3] == ([], 0, 3)


SYSTEM = st.builds(message, st.just("system"), st.text(max_size=40))
TEXTS = st.text(max_size=60) | st.integers(0, 2000).map(lambda size: "x" * size)


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    """Draw a conversation as a chat would have it, with tools, ending with the person's words."""
    messages = draw(st.lists(SYSTEM, max_size=2))
    for number in range(draw(st.integers(0, 6))):
        messages.append(message("user", draw(TEXTS)))
        for call in range(draw(st.integers(0, 2))):
            name = f"{number}-{call}"
            messages.append(Message("assistant", (ToolCallPart(name, "look", draw(TEXTS)),)))
            messages.append(Message("tool", (ToolResultPart(name, draw(TEXTS)),)))
        messages.append(message("assistant", draw(TEXTS)))
    return [*messages, message("user", draw(TEXTS))]


@given(
    messages=conversations(),
    limit=st.integers(0, 3000),
    scale=st.builds(Scale, st.floats(0.25, 4), st.floats(-100, 500)),
)
def test_the_rule_holds_for_any_conversation(
    messages: list[Message], limit: int, scale: Scale
) -> None:
    """Never beyond the limit unless system and last message are; in order; pairs and system whole;
    never begun by an answer; and never one turn more than needed.
    """
    fitted = fit(messages, limit, scale=scale)
    kept = list(fitted.messages)
    at_least = [each for each in messages if each.role == "system"] + messages[-1:]
    assert fitted.tokens == scale.tokens(estimate(kept))
    assert fitted.tokens <= limit or kept == at_least
    assert [each for each in kept if each.role == "system"] == at_least[:-1]
    said, kept_said = _said(messages), _said(kept)
    assert kept_said == said[len(said) - len(kept_said) :]
    assert kept_said[0].role == "user"
    asked = [sum(each.role == "user" for each in side) for side in (messages, kept)]
    assert fitted.left_out == asked[0] - asked[1]
    if fitted.left_out:
        before = len(said) - len(kept_said)
        starts = [n for n in range(before) if said[n].role == "user"]
        one_more = [*at_least[:-1], *said[starts[-1] :]]
        assert scale.tokens(estimate(one_more)) > limit


def _said(messages: Sequence[Message]) -> list[Message]:
    return [each for each in messages if each.role != "system"]


@given(messages=conversations(), keep=st.integers(1, 4))
def test_a_conversation_is_divided_between_turns(messages: list[Message], keep: int) -> None:
    """Nothing is lost, and the newer side holds whole turns."""
    old, new = divide(messages, keep)
    assert [*old, *new] == messages
    assert sum(each.role == "user" for each in new) == keep or not old
    assert not old or new[0].role == "user"


def test_the_services_count_corrects_the_estimate() -> None:
    """By a ratio, for a text long enough to have one: it holds for other texts of the chat too."""
    messages = talk(10)
    estimated = estimate(messages)
    scale = calibrated(messages, estimated * 2)
    assert scale == Scale(2.0, 0.0)
    assert scale.tokens(estimated // 2) == estimated // 2 * 2


def test_a_short_text_has_no_ratio() -> None:
    """What the service adds to two words, it adds to two thousand."""
    messages = [message("user", "Hi")]
    scale = calibrated(messages, 108)
    assert scale == Scale(1.0, 100.0)
    assert scale.tokens(2000) == 2100


@pytest.mark.parametrize(("times", "ratio"), [(100, 4.0), (0.01, 0.25)], ids=["much", "little"])
def test_an_absurd_count_makes_no_absurd_ratio(times: float, ratio: float) -> None:
    """The count itself is believed, and never taken below nothing."""
    messages = talk(10)
    counted = round(estimate(messages) * times)
    scale = calibrated(messages, counted)
    assert scale.ratio == ratio
    assert scale.tokens(estimate(messages)) == counted
    assert scale.tokens(0) >= 0


@given(messages=conversations(), counted=st.integers(1, 10**9))
def test_the_count_is_exact_for_what_was_counted(messages: list[Message], counted: int) -> None:
    """Whatever it was: the meter shows the service's own figure after a turn."""
    assert calibrated(messages, counted).tokens(estimate(messages)) == counted


LIMITS = {
    "told": ({"max_prompt_tokens": 1024, "max_context_window_tokens": 2048}, 1024),
    "window and answer": ({"max_context_window_tokens": 2048, "max_output_tokens": 1000}, 1048),
    "window alone": ({"max_context_window_tokens": 2048}, 2048),
    "an answer as long as the window": (
        {"max_context_window_tokens": 2048, "max_output_tokens": 2048},
        2048,
    ),
    "answer alone": ({"max_output_tokens": 1000}, None),
    "nothing": ({}, None),
}


@pytest.mark.parametrize(("limits", "expected"), LIMITS.values(), ids=LIMITS)
def test_what_a_model_takes_is_not_guessed(limits: dict[str, int], expected: int | None) -> None:
    """Its entry in the list says it, or nobody does."""
    model = parse_model({"id": "m", "capabilities": {"limits": limits}})
    assert prompt_limit(model) == expected


COUNTS = {
    0: "0",
    999: "999",
    1000: "1k",
    1024: "1k",
    1250: "1.2k",
    8192: "8.2k",
    9949: "9.9k",
    9950: "10k",
    128_000: "128k",
    999_499: "999k",
    999_999: "1M",
    1_048_576: "1M",
    2_500_000: "2.5M",
}


@pytest.mark.parametrize(("tokens", "written"), COUNTS.items())
def test_tokens_are_written_as_people_write_them(tokens: int, written: str) -> None:
    """With a decimal only where it tells something."""
    assert count(tokens) == written


# A window that learns


def test_an_unknown_window_leaves_nothing_out() -> None:
    """A guess would cost somebody the conversation."""
    messages = talk(500)
    assert Window(None).fit(messages)[:3] == (messages, 0, estimate(messages))


def test_three_tokens_of_a_window_are_held_back() -> None:
    """As VS Code does."""
    messages = talk(4)
    tokens = estimate(messages)
    assert Window(tokens + 3).fit(messages).left_out == 0
    assert Window(tokens + 2).fit(messages).left_out == 1


def test_what_has_to_go_makes_room_for_the_turns_to_come() -> None:
    """A quarter of the window, so that not every turn leaves out another one."""
    messages = talk(20)
    window = Window(estimate(messages))
    fitted = window.fit(messages)
    assert fitted.tokens <= window.limit * 0.75 if window.limit else False
    window.left_out = fitted.left_out
    said = 0
    while window.fit(messages).left_out == window.left_out:
        messages += [message("assistant", "a" * 400), message("user", "q" * 400)]
        said += 1
    assert said > 4


def test_what_is_left_out_stays_out() -> None:
    """So that requests begin alike, and the service's cache is of use."""
    messages = talk(6)
    window = Window(10_000)
    window.left_out = 2
    assert window.fit(messages)[:3] == (messages[4:], 2, estimate(messages[4:]))
    assert window.tokens(messages) == estimate(messages[4:])


def test_what_is_left_out_of_an_unknown_window_stays_out_too() -> None:
    """The service has refused it before."""
    window = Window(None)
    window.left_out = 1
    assert window.fit(talk(3)).messages == talk(3)[2:]


def test_nothing_takes_nothing() -> None:
    """A chat that has not begun shows an empty meter."""
    assert Window(100).tokens([]) == 0


def test_a_refusal_is_believed() -> None:
    """Its limit replaces the model list's, its count corrects the estimate, and 60 % are used."""
    messages = talk(20)
    window = Window(1_000_000)
    sent = window.fit(messages)
    error = TooLongError("too long", limit=3000, counted=2 * sent.tokens)
    less = window.refused(messages, sent, error)
    assert less is not None
    assert window.limit == 3000
    assert window.scale == Scale(2.0, 0.0)
    assert less.tokens <= 1800
    assert 2 * estimate(less.messages) == less.tokens
    assert fit(messages, 1800, scale=window.scale) == less


def test_a_refusal_without_figures_still_makes_it_shorter() -> None:
    """By the estimate it would have fitted, so that or the limit was wrong."""
    messages = talk(20)
    window = Window(100_000)
    sent = window.fit(messages)
    assert sent.left_out == 0
    less = window.refused(messages, sent, TooLongError("too long"))
    assert less is not None
    assert 0 < less.left_out < 19
    assert less.tokens <= 0.6 * sent.tokens
    assert window.limit == 100_000


def test_a_refusal_of_an_unknown_window_is_a_hint_of_its_size() -> None:
    """Smaller than what was sent is all that is known, and no limit is made up of it."""
    messages = talk(20)
    window = Window(None)
    sent = window.fit(messages)
    less = window.refused(messages, sent, TooLongError("too long"))
    assert less is not None
    assert estimate(less.messages) <= 0.6 * estimate(messages)
    assert window.limit is None


def test_there_may_be_nothing_to_leave_out() -> None:
    """Then there is no use in sending it again."""
    messages = [message("system", "s"), message("user", "x" * 10_000)]
    window = Window(100)
    assert window.refused(messages, window.fit(messages), TooLongError("too long")) is None


def test_what_was_left_out_already_is_no_progress() -> None:
    """The request would be the same one."""
    messages = talk(3)
    window = Window(130)
    sent = window.fit(messages)
    assert sent.left_out == 2
    assert window.refused(messages, sent, TooLongError("too long")) is None


USAGES: dict[str, tuple[Usage, int | None]] = {
    "in and out": (Usage(1000, 50), 1050),
    "reasoning is not carried on": (Usage(1000, 150, reasoning_tokens=100), 1050),
    "more reasoning than answer": (Usage(1000, 50, reasoning_tokens=100), 1000),
    "nothing counted": (Usage(), None),
    "nothing in": (Usage(0, 50), None),
    "less than nothing": (Usage(-5, 50), None),
}


@pytest.mark.parametrize(("usage", "tokens"), USAGES.values(), ids=USAGES)
def test_the_services_count_of_a_turn_is_what_the_meter_shows(
    usage: Usage, tokens: int | None
) -> None:
    """Prompt and answer, which the next prompt will hold."""
    sent, answer = talk(10), message("assistant", "a" * 100)
    window = Window(8000)
    window.counted(sent, answer, usage)
    after = [*sent, answer]
    assert window.tokens(after) == (estimate(after) if tokens is None else tokens)
    assert (window.scale is None) is (tokens is None)


def test_a_turn_whose_answer_is_not_counted_counts_its_prompt() -> None:
    """The rest is estimated by the same scale."""
    sent, answer = talk(10), message("assistant", "a" * 396)
    for given_answer, usage in ((None, Usage(4000, 5)), (answer, Usage(4000))):
        window = Window(8000)
        window.counted(sent, given_answer, usage)
        assert window.tokens(sent) == 4000
        assert window.tokens([*sent, answer]) > 4000
