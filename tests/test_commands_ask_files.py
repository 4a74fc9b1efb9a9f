"""`ask -f`: what goes along, on which wire, and every reason for which something does not."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.attachments import screening
from copilot_cli.main import main
from copilot_cli.paths import Folders
from copilot_cli.prompt import NOTICE
from tests.attachment_world import WebWorld, placed, write
from tests.pictures_made import GIF, JPEG, PNG, WEBP
from tests.wizard_world import Terminal

TOKEN = "ghp_madeUpForTests000000000000000000000000"
LARGE = b"word " * 130_000


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[WebWorld, Path]:
    return placed(tmp_path, monkeypatch)


@pytest.fixture
def world(place: tuple[WebWorld, Path]) -> WebWorld:
    return place[0]


@pytest.fixture
def folder(place: tuple[WebWorld, Path]) -> Path:
    return place[1]


def told(world: WebWorld) -> Any:
    """The content of the last question that was sent."""
    return world.asked()[-1]["messages"][-1]["content"]


def frame(name: str, text: str) -> str:
    return f'<data name="{name}">\n{text}\n</data>'


def git(folder: Path, *words: str) -> None:
    settings = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=m")
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *settings, *words], cwd=folder, check=True, env=environ)


# What goes along


def test_a_file_goes_along_as_data_with_its_name(world: WebWorld, folder: Path) -> None:
    """Above the question, in the order in which it was named, each once."""
    write(folder, {"a.py": "print(1)\n", "deep/b.txt": "two"})
    words = ("-f", "deep/b.txt", "-f", "a.py", "-f", "./a.py", "why?")
    assert world.run("ask", *words)[0] == 0
    both = f"{frame('deep/b.txt', 'two')}\n\n{frame('a.py', 'print(1)')}"
    assert told(world) == f"{NOTICE}\n\n{both}\n\nwhy?"


def test_stdin_goes_along_beside(world: WebWorld, folder: Path) -> None:
    """The files, then what was piped in, then the words; without words stdin is the question."""
    write(folder, {"a": "one"})
    assert world.run("ask", "-f", "a", "why?", stdin="two\n")[0] == 0
    assert told(world) == f"{NOTICE}\n\n{frame('a', 'one')}\n\n{frame('stdin', 'two')}\n\nwhy?"
    assert world.run("ask", "-f", "a", stdin="what is it?\n")[0] == 0
    assert told(world) == f"{NOTICE}\n\n{frame('a', 'one')}\n\nwhat is it?"


def test_a_terminal_hears_how_large_it_is(world: WebWorld, folder: Path) -> None:
    """What is named and what is piped in, but not a question that is piped in."""
    write(folder, {"a": "one"})

    def heard(*words: str) -> str:
        effects = world.build(None, stdin="two\n").effects
        world.stderr = effects.stderr = Terminal()
        assert main(("ask", *words), effects) == 0
        return world.stderr.getvalue()

    assert "with a (3 bytes), stdin (3 bytes): about 16 tokens" in heard("-f", "a", "why?")
    assert "with stdin (3 bytes): about 8 tokens" in heard("why?")
    assert "stdin" not in heard()


@pytest.mark.skipif(sys.platform == "win32", reason="no folder goes that somebody is in")
def test_a_folder_that_is_gone(world: WebWorld, folder: Path) -> None:
    """It is said, whatever is to go along from there."""
    folder.rmdir()
    code, _, err = world.run("ask", "-f", "a", "why?")
    assert code == 2
    assert "the folder you are in is gone" in err


def test_nothing_is_added_without_a_file(world: WebWorld) -> None:
    """No notice, no frame, no part."""
    assert world.run("ask", "hello")[0] == 0
    assert world.asked()[-1]["messages"] == [{"role": "user", "content": "hello"}]
    assert "copilot-vision-request" not in world.sim.log[-1].headers


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"\xef\xbb\xbfmarked", "marked"),
        ("é".encode("utf-16"), "é"),
        (b"\xfe\xff\x00\xe9", "é"),
        (b"caf\xe9", "caf\ufffd"),
        (b"", ""),
        (b"\x1b[1mbold\x1b[m", "\x1b[1mbold\x1b[m"),
    ],
)
def test_texts_are_read_as_they_were_written(
    world: WebWorld, folder: Path, content: bytes, text: str
) -> None:
    """By their byte order mark, else as UTF-8; what is neither is said to be."""
    write(folder, {"a": content})
    code, _, err = world.run("ask", "-f", "a", "why?")
    assert code == 0
    assert told(world).startswith(f'{NOTICE}\n\n<data name="a">\n{text}\n')
    partly = "not all is read (neither UTF-8 nor UTF-16): a\n"
    assert (partly in err) == (content == b"caf\xe9")


def test_a_mark_that_stands_in_a_text_is_read(world: WebWorld, folder: Path) -> None:
    """It is a character as any other."""
    write(folder, {"a": "caf\ufffd", "b": b"\xef\xbb\xbfcaf\xef\xbf\xbd", "c": b"caf\xe9"})
    assert "not all is read (neither UTF-8 nor UTF-16): c\n" in world.run("ask", "-f", ".", "?")[2]


@pytest.mark.parametrize(
    ("name", "shown"),
    [('a"b', "a_b"), ("a\nb", "a_b"), ("<data>", "_data_"), ("a b", "a b"), ("é", "é")],
)
def test_names_cannot_end_their_frame(world: WebWorld, folder: Path, name: str, shown: str) -> None:
    """Quotes, angles and line ends in them are replaced; so is the frame's end in the text."""
    write(folder, {name: "x</data>y </ data > </DATA x='1'> < /data\n</database>"})
    assert world.run("ask", "-f", name, "why?")[0] == 0
    assert f'<data name="{shown}">\nx<\\/data>y <\\/ data > <\\/DATA x=' in told(world)
    assert "'1'> <\\ /data\n</database>\n</data>" in told(world)


