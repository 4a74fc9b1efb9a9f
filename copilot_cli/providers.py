"""What is known of providers of models: their types by host name, their addresses, their keys.

Pure, and about texts alone. Rule: a type is guessed from the host's *name*, never from a path, a
query or a model, all of which anybody can word as they like.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

from copilot_cli import kinds
from copilot_cli.patterns import pattern
from copilot_cli.routing import COPILOT, ENV
from copilot_cli.secret import names_github

if TYPE_CHECKING:
    from copilot_cli.engines.endpoint import ProviderType

TYPES = kinds.words("openai", "azure", "anthropic")
WIRES = kinds.words("completions", "responses")

_RESERVED = frozenset({ENV, *COPILOT, "direct", "official", "byok", "cli"})
_NAME = pattern(r"[a-z0-9][a-z0-9._-]{0,39}")
_KEY = pattern(r"[\x21-\x7e]{1,8192}")
_VERSION = pattern(r"[0-9A-Za-z.-]{1,40}")
_REQUESTS = pattern(r"/(?:chat/completions|completions|responses|messages|models)$")
_SECRET_NAME = pattern(
    r"(?:.*[_-])?(?:api)?(?:key|token|secret|password|bearer|authorization|credentials?|cookie)"
)

_SUFFIXES: "tuple[tuple[str, ProviderType], ...]" = (
    # Microsoft, "Azure OpenAI in Azure AI Foundry Models REST API reference", and its older hosts.
    (".openai.azure.com", "azure"),
    (".cognitiveservices.azure.com", "azure"),
    (".services.ai.azure.com", "azure"),
)
_HOSTS: "Mapping[str, ProviderType]" = {"api.anthropic.com": "anthropic"}


class Provider(NamedTuple):
    """A provider to offer by name; `url` None where each customer has an address of their own."""

    name: str
    title: str
    url: str | None
    example: str = ""


PROVIDERS = (
    Provider("ollama", "Ollama on this machine", "http://127.0.0.1:11434"),
    Provider("lmstudio", "LM Studio on this machine", "http://127.0.0.1:1234"),
    Provider("vllm", "vLLM on this machine", "http://127.0.0.1:8000"),
    Provider("openrouter", "OpenRouter", "https://openrouter.ai/api/v1"),
    Provider("openai", "OpenAI", "https://api.openai.com"),
    Provider("anthropic", "Anthropic", "https://api.anthropic.com"),
    Provider("azure", "Azure OpenAI", None, "https://RESOURCE.openai.azure.com"),
    Provider("other", "Another address", None, "https://HOST/v1"),
)


def guess(url: str) -> "ProviderType":
    """Return the type of provider at `url`, by the name of its host alone; `openai` is the rest."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host in _HOSTS:
        return _HOSTS[host]
    return next((kind for suffix, kind in _SUFFIXES if host.endswith(suffix)), "openai")


def place(url: str) -> str:
    """Return the host of `url`, with its port where it names one: what a key is kept for."""
    return urlsplit(url).netloc


def is_local(url: str) -> bool:
    """Say whether `url` is an address of this machine."""
    return kinds.is_loopback(place(url))


def address(text: str) -> tuple[str, str | None]:
    """Return the base address in `text`, and the API version that stood in its query.

    The address of a request (`…/chat/completions?api-version=…`), as consoles of providers show it,
    is cut down to its base. Raises ValueError saying what is wrong, without the text.
    """
    bare, _, query = text.strip().partition("?")
    version: str | None = None
    if query:
        found = parse_qs(query, keep_blank_values=True)
        if set(found) != {"api-version"}:
            raise ValueError("must be an address without a query, but for api-version")
        version = api_version(found["api-version"][0])
    url = str(kinds.URL.check(bare))
    return _REQUESTS.sub("", url).rstrip("/"), version


def api_version(value: object) -> str:
    """Return `value` if it can be a version of an API; raise ValueError else."""
    if not isinstance(value, str) or not _VERSION.fullmatch(value.strip()):
        raise ValueError("must be a version such as 2024-10-21")
    return value.strip()


def name_fault(name: str) -> str | None:
    """Return why an endpoint cannot be called `name`, as a clause; None if it can."""
    if not _NAME.fullmatch(name):
        return "a name is made of a-z, 0-9, dot, underscore and hyphen"
    return "that name means something else already" if name in _RESERVED else None


def name_for(url: str) -> str:
    """Return a name to offer for the endpoint at `url`."""
    for provider in PROVIDERS:
        if provider.url and place(provider.url) == place(url):
            return provider.name
    if is_local(url):
        return "local"
    host = urlsplit(url).hostname or ""
    labels = [label for label in host.split(".") if label not in {"api", "www"}]
    known = {"azure": "azure", "anthropic": "anthropic"}.get(guess(url))
    name = known or (labels[-2] if len(labels) > 1 else host)
    return "own" if name_fault(name) else name


def key_fault(value: str, tokens: Mapping[str, str]) -> str | None:
    """Return why `value` cannot be the key of an endpoint, without a word of it; None if it can.

    `tokens` are the GitHub tokens at hand, by the name of their variable: none of them is a key.
    """
    if not _KEY.fullmatch(value):
        return "it cannot be sent: it is empty, too long, or has characters that no key has"
    return github_fault(value, tokens)


def github_fault(text: str, tokens: Mapping[str, str]) -> str | None:
    """Return why no word of `text` may go to an endpoint, as a clause; None if all may."""
    for word in text.split():
        if names_github(word):
            return "this is a token of GitHub or Copilot, and goes to no other service"
        for name, token in tokens.items():
            if token.strip() == word:
                return f"this is the token of {name}, and goes to no other service"
    return None


def names_secret(key: str) -> bool:
    """Say whether what stands under `key` in a table, or a header of that name, is a secret."""
    return _SECRET_NAME.fullmatch(key.lower()) is not None
