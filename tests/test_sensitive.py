"""Files that nobody sends by accident."""

from pathlib import Path

import pytest

from copilot_cli.sensitive import holds_secret, is_sensitive


@pytest.mark.parametrize(
    "name",
    [
        ".ssh/config",
        "deep/.aws/credentials",
        ".kube/config",
        ".docker/config.json",
        ".gnupg/pubring.kbx",
        ".netrc",
        "_netrc",
        ".npmrc",
        ".pypirc",
        ".git-credentials",
        ".env",
        ".env.local",
        ".ENV",
        "server.pem",
        "server.KEY",
        "store.p12",
        "id_rsa",
        "id_ed25519",
        ".bash_history",
        ".zsh_history",
        ".python_history",
        ".config/gh/hosts.yml",
        "etc/shadow",
        "etc/gshadow-",
        ".config/github-copilot/apps.json",
    ],
)
def test_files_that_hold_secrets_by_their_name(tmp_path: Path, name: str) -> None:
    """Keys, credentials and histories, in whatever folder and whatever the case."""
    assert is_sensitive(tmp_path / name)


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "docs/environment.md",
        "key.py",
        "id.txt",
        "src/keys.rs",
        "hosts.yml",
        "history.md",
        "shadow.css",
    ],
)
def test_other_files(tmp_path: Path, name: str) -> None:
    """A name that only sounds so is none."""
    assert not is_sensitive(tmp_path / name)


def test_a_link_is_judged_by_what_it_leads_to_as_well(tmp_path: Path) -> None:
    """Neither an innocent name nor an innocent target is enough."""
    (tmp_path / "notes.txt").symlink_to(tmp_path / ".env")
    (tmp_path / ".npmrc").symlink_to(tmp_path / "plain")
    assert is_sensitive(tmp_path / "notes.txt")
    assert is_sensitive(tmp_path / ".npmrc")


def test_what_belongs_to_the_program(tmp_path: Path) -> None:
    """Its files and everything in its folders, through links too."""
    own = (tmp_path / "secrets", tmp_path / "conversations.db")
    (tmp_path / "door").symlink_to(tmp_path / "secrets")
    assert is_sensitive(tmp_path / "secrets" / "store.json", own)
    assert is_sensitive(tmp_path / "door" / "store.json", own)
    assert is_sensitive(tmp_path / "conversations.db", own)
    assert not is_sensitive(tmp_path / "conversations.db.md", own)


def test_another_name_of_a_file_in_its_folders(tmp_path: Path) -> None:
    """A hard link is that file; one of somebody else's is not."""
    deep, other = tmp_path / "cache" / "deep", tmp_path / "other"
    deep.mkdir(parents=True)
    for file in (deep / "x", other):
        file.write_text("")
    (tmp_path / "ours").hardlink_to(deep / "x")
    (tmp_path / "theirs").hardlink_to(other)
    own = (tmp_path / "none", Path("/proc"), tmp_path / "cache")
    assert is_sensitive(tmp_path / "ours", own)
    assert not is_sensitive(tmp_path / "theirs", own)


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN OPENSSH PRIVATE KEY-----\nmade up",
        "-----BEGIN PRIVATE KEY-----",
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none",
        "AGE-SECRET-KEY-1MADEUPFORTESTS00000000000000000000000000000000000000000000",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----",
        "token = ghp_madeUpForTests000000000000000000000000",
        "github_pat_madeUpForTests0000000000000000000000000000",
        "AKIAMADEUPFORTESTS00",
        "sk-madeUpForTests-000000000000000000000000",
    ],
)
def test_texts_with_a_secret(text: str) -> None:
    """Private keys, and tokens by their form."""
    assert holds_secret(f"a\n{text}\nb")


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer $TOKEN",
        "a token looks like ghu_...",
        "-----BEGIN CERTIFICATE-----",
        "https://user:password@host",
        "task-force-and-its-many-many-words-in-a-row",
    ],
)
def test_texts_that_speak_of_secrets(text: str) -> None:
    """A manual is not refused for its examples."""
    assert not holds_secret(text)
