"""Packages of a runtime that is none: as npm has them, as a release has them, and hostile ones."""

import base64
import hashlib
import io
import json
import random
import struct
import tarfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from copilot_cli.runtime.platforms import PLATFORMS, Platform
from tests.runtimes import runtime_source

LINUX = next(each for each in PLATFORMS if each.name == "linux-x64")
VERSION = "1.0.102"
LICENSE = b"made up for tests\n"


class Entry(NamedTuple):
    """One entry of a tar archive; `change` does to its header what no honest writer does."""

    name: str
    data: bytes = b""
    change: Callable[[tarfile.TarInfo], object] = lambda _: None


def tgz(entries: Iterable[Entry]) -> bytes:
    """Return a compressed archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for entry in entries:
            info = tarfile.TarInfo(entry.name)
            info.size = len(entry.data)
            entry.change(info)
            archive.addfile(info, io.BytesIO(entry.data) if info.isreg() else None)
    return out.getvalue()


def runtime_files(here: Platform = LINUX, version: str = VERSION) -> dict[str, bytes]:
    """The files that are needed, by their names: a program that answers, and what it loads."""
    return {here.executable: runtime_source(version), "runtime.node": b"made up, and loaded"}


def tree(here: Platform, files: Mapping[str, bytes], version: str) -> list[Entry]:
    """The entries of the archive that has everything."""
    about = {"name": "@github/copilot", "version": version}
    return [
        Entry("package/index.js", b"//"),
        Entry("package/package.json", json.dumps(about).encode()),
        *(Entry(f"package/prebuilds/{here.name}/{name}", data) for name, data in files.items()),
        Entry(f"package/prebuilds/{here.name}/cli-native.node", b"not needed"),
        Entry("package/LICENSE.md", LICENSE),
    ]


def release_package(here: Platform = LINUX, version: str = VERSION) -> bytes:
    """A package as a release on GitHub has it."""
    return tgz(tree(here, runtime_files(here, version), version))


def npm_package(
    here: Platform = LINUX,
    version: str = VERSION,
    *,
    inner: bytes | None = None,
    before: int = 3_000_000,
) -> bytes:
    """A package as npm has it: the program, with the archive `inner` after `before` bytes of it."""
    archive = tgz(tree(here, runtime_files(here, version), version)) if inner is None else inner
    about = {"name": here.package, "version": version}
    program = "copilot.exe" if here.system == "win32" else "copilot"
    code = random.Random(1).randbytes(before) + b'getRawAsset("copilot.tgz")'
    return tgz(
        [
            Entry(f"package/{program}", code + embedded(archive) + b"the rest of the program"),
            Entry("package/package.json", json.dumps(about).encode()),
            Entry("package/LICENSE.md", LICENSE),
        ]
    )


def embedded(archive: bytes, name: bytes = b"copilot.tgz", size: int | None = None) -> bytes:
    """A resource as it lies in a program."""
    length = len(archive) if size is None else size
    return struct.pack("<Q", len(name)) + name + struct.pack("<Q", length) + archive


def sha512(data: bytes) -> str:
    """The hash as npm writes it, without the name of its kind."""
    return base64.b64encode(hashlib.sha512(data).digest()).decode()


def written(folder: Path, data: bytes) -> Path:
    """Write a package into `folder`."""
    path = folder / "package.tgz"
    path.write_bytes(data)
    return path