def test_a_folder_goes_along_without_what_git_ignores(world: WebWorld, folder: Path) -> None:
    """What is binary, too large, or may hold secrets is left out, and said."""
    write(
        folder,
        {
            ".git/config": "x",
            ".gitignore": "*.log\nbuild/\n",
            "src/a.py": "one",
            "src/b/c.py": "two",
            "src/x.log": "no",
            "src/build/d.py": "no",
            "src/logo.png": PNG,
            "src/blob": b"a\0b",
            "src/.env": "A=1",
            "src/token.txt": TOKEN,
            "src/large.txt": b"x" * 1_000_001,
        },
    )
    code, _, err = world.run("ask", "-f", "src/", "why?")
    assert code == 0
    assert told(world) == (
        f"{NOTICE}\n\n{frame('src/a.py', 'one')}\n\n{frame('src/b/c.py', 'two')}\n\nwhy?"
    )
    assert err.splitlines() == [
        "left out (may hold secrets): src/.env, src/token.txt",
        "left out (binary): src/blob, src/logo.png",
        "left out (too large): src/large.txt",
    ]
    assert TOKEN not in json.dumps(world.asked())


def test_with_the_persons_word_a_folder_goes_along_whole(world: WebWorld, folder: Path) -> None:
    """Also what may hold secrets."""
    write(folder, {"src/.env": "A=1", "src/token.txt": TOKEN})
    code, _, err = world.run("ask", "--allow-sensitive", "-f", "src", "why?")
    assert (code, err) == (0, "")
    assert "A=1" in told(world)
    assert TOKEN in told(world)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.py", ["a.py"]),
        ("**/*.py", ["a.py", "src/b.py", "src/deep/c.py"]),
        ("src/*.py", ["src/b.py"]),
        ("src/**/*.py", ["src/b.py", "src/deep/c.py"]),
        ("src/?.py", ["src/b.py"]),
        ("s*/[b].{py,txt}", ["src/b.py", "src/b.txt"]),
        ("./src/*.txt", ["src/b.txt"]),
        ("shots/*.png", ["shots/one.png"]),
    ],
)
def test_patterns(world: WebWorld, folder: Path, pattern: str, names: list[str]) -> None:
    """`*` within a folder, `**` at any depth; an image that fits goes along."""
    write(
        folder,
        {
            "a.py": "1",
            "src/b.py": "2",
            "src/b.txt": "3",
            "src/deep/c.py": "4",
            "shots/one.png": PNG,
        },
    )
    assert world.run("ask", "-f", pattern, "why?")[0] == 0
    content = told(world)
    text = content if isinstance(content, str) else content[0]["text"]
    assert [line.split('"')[1] for line in text.splitlines() if "name=" in line] == names


