"""Settings, folders and conversations: valid, ours, and closed to others; nothing is changed."""

import os
import sqlite3
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from copilot_cli.doctor.check import Check
from copilot_cli.doctor.examination import Examination
from copilot_cli.errors import SettingsError, StoreError
from copilot_cli.store import files
from copilot_cli.store.database import file_system, on_network_mount

_PATIENCE = 5.0  # seconds for SQLite's own check
_WRITABLE = stat.S_IWGRP | stat.S_IWOTH
_OPEN = stat.S_IRWXG | stat.S_IRWXO


def settings(examination: Examination) -> Iterator[Check]:
    """Whether `config.toml`, the variables and the options can be used, and who may write it."""
    path = examination.app.paths.config_file
    try:
        found = examination.app.settings
        _ = found.extra_headers
    except SettingsError as error:
        yield Check("settings", "fail", error.message, error.hint or f"correct {path}")
        return
    if not path.exists():
        yield Check("settings", "pass", f"{path} is not there: the defaults hold")
        return
    fault = _fault(path, _WRITABLE, "644")
    if fault:
        # Its `store` may name a class to be loaded: who writes it runs code as this person.
        yield Check("settings", "fail", *fault)
        return
    engine = f"engine {found.engine}, {'default model' if not found.model else found.model}"
    yield Check("settings", "pass", f"{path}: {engine}")


def folders(examination: Examination) -> Iterator[Check]:
    """Whether the folders are ours and can be written to, and on what kind of disk they lie."""
    paths = examination.app.paths
    wanted = dict.fromkeys((paths.config_dir, paths.data_dir, paths.cache_dir))
    for folder in wanted:
        fault = _folder_fault(folder)
        if fault:
            yield Check("folders", "fail", *fault)
            return
    there = next(folder for folder in (paths.data_dir, *paths.data_dir.parents) if folder.exists())
    kind = file_system(there)
    detail = ", ".join(map(str, wanted)) + (f" ({kind})" if kind else "")
    if on_network_mount(there):
        fix = "if processes get in each other's way, move it with --home or COPILOT_CHAT_HOME"
        yield Check("folders", "warn", f"{detail}: locks over a network may not hold", fix)
    else:
        yield Check("folders", "pass", detail)


def _folder_fault(folder: Path) -> tuple[str, str] | None:
    nearest = next((each for each in (folder, *folder.parents) if os.path.lexists(each)), folder)
    if not nearest.is_dir():
        return f"{nearest} is not a folder", f"move {nearest} away"
    if not os.access(nearest, os.W_OK | os.X_OK):
        return f"{nearest} cannot be written to", "make it writable, or choose another: --home DIR"
    return _fault(folder, _WRITABLE, "700") if nearest == folder else None


def _fault(path: Path, unwanted: int, mode: str) -> tuple[str, str] | None:
    """Return what is wrong with owner or mode of `path`, and the fix; None if nothing is."""
    if sys.platform == "win32":
        return None  # the folder's access list protects it
    found = path.stat()
    if found.st_uid != os.geteuid():
        return f"{path} belongs to another user", f"chown {os.geteuid()} {path}"
    if found.st_mode & unwanted:
        shown = f"{stat.S_IMODE(found.st_mode):04o}"
        return f"{path} is open to other users (mode {shown})", f"chmod {mode} {path}"
    return None


def conversations(examination: Examination) -> Iterator[Check]:
    """Whether the database is sound, by SQLite's own quick check, opened to read only."""
    path = examination.app.paths.conversations
    if not path.exists():
        yield Check("conversations", "pass", "none is stored")
        return
    size = f"{path.stat().st_size / 1e6:.1f} MB"
    try:
        said = _quick_check(path)
    except sqlite3.Error as error:
        said = str(error)
    fault = _fault(path, _OPEN, "600")
    if said == "interrupted":
        detail = f"{size}, too large to be checked in {_PATIENCE:g} s"
        yield Check("conversations", "pass", detail)
    elif said != "ok":
        fix = f"the next conversation sets it aside; to save what can be: sqlite3 {path} .recover"
        yield Check("conversations", "fail", f"{path}: {said}", fix)
    elif fault:
        yield Check("conversations", "warn", *fault)
    else:
        yield Check("conversations", "pass", f"sound, {size}")


def _quick_check(path: Path) -> str:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    deadline = time.monotonic() + _PATIENCE
    with closing(sqlite3.connect(uri, uri=True, timeout=1.0)) as connection:
        connection.set_progress_handler(lambda: time.monotonic() > deadline, 100_000)
        return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])


def cache(examination: Examination) -> Iterator[Check]:
    """The folder of the Copilot token and the model list: lost without harm, read by nobody."""
    folder = _cache_folder(examination)
    if not folder.exists():
        yield Check("cache", "pass", f"{folder} is made when it is needed")
        return
    try:
        files.check_folder(folder)
    except StoreError as error:
        yield Check("cache", "fail", error.message, error.hint)
        return
    count = sum(1 for each in folder.iterdir() if each.is_file())
    yield Check("cache", "pass", f"{folder}, {count} files")


def _cache_folder(examination: Examination) -> Path:
    place = examination.app.access.cache_place(examination.settings.host, "any", opens_alone=True)
    return place.file.parent
