"""The budget of one command: prices, what is counted, and what is not sent."""

from typing import Any

import pytest

from copilot_cli.budget import CREDITS, REQUESTS, Budget, Budgeted, Price, price_of
from copilot_cli.context import estimate
from copilot_cli.engines.models import parse_models
from copilot_cli.errors import BudgetError, LimitError, ServiceError
from copilot_cli.messages import (
    Cost,
    Event,
    Notice,
    Request,
    Started,
    Text,
    Usage,
    UsageReport,
    message,
)
from tests.chat_world import WHOLE, Engine, Step, answered

CREDIT = Price(CREDITS, read=0.01, cached=0.001, written=0.1)
PREMIUM = Price(REQUESTS, request=1.0)


def ask(text: str = "Hi", **fields: Any) -> Request:
    return Request("m", [message("user", text)])._replace(**fields)


def billed(amount: float, unit: str = CREDITS) -> list[Step]:
    """Return the events of an answer whose price the service tells."""
    return [Started(None, None), Text("x"), UsageReport(Usage(), Cost(amount, unit)), WHOLE]


def counted(usage: Usage) -> list[Step]:
    return [Started(None, None), Text("x"), UsageReport(usage), WHOLE]


class World:
    """An engine whose answers come out of a budget."""

    def __init__(self, limit: float, price: Price | None, *answers: list[Step]) -> None:
        self.price = price
        self.budget = Budget(limit, lambda _model: self.price)
        self.inner = Engine(*answers)
        self.engine = Budgeted(self.inner, self.budget)

    def ask(self, text: str = "Hi", **fields: Any) -> list[Event]:
        return list(self.engine.answer(ask(text, **fields)))


ITEM: dict[str, Any] = {"id": "m", "capabilities": {"type": "chat"}}
LISTED: dict[str, tuple[dict[str, Any], Price | None]] = {
    "credits": (
        {"token_prices": {"batch_size": 1000, "default": {"input_price": 2, "output_price": 8}}},
        Price(CREDITS, read=0.002, cached=0.002, written=0.008),
    ),
    "credits, cached": (
        {
            "token_prices": {
                "batch_size": 100,
                "default": {"input_price": 2, "output_price": 8, "cache_price": 1},
            },
            "multiplier": 3,
        },
        Price(CREDITS, read=0.02, cached=0.01, written=0.08),
    ),
    "credits, for a batch that is not told": (
        {"token_prices": {"default": {"input_price": 125, "output_price": 1000}}},
        Price(CREDITS, read=0.000125, cached=0.000125, written=0.001),  # as `models` shows it
    ),
    "multiplier": ({"multiplier": 0.33}, Price(REQUESTS, request=0.33)),
    "included": ({"multiplier": 0}, Price(REQUESTS, request=0.0)),
    "none": ({}, None),
    "odd prices": (
        {"token_prices": {"batch_size": "x", "default": {"input_price": True}}, "multiplier": 1},
        Price(REQUESTS, request=1.0),
    ),
    "negative": ({"token_prices": {"default": {"input_price": -1, "output_price": 1}}}, None),
}


@pytest.mark.parametrize(("billing", "price"), LISTED.values(), ids=LISTED)
def test_the_price_is_what_the_model_list_says(
    billing: dict[str, Any], price: Price | None
) -> None:
    """In the unit that it gives; what cannot be a price is none."""
    (model,) = parse_models({"data": [{**ITEM, "billing": billing}]})
    assert price_of(model) == price


def test_a_model_that_nobody_knows_has_no_price() -> None:
    """It is not on any list."""
    assert price_of(None) is None


def test_within_the_budget_nothing_is_changed() -> None:
    """The events are the engine's own."""
    world = World(10, CREDIT, answered())
    assert world.ask() == answered()
    assert world.engine.name == "scripted"
    assert world.engine.dry_run(ask()) == {"messages": 1}


def test_the_least_that_a_request_can_cost_must_fit() -> None:
    """Else nothing is sent, and the message has the figures."""
    text = "x" * 4000
    least = 0.01 * estimate([message("user", text)])
    world = World(least - 0.1, CREDIT)
    with pytest.raises(BudgetError) as raised:
        world.ask(text)
    assert world.inner.requests == []
    assert raised.value.exit_code == 5
    assert raised.value.kind == "budget"
    assert not isinstance(raised.value, LimitError)
    assert f"the next request costs at least {least:.3g}" in raised.value.message
    assert "--max-credits" in (raised.value.hint or "")
    World(least, CREDIT, answered()).ask(text)


