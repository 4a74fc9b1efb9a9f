"""Where everything lies: under one home if one is given, else in the platform's own folders.

Rule: nothing is created here and nothing is opened; the names are those of the contract.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from copilot_cli.errors import SettingsError
from copilot_cli.values import NamedTuple

HOME_VARIABLE = "COPILOT_CHAT_HOME"


class Folders(NamedTuple):
    """The three folders a platform gives a program."""

    config: Path
    data: Path
    cache: Path


class Paths(NamedTuple):
    """Every path of this program; `home_given` is set when one folder holds them all."""

    home_given: Path | None
    config_dir: Path
    config_file: Path
    key_file: Path
    roles: Path
    data_dir: Path
    secrets_dir: Path
    store_file: Path
    store_lock: Path
    conversations: Path
    history: Path
    cache_dir: Path


def platform_folders() -> Folders:
    """Return the folders of this platform: XDG, `~/Library` or `%LOCALAPPDATA%`."""
    import platformdirs

    dirs = platformdirs.PlatformDirs("copilot-chat", appauthor=False)
    return Folders(dirs.user_config_path, dirs.user_data_path, dirs.user_cache_path)


def locate(
    home: str | None,
    environ: Mapping[str, str],
    platform: Callable[[], Folders] = platform_folders,
) -> Paths:
    """Return the paths: `home` (the option) wins over COPILOT_CHAT_HOME, that over `platform`."""
    name = "--home" if home is not None else HOME_VARIABLE
    text = home if home is not None else environ.get(HOME_VARIABLE, "")
    if home is not None and not home.strip():
        raise SettingsError("--home: must be a folder")
    if not text.strip():
        return _laid_out(None, platform())
    if "\0" in text:
        raise SettingsError(f"{name}: must be a folder")
    try:
        folder = Path(text).expanduser().absolute()
    except RuntimeError as exc:
        raise SettingsError(f"{name}: the ~ in it cannot be expanded") from exc
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"{name}: {folder} is not a folder")
    return _laid_out(folder, Folders(folder, folder, folder / "cache"))


def _laid_out(home: Path | None, folders: Folders) -> Paths:
    config, data, cache = folders
    secrets = data / "secrets"
    return Paths(
        home_given=home,
        config_dir=config,
        config_file=config / "config.toml",
        key_file=config / "key",
        roles=config / "roles",
        data_dir=data,
        secrets_dir=secrets,
        store_file=secrets / "store.json",
        store_lock=data / "store.lock",
        conversations=data / "conversations.db",
        history=data / "history",
        cache_dir=cache,
    )
