"""The real program at a pseudo-terminal: the wizard, the demo, the chat, and Ctrl-C everywhere."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals are POSIX", allow_module_level=True)

from tests.terminal_session import CTRL_C, CTRL_D, DOWN, UP, Place, Session

pytestmark = pytest.mark.real

SEALED = "secrets/store.json"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Place(tmp_path) as made:
        yield made


def piped(place: Place, *words: str) -> tuple[int, str]:
    """Run the program without a terminal: exit code and stdout."""
    done = subprocess.run(
        [sys.executable, "-m", "copilot_cli", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=place.environ,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.decode()


# --- the wizard ----------------------------------------------------------------------------------


def to_the_code(place: Place, *words: str) -> Session:
    """The wizard up to the sign-in code, with a key file."""
    session = place.run("onboard", "--method", "device", "--store", "keyfile", *words)
    return session.shows("type the code", "left, waiting for you to type it")


def approve(place: Place) -> None:
    (code,) = place.simulator.pending()
    assert place.simulator.approve(code)


def test_the_code_is_on_the_screen_while_the_first_poll_is_not_even_answered(place: Place) -> None:
    """The code is shown before anything else happens: here GitHub never answers a poll."""
    place.simulator.fault("device_token", delay=60.0)
    with to_the_code(place) as session:
        (code,) = place.simulator.pending()
        session.shows(f"type the code {code}")
        session.types(CTRL_C).ends(130)
    assert len(place.asked("device_token")) <= 1


def test_three_questions_lead_to_a_first_answer(place: Place) -> None:
    """How to sign in, where the key lives (there is no keyring), which model; then what next."""
    place.simulator.scenario.auto_approve = "at_once"
    with place.run("onboard", lines=40) as session:
        session.shows("has warned accounts", "How do you want to sign in?", "Paste a token")
        session.types("\r").shows("How should the key be protected?", "Cancel")
        session.types(f"{DOWN}\r").shows("Anyone who can read", 'Type "key file" to go on:')
        session.types("key file\r").shows("Signed in as octocat", "Which model?", "sim-echo")
        session.types(f"{DOWN}\r").shows("sim-echo says:", "Next:", "copilot-chat status").ends(0)
        assert session.text.count("has warned accounts") == 1
        assert "? Which model? sim-echo" in session.lines
    assert {SEALED, "key", "config.toml"} < place.files()
    assert piped(place, "config", "get", "model") == (0, "sim-echo\n")


def test_a_dumb_terminal_gets_numbered_lists_and_no_escape_sequence(place: Place) -> None:
    """Where lines cannot be redrawn, each question is a numbered list and a typed line."""
    place.simulator.scenario.auto_approve = "at_once"
    with place.run("onboard", TERM="dumb") as session:
        session.shows("1. Sign in with GitHub", "Number [1]:").types("\r")
        session.shows("How should the key", "2. A key file").types("2\r")
        session.shows('Type "key file"').types("key file\r")
        session.shows("Which model?", "2. sim-echo").types("sim-echo\r")
        session.shows("sim-echo says:", "Next:").ends(0)
        assert b"\x1b" not in session.raw


def test_forty_columns_are_enough(place: Place) -> None:
    """On a narrow terminal no word is cut in two, and the menus still work."""
    place.simulator.scenario.auto_approve = "at_once"
    with place.run("onboard", columns=40, lines=30) as session:
        session.shows("GitHub offers those endpoints to its own clients only", "Paste a token")
        session.types("\r").shows("the keyring is switched off by", "How should the key")
        session.types(f"{DOWN}\r").shows('Type "key file"').types("key file\r")
        session.shows("Which model?").types(f"{DOWN}\r").shows("sim-echo says:", "Next:").ends(0)
        assert "copilot-chat speaks to Copilot as an" in session.lines


def in_the_method_menu(place: Place) -> Session:
    return place.run("onboard").shows("How do you want to sign in?", "Paste a token")


def in_the_store_menu(place: Place) -> Session:
    return in_the_method_menu(place).types("\r").shows("How should the key", "Cancel")


def in_the_key_file_question(place: Place) -> Session:
    return in_the_store_menu(place).types(f"{DOWN}\r").shows('Type "key file" to go on:')


def in_the_passphrase(place: Place) -> Session:
    return in_the_store_menu(place).types("\r").shows("Passphrase (not shown):")


def in_the_token(place: Place) -> Session:
    words = ("onboard", "--method", "token", "--store", "keyfile")
    return place.run(*words).shows("GitHub token (not shown):")


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D], ids=["ctrl-c", "ctrl-d"])
@pytest.mark.parametrize(
    "step",
    [in_the_key_file_question, in_the_passphrase, in_the_token, to_the_code],
    ids=["key-file", "passphrase", "token", "code"],
)
def test_before_the_sign_in_a_stop_leaves_nothing(
    place: Place, step: Callable[[Place], Session], key: str
) -> None:
    """Ctrl-C or Ctrl-D: exit code 130, the terminal as it was, and nothing on disk."""
    with step(place) as session:
        session.types(key).ends(130)
        assert "error: " in session.text
    assert place.files() == set()


@pytest.mark.parametrize("step", [in_the_method_menu, in_the_store_menu], ids=["method", "store"])
def test_ctrl_c_in_a_menu_leaves_nothing(place: Place, step: Callable[[Place], Session]) -> None:
    """The arrow menus read keys themselves: Ctrl-C leaves them all the same."""
    with step(place) as session:
        session.types(CTRL_C).ends(130)
    assert place.files() == set()


def in_the_model_menu(place: Place) -> Session:
    session = to_the_code(place)
    approve(place)
    return session.shows("Signed in as octocat", "Which model?")


def in_the_first_answer(place: Place) -> Session:
    place.simulator.answer(deltas=["Half of ", "never"], pause_after=(1, threading.Event()))
    return in_the_model_menu(place).types("\r").shows("sim-docs says: Half of")


@pytest.mark.parametrize(
    ("step", "model"),
    [(in_the_model_menu, None), (in_the_first_answer, "sim-docs")],
    ids=["model-menu", "first-answer"],
)
def test_after_the_sign_in_a_stop_keeps_it(
    place: Place, step: Callable[[Place], Session], model: str | None
) -> None:
    """Ctrl-C at what comes after the sign-in: 130, and the sign-in with its settings is whole."""
    with step(place) as session:
        session.types(CTRL_C).ends(130)
        assert "error: stopped; the sign-in of octocat is kept" in session.text
    code, status = piped(place, "status")
    assert code == 0
    assert "signed in\toctocat" in status
    assert f"model\t{model or 'the service’s default'}".replace("’", "'") in status
    assert piped(place, "ask", "-m", "sim-echo", "--no-save", "hello") == (0, "hello")


def test_a_denied_code_is_said_and_saves_nothing(place: Place) -> None:
    """Denied on the page: exit code 3, with what to do next."""
    with to_the_code(place) as session:
        (code,) = place.simulator.pending()
        assert place.simulator.deny(code)
        session.ends(3)
        assert "error: the sign-in was denied on the page hint: " in session.text
    assert place.files() == set()


def test_an_expired_code_is_renewed_with_one_key(place: Place) -> None:
    """Nobody typed it in time: Enter brings another, and that one works."""
    place.simulator.scenario.expires_in = 1
    with to_the_code(place, "--model", "sim-echo", "--no-verify") as session:
        session.shows("The code has expired. Enter: a new one.")
        place.simulator.scenario.expires_in = 900
        place.simulator.scenario.auto_approve = "at_once"
        session.types("\r").shows("Signed in as octocat", "Next:").ends(0)
    assert len(place.asked("device_code")) == 2


def test_a_pasted_token_is_not_echoed_and_a_bad_one_asked_again(place: Place) -> None:
    """Without a store the token serves this process: the chat opens with it, and it is nowhere."""
    token = place.simulator.sign_in()
    with place.run(lines=40) as session:
        session.shows("How do you want to sign in?").types(f"{DOWN}\r")
        session.shows("How should the key", "Do not store it").types(f"{DOWN}{DOWN}\r")
        question = "GitHub token (not shown):"
        session.asks(question, 1).types("\r").shows("nothing was typed").asks(question, 2)
        session.types("ghp_madeUpForTests000000000000000000000000\r").asks(question, 3)
        session.shows("this is a classic personal access token").types(f"{token}\r")
        session.shows("Not stored: this process only.", "Which model?").types(f"{DOWN}\r")
        session.shows("sim-echo says:").prompts().types("still me\r").prompts(2)
        session.types(CTRL_D).ends(0)
        assert token.encode() not in session.raw
        assert b"ghp_" not in session.raw
    assert SEALED not in place.files()
    assert not any(token.encode() in (place.home / name).read_bytes() for name in place.files())


def test_a_forgotten_passphrase_is_asked_three_times(place: Place) -> None:
    """The right one opens the store; a run with a wrong one changes nothing."""
    place.environ["COPILOT_CHAT_PASSPHRASE"] = "made up for tests"
    words = ("--store", "passphrase", "--model", "sim-echo", "--no-verify")
    place.simulator.scenario.auto_approve = "at_once"
    assert piped(place, "onboard", "--method", "device", *words)[0] == 0
    del place.environ["COPILOT_CHAT_PASSPHRASE"]
    before = (place.home / SEALED).read_bytes()
    question = "Passphrase of the secret store (not shown):"
    with place.run("onboard") as session:
        session.asks(question, 1).types("wrong\r").asks(question, 2).types("made up for tests\r")
        session.shows("Already signed in as octocat").ends(0)
    with place.run("onboard", "--force", "--method", "device") as session:
        for number in (1, 2, 3):
            session.asks(question, number).types(f"wrong {number}\r")
        session.shows("Move the old store aside and make a new one? [y/N]").types("\r").ends(10)
    assert (place.home / SEALED).read_bytes() == before


def test_the_failed_first_answer_offers_another_model(place: Place) -> None:
    """The quota of one model is used up: another one answers, and is the one in the settings."""
    refusal = {"error": {"code": "quota_exceeded", "message": "You have no quota"}}
    place.simulator.fault("chat", status=402, body=refusal)
    place.simulator.scenario.auto_approve = "at_once"
    with place.run("onboard", "--method", "device", "--store", "keyfile", lines=40) as session:
        session.shows("Which model?").types("\r")
        session.shows("You have no quota", "Your sign-in is kept", "Try another model? [Y/n]")
        session.types("\r").shows("» sim-echo").types("\r")
        session.shows("sim-echo says:", "Next:").ends(0)
    assert piped(place, "config", "get", "model") == (0, "sim-echo\n")


# --- the demo ------------------------------------------------------------------------------------


def test_the_whole_demo_with_keys(place: Place) -> None:
    """One key approves, one takes the model; a question is answered; nothing is left on disk."""
    before = set(place.folder.rglob("*"))
    with place.run("demo", lines=50) as session:
        session.shows("When the code appears, press Enter.", "type the code").types("\r")
        session.shows("Signed in as octocat", "Which model?").types("\r")
        session.shows("sim-docs says:", "Later:").prompts()
        session.types("What do the exit codes mean?\r").prompts(2)
        assert "exit-codes.md" in session.text
        session.types("/exit\r").shows("That was the demo; nothing of it was kept.").ends(0)
        assert session.text.count("has warned accounts") == 1
    ca = Path(place.server.ca).parent
    assert {path for path in place.folder.rglob("*") if ca not in (path, *path.parents)} <= before


def test_the_demo_can_be_left_at_the_code(place: Place) -> None:
    """Ctrl-C: 130, and the throw-away home is gone."""
    before = set(place.folder.rglob("*"))
    with place.run("demo") as session:
        session.shows("type the code", "left, waiting").types(CTRL_C).ends(130)
    assert set(place.folder.rglob("*")) <= before


# --- the chat ------------------------------------------------------------------------------------


@pytest.fixture
def chatting(place: Place) -> Place:
    place.sign_in_by_variable()
    return place


def rows(place: Place) -> list[tuple[str, str, str]]:
    """Role, state and text of every turn that is in the database."""
    query = (
        "SELECT role, state, (SELECT group_concat(text, '') FROM parts WHERE turn_id = turns.id "
        "ORDER BY position) FROM turns ORDER BY id"
    )
    with closing(sqlite3.connect(place.home / "conversations.db")) as database:
        return [(role, state, text or "") for role, state, text in database.execute(query)]


def test_an_answer_longer_than_the_screen_is_in_the_scrollback_once(chatting: Place) -> None:
    """Every paragraph is rendered, and stands exactly once in scrollback and screen."""
    paragraphs = [f"Paragraph number {n} is *about* {n} things and ends." for n in range(40)]
    chatting.simulator.answer(text="\n\n".join(paragraphs))
    with chatting.run("repl", lines=12) as session:
        session.prompts().types("go\r").prompts(2)
        for n in range(40):
            assert session.lines.count(f"Paragraph number {n} is about {n} things and ends.") == 1
        last = len(session.lines) - 1
        while not session.lines[last].startswith(">"):
            last -= 1
        assert session.lines[last - 1] == ""
        assert " out · " in session.lines[last - 2]
        assert session.lines[last - 3].startswith("Paragraph number 39")
        session.types(CTRL_D).ends(0)


def test_ctrl_c_stops_the_answer_and_keeps_what_came(chatting: Place) -> None:
    """The part that came is in the database and the conversation goes on with it."""
    chatting.simulator.answer(deltas=["One. ", "Two."], pause_after=(1, threading.Event()))
    with chatting.run("repl") as session:
        session.prompts().types("count\r").shows("One.").types(CTRL_C)
        session.shows("stopped; what came is kept").prompts(2)
        assert rows(chatting)[1] == ("assistant", "interrupted", "One. ")
        session.types("and now?\r").prompts(3).types(CTRL_D).ends(0)
    sent = chatting.asked("chat")[-1].json()["messages"]
    assert [(it["role"], it["content"]) for it in sent] == [
        ("user", "count"),
        ("assistant", "One. "),
        ("user", "and now?"),
    ]
    assert [state for _, state, _ in rows(chatting)][2:] == ["complete", "complete"]


def test_ctrl_c_before_the_first_word_says_that_nothing_came(chatting: Place) -> None:
    """Nothing came, so nothing is said to be kept, and the next question goes without it."""
    chatting.simulator.answer(deltas=["never"], pause_after=(0, threading.Event()))
    with chatting.run("repl") as session:
        session.prompts().types("count\r")
        assert chatting.simulator.wait(lambda: bool(chatting.asked("chat")))
        session.types(CTRL_C).shows("stopped; nothing came").prompts(2)
        session.types("and now?\r").prompts(3).types(CTRL_D).ends(0)
    assert len(chatting.asked("chat")[-1].json()["messages"]) == 1


def test_commands_are_no_questions(chatting: Place) -> None:
    """Empty lines, /help, /model, /new and unknown ones send nothing; // sends a slash."""
    with chatting.run("repl", lines=50) as session:
        session.prompts().types("\r").prompts(2).types("   \r").prompts(3)
        session.types("/help\r").shows("/model [ID]", "Ctrl-D leaves.").prompts(4)
        session.types("/model\r").shows("* sim-echo").prompts(5)
        session.types("/model sim-tiny\r").shows("error: there is no such model").prompts(6)
        session.types("/model sim-small\r").shows("model: sim-small").prompts(7)
        session.types("/nwe\r").shows("there is no command /nwe hint: did you mean /new?")
        session.prompts(8).types("/new\r").shows("a new conversation").prompts(9)
        assert not chatting.asked("chat")
        session.types("//etc\r").prompts(10).types(CTRL_D).ends(0)
    (question,) = chatting.asked("chat")
    assert question.json()["model"] == "sim-small"
    assert question.json()["messages"][-1]["content"] == "/etc"


