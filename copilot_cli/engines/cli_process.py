"""One run of a foreign program: its lines as they come, and an end of it whatever becomes of us.

The program, all that it starts and its folder are to be gone when we are, even if nothing of ours
can run any more (`kill -9`). On POSIX a shell stands between: it waits for the program with one
hand and for the end of its own stdin with the other, and the kernel closes that pipe in every
case. A program that is merely handed a pipe would have to look at it, and this one does not: the
end of its stdin is the end of the prompt. On Windows a job object does the same.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple, Self

from copilot_cli.errors import CopilotChatError
from copilot_cli.process_tree import PATIENCE, descendants, kill_tree

MAX_LINE = 32 * 1024 * 1024
"""The most bytes of one line; a program that writes more is broken or hostile."""

MAX_ERRORS = 8 * 1024
"""The bytes that are kept of what the program says on stderr: the first ones."""

_SLICE = 0.25
"""Seconds of one wait: on Windows Ctrl-C is heard between two of them."""

_AHEAD = 16
"""Lines that are read before anybody asks for them."""

# The prompt is a file, since the stdin of the shell is what tells it of our end. `kill 0` is the
# whole group, the shell with it; its parent is us, so nothing is left for anybody to reap.
_SHELL = """\
exec 3<&0 </dev/null
prompt=$1 folder=$2
shift 2
"$@" <"$prompt" 3<&- &
program=$!
{ read -r line <&3; kill -9 "$program"; rm -rf -- "$folder"; kill -9 0; } >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait "$program"
code=$?
{ kill -9 "$watch"; wait "$watch"; } 2>/dev/null
exit "$code"
"""


class Silence(Exception):  # noqa: N818 - it is what happened
    """Nothing came in time."""


class Run(NamedTuple):
    """What to start: `stdin` is a file, `folder` is removed if we end before the program does."""

    argv: Sequence[str]
    stdin: Path
    folder: Path
    cwd: Path
    environ: Mapping[str, str]


class Process:
    """A context in which the program runs; it does not outlive it, nor us."""

    def __init__(self, run: Run) -> None:
        """Start it. Raises `OSError` where that cannot be."""
        self._lines: queue.Queue[bytes | None] = queue.Queue(_AHEAD)
        self._stopped = threading.Event()
        self._errors = bytearray()
        self._too_long = False
        self._process = _started(run)
        self._readers = [
            threading.Thread(target=reader, args=(stream,), daemon=True)
            for reader, stream in (
                (self._read, self._process.stdout),
                (self._read_errors, self._process.stderr),
            )
        ]
        for reader in self._readers:
            reader.start()

    def lines(self, left: Callable[[], float]) -> Generator[bytes]:
        """Yield what it writes, line by line, until it closes its stdout.

        `left` returns how many seconds the next line may take. Raises `Silence` where it takes
        longer, and `CopilotChatError` for a line that has no end.
        """
        while (line := self._next(left)) is not None:
            yield line
        if self._too_long:
            raise CopilotChatError("the copilot command writes a line without an end; stopped")

    def _next(self, left: Callable[[], float]) -> bytes | None:
        while True:
            seconds = left()
            try:
                return self._lines.get(timeout=max(0.0, min(seconds, _SLICE)))
            except queue.Empty:
                if seconds <= _SLICE:
                    raise Silence from None

    def code(self, seconds: float) -> int | None:
        """Return its exit code, None where it runs on after `seconds`.

        A signal is 128 and its number, as in a shell.
        """
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return 128 - code if code < 0 else code

    @property
    def errors(self) -> str:
        """What it said on stderr: the start of it."""
        self._readers[1].join(_SLICE)
        return bytes(self._errors).decode("utf-8", "replace")

    def stop(self) -> None:
        """Kill it with all that it has started, and wait until that is gone."""
        self._stopped.set()
        if sys.platform == "win32":
            kill_tree(self._process)
        else:
            self._kill_group()
        for reader, stream in zip(
            self._readers, (self._process.stdout, self._process.stderr), strict=True
        ):
            reader.join(1.0)
            if stream is not None and not reader.is_alive():
                stream.close()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _kill_group(self) -> None:
        """Kill the group, with what has left it; the list comes first, while parents are known.

        The number cannot have become that of another group: it is ours until it is reaped, and a
        group whose leader is gone keeps it for as long as it has members.
        """
        pid = self._process.pid
        family = descendants(pid) if self._process.returncode is None else []
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        for each in family:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(each, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)

    def _read(self, stream: IO[bytes]) -> None:
        while line := stream.readline(MAX_LINE + 1):
            if len(line) > MAX_LINE:
                self._too_long = True
                break
            self._put(line)
        self._put(None)

    def _put(self, line: bytes | None) -> None:
        while not self._stopped.is_set():
            with suppress(queue.Full):
                self._lines.put(line, timeout=_SLICE)
                return

    def _read_errors(self, stream: IO[bytes]) -> None:
        while chunk := stream.read1(64 * 1024):  # type: ignore[attr-defined] # it is buffered
            self._errors += chunk[: MAX_ERRORS - len(self._errors)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()


def _started(run: Run) -> "subprocess.Popen[bytes]":
    if sys.platform == "win32":
        from copilot_cli.engines.cli_job import started

        with run.stdin.open("rb") as stdin:
            return started(run, stdin)
    return subprocess.Popen(
        ["/bin/sh", "-c", _SHELL, "sh", str(run.stdin), str(run.folder), *run.argv],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=run.cwd,
        env=dict(run.environ),
        start_new_session=True,
    )
