"""The screen of the device login: drawn into a terminal in memory, driven by made-up keys."""

import json
import os
import select
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pyte
import pytest
import segno

from copilot_cli.errors import CodeExpired, Interrupted, SignInError
from copilot_cli.ui.device_screen import OnPoll, Screen, draw, show_and_wait

if sys.platform != "win32":
    import termios

    import pexpect

PAGE = "https://github.com/login/device"


class Code(NamedTuple):
    user_code: str = "WDJB-MJHT"
    verification_uri: str = PAGE
    expires_in: float = 900.0


class Poll(NamedTuple):
    state: str
    wait: float = 5.0
    attempt: int = 0
    reason: str = ""


class Person:
    """Somebody at a terminal in memory, who does `actions` in order, one at each look for a key.

    An action is a key, an exception, or something to call; what follows the last is nothing.
    """

    def __init__(self, *actions: Any, columns: int = 80, lines: int = 24, **features: bool) -> None:
        self.terminal = pyte.Screen(columns, lines)
        self.terminal.set_mode(pyte.modes.LNM)
        self._stream = pyte.Stream(self.terminal)
        self.written = ""
        self.now = 5000.0
        self.opened: list[str] = []
        self.copied: list[str] = []
        self.is_raw = False
        self._actions = list(actions)
        self.screen = Screen(
            self._write,
            features.pop("is_terminal", True),
            lambda: (columns, lines),
            self._keys,
            monotonic=lambda: self.now,
            **features,
        )

    def _write(self, text: str) -> None:
        assert threading.current_thread() is threading.main_thread()
        self.written += text
        self._stream.feed(text)

    @contextmanager
    def _keys(self) -> Iterator["Person"]:
        self.is_raw = True
        try:
            yield self
        finally:
            self.is_raw = False

    def read(self, _timeout: float, /) -> str | None:
        if not self._actions:
            threading.Event().wait(0.001)
            return None
        action = self._actions.pop(0)
        if isinstance(action, BaseException):
            raise action
        if callable(action):
            action()
            return None
        return str(action)

    def open(self, address: str) -> bool:
        self.opened.append(address)
        return True

    def copy(self, text: str) -> str | None:
        self.copied.append(text)
        return "clipboard"

    @property
    def display(self) -> str:
        return "\n".join(line.rstrip() for line in self.terminal.display)

    def signs_in(self, wait: Callable[[Code, OnPoll], str], *codes: Code) -> str:
        waiting = list(codes) or [Code()]
        return show_and_wait(
            self.screen, lambda: waiting.pop(0), wait, open_url=self.open, copy=self.copy
        )


class Wait:
    """A wait that reports `polls`, then holds until `ends`, then gives or raises `outcome`."""

    def __init__(self, *polls: Poll, outcome: str | Exception = "granted") -> None:
        self._polls, self._outcome = polls, outcome
        self.reported, self.ends = threading.Event(), threading.Event()
        self.went_on, self.left = threading.Event(), threading.Event()

    def __call__(self, code: Code, on_poll: OnPoll) -> str:
        try:
            for poll in self._polls:
                on_poll(poll)
            self.reported.set()
            assert self.ends.wait(30)
            if isinstance(self._outcome, Exception):
                raise self._outcome
            on_poll(Poll("pending"))
            self.went_on.set()
            return self._outcome
        finally:
            self.left.set()

    def is_told(self) -> None:
        assert self.reported.wait(30)

    def end(self) -> None:
        self.ends.set()

    def ended(self) -> "Wait":
        self.ends.set()
        return self


# --- what is drawn -------------------------------------------------------------------------------

SIZES = [(80, 24), (80, 40), (120, 50), (60, 20), (40, 20), (40, 12), (30, 24), (100, 15)]


