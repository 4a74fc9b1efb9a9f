"""Bring your own key: an endpoint named, its key proven and sealed, a first answer, the settings.

The order is that of the sign-in: the store is opened before anything is sent, the key is sealed
once the endpoint took it, and the settings come last. A key that is refused saves nothing; whatever
else goes wrong with the first answer is told, and costs nothing.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from copilot_cli import providers
from copilot_cli.endpoints import KIND, entry_name
from copilot_cli.engines.models import parse_models
from copilot_cli.errors import (
    CopilotChatError,
    Interrupted,
    NetworkError,
    SignInError,
    StoreError,
    UsageError,
)
from copilot_cli.onboarding.endpoint_questions import EndpointQuestions
from copilot_cli.onboarding.sealing import Sealing, kept_where
from copilot_cli.route_choice import nobody_signed_in

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.chat import Chat
    from copilot_cli.engines.byok import ByokEngine
    from copilot_cli.engines.endpoint import Endpoint
    from copilot_cli.messages import ModelInfo
    from copilot_cli.onboarding.answers import Answers
    from copilot_cli.secret import Secret
    from copilot_cli.store.secrets import SecretStore

COMMANDS = """\
  copilot-chat                     chat (Ctrl-D leaves)
  copilot-chat ask 'a question'    one answer, also in a pipe
  copilot-chat status              who is signed in, and what is kept where"""

_FEW = 5  # models that are named in a hint


class ByokWizard:
    """One endpoint, set up."""

    def __init__(
        self,
        app: "App",
        answers: "Answers",
        sealing: Sealing,
        show: "Callable[[Chat, str], None]",
    ) -> None:
        """`show` prints the first answer and returns when it is whole."""
        self._app = app
        self._answers = answers
        self._sealing = sealing
        self._show = show
        self._prompts = app.prompts

    def run(self) -> None:
        """Go the whole way. Raises a `CopilotChatError` where there is no endpoint at its end."""
        questions = EndpointQuestions(self._app, self._answers)
        endpoint = questions.endpoint()
        opened = None
        if self._answers.key_stdin or not providers.is_local(endpoint.base_url):
            opened = self._sealing.open(KIND)
        try:
            key = questions.key(endpoint)
            if key is not None and opened is None:
                opened = self._sealing.open(KIND)
            endpoint = endpoint._replace(key=key, model=self._prove(endpoint._replace(key=key)))
            default = self._as_default(endpoint)
        except BaseException:
            # Ctrl-C, a refusal, anything: an empty store is not left behind.
            self._sealing.take_back()
            raise
        kind, store = opened or (None, None)
        if key is None:
            self._sealing.take_back()
            kind = None
        elif store is not None and kind is not None:
            self._seal(store, kind, endpoint, key)
        self._forget_old_keys(endpoint, store or self._app.vault.store)
        self._write_settings(endpoint, kind, default=default)
        self._say_what_next(endpoint, default=default)

    def plan(self) -> list[str]:
        """Return what `run` would write, with nothing asked and nothing sent.

        Raises `UsageError` for an address that cannot be.
        """
        url = EndpointQuestions(self._app, self._answers).given_address()
        lines = settings_files(self._app)
        if url is not None and providers.is_local(url) and not self._answers.key_stdin:
            return lines
        return [*self._sealing.plan("the endpoint's key")[1], *lines]

    # -- proving -------------------------------------------------------------------------------

    def _prove(self, endpoint: "Endpoint") -> str:
        """Return the model to ask; raise where the endpoint is not there, or refuses the key."""
        engine = self._app.engines.byok(endpoint)
        models = self._listed(endpoint, engine)
        model = self._model(endpoint, models)
        if self._answers.verify:
            model = self._answered(endpoint, engine, model, models)
        return model

    def _listed(self, endpoint: "Endpoint", engine: "ByokEngine") -> "Sequence[ModelInfo]":
        try:
            return parse_models(engine.models_reply())
        except (SignInError, NetworkError, Interrupted) as error:
            if isinstance(error, NetworkError) and providers.is_local(endpoint.base_url):
                error.hint = error.hint or f"is it running at {endpoint.base_url}?"
            raise
        except CopilotChatError as error:  # not every endpoint has a list, or shows it to every key
            self._prompts.note(f"There is no list of its models: {error.message}.")
            return ()

    def _model(self, endpoint: "Endpoint", models: "Sequence[ModelInfo]") -> str:
        if self._answers.model is not None:
            return self._answers.model.removeprefix(f"{endpoint.name}/")
        if len(models) == 1 and endpoint.type != "azure":
            self._prompts.note(f"Its only model is {models[0].id}.")
            return models[0].id
        if self._answers.yes or not self._app.streams.person:
            some = ", ".join(model.id for model in models[:_FEW])
            more = " …" if len(models) > _FEW else ""
            raise UsageError(
                f"which model of {endpoint.name} is to answer?",
                hint=f"answer it with --model{f': {some}{more}' if some else ' ID'}",
            )
        return self._ask_model(endpoint, models)

    def _ask_model(self, endpoint: "Endpoint", models: "Sequence[ModelInfo]") -> str:
        if endpoint.type == "azure":  # its list has what could be deployed, not what is
            return self._prompts.line("The name of your deployment", lambda _: None, flag="--model")
        if not models:
            return self._prompts.line("Its model", lambda _: None, flag="--model")
        from copilot_cli.ui.describe import facts
        from copilot_cli.ui.prompts import Option

        options = [Option(model.id, model.id, facts(model)) for model in models]
        return self._prompts.choose("Which model?", options, models[0].id, flag="--model")

    def _answered(
        self,
        endpoint: "Endpoint",
        engine: "ByokEngine",
        model: str,
        models: "Sequence[ModelInfo]",
    ) -> str:
        """Show a first answer; return the model that gave it, or the last one that did not."""
        while True:
            try:
                self._prompts.note(f"\n{model} says:")
                self._show(self._app.plain_chat(engine, model), self._answers.sample)
            except (Interrupted, SignInError):
                raise
            except CopilotChatError as error:
                if error.kind == "output":  # a full disk is no fault of the model's
                    raise
                self._say_failure(error)
                models = [each for each in models if each.id != model]
                if not self._another(endpoint, models):
                    return model
                model = self._ask_model(endpoint, models)
            else:
                return model

    def _say_failure(self, error: CopilotChatError) -> None:
        lines = [f"The first answer failed: {error.message}"]
        if error.hint:
            lines.append(f"hint: {error.hint}")
        self._prompts.note("\n".join([*lines, "The endpoint is kept all the same."]))

    def _another(self, endpoint: "Endpoint", models: "Sequence[ModelInfo]") -> bool:
        if self._answers.yes or not self._app.streams.person:
            return False
        if not models and endpoint.type != "azure":
            return False
        return self._prompts.confirm("Try another model?", default=True, flag="--no-verify")

    def _as_default(self, endpoint: "Endpoint") -> bool:
        """Return whether the endpoint is to answer from now on where no model is named."""
        answers, settings = self._answers, self._app.settings
        if answers.default is not None:
            return answers.default
        if settings.source("engine") == "option" or answers.then_chat:
            return True
        usual = settings.engine == KIND or nobody_signed_in(self._app)
        if answers.yes or not self._app.streams.person:
            return usual
        question = f"Shall {endpoint.name} answer whenever you name no model?"
        return self._prompts.confirm(question, default=usual, flag="--default")

    # -- writing -------------------------------------------------------------------------------

    def _seal(self, store: "SecretStore", kind: str, endpoint: "Endpoint", key: "Secret") -> None:
        value = {"key": key.reveal(), "obtained": self._app.effects.now()}
        store.put(entry_name(endpoint), value)
        self._prompts.note(f"\n{kept_where(kind, 'key')}")

    def _forget_old_keys(self, endpoint: "Endpoint", store: "SecretStore") -> None:
        """Remove the keys of an endpoint of that name that this one does not use."""
        entry = entry_name(endpoint)
        try:
            for name in store.names():
                same = (name.kind, name.user) == (KIND, endpoint.name)
                if same and (name != entry or endpoint.key is None):
                    store.delete(name)
        except StoreError as error:
            self._prompts.note(f"Note: the key of before is still stored: {error.message}.")

    def _write_settings(self, endpoint: "Endpoint", kind: str | None, *, default: bool) -> None:
        from copilot_cli.store.toml import Key, set_values, unset

        settings, path = self._app.settings, self._app.settings.paths.config_file
        row = {
            "url": endpoint.base_url,
            "type": endpoint.type,
            "model": endpoint.model,
            "api_version": endpoint.api_version,
            "default": True if default else None,
        }
        kept = {key: value for key, value in row.items() if value is not None}
        values: dict[Key, object] = {}
        if kind is not None:
            values["store"] = kind
        if kind == "keyfile" and self._answers.key_file is not None:
            values["key_file"] = str(self._answers.key_file.absolute())
        if default:
            values |= {"engine": KIND, "model": f"{endpoint.name}/{endpoint.model}"}
        values |= {("endpoints", endpoint.name, key): value for key, value in kept.items()}
        set_values(path, values)
        for key in set(settings.endpoints.get(endpoint.name, {})) - set(kept):
            unset(path, ("endpoints", endpoint.name, key))
        for name, other in settings.endpoints.items() if default else ():
            if name != endpoint.name and "default" in other:
                unset(path, ("endpoints", name, "default"))

    def _say_what_next(self, endpoint: "Endpoint", *, default: bool) -> None:
        if self._app.endpoints.described:
            self._prompts.note("\nNote: the variables COPILOT_PROVIDER_… are set and will win.")
        said = COMMANDS
        if not default:
            said = f"  copilot-chat ask -m {endpoint.name}/{endpoint.model} 'a question'"
        self._prompts.note(f"\n{'Later' if self._answers.then_chat else 'Next'}:\n{said}")


def settings_files(app: "App") -> list[str]:
    """Return the lines of a dry run about the settings."""
    from copilot_cli.store.toml import LOCK_NAME

    file = app.settings.paths.config_file
    lock = file.resolve().with_name(LOCK_NAME)
    return [f"{file} (the settings)", f"{lock} (their lock, empty)"]
