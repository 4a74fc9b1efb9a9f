"""The fenced code blocks of an answer, each with the source that stands between its fences.

Rule: what a block is says CommonMark (https://spec.commonmark.org/0.31.2/#fenced-code-blocks); the
source is what was written, line ends included, with the indentation of its list or quotation gone.
A block without an end goes to the end of the text. Indented code is no block of ours.
"""

from typing import NamedTuple

from copilot_cli.patterns import pattern

_LINE_END = pattern(r"\r\n|\n|\r")  # what CommonMark takes for one
_SURROGATE = pattern("[\ud800-\udfff]")


class Block(NamedTuple):
    """One fenced block: its number in the answer, from 1; the first word of its info; its source.

    The source ends with a line end unless it is empty or the text ends inside the block.
    """

    number: int
    language: str
    source: str


def blocks(markdown: str) -> list[Block]:
    """Return the fenced blocks of `markdown` in order."""
    if "```" not in markdown and "~~~" not in markdown:
        return []
    from markdown_it import MarkdownIt

    # The parser normalises line ends and NUL; a lone surrogate it could not print.
    tokens = MarkdownIt("commonmark").parse(_SURROGATE.sub("\ufffd", markdown))
    lines = _LINE_END.split(markdown)
    ends = _LINE_END.findall(markdown)
    found: list[Block] = []
    for token in tokens:
        if token.type == "fence" and token.map:
            *whole, rest = token.content.split("\n")
            at = token.map[0] + 1
            pieces = [
                _as_written(line, lines[number]) + "".join(ends[number : number + 1])
                for number, line in enumerate(whole, start=at)
            ]
            if rest:
                pieces.append(_as_written(rest, lines[at + len(whole)]))
            found.append(Block(len(found) + 1, _language(token.info), "".join(pieces)))
    return found


def first(markdown: str) -> Block | None:
    """Return the first fenced block of `markdown`, or None."""
    found = blocks(markdown)
    return found[0] if found else None


def _as_written(line: str, original: str) -> str:
    """Return the end of `original` that the parser gave as `line`, before it normalised it."""
    end = original[len(original) - len(line) :]
    return end if _SURROGATE.sub("\ufffd", end).replace("\0", "\ufffd") == line else line


def _language(info: str) -> str:
    return info.split(maxsplit=1)[0] if info.strip() else ""
