"""The pictures in the docs, made from real runs against the simulator.

python -m tests.pictures
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import pexpect
import pyte

from copilot_cli.simulator import Scenario, Simulator, SimulatorServer

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "pictures"
QUESTION = "How do I choose a model?"
COLUMNS, ROWS = 84, 38
PATIENCE = 20.0  # seconds

_WIDTH, _HEIGHT, _MARGIN = 8.4, 18, 14  # of a character, of a line, around the text: pixels
_BLOCKS = frozenset("█▀▄ ")
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


class Terminal:
    """The program at a terminal, typed to by nobody."""

    def __init__(self, command: str, environ: dict[str, str]) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        program = f"echo '$ copilot-chat {command}'; exec {_program(command)}"
        self._child: Any = pexpect.spawn(
            "sh", ["-c", program], env=environ, dimensions=(ROWS, COLUMNS)
        )

    def until(self, holds: Callable[[list[str]], bool], wanted: str) -> "Terminal":
        """Read until `holds` of the lines on the screen."""
        end = time.monotonic() + PATIENCE
        while not holds(self.screen.display):
            if time.monotonic() > end:
                raise TimeoutError(f"{wanted} never came: {self.screen.display}")
            with suppress(pexpect.TIMEOUT):
                self._stream.feed(self._child.read_nonblocking(65536, timeout=0.2))
        return self

    def prompts(self, number: int) -> "Terminal":
        """Wait for the chat's prompt, the `number`-th."""
        return self.until(
            lambda shown: sum(line.startswith(">") for line in shown) >= number,
            f"prompt {number}",
        )

    def shows(self, text: str) -> "Terminal":
        """Wait for `text` in one of the lines."""
        return self.until(lambda shown: any(text in line for line in shown), text)

    def types(self, text: str) -> "Terminal":
        """Press keys."""
        self._child.send(text)
        return self

    def close(self) -> None:
        """End the program."""
        self._child.close(force=True)


def _program(command: str) -> str:
    return f"{sys.executable} -m copilot_cli {command}"


@contextmanager
def _machine(scenario: Scenario) -> Iterator[dict[str, str]]:
    """A home and a simulator that is taken for GitHub: the environment they are found by."""
    with SimulatorServer(Simulator(scenario)) as server, tempfile.TemporaryDirectory() as home:
        given = {name: value for name, value in server.env.items() if not name.endswith("_URL")}
        yield {
            **given,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "COLORFGBG": "15;0",
            "COPILOT_CHAT_HOME": home,
            "COPILOT_CHAT_NO_KEYRING": "1",
        }


def chat() -> pyte.Screen:
    """Return the screen of somebody who opened the chat and asked a question."""
    with _machine(Scenario(auto_approve="at_once")) as environ:
        pexpect.run(_program("onboard --yes --store keyfile --no-verify"), env=environ)
        with closing(Terminal("", environ)) as terminal:
            return terminal.prompts(1).types(f"{QUESTION}\r").prompts(2).screen


def wizard() -> pyte.Screen:
    """Return the screen of somebody who is to type the code of the sign-in."""
    with (
        _machine(Scenario()) as environ,
        closing(Terminal("onboard --store keyfile --no-browser", environ)) as terminal,
    ):
        terminal.shows("Paste a token").types("\r").shows("Which engine?").types("\r")
        return terminal.shows("waiting for you to type it").screen


PICTURES = {
    "chat": ("A question and its answer in the chat", chat),
    "wizard": ("The sign-in: a code, and the page to type it on", wizard),
}


def lines(screen: pyte.Screen) -> list[str]:
    """Return the screen's text without the empty lines at its end."""
    shown = [line.rstrip() for line in screen.display]
    while shown and shown[-1] in {"", ">"}:
        shown.pop()
    return shown


def svg(title: str, screen: pyte.Screen) -> str:
    """Return a picture of the screen that needs nothing from elsewhere, fonts neither."""
    rows = len(lines(screen))
    width = round(COLUMNS * _WIDTH) + 2 * _MARGIN
    height = rows * _HEIGHT + 2 * _MARGIN
    body = [line for row in range(rows) for line in _drawn(screen, row)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"',
            f'width="{width}" height="{height}"',
            'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14"',
            'shape-rendering="crispEdges">',
            f"<title>{escape(title)}</title>",
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
        if _BLOCKS.issuperset(run.text):
            yield from _blocks(run, x, base)
        elif run.text.strip():
            yield (
                f'<text x="{x:.1f}" y="{base + 13}" textLength="{length:.1f}" xml:space="preserve"'
                f' fill="{run.colour}"{run.style}>{escape(run.text)}</text>'
            )


def _blocks(run: Run, x: float, y: int) -> Iterator[str]:
    """Draw blocks as what they are: a font would leave gaps between them."""
    for char, group in groupby(run.text):
        width = len(list(group)) * _WIDTH
        top, height = {"▀": (0, 0.5), "▄": (0.5, 0.5), "█": (0, 1), " ": (0, 0)}[char]
        if height:
            yield (
                f'<rect x="{x:.1f}" y="{y + top * _HEIGHT:g}" width="{width:.1f}"'
                f' height="{height * _HEIGHT:g}" fill="{run.colour}"/>'
            )
        x += width


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
    for name, (title, screen) in PICTURES.items():
        (FOLDER / f"{name}.svg").write_text(svg(title, screen()), encoding="utf-8")
