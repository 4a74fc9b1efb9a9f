"""The real program at a pseudo-terminal: the wizard, the demo, the chat, and Ctrl-C everywhere."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals are POSIX", allow_module_level=True)

from tests.terminal_session import CTRL_C, CTRL_D, DOWN, Place, Session

pytestmark = pytest.mark.real

SEALED = "secrets/store.json"
ONBOARD = ("onboard", "--engine", "direct")
"""The wizard without a question that is put only where GitHub's SDK is installed."""


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
    session = place.run(*ONBOARD, "--method", "device", "--store", "keyfile", *words)
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
    with place.run(*ONBOARD, lines=40) as session:
        session.shows("has warned accounts", "How do you want to sign in?", "Paste a token")
        session.types("\r").shows("How should the key be protected?", "Cancel")
        session.types(f"{DOWN}\r").shows("Anyone who can read", 'Type "key file" to go on:')
        session.types("key file\r").shows("Signed in as octocat", "Which model?", "sim-echo")
        session.types(f"{DOWN}\r").shows("sim-echo says:", "Next:", "copilot-chat status").ends(0)
        assert session.text.count("has warned accounts") == 1
        assert "? Which model? sim-echo" in session.lines
    assert {SEALED, "key", "config.toml"} < place.files()
    assert piped(place, "config", "get", "model") == (0, "sim-echo\n")


def test_both_ways_to_copilot_are_offered(place: Place) -> None:
    """Where GitHub's SDK is installed: what each costs and risks, and a menu."""
    pytest.importorskip("copilot")
    place.simulator.scenario.auto_approve = "at_once"
    with place.run("onboard", "--method", "device", "--store", "keyfile", lines=40) as session:
        session.shows("There are two ways to Copilot", "warned accounts", "sanctioned way", "0.2 s")
        session.shows("Which engine?", "direct", "GitHub's own runtime").types("\r")
        session.shows("Which model?").types(f"{DOWN}\r").shows("sim-echo says:", "Next:").ends(0)
        assert "? Which engine? direct" in session.lines
    assert piped(place, "config", "get", "engine") == (0, "direct\n")


def test_a_dumb_terminal_gets_numbered_lists_and_no_escape_sequence(place: Place) -> None:
    """Where lines cannot be redrawn, each question is a numbered list and a typed line."""
    place.simulator.scenario.auto_approve = "at_once"
    with place.run(*ONBOARD, TERM="dumb") as session:
        session.shows("1. Sign in with GitHub", "Number [1]:").types("\r")
        session.shows("How should the key", "2. A key file").types("2\r")
        session.shows('Type "key file"').types("key file\r")
        session.shows("Which model?", "2. sim-echo").types("sim-echo\r")
        session.shows("sim-echo says:", "Next:").ends(0)
        assert b"\x1b" not in session.raw


def test_forty_columns_are_enough(place: Place) -> None:
    """On a narrow terminal no word is cut in two, and the menus still work."""
    place.simulator.scenario.auto_approve = "at_once"
    with place.run(*ONBOARD, columns=40, lines=30) as session:
        session.shows("GitHub offers those endpoints to its own clients only", "Paste a token")
        session.types("\r").shows("the keyring is switched off by", "How should the key")
        session.types(f"{DOWN}\r").shows('Type "key file"').types("key file\r")
        session.shows("Which model?").types(f"{DOWN}\r").shows("sim-echo says:", "Next:").ends(0)
        assert "copilot-chat speaks to Copilot as an" in session.lines


def in_the_method_menu(place: Place) -> Session:
    return place.run(*ONBOARD).shows("How do you want to sign in?", "Paste a token")


def in_the_store_menu(place: Place) -> Session:
    return in_the_method_menu(place).types("\r").shows("How should the key", "Cancel")


def in_the_key_file_question(place: Place) -> Session:
    return in_the_store_menu(place).types(f"{DOWN}\r").shows('Type "key file" to go on:')


def in_the_passphrase(place: Place) -> Session:
    return in_the_store_menu(place).types("\r").shows("Passphrase (not shown):")


def in_the_token(place: Place) -> Session:
    words = (*ONBOARD, "--method", "token", "--store", "keyfile")
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
    place.environ["COPILOT_CHAT_ENGINE"] = "direct"
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
    with place.run(*ONBOARD, "--force", "--method", "device") as session:
        for number in (1, 2, 3):
            session.asks(question, number).types(f"wrong {number}\r")
        session.shows("Move the old store aside and make a new one? [y/N]").types("\r").ends(10)
    assert (place.home / SEALED).read_bytes() == before


def test_the_failed_first_answer_offers_another_model(place: Place) -> None:
    """The quota of one model is used up: another one answers, and is the one in the settings."""
    refusal = {"error": {"code": "quota_exceeded", "message": "You have no quota"}}
    place.simulator.fault("chat", status=402, body=refusal)
    place.simulator.scenario.auto_approve = "at_once"
    with place.run(*ONBOARD, "--method", "device", "--store", "keyfile", lines=40) as session:
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


# --- leaving, and on into the chat ----------------------------------------------------------------


def at_the_code(place: Place) -> Session:
    return to_the_code(place)


@pytest.mark.parametrize("step", [in_the_method_menu, at_the_code])
def test_sigterm_leaves_the_terminal_whole(place: Place, step: Callable[[Place], Session]) -> None:
    """128 and the signal's number, in a menu and while the code waits to be typed."""
    with step(place) as session:
        session.terminate().ends(143)


def test_signed_out_the_chat_begins_with_the_wizard(place: Place) -> None:
    """Bare `copilot-chat`: sign in, then on into the chat, in one go."""
    place.simulator.scenario.auto_approve = "at_once"
    place.environ["COPILOT_CHAT_ENGINE"] = "direct"
    with place.run(lines=50) as session:
        session.shows("How do you want to sign in?").types("\r")
        session.shows("How should the key").types(f"{DOWN}\r")
        session.shows('Type "key file"').types("key file\r")
        session.shows("Which model?").types(f"{DOWN}\r")
        session.shows("sim-echo says:", "Later:", "sim-echo · octocat").prompts()
        session.types("hello you\r").prompts(2).types(CTRL_D).ends(0)
    assert len(place.asked("exchange")) == 1