@pytest.mark.parametrize("leave", ["/exit\r", "/quit\r", "exit\r", "quit\r", CTRL_D])
def test_the_chat_is_left(chatting: Place, leave: str) -> None:
    """Each of the ways out leaves with 0."""
    with chatting.run("repl") as session:
        session.prompts().types(leave).ends(0)


def test_ctrl_c_at_the_prompt_clears_the_line(chatting: Place) -> None:
    """What was typed is gone, the chat goes on, and nothing was sent."""
    with chatting.run("repl") as session:
        session.prompts().types("never to be sent").shows("> never to be sent")
        session.types(CTRL_C).until(lambda: "never" not in session.text, "an empty prompt")
        session.types("/exit\r").ends(0)
    assert not chatting.asked("chat")


def test_the_next_run_has_the_earlier_lines(chatting: Place) -> None:
    """Arrow up brings the last line of the run before; the file is nobody else's."""
    with chatting.run("repl") as session:
        session.prompts().types("the first run\r").prompts(2).types(CTRL_D).ends(0)
    assert (chatting.home / "history").stat().st_mode & 0o777 == 0o600
    with chatting.run("repl") as session:
        session.prompts().types(UP).shows("> the first run")
        session.types("\r").prompts(2).types(CTRL_D).ends(0)
    assert [it.json()["messages"][-1]["content"] for it in chatting.asked("chat")] == [
        "the first run"
    ] * 2