def test_what_the_service_reports_is_what_was_spent() -> None:
    """It wins over every price, and over the next request's least."""
    world = World(3.0, CREDIT, billed(1.5), billed(1.49))
    world.ask()
    world.ask()
    assert world.budget.spent == {CREDITS: 2.99}
    with pytest.raises(BudgetError, match=r"2\.99 so far"):
        world.ask()
    assert len(world.inner.requests) == 2


def test_without_a_report_the_price_counts() -> None:
    """By the tokens of each kind, else by the estimate."""
    world = World(1000, CREDIT, counted(Usage(100, 10, 40)), answered())
    world.ask()
    assert world.budget.spent[CREDITS] == pytest.approx(60 * 0.01 + 40 * 0.001 + 10 * 0.1)
    world.ask("Hi")
    least = CREDIT.least(ask("Hi"))
    assert world.budget.spent[CREDITS] == pytest.approx(1.64 + least)


def test_premium_requests_are_counted_by_the_question() -> None:
    """Three of them are three; a follow-up of the program's own is not billed."""
    world = World(3, PREMIUM, *[answered()] * 5)
    for _ in range(3):
        world.ask()
    assert world.budget.spent == {REQUESTS: 3.0}
    world.ask(initiator="agent")
    with pytest.raises(BudgetError, match="more than 3 premium requests would be spent: 3 so far"):
        world.ask()


def test_small_prices_add_up_without_noise() -> None:
    """Ten times a tenth is one."""
    world = World(1, Price(REQUESTS, request=0.1), *[answered()] * 10)
    for _ in range(10):
        world.ask()
    with pytest.raises(BudgetError):
        world.ask()


def test_an_included_model_always_answers() -> None:
    """Nothing is more than nothing."""
    world = World(0, Price(REQUESTS), answered(), answered())
    world.ask()
    world.ask()
    assert len(world.inner.requests) == 2


def test_what_was_refused_costs_nothing() -> None:
    """An answer that never began is not billed."""
    world = World(1, PREMIUM, [ServiceError("down")], answered())
    with pytest.raises(ServiceError):
        world.ask()
    world.ask()
    assert world.budget.spent == {REQUESTS: 1.0}


def test_an_answer_that_was_stopped_is_counted() -> None:
    """The request was taken, and is billed."""
    world = World(1, PREMIUM, answered())
    events = world.engine.answer(ask())
    next(events)
    events.close()
    assert world.budget.spent == {REQUESTS: 1.0}
    assert world.inner.closed == 1


def test_each_attempt_that_began_is_counted() -> None:
    """An answer that broke off before its first word, and was asked for again."""
    twice: list[Step] = [Started(None, None), UsageReport(Usage(), Cost(1, CREDITS)), *billed(2)]
    world = World(9, CREDIT, twice)
    world.ask()
    assert world.budget.spent == {CREDITS: 3.0}


def test_an_unknown_price_is_said_once_and_reports_are_counted() -> None:
    """Until they reach the limit."""
    world = World(2, None, answered(), answered(), billed(2.0))
    notice = Notice("the price of m is not known: max_credits counts only what is reported")
    assert world.ask()[0] == notice
    assert notice not in world.ask()
    world.ask()
    with pytest.raises(BudgetError, match=r"2 so far$"):
        world.ask()


def test_who_is_billed_in_credits_does_not_pay_by_the_request() -> None:
    """The multiplier counts until the service reports a price of its own."""
    world = World(10, Price(REQUESTS, request=9.0), billed(1.0), billed(1.0))
    world.ask()
    world.ask()
    assert world.budget.spent == {CREDITS: 2.0}


def test_a_bill_of_no_credits_is_none_where_requests_are_billed() -> None:
    """The service may bill nothing in one unit and a request in the other."""
    world = World(1, PREMIUM, billed(0.0))
    world.ask()
    assert world.budget.spent == {REQUESTS: 1.0}
    with pytest.raises(BudgetError):
        world.ask()
