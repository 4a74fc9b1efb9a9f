"""docs/simulator.md names what there is, and its examples run."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from copilot_cli.simulator import Scenario, Simulator, SimulatorServer, control
from copilot_cli.simulator.catalogue import listing, models
from copilot_cli.simulator.framing import QUIRKS
from copilot_cli.simulator.refusals import REFUSALS
from copilot_cli.simulator.scenario import ENDPOINTS

PAGE = (Path(__file__).parent.parent / "docs" / "simulator.md").read_text("utf-8")


def section(title: str) -> str:
    """What stands under a heading, down to the next of any level."""
    found = re.search(rf"(?ms)^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", PAGE)
    assert found
    return found[1]


def refusals() -> dict[str, int]:
    """The statuses that the page gives the refusals, by their names."""
    rows = re.findall(r"(?m)^\| (\d+) \| (.*) \|$", section("Faults"))
    return {name: int(status) for status, names in rows for name in re.findall(r"`([^`]+)`", names)}


def named(table: str) -> set[str]:
    """The names in the first column of every table row."""
    cells = re.findall(r"(?m)^\| (`[^|]+) \|", table)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def block(language: str) -> str:
    """The page's first fenced block of a language."""
    found = re.search(rf"(?ms)^```{language}\n(.*?)^```", PAGE)
    assert found
    return found[1]


def test_models() -> None:
    """Every listed model is described."""
    listed = {item["id"] for item in listing(models(), broken=False)["data"]}
    assert named(section("Models")) == listed


def test_quirks() -> None:
    """Every quirk is described in its own words."""
    rows = dict(
        re.findall(r"(?m)^\| `(\w+)` \| (.*) \|$", section("Answers").split("| quirk |")[1])
    )
    assert rows == QUIRKS


def test_scenario_fields() -> None:
    """Every field of the scenario is described."""
    assert named(section("Scenario")) == {field.name for field in fields(Scenario)}


@pytest.mark.parametrize("part", ["Faults", "Answers"])
def test_keys_of_scripts(part: str) -> None:
    """Every key of a fault and of an answer is described."""
    known = set(control.FAULT if part == "Faults" else control.ANSWER) - {"endpoint"}
    assert named(section(part).split("| quirk |")[0]) == known


def test_endpoints() -> None:
    """The endpoints that can fail are named."""
    first = section("Faults").strip().split("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", first)) == {"endpoint", *ENDPOINTS}


def test_refusals() -> None:
    """Every refusal is named with its status."""
    assert refusals() == {name: refusal.status for name, refusal in REFUSALS.items()}


def test_keys_of_other_providers() -> None:
    """The page names the keys that are taken."""
    assert all(f"`{key}`" in section("Other providers") for key in Scenario().keys.values())


@pytest.mark.real
def test_variables() -> None:
    """The variables of `env` are named (those that come in two spellings, once)."""
    with SimulatorServer(Simulator()) as server:
        assert {name.upper() for name in server.env} <= set(re.findall(r"`(\w+)`", PAGE))


@pytest.mark.real
@pytest.mark.parametrize("code", re.findall(r"(?ms)^```python\n(.*?)^```", PAGE))
def test_python_examples(tmp_path: Path, code: str) -> None:
    """The examples in Python run as they stand."""
    example = tmp_path / "example.py"
    example.write_text(code)
    root = Path(__file__).parent.parent
    subprocess.run([sys.executable, example], check=True, env={"PYTHONPATH": str(root)})


@pytest.mark.real
@pytest.mark.skipif(
    sys.platform == "win32" or not all(map(shutil.which, ("bash", "curl"))),
    reason="needs bash and curl",
)
def test_shell_example(tmp_path: Path) -> None:
    """The example in shell runs as it stands, with this checkout as the command."""
    program = tmp_path / "bin" / "copilot-chat"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m copilot_cli "$@"\n')
    program.chmod(0o755)
    root = Path(__file__).parent.parent
    run = subprocess.Popen(
        ["bash", "-euc", block("sh")],
        cwd=tmp_path,
        env={"PATH": f"{program.parent}:/usr/bin:/bin", "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = run.communicate(timeout=60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)  # the example's simulator, had it gone wrong
    assert (run.returncode, '"login": "mona"' in said) == (0, True), said
