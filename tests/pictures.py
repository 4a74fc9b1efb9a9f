"""The picture in the README, made from a real run against the simulator.

python -m tests.pictures
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import pexpect
import pyte

from copilot_cli.simulator import Scenario, Simulator, SimulatorServer

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "pictures" / "chat.svg"
QUESTION = "How do I choose a model?"
COLUMNS, ROWS = 84, 30
PATIENCE = 20.0  # seconds

_WIDTH, _HEIGHT, _MARGIN = 8.4, 18, 14  # of a character, of a line, around the text: pixels
_BACKGROUND, _FOREGROUND = "#1c1f26", "#d8dce4"
_COLOURS = {
    "black": "#5c6370", "red": "#e06c75", "green": "#98c379", "brown": "#e5c07b",
    "blue": "#61afef", "magenta": "#c678dd", "cyan": "#56b6c2", "white": "#d8dce4",
    "brightblack": "#7f848e", "brightred": "#e06c75", "brightgreen": "#98c379",
    "brightbrown": "#e5c07b", "brightblue": "#61afef", "brightmagenta": "#c678dd",
    "brightcyan": "#56b6c2", "brightwhite": "#ffffff",
}  # fmt: skip


class Run(NamedTuple):
    """Characters that stand together and look alike."""

    column: int
    text: str
    colour: str
    behind: str | None
    style: str


def chat_screen() -> pyte.Screen:
    """Return the screen of somebody who opened the chat and asked a question."""
    scenario = Scenario(auto_approve="at_once")
    with SimulatorServer(Simulator(scenario)) as server, tempfile.TemporaryDirectory() as home:
        environ = {
            **server.env,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "COPILOT_CHAT_HOME": home,
            "COPILOT_CHAT_NO_KEYRING": "1",
        }
        program = f"{sys.executable} -m copilot_cli"
        pexpect.run(f"{program} onboard --yes --store keyfile --no-verify", env=environ)
        return _typed(f"echo '$ copilot-chat'; exec {program}", environ)


def _typed(command: str, environ: dict[str, Any]) -> pyte.Screen:
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    child: Any = pexpect.spawn("sh", ["-c", command], env=environ, dimensions=(ROWS, COLUMNS))

    def show_prompt(number: int) -> None:
        end = time.monotonic() + PATIENCE
        while sum(line.startswith(">") for line in screen.display) < number:
            if time.monotonic() > end:
                raise TimeoutError(f"prompt {number} never came: {screen.display}")
            with suppress(pexpect.TIMEOUT):
                stream.feed(child.read_nonblocking(65536, timeout=0.2))

    try:
        show_prompt(1)
        child.send(f"{QUESTION}\r")
        show_prompt(2)
    finally:
        child.close(force=True)
    return screen


def lines(screen: pyte.Screen) -> list[str]:
    """Return the screen's text without the empty lines at its end."""
    shown = [line.rstrip() for line in screen.display]
    while shown and shown[-1] in {"", ">"}:
        shown.pop()
    return shown


def svg(screen: pyte.Screen) -> str:
    """Return a picture of the screen that needs nothing from elsewhere, fonts neither."""
    rows = len(lines(screen))
    width = round(COLUMNS * _WIDTH) + 2 * _MARGIN
    height = rows * _HEIGHT + 2 * _MARGIN
    body = [line for row in range(rows) for line in _drawn(screen, row)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"',
            f'width="{width}" height="{height}"',
            'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">',
            "<title>A question and its answer in the chat</title>",
            f'<rect width="100%" height="100%" rx="8" fill="{_BACKGROUND}"/>',
            *body,
            "</svg>\n",
        ]
    )


def _drawn(screen: pyte.Screen, row: int) -> Iterator[str]:
    base = _MARGIN + row * _HEIGHT
    for run in _runs(screen, row):
        x, length = _MARGIN + run.column * _WIDTH, len(run.text) * _WIDTH
        if run.behind:
            yield (
                f'<rect x="{x:.1f}" y="{base}" width="{length:.1f}" height="{_HEIGHT}"'
                f' fill="{run.behind}"/>'
            )
        if run.text.strip():
            yield (
                f'<text x="{x:.1f}" y="{base + 13}" textLength="{length:.1f}" xml:space="preserve"'
                f' fill="{run.colour}"{run.style}>{escape(run.text)}</text>'
            )


def _runs(screen: pyte.Screen, row: int) -> Iterator[Run]:
    cells = [screen.buffer[row][column] for column in range(COLUMNS)]
    column = 0
    for look, group in groupby(cells, _look):
        text = "".join(cell.data for cell in group)
        shown = text.rstrip() if not look[1] else text
        if shown:
            yield Run(column, shown, *look)
        column += len(text)


def _look(cell: Any) -> tuple[str, str | None, str]:
    front, behind = _colour(cell.fg, _FOREGROUND), _colour(cell.bg, "")
    if cell.reverse:
        front, behind = behind or _BACKGROUND, front
    style = ' font-weight="bold"' if cell.bold else ""
    style += ' font-style="italic"' if cell.italics else ""
    style += ' text-decoration="underline"' if cell.underscore else ""
    return front, behind or None, style


def _colour(name: str, default: str) -> str:
    if name == "default":
        return default
    return _COLOURS.get(name, f"#{name}")


if __name__ == "__main__":
    PICTURE.write_text(svg(chat_screen()), encoding="utf-8")
