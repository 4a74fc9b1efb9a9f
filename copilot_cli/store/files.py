"""Private files: read with suspicion, written whole or not at all, locked by the kernel.

What is written here belongs to one user (0600 in folders of 0700), and what is read is refused
when it is a link, a pipe, somebody else's, or open to others. An `OSError` that says nothing about
safety (disk full, read-only file system) is passed on: the caller knows what the file was for.
On Windows the folder's access list protects the files; modes and owners are not looked at.
"""

import errno
import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from copilot_cli.errors import Corrupt, LockTimeout, StoreError, Unsafe

_NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_BASE_FLAGS: int = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | _NOFOLLOW
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_REPLACE_PATIENCE = 1.0  # seconds; Windows refuses to replace a file that another process has open


def write_atomic(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace the content of `path` by `data`; a reader, or a crash, sees the old or the new whole.

    A temporary file `.<name>.<random>.tmp` beside the target is written, synced and renamed; it has
    `mode` from the start, whatever the old file had. Raises OSError and then leaves no trace.
    """
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BASE_FLAGS
    descriptor = os.open(temporary, flags, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if sys.platform != "win32":
                os.fchmod(descriptor, mode)  # the umask may have taken bits away
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        _replace(temporary, path)
    except BaseException:  # whatever it was, Ctrl-C included, the old file stands alone
        with suppress(OSError):
            temporary.unlink()
        raise


def read_private(path: Path, limit: int, *, any_mode: bool = False) -> bytes:
    """Return the content of `path`, at most `limit` bytes, if it is a private regular file of ours.

    Raises FileNotFoundError if there is none; Unsafe for a symbolic link, anything but a regular
    file, another owner, or (unless `any_mode`) permissions for group or others; Corrupt if it is
    longer than `limit`. Never waits for the other end of a pipe.
    """
    descriptor = _open_private(path)
    try:
        _check_private(path, os.fstat(descriptor), any_mode=any_mode)
        data = b""
        while len(data) <= limit and (chunk := os.read(descriptor, limit + 1 - len(data))):
            data += chunk
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise Corrupt(f"{path} is longer than {limit} bytes: it is not what was written")
    return data


def create_private(path: Path, data: bytes) -> None:
    """Make the file `path` (0600) with `data`; raises FileExistsError rather than replace anything.

    Raises OSError and leaves no file when it cannot be written whole.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BASE_FLAGS
    descriptor = os.open(path, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except BaseException:  # whatever it was, Ctrl-C included, no half file stays
        with suppress(OSError):
            path.unlink()
        raise


def make_folder(path: Path) -> None:
    """Make the folder `path` and what is missing above it, each with mode 0700; judge none.

    Raises OSError if one cannot be made.
    """
    missing = [folder for folder in (path, *path.parents) if not os.path.lexists(folder)]
    for folder in reversed(missing):
        with suppress(FileExistsError):  # another process of ours was faster
            folder.mkdir(mode=0o700)


def private_folder(path: Path) -> None:
    """Make the folder `path` as `make_folder` does, and accept it only if it is private.

    What somebody else made is not tightened in passing. Raises Unsafe as `check_folder` does, and
    OSError if it cannot be made.
    """
    make_folder(path)
    check_folder(path)


def check_folder(path: Path) -> None:
    """Raise Unsafe if `path` is a symbolic link, no folder, another user's, or open to others.

    Raises FileNotFoundError if there is none.
    """
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise Unsafe(f"{path} is a symbolic link", hint="put a real folder in its place")
    if not stat.S_ISDIR(found.st_mode):
        raise Unsafe(f"{path} is not a folder", hint=f"move {path} away")
    _check_access(path, found, "700")


@contextmanager
def lock(path: Path, wait: float, *, poll: float = 0.02) -> Iterator[None]:
    """Hold the one lock that is the file `path`, waiting up to `wait` seconds for it.

    A lock of the kernel (`flock`): it ends with the process that holds it, however that ends. The
    file stays, since unlinking it would let two holders in. Its folder must exist. Raises
    LockTimeout after `wait` seconds, Unsafe for a file that others could hold, and StoreError where
    the file system cannot lock.
    """
    import filelock

    with suppress(FileNotFoundError):
        _check_private(path, path.lstat(), any_mode=False)
    held = filelock.FileLock(path, timeout=wait, mode=0o600, fallback_to_soft=False)
    try:
        held.acquire(poll_interval=poll)
    except filelock.Timeout as error:
        raise LockTimeout(
            f"another copilot-chat holds {path} and does not let go",
            hint="wait for it, or end it if it hangs, and try again",
        ) from error
    except OSError as error:
        raise _lock_failure(path, error) from error
    try:
        yield
    finally:
        held.release()


def sweep(folder: Path, pattern: str, older_than: float, now: float) -> None:
    """Remove files in `folder` that match `pattern` and were last written `older_than` seconds ago.

    `now` is in seconds since 1970. What a killed writer left behind goes; a file that cannot be
    removed is left for the next time.
    """
    for path in folder.glob(pattern):
        with suppress(OSError):
            found = path.lstat()
            if stat.S_ISREG(found.st_mode) and now - found.st_mtime > older_than:
                path.unlink()


def _open_private(path: Path) -> int:
    if not _NOFOLLOW and path.is_symlink():
        raise Unsafe(f"{path} is a symbolic link")
    try:
        return os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BASE_FLAGS)
    except OSError as error:
        # EMLINK is what FreeBSD says for a link under O_NOFOLLOW; ENXIO is a socket
        if error.errno in {errno.ELOOP, errno.EMLINK}:
            raise Unsafe(f"{path} is a symbolic link", hint=f"move {path} away") from error
        if error.errno in {errno.ENXIO, errno.EACCES, errno.EPERM}:
            raise Unsafe(f"{path} cannot be opened: {error.strerror}") from error
        raise


def _check_private(path: Path, found: os.stat_result, *, any_mode: bool) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise Unsafe(f"{path} is a symbolic link", hint=f"move {path} away")
    if not stat.S_ISREG(found.st_mode):
        raise Unsafe(f"{path} is not a regular file", hint=f"move {path} away")
    _check_access(path, found, None if any_mode else "600")


def _check_access(path: Path, found: os.stat_result, wanted: str | None) -> None:
    """Refuse another owner and, where a mode is `wanted`, anything for group or others."""
    if sys.platform != "win32":
        if found.st_uid != os.geteuid():
            raise Unsafe(
                f"{path} belongs to another user",
                hint=f"run as the user who owns it, or: chown {os.geteuid()} {path}",
            )
        if wanted and found.st_mode & _OPEN_TO_OTHERS:
            mode = stat.S_IMODE(found.st_mode)
            raise Unsafe(
                f"{path} is open to other users (mode {mode:04o})",
                hint=f"if nobody else should have it: chmod {wanted} {path}",
            )


def _lock_failure(path: Path, error: OSError) -> StoreError:
    if error.errno in {errno.ELOOP, errno.EMLINK}:
        return Unsafe(f"{path} is a symbolic link", hint=f"move {path} away")
    if error.errno in {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}:
        return StoreError(
            f"the file system of {path} cannot lock files",
            hint="put the folder on a local disk with --home or COPILOT_CHAT_HOME",
        )
    return StoreError(f"{path} cannot be locked: {error.strerror or type(error).__name__}")


if sys.platform == "win32":

    def _replace(source: Path, target: Path) -> None:
        deadline = time.monotonic() + _REPLACE_PATIENCE
        while True:
            try:
                source.replace(target)
            except PermissionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

else:

    def _replace(source: Path, target: Path) -> None:
        source.replace(target)
        # The new content is in place and synced, so a folder that cannot be synced (some network
        # mounts) is no failure: only the rename is then less sure to survive a power cut.
        with suppress(OSError):
            folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
