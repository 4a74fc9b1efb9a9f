"""The line editor at a pseudo-terminal: every key, pastes, type-ahead, and how it is left."""

import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals are POSIX", allow_module_level=True)

import pexpect

from tests.line_editor import let_go, lines_read
from tests.terminal_session import CTRL_C, CTRL_D, UP, Session

pytestmark = pytest.mark.real

ENTER, CTRL_J, ALT_ENTER, CTRL_R, CTRL_Z = "\r", "\n", "\x1b\r", "\x12", "\x1a"
PASTE, PASTED = "\x1b[200~", "\x1b[201~"
TOKEN = "ghu_madeUpForTests0000000000000000000000"


class Editor(Session):
    """One run of the program around the line editor, and the terminal it is seen on."""

    def __init__(
        self,
        folder: Path,
        *words: str,
        columns: int = 80,
        lines: int = 24,
        environ: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        inherited = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
        everything = {
            **inherited,
            "TERM": "xterm-256color",
            "PYTHONUTF8": "1",
            "PYTHONPATH": str(Path(__file__).parent.parent),
            **environ,
        }
        super().__init__(
            (str(folder), *words), everything, columns, lines, module="tests.line_editor"
        )
        self.folder = folder
        self._seen = len(lines_read(folder))
        self.shows(">")

    @property
    def line(self) -> str:
        """The row in which the cursor is."""
        return self.terminal.display[self.terminal.cursor.y].rstrip()

    def has(self, line: str) -> Self:
        """Wait until the cursor's row is `line`."""
        return self.until(lambda: self.line == line, f"the row {line!r}")

    def got(self, line: str) -> Self:
        """Wait until the next line was read, which must be `line`, and there is a prompt again."""
        self.until(lambda: len(lines_read(self.folder)) > self._seen, repr(line)[:200])
        assert lines_read(self.folder)[self._seen] == line
        self._seen += 1
        return self.until(lambda: self.line.startswith(">"), "a prompt")

    def asks(self, line: str = "answer", _: int = 0) -> Self:
        """Send `line`, and wait until its answer has begun."""
        begun = self.text.count("[answering]")
        self.types(line + ENTER)
        self._seen += 1
        return self.until(lambda: self.text.count("[answering]") > begun, "the answer")

    def send(self, number: int) -> Self:
        """Send the program a signal."""
        match = re.search(r"\[pid (\d+)\]", self.text)
        assert match is not None
        os.kill(int(match[1]), number)
        return self


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "gate")
    return tmp_path


@pytest.fixture
def editor(folder: Path) -> Iterator[Editor]:
    with Editor(folder) as started:
        yield started


# --- keys ----------------------------------------------------------------------------------------


def test_enter_sends_and_the_others_begin_a_line(editor: Editor) -> None:
    """Enter, Ctrl-J, Alt-Enter; a new line is indented as the first."""
    editor.types("one" + CTRL_J).has("").types("two" + ALT_ENTER).types("three")
    editor.has("  three")
    assert "> one" in editor.lines
    editor.types(ENTER).got("one\ntwo\nthree").types(CTRL_D).ends(0)


@pytest.mark.parametrize(
    ("environ", "begin", "end", "key"),
    [
        ({"TERM": "xterm-kitty"}, "\x1b[>5u", "\x1b[<u", "\x1b[13;2u"),
        ({"TERM_PROGRAM": "ghostty"}, "\x1b[>5u", "\x1b[<u", "\x1b[13;130u"),
        ({"TERM": "tmux-256color"}, "\x1b[>4;1m", "\x1b[>4m", "\x1b[27;2;13~"),
    ],
    ids=["kitty", "ghostty-num-lock", "tmux"],
)
def test_shift_enter_begins_a_line_where_the_terminal_can_tell(
    folder: Path, environ: dict[str, str], begin: str, end: str, key: str
) -> None:
    """Such terminals are asked to tell for the length of each prompt, and for no longer."""
    with Editor(folder, environ=environ) as editor:
        editor.types("one" + key + "two" + ENTER).got("one\ntwo").types(CTRL_D).shows("[the end]")
        asked = re.findall("|".join(map(re.escape, (begin, end))), editor.raw.decode())
        assert asked == [begin, end, begin, end]
        read = editor.raw.index(b"<'one")
        assert editor.raw.rindex(end.encode(), 0, read) > editor.raw.index(begin.encode())


