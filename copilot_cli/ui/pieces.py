"""What an answer is cut into for rendering: blocks of Markdown, and parts of large ones."""

from typing import Literal, NamedTuple

Kind = Literal["paragraph", "heading", "rule", "fence", "code", "html", "table"]


class Container(NamedTuple):
    """A quote or a list item that a block stands in.

    `number` is that of an ordered item, None for a bullet; `fresh` says that nothing in this item
    came before, so that its marker is still to be shown.
    """

    kind: Literal["quote", "item"]
    number: int | None
    fresh: bool


class Piece(NamedTuple):
    """A finished block, or a part of one that is too large to wait for.

    `text` is its source without the markers of the containers around it. `start` and `end` say
    whether the block begins and ends here; `gap`, that a blank line came before. `level` is that of
    a heading, `info` the info string of a fence.
    """

    kind: Kind
    text: str
    containers: tuple[Container, ...] = ()
    start: bool = True
    end: bool = True
    gap: bool = False
    level: int = 0
    info: str = ""
