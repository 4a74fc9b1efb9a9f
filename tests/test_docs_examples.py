"""What the documentation shows is what happens: its shell blocks run, its JSON has that shape."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from copilot_cli.effects import Effects
from copilot_cli.main import main
from copilot_cli.simulator import Scenario, Simulator, SimulatorServer
from tests.pages import ROOT, blocks, read

SIGN_IN = ("onboard", "--yes", "--store", "keyfile", "--no-verify")
MINUTE = 60


class Done(NamedTuple):
    """How a run ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """Give the test runner its signals back: the program sets its own."""
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.getsignal(getattr(signal, name)) for name in names}
    yield
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)


@pytest.fixture
def simulator() -> Simulator:
    """A simulator that approves every sign-in."""
    return Simulator(Scenario(auto_approve="at_once"))


Run = Callable[..., Done]


@pytest.fixture
def run(simulator: Simulator, tmp_path: Path) -> Run:
    """Run the program in this process against the simulator, signed in, in a home of its own."""
    environ = {"COPILOT_CHAT_HOME": str(tmp_path / "home"), "COPILOT_CHAT_NO_KEYRING": "1"}

    def once(*args: str, **more: str) -> Done:
        out, err = io.StringIO(), io.StringIO()
        effects = Effects(
            environ={**environ, **more},
            stdin=io.TextIOWrapper(io.BytesIO()),
            stdout=out,
            stderr=err,
            transport=simulator.transport(),
        )
        return Done(main(args, effects), out.getvalue(), err.getvalue())

    signed_in = once(*SIGN_IN)
    assert signed_in.code == 0, signed_in.err
    return once


# -- the shell's blocks ----------------------------------------------------------------------

SHELL = list(blocks("sh"))


@pytest.fixture(scope="module")
def served() -> Iterator[SimulatorServer]:
    """A simulator on real sockets."""
    with SimulatorServer(Simulator(Scenario(auto_approve="at_once"))) as server:
        yield server


@pytest.fixture(scope="module")
def shell(
    served: SimulatorServer, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, Path], Done]:
    """Run a text in bash, in a folder with things to ask about, by somebody who is signed in."""
    programs, template = tmp_path_factory.mktemp("bin"), tmp_path_factory.mktemp("home")
    program = programs / "copilot-chat"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m copilot_cli "$@"\n')
    program.chmod(0o755)
    environ = {
        **served.env,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "COPILOT_CHAT_NO_KEYRING": "1",
        "LANG": "C.UTF-8",
    }

    def bash(text: str, home: Path) -> Done:
        folder = home / "work"
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=folder,
            env={**environ, "HOME": str(home)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=MINUTE,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    made = bash(
        f"copilot-chat {' '.join(SIGN_IN)}; echo 'line 7: no such file' > build.log;"
        "git init --quiet; echo one > hello.py; git add hello.py; echo two > hello.py",
        template,
    )
    assert made.code == 0, made.err

    def in_a_copy(text: str, home: Path) -> Done:
        shutil.copytree(template, home, dirs_exist_ok=True)
        return bash(text, home)

    return in_a_copy


@pytest.mark.real
@pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "git", "curl"))) or sys.platform == "win32",
    reason="the blocks need bash, git and curl",
)
@pytest.mark.parametrize("block", SHELL, ids=lambda block: block.name)
def test_every_shell_block_runs(
    block: Any, shell: Callable[[str, Path], Done], tmp_path: Path
) -> None:
    """Each block, in a home of its own and signed in to the simulator, ends with 0."""
    done = shell(block.text, tmp_path)
    assert done.code == 0, f"{done.out}\n{done.err}"
    assert "Traceback" not in done.err


# -- JSON ------------------------------------------------------------------------------------

JSON_PAGE = ROOT / "docs" / "json.md"
FREE = {".prices", ".value", ".parameters"}  # of the service's, a setting's and a tool's own shape


def examples(heading: str) -> list[Any]:
    """Return the JSON values in the section with this heading; a block of lines is several."""
    text = JSON_PAGE.read_text(encoding="utf-8")
    section = re.split(r"^## ", text.partition(f"## {heading}\n")[2], maxsplit=1, flags=re.M)[0]
    found = []
    for block in re.findall(r"^```json\n(.*?)^```", section, re.M | re.S):
        if re.search(r"^\{.*\}\n\{", block, re.M):
            found += [json.loads(line) for line in block.splitlines()]
        else:
            found.append(json.loads(block))
    assert found, f"no example under {heading}"
    return found


def differences(shown: Any, real: Any, where: str = "") -> Iterator[str]:
    """Yield where names or types of `real` are not those that are `shown`; null fits anything."""
    if shown is None or real is None or where in FREE or where.endswith(tuple(FREE)):
        return
    if _kind(shown) != _kind(real):
        yield f"{where}: {_kind(shown)} is shown, {_kind(real)} came"
    elif isinstance(shown, dict):
        for name in sorted(shown.keys() ^ real.keys()):
            yield f"{where}.{name}: {'shown only' if name in shown else 'not shown'}"
        for name in shown.keys() & real.keys():
            yield from differences(shown[name], real[name], f"{where}.{name}")
    elif isinstance(shown, list) and shown:
        for item in real:
            yield from differences(shown[0], item, f"{where}[]")


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else type(value).__name__