def test_other_terminals_are_not_asked(editor: Editor) -> None:
    """A terminal that may not know the question does not get it."""
    editor.types("x" + ENTER).got("x").types(CTRL_D).ends(0)
    assert not re.search(rb"\x1b\[[<>]", editor.raw)


def test_a_reported_ctrl_c_is_ctrl_c(folder: Path) -> None:
    """With the protocol on, keys come as reports: also Ctrl-C, on a Cyrillic keyboard too."""
    with Editor(folder, environ={"TERM": "xterm-kitty"}) as editor:
        editor.types("wrong\x1b[99;5uwrong\x1b[1089::99;5uright\x1b[127;5u\x1b[127u" + ENTER)
        editor.got("rig").types("\x1b[100;5u").shows("[the end]")


def test_ctrl_c_clears_and_hints_once(editor: Editor) -> None:
    """What was typed goes; the first Ctrl-C on an empty line says how to leave."""
    editor.types("one" + CTRL_J + "two").has("  two").types(CTRL_C).has(">")
    assert "one" not in editor.text
    editor.types(CTRL_C).has("> Ctrl-D leaves").types("x").has("> x")
    editor.types(CTRL_C).has(">").types(CTRL_C).types("y" + ENTER).got("y")
    assert "leaves" not in editor.text
    editor.types("ab\x01" + CTRL_D + ENTER).got("b").types(CTRL_D).ends(0)


def test_the_hint_is_not_left_behind(editor: Editor) -> None:
    """Who follows it at once leaves an empty line."""
    editor.types(CTRL_C).has("> Ctrl-D leaves").types(CTRL_D).ends(0)
    assert "leaves" not in editor.text


def test_vi_keys(folder: Path) -> None:
    """Esc leaves the typing at once, commands move and change; Enter sends from both modes."""
    with Editor(folder, "vi", environ={"VISUAL": f"{sys.executable} -c pass"}) as editor:
        editor.types("hello wurld\x1b").until(lambda: b"\x1b[2 q" in editor.raw, "a block cursor")
        editor.types("bcwworld\x1b").types("0").types(ENTER).got("hello world")
        editor.types("one" + CTRL_J + "two" + ENTER).got("one\ntwo")
        editor.types("x\x1b").types(CTRL_C).has(">").types("typed" + ENTER).got("typed")
        editor.types(CTRL_D).ends(0)
        assert editor.raw.rindex(b"\x1b[0 q") > editor.raw.rindex(b"\x1b[6 q")


# --- pastes --------------------------------------------------------------------------------------


def test_a_paste_of_several_lines_is_inserted_whole(editor: Editor) -> None:
    """Nothing of it is sent, obeyed or indented, however the terminal ends its lines."""
    editor.types(f"{PASTE}def f():\r\tif x:\r\n\t\treturn 1\n/exit\r{CTRL_C}{CTRL_D}{PASTED}")
    editor.shows("/exit").types("!" + ENTER)
    editor.got("def f():\n\tif x:\n\t\treturn 1\n/exit\n\x03\x04!").types(CTRL_D).ends(0)


def test_a_large_paste_arrives_whole(editor: Editor) -> None:
    """A file of many lines, in more pieces than anybody counts."""
    text = "".join(f"line {number} of it: Grüße 世界\n" for number in range(3000))
    editor.types(f"{PASTE}{text}{PASTED}").shows("line 2999").types(ENTER).got(text)
    editor.types(CTRL_D).ends(0)


# --- history -------------------------------------------------------------------------------------


