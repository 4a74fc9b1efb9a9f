"""What a terminal sends for keys, beyond what every terminal sends.

Only a terminal that is asked reports Shift-Enter as something else than Enter: by the kitty
keyboard protocol (https://sw.kovidgoyal.net/kitty/keyboard-protocol/) or by xterm's modifyOtherKeys
(https://invisible-island.net/xterm/modified-keys.html). It then reports other keys differently
too, Ctrl-C among them. Rule: every such report becomes what the key sends without the protocol, so
that nothing behind the parser knows of it; Shift-Enter and Alt-Enter become Ctrl-J.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from prompt_toolkit.input import Input
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

NEW_LINE = "\n"
_BEGIN, _END = "\x1b[200~", "\x1b[201~"  # around a bracketed paste
_UNFINISHED = re.compile(r"\x1b(?:\[[\d;:]*)?\Z")
_UNFINISHED_END = re.compile(r"\x1b(?:\[(?:2(?:01?)?)?)?\Z")
_REPORT = re.compile(
    "(?P<alt_enter>\x1b\r)"
    r"|\x1b\[(?P<code>\d{1,7})(?::(?P<shifted>\d{0,7}))?(?::(?P<base>\d{0,7}))?"
    r"(?:;(?P<modifiers>\d{0,7})(?::\d*)?)?(?:;[\d:]*)?u"
    r"|\x1b\[27;(?P<other_modifiers>\d{1,7});(?P<other_code>\d{1,7})~"
    r"|\x1b\[(?P<number>\d{1,7});(?P<locked>\d{1,7})(?P<final>[A-FHPQS~])"
)
_SHIFT, _ALT, _CTRL = 1, 2, 4
_LOCKS = 64 | 128  # Caps Lock, Num Lock
_ENTER, _KEYPAD_ENTER, _TAB = 13, 57414, 9
_WITHOUT_MODIFIERS = "\t\x1b\x7f"
_KEYPAD: Mapping[int, str] = {
    **{57399 + digit: str(digit) for digit in range(10)},
    **dict(enumerate("./*-+", start=57409)),
    57415: "=",
    57416: ",",
    57417: "\x1b[D",
    57418: "\x1b[C",
    57419: "\x1b[A",
    57420: "\x1b[B",
    57421: "\x1b[5~",
    57422: "\x1b[6~",
    57423: "\x1b[H",
    57424: "\x1b[F",
    57425: "\x1b[2~",
    57426: "\x1b[3~",
}
_NO_CHARACTERS = range(0xD800, 0xF900)  # surrogates, and the private codes of other keys
_CONTROLS = {  # of Ctrl with what is no letter, as terminals have sent it since the VT220
    " ": "\x00", "@": "\x00", "2": "\x00", "[": "\x1b", "3": "\x1b", "\\": "\x1c", "4": "\x1c",
    "]": "\x1d", "5": "\x1d", "^": "\x1e", "6": "\x1e", "~": "\x1e", "_": "\x1f", "/": "\x1f",
    "7": "\x1f", "-": "\x1f", "8": "\x7f", "?": "\x7f",
}  # fmt: skip


class Protocol(NamedTuple):
    """What is written to a terminal to have its keys reported in full, and to end that."""

    begin: str = ""
    end: str = ""


# 5: tell Esc and modified keys apart (1), and say where a key lies on a US keyboard (4): that is
# how Ctrl-C is found on a Cyrillic one.
_KITTY = Protocol("\x1b[>5u", "\x1b[<u")
_OTHER_KEYS = Protocol("\x1b[>4;1m", "\x1b[>4m")
_KITTY_TERMS = ("xterm-kitty", "xterm-ghostty", "foot", "alacritty", "wezterm", "rio", "contour")
_KITTY_PROGRAMS = frozenset({"ghostty", "iTerm.app", "rio", "vscode", "WarpTerminal", "WezTerm"})


def protocol(environ: Mapping[str, str]) -> Protocol:
    """Return how the terminal that `environ` speaks of is asked to report keys in full.

    Only those known to understand it are asked: others may print what they do not know, or take
    it for an order to underline.
    """
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if environ.get("TMUX") or term.startswith("tmux"):
        return _OTHER_KEYS
    if term in {"dumb", "linux"} or term.startswith("screen"):
        return Protocol()
    if term.startswith(_KITTY_TERMS) or program in _KITTY_PROGRAMS or environ.get("WT_SESSION"):
        return _KITTY
    if environ.get("XTERM_VERSION") or program == "mintty":
        return _OTHER_KEYS
    return Protocol()


class KeyParser(Vt100Parser):
    """Turns what a terminal sends into keys; a bracketed paste is one key, however it arrives."""

    def __init__(self, feed_key_callback: Callable[[KeyPress], None]) -> None:
        super().__init__(feed_key_callback)
        self._held = ""  # the beginning of what may be a sequence
        self._paste: list[str] | None = None

    def feed(self, data: str) -> None:
        """Take what came."""
        data, self._held = self._held + data, ""
        while data:
            data = self._keys(data) if self._paste is None else self._pasted(data)

    def flush(self) -> None:
        """Take what may be the beginning of something as it is: nothing came after it."""
        if self._paste is None:
            held, self._held = self._held, ""
            super().feed(held)
            super().flush()

    def _keys(self, data: str) -> str:
        """Take the keys before a paste, and return what comes after its beginning."""
        typed, begins, rest = data.partition(_BEGIN)
        if begins:
            self._paste = []
        elif unfinished := _UNFINISHED.search(typed):
            typed, self._held = typed[: unfinished.start()], unfinished.group()
        for piece, reported in _plain(typed):
            super().feed(piece)
            if reported:
                super().flush()  # a whole key: an Esc is no beginning of the next
        return rest

    def _pasted(self, data: str) -> str:
        """Take what belongs to the paste, and return what comes after its end."""
        assert self._paste is not None
        text, ends, rest = data.partition(_END)
        if not ends and (unfinished := _UNFINISHED_END.search(text)):
            text, self._held = text[: unfinished.start()], unfinished.group()
        self._paste.append(text)
        if ends:
            whole, self._paste = "".join(self._paste), None
            self.feed_key_callback(KeyPress(Keys.BracketedPaste, whole))
        return rest


def _plain(typed: str) -> Iterator[tuple[str, bool]]:
    """Yield `typed` in pieces, the reports in it translated, and whether each piece is one."""
    end = 0
    for report in _REPORT.finditer(typed):
        yield typed[end : report.start()], False
        yield _translated(report), True
        end = report.end()
    yield typed[end:], False


def _translated(report: re.Match[str]) -> str:
    """Return what the reported key sends without a protocol; nothing for one that has none."""
    if report["alt_enter"]:
        return NEW_LINE
    if report["final"]:
        return _function_key(report["number"], int(report["locked"]), report["final"])
    code = int(report["code"] or report["other_code"])
    modifiers = int(report["modifiers"] or report["other_modifiers"] or 1) - 1 & ~_LOCKS
    if modifiers > (_SHIFT | _ALT | _CTRL):
        return ""
    if code in {_ENTER, _KEYPAD_ENTER}:
        return NEW_LINE if modifiers & (_SHIFT | _ALT) else "\r"
    if code == _TAB and modifiers & _SHIFT:
        return "\x1b[Z"
    char = _KEYPAD.get(code) or _character(code, report, modifiers)
    alt = modifiers & _ALT and len(char) == 1
    return f"\x1b{char}" if alt else char


def _function_key(number: str, modifiers: int, final: str) -> str:
    """Return a function key's sequence without the locks, which no table of keys has."""
    bits = modifiers - 1 & ~_LOCKS
    if bits > (_SHIFT | _ALT | _CTRL):
        return ""
    if bits:
        return f"\x1b[{number};{bits + 1}{final}"
    if final in "PQS":  # F1, F2, F4
        return f"\x1bO{final}"
    return f"\x1b[{number}~" if final == "~" else f"\x1b[{final}"


