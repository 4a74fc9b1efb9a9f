"""The line editor with keys from a pipe; at a real terminal it is tested in test_lines_terminal."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from copilot_cli.ui.completing import Candidate
from copilot_cli.ui.lines import Lines

if sys.platform != "win32":
    import pty
    import select
    import termios

ENTER, CTRL_C, CTRL_D, CTRL_J, ALT_ENTER = "\r", "\x03", "\x04", "\n", "\x1b\r"
TAB, BACK, LEFT, EDIT = "\t", "\x1b[Z", "\x1b[D", "\x18\x05"
COMMANDS = ("/exit", "/help", "/model", "/models")


def find(before: str) -> Iterable[Candidate]:
    """Complete commands, and after `/model` two models."""
    if before.startswith("/model "):
        return [Candidate(name, 7) for name in ("gpt-5", "gpt-6") if name.startswith(before[7:])]
    return [Candidate(name, 0) for name in COMMANDS if before and name.startswith(before)]


class Keyboard:
    """Presses keys of a line editor, and reads."""

    def __init__(self, source: PipeInput) -> None:
        self.source = source

    def lines(self, **options: object) -> Lines:
        everything = {"completer": find, "environ": {}, **options}
        return Lines(None, source=self.source, output=DummyOutput(), **everything)  # type: ignore[arg-type]

    def read(self, keys: str, **options: object) -> str:
        self.source.send_text(keys)
        return self.lines(**options).read("> ")


@pytest.fixture
def keyboard() -> Iterator[Keyboard]:
    with create_pipe_input() as source:
        yield Keyboard(source)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("hello" + ENTER, "hello"),
        ("" + ENTER, ""),
        ("one" + CTRL_J + "two" + ENTER, "one\ntwo"),
        ("one" + ALT_ENTER + "two" + ENTER, "one\ntwo"),
        ("one\x1b[13;2utwo" + ENTER, "one\ntwo"),
        ("one\x1b[27;2;13~two" + ENTER, "one\ntwo"),
        ("one\x1b[27utwo" + ENTER, "onewo"),  # Esc makes Alt of the key after it
        ("Grüße, 世界 🙂" + ENTER, "Grüße, 世界 🙂"),
        ("wrong" + CTRL_C + "right" + ENTER, "right"),
        ("a" + CTRL_J + "b" + CTRL_C + "right" + ENTER, "right"),
        (CTRL_C + CTRL_C + "x" + ENTER, "x"),
        ("ab" + LEFT + CTRL_D + ENTER, "a"),
        ("one two\x17three" + ENTER, "one three"),
    ],
)
def test_the_keys_of_the_editor(keyboard: Keyboard, keys: str, text: str) -> None:
    """Enter sends; Ctrl-J, Alt-Enter and Shift-Enter begin a line; Ctrl-C clears."""
    assert keyboard.read(keys) == text


def test_ctrl_d_on_an_empty_line_is_the_end(keyboard: Keyboard) -> None:
    """Ctrl-D leaves."""
    with pytest.raises(EOFError):
        keyboard.read(CTRL_D)


def test_a_terminal_that_is_gone_is_the_end(keyboard: Keyboard) -> None:
    """Nothing more can come."""
    lines = keyboard.lines()
    keyboard.source.close()
    with pytest.raises(EOFError):
        lines.read("> ")


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("/h" + TAB + " x" + ENTER, "/help x"),
        ("/mo" + TAB + ENTER, "/model"),
        ("/model " + TAB + ENTER + ENTER, "/model gpt-"),
        ("/model gpt-" + TAB + ENTER + ENTER, "/model gpt-5"),
        ("/model gpt-" + TAB + TAB + ENTER + ENTER, "/model gpt-6"),
        ("/model gpt-" + TAB + "x" + ENTER, "/model gpt-5x"),
        ("/model gpt-" + TAB + TAB + BACK + BACK + ENTER, "/model gpt-"),
        ("/model g" + TAB + "6" + ENTER, "/model gpt-6"),
        ("/e" + TAB + CTRL_C + "/h" + TAB + ENTER, "/help"),
        ("say /mo" + TAB + ENTER, "say /mo"),
        ("/x" + TAB + ENTER, "/x"),
        (TAB + "x" + ENTER, "x"),
    ],
)
def test_tab_inserts_what_is_sure_before_the_next_key(
    keyboard: Keyboard, keys: str, text: str
) -> None:
    """The only candidate whole, of several what they share, and then one after the other."""
    assert keyboard.read(keys) == text


def test_a_default_can_be_edited(keyboard: Keyboard) -> None:
    """It stands in the line, the cursor at its end."""
    keyboard.source.send_text("!" + LEFT + LEFT + "\x7f" + ENTER)
    assert keyboard.lines().read("> ", "one\ntwo") == "one\nto!"


def test_what_was_typed_ahead_is_typed_first(keyboard: Keyboard) -> None:
    """In its order, line by line; what is left waits for the next read."""
    lines = keyboard.lines()
    assert lines.read("> ", typed=b"one\rtwo" + CTRL_J.encode() + b"lines\rth") == "one"
    keyboard.source.send_text("ree" + ENTER)
    assert lines.read("> ") == "two\nlines"
    assert lines.read("> ") == "three"


def test_a_paste_ahead_is_a_paste(keyboard: Keyboard) -> None:
    """Whole, or finished by what comes at the prompt."""
    lines = keyboard.lines()
    assert lines.read("> ", typed=b"\x1b[200~a\rb\x1b[201~\r") == "a\nb"
    keyboard.source.send_text("d\x1b[201~" + ENTER)
    assert lines.read("> ", typed=b"\x1b[200~c\r") == "c\nd"


def test_bytes_that_are_no_text_do_not_get_out(keyboard: Keyboard) -> None:
    """What cannot be sent as UTF-8 is replaced."""
    assert keyboard.lines().read("> ", typed=b"a\xffb\r") == "a\ufffd" + "b"


@pytest.mark.parametrize("vi", [False, True])
def test_both_sets_of_keys_take_what_is_typed(keyboard: Keyboard, vi: bool) -> None:
    """Enter, a new line, Ctrl-C."""
    assert keyboard.read("x" + CTRL_C + "one" + CTRL_J + "two" + ENTER, vi=vi) == "one\ntwo"


def test_in_vi_mode_an_escape_is_one_at_once(keyboard: Keyboard) -> None:
    """It does not wait as long as for a key whose rest is on its way over a slow line."""
    assert keyboard.lines(vi=True)._session.app.ttimeoutlen < 0.1
    assert keyboard.lines()._session.app.ttimeoutlen >= 0.5


class Hasty(DummyOutput):
    """Has somebody type `keys` as soon as anything is written, before the prompt is there."""

    def __init__(self, person: int, keys: bytes) -> None:
        self.person = person
        self.keys = keys

    def write_raw(self, data: str) -> None:
        os.write(self.person, self.keys)
        self.keys = b""


@pytest.mark.real
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_what_is_typed_before_the_prompt_is_there_is_neither_shown_nor_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From the first moment of a read on Enter is Enter; after it the terminal is as it was."""
    person, program = pty.openpty()
    with os.fdopen(program, "r") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        lines = Lines(None, environ={"TERM": "xterm-kitty"}, output=Hasty(person, b"x\r"))
        before = termios.tcgetattr(program)
        assert lines.read("> ") == "x"
        assert termios.tcgetattr(program) == before
        assert select.select([person], [], [], 0)[0] == []
    os.close(person)


def failing(_: object = None) -> str:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    "options", [{"right_prompt": failing}, {"completer": failing}], ids=["right", "completer"]
)
def test_a_failure_inside_the_editor_comes_out(
    keyboard: Keyboard, options: dict[str, Callable[[object], str]]
) -> None:
    """Neither swallowed nor paused for; the next read works."""
    lines = keyboard.lines(**options)
    keyboard.source.send_text("/x" + TAB)
    with pytest.raises(ZeroDivisionError):
        lines.read("> ")


def test_the_editor_is_asked_for_by_its_keys(keyboard: Keyboard, tmp_path: Path) -> None:
    """An editor that cannot be started costs nothing: the line stands as it was."""
    environ = {"EDITOR": str(tmp_path / "none")}
    assert keyboard.read("text" + EDIT + "!" + ENTER, environ=environ) == "text!"
