"""Questions: answered with made-up lines and keys, and by a person at a real pseudo-terminal."""

import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input

from copilot_cli.errors import Interrupted, UsageError
from copilot_cli.secret import Secret
from copilot_cli.ui.prompts import NoPrompts, Option, Prompts, terminal_prompts

TOKEN = "ghu_madeUpForTests0000000000000000000000"
COLORS = [
    Option("r", "Red", "like a rose"),
    Option("g", "Green", disabled_reason="it was taken"),
    Option("b", "Blue"),
]


class Talk:
    """A person who types `lines`, and hidden ones; Ctrl-C and Ctrl-D are exceptions."""

    def __init__(self, *lines: str | BaseException, **environ: str) -> None:
        self._lines = list(lines)
        self.stderr = io.StringIO()
        talk = self

        class Typed(io.StringIO):
            def readline(self, _size: int | None = -1, /) -> str:  # type: ignore[override]
                return talk._next()

        self.prompts = Prompts(
            Typed(),
            self.stderr,
            environ,
            plain=True,
            read_hidden=lambda _prompt, _stderr: self._next(),
        )

    def _next(self) -> str:
        line = self._lines.pop(0)
        if isinstance(line, BaseException):
            raise line
        return line

    @property
    def said(self) -> str:
        return self.stderr.getvalue()


# --- numbered lists ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "default", "taken"),
    [
        (["1\n"], None, "r"),
        (["2\n"], None, "b"),
        ([" 2 \n"], None, "b"),
        (["b\n"], None, "b"),
        (["\n"], None, "r"),
        (["\n"], "b", "b"),
        (["\n"], "g", "r"),
        (["\n"], "unknown", "r"),
        (["3\n", "0\n", "g\n", "Green\n", "-1\n", "2\n"], None, "b"),
    ],
)
def test_a_list_is_answered_by_number(lines: list[str], default: str | None, taken: str) -> None:
    """A number or the value itself; Enter is the default; anything else is asked again."""
    talk = Talk(*lines)
    assert talk.prompts.choose("Which colour?", COLORS, default, flag="--color") == taken
    assert talk.said.count("Please type a number from 1 to 2.") == len(lines) - 1


def test_a_list_shows_what_cannot_be_taken_and_why() -> None:
    """A disabled option has no number, and its reason."""
    talk = Talk("\n")
    talk.prompts.choose("Which colour?", COLORS, "b", flag="--color")
    assert talk.said.splitlines() == [
        "Which colour?",
        "   1. Red    like a rose",
        "   -  Green  (not available: it was taken)",
        "   2. Blue",
        "Number [2]: ",
    ]


def test_nothing_to_choose_from_is_a_usage_error() -> None:
    """A list without a single usable option names the flag."""
    with pytest.raises(UsageError) as caught:
        Talk().prompts.choose("Which colour?", [COLORS[1]], flag="--color")
    assert "--color" in (caught.value.hint or "")


def test_foreign_texts_are_made_safe() -> None:
    """Names, details and reasons from elsewhere cannot write to the terminal."""
    hostile = "x\x1b[2J\x1b]52;c;eA==\x07\u202e"
    options = [Option("a", hostile, hostile), Option("b", hostile, disabled_reason=hostile)]
    talk = Talk("\n")
    talk.prompts.note(hostile)
    talk.prompts.choose(hostile, options, flag="--x")
    assert not {"\x1b", "\x07", "\u202e"} & set(talk.said)


@pytest.mark.parametrize(
    ("environ", "plain"),
    [({"TERM": "dumb"}, False), ({"COLUMNS": "39"}, False), ({"TERM": "xterm"}, True)],
)
def test_no_menu_where_it_cannot_work(environ: dict[str, str], plain: bool) -> None:
    """A dumb or tiny terminal and the plain setting get the numbered list."""
    prompts = Prompts(io.StringIO("2\n"), io.StringIO(), environ, plain=plain, menu=no_menu)
    assert prompts.choose("Which colour?", COLORS, flag="--color") == "b"


