"""Commands of the model: what they are given, what is told of them, and that they end."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("shells and signals are POSIX here", allow_module_level=True)

from copilot_cli.messages import ToolCall, ToolResult
from copilot_cli.tools.calling import Calls, Decision
from copilot_cli.tools.commands import running_commands
from copilot_cli.tools.place import Place
from copilot_cli.tools.processes import end, quiet_environ, start
from copilot_cli.tools.running import Running
from copilot_cli.tools.tool import ToolError
from tests.processes import PATIENCE, gone

pytestmark = pytest.mark.real


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    """Run a command in a folder of its own."""
    (tmp_path / "here").touch()
    tool = running_commands(Place(tmp_path), os.environ)
    return lambda command, **more: str(tool.run({"command": command, **more}, Running()))


linux = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="pidfd is Linux's")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("ls", "exit code 0\nhere"),
        (["ls", "-a", "here"], "exit code 0\nhere"),
        ("echo out; echo err >&2; exit 3", "exit code 3\nout\nerr"),
        (["echo", "$HOME; `id` * \n"], "exit code 0\n$HOME; `id` * "),
        ("true", "exit code 0"),
        ("kill -9 $$", "ended by signal 9"),
        ("cat", "exit code 0"),
        ("printf '\\377\\000x'", "exit code 0\n\ufffd\0x"),
        ("nonesuch-program 2>/dev/null", "exit code 127"),
    ],
    ids=str,
)
def test_what_is_told(run: Callable[..., str], command: Any, told: str) -> None:
    """The exit code and what was printed, in the order it came; nothing is on stdin."""
    assert run(command) == told


@pytest.mark.parametrize("command", [["nonesuch-program"], "a\0b", "", [], [" "]], ids=str)
def test_what_cannot_be_started(run: Callable[..., str], command: Any) -> None:
    """In words for the model."""
    with pytest.raises(ToolError, match=r"cannot be started|is empty"):
        run(command)


def test_long_output_keeps_its_beginning_and_its_end(run: Callable[..., str]) -> None:
    """Ten megabytes are not held."""
    told = run("echo first; yes | head -c 10000000; echo last")
    assert told.startswith("exit code 0\nfirst\ny\n")
    assert told.endswith("y\nlast")
    assert "bytes left out" in told
    assert len(told) < 41_000


def test_no_terminal_is_there(run: Callable[..., str]) -> None:
    """A command cannot answer a question of ours, nor ask one."""
    told = run("tty; (: < /dev/tty) 2>/dev/null || echo none")
    assert told.endswith("not a tty\nnone")


def test_nothing_of_ours_and_no_secret_goes_along() -> None:
    """Whatever it is called."""
    given = {
        "PATH": "/bin",
        "HOME": "/home/me",
        "TERM": "xterm",
        "COPILOT_CHAT_HOME": "x",
        "GITHUB_COPILOT_MODEL": "x",
        "_COPILOT_CHAT_COMPLETE": "x",
        "GH_TOKEN": "x",
        "OPENAI_API_KEY": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "PGPASSWORD": "x",
        "MY_TOKEN_FILE": "x",
        "OPENAI_API_KEY_2": "x",
        "WEATHER_APIKEY": "x",
        "MYSQL_PWD": "x",
        "smtp_pass": "x",
        "SSHPASS": "x",
        "MY_PASSPHRASE_FILE": "x",
        "PWD": "/here",
        "OLDPWD": "/there",
        "GPU_BYPASS": "1",
    }
    kept = quiet_environ(given)
    assert {name for name, value in kept.items() if value == "x"} == set()
    assert (kept["PATH"], kept["HOME"], kept["TERM"]) == ("/bin", "/home/me", "dumb")
    assert {"PWD", "OLDPWD", "GPU_BYPASS"} < kept.keys()


def test_the_environment_that_a_command_sees(tmp_path: Path) -> None:
    """That one, and no other."""
    tool = running_commands(Place(tmp_path), {**os.environ, "COPILOT_CHAT_TOKEN": "x", "A": "b"})
    told = str(tool.run({"command": "env"}, Running()))
    assert "\nA=b\n" in f"{told}\n"
    assert "COPILOT" not in told


@linux
def test_what_takes_too_long_is_stopped_with_its_children(run: Callable[..., str]) -> None:
    """What it has printed until then is told."""
    told = run("sleep 1000 & echo $!; sleep 1000", seconds=1)
    first, pid = told.split("\n")
    assert first == "stopped: it took longer than 1 s"
    assert gone(int(pid))


def test_a_command_that_nobody_waits_for_has_not_taken_too_long(tmp_path: Path) -> None:
    """It was stopped by somebody, whatever way it ended."""
    tool, running = running_commands(Place(tmp_path), os.environ), Running()
    running.stop.set()
    assert tool.run({"command": "trap '' TERM; sleep 1000"}, running) == "stopped"


@linux
def test_what_has_left_the_group_is_stopped_with_it(run: Callable[..., str]) -> None:
    """`timeout` makes a group of its own, and so does a shell with job control."""
    told = run("timeout 1000 sh -c 'echo $$; exec sleep 1000'; true", seconds=1)
    first, pid = told.split("\n")
    assert first == "stopped: it took longer than 1 s"
    assert gone(int(pid))


@linux
def test_what_has_left_the_group_does_not_outlive_a_command_that_is_done(
    run: Callable[..., str],
) -> None:
    """Nobody is above it any more, but it is in the same session."""
    begin = "timeout 1000 sh -c 'echo $$ > pid; exec sleep 1000' &"
    told = run(f"{begin} until test -s pid; do sleep 0.05; done; cat pid")
    first, pid = told.split("\n")
    assert first == "exit code 0; what it had left running was stopped"
    assert gone(int(pid))


@linux
def test_a_second_ctrl_c_kills_what_heeds_no_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes while the program is given time to end by itself."""
    process = start("trap '' TERM; echo up; while :; do sleep 1; done", folder=tmp_path, environ={})
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        waits = iter([KeyboardInterrupt()])

        def wait(_: float) -> int:
            raise next(waits)

        monkeypatch.setattr(process, "wait", wait)
        with pytest.raises(KeyboardInterrupt):
            end(process)
        monkeypatch.undo()
        assert process.wait(PATIENCE) == -signal.SIGKILL


