"""`/attach` and `/detach`: text files that go along with the next question."""

from pathlib import Path
from typing import TYPE_CHECKING

from copilot_cli.errors import UsageError
from copilot_cli.repl.attachments import read_file

if TYPE_CHECKING:
    from copilot_cli.repl.loop import Repl


def attach(repl: "Repl", name: str) -> None:
    """Attach a text file, or list what is attached."""
    if name:
        attachment = read_file(repl.app, Path(name.strip('"')))
        repl.attachments.add(attachment)
        repl.saying.note(f"{attachment.name} ({attachment.size}) goes along with the next question")
        return
    waiting = repl.attachments.waiting
    if not waiting:
        repl.saying.note("nothing is attached; /attach FILE, or @FILE in a question, attaches")
    repl.saying.rows([(each.name, each.size) for each in waiting])


def detach(repl: "Repl", name: str) -> None:
    """Take back one attachment, or all of them."""
    if not repl.attachments.waiting:
        raise UsageError("nothing is attached")
    if not name:
        repl.attachments.clear()
        repl.saying.note("nothing goes along any more")
    elif repl.attachments.remove(name):
        repl.saying.note(f"{name} does not go along")
    else:
        there = ", ".join(each.name for each in repl.attachments.waiting)
        raise UsageError("no attachment is called so", hint=f"there is {there}")
