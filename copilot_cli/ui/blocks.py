"""The block structure of Markdown, line by line: what leaves, no later line can change.

The structure of CommonMark, and of GFM's tables, is decided by looking at each line once, so the
work is linear in the text whatever its shape. Quotes and lists are entered: what comes out are the
leaves in them, each saying what it stands in. Code and HTML come out line by line; paragraphs and
tables whole, unless they outgrow the room they may take on the screen: then in pieces, at places
that depend on the text alone.

Spec: https://spec.commonmark.org/0.31.2/ (appendix "A parsing strategy", phase 1). Two differences
are meant: a table does not begin in the line that begins a list item, a quote or HTML, and a link
reference that is defined after its use is shown as it was written.
"""

import re
from typing import Literal

from copilot_cli.ui.cells import weight
from copilot_cli.ui.grammar import (
    DEFINITIONS,
    FENCE,
    HEADING,
    ITEM,
    ITEM_BEGUN,
    QUOTE,
    RULE,
    SETEXT,
    expanded,
    heading_text,
    html_end,
    indent,
    interrupts,
    is_table_head,
    overflow,
    safe_cut,
)
from copilot_cli.ui.pieces import Container, Kind, Piece

_DEEPEST = 20  # containers in each other, as markdown-it has it: each line looks at all of them


class _Open:
    """A container that is open: how a line continues it, and what was seen in it."""

    __slots__ = ("empty", "family", "fresh", "number", "offset")

    def __init__(self, family: str, offset: int = 0, number: int | None = None) -> None:
        self.family = family  # ">" for a quote, else the bullet or the delimiter of the number
        self.offset = offset
        self.number = number
        self.fresh = True
        self.empty = True

    def enter(self, line: str) -> str | None:
        """Return what `line` holds for the inside of this container, None if it is outside."""
        if self.family == ">":
            match = QUOTE.match(line)
            return line[match.end() :] if match else None
        if not line.strip():
            return None if self.empty else ""
        return line[self.offset :] if indent(line) >= self.offset else None