def no_menu(*_: Any) -> str:
    raise AssertionError("no menu was to be shown")


# --- arrow menus ---------------------------------------------------------------------------------

DOWN, ENTER, CTRL_C = "\x1b[B", "\r", "\x03"


def at_a_menu(
    keys: str, options: Sequence[Option] = COLORS, default: str | None = None
) -> tuple[str, str]:
    """Press `keys` in a real arrow menu on a terminal in memory; return value and output."""
    stderr = io.StringIO()
    prompts = Prompts(io.StringIO(), stderr, {"TERM": "xterm"})
    with create_pipe_input() as pressed, create_app_session(input=pressed):
        pressed.send_text(keys)
        taken = prompts.choose("Which colour?", options, default, flag="--color")
    return taken, stderr.getvalue()


@pytest.mark.parametrize(
    ("keys", "default", "taken"),
    [
        (ENTER, None, "r"),
        (ENTER, "b", "b"),
        (ENTER, "g", "r"),
        (DOWN + ENTER, None, "b"),
        ("j" + ENTER, None, "b"),
    ],
)
def test_a_menu_is_answered_with_arrows(keys: str, default: str | None, taken: str) -> None:
    """Arrows move over what is disabled, Enter takes; the default is preselected."""
    assert at_a_menu(keys, default=default)[0] == taken


def test_a_long_menu_is_searched_by_typing() -> None:
    """With many options, letters narrow the list."""
    options = [Option(f"id{n}", f"model number {n}") for n in range(30)]
    assert at_a_menu("27" + ENTER, options)[0] == "id27"


def test_a_menu_is_left_with_ctrl_c() -> None:
    """Ctrl-C in a menu is exit 130."""
    with pytest.raises(Interrupted) as caught:
        at_a_menu(CTRL_C)
    assert caught.value.exit_code == 130


def test_a_menu_is_cut_to_the_terminal() -> None:
    """A long detail does not wrap, and foreign text is made safe."""
    wide = [Option("a", "name", "long " * 60 + "\x1b]0;x\x07"), Option("b", "other")]
    taken, shown = at_a_menu(DOWN + ENTER, wide)
    assert taken == "b"
    assert "long long" in shown
    assert "…" in shown
    assert "\x1b]0" not in shown


def test_a_menu_shows_why_something_cannot_be_taken() -> None:
    """The reason stands in the place of the details: both would not fit into 80 columns."""
    reason = "not in your plan (pro): only in pro_plus, enterprise"
    options = [Option("a", "one"), Option("b", "sim-plus", "128k context · 10x", reason)]
    shown = at_a_menu(ENTER, options)[1]
    assert f"- sim-plus ({reason})" in shown
    assert "10x" not in shown


# --- lines ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "default", "answer"),
    [
        (["\n"], True, True),
        (["\n"], False, False),
        (["y\n"], False, True),
        (["YES\n"], False, True),
        (["n\n"], True, False),
        (["no\n"], True, False),
        (["maybe\n", "\n"], False, False),
        (["nope\n", "y\n"], False, True),
    ],
)
def test_yes_or_no(lines: list[str], default: bool, answer: bool) -> None:
    """y or n in any case, Enter for the default, anything else is asked again."""
    talk = Talk(*lines)
    assert talk.prompts.confirm("Really?", default, flag="--yes") is answer
    assert ("[Y/n]" if default else "[y/N]") in talk.said


@pytest.mark.parametrize(
    ("line", "agreed"),
    [("key file\n", True), ("  key file \n", True), ("Key file\n", False), ("\n", False)],
)
def test_typed_words_are_taken_exactly(line: str, agreed: bool) -> None:
    """Only the words themselves agree; Enter never does."""
    talk = Talk(line)
    assert talk.prompts.typed("This is less safe.", "key file", flag="--store") is agreed
    assert '"key file"' in talk.said


def wrong(value: str) -> str | None:
    return None if value.startswith("ghu_") else "that is no token"


