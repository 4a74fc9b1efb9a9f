"""Where the sealed store lies: `secrets/store.json`, its folder (0700), and the lock beside that.

A file that cannot be used is left exactly as it is; every failure names it and the way out.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from copilot_cli.errors import Corrupt, StoreError, TooNew
from copilot_cli.patterns import bytes_pattern
from copilot_cli.store import files, sealed_json
from copilot_cli.store.sealed import EntryName, Sealed

_NAME = "store.json"
_STALE = 3600.0  # seconds; no write takes an hour
_SLOT_IN_TEXT = bytes_pattern(rb'"type":"([a-z]+)","kid":"([0-9a-f]{16})"')
_WAY_OUT = (
    "copilot-chat onboard sets it aside and signs in anew; COPILOT_CHAT_TOKEN works meanwhile"
)


class StoreFile:
    """The one file under `folder`, the data folder.

    `lock_wait` is in seconds, `now` gives seconds since 1970, `write` replaces a file atomically.
    """

    def __init__(
        self,
        folder: Path,
        *,
        lock_wait: float,
        now: Callable[[], float],
        write: Callable[[Path, bytes], None],
    ) -> None:
        self.folder = folder / "secrets"
        self.path = self.folder / _NAME
        self._lock_path = folder / "store.lock"
        self._lock_wait = lock_wait
        self._now = now
        self._write = write

    def exists(self) -> bool:
        """Whether anything is there, usable or not."""
        return self.path.is_symlink() or self.path.exists()

    def load(self) -> Sealed | None:
        """Return what is there, None if nothing is; raises Unsafe, Corrupt, TooNew, StoreError."""
        with self.failures("read"):
            try:
                files.check_folder(self.folder)
                data = files.read_private(self.path, sealed_json.MAX_BYTES)
            except FileNotFoundError:
                return None
            return sealed_json.parse(data)

    def save(self, fresh: Sealed) -> None:
        """Replace the file, under the lock; raises StoreError and then the old one stands."""
        data = sealed_json.render(fresh)
        if len(data) > sealed_json.MAX_BYTES:
            raise StoreError(f"{self.path} would be longer than {sealed_json.MAX_BYTES} bytes")
        files.sweep(self.folder, f".{_NAME}.*.tmp", _STALE, self._now())
        with self.failures("written"):
            self._write(self.path, data)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock, and have the folder; raises LockTimeout, Unsafe or StoreError."""
        with self.failures("written"):
            files.make_folder(self._lock_path.parent)
        with files.lock(self._lock_path, self._lock_wait):
            with self.failures("written"):  # the lock's holder before us may have removed it
                files.private_folder(self.folder)
            yield

    def set_aside(self) -> Path:
        """Rename whatever is there, unread and under the lock, and return its new path."""
        from datetime import UTC, datetime

        stamp = datetime.fromtimestamp(self._now(), UTC).strftime("%Y%m%dT%H%M%SZ")
        target, number = self.path.with_name(f"{_NAME}.damaged-{stamp}"), 1
        while target.exists() or target.is_symlink():
            number += 1
            target = self.path.with_name(f"{_NAME}.damaged-{stamp}-{number}")
        with self.failures("moved aside"):
            self.path.rename(target)
        return target

    def remains(self) -> list[Path]:
        """Return all files of the store: itself, what was set aside, what was half-made."""
        return sorted(self.folder.glob(f"*{_NAME}*"))

    @contextmanager
    def failures(self, what: str) -> Iterator[None]:
        """Name the file and the way out in whatever goes wrong with it."""
        try:
            yield
        except TooNew as error:
            hint = f"update copilot-chat, or: {_WAY_OUT}"
            raise TooNew(f"{self.path} is too new: {error.message}", hint=hint) from error
        except Corrupt as error:
            reason = error.message.removeprefix(f"{self.path} ")
            raise Corrupt(f"{self.path} is damaged: {reason}", hint=_WAY_OUT) from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StoreError(f"{self.path} cannot be {what}: {reason}") from error


class StoredNames:
    """The names in the store under `folder`, the data folder; it needs no key and makes nothing."""

    def __init__(self, folder: Path) -> None:
        self._file = StoreFile(folder, lock_wait=0.0, now=time.time, write=files.write_atomic)

    def names(self) -> list[EntryName]:
        """Return what is stored, in order. Raises as `StoreFile.load` does."""
        found = self._file.load()
        return list(found.names) if found else []


def slots_in(path: Path) -> set[tuple[str, str]]:
    """Return type and key id of every slot that can be made out, even in a damaged file."""
    try:
        data = files.read_private(path, sealed_json.MAX_BYTES, any_mode=True)
    except (OSError, StoreError):  # not a file of ours, so it names no key of ours
        return set()
    return {(kind.decode(), kid.decode()) for kind, kid in _SLOT_IN_TEXT.findall(data)}
