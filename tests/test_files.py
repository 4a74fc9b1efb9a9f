"""Private files: refused when they are not, written whole or not at all, locked by the kernel."""

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot_cli.errors import Corrupt, LockTimeout, StoreError, Unsafe
from copilot_cli.store import files

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes, owners and FIFOs are POSIX")
root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]


# Writing


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277], ids=oct)
def test_a_written_file_is_private_whatever_was_there_and_whatever_the_umask(
    tmp_path: Path, umask: int
) -> None:
    """The new file has the mode asked for, not that of the old file nor what the umask leaves."""
    path = tmp_path / "store.json"
    path.write_bytes(b"old")
    path.chmod(0o644)
    before = os.umask(umask)
    try:
        files.write_atomic(path, b"new")
        files.write_atomic(tmp_path / "open", b"new", 0o644)
    finally:
        os.umask(before)
    assert (path.read_bytes(), mode(path), mode(tmp_path / "open")) == (b"new", 0o600, 0o644)
    assert leftovers(tmp_path) == []


def test_a_failed_replacement_leaves_no_temporary_file(tmp_path: Path) -> None:
    """Where the target cannot be replaced, the error is passed on and nothing is left beside it."""
    path = tmp_path / "taken"
    path.mkdir()
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the platform
        files.write_atomic(path, b"data")
    assert path.is_dir()
    assert leftovers(tmp_path) == []


FULL_DISK = """
import resource, sys
from pathlib import Path
from copilot_cli.store import files
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    getattr(files, sys.argv[1])(Path(sys.argv[2]), b"x" * 1000)
except OSError as error:
    print(error.errno)
"""


@posix
@pytest.mark.real
@pytest.mark.parametrize("name", ["write_atomic", "create_private"])
def test_a_disk_that_is_full_changes_nothing(tmp_path: Path, name: str) -> None:
    """When the system refuses the bytes half-way, what was there stays and no part file does."""
    (tmp_path / "old").write_bytes(b"old")
    target = tmp_path / ("old" if name == "write_atomic" else "new")
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, name, str(target)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout.strip() == str(errno.EFBIG)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_bytes() == b"old"


@posix
def test_a_link_at_the_target_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """What a symbolic link points at is never written to."""
    (tmp_path / "victim").write_bytes(b"untouched")
    (tmp_path / "store.json").symlink_to("victim")
    files.write_atomic(tmp_path / "store.json", b"new")
    assert (tmp_path / "victim").read_bytes() == b"untouched"
    assert not (tmp_path / "store.json").is_symlink()


@posix
def test_a_created_file_is_private_and_never_replaces(tmp_path: Path) -> None:
    """The second creation fails and the first content stays."""
    path = tmp_path / "key"
    files.create_private(path, b"first")
    with pytest.raises(FileExistsError):
        files.create_private(path, b"second")
    assert (path.read_bytes(), mode(path)) == (b"first", 0o600)


# Reading


def private(path: Path) -> None:
    files.write_atomic(path, b"12345")


def linked(path: Path) -> None:
    private(path.with_name("real"))
    path.symlink_to("real")


def dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def loose(bits: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        private(path)
        path.chmod(0o600 | bits)

    return make


def foreign(path: Path) -> None:
    private(path)
    os.chown(path, 12345, -1)


UNFIT = [
    pytest.param(linked, "symbolic link", id="link"),
    pytest.param(dangling, "symbolic link", id="dangling link"),
    pytest.param(os.mkfifo if sys.platform != "win32" else None, "not a regular", id="pipe"),
    pytest.param(Path.mkdir, "not a regular", id="folder"),
    pytest.param(loose(0o040), "mode 0640", id="group may read"),
    pytest.param(loose(0o004), "mode 0604", id="others may read"),
    pytest.param(loose(0o020), "mode 0620", id="group may write"),
    pytest.param(foreign, "another user", id="foreign", marks=root),
]


@posix
@pytest.mark.parametrize(("make", "reason"), UNFIT)
def test_a_file_that_is_not_private_is_not_read(
    tmp_path: Path, make: Callable[[Path], None], reason: str
) -> None:
    """Links, pipes, folders, open modes and other owners are refused; a pipe does not hang."""
    path = tmp_path / "store.json"
    make(path)
    with pytest.raises(Unsafe, match=reason) as caught:
        files.read_private(path, 100)
    assert str(path) in caught.value.message


@posix
def test_a_file_with_an_open_mode_is_read_where_that_is_said(tmp_path: Path) -> None:
    """Settings may be open to others; links and pipes still may not stand in for them."""
    loose(0o044)(tmp_path / "config.toml")
    assert files.read_private(tmp_path / "config.toml", 100, any_mode=True) == b"12345"
    linked(tmp_path / "link")
    with pytest.raises(Unsafe):
        files.read_private(tmp_path / "link", 100, any_mode=True)


def test_a_file_is_read_up_to_its_limit_and_refused_beyond(tmp_path: Path) -> None:
    """Exactly the limit is fine, one byte more is not what was written."""
    private(tmp_path / "x")
    assert files.read_private(tmp_path / "x", 5) == b"12345"
    with pytest.raises(Corrupt, match="longer than 4 bytes"):
        files.read_private(tmp_path / "x", 4)


def test_a_missing_file_is_told_apart_from_a_bad_one(tmp_path: Path) -> None:
    """No file is FileNotFoundError, for the caller to decide what that means."""
    with pytest.raises(FileNotFoundError):
        files.read_private(tmp_path / "x", 5)


# Folders


@posix
def test_folders_are_made_private_from_the_top(tmp_path: Path) -> None:
    """Each folder that was missing has mode 0700; one that was there keeps its own."""
    tmp_path.chmod(0o755)
    files.private_folder(tmp_path / "data" / "secrets")
    files.private_folder(tmp_path / "data" / "secrets")
    modes = [mode(tmp_path / name) for name in ("data", "data/secrets", ".")]
    assert modes == [0o700, 0o700, 0o755]


def folder_link(path: Path) -> None:
    path.with_name("real").mkdir(mode=0o700)
    path.symlink_to("real")


def open_folder(path: Path) -> None:
    path.mkdir()
    path.chmod(0o750)


def foreign_folder(path: Path) -> None:
    path.mkdir(mode=0o700)
    os.chown(path, 12345, -1)


@posix
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(folder_link, "symbolic link", id="link"),
        pytest.param(dangling, "symbolic link", id="dangling link"),
        pytest.param(private, "not a folder", id="file"),
        pytest.param(open_folder, "mode 0750", id="open"),
        pytest.param(foreign_folder, "another user", id="foreign", marks=root),
    ],
)
def test_a_folder_that_is_not_private_is_refused_and_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], None], reason: str
) -> None:
    """What somebody else made is not tightened in passing."""
    path = tmp_path / "secrets"
    make(path)
    before = path.lstat().st_mode
    with pytest.raises(Unsafe, match=reason):
        files.private_folder(path)
    assert path.lstat().st_mode == before


# Locks


@posix
def test_a_lock_has_one_holder_and_its_file_stays(tmp_path: Path) -> None:
    """While it is held nobody else gets it; afterwards the private lock file is still there."""
    path = tmp_path / "store.lock"
    with (
        files.lock(path, 0),
        pytest.raises(LockTimeout, match="another copilot-chat"),
        files.lock(path, 0),
    ):
        pytest.fail("two holders")
    with files.lock(path, 0):
        assert mode(path) == 0o600
    assert path.exists()


def test_a_lock_is_given_back_when_its_holder_fails(tmp_path: Path) -> None:
    """An exception inside the block ends the lock."""
    with pytest.raises(ZeroDivisionError), files.lock(tmp_path / "l", 0):
        _ = 1 / 0
    with files.lock(tmp_path / "l", 0):
        pass


@posix
@pytest.mark.real
def test_a_lock_ends_with_the_process_that_held_it(tmp_path: Path) -> None:
    """Another process holds it, stopped or not, until it is killed; then it is free at once."""
    path = tmp_path / "store.lock"
    script = (
        "import sys; from pathlib import Path; from copilot_cli.store import files\n"
        "with files.lock(Path(sys.argv[1]), 0): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LockTimeout), files.lock(path, 0.05):
            pytest.fail("two holders")
        holder.kill()
        holder.wait()
        with files.lock(path, 0):
            pass


@posix
@pytest.mark.parametrize(("make", "reason"), UNFIT)
def test_a_lock_file_that_others_could_hold_is_refused(
    tmp_path: Path, make: Callable[[Path], None], reason: str
) -> None:
    """A link, a pipe, an open or a foreign file is no lock of ours."""
    make(tmp_path / "store.lock")
    with pytest.raises(Unsafe, match=reason), files.lock(tmp_path / "store.lock", 0):
        pytest.fail("held")


@posix
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EIO], ids=errno.errorcode.get)
def test_a_file_system_without_locks_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """No lock is pretended where the kernel has none."""
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StoreError, match="lock") as caught, files.lock(tmp_path / "l", 0):
        pytest.fail("held")
    assert caught.value.exit_code == 10


# Sweeping


def test_only_old_files_of_the_pattern_are_swept(tmp_path: Path) -> None:
    """What a killed writer left goes after its time; everything else stays."""
    for name, age in ((".s.1.tmp", 3700), (".s.2.tmp", 3500), ("s", 9999)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (10_000 - age, 10_000 - age))
    (tmp_path / ".s.3.tmp").mkdir()
    os.utime(tmp_path / ".s.3.tmp", (0, 0))
    files.sweep(tmp_path, ".s.*.tmp", 3600, 10_000)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".s.2.tmp", ".s.3.tmp", "s"]
