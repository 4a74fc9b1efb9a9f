"""docs/troubleshooting.md has every message of the table, every exit code, every reason."""

import re

import pytest

from copilot_cli.auth.exchange import NOTIFICATIONS
from copilot_cli.engines.status_table import TABLE, Row
from copilot_cli.verdict import WHY
from tests.pages import ROOT

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")


def section(exit_code: int) -> str:
    """Return what the page says at `exit_code`."""
    heading = f"## What do I do at exit code {exit_code}?\n"
    assert heading in PAGE
    return re.split(r"^## ", PAGE.partition(heading)[2], maxsplit=1, flags=re.M)[0]


@pytest.mark.parametrize("row", TABLE, ids=[f"{row.says} {row.codes}" for row in TABLE])
def test_every_message_has_its_line(row: Row) -> None:
    """Under its exit code; each of a limit's codes with it."""
    lines = [
        line
        for line in section(row.error.exit_code).splitlines()
        if line.startswith(f"| {row.says.replace('{target}', '…')} |")
    ]
    assert len(lines) == 1
    (line,) = lines
    if row.error.exit_code == 5:
        assert all(f"`{code}`" in line for code in row.codes)
        assert line.endswith("| no |") == (not row.retry.times)


@pytest.mark.parametrize("name", NOTIFICATIONS)
def test_every_reason_for_no_copilot_has_its_line(name: str) -> None:
    """GitHub's name for it, and what to do: what the program itself says where GitHub does not."""
    (line,) = [line for line in section(4).splitlines() if line.startswith(f"| `{name}` |")]
    _, hint = NOTIFICATIONS[name]
    address = re.search(r"https://\S+|risk\.md", hint)
    same = "| the same |" in line
    assert len([cell for cell in line.split("|") if cell.strip()]) == 3
    assert same or address is None or address.group() in line


@pytest.mark.parametrize("exit_code", range(1, 11))
def test_every_exit_code_has_its_section(exit_code: int) -> None:
    """With at least one message."""
    assert section(exit_code).count("\n| ") > 2


@pytest.mark.parametrize("why", [why for why, _ in WHY.values()])
def test_every_end_of_an_answer_has_its_line(why: str) -> None:
    """Of those that are not whole; a stall says how long it was."""
    shown = "nothing came for … seconds" if why == "nothing more came" else why
    assert f"| answer incomplete ({shown}) |" in section(7)
