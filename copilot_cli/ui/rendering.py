"""An answer rendered as Markdown while it comes.

The rule is append-only: a finished block is printed once and belongs to the scrollback; the
unfinished one is echoed as it comes and replaced by its rendering. A token is on the screen before
`text()` returns, so there is no clock here and no redraw to be late. The work is linear in the
text: `tests/bench/render.py` holds it against rich rendering the finished text once.
"""

from collections.abc import Callable
from contextlib import suppress

from copilot_cli.ui.live import Live, Paper, Tail
from copilot_cli.ui.markdown import Renderer
from copilot_cli.ui.pieces import Piece
from copilot_cli.ui.safe import safe
from copilot_cli.ui.splitter import BlockSplitter
from copilot_cli.ui.stream import DIM, AnswerWriter, Aside
from copilot_cli.ui.themes import EITHER, Theme

_SLICE = 4096  # characters shown together: an answer that comes in one piece is not waited for
_PAGE = 8  # rows of reasoning shown at a time, while it is to be folded away


class TerminalWriter(AnswerWriter):
    """Renders the answer.

    `write` takes all bytes of one update; `size` gives the columns and rows of the screen. Without
    `cursor` nothing is ever redrawn: finished blocks only, for pipes and dumb terminals. Reasoning
    goes to `aside`; without one it is shown here, dim, and folded away when the answer starts,
    unless `keep_reasoning`. `theme` has the colours of code.
    """

    def __init__(
        self,
        write: Callable[[bytes], None],
        size: Callable[[], tuple[int, int]],
        *,
        color: bool = True,
        cursor: bool = True,
        aside: Aside | None = None,
        keep_reasoning: bool = False,
        theme: Theme = EITHER,
    ) -> None:
        self._size = size
        self._columns, self._rows = size()
        self._color = color
        self._cursor = cursor
        self._aside = aside
        self._keep = keep_reasoning
        self._thinking = False
        self._splitter = BlockSplitter(self._columns, self._rows)
        self._renderer = Renderer(color=color, theme=theme)
        self._tail: Tail = Live(write, self._columns) if cursor else Paper(write)

    def text(self, text: str) -> None:
        """Write the next piece of the answer. Raises `BrokenPipeError` where nobody reads it."""
        if self._thinking:
            self._end_thinking()
        for start in range(0, max(1, len(text)), _SLICE):
            self._text(text[start : start + _SLICE])

    def _text(self, text: str) -> None:
        self._measure()
        text = safe(text)
        pieces = self._splitter.feed(text)
        self._render(pieces)
        if pieces or self._tail.empty:
            self._echo_pending()
        else:
            self._tail.append(text)
        self._tail.flush()

    def reasoning(self, text: str) -> None:
        """Show the next piece of reasoning. What came of the answer so far is finished."""
        if not self._thinking:
            self._finish()
            self._thinking = True
        if self._aside:
            self._tail.flush()
            self._aside.write(text)
            return
        self._measure()
        self._tail.append(safe(text), DIM if self._color else "")
        if self._keep:
            self._tail.settle()
        elif self._tail.height > min(_PAGE, self._rows - 1):
            self._tail.replace([])  # the page is full; the next begins in its place
        self._tail.flush()

    def end(self, *, incomplete: bool = False) -> None:
        """Render what is unfinished, and mark an answer that is `incomplete`."""
        self._end_thinking()
        self._finish()
        if incomplete and self._cursor:
            mark = f"\x1b[{DIM}m[incomplete]\x1b[m" if self._color else "[incomplete]"
            self._tail.replace(["", mark] if self._renderer.begun else [mark])
            self._tail.commit()
        self._tail.flush()

    def close(self) -> None:
        """Render what is unfinished; if rendering is what failed, leave it as it was echoed."""
        try:
            with suppress(OSError):  # whoever reads is gone, and whoever wrote first has said so
                self.end()
        finally:
            with suppress(OSError):
                self._tail.commit()
                self._tail.flush()

    def _render(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            try:
                rendered = self._renderer.render(piece, self._columns)
            except Exception:  # a bug, which the source is not to be lost to
                self._tail.replace(piece.text.split("\n"))
                self._tail.commit()
                raise
            self._tail.replace(rendered.rows)
            self._tail.commit(rendered.open)

    def _finish(self) -> None:
        """Render all that is left; an echo that comes to nothing, as of an empty quote, goes."""
        pieces = self._splitter.flush()
        self._render(pieces)
        if not pieces:
            self._tail.replace([])

    def _echo_pending(self) -> None:
        """Echo what the splitter has and the screen has not: the beginning of a block."""
        pending = self._splitter.pending if self._cursor else ""
        if pending:
            parted = self._tail.empty and self._splitter.gap and self._renderer.begun
            self._tail.append("\n" + pending if parted else pending)

    def _end_thinking(self) -> None:
        if not self._thinking:
            return
        self._thinking = False
        if self._aside:
            self._aside.end()
            return
        if not self._keep:
            self._tail.replace([])
        self._tail.commit()
        if self._keep:
            self._tail.replace([""])
            self._tail.commit()

    def _measure(self) -> None:
        """Look whether the screen was resized; what can no longer be redrawn stays as it is."""
        columns, rows = self._size()
        if not self._tail.fits(columns, rows):
            self._tail.commit()
            if not self._thinking:
                for piece in self._splitter.cut():
                    self._renderer.render(piece, columns)  # for what follows it; it is shown
                self._renderer.break_row()
        if (columns, rows) != (self._columns, self._rows):
            self._columns, self._rows = columns, rows
            self._splitter.set_room(columns, rows)
