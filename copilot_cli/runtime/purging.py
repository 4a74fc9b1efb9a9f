"""Leaving nothing of runtimes behind, for who leaves altogether; nobody is waited for."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from copilot_cli.runtime.installed import FOLDER, RUNNING


def purge(cache: Path) -> Iterator[Path]:
    """Remove every runtime and what running ones have written, and yield what is gone.

    `cache` is the program's cache folder. Raises OSError where something stays.
    """
    for folder in (cache / FOLDER, cache / RUNNING):
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
            yield folder