@pytest.mark.parametrize(("columns", "lines"), SIZES)
@pytest.mark.parametrize("color", [True, False])
def test_everything_fits_the_screen(columns: int, lines: int, *, color: bool) -> None:
    """Code, address, caution and keys are all to be seen at once, whatever the size."""
    person = Person(columns=columns, lines=lines, color=color)
    person.screen.write("$ copilot-chat onboard\n" + draw(person.screen, Code(), opens=True))
    person.screen.write("14:59 left, waiting"[: columns - 1])
    seen = " ".join(person.display.split())
    assert "WDJB-MJHT" in seen
    assert PAGE in seen.replace("devic e", "device")
    assert "Only if you started this yourself" in seen
    assert "Enter or c: copy the code and open the page" in seen
    assert "14:59 left" in seen
    if lines > 12:
        assert "$ copilot-chat onboard"[: columns - 1] in person.display


def modules(person: Person) -> list[list[bool]]:
    """Read the QR code back from the cells of the terminal: True is black."""
    rows: list[list[bool]] = []
    for y in range(person.terminal.lines):
        cells = [person.terminal.buffer[y][x] for x in range(person.terminal.columns)]
        drawn = [cell for cell in cells if cell.bg == "ffffff"]
        if drawn:
            assert {cell.fg for cell in drawn} == {"000000"}
            rows.append([cell.data in "▀█" for cell in drawn])
            rows.append([cell.data in "▄█" for cell in drawn])
    return rows


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (40, 40), (120, 50)])
def test_the_qr_code_is_the_address_s_on_any_theme(columns: int, lines: int) -> None:
    """Module by module it is the address, black on white, with a white margin around it."""
    person = Person(columns=columns, lines=lines)
    person.screen.write(draw(person.screen, Code(), opens=True))
    expected = [[bool(m) for m in row] for row in segno.make(PAGE, micro=False).matrix]
    width = len(expected) + 4
    seen = modules(person)
    assert len(seen) >= width
    assert seen[0] == seen[1] == seen[-1] == [False] * width
    assert [row[2:-2] for row in seen[2 : width - 2]] == expected


@pytest.mark.parametrize(
    "features", [{"color": False}, {"blocks": False}, {"live": False, "color": False}], ids=str
)
def test_no_qr_code_where_it_could_not_be_scanned(features: dict[str, bool]) -> None:
    """Without colour, block characters or a terminal that obeys, there is none."""
    person = Person(lines=50, **features)
    person.screen.write(draw(person.screen, Code(), opens=True))
    assert "48;5;231" not in person.written
    assert "WDJB-MJHT" in person.written


def test_the_code_is_large_where_there_is_room() -> None:
    """Block letters with room for them, else bold and spaced."""
    person = Person(lines=24, color=False)
    assert "█" in draw(person.screen, Code(), opens=True)
    small = draw(Person(columns=40).screen, Code(), opens=True)
    assert "\x1b[1;7m W D J B - M J H T \x1b[0m" in small
    assert "█" not in draw(Person(lines=24, blocks=False).screen, Code(), opens=True)


def test_a_plain_terminal_gets_plain_lines() -> None:
    """With TERM=dumb there is no sequence, only lines; states follow as lines of their own."""
    wait = Wait(Poll("slow_down", 10.0), Poll("transient", 12.0, 1, "github.com answered 502"))
    person = Person(wait.is_told, wait.end, live=False, color=False)
    assert person.signs_in(wait) == "granted"
    assert "\x1b" not in person.written
    assert "\r" not in person.written
    lines = person.written.splitlines()
    assert lines[-2:] == [
        "waiting for you to type it",
        "network trouble 1 of 5, again in 12 s: github.com answered 502",
    ]


# --- how it goes ---------------------------------------------------------------------------------


def test_the_code_is_there_before_the_wait_begins() -> None:
    """When the wait is entered, the code has been drawn."""
    person = Person()
    seen: list[str] = []

    def wait(code: Code, on_poll: OnPoll) -> str:
        seen.append(person.display)
        return "granted"

    assert person.signs_in(wait) == "granted"
    assert "WDJB-MJHT" in seen[0]
    assert "15:00 left, waiting" in seen[0]


