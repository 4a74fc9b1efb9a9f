"""A runtime out of its package: both layouts, every platform, and what no honest package holds."""

import gzip
import stat
import tarfile
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.runtime.archive import MAX_BYTES, Damaged, unpack
from copilot_cli.runtime.platforms import PLATFORMS, Platform
from tests.runtime_packages import (
    LICENSE,
    LINUX,
    Entry,
    embedded,
    npm_package,
    release_package,
    runtime_files,
    tgz,
    tree,
    written,
)

WINDOWS = next(each for each in PLATFORMS if each.name == "win32-arm64")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("here", PLATFORMS, ids=lambda here: here.name)
@pytest.mark.parametrize("made", [npm_package, release_package])
def test_what_is_needed_comes_out_and_nothing_else(
    tmp_path: Path, target: Path, here: Platform, made: Any
) -> None:
    """The program, what it loads, and the licence; of npm's package and of a release's alike."""
    package = written(tmp_path, made(here))
    unpacked = unpack(package, target, here)
    wanted = {**runtime_files(here), "LICENSE.md": LICENSE}
    assert {path.name: path.read_bytes() for path in target.iterdir()} == wanted
    assert unpacked.version == "1.0.102"
    assert unpacked.sizes == {name: len(data) for name, data in wanted.items()}


def test_nobody_else_may_read_or_run_it(tmp_path: Path, target: Path) -> None:
    """Whatever the package says of modes."""
    unpack(written(tmp_path, npm_package()), target, LINUX)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in target.iterdir()}
    assert modes == {"copilot-runtime": 0o700, "runtime.node": 0o600, "LICENSE.md": 0o600}


@pytest.mark.parametrize("before", [0, 1, (1 << 20) - 30, (1 << 20) - 20, (1 << 20) - 5, 1 << 20])
def test_the_archive_is_found_wherever_it_lies(tmp_path: Path, target: Path, before: int) -> None:
    """Also across the border of two pieces that are read."""
    unpack(written(tmp_path, npm_package(before=before)), target, LINUX)
    assert (target / "runtime.node").read_bytes() == runtime_files()["runtime.node"]


def test_what_only_looks_like_the_archive_is_passed_over(tmp_path: Path, target: Path) -> None:
    """Its name in the program's own code, and a length that cannot be."""
    inner = tgz(tree(LINUX, runtime_files(), "1.0.102"))
    code = b"copilot.tgz" + embedded(b"no gzip") + embedded(inner, size=MAX_BYTES + 1)
    program = Entry("package/copilot", code + embedded(inner))
    package = tgz([program, Entry("package/package.json", b'{"version": "1.0.102"}')])
    assert unpack(written(tmp_path, package), target, LINUX).version == "1.0.102"


def test_the_package_of_another_platform_says_which_it_is(tmp_path: Path, target: Path) -> None:
    """With the name of the one that is needed."""
    with pytest.raises(Damaged) as caught:
        unpack(written(tmp_path, npm_package(WINDOWS)), target, LINUX)
    assert "the runtime for win32-arm64; this machine is linux-x64" in caught.value.message
    assert "@github/copilot-linux-x64" in (caught.value.hint or "")


def _is(kind: bytes, link: str = "/etc/passwd") -> Any:
    def change(info: tarfile.TarInfo) -> None:
        info.type, info.linkname, info.size = kind, link, 0

    return change


def _device(info: tarfile.TarInfo) -> None:
    info.type, info.devmajor, info.devminor, info.size = tarfile.CHRTYPE, 1, 3, 0


NODE = "package/prebuilds/linux-x64/runtime.node"
HOSTILE = {
    "an absolute name": Entry("/etc/cron.d/x", b"x"),
    "a name that climbs": Entry("package/../../x", b"x"),
    "a name that climbs at its end": Entry("package/..", b"x"),
    "a backslash": Entry("package\\..\\x", b"x"),
    "a drive": Entry("C:x", b"x"),
    "an escape sequence": Entry("package/\x1b[2J", b"x"),
    "a symbolic link": Entry(NODE, change=_is(tarfile.SYMTYPE)),
    "a hard link": Entry(NODE, change=_is(tarfile.LNKTYPE)),
    "a link that is not needed": Entry("package/x", change=_is(tarfile.SYMTYPE)),
    "a device": Entry(NODE, change=_device),
    "a pipe": Entry(NODE, change=_is(tarfile.FIFOTYPE)),
}


