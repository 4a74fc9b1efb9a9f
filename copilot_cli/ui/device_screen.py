"""The screen of the device login: the code, where to type it, and how the waiting goes.

Rule: one daemon thread waits for the grant and reports through a queue; it never writes. The main
thread owns the output, the keys, the countdown and Ctrl-C. The code is on the screen before that
thread starts, and with it the first poll.
"""

import queue
import textwrap
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import Generic, NamedTuple, Protocol, TextIO, TypeVar

import segno

from copilot_cli.errors import CodeExpired, Interrupted
from copilot_cli.ui.letters import half_blocks, large
from copilot_cli.ui.safe import safe_line
from copilot_cli.ui.terminal import Keys, raw_keys, size

_TICK = 0.2  # seconds between two looks at the queue, if no key is pressed
_CLEAR_LINE = "\r\x1b[K"
_BLACK_ON_WHITE = "\x1b[38;5;16;48;5;231m"  # both said, so that any theme leaves it scannable
_BOLD, _RESET = "\x1b[1m", "\x1b[0m"
_LOUD = "\x1b[1;7m"
_CAUTION = "Only if you started this yourself: a code that somebody sent you is a trap."
_WAITING = "waiting for you to type it"
_SURVIVED = 5  # failures in a row, by contract


class Code(Protocol):
    """What is shown of a device code; `expires_in` is in seconds from now."""

    @property
    def user_code(self) -> str:
        """What the person types."""

    @property
    def verification_uri(self) -> str:
        """Where."""

    @property
    def expires_in(self) -> float:
        """How long it can be typed."""


class Poll(Protocol):
    """How one poll went that did not end it."""

    @property
    def state(self) -> str:
        """One of "pending", "slow_down" and "transient"."""

    @property
    def wait(self) -> float:
        """Seconds until the next poll."""

    @property
    def attempt(self) -> int:
        """How many transient failures there were in a row."""

    @property
    def reason(self) -> str:
        """Why the poll failed."""


C = TypeVar("C", bound=Code)
G = TypeVar("G")
OnPoll = Callable[[Poll], None]


class Screen(NamedTuple):
    """What the person sits at. `write` writes to stderr and flushes; `size` is (columns, lines).

    `live` is False where nobody is there or where lines cannot be redrawn (`TERM=dumb`).
    """

    write: Callable[[str], None]
    is_terminal: bool
    size: Callable[[], tuple[int, int]]
    keys: Callable[[], AbstractContextManager[Keys]]
    live: bool = True
    color: bool = True
    blocks: bool = True
    monotonic: Callable[[], float] = time.monotonic


class _Failed(NamedTuple):
    error: BaseException


class _Granted(NamedTuple, Generic[G]):
    grant: G


def process_screen(
    stdin: TextIO,
    stderr: TextIO,
    environ: Mapping[str, str],
    *,
    person: bool,
    color: bool,
    plain: bool = False,
) -> Screen:
    """Return the screen of this process: keys from `stdin`, output to `stderr`.

    `person`: somebody is there. `plain`: no redrawing, as for a screen reader.
    """

    def write(text: str) -> None:
        stderr.write(text)
        stderr.flush()

    try:
        blocks = bool("▀▄█".encode(stderr.encoding or "ascii"))
    except UnicodeEncodeError:
        blocks = False
    live = not plain and environ.get("TERM") != "dumb"
    return Screen(
        write,
        is_terminal=person,
        size=partial(size, stderr, environ),
        keys=partial(raw_keys, stdin),
        live=live,
        color=color and live,
        blocks=blocks,
    )


def show_and_wait(
    screen: Screen,
    request: Callable[[], C],
    wait: Callable[[C, OnPoll], G],
    *,
    open_url: Callable[[str], bool] | None,
    copy: Callable[[str], str | None],
) -> G:
    """Show the code of `request` and return what `wait` brings; an expired one is renewed by a key.

    `wait` runs in a daemon thread and reports each poll. One key copies the code (`copy` says
    which way it took, None for none) and opens the page with `open_url`, None where no page can or
    may be opened. Raises Interrupted on Ctrl-C and Ctrl-D, and whatever `request` and `wait` raise;
    where nobody is there that includes CodeExpired.
    """
    try:
        if not screen.is_terminal:
            code = request()
            screen.write("".join(f"{line}\n" for line in _instructions(code)))
            return wait(code, lambda _: None)
        with screen.keys() as keys:
            while True:
                code = request()
                try:
                    return _Wait[G](screen, code, keys, open_url, copy).run(partial(wait, code))
                except CodeExpired:
                    _wait_for_yes(screen, keys)
    except (KeyboardInterrupt, EOFError):
        raise Interrupted("the sign-in was stopped") from None


