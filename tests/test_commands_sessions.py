"""`copilot-chat sessions`, run as the program runs it."""

import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from copilot_cli.effects import Effects
from copilot_cli.main import main
from copilot_cli.messages import Cost, TextPart, Usage
from copilot_cli.store.sessions import Sessions


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Home:
    """A home with stored conversations, and the program run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sessions = Sessions(folder / "conversations.db", print, now=self._tick)
        self._now = 1_700_000_000.0

    def _tick(self) -> float:
        self._now += 1
        return self._now

    def conversation(self, question: str, answer: str, state: str = "complete") -> str:
        """Store a conversation of one turn and return its id."""
        session = self.sessions.create(host="github.com", account="octocat")
        asked = self.sessions.append(session, None, "user", [TextPart(question)])
        turn = self.sessions.begin_answer(session, asked, model="m", engine="direct")
        self.sessions.finish(
            turn,
            state,  # type: ignore[arg-type]
            rest=[TextPart(answer)],
            finish_reason="stop",
            usage=Usage(1, 2),
            cost=Cost(0.5, "credits"),
            seconds_total=2.0,
        )
        assert session is not None
        return session

    def run(self, *words: str, typed: str | None = None) -> tuple[int, str, str]:
        """Run `copilot-chat sessions ...`, and return code, stdout and stderr.

        With something `typed` somebody is there, at a terminal.
        """
        stream = io.StringIO if typed is None else Terminal
        out, err = stream(), stream()
        stdin = io.StringIO() if typed is None else Terminal(typed)
        effects = Effects(environ={}, stdin=stdin, stdout=out, stderr=err)
        code = main(["--home", str(self.folder), "sessions", *words], effects)
        return code, out.getvalue(), err.getvalue()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home without a conversation."""
    home = Home(tmp_path)
    yield home
    home.sessions.close()


def test_the_list_has_the_latest_first(home: Home) -> None:
    """One line a conversation, with what is needed to pick one."""
    ids = [home.conversation(f"question {number}", "a") for number in range(3)]
    code, out, err = home.run("list")
    rows = [line.split("\t") for line in out.splitlines()]
    assert [row[0] for row in rows] == ids[::-1]
    assert rows[0][2:] == ["2", "m", "question 2"]
    assert (code, err) == (0, "")
    assert len(home.run("list", "-n", "2")[1].splitlines()) == 2


def test_no_conversation_is_said_or_an_empty_array(home: Home) -> None:
    """A person reads a sentence, a script an array."""
    assert home.run("list") == (0, "", "no conversation is stored\n")
    assert home.run("list", "--json") == (0, "[]\n", "")


def test_the_list_as_json(home: Home) -> None:
    """Times are in UTC and sort as texts."""
    session = home.conversation("q", "a")
    assert json.loads(home.run("list", "--json")[1]) == [
        {
            "id": session,
            "title": "q",
            "created": "2023-11-14T22:13:22Z",
            "updated": "2023-11-14T22:13:24Z",
            "host": "github.com",
            "account": "octocat",
            "model": "m",
            "engine": "direct",
            "turns": 2,
        }
    ]


def test_show_without_an_id_shows_the_latest(home: Home) -> None:
    """The conversation as Markdown, each side named, an answer that was stopped marked."""
    home.conversation("older", "a")
    session = home.conversation("What?", "This\n\n- one\n", "interrupted")
    code, out, _ = home.run("show")
    assert code == 0
    head, _, rest = out.partition("\n\n**You**\n\n")
    assert head.startswith(f"# What?\n\n{session} · 2023-11-1")
    assert rest == "What?\n\n**m** (stopped)\n\nThis\n\n- one\n"


def test_show_takes_the_beginning_of_an_id(home: Home) -> None:
    """As much of an id as tells it apart, and the same as JSON."""
    session = home.conversation("q", "a \x1b[31m")
    _, out, _ = home.run("show", session[:-1], "--json")
    shown = json.loads(out)
    assert shown["id"] == session
    assert [each["role"] for each in shown["messages"]] == ["user", "assistant"]
    answer = shown["messages"][1]
    assert answer["text"] == "a \x1b[31m"
    assert answer["usage"]["cached_tokens"] is None
    assert answer["cost"] == {"amount": 0.5, "unit": "credits"}
    assert answer["seconds"] == {"first_token": None, "total": 2.0}
    assert answer["state"] == "complete"