@pytest.mark.parametrize(
    ("shown", "real", "fault"),
    [
        ({"a": 1}, {"a": 1.5}, []),
        ({"a": 1}, {"a": None}, []),
        ({"a": 1}, {"a": True}, [".a: number is shown, boolean came"]),
        ({"a": [{"b": "x"}]}, {"a": [{"c": "x"}]}, [".a[].b: shown only", ".a[].c: not shown"]),
    ],
)
def test_another_shape_would_be_found(shown: Any, real: Any, fault: list[str]) -> None:
    """The tests below can fail."""
    assert list(differences(shown, real)) == fault


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("models --json", 0),
        ("status --json", 0),
        ("accounts --json", 0),
        ("usage --json", 0),
        ("sessions list --json", 0),
        ("sessions show --json", 0),
        ("sessions search --json hello", 0),
        ("sessions rename --json Greetings", 0),
        ("sessions path --json", 0),
        ("sessions delete --json --yes hello", 0),
        ("config list --json", 0),
        ("config path --json", 0),
        ("keys status --json", 0),
        ("doctor --json", 0),
        ("tools list --json", 0),
    ],
)
def test_json_is_as_the_page_shows_it(command: str, code: int, run: Run) -> None:
    """Names and types of what each command prints are those of its example."""
    assert run("ask", "-m", "sim-reason", "hello").code == 0
    done = run(*command.split(), GH_TOKEN="ghu_madeUpForTests0000000000000000000000")
    assert done.code == code
    assert done.json()
    heading = f"`{command.partition('--json')[0]}--json`"
    assert list(differences(examples(heading)[0], done.json())) == []


def test_json_of_runtimes_is_as_the_page_shows_it(run: Run) -> None:
    """What each command of `engine` prints: tests/test_commands_engine.py has it with a runtime."""
    shown = examples("`engine status --json`")[0]
    done = run("engine", "status", "--json")
    assert (done.code, set(done.json())) == (2, set(shown))
    assert run("engine", "remove", "--all", "--yes", "--json").json() == {"removed": [], "freed": 0}


def test_json_of_one_setting_is_as_the_page_shows_it(run: Run) -> None:
    """`config get` has the page's value, too."""
    assert run("config", "get", "retries", "--json").json() == examples("`config get --json`")[0]


def test_json_of_an_answer_is_as_the_page_shows_it(run: Run) -> None:
    """Of a whole answer every figure is there that the example has."""
    shown, refused = examples("`ask --json`")
    answered = run("ask", "--json", "-m", "sim-echo", "hello").json()
    assert list(differences(shown, answered)) == []
    assert {name for name in shown if shown[name] is None} == {"error"}
    assert {name for name in shown if answered[name] is None} == {"error"}
    failed = run("ask", "--json", "-m", "sim-gone", "hello")
    assert list(differences(refused, failed.json())) == []
    assert failed.json()["error"]["exit_code"] == failed.code == 4


def test_json_lines_are_as_the_page_shows_them(simulator: Simulator, run: Run) -> None:
    """Every type of line comes, and has the names and types of its example."""
    shown = {line["type"]: line for line in examples("`ask --events`")}
    simulator.answer(text="hello", reasoning="hm", tool_calls=[("list_files", "{}")])
    simulator.answer(text="bye", finish="length")
    simulator.fault("chat", status=503, headers={"retry-after": "0"})
    tool = ("--tool", "list_files", "--allow", "list_files")
    done = run("ask", "--events", "-m", "sim-reason", *tool, "hello")
    assert done.code == 7
    came = [json.loads(line) for line in done.out.splitlines()]
    assert [fault for line in came for fault in differences(shown[line["type"]], line)] == []
    assert {line["type"] for line in came} == shown.keys()


@pytest.mark.real
def test_json_of_the_simulator_is_as_the_page_shows_it() -> None:
    """The first line names the addresses, and the variables of the page."""
    command = [sys.executable, "-m", "copilot_cli", "simulator", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
        finally:
            process.terminate()
    assert process.returncode == 0
    assert list(differences(examples("`simulator --json`")[0], json.loads(line))) == []


# -- files -----------------------------------------------------------------------------------


def files(home: Path) -> set[str]:
    return {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}


def test_the_page_on_privacy_names_every_file(run: Run, tmp_path: Path) -> None:
    """What is on disk after the sign-in, an answer and a look at the models is on the page."""
    assert run("ask", "-m", "sim-echo", "hello").code == 0
    assert run("models").code == 0
    made = {name for name in files(tmp_path / "home") if not name.endswith(".lock")}
    spans = set(read(ROOT / "docs" / "privacy.md").spans())
    tokens = {name for name in made if name.startswith("cache/token")}
    assert tokens
    names = {re.sub("-[0-9a-f]{16}", "-*", name.removeprefix("cache/")) for name in made - tokens}
    assert names <= spans


def test_leaving_leaves_nothing(run: Run, tmp_path: Path) -> None:
    """After the command that the page names, the home is gone with all that was in it."""
    assert run("ask", "-m", "sim-echo", "hello").code == 0
    assert run("models").code == 0
    command = "logout --all --purge --yes"
    assert f"copilot-chat {command}\n" in (ROOT / "docs" / "privacy.md").read_text("utf-8")
    assert run(*command.split()).code == 0
    assert not (tmp_path / "home").exists()
