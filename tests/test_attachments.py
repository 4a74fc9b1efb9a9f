"""Attachments as values: how a question is put together, and taken apart again."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_cli.attachments import folders
from copilot_cli.attachments.attachment import (
    Attachment,
    again,
    below,
    content,
    divided,
    message,
    size,
)
from copilot_cli.attachments.git import changed, changes, top
from copilot_cli.attachments.images import check_images
from copilot_cli.attachments.reading import attachment, text_of
from copilot_cli.attachments.sending import tokens_of, told
from copilot_cli.called import byte_count
from copilot_cli.engines.models import parse_model
from copilot_cli.errors import UsageError
from copilot_cli.messages import ImagePart, Part, TextPart
from copilot_cli.prompt import NOTICE
from copilot_cli.store.turns import joined, title_of
from tests.pictures_made import GIF, PNG

posix = pytest.mark.skipif(sys.platform == "win32", reason="a program of a shell's")

TEXT = Attachment.of_text("a.txt", "one")
IMAGE = attachment("a.png", PNG)
KINDS = st.lists(
    st.sampled_from([TEXT, IMAGE, Attachment.of_text("</data>", "x</data>\n\ny")]), max_size=4
)
WORDS = st.sampled_from(
    ["why?", "a\n\nb", "</data>", "<data name=", "x </data>\n\n y", "y\n</data>\n\n", NOTICE]
)


@given(KINDS, WORDS)
def test_a_question_is_taken_apart_as_it_was_put_together(
    attached: list[Attachment], words: str
) -> None:
    """What went along and the words; stored or not, and put together again it is the same."""
    asked = content(attached, words)
    parts = joined(message(asked).parts)
    kept, found = divided(parts)
    assert found == words
    assert below(kept, found) == asked
    assert again(parts) == asked
    assert sum(isinstance(part, ImagePart) for part in kept) == attached.count(IMAGE)


@given(KINDS, st.sampled_from(["Why?", "Why? And\nhow?"]))
def test_the_words_are_the_title(attached: list[Attachment], words: str) -> None:
    """And not what goes along."""
    assert title_of(message(content(attached, words)).parts) == words.split("\n", maxsplit=1)[0]


def test_texts_alone_are_one_text() -> None:
    """Which is what services keep in their prompt caches."""
    assert content([], "why?") == "why?"
    whole = f'{NOTICE}\n\n<data name="a.txt">\none\n</data>\n\nwhy?'
    assert content([TEXT], "why?") == whole


def test_something_goes_along_with_an_edited_question_besides() -> None:
    """Below what went along before."""
    kept, _ = divided(message(content([IMAGE], "one")).parts)
    parts = below(kept, content([TEXT], "two"))
    assert not isinstance(parts, str)
    assert [type(part) for part in parts] == [TextPart, ImagePart, TextPart]
    assert isinstance(parts[2], TextPart)
    assert parts[2].text.endswith("one\n</data>\n\ntwo")


def test_nothing_is_divided() -> None:
    """A question of an image alone has no words."""
    parts: Sequence[Part] = [ImagePart("image/png", "")]
    assert divided(parts) == (tuple(parts), "")
    assert divided([]) == ((), "")


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (34_567, "34.6 kB"),
        (3145728, "3.1 MB"),
    ],
)
def test_sizes(count: int, words: str) -> None:
    """As people read them."""
    assert size(count) == words


@given(st.binary(max_size=50))
def test_the_size_of_an_image_is_known_from_what_is_stored(data: bytes) -> None:
    """Whatever base64 fills up."""
    found = attachment("x", PNG + data)
    assert found.image is not None
    assert byte_count(found.image) == found.bytes == len(PNG + data)


def test_what_goes_along_is_said_in_words() -> None:
    """Five by name, then how many more and how much that is."""
    assert told([TEXT]) == f"with a.txt (3 bytes): about {tokens_of(TEXT)} tokens"
    many = [Attachment.of_text(f"{number}\x1b[2J", "x" * 1000) for number in range(9)]
    said = told(many)
    assert said.startswith("with 0␛[2J (1.0 kB), 1␛[2J (1.0 kB), ")
    assert "5 more (5.0 kB): about 2.3k tokens" in said


@given(st.binary(max_size=100))
def test_bytes_are_text_or_not(data: bytes) -> None:
    """And a text has no NUL in it."""
    text = text_of(data)
    assert text is None or "\0" not in text


@pytest.mark.parametrize(
    ("kinds", "most", "count", "message"),
    [
        (("image/png",), None, None, None),
        (("image/jpeg", "image/webp"), None, None, "a.png is 70 bytes PNG; m takes images as JPEG"),
        ((), 69, None, "a.png is 70 bytes PNG; m takes images of at most 69 bytes"),
        ((), 70, 1, None),
        ((), None, 0, "m takes 0 images with a question, and here are 1"),
    ],
)
def test_what_a_model_says_of_images(
    kinds: tuple[str, ...], most: int | None, count: int | None, message: str | None
) -> None:
    """Is held before anything is sent."""
    assert len(PNG) == 70
    model = parse_model({"id": "m"})._replace(
        vision=True, image_types=kinds, image_bytes=most, image_count=count
    )
    check_images([TEXT], model, [])
    if message is None:
        check_images([TEXT, IMAGE], model, [])
    else:
        with pytest.raises(UsageError, match=message):
            check_images([TEXT, IMAGE], model, [])


def test_an_own_endpoint_that_does_not_say_is_believed_to_take_images() -> None:
    """Most lists say nothing of it."""
    model = parse_model({"id": "m"})._replace(endpoint="mine")
    check_images([attachment("a", GIF)], model, [])
    with pytest.raises(UsageError, match="m takes no images"):
        check_images([attachment("a", GIF)], model._replace(vision=False), [])


# Changes


def test_the_names_in_a_diff() -> None:
    """Of what was changed, made and taken away, each once; of the content none."""
    diff = (
        "diff --git a/a b/a\n--- a/a\n+++ b/a\n-- a/no\n+x\n"
        "diff --git a/new b/new\n--- /dev/null\n+++ b/new dir/.env\t\n"
        "diff --git a/old b/old\n--- a/old\n+++ /dev/null\n"
    )
    assert changed(diff) == ["a", "new dir/.env", "old"]


def test_the_names_in_a_diff_that_git_puts_in_quotes() -> None:
    """As they are: the ones with a quote, a backslash or a newline in them."""
    diff = (
        '--- "a/we\\"ird/.env"\n+++ "b/we\\"ird/.env"\n'
        '--- "a/back\\\\slash"\n+++ "b/two\\nlines\\001"\n'
    )
    assert changed(diff) == ['we"ird/.env', "back\\slash", "two\nlines\x01"]


@posix
@pytest.mark.real
@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exec sleep 60", "git was not done in 0.2 seconds"),
        ("sleep 1000; true", "git was not done in 0.2 seconds"),  # a filter of it
        ("head -c 5000000 /dev/zero", "the diff is larger than 4.0 MB"),
        (
            "echo 'fatal: bad\x1b[2J thing' >&2; exit 129",
            "git cannot show the changes: fatal: bad␛",
        ),
        ("exit 3", "git cannot show the changes: exit code 3"),
        ("printf 'warning: w\\nfatal: f\\n' >&2; exit 3", "git cannot show the changes: fatal: f"),
        ("yes complaint | head -c 300000 >&2; exit 1", "git cannot show the changes: complaint"),
        (":", "git:diff is empty: nothing has changed since it was staged"),
    ],
)
def test_a_git_that_does_not_work(tmp_path: Path, script: str, message: str) -> None:
    """It is ended in time, and its own words are made safe."""
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    slow = 0.2 if "sleep" in script else 10.0
    with pytest.raises(UsageError) as raised:
        changes("git:diff", tmp_path, environ, seconds=slow)
    assert raised.value.message.startswith(message)


@posix
@pytest.mark.real
def test_git_is_told_nothing_of_ours(tmp_path: Path) -> None:
    """No secret, none of our variables, and nothing that would lead it elsewhere."""
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nenv\n")
    program.chmod(0o700)
    environ = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "HOME": "/h",
        "GH_TOKEN": "hush",
        "DEPLOY_SECRET_KEY": "hush",
        "GIT_DIR": "/elsewhere",
        "GIT_EXTERNAL_DIFF": "evil",
        "COPILOT_CHAT_HOME": "/ours",
    }
    found = changes("git:diff", tmp_path, environ).text.split("\n")
    assert "HOME=/h" in found
    assert "GIT_TERMINAL_PROMPT=0" in found
    assert not {"hush", "/elsewhere", "evil", "/ours"} & {line.partition("=")[2] for line in found}


def repository(folder: Path, *files: str) -> dict[str, str]:
    """Make a repository with these files, and return the environment that git is run in there."""
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    folder.mkdir(exist_ok=True)
    git(folder, "init", "-q")
    for name in files:
        (folder / name).write_text(f"{name}\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    return environ


def git(folder: Path, *words: str) -> str:
    settings = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", *settings, *words]
    done = subprocess.run(command, cwd=folder, check=True, env=environ, capture_output=True)
    return done.stdout.decode().strip()


@posix
@pytest.mark.real
def test_no_program_of_a_submodule_is_run(tmp_path: Path) -> None:
    """Though the repository asks for the changes inside it, and it for a program to show them."""
    repository(tmp_path / "inner", "b")
    environ = repository(tmp_path, "a")
    (tmp_path / "inner" / "b").write_text("changed\n")
    git(tmp_path / "inner", "commit", "-qam", "second")
    git(tmp_path / "inner", "config", "diff.external", f"touch {tmp_path}/ran; true")
    git(tmp_path, "config", "diff.submodule", "diff")
    assert "+Subproject commit" in changes("git:diff", tmp_path, environ).text
    assert not (tmp_path / "ran").exists()


@posix
@pytest.mark.real
def test_nothing_is_fetched_for_a_diff(tmp_path: Path) -> None:
    """A repository that lacks a file on purpose names the program that would fetch it."""
    environ = repository(tmp_path, "a")
    name = git(tmp_path, "rev-parse", "HEAD:a")
    (tmp_path / ".git" / "objects" / name[:2] / name[2:]).unlink()
    for key, value in (
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.url", f"ext::touch {tmp_path}/ran"),
        ("remote.origin.promisor", "true"),
        ("protocol.ext.allow", "always"),
    ):
        git(tmp_path, "config", key, value)
    (tmp_path / "a").write_text("changed\n")
    with pytest.raises(UsageError, match="git cannot show the changes: fatal: "):
        changes("git:diff", tmp_path, environ)
    assert not (tmp_path / "ran").exists()


@posix
@pytest.mark.real
def test_the_names_in_a_diff_count_from_the_top(tmp_path: Path) -> None:
    """Wherever in the repository the program is started, and whatever its settings say."""
    environ = repository(tmp_path, "a")
    below = tmp_path / "below"
    below.mkdir()
    git(tmp_path, "config", "diff.relative", "true")
    (tmp_path / "a").write_text("changed\n")
    assert changed(changes("git:diff", below, environ).text) == ["a"]
    assert top(below, environ) == tmp_path.resolve()


def test_no_git_at_all(tmp_path: Path) -> None:
    """It is said."""
    with pytest.raises(UsageError, match="git cannot be run: no such file or directory"):
        changes("git:diff", tmp_path, {"PATH": str(tmp_path)})


# Folders


def test_patterns_are_known_by_their_signs() -> None:
    """`*`, `?`, `[` and `{`."""
    assert all(map(folders.is_pattern, ["*", "a?", "[a]", "{a,b}"]))
    assert not folders.is_pattern("a/b.c")


def test_a_folder_of_many_more_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are not all looked at."""
    monkeypatch.setattr(folders, "_MOST_SEEN", 3)
    for number in range(5):
        (tmp_path / str(number)).touch()
    with pytest.raises(UsageError, match="more than 3 files below"):
        folders.fitting("*.none", tmp_path, {})


