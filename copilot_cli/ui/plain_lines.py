"""Lines of input where there is no line editor: from a pipe, and from a terminal that is dumb.

Nothing heavy is imported here.
"""

from collections.abc import Callable, Mapping
from typing import TextIO

from copilot_cli.errors import UsageError


class PipeLines:
    """Lines of a pipe or a file, in place of a person."""

    def __init__(self, stdin: TextIO) -> None:
        self._stdin = stdin

    def read(self, prompt: str, default: str = "", typed: bytes = b"") -> str:  # noqa: ARG002
        """Return the next line without its end; EOFError after the last."""
        line = self._stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\r\n")

    def editor(self, text: str) -> str:
        """Raise UsageError: nobody is there to edit `text`."""
        raise UsageError(
            "there is nobody to edit it", hint=f"pipe the {len(text.split())} words in"
        )


class DumbLines:
    """Lines typed at a terminal that cannot move its cursor (`TERM=dumb`): it edits them itself."""

    def __init__(
        self, stdin: TextIO, write: Callable[[str], object], environ: Mapping[str, str]
    ) -> None:
        """`write` writes to the terminal and flushes."""
        self._stdin = stdin
        self._write = write
        self._environ = environ
        self._hinted = False

    def read(self, prompt: str, default: str = "", typed: bytes = b"") -> str:  # noqa: ARG002
        """Return the next line without its end; EOFError on Ctrl-D.

        An empty line is `default`, which is shown first. Ctrl-C begins anew.
        """
        while True:
            try:
                if default:
                    self._write(f"{default}\n(Enter alone sends this)\n")
                self._write(prompt)
                line = self._stdin.readline()
            except KeyboardInterrupt:
                self._write("\n" if self._hinted else "\n(Ctrl-D leaves)\n")
                self._hinted = True
                default = ""
                continue
            if not line:
                self._write("\n")
                raise EOFError
            return line.rstrip("\r\n") or default

    def editor(self, text: str) -> str:
        """Return what the person makes of `text` in their editor; see `ui.editor.edit`."""
        from copilot_cli.ui.editor import edit

        return edit(text, self._environ)
