"""Copying a text to the clipboard of the machine the person sits at.

Over SSH that is not this machine: only the terminal can reach it, by the sequence OSC 52. It never
says whether it did so. Elsewhere the clipboard's own programs come first. They get the text as
bytes whose encoding nobody has to guess, and an environment without our secrets.
"""

import base64
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from copilot_cli.environment import child_environ

TERMINAL = "terminal"
"""The way of OSC 52."""
_OSC52_LIMIT = 74_994  # bytes of base64: the smallest limit among the terminals that take any
_SCREEN_LIMIT = 256  # bytes that GNU screen hands on at a time, at least
_PATIENCE = 2.0  # seconds; a clipboard program waits for ever on a display that went away
_NO_OSC52 = frozenset({"dumb", "linux"})  # the Linux console would print it

Run = Callable[[Sequence[str], bytes, Mapping[str, str], float], bool]


class Program(NamedTuple):
    """A program that fills a clipboard from its stdin.

    `variable` must be set for it to be of use ("": always). `encode` returns what to send it, None
    for a text that it would spoil. `extra` is added to its environment.
    """

    name: str
    arguments: tuple[str, ...] = ()
    variable: str = ""
    encode: Callable[[str], bytes | None] = str.encode
    patience: float = _PATIENCE
    extra: tuple[tuple[str, str], ...] = ()


def _utf16(text: str) -> bytes | None:
    """Return ASCII in UTF-16, which clip.exe never takes for anything else.

    It guesses: without a byte order mark it may take letters for a code page's, and with one the
    mark is pasted too (https://github.com/microsoft/WSL/issues/4852, xavi-/node-copy-paste#45).
    """
    return text.encode("utf-16-le") if text.isascii() else None


_SET_CLIPBOARD = (
    "Set-Clipboard -Value ([Text.Encoding]::UTF8.GetString("
    "[Convert]::FromBase64String([Console]::In.ReadToEnd())))"
)
_MACOS = (Program("pbcopy", extra=(("LC_ALL", "en_US.UTF-8"),)),)  # else it takes it for MacRoman
_UNIX = (
    Program("wl-copy", ("--type", "text/plain"), "WAYLAND_DISPLAY"),
    Program("xclip", ("-selection", "clipboard", "-in"), "DISPLAY"),
    Program("xsel", ("--clipboard", "--input"), "DISPLAY"),
    Program("clip.exe", (), "WSL_DISTRO_NAME", _utf16),
    Program(
        "powershell.exe",
        ("-NoProfile", "-NonInteractive", "-Command", _SET_CLIPBOARD),
        "WSL_DISTRO_NAME",
        lambda text: base64.b64encode(text.encode()),
        patience=10.0,
    ),
)


def copy(
    text: str,
    *,
    write_terminal: Callable[[str], None] | None,
    environ: Mapping[str, str],
    platform: str = sys.platform,
    run: Run | None = None,
) -> str | None:
    """Copy `text` and return the way it took, None where there is none.

    A way is the name of the program that took it, or `TERMINAL`: the terminal was asked (OSC 52),
    as is done over SSH and where this machine has no clipboard. `write_terminal` is None where the
    output is no terminal; a text of more than 56 kB is too long for some. What UTF-8 cannot hold
    becomes U+FFFD.
    """
    plain = re.sub("[\ud800-\udfff]", "\ufffd", text)
    if not any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY")):
        way = _copied(plain, environ, platform, run or run_program)
        if way is not None:
            return way
    if write_terminal is None or environ.get("TERM", "dumb") in _NO_OSC52:
        return None
    sequence = osc52(plain, tmux="TMUX" in environ, screen="STY" in environ)
    if sequence is None:
        return None
    write_terminal(sequence)
    return TERMINAL


def ways(environ: Mapping[str, str], platform: str = sys.platform) -> list[str]:
    """Return the ways that `copy` would try on a terminal, in their order; nothing is run."""
    found = []
    if not any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY")):
        if platform == "win32":
            return ["clipboard"]
        programs = _MACOS if platform == "darwin" else _UNIX
        found = [program.name for program, _ in _installed(programs, environ)]
    if environ.get("TERM", "dumb") not in _NO_OSC52:
        found.append(TERMINAL)
    return found


def osc52(text: str, *, tmux: bool = False, screen: bool = False) -> str | None:
    """Return the sequence that asks a terminal to copy `text`; None where it is too long for some.

    tmux takes the sequence itself if its `set-clipboard` is on, and else hands on what is wrapped.
    GNU screen only hands on, in small pieces.
    """
    payload = base64.b64encode(text.encode()).decode("ascii")
    if len(payload) > _OSC52_LIMIT:
        return None
    sequence = f"\x1b]52;c;{payload}\x07"
    if tmux:
        return f"{sequence}\x1bPtmux;\x1b{sequence}\x1b\\"
    if screen:
        pieces = range(0, len(sequence), _SCREEN_LIMIT - 4)
        return "".join(f"\x1bP{sequence[at : at + _SCREEN_LIMIT - 4]}\x1b\\" for at in pieces)
    return sequence


def _copied(text: str, environ: Mapping[str, str], platform: str, run: Run) -> str | None:
    """Return the first of the clipboard's programs that took `text`."""
    if platform == "win32":
        return _windows(text)
    for program, path in _installed(_MACOS if platform == "darwin" else _UNIX, environ):
        data = program.encode(text)
        inside = {**child_environ(environ), **dict(program.extra)}
        if data is not None and run([path, *program.arguments], data, inside, program.patience):
            return program.name
    return None


def _installed(
    programs: Sequence[Program], environ: Mapping[str, str]
) -> Iterator[tuple[Program, str]]:
    for program in programs:
        if not program.variable or environ.get(program.variable):
            path = shutil.which(program.name, path=environ.get("PATH"))
            if path is not None:
                yield program, path


def run_program(
    command: Sequence[str], data: bytes, environ: Mapping[str, str], patience: float
) -> bool:
    """Run a program on `data`; tell whether it succeeded within `patience` seconds.

    In a session of its own: what holds the clipboard afterwards must outlive our Ctrl-C.
    """
    try:
        ended = subprocess.run(
            command,
            input=data,
            env=environ,
            stdout=subprocess.DEVNULL,  # it may be held open for as long as the clipboard is
            stderr=subprocess.DEVNULL,
            timeout=patience,
            start_new_session=True,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0


def _windows(text: str) -> str | None:
    """Copy by the system's own functions: no program of Windows takes any text as it is."""
    import pyperclip

    try:
        pyperclip.copy(text)
    except (pyperclip.PyperclipException, OSError):
        return None
    return "clipboard"