def test_links_are_not_followed(tmp_path: Path) -> None:
    """Out of a folder, or in a circle."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").touch()
    (tmp_path / "secret").touch()
    (tmp_path / "in" / "out").symlink_to(tmp_path / "secret")
    (tmp_path / "in" / "round").symlink_to(tmp_path)
    assert [each.name for each in folders.below(tmp_path / "in", "in", {})] == ["in/a"]


def test_a_folder_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said; one below another is named with its files, for whoever reads them."""
    (tmp_path / "in" / "shut").mkdir(parents=True)
    (tmp_path / "in" / "a").touch()
    scandir = os.scandir

    def scan(path: Path) -> object:
        if path.name == "shut":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scan)
    with pytest.raises(UsageError, match="shut cannot be read: Permission denied"):
        folders.below(tmp_path / "in" / "shut", "shut", {})
    with pytest.raises(UsageError, match="shut cannot be read: Permission denied"):
        folders.fitting("shut/*", tmp_path / "in", {})
    names = ["in/a", "in/shut"]
    assert [each.name for each in folders.below(tmp_path / "in", "in", {})] == names
    assert [each.name for each in folders.fitting("in/*", tmp_path, {})] == names


def test_what_is_attached_is_imported_only_then() -> None:
    """A question of words alone does not wait for it."""
    show = (
        "import sys, copilot_cli.commands.ask;"
        "print([n for n in sys.modules if 'attachments' in n or 'fetching' in n])"
    )
    done = subprocess.run([sys.executable, "-c", show], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
