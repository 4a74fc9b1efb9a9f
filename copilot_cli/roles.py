"""Roles: how the model should answer, kept in Markdown files with a head in TOML.

Rule: a role of the person's own wins over a shipped one of the same name. `{{shell}}` and `{{os}}`
in the instructions are filled when a role is read. A file that cannot be used is a SettingsError
that names it and the line. The form is in docs/roles.md.
"""

import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from copilot_cli.errors import SettingsError, UsageError
from copilot_cli.kinds import TEXT
from copilot_cli.patterns import pattern

SHIPPED = Path(__file__).parent / "_roles"
LARGEST = 256 * 1024
"""The most bytes that a role file may have."""

_FENCE = "+++"
_NAME = pattern(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_SYSTEMS = {"darwin": "macOS", "linux": "Linux", "win32": "Windows"}


class Role(NamedTuple):
    """One role; None means that it leaves this to the settings. `source` is its file."""

    name: str
    model: str | None
    effort: str | None
    system: str | None
    temperature: float | None
    source: Path


def load(folder: Path, environ: Mapping[str, str]) -> dict[str, Role]:
    """Return every role by its name: those of `folder`, and the shipped ones that it leaves.

    Raises SettingsError for the first file that cannot be used.
    """
    return {name: _read(name, path, environ) for name, path in _files(folder).items()}


def find(name: str, folder: Path, environ: Mapping[str, str]) -> Role:
    """Return the role `name`, reading no other file.

    Raises UsageError, with the nearest name, where there is none; SettingsError for a bad file.
    """
    files = _files(folder)
    if name not in files:
        from difflib import get_close_matches

        near = get_close_matches(name, files, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(files)}"
        raise UsageError("there is no such role", hint=hint)
    return _read(name, files[name], environ)


def names(folder: Path) -> list[str]:
    """Return the names of all roles, sorted, without reading a file."""
    return list(_files(folder))


def shell_name(environ: Mapping[str, str], platform: str = sys.platform) -> str:
    """Return the name of the person's shell, such as `bash` or `PowerShell`.

    PowerShell sets PSModulePath for what it starts; on Windows the system sets it too, and there a
    POSIX shell shows itself by SHELL.
    """
    shell = environ.get("SHELL", "").replace("\\", "/").rpartition("/")[2].removesuffix(".exe")
    if platform == "win32":
        return shell or "PowerShell"
    return "PowerShell" if environ.get("PSModulePath") else shell or "sh"


def os_name(platform: str = sys.platform) -> str:
    """Return the name of the operating system as people write it."""
    return _SYSTEMS.get(platform, platform)


def _files(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for place in (SHIPPED, folder):
        try:
            paths = list(place.glob("*.md"))
        except OSError as exc:
            raise SettingsError(f"{place}: {exc.strerror or 'cannot be read'}") from exc
        found |= {path.stem: path for path in paths if _NAME.fullmatch(path.stem)}
    return dict(sorted(found.items()))


def _read(name: str, path: Path, environ: Mapping[str, str]) -> Role:
    text = _text(path)
    head, body, first = _split(path, text)
    keys: dict[str, Callable[[object], Any]] = {
        "model": TEXT.check,
        "effort": TEXT.check,
        "system": _instructions,
        "temperature": _temperature,
    }
    values: dict[str, Any] = dict.fromkeys(keys)
    for key, value in head.items():
        place = f"{path}:{_line_of(key, text)}"
        if key not in keys:
            raise SettingsError(f"{place}: {key}: a role has only {', '.join(keys)}")
        try:
            values[key] = keys[key](value)
        except ValueError as exc:
            raise SettingsError(f"{place}: {key}: {exc}") from exc
    if body.strip() and values["system"]:
        raise SettingsError(f"{path}:{first}: the instructions stand in the head and below it")
    system = values.pop("system") or body.strip() or None
    return Role(name, system=system and _filled(system, environ), source=path, **values)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as exc:
        raise SettingsError(f"{path}: {exc.strerror or 'cannot be read'}") from exc
    if len(data) > LARGEST:
        raise SettingsError(f"{path}: is larger than {LARGEST // 1024} KiB")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise SettingsError(f"{path}:{line}: is not UTF-8") from exc


def _split(path: Path, text: str) -> tuple[dict[str, Any], str, int]:
    """Return the head's values, the text below the head, and the line on which that begins."""
    lines = text.split("\n")
    if lines[0].rstrip() == "---":
        raise SettingsError(f"{path}:1: the head of a role is TOML and stands between {_FENCE}")
    if lines[0].rstrip() != _FENCE:
        return {}, text, 1
    for number_, line in enumerate(lines[1:], start=2):
        if line.rstrip() == _FENCE:
            head = "\n".join(lines[1 : number_ - 1])
            return _parsed(path, head), "\n".join(lines[number_:]), number_ + 1
    raise SettingsError(f"{path}:1: the head has no end: a line of {_FENCE}")


def _parsed(path: Path, head: str) -> dict[str, Any]:
    try:
        return tomllib.loads(head)
    except (ValueError, RecursionError) as exc:  # ValueError: also numbers of absurd length
        place = re.search(r"\(at line (\d+), column \d+\)", str(exc))
        line = int(place[1]) + 1 if place else head.count("\n") + 2
        raise SettingsError(f"{path}:{line}: is not TOML") from exc


def _line_of(key: str, text: str) -> int:
    """Return the line of the head that sets `key`, counted from 1; 1 where it is not plain."""
    line_of_key = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]|\s*\[\s*{re.escape(key)}\b")
    lines = text.split("\n")
    return next((at for at, line in enumerate(lines, start=1) if line_of_key.match(line)), 1)


def _temperature(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 2:
        return float(value)
    raise ValueError("must be a number from 0 to 2")


def _instructions(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text")
    return value.strip()


def _filled(text: str, environ: Mapping[str, str]) -> str:
    return text.replace("{{shell}}", shell_name(environ)).replace("{{os}}", os_name())
