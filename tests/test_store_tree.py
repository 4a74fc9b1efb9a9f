"""The tree under a conversation: undo, redo, move and fork lose nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_cli.errors import UsageError
from copilot_cli.messages import ReasoningPart, TextPart, Usage
from copilot_cli.store.sessions import Sessions
from copilot_cli.store.turns import Turn
from tests.kept import Kept


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """An empty store."""
    kept = Kept(tmp_path / "conversations.db")
    yield kept
    kept.sessions.close()


def exchanges(*questions: str) -> list[str]:
    """Return the texts of a branch of these questions, each with its answer."""
    return [text for question in questions for text in (question, f"re: {question}")]


def said(turn: Turn | None) -> str | None:
    """Return what the turn says."""
    return turn.text if turn else None


def test_undo_goes_back_a_question_at_a_time(kept: Kept) -> None:
    """Each undo returns the question that is no longer shown, until there is none."""
    session = kept.conversation("a", "b")
    assert said(kept.sessions.undo(session)) == "b"
    assert kept.texts(session) == exchanges("a")
    assert said(kept.sessions.undo(session)) == "a"
    assert kept.texts(session) == []
    assert kept.sessions.undo(session) is None


def test_redo_goes_forward_the_same_way(kept: Kept) -> None:
    """As often as there was an undo, and no further; another process can do it."""
    session = kept.conversation("a", "b", "c")
    for _ in range(3):
        kept.sessions.undo(session)
    again = kept.open()
    assert [said(again.redo(session)) for _ in range(4)] == ["a", "b", "c", None]
    assert kept.texts(session) == exchanges("a", "b", "c")
    assert said(again.undo(session)) == "c"
    again.close()


def test_a_new_question_takes_the_place_of_the_undone(kept: Kept) -> None:
    """There is nothing to redo then, and what was undone is on record all the same."""
    session = kept.conversation("a", "b")
    kept.sessions.undo(session)
    head = kept.sessions.history(session)[-1].id
    kept.exchange(session, head, "b2")
    assert kept.texts(session) == exchanges("a", "b2")
    assert kept.sessions.redo(session) is None
    assert {turn.text for turn in kept.sessions.turns(session)} == {*exchanges("a", "b", "b2")}
    assert said(kept.sessions.undo(session)) == "b2"
    assert said(kept.sessions.redo(session)) == "b2"


def test_a_move_back_can_be_redone(kept: Kept) -> None:
    """Redo leads along the branch that the move left."""
    session = kept.conversation("a", "b", "c")
    turns = kept.sessions.history(session)
    kept.sessions.move(session, turns[1].id)
    assert kept.texts(session) == exchanges("a")
    assert said(kept.sessions.redo(session)) == "b"
    kept.sessions.move(session, None)
    assert kept.texts(session) == []
    assert [said(kept.sessions.redo(session)) for _ in range(3)] == ["a", "b", "c"]


def test_a_move_to_another_branch_has_its_own_way_back(kept: Kept) -> None:
    """Undo and redo stay on the branch that the move went to."""
    session = kept.conversation("a", "b")
    tip = kept.sessions.history(session)[-1].id
    kept.sessions.undo(session)
    kept.exchange(session, kept.sessions.history(session)[-1].id, "b2")
    kept.sessions.move(session, tip)
    assert kept.texts(session) == exchanges("a", "b")
    assert kept.sessions.redo(session) is None
    assert said(kept.sessions.undo(session)) == "b"
    assert said(kept.sessions.redo(session)) == "b"


def test_a_summary_is_undone_by_itself(kept: Kept) -> None:
    """Undo takes back the summary first, and the turns it stands for are shown again."""
    session = kept.conversation("a")
    head = kept.sessions.history(session)[-1].id
    kept.sessions.append(session, head, "summary", [TextPart("all so far")])
    undone = kept.sessions.undo(session)
    assert undone is not None
    assert (undone.role, undone.text) == ("summary", "all so far")
    assert kept.texts(session) == exchanges("a")
    assert said(kept.sessions.redo(session)) == "all so far"


def test_no_turn_of_another_conversation_is_taken(kept: Kept) -> None:
    """A head in another conversation would mix the two."""
    session, other = kept.conversation("a"), kept.conversation("b")
    turn = kept.sessions.history(other)[0].id
    with pytest.raises(UsageError, match="no such message"):
        kept.sessions.move(session, turn)
    with pytest.raises(UsageError, match="no such message"):
        kept.sessions.fork(session, turn)
    with pytest.raises(UsageError, match="no such message"):
        kept.sessions.fork(session, 999)
    assert kept.texts(session) == exchanges("a")


def test_a_fork_is_a_copy_that_shares_nothing(kept: Kept) -> None:
    """The copy has every turn with its figures; deleting the first leaves the second whole."""
    session = kept.conversation("a", "b")
    answer = kept.sessions.history(session)[-1]
    kept.sessions.finish(
        answer.id, "incomplete", rest=[ReasoningPart("hm", "opaque")], usage=Usage(1, 2)
    )
    source = kept.sessions.history(session)
    fork = kept.sessions.fork(session)
    assert fork is not None
    kept.sessions.delete(session)
    copied = kept.sessions.history(fork)
    assert [turn[3:] for turn in copied] == [turn[3:] for turn in source]
    assert [turn.parent for turn in copied[1:]] == [turn.id for turn in copied[:-1]]
    found = kept.sessions.find(fork)
    assert (found.title, found.host, found.model) == ("a (fork)", "github.com", "m")
    assert kept.sessions.latest() == found


def test_a_fork_may_end_earlier(kept: Kept) -> None:
    """What was said after that turn stays where it was said."""
    session = kept.conversation("a", "b")
    fork = kept.sessions.fork(session, kept.sessions.history(session)[1].id)
    assert fork is not None
    assert kept.texts(fork) == exchanges("a")
    assert kept.texts(session) == exchanges("a", "b")


def test_without_a_store_there_is_nothing_to_do() -> None:
    """Every step takes None, and does nothing."""
    sessions = Sessions(None, print)
    sessions.move(None, None)
    assert (sessions.undo(None), sessions.redo(None), sessions.fork(None)) == (None, None, None)
    assert sessions.rename(None, "x") is False
    assert sessions.delete(None) is False


def test_a_long_conversation_is_no_recursion(kept: Kept) -> None:
    """A thousand turns are read, undone and copied."""
    session = kept.sessions.create()
    assert session is not None
    head = None
    for number in range(1000):
        head = kept.sessions.append(session, head, "user", [TextPart(str(number))])
    assert kept.texts(session) == [str(number) for number in range(1000)]
    assert said(kept.sessions.undo(session)) == "999"
    fork = kept.sessions.fork(session)
    assert fork is not None
    assert len(kept.texts(fork)) == 999
