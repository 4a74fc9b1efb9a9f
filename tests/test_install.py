"""The README's first command, as a person on a fresh machine runs it."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from copilot_cli import __version__
from tests import venvs
from tests.venvs import Venv

ROOT = Path(__file__).parent.parent
LONGEST = 120.0  # seconds, for a program that would otherwise hang the tests

_LISTING = """
import importlib.metadata, json
print(json.dumps([str(file) for file in importlib.metadata.files("copilot-chat")]))
"""


class Installed(NamedTuple):
    """An environment that the README's command installed into, and the rest of that command."""

    checkout: Path
    venv: Venv
    then: list[str]

    def run(self, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one of its programs with an empty `home`, and without a terminal of any kind."""
        kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
        own = {
            "PATH": str(self.venv.scripts),
            **{name: str(home) for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA")},
            **{name: str(home / "tmp") for name in ("TMPDIR", "TEMP", "TMP")},
        }
        (home / "tmp").mkdir(exist_ok=True)
        return subprocess.run(
            [self.venv.script(words[0]), *words[1:]],
            env=kept | own,
            cwd=home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=LONGEST,
            check=False,
            start_new_session=True,
        )


def _copy(target: Path) -> Path:
    """Copy what git knows of, so that building leaves nothing in the checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:  # a source archive holds nothing else
        return Path(shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(".*")))
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """A fresh environment, into which the command of the README was followed."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^pip (install \.) && (copilot-chat .*)$", readme, re.M)
    assert found, "the README has lost its first command"
    what = found[1].split()[1:]

    def install(folder: Path) -> None:
        venvs.create(folder / "venv").pip_install(*what, cwd=_copy(folder / "checkout"))

    folder = venvs.once(venvs.shared(tmp_path_factory) / "installed", install)
    return Installed(folder / "checkout", Venv(folder / "venv"), found[2].split())


@pytest.mark.real
@pytest.mark.xdist_group("installs")
def test_the_demo_goes_the_whole_way_without_a_terminal(
    installed: Installed, tmp_path: Path
) -> None:
    """The first command answers from the documentation on stdout, and leaves nothing behind."""
    done = installed.run(tmp_path, *installed.then)
    assert done.returncode == 0, done.stderr
    assert "*Source: docs/" in done.stdout
    assert "copilot-chat ask" in done.stdout
    assert "Signed in as" in done.stderr
    assert "Traceback" not in done.stderr
    left = [path for path in tmp_path.rglob("*") if path != tmp_path / "tmp"]
    assert left == []


@pytest.mark.real
@pytest.mark.xdist_group("installs")
@pytest.mark.parametrize(
    "words",
    [("copilot-chat", "--version"), ("python", "-m", "copilot_cli", "--version")],
    ids=["script", "module"],
)
def test_the_program_has_two_names(
    installed: Installed, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """The script and the module are the same program, of the version that the checkout has."""
    done = installed.run(tmp_path, *words)
    assert (done.stdout, done.stderr) == (f"copilot-chat {__version__}\n", "")


@pytest.mark.real
@pytest.mark.xdist_group("installs")
def test_the_package_holds_what_it_needs_and_nothing_else(
    installed: Installed, tmp_path: Path
) -> None:
    """The documentation and the typing marker are installed, tests and build files are not."""
    listed = json.loads(installed.run(tmp_path, "python", "-c", _LISTING).stdout)
    files = [Path(name) for name in listed]
    pages = {
        Path("copilot_cli", "_docs", page.name) for page in installed.checkout.glob("docs/*.md")
    }
    assert pages
    assert pages <= set(files)
    assert Path("copilot_cli/py.typed") in files
    tops = {file.parts[0] for file in files if file.parts[0] != ".."}
    assert tops == {"copilot_cli", f"copilot_chat-{__version__}.dist-info"}
    outside = {file.stem for file in files if file.parts[0] == ".."}
    assert outside == {"copilot-chat"}


@pytest.mark.parametrize(
    ("complaint", "unreachable"),
    [
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError('<…>: Failed to …",
            True,
        ),
        ("WARNING: Retrying after connection broken by 'NameResolutionError(\"<…>: …", True),
        ("ERROR: HTTPSConnectionPool(host='pypi.org', port=443): Read timed out.", True),
        ("ERROR: No matching distribution found for typer>=99", False),
        ("ERROR: Failed to build 'copilot-chat' when getting requirements to build wheel", False),
        ("", False),
    ],
    ids=["refused", "no such name", "silent", "no such version", "broken build", "no words"],
)
def test_only_a_registry_out_of_reach_is_an_excuse(
    monkeypatch: pytest.MonkeyPatch, complaint: str, unreachable: bool
) -> None:
    """A failed installation is skipped for want of a registry, and for nothing else."""
    monkeypatch.delenv("PIP_NO_INDEX", raising=False)
    assert venvs.no_registry(complaint) == unreachable
