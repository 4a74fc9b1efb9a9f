"""What is no error of ours is a bug: it is told with its traceback, and no secret in it.

Python's own hook prints the exception's text as it is, and a library may put a header into one.
"""

import sys
import threading
import traceback
from types import TracebackType

from copilot_cli.secret import redact


def confess() -> None:
    """Have uncaught exceptions, of the main thread and of others, printed without secrets."""
    sys.excepthook = _tell
    threading.excepthook = _tell_of_thread


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    text = "".join(traceback.format_exception(kind, error, trace))
    sys.stderr.write(redact(text))
    sys.stderr.write("error: this is a bug in copilot-chat\nhint: please report the lines above\n")


def _tell_of_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and args.exc_type is not SystemExit:
        _tell(args.exc_type, args.exc_value, args.exc_traceback)
