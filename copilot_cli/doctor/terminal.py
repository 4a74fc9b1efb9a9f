"""The terminal, as far as it can be known without asking it: nothing is written to it."""

import sys
from collections.abc import Iterator, Mapping

from copilot_cli.doctor.check import Check, NotChecked
from copilot_cli.doctor.examination import Examination

_NARROW = 40  # columns below which nothing is made to look well
_AROUND = {
    "TMUX": "tmux",
    "STY": "screen",
    "SSH_CONNECTION": "over SSH",
    "WSL_DISTRO_NAME": "WSL",
}


def terminal(examination: Examination) -> Iterator[Check]:
    """What the streams are, the terminal's name and size, and whether it is coloured."""
    effects, environ = examination.app.effects, examination.app.effects.environ
    streams = effects.streams(examination.app.option("color") or "auto")
    if not (streams.stdout_is_terminal or streams.stderr_is_terminal):
        yield Check("terminal", "pass", "none: what is printed goes to a pipe or a file")
        return
    columns, rows = streams.size()
    around = [name for variable, name in _AROUND.items() if environ.get(variable)]
    color = "colour" if streams.color else "no colour"
    term = environ.get("TERM", "")
    detail = ", ".join([term or "TERM is not set", f"{columns} by {rows}", color, *around])
    if streams.dumb or (not term and sys.platform != "win32"):
        fix = "set TERM to your terminal's name, such as xterm-256color"
        yield Check("terminal", "warn", detail, fix)
    elif columns < _NARROW:
        yield Check("terminal", "warn", detail, f"make it at least {_NARROW} columns wide")
    else:
        yield Check("terminal", "pass", detail)


def keyboard(examination: Examination) -> Iterator[Check]:
    """How the chat asks the terminal for its keys: facts, since no terminal says what it does."""
    from copilot_cli.ui.keyboard import protocol

    environ = examination.app.effects.environ
    streams = examination.app.effects.streams("auto")
    if not streams.person or streams.dumb:
        raise NotChecked("there is no terminal with a person at it")
    asked = "Shift-Enter is asked for" if protocol(environ).begin else "Ctrl-J is a new line"
    yield Check("keyboard", "pass", f"bracketed paste is asked for, {asked}")


def locale(examination: Examination) -> Iterator[Check]:
    """Whether the system takes what is printed for UTF-8, which it always is."""
    environ = examination.app.effects.environ
    if sys.platform == "win32":
        yield Check("locale", "pass", "UTF-8 is written, whatever the console's code page is")
        return
    variable, value = _locale(environ)
    shown = f"{variable}={value}" if variable else "none of LC_ALL, LC_CTYPE and LANG is set"
    if "utf8" in value.lower().replace("-", "") or sys.platform == "darwin":
        yield Check("locale", "pass", shown)
    else:
        fix = "export LANG=C.UTF-8, or your language's, such as de_DE.UTF-8"
        yield Check("locale", "warn", f"{shown}: letters beyond ASCII may look wrong", fix)


def _locale(environ: Mapping[str, str]) -> tuple[str, str]:
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    return next(((name, environ[name]) for name in names if environ.get(name)), ("", ""))


def clipboard(examination: Examination) -> Iterator[Check]:
    """How `/copy` reaches the clipboard; nothing is copied."""
    from copilot_cli.ui.clipboard import TERMINAL, ways

    if not examination.app.effects.streams("auto").stderr_is_terminal:
        raise NotChecked("there is no terminal to copy at")
    found = ways(examination.app.effects.environ)
    names = ["the terminal itself (OSC 52)" if way == TERMINAL else way for way in found]
    if names:
        yield Check("clipboard", "pass", f"by {', else '.join(names)}")
    else:
        fix = "install wl-clipboard, xclip or xsel; or use a terminal that knows OSC 52"
        yield Check("clipboard", "warn", "there is no way to it", fix)
