"""`/undo`, `/redo`, `/retry`, `/edit`: the way back, and another way on; nothing is ever lost."""

from typing import TYPE_CHECKING

from copilot_cli.attachments.attachment import again, divided
from copilot_cli.conversation import asked_to_go_on
from copilot_cli.errors import UsageError
from copilot_cli.repl.arguments import whole_number

if TYPE_CHECKING:
    from copilot_cli.repl.loop import Repl
    from copilot_cli.store.turns import Turn

UNCHANGED = "nothing was changed; /retry asks it again"
_LINE = 60  # characters


def undo(repl: "Repl", arguments: str) -> None:
    """Take back the last questions with their answers."""
    for done in range(whole_number(arguments, 1)):
        turn = repl.talk.undo()
        if turn is None:
            if done:
                break
            raise UsageError("there is nothing to undo")
        repl.saying.note(f"undone: {_named(turn)}")
    left = sum(turn.role == "user" for turn in repl.talk.turns())
    where = f"{left} question{'' if left == 1 else 's'} left" if left else "nothing is left"
    repl.saying.note(f"{where}; /redo brings it back")


def redo(repl: "Repl", arguments: str) -> None:
    """Bring back what was undone."""
    for done in range(whole_number(arguments, 1)):
        turn = repl.talk.redo()
        if turn is None:
            if done:
                return
            raise UsageError("there is nothing to redo")
        repl.saying.note(f"brought back: {_named(turn)}")


def retry(repl: "Repl", model: str) -> None:
    """Ask the last question again, with another model if one is named."""
    question = _last_question(repl)
    if model:
        from copilot_cli.repl.instructing import use_model

        use_model(repl, model)
    repl.talk.back_before(question)
    if asked_to_go_on(question):
        repl.answer(repl.chat.go_on)
        return
    repl.saying.note(f"again: {first_line(divided(question.parts)[1])}")
    repl.ask(again(question.parts))


def edit(repl: "Repl", words: str) -> None:
    """Ask something else in the place of the last question."""
    from copilot_cli.repl.loop import Draft

    question = _last_question(repl)
    attached, before = divided(question.parts)
    draft = Draft(question, attached, before)
    if not words and not _has_editor(repl):
        repl.draft = draft
        repl.saying.note(
            "change the question and press Enter; unchanged or empty, it stays as it was"
        )
        return
    words = words or repl.lines.editor(before)
    if not words.strip() or words == before:
        repl.saying.note(UNCHANGED)
        return
    repl.saying.note(f"asking anew: {first_line(words)}")
    repl.put(words, draft)


def first_line(text: str) -> str:
    """Return the beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _LINE else line[: _LINE - 1].rstrip() + "…"


def _last_question(repl: "Repl") -> "Turn":
    question = repl.talk.last_question()
    if question is None:
        raise UsageError("nothing was asked yet")
    return question


def _named(turn: "Turn") -> str:
    if turn.role == "summary":
        return "the summary"
    if asked_to_go_on(turn):
        return "what /continue brought"
    return f"“{first_line(divided(turn.parts)[1])}”"


def _has_editor(repl: "Repl") -> bool:
    environ = repl.app.effects.environ
    return bool(environ.get("VISUAL") or environ.get("EDITOR")) or not repl.app.streams.person
