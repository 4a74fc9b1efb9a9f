"""Stored conversations: what is kept, in which order, and what a failure does."""

import os
import random
import select
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from copilot_cli.errors import UsageError
from copilot_cli.messages import (
    Cost,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    Usage,
)
from copilot_cli.store.sessions import Sessions
from tests.kept import Kept


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """An empty store."""
    kept = Kept(tmp_path / "data" / "conversations.db")
    yield kept
    kept.sessions.close()


def test_a_turn_comes_back_as_it_was_stored(kept: Kept) -> None:
    """Parts, usage, price and times survive a round through the database."""
    session = kept.sessions.create(host="github.com", account="octocat", model="m", engine="direct")
    asked = kept.sessions.append(session, None, "user", [TextPart("What is this?")])
    answer = kept.sessions.begin_answer(session, asked, model="m", engine="direct")
    parts = (
        ReasoningPart("hm", "sealed"),
        TextPart("This: é🦊\0 \u2028"),
        ToolCallPart("c1", "look", '{"a": 1}'),
        ToolResultPart("c1", "seen", error=True),
    )
    kept.sessions.finish(
        answer,
        "incomplete",
        rest=parts,
        finish_reason="length",
        request_id="r1",
        model="m-2026",
        usage=Usage(1, 2, 3, 4, 5),
        cost=Cost(1.5, "credits"),
        seconds_first_token=0.5,
        seconds_total=2.0,
    )
    kept.sessions.close()
    question, turn = kept.sessions.history(session)
    assert (question.role, question.text, question.state) == ("user", "What is this?", "complete")
    assert turn.parts == parts
    assert turn.parent == question.id
    assert (turn.model, turn.engine, turn.state) == ("m-2026", "direct", "incomplete")
    assert (turn.finish_reason, turn.request_id) == ("length", "r1")
    assert (turn.usage, turn.cost) == (Usage(1, 2, 3, 4, 5), Cost(1.5, "credits"))
    assert (turn.seconds_first_token, turn.seconds_total) == (0.5, 2.0)
    [listed] = kept.sessions.recent()
    assert listed[1:2] + listed[4:] == (
        "What is this?",
        *("github.com", "octocat", "m", "direct", turn.id, 2),
    )
    assert kept.notices == []


def test_what_the_service_did_not_say_stays_unknown(kept: Kept) -> None:
    """No figure becomes a zero."""
    session = kept.conversation("a")
    turn = kept.sessions.history(session)[-1]
    assert turn.usage == Usage()
    assert turn.cost is None
    assert turn.seconds_total is None


def test_the_answer_grows_and_is_read_as_one_text(kept: Kept) -> None:
    """Pieces that were committed one by one read as one part; reasoning stays apart."""
    session = kept.sessions.create()
    asked = kept.sessions.append(session, None, "user", [TextPart("q")])
    answer = kept.sessions.begin_answer(session, asked)
    kept.sessions.grow(answer, [ReasoningPart("th"), ReasoningPart("ink")])
    kept.sessions.grow(answer, [TextPart("one ")])
    kept.sessions.grow(answer, [TextPart("two ")])
    assert kept.sessions.history(session)[-1].state == "pending"
    kept.sessions.finish(answer, "complete", rest=[TextPart("three")])
    assert kept.sessions.history(session)[-1].parts == (
        ReasoningPart("think"),
        TextPart("one two three"),
    )


def test_history_is_the_branch_of_the_head(kept: Kept) -> None:
    """A second answer to an earlier question leaves the first one on record, out of sight."""
    session = kept.conversation("a", "b")
    first, answer, *_ = kept.sessions.history(session)
    edited = kept.sessions.append(session, answer.id, "user", [TextPart("b2")])
    assert [turn.id for turn in kept.sessions.history(session)] == [first.id, answer.id, edited]
    assert kept.sessions.recent()[0].turns == 5


def test_a_session_without_a_turn_leaves_nothing(kept: Kept) -> None:
    """A chat that is opened and left is no conversation."""
    kept.sessions.create()
    assert kept.sessions.recent() == []
    assert kept.sessions.latest() is None


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("hello", "hello"),
        ("\n\n  How  do\tI … ?\nplease", "How do I … ?"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        ("a\ud800b", "a\ufffdb"),
        ("\u2028", ""),
    ],
    ids=["plain", "first line", "fits", "cut", "surrogate", "blank"],
)
def test_the_title_is_the_first_line(kept: Kept, text: str, title: str) -> None:
    """A title costs no request: it is the first line with something on it, at most 60 long."""
    session = kept.sessions.create()
    kept.sessions.append(session, None, "system", [TextPart("be brief")])
    head = kept.sessions.append(session, None, "user", [TextPart(text)])
    assert kept.sessions.recent()[0].title == title
    kept.sessions.append(session, head, "user", [TextPart("later")])
    assert kept.sessions.recent()[0].title == (title or "later")


