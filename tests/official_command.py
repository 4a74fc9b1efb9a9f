"""GitHub's command `copilot` itself, for the tests that run it: fetched once, kept by pytest."""

import os
import shutil
import subprocess
import tarfile
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

NAME = "copilot"
_SECONDS = 300


class Command(NamedTuple):
    """The program, and where it has unpacked itself."""

    program: Path
    unpacked: Path


@pytest.fixture(scope="session")
def official_command(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Command:
    """Return the command of the pinned version, out of the package that npm installs.

    The test is skipped where the registry cannot be reached or the platform has no command; a
    package that is not what it should be fails it.
    """
    cache = getattr(request.config, "cache", None)
    place = Path(cache.mkdir("official-command")) if cache else tmp_path_factory.mktemp("command")
    from copilot_cli.runtime import versions

    folder = place / versions.RUNTIME
    command = Command(folder / NAME, folder / "unpacked")
    from copilot_cli.store.files import lock, private_folder

    private_folder(folder)
    with lock(place / "lock", 600.0):  # of the processes that share the tests
        if not (folder / "done").exists():
            _fetch(folder)
            _unpack(command, folder)
            (folder / "done").touch()
    return command


def _fetch(folder: Path) -> None:
    """Get the package, which has to have the pinned hash, and take the program out of it."""
    from copilot_cli.app import App
    from copilot_cli.effects import Effects
    from copilot_cli.errors import NetworkError, ServiceError, SettingsError
    from copilot_cli.runtime import platforms, versions
    from copilot_cli.runtime.packages import Packages, Wanted

    environ = {**os.environ, "GITHUB_COPILOT_CLI_URL": "", "COPILOT_CLI_PATH": ""}
    with closing(App({"home": str(folder / "home")}, Effects(environ=environ))) as app:
        try:
            packages = Packages(app, folder, platforms.here(), lambda _done, _total: None)
            package = packages.get(Wanted(versions.RUNTIME))
        except (SettingsError, NetworkError) as error:
            pytest.skip(f"the command cannot be had: {error.message}")
        except ServiceError as error:
            if error.kind != "service":
                raise
            pytest.skip(f"the registry has no command: {error.message}")
    with tarfile.open(package.file) as archive:
        content = archive.extractfile(f"package/{NAME}")
        assert content is not None
        with (folder / NAME).open("wb") as file:
            shutil.copyfileobj(content, file)
    (folder / NAME).chmod(0o700)
    package.file.unlink()


def _unpack(command: Command, folder: Path) -> None:
    """Have it unpack itself, which it does once and takes its time for."""
    environ = {
        "COPILOT_SEA_EXTRACT_ONLY": "1",
        "COPILOT_PKG_CACHE_HOME": str(command.unpacked),
        "HOME": str(folder),
    }
    subprocess.run(
        [command.program, "--binary-version"],
        env=environ,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        timeout=_SECONDS,
    )
