"""`search_files`: the lines of the working folder's files that a text or a pattern is found in."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

from copilot_cli.globs import Glob, globs
from copilot_cli.sensitive import holds_secret
from copilot_cli.tools import processes
from copilot_cli.tools.place import Place
from copilot_cli.tools.running import Running
from copilot_cli.tools.tool import Tool, ToolError, tool
from copilot_cli.walking import walk

MOST_LINES = 200
_MOST_PASSED = 5  # files that were passed over and are named
_SECONDS = 30
_PROGRAM = Path(__file__).with_name("regex_process.py")


def searching(place: Place, environ: Mapping[str, str]) -> Tool:
    """Return the tool that searches in `place`."""

    @tool(effect="read", seconds=_SECONDS)
    def search_files(
        pattern: Annotated[str, "A regular expression of Python's."],
        running: Running,
        path: Annotated[str, "The file or folder, relative to the working folder."] = ".",
        files: Annotated[str, "Which files, such as *.py or src/**; all without it."] = "",
        text: Annotated[bool, "Take the pattern as plain text."] = False,  # noqa: FBT002
        ignore_case: Annotated[bool, "Take A for a."] = False,  # noqa: FBT002
    ) -> str:
        """Search the text files of the working folder, without those that git ignores.

        Each line that is found is shown behind its file and number.
        """
        if not pattern:
            raise ToolError("There is nothing to search for.")
        try:
            wanted = globs(files) if files else []
        except ValueError as error:
            raise ToolError(f"{error}.") from error
        searched = _searched(place, environ, path, wanted, running)
        looked_for = re.escape(pattern) if text else pattern
        with _search(
            looked_for, ignore_case=ignore_case, environ=environ, running=running
        ) as search:
            return _told(_Found(place, searched, search))

    return search_files


def _searched(
    place: Place, environ: Mapping[str, str], name: str, wanted: list[Glob], running: Running
) -> Iterator[Path]:
    """Yield the files that are to be searched."""
    start = place.path(name)
    if start.is_file():
        place.text(
            name
        )  # raises for what is no text to be shown: that it is not there is no answer
        yield start
        return
    if not start.is_dir():
        raise ToolError(f"There is no {name}.")
    depth = len(start.parts)
    for path in walk(start, environ=environ, stopped=running.stop.is_set):
        fits = not wanted or any(glob.matches(path.parts[depth:]) for glob in wanted)
        if fits and place.may_read(path):
            yield path


class _Found:
    """The lines that are found; iterating over it searches."""

    def __init__(self, place: Place, files: Iterator[Path], search: "_Search") -> None:
        self._place = place
        self._files = files
        self._search = search
        self.passed: list[str] = []
        """Why files were passed over that are texts."""

    def __iter__(self) -> Iterator[str]:
        """Yield the lines behind their file's name."""
        for path in self._files:
            name = self._place.name(path)
            try:
                content = self._place.content_of(path, name, text=True)
            except ToolError as error:  # too large, gone, or no file any more
                self.passed.append(str(error))
                continue
            if b"\0" in content:
                continue
            lines = self._search.lines(content)
            if lines and holds_secret(content.decode("utf-8", "replace")):
                self.passed.append(f"A secret seems to stand in {name}: it is not shown.")
                continue
            for number, line in lines:
                yield f"{name}:{number}: {line}"


def _told(lines: _Found) -> str:
    shown: list[str] = []
    for line in lines:
        if len(shown) == MOST_LINES:
            shown.append(f"[… there are more than {MOST_LINES} …]")
            break
        shown.append(line)
    shown = shown or ["It is found nowhere."]
    shown += [f"[… passed over: {why.removesuffix('.')} …]" for why in lines.passed[:_MOST_PASSED]]
    if len(lines.passed) > _MOST_PASSED:
        shown.append(f"[… {len(lines.passed) - _MOST_PASSED:,} more were passed over …]")
    return "\n".join(shown)


@contextmanager
def _search(
    pattern: str,
    *,
    ignore_case: bool,
    environ: Mapping[str, str],
    running: Running,
) -> Iterator["_Search"]:
    """Have a process look for one pattern, for the length of a `with`."""
    # Isolated: neither the folder one is in nor a variable says what is imported.
    process = processes.start(
        [sys.executable, "-I", "-S", str(_PROGRAM)],
        folder=_PROGRAM.parent,
        environ=processes.quiet_environ(environ),
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        with running.ended_by(lambda: processes.end(process)):
            search = _Search(process)
            search.begin(pattern, ignore_case=ignore_case)
            yield search
    finally:
        processes.end(process)
        with suppress(BrokenPipeError):  # of what was still to be sent
            process.__exit__(None, None, None)


class _Search:
    """What speaks to a process that looks for one pattern."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def begin(self, pattern: str, *, ignore_case: bool) -> None:
        """Say what is looked for. Raises `ToolError` for what is no pattern."""
        asked = {"pattern": pattern, "ignore_case": ignore_case}
        self._send(json.dumps(asked).encode() + b"\n")
        wrong = self._reply()
        if wrong is not None:
            raise ToolError(f"That is no regular expression: {str(wrong)[:300]}.")

    def lines(self, content: bytes) -> list[tuple[int, str]]:
        """Return the lines of a text that fit, with their numbers."""
        self._send(b"%d\n%b" % (len(content), content))
        found: list[tuple[int, str]] = self._reply()
        return found

    def _send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except OSError as error:
            raise ToolError("The search was stopped.") from error

    def _reply(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ToolError("The search was stopped.")
        return json.loads(line)
