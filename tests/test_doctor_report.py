"""How the report of `doctor` looks: on terminals of 80 and 40 columns, with colour and without.

python -m tests.test_doctor_report

writes the files in tests/reports anew; look at the difference before it is committed.
"""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_cli.doctor.check import Check
from copilot_cli.doctor.report import show, show_json
from copilot_cli.ui.cells import cells
from copilot_cli.ui.console import Streams
from tests.wizard_world import Terminal

FOLDER = Path(__file__).parent / "reports"
FOUND = [
    Check("program", "pass", "copilot-chat 0.1.0 on CPython 3.12.3"),
    Check("libraries", "pass", "typer 0.28.0, rich 15.0, httpx 0.28.1, truststore 0.10.5"),
    Check("keyboard", "skip", "there is no terminal with a person at it"),
    Check("locale", "warn", "LANG=C: letters beyond ASCII may look wrong", "export LANG=C.UTF-8"),
    Check("store", "pass", "~/.local/share/copilot-chat/secrets/store.json: keyfile 0123456789"),
    Check(
        "github-api",
        "fail",
        "cannot connect to the proxy 127.0.0.1:3128: connection refused",
        "look at HTTPS_PROXY; unset it where there is no proxy",
    ),
    Check("endpoint-日本", "pass", "http://[::1]:11434/v1 answers in 3 ms"),
    Check("endpoint-of-my-lab", "pass", "http://[::1]:11434/v1 answers in 3 ms"),
]
KINDS = {
    "plain": {"NO_COLOR": "1"},
    "color": {"FORCE_COLOR": "1"},
}


def shown(columns: int, kind: str) -> str:
    """What a terminal of so many columns shows."""
    out = Terminal()
    environ = {"TERM": "xterm", "COLUMNS": str(columns), **KINDS[kind]}
    show(Streams(Terminal(), out, io.StringIO(), environ=environ), FOUND)
    return out.getvalue()


def screens() -> Iterator[tuple[Path, int, str]]:
    """The files, with columns and kind."""
    for columns in (80, 40):
        for kind, ending in (("plain", "txt"), ("color", "ansi")):
            yield FOLDER / f"doctor.{columns}.{ending}", columns, kind


@pytest.mark.parametrize(
    ("path", "columns", "kind"), list(screens()), ids=lambda each: str(each)[-14:]
)
def test_the_report_looks_as_it_did(path: Path, columns: int, kind: str) -> None:
    """State, name, what was found, and the fix below it."""
    assert shown(columns, kind) == path.read_text("utf-8")


@pytest.mark.parametrize("columns", [200, 80, 61, 60, 40, 25])
def test_no_line_is_wider_than_the_terminal(columns: int) -> None:
    """The last column stays free: some terminals go to the next line when it is filled."""
    lines = shown(columns, "plain").splitlines()
    assert max(map(cells, lines)) < columns


def test_a_program_gets_a_line_a_check() -> None:
    """Tabs between, and an empty fix left out; how many are what goes to stderr."""
    out, err = io.StringIO(), io.StringIO()
    assert not show(Streams(io.StringIO(), out, err, environ={}), FOUND)
    lines = [line.split("\t") for line in out.getvalue().splitlines()]
    assert lines[0] == ["pass", "program", "copilot-chat 0.1.0 on CPython 3.12.3"]
    assert lines[3][3] == "export LANG=C.UTF-8"
    assert [len(line) for line in lines] == [3, 3, 3, 4, 3, 4, 3, 3]
    assert err.getvalue() == "5 pass, 1 warn, 1 fail, 1 skip\n"


def test_each_line_is_printed_as_it_is_found() -> None:
    """Who waits for the network sees what was found before."""
    out = io.StringIO()
    before: list[int] = []

    def found() -> Iterator[Check]:
        for check in FOUND:
            before.append(len(out.getvalue().splitlines()))
            yield check

    show(Streams(io.StringIO(), out, io.StringIO(), environ={}), found())
    assert before == list(range(len(FOUND)))


def test_only_a_fail_is_a_fail() -> None:
    """Warnings and what was skipped leave the exit code alone."""
    streams = Streams(io.StringIO(), io.StringIO(), io.StringIO(), environ={})
    well = [check for check in FOUND if check.state != "fail"]
    assert show(streams, well)
    assert show_json(streams, well, offline=False)
    assert not show_json(streams, FOUND, offline=True)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, width, way in screens():
        file.write_text(shown(width, way), encoding="utf-8", newline="\n")
