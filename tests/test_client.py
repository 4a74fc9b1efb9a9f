"""The library: a person's own script has their sign-in and the same stream, and asks nobody."""

import ast
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import copilot_cli
from copilot_cli import (
    Client,
    CopilotChatError,
    End,
    FilteredError,
    IncompleteError,
    Notice,
    SignInError,
    Text,
    ToolResult,
    UsageError,
    UsageReport,
)
from tests.pictures_made import PNG
from tests.repl_world import chatting_world
from tests.wizard_world import World

ROOT = Path(__file__).parent.parent


@pytest.fixture
def world(tmp_path: Path) -> World:
    return chatting_world(tmp_path / "home")


def client(world: World, **options: object) -> Client:
    """The person's client, over the simulator."""
    return Client(environ=world.environ, transport=world.sim.transport(), **options)  # type: ignore[arg-type]


def test_five_lines_are_enough(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    """The events are the program's own; nothing is printed."""
    told = list(client(world).ask("Grüezi"))
    assert "".join(event.text for event in told if isinstance(event, Text)) == "Grüezi"
    assert told[-1] == End("stop", complete=True)
    assert any(isinstance(event, UsageReport) for event in told)
    assert capfd.readouterr() == ("", "")


def test_the_stored_sign_in_is_used(tmp_path: Path) -> None:
    """The one that `onboard` made, with the model it chose."""
    world = World(tmp_path / "home")
    world.onboard(store="keyfile", yes=True, method="device")
    with client(world) as own:
        assert own.answer("copy that")
    assert world.sim.log[-1].endpoint == "chat"
    assert json.loads(world.sim.log[-1].body)["model"] == "sim-docs"


def test_the_arguments_are_the_options(world: World) -> None:
    """Of the client, and of one question."""
    with client(world, model="sim-docs", retries=0) as own:
        own.answer("?", system="Be brief.", model="sim-echo", temperature=1.5, stop=["END"])
    body = world.sim.log[-1].json()
    assert body["model"] == "sim-echo"
    assert body["temperature"] == 1.5
    assert [each["content"] for each in body["messages"]] == ["Be brief.", "?"]


def test_a_conversation_goes_on(world: World) -> None:
    """Each turn carries those before it, and is kept where that is asked for."""
    with client(world) as own:
        talk = own.chat(save=True)
        for text in ("one", "two"):
            list(talk.send(text))
        assert [each.text for each in talk.history] == ["one", "one", "two", "two"]
    assert "one" in world.run("sessions", "show")[1]


def test_nothing_is_stored_unless_asked_for(world: World) -> None:
    """As `ask --no-save`."""
    with client(world) as own:
        own.answer("secret thoughts")
    assert world.run("sessions", "list")[1] == ""


def test_what_the_program_would_say_comes_as_a_notice(world: World) -> None:
    """In its place among the events."""
    del world.environ["COPILOT_CHAT_MODEL"]
    with client(world) as own:
        told = list(own.ask("hi"))
    assert told[0] == Notice("model: sim-docs (the service's default; choose with -m)")


def test_what_is_said_in_a_conversation_comes_as_a_notice_of_its_turn(world: World) -> None:
    """And not in the answer of another one."""
    del world.environ["COPILOT_CHAT_MODEL"]
    with client(world) as own:
        for told in (list(own.chat().send("?")), list(own.ask("?"))):
            notices = [each.message for each in told if isinstance(each, Notice)]
            assert notices == ["model: sim-docs (the service's default; choose with -m)"]
            assert isinstance(told[-1], End)


def test_what_is_said_when_the_answer_is_kept_comes_before_the_end(world: World) -> None:
    """The end is the last event, whatever becomes of the store."""
    stored, told = Path(world.environ["COPILOT_CHAT_HOME"]) / "conversations.db", []
    with client(world, model="sim-echo") as own:
        for event in own.ask("?", save=True):
            told.append(event)
            if isinstance(event, Text):
                with closing(sqlite3.connect(stored)) as other:
                    other.execute("DROP TABLE parts")
    assert any(isinstance(each, Notice) for each in told)
    assert isinstance(told[-1], End)


def test_the_models(world: World) -> None:
    """As the service lists them."""
    with client(world) as own:
        assert "sim-echo" in [model.id for model in own.models()]


def test_who_is_not_signed_in_hears_it(world: World) -> None:
    """With the exit code that the program would have."""
    del world.environ["COPILOT_CHAT_TOKEN"]
    with pytest.raises(SignInError) as caught:
        client(world).answer("hi")
    assert (caught.value.exit_code, caught.value.hint) == (3, "run `copilot-chat onboard`")
    assert isinstance(caught.value, CopilotChatError)


def test_one_stop_is_one_text(world: World) -> None:
    """And not its letters."""
    client(world).answer("?", stop="END")
    assert world.sim.log[-1].json()["stop"] == ["END"]


def test_a_closed_client_answers_nothing(world: World) -> None:
    """It says so."""
    with client(world) as own:
        pass
    with pytest.raises(UsageError, match="the client is closed"):
        own.answer("?")
    assert world.sim.log == []


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_blank_question_is_not_sent(world: World, text: str) -> None:
    """As `ask` refuses it."""
    with pytest.raises(UsageError):
        client(world).answer(text)
    assert world.sim.log == []


def test_a_wrong_option_is_told(world: World) -> None:
    """By the name of the command line."""
    with pytest.raises(UsageError, match="--retries"):
        client(world, retries=-1).answer("hi")


def test_an_answer_that_was_cut_is_an_error_of_answer_alone(world: World) -> None:
    """`ask` gives what came, and says with its last event that it is not whole."""
    world.sim.answer("a whole story", finish="length")
    world.sim.answer("a whole story", finish="length")
    told = list(client(world).ask("?"))
    assert isinstance(told[-1], End)
    assert (told[-1].reason, told[-1].complete) == ("length", False)
    with pytest.raises(IncompleteError):
        client(world).answer("?")
    world.sim.answer("bad", finish="content_filter")
    with pytest.raises(FilteredError):
        client(world).answer("?")


def test_closing_the_stream_stops_the_answer(world: World) -> None:
    """Nothing more is read of it."""
    world.sim.answer(deltas=["a"] * 50)
    events = client(world).ask("?")
    assert any(isinstance(event, Text) for event in events)
    events.close()
    assert list(events) == []


def test_the_package_names_what_it_offers() -> None:
    """And nothing else, so that a typing error is one."""
    assert set(copilot_cli.__all__) <= set(dir(copilot_cli))
    with pytest.raises(AttributeError, match="has no attribute 'Klient'"):
        _ = copilot_cli.Klient


@pytest.mark.real
def test_importing_the_package_loads_none_of_it() -> None:
    """The program's own start pays for nothing here."""
    code = (
        "import sys, copilot_cli; print([n for n in sys.modules if n.startswith('copilot_cli.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.real
def test_a_script_of_ones_own_is_checked_by_mypy(tmp_path: Path) -> None:
    """The example of the docs has types from end to end."""
    page = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    script = tmp_path / "script.py"
    script.write_text(page.split("```python\n")[1].split("```")[0], encoding="utf-8")
    ast.parse(script.read_text(encoding="utf-8"))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", str(script)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def stock(article: str) -> int:
    """Tell how many of an article are in stock."""
    print("looking")
    return {"lamp": 3}.get(article, 0)


CALL = ("stock", '{"article": "lamp"}')


def test_a_function_is_a_tool(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    """What it prints is the script's own, and goes where the script's prints go."""
    world.sim.answer(tool_calls=[CALL])
    world.sim.answer("Three.")
    told = list(client(world).ask("Any lamps?", tools=[stock], allow=["stock"]))
    assert [event[1:] for event in told if isinstance(event, ToolResult)] == [("stock", "3", False)]
    assert "".join(event.text for event in told if isinstance(event, Text)) == "Three."
    assert capfd.readouterr() == ("looking\n", "")


def test_what_is_not_allowed_is_not_run(
    world: World, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is asked, be there a terminal or not; the model hears why, and answers."""
    opened: list[object] = []
    real = os.open

    def watched(path: Any, *rest: Any, **named: Any) -> int:
        opened.append(path)
        return real(path, *rest, **named)

    monkeypatch.setattr(os, "open", watched)
    world.sim.answer(tool_calls=[CALL])
    world.sim.answer("I may not look.")
    with client(world) as own:
        assert own.answer("Any lamps?", tools=[stock]) == "I may not look."
    assert "not allow this call" in str(world.sim.log[-1].json()["messages"][-1])
    assert "/dev/tty" not in opened
    assert capfd.readouterr() == ("", "")


def test_tools_that_cannot_be_given(world: World) -> None:
    """Before anything is sent."""
    with client(world) as own:
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"tools": [print]}, "cannot be read|cannot be given|has no type"),
            ({"tools": ["nonesuch"]}, "there is no tool 'nonesuch'"),
            ({"tools": [stock], "allow": ["stack"]}, "--allow stack: that tool is not given"),
            ({"allow": ["stock"]}, "that tool is not given"),
        ]
        for options, said in wrong:
            with pytest.raises(UsageError, match=said):
                own.answer("?", **options)
    assert all(entry.endpoint != "chat" for entry in world.sim.log)


def test_a_conversation_has_its_tools_in_every_turn(world: World) -> None:
    """And a built-in one by its name."""
    with client(world) as own:
        chat = own.chat(tools=[stock, "list_files"], allow=["stock"], max_rounds=1)
        for _ in range(2):
            world.sim.answer(tool_calls=[CALL])
            world.sim.answer("ok")
            assert list(chat.send("?"))[-1] == End("stop", complete=True)
    names = [each["function"]["name"] for each in world.sim.log[-1].json()["tools"]]
    assert names == ["stock", "list_files"]
    assert world.sim.log[-1].json()["tool_choice"] == "none"


def test_files_go_along(world: World, tmp_path: Path) -> None:
    """As with `ask -f`; what may hold secrets only where the script says so."""
    note, env = tmp_path / "note.txt", tmp_path / ".env"
    note.write_text("remember")
    env.write_text("A=1")
    with client(world) as own:
        assert "remember" in own.answer("what?", files=[note])
        for options, message in (
            ({"files": [env]}, "may hold secrets"),
            ({"files": [tmp_path / "none"]}, "there is no file"),
        ):
            with pytest.raises(UsageError, match=message):
                own.answer("what?", **options)  # type: ignore[arg-type]
        assert "A=1" in own.answer("what?", files=[str(env)], allow_sensitive=True)
    assert [entry.endpoint for entry in world.sim.log].count("chat") == 2


def test_images_go_along(world: World, tmp_path: Path) -> None:
    """With the detail that is wanted; the model's limits are held first."""
    picture = tmp_path / "a.png"
    picture.write_bytes(PNG)
    with client(world) as own:
        own.answer("what?", files=[picture], detail="low")
        with pytest.raises(UsageError, match="sim-reason takes no images"):
            own.answer("what?", files=[picture], model="sim-reason")
    (asked,) = [entry for entry in world.sim.log if entry.endpoint == "chat"]
    assert asked.json()["messages"][0]["content"][1]["image_url"]["detail"] == "low"
    assert asked.headers["copilot-vision-request"] == "true"
