"""The shape of the project: what lies at its top, its version, its licence, its dependencies."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from copilot_cli import __version__

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_top_level_holds_what_it_should_and_nothing_else() -> None:
    """Dot-files aside, the top level is exactly the seven names that were agreed."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    top = {line.partition("/")[0] for line in listed.stdout.splitlines()}
    visible = {name for name in top if not name.startswith(".")}
    assert visible == {
        "pyproject.toml",
        "copilot_cli",
        "tests",
        "docs",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
    }


def test_the_changelog_knows_the_version() -> None:
    """The version in the package is the newest one of the changelog."""
    versions = re.findall(r"^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert versions[0] == __version__


def test_the_names_of_distribution_and_script() -> None:
    """`pip install copilot-chat` gives the command `copilot-chat`."""
    assert PYPROJECT["project"]["name"] == "copilot-chat"
    assert PYPROJECT["project"]["scripts"] == {"copilot-chat": "copilot_cli.__main__:start"}


def test_every_dependency_is_justified() -> None:
    """Each dependency has a comment of its own, beside or above it."""
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    start = lines.index("dependencies = [")
    above = ""
    for line in lines[start + 1 : lines.index("]", start)]:
        if line.strip().startswith('"'):
            assert above.startswith("#"), f"{line.strip()} has no reason"
        above = line.strip()


def test_the_readme_is_short_and_has_the_two_commands() -> None:
    """Each of the two commands is one line in a fenced block; the page stays under 120 lines."""
    readme = (ROOT / "README.md").read_text()
    blocks = re.findall(r"^```(?:\w*)\n(.*?)^```", readme, re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    assert "pip install . && copilot-chat demo" in lines
    assert "pip install -e '.[dev]' && pytest" in lines
    assert len(readme.splitlines()) < 120
