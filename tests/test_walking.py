"""The files below a folder: those that git would list, whatever its patterns say."""

import os
import subprocess
from pathlib import Path

import pytest

from copilot_cli.globs import Glob, globs
from copilot_cli.walking import walk


def planted(folder: Path, *names: str, **contents: str) -> Path:
    """`folder` with empty files of these names."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    return folder


def found(folder: Path, **options: str) -> list[str]:
    """The names that a walk finds."""
    return [path.relative_to(folder.resolve()).as_posix() for path in walk(folder, environ=options)]


TREE = (
    "a.py",
    "a.pyc",
    "#hash",
    "!bang",
    "space ",
    "build/x.o",
    "build/keep.txt",
    "src/build/y.o",
    "src/a.pyc",
    "src/deep/er/z.log",
    "src/z.log",
    "doc/frotz/a",
    "frotz/b",
    ".hidden/c",
    "node_modules/m/index.js",
    "Ärger.txt",
    "a[1].txt",
    "a1.txt",
)


@pytest.mark.real
@pytest.mark.parametrize(
    "ignore",
    [
        "",
        "*.pyc\n",
        "/build\n",
        "build/\n",
        "build\n!build/keep.txt\n",
        "build/*\n!build/keep.txt\n",
        "doc/frotz\n",
        "frotz/\n",
        "/frotz/\n",
        "**/z.log\n",
        "src/**/z.log\n",
        "src/**\n",
        "src/*\n!src/z.log\n",
        "src/deep/**\n",
        "\\#hash\n\\!bang\n",
        "# a comment\n\n   \n",
        "space\\ \n",
        "space   \n",
        "*\n!*.py\n",
        "*\n!*/\n!*.py\n",
        "a?.txt\n",
        "a[[]1].txt\n",
        "a\\[1].txt\n",
        "[a-z].py\n",
        "[!b].py\n",
        "[^b].py\n",
        "a[^[]*.txt\n",
        "a[[:digit:]].txt\n",
        "a[^[:alpha:][:punct:]].txt\n",
        "[[:upper:]a].py\n[[:punct:]]*\n",
        "[\\!x]bang\n[]\\#-]hash\n",
        "a[\\]\\[]*\n",
        "*.txt\r\n",
        "Ärger.*\n",
        "node_modules\n.hidden\n",
        "**/deep\n",
        "deep/er\n",
        "er/\n",
        "!a.py\n*.py\n",
        "*.o\n!y.o\n",
    ],
)
def test_as_git_does(tmp_path: Path, ignore: str) -> None:
    """The same files, by git itself."""
    planted(tmp_path, *TREE)
    (tmp_path / ".gitignore").write_text(ignore)
    (tmp_path / "src/.gitignore").write_text("!*.pyc\n/z.log\n")
    environ = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True, env=environ)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--exclude-standard"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        env=environ,
    )
    assert sorted(found(tmp_path)) == sorted(listed.stdout.decode().split("\0")[:-1])


def test_patterns_of_the_folders_above_and_of_the_person(tmp_path: Path) -> None:
    """Up to the top of the repository, and no further."""
    planted(tmp_path, "repo/sub/a.x", "repo/sub/a.y", "repo/sub/a.z", "repo/sub/a.t")
    repo, config = tmp_path / "repo", tmp_path / "config"
    (repo / ".git/info").mkdir(parents=True)
    (config / "git").mkdir(parents=True)
    (tmp_path / ".gitignore").write_text("*.t\n")
    (repo / ".gitignore").write_text("*.x\n")
    (repo / ".git/info/exclude").write_text("*.y\n")
    (config / "git/ignore").write_text("*.z\n")
    assert found(repo / "sub") == ["a.t", "a.z"]
    assert found(repo / "sub", XDG_CONFIG_HOME=str(config)) == ["a.t"]
    assert not any(name.startswith(".git/") for name in found(repo))


@pytest.mark.real
@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ("[core]\n\texcludesFile = ~/mine\n", ["b", "c"]),
        ('[user]\nname = x\n[Core] ; mine\n  EXCLUDESFILE="~/mine" # yes\n', ["b", "c"]),
        ("[core] excludesfile=~/mine\n", ["b", "c"]),
        ("[core]\nexcludesFile = ~/none\n[core]\nexcludesFile = ~/mine\n", ["b", "c"]),
        ("[core]\n# excludesFile = ~/mine\n[other]\nexcludesFile = ~/mine\n", ["a", "c"]),
        ('[core "x"]\nexcludesFile = ~/mine\n', ["a", "c"]),
        ("[core]\nexcludesFile = ~/none\n", ["a", "b", "c"]),
    ],
)
def test_the_file_of_patterns_that_the_person_has_named(
    tmp_path: Path, settings: str, left: list[str]
) -> None:
    """In place of the usual one, which is `b` here; by git itself."""
    repo, usual = tmp_path / "repo", tmp_path / ".config/git"
    planted(tmp_path, "repo/a", "repo/b", "repo/c", ".config/git/config")
    (tmp_path / "mine").write_text("a\n")
    (usual / "ignore").write_text("b\n")
    (tmp_path / ".gitconfig").write_text(settings)
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q"], cwd=repo, check=True, env=environ)
    command = ["git", "ls-files", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=repo, check=True, capture_output=True, env=environ)
    assert listed.stdout.decode().split() == left
    assert found(repo, HOME=str(tmp_path)) == left


def test_patterns_of_a_working_tree_whose_git_lies_elsewhere(tmp_path: Path) -> None:
    """A submodule's, and a second working tree's, which shares them with the first."""
    planted(tmp_path, "module/a", "module/b", "tree/a", "tree/b")
    kept = tmp_path / "first/.git"
    for place in (kept / "modules/m/info", kept / "worktrees/t", kept / "info"):
        place.mkdir(parents=True)
    (kept / "modules/m/info/exclude").write_text("a\n")
    (kept / "info/exclude").write_text("b\n")
    (kept / "worktrees/t/commondir").write_text("../..\n")
    (tmp_path / "module/.git").write_text("gitdir: ../first/.git/modules/m\n")
    (tmp_path / "tree/.git").write_text(f"gitdir: {kept}/worktrees/t\n")
    assert found(tmp_path / "module") == ["b"]
    assert found(tmp_path / "tree") == ["a"]
    (tmp_path / "tree/.git").write_text("gitdir: a\0b\n")
    assert found(tmp_path / "tree") == ["a", "b"]


def test_links_and_what_is_no_file_are_left_out(tmp_path: Path) -> None:
    """A link may lead anywhere, and a pipe never ends."""
    planted(tmp_path, "in/a", "out/b")
    (tmp_path / "in/link").symlink_to(tmp_path / "out")
    (tmp_path / "in/file").symlink_to(tmp_path / "out/b")
    (tmp_path / "in/circle").symlink_to(tmp_path / "in")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "in/pipe")
    assert found(tmp_path / "in") == ["a"]


def closing(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Have `folder` be somebody else's, and neither listed nor looked into."""
    scandir, exists = os.scandir, Path.exists

    def scan(path: Path) -> object:
        if path == folder:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    def look(path: Path) -> bool:
        if path.parent == folder:
            raise PermissionError(13, "Permission denied")
        return exists(path)

    monkeypatch.setattr(os, "scandir", scan)
    monkeypatch.setattr(Path, "exists", look)


