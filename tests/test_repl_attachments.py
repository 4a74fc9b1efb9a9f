"""What goes along with a question of the chat: attached, mentioned, or dropped on the line."""

import sys
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.conversation import Conversation, Manner
from copilot_cli.prompt import NOTICE
from copilot_cli.repl.loop import Repl
from tests.attachment_world import WebWorld, placed, write
from tests.pictures_made import GIF, PNG
from tests.repl_world import Line, Typing, said
from tests.wizard_world import Person

TOKEN = "ghp_madeUpForTests000000000000000000000000"


class Prompted(Typing):
    """Keeps what the prompt was, too."""

    def __init__(self, *lines: Line) -> None:
        super().__init__(*lines)
        self.prompts: list[str] = []

    def read(self, prompt: str, default: str = "", typed: bytes = b"") -> str:
        self.prompts.append(prompt)
        return super().read(prompt, default, typed)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WebWorld:
    return placed(tmp_path, monkeypatch)[0]


def talk(world: WebWorld, *lines: Line, person: Person | None = None) -> tuple[Repl, list[str]]:
    """Run a chat that reads `lines`; return it, and its prompts."""
    app = world.build(person)
    typing = Prompted(*lines)
    conversation = Conversation(app, app.sessions, Manner())
    chat = Repl(app, conversation, lambda repl: typing)
    chat.run()
    app.close()
    return chat, typing.prompts


def told(world: WebWorld) -> list[Any]:
    """The content of the last message of each question."""
    return [each["messages"][-1]["content"] for each in world.asked()]


def test_an_image_is_mentioned_or_attached(world: WebWorld) -> None:
    """It is a part of the question, before its words."""
    write(Path.cwd(), {"a b.png": PNG})
    talk(world, 'what is @"a b.png"?', "/attach 'a b.png'", "and this?")
    first, second = told(world)
    assert [part["type"] for part in first] == ["text", "image_url", "text"]
    assert first[2]["text"] == 'what is @"a b.png"?'
    assert [part["type"] for part in second] == ["text", "image_url", "text"]
    assert f"with a b.png ({len(PNG)} bytes PNG): about 1.6k tokens" in said(world)


@pytest.mark.parametrize("form", ["{}", "'{}'", '"{}"', "{escaped}", "file://{}"])
def test_an_image_that_is_dropped_on_the_line(world: WebWorld, form: str) -> None:
    """As terminals paste its path; the words stay as they are."""
    name = "my pic.PNG" if "'" in form or '"' in form or "escaped" in form else "pic.PNG"
    write(Path.cwd(), {name: PNG})
    path = str(Path.cwd() / name)
    pasted = form.format(path, escaped=path.replace(" ", "\\ "))
    talk(world, f"what is {pasted}, please?")
    (content,) = told(world)
    assert content[1]["type"] == "image_url"
    assert content[2]["text"] == f"what is {pasted}, please?"


@pytest.mark.skipif(sys.platform == "win32", reason="no folder goes that somebody is in")
def test_a_chat_goes_on_in_a_folder_that_is_gone(world: WebWorld) -> None:
    """A sentence has a full stop in it, and means no file; one that is named is missed."""
    Path.cwd().rmdir()
    lines = ("Go on. See @notes.md.", "/attach notes.md", "/save x", "Go on.")
    talk(world, *lines, person=Person())
    assert told(world) == ["Go on. See @notes.md.", "Go on."]
    assert said(world).count("the folder you are in is gone") == 2


@pytest.mark.parametrize("words", ["see {}/notes.txt", "see {}/none.png", "see pic.png", "a.b.c"])
def test_other_paths_are_words(world: WebWorld, words: str) -> None:
    """A text has to be mentioned, an image to be there, its path to be whole."""
    write(Path.cwd(), {"notes.txt": "x", "pic.png": PNG})
    line = words.format(Path.cwd())
    talk(world, line)
    assert told(world) == [line]


def test_a_folder_and_changes_and_pages(world: WebWorld) -> None:
    """All that `ask -f` takes; a folder is taken back as one."""
    write(Path.cwd(), {"src/a.py": "1", "src/b.py": "22", "note": "x"})
    world.page("https://example.com/a", b"hello", "text/plain")
    lines = ("/attach src", "/attach note", "/attach https://example.com/a", "/attachments")
    _, prompts = talk(world, *lines, "/detach src/", "why?")
    assert "src: 2 files (3 bytes) go along with the next question" in said(world)
    assert "https://example.com/a (5 bytes) goes along with the next question" in said(world)
    (content,) = told(world)
    assert "src/a.py" not in content
    assert '<data name="note">\nx\n</data>\n\n<data name="https://example.com/a">' in content
    assert prompts == [
        *("> ", "(+2, 3 bytes) > ", "(+3, 4 bytes) > ", "(+4, 9 bytes) > ", "(+4, 9 bytes) > "),
        *("(+2, 6 bytes) > ", "> "),
    ]


def test_no_question_is_sent_from_a_pipe_without_what_was_to_go_along(world: WebWorld) -> None:
    """Nobody has seen that it cannot: exit code 2, for the question that follows alone."""
    chat, _ = talk(world, "/attach none", "why?")
    assert chat.exit_code == 2
    assert "none could not be attached: the question is not sent" in said(world)
    assert told(world) == []
    chat, _ = talk(world, "/attach none", "why?", "and then?")
    assert (chat.exit_code, told(world)) == (2, ["and then?"])


