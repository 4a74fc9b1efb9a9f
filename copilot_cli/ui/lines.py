"""Where the chat's input comes from: a line editor on a terminal, plain lines from a pipe.

Keys: Enter sends, Ctrl-J and Alt-Enter begin a new line, a paste arrives whole and is not sent,
Ctrl-C clears what was typed, Ctrl-D on an empty line ends, Ctrl-X Ctrl-E opens the editor.
"""

import os
import stat
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output, create_output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts import CompleteStyle

from copilot_cli.secret import redact
from copilot_cli.ui.safe import utf8


class Lines:
    """The line editor. `commands` (such as "/help") are completed at the start of a line."""

    def __init__(
        self,
        history_file: Path | None,
        *,
        commands: Sequence[str] = (),
        vi: bool = False,
        source: Input | None = None,
        output: Output | None = None,
    ) -> None:
        self._session: PromptSession[str] = PromptSession(
            history=_history(history_file),
            completer=_Commands(commands),
            complete_while_typing=False,
            complete_style=CompleteStyle.READLINE_LIKE,
            key_bindings=_keys(),
            multiline=True,
            prompt_continuation="  ",
            enable_open_in_editor=True,
            enable_suspend=True,
            vi_mode=vi,
            input=source,
            output=output or _output(),
        )

    def read(self, prompt: str) -> str:
        """Return what was typed, newlines included; EOFError on Ctrl-D."""
        try:
            return self._session.prompt(prompt)
        finally:
            self._session.output.show_cursor()  # a signal may have come while it was hidden
            self._session.output.flush()


class PipeLines:
    """Lines of a pipe or a file, in place of a person."""

    def __init__(self, stdin: TextIO) -> None:
        self._stdin = stdin

    def read(self, prompt: str) -> str:  # noqa: ARG002 - nobody reads it
        """Return the next line without its end; EOFError after the last."""
        line = self._stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\r\n")


class _Commands(Completer):
    """Completes a slash command, and only as the first word."""

    def __init__(self, commands: Sequence[str]) -> None:
        self._commands = sorted(commands)

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        del complete_event  # the same whether Tab was pressed or not
        typed = document.text_before_cursor
        if typed.startswith("/") and not any(char.isspace() for char in typed):
            for command in self._commands:
                if command.startswith(typed):
                    yield Completion(command, start_position=-len(typed))


class _PrivateHistory(FileHistory):
    """Input lines in a file of ours: without credentials, and never worth a failure."""

    def store_string(self, string: str) -> None:
        with suppress(OSError):  # a full disk must not stop the chat
            super().store_string(utf8(redact(string)).decode())

    def load_history_strings(self) -> Iterable[str]:
        with suppress(OSError):
            return super().load_history_strings()
        return []


def _history(path: Path | None) -> History:
    """Return the history in `path`, which nobody else can read from its first byte on."""
    if path is None:
        return InMemoryHistory()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(path, flags, 0o600)
    except OSError:  # read-only, a symbolic link, a folder: the lines of this run only
        return InMemoryHistory()
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # a pipe would keep us waiting
            return InMemoryHistory()
        if sys.platform != "win32":
            os.fchmod(descriptor, 0o600)
    except OSError:  # somebody else's
        return InMemoryHistory()
    finally:
        os.close(descriptor)
    return _PrivateHistory(path)


def _keys() -> KeyBindings:
    bindings = KeyBindings()

    @bindings.add("enter")
    def _send(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @bindings.add("c-j")
    @bindings.add("escape", "enter")
    def _newline(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @bindings.add("c-c")
    def _clear(event: KeyPressEvent) -> None:
        event.current_buffer.reset()

    return bindings


def _output() -> Output:
    """Return the terminal: stdout, or stderr where stdout is none."""
    output = create_output(stdout=sys.stdout if sys.stdout.isatty() else sys.stderr)
    if isinstance(output, Vt100_Output):
        output.enable_cpr = False  # else a terminal that does not answer is complained about
    return output
