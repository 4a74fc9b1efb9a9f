"""The chat's input: keys into a line editor in memory, lines from a pipe, the history file."""

import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from copilot_cli.ui.lines import Lines, PipeLines

if sys.platform != "win32":
    import termios

    import pexpect

TOKEN = "ghu_madeUpForTests0000000000000000000000"
ENTER, CTRL_C, CTRL_D, CTRL_J, ALT_ENTER, UP = "\r", "\x03", "\x04", "\n", "\x1b\r", "\x1b[A"
COMMANDS = ["/help", "/model", "/new", "/exit"]

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links are POSIX's")


def typed(keys: str, *, history: Path | None = None, times: int = 1) -> str:
    """Press `keys` in the editor; return what the last of `times` reads gave."""
    with create_pipe_input() as pressed:
        lines = Lines(history, commands=COMMANDS, source=pressed, output=DummyOutput())
        pressed.send_text(keys)
        return [lines.read("> ") for _ in range(times)][-1]


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("hello" + ENTER, "hello"),
        ("" + ENTER, ""),
        ("one" + CTRL_J + "two" + ENTER, "one\ntwo"),
        ("one" + ALT_ENTER + "two" + ENTER, "one\ntwo"),
        ("Grüße, 世界 🙂" + ENTER, "Grüße, 世界 🙂"),
        ("wrong" + CTRL_C + "right" + ENTER, "right"),
        ("a" + CTRL_J + "b" + CTRL_C + "right" + ENTER, "right"),
        (CTRL_C + "x" + ENTER, "x"),
        ("/mo\t gpt" + ENTER, "/model gpt"),
        ("say /mo\t" + ENTER, "say /mo"),
        ("ab\x1b[D" + CTRL_D + ENTER, "a"),
    ],
)
def test_the_keys_of_the_editor(keys: str, text: str) -> None:
    """Enter sends, Ctrl-J and Alt-Enter begin a line, Ctrl-C clears, Tab completes commands."""
    assert typed(keys) == text


def test_ctrl_d_on_an_empty_line_is_the_end() -> None:
    """Ctrl-D leaves."""
    with pytest.raises(EOFError):
        typed(CTRL_D)


def test_a_paste_arrives_whole_and_is_not_sent() -> None:
    """Newlines of a bracketed paste are text; only the Enter after it sends."""
    paste = "\x1b[200~def f():\r\n\treturn 1\r\n\x03\x1b[201~"
    assert typed(paste + "!" + ENTER) == "def f():\n\treturn 1\n\x03!"


def test_several_commands_are_offered() -> None:
    """The completions of a slash are all commands, and only as the first word."""
    with create_pipe_input() as pressed:
        lines = Lines(None, commands=COMMANDS, source=pressed, output=DummyOutput())
    completer = lines._session.completer
    assert completer is not None

    def offered(text: str) -> list[str]:
        found = completer.get_completions(Document(text), CompleteEvent())
        return [completion.text for completion in found]

    assert offered("/") == sorted(COMMANDS)
    assert offered("/ne") == ["/new"]
    assert offered("hello /ne") == []
    assert offered("") == []


@posix
def test_the_history_is_private(tmp_path: Path) -> None:
    """The file is 0600 from the start, and again where it was looser; its new folder 0700."""
    history = tmp_path / "data" / "history"
    typed("x" + ENTER, history=history)
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert stat.S_IMODE(history.parent.stat().st_mode) == 0o700
    history.chmod(0o644)
    typed("y" + ENTER, history=history)
    assert stat.S_IMODE(history.stat().st_mode) == 0o600


def test_no_credential_goes_into_the_history(tmp_path: Path) -> None:
    """A token that was typed into the chat is sent, and not kept."""
    history = tmp_path / "history"
    assert typed(f"is {TOKEN} a token?" + ENTER, history=history) == f"is {TOKEN} a token?"
    assert TOKEN not in history.read_text()
    assert "is **** a token?" in history.read_text()


@posix
@pytest.mark.parametrize("kind", ["folder", "link", "pipe", "no folder"])
def test_a_history_that_cannot_be_used_is_done_without(tmp_path: Path, kind: str) -> None:
    """The chat goes on with the lines of this run, and what lies there is left alone."""
    history, other = tmp_path / "history", tmp_path / "other"
    other.write_text("untouched")
    if kind == "folder":
        history.mkdir()
    elif kind == "link":
        history.symlink_to(other)
    elif kind == "pipe":
        os.mkfifo(history)
    else:
        history = other / "below a file" / "history"
    assert typed("one" + ENTER + "two" + ENTER, history=history, times=2) == "two"
    assert other.read_text() == "untouched"


@posix
def test_a_full_disk_does_not_stop_the_chat(tmp_path: Path) -> None:
    """A line that cannot be kept is still sent."""
    history = tmp_path / "history"
    with create_pipe_input() as pressed:
        lines = Lines(history, source=pressed, output=DummyOutput())
        history.unlink()
        history.mkdir()
        pressed.send_text("hello" + ENTER)
        assert lines.read("> ") == "hello"


def test_a_pipe_gives_its_lines() -> None:
    """Lines come without their ends, empty ones too; after the last is EOFError."""
    lines = PipeLines(io.StringIO("one\n\ntwo\r\nthree\u2028still three", newline=""))
    assert [lines.read("> ") for _ in range(4)] == ["one", "", "two", "three\u2028still three"]
    with pytest.raises(EOFError):
        lines.read("> ")


# --- a real terminal -----------------------------------------------------------------------------

PROGRAM = """
import sys
from pathlib import Path
from copilot_cli.ui.lines import Lines
lines = Lines(Path(sys.argv[1]), commands=["/help"])
try:
    while True:
        print("<", repr(lines.read("ask> ")), ">", sep="", flush=True)
except EOFError:
    print("the end")
"""


@contextmanager
def at_the_terminal(history: Path) -> Iterator[tuple[Any, list[Any]]]:
    """Run PROGRAM in a pseudo-terminal, which never answers where its cursor is.

    Gives the program, and the attributes that the terminal had before.
    """
    child = pexpect.spawn(
        sys.executable,
        ["-c", PROGRAM, str(history)],
        env={"TERM": "xterm", "PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONUTF8": "1"},
        dimensions=(24, 80),
        timeout=20,
        encoding="utf-8",
    )
    child.delaybeforesend = None
    child.logfile_read = io.StringIO()
    with child:
        before = termios.tcgetattr(child.child_fd)
        child.expect_exact("ask>")
        yield child, before


@pytest.mark.real
@posix
def test_a_real_terminal_keeps_history_over_runs_and_is_put_back(tmp_path: Path) -> None:
    """An entry of two lines is pasted, sent, and found again in the next run by one key."""
    history = tmp_path / "history"
    with at_the_terminal(history) as (child, _):
        child.send("\x1b[200~one\ntwo\x1b[201~")
        child.send(ENTER)
        child.expect_exact("<'one\\ntwo'>")
        child.expect_exact("ask>")
        child.send(CTRL_D)
        child.expect_exact("the end")
    with at_the_terminal(history) as (child, before):
        child.send(UP)
        child.expect_exact("two")
        child.send(ENTER)
        child.expect_exact("<'one\\ntwo'>")
        child.expect_exact("ask>")
        child.send("never mind" + CTRL_C + "this" + ENTER)
        child.expect_exact("<'this'>")
        child.expect_exact("ask>")
        child.send(CTRL_D)
        child.expect_exact("the end")
        assert "\x1b[6n" not in child.logfile_read.getvalue()
        assert termios.tcgetattr(child.child_fd) == before
