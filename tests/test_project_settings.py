"""What a folder brings: where it is looked for, what counts, what is named and ignored."""

import os
import sys
from pathlib import Path

import pytest

from copilot_cli import project
from copilot_cli.project import LARGEST, find, instructions, read_context

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="pipes and links are POSIX's")


def settings(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / project.NAME
    file.write_text(text, encoding="utf-8")
    return file


# -- where ------------------------------------------------------------------------------------


def test_the_nearest_folder_counts_alone(tmp_path: Path) -> None:
    """Nothing is merged: what is not in the nearest file is not set."""
    settings(tmp_path / "a", 'model = "far"\nrole = "code"\n')
    near = settings(tmp_path / "a" / "b", 'model = "near"\n')
    deep = tmp_path / "a" / "b" / "c" / "d"
    deep.mkdir(parents=True)
    found = find(deep, tmp_path)
    assert found is not None
    assert (found.file, found.folder) == (near, near.parent)
    assert found.choices == {"model": "near"}
    assert found.content == near.read_bytes()


@pytest.mark.parametrize("place", ["home", "above"])
def test_the_search_ends_below_the_home_folder(tmp_path: Path, place: str) -> None:
    """The home folder has config.toml; what lies above it is somebody else's."""
    home = tmp_path / "above" / "home"
    work = home / "work"
    work.mkdir(parents=True)
    settings(home if place == "home" else home.parent, 'model = "m"\n')
    assert find(work, home) is None
    assert find(home, home) is None


def test_outside_of_the_home_folder_the_search_goes_up(tmp_path: Path) -> None:
    """As for who works on another disk."""
    file = settings(tmp_path / "work", 'model = "m"\n')
    (tmp_path / "work" / "deep").mkdir()
    found = find(tmp_path / "work" / "deep", tmp_path / "home")
    assert found is not None
    assert found.file == file


def test_the_search_ends_at_the_border_of_a_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mounted folder does not inherit from what it is mounted in."""
    settings(tmp_path, 'model = "m"\n')
    (tmp_path / "mount").mkdir()
    real = Path.stat

    def stat(self: Path, **options: bool) -> os.stat_result:
        found = real(self, **options)
        device = 99 if self.name == "mount" else found.st_dev
        return os.stat_result((*found[:2], device, *found[3:10]))

    monkeypatch.setattr(Path, "stat", stat)
    assert find(tmp_path / "mount", tmp_path / "home") is None
    assert find(tmp_path, tmp_path / "home") is not None


def test_a_folder_that_is_gone_has_nothing(tmp_path: Path) -> None:
    """Nor is it an error to be in one."""
    assert find(tmp_path / "gone", tmp_path / "home") is None
    assert instructions(tmp_path / "gone", tmp_path / "home") == []


# -- what -------------------------------------------------------------------------------------


def test_four_keys_count(tmp_path: Path) -> None:
    """Model, role, account and context; a single file may be a text."""
    settings(tmp_path, 'model = "m"\nrole = "r"\naccount = "a"\ncontext = ["x.md", "y.md"]\n')
    found = find(tmp_path, tmp_path / "home")
    assert found is not None
    assert found.choices == {"model": "m", "role": "r", "account": "a"}
    assert found.context == ("x.md", "y.md")
    assert found.faults == ()
    settings(tmp_path, 'context = "x.md"\n')
    found = find(tmp_path, tmp_path / "home")
    assert found is not None
    assert found.context == ("x.md",)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('copilot_api_url = "https://evil.example"', "copilot_api_url"),
        ('editor_identity = {user_agent = "x"}', "editor_identity"),
        ('tools = ["shell"]', "tools"),
        ('key_file = "/k"', "key_file"),
        ('[mcp.server]\ncommand = "rm"', "mcp"),
    ],
)
def test_any_other_key_is_named_and_ignored(tmp_path: Path, line: str, key: str) -> None:
    """No endpoint, no header, no tool, nothing that runs; the rest is used."""
    file = settings(tmp_path, f'model = "m"\n{line}\n')
    found = find(tmp_path, tmp_path / "home")
    assert found is not None
    assert found.choices == {"model": "m"}
    (fault,) = found.faults
    assert fault.startswith(f"{file}")
    assert f": {key}: a folder can set only model, role, account, context; it is ignored" in fault
    assert "evil" not in fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("model = 3\n", ":1: model: must be a text"),
        ("\ncontext = [1]\n", ":2: context: must be a text"),
        ('model = "a\\u001bb"\n', ":1: model: must be a text without control characters"),
        ("model = \n", ":1: "),
        ("model = 'm'\nx", ":2: "),
    ],
)
def test_a_value_that_cannot_be_used_is_no_error(tmp_path: Path, text: str, fault: str) -> None:
    """A folder cannot stop the program: the fault is told with its line."""
    file = settings(tmp_path, text)
    found = find(tmp_path, tmp_path / "home")
    assert found is not None
    assert found.empty
    assert [each.startswith(f"{file}{fault}") for each in found.faults] == [True]


def test_what_is_no_file_is_not_used(tmp_path: Path) -> None:
    """A folder of that name, or a file larger than settings are."""
    (tmp_path / project.NAME).mkdir()
    found = find(tmp_path, tmp_path / "home")
    assert found is not None
    assert "it is no file" in found.faults[0]
    (tmp_path / project.NAME).rmdir()
    settings(tmp_path, "#" * (LARGEST + 1))
    found = find(tmp_path, tmp_path / "home")
    assert found is not None
    assert "it is larger than 256 KiB" in found.faults[0]


@POSIX
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Nobody may write into it."""
    os.mkfifo(tmp_path / project.NAME)
    found = find(tmp_path, tmp_path / "home")
    assert found is not None
    assert found.empty


# -- context ----------------------------------------------------------------------------------


def context(folder: Path, *names: str, own: tuple[Path, ...] = ()) -> tuple[list[str], str]:
    """The names of the files that are taken, and all that is said of the others."""
    found = project.Project(folder / project.NAME, b"", context=names)
    files, faults = read_context(found, own)
    return [file.name for file in files], "\n".join(faults)


def test_context_files_are_read_in_their_order(tmp_path: Path) -> None:
    """With the names they were given, and their text."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "b.md").write_bytes(b"\xef\xbb\xbfB\xff")
    (tmp_path / "a.md").write_text("A")
    found = project.Project(tmp_path / project.NAME, b"", context=("docs/b.md", "./a.md"))
    files, faults = read_context(found)
    assert [(file.name, file.text) for file in files] == [("docs/b.md", "B\ufffd"), ("./a.md", "A")]
    assert faults == ()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("/etc/hostname", "its path is not relative to the folder"),
        ("C:\\x.md", "its path is not relative to the folder"),
        ("\\\\server\\share\\x", "its path is not relative to the folder"),
        ("~/x.md", "its path is not relative to the folder"),
        ("../outside.md", "it is outside the folder"),
        ("docs/../../outside.md", "it is outside the folder"),
        ("link.md", "it is outside the folder"),
        ("folder/inside.md", "it is outside the folder"),
        (".env", "it may hold secrets, by its name"),
        ("innocent.md", "it may hold secrets, by its name"),
        ("own/x.md", "it may hold secrets, by its name"),
        ("missing.md", "it is not there"),
        ("docs", "it is no file"),
        ("image.png", "it is binary, not text"),
        ("big.md", "it is larger than 256 KiB"),
        ("secret.md", "a secret seems to stand in it"),
        ("loop", "it"),
    ],
)
@POSIX
def test_what_is_left_out_and_why(tmp_path: Path, name: str, why: str) -> None:
    """The rest goes along; the reason names the file."""
    folder = tmp_path / "project"
    for part in ("docs", "own"):
        (folder / part).mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "inside.md").write_text("x")
    (tmp_path / "outside.md").write_text("x")
    (folder / "link.md").symlink_to(tmp_path / "outside.md")
    (folder / "folder").symlink_to(tmp_path / "elsewhere")
    (folder / ".env").write_text("x")
    (folder / "innocent.md").symlink_to(folder / ".env")
    (folder / "own" / "x.md").write_text("x")
    (folder / "image.png").write_bytes(b"\x89PNG\0")
    (folder / "big.md").write_bytes(b"x" * (LARGEST + 1))
    (folder / "secret.md").write_text("ghu_madeUpForTests00000000000000000000000000")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "good.md").write_text("good")
    taken, said = context(folder, name, "good.md", own=(folder / "own",))
    assert taken == ["good.md"]
    assert said.startswith(f"{folder / project.NAME}: context: {name} is left out: {why}")


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    """What counts is where it ends."""
    (tmp_path / "real.md").write_text("x")
    (tmp_path / "link.md").symlink_to(tmp_path / "real.md")
    assert context(tmp_path, "link.md") == (["link.md"], "")


# -- instructions -----------------------------------------------------------------------------


def test_instructions_are_found_here_or_above(tmp_path: Path) -> None:
    """The nearest of each name."""
    deep = tmp_path / "work" / "deep"
    deep.mkdir(parents=True)
    (tmp_path / "work" / ".github").mkdir()
    (tmp_path / "work" / ".github" / "copilot-instructions.md").write_text("two")
    (tmp_path / "work" / "AGENTS.md").write_text("far")
    (deep / "AGENTS.md").write_text("near")
    found = instructions(deep, tmp_path)
    assert [(file.name, file.text) for file in found] == [
        ("AGENTS.md", "near"),
        (".github/copilot-instructions.md", "two"),
    ]
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "AGENTS.md").write_text("x")
    assert instructions(tmp_path / "home", tmp_path / "home") == []


@POSIX
def test_instructions_that_lead_out_of_the_folder_are_passed_over(tmp_path: Path) -> None:
    """Nobody named them, so nothing is said."""
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / "secret.md").write_text("x")
    (work / "AGENTS.md").symlink_to(tmp_path / "secret.md")
    assert instructions(work, tmp_path / "home") == []
