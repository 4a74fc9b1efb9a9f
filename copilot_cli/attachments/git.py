"""`git:diff` and `git:staged`: what has changed in the repository around the working folder.

Rule: git is run as a program that reads: no pager, no external diff, here or in a submodule, no
file system monitor, no question, nothing fetched, none of the environment's secrets; it has
`SECONDS`, and no more than `LARGEST_TEXT` is taken of what it prints. Filters that the repository's
own settings name are run by git itself.
"""

import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from copilot_cli.attachments.attachment import Attachment, size
from copilot_cli.attachments.reading import LARGEST_TEXT
from copilot_cli.environment import foreign_environ
from copilot_cli.errors import CopilotChatError, UsageError
from copilot_cli.patterns import pattern
from copilot_cli.process_tree import kill
from copilot_cli.ui.safe import safe_line

PREFIX = "git:"
CHANGES = {"diff": (), "staged": ("--cached",)}
"""What can follow the prefix, and the arguments that it means."""

SECONDS = 10.0

_GIT = ("git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
_DIFF = (*_GIT, "-c", "diff.relative=false", "diff", "--submodule=short")
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/")
_CHANGED = pattern(r'^(?:--- |\+\+\+ )("?)[ab]/(.+?)\1\t?$', re.MULTILINE)
_ESCAPED = pattern(r"\\([0-7]{3}|.)")
_MEANT = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
    # A repository can lack a file on purpose and name the program that is to fetch it.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",  # for a git that does not know the one before (2.45)
}
_EMPTY = {
    "diff": ("nothing has changed since it was staged", "git:staged is what is staged"),
    "staged": ("nothing is staged", "git:diff is what is not staged"),
}


def changes(
    reference: str, folder: Path, environ: Mapping[str, str], *, seconds: float = SECONDS
) -> Attachment:
    """Return the diff that `reference` names, of the repository that `folder` is in.

    Raises `UsageError` where there is no git, no repository or no change, or the diff is too large.
    """
    which = reference.removeprefix(PREFIX)
    if which not in CHANGES:
        raise UsageError(
            f"{safe_line(reference, 60)} is nothing that can be attached",
            hint="git:diff and git:staged can; a file of that name is ./git:…",
        )
    output = _run([*_DIFF, *_PLAIN, *CHANGES[which]], folder, environ, seconds)
    text = output.decode("utf-8", "replace")
    if not text.strip():
        said, hint = _EMPTY[which]
        raise UsageError(f"{reference} is empty: {said}", hint=hint)
    return Attachment.of_text(reference, text)


def top(folder: Path, environ: Mapping[str, str], *, seconds: float = SECONDS) -> Path:
    """Return the folder that the names in a diff are relative to. Raises as `changes` does."""
    output = _run([*_GIT, "rev-parse", "--show-toplevel"], folder, environ, seconds)
    return Path(os.fsdecode(output.removesuffix(b"\n")))


def changed(diff: str) -> list[str]:
    """Return the names of the files that a diff changes, each once."""
    found = _CHANGED.findall(diff)
    return list(dict.fromkeys(_unquoted(name) if quote else name for quote, name in found))


def _unquoted(name: str) -> str:
    """Return a name that git has put in quotes, as C does: for a quote or a newline in it."""

    def meant(found: re.Match[str]) -> str:
        char = found[1]
        return chr(int(char, 8)) if len(char) > 1 else _MEANT.get(char, char)

    return _ESCAPED.sub(meant, name)


def _run(command: list[str], folder: Path, environ: Mapping[str, str], seconds: float) -> bytes:
    kept = {name: value for name, value in foreign_environ(environ).items() if name[:4] != "GIT_"}
    with tempfile.TemporaryFile() as complaints:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=kept | _QUIET,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
            )
        except OSError as error:
            reason = (error.strerror or "no reason given").lower()
            raise UsageError(f"git cannot be run: {reason}") from error
        output = _output(process, seconds)
        if process.returncode == 0:
            return output
        raise _failed(process.returncode, complaints, seconds)


def _output(process: "subprocess.Popen[bytes]", seconds: float) -> bytes:
    """Return what `process` prints; it is ended when its time is up, or it prints too much."""
    assert process.stdout is not None
    timer = threading.Timer(seconds, _end, (process,))
    timer.daemon = True
    timer.start()
    try:
        with process:
            try:
                output = process.stdout.read(LARGEST_TEXT + 1)
            except BaseException:
                _end(process)
                raise
            if len(output) > LARGEST_TEXT:
                _end(process)
                raise UsageError(
                    f"the diff is larger than {size(LARGEST_TEXT)}",
                    hint="git diff PATH | copilot-chat ask '…' sends a part of it",
                )
    finally:
        timer.cancel()
    return output


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End git with the filters that it has started: they may never end, and hold its output."""
    if process.poll() is None:
        kill(process.pid)


def _failed(code: int, complaints: IO[bytes], seconds: float) -> CopilotChatError:
    complaints.seek(0)
    said = complaints.read(4096).decode("utf-8", "replace").strip()
    if code < 0:
        return UsageError(f"git was not done in {seconds:g} seconds")
    if "not a git repository" in said.lower():
        return UsageError("there is no git repository here")
    lines = said.split("\n")
    first = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[0])
    first = safe_line(first) or f"exit code {code}"
    return UsageError(f"git cannot show the changes: {first}")
