"""Programs that a tool starts: in a session of their own, and ended with all they have started.

Rule: a program gets no terminal, nothing on stdin, and none of our variables. What it has started
cannot outlive the call, unless it is in another session and nobody is above it any more, which
services do on purpose.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from copilot_cli.environment import foreign_environ
from copilot_cli.process_tree import descendants, in_session, kill
from copilot_cli.tools.running import Running

_PLAIN = {"TERM": "dumb", "PAGER": "cat", "GIT_PAGER": "cat", "GIT_TERMINAL_PROMPT": "0"}
_GRACE = 1.0  # seconds to end by itself
_LAST_WORDS = 0.5  # seconds for what a program leaves behind to let go of its output
_LOOK = 0.05  # seconds


class Ended(NamedTuple):
    """How a program ended: `code` is None where it was stopped; `left` is what ran on after it."""

    code: int | None
    output: str
    left: bool = False


def quiet_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a program of the model's choice is started with: nothing of ours, no secret."""
    return foreign_environ(environ) | _PLAIN


def start(
    words: Sequence[str] | str,
    *,
    folder: Path,
    environ: Mapping[str, str],
    stdin: int = subprocess.DEVNULL,
    stderr: int = subprocess.STDOUT,
) -> "subprocess.Popen[bytes]":
    """Start a program, or the shell with a line where `words` is one. Raises OSError."""
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    flags |= getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return subprocess.Popen(
        words,
        shell=isinstance(words, str),  # the person has read the line, and agreed
        cwd=folder,
        env=dict(environ),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
        creationflags=flags,
    )


def run(
    process: "subprocess.Popen[bytes]",
    running: Running,
    *,
    seconds: float,
    most: int,
    monotonic: Callable[[], float],
) -> Ended:
    """Wait for `process`, and return how it ended, with at most `most` bytes of what it printed.

    It is ended after so many `seconds`, or when the call is stopped.
    """
    assert process.stdout is not None
    output = _Output(most)
    reader = threading.Thread(target=output.read, args=(process.stdout,), daemon=True)
    deadline = monotonic() + seconds
    with running.ended_by(lambda: end(process)):
        reader.start()
        while process.poll() is None and not running.stop.is_set() and monotonic() < deadline:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK)
        code = process.poll()
        if code is not None:
            reader.join(_LAST_WORDS)
        left = end(process)
        reader.join(_GRACE)
    return Ended(code, output.text(), left and code is not None)


class _Output:
    """The beginning and the end of what a program prints."""

    def __init__(self, most: int) -> None:
        self._half = most // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._count = 0
        self._lock = threading.Lock()

    def read(self, stdout: IO[bytes]) -> None:
        with suppress(OSError, ValueError):  # closed meanwhile
            while data := os.read(stdout.fileno(), 65536):
                self._add(data)

    def _add(self, data: bytes) -> None:
        with self._lock:
            self._count += len(data)
            room = self._half - len(self._head)
            self._head += data[:room]
            self._tail += data[max(0, room) :]
            del self._tail[: -self._half]

    def text(self) -> str:
        with self._lock:
            left_out = self._count - len(self._head) - len(self._tail)
            mark = f"\n[… {left_out:,} bytes left out …]\n".encode() if left_out else b""
            return (self._head + mark + self._tail).decode("utf-8", "replace")


if sys.platform == "win32":

    def end(process: "subprocess.Popen[bytes]") -> bool:
        """End a program with all that it has started."""
        if process.poll() is None:
            kill(process.pid)
            process.kill()
        return False

else:

    def end(process: "subprocess.Popen[bytes]") -> bool:
        """End a program with all that it has started; say whether anything ran.

        That is its session, in which `timeout` and job control make groups of their own, and what
        has left it while who started it is there.
        """
        family = {*in_session(process.pid)}
        if process.poll() is None:
            family |= {*descendants(process.pid)}
        if not _signal(process, family, signal.SIGTERM):
            return False
        try:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE)
        finally:  # a second Ctrl-C makes nobody of them stay
            _signal(process, family, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):  # the kernel does not let go of it
            process.wait(_GRACE)
        return True

    def _signal(process: "subprocess.Popen[bytes]", family: Collection[int], number: int) -> bool:
        """Signal the group, then the others; say whether there was anybody.

        In this order no shell lives long enough to print that its children were terminated.
        """
        anybody = bool(family)
        with suppress(ProcessLookupError, PermissionError):  # macOS: nothing is left but the dead
            os.killpg(process.pid, number)
            anybody = True
        for pid in family:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        return anybody
