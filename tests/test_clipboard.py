"""Copying: which way is taken where, what a program and a terminal are given."""

import base64
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from copilot_cli.ui.clipboard import TERMINAL, copy, osc52, run_program

posix = pytest.mark.skipif(sys.platform == "win32", reason="programs are shell scripts here")

XTERM = {"TERM": "xterm-256color"}
X11 = {**XTERM, "DISPLAY": ":0"}
WAYLAND = {**X11, "WAYLAND_DISPLAY": "wayland-0"}
WSL = {**XTERM, "WSL_DISTRO_NAME": "Debian"}
TOKEN = "ghu_madeUpForTests0000000000000000000000"
SAMPLE = "Grüße, 世界 🙂\n\tx \n"


class Desk:
    """A machine with programs that say whether they worked, and a terminal that remembers."""

    def __init__(self, folder: Path, *programs: str, broken: Sequence[str] = ()) -> None:
        self.folder = folder
        self.broken = broken
        self.runs: list[tuple[str, list[str], bytes]] = []
        self.environs: list[Mapping[str, str]] = []
        self.written: list[str] = []
        for name in programs:
            (folder / name).write_text("#!/bin/sh\n")
            (folder / name).chmod(0o755)

    def run(
        self, command: Sequence[str], data: bytes, environ: Mapping[str, str], patience: float
    ) -> bool:
        assert 0 < patience < 60
        name = Path(command[0]).name
        self.runs.append((name, list(command[1:]), data))
        self.environs.append(environ)
        return name not in self.broken

    def copy(self, text: str, environ: Mapping[str, str], platform: str = "linux") -> str | None:
        return copy(
            text,
            write_terminal=self.written.append,
            environ={"PATH": str(self.folder), **environ},
            platform=platform,
            run=self.run,
        )


def decoded(sequence: str) -> str:
    assert sequence.startswith("\x1b]52;c;")
    assert sequence.endswith("\x07")
    return base64.b64decode(sequence[7:-1]).decode()


@posix
@pytest.mark.parametrize(
    ("environ", "platform", "way", "arguments"),
    [
        (WAYLAND, "linux", "wl-copy", ["--type", "text/plain"]),
        (X11, "linux", "xclip", ["-selection", "clipboard", "-in"]),
        (X11, "freebsd14", "xclip", ["-selection", "clipboard", "-in"]),
        (XTERM, "darwin", "pbcopy", []),
    ],
    ids=["wayland", "x11", "freebsd", "macos"],
)
def test_the_system_s_program_comes_first(
    tmp_path: Path, environ: Mapping[str, str], platform: str, way: str, arguments: list[str]
) -> None:
    """Where a display is there its program gets the text in UTF-8, and the terminal nothing."""
    desk = Desk(tmp_path, "wl-copy", "xclip", "xsel", "pbcopy", "clip.exe", "powershell.exe")
    assert desk.copy(SAMPLE, environ, platform) == way
    assert desk.runs == [(way, arguments, SAMPLE.encode())]
    assert desk.written == []


@posix
def test_a_program_that_fails_leaves_it_to_the_next(tmp_path: Path) -> None:
    """wl-copy without a compositor, xclip without a server: then xsel, then the terminal."""
    desk = Desk(tmp_path, "wl-copy", "xclip", "xsel", broken=["wl-copy", "xclip"])
    assert desk.copy("x", WAYLAND) == "xsel"
    assert [name for name, _, _ in desk.runs] == ["wl-copy", "xclip", "xsel"]
    desk.broken = ["wl-copy", "xclip", "xsel"]
    assert desk.copy("x", WAYLAND) == TERMINAL


@posix
def test_programs_without_their_display_are_not_tried(tmp_path: Path) -> None:
    """A console without a display, and not in WSL: the programs may be there, and would hang."""
    desk = Desk(tmp_path, "wl-copy", "xclip", "xsel", "clip.exe", "powershell.exe", "pbcopy")
    assert desk.copy("x", XTERM) == TERMINAL
    assert desk.runs == []


