"""A conversation: `Chat.send(text)` is one turn, from the person's words to the end of the answer.

The turn is written down before the request goes out, the answer as it grows, so that nothing that
was paid for is lost. What failed before its first word is no part of the conversation that the next
request carries, though it stays on record. An answer that was stopped or cut is: as far as it came
and without a mark, since models repeat marks that they find in their own answers.

What does not fit the model's window is left out of requests, and said (`context.py`); what is
stored is never shortened by that.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing

from copilot_cli.context import Fitted, Window, divide, summary
from copilot_cli.errors import CopilotChatError, Interrupted, TooLongError, UsageError
from copilot_cli.messages import (
    End,
    Event,
    Initiator,
    Message,
    Notice,
    Outcome,
    Part,
    Request,
    Schema,
    Text,
    TextPart,
    ToolCall,
    ToolCallPart,
    ToolResult,
    ToolResultPart,
    UsageReport,
    message,
    spoken,
)
from copilot_cli.parties import Engine, Forgetful, Recorder, Toolbox
from copilot_cli.turn import Turn, distinct

Content = str | Sequence[Part]
"""What a turn asks: text, or parts in their order."""

CONTINUE = (
    "Your last answer was cut off. Continue exactly where it stopped: repeat nothing, say nothing"
    " about it, and if it stopped inside a code block, go on inside that block."
)
"""What `go_on` asks; a stored question with this text is known by it."""

SUMMARIZE = (
    "Sum up the conversation so far, for yourself: the summary takes the place of these turns, and"
    " you will go on from it. Keep what was asked, what was decided and why, every fact, name,"
    " number, file name, command and piece of code that is still needed, and what is open. Leave"
    " out greetings and detours. Write in the language of the conversation, and write nothing but"
    " the summary."
)

MAX_ROUNDS = 20
"""Rounds of tools in one turn; then the model answers with what it knows."""

KEPT = 2
"""Turns that a summary leaves as they are: the last ones."""


class Chat:
    """A conversation with one engine; model, system text and effort may change between turns.

    `window` is the most tokens of prompt that the model takes, `images` the most images of one
    request, and `efforts` the levels of reasoning that it lists, None where that is not known.
    `max_output` is in tokens, `stop` are texts that end an answer, `schema` is the form that the
    service is to give it. `tools` run what the model asks for, in at most `max_rounds` rounds of
    one turn.
    """

    def __init__(
        self,
        engine: Engine,
        model: str,
        *,
        system: str | None = None,
        history: Iterable[Message] = (),
        recorder: Recorder | None = None,
        stream: bool = True,
        window: int | None = None,
        images: int | None = None,
        effort: str | None = None,
        temperature: float | None = None,
        max_output: int | None = None,
        stop: Sequence[str] = (),
        schema: Schema | None = None,
        tools: Toolbox | None = None,
        max_rounds: int = MAX_ROUNDS,
        efforts: Sequence[str] | None = None,
        monotonic: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self.engine = engine
        self.system = system
        self.effort = effort
        self.temperature = temperature
        self.max_output = max_output
        self.stop = tuple(stop)
        self.schema = schema
        self.tools = tools
        self.max_rounds = max_rounds
        self.last: Outcome | None = None
        """How the last request ended; None before the first."""
        self.reasoning = ""
        """What the model thought aloud in its last answer."""
        self._model = model
        self._efforts = efforts
        self._window = Window(window, images=images)
        self._recorder: Recorder = recorder or Forgetful()
        self._stream = stream
        self._monotonic = monotonic
        self._new_id = new_id
        self._told: set[tuple[str, str]] = set()
        self.load(history)

    # What is talked about, and with whom

    def load(self, history: Iterable[Message]) -> None:
        """Go on from another conversation: a stored one, or this one after an undo."""
        self.history = list(history)
        """The conversation so far without the system text; `load` is how to replace it."""
        self._unfinished = bool(self.history) and self.history[-1].role == "assistant"
        self._window.left_out = 0

    @property
    def model(self) -> str:
        """The model's id; setting it forgets window and efforts of the one before."""
        return self._model

    @model.setter
    def model(self, model: str) -> None:
        self.use_model(model)

    def use_model(
        self,
        model: str,
        *,
        window: int | None = None,
        images: int | None = None,
        efforts: Sequence[str] | None = None,
    ) -> None:
        """Have `model` answer from the next turn on; see the class for what is said of it."""
        self._model = model
        self._efforts = efforts
        self._window = Window(window, self._window.scale, images)

    @property
    def tokens(self) -> tuple[int, int | None]:
        """The tokens of prompt that the conversation is, and the most that the model takes.

        The first are the service's own count of the last turn where it gave one, else an estimate;
        the second are None where nobody has said so yet.
        """
        return self._window.tokens([*self._system(), *self.history]), self._window.limit

    @property
    def estimated(self) -> bool:
        """Whether `tokens` is an estimate throughout: the service has counted nothing yet."""
        return self._window.scale is None

    def answer(self) -> str:
        """Return the last answer's text, with all that `go_on` added; empty if there is none."""
        pieces: list[str] = []
        for each in reversed(self.history):
            if each.role == "assistant":
                pieces.append(each.text)
            elif each.text != CONTINUE:
                break
        return "".join(reversed(pieces))

    # Turns

    def request(self, content: Content) -> Request:
        """Return the request that `send(content)` would make."""
        return self._request(self._window.fit(self._messages(_parts(content))), "user")

    def send(self, content: Content, *, initiator: Initiator = "user") -> Generator[Event]:
        """Return the events of the answer to `content`, text or parts; the last is `End`.

        `initiator` is `agent` where the program asks by itself, as for a repair.

        Closing the generator, or an exception thrown into it (Ctrl-C), stops the answer and keeps
        what came. It raises a `CopilotChatError` where there was no answer at all. A conversation
        that the service refuses as too long is sent once more without its oldest turns.
        """
        return self._turn(_parts(content), initiator, keep=1)

    def go_on(self) -> Generator[Event]:
        """Return the events of more of the last answer, as `send` does: a turn of its own.

        Raises `UsageError` where the last answer was whole, or where there was none.
        """
        if not self._unfinished:
            raise UsageError("there is no unfinished answer to go on with")
        return self._turn(_parts(CONTINUE), "user", keep=2)

    def compact(self) -> Generator[Event, None, str]:
        """Have the model sum up all but the last two turns; yield the events of it.

        It may ask for no tools meanwhile.

        Returns the summary, which takes the place of those turns in what requests carry. Where the
        answer was not whole nothing has changed, and it is empty. Raises as `send` does, and
        `UsageError` where there is nothing to sum up.
        """
        old, kept = divide(self.history, KEPT)
        if not old:
            raise UsageError(
                "there is nothing to sum up yet", hint=f"the last {KEPT} turns stay as they are"
            )
        messages = [*self._system(), *old, message("user", SUMMARIZE)]
        turn = Turn(self._monotonic)
        self._window.left_out = 0  # a summary of what requests do without is of use
        try:
            yield from self._remarks()
            # Of no round: what tools gave here would be in no transcript.
            with turn, closing(self._round(turn, messages, "agent", 0, keep=2)) as events:
                yield from events
        finally:
            self.last = turn.outcome()
        if self.last.state != "complete":
            return ""
        text = turn.text.strip()
        if not text:
            raise CopilotChatError("the model has summed up nothing", hint="try another model")
        self._recorder.summarize(text)
        self.history = [summary(text), *kept]
        self._window.left_out = 0
        return text

    def _turn(
        self, asked: tuple[Part, ...], initiator: Initiator, *, keep: int
    ) -> Generator[Event]:
        messages = self._messages(asked)
        self._recorder.ask(asked)
        self._recorder.begin(self._model, self.engine.name)
        turn = Turn(self._monotonic)
        try:
            with turn, closing(self._answer(turn, messages, initiator, keep=keep)) as events:
                for event in events:
                    self._record(event)
                    yield event
        finally:
            # Whatever happened, what came is kept, and the rest is for the caller to handle.
            self._keep(asked, turn)

    def _record(self, event: Event) -> None:
        match event:
            case Text(text):
                self._recorder.grow(TextPart(text))
            case ToolCall(call_id, name, arguments, _):
                self._recorder.grow(ToolCallPart(call_id, name, arguments))
            case ToolResult(call_id, _, output, error):
                self._recorder.grow(ToolResultPart(call_id, output, error))
            case _:
                pass

    def _answer(
        self, turn: Turn, messages: Sequence[Message], initiator: Initiator, *, keep: int
    ) -> Generator[Event]:
        """Yield the answer to as many of `messages` as fit; the last `keep` turns always stay.

        What the model asks of the tools is done, and the results sent, until it answers.
        """
        yield from self._remarks()
        for rounds in range(self.max_rounds, -1, -1):
            calls = yield from self._round(turn, messages, initiator, rounds, keep=keep)
            if self.tools is None or not calls:
                return
            with closing(self.tools.run(calls)) as results:
                for event in results:
                    turn.note(event)
                    yield event
            messages = [*messages, *spoken(turn.round)]
            initiator = "agent"
            if rounds == 1:
                often = "once" if self.max_rounds == 1 else f"{self.max_rounds} times"
                yield Notice(f"the model has used tools {often}; it answers now")

    def _round(
        self,
        turn: Turn,
        messages: Sequence[Message],
        initiator: Initiator,
        rounds: int,
        *,
        keep: int,
    ) -> Generator[Event, None, list[ToolCall]]:
        """Yield one reply; return what it asks of the tools, instead of its end, where it does."""
        turn.begin_round()
        calls: list[ToolCall] = []
        goes_on = False
        try:
            with closing(self._fitting(turn, messages, initiator, rounds, keep=keep)) as events:
                for event in events:
                    if isinstance(event, End):
                        wants = bool(calls) and event.reason == "tool_calls"
                        goes_on = wants and self.tools is not None and rounds > 0
                        if goes_on:
                            continue
                    elif isinstance(event, ToolCall) and not event.executed:
                        event = distinct(event, messages, calls)  # noqa: PLW2901
                        calls.append(event)
                    turn.note(event)
                    yield event
        except CopilotChatError as error:
            if isinstance(error, Interrupted) or not (turn.acted and turn.text):
                raise
            # The answer has begun, and its tools have done their work: it is cut, not absent.
            end = End("error", complete=False, detail=error.message)
            turn.note(end)
            yield end
        return calls if goes_on else []

    def _fitting(
        self,
        turn: Turn,
        messages: Sequence[Message],
        initiator: Initiator,
        rounds: int,
        *,
        keep: int,
    ) -> Generator[Event]:
        sent = self._window.fit(messages, keep=keep)
        try:
            yield from self._attempt(turn, sent, initiator, rounds)
        except TooLongError as error:
            less = self._window.refused(messages, sent, error, keep=keep)
            if less is None or turn.round:
                raise
        else:
            return
        yield from self._attempt(turn, less, initiator, rounds)

    def _attempt(
        self, turn: Turn, fitted: Fitted, initiator: Initiator, rounds: int
    ) -> Generator[Event]:
        window = self._window
        yield from map(Notice, window.news(fitted, self._model))
        request = self._request(fitted, initiator, rounds)
        with closing(self.engine.answer(request)) as events:
            for event in events:
                yield event
                if isinstance(event, UsageReport):
                    window.counted(fitted.messages, turn.message, event.usage)

    def _request(self, fitted: Fitted, initiator: Initiator, rounds: int = 1) -> Request:
        return Request(
            model=self._model,
            messages=fitted.messages,
            stream=self._stream,
            initiator=initiator,
            request_id=self._new_id(),
            effort=None if self._unlisted else self.effort,
            temperature=self.temperature,
            max_output=self.max_output,
            stop=self.stop,
            schema=self.schema,
            tools=self.tools.specs if self.tools is not None else (),
            tool_choice="auto" if rounds else "none",
        )

    @property
    def _unlisted(self) -> bool:
        """Whether the model lists its levels of reasoning, and not the one that is set."""
        return self._efforts is not None and self.effort not in self._efforts

    def _remarks(self) -> Generator[Event]:
        """Say, once for each model, that it does not know the effort that is set."""
        effort = self.effort
        if effort is None or not self._unlisted or (self._model, effort) in self._told:
            return
        self._told.add((self._model, effort))
        listed = f" ({', '.join(self._efforts)})" if self._efforts else ""
        yield Notice(f"effort {effort} is not sent: {self._model} does not list it{listed}")

    def _messages(self, asked: tuple[Part, ...]) -> Sequence[Message]:
        return [*self._system(), *self.history, Message("user", asked)]

    def _system(self) -> Sequence[Message]:
        return [message("system", self.system)] if self.system else []

    def _keep(self, asked: tuple[Part, ...], turn: Turn) -> None:
        self.last = turn.outcome()
        self.reasoning = turn.reasoning
        self._recorder.finish(self.last)
        answer = turn.messages
        self._unfinished = bool(answer) and self.last.state != "complete"
        if answer:
            self.history += [Message("user", asked), *answer]


def _parts(content: Content) -> tuple[Part, ...]:
    return (TextPart(content),) if isinstance(content, str) else tuple(content)
