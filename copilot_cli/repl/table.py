"""The table of the chat's commands: it is what `/help` shows, Tab completes and a line calls.

`docs/chat.md` is held against it by a test.
"""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from copilot_cli.errors import UsageError
from copilot_cli.repl import (
    answering,
    choices,
    copying,
    engines,
    files,
    instructing,
    settling,
    shell,
    stored,
    telling,
    tools,
    tree,
)
from copilot_cli.repl.choices import Choice

if TYPE_CHECKING:
    from copilot_cli.repl.loop import Repl


class Leave(Exception):  # noqa: N818 - it is no error
    """The person wants to leave."""


class Command(NamedTuple):
    """One command: its name, arguments and help, what it does, and what can follow its name.

    `run` gets what was typed after the name, without the space around it. `complete` must not
    wait: it is called while the person types.
    """

    name: str
    arguments: str
    help: str
    run: "Callable[[Repl, str], None]"
    complete: "Callable[[Repl, str], Iterable[Choice]] | None" = None
    also: tuple[str, ...] = ()


def _leave(_repl: "Repl", _arguments: str) -> None:
    raise Leave


def _help(repl: "Repl", wanted: str) -> None:
    if wanted:
        command = find(wanted.removeprefix("/"))
        repl.saying.tell(f"/{command.name} {command.arguments}".rstrip() + f"\n  {command.help}")
        return
    repl.saying.rows([(_usage(command), command.help) for command in COMMANDS])
    repl.saying.tell(KEYS)


def _usage(command: Command) -> str:
    return f"/{command.name} {command.arguments}".rstrip()


def _names(_repl: "Repl", _typed: str) -> list[Choice]:
    return [Choice(command.name, command.help) for command in COMMANDS]


KEYS = (
    "\nEnter sends; Ctrl-J starts a new line. Ctrl-C clears the line or stops an answer; Ctrl-D"
    " leaves. Ctrl-R searches what you typed before; Ctrl-X Ctrl-E opens your editor."
    "\n@file sends a file or an image along. !command runs it, once you agree. // sends a leading"
    " slash."
)

# fmt: off
COMMANDS = (
    Command("help", "[COMMAND]", "show the commands and keys", _help, _names),
    # who answers, and how
    Command("model", "[ID]", "choose a model, or change to one",
            instructing.model, choices.models),
    Command("engine", "[NAME]", "show the engines, or change to one",
            engines.engine, engines.names),
    Command("effort", "[LEVEL|none]", "how much a reasoning model thinks",
            instructing.effort, choices.efforts),
    Command("system", "[TEXT|none]", "show or change your instructions",
            instructing.system, choices.nothing_else),
    Command("role", "[NAME|none]", "show the roles, or take one", instructing.role, choices.roles),
    # which conversation
    Command("new", "", "begin a new conversation; the old one is kept", stored.new),
    Command("private", "", "begin one that leaves nothing on disk", stored.private),
    Command("sessions", "[N]", "list the last conversations", stored.sessions),
    Command("resume", "[N|ID|TITLE]", "go on with a stored one", stored.resume, choices.sessions),
    Command("rename", "TITLE", "give this conversation another title", stored.rename),
    Command("search", "WORDS", "find what was said, in all conversations", stored.search),
    Command("fork", "", "go on in a copy; the original stays as it is", stored.fork),
    # what was said
    Command("undo", "[N]", "take back the last question and its answer", tree.undo),
    Command("redo", "[N]", "bring back what was undone", tree.redo),
    Command("retry", "[MODEL]", "ask the last question again", tree.retry, choices.models),
    Command("edit", "[TEXT]", "change the last question and ask it anew", tree.edit),
    Command("continue", "", "go on with an answer that was stopped or cut", answering.go_on),
    # what to take out of it
    Command("copy", "[N|all]", "copy a code block, or the whole answer",
            copying.copy, choices.blocks),
    Command("save", "[N] FILE", "write the last answer, or a code block, to a file",
            copying.save, choices.paths),
    Command("export", "[FILE]", "write the conversation as .md, .json or .html",
            copying.export, choices.paths),
    # what goes along
    Command("attach", "[PATH|URL]", "send a file, folder, page or git:diff with the next question",
            files.attach, choices.paths),
    Command("attachments", "", "list what goes along", files.attachments),
    Command("detach", "[NAME]", "take that back", files.detach, choices.attached),
    # what it may do
    Command("tools", "[add|remove|show NAME]", "the tools of this chat, and what they gave",
            tools.tools, tools.choices),
    # what it takes
    Command("tokens", "", "how full the model's window is", telling.tokens),
    Command("usage", "", "your plan, and what is left of it", telling.usage),
    Command("compact", "", "put a summary in place of the older turns", answering.compact),
    # what is shown
    Command("thinking", "", "show what the model thought last", telling.thinking),
    Command("theme", "[NAME]", "the colours of code: auto, light or dark",
            settling.theme, choices.themes),
    Command("set", "[NAME [VALUE]]", "show or change a setting of this chat",
            settling.set_, choices.settings),
    # and out of here
    Command("shell", "[COMMAND]", "run a command, or open a shell, once you agree", shell.shell),
    Command("exit", "", "leave (also /quit, exit, Ctrl-D)", _leave, also=("quit",)),
)
# fmt: on


def find(name: str) -> Command:
    """Return the command called `name`. Raises `UsageError` with the nearest name."""
    for command in COMMANDS:
        if name == command.name or name in command.also:
            return command
    near = get_close_matches(name, [command.name for command in COMMANDS], n=1)
    hint = f"did you mean /{near[0]}?" if near else "/help lists them; // sends a leading slash"
    raise UsageError(f"there is no command /{name}", hint=hint)