@pytest.mark.parametrize("again", ["src", "src/", "./src", "./src/*", "src/a", "././src//a", "ABS"])
def test_each_name_goes_along_once(world: WebWorld, folder: Path, again: str) -> None:
    """However it is written."""
    write(folder, {"src/a": "one"})
    words = ("-f", "src/a", "-f", again.replace("ABS", str(folder / "src")))
    assert world.run("ask", *words, "why?")[0] == 0
    assert told(world) == f"{NOTICE}\n\n{frame('src/a', 'one')}\n\nwhy?"


def test_an_absolute_pattern(world: WebWorld, folder: Path, tmp_path: Path) -> None:
    """From wherever it is said."""
    write(tmp_path, {"elsewhere/a.py": "1"})
    assert world.run("ask", "-f", f"{tmp_path}/else*/*.py", "why?")[0] == 0
    assert f'name="{tmp_path}/elsewhere/a.py"' in told(world)


def test_a_file_whose_name_is_a_pattern(world: WebWorld, folder: Path) -> None:
    """What is there is what is meant."""
    write(folder, {"a[1].txt": "this", "a1.txt": "that"})
    assert world.run("ask", "-f", "a[1].txt", "why?")[0] == 0
    assert "this" in told(world)


def test_pages(world: WebWorld) -> None:
    """As readable text, named by where they were found."""
    world.page("https://example.com/a", b"<title>T</title><p>hello", "text/html")
    assert world.run("ask", "-f", "https://example.com/a", "why?")[0] == 0
    assert frame("https://example.com/a", "# T\n\nhello") in told(world)
    assert world.fetched == ["https://example.com/a"]


def test_changes(world: WebWorld, folder: Path) -> None:
    """What git would show, staged or not, without programs that its settings name."""
    git(folder, "init", "-q")
    write(folder, {"a.txt": "one\n", "b.txt": "x\n"})
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    write(folder, {"a.txt": "two\n", "b.txt": "y\n"})
    git(folder, "add", "b.txt")
    git(folder, "config", "diff.external", "touch ran; true")
    git(folder, "config", "core.pager", "touch ran; cat")
    git(folder, "config", "core.fsmonitor", "touch ran; false")
    git(folder, "config", "diff.noprefix", "true")
    assert world.run("ask", "-f", "git:diff", "-f", "git:staged", "why?")[0] == 0
    content = told(world)
    assert '<data name="git:diff">\ndiff --git a/a.txt b/a.txt\n' in content
    assert "-one\n+two\n" in content
    assert '<data name="git:staged">\ndiff --git a/b.txt b/b.txt\n' in content
    assert "-x\n+y\n" in content
    assert not (folder / "ran").exists()


@pytest.mark.real
def test_a_file_that_is_called_as_changes_are(world: WebWorld, folder: Path) -> None:
    """It goes along beside them, under the name by which it was asked for."""
    git(folder, "init", "-q")
    write(folder, {"a.txt": "one\n", "git:staged": "a file\n"})
    git(folder, "add", "a.txt")
    assert world.run("ask", "-f", "git:staged", "-f", "./git:staged", "why?")[0] == 0
    assert '<data name="git:staged">\ndiff --git a/a.txt' in told(world)
    assert frame("./git:staged", "a file") in told(world)


# Images


@pytest.mark.parametrize(
    ("data", "kind"),
    [(PNG, "png"), (JPEG, "jpeg"), (GIF, "gif"), (WEBP, "webp")],
    ids=["png", "jpeg", "gif", "webp"],
)
def test_an_image_is_a_part_of_its_own(
    world: WebWorld, folder: Path, data: bytes, kind: str
) -> None:
    """In its place between the texts; the request says that there is one."""
    write(folder, {"a.txt": "one", "picture": data, "b.txt": "two"})
    words = ("-f", "a.txt", "-f", "picture", "-f", "b.txt", "--detail", "low", "why?")
    assert world.run("ask", *words)[0] == 0
    before, image, after = told(world)
    label = f'<data name="picture" type="image/{kind}"></data>'
    text = f"{NOTICE}\n\n{frame('a.txt', 'one')}\n\n{label}\n\n"
    assert before == {"type": "text", "text": text}
    assert image["image_url"]["url"].startswith(f"data:image/{kind};base64,")
    assert image["image_url"]["detail"] == "low"
    assert after == {"type": "text", "text": f"{frame('b.txt', 'two')}\n\nwhy?"}
    assert world.sim.log[-1].headers["copilot-vision-request"] == "true"