@pytest.mark.parametrize("words", [("show",), ("show", "zzz")])
def test_what_is_not_there_is_an_error_of_usage(home: Home, words: tuple[str, ...]) -> None:
    """No conversation, or none with this id: exit 2 and nothing on stdout."""
    code, out, err = home.run(*words)
    assert (code, out) == (2, "")
    assert err.startswith("error: there is no conversation")


def test_a_terminal_gets_no_control_character_of_a_models(home: Home) -> None:
    """Stored answers are foreign text, a year later too."""
    home.conversation("q", "red \x1b[31m \u202e end")
    out = Terminal()
    effects = Effects(environ={}, stdin=io.StringIO(), stdout=out, stderr=io.StringIO())
    assert main(["--home", str(home.folder), "sessions", "show"], effects) == 0
    assert "\x1b[31m" not in out.getvalue()
    assert "\u202e" not in out.getvalue()
    assert " end" in out.getvalue()


def test_show_on_a_terminal_is_rendered(home: Home) -> None:
    """As the answer was when it came."""
    home.conversation("q", "some **bold** word")
    code, out, _ = home.run("show", typed="")
    assert code == 0
    assert "some \x1b[1mbold\x1b[m word" in out


def test_search_prints_a_line_for_each_message(home: Home) -> None:
    """Id, time, who, title and excerpt, the newest first."""
    ids = [home.conversation(f"question {number}", "a needle\nhere") for number in range(3)]
    code, out, err = home.run("search", "needle", "her")
    rows = [line.split("\t") for line in out.splitlines()]
    assert [row[0] for row in rows] == ids[::-1]
    assert rows[0][2:] == ["assistant", "question 2", "a needle here"]
    assert (code, err) == (0, "")
    assert len(home.run("search", "needle", "-n", "2")[1].splitlines()) == 2


def test_search_on_a_terminal_and_as_json(home: Home) -> None:
    """A person sees the conversation and under it the words; a program gets their places."""
    session = home.conversation("question", "a \x1b[31m needle")
    _, out, _ = home.run("search", "needle", typed="")
    assert out.startswith(f"\x1b[1m{session}  ")
    assert "\x1b[1;33mneedle\x1b[m" in out
    assert "\x1b[31m" not in out
    [found] = json.loads(home.run("search", "needle", "--json")[1])
    assert found["session"] == session
    assert found["marks"] == [[8, 14]]


def test_nothing_found_is_no_error(home: Home) -> None:
    """A person reads a sentence, a script an empty array; a blank search is a mistake."""
    assert home.run("search", "needle") == (0, "", "nothing was found\n")
    assert home.run("search", "needle", "--json") == (0, "[]\n", "")
    assert home.run("search", " ")[0] == 2


def test_rename_and_find_by_the_new_title(home: Home) -> None:
    """The latest without an id; another one by its id or title."""
    first, second = home.conversation("one", "a"), home.conversation("two", "b")
    assert home.run("rename", "The plan") == (0, "", f"{second} is now The plan\n")
    assert json.loads(home.run("rename", "one", "Older", "--json")[1])["title"] == "Older"
    assert home.run("show", "the PL")[1].startswith("# The plan")
    assert home.sessions.find("older").id == first
    assert home.run("rename", "a", "b", "c")[0] == 2
    assert home.run("rename", " ")[0] == 2
    assert home.run("rename", "nothing", "x")[0] == 2


