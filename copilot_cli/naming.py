"""What a name that is no id on the list means: looked up, asked for, or refused with what is near.

A list that was read before may be wrong by now, so nothing is refused on its word alone: it is
read once more first. Where that cannot be done the name is sent as it is, and the service judges.
"""

from typing import TYPE_CHECKING, NoReturn

from copilot_cli.errors import (
    CopilotChatError,
    Interrupted,
    ModelUnavailable,
    SignInError,
    StoreError,
    UsageError,
)
from copilot_cli.messages import AUTO
from copilot_cli.model_names import Found, Several, match, near
from copilot_cli.routing import COPILOT

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.catalogue import Catalogue
    from copilot_cli.messages import ModelInfo
    from copilot_cli.routing import Route

_NOW = 5.0  # seconds for which a list was read "just now": asking again would be of no use
_MANY = 12  # ids that a hint names

_BY = {
    "beginning": "several models begin with {name!r}",
    "name": "several models are called {name!r}",
    "family": "{name!r} is a family of models",
}


class Naming:
    """Finds out which model of `catalogue` a name means."""

    def __init__(self, app: "App", catalogue: "Catalogue") -> None:
        self._app = app
        self._catalogue = catalogue

    def resolve(self, name: str, route: "Route", *, ask: bool) -> "Route":
        """Return `route` with the id of the model that `name` means; see `Catalogue.resolve`."""
        wanted = route.model or ""
        models, current = self._list(route)
        meant = match(wanted, models)
        if current and not _answers(meant, wanted):
            models = self._reread(route) or models
            meant = match(wanted, models)
        if meant is None and wanted.casefold() == AUTO and route.endpoint is None:
            return route._replace(model=AUTO)
        if meant is None and not (current and self._tells_all(route, models)):
            return route  # no list that is good for a refusal
        if meant is None:
            self._unknown(name, route, models)
        model = self._one(meant, wanted, ask=ask)
        if not _answers(Found(model), wanted):
            refuse(model)
        if model.id != wanted:
            self._app.streams.notice(f"model: {model.id} (for {wanted!r})")
        return route._replace(model=model.id)

    def wanting_consent(self, name: str, route: "Route") -> "ModelInfo":
        """Return the model that `name` means, of those that want consent if one of them is meant.

        Raises `ModelUnavailable`, and what reading the list does.
        """
        from copilot_cli.engines.models import wants_consent

        wanted = route.model or ""
        models = self._catalogue.read(route.endpoint, patience=_NOW).models
        whole = next((model for model in models if model.id == wanted), None)
        if whole is not None:
            return whole
        wanting = [model for model in models if wants_consent(model)]
        meant = match(wanted, wanting) or match(wanted, models)
        if meant is None:
            self._unknown(name, route, models)
        return self._one(meant, wanted, ask=self._app.streams.person)

    def _tells_all(self, route: "Route", models: "list[ModelInfo]") -> bool:
        """Say whether what is not on the list is not there: Azure lists what could be deployed."""
        at = route.endpoint
        return at is None or (bool(models) and self._app.endpoints.look_up(at).type != "azure")

    def _list(self, route: "Route") -> "tuple[list[ModelInfo], bool]":
        """Return the models of the route's list, and whether it can be asked for just now."""
        from copilot_cli.catalogue import FRESH
        from copilot_cli.routing import GITHUBS

        catalogue, at = self._catalogue, route.endpoint
        kept = catalogue.kept(at)
        quiet = catalogue.silent or (at is None and route.engine in GITHUBS)
        # An endpoint need not have a list: one is not looked for before the first answer.
        if quiet or (at is not None and kept is None):
            return (kept.models if kept else []), False
        try:
            return catalogue.read(at, patience=FRESH).models, True
        except CopilotChatError as error:
            _unless_in_vain(error)
            return (kept.models if kept else []), False

    def _reread(self, route: "Route") -> "list[ModelInfo]":
        """Return the models as they are listed now; empty where that cannot be known."""
        try:
            return self._catalogue.read(route.endpoint, patience=_NOW).models
        except CopilotChatError as error:
            _unless_in_vain(error)
            return []

    def _one(self, meant: Found | Several, wanted: str, *, ask: bool) -> "ModelInfo":
        if isinstance(meant, Found):
            return meant.model
        usable = [model for model in meant.models if model.disabled is None]
        if not usable:
            refuse(meant.models[0])
        if ask and meant.by != "beginning":
            return self._asked(wanted, usable)
        ids = [model.id for model in usable]
        more = f" and {len(ids) - _MANY} more" if len(ids) > _MANY else ""
        raise ModelUnavailable(
            _BY[meant.by].format(name=wanted), hint=f"name one: {', '.join(ids[:_MANY])}{more}"
        )

    def _asked(self, wanted: str, models: "list[ModelInfo]") -> "ModelInfo":
        from copilot_cli.ui.describe import facts
        from copilot_cli.ui.prompts import Option

        options = [Option(model.id, model.id, facts(model)) for model in models]
        taken = self._app.prompts.choose(f"Which {wanted}?", options, flag="--model")
        return next(model for model in models if model.id == taken)

    def _unknown(self, name: str, route: "Route", models: "list[ModelInfo]") -> NoReturn:
        wanted = route.model or ""
        close = near(wanted, models)
        prefix, slash, rest = name.partition("/")
        names = self._app.endpoints.names()
        if not rest and (prefix in names or (slash and prefix.lower() in COPILOT)):
            hint = f"name a model behind it, as {prefix}/MODEL; `copilot-chat models` lists them"
        elif close:
            hint = f"near it: {', '.join(close)}"
        elif slash and name == wanted:
            known = f"there are: {', '.join(names)}" if names else "there is none"
            hint = f"{prefix!r} is no endpoint of yours ({known}), nor a name of Copilot's"
        else:
            hint = "`copilot-chat models` lists them"
        where = "" if route.endpoint is None else f" at {route.endpoint}"
        raise ModelUnavailable(f"there is no model {wanted!r}{where}", hint=hint)


def _answers(meant: Found | Several | None, wanted: str) -> bool:
    """Say whether one model is meant, and can be used as far as anybody knows."""
    from copilot_cli.engines.models import HIDDEN

    if not isinstance(meant, Found):
        return False
    # Who knows the whole id of a model that the service does not show gets it.
    hidden = meant.model.disabled == HIDDEN and meant.model.id == wanted
    return meant.model.disabled is None or hidden


def _unless_in_vain(error: CopilotChatError) -> None:
    """Raise `error` again where it is one that an answer would meet as well."""
    if isinstance(error, Interrupted | SignInError | StoreError | UsageError):
        raise error


class WantsConsent(ModelUnavailable):
    """Nothing but the person's consent to its terms keeps `model` from answering."""

    def __init__(self, model: "ModelInfo") -> None:
        super().__init__(
            f"{model.id} cannot be used: {model.disabled}",
            hint=f"`copilot-chat models enable {model.id}` shows its terms and asks;"
            f" the page for it: {model.page}",
        )
        self.model = model


def refuse(model: "ModelInfo") -> NoReturn:
    """Raise `ModelUnavailable` with why `model` cannot be used, and what would change that."""
    from copilot_cli.engines.models import wants_consent

    if wants_consent(model):
        raise WantsConsent(model)
    hint = f"see {model.page}" if model.page else "`copilot-chat models` lists those that can"
    raise ModelUnavailable(f"{model.id} cannot be used: {model.disabled}", hint=hint)