def test_the_detail_is_sent_only_where_it_was_given(world: WebWorld, folder: Path) -> None:
    """The model's own way is the default."""
    write(folder, {"a.png": PNG})
    assert world.run("ask", "-f", "a.png", "why?")[0] == 0
    assert "detail" not in told(world)[1]["image_url"]


@pytest.mark.parametrize(
    ("model", "field", "kinds"),
    [
        ("sim-echo", "messages", ["text", "image_url", "text"]),
        ("sim-responses", "input", ["input_text", "input_image", "input_text"]),
        ("sim-messages", "messages", ["text", "image", "text"]),
    ],
)
def test_every_wire_keeps_the_order(
    world: WebWorld, folder: Path, model: str, field: str, kinds: list[str]
) -> None:
    """And says that there is an image."""
    write(folder, {"a.png": PNG, "b.txt": "two"})
    words = ("-m", model, "--no-save", "-f", "a.png", "-f", "b.txt", "why?")
    assert world.run("ask", *words)[0] == 0
    content = world.asked()[-1][field][-1]["content"]
    assert [each["type"] for each in content] == kinds
    assert "b.txt" in content[2]["text"]
    assert world.sim.log[-1].headers["copilot-vision-request"] == "true"


def test_an_image_of_the_web(world: WebWorld) -> None:
    """Like one of the disk."""
    world.page("https://example.com/a", PNG, "image/png")
    assert world.run("ask", "-f", "https://example.com/a", "why?")[0] == 0
    assert told(world)[1]["type"] == "image_url"


def test_a_dry_run_shows_images_by_size_and_hash(world: WebWorld, folder: Path) -> None:
    """The rest of the request is as it would be sent; nothing is."""
    write(folder, {"a.png": PNG, "b.txt": "two"})
    assert world.run("ask", "-m", "sim-echo", "hi")[0] == 0
    sent = len(world.sim.log)
    code, out, _ = world.run("ask", "--dry-run", "-f", "a.png", "-f", "b.txt", "why?")
    request = json.loads(out)
    url = request["body"]["messages"][0]["content"][1]["image_url"]["url"]
    assert code == 0
    assert url.startswith(f"data:image/png;base64,({len(PNG)} bytes, sha256 ")
    assert request["headers"]["Copilot-Vision-Request"] == "true"
    assert len(world.sim.log) == sent


def test_an_image_is_stored_sent_again_and_exported(world: WebWorld, folder: Path) -> None:
    """As a part of its turn; a document names it by type and size."""
    write(folder, {"a.png": PNG})
    assert world.run("ask", "-f", "a.png", "--detail", "high", "what is it?")[0] == 0
    first = told(world)
    assert world.run("ask", "-c", "and now?")[0] == 0
    assert world.asked()[-1]["messages"][0]["content"] == first
    assert world.sim.log[-1].headers["copilot-vision-request"] == "true"
    told_as = f"[image: image/png, {len(PNG)} bytes]"
    for form in ("md", "html"):
        assert told_as in world.run("sessions", "export", "--format", form)[1]
    record = json.loads(world.run("sessions", "show", "--json")[1])
    assert record["title"] == "what is it?"
    (image,) = record["messages"][0]["images"]
    assert image == {"type": "image/png", "bytes": len(PNG), "detail": "high"}


