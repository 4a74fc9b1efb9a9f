"""`/tools`: what the model may ask for in this chat, and what its calls gave."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from copilot_cli.called import Called, calls
from copilot_cli.conversation import without_tools
from copilot_cli.errors import UsageError
from copilot_cli.repl.arguments import whole_number
from copilot_cli.repl.choices import Choice
from copilot_cli.ui.safe import safe, safe_line

if TYPE_CHECKING:
    from copilot_cli.repl.loop import Repl

_WORDS = ("add", "remove", "show")


def tools(repl: "Repl", arguments: str) -> None:
    """List the tools that are given, give one more, take one back, or show what one gave."""
    word, _, rest = arguments.partition(" ")
    name = rest.strip()
    if not word:
        _list(repl)
    elif word == "show":
        _show(repl, name)
    elif word not in _WORDS:
        raise UsageError(f"/tools has no {word[:20]!r}", hint="/tools add, remove or show")
    elif not name:
        raise UsageError(f"/tools {word} wants the name of a tool", hint="/tools lists them")
    elif word == "add":
        tool = repl.app.toolkit.add(name)
        repl.talk.use_tools(repl.app.toolkit.box)
        repl.saying.note(f"{tool.name} is given from now on; you are asked before it runs")
        remark(repl)
    else:
        repl.app.toolkit.remove(name)
        repl.talk.use_tools(repl.app.toolkit.box)
        repl.saying.note(f"{name} is not given any more")


def choices(repl: "Repl", typed: str) -> Iterable[Choice]:
    """Return what can follow `/tools`."""
    from copilot_cli.tools.built_in import NAMES

    given = list(repl.app.toolkit.tools)
    if typed.startswith("add "):
        return [Choice(f"add {name}") for name in NAMES if name not in given]
    if typed.startswith("remove "):
        return [Choice(f"remove {name}") for name in given]
    return [Choice(word) for word in _WORDS]


def remark(repl: "Repl") -> None:
    """Say, once for each model or engine, that it takes none of the tools that are given."""
    if not repl.talk.toolless:
        return
    who = without_tools(repl.chat)
    if who not in repl.app.toolkit.refused_by:
        repl.app.toolkit.refused_by.add(who)
        repl.saying.note(f"{who} takes no tools: it is given none")


def _list(repl: "Repl") -> None:
    from copilot_cli.tools.built_in import NAMES

    given = repl.app.toolkit.tools
    if given:
        rows = [(tool.name, tool.effect, _what(tool.description)) for tool in given.values()]
        repl.saying.rows(rows)
    else:
        repl.saying.note("the model is given no tools")
    others = [name for name in NAMES if name not in given]
    if others:
        repl.saying.note(f"/tools add gives one more: {', '.join(others)}, module:function")


def _show(repl: "Repl", number: str) -> None:
    """Show the last turn's calls, or the one with that number, with all that they gave."""
    turns = [turn for turn in repl.talk.turns() if turn.role == "assistant"]
    found = calls(turns[-1].parts) if turns else []
    if not found:
        raise UsageError("the last answer has called no tool")
    wanted = whole_number(number, 0)
    if wanted > len(found):
        raise UsageError(f"the last answer has called {len(found)}, and no tool {wanted}")
    for place, called in enumerate(found, start=1):
        if wanted in {0, place}:
            head = f"{place}. {safe_line(called.name, 60)} {safe(called.arguments)}"
            repl.app.streams.say(f"{head}\n{_output(called)}\n")


def _output(called: Called) -> str:
    if called.output is None:
        return "(it was stopped)"
    return ("(it failed) " if called.error else "") + safe(called.output).rstrip("\n")


def _what(description: str) -> str:
    return description.partition("\n")[0]
