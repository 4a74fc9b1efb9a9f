"""`copilot-chat sessions`: list and show stored conversations."""

import time
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.store.turns import Session, Turn

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

_JSON = typer.Option(False, "--json", help="Print JSON.")
_STATES = {
    "incomplete": "incomplete",
    "interrupted": "stopped",
    "failed": "no answer",
    "pending": "cut off when the program ended",
}


@app.callback()
def sessions() -> None:
    """List and show stored conversations."""


@app.command("list")
def list_(
    ctx: typer.Context,
    limit: int | None = typer.Option(None, "-n", "--limit", min=1, metavar="N", help="At most N."),
    as_json: bool = _JSON,
) -> None:
    """List conversations, the one used last first."""
    application: App = ctx.obj
    found = application.sessions.recent(limit)
    if as_json:
        application.streams.json([_session(each) for each in found])
        return
    if not found:
        application.streams.notice("no conversation is stored")
        return
    application.streams.table(
        ("id", "last used", "turns", "model", "title"),
        [
            (each.id, _local(each.updated), str(each.turns), each.model or "", each.title)
            for each in found
        ],
    )


@app.command()
def show(
    ctx: typer.Context,
    session: str = typer.Argument(
        "latest", metavar="[ID]", help="An id or its beginning; without one, the latest."
    ),
    as_json: bool = _JSON,
) -> None:
    """Show a conversation as Markdown."""
    application: App = ctx.obj
    found = application.sessions.find(session)
    turns = application.sessions.history(found.id)
    if as_json:
        record = {**_session(found), "messages": [_turn(turn) for turn in turns]}
        application.streams.json(record)
        return
    text = _markdown(found, turns)
    if application.streams.stdout_is_terminal:
        from copilot_cli.ui.safe import safe

        text = safe(text)
    application.streams.out_bytes(text.encode())


def _markdown(session: "Session", turns: "list[Turn]") -> str:
    lines = [f"# {session.title}", f"{session.id} · {_local(session.created)}"]
    for turn in turns:
        who = "You" if turn.role == "user" else turn.model or turn.role
        state = _STATES.get(turn.state)
        lines += [f"**{who}**" + (f" ({state})" if state else ""), turn.text.strip("\n")]
    return "\n\n".join(line for line in lines if line) + "\n"


def _session(session: "Session") -> dict[str, Any]:
    return {
        "id": session.id,
        "title": session.title,
        "created": _utc(session.created),
        "updated": _utc(session.updated),
        "host": session.host,
        "account": session.account,
        "model": session.model,
        "engine": session.engine,
        "turns": session.turns,
    }


def _turn(turn: "Turn") -> dict[str, Any]:
    return {
        "role": turn.role,
        "text": turn.text,
        "created": _utc(turn.created),
        "model": turn.model,
        "engine": turn.engine,
        "state": turn.state,
        "finish_reason": turn.finish_reason,
        "usage": turn.usage._asdict(),
        "cost": turn.cost._asdict() if turn.cost else None,
        "request_id": turn.request_id,
        "seconds": {
            "first_token": _rounded(turn.seconds_first_token),
            "total": _rounded(turn.seconds_total),
        },
    }


def _local(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def _utc(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
