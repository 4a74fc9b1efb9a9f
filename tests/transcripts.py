"""Reads and plays the transcripts of `tests/sessions/`: whole sessions of the real program.

A transcript is a text file of steps. Lines that start with `#` are comments, and:

    sim fault exchange {"status": 503}     one of the simulator: fault, answer, scenario, revoke
    env NAME=value                         a variable for the commands that follow (empty: unset)
    $ copilot-chat ask hello               a command of its own process; its expectations follow
    < text                                 a line of its standard input (none: /dev/null)
    > text                                 a line of its standard output
    ! text                                 a line of its standard error
    = 3                                    its exit code (none: 0)
    @ exchange chat                        what the simulator was asked during it, in order

`...` in an expected line stands for anything, `{TOKEN}` in a command or its input for a good GitHub
token, `{HOME}` there and in what is expected for the session's folder. Output that is not expected
line by line fails.
Whatever a command prints or leaves on disk is searched for every secret the simulator gave out.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from copilot_cli.simulator import Scenario, Simulator, SimulatorServer

LONGEST = 60.0  # seconds, for a command that would otherwise hang the tests


@dataclass
class Command:
    """One command line and what is expected of it."""

    line: int
    words: str
    stdin: list[str] = field(default_factory=list)
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    code: int = 0
    asked: list[str] | None = None


@dataclass
class Setup:
    """A line that steers the simulator or the environment."""

    line: int
    kind: str
    rest: str


Step = Command | Setup


def read(path: Path) -> list[Step]:
    """Return the steps of the transcript at `path`."""
    steps: list[Step] = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not text.strip() or text.startswith("#"):
            continue
        mark, _, rest = text.partition(" ")
        if mark in {"sim", "env"}:
            steps.append(Setup(number, mark, rest))
        elif mark == "$":
            steps.append(Command(number, rest))
        else:
            command = steps[-1]
            assert isinstance(command, Command), f"{path.name}:{number}: no command before it"
            _expect(command, mark, rest)
    return steps


def _expect(command: Command, mark: str, rest: str) -> None:
    lists = {"<": command.stdin, ">": command.stdout, "!": command.stderr}
    if mark == "=":
        command.code = int(rest)
    elif mark == "@":
        command.asked = rest.split()
    else:
        lists[mark].append(rest)


class Session:
    """One transcript being played, with a simulator and a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.simulator = Simulator(scenario=Scenario(auto_approve="at_once"))
        self.variables: dict[str, str] = {}

    def play(self, path: Path) -> None:
        """Play every step; an AssertionError names the line that did not hold."""
        with SimulatorServer(self.simulator) as server:
            self.variables = {**_bare_environment(), **server.env}
            self.variables |= {
                "COPILOT_CHAT_HOME": str(self.home),
                "COPILOT_CHAT_NO_KEYRING": "1",
                "HOME": str(self.home.parent),
            }
            for step in read(path):
                where = f"{path.name}:{step.line}"
                if isinstance(step, Setup):
                    self._set_up(step)
                else:
                    self._run(step, where)
            assert not self.simulator.unused(), f"{path.name}: {self.simulator.unused()} not used"

    def _set_up(self, step: Setup) -> None:
        if step.kind == "env":
            name, _, value = step.rest.partition("=")
            self.variables[name] = self._filled(value)
            return
        verb, _, rest = step.rest.partition(" ")
        if verb == "fault":
            endpoint, _, options = rest.partition(" ")
            self.simulator.fault(endpoint, **json.loads(options))
        elif verb == "answer":
            self.simulator.answer(**json.loads(rest))
        elif verb == "scenario":
            for name, value in json.loads(rest).items():
                setattr(self.simulator.scenario, name, value)
        elif verb == "revoke":
            for secret in self.simulator.secrets():
                if secret.startswith(rest):
                    self.simulator.revoke(secret)
        else:
            raise AssertionError(f"the simulator has no {verb}")

    def _run(self, step: Command, where: str) -> None:
        words = shlex.split(self._filled(step.words))
        assert words[0] == "copilot-chat", f"{where}: only copilot-chat is run"
        seen = len(self.simulator.log)
        stdin = "".join(f"{self._filled(line)}\n" for line in step.stdin)
        done = subprocess.run(
            [sys.executable, "-m", "copilot_cli", *words[1:]],
            input=stdin.encode(),
            capture_output=True,
            env=self.variables,
            timeout=LONGEST,
            check=False,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        shown = f"{where}\n--- stdout\n{out}\n--- stderr\n{err}"
        assert done.returncode == step.code, (
            f"exit code {done.returncode}, not {step.code}; {shown}"
        )
        _compare(self._placed(step.stdout), out, f"stdout of {shown}")
        _compare(self._placed(step.stderr), err, f"stderr of {shown}")
        if step.asked is not None:
            asked = [entry.endpoint for entry in self.simulator.log[seen:]]
            assert asked == step.asked, f"asked {asked}; {shown}"
        self._look_for_secrets(out + err, shown)

    def _look_for_secrets(self, output: str, where: str) -> None:
        for secret in self.simulator.secrets():
            assert secret not in output, f"a secret was printed: {where}"
            for file in _files(self.home):
                assert secret.encode() not in file.read_bytes(), f"a secret lies in {file}: {where}"

    def _placed(self, lines: list[str]) -> list[str]:
        return [line.replace("{HOME}", str(self.home)) for line in lines]

    def _filled(self, text: str) -> str:
        if "{TOKEN}" in text:
            text = text.replace("{TOKEN}", self.simulator.sign_in())
        return text.replace("{HOME}", str(self.home))


def _compare(expected: list[str], actual: str, where: str) -> None:
    lines = actual.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    pattern = "\n".join(expected)
    regex = re.escape(pattern).replace(r"\.\.\.", ".*")
    assert re.fullmatch(regex, "\n".join(lines), re.S), f"{where}\n--- expected\n{pattern}"


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _bare_environment() -> dict[str, str]:
    kept = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "PYTHONPATH", "LANG")
    return {name: os.environ[name] for name in kept if name in os.environ}
