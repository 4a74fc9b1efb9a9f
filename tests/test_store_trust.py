"""What the person agreed to: one file with one content."""

import json
import stat
import sys
from pathlib import Path

import pytest

from copilot_cli.store.trust import NAME, Trust


def test_an_answer_holds_for_one_file_with_one_content(tmp_path: Path) -> None:
    """Another file, or another content, was never asked about."""
    trust, file = Trust(tmp_path), tmp_path / "a.toml"
    assert trust.of(file, b"1") is None
    assert trust.remember(file, b"1", use=True)
    assert trust.remember(tmp_path / "b.toml", b"1", use=False)
    assert Trust(tmp_path).of(file, b"1") is True
    assert trust.of(file, b"2") is None
    assert trust.of(tmp_path / "b.toml", b"1") is False
    assert trust.of(tmp_path / "c.toml", b"1") is None


def test_the_last_answer_counts(tmp_path: Path) -> None:
    """Who changed their mind, or whose file changed and changed back, has one answer."""
    trust, file = Trust(tmp_path), tmp_path / "a.toml"
    trust.remember(file, b"1", use=True)
    trust.remember(file, b"1", use=False)
    assert trust.of(file, b"1") is False
    trust.remember(file, b"2", use=True)
    assert trust.of(file, b"1") is None


def test_the_same_file_by_another_path(tmp_path: Path) -> None:
    """A link to the folder does not ask again."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    trust = Trust(tmp_path / "data")
    trust.remember(tmp_path / "real" / "a.toml", b"1", use=True)
    assert trust.of(tmp_path / "link" / "a.toml", b"1") is True


def test_the_record_is_private_and_has_no_content(tmp_path: Path) -> None:
    """0600, in a folder that is made for it."""
    trust = Trust(tmp_path / "data")
    trust.remember(tmp_path / "a.toml", b"model = 'confidential'", use=True)
    file = tmp_path / "data" / NAME
    assert b"confidential" not in file.read_bytes()
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"[]", b"{}", b'{"files": []}', b'{"files": {"x": 1}}', b"[" * 100_000],
)
def test_a_damaged_record_counts_as_empty(tmp_path: Path, content: bytes) -> None:
    """The question comes again, and the answer is kept."""
    trust, file = Trust(tmp_path), tmp_path / "a.toml"
    (tmp_path / NAME).write_bytes(content)
    (tmp_path / NAME).chmod(0o600)
    assert trust.of(file, b"1") is None
    assert trust.remember(file, b"1", use=True)
    assert trust.of(file, b"1") is True


@pytest.mark.parametrize("answer", [1, "yes", None, {"use": True}, {"sha256": "x", "use": True}])
def test_an_answer_of_another_form_is_none(tmp_path: Path, answer: object) -> None:
    """Only what was written here is an answer."""
    trust, file = Trust(tmp_path), tmp_path / "a.toml"
    trust.remember(file, b"1", use=True)
    record = json.loads((tmp_path / NAME).read_text())
    (key,) = record["files"]
    record["files"][key] = answer
    (tmp_path / NAME).write_text(json.dumps(record))
    assert trust.of(file, b"1") is None


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_a_record_that_others_could_write_is_not_believed(tmp_path: Path) -> None:
    """Another user must not be able to say yes."""
    trust, file = Trust(tmp_path), tmp_path / "a.toml"
    trust.remember(file, b"1", use=True)
    (tmp_path / NAME).chmod(0o666)
    assert trust.of(file, b"1") is None


def test_a_record_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """And is no error."""
    (tmp_path / "file").write_text("")
    assert not Trust(tmp_path / "file").remember(tmp_path / "a.toml", b"1", use=True)