def test_history_goes_by_entry_over_runs(folder: Path) -> None:
    """Arrow up brings whole entries that begin as what is typed; Ctrl-R finds what they contain."""
    with Editor(folder) as editor:
        editor.types(f"{PASTE}fix this:\ncode 1{PASTED}{ENTER}").got("fix this:\ncode 1")
        editor.types("explain that" + ENTER).got("explain that")
        editor.types("fix nothing" + ENTER).got("fix nothing").types(CTRL_D).ends(0)
    with Editor(folder) as editor:
        editor.types(UP).has("> fix nothing").types(UP).has("> explain that")
        editor.types(CTRL_C).has(">").types("fix").has("> fix").types(UP).has("> fix nothing")
        editor.types(UP).has("  code 1").types(ENTER).got("fix this:\ncode 1")
        editor.types(CTRL_R + "that").shows("> explain that").types(ENTER).has("> explain that")
        assert "<'explain that'>" not in editor.text
        editor.types(ENTER).got("explain that")
        editor.types(CTRL_R + "this:").shows("code 1").types(CTRL_C).has(">")
        editor.types("still here" + ENTER).got("still here").types(CTRL_D).ends(0)


def test_a_dead_end_in_the_search_keeps_the_line(editor: Editor) -> None:
    """What no entry contains finds none, and Ctrl-C gives back what was typed."""
    editor.types("first" + ENTER).got("first").types("typed").has("> typed")
    editor.types(CTRL_R + "nowhere").shows("nowhere").types(CTRL_C).has("> typed")
    editor.types(ENTER).got("typed").types(CTRL_D).ends(0)


# --- completion ----------------------------------------------------------------------------------


def test_commands_are_offered_while_they_are_typed(editor: Editor) -> None:
    """A slash opens the menu; Tab and Enter take from it, the next Enter sends."""
    editor.types("/").shows("/edit", "/exit", "/export", "/help")
    editor.types("ex").until(
        lambda: "/help" not in editor.text and "/export" in editor.text, "a shorter menu"
    )
    editor.types("\t").has("> /exit").types("\t").has("> /export").types(ENTER)
    editor.until(lambda: "/exit" not in editor.text, "no menu")
    assert editor.line == "> /export"
    editor.types(ENTER).got("/export").types("/ex\t").has("> /exit").types(CTRL_C).types(
        "/h\t"
    ).has("> /help").types(ENTER).got("/help")
    editor.types(CTRL_D).ends(0)


def test_enter_sends_a_command_whole_though_the_menu_is_open(editor: Editor) -> None:
    """A menu from which nothing was chosen is in nobody's way."""
    editor.types("/ex").shows("/exit").types(ENTER).got("/ex").types(CTRL_D).ends(0)
    assert "/export" not in editor.text


def test_files_are_offered_after_an_at(folder: Path) -> None:
    """In the folder, then in the one that was chosen; blanks are quoted."""
    (folder / "sources").mkdir()
    (folder / "sources" / "two words.py").write_text("x")
    (folder / "summary.txt").write_text("x")
    with Editor(folder) as editor:
        editor.types("see @s").shows("sources/", "summary.txt").types("o\t").has("> see @sources/")
        editor.shows("two words.py").types("\t").has('> see @"sources/two words.py"')
        editor.types(ENTER).got('see @"sources/two words.py"').types(CTRL_D).ends(0)


def test_a_menu_has_room_at_the_end_of_a_small_screen(folder: Path) -> None:
    """On forty columns and six rows the menu scrolls the screen up; nothing breaks."""
    with Editor(folder, columns=40, lines=6) as editor:
        for number in range(5):
            editor.types(f"{number}{ENTER}").got(str(number))
        editor.types("/").shows("/edit").types("\t").has("> /edit").types("\t").has("> /exit")
        editor.types(ENTER).has("> /exit").types(ENTER).got("/exit").types(CTRL_D).ends(0)


# --- the editor ----------------------------------------------------------------------------------


def script(folder: Path, body: str) -> str:
    program = folder / "the editor"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return f"'{program}'"


def test_the_editor_takes_the_line_and_gives_it_back(folder: Path) -> None:
    """Ctrl-X Ctrl-E: in its own terminal modes, without our token; the line is not sent by it."""
    body = f'stty -g >"{folder}/modes"; env >"{folder}/env"; echo "and more" >>"$1"'
    with Editor(folder, environ={"EDITOR": script(folder, body), "GH_TOKEN": TOKEN}) as editor:
        editor.types("some text\x18\x05").has("  and more").types("!" + ENTER)
        editor.got("some text\nand more!").types("/edit" + ENTER).shows("['one\\nand more']")
        editor.has(">")
        editor.types(CTRL_D).ends(0)
    assert TOKEN not in (folder / "env").read_text()
    assert editor.text.count("> some text") == 1


