"""`copilot-chat config`: read and change settings.

`path`, `set`, `unset` and `edit` work on a `config.toml` with a wrong value in it too: they are how
it is put right.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import typer

from copilot_cli.config_file import ConfigFile
from copilot_cli.errors import SettingsError, UsageError
from copilot_cli.paths import Paths, locate
from copilot_cli.settings import (
    GITHUB_URL,
    SETTINGS,
    TABLES,
    Setting,
    Settings,
    check_host,
)

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.ui.console import Streams

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

_JSON = typer.Option(False, "--json", help="Print JSON.")
_KEY = typer.Argument(metavar="KEY", help="A key, such as model or endpoints.NAME.model.")


@app.callback()
def config() -> None:
    """Read and change settings."""


@app.command()
def get(ctx: typer.Context, key: str = _KEY, as_json: bool = _JSON) -> None:
    """Print the value in force; nothing but a newline where there is none."""
    settings: Settings = ctx.obj.settings
    rows = {name: (value, source) for name, value, source in _values(settings)}
    if key not in rows:
        found = _in_tables(settings, _known(key))
        rows[key] = (found, "default" if found is None else "config.toml")
    value, source = rows[key]
    if as_json:
        ctx.obj.streams.json({"key": key, "value": _plain(value), "source": source})
    else:
        ctx.obj.streams.out_bytes(f"{_shown(value)}\n".encode())


@app.command("list")
def list_(ctx: typer.Context, as_json: bool = _JSON) -> None:
    """List each setting, its value, and where the value comes from."""
    rows = list(_values(ctx.obj.settings))
    if as_json:
        ctx.obj.streams.json(
            [{"key": key, "value": _plain(value), "source": source} for key, value, source in rows]
        )
        return
    ctx.obj.streams.table(
        ("key", "value", "source"), [(key, _shown(value), source) for key, value, source in rows]
    )


@app.command("set")
def set_(
    ctx: typer.Context,
    key: str = _KEY,
    value: str = typer.Argument(metavar="VALUE", help="The new value."),
) -> None:
    """Write a setting to config.toml; comments, order and unknown keys stay."""
    from copilot_cli.store.toml import set_values

    _refuse_secrets(key, value)
    path = _known(key)
    setting = _setting(path)
    new = _checked(setting, path, value)
    file = _paths(ctx).config_file
    environ = ctx.obj.effects.environ
    if setting and setting.name == "host":
        check_host(str(new), environ.get(GITHUB_URL) or ConfigFile.read(file).get("github_url"))
    set_values(file, {path: new})
    for variable in setting.variables if setting else ():
        if environ.get(variable, "").strip():
            _streams(ctx).notice(f"{variable} is set and wins over config.toml")
            break


@app.command()
def unset(ctx: typer.Context, key: str = _KEY) -> None:
    """Remove a key from config.toml, known or not."""
    from copilot_cli.store.toml import unset as remove

    if not remove(_paths(ctx).config_file, key):
        _streams(ctx).notice(f"config.toml does not set {key}")


@app.command()
def path(ctx: typer.Context, as_json: bool = _JSON) -> None:
    """Print the path of config.toml."""
    file, streams = _paths(ctx).config_file, _streams(ctx)
    if as_json:
        streams.json({"path": str(file), "exists": file.is_file()})
    else:
        streams.out_bytes(f"{file}\n".encode())


@app.command()
def edit(ctx: typer.Context) -> None:
    """Open config.toml in $VISUAL or $EDITOR; what cannot be used does not replace it."""
    from copilot_cli.editing import edit_config

    streams = _streams(ctx)
    changed = edit_config(_paths(ctx).config_file, ctx.obj.effects.environ, terminal=streams.person)
    streams.notice("config.toml is written" if changed else "config.toml is as it was")


@app.command()
def trust(ctx: typer.Context) -> None:
    """Ask again whether what the folder you are in brings may be used."""
    application: App = ctx.obj
    if not application.streams.person:
        raise UsageError("nobody is there to ask", hint="run it at a terminal")
    if not application.workspace.ask_again():
        application.streams.notice("this folder brings no settings and no instructions")


def _paths(ctx: typer.Context) -> Paths:
    """Return the paths without reading the settings, which may be what is wrong."""
    return locate(ctx.find_root().params.get("home"), ctx.obj.effects.environ)


def _streams(ctx: typer.Context) -> "Streams":
    application: App = ctx.obj
    try:
        return application.streams
    except SettingsError:
        return application.effects.streams("auto")


def _values(settings: Settings) -> Iterator[tuple[str, object, str]]:
    for setting in SETTINGS:
        yield setting.name, getattr(settings, setting.field), settings.source(setting.name)
    for table in TABLES:
        yield from _flat(table, getattr(settings, table))


def _flat(name: str, value: Any) -> Iterator[tuple[str, object, str]]:
    if not isinstance(value, Mapping):
        yield name, value, "config.toml"
        return
    for key, item in value.items():
        yield from _flat(f"{name}.{_quoted(key)}", item)


def _quoted(key: str) -> str:
    if key and all(char.isascii() and (char.isalnum() or char in "-_") for char in key):
        return key
    import json

    return json.dumps(key)  # a JSON string is a TOML key


def _in_tables(settings: Settings, path: tuple[str, ...]) -> object:
    setting = _setting(path)
    value: Any = getattr(settings, setting.field if setting else path[0])
    for part in path[1:]:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _known(key: str) -> tuple[str, ...]:
    """Return the parts of a key that a setting or table of ours has; UsageError for any other."""
    from copilot_cli.store.toml import key_path

    path = key_path(key)
    setting = _setting(path)
    if setting is not None and (".".join(path) == setting.name or path[1:] in _keys(setting)):
        return path
    if path[0] in TABLES and len(path) > 2:
        return path
    from difflib import get_close_matches

    names = [each.name for each in SETTINGS]
    near = get_close_matches(".".join(path), names, 1)
    hint = f"did you mean {near[0]}?" if near else "copilot-chat config list"
    raise UsageError(f"there is no setting {key}", hint=hint)


def _setting(path: tuple[str, ...]) -> Setting | None:
    for setting in SETTINGS:
        if setting.name in (".".join(path), path[0]):
            return setting
    return None


def _keys(setting: Setting) -> set[tuple[str, ...]]:
    """Return the keys that the table `setting` has."""
    return (
        {(key,) for key in setting.kind.choices} if isinstance(setting.default, Mapping) else set()
    )


def _checked(setting: Setting | None, path: tuple[str, ...], text: str) -> object:
    """Return `text` as the value of `path`; raise SettingsError where it cannot be."""
    if setting is None:
        if path[0] != "endpoints":
            return text
        from copilot_cli.endpoint_table import check_value

        return check_value(path, text)
    try:
        if ".".join(path) != setting.name:
            return setting.kind.check({path[1]: text})[path[1]]  # type: ignore[index]
        value = setting.kind.check(text)
    except ValueError as exc:
        raise SettingsError(f"{setting.name}: {exc}") from exc
    return _plain(value)


def _refuse_secrets(key: str, value: str) -> None:
    import re

    from copilot_cli.secret import redact

    for text in (key, value):
        if redact(text) != text or re.search(r"\b(sk-|eyJ)[\w.-]{16,}", text):
            raise UsageError(
                "this looks like a secret, and config.toml holds none",
                hint="copilot-chat onboard --method token",
            )


def _plain(value: object) -> object:
    """Return `value` as JSON and TOML have it."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    return (
        value if value is None or isinstance(value, bool | int | float | str | list) else str(value)
    )


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {item}" for key, item in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
