"""Looking for a file in the folder one is in and in those above it.

The search ends below the home folder, whose settings are `config.toml`, and at the border of a file
system, as git's does. It is apart from what the files mean (`project.py`), which most folders have
no use for.
"""

import os
from collections.abc import Iterator
from pathlib import Path

SETTINGS = ".copilot-chat.toml"
"""The file with which a folder chooses model, role and account."""


def folders(cwd: Path, home: Path) -> Iterator[Path]:
    """Yield `cwd` and the folders above it, up to `home` and within one file system."""
    try:
        start, end = cwd.resolve(), home.resolve()
        device = start.stat().st_dev
        for folder in (start, *start.parents):
            if folder == end or folder.stat().st_dev != device:
                return
            yield folder
    except OSError:
        return


def nearest(name: str, cwd: Path, home: Path) -> Path | None:
    """Return the file `name` of the nearest folder that has one, be it a broken link."""
    return next(
        (file for folder in folders(cwd, home) if os.path.lexists(file := folder / name)), None
    )
