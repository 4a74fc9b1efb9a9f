"""Enabling a model: its terms are shown, the person agrees, the service is told.

Rule: nobody's consent is taken for granted, and the list is read again before it counts.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from copilot_cli.errors import CopilotChatError, ModelUnavailable, UsageError

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.messages import ModelInfo


class Authorized(Protocol):
    """An engine that makes requests of any kind with its credential."""

    def authorized(self, call: Callable[[str, Mapping[str, str]], Any]) -> Any:
        """Return what `call` returns for the API's base URL and headers."""


def enable(app: "App", name: str, *, yes: bool) -> "ModelInfo":
    """Return the model that `name` means, enabled now; `yes`: the person has agreed already.

    Raises `ModelUnavailable` where consent would not help, `NotAllowedError` where an organisation
    forbids it, and `UsageError` where nobody is there to agree, or the person does not.
    """
    model = _found(app, name)
    if model.disabled is None:
        return model
    if not offer(app, model, yes=yes):
        raise UsageError(f"{model.id} stays as it is: its terms were not accepted")
    return accept(app, model)


def offer(app: "App", model: "ModelInfo", *, yes: bool = False) -> bool:
    """Show the terms of a model that wants consent, and return whether the person agrees."""
    prompts = app.prompts
    prompts.note(f"{model.name} ({model.id}) is not enabled for you ({model.policy}).")
    prompts.note(f"\n{model.terms}\n" if model.terms else "It comes with no terms.")
    prompts.note(f"The page for it: {model.page}")
    return yes or prompts.confirm(
        f"Accept the terms and enable {model.id}?", default=False, flag="--yes"
    )


def accept(app: "App", model: "ModelInfo") -> "ModelInfo":
    """Tell the service that the terms of `model` are accepted; return it as it is listed then.

    Raises a `CopilotChatError`, also where the model is listed as not usable after all.
    """
    tell(app, app.build_engine(app.access.lease), model)
    app.catalogue.models(fresh=True)
    return usable(app.catalogue.find(model.id), model)


def tell(app: "App", engine: "Authorized", model: "ModelInfo") -> None:
    """Tell the service, as the account of `engine`, that the terms of `model` are accepted."""
    from copilot_cli.engines import policy

    client, now = app.client, app.effects.now()
    engine.authorized(lambda api, headers: policy.enable(client, api, headers, model.id, now=now))


def usable(listed: "ModelInfo | None", model: "ModelInfo") -> "ModelInfo":
    """Return `listed`, which is `model` as it is listed now. Raises where it cannot be used yet."""
    if listed is None or listed.disabled is not None:
        why = listed.disabled if listed else "it is no longer listed"
        raise CopilotChatError(
            f"the terms of {model.id} were accepted, but it cannot be used yet: {why}",
            hint=f"look again in a minute, or at {model.page}",
        )
    return listed


def _found(app: "App", name: str) -> "ModelInfo":
    """Return the one model of Copilot's that `name` means and that consent would help."""
    from copilot_cli.engines.models import wants_consent
    from copilot_cli.naming import Naming, refuse
    from copilot_cli.routing import parse

    route = parse(name, "direct", app.endpoints.names())
    if route.endpoint is not None or route.model is None:
        raise ModelUnavailable(f"{name} is on your own endpoint: nothing is to be enabled there")
    found = Naming(app, app.catalogue).wanting_consent(name, route)
    if found.disabled is not None and not wants_consent(found):
        refuse(found)
    return found
