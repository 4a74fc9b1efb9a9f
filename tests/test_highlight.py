"""Code is coloured line by line, and its text is never touched."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.ui.highlight import Highlighter
from copilot_cli.ui.runs import plain
from copilot_cli.ui.themes import EITHER

_STRING, _COMMENT = EITHER.string, EITHER.comment


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
    assert styles["return"] == EITHER.keyword
    assert styles["'text'"] == _STRING
    assert styles["12"] == EITHER.number
    assert styles["# why"] == _COMMENT


def test_very_long_lines_are_left_alone() -> None:
    """A line that is data is not given to a lexer."""
    line = "x = 1; " * 1000
    assert Highlighter("python").line(line) == [(line, "")]
