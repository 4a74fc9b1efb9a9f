"""How long a server asks to wait: every form, and what is none."""

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.retry_after import delay_asked, parse_retry_after, try_again

NOW = 784111770.0  # 1994-11-06 08:49:30 UTC, seven seconds before the date of RFC 9110

FORMS: dict[str, float | None] = {
    "0": 0.0,
    "7": 7.0,
    "007": 7.0,
    " 7\t": 7.0,
    "9999999999": 9999999999.0,
    "1.5": 1.5,
    "0.0000001": 1e-07,
    "Sun, 06 Nov 1994 08:49:37 GMT": 7.0,
    "Sunday, 06-Nov-94 08:49:37 GMT": 7.0,
    "Sun Nov  6 08:49:37 1994": 7.0,
    "Sun, 06 Nov 1994 08:49:00 GMT": 0.0,
    "Thu, 01 Jan 1970 00:00:00 GMT": 0.0,
    "": None,
    " ": None,
    "-3": None,
    "+3": None,
    "nan": None,
    "inf": None,
    "1e3": None,
    "1.": None,
    ".5": None,
    "5s": None,
    "5, 10": None,
    "0x10": None,
    "1_000": None,
    "٣": None,
    "７": None,
    "10000000000": None,
    "7\n": None,
    "1994-11-06T08:49:37Z": None,
    "Sun, 06 Nov 99999 08:49:37 GMT": None,
    "Sun, 06 Nov 1994 08:49:37 +0100": None,
    "Sun, 31 Feb 1994 08:49:37 GMT": None,
    "Sun, ٠6 Nov 1994 08:49:37 GMT": None,
    "Sun, 06 Nov 199٤ 08:49:37 GMT": None,
    "tomorrow": None,
}


@pytest.mark.parametrize(("value", "expected"), FORMS.items(), ids=[repr(form) for form in FORMS])
def test_a_value_is_seconds_or_a_date_or_nothing(value: str, expected: float | None) -> None:
    """Plain ASCII seconds, or one of the three dates of HTTP, in UTC."""
    assert parse_retry_after(value, NOW) == expected


HEADERS: dict[str, tuple[dict[str, str], list[str], float | None]] = {
    "nothing": ({}, [], None),
    "seconds": ({}, ["5"], 5.0),
    "the largest of several": ({}, ["5", "-1", "30", "x", "20"], 30.0),
    "a date and seconds": ({}, ["5", "Sun, 06 Nov 1994 08:49:37 GMT"], 7.0),
    "milliseconds": ({"retry-after-ms": "1500"}, [], 1.5),
    "milliseconds after what is no value": ({"retry-after-ms": " 20 "}, ["soon"], 0.02),
    "seconds before milliseconds": ({"retry-after-ms": "1500"}, ["5"], 5.0),
    "nonsense milliseconds": ({"retry-after-ms": "-1"}, [], None),
    "a reset": ({"x-ratelimit-reset": "1784111770"}, [], 1e9),
    "a reset where something is left": (
        {"x-ratelimit-reset": "1784111770", "x-ratelimit-remaining": "4999"},
        [],
        None,
    ),
    "a reset in seconds from now": ({"x-ratelimit-reset": "60"}, [], None),
    "a reset that is no number": ({"x-ratelimit-reset": "soon"}, [], None),
}


@pytest.mark.parametrize(("headers", "repeated", "expected"), HEADERS.values(), ids=HEADERS)
def test_the_headers_are_looked_at_in_order(
    headers: Mapping[str, str], repeated: list[str], expected: float | None
) -> None:
    """`Retry-After`, then its milliseconds, then the reset of a limit of which nothing is left."""
    assert delay_asked(headers, repeated, NOW) == expected


def test_a_reset_of_an_exhausted_limit_counts_from_now() -> None:
    """Unix seconds, against our clock; a reset that is past is no wait."""
    headers = {"x-ratelimit-reset": "1700000060", "x-ratelimit-remaining": "0"}
    assert delay_asked(headers, [], 1_700_000_000.0) == 60.0
    assert delay_asked(headers, [], 1_800_000_000.0) == 0.0


@settings(deadline=None)
@given(st.text(max_size=40), st.floats(-1e10, 1e11))
def test_any_text_is_a_wait_or_nothing(value: str, now: float) -> None:
    """Whatever a server sends, it raises nothing and asks for no negative time."""
    asked = parse_retry_after(value, now)
    assert asked is None or asked >= 0
    names = ("retry-after-ms", "x-ratelimit-reset", "x-ratelimit-remaining")
    asked = delay_asked(dict.fromkeys(names, value), [value, value], now)
    assert asked is None or asked >= 0


@settings(deadline=None)
@given(st.datetimes(timezones=st.just(UTC)))
def test_every_date_that_a_server_writes_is_read(when: datetime) -> None:
    """The date of two of the standard library's writers is the date we read."""
    expected = max(0.0, when.replace(microsecond=0).timestamp() - NOW)
    assert parse_retry_after(format_datetime(when, usegmt=True), NOW) == expected
    assert parse_retry_after(when.ctime(), NOW) == expected


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, r"try again later"),
        (60.0, r"try again in 60 s"),
        (7200.0, r"try again after \d\d:\d\d"),
        (200_000.0, r"try again after \d{4}-\d\d-\d\d \d\d:\d\d"),
    ],
)
def test_what_is_far_off_is_told_as_a_time_of_day(seconds: float | None, told: str) -> None:
    """Nobody counts thousands of seconds; another day comes with its date."""
    noon = time.mktime((2026, 5, 4, 12, 0, 0, 0, 0, -1))  # here, whatever zone that is
    assert re.fullmatch(told, try_again(noon, seconds))