def test_only_the_newest_images_are_sent(world: WebWorld, folder: Path) -> None:
    """As many as the model takes in one request; that is said, and the older stay stored."""
    write(folder, {"a.png": PNG, "b.gif": GIF})
    assert world.run("ask", "-f", "a.png", "one?")[0] == 0
    code, _, err = world.run("ask", "-c", "-f", "b.gif", "two?")
    assert (code, err) == (0, "an image is not sent any more: sim-echo takes 1 at a time\n")
    messages = world.asked()[-1]["messages"]
    assert "[This image is not sent any more.]" in messages[0]["content"]
    assert messages[-1]["content"][1]["image_url"]["url"].startswith("data:image/gif")
    code, _, err = world.run("ask", "-c", "-m", "sim-reason", "three?")
    assert err.startswith("2 images are not sent any more: sim-reason takes no images\n")
    assert "copilot-vision-request" not in world.sim.log[-1].headers
    record = json.loads(world.run("sessions", "show", "--json")[1])
    assert [len(each["images"]) for each in record["messages"]] == [1, 0, 1, 0, 0, 0]


# What does not go along


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (["-f", "none"], "there is no file none", None),
        (["-f", "none/*.py"], "there is no file none/*.py", None),
        (["-f", "*.rs"], "*.rs fits no file that git would not ignore", None),
        (["-f", "empty"], "empty holds no file that git would not ignore", None),
        (["-f", "binaries"], "nothing of binaries can be sent", None),
        (["-f", "many"], "many stands for more than 500 files", "name a part: 'src/**/*.py'"),
        (
            ["-f", "{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}"],
            "the pattern stands for more than 64",
            None,
        ),
        (
            ["-f", "blob"],
            "blob is binary, neither text nor an image that models take",
            "the images",
        ),
        (["-f", "latin"], "latin is binary", None),
        (["-f", "large"], "large is too large: 4,000,001 bytes, and 4,000,000 are", None),
        (["-f", "huge"], "huge is too large: 20,000,001 bytes, and 20,000,000 are", None),
        (["-f", "pipe"], "pipe is no regular file: it is not read", "COMMAND | copilot-chat ask"),
        (["-f", "/dev/null"], "/dev/null is no regular file", None),
        (["-f", "closed"], "closed cannot be read: Permission denied", None),
        (["-f", "a\0b"], "a␀b cannot be read: no file can have that name", None),
        (["-f", "\ud800"], "\ufffd cannot be read: no file can have that name", None),
        (["-f", "a/b"], "a/b cannot be read: Not a directory", None),
        (["-f", "~nobody-is-called-so/x"], "cannot be read: no file can have that name", None),
        (["-f", "x" * 300], "cannot be read: File name too long", None),
        (["-f", "loop"], "loop cannot be read: its links lead in a circle", None),
        (["-f", "-"], "--file wants a path or an address", "what is piped in goes along by itself"),
        (["-f", " "], "--file wants a path or an address", None),
        (["-f", "file:///etc/passwd"], "only http and https addresses are fetched", None),
        (["-f", "ftp://example.com/a"], "only http and https addresses are fetched", None),
        (["-f", "http://inside.example/"], "inside.example is not at a public address", "curl URL"),
        (["-f", "http://u:p@example.com/"], "the address at example.com holds a user name", None),
        (["-f", "http://example.com/none"], "there is no such page at example.com (404)", None),
        (["-f", "git:diff"], "there is no git repository here", None),
        (["-f", "git:log"], "git:log is nothing that can be attached", "git:diff and git:staged"),
        (
            ["-f", ".env"],
            ".env may hold secrets (by its name): it is not sent",
            "--allow-sensitive",
        ),
        (
            ["-f", "token"],
            "token may hold secrets (there seems to be a github token in line 2)",
            "--",
        ),
        (["-f", "a.png", "-m", "sim-reason"], "sim-reason takes no images", "these do: sim-echo"),
        (
            ["-f", "a.png", "-f", "b.gif"],
            "sim-echo takes one image with a question, and here",
            None,
        ),
        (
            ["-f", "big.png"],
            "big.png is 4.0 MB PNG; sim-echo takes images of at most 3.1 MB",
            "smaller",
        ),
        (["-f", "a", "--detail", "most"], "--detail: must be one of low, high, auto", None),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_what_cannot_go_along(
    world: WebWorld, folder: Path, words: list[str], error: str, hint: str | None
) -> None:
    """It is exit code 2 with its reason, and nothing is sent."""
    write(
        folder,
        {
            "a": "one",
            "blob": b"a\0b",
            "latin": b"caf\xe9\x01",
            "large": b"x" * 4_000_001,
            "huge": b"x" * 20_000_001,
            "binaries/x": b"\0",
            ".env": "A=1",
            "token": f"my token:\n{TOKEN}\n",
            "a.png": PNG,
            "b.gif": GIF,
            "big.png": PNG + b"x" * 4_000_000,
            **{f"many/{number}": "x" for number in range(501 if "many" in words else 0)},
        },
    )
    (folder / "empty").mkdir()
    (folder / "closed").write_text("x")
    (folder / "closed").chmod(0 if os.geteuid() else 0o600)
    if "closed" in words and not os.geteuid():
        pytest.skip("root reads everything")
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    assert world.run("ask", "hi")[0] == 0
    sent = len(world.asked())
    code, out, err = world.run("ask", *words, "why?")
    assert (code, out) == (2, "")
    assert f"error: {error}" in err or error in err.splitlines()[-2 if hint else -1]
    assert err.count("error: ") == 1
    if hint is not None:
        assert hint in err.partition("hint: ")[2]
    assert len(world.asked()) == sent
    assert TOKEN not in err


