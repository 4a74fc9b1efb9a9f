"""Files changed by a patch: all of them or none, and nothing outside the folder."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.tools.patching import patching
from copilot_cli.tools.place import Place
from copilot_cli.tools.running import Running
from copilot_cli.tools.tool import ToolError

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links are POSIX")

CHANGE = "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
CREATE = "--- /dev/null\n+++ b/new/deep/n\n@@ -0,0 +1 @@\n+x\n"
DELETE = "--- a/d\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n"
RENAME = "diff --git a/r b/new/s\nrename from r\nrename to new/s\n"
EVERYTHING = CHANGE + CREATE + DELETE + RENAME


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    (work / "own").mkdir(parents=True)
    for name, text in (("a", "one\ntwo\n"), ("d", "gone\n"), ("r", "same\n")):
        (work / name).write_text(text)
    return work


@pytest.fixture
def patch(folder: Path) -> Callable[[str], str]:
    tool = patching(Place(folder, [folder / "own"]))
    return lambda text: str(tool.run({"patch": text}, Running()))


def files(folder: Path) -> dict[str, str]:
    """Every file below the folder, and those beside them that should not be left."""
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_everything_a_patch_can_do(patch: Callable[[str], str], folder: Path) -> None:
    """It is said in a line each, and nothing else is left behind."""
    assert patch(EVERYTHING) == (
        "changed a (+1 -1)\ncreated new/deep/n (+1)\ndeleted d\nrenamed r to new/s (+0 -0)"
    )
    assert files(folder) == {"a": "one\n2\n", "new/deep/n": "x\n", "new/s": "same\n"}


def test_one_file_may_be_changed_twice(patch: Callable[[str], str], folder: Path) -> None:
    """The second change is for what the first has made; a file may go and come anew."""
    again = "--- a/a\n+++ b/a\n@@ -2 +2 @@\n-2\n+zwei\n"
    assert patch(CHANGE + again + DELETE + CREATE.replace("new/deep/n", "d"))
    assert files(folder) == {"a": "one\nzwei\n", "d": "x\n", "r": "same\n"}


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("--- a/a\n+++ b/a\n@@ -1 +1 @@\n-nonesuch\n+x\n", "does not fit"),
        ("--- a/none\n+++ b/none\n@@ -1 +1 @@\n-a\n+x\n", "There is no file none"),
        ("--- /dev/null\n+++ b/r\n@@ -0,0 +1 @@\n+x\n", "r is there already"),
        ("diff --git a/a b/r\nrename from a\nrename to r\n", "r is there already"),
        ("--- a/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n", "not all of its lines"),
        ("--- /dev/null\n+++ b/../out\n@@ -0,0 +1 @@\n+x\n", "outside the working folder"),
        ("--- /dev/null\n+++ /tmp/out\n@@ -0,0 +1 @@\n+x\n", "outside the working folder"),
        ("--- /dev/null\n+++ b/.env\n@@ -0,0 +1 @@\n+x\n", "may hold secrets"),
        ("--- /dev/null\n+++ b/own/key\n@@ -0,0 +1 @@\n+x\n", "may hold secrets"),
        ("--- /dev/null\n+++ b/.git/hooks/pre-commit\n@@ -0,0 +1 @@\n+x\n", "git's own"),
        ("--- /dev/null\n+++ b/x/.GIT/config\n@@ -0,0 +1 @@\n+x\n", "git's own"),
        ("--- /dev/null\n+++ b/own/\n@@ -0,0 +1 @@\n+x\n", "may hold secrets"),
        ("--- /dev/null\n+++ b/new/\n@@ -0,0 +1 @@\n+x\n", "is a folder"),
        ("--- /dev/null\n+++ b/a/b\n@@ -0,0 +1 @@\n+x\n", "Not a directory"),
        ("--- a/bin\n+++ b/bin\n@@ -1 +1 @@\n-x\n+y\n", "is no UTF-8 text"),
        ("--- /dev/null\n+++ b/u\n@@ -0,0 +1 @@\n+\ud800\n", "lone surrogate"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_what_is_refused_changes_nothing(
    patch: Callable[[str], str], folder: Path, bad: str, said: str, first: bool
) -> None:
    """Whatever else is in the patch, before it or after it."""
    (folder / "bin").write_bytes(b"\xff\n")
    others = CREATE + DELETE if "a\n" in bad[:20] else CHANGE + CREATE
    before = sorted(folder.rglob("*"))
    with pytest.raises(ToolError) as caught:
        patch(bad + others if first else others + bad)
    assert said in str(caught.value)
    assert sorted(folder.rglob("*")) == before
    assert (folder / "a").read_text() == "one\ntwo\n"


@posix
def test_links_are_followed_within_the_folder_only(
    patch: Callable[[str], str], folder: Path
) -> None:
    """What a link leads to is changed, and the link stays one; no pipe is opened."""
    (folder / "out").symlink_to(folder.parent)
    (folder / "in").symlink_to("a")
    os.mkfifo(folder / "pipe")
    assert patch(CHANGE.replace("a/a", "a/in").replace("b/a", "b/in"))
    assert (folder / "in").is_symlink()
    assert (folder / "a").read_text() == "one\n2\n"
    for name, said in (("out/x", "outside"), ("pipe", "a pipe")):
        with pytest.raises(ToolError, match=said):
            patch(f"--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-a\n+b\n")


@posix
def test_modes_stay_unless_the_patch_says_otherwise(
    patch: Callable[[str], str], folder: Path
) -> None:
    """A program stays one; a new file has the person's own mode."""
    (folder / "a").chmod(0o750)
    mask = os.umask(0o027)
    try:
        patch(CHANGE + "diff --git a/x b/x\nnew file mode 100755\n" + CREATE)
    finally:
        os.umask(mask)
    modes = {name: (folder / name).stat().st_mode & 0o777 for name in ("a", "x", "new/deep/n")}
    assert modes == {"a": 0o750, "x": 0o750, "new/deep/n": 0o640}
    patch("diff --git a/x b/x\nold mode 100755\nnew mode 100644\n")
    assert (folder / "x").stat().st_mode & 0o777 == 0o640


