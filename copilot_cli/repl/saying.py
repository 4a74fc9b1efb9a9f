"""What the chat says besides the answer: on stderr, plain into a pipe, as wide as the terminal.

What a model, a file or a database holds is foreign: it is made safe here.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from copilot_cli.ui.meter import cost_line, prompt_meter
from copilot_cli.ui.report import Report, TextReport
from copilot_cli.ui.safe import safe, safe_line

if TYPE_CHECKING:
    from copilot_cli.messages import Outcome
    from copilot_cli.repl.loop import Repl
    from copilot_cli.ui.report import Writer

_METER_ROOM = 24  # columns at the right end of the prompt
_SHARE_ROOM = 5  # and where that is narrow
_NARROW = 60  # columns below which the meter is as short as can be


class Saying:
    """Tells the person of one chat what happens."""

    def __init__(self, repl: "Repl") -> None:
        self._repl = repl
        self._streams = repl.app.streams
        self._tokens: tuple[int, int | None] = (0, None)
        self._billed = False  # whether the service has told a price of its own

    def note(self, text: str) -> None:
        """Say something in passing, on lines of its own."""
        for line in self._wrapped(text):
            self._streams.notice(line)

    def tell(self, text: str) -> None:
        """Say what was asked for."""
        self._streams.say("".join(f"{line}\n" for line in self._wrapped(text)))

    def rows(self, rows: Sequence[Sequence[str]], columns: Sequence[str] = ()) -> None:
        """Say a table; `columns` are its heads."""
        from copilot_cli.ui.tables import aligned

        heads = columns or [""] * max(map(len, rows), default=0)
        body = [[safe_line(cell, None) for cell in row] for row in rows]
        lines = aligned(heads, body, room=self.room, bold=self._streams.stderr_color)
        self._streams.say("".join(f"{line}\n" for line in lines))

    def gauges(self, rows: "Sequence[tuple[str, str, float | None]]") -> None:
        """Say what is left of things: name, words, and the share that a bar shows, or None."""
        from copilot_cli.ui.gauges import lines

        streams = self._streams
        bars = streams.stderr_is_terminal and not (streams.dumb or self._repl.app.settings.plain)
        shown = lines(rows, room=self.room, color=streams.stderr_color, bars=bars)
        streams.say("".join(f"{line}\n" for line in shown))

    @property
    def room(self) -> int:
        """The columns of a line; into a pipe as many as it takes."""
        return self._streams.size()[0] - 1 if self._streams.stderr_is_terminal else 10_000

    def rendered(self, answer: str) -> None:
        """Show an answer that was given before."""
        from copilot_cli.ui.stream import make_writer

        settings = self._repl.app.settings
        with make_writer(self._streams, settings.render, theme=settings.theme) as writer:
            writer.text(answer)
            writer.end()
        self._streams.out_bytes(b"\n")

    # -- answers -----------------------------------------------------------------------------

    def report(self) -> Report:
        """Return who shows the next answer."""
        from copilot_cli.ui.stream import make_writer

        settings = self._repl.app.settings

        def writer() -> "Writer":
            shown = settings.thinking == "shown"
            return make_writer(
                self._streams, settings.render, keep_reasoning=shown, theme=settings.theme
            )

        return TextReport(self._streams, writer, reasoning=settings.thinking != "hidden")

    def stopped(self, *, kept: bool) -> None:
        """Say what Ctrl-C did to the answer; `kept` is whether the conversation has what came."""
        last = self._repl.chat.last
        if not kept:
            self.note("stopped")
        elif last is not None and last.first_token is not None:
            self.note("stopped; what came is kept (/continue goes on)")
        else:
            self.note("stopped; nothing came")

    def after_turn(self, outcome: "Outcome | None") -> None:
        """Say what the turn took, if it was one, and part it from the next prompt."""
        if self.metered and outcome is not None and outcome.first_token is not None:
            self._learn_the_window()
            if line := cost_line(outcome, multiplier=self._multiplier(outcome), room=self.room):
                self._streams.notice(line)
        if self._streams.person and self._streams.stdout_is_terminal:
            self._streams.out_bytes(b"\n")

    # -- the meter ---------------------------------------------------------------------------

    @property
    def metered(self) -> bool:
        """Whether the person is told what things take."""
        meter = self._repl.app.settings.meter
        return meter == "on" or (meter == "auto" and self._streams.person)

    def measure(self) -> None:
        """Count what the conversation is: once for each prompt, not with each key."""
        self._tokens = self._repl.chat.tokens

    def meter(self) -> str:
        """Return what stands at the right end of the prompt: nothing before the first turn."""
        chat = self._repl.chat
        if not self.metered or not chat.history:
            return ""
        used, window = self._tokens
        room = _METER_ROOM if self.room >= _NARROW else _SHARE_ROOM
        return prompt_meter(
            used, window, color=self._streams.stderr_color, estimated=chat.estimated, room=room
        )

    def _multiplier(self, outcome: "Outcome") -> float | None:
        """Return what an answer costs in premium requests; None where another unit is billed."""
        self._billed = self._billed or outcome.cost is not None
        model = self._repl.talk.info
        if outcome.instead is not None:
            model = self._repl.app.catalogue.find(outcome.instead.model)
        return model.multiplier if model and not self._billed else None

    def _learn_the_window(self) -> None:
        """Read the model list if nobody ever did: without it there is no window and no price."""
        talk = self._repl.talk
        at = talk.route.endpoint
        if talk.chat.tokens[1] is None and talk.app.catalogue.look_up(talk.chat.model, at):
            talk.use_model()

    def _wrapped(self, text: str) -> list[str]:
        from copilot_cli.ui.runs import plain, wrapped

        return [plain(row) for row in wrapped([(safe(text), "")], self.room)]