@pytest.mark.parametrize(
    ("words", "beginning"),
    [
        ((), "# What?\n"),
        (("--format", "md"), "# What?\n"),
        (("--format", "html"), "<!doctype html>\n"),
        (("--format", "json"), '{\n  "id"'),
        (("--json",), '{\n  "id"'),
    ],
)
def test_export_in_each_form(home: Home, words: tuple[str, ...], beginning: str) -> None:
    """The latest without an id, on stdout or into a file."""
    home.conversation("What?", "This")
    code, out, err = home.run("export", *words)
    assert (code, err) == (0, "")
    assert out.startswith(beginning)
    file = home.folder / "export"
    assert home.run("export", "what", "-o", str(file), *words) == (0, "", "")
    assert file.read_text(encoding="utf-8") == out


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("a.html", "<!doctype"), ("a.HTM", "<!doctype"), ("a.json", "{"), ("a.txt", "# "), ("a", "#")],
)
def test_the_file_s_name_tells_the_form(home: Home, name: str, beginning: str) -> None:
    """Its ending does, where it is one of those; else it is Markdown."""
    home.conversation("What?", "This")
    home.run("export", "-o", str(home.folder / name))
    assert (home.folder / name).read_text(encoding="utf-8").startswith(beginning)


def test_export_of_what_cannot_be(home: Home) -> None:
    """An unknown form, a folder that is not there, nothing to export: exit 2."""
    assert home.run("export")[0] == 2
    home.conversation("What?", "This")
    assert home.run("export", "--format", "pdf")[0] == 2
    assert home.run("export", "--format", "pdf", "--json")[0] == 2
    code, out, err = home.run("export", "--format", "html", "--json")
    assert (code, out, "two forms" in err) == (2, "", True)
    assert home.run("export", "-o", str(home.folder / "none" / "a"))[0] == 2


def test_delete_asks(home: Home) -> None:
    """No is the default, nobody there is exit 2, and --yes does not ask."""
    session = home.conversation("What?", "This")
    code, _, err = home.run("delete", "what", typed="\n")
    assert code == 2
    assert f"Delete {session} (What?)?" in err
    code, _, err = home.run("delete", "what")
    assert code == 2
    assert "--yes" in err
    assert len(home.sessions.recent()) == 1
    assert home.run("delete", "what", typed="y\n")[0] == 0
    assert home.sessions.recent() == []


def test_delete_takes_several_or_none(home: Home) -> None:
    """One that is not there stops it before anything goes; one that is named twice goes once."""
    ids = [home.conversation(name, "a") for name in ("one", "two", "three")]
    assert home.run("delete", "one", "nothing", "--yes")[0] == 2
    assert len(home.sessions.recent()) == 3
    assert json.loads(home.run("delete", "one", ids[0], "two", "-y", "--json")[1]) == {
        "deleted": ids[:2]
    }
    assert [each.id for each in home.sessions.recent()] == [ids[2]]


def test_what_cannot_be_written_is_an_error(home: Home) -> None:
    """A disk that takes nothing: neither a new title nor a deletion is reported as done."""
    session = home.conversation("What?", "This")
    home.sessions.close()
    with closing(sqlite3.connect(home.folder / "conversations.db")) as db:
        for change in ("UPDATE", "DELETE"):
            db.execute(
                f"CREATE TRIGGER no_{change} BEFORE {change} ON sessions"
                " BEGIN SELECT RAISE(ABORT, 'the disk is made up to be full'); END"
            )
    code, out, err = home.run("rename", "x", "--json")
    assert (code, out) == (1, "")
    assert "the title could not be written" in err
    assert home.run("delete", session, "-y", "--json")[:2] == (1, '{\n  "deleted": []\n}\n')


def test_the_path_is_printed(home: Home) -> None:
    """Whether or not there is anything; looking makes nothing."""
    path = home.folder / "conversations.db"
    assert home.run("path") == (0, f"{path}\n", "")
    empty = json.loads(home.run("path", "--json")[1])
    assert empty == {"path": str(path), "size": None, "sealed": False}
    assert not path.exists()
    home.conversation("a", "b")
    assert json.loads(home.run("path", "--json")[1])["size"] == path.stat().st_size


def test_old_conversations_go_when_the_setting_says_so(home: Home) -> None:
    """`history_days` deletes what nobody wrote to for as long."""
    home.conversation("long ago", "a")
    assert "long ago" in home.run("list")[1]
    (home.folder / "config.toml").write_text("history_days = 30\n")
    assert home.run("list")[1] == ""
    assert home.sessions.recent() == []
