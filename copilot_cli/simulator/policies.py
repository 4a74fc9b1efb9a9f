"""Which models an account may use, and why not: policy, plan, age. Kept per account."""

from __future__ import annotations

import copy
from typing import Any, Final

from copilot_cli.simulator import catalogue
from copilot_cli.simulator.asked import Refused
from copilot_cli.simulator.models import Model

_PLANS: Final = {
    "individual": "pro",
    "individual_pro": "pro_plus",
    "business": "business",
    "enterprise": "enterprise",
}
"""How the model list calls the plans, in `billing.restricted_to`."""


class Policies:
    """The catalogue as each account sees it. An owner is an account: `login@host`."""

    def __init__(self) -> None:
        self._models = catalogue.models()
        self._states: dict[tuple[str, str], str] = {}

    def listing(self, owner: str, *, broken: bool) -> dict[str, Any]:
        """The body of `GET /models`."""
        return catalogue.listing(
            {name: self._seen(model, owner) for name, model in self._models.items()}, broken=broken
        )

    def _seen(self, model: Model, owner: str) -> Model:
        state = self._states.get((owner, model.id))
        if state is None:
            return model
        item = copy.deepcopy(model.item)
        item["policy"]["state"] = state
        return model._replace(item=item)

    def usable(self, name: object, owner: str, plan: str) -> Model:
        """The model of that id; Refused where this account cannot use it."""
        if not isinstance(name, str):
            raise Refused("invalid_request_body", "model is required")
        known = self._models.get(name)
        model = self._seen(known, owner) if known else None
        if model is None or not _open(model, plan):
            said = "The requested model is not supported."
            raise Refused("model_not_supported", said, param="model")
        return model

    def set(self, name: str, state: object, owner: str) -> Model:
        """Accept or withdraw consent; Refused (404, 403, 400) where that cannot be done."""
        model = self._models.get(name)
        if model is None or "policy" not in model.item:
            raise Refused("not_found", "not found", 404)
        if model.blocked:
            said = "forbidden: access to this model is set by your organization"
            raise Refused("forbidden", said, 403)
        if state not in ("enabled", "disabled"):
            raise Refused("invalid_request_body", "state must be enabled or disabled")
        self._states[owner, name] = str(state)
        return self._seen(model, owner)


def _open(model: Model, plan: str) -> bool:
    chats = model.family.get("type") == "chat"
    consented = model.item.get("policy", {}).get("state", "enabled") == "enabled"
    covered = not model.plans or _PLANS.get(plan) in model.plans
    return chats and consented and covered and not model.retired
