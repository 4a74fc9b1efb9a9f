"""`copilot-chat sessions`, run as the program runs it."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_cli.app import Effects
from copilot_cli.main import main
from copilot_cli.messages import Cost, TextPart, Usage
from copilot_cli.store.sessions import Sessions


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

    def run(self, *words: str) -> tuple[int, str, str]:
        """Run `copilot-chat sessions ...`, and return code, stdout and stderr."""
        out, err = io.StringIO(), io.StringIO()
        effects = Effects(environ={}, stdin=io.StringIO(), stdout=out, stderr=err)
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


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_no_control_character_of_a_models(home: Home) -> None:
    """Stored answers are foreign text, a year later too."""
    home.conversation("q", "red \x1b[31m \u202e end")
    out = Terminal()
    effects = Effects(environ={}, stdin=io.StringIO(), stdout=out, stderr=io.StringIO())
    assert main(["--home", str(home.folder), "sessions", "show"], effects) == 0
    assert "\x1b[31m" not in out.getvalue()
    assert "\u202e" not in out.getvalue()
    assert " end" in out.getvalue()