@posix
def test_windows_below_linux_never_has_to_guess_an_encoding(tmp_path: Path) -> None:
    """clip.exe gets ASCII only, in UTF-16 without a mark; PowerShell gets base64 of anything."""
    desk = Desk(tmp_path, "clip.exe", "powershell.exe")
    assert desk.copy("ls -l\n", WSL) == "clip.exe"
    assert desk.runs.pop() == ("clip.exe", [], "ls -l\n".encode("utf-16-le"))
    assert desk.copy(SAMPLE, WSL) == "powershell.exe"
    ((_, arguments, data),) = desk.runs
    assert "FromBase64String" in arguments[-1]
    assert base64.b64decode(data).decode() == SAMPLE


@posix
def test_a_program_gets_no_secret(tmp_path: Path) -> None:
    """The environment goes on without tokens; on macOS with the encoding that pbcopy is to take."""
    desk = Desk(tmp_path, "xclip", "pbcopy")
    secrets = {"GITHUB_TOKEN": TOKEN, "COPILOT_CHAT_PASSPHRASE": "made up for tests"}
    desk.copy("x", {**X11, **secrets})
    desk.copy("x", {**secrets, "LC_ALL": "C"}, "darwin")
    path = str(tmp_path)
    assert desk.environs == [{"PATH": path, **X11}, {"PATH": path, "LC_ALL": "en_US.UTF-8"}]


