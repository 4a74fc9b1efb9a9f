"""What a conversation fills of its model's window, and what a turn has cost: as short lines.

Pure: figures in, text out. A figure that nobody gave is not shown, and never shown as zero. Of what
does not fit the room the least important goes first; nothing is cut in the middle.
"""

import re
from collections.abc import Sequence

from copilot_cli.context import count
from copilot_cli.messages import Cost, Outcome, QuotaSnapshot, Usage
from copilot_cli.ui.safe import safe_line

YELLOW = 0.75
"""The share of the window from which on the meter is yellow."""

RED = 0.90
"""The share from which on it is red."""

_RESET = "\x1b[0m"
_UNLIMITED = -1
_OTHER_PRODUCT = "completions"  # what an editor offers while one types
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def prompt_meter(
    used: int, window: int | None, *, color: bool, estimated: bool = False, room: int = 80
) -> str:
    """Return how much of `window` is `used`, both in tokens, in at most `room` columns.

    Plain, yellow from three quarters on, red from nine tenths on; without `color` the share alone
    tells. The window is None where it is not known. An `estimated` figure is marked with a tilde.
    """
    about = "~" if estimated else ""
    if window is None or window <= 0:
        forms = [f"{about}{count(used)} tokens", f"{about}{count(used)}"]
        return _first_fitting(forms, room)
    percent = f"{about}{100 * used // window}%"
    figures = f"{about}{count(used)}/{count(window)}"
    text = _first_fitting([f"{figures} tokens ({percent})", f"{figures} {percent}", percent], room)
    share = used / window
    sgr = "31" if share >= RED else "33" if share >= YELLOW else ""
    return f"\x1b[{sgr}m{text}{_RESET}" if color and sgr and text else text


def cost_line(
    outcome: Outcome,
    quotas: Sequence[QuotaSnapshot] | None = None,
    *,
    multiplier: float | None = None,
    room: int = 80,
) -> str:
    """Return one line on what the turn took, in at most `room` columns; empty if nothing is known.

    Tokens in and out, seconds to the first word and in all, the price in the unit that is billed,
    and what is left of the quota that is nearest to its end. `quotas` are the outcome's own unless
    given. `multiplier` is what an answer of the model costs in premium requests; it counts where
    the service has told no price of its own.
    """
    tokens, brief_tokens, bare_tokens = _tokens(outcome.usage)
    time, brief_time, total = _time(outcome)
    price = _price(outcome, multiplier)
    quota, brief_quota = _quota(outcome.quotas if quotas is None else quotas)
    return _first_fitting(
        [
            _joined(tokens, time, price, quota),
            _joined(tokens, time, price, brief_quota),
            _joined(tokens, brief_time, price, brief_quota),
            _joined(brief_tokens, brief_time, price, brief_quota),
            _joined(bare_tokens, total, price, brief_quota),
            _joined(bare_tokens, price, brief_quota),
            _joined(bare_tokens, price),
            price or bare_tokens,
        ],
        room,
    )


def _first_fitting(forms: Sequence[str], room: int) -> str:
    return next((form for form in forms if len(form) <= room), "")


def _joined(*parts: str) -> str:
    return " · ".join(filter(None, parts))


def _tokens(usage: Usage) -> tuple[str, str, str]:
    """Return tokens in and out: with what is part of them, with what is cached, and alone."""
    into, out = usage.input_tokens, usage.output_tokens
    cached, thought = usage.cached_tokens, usage.reasoning_tokens
    into_part = "" if into is None else f"{into:,} in"
    out_part = "" if out is None else f"{out:,} out"
    brief_into = "" if into is None else f"{count(into)} in"
    brief_out = "" if out is None else f"{count(out)} out"
    return (
        _joined(
            into_part + (f" ({cached:,} cached)" if into_part and cached else ""),
            out_part + (f" ({thought:,} reasoning)" if out_part and thought else ""),
        ),
        _joined(
            brief_into + (f" ({count(cached)} cached)" if brief_into and cached else ""), brief_out
        ),
        _joined(brief_into, brief_out),
    )


def _time(outcome: Outcome) -> tuple[str, str, str]:
    """Return the seconds to the first word and in all, twice, and those in all alone."""
    total = _seconds(outcome.total)
    if outcome.first_token is None:
        return (f"{total} s",) * 3
    first = _seconds(outcome.first_token)
    return f"{first} s to the first word, {total} s in all", f"{first}/{total} s", f"{total} s"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f}" if seconds < 100 else f"{seconds:,.0f}"


def _price(outcome: Outcome, multiplier: float | None) -> str:
    if outcome.cost is not None:
        return _billed(outcome.cost)
    if multiplier is None or outcome.state == "failed":
        return ""
    if multiplier == 0:
        return "included"
    return f"{multiplier:g} premium request{'' if multiplier == 1 else 's'}"


def _billed(cost: Cost) -> str:
    unit = safe_line(cost.unit, 20)
    if 0 < cost.amount < 0.001:
        return f"under 0.001 {unit}"
    digits = 3 if abs(cost.amount) < 1 else 2
    amount = f"{cost.amount:,.{digits}f}".rstrip("0").rstrip(".")
    return f"{amount} {unit.removesuffix('s') if amount == '1' else unit}"


def _quota(quotas: Sequence[QuotaSnapshot]) -> tuple[str, str]:
    """Return what is left of the quota that is nearest to its end, at length and in short."""
    told = [
        quota
        for quota in quotas
        if quota.name != _OTHER_PRODUCT and quota.remaining_percent is not None
    ]
    limited = [
        quota
        for quota in told
        if quota.entitlement is None or quota.entitlement > 0 or (quota.overage or 0) > 0
    ]
    if not limited:
        unlimited = any(quota.entitlement == _UNLIMITED for quota in told)
        return ("quota unlimited", "quota unlimited") if unlimited else ("", "")
    return _left(min(limited, key=lambda quota: quota.remaining_percent or 0.0))


def quota_left(quota: QuotaSnapshot) -> str:
    """Return what is left of `quota`, at length: how much of how much, and when it starts anew."""
    return _left(quota)[0]


def _left(quota: QuotaSnapshot) -> tuple[str, str]:
    percent = quota.remaining_percent or 0.0
    name = safe_line(quota.name.replace("_", " "), 30)
    day = _DAY.match(quota.resets or "")
    anew = f", anew on {day.group()}" if day else ""
    over = quota.overage or 0.0
    if over > 0 or percent < 0:
        beyond = f"{over:,.10g}" if over > 0 else _percent(-percent)
        return f"{name}: {beyond} over{anew}", f"quota {beyond} over"
    brief = f"quota {_percent(percent)} left"
    if quota.entitlement is None:
        return f"{name}: {_percent(percent)} left{anew}", brief
    of = f"{_amount(quota.entitlement * percent / 100)} of {quota.entitlement:,.10g}"
    return f"{name}: {of} left ({_percent(percent)}){anew}", brief


def _amount(figure: float) -> str:
    return f"{figure:,.1f}".removesuffix(".0")


def _percent(figure: float) -> str:
    return f"{_amount(figure)}%"
