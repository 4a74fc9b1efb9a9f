"""Failover, budget and words on a low quota at the program's boundary: `ask` and `repl`."""

import json
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.simulator.reply import Reply, Request
from tests.endpoint_world import LOCAL
from tests.limits_world import Waits, asked, configure, signed_in
from tests.repl_world import models_asked
from tests.wizard_world import World

DOWN: dict[str, Any] = {"status": 503}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return signed_in(tmp_path / "home")


def chat(world: World, *lines: str) -> tuple[int, str, str]:
    """Pipe `lines` into a chat."""
    return world.run("repl", stdin="".join(f"{line}\n" for line in lines))


# -- failover --------------------------------------------------------------------------------


def test_another_model_answers_where_the_first_is_down(world: World) -> None:
    """After the first's retries; it is said on stderr, and stdout has the answer alone."""
    configure(world, 'failover = ["sim-reason", "sim-docs"]\n')
    world.sim.fault("chat", status=503, times=4)
    code, out, err = world.run("ask", "hello")
    assert (code, out) == (0, "hello")
    assert models_asked(world) == ["sim-echo"] * 4 + ["sim-reason"]
    assert "the service failed (status 503, request " in err
    assert "; sim-reason (direct) answers instead\n" in err


def test_another_model_answers_where_the_first_is_at_a_limit(world: World) -> None:
    """At once where the limit lasts longer than anybody would wait."""
    configure(world, 'failover = ["sim-reason"]\n')
    world.sim.fault("chat", status=429, headers={"retry-after": "208800"})
    assert world.run("ask", "hello")[:2] == (0, "hello")
    world.sim.fault("chat", status=402, body={"error": {"code": "quota_exceeded"}})
    assert world.run("ask", "hello")[:2] == (0, "hello")
    assert models_asked(world) == ["sim-echo", "sim-reason"] * 2


def test_without_the_setting_nothing_changes_by_itself(world: World) -> None:
    """The contract's word: nobody else is asked."""
    world.sim.fault("chat", status=503, times=4)
    assert world.run("ask", "hello")[0] == 6
    assert set(models_asked(world)) == {"sim-echo"}


def test_a_refused_sign_in_is_not_failed_over(world: World) -> None:
    """Nor is it counted."""
    configure(world, 'failover = ["sim-reason"]\n')
    world.sim.fault("chat", status=401, times=9)
    code, _, err = world.run("ask", "hello")
    assert code == 3
    assert "answers instead" not in err
    assert set(models_asked(world)) == {"sim-echo"}


def test_nothing_is_failed_over_after_a_word_was_shown(world: World) -> None:
    """Half an answer stays half an answer."""
    configure(world, 'failover = ["sim-reason"]\n')
    world.sim.answer(deltas=["half ", "of it"], cut_after=1)
    code, out, _ = world.run("ask", "hello")
    assert (code, out) == (7, "half ")
    assert models_asked(world) == ["sim-echo"]


def test_the_first_error_is_told_where_nobody_can_answer(world: World) -> None:
    """With its exit code, and who else was tried in the hint."""
    configure(world, 'failover = ["sim-reason", "nobody-knows", "sim-docs"]\n')
    world.run("models")
    world.sim.fault("chat", status=402, body="You have no quota")
    world.sim.fault("chat", status=500, times=99)
    code, out, err = world.run("ask", "hello")
    assert (code, out) == (5, "")
    assert "error: your plan's quota is used up: You have no quota" in err
    assert "sim-reason, nobody-knows, sim-docs could not answer either" in err
    assert "nobody-knows cannot be asked in its place: " in err


def test_all_waits_are_within_the_minute(world: World) -> None:
    """However many models there are."""
    configure(world, 'failover = ["sim-reason", "sim-docs"]\n')
    clock = Waits(world)
    world.sim.fault("chat", status=429, headers={"retry-after": "25"}, times=99)
    assert world.run("ask", "hello")[0] == 5
    assert clock.seconds == [25.0, 25.0]


