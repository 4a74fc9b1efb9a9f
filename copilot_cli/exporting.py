"""A conversation as one document: Markdown to read, JSON for programs, HTML to pass on.

Rule: pure, values in and text out. The HTML is one file that loads nothing, runs nothing and says
so to the browser; what people and models wrote is in it as text, never as markup of theirs.
"""

import html
import re
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from copilot_cli.called import Called, byte_count, calls, pieces
from copilot_cli.messages import ImagePart, ToolCall, ToolResult
from copilot_cli.store.turns import Session, Turn
from copilot_cli.ui.report import tool_line
from copilot_cli.ui.safe import safe

_STATES = {
    "incomplete": "incomplete",
    "interrupted": "stopped",
    "failed": "no answer",
    "pending": "cut off when the program ended",
}
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_TICKS = re.compile("`+")
_WHO = {"user": "You", "summary": "Summary", "system": "Instructions"}


class Conversation(NamedTuple):
    """A session, the turns that are shown, and those on branches that were left."""

    session: Session
    turns: Sequence[Turn]
    left: Sequence[Turn] = ()


# JSON


def session_record(session: Session) -> dict[str, Any]:
    """Return a session as `docs/json.md` describes it."""
    return {
        "id": session.id,
        "title": session.title,
        "created": utc(session.created),
        "updated": utc(session.updated),
        "host": session.host,
        "account": session.account,
        "model": session.model,
        "engine": session.engine,
        "turns": session.turns,
    }


def record(conversation: Conversation) -> dict[str, Any]:
    """Return a conversation as `docs/json.md` describes it."""
    return {
        **session_record(conversation.session),
        "messages": [turn_record(turn) for turn in conversation.turns],
        "left": [turn_record(turn) for turn in conversation.left],
    }


def turn_record(turn: Turn) -> dict[str, Any]:
    """Return a turn as `docs/json.md` describes it."""
    return {
        "id": turn.id,
        "parent": turn.parent,
        "role": turn.role,
        "text": turn.text,
        "created": utc(turn.created),
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
        "tools": [called._asdict() for called in calls(turn.parts)],
        "images": [
            {"type": part.media_type, "bytes": byte_count(part), "detail": part.detail}
            for part in turn.parts
            if isinstance(part, ImagePart)
        ],
    }


# Markdown


def markdown(conversation: Conversation) -> str:
    """Return the turns that are shown as Markdown, as they were written."""
    session = conversation.session
    lines = [f"# {session.title}", f"{session.id} · {local(session.created)}"]
    for turn in conversation.turns:
        lines += [f"**{_heading(turn)[0]}**" + _marked(turn), *_paragraphs(turn)]
    return "\n\n".join(line for line in lines if line) + "\n"


def _paragraphs(turn: Turn) -> Iterator[str]:
    """Yield what is said, and in a line each what is called and what that gave."""
    for kind, several in groupby(pieces(turn.parts), type):
        if kind is str:
            yield _closed("".join(map(str, several)).strip("\n"))
        else:
            lines = [line for each in several if isinstance(each, Called) for line in _told(each)]
            yield "\n".join(f"> {_code(line)}  " for line in lines)


def _told(called: Called) -> list[str]:
    lines = [tool_line(ToolCall(called.id, called.name, called.arguments))]
    if called.output is not None:
        lines.append(tool_line(ToolResult(called.id, called.name, called.output, called.error)))
    return lines


def _code(line: str) -> str:
    """Return a line as code, in which nothing is Markdown."""
    fence = "`" * (max(map(len, _TICKS.findall(line)), default=0) + 1)
    return f"{fence} {line} {fence}" if len(fence) > 1 else f"`{line}`"


def _closed(text: str) -> str:
    """Return `text` with its last code block closed, so that it does not take in what follows."""
    fence = ""
    for line in text.splitlines():
        found = _FENCE.match(line)
        if not fence:
            fence = found[1] if found else ""
        elif found and found[1].startswith(fence) and not line.strip("`~ \t"):
            fence = ""
    return f"{text}\n{fence}" if fence else text


