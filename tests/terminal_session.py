"""The real program at a pseudo-terminal, with a simulator: what a person types, and what is shown.

Nothing sleeps: `shows` reads from the terminal until the text is there, or fails at a deadline.
"""

import os
import re
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Self

import pexpect
import pyte

from copilot_cli.simulator import Scenario, Simulator, SimulatorServer

PATIENCE = 20.0  # seconds, for a machine that has other things to do
DOWN, UP = "\x1b[B", "\x1b[A"
CTRL_C, CTRL_D = "\x03", "\x04"
_WAITING = re.compile(r"^\(\+\d+, [^()]*\) ")  # what goes along, left of the prompt


def _heed_hang_up() -> None:
    """Let SIGHUP end the child, even where the tests run under `nohup`, which children inherit."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


# The shell outlives Ctrl-C, and says whether the terminal is as it was.
_FRAME = (
    'trap : INT TERM; before=$(stty -g); "$@"; code=$?; '
    '[ "$(stty -g)" = "$before" ] && echo "[terminal whole]" || echo "[terminal broken]"; '
    "exit $code"
)
_FED = _FRAME.replace('"$@";', '"$@" < "$TEST_STDIN";')


class Place:
    """A machine of its own: a simulator on real sockets, a home, an environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "copilot"
        self.simulator = Simulator(scenario=Scenario(interval=1))
        self.server = SimulatorServer(self.simulator)
        self.environ: dict[str, str] = {}

    def __enter__(self) -> Self:
        self.server.start()
        self.environ = {
            **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
            **self.server.env,
            "COPILOT_CHAT_HOME": str(self.home),
            "COPILOT_CHAT_NO_KEYRING": "1",
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "TERM": "xterm-256color",
        }
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()

    def sign_in_by_variable(self, model: str = "sim-echo") -> None:
        """Have a good token, and a model, in the environment: no wizard is needed."""
        self.environ["COPILOT_CHAT_TOKEN"] = self.simulator.sign_in()
        self.environ["COPILOT_CHAT_MODEL"] = model

    def run(self, *words: str, columns: int = 80, lines: int = 24, **environ: str) -> "Session":
        """Start `copilot-chat` with `words` at a terminal of that size.

        A file named in `TEST_STDIN` is its standard input.
        """
        return Session(words, {**self.environ, **environ}, columns, lines)

    def asked(self, endpoint: str) -> list[Any]:
        """What the simulator was asked of `endpoint`."""
        return [entry for entry in self.simulator.log if entry.endpoint == endpoint]

    def rows(self) -> list[tuple[str, str, str]]:
        """Role, state and text of every turn that is in the database; it must be sound."""
        query = (
            "SELECT role, state, (SELECT group_concat(text, '') FROM parts WHERE turn_id = turns.id"
            " ORDER BY position) FROM turns ORDER BY id"
        )
        with closing(sqlite3.connect(self.home / "conversations.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return [(role, state, text or "") for role, state, text in database.execute(query)]

    def files(self) -> set[str]:
        """The files under the home, by their path in it; those of no content left out."""
        found = (path for path in self.home.rglob("*") if path.is_file())
        return {str(path.relative_to(self.home)) for path in found if path.stat().st_size}


class Session:
    """One run of the program, and the terminal it is seen on."""

    def __init__(
        self,
        words: tuple[str, ...],
        environ: dict[str, str],
        columns: int,
        lines: int,
        module: str = "copilot_cli",
    ) -> None:
        self.terminal = pyte.HistoryScreen(columns, lines, history=10_000, ratio=0.5)
        self._stream = pyte.ByteStream(self.terminal)
        frame = _FED if "TEST_STDIN" in environ else _FRAME
        command = ["-c", frame, "sh", sys.executable, "-m", module, *words]
        self._child: Any = pexpect.spawn(
            "sh",
            command,
            env=environ,
            dimensions=(lines, columns),
            timeout=PATIENCE,
            preexec_fn=_heed_hang_up,
        )
        self._child.delaybeforesend = None
        self.raw = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.close(force=True)

    @property
    def lines(self) -> list[str]:
        """Every line that was shown, the scrollback first, without the spaces at their ends."""
        columns = range(self.terminal.columns)
        above = ["".join(line[x].data for x in columns) for line in self.terminal.history.top]
        return [line.rstrip() for line in (*above, *self.terminal.display)]

    @property
    def text(self) -> str:
        """All that was shown as one line of words, so that it does not matter where lines break."""
        return " ".join(" ".join(self.lines).split())

    def types(self, text: str | bytes) -> Self:
        """Press keys; Enter is a carriage return."""
        self._child.send(text)
        return self

    def terminate(self) -> Self:
        """Send SIGTERM, as a system that shuts down does."""
        os.killpg(os.getpgid(self._child.pid), signal.SIGTERM)
        return self

    def resize(self, columns: int, lines: int) -> Self:
        """Change the terminal's size, as a person who drags the window's corner."""
        self.terminal.resize(lines, columns)
        self._child.setwinsize(lines, columns)
        return self

    def shows(self, *texts: str) -> Self:
        """Wait until each of `texts` is on the screen or in the scrollback."""
        return self.until(lambda: all(text in self.text for text in texts), texts)

    def asks(self, question: str, number: int) -> Self:
        """Wait until `question` was asked for the `number`-th time: keys before it are lost."""
        return self.until(lambda: self.text.count(question) >= number, f"{question} ({number})")

    def prompts(self, number: int = 1) -> Self:
        """Wait for the chat's prompt, empty, the `number`-th since the beginning.

        What stands far to its right is the meter.
        """

        return self.until(
            lambda: sum(line.startswith(">") for line in self.lines) >= number and self._ready,
            f"prompt {number}",
        )

    def prompts_below(self, row: int) -> Self:
        """Wait for the chat's prompt, empty, somewhere below `row` (see `row`)."""
        return self.until(lambda: self.row > row and self._ready, f"a prompt below {row}")

    @property
    def row(self) -> int:
        """The row of the cursor, counted from the beginning of the scrollback."""
        return len(self.terminal.history.top) + self.terminal.cursor.y

    @property
    def _ready(self) -> bool:
        cursor = self.terminal.cursor
        row = self.terminal.display[cursor.y]
        prompt = _WAITING.sub("", row[: cursor.x]).strip()
        return prompt == ">" and not row[cursor.x : cursor.x + 4].strip()

    def until(self, holds: Callable[[], bool], wanted: object) -> Self:
        """Read until `holds`; `wanted` is what the failure says."""
        end = time.monotonic() + PATIENCE
        for _ in self._pieces():
            if holds():
                return self
            assert time.monotonic() < end, self._failure(f"{wanted} was never shown")
        assert holds(), self._failure(f"the program ended before it showed {wanted}")
        return self

    def ends(self, code: int) -> Self:
        """Wait for the end; the exit code must be `code`, and the terminal as it was."""
        end = time.monotonic() + PATIENCE
        for _ in self._pieces():
            assert time.monotonic() < end, self._failure("the program does not end")
        self._child.close()
        assert self._child.exitstatus == code, self._failure(f"exit code {self._child.exitstatus}")
        assert "[terminal whole]" in self.text, self._failure("the terminal is not whole")
        assert not self.terminal.cursor.hidden
        return self

    def _pieces(self) -> Iterator[None]:
        """Feed the terminal with what comes; yields at once, and after each read, until the end."""
        yield
        while True:
            try:
                with suppress(pexpect.TIMEOUT):
                    self._feed(self._child.read_nonblocking(65536, timeout=0.2))
            except pexpect.EOF:
                # pexpect may see the end of the program before it has read its last words.
                with suppress(OSError):
                    while piece := os.read(self._child.child_fd, 65536):
                        self._feed(piece)
                return
            yield

    def _feed(self, piece: bytes) -> None:
        self.raw += piece
        self._stream.feed(piece)

    def _failure(self, what: str) -> str:
        shown = "\n".join(self.lines)
        return f"{what}; the terminal:\n{shown}"
