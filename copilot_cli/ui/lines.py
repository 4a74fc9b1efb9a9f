"""The chat's line editor. Where it cannot be, the lines are those of `plain_lines`.

Keys: Enter sends; Ctrl-J, Alt-Enter and, where the terminal can tell, Shift-Enter begin a new line;
a paste arrives whole and is not sent; Ctrl-C clears what was typed; Ctrl-D on an empty line ends;
Ctrl-X Ctrl-E opens the editor; Ctrl-R searches what was sent before. Rule: whatever ends a read,
the terminal is left as it was found.
"""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.cursor_shapes import ModalCursorShapeConfig
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import ANSI, AnyFormattedText
from prompt_toolkit.input import Input, create_input
from prompt_toolkit.input.typeahead import store_typeahead
from prompt_toolkit.output import ColorDepth, Output, create_output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts import CompleteStyle

from copilot_cli.errors import CopilotChatError
from copilot_cli.ui.bindings import ToEditor, bindings
from copilot_cli.ui.completing import Find, MenuCompleter, offered_unasked
from copilot_cli.ui.editor import edit
from copilot_cli.ui.ending import ended_from_outside
from copilot_cli.ui.history import open_history
from copilot_cli.ui.keyboard import hand, protocol, understand
from copilot_cli.ui.safe import safe, utf8
from copilot_cli.ui.typeahead import quiet

_MENU = 8  # rows below the line that a menu may take
_VI_ESCAPE = 0.05  # seconds after which an Esc is an Esc, and not the beginning of a key
_HINT = "Ctrl-D leaves"


class Lines:
    """The line editor of one chat."""

    def __init__(
        self,
        history_file: Path | None,
        *,
        completer: Find | None = None,
        vi: bool = False,
        right_prompt: Callable[[], str] | None = None,
        color: bool = True,
        environ: Mapping[str, str] | None = None,
        source: Input | None = None,
        output: Output | None = None,
    ) -> None:
        """`right_prompt` returns what stands at the right end of the first line, ANSI allowed.

        Without `history_file` the lines are those of this run, and nothing is kept.
        """
        self._environ = os.environ if environ is None else environ
        self._at_terminal = source is None and sys.stdin.isatty()
        self._input = source or create_input(sys.stdin)
        self._output = output or _output()
        self._right_prompt = right_prompt
        self._hinted = self._hinting = False
        understand(self._input)
        self._session: PromptSession[str | ToEditor] = PromptSession(
            history=open_history(history_file),
            completer=MenuCompleter(completer or (lambda _: ())),
            complete_while_typing=Condition(self._offers),
            complete_style=CompleteStyle.COLUMN,
            enable_history_search=~Condition(self._offers),
            key_bindings=bindings(cleared=self._cleared, pause=self._paused),
            multiline=True,
            prompt_continuation="  ",
            rprompt=self._right,
            placeholder=self._in_the_empty_line,
            vi_mode=vi,
            cursor=ModalCursorShapeConfig() if vi else None,
            color_depth=None if color else ColorDepth.DEPTH_1_BIT,
            input=self._input,
            output=self._output,
        )
        self._keys = protocol(self._environ)
        if vi:
            self._session.app.ttimeoutlen = _VI_ESCAPE

    def read(self, prompt: str, default: str = "", typed: bytes = b"") -> str:
        """Return what was typed, newlines included; EOFError on Ctrl-D, or without a terminal.

        `default` stands in the line already. `typed` is what was typed ahead: it counts as typed
        now, an Enter in it included.
        """
        answer: str | ToEditor = ToEditor(default)
        while isinstance(answer, ToEditor):
            with quiet(sys.stdin) if self._at_terminal else nullcontext():
                store_typeahead(self._input, hand(self._input, typed))
                answer = self._prompt(prompt, answer.text)
            typed = b""
            if isinstance(answer, ToEditor):
                answer = ToEditor(self._edited(answer.text))
        return utf8(answer).decode()

    def editor(self, text: str) -> str:
        """Return what the person makes of `text` in their editor; see `ui.editor.edit`."""
        return edit(text, self._environ, stdout=None if sys.stdout.isatty() else sys.stderr)

    def _prompt(self, prompt: str, default: str) -> str | ToEditor:
        session = self._session
        self._hinting = False
        session.app.erase_when_done = False
        session.reserve_space_for_menu = max(0, min(_MENU, self._output.get_size().rows - 4))
        self._write(self._keys.begin)
        try:
            with ended_from_outside() as heed:
                return session.prompt(
                    prompt, default=default, pre_run=heed, set_exception_handler=False
                )
        except OSError as error:  # the terminal is gone
            raise EOFError from error
        finally:
            with suppress(OSError):
                self._write(self._keys.end)
                self._output.show_cursor()  # a signal may have come while it was hidden
                self._output.flush()

    def _edited(self, text: str) -> str:
        try:
            return self.editor(text)
        except CopilotChatError as error:
            self._write(f"{safe(error.message)}\r\n")
            return text

    def _paused(self, run: Callable[[], None]) -> None:
        """Run what gives the terminal to somebody else."""
        self._write(self._keys.end)
        run()
        self._write(self._keys.begin)

    def _write(self, text: str) -> None:
        self._output.write_raw(text)
        self._output.flush()

    def _offers(self) -> bool:
        return offered_unasked(self._session.default_buffer.document.text_before_cursor)

    def _cleared(self, text: str) -> None:
        """Say once in a chat how to leave: in the line, if it was empty already."""
        self._hinting = not text and not self._hinted
        self._hinted = self._hinted or self._hinting

    def _in_the_empty_line(self) -> AnyFormattedText:
        hinting = self._hinting and not get_app().is_done
        return [("fg:ansibrightblack", _HINT)] if hinting else ""

    def _right(self) -> AnyFormattedText:
        if self._right_prompt is None or get_app().is_done:  # what is sent stands alone
            return ""
        return ANSI(self._right_prompt())


def _output() -> Output:
    """Return the terminal: stdout, or stderr where stdout is none."""
    output = create_output(stdout=sys.stdout if sys.stdout.isatty() else sys.stderr)
    if isinstance(output, Vt100_Output):
        output.enable_cpr = False  # else a terminal that does not answer is complained about
    return output
