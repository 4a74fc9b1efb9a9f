"""Writing down a conversation while it happens."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from copilot_cli.errors import UsageError
from copilot_cli.messages import Cost, Outcome, State, TextPart, Usage, message
from copilot_cli.parties import Recorder
from copilot_cli.store.recorder import SUMMARY, SessionRecorder, conversation
from copilot_cli.store.sessions import Sessions


class Hand(NamedTuple):
    """A timer that a test lets run out."""

    seconds: float
    call: Callable[[], None]
    events: list[str]

    def start(self) -> None:
        self.events.append("start")

    def cancel(self) -> None:
        self.events.append("cancel")


class Recording:
    """A recorder, its sessions, and its timers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sessions = Sessions(path, print)
        self.timers: list[Hand] = []
        self.recorder = self.open()

    def open(self, session: str | None = None) -> SessionRecorder:
        return SessionRecorder(
            self.sessions, session, host="github.com", account="octocat", timer=self._timer
        )

    def _timer(self, seconds: float, call: Callable[[], None]) -> Hand:
        self.timers.append(Hand(seconds, call, []))
        return self.timers[-1]

    def sizes(self) -> list[int]:
        """Return the characters of each stored part."""
        with closing(sqlite3.connect(self.path)) as db:
            return [size for (size,) in db.execute("SELECT length(text) FROM parts ORDER BY id")]

    def on_disk(self) -> list[tuple[str, str]]:
        return [(turn.text, turn.state) for turn in self.sessions.history(self.recorder.session)]


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    """An empty recording."""
    recording = Recording(tmp_path / "conversations.db")
    yield recording
    recording.sessions.close()


def outcome(state: State = "complete") -> Outcome:
    """A plain end of an answer."""
    return Outcome(state, "stop", Usage(1, 2), Cost(0.5, "credits"), "r1", 0.25, 1.5)


def test_it_is_a_recorder(recording: Recording) -> None:
    """The chat takes it as the recorder that it declares."""
    recorder: Recorder = recording.recorder
    assert recorder is recording.recorder


def test_each_step_is_on_disk_when_it_returns(recording: Recording) -> None:
    """The question before the request, the pending answer, its end with figures."""
    recorder = recording.recorder
    recorder.ask([TextPart("why?")])
    assert recording.on_disk() == [("why?", "complete")]
    recorder.begin("m", "direct")
    assert recording.on_disk()[1] == ("", "pending")
    recorder.grow(TextPart("be"))
    recorder.grow(TextPart("cause"))
    recorder.finish(outcome())
    assert recording.on_disk()[1] == ("because", "complete")
    answer = recording.sessions.history(recorder.session)[1]
    assert (answer.model, answer.engine, answer.usage) == ("m", "direct", Usage(1, 2))
    assert (answer.seconds_first_token, answer.seconds_total) == (0.25, 1.5)
    assert answer.cost == Cost(0.5, "credits")
    assert recording.sessions.recent()[0].account == "octocat"


def test_what_came_is_written_within_a_second(recording: Recording) -> None:
    """The first unwritten piece starts a timer; when it runs out, all pieces are on disk."""
    recorder = recording.recorder
    recorder.ask([TextPart("why?")])
    recorder.begin("m", "direct")
    recorder.grow(TextPart("one "))
    recorder.grow(TextPart("two "))
    [timer] = recording.timers
    assert (timer.seconds, timer.events) == (1.0, ["start"])
    timer.call()
    assert recording.on_disk()[1] == ("one two ", "pending")
    recorder.grow(TextPart("three"))
    recorder.finish(outcome("interrupted"))
    assert recording.timers[1].events == ["start", "cancel"]
    assert recording.on_disk()[1] == ("one two three", "interrupted")


def test_a_long_answer_grows_in_parts_and_ends_as_one(recording: Recording) -> None:
    """No part that is written on the way is large; a search finds the whole in one at the end."""
    recorder, pieces = recording.recorder, [f"{number} " for number in range(1000)]
    recorder.ask([TextPart("count")])
    recorder.begin("m", "direct")
    for piece in pieces:
        recorder.grow(TextPart(piece))
    recording.timers[0].call()
    assert max(recording.sizes()) < 500
    assert recording.on_disk()[1] == ("".join(pieces), "pending")
    recorder.finish(outcome())
    assert recording.sizes() == [len("count"), len("".join(pieces))]
    assert recording.on_disk()[1] == ("".join(pieces), "complete")


