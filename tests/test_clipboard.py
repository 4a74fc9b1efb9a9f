"""Copying: which way is taken where, and what is written to a terminal."""

import base64
import threading
from collections.abc import Mapping

import pyperclip
import pytest

from copilot_cli.ui import clipboard
from copilot_cli.ui.clipboard import copy, osc52


class Desk:
    """A clipboard and a terminal that remember."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.copied: list[str] = []
        self.written: list[str] = []
        self._failure = failure

    def native(self, text: str) -> None:
        if self._failure:
            raise self._failure
        self.copied.append(text)

    def copy(self, text: str, environ: Mapping[str, str]) -> str | None:
        write = self.written.append
        return copy(text, write_terminal=write, environ=environ, native=self.native)


XTERM = {"TERM": "xterm-256color"}


def decoded(sequence: str) -> str:
    assert sequence.startswith("\x1b]52;c;")
    assert sequence.endswith("\x07")
    return base64.b64decode(sequence[7:-1]).decode()


def test_the_system_s_clipboard_comes_first() -> None:
    """Where the machine has a clipboard it gets the text, and the terminal nothing."""
    desk = Desk()
    assert desk.copy("Grüße, 世界 🙂\n", XTERM) == "clipboard"
    assert desk.copied == ["Grüße, 世界 🙂\n"]
    assert desk.written == []


@pytest.mark.parametrize("name", ["SSH_CONNECTION", "SSH_TTY"])
def test_over_ssh_the_terminal_is_asked(name: str) -> None:
    """The remote machine's clipboard is not the person's: OSC 52 it is."""
    desk = Desk()
    assert desk.copy("Grüße 🙂", {**XTERM, name: "10.0.0.1 1 10.0.0.2 22"}) == "terminal"
    assert desk.copied == []
    assert decoded(desk.written[0]) == "Grüße 🙂"


@pytest.mark.parametrize(
    "failure", [pyperclip.PyperclipException("no display"), FileNotFoundError("xclip")]
)
def test_without_a_clipboard_the_terminal_is_asked(failure: Exception) -> None:
    """A machine without a clipboard program leaves it to the terminal."""
    desk = Desk(failure)
    assert desk.copy("x", XTERM) == "terminal"
    assert len(desk.written) == 1


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"TERM": "linux"}, {}])
def test_a_terminal_that_would_print_it_gets_nothing(environ: dict[str, str]) -> None:
    """Neither a dumb terminal nor the Linux console is sent OSC 52."""
    desk = Desk(pyperclip.PyperclipException("no"))
    assert desk.copy("x", environ) is None
    assert desk.written == []


def test_without_a_terminal_there_is_no_way_left() -> None:
    """Output that is no terminal is never sent a sequence."""
    native = Desk(pyperclip.PyperclipException("no")).native
    assert copy("x", write_terminal=None, environ=XTERM, native=native) is None


def test_too_much_for_a_terminal_is_not_sent() -> None:
    """Beyond what every terminal takes nothing is sent, as a half would be worse."""
    ssh = {**XTERM, "SSH_TTY": "/dev/pts/1"}
    desk = Desk()
    assert desk.copy("x" * 60_000, ssh) is None
    assert desk.written == []
    assert desk.copy("x" * 50_000, ssh) == "terminal"


def test_tmux_gets_the_sequence_in_both_forms() -> None:
    """Inside tmux the sequence is sent as it is, and once more wrapped for the outer terminal."""
    plain = osc52("code")
    both = osc52("code", tmux=True)
    assert plain is not None
    assert both == f"{plain}\x1bPtmux;\x1b{plain}\x1b\\"


def test_a_lone_surrogate_does_not_break_it() -> None:
    """What no encoding can hold is replaced, the rest copied."""
    desk = Desk()
    assert desk.copy("a\ud800b", XTERM) == "clipboard"
    assert desk.copied == ["a\ufffdb"]


def test_a_clipboard_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clipboard program that never answers costs the patience, then the terminal is asked."""
    monkeypatch.setattr(clipboard, "_PATIENCE", 0.01)
    released = threading.Event()
    written: list[str] = []

    def hang(text: str) -> None:
        released.wait(30)

    try:
        assert copy("x", write_terminal=written.append, environ=XTERM, native=hang) == "terminal"
    finally:
        released.set()
    assert len(written) == 1
