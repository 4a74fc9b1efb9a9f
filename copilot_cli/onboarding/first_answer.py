"""The model, and its first real answer: what proves that everything works.

A failure here costs nothing: the sign-in is kept, another model is offered, and the wizard ends
well, with a word about it.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from copilot_cli.engines.models import default_model, parse_models
from copilot_cli.errors import CopilotChatError

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.chat import Chat
    from copilot_cli.messages import ModelInfo
    from copilot_cli.onboarding.answers import Answers


class FirstAnswer:
    """Chooses a model and has it answer. `show` prints an answer and returns when it is whole."""

    def __init__(self, app: "App", answers: "Answers", show: "Callable[[Chat, str], None]") -> None:
        self._app = app
        self._answers = answers
        self._show = show
        self._prompts = app.prompts

    def model(self, copilot: Any) -> str | None:
        """Return the model for the settings, after it gave a first answer or said why not.

        `copilot` is the Copilot token that was just exchanged.
        """
        app = self._app
        engine = app.build_engine(_Proven(copilot))
        try:
            models = parse_models(engine.models_reply())
        except CopilotChatError as error:
            self._prompts.note(f"The model list could not be read: {error.message}.")
            return self._answers.model or app.settings.model
        model = self._choose_model(models)
        if model is None or not self._answers.verify:
            return model
        while True:
            try:
                self._prompts.note(f"\n{model} says:")
                self._show(app.plain_chat(engine, model), self._answers.sample)
            except CopilotChatError as error:
                another = self._another_model(models, model, error)
                if another is None:
                    return model
                model = another
            else:
                return model

    def _choose_model(self, models: "Sequence[ModelInfo]") -> str | None:
        usable = {model.id: model for model in models if model.disabled is None}
        default = default_model(models)
        if self._answers.model is not None:
            if self._answers.model not in usable:
                self._prompts.note(f"The model {self._answers.model} is not available to you.")
            else:
                return self._answers.model
        kept = self._app.settings.model
        if kept is not None and kept not in usable:
            self._prompts.note(
                f"The model {kept} of your settings is not available any more; dropped."
            )
        elif kept is not None:
            return kept
        if default is None:
            self._prompts.note(
                "Your account has no chat model that can be used; see `copilot-chat models`."
            )
            return None
        if self._answers.yes or not self._app.streams.person:
            return default.id
        return self._ask_model(usable.values(), default.id)

    def _ask_model(self, usable: "Iterable[ModelInfo]", default: str) -> str:
        from copilot_cli.ui.describe import price, tokens
        from copilot_cli.ui.prompts import Option

        options = []
        for model in usable:
            window = tokens(model.context_tokens)
            facts = [f"{window} context" if window else "", price(model)]
            options.append(Option(model.id, model.id, " · ".join(filter(None, facts))))
        return self._prompts.choose("Which model?", options, default, flag="--model")

    def _another_model(
        self, models: "Sequence[ModelInfo]", failed: str, error: CopilotChatError
    ) -> str | None:
        self._prompts.note(f"The first answer failed: {error.message}.")
        if error.hint:
            self._prompts.note(f"({error.hint})")
        others = [model for model in models if model.disabled is None and model.id != failed]
        if self._answers.yes or not self._app.streams.person or not others:
            self._prompts.note("Your sign-in is kept.")
            return None
        if not self._prompts.confirm("Try another model?", default=True, flag="--no-verify"):
            return None
        return self._ask_model(others, others[0].id)


class _Proven:
    """The lease on the token that was just exchanged: good for the first answer, never renewed."""

    def __init__(self, token: Any) -> None:
        self._token = token

    def get(self) -> Any:
        """Return the token."""
        return self._token

    def invalidate(self, token: Any) -> None:
        """Nothing to forget: a second refusal is told."""
