"""`/model`, `/effort`, `/system`, `/role`: who answers from the next turn on, and how."""

from typing import TYPE_CHECKING

from copilot_cli.errors import ModelUnavailable, UsageError
from copilot_cli.messages import AUTO, AUTO_MEANS
from copilot_cli.ui.safe import safe_line

if TYPE_CHECKING:
    from copilot_cli.messages import ModelInfo
    from copilot_cli.repl.loop import Repl

NONE = "none"
"""What is typed for nothing at all."""

_SHOWN = 60  # characters of a role's instructions in the list


def model(repl: "Repl", wanted: str) -> None:
    """Change to a model: the one that is named, or one from the list; show that to a pipe."""
    if wanted:
        use_model(repl, wanted)
        return
    from copilot_cli.ui.describe import facts, named

    listed = _listed(repl)
    if repl.app.streams.person:
        use_model(repl, _picked(repl, listed))
        return
    usable = [each for each in listed if each.disabled is None]
    repl.saying.rows([(_marked(named(it), _current(repl)), facts(it)) for it in usable])


def _listed(repl: "Repl") -> "list[ModelInfo]":
    """Return the models to choose from; an endpoint that is set up wrongly is told, and is none."""
    listed = repl.app.catalogue.everything()
    if listed.wrong is not None:
        repl.saying.note(listed.wrong.message)
    return [each for each in listed.models if _offered(each)]


def _offered(each: "ModelInfo") -> bool:
    return each.type in (None, "chat") and each.picker


def use_model(repl: "Repl", wanted: str) -> None:
    """Change to the model `wanted`, whoever answers to it; the conversation goes along.

    A model that only wants consent is offered to be enabled. Raises `ModelUnavailable`.
    """
    from copilot_cli.naming import WantsConsent

    try:
        route = repl.app.catalogue.resolve(wanted, ask=repl.app.streams.person)
    except WantsConsent as refused:
        if not repl.app.streams.person:
            raise
        _enable(repl, refused.model)
        route = repl.app.catalogue.resolve(wanted, ask=False)
    repl.talk.use_model(route)
    repl.saying.note(f"model: {_current(repl)}")


def _enable(repl: "Repl", wanted: "ModelInfo") -> None:
    from copilot_cli.enabling import accept, offer

    if not offer(repl.app, wanted):
        raise ModelUnavailable(f"{wanted.id} is not enabled; {_current(repl)} goes on")
    accept(repl.app, wanted)


def _picked(repl: "Repl", listed: "list[ModelInfo]") -> str:
    from copilot_cli.engines.models import wants_consent
    from copilot_cli.ui.describe import abilities, facts, named
    from copilot_cli.ui.prompts import Option

    def option(each: "ModelInfo") -> Option:
        consent = wants_consent(each)
        detail = (facts(each), abilities(each), "wants your consent" if consent else "")
        reason = None if consent else each.disabled
        return Option(named(each), named(each), " · ".join(filter(None, detail)), reason)

    options = [option(each) for each in listed]
    if any(each.endpoint is None for each in listed):
        options.insert(0, Option(AUTO, AUTO, AUTO_MEANS))
    return repl.app.prompts.choose("Which model?", options, _current(repl), flag="/model ID")


def _current(repl: "Repl") -> str:
    endpoint = repl.talk.route.endpoint
    return f"{endpoint}/{repl.chat.model}" if endpoint else repl.chat.model


def effort(repl: "Repl", wanted: str) -> None:
    """Show or change how much a reasoning model thinks."""
    found = repl.app.catalogue.look_up(repl.chat.model, repl.talk.route.endpoint)
    levels = found.reasoning if found else ()
    if wanted and wanted != NONE and wanted not in levels:
        hint = f"{repl.chat.model} has {', '.join(levels)}" if levels else None
        raise UsageError(f"{repl.chat.model} has no effort {wanted}", hint=hint)
    if wanted:
        repl.chat.effort = None if wanted == NONE else wanted
        repl.talk.use_model()  # what was not known of it is known now
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
            (_marked(each.name, current), safe_line(" ".join((each.system or "").split()), _SHOWN))
            for each in found.values()
        ]
    )


def _marked(name: str, current: str | None) -> str:
    return f"{'*' if name == current else ' '} {name}"
