"""What starting costs, as sets of modules and never as seconds."""

import subprocess
import sys

import pytest

HEAVY = {
    "httpx",
    "rich",
    "questionary",
    "prompt_toolkit",
    "keyring",
    "cryptography",
    "sqlite3",
    "asyncio",
    "tomlkit",
    "filelock",
    "segno",
    "pyperclip",
    "jsonschema",
    "click",
}


def loaded(code: str, *args: str) -> set[str]:
    """Return the top-level modules that are loaded after `code`."""
    show = "import sys; print('\\n'.join({m.partition('.')[0] for m in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{show}", *args],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.real
def test_importing_the_program_loads_nothing_heavy() -> None:
    """The door imports typer and ourselves; each library waits for the one who needs it."""
    assert loaded("import copilot_cli.main") & HEAVY == set()


@pytest.mark.real
@pytest.mark.parametrize("words", [["--help"], ["ask", "--help"], ["config", "path"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    """Help and local commands need neither network nor terminal libraries."""
    code = f"from copilot_cli.main import main; import io, sys; main({words!r})"
    assert loaded(code) & HEAVY == set()


@pytest.mark.real
def test_the_plain_path_needs_no_rich() -> None:
    """The writer for a pipe is made without importing rich."""
    assert "rich" not in loaded("import copilot_cli.ui.stream, copilot_cli.ui.report")


@pytest.mark.real
def test_the_collector_stays_out_of_the_way() -> None:
    """It looks through nothing while the program starts, and takes nothing apart when it ends."""
    code = (
        "import gc, sys; from contextlib import suppress; from copilot_cli.__main__ import start\n"
        "assert 'typer' not in sys.modules\n"
        "with suppress(SystemExit): start()\n"
        "assert gc.get_threshold()[0] >= 100_000 and gc.get_freeze_count() > 0"
    )
    assert "typer" in loaded(code, "--version")
