"""The chat's loop: a line is read, answered, and the next is read, until the person leaves.

On a terminal Ctrl-C stops an answer and keeps what came; at the prompt it clears the line; Ctrl-D
leaves. What is typed while an answer comes waits for the next prompt. From a pipe it reads line by
line, and the exit code is the last failed turn's.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol

from copilot_cli.asking import Turn
from copilot_cli.errors import CopilotChatError, IncompleteError, Interrupted, UsageError
from copilot_cli.messages import Event
from copilot_cli.repl.attachments import Attachments
from copilot_cli.repl.saying import Saying
from copilot_cli.repl.table import Leave, find
from copilot_cli.repl.tools import remark
from copilot_cli.repl.tree import UNCHANGED

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.chat import Chat, Content
    from copilot_cli.conversation import Conversation
    from copilot_cli.messages import Part
    from copilot_cli.store.turns import Turn as StoredTurn

PROMPT = "> "


class Input(Protocol):
    """Where the person's lines come from."""

    def read(self, prompt: str, default: str = "", typed: bytes = b"") -> str:
        """Return the next line, which begins as `default`; EOFError when there is none any more.

        `typed` was typed before, and counts as typed now.
        """

    def editor(self, text: str) -> str:
        """Return what the person makes of `text` in their editor. Raises `CopilotChatError`."""


class Typed(Protocol):
    """What was typed meanwhile."""

    @property
    def paused(self) -> "Callable[[], AbstractContextManager[None]]":
        """What collects nothing for a `with`, and leaves the terminal as it was before."""

    def take(self) -> bytes:
        """Return what was typed since the last call."""


class _Nothing:
    def paused(self) -> "AbstractContextManager[None]":
        return nullcontext()

    def take(self) -> bytes:
        return b""


def nobody_types() -> "AbstractContextManager[Typed]":
    """Collect nothing: there is no terminal, or one that edits its lines itself."""
    return nullcontext(_Nothing())


class Draft(NamedTuple):
    """A question that is being written anew: the one it takes the place of, and its words."""

    question: "StoredTurn"
    attached: "tuple[Part, ...]"
    words: str