class BlockParser:
    """Takes lines and collects the pieces that they finish; its rules are those of CommonMark."""

    def __init__(self, columns: int, rows: int) -> None:
        self._open: list[_Open] = []
        self._leaf: Literal["", "paragraph", "fence", "html", "indented", "table"] = ""
        self._continued = False  # a part of this paragraph or table has left already
        self._fence = ("", 0)  # the closing character times its length, and the indent
        self._html_end: re.Pattern[str] | None = None
        self._held = 0  # blank lines of indented code that may turn out to be after it
        self._out: list[Piece] = []
        self.text = ""
        """The source of the unfinished paragraph or table."""
        self.weight = 0
        """Of that source, in cells, a line break weighing a row."""
        self.gap = False
        """Whether a blank line stands between the last piece and what comes."""
        self.set_room(columns, rows)

    def set_room(self, columns: int, rows: int) -> None:
        """Say how large the screen is: a block that would outgrow it leaves in pieces."""
        self.columns = columns
        # Rows broken at words are not full; one row is left free.
        self.limit = max(2 * columns, columns * (rows - 2) * 17 // 20)

    def taken(self) -> list[Piece]:
        """Return the pieces that were finished since the last time."""
        pieces, self._out = self._out, []
        return pieces

    def begins_item(self, line: str) -> bool:
        """Tell whether a line that may not be whole yet is sure to end a paragraph by an item."""
        if self._leaf != "paragraph":
            return False
        depth, rest = self._match(line)
        return bool(ITEM_BEGUN.match(rest) and self._item(depth, rest))

    def begin_line(self, head: str) -> None:
        """Decide by its `head` what a line is that is too long to wait for."""
        if self._leaf == "table":
            self.finish()
        self.line(head)

    @property
    def verbatim(self) -> bool:
        """Whether code or HTML is open, and the rest of such a line goes out as it is."""
        return self._leaf in {"fence", "html", "indented"}

    def add_verbatim(self, text: str) -> None:
        """Let a part of a long line of code or HTML go, as a line."""
        self._emit("html" if self._leaf == "html" else "code", text, start=False)

    def add_text(self, text: str) -> None:
        """Add to the line that the open paragraph ends with."""
        self._leaf = "paragraph"
        self.text += text
        self.weight += weight(text)
        self._cut_paragraph()

    def cut(self) -> None:
        """Let the unfinished paragraph or table go as it is; it goes on after that."""
        if self.text:
            self._emit(self._text_kind, self.text, end=False)
            self.text, self.weight, self._continued = "", 0, True

    def line(self, line: str) -> None:
        """Take a whole line, without its end."""
        if "\t" in line and (self._open or self._leaf != "fence"):
            line = expanded(line)
        depth, rest = self._match(line)
        if depth == len(self._open) and self._verbatim(rest):
            return
        if rest.strip():
            depth, rest = self._enter(depth, rest)
        else:
            self._blank(depth)
        if rest.strip():
            self._add(depth, rest)

    def _match(self, line: str) -> tuple[int, str]:
        """Return how many of the open containers the line continues, and what is left of it."""
        for depth, container in enumerate(self._open):
            inside = container.enter(line)
            if inside is None:
                return depth, line
            line = inside
        return len(self._open), line

    def _verbatim(self, line: str, *, start: bool = False) -> bool:
        """Take a line of the code or HTML that is open; False if none is."""
        if self._leaf == "fence":
            mark, margin = self._fence
            stripped = line.strip(" ")
            if indent(line) < 4 and stripped.startswith(mark) and not stripped.strip(mark[0]):
                self._emit("fence", stripped, start=False)
                self._leaf = ""
            else:
                self._emit("code", line[min(margin, indent(line)) :], start=False)
            return True
        if self._leaf == "html" and self._html_end:
            if not line.strip() and self._html_end.search(""):
                return False
            self._emit("html", line, start=start)
            if self._html_end.search(line):
                self._leaf = ""
            return True
        return False

    def _blank(self, depth: int) -> None:
        if depth < len(self._open):
            self.close(depth)
        if self._leaf == "indented":
            self._held += 1
        else:
            self.finish()
        self.gap = True

    def _enter(self, depth: int, rest: str) -> tuple[int, str]:
        """Open the quotes and list items that begin in the line."""
        while indent(rest) < 4 and depth < _DEEPEST:
            quote = QUOTE.match(rest)
            item = None if quote else self._item(depth, rest)
            if quote:
                container, rest = _Open(">"), rest[quote.end() :]
            elif item:
                container, rest = item
            else:
                break
            self.close(depth)
            for parent in self._open:
                parent.empty = False
            self._open.append(container)
            depth += 1
        return depth, rest

    def _item(self, depth: int, rest: str) -> tuple[_Open, str] | None:
        """Return the list item that begins here and the rest of its first line."""
        match = ITEM.match(rest)
        if match is None or RULE.match(rest):
            return None
        marker, after = match[1], rest[match.end() :]
        family = marker[-1]
        number = int(marker[:-1]) if len(marker) > 1 else None
        if self._leaf == "paragraph" and depth == len(self._open):
            setext = family == "-" and SETEXT.match(rest)
            if setext or not after.strip() or number not in {None, 1}:
                return None
        sibling = self._open[depth] if depth < len(self._open) else None
        if sibling and sibling.family == family and sibling.number is not None:
            number = sibling.number + 1
        return _Open(family, match.end() + (0 if match[2] else 1), number), after

    def _add(self, depth: int, line: str) -> None:
        """Take a line that is not blank and begins no container."""
        matched = depth == len(self._open)
        if self._leaf == "paragraph" and self._to_paragraph(line, matched=matched):
            return
        if self._leaf == "table" and matched and indent(line) < 4 and not interrupts(line):
            self._append(line)
            return
        if not (self._leaf == "indented" and matched and indent(line) >= 4):
            self.close(depth)
            for container in self._open:
                container.empty = False
        self._begin(line)

    def _to_paragraph(self, line: str, *, matched: bool) -> bool:
        """Take a line as part of the open paragraph, or as what makes it something else."""
        whole = not self._continued
        setext = SETEXT.match(line) if matched and whole else None
        if setext and (definitions := DEFINITIONS.match(self.text)):
            rest, self.text = self.text[definitions.end() :], definitions.group()
            self.finish()
            self._leaf, self.text, setext = "paragraph", rest, setext if rest else None
        before, newline, last = self.text.rpartition("\n")
        if matched and (whole or newline) and is_table_head(last, line):
            if newline:
                self.text = before
                self.finish()
            self._leaf, self._continued, self.text = "table", False, last
            self.weight = weight(last)
            self._append(line)
        elif setext:
            text, self.text, self._leaf = self.text, "", ""
            self.finish()
            self._emit("heading", text.rstrip(), level=1 if setext[1][0] == "=" else 2)
        elif interrupts(line):
            return False
        else:
            self._append(line.lstrip(" "))
        return True

    def _begin(self, line: str) -> None:
        """Open the leaf that a line begins."""
        if indent(line) >= 4:
            for _ in range(self._held):
                self.gap = False
                self._emit("code", "", start=False)
            self._emit("code", line[4:], start=self._leaf != "indented")
            self._leaf, self._held = "indented", 0
        elif match := HEADING.match(line):
            self._emit("heading", heading_text(match[2] or ""), level=len(match[1]))
        elif RULE.match(line):
            self._emit("rule", line.strip())
        elif match := FENCE.match(line):
            self._leaf = "fence"
            info = (match[3] or match[5] or "").strip()
            self._fence = (match[2] or match[4], len(match[1]))
            self._emit("fence", line.strip(), info=info, end=False)
        elif end := html_end(line, ends_paragraph=False):
            self._leaf, self._html_end = "html", end
            self._verbatim(line, start=True)
        else:
            self._leaf = "paragraph"
            self._append(line.lstrip(" "))

    @property
    def _text_kind(self) -> Kind:
        return "table" if self._leaf == "table" else "paragraph"

    def _append(self, line: str) -> None:
        joined = self.text or (self._continued and self._leaf == "paragraph")
        self.text = f"{self.text}\n{line}" if joined else line
        self.weight += weight(line) + self.columns
        if self._leaf == "paragraph":
            self._cut_paragraph()
        elif self._continued or self.weight >= self.limit:
            self.cut()

    def _cut_paragraph(self) -> None:
        while self.weight >= self.limit:
            end = overflow(self.text, self.limit - self.columns, self.columns)
            end = safe_cut(self.text[:end])
            self._emit("paragraph", self.text[:end], end=False)
            self.text, self._continued = self.text[end:], True
            newlines = self.text.count("\n")
            self.weight = weight(self.text) - newlines + self.columns * (1 + newlines)

    def finish(self) -> None:
        """Let the open leaf go."""
        if self._leaf in {"paragraph", "table"} and (self.text or self._continued):
            self._emit(self._text_kind, self.text.rstrip(), end=True)
        self._leaf, self.text, self.weight = "", "", 0
        self._continued, self._held = False, 0

    def close(self, depth: int) -> None:
        """Let the open leaf go, and all containers below `depth`."""
        self.finish()
        while len(self._open) > depth:
            if self._open[-1].family != ">" and self._open[-1].fresh:
                self._emit("paragraph", "")
            self._open.pop()

    def _emit(
        self,
        kind: Kind,
        text: str,
        *,
        start: bool | None = None,
        end: bool = True,
        level: int = 0,
        info: str = "",
    ) -> None:
        containers = tuple(
            Container("quote" if c.family == ">" else "item", c.number, c.fresh) for c in self._open
        )
        for container in self._open:
            container.fresh = False
        first = not self._continued if start is None else start
        self._out.append(Piece(kind, text, containers, first, end, self.gap, level, info))
        self.gap = False
