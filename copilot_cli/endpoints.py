"""The person's own endpoints: those of the settings, and the one that variables describe."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from copilot_cli.app import App


class Endpoints:
    """Finds an endpoint by name. Names open no key and send nothing."""

    def __init__(self, app: "App") -> None:
        self._app = app

    def names(self) -> tuple[str, ...]:
        """Return the names of all endpoints, in the settings' order."""
        return tuple(self._app.settings.endpoints)
