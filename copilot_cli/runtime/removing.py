"""Removing runtimes: each goes by one rename, so that none is ever half there under its name.

One that runs goes on after its files are gone, where the system has it so; Windows keeps the files
of what runs, and then nothing is removed.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from copilot_cli.errors import CopilotChatError
from copilot_cli.runtime.installed import FOLDER
from copilot_cli.runtime.installing import LOCK, REPLACED, alone
from copilot_cli.runtime.listing import Entry


def remove(cache: Path, wanted: Sequence[Entry], say: Callable[[str], object]) -> Iterator[Entry]:
    """Remove runtimes, and yield each that is gone. Raises `CopilotChatError` for one that stays.

    `say` is told where another process is to be waited for.
    """
    with alone(cache / FOLDER, say):
        for entry in wanted:
            aside = entry.folder.with_name(f"{REPLACED}{os.urandom(8).hex()}")
            try:
                entry.folder.rename(aside)
            except FileNotFoundError:
                continue  # another process was faster
            except OSError as error:
                raise CopilotChatError(
                    f"{entry.folder} cannot be removed: {error.strerror or 'no reason given'}",
                    hint="end the chats that use it, and try again",
                ) from error
            shutil.rmtree(aside, ignore_errors=True)
            yield entry


def clear(cache: Path, say: Callable[[str], object]) -> int:
    """Remove everything else of ours beside the runtimes, and return how many bytes that was."""
    folder = cache / FOLDER
    if not folder.is_dir():
        return 0
    with alone(folder, say):
        rest = [each for each in folder.iterdir() if each.name != LOCK]
        freed = sum(_size(each) for each in rest)
        for each in rest:
            if each.is_dir():
                shutil.rmtree(each, ignore_errors=True)
            else:
                each.unlink(missing_ok=True)
    return freed


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(each.lstat().st_size for each in path.rglob("*") if each.is_file())
    return path.lstat().st_size
