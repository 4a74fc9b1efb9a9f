"""Writing `config.toml`: one value changes, every comment, order and unknown key stays.

Rule: what is about to be written is parsed first and must be the old values with the change and
nothing else; otherwise nothing is written. Reading is `config_file.py`.
"""

import os
import tomllib
from collections.abc import Callable, Mapping, MutableMapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from copilot_cli.config_file import ConfigFile
from copilot_cli.errors import SettingsError
from copilot_cli.store.files import lock, make_folder, write_atomic

Key = str | tuple[str, ...]

LOCK_NAME = "config.lock"
_PATIENCE = 10.0  # seconds


def key_path(key: Key) -> tuple[str, ...]:
    """Return the parts of a dotted key as TOML has it: `a.b`, `a."b.c"`; a tuple is taken as it is.

    Raises SettingsError if it is no key.
    """
    if isinstance(key, tuple):
        return key
    try:
        value: Any = {} if "\n" in key or "#" in key else tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        value = {}
    parts: list[str] = []
    while isinstance(value, dict) and len(value) == 1:
        part, value = next(iter(value.items()))
        parts.append(part)
    if not parts or value != 0:
        raise SettingsError("this is not a key", hint='a key looks like model or accounts."a.b"')
    return tuple(parts)


def set_values(path: Path, values: Mapping[Key, object]) -> None:
    """Set each key of the file `path` to its value, all at once; a missing file is made (0600).

    A value is a text, a number, a boolean, a path, or a list or table of these. Raises
    SettingsError if the file is not TOML, or the change cannot be written; then it is as it was.
    """
    changes = {key_path(key): _plain(value) for key, value in values.items()}

    def change(document: MutableMapping[str, Any]) -> None:
        for key, value in changes.items():
            _assign(document, key, value)

    _rewrite(path, change)


def unset(path: Path, key: Key) -> bool:
    """Remove `key`, and the tables that it leaves empty; say whether it was there."""
    parts = key_path(key)
    config = ConfigFile.read(path)
    value: Any = config.values
    for part in parts:
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    _rewrite(path, lambda document: _remove(document, parts))
    return True


def _rewrite(path: Path, change: Callable[[MutableMapping[str, Any]], None]) -> None:
    """Apply `change` to the text of `path` and to its values; write only if both agree.

    One process at a time: what another one sets meanwhile is not lost.
    """
    target = Path(os.path.realpath(path))  # settings kept in another folder stay a link to it
    try:
        make_folder(target.parent)
        with lock(target.with_name(LOCK_NAME), _PATIENCE):
            _rewrite_locked(path, target, change)
    except OSError as exc:
        raise SettingsError(f"{path}: {exc.strerror or 'cannot be written'}") from exc


def _rewrite_locked(
    path: Path, target: Path, change: Callable[[MutableMapping[str, Any]], None]
) -> None:
    config = ConfigFile.read(target)
    wanted = deepcopy(dict(config.values))
    try:
        change(wanted)
        document = tomlkit.parse(config.text)
        change(document)
        data = document.as_string().encode()
        faithful = tomllib.loads(data.decode()) == wanted
    except (TOMLKitError, ValueError, TypeError, LookupError) as exc:
        raise _unwritable(path) from exc
    if not faithful:
        raise _unwritable(path)
    write_atomic(target, data)


def _unwritable(path: Path) -> SettingsError:
    return SettingsError(
        f"{path}: the change cannot be written without disturbing the rest",
        hint="copilot-chat config edit",
    )


def _plain(value: object) -> Any:
    """Return `value` as TOML's own kinds."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return value


def _assign(table: MutableMapping[str, Any], key: tuple[str, ...], value: object) -> None:
    for part in key[:-1]:
        if part not in table:
            table[part] = _new_table(table)
        table = table[part]
        if not isinstance(table, MutableMapping):
            raise SettingsError(f"{part}: is a value, not a table")
    if isinstance(value, dict) and type(table) is not dict:
        # A heading in the place of a value would take the lines below it along.
        inline = tomlkit.inline_table()
        inline.update(value)
        value = inline
    table[key[-1]] = deepcopy(value)


def _new_table(parent: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if isinstance(parent, InlineTable):
        return tomlkit.inline_table()
    return {} if type(parent) is dict else tomlkit.table()


def _remove(table: MutableMapping[str, Any], key: tuple[str, ...]) -> None:
    if len(key) > 1:
        _remove(table[key[0]], key[1:])
        if table[key[0]]:
            return
    del table[key[0]]
