"""Which service stands behind a host name, and which installation of GitHub it belongs to.

Source: GitHub's documentation of data residency (SUB.ghe.com, api.SUB.ghe.com) and
`copilot-api.SUB.ghe.com` as the public clients use it.
"""

import re
from typing import Final, NamedTuple

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})

_GHE = re.compile(r"(?:(api|copilot-api)\.)?([a-z0-9-]+\.ghe\.com)")
_AZURE = re.compile(
    r"[a-z0-9-]+\.(?:openai\.azure|services\.ai\.azure|cognitiveservices\.azure)\.com"
)
_ROOMS = {None: "web", "api": "rest", "copilot-api": "copilot"}


BYOK_PATH: Final = "/byok/"
"""Below this, on loopback, the other providers live: /byok/openai/v1/models."""

_PROVIDER_HOSTS: Final = {"api.openai.com": "openai", "api.anthropic.com": "anthropic"}
PROVIDERS: Final = ("openai", "azure", "anthropic", "ollama")


class Place(NamedTuple):
    """`room` is web, rest, copilot, other or any (loopback); `domain` is the login host.

    Of another provider both are its name.
    """

    room: str
    domain: str


def place(host: str) -> Place | None:
    """Where requests for `host` go; None for a host that the simulator does not stand in for."""
    host = host.lower()
    if host in LOOPBACK:
        return Place("any", "github.com")
    if host in ("github.com", "api.github.com"):
        return Place("web" if host == "github.com" else "rest", "github.com")
    if host == "githubcopilot.com" or host.endswith(".githubcopilot.com"):
        # proxy.…, telemetry.… and the like are real names, but nothing of chat lives there.
        return Place("copilot" if host.startswith("api.") else "other", "github.com")
    provider = "azure" if _AZURE.fullmatch(host) else _PROVIDER_HOSTS.get(host)
    if provider is not None:
        return Place(provider, provider)
    match = _GHE.fullmatch(host)
    return Place(_ROOMS[match[1]], match[2]) if match else None


def copilot_api(domain: str, plan: str) -> str:
    """The base URL of the Copilot API for accounts of this installation and plan."""
    if domain != "github.com":
        return f"https://copilot-api.{domain}"
    return f"https://api.{tier(plan)}.githubcopilot.com"


def tier(plan: str) -> str:
    """Which of the three plan hosts serves a plan: individual, business or enterprise."""
    return plan if plan in ("business", "enterprise") else "individual"


def moved(where: Place, path: str) -> tuple[Place, str]:
    """The place and path that are meant: on loopback a path may name another provider."""
    name, slash, rest = path.removeprefix(BYOK_PATH).partition("/")
    if where.room == "any" and path.startswith(BYOK_PATH) and slash and name in PROVIDERS:
        return Place(name, name), f"/{rest}"
    return where, path
