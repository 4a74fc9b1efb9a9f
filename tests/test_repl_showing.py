"""`/model`, `/effort`, `/system`, `/role`, `/tokens`, `/usage`, `/thinking`, `/theme`, `/set`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.conversation import Manner
from copilot_cli.repl.loop import Input, Repl
from copilot_cli.repl.settling import NAMES
from tests.repl_world import chat_of, chatting_world, models_asked, run, said, sent
from tests.wizard_world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = chatting_world(tmp_path / "home")
    yield made
    if made.app is not None:
        made.app.close()


def bodies(world: World) -> list[dict[str, Any]]:
    """What was sent, whole."""
    return [entry.json() for entry in world.sim.log if entry.endpoint == "chat"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("/model nonesuch", "there is no model 'nonesuch'"),
        ("/effort high", "sim-echo has no effort high"),
        ("/role nonesuch", "there is no such role"),
        ("/tokens all", "this command takes nothing after its name"),
        ("/usage all", "this command takes nothing after its name"),
        ("/thinking all", "this command takes nothing after its name"),
        ("/theme pink", "theme must be one of auto, light, dark"),
        ("/set meter", ""),
        ("/set meter perhaps", "meter must be one of auto, on, off"),
        ("/set model x", "a chat has no setting model\nhint: it has keys, meter"),
        ("/set nonesuch", "a chat has no setting nonesuch"),
        ("/help nonesuch", "there is no command /nonesuch"),
    ],
)
def test_wrong_arguments(world: World, line: str, message: str) -> None:
    """An error with its reason, and nothing is sent."""
    run(world, line)
    assert (f"error: {message}" in said(world)) == bool(message)
    assert sent(world) == []


def test_help_on_one_command(world: World) -> None:
    """With or without its slash."""
    run(world, "/help copy", "/help /undo")
    assert said(world) == (
        "/copy [N|all]\n  copy a code block, or the whole answer\n"
        "/undo [N]\n  take back the last question and its answer\n"
    )


def test_effort_is_sent_to_a_model_that_has_it(world: World) -> None:
    """The levels are listed; `none` leaves it to the model."""
    run(world, "/model sim-reason", "/effort", "/effort high", "one", "/effort none", "two")
    assert [body.get("reasoning_effort") for body in bodies(world)] == ["high", None]
    assert "effort: the model’s own (of " in said(world)
    assert "effort: high (of " in said(world)


def test_instructions_are_shown_and_changed(world: World) -> None:
    """They hold from the next question on, whatever was said before."""
    lines = ("/system", "/system be brief", "/system", "one", "/system none", "two")
    run(world, *lines)
    assert sent(world) == [["be brief", "one"], ["one", "one", "two"]]
    assert said(world) == (
        "no instructions of yours: /system TEXT gives some\nyour instructions hold from now on\n"
        "yours:\nbe brief\nno instructions of yours\n"
    )


def roles(world: World) -> None:
    folder = world.home / "roles"
    folder.mkdir(parents=True)
    head = '+++\nmodel = "sim-small"\ntemperature = 0.5\n+++\n'
    (folder / "poet.md").write_text(f"{head}Write in verse.", encoding="utf-8")


def test_a_role_brings_instructions_and_model(world: World) -> None:
    """From the next question on; `none` takes the instructions back."""
    roles(world)
    run(world, "/role poet", "one", "/system briefly", "two", "/role none", "three", "/system")
    assert [messages[0] for messages in sent(world)] == [
        "Write in verse.",
        "Write in verse.\n\nbriefly",
        "briefly",
    ]
    assert models_asked(world) == ["sim-small"] * 3
    assert [body.get("temperature") for body in bodies(world)] == [0.5, 0.5, None]
    assert "role: poet; model: sim-small\n" in said(world)


def test_roles_are_listed(world: World) -> None:
    """The one that is taken has a mark."""
    roles(world)
    run(world, "/role", "/role poet", "/role", "/system")
    assert "  poet     Write in verse.\n" in said(world)
    assert "* poet     Write in verse.\n" in said(world)
    assert "of the role poet:\nWrite in verse.\n" in said(world)
    shell = next(line for line in said(world).splitlines() if line.startswith("  shell "))
    assert shell.endswith("…")  # what is cut says so


@pytest.mark.parametrize("command", ["repl", "ask"])
def test_a_role_from_the_command_line(world: World, command: str) -> None:
    """`-r` takes a role; an option still names the model."""
    roles(world)
    world.environ.pop("COPILOT_CHAT_MODEL")
    world.run(command, "-r", "poet", stdin="one\n")
    world.run(command, "-r", "poet", "-m", "sim-echo", stdin="two\n")
    assert models_asked(world) == ["sim-small", "sim-echo"]
    assert sent(world)[0][0] == "Write in verse."


def test_the_context_of_the_folder_goes_along(world: World) -> None:
    """After the instructions, in every request."""
    run(world, "one", "/system", manner=Manner(system="be brief", context="the files"))
    assert sent(world) == [["be brief\n\nthe files", "one"]]
    assert "files of this folder go along (9 characters)\n" in said(world)


def test_tokens(world: World) -> None:
    """An estimate before the service has counted, its figures after."""
    run(world, "/tokens", "hello", "/model", "/model sim-echo", "/tokens")
    before, after = said(world).split("model", 1)[1].rsplit("the next question", 1)
    assert "about 0 tokens" in before
    assert "2 tokens of 112k (0 %)" in after
    assert "1 in" in after
    assert "1 out" in after


def test_usage(world: World) -> None:
    """The plan, and what is left, as the command `usage` says it."""
    run(world, "/usage")
    assert "premium interactions  240 of 300 left, 80 %\n" in said(world)
    run(world, "/usage", person=True)
    assert "premium interactions  240 of 300 left, 80 %  " in said(world)
    assert "██" in said(world)


def test_thinking_shows_what_was_thought(world: World) -> None:
    """Of the last answer; it is no part of the answer itself."""
    world.sim.answer(reasoning="Hm, well.", text="Yes.")
    run(world, "/thinking", "one", "/thinking", manner=Manner())
    assert said(world).startswith("the model has thought nothing aloud\n")
    assert said(world).endswith("Hm, well.\n")
    assert world.stdout.getvalue() == "Yes."


def test_thinking_can_be_hidden(world: World) -> None:
    """Then nothing of it is shown until it is asked for."""
    world.sim.answer(reasoning="Hm, well.", text="Yes.")
    run(world, "/set thinking hidden", "one")
    assert "Hm" not in said(world)


def test_settings_of_the_chat(world: World) -> None:
    """They are listed, hold for this run, and how to make them last is said."""
    chat = run(world, "/set", "/set theme dark", "/theme", "/theme light", "/set render never")
    for name in NAMES:
        assert f"{name} " in said(world)
    assert "theme: dark in this chat; for good: copilot-chat config set theme dark\n" in said(world)
    assert "theme: dark (option)\n" in said(world)
    assert (chat.app.settings.theme, chat.app.settings.render) == ("light", "never")
    assert world.config == ""


def test_other_keys_make_the_input_anew(world: World) -> None:
    """At a terminal, at once."""
    chat = chat_of(world, person=True)
    made: list[str] = []
    lines = chat.lines

    def make(repl: Repl) -> Input:
        made.append(repl.app.settings.keys)
        return lines

    chat._make_lines = make
    chat.handle("/set keys vi")
    assert made == ["vi"]


@pytest.mark.parametrize(
    ("lines", "person", "told"),
    [
        (("one",), True, True),
        (("one",), False, False),
        (("/set meter on", "one"), False, True),
        (("/set meter off", "one"), True, False),
    ],
)
def test_the_line_on_what_a_turn_took(
    world: World, lines: tuple[str, ...], person: bool, told: bool
) -> None:
    """At a terminal, or where it is wanted."""
    run(world, *lines, person=person)
    assert (" out · " in said(world)) == told


def test_the_meter_in_the_prompt(world: World) -> None:
    """Nothing before the first turn; then the service's count, of the model's window."""
    meters: list[str] = []
    chat = chat_of(world, "hello", "/set meter off", person=True)
    read = chat.lines.read

    def note(prompt: str, default: str = "", typed: bytes = b"") -> str:
        meters.append(chat.saying.meter())
        return read(prompt, default, typed)

    chat.lines.read = note  # type: ignore[method-assign]
    chat.run()
    assert meters == ["", "2/112k tokens (0%)", ""]


def test_the_effort_holds_for_the_next_conversation(world: World) -> None:
    """As the model does."""
    run(world, "/model sim-reason", "/effort high", "/new", "one")
    assert bodies(world)[0]["reasoning_effort"] == "high"


@pytest.mark.parametrize(("questions", "told"), [(("cut",), True), (("whole", "cut"), False)])
def test_no_price_is_guessed_in_another_unit(
    world: World, questions: tuple[str, ...], told: bool
) -> None:
    """An answer that was cut has no price; what the list says counts where nothing else does."""
    for question in questions:
        world.sim.answer(deltas=["a ", "b"], cut_after=1 if question == "cut" else None)
    run(world, *questions, person=True)
    assert ("1 premium request" in said(world)) == told
