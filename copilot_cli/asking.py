"""One question, answered once, and reported whatever happens: for `ask`, `repl` and `onboard`."""

from collections.abc import Generator
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

from copilot_cli.errors import CopilotChatError, Interrupted, UsageError
from copilot_cli.messages import End, Event, Reasoning, Text
from copilot_cli.signals import Terminated
from copilot_cli.verdict import verdict

if TYPE_CHECKING:
    from copilot_cli.chat import Chat
    from copilot_cli.messages import Outcome
    from copilot_cli.ui.report import Report


class Turn:
    """A context in which one question is prepared and told; its report hears how it ended.

    The report's `finish` is called exactly once when the context is left: with the error that is
    leaving it, if there is one. Errors go on to the caller.
    """

    def __init__(self, report: "Report") -> None:
        self._report = report
        self._chat: Chat | None = None

    def tell(self, chat: "Chat", text: str, session: str | None) -> None:
        """Ask `chat` for an answer to `text`, and report it as it comes; see `hear`."""
        self.hear(chat, chat.send(text), session)

    def hear(
        self, chat: "Chat", answer: Generator[Event, None, object], session: str | None
    ) -> None:
        """Report an `answer` of `chat` as it comes.

        Raises the `CopilotChatError` that says why there is none, or not a whole one.
        """
        self._chat = chat
        self._report.start(chat.model, chat.engine.name, session)
        error: CopilotChatError | None = None
        said = False
        # Closed here and now: a generator left to the collector would save what came too late.
        with closing(answer) as events:
            for event in events:
                self._report.event(event)
                said = said or isinstance(event, Text)
                if isinstance(event, End):
                    error = verdict(event, said=said)
        if error is not None:
            raise error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            error = Interrupted("interrupted")
        elif isinstance(error, Terminated):
            error = Interrupted(f"ended by signal {error.number}", signal=error.number)
        if error is None or isinstance(error, CopilotChatError):
            self._report.finish(self._chat.last if self._chat else None, error)
        else:
            self._report.abandon()


class CodeOnly:
    """A report that hears the whole answer, and passes on the code in it as the answer."""

    def __init__(self, inner: "Report", *, first: bool) -> None:
        """`first`: only the first code block, and not all of them."""
        self._inner = inner
        self._first = first
        self._pieces: list[str] = []

    def start(self, model: str, engine: str, session: str | None) -> None:
        """Pass on what is asked."""
        self._inner.start(model, engine, session)

    def event(self, event: Event) -> None:
        """Collect the answer. Raises `CopilotChatError` where a whole one has no code in it."""
        match event:
            case Text(text):
                self._pieces.append(text)
            case Reasoning():
                pass
            case End(_, complete, _):
                if code := self._code(needed=complete):
                    self._inner.event(Text(code))
                self._inner.event(event)
            case _:
                self._inner.event(event)

    def finish(self, outcome: "Outcome | None", error: CopilotChatError | None) -> None:
        """Pass on how it ended."""
        self._inner.finish(outcome, error)

    def abandon(self) -> None:
        """Leave the terminal whole."""
        self._inner.abandon()

    def _code(self, *, needed: bool) -> str:
        from copilot_cli.fences import blocks

        found = blocks("".join(self._pieces))
        if needed and not found:
            raise CopilotChatError(
                "there is no code block in the answer",
                hint="`copilot-chat sessions show` shows the answer",
                kind="no_code",
            )
        return "".join(block.source for block in (found[:1] if self._first else found))


class OutputFile:
    """A file that is made at the first byte, so that a failure before it leaves none behind."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    @property
    def fault(self) -> UsageError | None:
        """Why no file can be made there, known before anything is sent; None if one can."""
        if not self._path.is_dir() and self._path.parent.is_dir():
            return None
        return UsageError(
            f"{self._path} cannot be written",
            hint="--output wants a file in a folder that is there",
        )

    def write(self, data: bytes) -> None:
        """Write `data`. Raises `UsageError` if the file cannot be made or written."""
        try:
            if self._file is None:
                self._file = self._path.open("wb")
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            raise UsageError(f"{self._path} cannot be written: {error.strerror}") from error

    def close(self) -> None:
        """Close the file, if it was made."""
        if self._file is not None:
            # Every write was flushed; what could not be written has been told.
            with suppress(OSError):
                self._file.close()
