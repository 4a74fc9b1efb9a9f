"""What a terminal would obey never gets through, and nothing else is touched."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.ui.safe import safe, safe_json, safe_line, utf8

_ANY = st.text(st.characters(exclude_categories=[])).map(lambda text: text)


def _forbidden(char: str) -> bool:
    """Say the rule of security.md §7 once more, in other words than the code."""
    point = ord(char)
    return (
        (point < 0x20 and char not in "\n\t")
        or 0x7F <= point <= 0x9F
        or point in {0x061C, 0x2028, 0x2029, 0xFEFF, 0xFFF9, 0xFFFA, 0xFFFB}
        or 0x202A <= point <= 0x202E
        or 0x2066 <= point <= 0x2069
        or 0xE0000 <= point <= 0xE007F
        or 0xD800 <= point <= 0xDFFF
    )


@settings(deadline=None)
@given(_ANY)
def test_nothing_forbidden_gets_through(text: str) -> None:
    """No character of the forbidden ranges is left, whatever the text."""
    assert not any(map(_forbidden, safe(text)))


@settings(deadline=None)
@given(_ANY)
def test_everything_allowed_stays(text: str) -> None:
    """What the rule does not name comes out as it went in, in its order."""
    allowed = [char for char in text if not _forbidden(char)]
    pictures = {chr(point) for point in range(0x2400, 0x2422)} | {"\ufffd"}
    assert [c for c in safe(text) if c not in pictures] == [c for c in allowed if c not in pictures]


@settings(deadline=None)
@given(_ANY, _ANY)
def test_cuts_make_no_difference(one: str, other: str) -> None:
    """A text made safe in two parts is the text made safe in one."""
    assert safe(one) + safe(other) == safe(one + other)


def test_every_code_point_against_the_rule() -> None:
    """Each of Unicode's code points is replaced exactly if the rule names it."""
    wrong = [
        point
        for point in range(0x110000)
        if (safe(chr(point)) != chr(point)) != _forbidden(chr(point))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc", "a\nbc"),
        ("\x00\x07\x1b\x1f", "␀␇␛␟"),
        ("\x7f", "␡"),
        ("\x9b31m", "\ufffd31m"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("\ud83d", "\ufffd"),
        (
            "👨\u200d👩\u200d👧 می\u200cخواهم \u200eא\u200f",
            "👨\u200d👩\u200d👧 می\u200cخواهم \u200eא\u200f",
        ),
        ("\t1\n", "\t1\n"),
    ],
    ids=["CR", "C0", "DEL", "C1", "bidi", "surrogate", "joiners and marks", "tab and newline"],
)
def test_what_becomes_of_it(text: str, expected: str) -> None:
    """C0 has pictures, CR goes, the rest is replaced, joiners and marks stay."""
    assert safe(text) == expected


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("one\ntwo\tthree\r\n", 200, "one two three "),
        ("x" * 300, 200, "x" * 199 + "…"),
        ("x" * 200, 200, "x" * 200),
        ("x" * 300, None, "x" * 300),
        ("\x1b]0;title\x07", 200, "␛]0;title␇"),
    ],
    ids=["one line", "cut", "just fits", "no limit", "safe too"],
)
def test_a_line_of_foreign_text(text: str, limit: int | None, expected: str) -> None:
    """What stands inside a line of ours has no line end and at most so many characters."""
    assert safe_line(text, limit) == expected


@settings(deadline=None)
@given(_ANY)
def test_pipes_get_utf8_with_nothing_changed_but_surrogates(text: str) -> None:
    """Controls reach a pipe as they came; a lone surrogate becomes U+FFFD."""
    expected = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    assert utf8(text).decode() == expected


@settings(deadline=None)
@given(_ANY)
def test_json_reads_back_equal_and_shows_nothing_unsafe(text: str) -> None:
    """Escaped JSON holds the same value, and no character that a terminal would obey."""
    document = safe_json(json.dumps({"text": text}, ensure_ascii=False))
    assert not any(map(_forbidden, document))
    assert json.loads(document)["text"] == utf8(text).decode()
