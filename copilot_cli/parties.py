"""Who takes part in a conversation beside the person: what answers, keeps it, and acts."""

from collections.abc import Generator, Sequence
from typing import Any, Protocol

from copilot_cli.messages import Event, Outcome, Part, Request, ToolCall, ToolSpec


class Engine(Protocol):
    """What answers a turn."""

    @property
    def name(self) -> str:
        """The engine's name in settings and reports."""

    def answer(self, request: Request) -> Generator[Event]:
        """Yield the events of one answer; the last is `End`. Raises `CopilotChatError`.

        Closing the generator stops the answer.
        """

    def dry_run(self, request: Request) -> dict[str, Any]:
        """Return what `answer` would send, as JSON can hold it, with no secret in it."""


class Recorder(Protocol):
    """Who keeps the conversation. Nothing here may stop an answer."""

    def ask(self, parts: Sequence[Part]) -> None:
        """Write the person's turn."""

    def begin(self, model: str, engine: str) -> None:
        """Write that an answer has begun."""

    def grow(self, part: Part) -> None:
        """Take the next piece of the answer; it is on disk within the second."""

    def finish(self, outcome: Outcome) -> None:
        """Write how the answer ended."""

    def summarize(self, summary: str) -> None:
        """Write what stands for all but the last `KEPT` turns from here on."""


class Toolbox(Protocol):
    """The tools that a model may ask for, and who runs them."""

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What is said of each tool to the model."""

    def run(self, calls: Sequence[ToolCall]) -> Generator[Event]:
        """Yield a `ToolResult` for each of `calls`, in their order; notices may come between.

        What goes wrong with a tool is its result, and no exception. Closing the generator, or an
        exception thrown into it (Ctrl-C), stops what runs.
        """


class Forgetful:
    """The recorder of a chat that leaves nothing on disk."""

    def ask(self, parts: Sequence[Part]) -> None:
        """Keep nothing."""

    def begin(self, model: str, engine: str) -> None:
        """Keep nothing."""

    def grow(self, part: Part) -> None:
        """Keep nothing."""

    def finish(self, outcome: Outcome) -> None:
        """Keep nothing."""

    def summarize(self, summary: str) -> None:
        """Keep nothing."""
