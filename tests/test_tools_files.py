"""What the tools read of the working folder, and what they refuse whatever the model says."""

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.tools.place import LARGEST, Place
from copilot_cli.tools.reading import reading
from copilot_cli.tools.running import Running
from copilot_cli.tools.tool import ToolError

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are POSIX")
SECRET = "ghu_madeUpForTests0000000000000000000000"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder, beside what is none of the tools' business."""
    (tmp_path / "work/src").mkdir(parents=True)
    (tmp_path / "work/own/secrets").mkdir(parents=True)
    (tmp_path / "outside").write_text("not yours")
    (tmp_path / "work/a.txt").write_text("one\ntwo\nthree\n")
    (tmp_path / "work/src/b.py").write_text("print()\n")
    return tmp_path / "work"


@pytest.fixture
def call(folder: Path) -> Callable[..., str]:
    """Call a tool by its name."""
    tools = {tool.name: tool for tool in reading(Place(folder, [folder / "own"]), {})}

    def called(name: str, **arguments: Any) -> str:
        return str(tools[name].run(arguments, Running()))

    return called


# read_file


def test_a_file_is_read_as_it_is(call: Callable[..., str], folder: Path) -> None:
    """Its text, without the last newline; other spellings of its path lead to it, too."""
    assert call("read_file", path="a.txt") == "one\ntwo\nthree"
    assert call("read_file", path="./src/../a.txt") == "one\ntwo\nthree"
    assert call("read_file", path=str(folder / "a.txt")) == "one\ntwo\nthree"
    (folder / "bom.txt").write_bytes(b"\xef\xbb\xbfa\xff\r\nb")
    assert call("read_file", path="bom.txt") == "a\ufffd\r\nb"
    (folder / "empty").touch()
    assert call("read_file", path="empty") == "empty is empty."


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ({"offset": 2}, "two\nthree"),
        ({"limit": 1}, "one\n[… lines 1 to 1 of 3; offset 2 goes on …]"),
        ({"offset": 2, "limit": 1}, "two\n[… lines 2 to 2 of 3; offset 3 goes on …]"),
        ({"offset": -5, "limit": -5}, "one\n[… lines 1 to 1 of 3; offset 2 goes on …]"),
    ],
)
def test_some_lines_of_it(call: Callable[..., str], arguments: Any, shown: str) -> None:
    """With where to go on."""
    assert call("read_file", path="a.txt", **arguments) == shown


def test_what_is_long_is_cut_between_lines(call: Callable[..., str], folder: Path) -> None:
    """And a line that is too long by itself within it, so that reading goes on behind it."""
    (folder / "long").write_text("x" * 30_000 + "\n" + "y" * 30_000 + "\n" + "z" * 90_000 + "\nend")
    first = call("read_file", path="long")
    assert first == "x" * 30_000 + "\n[… lines 1 to 1 of 4; offset 2 goes on …]"
    third = call("read_file", path="long", offset=3)
    assert third.startswith("z" * 40_000 + " [… the line goes on …]\n")
    assert third.endswith("offset 4 goes on …]")
    assert len(third) < 45_000
    with pytest.raises(ToolError, match="long has 4 lines"):
        call("read_file", path="long", offset=5)


def refused(call: Callable[..., str], path: str, tool: str = "read_file") -> str:
    with pytest.raises(ToolError) as caught:
        call(tool, path=path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("../outside", "outside the working folder"),
        ("src/../../outside", "outside the working folder"),
        ("/etc/passwd", "outside the working folder"),
        ("~/.ssh/id_rsa", "may hold secrets"),
        (".env", "may hold secrets"),
        ("src/.ssh/config", "may hold secrets"),
        ("server.pem", "may hold secrets"),
        (".git/config", "git's own"),
        (".GIT/hooks/pre-commit", "git's own"),
        ("own/history", "may hold secrets"),
        ("own", "may hold secrets"),
        ("nonesuch", "nonesuch cannot be read: No such file"),
        ("src", "src is a folder"),
        ("a.txt/b", "cannot be read"),
        ("a\0b", "leads nowhere"),
        ("x" * 5000, "leads nowhere|cannot be read"),
        ("\ud800", "leads nowhere"),
        ("", "is a folder"),
    ],
)
@posix
def test_refusals(call: Callable[..., str], folder: Path, path: str, said: str) -> None:
    """In words for the model, whatever there is."""
    for name in (".env", "server.pem", "own/history"):
        (folder / name).write_text("x")
    assert any(each in refused(call, path) for each in said.split("|"))


