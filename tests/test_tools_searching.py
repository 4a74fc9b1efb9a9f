"""Searching the working folder: what is found, what is passed over, and that it ends."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.messages import ToolCall, ToolResult
from copilot_cli.tools.calling import Calls, Decision
from copilot_cli.tools.place import Place
from copilot_cli.tools.running import Running
from copilot_cli.tools.searching import MOST_LINES, searching
from copilot_cli.tools.tool import ToolError

pytestmark = pytest.mark.real  # it starts a process


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/a.py").write_text("import os\n\nclass A:\n    name = 'Ä.*'\n")
    (tmp_path / "b.txt").write_text("class of 99\r\nCLASS\n")
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / "x.log").write_text("class\n")
    return tmp_path


@pytest.fixture
def search(folder: Path) -> Callable[..., str]:
    tool = searching(Place(folder), {})
    return lambda **arguments: str(tool.run(arguments, Running()))


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"pattern": "class"}, "b.txt:1: class of 99\nsrc/a.py:3: class A:"),
        ({"pattern": r"^class \w+:$"}, "src/a.py:3: class A:"),
        ({"pattern": "class$", "ignore_case": True}, "b.txt:2: CLASS"),
        ({"pattern": "Ä.*", "text": True}, "src/a.py:4:     name = 'Ä.*'"),
        ({"pattern": "class", "files": "*.py"}, "src/a.py:3: class A:"),
        ({"pattern": "class", "path": "src"}, "src/a.py:3: class A:"),
        ({"pattern": "class", "path": "b.txt"}, "b.txt:1: class of 99"),
        ({"pattern": "99$"}, "b.txt:1: class of 99"),
        ({"pattern": "nonesuch"}, "It is found nowhere."),
    ],
)
def test_lines_are_found(search: Callable[..., str], arguments: Any, found: str) -> None:
    """Behind their file and number, without what git ignores."""
    assert search(**arguments) == found


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"pattern": "("}, "That is no regular expression: missing"),
        ({"pattern": "a{1,99999999999}"}, "That is no regular expression"),
        ({"pattern": ""}, "There is nothing to search for"),
        ({"pattern": "x", "path": "none"}, "There is no none"),
        ({"pattern": "x", "path": ".."}, "outside the working folder"),
        ({"pattern": "x", "path": ".env"}, "may hold secrets"),
        ({"pattern": "x", "files": "{a,b}" * 20}, "more than 64"),
    ],
)
def test_what_cannot_be_searched(search: Callable[..., str], arguments: Any, said: str) -> None:
    """In words for the model."""
    with pytest.raises(ToolError, match=said):
        search(**arguments)


def test_what_is_passed_over(search: Callable[..., str], folder: Path) -> None:
    """Binary and large files, what may hold secrets by name or content, and links.

    Where a text was passed over it is said, for what stands there is not nowhere.
    """
    (folder / "bin").write_bytes(b"class\0")
    (folder / ".env").write_text("class=1")
    (folder / "key").write_text("class ghu_madeUpForTests0000000000000000000000")
    with (folder / "large").open("wb") as file:
        file.write(b"class\n")
        file.truncate(9 * 1024 * 1024)
    (folder / "longer").write_bytes(b"class\n" * 1_500_000)
    (folder / "link").symlink_to("b.txt")
    passed = [
        "[… passed over: A secret seems to stand in key: it is not shown …]",
        "[… passed over: longer is larger than 8 MiB …]",
    ]
    found = ["b.txt:1: class of 99", "src/a.py:3: class A:"]
    assert search(pattern="class").split("\n") == [*found, *passed]
    assert search(pattern="nonesuch").split("\n") == ["It is found nowhere.", passed[1]]


def test_files_that_were_passed_over_are_not_all_named(
    search: Callable[..., str], folder: Path
) -> None:
    """A folder of them says how many there are."""
    for number in range(8):
        (folder / f"key{number}").write_text("ghu_madeUpForTests0000000000000000000000")
    said = search(pattern="ghu").split("\n")
    assert said[0] == "It is found nowhere."
    assert said[-2:] == [
        "[… passed over: A secret seems to stand in key4: it is not shown …]",
        "[… 3 more were passed over …]",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"class\0", "file is binary"),
        (b"class\n" * 1_500_000, "file is larger than 8 MiB"),
        (b"class ghu_madeUpForTests0000000000000000000000", "A secret seems to stand in file"),
    ],
    ids=["binary", "large", "secret"],
)
def test_a_file_that_is_named_and_not_searched_is_an_error(
    search: Callable[..., str], folder: Path, content: bytes, said: str
) -> None:
    """The model would take silence for its being nowhere there."""
    (folder / "file").write_bytes(content)
    with pytest.raises(ToolError, match=said):
        search(pattern="class", path="file")


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
def test_a_name_cannot_pass_for_a_line_that_was_found(
    search: Callable[..., str], folder: Path
) -> None:
    """It may hold newlines; then it is written as JSON writes it."""
    (folder / "c\nb.txt:7: class").write_text("class\n")
    assert search(pattern="^class$") == '"c\\nb.txt:7: class":1: class'


def test_long_lines_and_long_lists_are_cut(search: Callable[..., str], folder: Path) -> None:
    """Around what was found; and it is said that there is more."""
    (folder / "min.js").write_text("a" * 5000 + "needle" + "b" * 5000)
    found = search(pattern="needle")
    assert found.startswith("min.js:1: …aaa")
    assert "needle" in found
    assert len(found) < 330
    (folder / "many").write_text("line\n" * 10_000)
    lines = search(pattern="line").split("\n")
    assert lines[-1] == f"[… there are more than {MOST_LINES} …]"
    assert len(lines) == MOST_LINES + 1


class Yes:
    def decide(self, *_: Any) -> Decision:
        return Decision(allowed=True)


def test_a_pattern_that_takes_for_ever_is_stopped_at_the_deadline(folder: Path) -> None:
    """The program runs on meanwhile, and no process is left."""
    (folder / "a").write_text("a" * 60 + "b\n")
    tool = searching(Place(folder), {})
    tool.seconds = 1
    results = list(
        Calls([tool], Yes()).run([ToolCall("1", tool.name, '{"pattern": "(a+)+$", "path": "a"}')])
    )
    said = "The tool took longer than 1 seconds and was stopped."
    assert results == [ToolResult("1", "search_files", said, error=True)]
    ended = [each for each in threading.enumerate() if each.name == "tool search_files"]
    for each in ended:
        each.join(10)
        assert not each.is_alive()


def test_nothing_of_the_folder_is_imported(search: Callable[..., str], folder: Path) -> None:
    """The process that searches looks for its modules elsewhere."""
    for name in ("re", "json", "sitecustomize"):
        (folder / f"{name}.py").write_text("raise SystemExit('class')")
    assert "b.txt:1: class of 99" in search(pattern="class")
    assert "searching" in sys.modules["copilot_cli.tools.searching"].__name__
