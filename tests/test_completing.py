"""Completion: candidates as the menu gets them, and when they are shown unasked."""

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from copilot_cli.ui.completing import Candidate, MenuCompleter, offered_unasked


def test_a_candidate_becomes_an_entry_of_the_menu() -> None:
    """It replaces the text from its start to the cursor; what is after the cursor stays."""
    seen: list[str] = []

    def find(before: str) -> list[Candidate]:
        seen.append(before)
        return [Candidate("gpt-5", 7, meta="128k"), Candidate("o9", 7, "the o9", "")]

    completer = MenuCompleter(find)
    document = Document("/model g tail", cursor_position=8)
    one, two = completer.get_completions(document, CompleteEvent())
    assert seen == ["/model g"]
    assert (one.text, one.start_position, one.display_text, one.display_meta_text) == (
        "gpt-5",
        -1,
        "gpt-5",
        "128k",
    )
    assert (two.text, two.display_text) == ("o9", "the o9")


def test_foreign_text_is_made_harmless() -> None:
    """The title of a conversation, a model's name: one line, and nothing a terminal obeys."""
    completer = MenuCompleter(lambda _: [Candidate("a", 0, "\x1b[2Ja\nb", "\x9b1m" + "x" * 999)])
    (entry,) = completer.get_completions(Document("a"), CompleteEvent())
    assert entry.display_text == "\u241b[2Ja b"
    assert len(entry.display_meta_text) == 200
    assert "\x9b" not in entry.display_meta_text


@pytest.mark.parametrize(
    ("before", "unasked"),
    [
        ("/", True),
        ("/mo", True),
        ("/model gp", True),
        ("//etc", False),
        ("/system one\ntwo", False),
        ("@", True),
        ("see @src/m", True),
        ("line\n@s", True),
        ('see @"my n', True),
        ('see @"my notes" ', False),
        ("see @src ", False),
        ("me@example", False),
        ("hello", False),
        ("", False),
    ],
)
def test_when_candidates_are_shown_unasked(before: str, unasked: bool) -> None:
    """In a command and in the name of a file; elsewhere only Tab asks."""
    assert offered_unasked(before) is unasked
