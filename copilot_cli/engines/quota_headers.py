"""The quota that reply headers tell: `x-quota-snapshot-{chat, premium_interactions, …}`.

Each is urlencoded pairs: `ent` (entitlement, -1 = unlimited), `rem` (per cent left), `ov` (overage
used), `ovPerm` (whether overage is allowed), `rst` (ISO date of the reset). Figures may be floats
and may be negative. Source: microsoft/vscode-copilot-chat. They come with what answers, so that who
listens to the answers (`Watched`) learns of a quota that is nearly used up at no request's cost.
"""

import math
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from copilot_cli.messages import End, Event, Notice, QuotaSnapshot, Request, Started

if TYPE_CHECKING:
    from copilot_cli.parties import Engine

_PREFIX = "x-quota-snapshot-"
_OTHER_PRODUCT = "completions"  # what an editor offers while one types

LOW = 25.0
"""Per cent left, from which on a quota is worth a word."""


def read_snapshots(headers: Mapping[str, str]) -> Iterator[QuotaSnapshot]:
    """Yield the snapshot of each quota that `headers` tell; what cannot be read is None."""
    for name, value in headers.items():
        if name.lower().startswith(_PREFIX):
            pairs = {key: values[-1] for key, values in parse_qs(value).items()}
            permitted = pairs.get("ovPerm")
            yield QuotaSnapshot(
                name=name[len(_PREFIX) :].lower(),
                entitlement=_figure(pairs.get("ent")),
                remaining_percent=_figure(pairs.get("rem")),
                overage=_figure(pairs.get("ov")),
                overage_permitted=None if permitted is None else permitted == "true",
                resets=pairs["rst"].replace(" ", "+") if "rst" in pairs else None,
            )


def low(quotas: Iterable[QuotaSnapshot]) -> list[QuotaSnapshot]:
    """Return those of `quotas` of which little is left: of a limited one, that counts here.

    A plan that has none of something has an entitlement of 0; -1 is without limit.
    """
    return [
        quota
        for quota in quotas
        if quota.name != _OTHER_PRODUCT
        and quota.remaining_percent is not None
        and quota.remaining_percent <= LOW
        and (quota.entitlement is None or quota.entitlement > 0 or (quota.overage or 0) > 0)
    ]


class Watched:
    """An engine whose quotas are watched: what `tell` says of the low ones follows the answer."""

    def __init__(
        self, engine: "Engine", tell: Callable[[Sequence[QuotaSnapshot]], Iterable[str]]
    ) -> None:
        self._engine = engine
        self._tell = tell

    @property
    def name(self) -> str:
        """The engine's own name."""
        return self._engine.name

    def dry_run(self, request: Request) -> dict[str, Any]:
        """Return what `answer` would send."""
        return self._engine.dry_run(request)

    def answer(self, request: Request) -> Generator[Event]:
        """Yield the events of one answer, and before its end what is nearly used up."""
        found: list[QuotaSnapshot] = []
        with closing(self._engine.answer(request)) as events:
            for event in events:
                if isinstance(event, Started):
                    found = low(event.quotas)
                elif isinstance(event, End) and found:
                    for line in self._tell(found):
                        yield Notice(line)
                yield event


def _figure(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
