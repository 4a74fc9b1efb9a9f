"""`/copy`, `/save`, `/export`: what is taken out of the conversation, as it was written."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_cli.errors import CopilotChatError, UsageError
from copilot_cli.ui.console import json_bytes
from copilot_cli.ui.safe import utf8

if TYPE_CHECKING:
    from copilot_cli.fences import Block
    from copilot_cli.repl.loop import Repl

_FORMS = {".md": "md", ".markdown": "md", ".json": "json", ".html": "html", ".htm": "html"}


def copy(repl: "Repl", wanted: str) -> None:
    """Copy a code block of the last answer, or all of it."""
    answer = _answer(repl)
    found = _blocks(answer)
    if not wanted and len(found) > 1:
        _list(repl, found)
        return
    if wanted == "all" or (not wanted and not found):
        _to_clipboard(repl, answer, "the answer")
    else:
        block = _block(found, wanted or "1")
        _to_clipboard(repl, block.source, f"block {block.number}" if len(found) > 1 else "the code")


def save(repl: "Repl", arguments: str) -> None:
    """Write the last answer, or one of its code blocks, to a file."""
    number, _, name = arguments.partition(" ")
    text = _answer(repl)
    if number.isascii() and number.isdigit() and name.strip():
        text = _block(_blocks(text), number).source
    else:
        name = arguments
    if not name:
        raise UsageError("/save wants a file to write to")
    _write(repl, _path(repl, name), utf8(text))


def export(repl: "Repl", name: str) -> None:
    """Write the conversation to a file; the file's ending says in which form."""
    from copilot_cli import exporting

    turns = repl.talk.turns()
    if not turns or repl.talk.id is None:
        raise UsageError("there is nothing to export yet")
    session = repl.talk.sessions.find(repl.talk.id)
    path = _path(repl, name or f"{_slug(session.title)}.md")
    form = _FORMS.get(path.suffix.lower())
    if form is None:
        raise UsageError(
            f"{path.name}: what form is that?", hint="a name that ends in .md, .json or .html"
        )
    shown = {turn.id for turn in turns}
    left = [turn for turn in repl.talk.sessions.turns(session.id) if turn.id not in shown]
    conversation = exporting.Conversation(session, turns, left)
    if form == "json":
        document = json_bytes(exporting.record(conversation))
    elif form == "html":
        document = utf8(exporting.page(conversation))
    else:
        document = utf8(exporting.markdown(conversation))
    _write(repl, path, document)


def first_line(block: "Block") -> str:
    """Return the first line of a block with something on it."""
    return next((line.strip() for line in block.source.splitlines() if line.strip()), "(empty)")


def _answer(repl: "Repl") -> str:
    answer = repl.chat.answer()
    if not answer:
        raise UsageError("there is no answer yet")
    return answer


def _blocks(answer: str) -> "list[Block]":
    from copilot_cli.fences import blocks

    return blocks(answer)


def _block(found: "list[Block]", number: str) -> "Block":
    for block in found:
        if str(block.number) == number:
            return block
    if not found:
        raise UsageError("the last answer has no code block", hint="/copy all takes all of it")
    raise UsageError(
        f"the last answer has no code block {number[:20]}",
        hint="it has one" if len(found) == 1 else f"it has 1 to {len(found)}",
    )


def _list(repl: "Repl", found: "list[Block]") -> None:
    repl.saying.rows(
        [
            (str(block.number), block.language, first_line(block)[:60], _lines(block))
            for block in found
        ]
    )
    repl.saying.note("/copy with a number copies one of them, /copy all the whole answer")


def _lines(block: "Block") -> str:
    count = len(block.source.splitlines())
    return f"{count} line{'' if count == 1 else 's'}"


def _to_clipboard(repl: "Repl", text: str, what: str) -> None:
    from copilot_cli.ui.clipboard import TERMINAL, copy

    streams = repl.app.streams
    terminal = streams.stderr_is_terminal and not streams.dumb
    way = copy(
        text,
        write_terminal=streams.say if terminal else None,
        environ=repl.app.effects.environ,
    )
    if way is None:
        raise CopilotChatError(
            "no clipboard can be reached from here", hint="/save FILE writes it to a file"
        )
    size = f"{what} ({len(text):,} characters)"
    if way == TERMINAL:
        repl.saying.note(f"{size} given to the terminal to copy; not every terminal does it")
    else:
        repl.saying.note(f"copied {size} with {way}")


def _path(repl: "Repl", name: str) -> Path:
    try:
        return repl.app.folder() / Path(name.strip().strip('"')).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{name}: the ~ in it cannot be expanded") from error


def _write(repl: "Repl", path: Path, content: bytes) -> None:
    if path.is_dir():
        raise UsageError(f"{path} is a folder")
    if path.exists() and not repl.confirm(f"{path} is there already. Replace it?"):
        repl.saying.note("nothing was written")
        return
    try:
        path.write_bytes(content)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no file can have that name"
        raise UsageError(f"{path} cannot be written: {reason}") from error
    repl.saying.note(f"wrote {path} ({len(content):,} bytes)")


def _slug(title: str) -> str:
    return "-".join(re.findall(r"\w+", title.lower()))[:50] or "conversation"