def test_a_timer_that_is_late_writes_nothing_twice(recording: Recording) -> None:
    """A timer that fires after the end finds nothing left to write."""
    recorder = recording.recorder
    recorder.ask([TextPart("why?")])
    recorder.begin("m", "direct")
    recorder.grow(TextPart("because"))
    recorder.finish(outcome())
    recording.timers[0].call()
    assert recording.on_disk()[1] == ("because", "complete")


def test_turns_follow_one_another(recording: Recording) -> None:
    """Each question's parent is the answer before, in a session that is taken up again too."""
    for text in ("a", "b"):
        recording.recorder.ask([TextPart(text)])
        recording.recorder.begin("m", "direct")
        recording.recorder.grow(TextPart(f"re: {text}"))
        recording.recorder.finish(outcome())
    again = recording.open(recording.recorder.session)
    again.ask([TextPart("c")])
    turns = recording.sessions.history(recording.recorder.session)
    assert [turn.text for turn in turns] == ["a", "re: a", "b", "re: b", "c"]


def test_an_unknown_session_is_an_error(recording: Recording) -> None:
    """To go on with what is not there would quietly begin something else."""
    with pytest.raises(UsageError):
        recording.open("nothing")


def answer(recorder: SessionRecorder, *questions: str) -> None:
    """Record these questions, each with its answer."""
    for text in questions:
        recorder.ask([TextPart(text)])
        recorder.begin("m", "direct")
        recorder.grow(TextPart(f"re: {text}"))
        recorder.finish(outcome())


def test_after_an_undo_it_goes_on_from_there(recording: Recording) -> None:
    """`follow` takes the head that undo and redo moved; the next question comes after it."""
    recorder = recording.recorder
    answer(recorder, "a", "b")
    recording.sessions.undo(recorder.session)
    recorder.follow()
    assert recorder.conversation() == [message("user", "a"), message("assistant", "re: a")]
    answer(recorder, "c")
    assert [text for text, _ in recording.on_disk()] == ["a", "re: a", "c", "re: c"]
    assert recorder.head == recording.sessions.history(recorder.session)[-1].id
    recording.sessions.move(recorder.session, None)
    recorder.follow()
    assert recorder.conversation() == []
    answer(recorder, "d")
    assert [text for text, _ in recording.on_disk()] == ["d", "re: d"]


def test_it_can_go_on_with_another_session(recording: Recording) -> None:
    """`attach` takes an id or a title, and the next turn comes after that one's head."""
    answer(recording.recorder, "first")
    other = recording.open()
    answer(other, "second")
    other.attach("FIRST")
    assert other.session == recording.recorder.session
    answer(other, "third")
    assert [text for text, _ in recording.on_disk()][::2] == ["first", "third"]
    with pytest.raises(UsageError):
        other.attach("nothing")


def test_a_summary_stands_for_what_was_said_before(recording: Recording) -> None:
    """But for the last two turns, which it leaves; the transcript is as long as ever."""
    recorder = recording.recorder
    answer(recorder, "a", "b", "c")
    recorder.summarize("we said a")
    summary, later = (message("system", f"{SUMMARY}\n{said}") for said in ("we said a", "all"))
    kept = [message("user", "c"), message("assistant", "re: c")]
    assert recorder.conversation() == [
        summary,
        message("user", "b"),
        message("assistant", "re: b"),
        *kept,
    ]
    answer(recorder, "d")
    assert len(recording.on_disk()) == 9
    recorder.summarize("all")
    assert recorder.conversation() == [
        later,
        *kept,
        message("user", "d"),
        message("assistant", "re: d"),
    ]
    recording.sessions.undo(recorder.session)
    recorder.follow()
    assert recorder.conversation()[0] == summary


def test_nothing_is_kept_where_nothing_can_be() -> None:
    """Without a database every step is a step over nothing."""
    recorder = SessionRecorder(Sessions(None, print))
    recorder.ask([TextPart("a")])
    recorder.begin("m", "direct")
    recorder.grow(TextPart("b"))
    recorder.finish(outcome())
    assert recorder.session is None


def test_the_conversation_carries_what_was_answered(recording: Recording) -> None:
    """A question that failed before its first word is on record, not in the next request."""
    turns: list[tuple[str, str, State]] = [
        ("a", "1", "complete"),
        ("b", "", "failed"),
        ("c", "half", "interrupted"),
    ]
    for text, answer, state in turns:
        recording.recorder.ask([TextPart(text)])
        recording.recorder.begin("m", "direct")
        if answer:
            recording.recorder.grow(TextPart(answer))
        recording.recorder.finish(outcome(state))
    assert conversation(recording.sessions.history(recording.recorder.session)) == [
        message("user", "a"),
        message("assistant", "1"),
        message("user", "c"),
        message("assistant", "half"),
    ]
