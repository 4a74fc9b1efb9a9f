"""The questions of the wizard: arrow menus where they work, numbered lists and typed lines else.

Rule: questions and notes go to stderr. Ctrl-C and Ctrl-D mean stop: Interrupted. Each question
names the flag that answers it, which is all there is to say where nobody can be asked.
"""

import getpass
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, NoReturn, Protocol, TextIO

from copilot_cli.errors import Interrupted, UsageError
from copilot_cli.secret import Secret
from copilot_cli.ui.safe import safe, safe_line
from copilot_cli.ui.terminal import size

_TRIES = 3  # for a secret
_SMALLEST = (40, 10)  # columns and lines below which a menu does not fit
_WIDEST = 40  # columns up to which labels are padded, so that details stand below each other
_LONG = 8  # options above which a menu can be searched


class Option(NamedTuple):
    """One answer: `disabled_reason` says why it cannot be taken. Texts may be foreign."""

    value: str
    label: str
    detail: str = ""
    disabled_reason: str | None = None


class Menu(Protocol):
    """Asks with arrows, within `columns`; raises KeyboardInterrupt and EOFError."""

    def __call__(
        self,
        question: str,
        options: Sequence[Option],
        default: str,
        stderr: TextIO,
        columns: int,
        /,
    ) -> str:
        """Return the value of the option that was taken."""


