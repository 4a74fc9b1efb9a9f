"""How the checks are shown: a line each as it is made, or one JSON object at the end."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from copilot_cli import __version__
from copilot_cli.doctor.check import STATES, Check

if TYPE_CHECKING:
    from copilot_cli.ui.console import Streams
    from copilot_cli.ui.runs import Runs

_COLORS = {"pass": "32", "warn": "33", "fail": "1;31", "skip": "2"}
_NAME, _STATE, _GAP = 18, 4, "  "
_NARROW = 60  # columns below which what was found stands under its name


def show(streams: "Streams", found: Iterable[Check]) -> bool:
    """Print `found` as it comes, then how many are what; return whether none failed."""
    counts: Counter[str] = Counter()
    for check in found:
        counts[check.state] += 1
        streams.out_bytes("".join(f"{line}\n" for line in _lines(streams, check)).encode())
    streams.notice(", ".join(f"{counts[state]} {state}" for state in STATES))
    return not counts["fail"]


def show_json(streams: "Streams", found: Iterable[Check], *, offline: bool) -> bool:
    """Print one object with all of `found`; return whether none failed."""
    checks = [check._asdict() for check in found]
    counts = Counter(check["state"] for check in checks)
    report: dict[str, Any] = {
        "version": __version__,
        "offline": offline,
        "counts": {state: counts[state] for state in STATES},
        "checks": checks,
    }
    streams.json(report)
    return not counts["fail"]


def _lines(streams: "Streams", check: Check) -> list[str]:
    if not streams.stdout_is_terminal:
        return ["\t".join([check.state, check.name, check.detail, check.fix or ""]).rstrip("\t")]
    columns = streams.size()[0] - 1  # a full row makes some terminals add an empty one
    state: Runs = [(check.state, _COLORS[check.state] if streams.color else "")]
    from copilot_cli.ui.cells import cells

    space = _NAME - cells(check.name)
    if columns < _NARROW or space < len(_GAP):
        return _stacked(state, check, columns)
    return _aligned(state, check, space, columns)


def _aligned(state: "Runs", check: Check, space: int, columns: int) -> list[str]:
    """Return state and name, and to the right what was found and what to do."""
    from copilot_cli.ui.runs import paint

    left = _STATE + len(_GAP) + _NAME
    first = paint(state) + _GAP + check.name + " " * space
    body = _body(check, columns - left)
    return [(first if not index else " " * left) + line for index, line in enumerate(body)]


def _stacked(state: "Runs", check: Check, columns: int) -> list[str]:
    """Return state and name, and below them the rest: for what has no room beside it."""
    from copilot_cli.ui.runs import paint

    left = _STATE + len(_GAP)
    body = _body(check, max(columns - left, 8))
    return [paint(state) + _GAP + check.name, *(" " * left + line for line in body)]


def _body(check: Check, room: int) -> list[str]:
    from copilot_cli.ui.runs import plain, wrapped

    texts = [check.detail, *([f"fix: {check.fix}"] if check.fix else [])]
    return [plain(row) for text in texts for row in wrapped([(text, "")], room)]
