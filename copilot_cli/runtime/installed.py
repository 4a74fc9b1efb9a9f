"""The runtime to start: the one a variable names, else the one that `engine install` unpacked.

A runtime is a folder `runtimes/VERSION-PLATFORM` of the cache that came there by one rename, so it
is whole or not there. Nothing is started here, and nothing is written.
"""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from copilot_cli.errors import SettingsError, StoreError
from copilot_cli.runtime import platforms, versions
from copilot_cli.runtime.platforms import Platform
from copilot_cli.store import files

if TYPE_CHECKING:
    from copilot_cli.app import App

PATH_VARIABLE = "COPILOT_CLI_PATH"
URL_VARIABLE = "GITHUB_COPILOT_CLI_URL"
INSTALLED = "installed"
FOLDER = "runtimes"
UNPACKED = "program"
"""The folder beside them in which npm's own program unpacks itself, once."""

RUNNING = "official"
"""The folder of the cache in which running runtimes have what they write."""

MANIFEST = "manifest.json"
_LIMIT = 64 * 1024


class Runtime(NamedTuple):
    """A runtime: the program to start, its version, and why it is this one.

    `version` is that of the package it was unpacked from; None for a program of the person's own,
    which says it when it is asked. `source` is `installed` or the name of the variable.
    """

    path: Path
    version: str | None
    source: str


def find(app: "App") -> Runtime:
    """Return the runtime to start.

    Raises `SettingsError` where there is none, where a variable is malformed or names a file that
    cannot be started, and where the platform has no runtime.
    """
    environ = app.effects.environ
    if given := environ.get(PATH_VARIABLE, "").strip():
        return Runtime(_given(given), None, PATH_VARIABLE)
    version, here = versions.wanted(environ), platforms.here()
    folder = place(app.settings.paths.cache_dir, version, here)
    if not is_whole(folder, here):
        raise SettingsError(
            f"the official runtime {version} is not installed",
            hint="`copilot-chat engine install` fetches it; `--engine direct` needs none",
            kind="runtime",
        )
    return Runtime(folder / here.executable, version, INSTALLED)


def place(cache: Path, version: str, here: Platform) -> Path:
    """Return the folder of a runtime below the cache folder, be it there or not."""
    return cache / FOLDER / f"{version}-{here.name}"


def is_whole(folder: Path, here: Platform) -> bool:
    """Say whether every file of a runtime is there as it was: from a cache things go missing."""
    sizes = manifest(folder).get("files")
    if not isinstance(sizes, dict):
        return False
    try:
        return all((folder / name).stat().st_size == sizes.get(name) for name in here.files)
    except OSError:
        return False


def manifest(folder: Path) -> dict[str, Any]:
    """Return what was written down when the runtime was installed, empty where that is gone."""
    try:
        found = json.loads(files.read_private(folder / MANIFEST, _LIMIT))
    except (OSError, StoreError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _given(text: str) -> Path:
    try:
        path = Path(text).expanduser().absolute()
        found = path.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        raise _unusable("is no path that can be looked at") from error
    if not found:
        raise _unusable(
            f"names {path}, which is not there"
            if not path.exists()
            else f"names {path}, which is no file"
        )
    if not os.access(path, os.X_OK):
        raise _unusable(f"names {path}, which cannot be executed")
    return path


def _unusable(what: str) -> SettingsError:
    return SettingsError(
        f"{PATH_VARIABLE} {what}",
        hint=f"correct {PATH_VARIABLE}, or unset it and run `copilot-chat engine install`",
        kind="runtime",
    )
