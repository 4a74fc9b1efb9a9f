"""Ending a process with its children, and waiting until it is gone."""

import os
import signal
import subprocess
import sys
from contextlib import suppress

from copilot_cli.process_tree import descendants, taskkill

PATIENCE = 5.0
"""Seconds in which a killed process has to be gone."""


def kill_tree(process: "subprocess.Popen[bytes]") -> None:
    """Kill `process` and all that it has started, and reap it.

    Children first stay: a parent that is gone hands them to init, and nobody finds them any more.
    Raises `subprocess.TimeoutExpired` where it does not go (it hangs in the kernel).
    """
    if sys.platform == "win32":
        taskkill(process.pid)
    else:
        # Nothing is gone between the list and the signals that matters: a process that is not yet
        # reaped keeps its number, and ours is not reaped before the wait below.
        family = [process.pid, *descendants(process.pid)] if process.poll() is None else []
        for pid in family:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
    process.wait(PATIENCE)