class Prompts:
    """Asks the person at the terminal.

    `plain`: no arrow menus, as for a screen reader; nor are there any with `TERM=dumb` or on a
    terminal too small for them. `menu` and `read_hidden` are how a menu and a secret are asked.
    """

    def __init__(
        self,
        stdin: TextIO,
        stderr: TextIO,
        environ: Mapping[str, str],
        *,
        plain: bool = False,
        menu: Menu | None = None,
        read_hidden: Callable[[str, TextIO], str] | None = None,
    ) -> None:
        self._stdin, self._stderr, self._environ = stdin, stderr, environ
        self._plain = plain or environ.get("TERM") == "dumb"
        self._menu = menu or _arrow_menu
        self._read_hidden = read_hidden or _read_hidden

    def note(self, text: str) -> None:
        """Say something that needs no answer, broken at words where the terminal ends."""
        columns, _ = size(self._stderr, self._environ)
        self._write("".join(f"{line}\n" for line in _wrapped(safe(text), columns)))

    def choose(
        self, question: str, options: Sequence[Option], default: str | None = None, *, flag: str
    ) -> str:
        """Return the value of one of `options` that is not disabled; UsageError if none is left."""
        usable = [option for option in options if option.disabled_reason is None]
        if not usable:
            raise UsageError(f"nothing to choose from: {question}", hint=f"see {flag}")
        if default not in {option.value for option in usable}:
            default = usable[0].value
        cleaned = _aligned([_clean(option) for option in options])
        with _stoppable():
            columns, lines = size(self._stderr, self._environ)
            if not self._plain and columns >= _SMALLEST[0] and lines >= _SMALLEST[1]:
                return self._menu(question, cleaned, default, self._stderr, columns)
            return self._choose_by_number(question, cleaned, default)

    def confirm(self, question: str, default: bool, *, flag: str) -> bool:  # noqa: ARG002, FBT001
        """Return yes or no; an empty line is `default`."""
        choices = "[Y/n]" if default else "[y/N]"
        while True:
            answer = self._ask(f"{safe_line(question, None)} {choices} ").lower()
            if answer in ("", "y", "yes", "n", "no"):
                return answer.startswith("y") if answer else default
            self._write("Please type y or n.\n")

    def typed(self, question: str, expected: str, *, flag: str) -> bool:  # noqa: ARG002
        """Return whether exactly `expected` was typed: for what must not happen by a mere Enter."""
        self.note(question)
        return self._ask(f'Type "{expected}" to go on: ') == expected

    def line(
        self,
        question: str,
        check: Callable[[str], str | None],
        default: str | None = None,
        *,
        flag: str,
    ) -> str:
        """Return a line that is typed, without what surrounds it; an empty one is `default`.

        `check` returns what is wrong with it, or None. Blank or wrong is asked again, three times
        in all, then UsageError.
        """
        shown = f" [{safe_line(default)}]" if default else ""
        for _ in range(_TRIES):
            value = self._ask(f"{safe_line(question, None)}{shown}: ") or default or ""
            wrong = check(value) if value else "nothing was typed"
            if wrong is None:
                return value
            self._write(f"{safe_line(wrong)}\n")
        raise UsageError(f"no usable answer in {_TRIES} tries: {question}", hint=f"see {flag}")

    def secret(
        self,
        question: str,
        check: Callable[[str], str | None],
        *,
        flag: str,
        blank: bool = False,
    ) -> Secret:
        """Return a secret that is typed or pasted unseen; without what surrounds it.

        `check` returns what is wrong with it, or None. Wrong, or blank unless that is an answer
        (`blank`), is asked again, three times in all, then UsageError. Neither it nor `check` may
        repeat the value.
        """
        for _ in range(_TRIES):
            with _stoppable(self._end_line):
                prompt = f"{safe_line(question, None)} (not shown): "
                value = self._read_hidden(prompt, self._stderr).strip()
            wrong = check(value) if value else None if blank else "nothing was typed"
            if wrong is None:
                return Secret(value)
            self._write(f"{safe_line(wrong)}\n")
        raise UsageError(f"no usable answer in {_TRIES} tries: {question}", hint=f"see {flag}")

    def _write(self, text: str) -> None:
        self._stderr.write(text)
        self._stderr.flush()

    def _end_line(self) -> None:
        """End the line of a question that was left: what is said next begins one of its own."""
        self._write("\n")

    def _ask(self, prompt: str) -> str:
        with _stoppable(self._end_line):
            self._write(prompt)
            line = self._stdin.readline()
            if not line:
                raise EOFError
            return line.strip()

    def _choose_by_number(self, question: str, options: Sequence[Option], default: str) -> str:
        numbers: dict[str, str] = {}
        self.note(question)
        for option in options:
            detail = f"  {option.detail}" if option.detail else ""
            if option.disabled_reason is not None:
                self._write(f"   -  {option.label}  (not available: {option.disabled_reason})\n")
                continue
            numbers[str(len(numbers) + 1)] = option.value
            self._write(f"{len(numbers):4}. {option.label}{detail}\n")
        shown = next(number for number, value in numbers.items() if value == default)
        while True:
            answer = self._ask(f"Number [{shown}]: ") or shown
            if answer in numbers:
                return numbers[answer]
            if answer in numbers.values():
                return answer
            self._write(f"Please type a number from 1 to {len(numbers)}.\n")


class NoPrompts:
    """Nobody is there: every question is a usage error that names the flag with the answer."""

    def __init__(self, *, write: Callable[[str], object]) -> None:
        self._write = write

    def note(self, text: str) -> None:
        """Say something that needs no answer."""
        self._write(f"{safe(text)}\n")

    def choose(
        self,
        question: str,
        options: Sequence[Option],  # noqa: ARG002
        default: str | None = None,  # noqa: ARG002
        *,
        flag: str,
    ) -> str:
        """Raise UsageError."""
        _nobody(question, flag)

    def confirm(self, question: str, default: bool, *, flag: str) -> bool:  # noqa: ARG002, FBT001
        """Raise UsageError."""
        _nobody(question, flag)

    def typed(self, question: str, expected: str, *, flag: str) -> bool:  # noqa: ARG002
        """Raise UsageError."""
        _nobody(question, flag)

    def line(
        self,
        question: str,
        check: Callable[[str], str | None],  # noqa: ARG002
        default: str | None = None,  # noqa: ARG002
        *,
        flag: str,
    ) -> str:
        """Raise UsageError."""
        _nobody(question, flag)

    def secret(
        self,
        question: str,
        check: Callable[[str], str | None],  # noqa: ARG002
        *,
        flag: str,
        blank: bool = False,  # noqa: ARG002
    ) -> Secret:
        """Raise UsageError."""
        _nobody(question, flag)


