"""Which runtime is started: the one a variable names, or the one that is installed, whole."""

import json
import sys
from pathlib import Path

import pytest

from copilot_cli.errors import SettingsError
from copilot_cli.runtime import health
from copilot_cli.runtime.installed import INSTALLED, PATH_VARIABLE, find, is_whole
from copilot_cli.runtime.platforms import here
from copilot_cli.store.files import private_folder
from tests.npm_registry import Registry
from tests.runtime_packages import VERSION
from tests.runtime_world import RuntimeWorld
from tests.runtimes import runtime_program, script

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its stand-ins are scripts")


@pytest.fixture
def world(tmp_path: Path) -> RuntimeWorld:
    return RuntimeWorld(tmp_path, Registry(here(), b""))


def installed(world: RuntimeWorld, version: str = VERSION) -> Path:
    """Put a runtime where an installation puts it, and return its folder."""
    folder = world.runtimes / f"{version}-{world.here.name}"
    for each in (world.home, world.home / "cache", world.runtimes, folder):
        private_folder(each)
    runtime_program(folder, version).rename(folder / world.here.executable)
    (folder / "runtime.node").write_bytes(b"made up")
    sizes = {name: (folder / name).stat().st_size for name in world.here.files}
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps({"version": version, "files": sizes}))
    manifest.chmod(0o600)
    return folder


def refused(world: RuntimeWorld) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        find(world.app())
    assert caught.value.exit_code == 2
    return caught.value


def test_nothing_is_installed(world: RuntimeWorld) -> None:
    """It says how to have it, and how to do without."""
    found = refused(world)
    assert found.message == f"the official runtime {VERSION} is not installed"
    assert "engine install" in (found.hint or "")
    assert "--engine direct" in (found.hint or "")


def test_what_is_installed_is_found(world: RuntimeWorld) -> None:
    """Of the version that fits, or the one that the variable names."""
    folder = installed(world)
    other = installed(world, "1.0.92")
    assert find(world.app()) == (folder / world.here.executable, VERSION, INSTALLED)
    world.environ["GITHUB_COPILOT_CLI_VERSION"] = "1.0.92"
    assert find(world.app()) == (other / world.here.executable, "1.0.92", INSTALLED)
    world.environ["GITHUB_COPILOT_CLI_VERSION"] = "1.0.93"
    assert "1.0.93 is not installed" in refused(world).message
    world.environ["GITHUB_COPILOT_CLI_VERSION"] = "latest"
    assert "must be one version" in refused(world).message


@pytest.mark.parametrize("what", ["gone", "shorter", "empty", "no manifest", "a wrong manifest"])
def test_what_is_not_whole_is_not_installed(world: RuntimeWorld, what: str) -> None:
    """A cache is a place that others clean."""
    folder = installed(world)
    assert is_whole(folder, world.here)
    library, manifest = folder / "runtime.node", folder / "manifest.json"
    match what:
        case "gone":
            library.unlink()
        case "shorter":
            library.write_bytes(b"made")
        case "empty":
            library.write_bytes(b"")
        case "no manifest":
            manifest.unlink()
        case _:
            manifest.write_text("[]")
    assert not is_whole(folder, world.here)
    assert "not installed" in refused(world).message


def test_a_program_of_the_persons_own_wins(world: RuntimeWorld, tmp_path: Path) -> None:
    """Its version is not known before it is started."""
    installed(world)
    own = runtime_program(tmp_path)
    world.environ[PATH_VARIABLE] = str(own)
    assert find(world.app()) == (own, None, PATH_VARIABLE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{folder}/none", "is not there"),
        ("{folder}", "is no file"),
        ("{folder}/text", "cannot be executed"),
        ("~nobody-of-that-name/x", "no path"),
        ("{folder}/" + "x" * 5000, "COPILOT_CLI_PATH "),
    ],
)
def test_a_variable_that_names_nothing_usable(
    world: RuntimeWorld, tmp_path: Path, text: str, message: str
) -> None:
    """Nothing else is started in its place: it says to correct it, or to unset it."""
    installed(world)
    (tmp_path / "text").write_text("hello")
    world.environ[PATH_VARIABLE] = text.format(folder=tmp_path)
    found = refused(world)
    assert found.message.startswith(f"{PATH_VARIABLE} ")
    assert message in found.message
    assert "unset it" in (found.hint or "")


# -- whether it is what it is taken for -------------------------------------------------------


@pytest.mark.real
def test_it_has_to_be_the_version_that_is_wanted(world: RuntimeWorld, tmp_path: Path) -> None:
    """Where the person says which; the way out is one of two variables."""
    world.environ[PATH_VARIABLE] = str(runtime_program(tmp_path, "1.0.92"))
    cache = world.home / "cache"
    assert health.check(find(world.app()), world.environ, cache).version == "1.0.92"
    world.environ["GITHUB_COPILOT_CLI_VERSION"] = VERSION
    with pytest.raises(SettingsError) as caught:
        health.check(find(world.app()), world.environ, cache)
    assert f"is version 1.0.92, and not {VERSION}" in caught.value.message
    assert PATH_VARIABLE in (caught.value.hint or "")
    assert "GITHUB_COPILOT_CLI_VERSION" in (caught.value.hint or "")


@pytest.mark.real
def test_a_program_is_started_once_to_see_what_it_is(world: RuntimeWorld, tmp_path: Path) -> None:
    """As long as it stays as it is; one that is installed has been tried already."""
    log = tmp_path / "log"
    source = runtime_program(tmp_path).read_text().split("\n", 1)
    own = script(tmp_path, f"open({str(log)!r}, 'a').write('x')\n{source[1]}", "own")
    world.environ[PATH_VARIABLE] = str(own)
    private_folder(world.home)
    private_folder(world.home / "cache")
    private_folder(world.runtimes)
    runtime, cache = find(world.app()), world.home / "cache"
    for _ in range(3):
        assert health.version_of(runtime, world.environ, cache, 5.0) == VERSION
    assert log.read_text() == "x"
    own.write_text(own.read_text() + "\n")
    assert health.version_of(runtime, world.environ, cache, 5.0) == VERSION
    assert log.read_text() == "xx"
    folder = installed(world)
    (folder / world.here.executable).write_text("never started")
    known = find(world.app())._replace(version=VERSION)
    assert health.version_of(known, world.environ, cache, 5.0) == VERSION


@pytest.mark.real
def test_what_is_no_runtime_is_looked_at_each_time(world: RuntimeWorld, tmp_path: Path) -> None:
    """A failure is not remembered: it may have been the machine's."""
    world.environ[PATH_VARIABLE] = str(script(tmp_path, ""))
    for _ in range(2):
        with pytest.raises(SettingsError, match="does not answer"):
            health.version_of(find(world.app()), world.environ, world.home / "cache", 5.0)
