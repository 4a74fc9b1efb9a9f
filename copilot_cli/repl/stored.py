"""`/new`, `/private`, `/sessions`, `/resume`, `/rename`, `/search`, `/fork`: which conversation."""

from typing import TYPE_CHECKING

from copilot_cli.errors import CopilotChatError, UsageError
from copilot_cli.repl.arguments import no_arguments, whole_number

if TYPE_CHECKING:
    from copilot_cli.repl.loop import Repl
    from copilot_cli.store.turns import Session

_LISTED = 10
_NUMBERS = 999  # what is longer is an id
_HITS = 20
_SHOWN = 4000  # characters of an answer that are shown when its conversation is resumed


def new(repl: "Repl", arguments: str) -> None:
    """Begin a new conversation."""
    no_arguments(arguments)
    repl.talk.begin()
    repl.saying.note("a new conversation; the old one is kept")


def private(repl: "Repl", arguments: str) -> None:
    """Begin a new conversation that leaves nothing on disk, nor do those after it."""
    no_arguments(arguments)
    repl.private = True
    repl.talk.begin(repl.app.private_sessions)
    repl.new_lines()
    repl.saying.note("private from now on: a new conversation, and nothing of it goes to disk")


def sessions(repl: "Repl", arguments: str) -> None:
    """List the last conversations, with the numbers that `/resume` takes."""
    found = _recent(repl, whole_number(arguments, _LISTED))
    if not found:
        private = "a private chat knows its own conversations only, and there is none yet"
        repl.saying.note(private if repl.private else "no conversation is stored yet")
        return
    from copilot_cli.exporting import local

    repl.saying.rows(
        [
            (
                f"{number}" + ("*" if each.id == repl.talk.id else ""),
                local(each.updated),
                each.title,
            )
            for number, each in enumerate(found, start=1)
        ]
    )


def resume(repl: "Repl", reference: str) -> None:
    """Go on with a stored conversation: by its number in `/sessions`, id, title, or from a list."""
    session = _named(repl, reference) if reference else _chosen(repl)
    repl.talk.resume(session)
    resumed(repl, session)


def resumed(repl: "Repl", session: "Session") -> None:
    """Say what is gone on with, and how it ended."""
    questions = [turn for turn in repl.talk.turns() if turn.role == "user"]
    turns = f"{len(questions)} question{'' if len(questions) == 1 else 's'}"
    repl.saying.note(f"going on with “{session.title}” ({turns}, {repl.chat.model})")
    answer = repl.chat.answer()
    if not questions or not repl.app.streams.person:
        return
    from copilot_cli.attachments.attachment import divided
    from copilot_cli.repl.tree import first_line

    repl.saying.note(f"> {first_line(divided(questions[-1].parts)[1])}")
    if len(answer) <= _SHOWN:
        repl.saying.rendered(answer)
    else:
        repl.saying.note(f"(its last answer has {len(answer):,} characters; /export writes it out)")


def rename(repl: "Repl", title: str) -> None:
    """Give this conversation another title."""
    if not title:
        raise UsageError("/rename wants a title")
    if not repl.talk.sessions.rename(repl.talk.id, title):
        raise CopilotChatError("the title could not be written")
    repl.saying.note(f"the title is now “{title}”")


def search(repl: "Repl", words: str) -> None:
    """Find what was said, in all conversations."""
    if not words:
        raise UsageError("/search wants words to look for")
    from copilot_cli.listing import hit_lines

    hits = repl.talk.sessions.search(words, _HITS)
    if not hits:
        repl.saying.note("nothing was found")
        return
    streams = repl.app.streams
    for line in hit_lines(hits, repl.saying.room, color=streams.stderr_color):
        streams.say(f"{line}\n")
    repl.saying.note("/resume with an id goes on with one")


def fork(repl: "Repl", arguments: str) -> None:
    """Go on in a copy of this conversation."""
    no_arguments(arguments)
    copy = repl.talk.fork()
    if copy is None:
        raise UsageError("there is nothing to fork yet")
    repl.saying.note(f"in a copy from here on: “{copy.title}”")


def _recent(repl: "Repl", limit: int) -> "list[Session]":
    return repl.talk.sessions.recent(limit)


def _named(repl: "Repl", reference: str) -> "Session":
    if reference.isascii() and reference.isdigit() and int(reference) <= _NUMBERS:
        found = _recent(repl, int(reference))
        if 0 < int(reference) == len(found):
            return found[-1]
    try:
        return repl.talk.sessions.find(reference)
    except UsageError as error:
        raise UsageError(error.message, hint="/sessions lists them") from None


def _chosen(repl: "Repl") -> "Session":
    from copilot_cli.exporting import local
    from copilot_cli.ui.prompts import Option

    found = {each.id: each for each in _recent(repl, _LISTED) if each.id != repl.talk.id}
    if not found:
        raise UsageError("there is no other conversation to go on with")
    if not repl.app.streams.person:
        raise UsageError("/resume wants a number, an id or a title", hint="/sessions lists them")
    options = [Option(each.id, each.title, local(each.updated)) for each in found.values()]
    return found[repl.app.prompts.choose("Which conversation?", options, flag="/resume ID")]
