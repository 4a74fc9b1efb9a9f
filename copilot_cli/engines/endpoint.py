"""One endpoint of a person's own: where it is, what it speaks, and the key that goes there only."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from copilot_cli.secret import Secret

ProviderType = Literal["openai", "azure", "anthropic"]
WireChoice = Literal["completions", "responses"]


class Endpoint(NamedTuple):
    """An endpoint that takes the person's own key, or none.

    `base_url` has no slash at its end. `bearer` wins over `key`; each is sent as the provider's
    type wants it, and to this endpoint's host only. `wire` is `completions` or `responses`, None
    for the type's own. `api_version` is Azure's, None for its versionless API. `where` says to a
    person where the endpoint was set.
    """

    name: str
    type: ProviderType
    base_url: str
    key: Secret | None = None
    bearer: Secret | None = None
    wire: WireChoice | None = None
    api_version: str | None = None
    headers: Mapping[str, str] = MappingProxyType({})
    model: str | None = None
    where: str = ""
