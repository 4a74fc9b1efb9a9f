"""What every test gets: an environment without our variables, no network, no sleep."""

import os
import socket
import time
from typing import Any

import pytest

from tests.official_runtime import official_runtime

__all__ = ["official_runtime"]  # a fixture: pytest finds it here


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--record`; see `tests/streams/recorded/README.md`."""
    parser.addoption(
        "--record",
        action="store_true",
        help="with -m live: write the streams that come, redacted, into tests/streams/recorded",
    )


@pytest.fixture(autouse=True)
def _no_effects(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse sockets and sleeps, unless the test says with `real` that it needs them."""
    if request.node.get_closest_marker("real"):
        return

    def refuse(*_args: Any, **_kwargs: Any) -> Any:
        raise AssertionError("this test may not sleep or open a socket; mark it `real` if it must")

    monkeypatch.setattr(time, "sleep", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "bind", refuse)


_OURS = ("COPILOT", "GITHUB_", "GH_", "HTTP_", "HTTPS_", "ALL_", "NO_", "SSL_CERT", "REQUESTS_CA")


@pytest.fixture(autouse=True)
def _clean_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Hide the developer's own variables and folders from every test."""
    for name in list(os.environ):
        if name.upper().startswith(_OURS):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COPILOT_CHAT_NO_KEYRING", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give what runs for real two more tries: it races with a machine that may be busy.

    A terminal shows a key late, a process starts slowly. What is broken fails three times.
    """
    for item in items:
        if item.get_closest_marker("real"):
            item.add_marker(pytest.mark.flaky(reruns=2))
