"""The models of this run's account, and which of them answers.

The list is kept in the cache: ten minutes for who asks which models there are, and for as long as
it lasts for who only wants to know something of one.
"""

import math
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_cli.errors import CopilotChatError, ModelUnavailable, UsageError

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.messages import ModelInfo
    from copilot_cli.roles import Role

FRESH = 600.0
"""Seconds for which a list is used without asking again (VS Code asks after ten minutes)."""


class Catalogue:
    """The model list of one account; `silent`, it sends nothing and knows what was read before."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self.silent = False
        self._read: list[ModelInfo] = []  # where the disk refuses to keep it

    def models(self, *, fresh: bool = False) -> "list[ModelInfo]":
        """Return the list, at most ten minutes old; `fresh` always asks the service."""
        from copilot_cli.engines.models import parse_models
        from copilot_cli.store.cache import write_json

        kept = None if fresh else self._kept(FRESH)
        if kept is not None:
            return kept
        reply = self._app.engine.models_reply()
        entry = {"for": self._whose, "data": reply.get("data")}
        write_json(self._file, entry, self._app.effects.now())
        self._read = parse_models(reply)
        return self._read

    def known(self) -> "list[ModelInfo]":
        """Return the list as it was read last, however long ago; sends nothing."""
        return self._kept(math.inf) or self._read

    def find(self, model: str) -> "ModelInfo | None":
        """Return what was read last of `model`; None where that is nothing. Sends nothing."""
        return next((each for each in self.known() if each.id == model), None)

    def look_up(self, model: str) -> "ModelInfo | None":
        """Return what is known of `model`, asking the service if nothing was ever read.

        None too where the service cannot be asked: who needs an answer hears why from that.
        """
        if not self.silent and not self.known():
            with suppress(CopilotChatError):
                self.models()
        return self.find(model)

    def choose(self, role: "Role | None" = None) -> str:
        """Return the model to ask: the one that is set, else the service's own default.

        The model of `role` is behind an option and a variable only. The service's default is said
        on stderr, once. Raises `ModelUnavailable` where none can be used, `UsageError` where none
        is known and nothing may be sent.
        """
        if role and role.model and not self.named:
            return role.model
        if self._app.settings.model:
            return self._app.settings.model
        from copilot_cli.engines.models import default_model

        chosen = default_model(self.known() if self.silent else self.models())
        if chosen is None and self.silent:
            raise UsageError(
                "no model is set, and the service's default is not known yet",
                hint="name one with -m: a dry run does not ask the service",
            )
        if chosen is None:
            raise ModelUnavailable(
                "your account has no chat model that can be used",
                hint="see `copilot-chat models` for the reasons",
            )
        self._app.streams.notice(f"model: {chosen.id} (the service's default; choose with -m)")
        return chosen.id

    @property
    def named(self) -> bool:
        """Whether an option or a variable names the model of this run."""
        return self._app.settings.source("model").startswith(("option", "environment"))

    @property
    def _file(self) -> Path:
        return self._app.settings.paths.cache_dir / "models.json"

    @property
    def _whose(self) -> str:
        settings = self._app.settings
        return f"{settings.host} {self._app.access.login} {settings.copilot_api() or ''}"

    def _kept(self, age: float) -> "list[ModelInfo] | None":
        from copilot_cli.engines.models import parse_models
        from copilot_cli.store.cache import read_json

        kept = read_json(self._file, age, self._app.effects.now())
        if not isinstance(kept, dict) or kept.get("for") != self._whose:
            return None
        return parse_models(kept)