def test_in_vi_mode_v_opens_the_editor(folder: Path) -> None:
    """As in a shell with vi keys."""
    with Editor(folder, "vi", environ={"VISUAL": script(folder, 'echo edited >"$1"')}) as editor:
        editor.types("text\x1b").until(lambda: b"\x1b[2 q" in editor.raw, "a block cursor")
        editor.types("v").has("> edited").types(ENTER).got("edited").types(CTRL_D).ends(0)


def test_an_editor_that_fails_costs_nothing(folder: Path) -> None:
    """It is said, and the line stands as it was."""
    with Editor(folder, environ={"EDITOR": script(folder, 'echo spoilt >"$1"; exit 3')}) as editor:
        editor.types("some text\x18\x05").shows("failed; the text is as it was").has("> some text")
        editor.types(ENTER).got("some text").types(CTRL_D).ends(0)


def test_ctrl_c_in_the_editor_is_the_editor_s(folder: Path) -> None:
    """An editor that leaves the interrupt key alone gets the signal; we go on."""
    body = f'trap \'echo caught >"$1"; exit 0\' INT; echo ready; cat "{folder}/gate" & wait'
    with Editor(folder, environ={"EDITOR": script(folder, body)}) as editor:
        editor.types("x\x18\x05").shows("ready").types(CTRL_C).shows("> caught")
        editor.types(ENTER).got("caught").types(CTRL_D).ends(0)


# --- typing ahead --------------------------------------------------------------------------------


def test_what_is_typed_ahead_is_not_shown_and_not_lost(editor: Editor) -> None:
    """It stands in the next prompt's line, characters of several bytes and keys included."""
    editor.asks().types("Grüße 世x\x7f界, ol\x1b[Dle")
    let_go(editor.folder)
    editor.has("> Grüße 世界, olel")
    answer = editor.raw[editor.raw.index(b"[answering]") : editor.raw.index(b"[answered]")]
    assert answer.replace(b"\x1b[?2004h", b"").replace(b"\x1b[?2004l", b"").split() == [
        b"[answering]"
    ]
    editor.types(ENTER).got("Grüße 世界, olel").types(CTRL_D).ends(0)


def test_an_enter_typed_ahead_sends(editor: Editor) -> None:
    """Each line is read in its turn; Ctrl-J is still a new line, and the last one waits."""
    editor.asks().types("one" + ENTER + "two" + CTRL_J + "lines" + ENTER + "three")
    let_go(editor.folder)
    editor.got("one").got("two\nlines").has("> three").types(ENTER).got("three")
    editor.types(CTRL_D).ends(0)


def test_a_paste_ahead_is_a_paste(editor: Editor) -> None:
    """Its line breaks send nothing; the Enter after it does."""
    editor.asks().types(f"{PASTE}def f():\r\treturn 1\r{PASTED}")
    let_go(editor.folder)
    editor.shows("> def f():").until(lambda: editor.line == "", "the line after it")
    assert "<'def" not in editor.text
    editor.types(ENTER).got("def f():\n\treturn 1\n")
    editor.asks().types(f"{PASTE}a\rb{PASTED}{ENTER}")
    let_go(editor.folder)
    editor.got("a\nb").types(CTRL_D).ends(0)


def test_a_paste_that_has_only_begun_is_finished_at_the_prompt(editor: Editor) -> None:
    """The answer ended in the middle of it, even of a character."""
    whole = f"{PASTE}a\rbücher\rc{PASTED}".encode()
    middle = whole.index("ü".encode()) + 1
    editor.asks().types(whole[:middle])
    let_go(editor.folder)
    editor.shows("[answered]").until(lambda: editor.line == ">", "the prompt")
    editor.types(whole[middle:]).shows("bücher").types(ENTER).got("a\nbücher\nc")
    editor.types(CTRL_D).ends(0)