def test_a_person_who_has_seen_it_asks_on(world: WebWorld) -> None:
    """What cannot be attached is told, and the next question is one as ever."""
    talk(world, "/attach none", "why?", person=Person())
    assert told(world) == ["why?"]


def test_what_was_attached_is_detached_as_it_was_written(world: WebWorld) -> None:
    """With or without `./`, and with slashes."""
    write(Path.cwd(), {"a": "x", "src/b": "y", "src/c": "z"})
    talk(world, "/attach ./a", "/attach ./src/", "/detach ./a", "/detach ./src/b", "why?")
    (content,) = told(world)
    assert content.count("<data name=") == 1
    assert '<data name="src/c">' in content


@pytest.mark.parametrize("agrees", [True, False])
def test_what_may_hold_a_secret_is_asked_about(world: WebWorld, agrees: bool) -> None:
    """No is the default, and sends nothing."""
    write(Path.cwd(), {"token": f"x\n{TOKEN}"})
    question = "token may hold secrets (there seems to be a github token in line 2). Send it all"
    person = Person((question, agrees))
    talk(world, "what is @token?", person=person)
    assert person.asked[0].default is False
    assert not person.answers
    assert len(told(world)) == agrees
    assert ("error: token is not sent, nor is anything else" in said(world)) != agrees


def test_without_a_person_it_is_not_sent(world: WebWorld) -> None:
    """Who could agree is said, and the exit code tells."""
    write(Path.cwd(), {".env": "A=1"})
    chat, _ = talk(world, "what is @.env?")
    assert "hint: on a terminal you are asked" in said(world)
    assert told(world) == []
    assert chat.exit_code == 2


def test_a_command_that_prints_a_secret(world: WebWorld) -> None:
    """Its output is asked about twice: whether it goes along, and whether that is meant."""
    person = Person(
        ("Run", True), ("Send its output", True), ("may hold secrets (there seems", False)
    )
    talk(world, f"!echo {TOKEN}", "why?", person=person)
    assert told(world) == ["why?"]
    assert not person.answers


def test_a_question_with_an_image_is_asked_again_with_it(world: WebWorld) -> None:
    """By `/retry`, `/edit` and `/resume`; only the words are changed."""
    write(Path.cwd(), {"a.png": PNG, "b.txt": "two"})
    first = ("/attach a.png", "one @b.txt", "/retry", "/edit three")
    chat, _ = talk(world, *first)
    contents = told(world)
    assert len(contents) == 3
    assert contents[0] == contents[1]
    assert contents[2][:2] == contents[0][:2]
    data = '<data name="b.txt">\ntwo\n</data>\n\n'
    assert contents[0][2]["text"] == data + "one @b.txt"
    assert contents[2][2]["text"] == data + "three"
    assert "again: one @b.txt\n" in said(world)
    assert chat.talk.id is not None
    talk(world, f"/resume {chat.talk.id}", "go on")
    messages = world.asked()[-1]["messages"]
    assert messages[0]["content"] == contents[2]


def test_what_goes_along_anyway_is_not_sent_twice(world: WebWorld) -> None:
    """An edited question mentions it again; what it mentions besides goes along, too."""
    write(Path.cwd(), {"a b.png": PNG, 'b".txt': "two", "c": "three"})
    words = '@"a b.png" and @b".txt'
    talk(world, '/attach b".txt', words, f"/edit {words} and @c")
    first, second = told(world)
    assert [part["type"] for part in second] == ["text", "image_url", "text"]
    assert second[:2] == first[:2]
    assert second[2]["text"].count("<data name=") == 1
    assert '<data name="c">\nthree\n</data>' in second[2]["text"]
    assert second[2]["text"].endswith(f"{words} and @c")


def test_the_model_is_asked_first(world: WebWorld) -> None:
    """Nothing is sent to one that takes no images; what waits goes on to wait."""
    write(Path.cwd(), {"a.png": PNG})
    chat, prompts = talk(
        world, "/attach a.png", "/model sim-reason", "one", "/model sim-echo", "two"
    )
    assert "error: sim-reason takes no images\nhint: these do: sim-echo" in said(world)
    assert [content[2]["text"] for content in told(world)] == ["two"]
    assert prompts[3] == prompts[1]
    assert prompts[-1] == "> "
    assert chat.exit_code == 2


def test_an_older_image_makes_place_for_a_newer(world: WebWorld) -> None:
    """The model takes one; that is said once."""
    write(Path.cwd(), {"a.png": PNG, "b.gif": GIF})
    talk(world, "one @a.png", "two @b.gif", "three")
    last = world.asked()[-1]["messages"]
    assert isinstance(last[0]["content"], str)
    assert last[2]["content"][1]["image_url"]["url"].startswith("data:image/gif")
    assert said(world).count("an image is not sent any more: sim-echo takes 1 at a time") == 1


def test_nothing_is_said_to_be_data_where_nothing_goes_along(world: WebWorld) -> None:
    """A word like any other."""
    talk(world, "just words, e.g. these")
    assert told(world) == ["just words, e.g. these"]
    assert NOTICE not in str(world.asked())
