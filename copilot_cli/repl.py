"""The chat: a line is read, answered, and the next is read, until the person leaves.

On a terminal Ctrl-C stops an answer and keeps what came; at the prompt it clears the line; Ctrl-D
leaves. From a pipe it reads line by line, and the exit code is the last failed turn's.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol

from copilot_cli.asking import Turn
from copilot_cli.errors import CopilotChatError

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.chat import Chat
    from copilot_cli.ui.report import Report


class Input(Protocol):
    """Where the person's lines come from."""

    def read(self, prompt: str) -> str:
        """Return the next line; raise EOFError when there is none any more."""


class Command(NamedTuple):
    """One slash command: its name, arguments and help, and what it does."""

    name: str
    arguments: str
    help: str
    run: "Callable[[Repl, str], None]"


class Leave(Exception):  # noqa: N818 - it is no error
    """The person wants to leave."""


class Repl:
    """One run of the chat."""

    def __init__(
        self,
        app: "App",
        new_chat: "Callable[[str | None], tuple[Chat, str | None]]",
        report: "Callable[[], Report]",
        lines: Input,
    ) -> None:
        """`new_chat` gets the model to start with, None for the default."""
        self.app = app
        self.exit_code = 0
        self._new_chat = new_chat
        self._report = report
        self._lines = lines
        self.chat, self._session = new_chat(None)

    def run(self) -> int:
        """Read and answer until the end; return the exit code.

        That is the last failed turn's for a pipe; a person has seen the failures, and it is 0.
        """
        with suppress(EOFError, Leave):
            while True:
                try:
                    self.handle(self._lines.read("> "))
                except KeyboardInterrupt:
                    # Of a slash command, or the second of two, before the prompt was back.
                    if not self.app.streams.person:
                        raise
        return 0 if self.app.streams.person else self.exit_code

    def handle(self, line: str) -> None:
        """Do what one line asks; an empty one asks for nothing. Raises `Leave`."""
        text = line.strip()
        if not text:
            return
        if text in {"exit", "quit"}:
            raise Leave
        if text.startswith("/") and not text.startswith("//"):
            self._command(text)
        else:
            self._ask(line.removeprefix("/") if text.startswith("//") else line)

    def new(self, model: str | None = None) -> None:
        """Begin a new conversation."""
        self.chat, self._session = self._new_chat(model or self.chat.model)

    def say(self, text: str) -> None:
        """Tell the person something that is no part of an answer."""
        self.app.streams.notice(text)

    def _ask(self, text: str) -> None:
        try:
            with Turn(self._report()) as turn:
                turn.tell(self.chat, text, self._session)
        except KeyboardInterrupt:
            if not self.app.streams.person:
                raise
            came = self.chat.last is not None and self.chat.last.first_token is not None
            self.say("stopped; what came is kept" if came else "stopped; nothing came")
        except CopilotChatError as error:
            self.exit_code = error.exit_code
            self.app.streams.error(error.message, error.hint)
        if self.app.streams.person and self.app.streams.stdout_is_terminal:
            self.app.streams.out_bytes(b"\n")  # parts the answer from the next prompt

    def _command(self, text: str) -> None:
        name, _, arguments = text[1:].partition(" ")
        for command in COMMANDS:
            if command.name == name or (name == "quit" and command.name == "exit"):
                try:
                    command.run(self, arguments.strip())
                except CopilotChatError as error:
                    self.app.streams.error(error.message, error.hint)
                return
        self.app.streams.error(f"there is no command /{name}", _nearest(name))


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, [command.name for command in COMMANDS], n=1)
    return f"did you mean /{near[0]}?" if near else "/help lists them; // sends a leading slash"


def _help(repl: Repl, _arguments: str) -> None:
    for command in COMMANDS:
        repl.say(f"  {f'/{command.name} {command.arguments}':<14}{command.help}")
    repl.say("Enter sends, Ctrl-J starts a new line, Ctrl-C stops an answer, Ctrl-D leaves.")
    repl.say("What begins with // is sent with one slash.")


def _model(repl: Repl, wanted: str) -> None:
    if not wanted:
        _list_models(repl)
        return
    from copilot_cli.errors import ModelUnavailable

    known = {model.id: model for model in repl.app.models()}
    if wanted not in known:
        from difflib import get_close_matches

        near = get_close_matches(wanted, known, n=3)
        raise ModelUnavailable(
            "there is no such model", hint=f"near it: {', '.join(near)}" if near else "see /model"
        )
    if known[wanted].disabled is not None:
        raise ModelUnavailable(f"{wanted} cannot be used: {known[wanted].disabled}")
    repl.chat.model = wanted
    repl.say(f"model: {wanted}")


def _list_models(repl: Repl) -> None:
    from copilot_cli.ui.describe import facts

    usable = [model for model in repl.app.models() if model.disabled is None]
    width = max((len(model.id) for model in usable), default=0)
    for model in usable:
        mark = "*" if model.id == repl.chat.model else " "
        repl.say(f"{mark} {model.id:<{width}}  {facts(model)}".rstrip())


def _new(repl: Repl, _arguments: str) -> None:
    repl.new()
    repl.say("a new conversation; the old one is kept")


def _exit(_repl: Repl, _arguments: str) -> None:
    raise Leave


COMMANDS = (
    Command("help", "", "show this", _help),
    Command("model", "[ID]", "show the models, or change to one", _model),
    Command("new", "", "begin a new conversation", _new),
    Command("exit", "", "leave (also /quit, exit, Ctrl-D)", _exit),
)