def test_much_is_typed_ahead(editor: Editor) -> None:
    """More than a terminal keeps of its own accord."""
    text = "".join(f"{number} Grüße\n" for number in range(20_000))
    editor.asks().types(f"{PASTE}{text}{PASTED}")
    let_go(editor.folder)
    editor.shows("19999 Grüße").types(ENTER).got(text).types(CTRL_D).ends(0)


def test_ctrl_c_stops_the_answer_and_sends_nothing_that_was_typed_ahead(editor: Editor) -> None:
    """What was typed waits in the line, with its line breaks."""
    editor.asks().types("one" + ENTER + f"two{PASTE} and\rmore{PASTED}" + ENTER + CTRL_C)
    editor.shows("[stopped]").has("  more")
    assert "<'one" not in editor.text
    editor.types(ENTER).got("one\ntwo and\nmore")
    editor.asks().types(CTRL_C).until(lambda: editor.text.count("[stopped]") == 2, "the stop")
    editor.has(">").types(CTRL_D).ends(0)


def test_ctrl_d_typed_ahead_leaves_when_its_turn_comes(editor: Editor) -> None:
    """It ends the chat after the line before it was read."""
    editor.asks().types("one" + ENTER + CTRL_D)
    let_go(editor.folder)
    editor.shows("<'one'>").ends(0)


def test_ctrl_z_gives_the_shell_a_whole_terminal(folder: Path) -> None:
    """Stopped in an answer and at the prompt; when it goes on, keys are its own again."""
    shell = ["--norc", "--noprofile", "-i"]
    environ = {**os.environ, "PS1": "$ ", "TERM": "xterm-kitty", "PYTHONUTF8": "1"}
    child: Any = pexpect.spawn("bash", shell, env=environ, timeout=20, encoding="utf-8")
    child.delaybeforesend = None
    with child:
        child.send(
            'before="$(stty -g)"; whole() { [ "$(stty -g)" = "$before" ] && echo w"hole"; }\r'
        )
        child.send(f"{sys.executable} -m tests.line_editor {folder}\r")
        child.expect_exact("\x1b[>5u")  # the prompt begins
        child.expect_exact("\x1b[?25h")
        child.send("answer\r")
        child.expect_exact("[answering]")
        for place in ("in the answer", "at the prompt"):
            child.send(CTRL_Z)
            child.expect_exact("Stopped")
            child.send("whole\r")
            child.expect_exact("whole\r\nwhole\r\n")
            child.send("fg\r")
            child.expect_exact("tests.line_editor")
            if place == "in the answer":
                child.send("typed ahead")
                let_go(folder)
            child.expect_exact("typed ahead")
        child.send("!\r")
        child.expect_exact("<'typed ahead!'>")
        child.send(CTRL_D)
        child.expect_exact("[the end]")
        child.send("whole; exit\r")
        child.expect_exact("whole\r\n")


# --- the screen ----------------------------------------------------------------------------------


def test_the_right_prompt_is_not_left_behind(folder: Path) -> None:
    """It stands at the right end while the line is typed, gives way to it, and is not kept."""
    with Editor(folder, "right", columns=40) as editor:
        editor.until(lambda: editor.line == ">" + "12%".rjust(39), "the meter")
        editor.types("x" * 37).has(">" + " " + "x" * 37).types(ENTER).got("x" * 37)
        editor.types("short" + ENTER).got("short").types(CTRL_D).ends(0)
        assert [line for line in editor.lines if "12%" in line] == []


def test_forty_columns_and_wide_characters(folder: Path) -> None:
    """Wide characters wrap where the row ends, are erased whole, and are sent as typed."""
    text = "世界" * 15 + "🙂 e\u0301nd"
    with Editor(folder, columns=40, lines=12) as editor:
        editor.types(text + "界界\x7f\x7f").shows("nd")
        assert editor.line.endswith("nd")
        editor.types(ENTER).got(text).types(CTRL_D).ends(0)
        row = next(line for line in editor.lines if line.startswith("> 世"))
        assert row.replace(" ", "") == ">" + "世界" * 9 + "世"


