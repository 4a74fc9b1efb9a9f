"""Hashes of packages: of a file, of what is copied, and as people write them."""

import base64
import hashlib
from pathlib import Path

import pytest

from copilot_cli.errors import UsageError
from copilot_cli.runtime import hashes
from copilot_cli.runtime.versions import INTEGRITY, RUNTIME

DATA = b"made up" * 500_000
DIGEST = base64.b64encode(hashlib.sha512(DATA).digest()).decode()


def test_of_a_file_and_of_its_copy(tmp_path: Path) -> None:
    """The copy is what was hashed."""
    file, copy = tmp_path / "file", tmp_path / "copy"
    file.write_bytes(DATA)
    assert hashes.of(file) == hashes.copied(file, copy) == DIGEST
    assert copy.read_bytes() == DATA


@pytest.mark.parametrize(
    "text",
    [
        DIGEST,
        f"sha512-{DIGEST}",
        f" {DIGEST}\n",
        hashlib.sha512(DATA).hexdigest(),
        hashlib.sha512(DATA).hexdigest().upper(),
        f"sha512:{hashlib.sha512(DATA).hexdigest()}",
    ],
)
def test_every_way_to_write_it(text: str) -> None:
    """As npm, as `sha512sum`, as an OCI registry."""
    assert hashes.normal(text, "--sha512") == DIGEST


@pytest.mark.parametrize("text", ["", "x", DIGEST[:-4], DIGEST[:-1] + "é", "g" * 128, "0" * 64])
def test_what_is_no_hash(text: str) -> None:
    """The option is named."""
    with pytest.raises(UsageError, match="--sha512: must be a SHA-512"):
        hashes.normal(text, "--sha512")


def test_which_package_it_is_of() -> None:
    """A pinned hash names version and platform."""
    known = hashes.known(INTEGRITY[RUNTIME]["darwin-x64"], INTEGRITY)
    assert known == (RUNTIME, "darwin-x64")
    assert hashes.known(DIGEST, INTEGRITY) is None