@pytest.mark.parametrize(
    "lines", [[TOKEN], ["", TOKEN], ["  ", "nonsense", f"  {TOKEN}\n"]], ids=len
)
def test_a_secret_is_asked_up_to_three_times(lines: list[str]) -> None:
    """Blank or malformed is asked again; what surrounds it is cut; it is never shown."""
    talk = Talk(*lines)
    assert talk.prompts.secret("Token", wrong, flag="--token-stdin") == Secret(TOKEN)
    assert TOKEN not in talk.said
    assert "nonsense" not in talk.said


def test_a_secret_that_never_comes_is_a_usage_error() -> None:
    """After three tries it is exit 2, naming the flag."""
    talk = Talk("", "nonsense", "", TOKEN)
    with pytest.raises(UsageError) as caught:
        talk.prompts.secret("Token", wrong, flag="--token-stdin")
    assert caught.value.exit_code == 2
    assert "--token-stdin" in (caught.value.hint or "")
    assert talk.said.splitlines() == ["nothing was typed", "that is no token", "nothing was typed"]


def test_a_secret_may_be_none_where_that_is_an_answer() -> None:
    """An empty line is the empty secret, and is not checked."""
    talk = Talk("")
    assert talk.prompts.secret("Key", wrong, flag="--key-stdin", blank=True) == Secret("")
    assert talk.said == ""


@pytest.mark.parametrize(
    ("lines", "default", "taken"),
    [
        ([" b c \n"], None, "b c"),
        (["\n", "x\n", "b\n"], None, "b"),
        (["\n"], "d", "d"),
        (["b\n"], "d", "b"),
    ],
)
def test_a_line(lines: list[str], default: str | None, taken: str) -> None:
    """What surrounds it is cut; an empty one is the default; wrong is asked again."""

    def check(text: str) -> str | None:
        return "not x" if text == "x" else None

    talk = Talk(*lines)
    assert talk.prompts.line("Name", check, default, flag="--name") == taken
    assert talk.said.startswith("Name [d]: " if default else "Name: ")


def test_a_line_that_never_comes_is_a_usage_error() -> None:
    """After three tries it is exit 2, naming the flag."""
    with pytest.raises(UsageError) as caught:
        Talk("\n", "\n", "\n").prompts.line("Name", lambda _: None, flag="--name")
    assert "--name" in (caught.value.hint or "")


ASK: list[Callable[[Prompts | NoPrompts], object]] = [
    lambda prompts: prompts.line("Name", lambda _: None, flag="--that"),
    lambda prompts: prompts.choose("Which?", COLORS, flag="--that"),
    lambda prompts: prompts.confirm("Really?", True, flag="--that"),
    lambda prompts: prompts.typed("Really?", "yes", flag="--that"),
    lambda prompts: prompts.secret("Token", wrong, flag="--that"),
]


@pytest.mark.parametrize("ask", ASK, ids=["line", "choose", "confirm", "typed", "secret"])
@pytest.mark.parametrize("end", [KeyboardInterrupt(), EOFError()], ids=repr)
def test_every_question_can_be_left(
    ask: Callable[[Prompts | NoPrompts], object], end: BaseException
) -> None:
    """Ctrl-C and Ctrl-D at any question are exit 130, and the question's line is ended."""
    talk = Talk(end)
    with pytest.raises(Interrupted) as caught:
        ask(talk.prompts)
    assert caught.value.exit_code == 130
    assert talk.said.endswith("\n")
    assert not talk.said.endswith("\n\n")


def test_the_end_of_the_input_leaves_too() -> None:
    """A terminal that hangs up answers nothing; it is not taken for Enter."""
    with pytest.raises(Interrupted):
        Talk("").prompts.confirm("Really?", True, flag="--yes")