@linux
def test_what_heeds_no_signal_is_killed(run: Callable[..., str]) -> None:
    """After a second."""
    told = run("trap '' TERM; echo $$; while :; do sleep 1; done", seconds=1)
    assert told.startswith("stopped")
    assert gone(int(told.split("\n")[1]))


@linux
def test_what_a_command_leaves_behind_is_stopped(run: Callable[..., str]) -> None:
    """Whether it holds on to the output or not."""
    for left in ("sleep 1000 &", "sleep 1000 >/dev/null 2>&1 &"):
        told = run(f"{left} echo $!")
        first, pid = told.split("\n")
        assert first == "exit code 0; what it had left running was stopped"
        assert gone(int(pid))


class Yes:
    def decide(self, *_: Any) -> Decision:
        return Decision(allowed=True)


@linux
def test_ctrl_c_ends_it_before_the_program_goes_on(tmp_path: Path) -> None:
    """The process is gone when the results are closed: the program may end at once."""
    tool = running_commands(Place(tmp_path), os.environ)
    os.mkfifo(tmp_path / "pid")
    command = {"command": "sleep 1000 & echo $! $$ > pid; sleep 1000"}
    results = Calls([tool], Yes()).run([ToolCall("1", tool.name, json.dumps(command))])
    pids: list[int] = []

    def interrupt() -> None:
        pids.extend(map(int, (tmp_path / "pid").read_text().split()))
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    told = next(results)
    assert isinstance(told, ToolResult)
    assert told.output.startswith("The person stopped it")
    with pytest.raises(KeyboardInterrupt):
        next(results)
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


def test_commands_run_one_after_the_other(tmp_path: Path) -> None:
    """In their order."""
    tool = running_commands(Place(tmp_path), os.environ)
    calls = [
        ToolCall(str(number), tool.name, json.dumps({"command": f"echo {number} >> a; cat a"}))
        for number in range(3)
    ]
    results = [each for each in Calls([tool], Yes()).run(calls) if isinstance(each, ToolResult)]
    assert [each.output for each in results] == [
        "exit code 0\n0",
        "exit code 0\n0\n1",
        "exit code 0\n0\n1\n2",
    ]
