"""The grammar of single lines of Markdown: what a line begins, continues or ends.

Everything here is a function of one line (or of one paragraph's text) and keeps no state; columns
are counted after tabs were expanded. Spec: https://spec.commonmark.org/0.31.2/ and, for tables,
https://github.github.com/gfm/#tables-extension-.
"""

import re

from markdown_it.rules_block.html_block import HTML_SEQUENCES

from copilot_cli.ui.cells import weight

ITEM = re.compile(r" {0,3}([-+*]|\d{1,9}[.)])( {1,4}(?=\S)| (?= {4,}\S)|(?= *$))")
ITEM_BEGUN = re.compile(r" {0,3}(?:[-+*]|\d{1,9}[.)]) {1,4}[^\s*_=|-]")  # and nothing else
QUOTE = re.compile(r" {0,3}> ?")
RULE = re.compile(r" {0,3}(?:(?:\* *){3,}|(?:- *){3,}|(?:_ *){3,})$")
HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?$")
FENCE = re.compile(r"( {0,3})(?:(`{3,})([^`]*)|(~{3,})(.*))$")
SETEXT = re.compile(r" {0,3}(=+|-+) *$")
_DELIMITER = re.compile(r":?-+:?")
_HEAD_WITH_TABS = re.compile(r"(?:[ \t>]|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t]))*")
DEFINITIONS = re.compile(r"(?:\[[^\]\n]+\]:[^\n]+(?:\n|$))+")
_PIPE = re.compile(r"(?<!\\)\|")
_INLINE = re.compile(
    r"\\.|(?P<code>`+)|(?P<open>\[|\()|(?P<close>\]|\))|(?P<space>[ \n])"
    r"|(?P<mark>(?<!\s)\*+|\*+(?!\s)|(?<!\w)_+|_+(?!\w)|~~)"
)


def expanded(line: str) -> str:
    """Return `line` with the tabs expanded that decide on its structure."""
    match = _HEAD_WITH_TABS.match(line)
    end = match.end() if match else 0
    return line[:end].expandtabs(4) + line[end:]


def indent(line: str) -> int:
    """Return how many spaces `line` begins with."""
    return len(line) - len(line.lstrip(" "))


def split_row(row: str) -> list[str]:
    """Return the cells of a table's row, as GFM splits them."""
    cells = [cell.replace("\\|", "|") for cell in _PIPE.split(row.strip())]
    if cells and not cells[0]:
        del cells[0]
    if cells and not cells[-1]:
        del cells[-1]
    return [cell.strip() for cell in cells]


def is_table_head(header: str, delimiters: str) -> bool:
    """Tell whether two lines are the head of a table: its names and its row of dashes."""
    row = delimiters.strip()
    if "|" not in header or indent(delimiters) >= 4 or len(row) < 2 or row[:2] == "- ":
        return False
    if not set("|-: \t").issuperset(row):
        return False
    columns = split_row(row)
    names = split_row(header)
    return len(names) == len(columns) > 0 and all(map(_DELIMITER.fullmatch, columns))


def heading_text(text: str) -> str:
    """Return what an ATX heading says, without the hashes that may close it."""
    text = text.strip(" \t")
    opened = text.rstrip("#")
    return opened.rstrip(" \t") if not opened or opened[-1] in " \t" else text


def safe_cut(text: str) -> int:
    """Return where a paragraph may be cut: after its last space outside of any inline mark."""
    if " " not in text:
        return len(text)
    code, depth, cut = "", 0, 0
    marks: set[str] = set()
    for match in _INLINE.finditer(text):
        part = match.group()
        match match.lastgroup:
            case "code":
                code = part if not code else "" if code == part else code
            case "space" if not (code or depth or marks) and text[match.start() - 1] not in " \\\n":
                cut = match.end()
            case "mark" if not code:
                marks ^= {part}
            case "open" | "close" if not code:
                depth = max(0, depth + (1 if part in "[(" else -1))
            case _:
                pass
    # A mark that is never closed must not hold the text back for ever.
    return cut if cut > len(text) // 3 else text.rfind(" ") + 1 or len(text)


def overflow(text: str, limit: int, newline: int) -> int:
    """Return the first index at which `text` weighs `limit`, a line break weighing `newline`."""
    if text.isascii() and "\n" not in text:
        return min(limit, len(text))
    total = 0
    for index, char in enumerate(text):
        total += newline if char == "\n" else weight(char)
        if total >= limit:
            return index + 1
    return len(text)


def html_end(line: str, *, ends_paragraph: bool) -> re.Pattern[str] | None:
    """Return what ends the HTML block that this line begins, None if it begins none."""
    stripped = line.lstrip(" ")
    if not stripped.startswith("<"):
        return None
    for start, end, can_interrupt in HTML_SEQUENCES:
        if start.search(stripped) and (can_interrupt or not ends_paragraph):
            return end
    return None


def interrupts(line: str) -> bool:
    """Tell whether a line that begins no container ends the paragraph or table before it."""
    if indent(line) >= 4 or line[0].isalpha():
        return False
    return bool(
        HEADING.match(line)
        or RULE.match(line)
        or FENCE.match(line)
        or html_end(line, ends_paragraph=True)
    )