@pytest.mark.parametrize("ask", ASK, ids=["line", "choose", "confirm", "typed", "secret"])
def test_where_nobody_is_there_each_question_names_its_flag(
    ask: Callable[[Prompts | NoPrompts], object],
) -> None:
    """Nothing is asked and nothing written: exit 2 with the flag."""
    said: list[str] = []
    with pytest.raises(UsageError) as caught:
        ask(NoPrompts(write=said.append))
    assert caught.value.exit_code == 2
    assert "--that" in (caught.value.hint or "")
    assert said == []


def test_a_note_is_said_to_nobody_too() -> None:
    """Notes go to stderr, asked or not."""
    said: list[str] = []
    NoPrompts(write=said.append).note("the store is new")
    assert said == ["the store is new\n"]


# --- a real terminal -----------------------------------------------------------------------------

PROGRAM = """
import os, sys
from copilot_cli.errors import CopilotChatError
from copilot_cli.ui.prompts import Option, terminal_prompts
prompts = terminal_prompts(os.environ)
try:
    if sys.argv[1] == "choose":
        options = [Option("r", "Red"), Option("g", "Green"), Option("b", "Blue")]
        print("took", prompts.choose("Which colour?", options, flag="--color"))
    else:
        secret = prompts.secret("Token", lambda value: None, flag="--token-stdin")
        print("length", len(secret.reveal()))
except CopilotChatError as error:
    print("exit", error.exit_code)
"""

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")


def spawn(what: str, term: str, stdout: Path) -> Any:
    """Run PROGRAM on a pseudo-terminal, its stdout in a file: questions are seen on stderr only."""
    import pexpect

    root = Path(__file__).parents[1]
    command = f'exec "$0" -c "$1" {what} > "$2"'
    child = pexpect.spawn(
        "/bin/sh",
        ["-c", command, sys.executable, PROGRAM, str(stdout)],
        env={"TERM": term, "PATH": "/usr/bin:/bin", "PYTHONPATH": str(root)},
        timeout=20,
        dimensions=(24, 80),
        encoding="utf-8",
    )
    child.delaybeforesend = None
    child.logfile_read = io.StringIO()
    return child


@pytest.mark.real
@posix
@pytest.mark.parametrize(
    ("term", "ready", "keys", "answer"),
    [
        ("xterm", "Blue", "\x1b[B\r", "took g\n"),
        ("dumb", "Number \\[1\\]: ", "3\r", "took b\n"),
        ("xterm", "Blue", "\x03", "exit 130\n"),
        ("dumb", "Number \\[1\\]: ", "\x03", "exit 130\n"),
        ("dumb", "Number \\[1\\]: ", "\x04", "exit 130\n"),
    ],
)
def test_a_choice_on_a_real_terminal(
    tmp_path: Path, term: str, ready: str, keys: str, answer: str
) -> None:
    """Arrows on a terminal, numbers on a dumb one, Ctrl-C on both; the terminal is put back."""
    import termios

    import pexpect

    stdout = tmp_path / "stdout"
    with spawn("choose", term, stdout) as child:
        before = termios.tcgetattr(child.child_fd)
        child.expect(ready)
        child.send(keys)
        child.expect_exact(pexpect.EOF)
        after = termios.tcgetattr(child.child_fd)
    assert "\x1b[6n" not in child.logfile_read.getvalue()  # nobody would answer where the cursor is
    assert stdout.read_text() == answer
    assert after == before


@pytest.mark.real
@posix
def test_a_secret_is_not_echoed_on_a_real_terminal(tmp_path: Path) -> None:
    """What is pasted does not appear, not even as stars, and the echo is back afterwards."""
    import pexpect

    stdout = tmp_path / "stdout"
    with spawn("secret", "xterm", stdout) as child:
        child.expect_exact("Token (not shown): ")
        child.send(f"{TOKEN}\r")
        child.expect_exact(pexpect.EOF)
        shown = child.before
    assert stdout.read_text() == f"length {len(TOKEN)}\n"
    assert shown.strip() == ""


def test_the_process_s_own_prompts_are_built_without_a_terminal() -> None:
    """Building them reads and writes nothing."""
    assert isinstance(terminal_prompts({"TERM": "xterm"}), Prompts)
