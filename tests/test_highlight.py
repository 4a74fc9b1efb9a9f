"""Code is coloured line by line, and its text is never touched."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.ui.highlight import Highlighter
from copilot_cli.ui.runs import plain

_STRING, _COMMENT = "32", "2"


@pytest.mark.parametrize(
    "info", ["python", "js", "c", "bash", "html", "json", "yaml", "diff", "no-such", ""]
)
@settings(deadline=None)
@given(st.lists(st.text("ab\"'`/*<!->{}#$(\\ \t=:日", max_size=20), max_size=6))
def test_the_text_is_never_touched(info: str, lines: list[str]) -> None:
    """Whatever the language and the line, the runs are the line."""
    highlighter = Highlighter(info)
    assert [plain(highlighter.line(line)) for line in lines] == lines


@pytest.mark.parametrize(
    ("info", "lines", "style"),
    [
        ("python", ['x = """one', "def two", 'three"""'], _STRING),
        ("python", ["x = '''one", "return", "'''"], _STRING),
        ("javascript", ["/* one", "return two", "*/"], _COMMENT),
        ("c", ["int x; /* one", "return two", "*/"], _COMMENT),
        ("js", ["let a = `one", "return two", "`"], _STRING),
        ("html", ["<!-- one", "<b>two</b>", "-->"], _COMMENT),
        ("css", ["/* one", "a { color: red }", "*/"], _COMMENT),
    ],
)
def test_what_goes_on_over_lines(info: str, lines: list[str], style: str) -> None:
    """A comment or string of several lines is coloured as one, and ends where it ends."""
    highlighter = Highlighter(info)
    first, second, third = (highlighter.line(line) for line in lines)
    assert first[-1][1] == style
    assert second == [(lines[1], style)]
    assert third[0][1] == style
    assert highlighter.line("plain words")[0][1] != style


@pytest.mark.parametrize(
    ("info", "line"),
    [
        ("bash", "rm -r build/*"),
        ("js", "// not opened: `"),
        ("js", 'let glob = "src/*"'),
        ("python", '# not opened: """'),
        ("python", 'x = """whole"""'),
        ("c", "int x; /* whole */ int y;"),
        ("c", "// a /* b"),
    ],
)
def test_what_does_not_go_on(info: str, line: str) -> None:
    """Marks in comments, strings and languages that do not have them open nothing."""
    highlighter = Highlighter(info)
    highlighter.line(line)
    assert highlighter.line("plain words") == Highlighter(info).line("plain words")


def test_keywords_strings_numbers_and_comments_differ() -> None:
    """The four that make code readable have styles of their own."""
    runs = Highlighter("python").line("return 'text' + 12  # why")
    styles = {text.strip(): style for text, style in runs}
    assert styles["return"] == "35"
    assert styles["'text'"] == _STRING
    assert styles["12"] == "36"
    assert styles["# why"] == _COMMENT


def test_very_long_lines_are_left_alone() -> None:
    """A line that is data is not given to a lexer."""
    line = "x = 1; " * 1000
    assert Highlighter("python").line(line) == [(line, "")]


def test_no_background_is_ever_set() -> None:
    """Only foreground colours, bold and dim: readable on light and dark."""
    line = "@dec\tdef f(x: int) -> None: return `x` + 1 # c"
    styles = {
        style
        for info in ("python", "js", "diff", "html")
        for _, style in Highlighter(info).line(line)
    }
    assert styles <= {"", "1", "2", "31", "32", "35", "36"}


CODE = [
    ("python", "import os  # one"),
    ("python", "x = 'two' + 3"),
    ("diff", "-gone"),
    ("diff", "+new"),
]


def _luminance(sgr: str) -> float:
    """The relative luminance of one of xterm's 256 colours (WCAG 2.2)."""
    number = int(sgr.removeprefix("38;5;"))
    steps = (0, 95, 135, 175, 215, 255)
    cube = number - 16
    rgb = (
        [8 + 10 * (number - 232)] * 3
        if number >= 232
        else [steps[cube // 36], steps[cube // 6 % 6], steps[cube % 6]]
    )
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in rgb)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("theme", "background"), [("dark", 0.0), ("light", 1.0)])
def test_a_theme_can_be_read_on_its_background(theme: str, background: float) -> None:
    """Every colour has a contrast of 4.5 : 1 at least, and the text stays what it is."""
    for info, line in CODE:
        plain_runs = Highlighter(info).line(line)
        runs = Highlighter(info, theme).line(line)
        assert [text for text, _ in runs] == [text for text, _ in plain_runs]
        for (_, style), (_, before) in zip(runs, plain_runs, strict=True):
            if before and before != "1":
                low, high = sorted((_luminance(style), background))
                assert (high + 0.05) / (low + 0.05) >= 4.5, style
