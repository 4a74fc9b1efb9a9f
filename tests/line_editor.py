"""A program around the line editor, for a pseudo-terminal: `python -m tests.line_editor FOLDER`.

Each line that is read is printed as `<'line'>`, and added to a file for `lines_read`. The line
"answer" is answered: until the test lets go, by `let_go`, keys are typed ahead. "crash" is an
answer that fails, "fail" makes the next prompt fail, "/edit" opens the editor.
"""

import json
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from copilot_cli import signals
from copilot_cli.ui.completing import Candidate
from copilot_cli.ui.lines import Lines
from copilot_cli.ui.mentions import completer
from copilot_cli.ui.plain_lines import DumbLines
from copilot_cli.ui.typeahead import typing_ahead, unsent

COMMANDS = ("/edit", "/exit", "/export", "/help")


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


class Program:
    """Reads lines until the end."""

    def __init__(self, folder: Path, words: list[str]) -> None:
        self.folder = folder
        self.meter = "12%"
        self.files = completer(folder)
        if os.environ["TERM"] == "dumb":
            self.lines: Lines | DumbLines = DumbLines(sys.stdin, self.write, os.environ)
            return
        self.lines = Lines(
            folder / "history",
            completer=self.find,
            vi="vi" in words,
            right_prompt=self.right if "right" in words else None,
            color="plain" not in words,
        )

    def right(self) -> str:
        """The right prompt; 'fail' makes it one that fails."""
        if self.meter == "fail":
            raise ZeroDivisionError("the right prompt failed")
        return f"\x1b[33m{self.meter}\x1b[0m"

    def find(self, before: str) -> Iterable[Candidate]:
        """Complete commands and files; fail for '/crash'."""
        if before == "/crash":
            raise ZeroDivisionError("the completer failed")
        if before.startswith("/"):
            return [Candidate(name, 0) for name in COMMANDS if name.startswith(before)]
        return self.files(before)

    def write(self, text: str) -> None:
        """Write to the terminal."""
        sys.stderr.write(text)
        sys.stderr.flush()

    def run(self) -> None:
        """Read and print."""
        typed = b""
        while True:
            line = self.lines.read("> ", typed=typed)
            with (self.folder / "lines").open("a") as file:
                file.write(json.dumps(line) + "\n")
            say(f"<{line!r}>")
            typed = self.answer(line) if line in {"answer", "crash"} else b""
            if line == "fail":
                self.meter = "fail"
            if line == "/edit":
                say(f"[{self.lines.editor('one')!r}]")

    def answer(self, line: str) -> bytes:
        """Answer until the test lets go; return what was typed meanwhile."""
        stopped = False
        with typing_ahead(sys.stdin, self.write) as ahead:
            try:
                say("[answering]")
                (self.folder / "gate").read_bytes()
                if line == "crash":
                    raise ZeroDivisionError("the answer failed")
            except KeyboardInterrupt:
                stopped = True
        say("[stopped]" if stopped else "[answered]")
        return unsent(ahead.take()) if stopped else ahead.take()


def lines_read(folder: Path) -> list[str]:
    """Return what the program in `folder`, in all its runs, has read."""
    file = folder / "lines"
    if not file.exists():
        return []
    *lines, _ = file.read_text().split("\n")  # the last one may be half written
    return [json.loads(line) for line in lines]


def let_go(folder: Path) -> None:
    """End the answer of the program in `folder`, which has begun it."""
    (folder / "gate").write_bytes(b".")


def main() -> int:
    """Run, and return the exit code."""
    signals.heed()
    say(f"[pid {os.getpid()}]")
    with suppress(EOFError):
        Program(Path(sys.argv[1]), sys.argv[2:]).run()
    say("[the end]")
    return 0


if __name__ == "__main__":
    try:
        code = main()
    except signals.Terminated as asked:
        code = 128 + asked.number
    sys.exit(code)