@pytest.mark.parametrize(
    "name",
    [
        *("key", "config.toml", "conversations.db", "secrets/store.json", ".key.0a.tmp"),
        *("trusted.json", "cache/token-0a", "conversations.db.damaged-20260101T000000Z"),
    ],
)
@pytest.mark.parametrize("words", [(), ("--allow-sensitive",)])
def test_our_own_files_never_go_along(
    world: WebWorld, folder: Path, name: str, words: tuple[str, ...]
) -> None:
    """Whatever was said, and through links of both kinds."""
    write(world.home, {name: "# mine"})
    (folder / "link").symlink_to(world.home / name)
    (folder / "hard").hardlink_to(world.home / name)
    for reference in (str(world.home / name), "link", "hard"):
        code, _, err = world.run("ask", *words, "-f", reference, "why?")
        assert code == 2
        assert "belongs to copilot-chat itself: it is never sent" in err


@pytest.mark.parametrize("words", [(), ("--allow-sensitive", "why?")])
@pytest.mark.parametrize("name", ["key", "secrets/store.json", "cache/x"])
def test_our_own_files_are_not_read_from_stdin(
    world: WebWorld, name: str, words: tuple[str, ...]
) -> None:
    """`< key` is another way to name it; other files that only their owner reads are read."""

    def ask(path: Path) -> tuple[int, str]:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text("# mine")
        path.chmod(0o600)
        effects = world.build(None).effects
        world.stderr = effects.stderr = io.StringIO()
        with path.open() as effects.stdin:
            return main(("ask", *words), effects), world.stderr.getvalue()

    code, said = ask(world.home / name)
    assert code == 2
    assert "standard input belongs to copilot-chat itself: it is never sent" in said
    assert world.asked() == []
    assert "never sent" not in ask(world.home.parent / "notes")[1]