class _Wait(Generic[G]):
    """One code on the screen, until its wait ends."""

    def __init__(
        self,
        screen: Screen,
        code: Code,
        keys: Keys,
        open_url: Callable[[str], bool] | None,
        copy: Callable[[str], str | None],
    ) -> None:
        self._screen, self._code, self._keys = screen, code, keys
        self._open_url, self._copy = open_url, copy
        self._reports: queue.SimpleQueue[Poll | _Failed | _Granted[G]] = queue.SimpleQueue()
        self._abandoned = threading.Event()
        self._deadline = screen.monotonic() + code.expires_in
        self._state, self._trouble, self._shown = _WAITING, "", ""

    def run(self, wait: Callable[[OnPoll], G]) -> G:
        """Draw, start the thread, and look after keys and countdown until it is done."""
        self._screen.write(draw(self._screen, self._code, opens=self._open_url is not None))
        self._show_state()
        threading.Thread(target=self._work, args=(wait,), daemon=True).start()
        try:
            while True:
                if pressed := self._keys.read(_TICK):
                    self._press(pressed)
                while (report := self._next_report()) is not None:
                    if isinstance(report, _Granted):
                        grant: G = report.grant
                        return grant
                    if isinstance(report, _Failed):
                        raise report.error
                    self._trouble = describe(report)
                self._show_state()
        finally:
            self._abandoned.set()
            self._screen.write(_CLEAR_LINE if self._screen.live else "")

    def _work(self, wait: Callable[[OnPoll], G]) -> None:
        try:
            self._reports.put(_Granted(wait(self._report)))
        except BaseException as error:  # noqa: BLE001 - the main thread raises it
            self._reports.put(_Failed(error))

    def _report(self, poll: Poll) -> None:
        if self._abandoned.is_set():
            raise SystemExit  # nobody waits any more: no further poll
        self._reports.put(poll)

    def _next_report(self) -> Poll | _Failed | _Granted[G] | None:
        with suppress(queue.Empty):
            return self._reports.get_nowait()
        return None

    def _press(self, pressed: str) -> None:
        if pressed[0] not in "\r\ncC":
            return
        self._trouble = ""
        way = self._copy(self._code.user_code)
        asked = {"terminal": "code sent to the terminal's clipboard", None: "no clipboard here"}
        self._state = asked.get(way, "code copied")
        if self._open_url is not None:
            opened = self._open_url(self._code.verification_uri)
            self._state += ", page opening" if opened else ", open the page yourself"

    def _show_state(self) -> None:
        """Redraw the last line where it has something new; where that cannot be, write a line."""
        state = self._trouble or self._state
        if not self._screen.live:
            if state != self._shown:
                self._screen.write(f"{state}\n")
            self._shown = state
            return
        left = max(0, round(self._deadline - self._screen.monotonic()))
        columns = self._screen.size()[0]
        line = f"{left // 60}:{left % 60:02d} left, {state}"[: max(columns - 1, 1)]
        if line != self._shown:
            self._screen.write(_CLEAR_LINE + line)
        self._shown = line


def draw(screen: Screen, code: Code, *, opens: bool) -> str:
    """Return all of the screen but its state line, as large as there is room for.

    The QR code comes first, then large letters: neither may push the other lines off the screen.
    """
    columns, lines = screen.size()
    first, caution = _instructions(code)
    action = "copy the code and open the page" if opens else "copy the code"
    tail = _wrap(caution, columns) + _wrap(f"Enter or c: {action}. Ctrl-C: stop.", columns)
    head = _wrap(first, columns)
    if not screen.live:
        return "\n".join([*head, *tail, ""])
    # What is taken: two empty lines, the code, the state line, and the line that was there before.
    room = lines - len(head) - len(tail) - 5
    out: list[str] = []
    qr = _qr(code.verification_uri) if screen.blocks and screen.color else []
    if qr and len(qr) < room + 1 and len(qr[0]) + 2 < columns:
        out += [f"  {_BLACK_ON_WHITE}{line}{_RESET}" for line in qr] + [""]
        room -= len(qr) + 1
    letters = large(code.user_code) if screen.blocks else []
    if letters and len(letters) - 1 <= room and len(letters[0]) + 2 < columns:
        spelled = [f"  {_BOLD}{line}{_RESET}" for line in letters]
    else:
        spelled = [f"  {_LOUD} {' '.join(code.user_code)} {_RESET}"]
    return "\n".join([*out, *head, "", *spelled, "", *tail, ""])


def describe(poll: Poll) -> str:
    """Return what the state line says of a poll; nothing, where all is well."""
    if poll.state == "slow_down":
        return f"waiting; the server asked to look every {poll.wait:.0f} s only"
    if poll.state == "transient":
        again = f"network trouble {poll.attempt} of {_SURVIVED}, again in {poll.wait:.0f} s"
        return f"{again}: {safe_line(poll.reason, limit=120)}"
    return ""


def _instructions(code: Code) -> tuple[str, str]:
    address = safe_line(code.verification_uri, limit=300)
    return f"Open {address} and type the code {safe_line(code.user_code, limit=40)}", _CAUTION


def _wrap(text: str, columns: int) -> list[str]:
    width = max(columns - 1, 20)
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _qr(address: str) -> list[str]:
    """Return the lines of a QR code, dark modules as blocks, with two modules of margin."""
    code = segno.make(address, micro=False, error="l")
    return half_blocks([[bool(dark) for dark in row] for row in code.matrix_iter(border=2)])


def _wait_for_yes(screen: Screen, keys: Keys) -> None:
    """Return when Enter is pressed."""
    screen.write("The code has expired. Enter: a new one. Ctrl-C: stop.\n")
    while (keys.read(60.0) or " ")[0] not in "\r\nnN":
        pass
