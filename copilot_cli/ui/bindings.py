"""The keys of the line editor that differ from prompt_toolkit's own."""

import os
import signal
import sys
from collections.abc import Callable
from typing import NamedTuple

from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.buffer import Buffer, CompletionState
from prompt_toolkit.completion import CompleteEvent, get_common_complete_suffix
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import (
    emacs_mode,
    has_focus,
    vi_insert_mode,
    vi_navigation_mode,
)
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.key_binding.vi_state import InputMode

_EDITING = has_focus(DEFAULT_BUFFER)  # in Ctrl-R the keys are prompt_toolkit's


class ToEditor(NamedTuple):
    """What a prompt ends with when the text in it is to go on in the person's editor."""

    text: str


def bindings(
    *, cleared: Callable[[str], None], pause: Callable[[Callable[[], None]], None]
) -> KeyBindings:
    """Return the keys.

    `cleared` hears what Ctrl-C clears; `pause` runs what takes the terminal away.
    """
    keys = KeyBindings()
    _lines(keys, cleared)
    _menu(keys)
    _elsewhere(keys, pause)
    return keys


def _lines(keys: KeyBindings, cleared: Callable[[str], None]) -> None:
    """Enter, a new line, Ctrl-C."""

    @keys.add("enter", filter=_EDITING)
    def _send(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None  # takes what is chosen in the menu
        else:
            buffer.validate_and_handle()

    @keys.add("c-j", filter=_EDITING & (emacs_mode | vi_insert_mode))
    @keys.add("escape", "enter", filter=_EDITING & emacs_mode)
    @keys.add("escape", "c-j", filter=_EDITING & emacs_mode)
    def _new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @keys.add("c-c", filter=_EDITING)
    def _clear(event: KeyPressEvent) -> None:
        cleared(event.current_buffer.text)
        event.current_buffer.reset()
        event.app.vi_state.input_mode = InputMode.INSERT


def _menu(keys: KeyBindings) -> None:
    """Tab."""

    @keys.add("tab", filter=_EDITING & (emacs_mode | vi_insert_mode))
    def _complete(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and len(buffer.complete_state.completions) > 1:
            buffer.complete_next()
        else:
            _complete_now(buffer)


def _complete_now(buffer: Buffer) -> None:
    """Insert what is sure at once, before the keys that follow, and offer the rest in a menu."""
    asked = CompleteEvent(completion_requested=True)
    found = list(buffer.completer.get_completions(buffer.document, asked))
    if len(found) == 1:
        buffer.apply_completion(found[0])
    elif suffix := get_common_complete_suffix(buffer.document, found):
        buffer.insert_text(suffix)
        buffer.start_completion()
    elif found:
        # Now, and not by start_completion: the next Tab is to find the menu open.
        buffer.complete_state = CompletionState(buffer.document, found)
        buffer.complete_next()


def _elsewhere(keys: KeyBindings, pause: Callable[[Callable[[], None]], None]) -> None:
    """The editor, and the shell."""

    @keys.add("c-x", "c-e", filter=_EDITING)
    @keys.add("v", filter=_EDITING & vi_navigation_mode)
    def _edit(event: KeyPressEvent) -> None:
        event.app.erase_when_done = True
        event.app.exit(result=ToEditor(event.current_buffer.text))

    if sys.platform != "win32":

        @keys.add("c-z")
        def _stop(event: KeyPressEvent) -> None:  # noqa: ARG001
            # The whole job, as the terminal does it; goes on when the shell says so.
            run_in_terminal(lambda: pause(lambda: os.kill(0, signal.SIGTSTP)))
