"""Stored conversations in a folder of one test's own."""

import sqlite3
from pathlib import Path
from typing import Any

from copilot_cli.messages import TextPart
from copilot_cli.store.sessions import Sessions


class Kept:
    """Sessions in a folder of one test's own, the notices they gave, and a clock that ticks."""

    def __init__(self, path: Path, **options: Any) -> None:
        """`options` are those of `Sessions`."""
        self.path = path
        self.notices: list[str] = []
        self.clock = 1_000_000.0
        self.sessions = self.open(**options)

    def open(self, **options: Any) -> Sessions:
        """Return the store opened once more, perhaps in another way."""
        return Sessions(self.path, self.notices.append, now=self.tick, **options)

    def tick(self) -> float:
        """Return a time a second after the last."""
        self.clock += 1.0
        return self.clock

    def conversation(self, *questions: str, account: str | None = None) -> str:
        """Store a conversation of questions, each answered with `re: ...`, and return its id."""
        session = self.sessions.create(host="github.com", account=account)
        assert session is not None
        head = None
        for question in questions:
            head = self.exchange(session, head, question)
        return session

    def exchange(self, session: str, parent: int | None, question: str) -> int:
        """Store a question after `parent` and its answer, and return the answer's turn."""
        asked = self.sessions.append(session, parent, "user", [TextPart(question)])
        answer = self.sessions.begin_answer(session, asked, model="m", engine="direct")
        self.sessions.finish(answer, "complete", rest=[TextPart(f"re: {question}")])
        assert answer is not None
        return answer

    def texts(self, session: str) -> list[str]:
        """Return the texts of the branch that is shown."""
        return [turn.text for turn in self.sessions.history(session)]

    def query(self, query: str) -> list[tuple[object, ...]]:
        """Return what another connection is told."""
        connection = sqlite3.connect(self.path, isolation_level=None)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()
