"""Source code coloured line by line, so that no line waits for the next.

Each line is given to its Pygments lexer alone. What such a lexer cannot know is remembered here:
that a comment or a string of several lines is open. No background; by itself the terminal's own
sixteen colours, which are readable on light and dark, and else those of a theme.
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

_LONGEST = 1000  # characters; a longer line is data, and some lexers are not linear

_STYLES = {
    Comment: "2",
    Keyword: "35",
    String: "32",
    Number: "36",
    Name.Builtin: "36",
    Name.Decorator: "36",
    Name.Tag: "35",
    Name.Attribute: "36",
    Operator.Word: "35",
    Generic.Deleted: "31",
    Generic.Inserted: "32",
    Generic.Heading: "1",
    Generic.Subheading: "36",
    Generic.Prompt: "2",
}


# xterm's 256 colours, at least 4.5 : 1 on a background that is black, or white.
_THEMES = {
    "auto": {},
    "dark": {"2": "38;5;245", "31": "38;5;210", "32": "38;5;150", "35": "38;5;176",
             "36": "38;5;116"},
    "light": {"2": "38;5;242", "31": "38;5;124", "32": "38;5;22", "35": "38;5;90", "36": "38;5;24"},
}  # fmt: skip


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


@lru_cache(maxsize=512)
def _style(kind: _TokenType) -> str:
    while kind is not None:
        if kind in _STYLES:
            return _STYLES[kind]
        kind = kind.parent
    return ""


class Highlighter:
    """The colours of one code block; `info` is the info string of its fence.

    `theme` is auto, dark or light: the terminal's own colours, or some for that background.
    """

    def __init__(self, info: str, theme: str = "auto") -> None:
        self._colours: dict[str, str] = _THEMES[theme]
        name = re.match(r"[\w+#.-]+", info.lstrip("{."))
        self._known = _lexer(name.group().lower()) if name else None
        self._open: _Span | None = None

    def line(self, text: str) -> Runs:
        """Return the next line as runs; their text together is `text`."""
        return [(piece, self._colours.get(style, style)) for piece, style in self._line(text)]

    def _line(self, text: str) -> Runs:
        if self._known is None or len(text) > _LONGEST:
            return [(text, "")]
        head: Runs = []
        if self._open:
            end = text.find(self._open.closes)
            style = _style(self._open.kind)
            if end < 0:
                return [(text, style)]
            end += len(self._open.closes)
            head, text, self._open = [(text[:end], style)], text[end:], None
        return head + self._lexed(text, *self._known)

    def _lexed(self, text: str, lexer: Lexer, spans: tuple[_Span, ...]) -> Runs:
        runs: Runs = []
        opened = {position: span for span in spans if (position := _unclosed(text, span)) >= 0}
        try:
            for index, kind, value in lexer.get_tokens_unprocessed(text + "\n"):
                for position, span in opened.items():
                    if index <= position < index + len(value) and _opens(kind, value, span):
                        self._open = span
                        rest = [(text[index:position], _style(kind))] if position > index else []
                        return [*runs, *rest, (text[position:], _style(span.kind))]
                style = _style(kind) if value.strip() else (runs[-1][1] if runs else "")
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
