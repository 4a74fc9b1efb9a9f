"""How one answer is reported: as text, as one JSON object, or as JSON lines while it comes.

Each report hears of the start, of every event, and of the end with the error there may be. stdout
gets the answer, or the JSON; everything else goes to stderr.
"""

from collections.abc import Callable
from typing import Any, Protocol, assert_never

from copilot_cli.errors import CopilotChatError
from copilot_cli.messages import (
    End,
    Event,
    Notice,
    Outcome,
    Reasoning,
    SealedReasoning,
    Started,
    Switched,
    Text,
    ToolCall,
    ToolResult,
    Usage,
    UsageReport,
    Waiting,
)
from copilot_cli.ui.console import Streams, json_bytes
from copilot_cli.ui.safe import safe_line


class Writer(Protocol):
    """Where the text of an answer goes."""

    def text(self, text: str) -> None:
        """Write the next piece."""

    def reasoning(self, text: str) -> None:
        """Show the next piece of reasoning."""

    def end(self, *, incomplete: bool) -> None:
        """Write what is still held back; leave the terminal whole."""

    def close(self) -> None:
        """Leave the terminal whole, whatever happened."""


class Report(Protocol):
    """How one answer is reported."""

    def start(self, model: str, engine: str, session: str | None) -> None:
        """Hear what is asked."""

    def event(self, event: Event) -> None:
        """Hear what came."""

    def finish(self, outcome: Outcome | None, error: CopilotChatError | None) -> None:
        """Hear how it ended, with the error if it was one of ours."""

    def abandon(self) -> None:
        """Leave the terminal whole: something else is ending the program."""


