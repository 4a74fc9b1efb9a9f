"""A world with endpoints of one's own: their addresses in the simulator, and settings with them."""

from collections.abc import Mapping
from typing import Any

from copilot_cli.simulator.scenario import KEYS
from tests.wizard_world import World

OPENAI = "https://api.openai.com"
AZURE = "https://acme.openai.azure.com"
ANTHROPIC = "https://api.anthropic.com"
LOCAL = "http://127.0.0.1:11434/byok/ollama/v1"

KEY = KEYS["openai"]


def write(world: World, text: str) -> None:
    """Put `text` into the settings."""
    world.home.mkdir(exist_ok=True)
    (world.home / "config.toml").write_text(text, encoding="utf-8")


def seal(world: World, name: str, host: str, key: str) -> None:
    """Put a key into the store of `world`, made if it is not there."""
    from copilot_cli.store.sealed import EntryName

    vault = world.build(None).vault
    store = vault.build_store(vault.build_key("keyfile"))
    store.put(EntryName("byok", host, name), {"key": key})


def sent(world: World) -> list[tuple[str, Mapping[str, str]]]:
    """Host and headers of each request, in order."""
    return [(entry.host, entry.headers) for entry in world.sim.log]


def everything_sent(world: World) -> str:
    """All of what was sent, as one text."""
    said: list[Any] = [
        (entry.host, entry.path, entry.headers, entry.body) for entry in world.sim.log
    ]
    return repr(said)
