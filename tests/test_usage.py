"""`usage`: the plan and its quotas as lines, bars and JSON, and what is said where it fails."""

import json
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.auth.plan import Plan, Quota, parse_plan
from copilot_cli.effects import Effects
from copilot_cli.main import main
from tests.wizard_world import Terminal, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "home")
    made.environ["COPILOT_CHAT_TOKEN"] = made.sim.sign_in()
    return made


LEFT: dict[str, tuple[Quota, str, float | None]] = {
    "some": (Quota("q", 300.0, 240.0, 80.0), "240 of 300 left, 80 %", 0.8),
    "fractions": (Quota("q", 300.0, 37.54, 12.5), "37.5 of 300 left, 12 %", 0.125),
    "thousands": (Quota("q", 15_000.0, 1500.0, None), "1,500 of 15,000 left, 10 %", 0.1),
    "unlimited": (Quota("q", -1.0, 0.0, 100.0, unlimited=True), "unlimited", None),
    "unlimited by its figure": (Quota("q", -1.0, 0.0, 0.0), "unlimited", None),
    "nothing": (Quota("q", 300.0, 0.0, 0.0), "0 of 300 left, 0 %", 0.0),
    "overdrawn": (Quota("q", 300.0, -6.0, -2.0), "nothing left of 300, 6 over", 0.0),
    "overdrawn and billed": (
        Quota("q", 300.0, -6.0, -2.0, overage_count=6.0, overage_permitted=True),
        "nothing left of 300, 6 over, what goes beyond is billed",
        0.0,
    ),
    "billed beyond": (
        Quota("q", 300.0, 240.0, 80.0, overage_permitted=True),
        "240 of 300 left, 80 %, what goes beyond is billed",
        0.8,
    ),
    "no part of the plan": (Quota("q", 0.0, 0.0, 0.0), "not part of the plan", 0.0),
    "only what goes beyond": (
        Quota("q", 0.0, 0.0, 0.0, overage_count=7.5, overage_permitted=True),
        "0 of 0 left, 0 %, 7.5 over, what goes beyond is billed",
        0.0,
    ),
    "no whole": (Quota("q", None, 3900.0, None), "3,900 left", None),
    "a share alone": (Quota("q", None, None, 42.0), "42 %", 0.42),
    "not told": (Quota("q", None, None, None), "not told", None),
}


@pytest.mark.parametrize(("quota", "words", "share"), LEFT.values(), ids=LEFT)
def test_what_is_left_in_words_and_as_a_share(
    quota: Quota, words: str, share: float | None
) -> None:
    """Figures as they came; negative ones are what went beyond."""
    assert quota.left == words
    assert quota.share == share


BILLED: dict[str, tuple[dict[str, Any], str | None]] = {
    "credits": ({"copilot_plan": "individual", "token_based_billing": True}, "credits"),
    "requests": ({"copilot_plan": "business"}, "premium requests"),
    "free": ({"copilot_plan": "free"}, None),
    "not told": ({}, None),
}


@pytest.mark.parametrize(("fields", "unit"), BILLED.values(), ids=BILLED)
def test_the_unit_is_the_one_the_plan_bills(fields: dict[str, Any], unit: str | None) -> None:
    """Credits where the service says so; the free plan bills nothing."""
    plan = parse_plan(fields)
    assert plan.unit == unit
    assert [line.words for line in plan.lines() if line.name == "billed in"] == (
        [] if unit is None else ["AI credits (1 credit = 0.01 USD)" if unit == "credits" else unit]
    )


RESETS: dict[str, tuple[Any, str | None]] = {
    "a date": ("2026-09-01", "2026-09-01"),
    "unix seconds": (1_788_220_800, "2026-09-01"),
    "nonsense": (10**20, None),
    "nothing": (None, None),
    "words": ("soon\x1b", "soon␛"),
}


@pytest.mark.parametrize(("value", "day"), RESETS.values(), ids=RESETS)
def test_the_free_plans_reset(value: object, day: str | None) -> None:
    """It may be a date, or unix seconds."""
    assert parse_plan({"limited_user_reset_date": value}).resets == day


def test_a_share_says_little_where_credits_are_billed() -> None:
    """The entitlement is beyond what anybody uses: no bar of it."""
    quota = Quota("premium_interactions", 1e9, 1e9, 100.0)
    plan = Plan("o", "individual", None, None, True, None, (), (quota,))
    assert [line.share for line in plan.lines()] == [None] * 4


