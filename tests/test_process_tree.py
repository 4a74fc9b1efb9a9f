"""Which processes a process has started."""

import os
import subprocess
import sys

import pytest

from copilot_cli.process_tree import descendants

pytestmark = pytest.mark.real


def test_nobody_else_is_a_descendant() -> None:
    """A process without children has none."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert descendants(process.pid) == []
        assert process.pid in descendants(os.getpid()) or sys.platform == "win32"
        process.kill()