class Repl:
    """One run of the chat: what is talked about, and what the next line means."""

    def __init__(
        self,
        app: "App",
        talk: "Conversation",
        lines: "Callable[[Repl], Input]",
        *,
        private: bool = False,
        typing_ahead: "Callable[[], AbstractContextManager[Typed]]" = nobody_types,
    ) -> None:
        """`lines` makes the input; it is called again when what it depends on has changed.

        `typing_ahead` collects what is typed while an answer comes.
        """
        self.app = app
        self.talk = talk
        self.private = private
        self.exit_code = 0
        self.attachments = Attachments()
        self.draft: Draft | None = None
        self.saying = Saying(self)
        self._make_lines = lines
        self._typing_ahead = typing_ahead
        self._typed = b""
        self.lines = lines(self)

    @property
    def chat(self) -> "Chat":
        """What answers."""
        return self.talk.chat

    def new_lines(self) -> None:
        """Make the input anew: its keys were changed, or where it keeps what was typed."""
        if self.app.streams.person:  # a pipe has read ahead
            self.lines = self._make_lines(self)

    def run(self) -> int:
        """Read and answer until the end; return the exit code.

        That is the last failed turn's for a pipe; a person has seen the failures, and it is 0.
        """
        with suppress(EOFError, Leave):
            while True:
                try:
                    self.handle(self._read())
                except KeyboardInterrupt:
                    # Of a slash command, or the second of two, before the prompt was back.
                    if not self.app.streams.person:
                        raise
        return 0 if self.app.streams.person else self.exit_code

    def handle(self, line: str) -> None:
        """Do what one line asks; an empty one asks for nothing. Raises `Leave`."""
        text = line.strip()
        draft, self.draft = self.draft, None
        if not text:
            return
        if text in {"exit", "quit"}:
            raise Leave
        if line.startswith("!"):
            self._command(f"/shell {line[1:].strip()}")
        elif text.startswith("/") and not text.startswith("//"):
            self._command(text)
        else:
            self.put(line.removeprefix("/") if text.startswith("//") else line, draft)

    def answer(
        self, start: "Callable[[], Generator[Event, None, object]]", *, kept: bool = True
    ) -> bool:
        """Show the answer whose events `start` returns; tell whether it came whole.

        `kept`: what comes of it belongs to the conversation, and can be gone on with.
        """
        whole, before = False, self.chat.last
        try:
            self._unlock()
            with self._keeping_what_is_typed(), Turn(self.saying.report()) as turn:
                turn.hear(self.chat, start(), self.talk.id)
            whole = True
        except KeyboardInterrupt:
            if not self.app.streams.person:
                raise
            self.saying.stopped(kept=kept)
        except CopilotChatError as error:
            self.exit_code = error.exit_code
            goes_on = kept and isinstance(error, IncompleteError)
            hint = "/continue goes on" if goes_on else error.hint
            self.app.streams.error(error.message, hint)
        if not whole:
            self._typed = _unsent(self._typed)
        self.saying.after_turn(None if self.chat.last is before else self.chat.last)
        return whole

    def confirm(self, question: str, *, default: bool = False) -> bool:
        """Return whether the person agrees. Raises `UsageError` where nobody is there."""
        if not self.app.streams.person:
            raise UsageError(f"nobody is there to ask: {question}", hint="it needs a terminal")
        return self.app.prompts.confirm(question, default, flag="a terminal")

    def ask(self, question: "Content") -> None:
        """Ask, with what goes along in it, and show the answer."""
        remark(self)
        self.answer(lambda: self.chat.send(question))

    def put(self, words: str, draft: Draft | None) -> None:
        """Ask what `words` say, with what goes along, in the place of the draft's question."""
        if draft is not None and words == draft.words:
            self.saying.note(UNCHANGED)
            return
        try:
            question = self._with_attachments(words, draft)
        except CopilotChatError as error:
            self.exit_code = error.exit_code
            self.app.streams.error(error.message, error.hint)
            return
        if draft is not None:
            self.talk.back_before(draft.question)
        self.attachments.clear()
        self.ask(question)

    def _with_attachments(self, words: str, draft: Draft | None) -> "Content":
        """Return the question that `words` are with all that goes along, and say that.

        Raises `CopilotChatError` for what cannot be attached, or is none for the model.
        """
        there: set[str] = set()
        if draft is not None:
            from copilot_cli.attachments.attachment import names

            there = names(draft.attached)
        attached = self.attachments.with_mentioned(self.app, words, there)
        if not attached and draft is None:
            return words
        from copilot_cli.attachments.attachment import below, content
        from copilot_cli.attachments.sending import check, told

        question = below(draft.attached if draft else (), content(attached, words))
        if attached:
            check(self.app, self.chat, self.talk.route.endpoint, attached, question)
            self.saying.note(told(attached))
        return question

    @contextmanager
    def _keeping_what_is_typed(self) -> Iterator[None]:
        typed: Typed = _Nothing()
        try:
            with self._typing_ahead() as typed:
                self.app.aside = typed.paused
                yield
        finally:
            self.app.aside = nullcontext
            # The last of it comes when the terminal is put back.
            self._typed += typed.take()

    def _read(self) -> str:
        typed, self._typed = self._typed, b""
        self.saying.measure()
        prompt = self.attachments.mark + PROMPT
        return self.lines.read(prompt, self.draft.words if self.draft else "", typed)

    def _command(self, text: str) -> None:
        name, _, arguments = text[1:].partition(" ")
        try:
            find(name).run(self, arguments.strip())
        except Interrupted:
            self.saying.note("stopped")
        except CopilotChatError as error:
            self.app.streams.error(error.message, error.hint)

    def _unlock(self) -> None:
        """Have the person open a locked store now: in an answer, keys are typed ahead."""
        if self.app.streams.person and self.app.vault.needs_passphrase:
            self.app.access.lease.get()


def _unsent(typed: bytes) -> bytes:
    if not typed:
        return b""
    from copilot_cli.ui.typeahead import unsent

    return unsent(typed)
