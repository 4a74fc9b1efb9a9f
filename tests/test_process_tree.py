"""Which processes a process has started."""

import os
import subprocess
import sys

import pytest

from copilot_cli.process_tree import descendants, in_session

pytestmark = pytest.mark.real


def test_nobody_else_is_a_descendant() -> None:
    """A process without children has none."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert descendants(process.pid) == []
        assert process.pid in descendants(os.getpid()) or sys.platform == "win32"
        process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="sessions are POSIX")
def test_a_session_is_whoever_is_in_it_but_its_leader() -> None:
    """Also one that nobody is above of any more."""
    script = "import os, sys; os.fork() or print('up', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        (child,) = in_session(process.pid)
        assert child in descendants(process.pid)
        process.kill()
        process.wait()
        assert in_session(process.pid) == [child]