def test_byte_order_mark_and_line_ends_stay(patch: Callable[[str], str], folder: Path) -> None:
    """A model does not see them."""
    (folder / "a").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n")
    patch(CHANGE)
    assert (folder / "a").read_bytes() == b"\xef\xbb\xbfone\r\n2\r\n"


@pytest.mark.parametrize("step", range(12))
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "disk full"), KeyboardInterrupt()])
def test_a_failure_on_the_way_is_taken_back(
    patch: Callable[[str], str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
    error: BaseException,
) -> None:
    """At any of its steps: every file is as it was, and nothing is left beside one."""
    before, steps = files(folder), iter(range(100))
    folders = sorted(path for path in folder.rglob("*") if path.is_dir())

    def failing(real: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            if next(steps) == step:
                raise error
            return real(*given, **named)

        return call

    for owner, name in (
        (os, "fsync"),
        (Path, "chmod"),
        (Path, "mkdir"),
        (Path, "replace"),
        (Path, "unlink"),
    ):
        monkeypatch.setattr(owner, name, failing(getattr(owner, name)))
    try:
        patch(EVERYTHING)
    except ToolError as told:
        assert str(told) == "Nothing was changed: disk full."  # noqa: PT017
    except KeyboardInterrupt:
        pass
    else:
        assert next(steps) <= step
        return
    assert files(folder) == before
    assert sorted(path for path in folder.rglob("*") if path.is_dir()) == folders


def test_what_somebody_changes_meanwhile_is_left_to_them(
    patch: Callable[[str], str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the reading and the writing."""
    real = os.fsync

    def late(descriptor: int) -> None:
        (folder / "a").write_text("theirs\n")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", late)
    with pytest.raises(ToolError, match="a was changed meanwhile"):
        patch(CHANGE + DELETE)
    assert files(folder) == {"a": "theirs\n", "d": "gone\n", "r": "same\n"}


def test_a_call_that_was_stopped_changes_nothing(folder: Path) -> None:
    """And one that has begun is waited for."""
    running = Running()
    running.cancel()
    before = files(folder)
    with pytest.raises(ToolError, match="stopped"):
        patching(Place(folder)).run({"patch": EVERYTHING}, running)
    assert files(folder) == before
