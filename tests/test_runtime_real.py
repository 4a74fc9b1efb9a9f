"""The real runtime from the real registry: installed, asked, removed while it runs."""

import os
from pathlib import Path

import pytest

from copilot_cli.runtime import versions
from copilot_cli.runtime.probe import probe

pytestmark = pytest.mark.real


def test_the_pinned_runtime_speaks_the_protocol_of_the_pinned_sdk(official_runtime: Path) -> None:
    """What npm publishes under the pinned hash is the version and protocol that are pinned."""
    answer = probe(official_runtime, os.environ, hint="")
    assert (answer.version, answer.protocol) == (versions.RUNTIME, versions.PROTOCOL)