@pytest.mark.parametrize("key", ["\r", "\n", "c", "C"])
def test_one_key_copies_and_opens(key: str) -> None:
    """Enter or c copies the code and opens the page, and says so."""
    wait = Wait()
    seen: list[str] = []
    person: Person = Person(key, None, lambda: seen.append(person.display), wait.end)
    assert person.signs_in(wait) == "granted"
    assert (person.copied, person.opened) == (["WDJB-MJHT"], [PAGE])
    assert "15:00 left, code copied, page opening" in seen[0]


@pytest.mark.parametrize("key", ["x", "\x1b[A", " ", "\x1bc"])
def test_other_keys_do_nothing(key: str) -> None:
    """Nothing is copied or opened by any other key."""
    wait = Wait()
    person = Person(key, wait.end)
    assert person.signs_in(wait) == "granted"
    assert (person.copied, person.opened) == ([], [])


@pytest.mark.parametrize(
    ("way", "opened", "said"),
    [
        ("terminal", True, "code sent to the terminal's clipboard, page opening"),
        (None, False, "no clipboard here, open the page yourself"),
        ("clipboard", None, "code copied"),
    ],
)
def test_what_did_not_work_is_said(way: str | None, opened: bool | None, said: str) -> None:
    """Which way the code took, and whether a page opens, is on the state line."""
    wait = Wait()
    seen: list[str] = []
    person: Person = Person("c", None, lambda: seen.append(person.display), wait.end)
    show_and_wait(
        person.screen,
        Code,
        wait,
        open_url=None if opened is None else lambda _: bool(opened),
        copy=lambda _: way,
    )
    assert seen[0].rstrip().endswith(f"left, {said}")
    assert ("open the page. Ctrl-C" in seen[0]) == (opened is not None)


def test_states_and_countdown_share_the_last_line() -> None:
    """A report and the passing of time redraw one line; no line is added."""
    wait = Wait(Poll("pending"), Poll("transient", 12.0, 2, "no route\x1b[2J"))
    seen: list[str] = []

    def later() -> None:
        wait.is_told()
        person.now += 61

    look: Callable[[], None] = lambda: seen.append(person.display)  # noqa: E731
    person = Person(look, later, None, look, wait.end)
    assert person.signs_in(wait) == "granted"
    first, second = (display.rstrip().splitlines() for display in seen)
    assert first[:-1] == second[:-1]
    assert second[-1].startswith("13:59 left, network trouble 2 of 5, again in 12 s: no route")


def test_a_slow_down_is_said() -> None:
    """The server's wish for fewer polls is told in words."""
    wait = Wait(Poll("slow_down", 10.0))
    seen: list[str] = []
    person: Person = Person(wait.is_told, None, lambda: seen.append(person.display), wait.end)
    person.signs_in(wait)
    assert "every 10 s only" in seen[0]


def test_the_state_line_is_gone_at_the_end() -> None:
    """What follows begins on an empty line, with the keys given back."""
    wait = Wait()
    person = Person(wait.end)
    person.signs_in(wait)
    assert "left, waiting" not in person.display
    assert person.terminal.cursor.x == 0
    assert not person.is_raw


@pytest.mark.parametrize("end", [KeyboardInterrupt(), EOFError()], ids=repr)
def test_ctrl_c_stops_it_at_once(end: BaseException) -> None:
    """Ctrl-C is exit 130; the thread is left alone, stops at its next poll and writes nothing."""
    wait = Wait(Poll("pending"))
    person = Person(wait.is_told, end)
    with pytest.raises(Interrupted) as caught:
        person.signs_in(wait)
    assert caught.value.exit_code == 130
    assert not person.is_raw
    written = person.written
    wait.end()
    assert wait.left.wait(30)
    assert not wait.went_on.is_set()
    assert person.written == written


