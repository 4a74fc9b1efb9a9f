"""The pair of SDK and runtime, which versions may be named, and that the pins are whole."""

import base64
import re
import tomllib
from pathlib import Path

import pytest

from copilot_cli.errors import SettingsError
from copilot_cli.runtime import versions

PROJECT = Path(__file__).parent.parent / "pyproject.toml"


def test_the_pair_is_one_that_github_made() -> None:
    """What the extra installs was made for the runtime that is installed, whose hashes are here."""
    assert versions.PAIRS[versions.SDK] == versions.RUNTIME
    assert versions.RUNTIME in versions.INTEGRITY
    extras = tomllib.loads(PROJECT.read_text("utf-8"))["project"]["optional-dependencies"]
    assert extras["official"] == [f"github-copilot-sdk=={versions.SDK}"]
    assert extras["official"][0] in extras["dev"]


def test_the_hashes_are_hashes() -> None:
    """Of the kind that npm publishes."""
    for hashes in versions.INTEGRITY.values():
        assert {len(base64.b64decode(text, validate=True)) for text in hashes.values()} == {64}


@pytest.mark.parametrize("text", ["1.0.102", "0.0.1", " 1.0.92 ", "10.20.30"])
def test_a_version_is_taken(text: str) -> None:
    """Three numbers."""
    assert versions.checked(text, "VERSION") == text.strip()


WRONG = [
    "latest",
    "",
    "1",
    "1.0",
    "1.0.x",
    "^1.0.0",
    "~1.0.102",
    ">=1.0.0",
    "*",
    "1.0.102-4",
    "v1.0.1",
]
WRONG += [
    "1.0.102.1",
    "01.0.0",
    "1.0.0\n1.0.1",
    "1.0.١",
    "../1.0.0",
    "1.0.0 || 2.0.0",
    "1" * 9 + ".0.0",
]


@pytest.mark.parametrize("text", WRONG)
def test_anything_else_is_refused(text: str) -> None:
    """Neither a tag nor a range: what is run is to be the same tomorrow."""
    with pytest.raises(SettingsError) as caught:
        versions.checked(text, "GITHUB_COPILOT_CLI_VERSION")
    assert caught.value.message.startswith("GITHUB_COPILOT_CLI_VERSION: must be one version x.y.z")
    assert versions.RUNTIME in (caught.value.hint or "")


def test_the_variable_chooses() -> None:
    """Blank is unset, as everywhere."""
    assert versions.wanted({}) == versions.RUNTIME
    assert versions.wanted({versions.VARIABLE: "  "}) == versions.RUNTIME
    assert versions.wanted({versions.VARIABLE: "1.0.92"}) == "1.0.92"
    with pytest.raises(SettingsError):
        versions.wanted({versions.VARIABLE: "latest"})


def test_only_another_version_is_remarked_on() -> None:
    """With the one that it should be."""
    assert versions.remark(versions.RUNTIME) is None
    said = versions.remark("1.0.92")
    assert said is not None
    assert set(re.findall(r"\d+\.\d+\.\d+", said)) == {"1.0.92", versions.SDK, versions.RUNTIME}
