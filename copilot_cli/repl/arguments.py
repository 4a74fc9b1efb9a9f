"""What is typed after a command's name, read."""

from copilot_cli.errors import UsageError

_MOST = 1000


def no_arguments(arguments: str) -> None:
    """Raise `UsageError` where something was typed: it would be lost without a word."""
    if arguments:
        raise UsageError("this command takes nothing after its name", hint="/help lists them")


def whole_number(text: str, default: int) -> int:
    """Return the number that `text` is, `default` where it is empty. Raises `UsageError`."""
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:5]) <= _MOST):
        raise UsageError(f"{text[:20]!r} is no number from 1 to {_MOST}")
    return int(text)
