"""`/attach`, `/attachments` and `/detach`: what goes along with the next question."""

from typing import TYPE_CHECKING

from copilot_cli.errors import CopilotChatError, UsageError
from copilot_cli.repl.attachments import AGREEING, total
from copilot_cli.ui.safe import safe_line

if TYPE_CHECKING:
    from copilot_cli.repl.loop import Repl


def attach(repl: "Repl", reference: str) -> None:
    """Attach a file, an image, a folder, a page or changes; or list what is attached."""
    if not reference:
        attachments(repl, "")
        return
    from copilot_cli.attachments.gathering import Gathering

    try:
        found = Gathering(repl.app, hint=AGREEING).one(_unquoted(reference))
    except CopilotChatError:
        if not repl.app.streams.person:
            repl.attachments.failed = reference
        raise
    for each in found:
        repl.attachments.add(each)
    if len(found) == 1:
        repl.saying.note(
            f"{safe_line(found[0].name)} ({found[0].size}) goes along with the next question"
        )
    else:
        files = f"{len(found)} files ({total(found)})"
        repl.saying.note(f"{reference}: {files} go along with the next question")


def attachments(repl: "Repl", _arguments: str) -> None:
    """List what goes along."""
    waiting = repl.attachments.waiting
    if not waiting:
        repl.saying.note("nothing is attached; /attach FILE, or @FILE in a question, attaches")
    repl.saying.rows([(each.name, each.size) for each in waiting])


def detach(repl: "Repl", name: str) -> None:
    """Take back one attachment, the files of a folder, or all."""
    if not repl.attachments.waiting:
        raise UsageError("nothing is attached")
    if not name:
        repl.attachments.clear()
        repl.saying.note("nothing goes along any more")
    elif repl.attachments.remove(_unquoted(name)):
        repl.saying.note(f"{name} does not go along")
    else:
        there = ", ".join(safe_line(each.name) for each in repl.attachments.waiting)
        raise UsageError("no attachment is called so", hint=f"there is {there}")


def _unquoted(name: str) -> str:
    """Return a name without the quotes that a terminal, or completion, puts around it."""
    for quote in ('"', "'"):
        if len(name) > 1 and name.startswith(quote) and name.endswith(quote):
            return name[1:-1]
    return name.strip('"')
