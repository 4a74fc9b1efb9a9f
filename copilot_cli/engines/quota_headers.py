"""The quota that reply headers tell: `x-quota-snapshot-{chat, premium_interactions, …}`.

Each is urlencoded pairs: `ent` (entitlement, -1 = unlimited), `rem` (per cent left), `ov` (overage
used), `ovPerm` (whether overage is allowed), `rst` (ISO date of the reset). Figures may be floats
and may be negative. Source: microsoft/vscode-copilot-chat.
"""

import math
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs

from copilot_cli.messages import QuotaSnapshot

_PREFIX = "x-quota-snapshot-"


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


def _figure(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
