"""Conversations in lists: what a search found, for a person and for a program."""

import pytest

from copilot_cli.listing import hit_lines, hit_record, hit_row, pieces
from copilot_cli.store.search import END, MARK, Hit


def hit(excerpt: str, session: str = "1ng0abc", turn: int | None = 1, role: str = "user") -> Hit:
    """Return a hit with this excerpt, brackets for marks."""
    marked = excerpt.replace("[", MARK).replace("]", END)
    return Hit(session, "A title", turn, role, marked, 0.0)


@pytest.mark.parametrize(
    ("excerpt", "expected"),
    [
        ("a [b] c", [("a ", False), ("b", True), (" c", False)]),
        ("[a]", [("", False), ("a", True), ("", False)]),
        ("[a][b]", [("", False), ("a", True), ("", False), ("b", True), ("", False)]),
        ("none", [("none", False)]),
        ("[open", [("", False), ("open", True), ("", False)]),
        ("close] it", [("close] it", False)]),
    ],
)
def test_an_excerpt_in_pieces(excerpt: str, expected: list[tuple[str, bool]]) -> None:
    """Marks part it; one that is alone breaks nothing."""
    found = list(pieces(excerpt.replace("[", MARK).replace("]", END)))
    assert [(text.replace(END, "]"), marked) for text, marked in found] == expected


def test_a_program_gets_places() -> None:
    """The excerpt without marks, and where the matches are in it."""
    made = hit_record(hit("a [b] cc [dd]"))
    assert made["excerpt"] == "a b cc dd"
    assert [made["excerpt"][start:end] for start, end in made["marks"]] == ["b", "dd"]
    assert (made["session"], made["turn"], made["created"]) == (
        "1ng0abc",
        1,
        "1970-01-01T00:00:00Z",
    )
    assert hit_row(hit("a [b]"))[-1] == "a b"


def test_a_person_gets_conversations_with_their_excerpts() -> None:
    """A conversation is named once; a title that matched has no excerpt under it."""
    hits = [hit("x", turn=None, role="title"), hit("one [two]"), hit("[three]", role="assistant")]
    lines = list(hit_lines([*hits, hit("four", session="other")], 80, color=False))
    assert [line.split("  ")[0] for line in lines if not line.startswith(" ")] == [
        "1ng0abc",
        "other",
    ]
    assert [line.strip() for line in lines if line.startswith(" ")] == [
        "you: one two",
        "assistant: three",
        "you: four",
    ]


def test_colour_marks_the_matches() -> None:
    """With colour they stand out, and every style ends on its line."""
    [_, line] = hit_lines([hit("one [two] three")], 80, color=True)
    assert "one \x1b[1;33mtwo\x1b[m three" in line


def test_lines_keep_to_the_width() -> None:
    """A long excerpt is broken at its words, under its indentation."""
    lines = list(hit_lines([hit("word " * 30 + "[needle]")], 40, color=False))
    assert max(map(len, lines)) <= 40
    assert "needle" in lines[-1]


def test_foreign_text_cannot_steer_a_terminal() -> None:
    """Neither in a title nor in an excerpt."""
    bad = hit("a\x1b]0;x\x07 [b\x1b[31m]\u202e")._replace(title="\x1b[2J")
    text = "\n".join(hit_lines([bad], 80, color=False))
    assert "\x1b" not in text
    assert "\u202e" not in text