@pytest.mark.parametrize(
    "failure", [SignInError("the sign-in was denied"), ZeroDivisionError("a bug")], ids=repr
)
def test_what_ends_the_wait_is_raised(failure: Exception) -> None:
    """The thread's failure is the caller's, bugs included."""
    wait = Wait(outcome=failure)
    with pytest.raises(type(failure)) as caught:
        Person(wait.end).signs_in(wait)
    assert caught.value is failure


def test_an_expired_code_is_renewed_by_one_key() -> None:
    """After the expiry one key asks for a new code, which is drawn and waited for."""
    waited: list[str] = []

    def wait(code: Code, on_poll: OnPoll) -> str:
        waited.append(code.user_code)
        if len(waited) == 1:
            raise CodeExpired("the code has expired")
        return "granted"

    class Slow(Person):
        def read(self, _timeout: float, /) -> str | None:
            asked = self.written.endswith("has expired. Enter: a new one. Ctrl-C: stop.\n")
            return "\r" if asked else None

    person = Slow(lines=60)
    assert person.signs_in(wait, Code(), Code("AAAA-BBBB")) == "granted"
    assert waited == ["WDJB-MJHT", "AAAA-BBBB"]
    assert "AAAA-BBBB" in person.display
    assert person.copied == []


def test_ctrl_c_after_the_expiry_stops_it() -> None:
    """The question for a new code can be answered with Ctrl-C."""

    class Leaving(Person):
        def read(self, _timeout: float, /) -> str | None:
            if "has expired" in self.written:
                raise KeyboardInterrupt
            return None

    with pytest.raises(Interrupted):
        Leaving().signs_in(Wait(outcome=CodeExpired("the code has expired")).ended())


# --- without a person ----------------------------------------------------------------------------


def test_without_a_terminal_there_are_lines_and_no_keys() -> None:
    """Code, address and caution are lines; the wait runs where it was called."""
    person = Person(KeyboardInterrupt(), is_terminal=False)
    threads: list[threading.Thread] = []

    def wait(code: Code, on_poll: OnPoll) -> str:
        assert "WDJB-MJHT" in person.written
        threads.append(threading.current_thread())
        on_poll(Poll("pending"))
        return "granted"

    assert person.signs_in(wait) == "granted"
    assert threads == [threading.main_thread()]
    assert person.written.splitlines() == [
        f"Open {PAGE} and type the code WDJB-MJHT",
        "Only if you started this yourself: a code that somebody sent you is a trap.",
    ]


def test_without_a_terminal_an_expired_code_is_the_end() -> None:
    """Nobody is there to press a key."""
    wait = Wait(outcome=CodeExpired("the code has expired")).ended()
    with pytest.raises(CodeExpired):
        Person(is_terminal=False).signs_in(wait)


def test_nothing_is_shown_of_a_code_that_did_not_come() -> None:
    """If the code's request fails, not a character is written."""
    person = Person()

    def request() -> Code:
        raise SignInError("no")

    with pytest.raises(SignInError):
        show_and_wait(person.screen, request, Wait(), open_url=None, copy=person.copy)
    assert person.written == ""


def test_foreign_text_is_made_safe() -> None:
    """An address with a control sequence in it does not reach the terminal as one."""
    hostile: Sequence[Code] = [Code("AB\x1b[2J", "https://e.example/\x1b]0;x\x07")]
    person = Person(is_terminal=False)
    person.signs_in(lambda code, on_poll: "granted", *hostile)
    assert "\x1b" not in person.written


# --- a real terminal -----------------------------------------------------------------------------