def test_our_own_files_elsewhere_never_go_along(
    world: WebWorld, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the platform's folders, while another home is in use."""
    folders = Folders(folder / "config", folder / "data", folder / "cache")
    monkeypatch.setattr(screening, "platform_folders", lambda: folders)
    write(folder, {"config/key": "# mine", "data/conversations.db": "# mine", "data/x": "harmless"})
    code, _, err = world.run("ask", "--allow-sensitive", "-f", "config/key", "why?")
    assert code == 2
    assert "config/key belongs to copilot-chat itself: it is never sent" in err
    assert world.run("ask", "--allow-sensitive", "-f", "data", "why?")[0] == 0
    assert "harmless" in told(world)
    assert "mine" not in told(world)


@pytest.mark.real
def test_our_own_files_never_go_along_in_a_diff(world: WebWorld, folder: Path) -> None:
    """From whichever folder of the repository that they are kept in."""
    write(folder, {"home/config.toml": "# mine\n", "below/x": "x"})
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    write(folder, {"home/config.toml": "# mine, too\n"})
    world.environ["COPILOT_CHAT_HOME"] = str(folder / "home")
    for place in (folder, folder / "below"):
        os.chdir(place)
        code, _, err = world.run("ask", "--allow-sensitive", "-f", "git:diff", "why?")
        assert code == 2
        assert "home/config.toml in git:diff belongs to copilot-chat itself" in err


def test_our_own_files_are_left_out_of_a_folder(world: WebWorld) -> None:
    """The rest of it goes along."""
    write(world.home, {"config.toml": "# mine", "key": "# mine", "notes.txt": "harmless"})
    (world.home / "cache").mkdir(mode=0o700)
    (world.home / "cache" / "x").write_text("# mine")
    code, _, err = world.run("ask", "--allow-sensitive", "-f", str(world.home), "why?")
    assert code == 0
    assert "left out (copilot-chat's own): " in err
    assert "harmless" in told(world)
    assert "mine" not in told(world)


@pytest.mark.parametrize("words", [["why?"], []])
def test_a_secret_that_is_piped_in_is_not_sent(world: WebWorld, words: list[str]) -> None:
    """As context or as the question, unless the person has said so; it is never repeated."""
    code, out, err = world.run("ask", *words, stdin=f"a\n{TOKEN}\n")
    assert (code, out) == (2, "")
    assert "standard input may hold secrets (there seems to be a github token in line 2)" in err
    assert TOKEN not in err
    assert world.asked() == []
    assert world.run("ask", "--allow-sensitive", *words, stdin=f"a\n{TOKEN}\n")[0] == 0
    assert TOKEN in json.dumps(world.asked())


def test_words_are_the_persons_own(world: WebWorld) -> None:
    """What was typed was meant."""
    assert world.run("ask", f"is {TOKEN} a token?")[0] == 0
    assert world.run("ask", f"is {TOKEN} a token?", stdin="see above")[0] == 0


def test_what_does_not_fit_the_window(world: WebWorld, folder: Path) -> None:
    """It is exit code 9 before anything is sent, with the figures."""
    write(folder, {"large.txt": LARGE, "small.txt": "x"})
    assert world.run("ask", "hi")[0] == 0
    sent = len(world.asked())
    code, out, err = world.run("ask", "-f", "small.txt", "-f", "large.txt", "why?")
    assert (code, out) == (9, "")
    assert err.startswith("error: what goes along is too long for sim-echo: about 163k tokens, and")
    assert "hint: the largest: large.txt (about 163k), small.txt (about 8)" in err
    assert len(world.asked()) == sent
    assert json.loads(world.run("sessions", "list", "--json")[1])[0]["title"] == "hi"


@pytest.mark.parametrize("words", [["why?"], []])
def test_what_is_piped_in_and_does_not_fit_the_window(world: WebWorld, words: list[str]) -> None:
    """It is counted like a file, also where nobody knows the window yet."""
    code, out, err = world.run("ask", "-m", "sim-echo", *words, stdin=LARGE.decode())
    assert (code, out) == (9, "")
    assert err.startswith("error: what goes along is too long for sim-echo: about 163k tokens, and")
    assert "hint: the largest: stdin (about 163k)" in err
    assert world.asked() == []


def test_the_window_is_looked_up_where_nobody_knows_it(world: WebWorld, folder: Path) -> None:
    """The model list is read once for it."""
    write(folder, {"large.txt": LARGE})
    assert world.run("ask", "-m", "sim-echo", "-f", "large.txt", "why?")[0] == 9
    assert [entry.endpoint for entry in world.sim.log if entry.endpoint == "models"] == ["models"]


def test_no_name_of_a_file_makes_a_line_of_its_own(world: WebWorld, folder: Path) -> None:
    """What is said of it stays on one line, whatever somebody has called it."""
    files = {f"{name}\nerror: all is lost": data for name, data in (("x", b"\0"), ("y", b"\xe9"))}
    write(folder, {**files, ".env\nnotes": "A=1"})
    for name in (*files, ".env\nnotes", "."):
        lines = world.run("ask", "-f", name, "why?")[2].splitlines()
        assert "error: all is lost" not in lines
        assert "notes" not in "".join(line for line in lines if ".env" not in line)


def test_a_refusal_is_told_to_a_machine(world: WebWorld) -> None:
    """In the one object that it reads."""
    code, out, _ = world.run("ask", "--json", "-f", "none", "why?")
    assert code == 2
    assert json.loads(out)["error"]["message"] == "there is no file none"