def _character(code: int, report: re.Match[str], modifiers: int) -> str:
    """Return the character that a key and its Ctrl or Shift make; "" where they make none."""
    char = _chr(code)
    if char in _WITHOUT_MODIFIERS:
        return char
    if modifiers & _CTRL:
        if not char.isascii() and report["base"]:
            char = _chr(int(report["base"]))
        letter = char.isascii() and char.isalpha()
        return chr(ord(char) & 0x1F) if letter else _CONTROLS.get(char, "")
    if modifiers & _SHIFT:
        return _chr(int(report["shifted"])) if report["shifted"] else char.upper()
    return char


def _chr(code: int) -> str:
    return chr(code) if code <= sys.maxunicode and code not in _NO_CHARACTERS else ""


if sys.platform == "win32":

    def understand(source: Input) -> None:
        """Do nothing: a console hands out keys."""

    def hand(source: Input, typed: bytes) -> list[KeyPress]:  # noqa: ARG001
        """Return nothing: a console keeps what is typed ahead."""
        return []

else:
    from prompt_toolkit.input.posix_utils import PosixStdinReader
    from prompt_toolkit.input.vt100 import Vt100Input

    class _Reader(PosixStdinReader):
        """Reads the terminal; what was read before by somebody else comes first."""

        before = b""

        def read(self, count: int = 65536) -> str:
            """Return what there is; a character may begin in one read and end in the next."""
            if self.before:
                data, self.before = self.before, b""
                return self._stdin_decoder.decode(data)
            return super().read(count)

    def understand(source: Input) -> None:
        """Have `source` take the reports of a terminal's keys, and pastes of any size."""
        if isinstance(source, Vt100Input):
            source.vt100_parser = KeyParser(source.vt100_parser.feed_key_callback)
            source.stdin_reader = _Reader(source.stdin_reader.stdin_fd)

    def hand(source: Input, typed: bytes) -> list[KeyPress]:
        """Return the keys that `typed` are; what is unfinished goes on with what `source` reads."""
        if not isinstance(source, Vt100Input) or not isinstance(source.stdin_reader, _Reader):
            return []
        source.stdin_reader.before = typed
        return source.read_keys()
