"""Virtual environments of their own, for the tests that install something as a person would.

Rule: without a package registry such a test is skipped and says so; whatever else pip complains
about fails it.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from filelock import FileLock

_UNREACHABLE = re.compile(
    r"connection broken by '\w+\(|Max retries exceeded with url|Read timed out"
    r"|Failed to (?:resolve|establish a new connection)"
)
_MADE = "made"
"""The file that says that a folder is whole; it is written last."""


class Venv(NamedTuple):
    """A virtual environment."""

    folder: Path

    @property
    def scripts(self) -> Path:
        """Where its programs lie."""
        return self.folder / ("Scripts" if sys.platform == "win32" else "bin")

    def script(self, name: str) -> str:
        """The path of one of its programs."""
        return str(self.scripts / (f"{name}.exe" if sys.platform == "win32" else name))

    def pip_install(self, *what: str, cwd: Path | None = None) -> None:
        """Install with its own pip; the calling test is skipped where there is no registry."""
        done = subprocess.run(
            [self.script("python"), "-m", "pip", "install", "--quiet", "--no-input", *what],
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode and no_registry(done.stderr):
            pytest.skip(f"no package registry can be reached to install {' '.join(what)}")
        assert done.returncode == 0, f"pip install {' '.join(what)}:\n{done.stderr}"


def no_registry(complaint: str) -> bool:
    """Whether a pip that failed with this complaint could not reach a registry, or may ask none."""
    return "PIP_NO_INDEX" in os.environ or _UNREACHABLE.search(complaint) is not None


def create(folder: Path) -> Venv:
    """Make a fresh environment in `folder`, with pip and nothing else."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return Venv(folder)


def once(folder: Path, make: Callable[[Path], object]) -> Path:
    """Return `folder`, which `make` has filled: now, or in another process, or in an earlier run.

    What was left half-made is made again.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / _MADE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            (folder / _MADE).touch()
    return folder


def kept(folder: Path, *requirements: str) -> Venv:
    """Return an environment with `requirements` below `folder`: the one of an earlier run, or new.

    It is named after the requirements and the interpreter: a change of either makes a new one.
    """
    key = "\n".join((*requirements, sys.version, sys.base_prefix, str(folder)))
    name = hashlib.sha256(key.encode()).hexdigest()[:16]
    return Venv(once(folder / name, lambda made: create(made).pip_install(*requirements)))


def shared(factory: pytest.TempPathFactory) -> Path:
    """Return the temporary folder of this run, which all its processes have in common."""
    folder = factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