def test_folders_that_cannot_be_listed_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One below, or the first one; what is gone meanwhile is no matter."""
    planted(tmp_path, "a", "shut/b", "z")
    closing(monkeypatch, tmp_path / "shut")
    told: list[Path] = []
    assert [path.name for path in walk(tmp_path, closed=told.append)] == ["a", "z"]
    assert list(walk(tmp_path / "shut", closed=told.append)) == []
    assert list(walk(tmp_path / "gone", closed=told.append)) == []
    assert told == [tmp_path / "shut"] * 2


def test_it_ends_when_it_is_told_to(tmp_path: Path) -> None:
    """Between two folders."""
    planted(tmp_path, "a", "b/c", "d/e")
    looks = iter([False, True])
    assert [path.name for path in walk(tmp_path, stopped=lambda: next(looks))] == ["a"]


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("*.py", "a/b/c.py", True),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/b/a.py", False),
        ("src/**/*.py", "src/a.py", True),
        ("src/**/*.py", "src/b/c/a.py", True),
        ("**/test_*", "test_a", True),
        ("*.{c,h}", "x/a.h", True),
        ("{src,tests}/**", "tests/a/b", True),
        ("{src,tests}/**", "other/a", False),
        ("a{1,{2,3}}", "a3", True),
        ("", "a", False),
        ("[" * 2000, "a", False),
        ("a[", "a[", True),
    ],
)
def test_patterns(pattern: str, path: str, fits: bool) -> None:
    """Without a slash at any depth; braces stand for several."""
    assert any(glob.matches(path.split("/")) for glob in globs(pattern)) == fits


def test_a_pattern_that_stands_for_too_many_is_refused() -> None:
    """Before they are all made."""
    with pytest.raises(ValueError, match="more than 64"):
        globs("{a,b}" * 40)
    with pytest.raises(ValueError, match="stands for more than 64 others"):
        globs("x" * 100_000 + "{" + "," * 100_000 + "}")  # 10 GB, were they all made


def test_no_pattern_is_slow() -> None:
    """Stars upon stars are looked at once."""
    assert Glob("**/" * 1000 + "x").matches(["a", "x"])
    assert len(Glob("**/" * 1000 + "x")._parts) == 2
    assert not Glob("**/*a*a*a*a*a*a*a*a*a*a*b/" * 8 + "x").matches(["a" * 200] * 200)
