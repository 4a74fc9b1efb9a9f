"""SHA-512 of packages, as npm writes them: base64, with or without `sha512-` before it."""

import base64
import binascii
from collections.abc import Mapping
from hashlib import sha512
from pathlib import Path
from typing import BinaryIO, NamedTuple

from copilot_cli.errors import UsageError

_CHUNK = 1 << 20
_BYTES = 64


class Known(NamedTuple):
    """A package whose hash is pinned here."""

    version: str
    platform: str


def of(file: Path) -> str:
    """Return the hash of `file`. Raises OSError."""
    with file.open("rb") as opened:
        return _digest(opened, None)


def copied(file: Path, target: Path) -> str:
    """Copy `file` to `target`, and return the hash of what was copied. Raises OSError."""
    with file.open("rb") as opened, target.open("wb") as copy:
        return _digest(opened, copy)


def _digest(file: BinaryIO, copy: BinaryIO | None) -> str:
    digest = sha512()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        if copy is not None:
            copy.write(chunk)
    return base64.b64encode(digest.digest()).decode()


def normal(text: str, where: str) -> str:
    """Return a hash that a person gave, in base64. Raises `UsageError` that names `where`."""
    plain = text.strip().removeprefix("sha512-").removeprefix("sha512:")
    try:
        data = (
            bytes.fromhex(plain)
            if len(plain) == _BYTES * 2
            else base64.b64decode(plain, validate=True)
        )
    except (ValueError, binascii.Error):
        data = b""
    if len(data) != _BYTES:
        raise UsageError(f"{where}: must be a SHA-512, in base64 as npm shows it, or hexadecimal")
    return base64.b64encode(data).decode()


def known(digest: str, pins: Mapping[str, Mapping[str, str]]) -> Known | None:
    """Return which package has this hash, if it is one of `pins`, by version and platform."""
    for version, platforms in pins.items():
        for platform, pinned in platforms.items():
            if pinned == digest:
                return Known(version, platform)
    return None
