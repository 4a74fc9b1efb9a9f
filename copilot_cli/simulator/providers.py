"""The other providers of the simulator: how each one is asked, what it lists, how it refuses.

OpenAI and what calls itself compatible (https://platform.openai.com/docs/api-reference), Azure
OpenAI with and without versions (https://learn.microsoft.com/azure/ai-foundry/openai/reference),
Anthropic (https://docs.anthropic.com/en/api), and a local server without keys, as Ollama is
(https://github.com/ollama/ollama/blob/main/docs/openai.md).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from copilot_cli.simulator import catalogue
from copilot_cli.simulator.asked import Refused
from copilot_cli.simulator.models import Model
from copilot_cli.simulator.reply import Reply, Request, json_reply

_SINCE: Final = 1_735_689_600  # unix seconds: when the models say they were made


class Provider(NamedTuple):
    """One provider: `written` makes its error of a refusal, `key` finds the key in a request."""

    name: str
    models: Mapping[str, Model]
    key: Callable[[Request], str]
    written: Callable[[Refused], Reply]
    listing: Callable[[Mapping[str, Model]], dict[str, Any]]
    missing: Callable[[str], Refused]
    keyless: bool = False

    def refusal(self, request: Request, key: str) -> Reply | None:
        """Why the request is not taken; None if it is."""
        given = self.key(request)
        if self.keyless or (key and hmac.compare_digest(given.encode(), key.encode())):
            return self._unversioned(request)
        return self.written(_bad_key(self.name, given))

    def _unversioned(self, request: Request) -> Reply | None:
        if self.name == "anthropic" and not request.headers.get("anthropic-version"):
            said = "anthropic-version: header is required"
            return self.written(Refused("invalid_request_error", said))
        return None

    def model(self, name: object) -> Model:
        """The model of that name; Refused if there is none."""
        if not isinstance(name, str) or not name:
            raise Refused("missing_required_parameter", "you must provide a model parameter")
        model = self.models.get(name)
        if model is None:
            raise self.missing(name)
        return model


def _bad_key(provider: str, given: str) -> Refused:
    if provider == "anthropic":
        said = "invalid x-api-key" if given else "x-api-key header is required"
        return Refused("authentication_error", said, 401)
    if provider == "azure":
        said = (
            "Access denied due to invalid subscription key or wrong API endpoint. Make sure to "
            "provide a valid key for an active subscription and use a correct regional API "
            "endpoint for your resource."
        )
        return Refused("401", said, 401)
    if not given:
        said = "You didn't provide an API key. You need to provide it in an Authorization header."
        return Refused("", said, 401)
    shown = f"{given[:8]}{'*' * 8}"  # as the real one: the first characters come back
    said = f"Incorrect API key provided: {shown}. You can find your API key in your settings."
    return Refused("invalid_api_key", said, 401)


def _openai_error(refused: Refused) -> Reply:
    kind = "server_error" if refused.status >= 500 else "invalid_request_error"
    code = _CODES.get(refused.code, refused.code or None)
    said = {"message": str(refused), "type": kind, "param": refused.param, "code": code}
    return json_reply({"error": said}, refused.status, "application/json")


_CODES: Final[Mapping[str, str | None]] = {
    "invalid_request_body": None,
    "model_max_prompt_tokens_exceeded": "context_length_exceeded",
}


def _azure_error(refused: Refused) -> Reply:
    if refused.status == 400:
        return _openai_error(refused)
    said = {"code": refused.code or str(refused.status), "message": str(refused)}
    return json_reply({"error": said}, refused.status, "application/json")


_ANTHROPIC_KINDS: Final = {401: "authentication_error", 404: "not_found_error", 413: "too_large"}


def _anthropic_error(refused: Refused) -> Reply:
    kind = _ANTHROPIC_KINDS.get(refused.status, "invalid_request_error")
    error = {"type": kind, "message": str(refused)}
    request_id = f"req_{secrets.token_hex(12)}"
    said = {"type": "error", "error": error, "request_id": request_id}
    reply = json_reply(said, refused.status, "application/json")
    return reply.with_headers({"request-id": request_id})


def _ollama_error(refused: Refused) -> Reply:
    kind = "not_found_error" if refused.status == 404 else "invalid_request_error"
    said = {"message": str(refused), "type": kind, "param": None, "code": None}
    return json_reply({"error": said}, refused.status, "application/json")


def _openai_list(models: Mapping[str, Model]) -> dict[str, Any]:
    data = [
        {"id": name, "object": "model", "created": _SINCE, "owned_by": model.item["vendor"]}
        for name, model in models.items()
    ]
    return {"object": "list", "data": data}


def _anthropic_list(models: Mapping[str, Model]) -> dict[str, Any]:
    data = [
        {
            "type": "model",
            "id": name,
            "display_name": model.item["name"],
            "created_at": "2025-01-01T00:00:00Z",
        }
        for name, model in models.items()
    ]
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]}
    return {"data": data, "has_more": False, **ends}


def _bearer(request: Request) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def _api_key(request: Request) -> str:
    return request.headers.get("api-key", "") or _bearer(request)


def _x_api_key(request: Request) -> str:
    """Anthropic's own client sends it as the bearer since version 2 (anthropic-sdk-python)."""
    return request.headers.get("x-api-key", "") or _bearer(request)


def _not_openai(name: str) -> Refused:
    said = f"The model `{name}` does not exist or you do not have access to it."
    return Refused("model_not_found", said, 404)


def _not_azure(_name: str) -> Refused:
    said = (
        "The API deployment for this resource does not exist. If you created the deployment "
        "within the last 5 minutes, please wait a moment and try again."
    )
    return Refused("DeploymentNotFound", said, 404)


def _not_anthropic(name: str) -> Refused:
    return Refused("not_found_error", f"model: {name}", 404)


def _not_ollama(name: str) -> Refused:
    return Refused("not_found", f'model "{name}" not found, try pulling it first', 404)


def all_providers() -> dict[str, Provider]:
    """The providers by name, each with its own models."""
    gpt, azure = catalogue.of_provider("openai"), catalogue.of_provider("azure")
    claude, local = catalogue.of_provider("anthropic"), catalogue.of_provider("ollama")
    made = [
        Provider("openai", gpt, _bearer, _openai_error, _openai_list, _not_openai),
        Provider("azure", azure, _api_key, _azure_error, _openai_list, _not_azure),
        Provider(
            "anthropic", claude, _x_api_key, _anthropic_error, _anthropic_list, _not_anthropic
        ),
        Provider("ollama", local, _bearer, _ollama_error, _openai_list, _not_ollama, keyless=True),
    ]
    return {provider.name: provider for provider in made}
