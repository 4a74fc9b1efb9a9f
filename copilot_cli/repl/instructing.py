"""`/model`, `/effort`, `/system`, `/role`: who answers from the next turn on, and how."""

from difflib import get_close_matches
from typing import TYPE_CHECKING

from copilot_cli.errors import ModelUnavailable, UsageError

if TYPE_CHECKING:
    from copilot_cli.messages import ModelInfo
    from copilot_cli.repl.loop import Repl

NONE = "none"
"""What is typed for nothing at all."""

_SHOWN = 60  # characters of a role's instructions in the list


def model(repl: "Repl", wanted: str) -> None:
    """Show the models, or change to one."""
    if wanted:
        use_model(repl, wanted)
        return
    from copilot_cli.ui.describe import facts

    usable = [each for each in repl.app.catalogue.models() if each.disabled is None]
    current = repl.chat.model
    repl.saying.rows([(_marked(it.id, current), facts(it)) for it in usable])


def use_model(repl: "Repl", wanted: str) -> None:
    """Change to the model `wanted`. Raises `ModelUnavailable`."""
    found = _model(repl, wanted)
    repl.talk.use_model(found.id)
    repl.saying.note(f"model: {found.id}")


def _model(repl: "Repl", wanted: str) -> "ModelInfo":
    known = {each.id: each for each in repl.app.catalogue.models()}
    if wanted not in known:
        near = get_close_matches(wanted, known, n=3)
        hint = f"near it: {', '.join(near)}" if near else "/model lists them"
        raise ModelUnavailable("there is no such model", hint=hint)
    if known[wanted].disabled is not None:
        raise ModelUnavailable(f"{wanted} cannot be used: {known[wanted].disabled}")
    return known[wanted]


def effort(repl: "Repl", wanted: str) -> None:
    """Show or change how much a reasoning model thinks."""
    found = next((each for each in repl.app.catalogue.models() if each.id == repl.chat.model), None)
    levels = found.reasoning if found else ()
    if wanted and wanted != NONE and wanted not in levels:
        hint = f"{repl.chat.model} has {', '.join(levels)}" if levels else None
        raise UsageError(f"{repl.chat.model} has no effort {wanted}", hint=hint)
    if wanted:
        repl.chat.effort = None if wanted == NONE else wanted
        repl.talk.use_model(repl.chat.model)  # what was not known of it is known now
    listed = f" (of {', '.join(levels)})" if levels else f" ({repl.chat.model} has no levels)"
    repl.saying.note(f"effort: {repl.chat.effort or 'the model’s own'}{listed}")


def system(repl: "Repl", text: str) -> None:
    """Show or change the instructions that go before the conversation."""
    if text:
        repl.talk.instruct(None if text == NONE else text)
        none = text == NONE
        said = "no instructions of yours" if none else "your instructions hold from now on"
        repl.saying.note(said)
        return
    manner = repl.talk.manner
    if manner.role and manner.role.system:
        repl.saying.tell(f"of the role {manner.role.name}:\n{manner.role.system}")
    if manner.system:
        repl.saying.tell(f"yours:\n{manner.system}")
    else:
        repl.saying.note("no instructions of yours: /system TEXT gives some")
    if manner.context:
        repl.saying.note(f"files of this folder go along ({len(manner.context):,} characters)")


def role(repl: "Repl", name: str) -> None:
    """Show the roles, take one, or take none."""
    if not name:
        _list_roles(repl)
        return
    taken = None if name == NONE else repl.app.role(name)
    before = repl.chat.model
    repl.talk.use_role(taken)
    changed = f"; model: {repl.chat.model}" if repl.chat.model != before else ""
    repl.saying.note(f"role: {taken.name if taken else NONE}{changed}")


def _list_roles(repl: "Repl") -> None:
    from copilot_cli.roles import load

    found = load(repl.app.paths.roles, repl.app.effects.environ)
    taken = repl.talk.manner.role
    current = taken.name if taken else None
    repl.saying.rows(
        [
            (_marked(each.name, current), " ".join((each.system or "").split())[:_SHOWN])
            for each in found.values()
        ]
    )


def _marked(name: str, current: str | None) -> str:
    return f"{'*' if name == current else ' '} {name}"
