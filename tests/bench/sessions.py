"""Measures the stored conversations with 100,000 messages: `python -m tests.bench.sessions`.

Times are milliseconds of wall time, the least of several runs, each with a database that was just
opened. A search is measured against the same search among 1,000 messages.
"""

import argparse
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from copilot_cli.messages import TextPart
from copilot_cli.store.cells import Cells
from copilot_cli.store.database import open_database, transaction
from copilot_cli.store.sessions import Sessions
from copilot_cli.store.turns import Turn, new_id
from copilot_cli.store.writing import insert_session, insert_turn

EVERYWHERE, SOMEWHERE, RARE = "everywhere", "somewhere", "needle"
"""Words that stand in every message, in one of twenty, and in one of ten thousand."""


class Row(NamedTuple):
    """One line of the table, in milliseconds."""

    name: str
    measured: float
    bound: float | None


def fill(path: Path, messages: int, length: int) -> None:
    """Write conversations of `length` messages, about 100 words each, `messages` in all."""
    chance = random.Random(1)
    syllables = [first + second for first in "bcdfghklmnprstvz" for second in "aeiou"]
    words = ["".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(20_000)]
    connection, _ = open_database(path, sys.exit)
    assert connection is not None
    with closing(connection), transaction(connection):
        for number in range(messages // length):
            _conversation(connection, number, length, lambda: chance.choices(words, k=100))


def _conversation(
    db: sqlite3.Connection, number: int, length: int, words: Callable[[], list[str]]
) -> None:
    now = 1_700_000_000.0 + number * 1000
    session = new_id(now)
    insert_session(db, Cells(), session, f"Conversation {number}", now, (None,) * 4)
    head = None
    for count in range(length):
        place = number * length + count
        marks = [EVERYWHERE, *([SOMEWHERE] * (place % 20 == 0)), *([RARE] * (place % 10_000 == 7))]
        role = "assistant" if count % 2 else "user"
        parts = (TextPart(" ".join([*words(), *marks])),)
        turn = Turn(0, session, head, role, now + count, "m", "direct", "complete", parts=parts)
        head = insert_turn(db, Cells(), turn, session, head)
    db.execute(
        "UPDATE sessions SET head = ?, updated = ? WHERE id = ?", (head, now + length, session)
    )


def least(path: Path, times: int, action: Callable[[Sessions], object]) -> float:
    """Return the milliseconds of opening the database and doing `action`."""
    measured = []
    for _ in range(times):
        start = time.perf_counter()
        sessions = Sessions(path, sys.exit)
        action(sessions)
        measured.append((time.perf_counter() - start) * 1000)
        sessions.close()
    return min(measured)


def rows(big: Path, small: Path, times: int) -> list[Row]:
    """Measure everything on the two databases."""

    def resume(sessions: Sessions) -> None:
        assert sessions.history(sessions.find("latest").id)

    def named(sessions: Sessions) -> None:
        assert sessions.history(sessions.find("conversation 17").id)

    found = [
        Row("resume the latest", least(big, times, resume), 50),
        Row("resume by its title", least(big, times, named), 50),
        Row("list all", least(big, times, lambda sessions: sessions.recent()), 50),
        Row("list 20", least(big, times, lambda sessions: sessions.recent(20)), 50),
    ]
    for name, query in (
        ("a word of every message", EVERYWHERE),
        ("a word of each twentieth", SOMEWHERE),
        ("a rare word", RARE),
        ("two words", f"{SOMEWHERE} {RARE}"),
        ("the beginning of many words", "sal"),
        ("a word that is nowhere", "absent"),
        ("a script without spaces", "日本"),
    ):
        in_big, in_small = (
            least(path, times, lambda sessions, query=query: sessions.search(query))  # type: ignore[misc]
            for path in (big, small)
        )
        found.append(Row(f"search {name}, more", in_big - in_small, 100))
    found.append(Row("one turn, its question and answer", least(big, times, _turn), None))
    found.append(Row("delete a conversation", least(big, 1, _delete), None))
    return found


def _turn(sessions: Sessions) -> None:
    asked = sessions.append(sessions.create(), None, "user", [TextPart("why?")])
    answer = sessions.begin_answer(sessions.recent(1)[0].id, asked)
    sessions.finish(answer, "complete", rest=[TextPart("because")])


def _delete(sessions: Sessions) -> None:
    assert sessions.delete(sessions.find("latest").id)


def main() -> int:
    """Print the table; return 1 where a bound is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--length", type=int, default=20, help="messages of a conversation")
    parser.add_argument("--times", type=int, default=5)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        big, small = Path(folder) / "big" / "c.db", Path(folder) / "small" / "c.db"
        fill(big, wanted.messages, wanted.length)
        fill(small, 1000, wanted.length)
        size = big.stat().st_size / 1e6
        print(f"{wanted.messages} messages in conversations of {wanted.length}, {size:.0f} MB\n")
        measured = rows(big, small, wanted.times)
    print(f"{'':42}{'ms':>8}{'bound':>8}")
    for row in measured:
        bound = "" if row.bound is None else f"{row.bound:.0f}"
        print(f"{row.name:42}{row.measured:8.1f}{bound:>8}")
    return int(any(row.bound is not None and row.measured > row.bound for row in measured))


if __name__ == "__main__":
    raise SystemExit(main())
