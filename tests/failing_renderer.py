"""The program with a bug in it, to see in which state it leaves the terminal.

python -m tests.failing_renderer ARGUMENTS: the second block of an answer cannot be rendered.
"""

from typing import Any

from copilot_cli.main import run
from copilot_cli.ui import rendering
from copilot_cli.ui.markdown import Rendered, Renderer
from copilot_cli.ui.pieces import Piece


class FailingRenderer(Renderer):
    """Renders one block."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._left = 1

    def render(self, piece: Piece, room: int) -> Rendered:
        """Fail, but for the first time."""
        if not self._left:
            raise LookupError("made to fail")
        self._left -= 1
        return super().render(piece, room)


if __name__ == "__main__":
    setattr(rendering, Renderer.__name__, FailingRenderer)  # bugs have no door to come in by
    run()