@posix
def test_a_link_leads_no_further_than_the_folder(call: Callable[..., str], folder: Path) -> None:
    """In the last place of the path or before it; one within the folder is followed."""
    (folder / "out").symlink_to(folder.parent / "outside")
    (folder / "up").symlink_to(folder.parent)
    (folder / "in").symlink_to("a.txt")
    (folder / "secret").symlink_to(".env")
    (folder / ".env").write_text("x")
    (folder / "loop").symlink_to("loop")
    assert call("read_file", path="in").startswith("one")
    assert "outside" in refused(call, "out")
    assert "outside" in refused(call, "up/outside")
    assert "may hold secrets" in refused(call, "secret")
    assert refused(call, "loop")


@posix
def test_only_regular_files_are_read(call: Callable[..., str], folder: Path) -> None:
    """A pipe does not hang it, and a device is none of its business."""
    os.mkfifo(folder / "pipe")
    assert refused(call, "pipe") == "pipe is a pipe or socket, and no file."
    tools = {tool.name: tool for tool in reading(Place(Path("/dev")), {})}
    with pytest.raises(ToolError, match="a device or the like"):
        tools["read_file"].run({"path": "zero"}, Running())


def test_what_is_no_text_or_too_large_is_said(call: Callable[..., str], folder: Path) -> None:
    """And what holds a secret by its content is not shown."""
    (folder / "binary").write_bytes(b"\x7fELF\0\0")
    with (folder / "large").open("wb") as file:
        file.truncate(LARGEST + 1)
    (folder / "notes").write_text(f"token: {SECRET}")
    assert refused(call, "binary") == "binary is binary, not text (6 bytes)."
    assert refused(call, "large") == "large is larger than 8 MiB."
    assert refused(call, "notes") == "A secret seems to stand in notes: it is not shown."


@posix
def test_a_file_that_is_swapped_for_a_link_meanwhile_is_not_read(folder: Path) -> None:
    """Between the look at its path and its opening, by somebody else."""
    place = Place(folder)
    path = place.path("src/b.py")
    (folder / "src/b.py").unlink()
    (folder / "src/b.py").symlink_to(folder.parent / "outside")
    with pytest.raises(ToolError, match="cannot be read"):
        place.content_of(path, "src/b.py")
    path = place.path("src/c")
    (folder / "src").rename(folder / "gone")
    (folder.parent / "c").write_text("not yours")
    (folder / "src").symlink_to(folder.parent)
    with pytest.raises(ToolError, match="put elsewhere"):
        place.content_of(path, "src/c")


