"""Inline Markdown as runs, with nothing hidden and nothing that acts."""

import pytest

from copilot_cli.ui.inline import Inline
from copilot_cli.ui.runs import plain
from copilot_cli.ui.themes import EITHER


def runs(text: str, *, color: bool = True) -> list[tuple[str, str]]:
    return Inline(color=color).runs(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", [("plain", "")]),
        ("a **b *c* d** e", [("a ", ""), ("b ", "1"), ("c", "1;3"), (" d", "1"), (" e", "")]),
        ("~~gone~~", [("gone", "9")]),
        ("`x = 1`", [("x = 1", EITHER.number)]),
        ("one\ntwo", [("one", ""), (" ", ""), ("two", "")]),
        ("one  \ntwo", [("one", ""), ("\n", ""), ("two", "")]),
        ("&amp; \\*", [("& *", "")]),
        ("", []),
    ],
    ids=["plain", "nested", "struck", "code", "soft break", "hard break", "entity", "nothing"],
)
def test_styles(text: str, expected: list[tuple[str, str]]) -> None:
    """Emphasis nests, code is coloured, a soft break is a space."""
    assert runs(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[docs](https://x.org/a)", "docs (https://x.org/a)"),
        ("<https://x.org/a>", "https://x.org/a"),
        ("[https://x.org/a](https://x.org/a)", "https://x.org/a"),
        ("[https://good.org](https://evil.org)", "https://good.org (https://evil.org)"),
        ("<me@x.org>", "me@x.org"),
        ("[open](vscode://file/x)", "open (vscode://file/x)"),
        ("[s](ssh://-oProxyCommand=x)", "s (ssh://-oProxyCommand=x)"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ('[t](http://a.b "title")', "t (http://a.b)"),
        ("[](http://a.b)", "http://a.b"),
        ("![alt](http://a.b/i.png)", "alt (http://a.b/i.png)"),
        ("[apple](http://xn--80ak6aa92e.com)", "apple (http://xn--80ak6aa92e.com)"),
    ],
    ids=[
        "target shown",
        "its own label",
        "label is target",
        "label lies",
        "mail",
        "vscode",
        "ssh",
        "refused scheme",
        "title",
        "no label",
        "image",
        "punycode stays",
    ],
)
def test_links_show_where_they_lead(text: str, expected: str) -> None:
    """The target stands behind the label, whatever its scheme, unless the label is the target."""
    assert plain(runs(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "&#x1b;[31m",
        "&#27;]52;c;aGk=&#7;",
        "&#x202e;gnp.exe",
        "`&#x9b;31m`\x9b",
        "[a](http://x/&#x202e;y)",
        "![&#x1b;[2J](http://x)",
        "<b title='\x1b[2J'>",
        "&ZeroWidthSpace;&#xfeff;&#x2028;",
        "&#xE0041;",
    ],
    ids=["ESC", "OSC", "bidi", "C1", "target", "alt", "html", "BOM", "tag"],
)
def test_entities_bring_no_control_back(text: str) -> None:
    """What the parser decodes is made safe after it."""
    shown = plain(runs(text))
    for char in shown:
        assert char >= " "
        assert not "\x7f" <= char <= "\x9f"
        assert char not in "\u202e\ufeff\u2028\U000e0041"


def test_an_entity_is_no_line_end() -> None:
    """A newline or tab written as an entity stays in its line."""
    assert plain(runs("a&#10;b&#9;c")) == "a b c"


def test_without_colour_code_keeps_its_marks() -> None:
    """Nothing is styled; backticks stay."""
    assert runs("**b** `c`", color=False) == [("b", ""), (" ", ""), ("`c`", "")]


def test_references_hold_for_what_comes_after() -> None:
    """A link reference is found by a later text."""
    inline = Inline(color=True)
    assert inline.define("[a]: http://x.org\nrest") == "rest"
    assert plain(inline.runs("see [a]")) == "see a (http://x.org)"


@pytest.mark.parametrize("text", ["[a] and more ", "[a]\n- no item\n# no heading", "[a]: \nb"])
def test_what_defines_nothing_stays_as_it_is(text: str) -> None:
    """A paragraph, or a part of one, that only looks like a definition is not touched."""
    assert Inline(color=True).define(text) == (text if text != "[a]: \nb" else "")
