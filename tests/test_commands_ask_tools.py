"""`ask --tool`: rounds of tools on every wire, and what comes of whatever a model writes."""

import json
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.repl_world import chatting_world
from tests.wizard_world import World

WIRES = {"sim-echo": "chat", "sim-responses": "responses", "claude-sim": "messages"}
READ = ("--tool", "read_file", "--allow", "read_file")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Somebody who is signed in, in a folder with a note."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "note.txt").write_text("buy milk\nbuy bread\n")
    monkeypatch.chdir(work)
    modules, path = set(sys.modules), list(sys.path)
    yield chatting_world(tmp_path / "home")
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith("mine"):
            del sys.modules[name]


def asked(world: World) -> list[Any]:
    """The bodies of the questions so far."""
    kinds = {"chat", "responses", "messages", "anthropic_messages"}
    return [entry.json() for entry in world.sim.log if entry.endpoint in kinds]


def calls(world: World, *given: tuple[str, Any], text: str | None = None) -> None:
    """Have the model call tools next; arguments that are no text are JSON."""
    pairs = [(name, args if isinstance(args, str) else json.dumps(args)) for name, args in given]
    world.sim.answer(text, tool_calls=pairs)


def on_wire(world: World, model: str) -> str:
    """Have `model` answer, by its own endpoint; return the wire."""
    if model == "claude-sim":
        world.environ["COPILOT_PROVIDER_BASE_URL"] = "https://api.anthropic.com"
        world.environ["COPILOT_PROVIDER_TYPE"] = "anthropic"
        world.environ["COPILOT_PROVIDER_API_KEY"] = "sk-ant-simulator-anthropic-key"
        world.environ["COPILOT_CHAT_ENGINE"] = "byok"
    world.environ["COPILOT_CHAT_MODEL"] = model
    return WIRES[model]


@pytest.mark.parametrize("model", WIRES)
def test_two_rounds_of_tools_on_every_wire(world: World, model: str) -> None:
    """Calls beside each other, a second round, the answer; the follow-ups are the program's own."""
    on_wire(world, model)
    calls(world, ("read_file", {"path": "note.txt", "limit": 1}), ("read_file", {"path": "none"}))
    calls(world, ("read_file", {"path": "note.txt", "offset": 2}), text="And the rest. ")
    world.sim.answer("Milk and bread.")
    code, out, err = world.run("ask", *READ, "What is there to buy?")
    assert (code, out) == (0, "And the rest. Milk and bread.")
    assert err.splitlines() == [
        '→ read_file {"path": "note.txt", "limit": 1}',
        '→ read_file {"path": "none"}',
        "← read_file: 2 lines, 50 characters",
        "✗ read_file: none cannot be read: No such file or directory.",
        '→ read_file {"path": "note.txt", "offset": 2}',
        "← read_file: buy bread",
    ]
    first, second, third = map(json.dumps, asked(world))
    assert "read_file" in first
    assert "buy milk" not in first
    assert "buy milk" in second
    assert "none cannot be read" in second
    assert "buy bread" in third
    initiators = [entry.headers.get("x-initiator") for entry in world.sim.log if entry.body]
    if model != "claude-sim":
        assert initiators[-3:] == ["user", "agent", "agent"]


@pytest.mark.parametrize("model", WIRES)
def test_the_rounds_have_a_limit(world: World, model: str) -> None:
    """The last request forbids more, and that is said."""
    on_wire(world, model)
    for _ in range(2):
        calls(world, ("read_file", {"path": "note.txt"}))
    world.sim.answer("As far as I know.")
    code, out, err = world.run("ask", *READ, "--max-rounds", "2", "?")
    assert (code, out) == (0, "As far as I know.")
    assert err.splitlines()[-1] == "the model has used tools 2 times; it answers now"
    bodies = asked(world)
    assert ["tool_choice" in body for body in bodies] == [False, False, True]
    assert all(body["tools"] for body in bodies)


def test_a_model_that_goes_on_asking_is_incomplete(world: World) -> None:
    """Exit code 7."""
    for _ in range(2):
        calls(world, ("read_file", {"path": "note.txt"}))
    code, _, err = world.run("ask", *READ, "--max-rounds", "1", "?")
    assert code == 7
    assert "the model wants a tool that is not there" in err


