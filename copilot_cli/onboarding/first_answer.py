"""The model, and its first real answer: what proves that everything works.

A failure here costs nothing: the sign-in is kept, another model is offered, and the wizard ends
well, with a word about it.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from copilot_cli.engines.models import default_model, known_plan, wants_consent
from copilot_cli.errors import CopilotChatError, Interrupted
from copilot_cli.model_names import Found, match
from copilot_cli.routing import GITHUBS

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.chat import Chat
    from copilot_cli.messages import ModelInfo
    from copilot_cli.onboarding.answers import Answers
    from copilot_cli.onboarding.signing_in import SignIn
    from copilot_cli.parties import Engine


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

    def run(self, sign_in: "SignIn") -> None:
        """Choose a model, and show its first answer or why there is none.

        `sign_in` was just made, and its Copilot token exchanged. Raises nothing but what stops the
        wizard: Ctrl-C, what only a person could have answered, and a stdout that takes nothing.
        """
        self._engine = self._app.build_engine(_Proven(sign_in.copilot))
        self._sign_in = sign_in
        self._plan = known_plan(getattr(sign_in.copilot, "sku", None))
        try:
            models = self._listed()
        except Interrupted:
            raise
        except CopilotChatError as error:
            self._say_failure("The model list could not be read", error)
            self.chosen = self._answers.model or self._app.settings.model
            return
        self._choose(models)
        if self._answers.verify and self.chosen is not None:
            self._answer(models)

    def _listed(self) -> "list[ModelInfo]":
        """Return the models as they are listed now; the commands that follow know them too."""
        reply = self._engine.models_reply()
        return self._app.catalogue.keep(reply, self._sign_in.login, self._plan)

    def _answer(self, models: "Sequence[ModelInfo]") -> None:
        failed: list[str] = []
        engine = self._answering()
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
                another = self._another([model for model in models if model.id not in failed])
                if another is None:
                    return
                self.chosen = another
            else:
                return

    def _answering(self) -> "Engine":
        """Return the engine that is proven: the one that was chosen, with the token just got."""
        name = self._app.settings.engine
        if name not in GITHUBS:
            return self._engine
        signed = self._sign_in
        return self._app.engines.on_token(name, signed.login, signed.credential.token)

    def _choose(self, models: "Sequence[ModelInfo]") -> None:
        usable = {model.id for model in _usable(models)}
        wanted = self._wanted(models)
        kept = self._app.settings.model
        if kept is not None and kept not in usable:
            source = self._app.settings.source("model")
            self.dropped = source == "config.toml"
            done = "it is dropped" if self.dropped else f"look at {source.rpartition(' ')[2]}"
            self._prompts.note(
                f"The model {kept} of before is not available to you{_why(models, kept)}; {done}."
            )
        for model in (wanted, kept if kept in usable else None):
            if model is not None:
                self.chosen = model
                return
        default = default_model(models)
        if default is None:
            self._prompts.note(
                "Your account has no chat model that can be used; "
                "`copilot-chat models` says why not."
            )
        elif not self._asking:
            self.chosen = default.id
        else:
            self.chosen = self._ask(models, default.id)

    @property
    def _asking(self) -> bool:
        return self._app.streams.person and not self._answers.yes

    def _wanted(self, models: "Sequence[ModelInfo]") -> str | None:
        """Return the id of the model that `--model` names, if it can be used, or is enabled now."""
        name = self._answers.model
        if name is None:
            return None
        meant = match(name, models)
        found = meant.model if isinstance(meant, Found) else None
        if found is not None and (found.disabled is None or self._enabled(found)):
            return found.id
        why = f" ({found.disabled})" if found is not None and found.disabled else ""
        self._prompts.note(f"The model {name} is not available to you{why}.")
        return None

    def _ask(self, models: "Sequence[ModelInfo]", default: str) -> str:
        """Return the model that the person takes; one that wants consent is enabled first."""
        from copilot_cli.ui.describe import facts
        from copilot_cli.ui.prompts import Option

        offered = {it.id: it for it in models if it.disabled is None or wants_consent(it)}
        while True:
            options = [
                Option(it.id, it.id, facts(it) if it.disabled is None else "wants your consent")
                for it in offered.values()
            ]
            taken = offered[self._prompts.choose("Which model?", options, default, flag="--model")]
            if taken.disabled is None or self._enabled(taken):
                return taken.id
            del offered[taken.id]

    def _enabled(self, model: "ModelInfo") -> bool:
        """Offer to enable a model that only wants consent; return whether it can be used now."""
        from copilot_cli.enabling import offer, tell, usable

        if not self._asking or not wants_consent(model) or not offer(self._app, model):
            return False
        try:
            tell(self._app, self._engine, model)
            listed = (each for each in self._listed() if each.id == model.id)
            usable(next(listed, None), model)
        except Interrupted:
            raise
        except CopilotChatError as error:
            self._say_failure(f"{model.id} could not be enabled", error)
            return False
        return True

    def _say_failure(self, what: str, error: CopilotChatError) -> None:
        lines = [f"{what}: {error.message}"]
        if error.hint:
            lines.append(f"hint: {error.hint}")
        self._prompts.note("\n".join([*lines, "Your sign-in is kept all the same."]))

    def _another(self, others: "Sequence[ModelInfo]") -> str | None:
        usable = _usable(others)
        if not self._asking or not usable:
            return None
        if not self._prompts.confirm("Try another model?", default=True, flag="--no-verify"):
            return None
        return self._ask(others, usable[0].id)


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

    def invalidate(self, _token: Any, **_: Any) -> bool:
        """Say that there is no other: a refusal is told."""
        return False
