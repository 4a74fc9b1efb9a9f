"""`copilot-chat sessions`: list, show, search, rename, export and delete stored conversations."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from copilot_cli.errors import CopilotChatError, UsageError

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.exporting import Conversation

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

_JSON = typer.Option(False, "--json", help="Print JSON.")
_ID = typer.Argument(
    "latest", metavar="[ID]", help="An id, a title or its beginning; without one, the latest."
)
_FORMATS = ("md", "json", "html")


@app.callback()
def sessions() -> None:
    """List, show, search, rename, export and delete stored conversations."""


@app.command("list")
def list_(
    ctx: typer.Context,
    limit: int | None = typer.Option(None, "-n", "--limit", min=1, metavar="N", help="At most N."),
    as_json: bool = _JSON,
) -> None:
    """List conversations, the one used last first."""
    from copilot_cli.exporting import session_record
    from copilot_cli.listing import COLUMNS, row

    application: App = ctx.obj
    found = application.sessions.recent(limit)
    if as_json:
        application.streams.json([session_record(each) for each in found])
    elif found:
        application.streams.table(COLUMNS, [row(each) for each in found])
    else:
        application.streams.notice("no conversation is stored")


@app.command()
def show(ctx: typer.Context, session: str = _ID, as_json: bool = _JSON) -> None:
    """Show a conversation as Markdown."""
    application: App = ctx.obj
    _print(application, _conversation(application, session), "json" if as_json else "md")


@app.command()
def search(
    ctx: typer.Context,
    text: list[str] = typer.Argument(metavar="TEXT...", help='Words, or a "phrase" in quotes.'),
    limit: int = typer.Option(20, "-n", "--limit", min=1, metavar="N", help="At most N (20)."),
    as_json: bool = _JSON,
) -> None:
    """Find messages and titles with all of some words, the newest first.

    A word of three letters or more may go on; case and accents do not matter.
    """
    from copilot_cli.listing import hit_lines, hit_record, hit_row

    application: App = ctx.obj
    streams = application.streams
    query = " ".join(text)
    if not query.strip():
        raise UsageError("there is nothing to search for")
    hits = application.sessions.search(query, limit)
    if as_json:
        streams.json([hit_record(hit) for hit in hits])
    elif not hits:
        streams.notice("nothing was found")
    elif streams.stdout_is_terminal:
        lines = hit_lines(hits, streams.size()[0], color=streams.color)
        streams.out_bytes("".join(f"{line}\n" for line in lines).encode())
    else:
        streams.table(("",) * 5, [hit_row(hit) for hit in hits])


@app.command()
def rename(
    ctx: typer.Context,
    words: list[str] = typer.Argument(
        metavar="[ID] TITLE", help="The new title; before it, which conversation: else the latest."
    ),
    as_json: bool = _JSON,
) -> None:
    """Give a conversation another title."""
    from copilot_cli.exporting import session_record

    application: App = ctx.obj
    if len(words) > 2:
        raise UsageError("the title is one argument", hint="put it in quotes")
    store = application.sessions
    found = store.find(words[0] if len(words) == 2 else "latest")
    if not store.rename(found.id, words[-1]):
        raise CopilotChatError("the title could not be written")
    renamed = store.find(found.id)
    if as_json:
        application.streams.json(session_record(renamed))
    else:
        application.streams.notice(f"{renamed.id} is now {renamed.title}")


@app.command()
def export(
    ctx: typer.Context,
    session: str = _ID,
    form: str | None = typer.Option(
        None, "--format", metavar="md|json|html", help="The form; else by FILE's ending, else md."
    ),
    output: Path | None = typer.Option(
        None, "-o", "--output", metavar="FILE", help="Write to FILE instead of stdout."
    ),
    as_json: bool = typer.Option(False, "--json", help="The same as --format json."),
) -> None:
    """Write a conversation as Markdown, JSON, or one HTML page that loads nothing."""
    application: App = ctx.obj
    wanted = form or ("json" if as_json else _form_of(output))
    if wanted not in _FORMATS:
        raise UsageError("--format: must be one of md, json, html")
    if as_json and wanted != "json":
        raise UsageError(f"--json and --format {wanted} are two forms", hint="choose one")
    conversation = _conversation(application, session)
    if output is None:
        _print(application, conversation, wanted)
        return
    from copilot_cli.asking import OutputFile

    file = OutputFile(output)
    try:
        file.write(_document(conversation, wanted))
    finally:
        file.close()


@app.command()
def delete(
    ctx: typer.Context,
    references: list[str] = typer.Argument(metavar="ID...", help="Ids, titles or beginnings."),
    yes: bool = typer.Option(False, "-y", "--yes", help="Do not ask."),
    as_json: bool = _JSON,
) -> None:
    """Delete conversations, with everything that was said in them."""
    application: App = ctx.obj
    store = application.sessions
    found = {each.id: each for each in map(store.find, references)}
    named = ", ".join(f"{each.id} ({each.title})" for each in found.values())
    if not yes and not application.prompts.confirm(f"Delete {named}?", default=False, flag="--yes"):
        raise UsageError("nothing was deleted")
    deleted = [each for each in found if store.delete(each)]
    if as_json:
        application.streams.json({"deleted": deleted})
    if len(deleted) < len(found):
        raise CopilotChatError(f"deleted {len(deleted)} of {len(found)} conversations")
    if not as_json:
        application.streams.notice(f"deleted {named}")


@app.command()
def path(ctx: typer.Context, as_json: bool = _JSON) -> None:
    """Print where the conversations are stored."""
    application: App = ctx.obj
    file = application.settings.paths.conversations
    if as_json:
        size = file.stat().st_size if file.is_file() else None
        record = {"path": str(file), "size": size, "sealed": application.settings.history_sealed}
        application.streams.json(record)
    else:
        application.streams.out_bytes(f"{file}\n".encode(errors="surrogateescape"))


def _conversation(application: "App", reference: str) -> "Conversation":
    from copilot_cli.exporting import Conversation

    store = application.sessions
    found = store.find(reference)
    turns = store.history(found.id)
    shown = {turn.id for turn in turns}
    left = [turn for turn in store.turns(found.id) if turn.id not in shown]
    return Conversation(found, turns, left)


def _form_of(output: Path | None) -> str:
    ending = output.suffix.lower().removeprefix(".") if output else ""
    return {"htm": "html"}.get(ending, ending) if ending in {*_FORMATS, "htm"} else "md"


def _document(conversation: "Conversation", form: str) -> bytes:
    """Return a conversation as the bytes of a file."""
    from copilot_cli import exporting
    from copilot_cli.ui.console import json_bytes

    if form == "json":
        return json_bytes(exporting.record(conversation))
    make: Any = exporting.page if form == "html" else exporting.markdown
    return str(make(conversation)).encode()


def _print(application: "App", conversation: "Conversation", form: str) -> None:
    data = _document(conversation, form)
    if not application.streams.stdout_is_terminal or form == "json":
        application.streams.out_bytes(data)
        return
    from copilot_cli.ui.stream import make_writer

    render = "never" if form == "html" else application.settings.render
    theme = application.settings.theme
    with make_writer(application.streams, render, theme=theme) as writer:
        writer.text(data.decode())
        writer.end()