class TextReport:
    """The answer as text; notices and waits as lines on stderr. `reasoning`: show it, too."""

    def __init__(
        self, streams: Streams, writer: Callable[[], Writer], *, reasoning: bool = True
    ) -> None:
        self._streams = streams
        self._reasoning = reasoning
        self._make = writer
        self._writer: Writer | None = None
        self._held: list[str] = []

    def start(self, model: str, engine: str, session: str | None) -> None:  # noqa: ARG002
        """Make the writer while the service thinks: its imports cost more than a token's wait."""
        self._open()

    def event(self, event: Event) -> None:
        """Show what came."""
        match event:
            case Text(text):
                self._open().text(text)
            case Reasoning(text):
                if self._reasoning:
                    self._open().reasoning(text)
            case Notice(message):
                self._notice(message)
            case Waiting() | Switched():
                self.abandon()
                self._streams.notice(_notice(event))
            case End(_, complete, _):
                self._open().end(incomplete=not complete)
            case ToolCall() | ToolResult():
                self._aside(tool_line(event))
            case Started() | UsageReport() | SealedReasoning():
                pass
            case _:
                assert_never(event)

    def finish(self, outcome: Outcome | None, error: CopilotChatError | None) -> None:  # noqa: ARG002 - errors are shown by main
        """Leave the terminal whole."""
        self.abandon()

    def abandon(self) -> None:
        """Leave the terminal whole, then say what was held back."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        held, self._held = self._held, []
        for message in held:
            self._streams.notice(message)

    def _notice(self, message: str) -> None:
        """Say `message`; not between the rows of an answer that is still being redrawn."""
        if self._writer is not None and self._streams.stdout_is_terminal:
            self._held.append(message)
        else:
            self._streams.notice(message)

    def _aside(self, line: str) -> None:
        """Say `line` in its place between the texts of an answer, and not at its end."""
        if self._writer is not None and self._streams.stdout_is_terminal:
            self._writer.end(incomplete=False)
        self._streams.notice(line)

    def _open(self) -> Writer:
        if self._writer is None:
            self._writer = self._make()
        return self._writer


class JSONReport:
    """One object at the end; the contract's shape, `null` for every figure that was not given.

    What else there is to say goes to `notice`, as beside an answer in text.
    """

    def __init__(
        self,
        write: Callable[[bytes], None],
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._write = write
        self._notice = notice
        self._text: list[str] = []
        self._start: tuple[str | None, str | None, str | None] = (None, None, None)

    def start(self, model: str, engine: str, session: str | None) -> None:
        """Remember what is asked."""
        self._start = (model, engine, session)

    def event(self, event: Event) -> None:
        """Collect the text, and who answers it in the end; say what is no part of the object."""
        if isinstance(event, Text):
            self._text.append(event.text)
        elif isinstance(event, Notice | Waiting | Switched):
            self._notice(_notice(event))
        if isinstance(event, Switched):
            self._start = (event.model, event.engine, self._start[2])

    def finish(self, outcome: Outcome | None, error: CopilotChatError | None) -> None:
        """Print the object."""
        model, engine, session = self._start
        self._write(
            json_bytes(
                {
                    "answer": "".join(self._text),
                    "model": model,
                    "engine": engine,
                    "finish_reason": outcome.finish_reason if outcome else None,
                    "usage": _usage(outcome.usage if outcome else Usage()),
                    "cost": outcome.cost._asdict() if outcome and outcome.cost else None,
                    "session": session,
                    "request_id": _request_id(outcome, error),
                    "seconds": {
                        "first_token": _rounded(outcome.first_token) if outcome else None,
                        "total": _rounded(outcome.total) if outcome else None,
                    },
                    "error": _error(error),
                }
            )
        )

    def abandon(self) -> None:
        """Print nothing: half an object helps nobody."""


class EventsReport:
    """One JSON object a line, as things happen."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write

    def start(self, model: str, engine: str, session: str | None) -> None:
        """Print the first line."""
        self._line("start", model=model, engine=engine, session=session)

    def event(self, event: Event) -> None:
        """Print what came."""
        match event:
            case Text(text):
                self._line("text", text=text)
            case Reasoning(text):
                self._line("reasoning", text=text)
            case ToolCall():
                self._line("tool_call", id=event.id, name=event.name, arguments=event.arguments)
            case ToolResult():
                self._line("tool_result", **event._asdict())
            case UsageReport(usage, cost):
                self._line("usage", **_usage(usage), cost=cost._asdict() if cost else None)
            case Notice() | Waiting() | Switched():
                self._line("notice", message=_notice(event))
            case End(reason, complete, _):
                self._line("end", finish_reason=reason, complete=complete)
            case Started() | SealedReasoning():
                pass
            case _:
                assert_never(event)

    def finish(self, outcome: Outcome | None, error: CopilotChatError | None) -> None:  # noqa: ARG002
        """Print the error, if there is one."""
        if error is not None:
            self._line("error", **(_error(error) or {}))

    def abandon(self) -> None:
        """Print nothing more."""

    def _line(self, kind: str, /, **fields: Any) -> None:
        self._write(json_bytes({"type": kind, **fields}, indent=None))


def tool_line(event: ToolCall | ToolResult) -> str:
    """Return one line: which tool is called with what, or how much it gave, or what went wrong."""
    name = safe_line(event.name, 60)
    if isinstance(event, ToolCall):
        return f"→ {name} {safe_line(event.arguments, 120)}".rstrip()
    if event.error:
        return f"✗ {name}: {safe_line(event.output, 120)}"
    lines = event.output.count("\n") + 1
    if lines == 1:
        return f"← {name}: {safe_line(event.output, 80) or 'nothing'}"
    return f"← {name}: {lines:,} lines, {len(event.output):,} characters"


def _notice(event: Notice | Waiting | Switched) -> str:
    match event:
        case Waiting(seconds, reason):
            return f"{reason}; sending again in {seconds:.1f} s"
        case Switched(_, _, said):
            return said
        case Notice(message):
            return message


def _request_id(outcome: Outcome | None, error: CopilotChatError | None) -> str | None:
    found = outcome.request_id if outcome else None
    return found or (error.request_id if error else None)


def _usage(usage: Usage) -> dict[str, int | None]:
    return usage._asdict()


def _error(error: CopilotChatError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    return {
        "kind": error.kind,
        "message": error.message,
        "hint": error.hint,
        "exit_code": error.exit_code,
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