def at_a_terminal(world: World, columns: int = 80, **environ: str) -> list[str]:
    """Return the lines that `usage` shows at a terminal of that width."""
    stdout, effects = Terminal(), world.build(None).effects
    environ = {**world.environ, "COLUMNS": str(columns), "TERM": "xterm", **environ}
    shown = Effects(
        environ=environ,
        stdin=effects.stdin,
        stdout=stdout,
        stderr=effects.stderr,
        transport=effects.transport,
        now=effects.now,
    )
    assert main(["usage"], shown) == 0
    return stdout.getvalue().splitlines()


def test_a_terminal_gets_bars(world: World) -> None:
    """In colour, beside the words; what is unlimited has none."""
    world.sim.scenario.quota = 20.0
    shown = at_a_terminal(world)
    assert shown[0] == "account               octocat"
    assert "chat                  unlimited" in shown
    (premium,) = [line for line in shown if line.startswith("premium")]
    assert premium.startswith("premium interactions  60 of 300 left, 20 %  \x1b[33m█████\x1b[m░")
    assert "billed in             premium requests" in shown
    assert shown[-1].startswith("starts anew           2025-07-01")


def test_no_color(world: World) -> None:
    """The bars are plain."""
    shown = "".join(at_a_terminal(world, NO_COLOR="1"))
    assert "█" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("how", ["narrow", "dumb", "plain"])
def test_without_bars_the_words_say_it(world: World, how: str) -> None:
    """On a narrow or a dumb terminal, and for a screen reader."""
    environ = {"TERM": "dumb"} if how == "dumb" else {}
    if how == "plain":
        world.home.mkdir(mode=0o700)
        (world.home / "config.toml").write_text("[ui]\nplain = true\n")
    shown = at_a_terminal(world, 46 if how == "narrow" else 80, **environ)
    assert "premium interactions  240 of 300 left, 80 %" in shown
    assert "█" not in "".join(shown)


def test_the_unit_is_in_the_json(world: World) -> None:
    """A program need not guess it."""
    world.sim.scenario.token_billing = True
    assert json.loads(world.run("usage", "--json")[1])["unit"] == "credits"


# -- failures --------------------------------------------------------------------------------


def asked(world: World) -> int:
    return sum(entry.endpoint == "quota" for entry in world.sim.log)


def test_it_is_asked_again_as_answers_are(world: World) -> None:
    """A 503 may be over in a moment; each wait is said."""
    world.sim.fault("quota", status=503, times=2)
    code, out, err = world.run("usage")
    assert code == 0
    assert "premium interactions\t240 of 300 left" in out
    assert err.count("sending again in") == 2
    assert asked(world) == 3


FAILURES: dict[str, tuple[dict[str, Any], int, int, str]] = {
    "down": ({"status": 503}, 6, 4, "error: usage is not available: api.github.com is not availa"),
    "gone": ({"status": 404, "body": {"message": "Not Found"}}, 6, 1, "error: usage is not avail"),
    "not made": ({"status": 501}, 6, 1, "error: usage is not available: "),
    "a page": ({"status": 200, "body": "<html>"}, 6, 1, "error: usage is not available: "),
    "unreachable": ({"connect_error": True}, 6, 4, "error: usage is not available: cannot connec"),
    "refused": ({"status": 401, "body": {"message": "Bad credentials"}}, 3, 1, "error: GitHub re"),
    "forbidden": ({"status": 403, "body": {"message": "no"}}, 4, 1, "error: GitHub does not allo"),
    "limited": ({"status": 429}, 5, 3, "error: api.github.com limits the rate of requests"),
    "limited for long": (
        {"status": 429, "headers": {"retry-after": "7200"}}, 5, 1, "hint: try again after ",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "exit_code", "requests", "said"), FAILURES.values(), ids=FAILURES
)
def test_failures(
    world: World, fault: dict[str, Any], exit_code: int, requests: int, said: str
) -> None:
    """Exit code by cause, plainly said, and tried again where that may help."""
    world.sim.fault("quota", times=9, **fault)
    code, out, err = world.run("usage")
    assert (code, out) == (exit_code, "")
    assert said in err
    assert "hint: " in err or exit_code in {4, 5}
    assert asked(world) == requests


def test_no_retries_are_none(world: World) -> None:
    """The setting counts here, too."""
    world.home.mkdir(mode=0o700)
    (world.home / "config.toml").write_text("retries = 0\n")
    world.sim.fault("quota", status=503)
    assert world.run("usage")[0] == 6
    assert asked(world) == 1