def test_a_wait_is_counted_down_and_ended_by_ctrl_c(chatting: Place) -> None:
    """A limit of half a minute: the seconds are shown, and nobody has to sit them out."""
    chatting.simulator.fault("chat", status=429, headers={"retry-after": "30"}, body="busy")
    with chatting.run("repl") as session:
        session.prompts().types("hello\r").shows("sending again in 30.0 s", "s left; Ctrl-C stops")
        session.types(CTRL_C).shows("stopped; nothing came").prompts(2)
        assert "s left" not in session.text
        session.types(CTRL_D).ends(0)
    assert len(chatting.asked("chat")) == 1


def at_the_prompt(place: Place) -> Session:
    return place.run("repl").prompts()


def in_an_answer(place: Place) -> Session:
    place.simulator.answer(deltas=["One. ", "Two."], pause_after=(1, threading.Event()))
    return at_the_prompt(place).types("count\r").shows("One.")


def at_the_code(place: Place) -> Session:
    del place.environ["COPILOT_CHAT_TOKEN"]
    return to_the_code(place)


@pytest.mark.parametrize("step", [at_the_prompt, in_an_answer, in_the_method_menu, at_the_code])
def test_sigterm_leaves_the_terminal_whole(
    chatting: Place, step: Callable[[Place], Session]
) -> None:
    """128 and the signal's number; what came of an answer is saved."""
    with step(chatting) as session:
        session.terminate().ends(143)
    if step is in_an_answer:
        assert rows(chatting)[1] == ("assistant", "interrupted", "One. ")


def test_ctrl_c_ends_an_ask_with_130(chatting: Place) -> None:
    """What came of the answer stays on the terminal, and in the database."""
    chatting.simulator.answer(deltas=["One. ", "Two."], pause_after=(1, threading.Event()))
    with chatting.run("ask", "count") as session:
        session.shows("One.").types(CTRL_C).ends(130)
    assert rows(chatting)[1] == ("assistant", "interrupted", "One. ")


def test_signed_out_the_chat_begins_with_the_wizard(place: Place) -> None:
    """Bare `copilot-chat`: sign in, then on into the chat, in one go."""
    place.simulator.scenario.auto_approve = "at_once"
    with place.run(lines=50) as session:
        session.shows("How do you want to sign in?").types("\r")
        session.shows("How should the key").types(f"{DOWN}\r")
        session.shows('Type "key file"').types("key file\r")
        session.shows("Which model?").types(f"{DOWN}\r")
        session.shows("sim-echo says:", "Later:", "sim-echo · octocat").prompts()
        session.types("hello you\r").prompts(2).types(CTRL_D).ends(0)
    assert len(place.asked("exchange")) == 1
