"""The meter of the window and the line on what a turn took: figures in, text out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_cli.messages import Cost, Outcome, QuotaSnapshot, Usage
from copilot_cli.ui.meter import cost_line, prompt_meter

YELLOW, RED, RESET = "\x1b[33m", "\x1b[31m", "\x1b[0m"
RESETS = "2026-12-01T00:00:00Z"
PREMIUM = QuotaSnapshot("premium_interactions", 300.0, 80.5, 0.0, False, RESETS)
CHAT = QuotaSnapshot("chat", -1.0, 100.0, 0.0, False, RESETS)
COMPLETIONS = QuotaSnapshot("completions", 2000.0, 1.0, 0.0, False, RESETS)
WHOLE = Outcome(
    "complete",
    "stop",
    Usage(12_345, 567, 10_240, None, 120),
    Cost(0.1234, "credits"),
    "r-1",
    0.83,
    13.24,
    (CHAT, COMPLETIONS, PREMIUM),
)


SHARES = {
    "empty": (0, "0/8k tokens (0%)"),
    "just below yellow": (5999, "6k/8k tokens (74%)"),
    "yellow": (6000, f"{YELLOW}6k/8k tokens (75%){RESET}"),
    "just below red": (7199, f"{YELLOW}7.2k/8k tokens (89%){RESET}"),
    "red": (7200, f"{RED}7.2k/8k tokens (90%){RESET}"),
    "beyond": (9000, f"{RED}9k/8k tokens (112%){RESET}"),
}


@pytest.mark.parametrize(("used", "expected"), SHARES.values(), ids=SHARES)
def test_the_meter_turns_yellow_and_red(used: int, expected: str) -> None:
    """At three quarters and nine tenths; what is shown is never rounded up to a border."""
    assert prompt_meter(used, 8000, color=True) == expected


@pytest.mark.parametrize("used", [0, 6000, 7200, 9000])
def test_without_colour_the_meter_is_plain_text(used: int) -> None:
    """The share tells it all."""
    assert "\x1b" not in prompt_meter(used, 8000, color=False)


ROOMS = {
    "wide": (80, "7.3k/8k tokens (91%)"),
    "just wide enough": (20, "7.3k/8k tokens (91%)"),
    "narrow": (19, "7.3k/8k 91%"),
    "narrower": (10, "91%"),
    "nothing fits": (2, ""),
}


@pytest.mark.parametrize(("room", "expected"), ROOMS.values(), ids=ROOMS)
def test_the_meter_fits_a_narrow_terminal(room: int, expected: str) -> None:
    """Colour takes no room, and where nothing fits no colour is left behind either."""
    assert prompt_meter(7300, 8000, color=False, room=room) == expected
    colored = prompt_meter(7300, 8000, color=True, room=room)
    assert colored == (f"{RED}{expected}{RESET}" if expected else "")


@pytest.mark.parametrize("window", [None, 0], ids=["unknown", "nonsense"])
def test_an_unknown_window_has_no_share(window: int | None) -> None:
    """What is used is told all the same, and never coloured."""
    assert prompt_meter(12_345, window, color=True) == "12k tokens"
    assert prompt_meter(12_345, window, color=True, room=9) == "12k"


def test_an_estimate_is_marked() -> None:
    """The service has counted nothing yet."""
    assert prompt_meter(812, 8192, color=False, estimated=True) == "~812/8.2k tokens (~9%)"
    assert prompt_meter(812, None, color=False, estimated=True) == "~812 tokens"


LINES = {
    200: "12,345 in (10,240 cached) · 567 out (120 reasoning)"
    " · 0.8 s to the first word, 13.2 s in all · 0.123 credits"
    " · premium interactions: 241.5 of 300 left (80.5%), anew on 2026-12-01",
    130: "12,345 in (10,240 cached) · 567 out (120 reasoning)"
    " · 0.8 s to the first word, 13.2 s in all · 0.123 credits · quota 80.5% left",
    100: "12,345 in (10,240 cached) · 567 out (120 reasoning)"
    " · 0.8/13.2 s · 0.123 credits · quota 80.5% left",
    80: "12k in (10k cached) · 567 out · 0.8/13.2 s · 0.123 credits · quota 80.5% left",
    60: "12k in · 567 out · 13.2 s · 0.123 credits · quota 80.5% left",
    59: "12k in · 567 out · 0.123 credits · quota 80.5% left",
    40: "12k in · 567 out · 0.123 credits",
    20: "0.123 credits",
    5: "",
}


@pytest.mark.parametrize(("room", "expected"), LINES.items())
def test_the_line_keeps_what_matters_most(room: int, expected: str) -> None:
    """At 80 columns everything is told, at 40 what it cost."""
    assert cost_line(WHOLE, room=room) == expected


PRICES: dict[str, tuple[Cost | None, float | None, str]] = {
    "credits": (Cost(0.1234, "credits"), None, "0.123 credits"),
    "the service's price wins": (Cost(2, "credits"), 0.33, "2 credits"),
    "one": (Cost(1.0, "credits"), None, "1 credit"),
    "many": (Cost(1234.567, "credits"), None, "1,234.57 credits"),
    "next to nothing": (Cost(0.00001, "credits"), None, "under 0.001 credits"),
    "nothing": (Cost(0, "credits"), None, "0 credits"),
    "another unit": (Cost(0.5, "USD"), None, "0.5 USD"),
    "multiplier": (None, 0.33, "0.33 premium requests"),
    "one request": (None, 1.0, "1 premium request"),
    "included": (None, 0.0, "included"),
    "not told": (None, None, ""),
}


@pytest.mark.parametrize(("cost", "multiplier", "expected"), PRICES.values(), ids=PRICES)
def test_the_price_is_in_the_unit_that_is_billed(
    cost: Cost | None, multiplier: float | None, expected: str
) -> None:
    """Credits where the service says so, else premium requests; never a price nobody gave."""
    outcome = WHOLE._replace(usage=Usage(), cost=cost, quotas=(), first_token=None)
    line = cost_line(outcome, multiplier=multiplier)
    assert line == (f"13.2 s · {expected}" if expected else "13.2 s")


def test_an_answer_that_failed_has_no_price_of_its_model() -> None:
    """What the service did not answer it does not bill as a request."""
    failed = WHOLE._replace(state="failed", usage=Usage(), cost=None, quotas=(), first_token=None)
    assert cost_line(failed, multiplier=1.0) == "13.2 s"


def snapshot(**given: Any) -> QuotaSnapshot:
    """Return a quota of 300 that is well filled, with what a test changes."""
    return PREMIUM._replace(**given)


QUOTAS: dict[str, tuple[list[QuotaSnapshot], str]] = {
    "left": ([PREMIUM], "premium interactions: 241.5 of 300 left (80.5%), anew on 2026-12-01"),
    "unlimited beside it": (
        [CHAT, PREMIUM],
        "premium interactions: 241.5 of 300 left (80.5%), anew on 2026-12-01",
    ),
    "all unlimited": ([CHAT, CHAT._replace(name="premium_interactions")], "quota unlimited"),
    "the free plan": (
        [CHAT._replace(entitlement=50.0, remaining_percent=10.0, resets=None), PREMIUM],
        "chat: 5 of 50 left (10%)",
    ),
    "none of a quota that the plan has not": (
        [snapshot(entitlement=0.0, remaining_percent=0.0), CHAT],
        "quota unlimited",
    ),
    "nothing but what goes beyond": (
        [snapshot(entitlement=0.0, remaining_percent=0.0, overage=7.5, resets=None)],
        "premium interactions: 7.5 over",
    ),
    "overdrawn": (
        [snapshot(remaining_percent=-12.5, overage=37.5)],
        "premium interactions: 37.5 over, anew on 2026-12-01",
    ),
    "overdrawn by nobody knows how much": (
        [snapshot(remaining_percent=-12.5, overage=None, resets=None)],
        "premium interactions: 12.5% over",
    ),
    "used up": (
        [snapshot(remaining_percent=0.0, resets="soon")],
        "premium interactions: 0 of 300 left (0%)",
    ),
    "no entitlement told": (
        [snapshot(entitlement=None, resets=None)],
        "premium interactions: 80.5% left",
    ),
    "nothing told": ([snapshot(remaining_percent=None)], ""),
    "completions are another product": ([COMPLETIONS], ""),
    "no quota": ([], ""),
}


@pytest.mark.parametrize(("quotas", "expected"), QUOTAS.values(), ids=QUOTAS)
def test_the_quota_that_is_nearest_to_its_end_is_told(
    quotas: list[QuotaSnapshot], expected: str
) -> None:
    """Whatever the headers say of the others, and nothing where they say nothing."""
    outcome = WHOLE._replace(usage=Usage(), cost=None, first_token=None)
    line = cost_line(outcome, quotas, room=200)
    assert line == (f"13.2 s · {expected}" if expected else "13.2 s")


FIGURES = {
    "in alone": (Usage(input_tokens=5), "5 in"),
    "out alone": (Usage(output_tokens=5), "5 out"),
    "parts of nothing": (Usage(cached_tokens=5, reasoning_tokens=6), ""),
    "nothing cached": (Usage(5, 6, 0, 0, 0), "5 in · 6 out"),
}


@pytest.mark.parametrize(("usage", "expected"), FIGURES.values(), ids=FIGURES)
def test_a_figure_that_nobody_gave_is_not_zero(usage: Usage, expected: str) -> None:
    """It is not shown at all."""
    outcome = WHOLE._replace(usage=usage, cost=None, quotas=())
    shown = "0.8 s to the first word, 13.2 s in all"
    assert cost_line(outcome) == (f"{expected} · {shown}" if expected else shown)


def test_long_answers_are_timed_in_whole_seconds() -> None:
    """Nobody reads the tenths of four minutes."""
    outcome = WHOLE._replace(usage=Usage(), cost=None, quotas=(), first_token=None, total=1234.5)
    assert cost_line(outcome) == "1,234 s"


def test_foreign_words_cannot_act() -> None:
    """The names of quotas and units come from outside."""
    evil = snapshot(name="a\x1b[2J\n")
    line = cost_line(WHOLE._replace(cost=Cost(5, "\x1b[31m")), [evil], room=500)
    assert "\x1b" not in line
    assert "\n" not in line


COUNTS = st.none() | st.integers(0, 10**12)
FLOATS = st.none() | st.floats(-1e12, 1e12)


@given(
    usage=st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS),
    quota=st.builds(QuotaSnapshot, st.text(), FLOATS, FLOATS, FLOATS, st.booleans(), st.text()),
    multiplier=FLOATS,
    room=st.integers(0, 300),
    used=st.integers(0, 10**12),
    window=COUNTS,
)
def test_nothing_is_ever_wider_than_its_room(
    usage: Usage,
    quota: QuotaSnapshot,
    multiplier: float | None,
    room: int,
    used: int,
    window: int | None,
) -> None:
    """Whatever the figures are: a line that wraps would ruin the prompt."""
    outcome = WHOLE._replace(usage=usage, cost=None)
    line = cost_line(outcome, [quota], multiplier=multiplier, room=room)
    assert len(line) <= room
    assert "\n" not in line
    assert len(prompt_meter(used, window, color=False, room=room)) <= room
