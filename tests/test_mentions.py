"""Files named in a message: which text names one, and what completes to one."""

import os
import sys
from pathlib import Path

import pytest

from copilot_cli.ui.completing import Candidate
from copilot_cli.ui.mentions import completer, mentioned

posix = pytest.mark.skipif(sys.platform == "win32", reason="such names and modes are POSIX's")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("README.md", "my notes.txt", "src/main.py", "src/my mod/a.py", ".env", "Über.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("look at @README.md and @src/main.py", ["README.md", "src/main.py"]),
        ("@README.md", ["README.md"]),
        ("what of @README.md, and (@src/main.py)?", ["README.md"]),
        ("see @src/main.py.", ["src/main.py"]),
        ("read @README.md?!", ["README.md"]),
        ('@"my notes.txt" twice: @"my notes.txt"', ["my notes.txt"]),
        ("line\n@.env\nline", [".env"]),
        ("@Über.md", ["Über.md"]),
        ("mail me@README.md", []),
        ("thanks @octocat", []),
        ("the folder @src and @src/", []),
        ('@"my notes.txt', []),
        ("@ README.md", []),
        ("@\0 @" + "x" * 5000, []),
        ("", []),
    ],
)
def test_only_what_names_a_file_is_a_mention(folder: Path, text: str, files: list[str]) -> None:
    """A mention stands alone, may be quoted, and leaves the sentence its punctuation."""
    assert mentioned(text, folder) == [folder / name for name in files]


def test_a_mention_may_be_absolute_or_at_home(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`~` is the home; an absolute path is itself."""
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    absolute = folder / "README.md"
    assert mentioned(f"@{absolute} @~/.env", Path("/")) == [absolute, folder / ".env"]
    assert mentioned("@~nobodyofthatname/x", folder) == []


def texts(folder: Path, before: str) -> list[str]:
    return [candidate.text for candidate in completer(folder)(before)]


def test_files_are_offered_hidden_ones_last(folder: Path) -> None:
    """All in order, capitals or not; folders end with a slash; blanks are quoted."""
    assert texts(folder, "see @") == [
        '@"my notes.txt"',
        "@README.md",
        "@src/",
        "@Über.md",
        "@.env",
    ]


@pytest.mark.parametrize(
    ("before", "offered"),
    [
        ("see @re", ["@README.md"]),
        ("see @RE", ["@README.md"]),
        ("see @Re", []),
        ("see @.", ["@.env"]),
        ("see @src/", ["@src/main.py", '@"src/my mod/']),
        ('see @"src/my mod/', ['@"src/my mod/a.py"']),
        ('see @"my', ['@"my notes.txt"']),
        ('see @"re', ['@"README.md"']),
        ("me@re", []),
        ("see @re ", []),
        ("see re", []),
        ('"my notes.txt" @nothing', []),
        ("@nothing/", []),
        ("@README.md/", []),
        ("@\0/", []),
    ],
)
def test_what_is_typed_is_completed(folder: Path, before: str, offered: list[str]) -> None:
    """In the folder that is typed; in quotes until the name has ended."""
    assert texts(folder, before) == offered


def test_a_candidate_replaces_the_whole_mention(folder: Path) -> None:
    """It says where it begins, and is shown by its name alone."""
    (candidate,) = completer(folder)("see @src/my")
    assert candidate == Candidate('@"src/my mod/', 4, "my mod/", "folder")


@pytest.mark.parametrize("before", ["@", "@src/", "@re"])
def test_what_is_completed_is_a_mention(folder: Path, before: str) -> None:
    """Every file that is offered is one that the message then mentions."""
    files = [text for text in texts(folder, before) if not text.endswith("/")]
    assert files
    for text in files:
        assert len(mentioned(f"see {text} please", folder)) == 1


@posix
def test_names_that_a_terminal_would_obey_are_not_offered(tmp_path: Path) -> None:
    """Control characters, bytes that are no text, and the quote that a mention cannot hold."""
    for name in (b"\x1b[2J", b"new\nline", b"\xff\xfe", b'quo"te', b"good"):
        (tmp_path / os.fsdecode(name)).write_text("x")
    assert texts(tmp_path, "@") == ["@good"]


@posix
def test_links_in_a_circle_and_closed_folders_do_no_harm(tmp_path: Path) -> None:
    """What cannot be looked at is a file without content, or a folder without files."""
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    assert texts(tmp_path, "@") == ["@circle", "@closed/"]
    if os.geteuid() != 0:
        assert texts(tmp_path, "@closed/") == []
    assert mentioned("@circle", tmp_path) == []


def test_of_a_huge_folder_a_part_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many files there are, so many are read and fewer offered."""
    read: list[str] = []

    class Entry:
        def __init__(self, number: int) -> None:
            self.name = f"file{number:07}"

        def is_dir(self) -> bool:
            return False

    class Scan:
        def __enter__(self) -> "Scan":
            return self

        def __exit__(self, *_: object) -> None: ...

        def __iter__(self) -> "Scan":
            return self

        def __next__(self) -> Entry:
            entry = Entry(len(read))
            read.append(entry.name)
            return entry

    monkeypatch.setattr(os, "scandir", lambda _: Scan())
    offered = texts(tmp_path, "@file")
    assert len(offered) == 200
    assert offered[0] == "@file0000000"
    assert len(read) == 20_000
