"""The endpoint that variables describe, as the official command line reads them.

`COPILOT_PROVIDER_BASE_URL` wins over `GITHUB_COPILOT_PROVIDER_URL` where both are set and differ:
the key, the type and the headers have its prefix, and are meant for it.
Rule: a malformed variable is a SettingsError that names it, and never its value.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from copilot_cli import kinds, providers
from copilot_cli.engines.endpoint import Endpoint
from copilot_cli.environment import PROVIDER_VARIABLES, parse_extra_headers
from copilot_cli.errors import SettingsError
from copilot_cli.routing import ENV
from copilot_cli.secret import Secret, strip_newline
from copilot_cli.settings import LATE_TOKEN_VARIABLES, TOKEN_VARIABLES

TYPE = "COPILOT_PROVIDER_TYPE"
KEY = "COPILOT_PROVIDER_API_KEY"
BEARER = "COPILOT_PROVIDER_BEARER_TOKEN"
WIRE = "COPILOT_PROVIDER_WIRE_API"
API_VERSION = "COPILOT_PROVIDER_AZURE_API_VERSION"
HEADERS = "COPILOT_PROVIDER_HEADERS"
MODEL_VARIABLES = ("COPILOT_PROVIDER_WIRE_MODEL", "COPILOT_PROVIDER_MODEL_ID")


def read(environ: Mapping[str, str]) -> Endpoint | None:
    """Return the endpoint with its key; None where no variable names an address."""
    variable = next((name for name in PROVIDER_VARIABLES if _text(environ, name)), None)
    if variable is None:
        return None
    url, version = _checked(environ, variable, providers.address)
    models = (_checked(environ, name, kinds.TEXT.check) for name in MODEL_VARIABLES)
    return Endpoint(
        ENV,
        _checked(environ, TYPE, providers.TYPES.check) or providers.guess(url),
        url,
        key=_key(environ, KEY),
        bearer=_key(environ, BEARER),
        wire=_checked(environ, WIRE, providers.WIRES.check),
        api_version=_checked(environ, API_VERSION, providers.api_version) or version,
        headers=_headers(environ),
        model=next(filter(None, models), None),
        where=f"the variable {variable}",
    )


def guessed(environ: Mapping[str, str]) -> bool:
    """Say whether no variable names the type."""
    return not _text(environ, TYPE)


def github_tokens(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the GitHub tokens that variables hold, by the name of each."""
    names = (*TOKEN_VARIABLES, *LATE_TOKEN_VARIABLES)
    return {name: environ[name] for name in names if _text(environ, name)}


def _headers(environ: Mapping[str, str]) -> Mapping[str, str]:
    headers = parse_extra_headers(environ.get(HEADERS, ""), HEADERS)
    for name, value in headers.items():
        if wrong := providers.github_fault(value, github_tokens(environ)):
            raise SettingsError(f"{HEADERS}: {name}: {wrong}")
    return MappingProxyType(dict(headers))


def _key(environ: Mapping[str, str], variable: str) -> Secret | None:
    value = strip_newline(environ.get(variable, "")).strip(" ")
    if not value.strip():
        return None
    if wrong := providers.key_fault(value, github_tokens(environ)):
        raise SettingsError(f"{variable}: {wrong}", hint=f"set {variable} to the provider's key")
    return Secret(value)


def _checked(environ: Mapping[str, str], variable: str, check: Callable[..., Any]) -> Any:
    text = _text(environ, variable)
    try:
        return check(text) if text else None
    except ValueError as error:
        raise SettingsError(f"{variable}: {error}") from error


def _text(environ: Mapping[str, str], variable: str) -> str:
    return environ.get(variable, "").strip()
