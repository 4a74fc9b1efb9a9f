"""What the program does to the world: streams, clock, network, environment, browser.

They are one value that goes in at the top, so that a test can stand in for each of them.
"""

import io
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from copilot_cli.ui.console import Streams

if TYPE_CHECKING:
    import httpx

    from copilot_cli.app import App
    from copilot_cli.fetching import Resolve


class Effects:
    """What the program does to the world, so that tests can stand in for it.

    `transport` None means the real network; an own one ignores the proxy variables. `resolve` None
    means the system's resolver, for the pages that are fetched.
    """

    def __init__(
        self,
        *,
        environ: Mapping[str, str] | None = None,
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        transport: "httpx.BaseTransport | None" = None,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        open_browser: Callable[[str], bool] | None = None,
        key_cost: int | None = None,
        cwd: Callable[[], Path] = Path.cwd,
        resolve: "Resolve | None" = None,
    ) -> None:
        self.environ = os.environ if environ is None else environ
        self.stdin = stdin if stdin is not None else sys.stdin
        self.stdout = stdout if stdout is not None else sys.stdout
        self.stderr = stderr if stderr is not None else sys.stderr
        self.transport = transport
        self.now = now
        self.monotonic = monotonic
        self.sleep = sleep
        self.open_browser = open_browser
        self.key_cost = key_cost
        self.cwd = cwd
        self.resolve = resolve
        self.app: App | None = None

    def piped_stdin(self, words: Sequence[str] = ()) -> "BinaryIO | None":
        """Return standard input where it is no terminal, else None; closed counts as empty.

        `words` are the arguments: `-` alone asks for a terminal, too, up to Ctrl-D.
        """
        if self.stdin is None or self.stdin.closed:
            return io.BytesIO()
        typed = list(words) == ["-"]
        return None if self.stdin.isatty() and not typed else self.stdin.buffer

    def home(self) -> Path:
        """Return the person's home folder. Raises RuntimeError where nobody knows it."""
        home = self.environ.get("HOME", "")
        return Path(home) if home else Path.home()

    def streams(self, color: str) -> Streams:
        """Return the program's streams; `color` is auto, always or never."""
        return Streams(self.stdin, self.stdout, self.stderr, color=color, environ=self.environ)
