"""Finding what was said: what matches, in which order, and what is marked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_cli.messages import Part, ReasoningPart, TextPart, ToolResultPart
from copilot_cli.store.search import END, MARK, Hit
from tests.kept import Kept

KEY = b"made up for tests, 32 bytes long"


@pytest.fixture(params=["plain", "sealed", "in memory"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    """An empty store of each kind: a search is the same in all of them."""
    sealing = {"seal": lambda: KEY} if request.param == "sealed" else {}
    path = Path(":memory:") if request.param == "in memory" else tmp_path / "conversations.db"
    kept = Kept(path, **sealing)
    if request.param == "in memory":
        kept.sessions = type(kept.sessions).in_memory(kept.notices.append, now=kept.tick)
    yield kept
    kept.sessions.close()


def store(kept: Kept, *texts: str) -> str:
    """Store a conversation of these questions, without answers."""
    session = kept.sessions.create()
    assert session is not None
    head = None
    for text in texts:
        head = kept.sessions.append(session, head, "user", [TextPart(text)])
    return session


def excerpts(hits: list[Hit]) -> list[str]:
    """Return the excerpts with brackets for marks."""
    return [hit.excerpt.replace(MARK, "[").replace(END, "]") for hit in hits]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("needle", ["a [needle] here"]),
        ("NEEDLE", ["a [needle] here"]),
        ("need", ["a [needle] here"]),
        ("eedle", []),
        ("needle here", ["a [needle] [here]"]),
        ("here needle", ["a [needle] [here]"]),
        ('"needle here"', ["a [needle here]"]),
        ('"here needle"', []),
        ('"needle her"', []),
        ("needle absent", []),
        ("uber", ["[Über] café 42"]),
        ("cafe", ["Über [café] 42"]),
        ("42", ["Über café [42]"]),
        ("4", []),
        ("docker_compose", ["run [docker_compose] up"]),
        ("日本", ["今日は[日本]語です"]),
        ("日本 です", ["今日は[日本]語[です]"]),
        ("日本 needle", []),
        ("++", ["C[++] and 100%"]),
        ("100%", ["C++ and [100]%"]),
        ("0%", []),
        ("%%", []),
        ("🦊", ["a fox: [🦊]"]),
        ('AND " OR', []),
        ("* NEAR(", []),
        ("needle\0", ["a [needle] here"]),
        ("\0", []),
        ("", []),
        ('  "" ', []),
    ],
)
def test_what_matches(kept: Kept, query: str, expected: list[str]) -> None:
    """Words at their beginning, phrases whole, any script and sign; nothing is an operator."""
    for text in (
        "a needle here",
        "Über café 42",
        "run docker_compose up",
        "今日は日本語です",
        "C++ and 100%",
        "a fox: 🦊",
    ):
        store(kept, text)
    assert excerpts(kept.sessions.search(query)) == expected
    assert kept.notices == []


def test_the_newest_come_first_and_no_more_than_wanted(kept: Kept) -> None:
    """A hit says where it is: conversation, title, message, who said it, and when."""
    first = store(kept, "a title", "needle one")
    second = store(kept, "another", "needle two")
    hits = kept.sessions.search("needle")
    assert [(hit.session, hit.title, hit.role) for hit in hits] == [
        (second, "another", "user"),
        (first, "a title", "user"),
    ]
    turn = kept.sessions.history(first)[1]
    assert (hits[1].turn_id, hits[1].created) == (turn.id, turn.created)
    assert excerpts(kept.sessions.search("needle", 1)) == ["[needle] two"]


def test_a_title_is_found_where_no_message_is(kept: Kept) -> None:
    """A conversation that was given a name is found by it, before what was only said."""
    named = store(kept, "something else")
    store(kept, "my plan")
    kept.sessions.rename(named, "The Plan")
    hits = kept.sessions.search("plan")
    assert [(hit.role, hit.turn_id is None) for hit in hits] == [("title", True), ("user", False)]
    assert excerpts(hits) == ["The [Plan]", "my [plan]"]
    assert hits[0].session == named
    assert excerpts(kept.sessions.search("plan", 1)) == ["The [Plan]"]


def test_an_answer_that_grew_is_found_whole(kept: Kept) -> None:
    """A word that was cut between two pieces, and two words of two pieces, once it has ended."""
    session = kept.sessions.create()
    asked = kept.sessions.append(session, None, "user", [TextPart("q")])
    answer = kept.sessions.begin_answer(session, asked)
    kept.sessions.grow(answer, [TextPart("one hay")])
    kept.sessions.grow(answer, [TextPart("stack")])
    assert excerpts(kept.sessions.search("stack")) == ["[stack]"]
    kept.sessions.finish(answer, "complete", rest=[TextPart(" two")])
    assert excerpts(kept.sessions.search("two haystack")) == ["one [haystack] [two]"]
    assert kept.sessions.search("stack") == []


def test_only_what_was_said_is_searched(kept: Kept) -> None:
    """Neither reasoning nor what a tool gave back."""
    session = kept.sessions.create()
    parts: list[Part] = [ReasoningPart("needle"), ToolResultPart("1", "needle"), TextPart("said")]
    kept.sessions.append(session, None, "assistant", parts)
    assert kept.sessions.search("needle") == []
    assert len(kept.sessions.search("said")) == 1


def test_what_is_deleted_is_not_found(kept: Kept) -> None:
    """Nor what is on a branch of it; what is undone is found."""
    session = store(kept, "first", "needle")
    kept.sessions.undo(session)
    assert len(kept.sessions.search("needle")) == 1
    kept.sessions.delete(session)
    assert kept.sessions.search("needle") == []


def test_an_excerpt_is_short(kept: Kept) -> None:
    """What surrounds the match, with ellipses for the rest, of a message of any length."""
    store(kept, "word " * 5000 + "needle 針 " + "word " * 5000)
    for query in ("needle", "針"):
        [hit] = kept.sessions.search(query)
        assert len(hit.excerpt) < 300
        assert hit.excerpt.startswith("…")
        assert hit.excerpt.endswith("…")
        assert MARK + query + END in hit.excerpt


def test_a_text_of_more_than_a_batch_is_looked_through(kept: Kept) -> None:
    """The oldest of thousands of messages is found, in the index and without."""
    session = store(kept, "a title", "an old needle 針", "an old needle 針")
    with_many = [TextPart(f"message {number}") for number in range(2100)]
    parts: list[Part] = []
    for part in with_many:
        parts += [part, ReasoningPart("-")]  # what stands between keeps them apart
    kept.sessions.append(session, None, "user", parts)
    assert len(kept.sessions.search("old needle")) == 2
    assert len(kept.sessions.search("針")) == 2
    assert len(kept.sessions.search("+ message")) == 0


def test_foreign_marks_are_only_text(kept: Kept) -> None:
    """A message that holds the marks itself breaks nothing."""
    store(kept, f"{END}{MARK} needle {MARK}")
    [hit] = kept.sessions.search("needle")
    assert MARK + "needle" + END in hit.excerpt
