"""Editing `config.toml` in the person's editor: on a copy, which replaces it only if it is good."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from copilot_cli.config_file import ConfigFile
from copilot_cli.environment import child_environ
from copilot_cli.errors import SettingsError, UsageError
from copilot_cli.secret import redact
from copilot_cli.settings import check_file
from copilot_cli.store.files import make_folder, write_atomic

_TEMPLATE = b"# Settings of copilot-chat. docs/environment.md names them all.\n"


def edit_config(path: Path, environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Let the person edit `path`; say whether it changed.

    Raises UsageError without an editor, and SettingsError for a result that cannot be used: then
    `path` is as it was, the edit is kept, and the next call goes on with it.
    """
    command = _editor(environ, terminal=terminal)
    draft = path.with_name("config.draft.toml")
    try:
        before = path.read_bytes() if path.exists() else _TEMPLATE
        make_folder(path.parent)
        if not draft.exists():
            write_atomic(draft, before)
        ended = _edited(command, draft, before, environ)
        after = draft.read_bytes()
        if after == before:
            draft.unlink()
            _succeeded(ended)
            return False
        _check(draft, after)
        _succeeded(ended)
        write_atomic(Path(os.path.realpath(path)), after)
        draft.unlink()
    except OSError as exc:
        raise SettingsError(f"{exc.filename}: {exc.strerror}") from exc
    return True


def _edited(
    command: list[str], draft: Path, before: bytes, environ: Mapping[str, str]
) -> "subprocess.CompletedProcess[bytes]":
    """Run the editor; where it cannot be started, no draft stays that nobody has changed."""
    try:
        return subprocess.run([*command, str(draft)], env=child_environ(environ), check=False)
    except OSError as exc:
        if draft.read_bytes() == before:
            draft.unlink()
        raise SettingsError(
            f"the editor {command[0]} cannot be started: {exc.strerror}", hint="set EDITOR"
        ) from exc


def _succeeded(ended: "subprocess.CompletedProcess[bytes]") -> None:
    if ended.returncode != 0:
        raise SettingsError("the editor failed; config.toml is as it was")


def _editor(environ: Mapping[str, str], *, terminal: bool) -> list[str]:
    for name in ("VISUAL", "EDITOR"):
        if environ.get(name, "").strip():
            try:
                return shlex.split(environ[name], posix=os.name == "posix")
            except ValueError as exc:
                raise UsageError(f"{name}: cannot be read as a command") from exc
    if not terminal:
        raise UsageError("there is no editor", hint="set EDITOR, or use copilot-chat config set")
    return ["vi"] if os.name == "posix" else ["notepad"]


def _check(draft: Path, data: bytes) -> None:
    try:
        config = ConfigFile.parse(draft, data)
        check_file(config)
        _refuse_secrets(config)
    except SettingsError as exc:
        hint = "config.toml is as it was; config edit goes on with this draft, or remove it"
        raise SettingsError(exc.message, hint=hint) from exc


def _refuse_secrets(config: ConfigFile) -> None:
    for number, line in enumerate(config.text.splitlines(), start=1):
        if redact(line) != line:
            raise SettingsError(f"{config.path}:{number}: this looks like a secret")