def test_the_first_by_another_name_is_not_asked_twice(world: World) -> None:
    """A prefix makes no other model of it."""
    configure(world, 'failover = ["copilot/sim-echo", "github/sim-reason"]\n')
    world.sim.fault("chat", status=500, times=4)
    assert world.run("ask", "hello")[0] == 0
    assert models_asked(world) == ["sim-echo"] * 4 + ["sim-reason"]


def test_an_endpoint_on_this_machine_answers_without_a_network(world: World) -> None:
    """It needs no sign-in, gets no token, and is asked by its own name."""
    endpoint = f'[endpoints.mine]\nurl = "{LOCAL}"\nmodel = "llama-sim:latest"\n'
    configure(world, f'failover = ["mine"]\n{endpoint}')
    world.environ["COPILOT_OFFLINE"] = "1"
    code, out, err = world.run("ask", "hello")
    assert (code, out) == (0, "hello")
    assert "no request to api.github.com was sent; llama-sim:latest (byok) answers instead" in err
    assert [entry.host for entry in world.sim.log] == ["127.0.0.1"]
    assert "authorization" not in world.sim.log[0].headers


def test_why_the_last_could_not_answer_is_told(world: World) -> None:
    """Its reason is not lost behind the first's."""
    configure(world, 'failover = ["sim-reason"]\nretries = 0\n')
    world.sim.fault("chat", **DOWN)
    world.sim.fault("chat", status=402)
    code, _, err = world.run("ask", "hello")
    assert code == 6
    assert "sim-reason could not answer either: your plan's quota is used up" in err


def test_json_names_who_answered(world: World) -> None:
    """Not who was asked."""
    configure(world, 'failover = ["sim-reason"]\nretries = 0\n')
    world.sim.fault("chat", **DOWN)
    told = json.loads(world.run("ask", "--json", "hello")[1])
    assert (told["model"], told["engine"], told["error"]) == ("sim-reason", "direct", None)


def test_the_record_names_who_answered(world: World) -> None:
    """As the answer's own line of the stored conversation."""
    configure(world, 'failover = ["sim-reason"]\nretries = 0\n')
    world.sim.fault("chat", **DOWN)
    world.run("ask", "hello")
    turns = json.loads(world.run("sessions", "show", "--json")[1])["messages"]
    assert [turn["model"] for turn in turns if turn["role"] == "assistant"] == ["sim-reason"]


def test_events_tell_of_the_change_as_a_notice(world: World) -> None:
    """Before the first text."""
    configure(world, 'failover = ["sim-reason"]\nretries = 0\n')
    world.sim.fault("chat", **DOWN)
    lines = [json.loads(line) for line in world.run("ask", "--events", "hello")[1].splitlines()]
    types = [line["type"] for line in lines]
    assert types.index("notice") < types.index("text")
    assert "sim-reason (direct) answers instead" in lines[types.index("notice")]["message"]


def test_a_chat_passes_over_who_failed_thrice(world: World) -> None:
    """For five minutes it does not ask again what does not answer, even in a new conversation."""
    configure(world, 'failover = ["sim-reason"]\nretries = 0\n')
    handle = world.sim.handle

    def failing(request: Request) -> Reply:
        if b'"sim-echo"' in request.body:
            world.sim.fault("chat", **DOWN)
        return handle(request)

    world.sim.handle = failing  # type: ignore[method-assign]
    questions = [f"question {number}" for number in range(5)]
    code, out, err = chat(world, *questions[:3], "/new", *questions[3:])
    assert code == 0
    assert out == "".join(questions)
    assert models_asked(world) == ["sim-echo", "sim-reason"] * 3 + ["sim-reason"] * 2
    assert (
        err.count("sim-echo failed 3 times in five minutes; sim-reason (direct) answers instead")
        == 2
    )


# -- the budget ------------------------------------------------------------------------------


def test_a_question_beyond_the_budget_is_not_sent(world: World) -> None:
    """Exit code 5, with the figures, and what to do."""
    configure(world, "max_credits = 0.5\n")
    code, out, err = world.run("ask", "hello")
    assert (code, out) == (5, "")
    assert "error: more than 0.5 premium requests would be spent: 0 so far" in err
    assert "the next request costs at least 1" in err
    assert "max_credits" in err.partition("hint: ")[2]
    assert asked(world) == 0


