"""The model, and its first real answer: what proves that everything works.

A failure here costs nothing: the sign-in is kept, another model is offered, and the wizard ends
well, with a word about it.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from copilot_cli.engines.models import default_model, parse_models
from copilot_cli.errors import CopilotChatError, Interrupted

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.chat import Chat
    from copilot_cli.engines.direct import DirectEngine
    from copilot_cli.messages import ModelInfo
    from copilot_cli.onboarding.answers import Answers


class FirstAnswer:
    """Chooses a model and has it answer. `show` prints an answer and returns when it is whole.

    `chosen` is the model for the settings, as far as it is known; `dropped` says that the one of
    the settings can no longer be used.
    """

    def __init__(self, app: "App", answers: "Answers", show: "Callable[[Chat, str], None]") -> None:
        self._app = app
        self._answers = answers
        self._show = show
        self._prompts = app.prompts
        self.chosen: str | None = None
        self.dropped = False

    def run(self, copilot: Any) -> None:
        """Choose a model, and show its first answer or why there is none.

        `copilot` is the Copilot token that was just exchanged. Raises nothing but what stops the
        wizard: Ctrl-C, what only a person could have answered, and a stdout that takes nothing.
        """
        engine = self._app.build_engine(_Proven(copilot))
        try:
            models = parse_models(engine.models_reply())
        except Interrupted:
            raise
        except CopilotChatError as error:
            self._say_failure("The model list could not be read", error)
            self.chosen = self._answers.model or self._app.settings.model
            return
        self._choose(models)
        if self._answers.verify and self.chosen is not None:
            self._answer(engine, models)

    def _answer(self, engine: "DirectEngine", models: "Sequence[ModelInfo]") -> None:
        failed: list[str] = []
        while self.chosen is not None:
            try:
                self._prompts.note(f"\n{self.chosen} says:")
                self._show(self._app.plain_chat(engine, self.chosen), self._answers.sample)
            except Interrupted:
                raise
            except CopilotChatError as error:
                if error.kind == "output":  # a full disk is no fault of the model's
                    raise
                self._say_failure("The first answer failed", error)
                failed.append(self.chosen)
                another = self._another(
                    [model for model in _usable(models) if model.id not in failed]
                )
                if another is None:
                    return
                self.chosen = another.id
            else:
                return

    def _choose(self, models: "Sequence[ModelInfo]") -> None:
        usable = {model.id: model for model in _usable(models)}
        wanted = self._answers.model
        if wanted is not None and wanted not in usable:
            self._prompts.note(f"The model {wanted} is not available to you{_why(models, wanted)}.")
        kept = self._app.settings.model
        if kept is not None and kept not in usable:
            source = self._app.settings.source("model")
            self.dropped = source == "config.toml"
            done = "it is dropped" if self.dropped else f"look at {source.rpartition(' ')[2]}"
            self._prompts.note(
                f"The model {kept} of before is not available to you{_why(models, kept)}; {done}."
            )
        for model in (wanted, kept):
            if model in usable:
                self.chosen = model
                return
        default = default_model(models)
        if default is None:
            self._prompts.note(
                "Your account has no chat model that can be used; "
                "`copilot-chat models` says why not."
            )
        elif self._answers.yes or not self._app.streams.person:
            self.chosen = default.id
        else:
            self.chosen = self._ask(usable.values(), default.id)

    def _ask(self, usable: "Iterable[ModelInfo]", default: str) -> str:
        from copilot_cli.ui.describe import facts
        from copilot_cli.ui.prompts import Option

        options = [Option(model.id, model.id, facts(model)) for model in usable]
        return self._prompts.choose("Which model?", options, default, flag="--model")

    def _say_failure(self, what: str, error: CopilotChatError) -> None:
        lines = [f"{what}: {error.message}"]
        if error.hint:
            lines.append(f"hint: {error.hint}")
        self._prompts.note("\n".join([*lines, "Your sign-in is kept all the same."]))

    def _another(self, others: "Sequence[ModelInfo]") -> "ModelInfo | None":
        if self._answers.yes or not self._app.streams.person or not others:
            return None
        if not self._prompts.confirm("Try another model?", default=True, flag="--no-verify"):
            return None
        taken = self._ask(others, others[0].id)
        return next(model for model in others if model.id == taken)


def _usable(models: "Sequence[ModelInfo]") -> "list[ModelInfo]":
    return [model for model in models if model.disabled is None]


def _why(models: "Sequence[ModelInfo]", name: str) -> str:
    """Return the list's own reason why `name` cannot be used, as a clause; empty for none."""
    reason = next((model.disabled for model in models if model.id == name), None)
    return f" ({reason})" if reason else ""


class _Proven:
    """The lease on the token that was just exchanged: good for the first answer, never renewed."""

    def __init__(self, token: Any) -> None:
        self._token = token

    def get(self) -> Any:
        """Return the token."""
        return self._token

    def invalidate(self, token: Any) -> None:
        """Nothing to forget: a second refusal is told."""
