"""Which processes a process has started, and ending it with all of them."""

import os
import subprocess
import sys

import pytest

from copilot_cli.process_tree import descendants, in_session, kill_tree

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


TREE = (
    "import subprocess, sys, threading\n"
    "if len(sys.argv) > 1:\n"
    "    subprocess.Popen([sys.executable, '-c', sys.argv[1], *sys.argv[2:]], stdout=1)\n"
    "print('up', flush=True)\n"
    "threading.Event().wait()\n"
)


def test_children_and_their_children_are_killed() -> None:
    """Their output ends: nobody holds the pipe any more."""
    command = [sys.executable, "-c", TREE, TREE, TREE]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(3)] == [b"up\n"] * 3
        if sys.platform != "win32":
            assert len(descendants(process.pid)) == 2
        kill_tree(process)
        assert process.returncode is not None
        assert process.stdout.read() == b""


def test_one_that_has_ended_is_no_error() -> None:
    """Its number may be another's by now: nothing is sent there."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    kill_tree(process)
    assert process.returncode == 0