@posix
@pytest.mark.parametrize("name", ["SSH_CONNECTION", "SSH_TTY"])
def test_over_ssh_the_terminal_is_asked(tmp_path: Path, name: str) -> None:
    """The remote machine's clipboard is not the person's: OSC 52 it is."""
    desk = Desk(tmp_path, "xclip")
    assert desk.copy("Grüße 🙂", {**X11, name: "10.0.0.1 1 10.0.0.2 22"}) == TERMINAL
    assert desk.runs == []
    assert decoded(desk.written[0]) == "Grüße 🙂"


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"TERM": "linux"}, {}])
def test_a_terminal_that_would_print_it_gets_nothing(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    """Neither a dumb terminal nor the Linux console is sent OSC 52."""
    desk = Desk(tmp_path)
    assert desk.copy("x", environ) is None
    assert desk.written == []


def test_without_a_terminal_there_is_no_way_left(tmp_path: Path) -> None:
    """Output that is no terminal is never sent a sequence."""
    environ = {**XTERM, "PATH": str(tmp_path)}
    assert copy("x", write_terminal=None, environ=environ, platform="linux") is None


def test_too_much_for_a_terminal_is_not_sent(tmp_path: Path) -> None:
    """Beyond what every terminal takes nothing is sent, as a half would be worse."""
    desk = Desk(tmp_path)
    assert desk.copy("x" * 60_000, XTERM) is None
    assert desk.written == []
    assert desk.copy("x" * 50_000, XTERM) == TERMINAL


@posix
def test_a_program_takes_what_is_too_much_for_a_terminal(tmp_path: Path) -> None:
    """A program has no limit."""
    desk = Desk(tmp_path, "xclip")
    assert desk.copy("x" * 5_000_000, X11) == "xclip"


def test_tmux_gets_the_sequence_in_both_forms(tmp_path: Path) -> None:
    """Inside tmux the sequence is sent as it is, and once more wrapped for the outer terminal."""
    desk = Desk(tmp_path)
    assert desk.copy("code", {**XTERM, "TMUX": "/tmp/tmux-1000/default,1,0"}) == TERMINAL
    plain = osc52("code")
    assert desk.written == [f"{plain}\x1bPtmux;\x1b{plain}\x1b\\"]


def test_gnu_screen_gets_it_in_pieces_that_it_hands_on(tmp_path: Path) -> None:
    """screen drops a long string: each piece is wrapped, and the pieces are the sequence."""
    desk = Desk(tmp_path)
    assert desk.copy("long " * 200, {**XTERM, "STY": "1.pts-0.host"}) == TERMINAL
    begin, end = "\x1bP", "\x1b\\"
    pieces = desk.written[0].removeprefix(begin).removesuffix(end).split(end + begin)
    assert len(pieces) > 1
    assert all(len(piece) + 4 <= 256 for piece in pieces)
    assert decoded("".join(pieces)) == "long " * 200


def test_a_lone_surrogate_does_not_break_it(tmp_path: Path) -> None:
    """What no encoding can hold is replaced, the rest copied."""
    desk = Desk(tmp_path)
    assert desk.copy("a\ud800b", XTERM) == TERMINAL
    assert decoded(desk.written[0]) == "a\ufffdb"


def test_windows_copies_in_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's functions take the text as it is; where they fail the terminal is asked."""
    pyperclip = pytest.importorskip("pyperclip")
    copied: list[str] = []
    monkeypatch.setattr(pyperclip, "copy", copied.append)
    desk = Desk(tmp_path)
    assert desk.copy(SAMPLE, XTERM, "win32") == "clipboard"
    assert copied == [SAMPLE]

    def fail(text: str) -> None:
        raise pyperclip.PyperclipException("the clipboard is open elsewhere")

    monkeypatch.setattr(pyperclip, "copy", fail)
    assert desk.copy(SAMPLE, XTERM, "win32") == TERMINAL


# --- real programs -------------------------------------------------------------------------------


def script(folder: Path, body: str) -> dict[str, str]:
    """Put an `xclip` on a PATH of its own that does `body`."""
    program = folder / "xclip"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return {**X11, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "GH_TOKEN": TOKEN}


@pytest.mark.real
@posix
def test_a_real_program_gets_every_byte_in_a_session_of_its_own(tmp_path: Path) -> None:
    """It reads the text to its end, sees no token, and Ctrl-C at our terminal cannot reach it."""
    environ = script(tmp_path, f'cat >"{tmp_path}/got"; env >"{tmp_path}/env"; echo noise')
    (tmp_path / "xclip").write_text(
        (tmp_path / "xclip").read_text() + f'ps -o sid= -p $$ >"{tmp_path}/sid"\n'
    )
    text = SAMPLE * 20_000
    assert copy(text, write_terminal=None, environ=environ, platform="linux") == "xclip"
    assert (tmp_path / "got").read_bytes() == text.encode()
    assert TOKEN not in (tmp_path / "env").read_text()
    assert int((tmp_path / "sid").read_text()) != os.getsid(0)


@pytest.mark.real
@posix
@pytest.mark.parametrize("body", ["exit 1", "exec 0<&-; exit 3", "kill -9 $$"])
def test_a_real_program_that_fails_is_not_believed(tmp_path: Path, body: str) -> None:
    """Whatever it dies of, even before it has read anything, the terminal is asked instead."""
    written: list[str] = []
    way = copy(
        "x" * 50_000,
        write_terminal=written.append,
        environ=script(tmp_path, body),
        platform="linux",
    )
    assert (way, len(written)) == (TERMINAL, 1)


@pytest.mark.real
@posix
def test_a_program_that_hangs_is_left_behind(tmp_path: Path) -> None:
    """A program that waits for a display that went away is ended, and the terminal asked."""
    written: list[str] = []
    way = copy(
        "x",
        write_terminal=written.append,
        environ=script(tmp_path, "exec tail -f /dev/null"),
        platform="linux",
        run=lambda command, data, environ, _: run_program(command, data, environ, 0.3),
    )
    assert (way, len(written)) == (TERMINAL, 1)


@pytest.mark.real
@posix
def test_a_program_that_stays_to_hold_the_clipboard_is_not_waited_for(tmp_path: Path) -> None:
    """xclip forks what answers pastes, with its output still open: that is success all the same."""
    environ = script(tmp_path, f'cat >/dev/null; tail -f /dev/null & echo $! >"{tmp_path}/pid"')
    try:
        assert copy("x", write_terminal=None, environ=environ, platform="linux") == "xclip"
    finally:
        os.kill(int((tmp_path / "pid").read_text()), 9)
