"""The runtimes that are there, and whether each is one: started, and asked for its protocol."""

from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from copilot_cli.errors import SettingsError
from copilot_cli.runtime import health, installed, platforms, versions
from copilot_cli.runtime.installed import FOLDER, INSTALLED, Runtime
from copilot_cli.runtime.platforms import PLATFORMS, Platform
from copilot_cli.runtime.probe import DEADLINE

if TYPE_CHECKING:
    from copilot_cli.app import App

SDK_PACKAGE = "github-copilot-sdk"


class Entry(NamedTuple):
    """One runtime of the cache; `size` in bytes."""

    version: str
    platform: Platform
    folder: Path
    size: int

    @property
    def program(self) -> Path:
        """What is started."""
        return self.folder / self.platform.executable


class State(NamedTuple):
    """One runtime as `engine status` shows it.

    `problem` is why it cannot be used, with `fix` as the way out; `version` is what it said itself
    where it was started. `source` is `installed` or the name of a variable.
    """

    version: str | None
    platform: str
    path: Path
    size: int
    source: str
    chosen: bool
    protocol: int | None
    problem: str | None
    fix: str | None


class Report(NamedTuple):
    """All that is known: the version that is wanted, the SDK that is installed, each runtime.

    `problem` is why none would be started, None where the one that is chosen works.
    """

    platform: str
    wanted: str
    sdk: str | None
    states: list[State]
    problem: SettingsError | None


def entries(cache: Path) -> list[Entry]:
    """Return the runtimes that are installed, of every platform, the newest version last."""
    found = [
        Entry(folder.name.removesuffix(f"-{platform.name}"), platform, folder, size_of(folder))
        for platform in PLATFORMS
        for folder in (cache / FOLDER).glob(f"[0-9]*-{platform.name}")
        if folder.is_dir()
    ]
    return sorted(found, key=lambda entry: (_order(entry.version), entry.platform.name))


def report(app: "App", *, deadline: float = DEADLINE) -> Report:
    """Return what is there, each started once with `deadline` in seconds.

    Raises `SettingsError` where a variable is malformed, or the platform has no runtime.
    """
    here, environ, cache = platforms.here(), app.effects.environ, app.settings.paths.cache_dir
    wanted = versions.wanted(environ)
    chosen, problem = _chosen(app)
    states = [
        _state(Runtime(entry.program, entry.version, INSTALLED), entry, chosen, app, deadline)
        for entry in entries(cache)
    ]
    if chosen is not None and chosen.source != INSTALLED:
        states.insert(0, _state(chosen, None, chosen, app, deadline))
    unfit = next((state for state in states if state.chosen and state.problem), None)
    if unfit is not None and unfit.problem:
        problem = SettingsError(unfit.problem, hint=unfit.fix, kind="runtime")
    return Report(here.name, wanted, sdk_version(), states, problem)


def sdk_version() -> str | None:
    """Return the version of GitHub's SDK that is installed, None where it is not."""
    try:
        return metadata.version(SDK_PACKAGE)
    except metadata.PackageNotFoundError:
        return None


def size_of(folder: Path) -> int:
    """Return the bytes of the files in `folder`."""
    return sum(each.lstat().st_size for each in folder.rglob("*") if each.is_file())


def _chosen(app: "App") -> tuple[Runtime | None, SettingsError | None]:
    try:
        return installed.find(app), None
    except SettingsError as error:
        return None, error


def _state(
    runtime: Runtime, entry: Entry | None, chosen: Runtime | None, app: "App", deadline: float
) -> State:
    here = platforms.here()
    platform, size = (
        (entry.platform.name, entry.size) if entry else (here.name, _bytes(runtime.path))
    )
    state = State(
        runtime.version,
        platform,
        runtime.path,
        size,
        runtime.source,
        runtime == chosen,
        None,
        None,
        None,
    )
    if platform != here.name:
        return state._replace(problem=f"it is for {platform}, and this machine is {here.name}")
    if entry is not None and not installed.is_whole(entry.folder, here):
        return state._replace(problem="files of it are missing", fix=health.hint(runtime))
    try:
        answer = health.check(
            runtime, app.effects.environ, app.settings.paths.cache_dir, deadline=deadline
        )
    except SettingsError as error:
        return state._replace(problem=error.message, fix=error.hint)
    return state._replace(version=answer.version, protocol=answer.protocol)


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))
