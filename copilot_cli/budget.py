"""What one command may cost: `max_credits`, in the unit that the plan bills.

A request goes out only if what was spent and the least that it can cost are within the limit. The
price comes from the model list: of its tokens in AI credits, or of the whole request in premium
requests. What the service itself reports wins over every price; the rest is an estimate, and where
there is no price only what is reported counts.
"""

import math
from collections.abc import Callable, Generator
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

from copilot_cli.context import estimate
from copilot_cli.errors import BudgetError
from copilot_cli.messages import (
    Event,
    ModelInfo,
    Notice,
    Request,
    Started,
    Usage,
    UsageReport,
)
from copilot_cli.ui.describe import MILLION, token_prices

if TYPE_CHECKING:
    from copilot_cli.parties import Engine

CREDITS = "credits"
REQUESTS = "premium requests"
_ROUNDING = 1e-9


class Price(NamedTuple):
    """What a model costs in `unit`: for a request, and for a token of each kind."""

    unit: str
    request: float = 0.0
    read: float = 0.0
    cached: float = 0.0
    written: float = 0.0

    def least(self, request: Request) -> float:
        """Return the least that `request` can cost: its prompt, and not a word of an answer."""
        if self.unit == REQUESTS:
            # What the program asks by itself is billed with the question that it belongs to.
            return self.request if request.initiator == "user" else 0.0
        return self.read * estimate(request.messages)

    def of(self, request: Request, usage: Usage | None) -> float:
        """Return what an answer cost for which the service told no price."""
        if self.unit == REQUESTS or usage is None or usage.input_tokens is None:
            return self.least(request)
        cached = min(usage.cached_tokens or 0, usage.input_tokens)
        fresh = usage.input_tokens - cached
        return fresh * self.read + cached * self.cached + (usage.output_tokens or 0) * self.written


def price_of(model: ModelInfo | None) -> Price | None:
    """Return the price that the model list gives; None where it gives none that can be read."""
    if model is None:
        return None
    prices = token_prices(model)
    if prices is not None and _is_price(prices.input) and _is_price(prices.output):
        cached = prices.cached if _is_price(prices.cached) else prices.input
        read, cached, written = (each / MILLION for each in (prices.input, cached, prices.output))
        return Price(CREDITS, 0.0, read, cached, written)
    return None if model.multiplier is None else Price(REQUESTS, model.multiplier)


class Budget:
    """Keeps the costs of one command under `limit`; `price_of` tells a model's price, or None."""

    def __init__(self, limit: float, price_of: Callable[[str], Price | None]) -> None:
        self._limit = limit
        self._price_of = price_of
        self._spent: dict[str, float] = {}
        self._unknown: set[str] = set()
        self._asked: tuple[Request, Price] | None = None
        self._report: UsageReport | None = None

    @property
    def spent(self) -> dict[str, float]:
        """What was spent so far, by unit."""
        return dict(self._spent)

    def check(self, request: Request) -> str | None:
        """Raise `BudgetError` where `request` may not be sent.

        Returns what the person should know of its price, if there is something new.
        """
        price = self._price(request.model)
        if price is None:
            return self._check_blindly(request.model)
        least, spent = price.least(request), self._spent.get(price.unit, 0.0)
        if spent + least > self._limit + _ROUNDING:
            raise _over(self._limit, price.unit, spent, least)
        return None

    def _check_blindly(self, model: str) -> str | None:
        for unit, spent in self._spent.items():
            if 0 < self._limit <= spent:
                raise _over(self._limit, unit, spent)
        if model in self._unknown or self._spent.get(CREDITS):
            return None
        self._unknown.add(model)
        return f"the price of {model} is not known: max_credits counts only what is reported"

    def note(self, event: Event, request: Request) -> None:
        """Hear an event of the answer to `request`."""
        if isinstance(event, Started):
            self.settle()
            price = self._price(request.model)
            self._asked = None if price is None else (request, price)
        elif isinstance(event, UsageReport):
            self._report = event

    def settle(self) -> None:
        """Count the answer that is over: what the service said it costs, else its price."""
        asked, report = self._asked, self._report
        self._asked = self._report = None
        cost = report.cost if report else None
        by_request = asked is not None and asked[1].unit == REQUESTS
        # Where requests are billed, a bill of no credits does not say that this one was free.
        if cost is not None and (cost.amount or not by_request):
            self._add(cost.unit, cost.amount)
        elif asked is not None:
            request, price = asked
            self._add(price.unit, price.of(request, report.usage if report else None))

    def _add(self, unit: str, amount: float) -> None:
        self._spent[unit] = self._spent.get(unit, 0.0) + amount

    def _price(self, model: str) -> Price | None:
        price = self._price_of(model)
        # Whose answers are billed in credits does not pay by the request.
        stale = price is not None and price.unit == REQUESTS and bool(self._spent.get(CREDITS))
        return None if stale else price


class Budgeted:
    """An engine whose answers come out of a budget."""

    def __init__(self, engine: "Engine", budget: Budget) -> None:
        self._engine = engine
        self._budget = budget

    @property
    def name(self) -> str:
        """The engine's own name."""
        return self._engine.name

    def dry_run(self, request: Request) -> dict[str, Any]:
        """Return what would be sent; it costs nothing."""
        return self._engine.dry_run(request)

    def answer(self, request: Request) -> Generator[Event]:
        """Yield the events of one answer. Raises `BudgetError` before anything is sent."""
        remark = self._budget.check(request)
        if remark:
            yield Notice(remark)
        try:
            with closing(self._engine.answer(request)) as events:
                for event in events:
                    self._budget.note(event, request)
                    yield event
        finally:
            self._budget.settle()


def _over(limit: float, unit: str, spent: float, least: float | None = None) -> BudgetError:
    next_one = "" if least is None else f", and the next request costs at least {least:.3g}"
    return BudgetError(
        f"more than {limit:g} {unit} would be spent: {spent:.3g} so far{next_one}",
        hint="raise it: --max-credits, or `copilot-chat config set max_credits`;"
        " or choose a model that costs less",
    )


def _is_price(value: float | None) -> TypeGuard[float]:
    return value is not None and 0 <= value < math.inf
