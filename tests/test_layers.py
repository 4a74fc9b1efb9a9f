"""Imports go one way: this table is the architecture; nothing may import what it does not list.

A room is a folder of `copilot_cli`, or a file at its top. `ui.safe` is apart from `ui`: it is a
pure function over text, and everyone who quotes foreign text needs it.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "copilot_cli"

# `values` is for everyone: it only declares.
BOTTOM = {"errors", "messages", "patterns", "secret"}
GROUND = BOTTOM | {"environment", "kinds", "network", "paths", "retry_after", "settings"}
ANSWERING = GROUND | {"auth", "chat", "context", "engines", "identity", "store", "ui", "ui.safe"}
WHOLE = ANSWERING | {"access", "app", "asking", "fences", "project", "prompt", "roles", "vault"}
WHOLE |= {
    "called",
    "attachments",
    "conversation",
    "effects",
    "enabling",
    "model_names",
    "naming",
    "endpoints",
    "endpoint_variables",
    "providers",
    "route_choice",
    "routing",
    "exporting",
    "listing",
    "new_key",
    "sensitive",
    "parties",
    "structured",
    "toolkit",
    "tools",
    "verdict",
    "walking",
    "workspace",
}

ALLOWED: dict[str, set[str]] = {
    # values and words
    "errors": set(),
    "messages": set(),
    "secret": {"patterns"},
    "bugs": {"secret"},
    "patterns": set(),
    "logs": {"secret", "ui.safe"},
    "signals": set(),
    "values": set(),
    "retry_after": {"patterns"},
    "routing": set(),
    "identity": {"__version__"},
    "kinds": {"patterns"},
    "paths": {"errors"},
    "config_file": {"errors"},
    "fences": {"patterns"},
    "shell_command": {"fences"},
    "completion_values": {
        "app",
        "engine_building",
        "engines",
        "auth",
        "messages",
        "model_cache",
        "roles",
        "settings",
        "ui",
    },
    "shell_completion": {"app", "completion_values", "effects", "errors", "roles", "tools"}
    | {"ui.safe"},
    "roles": {"errors", "kinds", "patterns"},
    "called": {"messages"},
    "exporting": {"called", "messages", "store", "ui", "ui.safe"},
    "listing": {"exporting", "store", "ui", "ui.safe"},
    "sensitive": {"patterns"},
    "upwards": set(),
    "globs": set(),
    "process_tree": set(),
    "walking": {"globs", "patterns"},
    "project": {"upwards", "config_file", "errors", "kinds", "sensitive"},
    "environment": {"errors", "patterns", "secret"},
    "prompt": {"errors"},
    "verdict": {"errors", "messages"},
    "providers": {"engines", "kinds", "patterns", "routing", "secret"},
    "endpoint_table": {"config_file", "engines", "environment", "errors", "kinds", "providers"}
    | {"secret", "sensitive"},
    "endpoint_variables": GROUND | {"engines", "providers", "routing"},
    "settings": {"config_file", "endpoint_table", "environment", "errors", "kinds", "paths"}
    | {"secret"},
    "proxies": {"errors", "kinds", "patterns", "secret"},
    "network_faults": {"errors", "proxies"},
    "charsets": {"patterns"},
    "html_text": {"html_tokens", "patterns"},
    "html_tokens": {"patterns"},
    "image_types": set(),
    "public_addresses": set(),
    "fetching": {"environment", "errors", "identity", "network", "network_faults", "proxies"}
    | {"public_addresses", "ui.safe", "web_replies"},
    "web_replies": {"charsets", "errors", "html_text", "image_types", "ui.safe"},
    "network": {"environment", "errors", "kinds", "network_faults", "proxies"},
    # rooms, from the bottom up
    "wires": {"messages", "patterns"},
    "store": BOTTOM | {"config_file", "paths"},
    "auth": GROUND | {"store", "ui.safe"},
    "engines": BOTTOM
    | {"network", "parties", "process_tree", "retry_after", "store", "ui.safe", "wires"},
    "chat": {"context", "errors", "messages", "parties", "turn"},
    "parties": {"messages"},
    "tools": {"environment", "errors", "globs", "messages", "patterns", "sensitive", "ui.safe"}
    | {"process_tree", "walking"},
    "structured": {"chat", "errors", "fences", "messages", "turn"},
    "context": {"errors", "image_limits", "messages"},
    "image_limits": {"messages"},
    "budget": {"context", "errors", "messages", "parties", "ui"},
    "quota_warnings": {"errors", "messages", "store", "ui"},
    "guarding": {"app", "budget", "engines", "errors", "messages", "parties", "quota_warnings"}
    | {"routing"},
    "turn": {"errors", "messages"},
    "ui": BOTTOM | {"context", "environment", "signals", "ui.safe"},
    "app": ANSWERING
    | {"access", "catalogue", "conversation", "effects", "roles", "vault", "workspace"}
    | {"endpoints", "engine_building", "fetching", "guarding", "parties"}
    | {"public_addresses", "routing", "toolkit"},
    "access": GROUND | {"app", "auth", "engines", "identity", "store"},
    "vault": GROUND | {"app", "store"},
    "engine_building": {"app", "engines", "environment", "errors", "messages", "parties"}
    | {"retry_after", "route_choice", "routing", "runtime", "secret", "store"},
    "route_choice": {"app", "providers", "routing", "settings"},
    "endpoints": GROUND
    | {"app", "config_file", "endpoint_table", "endpoint_variables", "engines", "providers"}
    | {"routing", "store"},
    "catalogue": {"app", "engines", "errors", "messages", "roles"}
    | {"listed_models", "model_cache", "naming", "routing"},
    "model_cache": {"engines", "messages", "store"},
    "model_names": {"messages"},
    "listed_models": {"app", "catalogue", "errors", "messages", "model_cache"},
    "naming": {"app", "catalogue", "engines", "errors", "messages", "model_names", "routing", "ui"},
    "enabling": {"app", "engines", "errors", "messages", "naming", "routing"},
    "conversation": {
        "app",
        "chat",
        "context",
        "errors",
        "image_limits",
        "messages",
        "parties",
        "roles",
        "routing",
    }
    | {"store"},
    "toolkit": {"app", "attachments", "errors", "tools", "ui"},
    "workspace": {"app", "attachments", "project", "prompt", "store", "upwards"},
    # the official runtime on this machine
    "runtime": GROUND | {"app", "identity", "process_tree", "store", "ui", "ui.safe", "upwards"},
    # what the commands share
    "attachments": WHOLE
    | {"charsets", "environment", "globs", "image_limits", "image_types", "patterns"}
    | {"process_tree"},
    "wishes": {"app", "chat", "errors", "messages", "structured"},
    "asking": {"chat", "errors", "fences", "messages", "signals", "ui", "verdict"},
    "editing": {"config_file", "environment", "errors", "secret", "settings", "store"},
    "forgetting": WHOLE | {"config_file"},
    "leaving": WHOLE | {"config_file", "runtime"},
    "key_changes": {"app", "errors", "new_key", "secret", "store"},
    "key_exports": {"app", "errors", "key_changes", "new_key", "secret", "store"},
    "new_key": {"app", "errors", "secret", "store"},
    "sign_ins": {"app", "auth", "errors", "store", "ui"},
    "doctor": WHOLE | {"__version__", "listed_models", "proxies", "runtime"},
    "onboarding": WHOLE | {"model_cache", "parties", "runtime"},
    "repl": WHOLE | {"engine_building", "runtime"},
    "reference": {"endpoint_variables", "environment", "main", "runtime", "settings"},
    "commands": WHOLE
    | {"config_file", "editing", "leaving", "onboarding", "repl", "shell_command", "signals"}
    | {
        "doctor",
        "endpoint_table",
        "forgetting",
        "key_changes",
        "key_exports",
        "runtime",
        "sign_ins",
        "simulator",
        "wishes",
    },
    "main": {"__version__", "app", "bugs", "commands", "effects", "errors", "logs"}
    | {"shell_completion", "signals", "ui"},
    "effects": {"app", "fetching", "ui"},
    "__main__": {"main"},
    "client": {
        "attachments",
        "effects",
        "app",
        "catalogue",
        "chat",
        "errors",
        "messages",
        "parties",
        "toolkit",
        "verdict",
        "conversation",
    },
    "__init__": {"client", "errors", "messages", "tools"},
    # alone: what it shared with the program, both could get wrong alike
    "simulator": set(),
}

FILES = sorted(ROOT.rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Yield the room of each module of ours that `path` imports, wherever the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom):
            if node.level:
                names = [".".join(["copilot_cli", *_parts(path)[: -node.level], node.module or ""])]
            elif node.module == "copilot_cli":
                names = [f"copilot_cli.{alias.name}" for alias in node.names]
            else:
                names = [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            if name.partition(".")[0] == "copilot_cli":
                yield _room(name.split(".")[1:])


def _parts(path: Path) -> list[str]:
    return list(path.relative_to(ROOT).with_suffix("").parts)


def _room(parts: list[str]) -> str:
    return "ui.safe" if parts[:2] == ["ui", "safe"] else parts[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_file_imports_only_what_its_room_may(path: Path) -> None:
    """Every import of ours in the file is in the table, or within its own room."""
    room = _parts(path)[0]
    allowed = ALLOWED[room] | {room} | (set() if room == "simulator" else {"values"})
    assert [name for name in imported(path) if name not in allowed] == []


def test_the_table_names_no_room_that_is_gone() -> None:
    """A row without a room would allow imports that nobody reads about."""
    rooms = {_parts(path)[0] for path in FILES}
    assert rooms == set(ALLOWED)
