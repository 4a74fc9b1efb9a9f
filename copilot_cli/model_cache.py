"""The model lists that were read before: one file for each account and each endpoint.

Plain JSON and no secret in it; what cannot be read is a miss. A list is never thrown away for its
age: how old it may be is for the reader to say.
"""

import hashlib
import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot_cli.store.cache import is_number, read_json, write_json

if TYPE_CHECKING:
    from copilot_cli.messages import ModelInfo

PATTERN = "models-*.json"


class ModelList:
    """One list as it was sent at `at`, in unix seconds.

    `whose` names an account with its host, or an endpoint; `plan` is the account's, None where it
    is not known; `web` is the host's web site. Items are read when they are asked for. `doubted` is
    the model that the service refused though it is listed here: such a list counts as old.
    """

    def __init__(
        self,
        whose: str,
        items: Sequence[Any],
        at: float,
        *,
        plan: str | None = None,
        web: str | None = None,
        endpoint: str | None = None,
        doubted: str | None = None,
    ) -> None:
        self.doubted = doubted
        self.whose = whose
        self.items = list(items)
        self.at = at
        self.plan = plan
        self._web = web
        self._endpoint = endpoint

    @cached_property
    def models(self) -> "list[ModelInfo]":
        """The models, as they are listed."""
        return self._parsed(self.items)

    def find(self, model: str) -> "ModelInfo | None":
        """Return the model with exactly this id; no other is read for it."""
        named = [it for it in self.items if isinstance(it, dict) and it.get("id") == model]
        return next(iter(self._parsed(named)), None)

    def _parsed(self, items: Sequence[Any]) -> "list[ModelInfo]":
        from copilot_cli.engines.models import WEB, parse_models

        found = parse_models({"data": items}, plan=self.plan, web=self._web or WEB)
        if self._endpoint is None:
            return found
        return [model._replace(endpoint=self._endpoint) for model in found]


class ModelCache:
    """Keeps lists in `folder`; `now` is in unix seconds."""

    def __init__(self, folder: Path, now: float) -> None:
        self._folder = folder
        self._now = now

    def read(
        self, whose: str, *, web: str | None = None, endpoint: str | None = None
    ) -> ModelList | None:
        """Return the list that was kept last for `whose`."""
        kept = self._read(self._file(whose))
        if kept is None or kept.whose != whose:
            return None
        own = {"plan": kept.plan, "web": web, "endpoint": endpoint, "doubted": kept.doubted}
        return ModelList(whose, kept.items, kept.at, **own)

    def everything(self) -> Iterator[ModelList]:
        """Yield every list that can be read, the newest first."""
        lists = filter(None, map(self._read, self._folder.glob(PATTERN)))
        yield from sorted(lists, key=lambda kept: -kept.at)

    def write(self, kept: ModelList) -> None:
        """Keep a list; where the disk refuses, the old one stands."""
        entry = {"for": kept.whose, "at": kept.at, "data": kept.items, "plan": kept.plan}
        if kept.doubted is not None:
            entry["doubted"] = kept.doubted
        write_json(self._file(kept.whose), entry, self._now)

    def _file(self, whose: str) -> Path:
        name = hashlib.sha256(whose.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return self._folder / f"models-{name}.json"

    def _read(self, path: Path) -> ModelList | None:
        entry = read_json(path, math.inf, self._now)
        if not isinstance(entry, dict):
            return None
        whose, at, items, plan = (entry.get(key) for key in ("for", "at", "data", "plan"))
        if not isinstance(whose, str) or not isinstance(items, list):
            return None
        if not is_number(at):
            return None
        doubted = entry.get("doubted")
        return ModelList(
            whose,
            items,
            at,
            plan=plan if isinstance(plan, str) else None,
            doubted=doubted if isinstance(doubted, str) else None,
        )
