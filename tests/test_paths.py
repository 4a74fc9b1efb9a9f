"""Where everything lies."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from copilot_cli.errors import SettingsError
from copilot_cli.paths import Folders, locate, platform_folders


def _platform() -> Folders:
    return Folders(Path("/c"), Path("/d"), Path("/k"))


def test_one_home_holds_everything(tmp_path: Path) -> None:
    """With a home every path is directly under it, as the contract lays it out."""
    paths = locate(None, {"COPILOT_CHAT_HOME": str(tmp_path)}, _platform)
    assert paths.home_given == tmp_path
    assert {path.relative_to(tmp_path).as_posix() for path in paths if path} == {
        ".",
        "config.toml",
        "key",
        "roles",
        "secrets",
        "secrets/store.json",
        "store.lock",
        "conversations.db",
        "history",
        "cache",
    }


def test_the_option_wins_over_the_variable(tmp_path: Path) -> None:
    """`--home` is taken before COPILOT_CHAT_HOME."""
    environ = {"COPILOT_CHAT_HOME": "/elsewhere"}
    assert locate(str(tmp_path), environ, _platform).config_dir == tmp_path


@pytest.mark.parametrize("environ", [{}, {"COPILOT_CHAT_HOME": " "}])
def test_without_a_home_the_platform_decides(environ: dict[str, str]) -> None:
    """Settings, data and cache lie in the platform's own three folders."""
    paths = locate(None, environ, _platform)
    assert paths.home_given is None
    assert paths.config_file == Path("/c/config.toml")
    assert paths.key_file == Path("/c/key")
    assert paths.store_file == Path("/d/secrets/store.json")
    assert paths.conversations == Path("/d/conversations.db")
    assert paths.cache_dir == Path("/k")


def test_home_is_absolute_and_expanded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A relative home and a `~` are resolved at once, before anything changes the folder."""
    monkeypatch.chdir(tmp_path)
    assert locate("here", {}, _platform).config_dir == tmp_path / "here"
    assert locate("~/x", {}, _platform).config_dir == Path.home() / "x"


@pytest.mark.parametrize("home", ["", "  ", "a\0b"])
def test_a_home_that_is_no_folder_is_refused(home: str) -> None:
    """A blank `--home` is not the same as none: a script's empty variable must not go unnoticed."""
    with pytest.raises(SettingsError, match="--home"):
        locate(home, {}, _platform)


def test_a_file_as_home_is_refused(tmp_path: Path) -> None:
    """A home that is a file is said so, naming the variable."""
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(SettingsError, match=r"COPILOT_CHAT_HOME.*is not a folder"):
        locate(None, {"COPILOT_CHAT_HOME": str(file)}, _platform)


def test_platform_folders_are_three_of_our_own() -> None:
    """The platform's folders carry the program's name."""
    assert all("copilot-chat" in str(folder) for folder in platform_folders())


@pytest.mark.real
def test_a_home_spares_the_search_for_platform_folders(tmp_path: Path) -> None:
    """Where a home is given, platformdirs is not even imported."""
    code = (
        "import sys; from copilot_cli.settings import Settings; import os;"
        "Settings.load({}, os.environ); print('platformdirs' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "COPILOT_CHAT_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "False"
