"""GitHub's runtime itself, for the tests that run it: fetched once, kept in pytest's cache."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def official_runtime(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the program of the pinned runtime, installed as `engine install` does it.

    The test is skipped where the registry cannot be reached or the platform has no runtime; a
    package that is not what it should be fails it.
    """
    from copilot_cli.app import App
    from copilot_cli.effects import Effects
    from copilot_cli.errors import NetworkError, ServiceError, SettingsError
    from copilot_cli.runtime import platforms, versions
    from copilot_cli.runtime.installing import Installer
    from copilot_cli.runtime.packages import Wanted

    try:
        platforms.here()
    except SettingsError as error:
        pytest.skip(error.message)
    home = _kept(request, tmp_path_factory)
    environ = {**os.environ, "GITHUB_COPILOT_CLI_URL": "", "COPILOT_CLI_PATH": ""}
    app = App({"home": str(home)}, Effects(environ=environ))
    try:
        done = Installer(app, lambda _done, _total: None).install(Wanted(versions.RUNTIME))
    except NetworkError as error:
        pytest.skip(f"no registry to fetch the runtime from: {error.message}")
    except ServiceError as error:
        if error.kind != "service":
            raise
        pytest.skip(f"the registry has no runtime: {error.message}")
    finally:
        app.close()
    return done.runtime.path


def _kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that the next run finds again, where pytest has one."""
    cache = getattr(request.config, "cache", None)
    if cache is None:
        return tmp_path_factory.mktemp("official-runtime")
    return Path(cache.mkdir("official-runtime"))
