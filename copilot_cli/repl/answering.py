"""`/continue` and `/compact`: answers that no new question asks for."""

from typing import TYPE_CHECKING

from copilot_cli.chat import KEPT
from copilot_cli.context import divide
from copilot_cli.errors import UsageError
from copilot_cli.repl.arguments import no_arguments

if TYPE_CHECKING:
    from copilot_cli.repl.loop import Repl


def go_on(repl: "Repl", arguments: str) -> None:
    """Go on with the last answer, where it was stopped or cut."""
    no_arguments(arguments)
    if not repl.talk.unfinished:
        raise UsageError("the last answer is whole: there is nothing to go on with")
    repl.answer(repl.chat.go_on)


def compact(repl: "Repl", arguments: str) -> None:
    """Show a summary of the older turns, and put it in their place if the person likes it."""
    no_arguments(arguments)
    if not divide(repl.chat.history, KEPT)[0]:
        raise UsageError(
            "there is nothing to sum up yet", hint=f"the last {KEPT} turns stay as they are"
        )
    before, _ = repl.chat.tokens
    repl.saying.note("summing up …")
    if not repl.answer(repl.chat.compact, kept=False):
        repl.saying.note("nothing was changed")
        return
    if repl.app.streams.person and not repl.confirm(
        "Use this summary in place of the older turns?", default=True
    ):
        repl.talk.undo()
        repl.saying.note("nothing was changed")
        return
    after, _ = repl.chat.tokens
    repl.saying.note(
        f"about {before:,} tokens are now {after:,}; the turns stay stored, /undo brings them back"
    )