def _heading(turn: Turn) -> tuple[str, str]:
    """Return who says the turn, and how it ended where that is worth a word."""
    return _WHO.get(turn.role) or turn.model or turn.role, _STATES.get(turn.state, "")


def _marked(turn: Turn) -> str:
    state = _heading(turn)[1]
    return f" ({state})" if state else ""


# HTML

_PAGE = """\
<!doctype html>
<html lang="">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --line: #8886; --shade: #8882; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: auto; padding: 1rem; }}
header, article {{ border-bottom: 1px solid var(--line); padding-bottom: 1rem; }}
h1 {{ font-size: 1.4rem; }}
h2 {{ font-size: 1rem; margin-bottom: .3rem; }}
small {{ font-weight: normal; opacity: .7; }}
.user > div {{ white-space: pre-wrap; }}
div {{ overflow-wrap: anywhere; }}
summary {{ overflow-wrap: anywhere; }}
pre {{ background: var(--shade); padding: .7rem; overflow-x: auto; border-radius: .3rem; }}
code {{ font: .9em/1.4 ui-monospace, monospace; }}
table {{ border-collapse: collapse; }}
th, td {{ border: 1px solid var(--line); padding: .2rem .5rem; }}
blockquote {{ border-left: 3px solid var(--line); margin-left: 0; padding-left: 1rem; }}
</style>
</head>
<body>
<header><h1>{title}</h1><small>{about}</small></header>
{turns}
</body>
</html>
"""


def page(conversation: Conversation) -> str:
    """Return the turns that are shown as one HTML page; answers are rendered, questions are not."""
    session = conversation.session
    render = _renderer()
    return _PAGE.format(
        title=_escaped(session.title),
        about=_escaped(
            f"{session.id} · {local(session.created)} · {session.model or ''}".rstrip(" ·")
        ),
        turns="\n".join(_article(turn, render) for turn in conversation.turns),
    )


def _article(turn: Turn, render: Callable[[str], str]) -> str:
    who, state = _heading(turn)
    typed = turn.role == "user"
    body = _escaped(_typed(turn)) if typed else "".join(_body(turn, render))
    after = f" <small>({_escaped(state)})</small>" if state else ""
    kind = "user" if typed else "answer"
    return f'<article class="{kind}"><h2>{_escaped(who)}{after}</h2>\n<div>{body}</div></article>'


def _typed(turn: Turn) -> str:
    return "".join(each for each in pieces(turn.parts) if isinstance(each, str))


def _body(turn: Turn, render: Callable[[str], str]) -> Iterator[str]:
    for kind, several in groupby(pieces(turn.parts), type):
        if kind is str:
            yield render(safe("".join(map(str, several))))
        else:
            yield from (_folded(each) for each in several if isinstance(each, Called))


def _folded(called: Called) -> str:
    """Return a call as one line, which opens to show all of it and what it gave."""
    line = tool_line(ToolCall(called.id, called.name, called.arguments))
    whole = [called.arguments, called.output or ""]
    inside = "".join(f"<pre>{_escaped(text)}</pre>" for text in whole if text)
    return f"<details><summary><code>{_escaped(line)}</code></summary>{inside}</details>\n"


def _renderer() -> Callable[[str], str]:
    """Return what makes Markdown HTML without anything that loads, runs or is HTML already."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.disable(["image"])  # it would be loaded from a host of the model's choice

    def link_open(renderer: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
        tokens[index].attrSet("rel", "noopener noreferrer nofollow")
        return str(renderer.renderToken(tokens, index, options, env))

    parser.add_render_rule("link_open", link_open)
    return parser.render


def _escaped(text: str) -> str:
    return html.escape(safe(text))


# Times


def local(moment: float) -> str:
    """Return a time for a person: date and minute, where the program runs."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def utc(moment: float) -> str:
    """Return a time for a program: ISO 8601 in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
