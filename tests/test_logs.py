"""What `-v` shows, and what it never does."""

import logging
from collections.abc import Iterator

import pytest

from copilot_cli import logs

TOKEN = "ghu_madeUpForTests0000000000000000000000"


@pytest.fixture(autouse=True)
def _quiet_again() -> Iterator[None]:
    """Leave the program's logger as it was."""
    logger = logging.getLogger("copilot_cli")
    before = logger.handlers, logger.level, logger.propagate
    yield
    logger.handlers, logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


@pytest.mark.parametrize(
    ("verbose", "shown"), [(1, ["a request\n"]), (2, ["a request\n", "all of it\n"])]
)
def test_each_v_shows_more(verbose: int, shown: list[str]) -> None:
    """Once shows the requests, twice what the service said too."""
    lines: list[str] = []
    logs.show(verbose, lines.append)
    logging.getLogger("copilot_cli.anything").info("a request")
    logging.getLogger("copilot_cli.anything").debug("all of it")
    assert lines == shown


@pytest.mark.parametrize("name", ["httpx", "httpcore.http11"])
def test_other_libraries_are_not_shown(name: str) -> None:
    """httpx and httpcore log headers, so they stay as quiet as they are."""
    lines: list[str] = []
    logs.show(2, lines.append)
    logging.getLogger(name).warning("Authorization: token %s", TOKEN)
    assert lines == []


def test_a_secret_or_an_escape_in_a_record_is_not_shown() -> None:
    """The whole line is made safe, arguments and exception included."""
    lines: list[str] = []
    logs.show(2, lines.append)
    broken = ValueError(f"Bearer {TOKEN}\x1b[2J")
    logging.getLogger("copilot_cli.x").error("broke with %s", TOKEN, exc_info=broken)
    assert TOKEN not in lines[0]
    assert "\x1b" not in lines[0]
    assert "****" in lines[0]
