"""What ends a runtime that hangs while we are killed."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from copilot_cli.engines.official.watcher import Watcher
from copilot_cli.process_tree import descendants

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform == "win32", reason="there is none"),
]

WAITS = "import threading; print('up', flush=True); threading.Event().wait()"

OURS = f"""
import os, signal, subprocess, sys, threading
from copilot_cli.engines.official.watcher import Watcher
process = subprocess.Popen([sys.executable, "-c", {WAITS!r}])
watcher = Watcher(process.pid)
os.kill(process.pid, signal.SIGSTOP)
print("ready", flush=True)
threading.Event().wait()
"""


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that does nothing."""
    with subprocess.Popen([sys.executable, "-c", WAITS], stdout=subprocess.PIPE) as made:
        yield made
        made.kill()


def test_one_that_is_dismissed_does_nothing(process: "subprocess.Popen[bytes]") -> None:
    """The process goes on, and nothing is left of who watched it."""
    before = descendants(os.getpid())
    watcher = Watcher(process.pid)
    (shell,) = set(descendants(os.getpid())) - set(before)
    watcher.dismiss()
    watcher.dismiss()
    assert process.poll() is None
    assert shell not in descendants(os.getpid())


def test_one_that_was_killed_itself_is_dismissed_all_the_same(
    process: "subprocess.Popen[bytes]",
) -> None:
    """Nobody listens at the other end of its pipe."""
    before = descendants(os.getpid())
    watcher = Watcher(process.pid)
    (shell,) = set(descendants(os.getpid())) - set(before)
    os.kill(shell, signal.SIGKILL)
    os.waitid(os.P_PID, shell, os.WEXITED | os.WNOWAIT)
    watcher.dismiss()
    assert process.poll() is None


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="pidfd is Linux's")
def test_a_process_that_hangs_is_killed_with_us() -> None:
    """It is stopped, and cannot see that its input has ended."""
    command = [sys.executable, "-c", OURS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as ours:
        assert ours.stdout is not None
        assert ours.stdout.readline() == "ready\n"
        family = [os.pidfd_open(pid) for pid in descendants(ours.pid)]
        ours.kill()
        for descriptor in family:
            assert select.select([descriptor], [], [], 30)[0]
            os.close(descriptor)
    assert len(family) == 2
