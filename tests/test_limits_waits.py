"""Waits: every form in which the service asks for one, the minute, the countdown, Ctrl-C."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.limits_world import Waits, asked, signed_in
from tests.wizard_world import World

if TYPE_CHECKING:
    from tests.terminal_session import Place


@pytest.fixture
def world(tmp_path: Path) -> World:
    return signed_in(tmp_path / "home")


AT = 1_750_000_000.0  # Sun, 15 Jun 2025 15:06:40 GMT
# fmt: off
AFTERS: dict[str, tuple[dict[str, str], list[float]]] = {
    "seconds": ({"retry-after": "7"}, [7.0, 7.0]),
    "a fraction": ({"retry-after": "0.5"}, [0.5, 0.5]),
    "milliseconds": ({"retry-after-ms": "1500"}, [1.5, 1.5]),
    "a date": ({"retry-after": "Sun, 15 Jun 2025 15:06:50 GMT"}, [10.0, 0.0]),
    "an old form of date": ({"retry-after": "Sunday, 15-Jun-25 15:06:50 GMT"}, [10.0, 0.0]),
    "asctime": ({"retry-after": "Sun Jun 15 15:06:50 2025"}, [10.0, 0.0]),
    "a date that is over": ({"retry-after": "Sun, 15 Jun 2025 15:06:00 GMT"}, [0.0, 0.0]),
    "the limit's reset": ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1750000020"},
                          [20.0, 0.0]),
    "a reset of a limit that is not reached": (
        {"x-ratelimit-remaining": "5", "x-ratelimit-reset": "1750000020"}, [15.0, 15.0]),
    "a figure that is none": ({"retry-after": "-3"}, [15.0, 15.0]),
    "words": ({"retry-after": "soon"}, [15.0, 15.0]),
    "no header": ({}, [15.0, 15.0]),
    "half a minute": ({"retry-after": "30"}, [30.0, 30.0]),
    "more than a minute together": ({"retry-after": "31"}, [31.0]),
    "a minute": ({"retry-after": "60"}, [60.0]),
}
# fmt: on


@pytest.mark.parametrize(("headers", "waits"), AFTERS.values(), ids=AFTERS)
def test_retry_after(world: World, headers: dict[str, str], waits: list[float]) -> None:
    """Every form of it, never more than a minute in all; each wait is said."""
    clock = Waits(world)
    assert world.time == AT
    world.sim.fault("chat", status=429, headers=headers, times=9)
    code, _, err = world.run("ask", "hello")
    assert code == 5
    assert clock.seconds == waits
    assert asked(world) == len(waits) + 1
    for seconds in waits:
        assert f"; sending again in {seconds:.1f} s\n" in err


@pytest.fixture
def in_zurich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the machine stand where summer is two hours ahead."""
    if not hasattr(time, "tzset"):
        pytest.skip("the time zone of a process is set on POSIX alone")
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("after", "when"),
    [
        ("61", "17:07"),
        ("Sun, 15 Jun 2025 18:00:00 GMT", "20:00"),
        ("Sun, 15 Jun 2025 23:00:00 GMT", "2025-06-16 01:00"),
        ("208800", "2025-06-18 03:06"),  # 58 hours (github/copilot-cli#2760)
        ("1666800", "2025-07-05 00:06"),  # 463 hours
        ("9999999999", ""),
    ],
)
@pytest.mark.usefixtures("in_zurich")
def test_a_long_wait_is_told_and_not_slept(
    world: World, status: int, after: str, when: str
) -> None:
    """At once, with the local time, and the day where it is another one."""
    clock = Waits(world)
    world.sim.fault("chat", status=status, headers={"retry-after": after}, times=9)
    code, _, err = world.run("ask", "hello")
    assert code == (5 if status == 429 else 6)
    assert f"hint: try again after {when}" in err
    assert (clock.seconds, asked(world)) == ([], 1)


def test_no_retries_are_none(world: World) -> None:
    """`--retries 0` sends once."""
    world.sim.fault("chat", status=503, times=9)
    assert world.run("ask", "--retries", "0", "hello")[0] == 6
    assert asked(world) == 1


def test_ctrl_c_ends_a_wait(world: World) -> None:
    """At once, with exit code 130; nothing more is sent."""
    Waits(world, stop_at=1)
    world.sim.fault("chat", status=429, times=9)
    code, out, err = world.run("ask", "hello")
    assert (code, out) == (130, "")
    assert "sending again in 15.0 s" in err
    assert asked(world) == 1


def test_ctrl_c_in_a_wait_of_usage(world: World) -> None:
    """It waits as an answer does, and is stopped as one."""
    Waits(world, stop_at=2)
    world.sim.fault("quota", status=503, times=9)
    assert world.run("usage")[0] == 130
    assert asked(world, "quota") == 2


# -- at a terminal ---------------------------------------------------------------------------

posix = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")


@pytest.fixture
def place(tmp_path: Path) -> "Iterator[Place]":
    from tests.terminal_session import Place

    with Place(tmp_path) as made:
        made.sign_in_by_variable()
        yield made


@posix
@pytest.mark.real
def test_the_wait_is_a_countdown_that_ctrl_c_ends(place: "Place") -> None:
    """The seconds go down in one line, which is gone afterwards; exit code 130."""
    place.simulator.fault("chat", status=429, headers={"retry-after": "50"}, times=9)
    with place.run("ask", "hello") as session:
        session.shows("sending again in 50.0 s", "50 s left; Ctrl-C stops").shows("49 s left")
        session.types("\x03").ends(130)
        assert "s left" not in session.text
    assert len(place.asked("chat")) == 1


@posix
@pytest.mark.real
def test_the_wait_is_over_by_itself(place: "Place") -> None:
    """Then the answer comes, and nothing of the countdown is left."""
    place.simulator.fault("chat", status=429, headers={"retry-after": "1"})
    with place.run("ask", "--render", "never", "an echo") as session:
        session.shows("1 s left; Ctrl-C stops").ends(0)
        assert "an echo" in session.text
        assert "s left" not in session.text


@posix
@pytest.mark.real
def test_ctrl_c_in_a_wait_leads_back_to_the_prompt(place: "Place") -> None:
    """The chat goes on; the question that was stopped is not sent again."""
    place.simulator.fault("chat", status=503, headers={"retry-after": "40"})
    with place.run("repl") as session:
        session.prompts().types("first\r").shows("40 s left; Ctrl-C stops")
        session.types("\x03").shows("stopped; nothing came").prompts(2)
        session.types("second\r").prompts(3).types("\x04").ends(0)
    sent = [entry.json()["messages"][-1]["content"] for entry in place.asked("chat")]
    assert sent == ["first", "second"]


@posix
@pytest.mark.real
def test_a_long_wait_is_told_at_once(place: "Place") -> None:
    """The chat says until when, and is ready for the next question."""
    place.simulator.fault("chat", status=429, headers={"retry-after": "208800"})
    with place.run("repl") as session:
        session.prompts().types("first\r").shows("a rate limit is reached", "try again after 20")
        session.prompts(2).types("second\r").prompts(3).types("\x04").ends(0)
    assert len(place.asked("chat")) == 2
