"""Ending a process with its children, and waiting until it is gone."""

import subprocess

from copilot_cli.process_tree import kill

PATIENCE = 5.0
"""Seconds in which a killed process has to be gone."""


def kill_tree(process: "subprocess.Popen[bytes]") -> None:
    """Kill `process` and all that it has started, and reap it.

    Raises `subprocess.TimeoutExpired` where it does not go (it hangs in the kernel).
    """
    if process.poll() is None:  # it keeps its number until it is reaped, which is done below
        kill(process.pid)
    process.wait(PATIENCE)
