"""What `-v` shows: each request, on stderr; with `-vv` also all of what the service said.

Our own loggers only: httpx and httpcore would log headers. Every record is made safe as it is
written, whoever wrote it: without credentials, and without what a terminal would obey.
"""

import logging
from collections.abc import Callable

from copilot_cli.secret import redact
from copilot_cli.ui.safe import safe


class _Lines(logging.Handler):
    """Writes each record as one line."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        """Write `record`; what goes wrong with that is nobody's answer's fault."""
        try:
            self._write(f"{safe(redact(self.format(record)))}\n")
        except OSError:
            self.handleError(record)


def show(verbose: int, write: Callable[[str], None]) -> None:
    """Have the program's records written with `write`: from 1 on the requests, from 2 on all."""
    logger = logging.getLogger("copilot_cli")
    logger.handlers = [_Lines(write)]
    logger.setLevel(logging.DEBUG if verbose > 1 else logging.INFO)
    logger.propagate = False
