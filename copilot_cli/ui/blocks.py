r"""Markdown cut into blocks while it arrives: a block leaves when no further text can change it.

The block structure of CommonMark (and tables of GFM) is decided line by line, each line looked at
once, so the work is linear in the text whatever its shape. Quotes and lists are entered: what comes
out are the leaves in them, each saying what it stands in. Code and HTML come out line by line;
paragraphs and tables whole, unless they outgrow the room they may take on the screen: then in
pieces, at places that depend on the text alone and never on how it was cut on arrival.

Known limit, shared by everything that shows an answer before its end: a link reference that is
defined after its use is shown as it was written.

Spec: https://spec.commonmark.org/0.31.2/ (appendix "A parsing strategy", phase 1).
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

_ITEM_SEEN = 24  # characters of a line after which it is a list item or none
_SLICE = 4096  # characters looked at together: bounds the copying when a text comes in one piece


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


class BlockSplitter:
    """Takes text as it comes and returns the pieces that are finished."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self._open: list[_Open] = []
        self._leaf: Literal["", "paragraph", "fence", "html", "indented", "table"] = ""
        self._text = ""  # the source of an unfinished paragraph or table
        self._weight = 0  # of that source, in cells
        self._partial = ""  # the line that has no end yet
        self._partial_weight = 0
        self._midline = False  # the line was too long to wait for; its rest is not looked at
        self._looked = False  # the beginning of that line was looked at
        self._continued = False  # a part of this paragraph or table has left already
        self._fence = ("", 0, "")  # the closing character times its length, the indent, the info
        self._html_end: re.Pattern[str] | None = None
        self._held = 0  # blank lines of indented code that may turn out to be after it
        self._gap = False
        self._out: list[Piece] = []
        self.set_room(columns, rows)

    def set_room(self, columns: int, rows: int) -> None:
        """Say how large the screen is: a block that would outgrow it leaves in pieces."""
        self._columns = columns
        # Rows broken at words are not full; one row is left free.
        self._limit = max(2 * columns, columns * (rows - 2) * 17 // 20)

    @property
    def pending(self) -> str:
        """The source of what is unfinished, to be shown meanwhile; "" where it is blank."""
        text = f"{self._text}\n{self._partial}" if self._text else self._partial
        return text if text.strip() else ""

    @property
    def gap(self) -> bool:
        """Whether a blank line stands between the last piece and what is pending."""
        return self._gap

    def feed(self, text: str) -> list[Piece]:
        r"""Take more text (line ends are `\n`) and return the pieces that it finished."""
        if len(text) <= _SLICE:
            self._feed(text)
        else:
            for start in range(0, len(text), _SLICE):
                self._feed(text[start : start + _SLICE])
        return self._taken()

    def cut(self) -> list[Piece]:
        """Return what is pending as if it had outgrown the screen; the block goes on after it."""
        if self._partial.strip():
            head, self._partial, self._partial_weight = self._partial, "", 0
            self._begin_midline(head)
        if self._text:
            self._emit(self._text_kind, self._text, end=False)
            self._text, self._weight, self._continued = "", 0, True
        return self._taken()

    def flush(self) -> list[Piece]:
        """Return all that is left: the text has ended. The splitter is as new then."""
        if self._midline:
            self._end_midline()
        elif self._partial:
            self._line(self._partial)
        self._close(0)
        self._partial, self._partial_weight, self._gap = "", 0, False
        return self._taken()

    def _taken(self) -> list[Piece]:
        pieces, self._out = self._out, []
        return pieces

    # --- lines out of text -----------------------------------------------------------------

    def _feed(self, text: str) -> None:
        if self._midline:
            head, newline, text = text.partition("\n")
            self._grow(head)
            if not newline:
                return
            self._end_midline()
        first, *others = text.split("\n")
        self._partial += first
        self._partial_weight += weight(first)
        for line in others:
            self._end_line()
            self._partial, self._partial_weight = line, weight(line)
        self._look_ahead()
        if self._partial_weight >= self._budget():
            self._too_long()

    def _look_ahead(self) -> None:
        """Finish a paragraph as soon as a list item is seen to follow it, not at that line's end.

        Otherwise each item would be echoed twice: with the one before it, and alone.
        """
        if self._leaf != "paragraph" or self._looked:
            return
        self._looked = len(self._partial) >= _ITEM_SEEN
        depth, rest = self._match(self._partial)
        if ITEM_BEGUN.match(rest) and self._item(depth, rest):
            self._finish()
            self._looked = True

    def _budget(self) -> int:
        return max(self._columns, self._limit - self._weight)

    def _end_line(self) -> None:
        self._look_ahead()
        self._looked = False
        if self._partial_weight >= self._budget():
            self._too_long()
            self._end_midline()
        else:
            self._line(self._partial)

    def _too_long(self) -> None:
        line, self._partial, self._partial_weight = self._partial, "", 0
        end = overflow(line, self._budget(), 0)
        self._begin_midline(line[:end])
        self._grow(line[end:])

    def _begin_midline(self, head: str) -> None:
        """Decide by its `head` what a line is; the rest of it only adds text."""
        if self._leaf == "table":
            self._finish()
        self._line(head)
        self._midline = True

    def _grow(self, text: str) -> None:
        if not text:
            return
        if self._leaf == "paragraph" or not self._leaf:
            self._leaf = "paragraph"
            self._text += text
            self._weight += weight(text)
            self._cut_paragraph()
            return
        self._partial += text
        while len(self._partial) > self._limit:
            self._emit(self._verbatim_kind, self._partial[: self._limit], start=False)
            self._partial = self._partial[self._limit :]

    def _end_midline(self) -> None:
        self._midline = self._looked = False
        if self._partial:
            self._emit(self._verbatim_kind, self._partial, start=False)
        self._partial, self._partial_weight = "", 0

    # --- structure out of lines ------------------------------------------------------------

    def _line(self, line: str) -> None:
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
            mark, margin, _ = self._fence
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
            self._close(depth)
        if self._leaf == "indented":
            self._held += 1
        else:
            self._finish()
        self._gap = True

    def _enter(self, depth: int, rest: str) -> tuple[int, str]:
        """Open the quotes and list items that begin in the line."""
        while indent(rest) < 4:
            quote = QUOTE.match(rest)
            item = None if quote else self._item(depth, rest)
            if quote:
                container, rest = _Open(">"), rest[quote.end() :]
            elif item:
                container, rest = item
            else:
                break
            self._close(depth)
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
            self._close(depth)
            for container in self._open:
                container.empty = False
        self._begin(line)

    def _to_paragraph(self, line: str, *, matched: bool) -> bool:
        """Take a line as part of the open paragraph, or as what makes it something else."""
        whole = not self._continued
        setext = SETEXT.match(line) if matched and whole else None
        if setext and (definitions := DEFINITIONS.match(self._text)):
            rest, self._text = self._text[definitions.end() :], definitions.group()
            self._finish()
            self._leaf, self._text, setext = "paragraph", rest, setext if rest else None
        before, newline, last = self._text.rpartition("\n")
        if matched and (whole or newline) and is_table_head(last, line):
            if newline:
                self._text = before
                self._finish()
            self._leaf, self._continued, self._text = "table", False, last
            self._weight = weight(last)
            self._append(line)
        elif setext:
            text, self._text, self._leaf = self._text, "", ""
            self._finish()
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
                self._gap = False
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
            self._fence = (match[2] or match[4], len(match[1]), info)
            self._emit("fence", line.strip(), info=info, end=False)
        elif end := html_end(line, ends_paragraph=False):
            self._leaf, self._html_end = "html", end
            self._verbatim(line, start=True)
        else:
            self._leaf = "paragraph"
            self._append(line.lstrip(" "))

    # --- leaves ----------------------------------------------------------------------------

    @property
    def _text_kind(self) -> Kind:
        return "table" if self._leaf == "table" else "paragraph"

    @property
    def _verbatim_kind(self) -> Kind:
        return "html" if self._leaf == "html" else "code"

    def _append(self, line: str) -> None:
        joined = self._text or (self._continued and self._leaf == "paragraph")
        self._text = f"{self._text}\n{line}" if joined else line
        self._weight += weight(line) + self._columns
        if self._leaf == "paragraph":
            self._cut_paragraph()
        elif self._continued or self._weight >= self._limit:
            self._emit("table", self._text, end=False)
            self._text, self._weight, self._continued = "", 0, True

    def _cut_paragraph(self) -> None:
        while self._weight >= self._limit:
            end = overflow(self._text, self._limit - self._columns, self._columns)
            end = safe_cut(self._text[:end])
            self._emit("paragraph", self._text[:end], end=False)
            self._text, self._continued = self._text[end:], True
            newlines = self._text.count("\n")
            self._weight = weight(self._text) - newlines + self._columns * (1 + newlines)

    def _finish(self) -> None:
        """Let the open leaf go."""
        if self._leaf in {"paragraph", "table"} and (self._text or self._continued):
            self._emit(self._text_kind, self._text.rstrip(), end=True)
        self._leaf, self._text, self._weight = "", "", 0
        self._continued, self._held = False, 0

    def _close(self, depth: int) -> None:
        """Let the open leaf go, and all containers below `depth`."""
        self._finish()
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
        self._out.append(Piece(kind, text, containers, first, end, self._gap, level, info))
        self._gap = False
