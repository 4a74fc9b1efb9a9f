"""`doctor` as a person sees it: at a pseudo-terminal, on networks that work and that do not."""

import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals are POSIX", allow_module_level=True)

from tests.listeners import Listener
from tests.terminal_session import Place

pytestmark = pytest.mark.real

PASSWORD = "madeUpProxyPassword"  # made up
REAL_HOSTS = ("COPILOT_CHAT_GITHUB_URL", "COPILOT_CHAT_GITHUB_API_URL")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Place(tmp_path) as made:
        made.sign_in_by_variable()
        made.environ["LANG"] = "C.UTF-8"
        yield made


@pytest.mark.parametrize("columns", [80, 40])
def test_all_is_well(columns: int, place: Place) -> None:
    """A line a check, coloured; how many are what at the end; exit code 0."""
    with place.run("doctor", columns=columns, lines=60) as session:
        session.shows(" 0 fail, ").ends(0)
        assert f"xterm-256color, {columns} by 60, colour" in session.text
        assert "sim-echo can be used" in session.text
        assert b"\x1b[32mpass\x1b[m" in session.raw
        assert str(place.folder) not in session.text.replace(" ", "")


def test_no_colour(place: Place) -> None:
    """NO_COLOR leaves the words."""
    with place.run("doctor", "--offline", NO_COLOR="1") as session:
        session.shows(" 0 fail, ").ends(0)
        assert b"\x1b[" not in session.raw


def behind(place: Place, proxy: str) -> None:
    """Have every real host reached through `proxy`, which has a password."""
    for name in list(place.environ):
        if name in REAL_HOSTS or name.lower().endswith("_proxy"):
            del place.environ[name]
    place.environ.pop("COPILOT_CHAT_COPILOT_API_URL")
    place.environ["HTTPS_PROXY"] = f"http://user:{PASSWORD}@{proxy}"


def test_a_proxy_that_is_not_there(place: Place) -> None:
    """Each address fails, named with the proxy and its variable; exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        dead = f"127.0.0.1:{server.getsockname()[1]}"
    behind(place, dead)
    with place.run("doctor", columns=200, lines=60) as session:
        session.shows(" fail, ").ends(1)
        assert f"cannot connect to the proxy {dead}: connection refused" in session.text
        assert "look at HTTPS_PROXY; unset it where there is no proxy" in session.text
        assert PASSWORD not in session.text


def test_a_proxy_that_is_silent(place: Place) -> None:
    """The report comes to its end within its deadlines, and so does the program."""

    def silent(_: Listener, connection: socket.socket) -> None:
        while connection.recv(1 << 16):
            pass

    with Listener(silent) as proxy:
        behind(place, proxy.place)
        with place.run("doctor", columns=200, lines=60) as session:
            session.shows(" fail, ").ends(1)
            assert re.search(r"fail github .* did not answer", session.text)
            assert "the settings cannot be read" not in session.text


def test_a_proxy_that_leads_to_github(place: Place) -> None:
    """The hosts answer through it, and it is named without its login."""
    proxy = place.environ["HTTPS_PROXY"].removeprefix("http://")
    behind(place, proxy)
    with place.run("doctor", columns=200, lines=60) as session:
        session.shows(" 0 fail, ").ends(0)
        assert f"through {proxy}" in session.text
        assert f"HTTPS_PROXY http://{proxy} with a login for https" in session.text
        assert PASSWORD not in session.text
