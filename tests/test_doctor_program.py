"""`doctor` on the program and the terminal: versions, the age of the identity, a person's tools."""

from importlib import metadata
from pathlib import Path

import pytest

from copilot_cli import identity
from copilot_cli.runtime import versions
from tests.doctor_world import NOW, Machine
from tests.runtimes import runtime_program

MONTH = 30.44 * 86_400


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "home")


def test_versions(machine: Machine) -> None:
    """Of the program, of Python, of the system."""
    assert machine.one("program").detail.startswith("copilot-chat 0.")
    assert "Python 3." in machine.one("program").detail
    assert machine.one("system").state == "pass"


def test_libraries(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the package asks for, with its version; extras and other platforms are no matter."""
    wanted = ["httpx<1,>=0.28", "rich", 'pytest; extra == "dev"', 'x; sys_platform == "win32"']
    monkeypatch.setattr(metadata, "requires", lambda _: wanted)
    found = machine.one("libraries")
    versions = [f"{name} {metadata.version(name)}" for name in ("httpx", "rich")]
    assert (found.state, found.detail) == ("pass", ", ".join(versions))
    monkeypatch.setattr(metadata, "requires", lambda _: [*wanted, "nonesuch-made-up (>=1)"])
    found = machine.one("libraries")
    assert (found.state, found.detail) == ("fail", "not installed: nonesuch-made-up")
    assert found.fix


def test_a_program_that_is_not_installed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run from its source, it cannot say what it needs."""

    def missing(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", missing)
    assert machine.one("libraries").state == "skip"


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the pinned SDK be installed."""
    monkeypatch.setattr(metadata, "version", lambda _: versions.SDK)


def test_without_the_sdk_only_one_engine_misses_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not come with everything, and nothing is wrong; but the engine official needs it."""

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert machine.one("official-runtime").state == "skip"
    machine.environ["COPILOT_CHAT_ENGINE"] = "official"
    found = machine.one("official-runtime")
    assert (found.state, found.fix) == ("fail", "pip install 'copilot-chat[official]'")


@pytest.mark.usefixtures("sdk")
@pytest.mark.parametrize(("engine", "state"), [("direct", "pass"), ("official", "fail")])
def test_a_runtime_that_is_missing(machine: Machine, engine: str, state: str) -> None:
    """Who does not ask it is only told."""
    machine.environ["COPILOT_CHAT_ENGINE"] = engine
    found = machine.one("official-runtime")
    assert (found.state, "not installed" in found.detail) == (state, True)
    assert found.fix is not None
    assert "engine install" in found.fix


@pytest.mark.real
@pytest.mark.usefixtures("sdk")
@pytest.mark.parametrize(
    ("version", "protocol", "state"),
    [("1.0.102", 3, "pass"), ("1.0.92", 3, "warn"), ("1.0.102", 4, "fail")],
)
def test_a_runtime_is_started(
    machine: Machine, tmp_path: Path, version: str, protocol: int, state: str
) -> None:
    """What it says of itself decides: another version may do, another protocol does not."""
    machine.environ["COPILOT_CHAT_ENGINE"] = "official"
    machine.environ["COPILOT_CLI_PATH"] = str(runtime_program(tmp_path, version, protocol))
    found = machine.one("official-runtime")
    assert found.state == state
    assert (found.fix is None) == (state == "pass")


AGES = {"new": (0.0, "pass"), "a year": (12.0, "pass"), "two years": (24.0, "warn")}


@pytest.mark.parametrize(("months", "state"), AGES.values(), ids=AGES)
def test_the_age_of_the_identity(months: float, state: str, machine: Machine) -> None:
    """Old values are what the service refuses with 466 one day."""
    machine.now = NOW + months * MONTH
    found = machine.one("identity")
    assert found.state == state
    assert found.detail.startswith(f"values of {identity.AS_OF}, ")
    assert (found.fix is None) == (state == "pass")


def test_an_identity_that_is_set_is_the_persons_own(machine: Machine) -> None:
    """All of it replaced, its age is no matter; a part is named."""
    machine.now = NOW + 24 * MONTH
    machine.home.mkdir()
    config = machine.home / "config.toml"
    config.write_text('[editor_identity]\neditor_version = "vscode/9"\n', "utf-8")
    found = machine.one("identity")
    assert found.state == "warn"
    assert found.detail.endswith("; the settings replace editor_version")
    lines = "".join(f'{name} = "x/1"\n' for name in identity.VALUES)
    config.write_text(f"[editor_identity]\n{lines}", "utf-8")
    assert machine.one("identity").state == "pass"


# -- the terminal ----------------------------------------------------------------------------

TERMINALS: dict[str, tuple[dict[str, str], str, str]] = {
    "usual": ({"TERM": "xterm-256color"}, "pass", "xterm-256color, 80 by 24, colour"),
    "in tmux over SSH": (
        {"TERM": "tmux-256color", "TMUX": "x", "SSH_CONNECTION": "x"},
        "pass",
        "tmux-256color, 80 by 24, colour, tmux, over SSH",
    ),
    "no colour": ({"TERM": "xterm", "NO_COLOR": "1"}, "pass", "xterm, 80 by 24, no colour"),
    "dumb": ({"TERM": "dumb"}, "warn", "dumb, 80 by 24, no colour"),
    "no name": ({}, "warn", "TERM is not set, 80 by 24, colour"),
    "narrow": ({"TERM": "xterm", "COLUMNS": "39"}, "warn", "xterm, 39 by 24, colour"),
}


@pytest.mark.parametrize(("environ", "state", "detail"), TERMINALS.values(), ids=TERMINALS)
def test_the_terminal(environ: dict[str, str], state: str, detail: str, machine: Machine) -> None:
    """Its name, size and colour; nothing is written to it to find out."""
    machine.terminal = True
    machine.environ |= environ
    found = machine.one("terminal")
    assert (found.state, found.detail) == (state, detail)
    assert (found.fix is None) == (state == "pass")


def test_no_terminal(machine: Machine) -> None:
    """Nothing is wrong with a pipe."""
    assert machine.one("terminal").state == "pass"
    assert machine.one("keyboard").state == "skip"
    assert machine.one("clipboard").state == "skip"


def test_the_keyboard(machine: Machine) -> None:
    """What is asked for, by what the terminal is known to understand."""
    machine.terminal = True
    machine.environ["TERM"] = "xterm-kitty"
    assert machine.one("keyboard").detail.endswith("Shift-Enter is asked for")
    machine.environ["TERM"] = "xterm-256color"
    assert machine.one("keyboard").detail.endswith("Ctrl-J is a new line")


LOCALES = {
    "UTF-8": ({"LANG": "de_DE.UTF-8"}, "pass", "LANG=de_DE.UTF-8"),
    "utf8": ({"LC_CTYPE": "C.utf8"}, "pass", "LC_CTYPE=C.utf8"),
    "the first counts": (
        {"LC_ALL": "C", "LANG": "de_DE.UTF-8"},
        "warn",
        "LC_ALL=C: letters beyond ASCII may look wrong",
    ),
    "none": (
        {},
        "warn",
        "none of LC_ALL, LC_CTYPE and LANG is set: letters beyond ASCII may look wrong",
    ),
}


@pytest.mark.parametrize(("environ", "state", "detail"), LOCALES.values(), ids=LOCALES)
def test_the_locale(
    environ: dict[str, str],
    state: str,
    detail: str,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is printed is UTF-8; a system that is told otherwise shows something else."""
    monkeypatch.setattr("sys.platform", "linux")
    machine.environ |= environ
    found = machine.one("locale")
    assert (found.state, found.detail) == (state, detail)


def test_the_clipboard(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs that are there, then the terminal; over SSH the terminal alone."""
    monkeypatch.setattr("copilot_cli.ui.clipboard.sys.platform", "linux")
    program = tmp_path / "xclip"
    program.write_text("#!/bin/sh\n", "utf-8")
    program.chmod(0o755)
    machine.terminal = True
    machine.environ |= {"PATH": str(tmp_path), "DISPLAY": ":0", "TERM": "xterm"}
    assert machine.one("clipboard").detail == "by xclip, else the terminal itself (OSC 52)"
    machine.environ["SSH_TTY"] = "/dev/pts/0"
    assert machine.one("clipboard").detail == "by the terminal itself (OSC 52)"
    machine.environ["TERM"] = "linux"
    found = machine.one("clipboard")
    assert found.state == "warn"
    assert "wl-clipboard" in (found.fix or "")
