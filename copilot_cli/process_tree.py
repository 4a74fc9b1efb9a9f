"""The processes that a process has started, and ending it with all of them."""

import os
import signal
import subprocess
import sys
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

PATIENCE = 5.0
"""Seconds in which a killed process has to be gone, and a program of the system to answer."""


def descendants(pid: int) -> list[int]:
    """Return the processes that `pid` has started, and those that they have, parents first."""
    children = defaultdict(list)
    for child, parent in _parents():
        children[parent].append(child)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        started = children.get(waiting.pop(), [])
        found += started
        waiting += started
    return found


def in_session(leader: int) -> list[int]:
    """Return the other processes of the session that `leader` began, whoever started them.

    Windows has no sessions of this kind.
    """
    found: list[int] = []
    if sys.platform != "win32":
        for pid, _ in _parents():
            with suppress(OSError):  # it has ended meanwhile
                if pid != leader and os.getsid(pid) == leader:
                    found.append(pid)
    return found


def _parents() -> list[tuple[int, int]]:
    """Return each process of the machine with its parent: from `/proc`, else from `ps`."""
    stats = [_read(path) for path in Path("/proc").glob("[0-9]*/stat")]
    if stats:
        # proc(5): the name is in brackets, and may hold any; the state and the parent follow it.
        fields = [stat.rpartition(")")[2].split() for stat in stats]
        pids = [stat.partition(" ")[0] for stat in stats]
        return [
            (int(pid), int(rest[1]))
            for pid, rest in zip(pids, fields, strict=True)
            if len(rest) > 1
        ]
    with suppress(OSError, subprocess.SubprocessError):
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid="],
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        ).stdout
        pairs = [line.split() for line in listed.splitlines()]
        return [(int(pair[0]), int(pair[1])) for pair in pairs if len(pair) == 2]
    return []


def _read(path: Path) -> str:
    with suppress(OSError):  # it has ended meanwhile
        return path.read_text("utf-8", "replace")
    return ""


def kill(pid: int) -> None:
    """Kill `pid` with all that it has started; it must not be reaped yet, or may be another's.

    Children first stay: a parent that is gone hands them to init, and nobody finds them any more.
    """
    if sys.platform == "win32":
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run(
                ["taskkill", "/PID", str(pid), "/T", "/F"],
                check=False,
                capture_output=True,
                timeout=PATIENCE,
            )
    else:
        for each in (pid, *descendants(pid)):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(each, signal.SIGKILL)


def kill_tree(process: "subprocess.Popen[bytes]") -> None:
    """Kill `process` and all that it has started, and reap it.

    Raises `subprocess.TimeoutExpired` where it does not go (it hangs in the kernel).
    """
    if process.poll() is None:  # it keeps its number until it is reaped, which is done below
        kill(process.pid)
    process.wait(PATIENCE)
