"""Copying a text to the clipboard of the machine the person sits at.

Over SSH that is not this machine: only the terminal can reach it, by the sequence OSC 52. It never
says whether it did so; hence the two different answers.
"""

import base64
import re
import threading
from collections.abc import Callable, Mapping
from typing import Literal

import pyperclip

_OSC52_LIMIT = 74_994  # bytes of base64: the smallest limit among the terminals that take any
_PATIENCE = 2.0  # seconds; a clipboard program waits for ever on a display that went away
_NO_OSC52 = frozenset({"dumb", "linux"})  # the Linux console would print it

Way = Literal["clipboard", "terminal"]


def copy(
    text: str,
    *,
    write_terminal: Callable[[str], None] | None,
    environ: Mapping[str, str],
    native: Callable[[str], None] = pyperclip.copy,
) -> Way | None:
    """Copy `text` and return the way it took, None where there is none.

    "clipboard": the system has it. "terminal": the terminal was asked (OSC 52), as is done over SSH
    and where this machine has no clipboard. `write_terminal` is None where the output is no
    terminal. What UTF-8 cannot hold becomes U+FFFD.
    """
    plain = re.sub("[\ud800-\udfff]", "\ufffd", text)
    remote = any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY"))
    if not remote and _copied(plain, native):
        return "clipboard"
    if write_terminal is None or environ.get("TERM", "dumb") in _NO_OSC52:
        return None
    sequence = osc52(plain, tmux="TMUX" in environ)
    if sequence is None:
        return None
    write_terminal(sequence)
    return "terminal"


def osc52(text: str, *, tmux: bool = False) -> str | None:
    """Return the sequence that asks a terminal to copy `text`; None where it is too long for some.

    tmux takes the sequence itself if its `set-clipboard` is on, and else hands on what is wrapped.
    """
    payload = base64.b64encode(text.encode()).decode("ascii")
    if len(payload) > _OSC52_LIMIT:
        return None
    sequence = f"\x1b]52;c;{payload}\x07"
    return f"{sequence}\x1bPtmux;\x1b{sequence}\x1b\\" if tmux else sequence


def _copied(text: str, native: Callable[[str], None]) -> bool:
    """Copy as the system does, in a daemon thread: it cannot keep the program from ending."""
    done = threading.Event()

    def run() -> None:
        try:
            native(text)
        except (pyperclip.PyperclipException, OSError):
            return
        done.set()

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    worker.join(_PATIENCE)
    return done.is_set()
