"""What starting costs, as sets of modules and never as seconds."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from copilot_cli.simulator import SimulatorServer
from tests.bench.run import Bench

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


# What a piped `ask` imports of ours where token and models are in the cache. Each costs it a
# thousandth of its CPU: whatever is not needed for a plain answer is imported when it is needed.
WARM = {
    "copilot_cli": (
        "access app asking bugs catalogue chat config_file context conversation effects "
        "endpoints engine_building environment errors guarding identity image_limits kinds "
        "main messages model_cache network network_faults parties paths patterns prompt "
        "proxies retry_after route_choice routing secret settings signals turn upwards values "
        "vault verdict wishes workspace"
    ),
    "copilot_cli.auth": "accounts copilot_token lease_values sources",
    "copilot_cli.commands": "ask",
    "copilot_cli.engines": (
        "answering direct failure hang_up http model_list models outages quota_headers "
        "refusal resilience statuses"
    ),
    "copilot_cli.store": (
        "cache cells database files keys lenient opening reading recorder schema sealed "
        "sealed_json secrets sessions store_file tree turns writing"
    ),
    "copilot_cli.ui": "console report safe stream",
    "copilot_cli.wires": "chat reading sse stream table tool_calls",
}
NOT_WARM = {"asyncio", "filelock", "keyring", "platformdirs", "prompt_toolkit", "questionary"}
NOT_WARM |= {"secrets", "segno", "tomlkit", "tomllib"}


def modules(code: str, *args: str, environ: Mapping[str, str] | None = None) -> set[str]:
    """Return the names of the modules that are loaded after `code`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(); print(*sys.modules)", *args],
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
        env=environ,
    )
    return set(done.stdout.splitlines()[-1].split())


def loaded(code: str, *args: str) -> set[str]:
    """Return the top-level modules that are loaded after `code`."""
    return {name.partition(".")[0] for name in modules(code, *args)}


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
def test_a_warm_ask_imports_only_what_it_needs(tmp_path: Path) -> None:
    """An answer with token, models and settings at hand costs none of the other modules."""
    bench = Bench(tmp_path, 1)
    with SimulatorServer(bench.simulator) as server:
        environ = bench.environ(server)
        bench.sign_in(environ)
        code = (
            "import sys, typing; from copilot_cli.main import main\n"
            "assert main(sys.argv[1:]) == 0\n"
            "slow = [name for name, module in sys.modules.items() if name[:11] == 'copilot_cli'\n"
            "    and vars(module).get('NamedTuple') is typing.NamedTuple]\n"
            "assert not slow, f'these declare by typing, and not by values: {slow}'"
        )
        found = modules(code, "ask", "-m", "sim-echo", "hello", environ=environ)
    expected = {f"{room}.{file}" for room, files in WARM.items() for file in files.split()}
    ours = {name for name in found if name.partition(".")[0] == "copilot_cli"}
    assert ours - expected - set(WARM) == set()
    assert found & NOT_WARM == set()


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
