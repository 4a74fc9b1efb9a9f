"""Ending a process with all that it has started."""

import subprocess
import sys

import pytest

from copilot_cli.engines.official.process import kill_tree
from copilot_cli.process_tree import descendants

pytestmark = pytest.mark.real

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