@pytest.mark.parametrize("entry", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("inside", [False, True], ids=["outer", "inner"])
def test_a_hostile_entry_spoils_the_package(
    tmp_path: Path, target: Path, entry: Entry, inside: bool
) -> None:
    """Wherever it stands, and whether or not it is needed; nothing is written for it."""
    entries = [entry, *tree(LINUX, runtime_files(), "1.0.102")]
    package = npm_package(inner=tgz(entries)) if inside else tgz(entries)
    with pytest.raises(Damaged):
        unpack(written(tmp_path, package), target, LINUX)
    assert list(target.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["package.tgz", "target"]


def test_a_file_that_is_there_twice_spoils_it(tmp_path: Path, target: Path) -> None:
    """The second would take the place of the one that was looked at."""
    package = tgz([*tree(LINUX, runtime_files(), "1.0.102"), Entry(NODE, b"other")])
    with pytest.raises(Damaged, match=r"runtime\.node twice"):
        unpack(written(tmp_path, package), target, LINUX)


def test_more_than_a_runtime_can_be_is_not_unpacked(tmp_path: Path, target: Path) -> None:
    """A few kilobytes that unpack to gigabytes: it ends at the limit, and before the disk does."""
    zeros = gzip.compress(bytes(1 << 20), 9)

    def huge(info: tarfile.TarInfo) -> None:
        info.size = 1 << 40

    head = tarfile.TarInfo("package/LICENSE.md")
    huge(head)
    bomb = gzip.compress(head.tobuf()) + zeros * (MAX_BYTES // (1 << 20) + 2)
    with pytest.raises(Damaged, match="impossible size"):
        unpack(written(tmp_path, bomb), target, LINUX)
    head.size = MAX_BYTES
    bomb = gzip.compress(head.tobuf()) + zeros * (MAX_BYTES // (1 << 20) + 2)
    with pytest.raises(Damaged, match="more than 600 MB"):
        unpack(written(tmp_path, bomb), target, LINUX)


def test_more_entries_than_a_package_has(tmp_path: Path, target: Path) -> None:
    """Headers alone cost time, too."""
    package = tgz(Entry(f"package/{number}") for number in range(20_001))
    with pytest.raises(Damaged, match="entries"):
        unpack(written(tmp_path, package), target, LINUX)


WHOLE = release_package()
BROKEN = {
    "empty": b"",
    "a page": b"<!doctype html><title>Sign in</title>",
    "not an archive": gzip.compress(b"hello"),
    "cut in its header": WHOLE[:5],
    "cut in its middle": WHOLE[: len(WHOLE) // 2],
    "a damaged byte": WHOLE[:60] + bytes([WHOLE[60] ^ 255]) + WHOLE[61:],
    "no runtime in it": tgz([Entry("package/package.json", b'{"version": "1.0.102"}')]),
    "a program without one": tgz([Entry("package/copilot", b"code only")]),
    "no version": tgz(
        each for each in tree(LINUX, runtime_files(), "1") if "json" not in each.name
    ),
    "no JSON": tgz([Entry("package/package.json", b"["), *tree(LINUX, runtime_files(), "1")[2:]]),
    "half of it": tgz(tree(LINUX, {"runtime.node": b"x"}, "1.0.102")),
    "cut inside": npm_package(inner=WHOLE[: len(WHOLE) // 2]),
}


@pytest.mark.parametrize("package", BROKEN.values(), ids=BROKEN)
def test_what_is_no_package_is_said_to_be_none(
    tmp_path: Path, target: Path, package: bytes
) -> None:
    """One kind of error, whatever the archive's own library says."""
    with pytest.raises(Damaged):
        unpack(written(tmp_path, package), target, LINUX)
