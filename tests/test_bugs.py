"""A bug is told with its traceback and without secrets."""

import subprocess
import sys

import pytest

TOKEN = "ghu_madeUpForTests0000000000000000000000"


@pytest.mark.real
@pytest.mark.parametrize(
    "break_it",
    [
        "raise ValueError(text)",
        "import threading as t; r = t.Thread(target=int, args=[text]); r.start(); r.join(); 1/0",
    ],
    ids=["main", "thread"],
)
def test_the_traceback_is_there_and_the_secret_is_not(break_it: str) -> None:
    """Whatever a library put into its exception, the token is not printed."""
    code = f"from copilot_cli.bugs import confess; confess(); text = 'Bearer {TOKEN}'; {break_it}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "ValueError" in done.stderr  # of the thread too
    assert "please report" in done.stderr
    assert TOKEN not in done.stderr
