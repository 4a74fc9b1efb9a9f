"""What can follow a command's name: live values, from what is known already, never the network."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from copilot_cli.errors import CopilotChatError, UsageError
from copilot_cli.messages import AUTO, AUTO_MEANS

if TYPE_CHECKING:
    from copilot_cli.repl.loop import Repl
    from copilot_cli.ui.completing import Candidate

_SESSIONS = 50


class Choice(NamedTuple):
    """One word or text that can follow, and what it means."""

    text: str
    meta: str = ""


def models(repl: "Repl", _typed: str) -> list[Choice]:
    """Return the models that can be used, as the lists were when they were read last."""
    from copilot_cli.ui.describe import facts, named

    catalogue = repl.app.catalogue
    lists = [catalogue.known(name) for name in (None, *repl.app.endpoints.names())]
    usable = (model for models in lists for model in models if model.disabled is None)
    found = [Choice(named(model), facts(model)) for model in usable]
    return [*found, Choice(AUTO, AUTO_MEANS)] if catalogue.known() else found


def efforts(repl: "Repl", _typed: str) -> list[Choice]:
    """Return the levels of reasoning that the model lists."""
    model = repl.talk.info
    levels = model.reasoning if model else ()
    return [*map(Choice, levels), Choice("none", "the model's own")]


def roles(repl: "Repl", _typed: str) -> list[Choice]:
    """Return the roles."""
    from copilot_cli.roles import names

    with suppress(CopilotChatError):  # a folder that cannot be read has no roles to offer
        return [*map(Choice, names(repl.app.paths.roles)), Choice("none")]
    return []


def nothing_else(_repl: "Repl", _typed: str) -> list[Choice]:
    """Return the one word that is no text of the person's own."""
    return [Choice("none", "no instructions of yours")]


def sessions(repl: "Repl", _typed: str) -> list[Choice]:
    """Return the titles of the last conversations."""
    found = repl.talk.sessions.recent(_SESSIONS)
    return [Choice(each.title, each.id) for each in found if each.title]


def blocks(repl: "Repl", _typed: str) -> list[Choice]:
    """Return the numbers of the last answer's code blocks."""
    from copilot_cli.fences import blocks as of
    from copilot_cli.repl.copying import first_line

    found = of(repl.chat.answer())
    return [*(Choice(str(each.number), first_line(each)) for each in found), Choice("all")]


def attached(repl: "Repl", _typed: str) -> list[Choice]:
    """Return what waits for the next question."""
    return [Choice(each.name, each.size) for each in repl.attachments.waiting]


def themes(_repl: "Repl", _typed: str) -> list[Choice]:
    """Return the themes."""
    from copilot_cli.repl.settling import values

    return [Choice(value) for value in values("theme")]


def settings(_repl: "Repl", typed: str) -> list[Choice]:
    """Return the chat's settings, after one of them its values."""
    from copilot_cli.repl.settling import NAMES, meaning, values

    name, space, _ = typed.partition(" ")
    if space and name in NAMES:
        return [Choice(f"{name} {value}") for value in values(name)]
    return [Choice(each, meaning(each)) for each in NAMES]


def paths(repl: "Repl", typed: str) -> list[Choice]:
    """Return the files and folders whose path begins as `typed`."""
    found = _files(repl)(f"@{typed}")
    return [Choice(each.text.removeprefix("@").strip('"'), each.meta) for each in found]


def _files(repl: "Repl") -> "Callable[[str], Iterable[Candidate]]":
    """Return the completer of files: of none, where the folder that one is in is gone."""
    from copilot_cli.ui.mentions import completer as of_files

    try:
        return of_files(repl.app.folder())
    except UsageError:
        return lambda _: ()


def completer(repl: "Repl") -> "Callable[[str], Iterable[Candidate]]":
    """Return the completer of the chat's line: commands, what follows them, `@files`."""
    from copilot_cli.repl.table import COMMANDS
    from copilot_cli.ui.completing import Candidate

    files = _files(repl)

    def find(before: str) -> "Iterable[Candidate]":
        if not before.startswith("/") or before.startswith("//") or "\n" in before:
            return files(before)
        name, space, typed = before[1:].partition(" ")
        if not space:
            return [
                Candidate(f"/{each.name}{' ' if each.complete else ''}", 0, meta=each.help)
                for each in COMMANDS
                if each.name.startswith(name)
            ]
        typed = typed.lstrip()
        start = len(before) - len(typed)
        return [
            Candidate(choice.text, start, meta=choice.meta)
            for command in COMMANDS
            if command.name == name and command.complete is not None
            for choice in command.complete(repl, typed)
            if choice.text.casefold().startswith(typed.casefold())
        ]

    return find
