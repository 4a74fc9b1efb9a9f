"""`/new`, `/private`, `/sessions`, `/resume`, `/rename`, `/search`, `/fork`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_cli.repl.loop import Input, Repl
from tests.repl_world import chat_of, chatting_world, models_asked, run, said, sent
from tests.wizard_world import Person, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = chatting_world(tmp_path / "home")
    yield made
    if made.app is not None:
        made.app.close()


def test_a_private_conversation_leaves_nothing(world: World) -> None:
    """From the command on nothing goes to disk, and the commands still work."""
    run(world, "/private", "one", "two", "/undo", "/redo", "/rename mine", "/sessions", "/new", "x")
    assert "private from now on" in said(world)
    assert "“two”" in said(world)
    assert "1*" in said(world)
    kept = [name for name in world.files() if not name.startswith("cache/models-")]
    stored = [(world.home / name).read_bytes() for name in kept]
    assert not any(b"two" in content for content in stored)
    assert sent(world)[1] == ["one", "one", "two"]
    assert sent(world)[2] == ["x"]


def test_private_makes_the_input_anew(world: World) -> None:
    """At a terminal the lines that are typed are not written down either."""
    made: list[bool] = []
    chat = chat_of(world, person=True)
    lines = chat.lines

    def make(repl: Repl) -> Input:
        made.append(repl.private)
        return lines

    chat._make_lines = make
    chat.handle("/private")
    assert made == [True]


def test_sessions_are_listed_the_last_one_first(world: World) -> None:
    """With numbers, and a mark at the one that is open."""
    chat = chat_of(world)
    for line in ("first one", "/new", "second one", "/sessions", "/sessions 1"):
        world.time += 1
        chat.handle(line)
    rows = [line.split() for line in said(world).splitlines() if line[:1] in "12"]
    assert [(row[0], row[-2]) for row in rows] == [
        ("1*", "second"),
        ("2", "first"),
        ("1*", "second"),
    ]


def test_no_session_to_list(world: World) -> None:
    """An empty store is no error."""
    run(world, "/sessions")
    assert said(world) == "no conversation is stored yet\n"


def test_a_private_chat_does_not_deny_what_is_stored(world: World) -> None:
    """It lists its own only, and says so: what was stored before is still there."""
    run(world, "one", "/private", "/sessions")
    assert "a private chat knows its own conversations only" in said(world)
    assert "no conversation is stored" not in said(world)


@pytest.mark.parametrize("reference", ["2", "first one", "FIRST", "id"])
def test_resume_goes_on_with_a_stored_one(world: World, reference: str) -> None:
    """By number, title, the beginning of a title, or id."""
    chat = chat_of(world, "first one")
    chat.run()
    wanted = chat.talk.id or ""
    if reference == "id":
        reference = wanted
    world.time += 1
    run(world, "second one", f"/resume {reference}", "third")
    assert sent(world)[-1] == ["first one", "first one", "third"]
    assert "going on with “first one” (1 question, sim-echo)" in said(world)


def test_resume_has_the_model_of_the_conversation(world: World) -> None:
    """Who answered last answers again."""
    run(world, "/model sim-small", "one", "/new", "/model sim-echo", "two", "/resume one", "three")
    assert models_asked(world) == ["sim-small", "sim-echo", "sim-small"]


def test_resume_at_a_terminal_lets_one_choose(world: World) -> None:
    """And shows how the conversation ended."""
    person = Person(("Which conversation?", "x"))
    chat = chat_of(world, "one", "/new", "two", "/resume", "three", person=person)
    chat.handle("one")
    person.answers = [("Which conversation?", chat.talk.id)]
    chat.lines.read("> ")
    chat.run()
    assert sent(world)[-1] == ["one", "one", "three"]
    assert [option.label for option in person.asked[0].options.values()] == ["one"]
    assert "> one\n" in said(world)
    assert world.stdout.getvalue().count("one") == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("/resume", "there is no other conversation to go on with"),
        ("/resume nonesuch", "there is no conversation with this id or title"),
        ("/resume 7", "there is no conversation with this id or title\nhint: /sessions lists them"),
        ("/rename", "/rename wants a title"),
        ("/rename  ", "/rename wants a title"),
        ("/search", "/search wants words to look for"),
        ("/fork", "there is nothing to fork yet"),
        ("/fork me", "this command takes nothing after its name"),
        ("/new one", "this command takes nothing after its name"),
        ("/private one", "this command takes nothing after its name"),
        ("/sessions all", "'all' is no number from 1 to 1000"),
    ],
)
def test_what_cannot_be_done(world: World, line: str, message: str) -> None:
    """It is an error with its reason, and nothing is sent."""
    run(world, line)
    assert f"error: {message}" in said(world)
    assert sent(world) == []


def test_resume_from_a_pipe_wants_a_name(world: World) -> None:
    """Nobody is there to choose."""
    run(world, "one", "/new", "two", "/resume")
    assert "error: /resume wants a number, an id or a title\nhint: /sessions lists them" in said(
        world
    )


def test_rename(world: World) -> None:
    """The title is another one from then on."""
    chat = run(world, "one", "/rename Of  numbers")
    assert chat.talk.sessions.find("of numbers").id == chat.talk.id
    assert "the title is now" in said(world)


def test_search_finds_what_was_said(world: World) -> None:
    """In all conversations, with the words around it."""
    run(world, "the quick fox", "/new", "slow", "/search quick", "/search nonesuch")
    assert said(world).count("the quick fox") >= 2
    assert "nothing was found\n" in said(world)


def test_fork_leaves_the_original(world: World) -> None:
    """What is asked then is in the copy alone."""
    chat = chat_of(world, "one", "/fork", "two")
    chat.handle("one")
    original = chat.talk.id
    chat.lines.read("> ")
    chat.run()
    assert sent(world)[-1] == ["one", "one", "two"]
    assert [turn.text for turn in chat.talk.sessions.history(original)] == ["one", "one"]
    assert "in a copy from here on: “one (fork)”" in said(world)


def test_a_database_that_cannot_be_written_costs_no_command(world: World) -> None:
    """It is said once; the conversation is in memory, and can be undone all the same."""
    (world.home / "conversations.db").mkdir(parents=True)
    run(world, "one", "two", "/undo", "three")
    assert sent(world)[-1] == ["one", "one", "three"]
    assert said(world).count("conversations are not saved") == 1


@pytest.mark.parametrize("words", [("--continue",), ("-c",), ("--session", "on")])
def test_the_chat_goes_on_with_a_stored_conversation(world: World, words: tuple[str, ...]) -> None:
    """`repl --continue` and `repl --session`."""
    world.run("repl", stdin="one\n")
    assert world.run("repl", *words, stdin="two\n")[:2] == (0, "two")
    assert sent(world)[-1] == ["one", "one", "two"]


@pytest.mark.parametrize("command", ["repl", "ask"])
def test_who_answers_when_a_conversation_goes_on(world: World, command: str) -> None:
    """An option, a variable, else who answered last; the settings only for a new one."""
    world.run("repl", "-m", "sim-small", stdin="one\n")
    world.run("config", "set", "model", "sim-docs")
    world.run(command, "-c", "-m", "sim-tool", stdin="two\n")
    world.run(command, "-c", stdin="three\n")
    world.environ.pop("COPILOT_CHAT_MODEL")
    world.time += 1
    world.run("repl", "-m", "sim-small", stdin="four\n")
    world.run(command, "-c", stdin="five\n")
    world.run(command, stdin="six\n")
    assert models_asked(world)[:3] == ["sim-small", "sim-tool", "sim-echo"]
    assert models_asked(world)[3:] == ["sim-small", "sim-small", "sim-docs"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("repl", "--continue"), "there is no conversation to go on with"),
        (("repl", "--session", "x"), "there is no conversation with this id or title"),
        (("repl", "--private", "--continue"), "a private chat goes on with no stored one"),
        (("ask", "-c", "hello"), "there is no conversation to go on with"),
        (("ask", "--no-save", "-c", "hello"), "what is gone on with is saved"),
    ],
)
def test_nothing_to_go_on_with(world: World, words: tuple[str, ...], message: str) -> None:
    """Exit code 2, and nothing is sent."""
    code, _, err = world.run(*words)
    assert (code, sent(world)) == (2, [])
    assert f"error: {message}" in err


def test_private_from_a_pipe_reads_on(world: World) -> None:
    """The lines after the command are read, and nothing of them is on disk."""
    assert world.run("repl", stdin="/private\nhello\n")[:2] == (0, "hello")
    stored = [(world.home / name).read_bytes() for name in world.files()]
    assert not any(b"hello" in content for content in stored)


@pytest.mark.parametrize("option", ["--private", "--no-save"])
def test_a_private_chat_from_the_start(world: World, option: str) -> None:
    """Neither conversation nor lines are on disk, and undo works."""
    assert world.run("repl", option, stdin="one\n/undo\n")[0] == 0
    assert not {"conversations.db", "history"} & world.files()