@posix
def test_another_spelling_of_a_name_is_that_name(
    call: Callable[..., str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on file systems where case makes no difference; here a link that no folder lists."""
    (folder / ".git").mkdir()
    (folder / ".git/config").write_text("x")
    real = os.listdir

    def resolve(path: Path, strict: bool = False) -> Path:
        return Path(os.path.normpath(path))

    (folder / "g\u200cit").symlink_to(".git")
    (folder / "OWN").symlink_to("own")
    monkeypatch.setattr(Path, "resolve", resolve)
    monkeypatch.setattr(
        os,
        "listdir",
        lambda path: [each for each in real(path) if each.isascii() and each != "OWN"],
    )
    assert "git's own" in refused(call, "g\u200cit/config")
    assert "git's own" in refused(call, "g\u200cit/new")
    assert "may hold secrets" in refused(call, "OWN/secrets/store.json")


@posix
def test_what_looks_like_files_and_is_none(tmp_path: Path) -> None:
    """The environment of this process, say."""
    tools = {tool.name: tool for tool in reading(Place(Path("/")), {})}
    for path in ("proc/self/environ", "sys/kernel/notes", "proc"):
        with pytest.raises(ToolError, match="may hold secrets"):
            tools["read_file"].run({"path": path}, Running())


# list_files


def test_a_folder_is_listed(call: Callable[..., str], folder: Path) -> None:
    """Folders end in a slash, files have their size."""
    (folder / "own").rename(folder / "z")
    assert call("list_files") == "a.txt 14\nsrc/\nz/"
    assert call("list_files", path="src") == "b.py 8"
    (folder / "src/b.py").unlink()
    assert call("list_files", path="src") == "src is empty."


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_not_plain_is_quoted(call: Callable[..., str], folder: Path) -> None:
    """As JSON writes it, so that it is one line, and the model can name it; others are as is."""
    for name in ("src/new\nline", "src/\x1b[2J", "src/bad\udcff", 'src/"quoted"', "src/Ä b"):
        (folder / name).touch()
    plain = ['"\\u001b[2J"', '"\\"quoted\\""', "b.py", '"bad\\udcff"', '"new\\nline"', "Ä b"]
    sizes = [f"{name} {8 if name == 'b.py' else 0}" for name in plain]
    assert call("list_files", path="src").split("\n") == sizes
    assert '"src/new\\nline"' in call("find_files", pattern="*").split("\n")
    assert call("read_file", path="src/new\nline").endswith("is empty.")


@posix
def test_links_are_named_and_not_followed(call: Callable[..., str], folder: Path) -> None:
    """Wherever they lead."""
    (folder / "src/up").symlink_to("/")
    assert call("list_files", path="src") == "b.py 8\nup (a link)"
    assert "outside" in refused(call, "src/up", "list_files")
    assert refused(call, "a.txt", "list_files") == "a.txt is no folder."
    assert "No such file" in refused(call, "none", "list_files")


def test_a_folder_of_thousands_is_capped(call: Callable[..., str], folder: Path) -> None:
    """And that is said."""
    for number in range(1001):
        (folder / f"src/{number:04}").touch()
    listed = call("list_files", path="src").split("\n")
    assert len(listed) == 1001
    assert listed[-1] == "[… there are more than 1,000 …]"
    found = call("find_files", pattern="src/0*").split("\n")
    assert len(found) == 1000
    assert call("find_files", pattern="src/*").split("\n")[-1] == listed[-1]


# find_files


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"pattern": "*.py"}, "src/b.py"),
        ({"pattern": "src/"}, "src/b.py"),
        ({"pattern": "*.{py,txt}"}, "a.txt\nsrc/b.py"),
        ({"pattern": "*", "path": "src"}, "src/b.py"),
        ({"pattern": "*.rs"}, "There is none."),
        ({"pattern": "ignored*"}, "There is none."),
    ],
)
def test_files_are_found(
    call: Callable[..., str], folder: Path, arguments: Any, found: str
) -> None:
    """By their names, without what git ignores."""
    (folder / ".gitignore").write_text("ignored*\n")
    (folder / "ignored.py").touch()
    assert call("find_files", **arguments) == found


def test_what_cannot_be_listed_is_not_found(call: Callable[..., str], folder: Path) -> None:
    """This program's own folders, and those that hold secrets; a name beside others is seen."""
    (folder / "src/.ssh").mkdir()
    for name in ("own/found", "own/secrets/found", "src/.ssh/found", "src/found", ".env"):
        (folder / name).touch()
    assert call("find_files", pattern="found") == "src/found"
    assert call("find_files", pattern=".env") == ".env"


def test_what_cannot_be_looked_through(call: Callable[..., str]) -> None:
    """A file, another folder, and a pattern of too many."""
    for arguments, said in (
        ({"pattern": "*", "path": "a.txt"}, "a.txt is no folder."),
        ({"pattern": "*", "path": ".."}, "outside"),
        ({"pattern": "{a,b}" * 20}, "more than 64"),
    ):
        with pytest.raises(ToolError, match=said):
            call("find_files", **arguments)


def test_a_search_that_nobody_waits_for_ends(folder: Path) -> None:
    """At the next folder."""
    tools = {tool.name: tool for tool in reading(Place(folder), {})}
    running = Running()
    running.cancel()
    assert tools["find_files"].run({"pattern": "*"}, running) == "There is none."
    assert threading.active_count() >= 1