PROGRAM = """
import os, sys, time
import httpx
from copilot_cli.auth import device
from copilot_cli.errors import CopilotChatError
from copilot_cli.ui.device_screen import process_screen, show_and_wait

base = sys.argv[1]
screen = process_screen(sys.stdin, sys.stderr, os.environ, person=True, color=True)
with httpx.Client(trust_env=False) as client:
    try:
        grant = show_and_wait(
            screen,
            lambda: device.request_code(client, base, client_id="made up", scope=""),
            lambda code, on_poll: device.wait_for_grant(
                client, base, code, client_id="made up",
                sleep=time.sleep, monotonic=time.monotonic, on_poll=on_poll,
            ),
            open_url=None,
            copy=lambda text: None,
        )
    except CopilotChatError as error:
        sys.exit(error.exit_code)
print("granted", len(grant.token.reveal()))
"""


class LoginHost(ThreadingHTTPServer):
    """Hands out a code, and keeps each poll waiting until `release` is set."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), LoginRequest)
        self.polled, self.release = threading.Event(), threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"


class LoginRequest(BaseHTTPRequestHandler):
    server: LoginHost

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/login/device/code":
            code = {"device_code": "madeUp00000000000000", "user_code": "WDJB-MJHT"}
            self._send({**code, "verification_uri": f"{self.server.url}/login/device"})
            return
        self.server.polled.set()
        assert self.server.release.wait(30)
        with suppress(BrokenPipeError, ConnectionResetError):
            self._send({"access_token": "ghu_madeUpForTests0000000000000000000000"})

    def _send(self, fields: dict[str, str]) -> None:
        body = json.dumps(fields).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def host() -> Iterator[LoginHost]:
    with LoginHost() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.release.set()
        server.shutdown()
        thread.join()


@contextmanager
def at_the_terminal(host: LoginHost) -> Iterator[tuple[Any, list[Any]]]:
    """Run PROGRAM in a pseudo-terminal of 80 by 24 until its first poll has arrived.

    Gives the program, and the attributes that the terminal had before.
    """
    child = pexpect.spawn(
        sys.executable,
        ["-c", PROGRAM, host.url],
        env={
            "TERM": "xterm-256color",
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "PYTHONUTF8": "1",
        },
        dimensions=(24, 80),
        timeout=20,
    )
    child.delaybeforesend = None
    with child:
        before = termios.tcgetattr(child.child_fd)
        assert host.polled.wait(20)
        yield child, before


def shown(child: Any, until: str) -> str:
    """Return what is on the screen of 80 by 24 once `until` is on it, or after 20 seconds."""
    terminal = pyte.Screen(80, 24)
    stream = pyte.ByteStream(terminal)
    while select.select([child.child_fd], [], [], 20)[0]:
        try:
            stream.feed(os.read(child.child_fd, 65536))
        except OSError:  # the program has ended
            break
        display = "\n".join(line.rstrip() for line in terminal.display)
        if until in display:
            return display
    return "\n".join(terminal.display)


posix = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")


@pytest.mark.real
@posix
def test_on_a_real_terminal_the_code_is_seen_while_the_first_poll_is_out(host: LoginHost) -> None:
    """Before the first poll is answered the code is to be seen; then the sign-in goes through."""
    with at_the_terminal(host) as (child, before):
        display = shown(child, "left, waiting")
        assert "WDJB-MJHT" in display
        assert "Only if you started this yourself" in display
        host.release.set()
        assert "granted 40" in shown(child, "granted")
        assert termios.tcgetattr(child.child_fd) == before


@pytest.mark.real
@posix
def test_ctrl_c_on_a_real_terminal_ends_at_once_and_puts_it_back(host: LoginHost) -> None:
    """With a poll that hangs, Ctrl-C is exit 130, and the terminal is as before."""
    with at_the_terminal(host) as (child, before):
        shown(child, "left, waiting")
        assert termios.tcgetattr(child.child_fd) != before
        child.send("\x03")
        child.expect_exact(pexpect.EOF)
        assert termios.tcgetattr(child.child_fd) == before
        child.wait()
        assert child.exitstatus == 130
        assert not host.release.is_set()