def test_within_the_budget_it_is(world: World) -> None:
    """A question of one premium request, where two may be spent; the option wins."""
    configure(world, "max_credits = 2\n")
    assert world.run("ask", "hello") == (0, "hello", "")
    assert world.run("ask", "--max-credits", "0.5", "hello")[0] == 5
    assert asked(world) == 1


def test_a_chat_stops_before_it_costs_more(world: World) -> None:
    """Over all its conversations; another model may still be within the budget."""
    configure(world, "max_credits = 2\n")
    code, out, err = chat(world, "one", "/new", "two", "three", "/model sim-docs", "four")
    assert code == 5
    assert out.startswith("onetwo")
    assert models_asked(world) == ["sim-echo", "sim-echo", "sim-docs"]
    assert err.count("error: more than 2 premium requests would be spent: 2 so far") == 1


def test_what_the_service_reports_counts_in_its_own_unit(world: World) -> None:
    """Credits, where they are billed."""
    configure(world, "max_credits = 0.02\n")
    world.environ["COPILOT_CHAT_MODEL"] = "sim-reason"
    code, _, err = chat(world, "one", "two", "three")
    assert code == 5
    assert 1 <= asked(world) < 3
    assert "error: more than 0.02 credits would be spent: 0.0" in err


def test_a_budget_is_not_failed_over(world: World) -> None:
    """What the person does not want to spend is not spent on another model."""
    configure(world, 'max_credits = 0.5\nfailover = ["sim-docs"]\n')
    assert world.run("ask", "hello")[0] == 5
    assert asked(world) == 0


def test_an_unknown_price_is_said_once(world: World) -> None:
    """And what cannot be counted is not refused."""
    configure(world, "max_credits = 1\n")
    world.environ["COPILOT_CHAT_MODEL"] = "sim-bare"
    code, _, err = chat(world, "one", "two")
    assert code == 0
    assert err.count("the price of sim-bare is not known") == 1


# -- a quota that runs low -------------------------------------------------------------------

LOW = "your quota is running low: premium interactions: 60 of 300 left (20%), anew on 2025-07-01\n"


def test_a_question_says_once_a_day_that_the_quota_runs_low(world: World) -> None:
    """On stderr, after the answer; the next threshold is another word."""
    world.sim.scenario.quota = 20.0
    assert world.run("ask", "hello") == (0, "hello", LOW)
    assert world.run("ask", "hello") == (0, "hello", "")
    world.sim.scenario.quota = 8.0
    assert "your quota is nearly used up: premium interactions: 24 of" in world.run("ask", "a")[2]
    assert world.run("ask", "hello")[2] == ""
    world.time += 86_400
    assert "nearly used up" in world.run("ask", "hello")[2]


def test_a_chat_says_it_once_in_its_run(world: World) -> None:
    """Whatever was said before it, that day."""
    world.sim.scenario.quota = 20.0
    world.run("ask", "hello")
    for _ in range(2):
        err = chat(world, "one", "two", "/new", "three")[2]
        assert err.count("your quota is running low") == 1


def test_the_free_plans_chat_counts(world: World) -> None:
    """Its headers give the chat an entitlement of its own."""
    world.sim.scenario.plan = "free"
    world.sim.scenario.quota = 10.0
    err = world.run("ask", "hello")[2]
    assert "your quota is nearly used up: chat: 5 of 50 left (10%)" in err


@pytest.mark.parametrize(("quota", "entitlement"), [(80.0, 300), (0.0, -1)])
def test_where_there_is_enough_nothing_is_said(
    world: World, quota: float, entitlement: int
) -> None:
    """Neither at 80 per cent nor without limit, and no file is written."""
    world.sim.scenario.quota, world.sim.scenario.entitlement = quota, entitlement
    assert world.run("ask", "hello") == (0, "hello", "")
    assert not any("quota-warnings" in name for name in world.files())
