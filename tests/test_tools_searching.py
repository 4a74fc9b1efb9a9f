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
    """Binary and large files, what may hold secrets by name or content, and links."""
    (folder / "bin").write_bytes(b"class\0")
    (folder / ".env").write_text("class=1")
    (folder / "key").write_text("class ghu_madeUpForTests0000000000000000000000")
    with (folder / "large").open("wb") as file:
        file.write(b"class\n")
        file.truncate(9 * 1024 * 1024)
    (folder / "link").symlink_to("b.txt")
    assert search(pattern="class") == "b.txt:1: class of 99\nsrc/a.py:3: class A:"


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
