"""`/copy`, `/save`, `/export`, `/attach`, `/detach`, `@files`: what goes out, and what goes in."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_cli.prompt import NOTICE
from tests.repl_world import chatting_world, run, said, sent
from tests.wizard_world import Person, World

ANSWER = (
    "Do\n\n```sh\nls 'é'\n```\n\nor\n\n1. this:\n   ```python\n   print(1)\n\n   print(2)\n   ```\n"
)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    made = chatting_world(tmp_path / "home")
    made.environ["TERM"] = "xterm"
    yield made
    if made.app is not None:
        made.app.close()


def copied(world: World) -> list[str]:
    """What the terminal was asked to copy."""
    found = re.findall(r"\x1b]52;c;([^\x07]*)\x07", world.stderr.getvalue())
    return [base64.b64decode(payload).decode() for payload in found]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/copy 1", "ls 'é'\n"),
        ("/copy 2", "print(1)\n\nprint(2)\n"),
        ("/copy all", ANSWER),
    ],
)
def test_copy_takes_the_source_as_it_was_written(world: World, line: str, expected: str) -> None:
    """Without fence and indentation; the way it took is said."""
    world.sim.answer(text=ANSWER)
    run(world, "how?", line, person=True)
    assert copied(world) == [expected]
    assert "given to the terminal to copy" in said(world)


def test_copy_of_several_blocks_lists_them(world: World) -> None:
    """Nothing is copied before it is clear which."""
    world.sim.answer(text=ANSWER)
    run(world, "how?", "/copy", person=True)
    assert copied(world) == []
    rows = [line.split() for line in said(world).splitlines() if re.match("[12]  ", line)]
    assert rows == [
        ["1", "sh", "ls", "'é'", "1", "line"],
        ["2", "python", "print(1)", "3", "lines"],
    ]


def test_copy_of_the_only_block(world: World) -> None:
    """There is nothing to choose."""
    world.sim.answer(text="so:\n```\nx\n```\n")
    run(world, "how?", "/copy", person=True)
    assert copied(world) == ["x\n"]


def test_copy_of_an_answer_without_code(world: World) -> None:
    """All of it is meant."""
    run(world, "just words", "/copy", person=True)
    assert copied(world) == ["just words"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("/copy",), "there is no answer yet"),
        (("hi", "/copy 1"), "the last answer has no code block\nhint: /copy all"),
        (("```\nx\n```", "/copy 2"), "the last answer has no code block 2\nhint: it has one"),
        (("```\nx\n```", "/copy no"), "the last answer has no code block no"),
        (("hi", "/copy"), "no clipboard can be reached from here\nhint: /save FILE"),
        (("/save x",), "there is no answer yet"),
        (("hi", "/save"), "/save wants a file to write to"),
        (("hi", "/save 1 x"), "the last answer has no code block"),
        (("hi", "/save ."), "is a folder"),
        (("hi", "/save no/such/folder"), "cannot be written: No such file or directory"),
        (("hi", "/save a\0b"), "cannot be written: no file can have that name"),
        (("/export",), "there is nothing to export yet"),
        (("hi", "/export talk.pdf"), "talk.pdf: what form is that?"),
        (("/attach none.txt",), "there is no file none.txt"),
        (("/attach .",), ". holds no file that git would not ignore"),
        (("/attach a\0b",), "a\0b cannot be read: no file can have that name".replace("\0", "␀")),
        (("/detach",), "nothing is attached"),
        (("/detach x",), "nothing is attached"),
    ],
)
def test_what_cannot_be_done(world: World, lines: tuple[str, ...], message: str) -> None:
    """It is an error with its reason, and no file is made."""
    run(world, *lines)
    assert message in said(world)
    assert "error: " in said(world)
    assert list(Path.cwd().iterdir()) == []


def test_save_writes_the_answer_or_a_block(world: World) -> None:
    """As it came, in UTF-8; what was written is said with its size."""
    world.sim.answer(text=ANSWER)
    run(world, "how?", "/save all of it.md", "/save 1 list.sh")
    assert Path("all of it.md").read_text(encoding="utf-8") == ANSWER
    assert Path("list.sh").read_text(encoding="utf-8") == "ls 'é'\n"
    assert "list.sh (8 bytes)" in said(world)


@pytest.mark.parametrize(("agrees", "left"), [(True, "hi"), (False, "old")])
def test_a_file_that_is_there_is_asked_about(world: World, agrees: bool, left: str) -> None:
    """It is replaced only with a yes."""
    Path("x").write_text("old", encoding="utf-8")
    run(world, "hi", "/save x", person=Person(("x is there already. Replace it?", agrees)))
    assert Path("x").read_text(encoding="utf-8") == left


def test_a_file_that_is_there_stays_where_nobody_can_agree(world: World) -> None:
    """From a pipe nothing is replaced."""
    Path("x").write_text("old", encoding="utf-8")
    run(world, "hi", "/save x")
    assert Path("x").read_text(encoding="utf-8") == "old"
    assert "error: nobody is there to ask" in said(world)


def test_export_in_three_forms(world: World) -> None:
    """The ending says which; without a name it is made of the title."""
    run(world, "What is it?", "/export talk.json", "/export talk.HTML", "/export")
    record = json.loads(Path("talk.json").read_text(encoding="utf-8"))
    assert [each["text"] for each in record["messages"]] == ["What is it?"] * 2
    assert Path("talk.HTML").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "# What is it?" in Path("what-is-it.md").read_text(encoding="utf-8")


def test_the_other_branches_are_in_the_export_as_json(world: World) -> None:
    """Nothing that was said is lost, there neither."""
    run(world, "one", "/edit two", "/export talk.json")
    record = json.loads(Path("talk.json").read_text(encoding="utf-8"))
    assert [each["text"] for each in record["messages"]] == ["two", "two"]
    assert [each["text"] for each in record["left"]] == ["one", "one"]


def test_attached_files_go_along_once(world: World) -> None:
    """Framed with their names, above the question; the one after goes without."""
    Path("a.txt").write_text("alpha\n", encoding="utf-8")
    Path("b.txt").write_text("beta", encoding="utf-8")
    run(world, "/attach a.txt", "/attach b.txt", "/attach a.txt", "/attach", "compare", "next")
    first, second = sent(world)
    data = '<data name="b.txt">\nbeta\n</data>\n\n<data name="a.txt">\nalpha\n</data>'
    assert first == [f"{NOTICE}\n\n{data}\n\ncompare"]
    assert second[-1] == "next"
    assert "a.txt (6 bytes) goes along with the next question" in said(world)
    assert "with b.txt (4 bytes), a.txt (6 bytes): about " in said(world)


def test_detach_takes_back(world: World) -> None:
    """One of them by its name, or all."""
    for name in "abc":
        Path(name).write_text(name, encoding="utf-8")
    run(world, "/attach a", "/attach b", "/detach a", "one", "/attach c", "/detach", "two")
    assert sent(world)[0] == [f'{NOTICE}\n\n<data name="b">\nb\n</data>\n\none']
    assert sent(world)[1][-1] == "two"


def test_detach_of_another_name(world: World) -> None:
    """What is there is named."""
    Path("a").write_text("a", encoding="utf-8")
    run(world, "/attach a", "/detach b")
    assert "error: no attachment is called so\nhint: there is a\n" in said(world)


def test_files_mentioned_in_a_question(world: World) -> None:
    """Those that are there go along, and the words stay as they were typed."""
    Path("a b.txt").write_text("alpha", encoding="utf-8")
    run(world, 'what is in @"a b.txt", @octocat?')
    (question,) = sent(world)[0]
    assert question.startswith(f'{NOTICE}\n\n<data name="a b.txt">\nalpha\n</data>\n\n')
    assert question.endswith('what is in @"a b.txt", @octocat?')


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (".env", b"A=1", ".env may hold secrets (by its name): it is not sent"),
        ("id_rsa", b"key", "id_rsa may hold secrets (by its name)"),
        (
            "notes",
            b"-----BEGIN RSA PRIVATE KEY-----",
            "notes may hold secrets (there seems to be a private key in line 1)",
        ),
        ("picture", b"a\0b", "picture is binary, neither text nor an image"),
        (
            "large",
            b"a" * 4_000_001,
            "large is too large: 4,000,001 bytes, and 4,000,000 are",
        ),
    ],
)
@pytest.mark.parametrize("line", ["/attach {}", "look at @{}"])
def test_what_is_not_attached(
    world: World, line: str, name: str, content: bytes, message: str
) -> None:
    """The reason is told, and nothing is sent."""
    Path(name).write_bytes(content)
    run(world, line.format(name))
    assert f"error: {message}" in said(world)
    assert sent(world) == []


def test_our_own_files_are_not_attached(world: World) -> None:
    """The key and the conversations are nobody's context."""
    run(world, f"/attach {world.home / 'conversations.db'}")
    assert "conversations.db belongs to copilot-chat itself: it is never sent" in said(world)


def test_what_was_attached_goes_along_when_asked_again(world: World) -> None:
    """`/retry` and `/edit` keep it; the words alone are changed."""
    Path("a").write_text("alpha", encoding="utf-8")
    run(world, "/attach a", "one", "/retry", "/edit two")
    frame = f'{NOTICE}\n\n<data name="a">\nalpha\n</data>\n\n'
    assert [asked[-1] for asked in sent(world)] == [frame + "one", frame + "one", frame + "two"]
    assert "again: one\n" in said(world)
