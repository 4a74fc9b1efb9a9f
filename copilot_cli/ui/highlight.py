"""Source code coloured line by line, so that no line waits for the next.

Each line is given to its Pygments lexer alone. What such a lexer cannot know is remembered here:
that a comment or a string of several lines is open. The colours are those of a theme.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from pygments.lexer import Lexer  # type: ignore[import-untyped]  # publishes no types
from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
from pygments.token import (  # type: ignore[import-untyped]
    Comment,
    Generic,
    Keyword,
    Name,
    Number,
    Operator,
    String,
    _TokenType,
)
from pygments.util import ClassNotFound  # type: ignore[import-untyped]

from copilot_cli.ui.runs import Runs
from copilot_cli.ui.themes import EITHER, Theme

_LONGEST = 1000  # characters; a longer line is data, and some lexers are not linear


class _Span(NamedTuple):
    """A construct that may go on over several lines, and how it is coloured."""

    opens: str
    closes: str
    kind: _TokenType


_SPANS = (
    _Span('"""', '"""', String),
    _Span("'''", "'''", String),
    _Span("`", "`", String),
    _Span("/*", "*/", Comment),
    _Span("<!--", "-->", Comment),
    _Span("{-", "-}", Comment),
    _Span("(*", "*)", Comment),
    _Span("--[[", "]]", Comment),
)


@lru_cache(maxsize=64)
def _lexer(language: str) -> tuple[Lexer, tuple[_Span, ...]] | None:
    """Return the lexer of a language and which of the spans it knows."""
    options = {"startinline": True} if language == "php" else {}
    try:
        lexer = get_lexer_by_name(language, stripnl=False, **options)
    except ClassNotFound:
        return None
    return lexer, tuple(span for span in _SPANS if _knows(lexer, span))


def _knows(lexer: Lexer, span: _Span) -> bool:
    """Tell whether the lexer takes text over two lines between the marks of `span` as one."""
    sample = f"{span.opens}x\ny{span.closes}"
    return all(
        kind in span.kind
        for _, kind, text in lexer.get_tokens_unprocessed(sample + "\n")
        if text.strip()
    )


@lru_cache(maxsize=4)
def _styles(theme: Theme) -> dict[_TokenType, str]:
    """Return the styles of those kinds of token that have one of their own."""
    return {
        Comment: theme.comment,
        Keyword: theme.keyword,
        String: theme.string,
        Number: theme.number,
        Name.Builtin: theme.number,
        Name.Decorator: theme.number,
        Name.Tag: theme.keyword,
        Name.Attribute: theme.number,
        Operator.Word: theme.keyword,
        Generic.Deleted: theme.deleted,
        Generic.Inserted: theme.string,
        Generic.Heading: "1",
        Generic.Subheading: theme.number,
        Generic.Prompt: theme.comment,
    }


@lru_cache(maxsize=512)
def _style(kind: _TokenType, theme: Theme) -> str:
    styles = _styles(theme)
    while kind is not None:
        if kind in styles:
            return styles[kind]
        kind = kind.parent
    return ""


class Highlighter:
    """The colours of one code block; `info` is the info string of its fence."""

    def __init__(self, info: str, theme: Theme = EITHER) -> None:
        name = re.match(r"[\w+#.-]+", info.lstrip("{."))
        self._known = _lexer(name.group().lower()) if name else None
        self._open: _Span | None = None
        self._theme = theme

    def line(self, text: str) -> Runs:
        """Return the next line as runs; their text together is `text`."""
        if self._known is None or len(text) > _LONGEST:
            return [(text, "")]
        head: Runs = []
        if self._open:
            end = text.find(self._open.closes)
            style = self._style(self._open.kind)
            if end < 0:
                return [(text, style)]
            end += len(self._open.closes)
            head, text, self._open = [(text[:end], style)], text[end:], None
        return head + self._lexed(text, *self._known)

    def _style(self, kind: _TokenType) -> str:
        return _style(kind, self._theme)

    def _lexed(self, text: str, lexer: Lexer, spans: tuple[_Span, ...]) -> Runs:
        runs: Runs = []
        opened = {position: span for span in spans if (position := _unclosed(text, span)) >= 0}
        try:
            for index, kind, value in lexer.get_tokens_unprocessed(text + "\n"):
                for position, span in opened.items():
                    if index <= position < index + len(value) and _opens(kind, value, span):
                        self._open = span
                        rest = (
                            [(text[index:position], self._style(kind))] if position > index else []
                        )
                        return [*runs, *rest, (text[position:], self._style(span.kind))]
                style = self._style(kind) if value.strip() else (runs[-1][1] if runs else "")
                if runs and runs[-1][1] == style:
                    runs[-1] = (runs[-1][0] + value, style)
                else:
                    runs.append((value, style))
        except Exception:  # noqa: BLE001 - a lexer run over anything: colour is not worth an answer
            return [(text, "")]
        return _until(runs, len(text))


def _unclosed(text: str, span: _Span) -> int:
    """Return where `span` opens in `text` and does not close again, -1 if it does not."""
    if span.opens == span.closes:
        return text.rfind(span.opens) if text.count(span.opens) % 2 else -1
    position = text.rfind(span.opens)
    return position if position >= 0 and text.find(span.closes, position) < 0 else -1


def _opens(kind: _TokenType, value: str, span: _Span) -> bool:
    """Tell whether what a lexer made of the opening mark leaves it an opening mark."""
    if span.kind is String:
        return kind in String and value.startswith(span.opens)
    return kind not in String and kind not in Comment.Single


def _until(runs: Runs, end: int) -> Runs:
    """Return the runs of the first `end` characters."""
    kept: Runs = []
    for text, style in runs:
        if end <= 0:
            break
        kept.append((text[:end], style))
        end -= len(text)
    return kept
