"""Forgetting one endpoint of a person's own: its key, its settings, and the choice of it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from copilot_cli.endpoints import KIND
from copilot_cli.errors import UsageError
from copilot_cli.routing import ENV

if TYPE_CHECKING:
    from copilot_cli.app import App


def forget(app: "App", name: str) -> Iterator[str]:
    """Remove the endpoint `name`; yield a line for each thing that is gone.

    The key goes first: settings without it can be seen and put right, a key without them hides.
    Raises `UsageError` where there is none of that name, and `StoreError`.
    """
    settings, store = app.settings, app.vault.store
    if name == ENV and app.endpoints.described:
        raise UsageError(
            f"the endpoint {name} is described by variables", hint="unset COPILOT_PROVIDER_BASE_URL"
        )
    keys = [entry for entry in store.names() if (entry.kind, entry.user) == (KIND, name)]
    if not keys and name not in settings.endpoints:
        app.endpoints.look_up(name)  # says which there are
    if keys:
        app.vault.unlock()
    for entry in keys:
        store.delete(entry)
        yield f"removed the key of {name} for {entry.host}"
    yield from _forget_settings(app, name)


def _forget_settings(app: "App", name: str) -> Iterator[str]:
    from copilot_cli.config_file import ConfigFile
    from copilot_cli.store.toml import unset

    path = app.settings.paths.config_file
    if unset(path, ("endpoints", name)):
        yield f"removed endpoints.{name} of {path}"
    config = ConfigFile.read(path)
    model = config.get("model")
    if isinstance(model, str) and model.startswith(f"{name}/"):
        unset(path, "model")
        yield f"removed the model {model} of {path}"
    if config.get("engine") == KIND and not config.table("endpoints"):
        unset(path, "engine")
        yield f"removed the engine {KIND} of {path}"