@pytest.mark.parametrize(("columns", "lines"), [(40, 24), (120, 30), (20, 5)])
def test_a_resize_while_typing_loses_nothing(folder: Path, columns: int, lines: int) -> None:
    """The line is drawn anew for the new size, goes on, and is sent whole."""
    text = " ".join(f"word{number}" for number in range(20))
    with Editor(folder) as editor:
        editor.types(text).shows("word19")
        editor.resize(columns, lines)
        editor.types(" and more").shows("more").types(ENTER).got(f"{text} and more")
        editor.types(CTRL_D).ends(0)


def test_no_color(folder: Path) -> None:
    """Nothing is coloured, the menu included, by the variable or by the caller's word."""
    for words, environ in (((), {"NO_COLOR": "1"}), (("plain",), {})):
        with Editor(folder, *words, environ=environ) as editor:
            editor.types("/").shows("/help").types("\t").has("> /edit").types(CTRL_C).has(">")
            editor.types(CTRL_D).ends(0)
            codes = set(re.findall(rb"\x1b\[([\d;]*)m", editor.raw))
            assert not any(re.search(rb"(^|;)[349]\d", code) for code in codes), codes


def test_a_dumb_terminal_gets_a_plain_line(folder: Path) -> None:
    """Its own line editing, no escape sequence; Ctrl-C begins anew, Ctrl-D leaves."""
    with Editor(
        folder, environ={"TERM": "dumb", "EDITOR": script(folder, 'echo more >>"$1"')}
    ) as editor:
        editor.types("one" + ENTER).got("one").types("two" + CTRL_C).shows("(Ctrl-D leaves)")
        editor.has(">").types("/edit" + ENTER).shows("['one\\nmore']").has(">")
        editor.types(CTRL_D).ends(0)
        assert b"\x1b" not in editor.raw


# --- how it is left ------------------------------------------------------------------------------


def test_a_crash_in_an_answer_leaves_the_terminal_whole(editor: Editor) -> None:
    """Echo and line mode are back when the traceback is printed."""
    editor.asks("crash")
    let_go(editor.folder)
    editor.shows("ZeroDivisionError: the answer failed").ends(1)


def test_a_crash_at_the_prompt_leaves_the_terminal_whole(folder: Path) -> None:
    """A failure inside the editor's own loop is a failure of the program, not a pause in it."""
    with Editor(folder, "right") as editor:
        editor.types("fail" + ENTER).shows("ZeroDivisionError: the right prompt failed").ends(1)
    with Editor(folder) as editor:
        editor.types("/cras").has("> /cras").types("h")
        editor.shows("ZeroDivisionError: the completer failed").ends(1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_at_the_prompt_leaves_the_terminal_whole(editor: Editor, number: int) -> None:
    """Also in the middle of a line; the exit code says which signal it was."""
    editor.types("half a li").has("> half a li").send(number).ends(128 + number)
    assert editor.raw.rindex(b"\x1b[?2004l") > editor.raw.rindex(b"\x1b[?2004h")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_an_answer_leaves_the_terminal_whole(editor: Editor, number: int) -> None:
    """What was typed ahead is gone with the program."""
    editor.asks().types("more").send(number).ends(128 + number)
    assert editor.raw.rindex(b"\x1b[?2004l") > editor.raw.rindex(b"\x1b[?2004h")


def test_a_signal_in_a_terminal_that_reports_keys_ends_that_too(folder: Path) -> None:
    """The protocol is switched off by whatever ends the prompt."""
    with Editor(folder, environ={"TERM": "xterm-kitty"}) as editor:
        editor.types("x").shows("> x").send(signal.SIGTERM).shows("[terminal whole]")
        assert editor.raw.count(b"\x1b[>5u") == editor.raw.count(b"\x1b[<u") == 1


def test_the_quit_key_does_not_leave_a_raw_terminal(editor: Editor) -> None:
    """Ctrl-backslash would end the program where it stands: in an answer it does nothing."""
    editor.asks().types("a\x1cb")
    let_go(editor.folder)
    editor.has("> ab").types(ENTER).got("ab").types(CTRL_D).ends(0)