HOSTILE: dict[str, tuple[str, str]] = {
    "no such tool": ("delete_everything", "{}"),
    "control characters": ("read_file\x1b]0;x\x07\x9b", '{"path": "\\u001b[2J\\u202e"}'),
    "an empty name": ("", "{}"),
    "a long name": ("x" * 10_000, "{}"),
    "no JSON": ("read_file", '{"path": '),
    "no object": ("read_file", "[1]"),
    "deep": ("read_file", "[" * 50_000),
    "deep within": ("read_file", '{"path": ' + "[" * 500 + "]" * 500 + "}"),
    "a lone surrogate": ("read_file", '{"path": "\\ud800"}'),
    "another type": ("read_file", '{"path": 7}'),
    "too large a number": ("read_file", '{"path": "note.txt", "limit": 1e400}'),
    "NaN": ("read_file", '{"path": "note.txt", "limit": NaN}'),
    "a long number": ("read_file", '{"path": "note.txt", "limit": ' + "9" * 5000 + "}"),
    "a zero": ("read_file", '{"path": "a\\u0000b"}'),
    "two keys": ("read_file", '{"path": "none", "path": "../../x"}'),
    "too long": ("read_file", '{"path": "' + "x" * 1_100_000 + '"}'),
}


@pytest.mark.parametrize("model", WIRES)
@pytest.mark.parametrize("call", HOSTILE.values(), ids=HOSTILE)
def test_whatever_a_model_calls_has_a_result(
    world: World, model: str, call: tuple[str, str]
) -> None:
    """The model reads what was wrong, and answers; nothing reaches the terminal as it is."""
    on_wire(world, model)
    calls(world, call)
    world.sim.answer("I see.")
    code, out, err = world.run("ask", *READ, "?")
    assert (code, out) == (0, "I see.")
    assert len(asked(world)) == 2
    assert not set(err) & {"\x1b", "\x07", "\x9b", "\u202e", "\ud800", "\0"}
    assert all(len(line) < 300 for line in err.splitlines())
    if "limit" not in call[1]:
        assert "✗" in err


LOUD = '''
def shout(what: str) -> object:
    """Shout."""
    if what == "raise":
        raise ValueError("no\\x1b[2J\\ud800" * 1000)
    if what == "exit":
        raise SystemExit(3)
    if what == "print":
        print("\\x1b]0;owned\\x07")
    return {"large": "x" * 10_000_000, "bytes": b"x", "deep": deep()}.get(what, what)


def deep() -> list[object]:
    made: list[object] = []
    for _ in range(100_000):
        made = [made]
    return made
'''


@pytest.mark.parametrize("model", WIRES)
@pytest.mark.parametrize("what", ["raise", "exit", "large", "bytes", "deep", "\ud800\x1b[2J\r\0"])
def test_whatever_a_tool_gives_has_its_end(world: World, model: str, what: str) -> None:
    """Ten megabytes are cut with a mark, and what is no text is said."""
    Path("mine_loud.py").write_text(LOUD)
    on_wire(world, model)
    calls(world, ("shout", {"what": what}))
    world.sim.answer("Quiet.")
    tool = ("--tool", "mine_loud:shout", "--allow", "shout")
    code, out, err = world.run("ask", *tool, "?")
    assert (code, out) == (0, "Quiet.")
    assert not set(err) & {"\x1b", "\x07", "\ud800", "\0"}
    told = json.dumps(asked(world)[1])
    assert len(told) < 60_000
    if what == "large":
        assert "characters left out" in told


def test_what_is_told_of_it_as_json(world: World) -> None:
    """`--json` has the answer, `--events` each step; a result may not break a line of it."""
    Path("mine_loud.py").write_text(LOUD)
    tool = ("--tool", "mine_loud:shout", "--allow", "shout")
    for form in ("--json", "--events"):
        calls(world, ("shout", {"what": "\x1b\n\u2028"}), text="First. ")
        world.sim.answer("Then.")
        code, out, err = world.run("ask", *tool, form, "?")
        assert (code, err) == (0, "")
        if form == "--json":
            told = json.loads(out)
            assert (told["answer"], told["finish_reason"]) == ("First. Then.", "stop")
            assert told["usage"]["output_tokens"] > 2
            continue
        events = [json.loads(line) for line in out.splitlines()]
        assert [kind for kind, _ in groupby(event["type"] for event in events)] == [
            "start",
            *["text", "tool_call", "usage", "tool_result"],
            *["text", "usage", "end"],
        ]
        call, result = (
            next(event for event in events if event["type"] == kind)
            for kind in ("tool_call", "tool_result")
        )
        assert json.loads(call["arguments"]) == {"what": "\x1b\n\u2028"}
        assert result == {
            "type": "tool_result",
            "id": call["id"],
            "name": "shout",
            "output": "\x1b\n\u2028",
            "error": False,
        }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--tool", "nonesuch"), "there is no tool 'nonesuch'"),
        (("--tool", "read_fil"), "did you mean read_file?"),
        (("--tool", "mine_none:x"), "there is no module mine_none in"),
        (("--tool", "mine_bad:x"), "the module mine_bad has no x"),
        (("--tool", "mine_exit:x"), "the module mine_exit ended the program"),
        (("--allow", "read_file"), "--allow read_file: that tool is not given"),
        (("--tool", "list_files", "--allow", "read_file"), "--allow read_file: that tool is not"),
        (
            ("--tool", "list_files", "--max-rounds", "0"),
            "--max-rounds: must be a whole number of at least 1",
        ),
    ],
)
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_mistakes(world: World, words: tuple[str, ...], said: str, form: tuple[str, ...]) -> None:
    """Exit code 2 and nothing is sent; to a machine it is said in its own form."""
    Path("mine_bad.py").write_text("print('loud')\n")
    Path("mine_exit.py").write_text("import sys\nsys.exit(0)\n")
    code, out, err = world.run("ask", *words, *form, "?")
    assert code == 2
    assert said in err
    assert asked(world) == []
    if form and "must be a whole number" not in said:
        assert said in out or "did you mean" in said
        assert json.loads(out)["error"]["exit_code"] == 2
    else:
        assert out == ""