def terminal_prompts(environ: Mapping[str, str], *, plain: bool = False) -> Prompts:
    """Return the prompts of this process: from stdin (secrets from the terminal), to stderr."""
    return Prompts(sys.stdin, sys.stderr, environ, plain=plain)


def _arrow_menu(
    question: str, options: Sequence[Option], default: str, stderr: TextIO, columns: int
) -> str:
    """Ask with questionary; typing narrows a long list."""
    import questionary
    from prompt_toolkit.output import create_output
    from prompt_toolkit.output.vt100 import Vt100_Output

    output = create_output(stdout=stderr)
    if isinstance(output, Vt100_Output):
        output.enable_cpr = False  # else a terminal that does not answer is complained about
    long = len(options) > _LONG
    asked = safe_line(question, None)
    instruction = "(arrows, or type to filter)" if long else "(arrows)"
    if len(asked) + len(instruction) + 4 > columns:
        instruction = " "  # nothing: an empty one would be questionary's own
    choices = [
        questionary.Choice(
            _row(option, columns - 6), value=option.value, disabled=_reason(option, columns - 9)
        )
        for option in options
    ]
    menu = questionary.select(
        asked,
        choices=choices,
        instruction=instruction,
        default=default,
        use_search_filter=long,
        use_jk_keys=not long,
        output=output,
        erase_when_done=True,  # the menu's own last line would repeat the details
    )
    try:
        answer: str = menu.unsafe_ask()
    finally:
        output.show_cursor()  # a signal may have come while it was hidden
        output.flush()
    taken = next(option.label.strip() for option in options if option.value == answer)
    stderr.write(f"{safe_line(f'? {asked} {taken}', columns - 1)}\n")
    stderr.flush()
    return answer


def _row(option: Option, room: int) -> str:
    """Return the row of `option`; of what cannot be taken the reason matters, not the details."""
    if option.disabled_reason is not None:
        return option.label.rstrip()
    return safe_line(f"{option.label}  {option.detail}".rstrip(), room)


def _reason(option: Option, room: int) -> str | None:
    """Return why `option` cannot be taken, cut to what its name leaves of `room`."""
    if option.disabled_reason is None:
        return None
    return safe_line(option.disabled_reason, max(room - len(option.label.rstrip()), 10))


def _read_hidden(prompt: str, stderr: TextIO) -> str:
    """Read a line from the terminal without echo; UsageError where echo cannot be switched off."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt, stream=stderr)
        except getpass.GetPassWarning:
            raise UsageError("this terminal cannot hide what is typed") from None


def _clean(option: Option) -> Option:
    reason = option.disabled_reason
    return Option(
        option.value,
        safe_line(option.label),
        safe_line(option.detail),
        None if reason is None else safe_line(reason),
    )


def _wrapped(text: str, columns: int) -> list[str]:
    """Return the lines of `text` broken at words; what follows a break is indented as its line."""
    lines: list[str] = []
    for line in text.split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        lines += textwrap.wrap(
            line,
            max(columns - 1, 20),
            subsequent_indent=f"{indent}  " if indent else "",
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return lines


def _aligned(options: list[Option]) -> list[Option]:
    """Return `options` with their labels as wide as each other where a detail follows."""
    width = min(max(len(option.label) for option in options), _WIDEST)
    return [
        option._replace(label=option.label.ljust(width)) if option.detail else option
        for option in options
    ]


@contextmanager
def _stoppable(left: Callable[[], object] = lambda: None) -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, EOFError):
        left()
        raise Interrupted("stopped, nothing was changed") from None


def _nobody(question: str, flag: str) -> NoReturn:
    raise UsageError(f"nobody is there to ask: {question}", hint=f"answer it with {flag}")