def test_the_session_used_last_comes_first(kept: Kept) -> None:
    """An old conversation that goes on is the latest again."""
    ids = [kept.conversation(name, account=name) for name in ("a", "b", "c")]
    assert [each.id for each in kept.sessions.recent()] == ids[::-1]
    assert [each.id for each in kept.sessions.recent(2)] == [ids[2], ids[1]]
    kept.sessions.append(ids[0], None, "user", [TextPart("again")])
    latest = kept.sessions.latest()
    assert latest is not None
    assert latest.id == ids[0]
    of_b = kept.sessions.latest("github.com", "b")
    assert of_b is not None
    assert of_b.id == ids[1]
    assert kept.sessions.latest("octo.ghe.com") is None


def test_a_session_is_found_by_the_beginning_of_its_id(kept: Kept) -> None:
    """As with git: as much of the id as tells it apart, in either case; `latest` is the latest."""
    ids = [kept.conversation(name) for name in ("a", "b", "c")]
    assert kept.sessions.find("latest").id == ids[2]
    assert kept.sessions.find(ids[1].upper()).id == ids[1]
    assert kept.sessions.find(ids[0][:-1]).id == ids[0]
    with pytest.raises(UsageError, match="more than one") as caught:
        kept.sessions.find(ids[0][:4])
    assert all(each in caught.value.message for each in ids)


def test_a_session_is_found_by_its_title(kept: Kept) -> None:
    """The whole of it, or the beginning of only one; an id goes before a title."""
    ids = [kept.conversation(name) for name in ("Über Docker", "docker", "Docker compose")]
    assert kept.sessions.find("DOCKER").id == ids[1]
    assert kept.sessions.find(" docker c").id == ids[2]
    assert kept.sessions.find("über").id == ids[0]
    with pytest.raises(UsageError, match="more than one") as caught:
        kept.sessions.find("doc")
    assert ids[0] not in caught.value.message
    kept.sessions.rename(ids[0], ids[1])
    assert kept.sessions.find(ids[1]).id == ids[1]
    assert kept.sessions.find("docker").id == ids[1]


def test_a_new_title_stays(kept: Kept) -> None:
    """Before the first turn too; later questions do not change it."""
    session = kept.sessions.create()
    assert kept.sessions.rename(session, "  My\ttitle \n and more")
    head = kept.sessions.append(session, None, "user", [TextPart("a question")])
    assert kept.sessions.recent()[0].title == "My title"
    assert kept.sessions.rename(session, "Another")
    kept.sessions.append(session, head, "user", [TextPart("later")])
    assert kept.sessions.recent()[0].title == "Another"
    with pytest.raises(UsageError, match="blank"):
        kept.sessions.rename(session, " \n ")
    assert not kept.sessions.rename("gone", "x")


def test_a_deleted_session_takes_all_its_branches_along(kept: Kept) -> None:
    """Nothing of it stays in any table, and the others are whole."""
    session, other = kept.conversation("a", "b"), kept.conversation("c")
    kept.sessions.undo(session)
    kept.exchange(session, kept.sessions.history(session)[-1].id, "b2")
    assert kept.sessions.delete(session)
    assert not kept.sessions.delete(session)
    assert kept.texts(other) == ["c", "re: c"]
    for table in ("turns", "parts"):
        assert kept.query(f"SELECT count(*) FROM {table}") == [(2,)]
    begun = kept.sessions.create()
    assert not kept.sessions.delete(begun)
    assert [each.id for each in kept.sessions.recent()] == [other]


def test_sessions_expire(kept: Kept) -> None:
    """Those that nobody wrote to for so many days go, by hand or when the store is opened."""
    old, new = kept.conversation("old"), kept.conversation("new")
    kept.clock += 10 * 86_400
    kept.exchange(new, kept.sessions.history(new)[-1].id, "again")
    assert kept.sessions.expire(11) == 0
    kept.sessions.close()
    again = kept.open(days=9)
    assert [each.id for each in again.recent()] == [new]
    assert again.expire(0.0001) == 0
    kept.clock += 86_400
    assert again.expire(1) == 1
    assert again.recent() == []
    assert old != new
    again.close()


