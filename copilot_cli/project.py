"""The folder one is in: its `.copilot-chat.toml`, and the instructions it has for coding agents.

Rule: what a folder brings may choose among what the person has (model, role, account) and name
files inside itself as context; never an endpoint, a header, a tool, or anything that runs. Here it
is only read; whether it is used is the person's decision (`workspace.py`). A file with a fault in
it never stops the program: the fault is told and the rest is used.
"""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PureWindowsPath
from typing import Any, NamedTuple

from copilot_cli import upwards
from copilot_cli.config_file import ConfigFile
from copilot_cli.errors import SettingsError
from copilot_cli.kinds import TEXT

NAME = upwards.SETTINGS
INSTRUCTIONS = ("AGENTS.md", ".github/copilot-instructions.md")
KEYS = ("model", "role", "account", "context")
LARGEST = 256 * 1024
"""The most bytes of any one file that is taken from a folder."""


class Project(NamedTuple):
    """The settings of a folder as its file has them; `faults` are lines for the person.

    `context` are paths relative to `folder`, as they were written. `content` is the file's bytes:
    what a yes is given for.
    """

    file: Path
    content: bytes
    model: str | None = None
    role: str | None = None
    account: str | None = None
    context: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """The folder that the file stands in."""
        return self.file.parent

    @property
    def choices(self) -> dict[str, str]:
        """What it chooses among what the person has, by the settings' names."""
        pairs = {"model": self.model, "role": self.role, "account": self.account}
        return {name: value for name, value in pairs.items() if value is not None}

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it that could be used."""
        return not self.choices and not self.context


class ContextFile(NamedTuple):
    """A file to be sent along: its name in the folder, where it is, and its content."""

    name: str
    path: Path
    content: bytes

    @property
    def text(self) -> str:
        """The content as text; bytes that are no UTF-8 become U+FFFD."""
        return self.content.decode("utf-8-sig", "replace")


def find(cwd: Path, home: Path) -> Project | None:
    """Return the settings of the nearest folder at or above `cwd` that has some."""
    file = upwards.nearest(NAME, cwd, home)
    return None if file is None else _read(file)


def instructions(cwd: Path, home: Path) -> list[ContextFile]:
    """Return the files at or above `cwd`, nearest first and one of each name, made for agents.

    The search ends where that of `find` does. One that cannot be used as context is left out.
    """
    found: list[ContextFile] = []
    for name in INSTRUCTIONS:
        for folder in upwards.folders(cwd, home):
            if (folder / name).is_file():
                with suppress(ValueError):
                    found.append(_context_file(folder, name, ()))
                break
    return found


def read_context(
    project: Project, own: Iterable[Path] = ()
) -> tuple[list[ContextFile], tuple[str, ...]]:
    """Return the context files of `project`, and why any is left out; `own` is what is ours.

    A file outside the folder, a link that leads out of it, a sensitive one and what looks like one
    are left out, as is what is missing, no text, or larger than `LARGEST`.
    """
    files: list[ContextFile] = []
    faults: list[str] = []
    for name in project.context:
        try:
            files.append(_context_file(project.folder, name, own))
        except ValueError as exc:
            faults.append(f"{project.file}: context: {name} is left out: {exc}")
    return files, tuple(faults)


def _read(file: Path) -> Project:
    try:
        content = _content(file)
    except ValueError as exc:
        return Project(file, b"", faults=(f"{file}: it is not used: {exc}",))
    try:
        config = ConfigFile.parse(file, content)
    except SettingsError as exc:
        return Project(file, content, faults=(f"{exc.message}; it is not used",))
    values: dict[str, Any] = {}
    faults: list[str] = []
    for key, value in config.values.items():
        try:
            values[key] = _checked(key, value)
        except ValueError as exc:
            faults.append(f"{config.fault(key, str(exc)).message}; it is ignored")
    return Project(file, content, **values, faults=tuple(faults))


def _checked(key: str, value: object) -> object:
    if key not in KEYS:
        raise ValueError(f"a folder can set only {', '.join(KEYS)}")
    if key != "context":
        return TEXT.check(value)
    items = value if isinstance(value, list) else [value]
    return tuple(TEXT.check(item) for item in items)


def _context_file(folder: Path, name: str, own: Iterable[Path]) -> ContextFile:
    """Return the file `name`; ValueError says why it is not taken."""
    from copilot_cli.sensitive import holds_secret, is_sensitive

    if PureWindowsPath(name).anchor or name.startswith("~"):  # absolute, here or on Windows
        raise ValueError("its path is not relative to the folder")
    try:
        path = (folder / name).resolve()
        outside = not path.is_relative_to(folder.resolve())
        sensitive = is_sensitive(folder / name, own)
    except (OSError, RuntimeError) as exc:  # RuntimeError: a loop of links, before Python 3.13
        raise ValueError("its path leads nowhere") from exc
    if outside:
        raise ValueError("it is outside the folder")
    if sensitive:
        raise ValueError("it may hold secrets, by its name")
    file = ContextFile(name, path, _content(path))
    if b"\0" in file.content:
        raise ValueError("it is binary, not text")
    if holds_secret(file.text):
        raise ValueError("a secret seems to stand in it")
    return file


def _content(path: Path) -> bytes:
    """Return what a regular file holds, never waiting for a pipe; ValueError says why not."""
    try:
        if not path.is_file():
            raise ValueError("it is no file" if path.exists() else "it is not there")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as exc:
        raise ValueError(exc.strerror or "it cannot be read") from exc
    if len(content) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST // 1024} KiB")
    return content
