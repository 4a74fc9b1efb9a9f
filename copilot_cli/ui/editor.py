"""Writing in the person's own editor: a text goes in, and comes back as they left it.

The text lies meanwhile in a folder that nobody else can read, with whatever the editor puts beside
it, in memory where the system offers such a place; the folder is removed whatever happens.
"""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from copilot_cli.environment import child_environ
from copilot_cli.errors import CopilotChatError, UsageError
from copilot_cli.ui.safe import utf8

_USUAL = ("sensible-editor", "nano", "vim", "vi") if os.name == "posix" else ("notepad",)


def edit(text: str, environ: Mapping[str, str], *, stdout: TextIO | None = None) -> str:
    """Return what the person made of `text`, without the line break at its end.

    `stdout` is the terminal, where the process's own stdout is none. Raises UsageError if there is
    no editor, and `CopilotChatError` if it failed: then the text is to stay as it was.
    """
    command = editor_command(environ)
    try:
        with tempfile.TemporaryDirectory(
            prefix="copilot-chat-", dir=_in_memory(environ), ignore_cleanup_errors=True
        ) as folder:
            file = Path(folder, "message.md")
            file.write_bytes(utf8(text if not text or text.endswith("\n") else f"{text}\n"))
            with _interrupts_are_the_editor_s():
                ended = subprocess.run(
                    [*command, str(file)], env=child_environ(environ), stdout=stdout, check=False
                )
            edited = file.read_bytes()
    except OSError as error:
        raise CopilotChatError(
            f"the editor {command[0]} cannot be used: {error.strerror}", hint="set EDITOR"
        ) from error
    if ended.returncode != 0:
        raise CopilotChatError(f"the editor {command[0]} failed; the text is as it was")
    lines = edited.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return lines.removesuffix("\n")


def editor_command(environ: Mapping[str, str]) -> list[str]:
    """Return the editor's command: of VISUAL, of EDITOR, or one that most machines have.

    Raises UsageError where there is none, or one that cannot be read as a command.
    """
    for name in ("VISUAL", "EDITOR"):
        try:
            words = shlex.split(environ.get(name, ""), posix=os.name == "posix")
        except ValueError as error:
            raise UsageError(f"{name}: cannot be read as a command") from error
        if words:
            return words
    for name in _USUAL:
        if shutil.which(name, path=environ.get("PATH")):
            return [name]
    raise UsageError("there is no editor", hint="set EDITOR")


def _in_memory(environ: Mapping[str, str]) -> str | None:
    """Return the folder of the session that is private and gone after it, None if there is none."""
    folder = environ.get("XDG_RUNTIME_DIR", "")
    return folder if folder and os.access(folder, os.W_OK | os.X_OK) else None


@contextmanager
def _interrupts_are_the_editor_s() -> Iterator[None]:
    """Let Ctrl-C mean what it means in the editor, and nothing here."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python lets only the main thread set handlers
        return
    # Not SIG_IGN: the editor would inherit that.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
