"""The colours of code can be read on their backgrounds, as a terminal shows them."""

import pytest

from copilot_cli.ui.stream import make_writer
from copilot_cli.ui.themes import DARK, EITHER, LIGHT, Theme, themed
from tests.screen import Screen, shown
from tests.test_console import streams

CODE = """`code` in text

```python
import os  # a comment
@decorated
def f(x: int) -> str: return 'text' + str(12)
```

```diff
@@ -1 +1 @@
-gone
+new
```

```html
<a href="x">y</a>
```
"""


def colours(screen: Screen) -> set[str]:
    """Return the foregrounds of all that is shown, "default" or six hexadecimal digits."""
    return {cell.fg for row in screen.screen.buffer.values() for cell in row.values()}


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in bytes.fromhex(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("theme", "background", "least"),
    [
        (EITHER, "ffffff", 4.0),
        (EITHER, "000000", 4.0),
        (EITHER, "1e1e1e", 3.0),
        (LIGHT, "ffffff", 4.5),
        (LIGHT, "fdf6e3", 4.5),
        (DARK, "000000", 4.5),
        (DARK, "1e1e1e", 4.5),
    ],
)
def test_every_colour_can_be_read(theme: Theme, background: str, least: float) -> None:
    """On white and on black, and on what editors take for them."""
    seen = colours(shown(CODE, 7, theme=theme)) - {"default"}
    assert len(seen) >= 4
    for colour in seen:
        assert contrast(colour, background) >= least, colour


@pytest.mark.parametrize("theme", [EITHER, LIGHT, DARK])
def test_no_background_is_ever_set(theme: Theme) -> None:
    """Whatever the theme, what stands behind the text is the terminal's own."""
    cells = shown(CODE, 7, theme=theme).screen.buffer.values()
    assert {cell.bg for row in cells for cell in row.values()} == {"default"}


@pytest.mark.parametrize(
    ("name", "background", "expected"),
    [
        ("light", "15;0", LIGHT),
        ("dark", "0;15", DARK),
        ("auto", "15;0", DARK),
        ("auto", "15;8", DARK),
        ("auto", "0;15", LIGHT),
        ("auto", "0;default;7", LIGHT),
        ("auto", "15;default", EITHER),
        ("auto", "", EITHER),
        ("auto", "15;16", EITHER),
        ("auto", "0;²", EITHER),
    ],
)
def test_which_theme(name: str, background: str, expected: Theme) -> None:
    """The setting decides; auto asks COLORFGBG, and is careful where that says nothing."""
    assert themed(name, {"COLORFGBG": background}) is expected
    assert themed("auto", {}) is EITHER


@pytest.mark.parametrize(
    ("environ", "theme", "expected"),
    [({}, "auto", EITHER), ({}, "light", LIGHT), ({"COLORFGBG": "15;0"}, "auto", DARK)],
)
def test_the_setting_reaches_the_code(environ: dict[str, str], theme: str, expected: Theme) -> None:
    """The writer of an answer has the theme of the setting, or of the terminal."""
    ours = streams(environ)
    with make_writer(ours, theme=theme) as writer:
        writer.text("```python\nimport os\n```\n")
    written = ours.stdout.getvalue()  # type: ignore[attr-defined]
    assert f"\x1b[{expected.keyword}mimport" in written


def test_the_terminal_is_not_asked() -> None:
    """No query is written, whose reply would be read as typed."""
    ours = streams({"COLORFGBG": ""})
    with make_writer(ours) as writer:
        writer.text(CODE)
    assert "\x1b]" not in ours.stdout.getvalue()  # type: ignore[attr-defined]
