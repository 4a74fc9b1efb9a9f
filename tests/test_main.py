"""The program's door: what becomes of an output that takes nothing, and of a bare group."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from copilot_cli import __version__
from copilot_cli.main import main
from tests.wizard_world import World

FULL = Path("/dev/full")
unix = pytest.mark.skipif(sys.platform == "win32", reason="its shell closes streams")
full = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


def run(home: Path, words: str, redirection: str) -> tuple[int, str, str]:
    """Run the program by a shell: exit code, and what came on stdout and stderr."""
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$PYTHON" -m copilot_cli {words} {redirection}'],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHON": sys.executable, "COPILOT_CHAT_HOME": str(home)},
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.real
@unix
@pytest.mark.parametrize("words", ["--version", "--help", "ask --help", "config path", "status"])
@pytest.mark.parametrize("also", ["", "2>&-"], ids=["stdout", "both"])
def test_a_stdout_that_was_closed_from_the_start(tmp_path: Path, words: str, also: str) -> None:
    """As with a reader that is gone: 141, and nothing is said."""
    assert run(tmp_path, words, f">&- {also}") == (141, "", "")


@pytest.mark.real
@unix
def test_a_stderr_that_was_closed_from_the_start(tmp_path: Path) -> None:
    """What is said is lost; answers and exit codes are as ever."""
    assert run(tmp_path, "--version", "2>&-") == (0, f"copilot-chat {__version__}\n", "")
    assert run(tmp_path, "config get nonesuch", "2>&-") == (2, "", "")


@pytest.mark.real
@full
@pytest.mark.parametrize("words", ["--version", "--help", "ask --help", "config path", "status"])
def test_a_stdout_that_is_full(tmp_path: Path, words: str) -> None:
    """One line that says so, exit code 1, and no traceback, not even when Python leaves."""
    said = "error: the output cannot be written: No space left on device\n"
    assert run(tmp_path, words, f"> {FULL}") == (1, "", said)


@pytest.mark.real
@unix
@pytest.mark.parametrize("words", ["--version", "--help"])
def test_a_reader_that_is_gone(tmp_path: Path, words: str) -> None:
    """141, and no complaint."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "copilot_cli", words],
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
        env={**os.environ, "COPILOT_CHAT_HOME": str(tmp_path)},
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@full
def test_a_first_answer_that_cannot_be_written(world: World) -> None:
    """It is no fault of the model's: exit code 1, and the sign-in is kept."""
    with FULL.open("w") as stdout:
        effects = world.build(None).effects
        effects.stdout = stdout
        assert main(("onboard", "--method", "device", "--store", "keyfile"), effects) == 1
    assert "error: the output cannot be written: " in world.stderr.getvalue()
    assert "another" not in world.stderr.getvalue()
    assert 'account = "octocat"' in world.config


@full
@pytest.mark.parametrize("form", [(), ("--json",), ("--events",)], ids=["text", "json", "events"])
def test_an_output_file_that_takes_nothing(world: World, form: tuple[str, ...]) -> None:
    """An error line, and no traceback when the file is closed."""
    world.environ["COPILOT_CHAT_TOKEN"] = world.sim.sign_in()
    code, out, err = world.run("ask", "-m", "sim-echo", "-o", str(FULL), *form, "hello")
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {FULL} cannot be written: ")


@pytest.mark.parametrize("group", ["config", "sessions", "keys"])
def test_a_group_alone_shows_its_help(world: World, group: str) -> None:
    """As it stands in --help, on stderr, and below it what is wrong: exit code 2."""
    code, out, err = world.run(group)
    assert (code, out) == (2, "")
    assert err.startswith(f"Usage: copilot-chat {group} [OPTIONS] COMMAND")
    assert "\nCommands:\n" in err
    assert err.endswith("\n\nerror: no command given\nhint: name one of those above\n")


def test_verbose_reads_no_settings(world: World) -> None:
    """What -v shows needs none: whoever is told of a wrong one is told as without it."""
    world.environ["COPILOT_CHAT_TOKEN"] = world.sim.sign_in()
    file = world.home / "config.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text("color = 'mauve'\n")
    code, out, err = world.run("-v", "ask", "--json", "hello")
    assert (code, json.loads(out)["error"]["kind"]) == (2, "settings")
    assert err.startswith(f"error: {file}:1: color: ")
