"""The colours of code, for a light background, a dark one, and one that nobody told us.

They are of the 256 fixed colours and not of the 16 that a terminal may paint as it likes: so their
contrast is known (WCAG 2.2): for the unknown background 4:1 at least on white and on black, for
`light` and `dark` 4.5:1 on their own. Bold, dim and underlined are styles of the terminal's
own foreground, and no background is ever set.

A terminal is never asked for its background (OSC 11): the reply comes as if it were typed, late
over a slow line, and would be read as part of the next question.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Theme(NamedTuple):
    """The colours of code, as parameters of SGR sequences."""

    keyword: str
    string: str
    number: str
    deleted: str
    comment: str


EITHER = Theme("38;5;133", "38;5;64", "38;5;31", "38;5;131", comment="2")
LIGHT = Theme("38;5;90", "38;5;22", "38;5;24", "38;5;124", comment="38;5;242")
DARK = Theme("38;5;176", "38;5;150", "38;5;116", "38;5;210", comment="38;5;245")


def themed(name: str, environ: Mapping[str, str]) -> Theme:
    """Return the theme of the setting `name`: auto, light or dark.

    auto goes by `COLORFGBG` ("15;0": foreground, background), which rxvt, Konsole, iTerm2 and
    others set; without it the background is not known.
    """
    if name != "auto":
        return LIGHT if name == "light" else DARK
    background = environ.get("COLORFGBG", "").rpartition(";")[2]
    if background not in {str(number) for number in range(16)}:
        return EITHER
    return DARK if int(background) in {0, 1, 2, 3, 4, 5, 6, 8} else LIGHT