def listed(world: World, *, tools: bool) -> None:
    """Have the service's list say of `sim-echo` whether it takes tools; `sim-small` does."""
    items = [
        {
            "id": name,
            "name": name,
            "model_picker_enabled": True,
            "capabilities": {"type": "chat", "family": "e", "supports": {"tool_calls": takes}},
        }
        for name, takes in (("sim-echo", tools), ("sim-small", True))
    ]
    world.sim.fault("models", body=json.dumps({"data": items}))
    world.run("models", "--refresh", "--json")
    world.sim.log.clear()


def test_a_model_that_takes_no_tools(world: World) -> None:
    """Exit code 4: an answer without them is not what was asked for."""
    listed(world, tools=False)
    code, out, err = world.run("ask", *READ, "?")
    assert (code, out) == (4, "")
    assert "sim-echo takes no tools" in err
    assert asked(world) == []
    assert world.run("ask", "still there?")[:2] == (0, "still there?")


def test_an_engine_that_takes_no_tools(world: World) -> None:
    """The same, whatever the model."""
    code, out, err = world.run("ask", "--engine", "cli", *READ, "?")
    assert (code, out) == (4, "")
    assert "the engine cli takes no tools" in err


def test_without_tools_nothing_is_sent_of_them(world: World) -> None:
    """And no module of them is imported."""
    for name in [name for name in sys.modules if name.startswith("copilot_cli.tools")]:
        del sys.modules[name]
    assert world.run("ask", "hi") == (0, "hi", "")
    assert "tools" not in asked(world)[0]
    assert not any(name.startswith("copilot_cli.tools.") for name in sys.modules)


def test_a_dry_run_shows_the_tools_and_runs_none(world: World) -> None:
    """As they would be sent."""
    code, out, _ = world.run("ask", *READ, "--dry-run", "?")
    assert code == 0
    assert "read_file" in out
    assert asked(world) == []


def test_what_was_called_is_stored_and_gone_on_with(world: World) -> None:
    """The next question carries it, with its tools or without; `sessions show` has a line each."""
    calls(world, ("read_file", {"path": "note.txt"}), text="I look. ")
    world.sim.answer("Milk.")
    world.run("ask", *READ, "?")
    code, out, _ = world.run("sessions", "show")
    assert code == 0
    assert '> `→ read_file {"path": "note.txt"}`' in out
    assert "> `← read_file: 2 lines, 18 characters`" in out
    told = json.loads(world.run("sessions", "show", "--json")[1])["messages"][1]
    assert [call["output"] for call in told["tools"]] == ["buy milk\nbuy bread"]
    assert world.run("ask", "-c", "and?")[:2] == (0, "and?")
    messages = asked(world)[-1]["messages"]
    assert [each["role"] for each in messages] == ["user", "assistant", "tool", "assistant", "user"]
    assert world.run("ask", "-c", *READ, "so?")[:2] == (0, "so?")


def test_the_list_of_tools(world: World) -> None:
    """Those that are built in, and one's own behind them."""
    Path("mine_loud.py").write_text(LOUD)
    code, out, err = world.run("tools", "list", "--tool", "mine_loud:shout")
    assert (code, err) == (0, "")
    rows = [line.split("\t") for line in out.splitlines()]
    assert [row[0] for row in rows] == [
        *["read_file", "list_files", "find_files", "search_files", "fetch_url"],
        *["apply_patch", "run_command", "shout"],
    ]
    assert rows[-1] == ["shout", "run", "Shout."]
    told = json.loads(world.run("tools", "list", "--json", "--tool", "mine_loud:shout")[1])
    assert told[-1]["source"] == "mine_loud:shout"
    assert told[0]["parameters"]["required"] == ["path"]
    assert world.run("tools", "list", "--tool", "mine_none:x")[0] == 2
