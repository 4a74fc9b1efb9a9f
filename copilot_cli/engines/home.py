"""The folder a runtime may write to: private, of one process of ours, and gone with it.

The runtime keeps what was said to it in plain text below its home. So it gets one that nobody else
reads, which is removed at the end; what a killed process left is removed by the next.
"""

import os
import shutil
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

from copilot_cli.engines.official.faults import KIND
from copilot_cli.errors import CopilotChatError, LockTimeout, SettingsError
from copilot_cli.store.files import lock, private_folder

_NAME = "run-"
_TRIES = 20


class Home:
    """A home for runtimes, below `parent`, until it is closed.

    Raises `SettingsError` where it cannot be written to: a runtime would wait there for ever.
    """

    def __init__(self, parent: Path) -> None:
        self._held = ExitStack()
        try:
            private_folder(parent)
            _remove_left(parent)
            self.path = self._taken(parent)
            self._lock = _lock_of(self.path)
            for folder in (self.path, self.state, self.cache):
                folder.mkdir(mode=0o700)
        except OSError as error:
            self._held.close()
            raise SettingsError(
                f"GitHub's runtime has nowhere to write: {error.strerror}: {parent}",
                hint="make the folder writable, or give another with --home",
                kind=KIND,
            ) from error

    def _taken(self, parent: Path) -> Path:
        """Return a path below `parent` whose lock is held from now on.

        Another process that begins may see a new lock before it is held, take it for one that was
        left, and remove it. Raises `LockTimeout` where that happens every time.
        """
        for _ in range(_TRIES):
            path = parent / f"{_NAME}{os.urandom(8).hex()}"
            with suppress(LockTimeout):
                self._held.enter_context(lock(_lock_of(path), 0.0))
                if _lock_of(path).exists():
                    return path
                self._held.close()
        raise LockTimeout(f"no folder below {parent} can be held", hint="try again")

    @property
    def state(self) -> Path:
        """Where it keeps its sessions (COPILOT_HOME)."""
        return self.path / "state"

    @property
    def cache(self) -> Path:
        """Where it keeps what it may lose (COPILOT_CACHE_HOME)."""
        return self.path / "cache"

    def close(self) -> None:
        """Remove it, with all that is in it."""
        _remove(self.path)
        self._held.close()
        with suppress(OSError):
            self._lock.unlink()


def _lock_of(home: Path) -> Path:
    return home.with_name(f"{home.name}.lock")


def _remove_left(parent: Path) -> None:
    """Remove the homes whose processes are gone: the kernel has let go of their locks."""
    for held in parent.glob(f"{_NAME}*.lock"):
        try:
            with lock(held, 0.0):
                _remove(held.with_suffix(""))
                with suppress(OSError):  # Windows keeps what is open
                    held.unlink()
        except LockTimeout:
            continue
        except CopilotChatError:
            continue  # what is no lock of ours is left alone
        if sys.platform == "win32":
            with suppress(OSError):
                held.unlink()


def _remove(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
