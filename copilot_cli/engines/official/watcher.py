"""What ends a runtime where nothing of ours can run any more (`kill -9`).

The runtime ends by itself, since its input does; one that hangs would stay, and be nobody's. The
SDK starts it, so that no shell can stand between, as in `cli_process.py`: one is put beside it.
"""

import subprocess
import sys
import threading
from contextlib import suppress

from copilot_cli.process_tree import PATIENCE

# The pipe ends without a line where we end without a word: the kernel closes it in every case.
_SHELL = 'read -r line || kill -9 "$1"'


class Watcher:
    """A shell that kills the process `pid` once we are gone, unless it was dismissed.

    On Windows there is none, and neither where there is no shell.
    """

    def __init__(self, pid: int) -> None:
        self._shell: subprocess.Popen[bytes] | None = None
        self._once = threading.Lock()
        if sys.platform != "win32":
            with suppress(OSError):  # no shell, no watch: all else goes on
                self._shell = subprocess.Popen(
                    ["/bin/sh", "-c", _SHELL, "sh", str(pid)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    start_new_session=True,  # Ctrl-C at the terminal is not for it
                )

    def dismiss(self) -> None:
        """Send it away, before the number of the process can become another's."""
        with self._once:
            shell, self._shell = self._shell, None
        if shell is None:
            return
        try:
            shell.communicate(b"\n", PATIENCE)
        except subprocess.TimeoutExpired:
            shell.kill()
            shell.wait()
