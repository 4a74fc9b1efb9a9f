"""The inline part of Markdown as styled runs: emphasis, code, links, entities.

The text was made safe before it came here, and is made safe again after parsing: an entity such as
`&#x1b;` brings a control character back. Links show their target, whatever its scheme; nothing is
ever a terminal hyperlink, and HTML is text.
"""

import re
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from copilot_cli.ui.runs import Run, Runs, plain
from copilot_cli.ui.safe import safe_line
from copilot_cli.ui.themes import EITHER, Theme

_MARKUP = re.compile(r"[*_`\[\]<>&!~\\\n]")

_STYLES = {"strong_open": "1", "em_open": "3", "s_open": "9"}
DIM = "2"


class Inline:
    """Parses inline Markdown; remembers the link references of the whole answer.

    Without colour, code keeps its backticks and what was struck its tildes: nothing else would tell
    them from text.
    """

    def __init__(self, *, color: bool, theme: Theme = EITHER) -> None:
        self._color = color
        self._code = theme.number
        self._parser = MarkdownIt("commonmark").enable("strikethrough")
        self._references: dict[str, Any] = {}

    def runs(self, text: str, base: str = "") -> Runs:
        """Return `text` as runs; `base` is the style it all has (SGR parameters)."""
        if not _MARKUP.search(text):
            return [(safe_line(text, None), base if self._color else "")] if text else []
        tokens = self._parser.parseInline(text, self._references)
        return self._collect(tokens[0].children or [], base)

    def define(self, text: str) -> str:
        """Take the link references that a paragraph begins with; return what it has besides."""
        tokens = self._parser.parse(text, self._references)
        begins = tokens[0].map if tokens else None  # the line after them
        return "\n".join(text.split("\n")[begins[0] :]) if begins else ""

    def _collect(self, tokens: list[Token], base: str) -> Runs:
        runs: Runs = []
        styles = [base] if base else []
        links: list[tuple[int, str]] = []  # where its text begins, and its target
        for token in tokens:
            kind = token.type
            if kind in {"s_open", "s_close"} and not self._color:
                runs.append((token.markup, ""))
            elif kind in _STYLES:
                styles.append(_STYLES[kind])
            elif kind == "link_open":
                links.append((len(runs), str(token.attrGet("href") or "")))
                styles.append("4")
            elif kind == "link_close":
                styles.pop()
                start, target = links.pop()
                runs += self._target(plain(runs[start:]), target, styles)
            elif kind.endswith("_close"):
                styles.pop()
            else:
                runs += self._leaf(token, styles)
        return runs

    def _leaf(self, token: Token, styles: list[str]) -> Runs:
        match token.type:
            case "softbreak":
                return [(" ", "")]
            case "hardbreak":
                return [("\n", "")]
            case "code_inline":
                text = token.content if self._color else f"`{token.content}`"
                return [self._run(text, [*styles, self._code])]
            case "image":
                alt = self._run(plain(self._collect(token.children or [], "")), styles)
                return [alt, *self._target(alt[0], str(token.attrGet("src") or ""), styles)]
            case _:
                return [self._run(token.content, styles)] if token.content else []

    def _target(self, label: str, target: str, styles: list[str]) -> Runs:
        """Return how the target of a link is shown after its label."""
        target = safe_line(target, None)
        if not target or label in {target, target.removeprefix("mailto:")}:
            return []
        return [self._run(f" ({target})" if label else target, [*styles, DIM])]

    def _run(self, text: str, styles: list[str]) -> Run:
        return safe_line(text, None), ";".join(styles) if self._color else ""