def test_a_private_store_is_whole_and_leaves_nothing(tmp_path: Path) -> None:
    """All of it works in memory, and it is gone when it is closed."""
    before = sorted(tmp_path.rglob("*"))
    kept = Kept(tmp_path / "never.db")
    kept.sessions = Sessions.in_memory(kept.notices.append, now=kept.tick)
    session = kept.conversation("a", "b")
    assert kept.sessions.undo(session) is not None
    assert kept.texts(session) == ["a", "re: a"]
    assert len(kept.sessions.search("re")) == 2
    assert kept.sessions.find("a").id == session
    assert sorted(tmp_path.rglob("*")) == before
    kept.sessions.close()
    assert kept.sessions.recent() == []
    assert kept.notices == []
    kept.sessions.close()


@pytest.mark.parametrize("reference", ["zzzz", "%", "", "' OR 1=1 --"])
def test_what_is_not_there_is_not_found(kept: Kept, reference: str) -> None:
    """No pattern, no blank and no quote finds anything by accident."""
    kept.conversation("a")
    with pytest.raises(UsageError, match="no conversation"):
        kept.sessions.find(reference)


def test_latest_of_nothing_is_said(kept: Kept) -> None:
    """With no conversation at all, `latest` is an error of usage."""
    with pytest.raises(UsageError, match="no conversation yet"):
        kept.sessions.find("latest")


def test_ids_sort_by_time(kept: Kept) -> None:
    """Ids that were made later sort later."""
    ids = []
    for _ in range(40):
        kept.clock *= 1.2
        ids.append(kept.sessions.create() or "")
    assert ids == sorted(ids)
    assert len({len(each) for each in ids}) == 1


def test_absurd_values_do_not_stop_an_answer(kept: Kept) -> None:
    """A count beyond 64 bits and half a character pair are stored as far as they can be."""
    session = kept.sessions.create()
    asked = kept.sessions.append(session, None, "user", [TextPart("a\udfff")])
    answer = kept.sessions.begin_answer(session, asked)
    kept.sessions.finish(
        answer, "complete", usage=Usage(10**30, 5), request_id="\ud800", finish_reason="\ud83e"
    )
    question, turn = kept.sessions.history(session)
    assert question.text == "a\ufffd"
    assert turn.usage == Usage(None, 5)
    assert kept.notices == []


