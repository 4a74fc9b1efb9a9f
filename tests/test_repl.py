"""The chat: lines, answers, commands, and how it is left."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.chat import Chat
from copilot_cli.repl.table import COMMANDS
from tests.repl_world import chat_of, chatting_world, sent
from tests.wizard_world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = chatting_world(tmp_path / "home")
    yield made
    if made.app is not None:
        made.app.close()


def test_each_question_carries_what_was_said_before(world: World) -> None:
    """The history goes along, in order."""
    assert chat_of(world, "one", "two", "three").run() == 0
    assert sent(world) == [
        ["one"],
        ["one", "one", "two"],
        ["one", "one", "two", "two", "three"],
    ]


@pytest.mark.parametrize("line", ["", "   ", "\t"])
def test_an_empty_line_does_nothing(world: World, line: str) -> None:
    """No request, no word."""
    assert chat_of(world, line).run() == 0
    assert sent(world) == []
    assert world.stderr.getvalue() == ""


@pytest.mark.parametrize("line", ["/exit", "/quit", "exit", "quit", "  /exit  "])
def test_leaving(world: World, line: str) -> None:
    """What comes after is not read."""
    assert chat_of(world, line, "never").run() == 0
    assert sent(world) == []


@pytest.mark.parametrize(
    ("line", "question"),
    [
        ("exit now?", "exit now?"),
        ("//etc/hosts is what?", "/etc/hosts is what?"),
        ("  indented", "  indented"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_what_is_a_question(world: World, line: str, question: str) -> None:
    """A line is sent as it was typed; two slashes are one."""
    chat_of(world, line).run()
    assert sent(world) == [[question]]


def test_an_unknown_command_sends_nothing(world: World) -> None:
    """It names the nearest, else where to look."""
    chat_of(world, "/modle", "/zzz", "/").run()
    said = world.stderr.getvalue()
    assert "error: there is no command /modle\nhint: did you mean /model?" in said
    assert "error: there is no command /zzz\nhint: /help lists them" in said
    assert sent(world) == []


def test_help_names_every_command(world: World) -> None:
    """And the keys."""
    chat_of(world, "/help").run()
    for command in COMMANDS:
        assert f"/{command.name}" in world.stderr.getvalue()
        assert command.help in world.stderr.getvalue()
    assert "Ctrl-D leaves" in world.stderr.getvalue()


def test_the_model_is_changed_for_what_follows(world: World) -> None:
    """The conversation goes on with the other model."""
    chat_of(world, "one", "/model sim-small", "two", "/model").run()
    models = [entry.json()["model"] for entry in world.sim.log if entry.endpoint == "chat"]
    assert models == ["sim-echo", "sim-small"]
    assert len(sent(world)[1]) == 3
    assert "* sim-small" in world.stderr.getvalue()
    assert "2k context · included" in world.stderr.getvalue()


@pytest.mark.parametrize(
    ("wanted", "message", "hint"),
    [
        ("sim-ecko", "there is no model 'sim-ecko'", "near it: sim-echo"),
        ("zzzzzz", "there is no model 'zzzzzz'", "`copilot-chat models` lists them"),
        ("sim-disabled", "sim-disabled cannot be used: not enabled", ""),
    ],
)
def test_a_model_that_cannot_be(world: World, wanted: str, message: str, hint: str) -> None:
    """The old one stays, and the reason is told."""
    chat = chat_of(world, f"/model {wanted}")
    chat.run()
    assert chat.chat.model == "sim-echo"
    assert f"error: {message}" in world.stderr.getvalue()
    assert hint in world.stderr.getvalue()


def test_a_new_conversation_forgets_and_keeps(world: World) -> None:
    """Nothing of the old one is sent; both are stored; the model stays."""
    chat = chat_of(world, "one", "/model sim-small", "/new", "two")
    chat.run()
    assert sent(world) == [["one"], ["two"]]
    assert chat.chat.model == "sim-small"
    assert len(chat.app.sessions.recent()) == 2


@pytest.mark.parametrize(("person", "code"), [(False, 5), (True, 0)])
def test_the_last_failed_turn_is_the_exit_code_of_a_pipe(
    world: World, person: bool, code: int
) -> None:
    """A person has seen the failures; a script has only the code."""
    world.sim.answer(text="cut", finish="length")
    refusal = {"error": {"code": "quota_exceeded", "message": "no"}}
    chat = chat_of(world, "one", "two", "three", person=person)
    pass_on = world.handle_request

    def second_fails(request: Any) -> Any:
        if world.endpoints.count("chat") == 1 and "chat" in request.url.path:
            world.sim.fault("chat", status=402, body=refusal)
        return pass_on(request)

    world.handle_request = second_fails  # type: ignore[method-assign]
    assert chat.run() == code
    assert world.stderr.getvalue().count("error:") == 2


def test_a_failed_question_is_not_part_of_what_follows(world: World) -> None:
    """It got no answer, so the next goes without it."""
    world.sim.fault("chat", status=403, body="no")
    chat_of(world, "one", "two").run()
    assert sent(world)[-1] == ["two"]


class Stops:
    """An answer that Ctrl-C stops after its first words."""

    def __init__(self, chat: Chat) -> None:
        self._send = chat.send

    def __call__(self, content: Any, *, initiator: Any = "user") -> Any:
        events = self._send(content, initiator=initiator)
        for event in events:
            yield event
            if type(event).__name__ == "Text":
                events.throw(KeyboardInterrupt)


def test_ctrl_c_stops_the_answer_and_not_the_chat(world: World) -> None:
    """What came is said to be kept, and goes along with the next question."""
    world.sim.answer(deltas=["One. ", "Two."])
    chat = chat_of(world, "count", "and now?", person=True)
    send = chat.chat.send
    chat.chat.send = Stops(chat.chat)  # type: ignore[method-assign]
    chat.handle("count")
    assert "stopped; what came is kept" in world.stderr.getvalue()
    chat.chat.send = send  # type: ignore[method-assign]
    chat.handle("and now?")
    assert sent(world)[-1] == ["count", "One. ", "and now?"]


def test_a_second_ctrl_c_does_not_end_the_chat(world: World) -> None:
    """It is pressed twice more often than once, and then comes before the prompt is back."""
    chat = chat_of(world, KeyboardInterrupt(), "hello", person=True)
    assert chat.run() == 0
    assert sent(world) == [["hello"]]


def test_ctrl_c_stops_a_command(world: World) -> None:
    """A plan that does not come is not worth the conversation."""

    def stopped(request: Any) -> Any:
        raise KeyboardInterrupt

    chat = chat_of(world, "/usage", "hello", person=True)
    pass_on, world.handle_request = world.handle_request, stopped  # type: ignore[method-assign]
    read = chat.lines.read

    def then_goes_on(prompt: str, default: str = "", typed: bytes = b"") -> str:
        line = read(prompt)
        if line == "hello":
            world.handle_request = pass_on  # type: ignore[method-assign]
        return line

    chat.lines.read = then_goes_on  # type: ignore[method-assign]
    assert chat.run() == 0
    assert sent(world) == [["hello"]]


def test_ctrl_c_ends_a_chat_that_reads_a_pipe(world: World) -> None:
    """Nobody is there to go on: 130, as for any script."""
    world.sim.answer(deltas=["One. ", "Two."])
    chat = chat_of(world, "count", "never")
    chat.chat.send = Stops(chat.chat)  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        chat.run()
    assert len(sent(world)) == 1


def test_from_a_pipe_stdout_has_the_answers_alone(world: World) -> None:
    """The command, line by line: answers on stdout, the failed command on stderr, its code 0."""
    code, out, err = world.run("repl", stdin="hello\n\n/nonesuch\nyou\n")
    assert (code, out) == (0, "helloyou")
    assert "there is no command /nonesuch" in err


def test_a_chat_without_a_record(world: World) -> None:
    """`--no-save` leaves neither conversation nor input lines on disk."""
    assert world.run("repl", "--no-save", stdin="hello\n")[0] == 0
    assert not {"conversations.db", "history"} & world.files()


def test_a_system_text_goes_before_everything(world: World) -> None:
    """`-s` holds for the whole chat, also after /new."""
    world.run("repl", "-s", "be brief", stdin="one\n/new\ntwo\n")
    assert sent(world) == [["be brief", "one"], ["be brief", "two"]]


def test_signed_out_and_nobody_there(world: World) -> None:
    """No wizard without a person: exit code 3 with what to do."""
    del world.environ["COPILOT_CHAT_TOKEN"]
    code, out, err = world.run("repl", stdin="hello\n")
    assert (code, out) == (3, "")
    assert "hint: run `copilot-chat onboard`" in err
