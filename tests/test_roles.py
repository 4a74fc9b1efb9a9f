"""Roles: files of the person's own, those that are shipped, and what is wrong with a bad one."""

from pathlib import Path

import pytest

from copilot_cli import roles
from copilot_cli.errors import SettingsError, UsageError

BASH = {"SHELL": "/bin/bash"}


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_three_roles_are_shipped(tmp_path: Path) -> None:
    """They need no folder, and no model of theirs is written into the program."""
    found = roles.load(tmp_path / "missing", BASH)
    assert list(found) == roles.names(tmp_path) == ["code", "explain", "shell"]
    assert all(role.model is None and role.effort is None for role in found.values())
    assert all(role.temperature is None for role in found.values())  # some models refuse one
    assert "bash" in (found["shell"].system or "")
    assert not any("{{" in (role.system or "") for role in found.values())


def test_a_file_without_a_head_is_the_instructions(tmp_path: Path) -> None:
    """All that is needed is a text."""
    path = write(tmp_path, "brief.md", "Answer in one line.\n\nAlways.\n")
    role = roles.find("brief", tmp_path, BASH)
    assert role == roles.Role(
        "brief", None, None, "Answer in one line.\n\nAlways.", None, source=path
    )


def test_a_head_says_more(tmp_path: Path) -> None:
    """Model, effort and temperature; the text below is the instructions."""
    write(
        tmp_path,
        "review.md",
        '\ufeff+++\r\nmodel = "m"\r\neffort = "high"\r\ntemperature = 0\r\n+++\r\nReview.\r\n',
    )
    role = roles.find("review", tmp_path, BASH)
    assert role[:5] == ("review", "m", "high", "Review.", 0.0)


def test_the_instructions_may_stand_in_the_head(tmp_path: Path) -> None:
    """As `system`; then nothing stands below it."""
    write(tmp_path, "a.md", '+++\nsystem = """\nOne.\nTwo."""\n+++\n')
    assert roles.find("a", tmp_path, BASH).system == "One.\nTwo."
    write(tmp_path, "b.md", "+++\nmodel = 'm'\n+++")
    assert roles.find("b", tmp_path, BASH).system is None


def test_ones_own_role_stands_in_the_place_of_a_shipped_one(tmp_path: Path) -> None:
    """By its name."""
    path = write(tmp_path, "code.md", "Mine.")
    assert roles.load(tmp_path, BASH)["code"].source == path
    assert roles.names(tmp_path) == ["code", "explain", "shell"]


def test_shell_and_system_are_filled_in(tmp_path: Path) -> None:
    """And nothing else in braces."""
    write(tmp_path, "a.md", "{{shell}} on {{os}}: {x} {{y}}")
    text = roles.find("a", tmp_path, {"SHELL": "/usr/bin/fish"}).system
    assert text == f"fish on {roles.os_name()}: {{x}} {{{{y}}}}"


@pytest.mark.parametrize(
    ("text", "place", "complaint"),
    [
        ("+++\nmodel = \n+++\n", 2, "is not TOML"),
        ('+++\nmodel = "m"\n', 1, "the head has no end"),
        ("---\nmodel: m\n---\n", 1, "is TOML and stands between +++"),
        ("+++\n\nmodle = 'm'\n+++\n", 3, "modle: a role has only model, effort, system"),
        ("+++\nmodel = 3\n+++\n", 2, "model: must be a text"),
        ("+++\neffort = 'a'\ntemperature = 3\n+++\n", 3, "temperature: must be a number"),
        ("+++\ntemperature = false\n+++\n", 2, "temperature: must be a number"),
        ("+++\nsystem = ''\n+++\n", 2, "system: must be a text"),
        ("+++\nsystem = 'a'\n+++\nb", 4, "in the head and below it"),
        (b"+++\n+++\n\xff", 3, "is not UTF-8"),
    ],
)
def test_a_bad_file_is_named_with_its_line(
    tmp_path: Path, text: str | bytes, place: int, complaint: str
) -> None:
    """Exit code 2, and where to look."""
    path = write(tmp_path, "bad.md", text)
    with pytest.raises(SettingsError) as raised:
        roles.find("bad", tmp_path, BASH)
    assert raised.value.message.startswith(f"{path}:{place}: ")
    assert complaint in raised.value.message
    with pytest.raises(SettingsError):
        roles.load(tmp_path, BASH)


def test_a_bad_file_is_in_nobodys_way(tmp_path: Path) -> None:
    """Another role can be used, and the names can be listed."""
    write(tmp_path, "bad.md", "+++")
    assert roles.find("code", tmp_path, BASH).name == "code"
    assert "bad" in roles.names(tmp_path)


def test_what_is_larger_than_a_role_is_refused(tmp_path: Path) -> None:
    """A file that was put there by mistake."""
    write(tmp_path, "big.md", b"x" * (roles.LARGEST + 1))
    with pytest.raises(SettingsError, match="is larger than 256 KiB"):
        roles.find("big", tmp_path, BASH)


def test_a_folder_of_that_name_is_an_error_that_names_it(tmp_path: Path) -> None:
    """What cannot be read is said."""
    (tmp_path / "dir.md").mkdir()
    with pytest.raises(SettingsError, match=r"dir\.md: "):
        roles.find("dir", tmp_path, BASH)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("cod", "did you mean code?"), ("xyz", "there are code, explain, shell"), ("../code", "code")],
)
def test_an_unknown_role_suggests_the_nearest(tmp_path: Path, name: str, hint: str) -> None:
    """Exit code 2; a path is no name."""
    with pytest.raises(UsageError) as raised:
        roles.find(name, tmp_path, BASH)
    assert hint in (raised.value.hint or "")


@pytest.mark.parametrize("name", ["notes.txt", ".hidden.md", "two words.md", "a.b.md"])
def test_other_files_are_passed_over(tmp_path: Path, name: str) -> None:
    """They are no roles, and their content does not matter."""
    write(tmp_path, name, b"\xff")
    assert roles.names(tmp_path) == ["code", "explain", "shell"]


@pytest.mark.parametrize(
    ("environ", "platform", "name"),
    [
        ({"SHELL": "/bin/zsh"}, "darwin", "zsh"),
        ({"SHELL": "/usr/bin/fish", "PSModulePath": "/x"}, "linux", "PowerShell"),
        ({}, "linux", "sh"),
        ({"PSModulePath": "C:\\x"}, "win32", "PowerShell"),
        ({"SHELL": "C:\\Git\\bash.exe", "PSModulePath": "C:\\x"}, "win32", "bash"),
    ],
)
def test_the_shell_is_known_by_what_it_sets(
    environ: dict[str, str], platform: str, name: str
) -> None:
    """`SHELL`, and PowerShell by its own variable."""
    assert roles.shell_name(environ, platform) == name