@pytest.mark.skipif(sys.platform == "win32", reason="modes are not used there")
def test_files_belong_to_their_user_alone(kept: Kept) -> None:
    """Database, `-wal` and `-shm` are 0600 in a folder of 0700, whatever the umask."""
    before = os.umask(0)
    try:
        kept.conversation("a")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in kept.path.parent.iterdir()}
    assert modes.keys() >= {"conversations.db", "conversations.db-wal", "conversations.db-shm"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700


@pytest.mark.skipif(sys.platform == "win32", reason="modes are not used there")
def test_a_loose_mode_is_tightened(kept: Kept) -> None:
    """A database that was copied with an open mode is closed again."""
    kept.conversation("a")
    kept.sessions.close()
    kept.path.chmod(0o644)
    kept.conversation("b")
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600


def test_nothing_is_kept_without_a_path() -> None:
    """`--no-save`: every method works, nothing is written, nothing is said."""
    notices: list[str] = []
    sessions = Sessions(None, notices.append)
    session = sessions.create()
    asked = sessions.append(session, None, "user", [TextPart("a")])
    answer = sessions.begin_answer(session, asked)
    sessions.grow(answer, [TextPart("b")])
    sessions.finish(answer, "complete")
    assert (session, asked, answer) == (None, None, None)
    assert sessions.history(session) == []
    assert sessions.recent() == []
    assert notices == []


def _overwrite_all(path: Path) -> None:
    path.write_bytes(b"this is no database, whatever its name says\n" * 100)


def _overwrite_pages(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize("damage", [_overwrite_all, _overwrite_pages, _truncate])
def test_a_damaged_database_is_kept_aside_and_the_conversation_goes_on(
    kept: Kept, damage: Callable[[Path], None]
) -> None:
    """The damaged file is not lost, one notice says where it is, and a new one takes the turn."""
    kept.conversation("before")
    kept.sessions.close()
    damage(kept.path)
    damaged = kept.path.read_bytes()
    session = kept.conversation("after")
    assert [turn.text for turn in kept.sessions.history(session)] == ["after", "re: after"]
    [notice] = kept.notices
    [aside] = kept.path.parent.glob("conversations.db.damaged-*Z")
    assert str(aside) in notice
    assert aside.read_bytes() == damaged


def test_damage_that_shows_in_reading_is_no_error(kept: Kept) -> None:
    """A list of a damaged database is empty and said, not a traceback."""
    kept.conversation("before")
    kept.sessions.close()
    _overwrite_pages(kept.path)
    assert kept.sessions.recent() == []
    assert len(kept.notices) == 1


def test_damage_in_mid_conversation_stops_only_the_record(kept: Kept) -> None:
    """What is said after the damage is not kept; the caller notices nothing but a notice."""
    session = kept.conversation("a")
    head = kept.sessions.history(session)[-1].id
    kept.sessions.close()
    _overwrite_pages(kept.path)
    assert kept.sessions.append(session, head, "user", [TextPart("b")]) is None
    assert kept.sessions.begin_answer(session, None) is None
    assert len(kept.notices) == 1


def test_a_damaged_index_is_made_anew(kept: Kept) -> None:
    """The conversations are sound: nothing is set aside, and what is said goes on being stored."""
    damage = "UPDATE parts_index_data SET block = x'ff00ff' WHERE id > 10"
    session = kept.conversation("needle")
    kept.sessions.close()
    kept.query(damage)
    assert len(kept.sessions.search("needle")) == 2
    kept.query(damage)
    again = kept.open()
    assert again.delete(session)
    assert again.recent() == []
    again.close()
    assert kept.notices == []


def test_a_newer_database_is_not_touched(kept: Kept) -> None:
    """A file of a newer version is left as it is, and nothing is kept."""
    kept.conversation("a")
    kept.sessions.close()
    kept.query("PRAGMA user_version=99")
    before = kept.path.read_bytes()
    assert kept.sessions.create() is None
    assert kept.sessions.recent() == []
    assert "newer" in kept.notices[0]
    assert kept.path.read_bytes() == before


def test_another_programs_database_is_not_touched(kept: Kept) -> None:
    """A database that is not ours keeps its tables."""
    kept.path.parent.mkdir()
    kept.query("CREATE TABLE theirs (a)")
    assert kept.sessions.create() is None
    assert "another program" in kept.notices[0]
    assert kept.query("SELECT name FROM sqlite_master") == [("theirs",)]


def test_a_folder_that_cannot_be_made_stops_no_answer(tmp_path: Path) -> None:
    """Where nothing can be written, one notice says so."""
    (tmp_path / "file").write_text("")
    kept = Kept(tmp_path / "file" / "conversations.db")
    assert kept.sessions.create() is None
    assert kept.sessions.append(None, None, "user", [TextPart("a")]) is None
    assert len(kept.notices) == 1
    assert kept.notices[0].startswith("conversations are not saved: ")


def test_a_folder_in_the_databases_place_stops_no_answer(kept: Kept) -> None:
    """A folder of that name is said and left alone."""
    kept.path.mkdir(parents=True)
    (kept.path / "a").write_text("")
    assert kept.sessions.create() is None
    assert len(kept.notices) == 1


def test_a_full_disk_stops_only_the_record(kept: Kept) -> None:
    """A write that fails is said once, and nothing more is tried."""
    session = kept.conversation("a")
    connection, _ = kept.sessions._database.open()
    assert connection is not None
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages}")
    big = [TextPart("x" * 100_000)]
    assert kept.sessions.append(session, None, "user", big) is None
    assert kept.sessions.append(session, None, "user", big) is None
    assert kept.notices == ["this conversation is not saved from here on: database or disk is full"]


def _as_nobody(action: Callable[[], str]) -> str:
    """Return what `action` returns in a child process that modes do apply to, unlike root."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            os.write(writer, action().encode())
        except BaseException as error:
            os.write(writer, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said


@pytest.mark.real
@pytest.mark.skipif(sys.platform == "win32", reason="modes are not used there")
@pytest.mark.parametrize("folder_mode", [0o755, 0o555])
def test_a_read_only_database_can_be_read(folder_mode: int) -> None:
    """Old conversations are there, the new one is not kept, and one notice says so."""

    def look() -> str:
        notices: list[str] = []
        sessions = Sessions(path, notices.append)
        titles = [each.title for each in sessions.recent()]
        return f"{sessions.create()} {titles} {len(notices)} {notices[0]}"

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data" / "conversations.db"
        kept = Kept(path)
        kept.conversation("kept before")
        kept.sessions.close()
        path.chmod(0o444)
        path.parent.chmod(folder_mode)
        Path(folder).chmod(0o755)
        said = _as_nobody(look)
    assert said == f"None ['kept before'] 1 conversations are not saved: {path}: is read-only"


_WRITE = """
import sys
from pathlib import Path
from copilot_cli.messages import TextPart
from copilot_cli.store.sessions import Sessions
from tests.kept import Kept
sys.stdin.readline()
for count in range(5):
    sessions = Sessions(Path(sys.argv[1]), lambda notice: sys.exit(notice))
    session = sessions.create()
    asked = sessions.append(session, None, "user", [TextPart(f"{sys.argv[2]} {count}")])
    answer = sessions.begin_answer(session, asked)
    for piece in ("a", "b", "c"):
        sessions.grow(answer, [TextPart(piece)])
    sessions.finish(answer, "complete", rest=[TextPart("d")])
    sessions.close()
"""


@pytest.mark.real
def test_twenty_processes_lose_no_row(kept: Kept) -> None:
    """Twenty processes that begin with no database at all keep every turn of each."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITE, str(kept.path), str(number)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(20)
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    failures = [writer.communicate()[1] for writer in writers]
    assert failures == [""] * 20
    sessions = kept.sessions.recent()
    assert sorted(each.title for each in sessions) == sorted(
        f"{number} {count}" for number in range(20) for count in range(5)
    )
    assert {kept.sessions.history(each.id)[-1].text for each in sessions} == {"abcd"}
    assert kept.query("SELECT count(*) FROM parts") == [(100 * 2,)]
    assert kept.query("PRAGMA integrity_check") == [("ok",)]
    assert kept.notices == []


_GROW = """
import signal, sys
from pathlib import Path
from copilot_cli.messages import TextPart
from copilot_cli.store.sessions import Sessions
from tests.kept import Kept
sessions = Sessions(Path(sys.argv[1]), print)
session = sessions.create()
asked = sessions.append(session, None, "user", [TextPart("q")])
answer = sessions.begin_answer(session, asked)
sessions.grow(answer, [TextPart("paid for, ")])
sessions.grow(answer, [TextPart("kept")])
print(session, flush=True)
signal.pause()
"""


@pytest.mark.real
@pytest.mark.skipif(sys.platform == "win32", reason="no such signal there")
def test_a_kill_in_mid_answer_keeps_what_came(kept: Kept) -> None:
    """After kill -9 the question and what had grown of the answer are there, as pending."""
    writer = subprocess.Popen(
        [sys.executable, "-c", _GROW, str(kept.path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    session = writer.stdout.readline().strip()
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    question, answer = kept.sessions.history(session)
    assert question.text == "q"
    assert (answer.text, answer.state) == ("paid for, kept", "pending")
    assert kept.notices == []


_CONVERSE = """
import sys
from pathlib import Path
from copilot_cli.messages import TextPart
from copilot_cli.store.sessions import Sessions
sessions = Sessions(Path(sys.argv[1]), lambda notice: sys.exit(notice))
head = None
session = sessions.create()
for number in range(10**6):
    head = sessions.append(session, head, "user", [TextPart(f"question {number}")])
    head = sessions.begin_answer(session, head)
    for piece in range(3):
        sessions.grow(head, [TextPart(f"piece {piece} ")])
    sessions.finish(head, "complete", rest=[TextPart("end")])
    sys.stdout.write("x")
    sys.stdout.flush()
"""


@pytest.mark.real
@pytest.mark.skipif(sys.platform == "win32", reason="no such signal there")
def test_a_kill_at_any_moment_leaves_a_sound_database(kept: Kept) -> None:
    """Whatever was reported as written is there, whole, and the index agrees with the texts."""
    chance = random.Random(3)
    for _ in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", _CONVERSE, str(kept.path)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        writer.stdout.read(1)
        select.select([], [], [], chance.random() / 20)
        writer.send_signal(signal.SIGKILL)
        written = 1 + len(writer.communicate()[0])
        turns = kept.sessions.history(kept.sessions.find("latest").id)
        answers = [turn.text for turn in turns if turn.state == "complete" and turn.role != "user"]
        assert len(answers) >= written
        assert set(answers) == {"piece 0 piece 1 piece 2 end"}
        assert kept.query("PRAGMA integrity_check") == [("ok",)]
        kept.query("INSERT INTO parts_index (parts_index) VALUES ('integrity-check')")
    assert kept.notices == []
