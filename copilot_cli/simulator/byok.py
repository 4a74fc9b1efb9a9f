"""The fronts of other providers, for clients that bring a key of their own.

They speak the same wires as the Copilot host, without its rules, with the keys and the error forms
of each provider. On loopback they live below `/byok/openai`, `/byok/azure`, `/byok/anthropic` and
`/byok/ollama`; through the proxy under the providers' own host names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs

from copilot_cli.simulator.asked import Body, Refused, decoded
from copilot_cli.simulator.hosts import Place
from copilot_cli.simulator.models import Model
from copilot_cli.simulator.providers import Provider, all_providers
from copilot_cli.simulator.reply import Reply, Request, json_reply
from copilot_cli.simulator.scenario import Scenario
from copilot_cli.simulator.serving import (
    CHAT_WIRE,
    MESSAGES_WIRE,
    RESPONSES_WIRE,
    Asker,
    Speaker,
    Wire,
)

_AZURE: Final = r"/openai(?:/v1|/deployments/(?P<deployment>[^/]+))?"
_WIRES: Final = {"chat": CHAT_WIRE, "responses": RESPONSES_WIRE, "messages": MESSAGES_WIRE}

Answer = Callable[[Request, Place], Reply]

ROUTES: Final = (
    ("openai_models", "GET", r"/v1/models"),
    ("openai_chat", "POST", r"/v1/chat/completions"),
    ("openai_responses", "POST", r"/v1/responses"),
    ("azure_models", "GET", r"/openai(?:/v1)?/models"),
    ("azure_chat", "POST", _AZURE + r"/chat/completions"),
    ("azure_responses", "POST", r"/openai(?:/v1)?/responses"),
    ("anthropic_models", "GET", r"/v1/models"),
    ("anthropic_messages", "POST", r"/v1/messages"),
    ("ollama_models", "GET", r"/v1/models"),
    ("ollama_chat", "POST", r"/v1/chat/completions"),
)
"""The endpoint's name (provider, underscore, what), its method and its path below the provider."""


class Byok:
    """Answers for all providers."""

    def __init__(self, scenario: Scenario, speaker: Speaker) -> None:
        self._scenario = scenario
        self._speaker = speaker
        self._providers = all_providers()

    def answerer(self, endpoint: str) -> Answer:
        """What answers an endpoint of `ROUTES`."""
        name, _, what = endpoint.partition("_")
        provider = self._providers[name]
        if what == "models":
            return lambda request, _place: self._models(provider, request)
        return lambda request, _place: self._ask(provider, _WIRES[what], request)

    def _models(self, provider: Provider, request: Request) -> Reply:
        refused = self._refusal(provider, request)
        return refused or json_reply(provider.listing(provider.models))

    def _refusal(self, provider: Provider, request: Request) -> Reply | None:
        if provider.name == "azure" and not _versioned(request):
            return provider.written(Refused("404", "Resource not found", 404))
        return provider.refusal(request, self._scenario.keys.get(provider.name, ""))

    def _ask(self, provider: Provider, wire: Wire, request: Request) -> Reply:
        refused = self._refusal(provider, request)
        if refused is not None:
            return refused
        try:
            body = _body(request)
            model = provider.model(body.get("model"))
            _check_wire(provider, wire, model)
            asked = wire.check(body, model)
            self._speaker.check_echoes(asked, provider.name)
        except Refused as refusal:
            return provider.written(refusal)
        return self._speaker.answer(wire, model, asked, Asker(provider.name, copilot=False))


def _versioned(request: Request) -> bool:
    """Whether Azure's path is the versionless one, or an api-version comes along."""
    return "/openai/v1/" in request.path or bool(parse_qs(request.query).get("api-version"))


def _body(request: Request) -> Body:
    """The body; in Azure's older form the path names the model."""
    body: dict[str, Any] = decoded(request.body)
    deployed = re.search(r"/deployments/([^/]+)/", request.path)
    return body | {"model": deployed[1]} if deployed else body


def _check_wire(provider: Provider, wire: Wire, model: Model) -> None:
    if wire.path not in model.endpoints:
        said = f"The model `{model.id}` is not supported by the {wire.name} API of {provider.name}."
        raise Refused("unsupported_model", said)
