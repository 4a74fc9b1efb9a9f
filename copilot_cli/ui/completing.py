"""Completion of what is being typed: candidates from whoever knows them, shown in a menu.

A completer is a function from the text before the cursor to candidates. It is called while the
person types, so it must not wait for anything.
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from copilot_cli.ui.safe import safe_line

_MENTION = re.compile(r'(?<!\S)@(?:"[^"\n]*|[^\s"]*)\Z')


class Candidate(NamedTuple):
    """What can stand in place of the text from index `start` up to the cursor.

    `display` is shown for it, the text itself if empty; `meta` explains it.
    """

    text: str
    start: int
    display: str = ""
    meta: str = ""


Find = Callable[[str], Iterable[Candidate]]


class MenuCompleter(Completer):
    """Gives a completer's candidates to the line editor, foreign text in them made harmless."""

    def __init__(self, find: Find) -> None:
        self._find = find

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Yield what can stand at the cursor."""
        del complete_event  # the same whether Tab was pressed or not
        before = document.text_before_cursor
        for candidate in self._find(before):
            yield Completion(
                candidate.text,
                start_position=candidate.start - len(before),
                display=safe_line(candidate.display or candidate.text),
                display_meta=safe_line(candidate.meta),
            )


def offered_unasked(before: str) -> bool:
    """Tell whether candidates are shown without Tab: in a command, and in the name of a file."""
    command = before.startswith("/") and not before.startswith("//") and "\n" not in before
    return command or _MENTION.search(before) is not None
