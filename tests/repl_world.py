"""A chat over the simulator: what is typed is foretold, and what was sent can be looked at."""

from pathlib import Path
from typing import Any

from copilot_cli.conversation import Conversation, Manner
from copilot_cli.repl.loop import Repl
from tests.wizard_world import Person, World

Line = str | BaseException


class Typing:
    """What is typed, line by line; an exception is raised instead. Then Ctrl-D."""

    def __init__(self, *lines: Line, edited: str | None = None) -> None:
        self.left = list(lines)
        self.edited = edited
        self.opened: list[str] = []
        self.defaults: list[str] = []
        self.typed: list[bytes] = []

    def read(self, prompt: str, default: str = "", typed: bytes = b"") -> str:
        assert prompt.endswith("> ")
        self.defaults.append(default)
        self.typed.append(typed)
        if not self.left:
            raise EOFError
        line = self.left.pop(0)
        if isinstance(line, BaseException):
            raise line
        return line

    def editor(self, text: str) -> str:
        self.opened.append(text)
        assert self.edited is not None, "no editor was foretold"
        return self.edited


def chatting_world(home: Path) -> World:
    """A world in which somebody is signed in and `sim-echo` answers."""
    world = World(home)
    world.environ["COPILOT_CHAT_TOKEN"] = world.sim.sign_in()
    world.environ["COPILOT_CHAT_MODEL"] = "sim-echo"
    return world


def chat_of(
    world: World,
    *lines: Line,
    person: bool | Person = False,
    edited: str | None = None,
    manner: Manner = Manner(),  # noqa: B008 - a value
    **options: Any,
) -> Repl:
    """A chat that reads `lines`; with a person it is as on a terminal, but for stdout."""
    answers = person if isinstance(person, Person) else Person() if person else None
    app = world.build(answers)
    talk = Conversation(app, app.sessions, manner)
    typing = Typing(*lines, edited=edited)
    return Repl(app, talk, lambda repl: typing, **options)


def run(world: World, *lines: Line, **options: Any) -> Repl:
    """Run a chat that reads `lines`, and return it."""
    chat = chat_of(world, *lines, **options)
    chat.run()
    return chat


def said(world: World) -> str:
    """All that was said on stderr, without colours."""
    text = world.stderr.getvalue()
    for code in ("\x1b[2m", "\x1b[0m", "\x1b[1m", "\x1b[1;31m"):
        text = text.replace(code, "")
    return text


def sent(world: World) -> list[list[str]]:
    """The messages of each question that was sent."""
    asked = [entry.json()["messages"] for entry in world.sim.log if entry.endpoint == "chat"]
    return [[str(message["content"]) for message in messages] for messages in asked]


def models_asked(world: World) -> list[str]:
    """The model of each question that was sent."""
    return [entry.json()["model"] for entry in world.sim.log if entry.endpoint == "chat"]
