"""The types of providers, as rows: where a request goes, and how the key is sent. Pure.

A new type is a row. Base addresses come as people paste them, with or without `/v1` and as a whole
deployment (copilot-sdk documents the one, users' wrappers the other): a path that is given is kept,
and `/v1` is added only where none is.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from copilot_cli.engines.endpoint import Endpoint
from copilot_cli.wires.table import CHAT, MESSAGES, RESPONSES

AZURE_VERSION = "2024-10-21"
"""The API version of a deployment's address that names none: Azure's last dated stable one."""


class Provider(NamedTuple):
    """One type: `url` builds the address of a path for a model, `key_header` takes the key.

    `wires` are the paths by the words of `Endpoint.wire`, None for where nothing is said. `models`
    returns the address of the list, None where there is none that could be asked with. `thinks`:
    open models are served that think aloud within their text.
    """

    url: Callable[[Endpoint, str, str], str]
    key_header: str
    wires: Mapping[str | None, str]
    models: Callable[[Endpoint], str | None]
    thinks: bool = False


def _openai(endpoint: Endpoint, path: str, _model: str = "") -> str:
    base = endpoint.base_url
    return f"{base}{path}" if _path(base) else f"{base}/v1{path}"


def _anthropic(endpoint: Endpoint, path: str, _model: str = "") -> str:
    base = endpoint.base_url
    return f"{base}{path.removeprefix('/v1')}" if _path(base).endswith("/v1") else f"{base}{path}"


def _azure(endpoint: Endpoint, path: str, model: str = "") -> str:
    """Return Azure's address: a dated version has an address for each deployment, `v1` has one.

    Source: Microsoft, "Azure OpenAI in Azure AI Foundry Models v1 API", 2025.
    """
    base, version = endpoint.base_url, endpoint.api_version
    query = f"?api-version={version}" if version else ""
    if "/deployments/" in _path(base):
        return f"{base}{path}{query or f'?api-version={AZURE_VERSION}'}"
    if _path(base) not in {"", "/openai"}:
        return f"{base}{path}{query}"
    root = f"{base.removesuffix('/openai')}/openai"
    if not _is_dated(version):
        return f"{root}/v1{path}{query}"
    if path == RESPONSES.path:
        return f"{root}{path}{query}"
    return f"{root}/deployments/{quote(model, safe='')}{path}{query}"


def _azure_models(endpoint: Endpoint) -> str | None:
    """Return the address of the list: a single deployment has none."""
    if "/deployments/" in _path(endpoint.base_url) or _is_dated(endpoint.api_version):
        return None
    return _azure(endpoint, "/models")


def _path(url: str) -> str:
    return urlsplit(url).path.rstrip("/")


def _is_dated(version: str | None) -> bool:
    return version is not None and version[:1].isdigit()


_OPENAI_WIRES: Mapping[str | None, str] = MappingProxyType(
    {None: CHAT.path, "completions": CHAT.path, "responses": RESPONSES.path}
)

PROVIDERS: Mapping[str, Provider] = {
    "openai": Provider(
        _openai, "Authorization", _OPENAI_WIRES, lambda at: _openai(at, "/models"), thinks=True
    ),
    "azure": Provider(_azure, "api-key", _OPENAI_WIRES, _azure_models),
    "anthropic": Provider(
        _anthropic,
        "x-api-key",
        dict.fromkeys((None, "completions", "responses"), MESSAGES.path),
        lambda at: _anthropic(at, "/v1/models") + "?limit=1000",  # twenty, where it is not said
    ),
}


def authorization(endpoint: Endpoint) -> dict[str, str]:
    """Return the header with the endpoint's key, as its type wants it; none where it has no key."""
    if endpoint.bearer is not None:
        return {"Authorization": f"Bearer {endpoint.bearer.reveal()}"}
    if endpoint.key is None:
        return {}
    name, key = PROVIDERS[endpoint.type].key_header, endpoint.key.reveal()
    return {name: f"Bearer {key}" if name == "Authorization" else key}
