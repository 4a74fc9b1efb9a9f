"""The simulated Copilot host: the model list, policies, sessions, and the three wires.

It refuses what the service is known to refuse, with the same statuses and the same content types
(many of its JSON errors are labelled text/plain).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from copilot_cli.simulator import auto, identity
from copilot_cli.simulator.accounts import Accounts
from copilot_cli.simulator.asked import INVALID, UNSUPPORTED, Asked, Body, Refused, decoded, objects
from copilot_cli.simulator.hosts import Place
from copilot_cli.simulator.identity import Credential
from copilot_cli.simulator.models import Model
from copilot_cli.simulator.policies import Policies
from copilot_cli.simulator.reply import TEXT_TYPE, Reply, Request, json_reply, text_reply
from copilot_cli.simulator.scenario import Scenario
from copilot_cli.simulator.serving import (
    CHAT_WIRE,
    MESSAGES_WIRE,
    RESPONSES_WIRE,
    Asker,
    Speaker,
    Wire,
)

MAX_BODY: Final = 16 * 1024 * 1024  # bytes
BROKEN: Final = "sim-broken"
_VISION: Final = "missing required Copilot-Vision-Request header for vision requests"


class Copilot:
    """The Copilot API of the simulator. `quota` gives the headers of an answer, by plan."""

    def __init__(
        self,
        scenario: Scenario,
        accounts: Accounts,
        now: Callable[[], float],
        speaker: Speaker,
        quota: Callable[[str], Mapping[str, str]],
    ) -> None:
        self._scenario = scenario
        self._accounts = accounts
        self._speaker = speaker
        self._quota = quota
        self._policies = Policies()
        self._sessions = auto.Sessions(scenario, now)

    def _admit(self, request: Request, place: Place) -> Reply | Credential:
        return identity.admit(request, place, self._accounts, self._scenario)

    def models(self, request: Request, place: Place) -> Reply:
        """GET /models."""
        who = self._admit(request, place)
        if isinstance(who, Reply):
            return who
        said = self._policies.listing(who.owner, broken=self._scenario.broken_models)
        if identity.is_of_github(request):
            # It takes no list that has a field of the wrong kind, and then asks the public host.
            said["data"] = [each for each in said["data"] if each.get("id") != BROKEN]
        return json_reply(said).with_headers({"cache-control": "private, max-age=21600"})

    def policy(self, request: Request, place: Place) -> Reply:
        """POST /models/{id}/policy: the person's acceptance of a model's terms."""
        who = self._admit(request, place)
        if isinstance(who, Reply):
            return who
        try:
            name = request.path.split("/")[-2]
            model = self._policies.set(name, request.form().get("state"), who.owner)
        except Refused as refused:
            bare = refused.status != 400
            return text_reply(f"{refused}\n", refused.status) if bare else written(refused)
        return json_reply({"id": model.id, "policy": model.item["policy"]})

    def session(self, request: Request, place: Place) -> Reply:
        """POST /models/session: a model of the service's choice, and a session for it."""
        who = self._admit(request, place)
        if isinstance(who, Reply):
            return who
        reply, token = self._sessions.open(request, who.owner)
        if token:
            self._accounts.homes[token] = who.domain
        return reply

    def chat(self, request: Request, place: Place) -> Reply:
        """POST /chat/completions."""
        return self._ask(CHAT_WIRE, request, place)

    def responses(self, request: Request, place: Place) -> Reply:
        """POST /responses."""
        return self._ask(RESPONSES_WIRE, request, place)

    def messages(self, request: Request, place: Place) -> Reply:
        """POST /v1/messages."""
        return self._ask(MESSAGES_WIRE, request, place)

    def _ask(self, wire: Wire, request: Request, place: Place) -> Reply:
        who = self._admit(request, place)
        if isinstance(who, Reply):
            return who
        if len(request.body) > MAX_BODY:
            return text_reply("Request Entity Too Large\n", 413)
        try:
            body = decoded(request.body)
            refused = self._sessions.refusal(request, str(body.get("model")), who.owner)
            if refused is not None:
                return refused
            model = self._model(wire, body, request, who)
            _check_extras(wire, body)
            asked = wire.check(body, model)
            _check_images(asked, request)
            self._speaker.check_echoes(asked, who.owner)
        except Refused as refusal:
            return written(refusal)
        reply = self._speaker.answer(wire, model, asked, Asker(who.owner, copilot=True))
        return reply.with_headers(self._quota(who.plan))

    def _model(self, wire: Wire, body: Body, request: Request, who: Credential) -> Model:
        model = self._policies.usable(body.get("model"), who.owner, who.plan)
        if model.by_session and auto.HEADER not in request.headers:
            said = "The requested model is not supported."
            raise Refused("model_not_supported", said, param="model")
        if wire.path not in model.endpoints:
            said = f'model "{model.id}" is not accessible via the {wire.path} endpoint'
            raise Refused("unsupported_api_for_model", said)
        return model


def written(refused: Refused) -> Reply:
    """The error as the host writes it: JSON, labelled as plain text."""
    said: dict[str, Any] = {
        "message": str(refused),
        "code": refused.code,
        "type": "invalid_request_error",
    }
    if refused.param is not None:
        said["param"] = refused.param
    return json_reply({"error": said}, refused.status, TEXT_TYPE)


def _check_extras(wire: Wire, body: Body) -> None:
    """What the provider's own API would take, and Copilot does not."""
    if wire is RESPONSES_WIRE:
        before = body.get("previous_response_id")
        if before is not None:
            said = f"Previous response with id '{before}' not found."
            raise Refused("previous_response_not_found", said, param="previous_response_id")
        if body.get("store"):
            raise Refused(INVALID, "store is not supported: it must be false", param="store")
    if wire is not CHAT_WIRE and body.get("service_tier") is not None:
        said = "Unsupported parameter: 'service_tier' is not supported with this model."
        raise Refused(UNSUPPORTED, said, param="service_tier")
    if wire is MESSAGES_WIRE:
        for number, tool in enumerate(objects(body.get("tools"))):
            schema = tool.get("input_schema")
            if isinstance(schema, Mapping) and "$schema" in schema:
                where = f"tools.{number}.custom.input_schema"
                said = f"{where}.$schema: Extra inputs are not permitted"
                raise Refused(INVALID, said, param=where)


def _check_images(asked: Asked, request: Request) -> None:
    if asked.images and request.headers.get("copilot-vision-request", "").lower() != "true":
        raise Refused("bad_request", _VISION)
