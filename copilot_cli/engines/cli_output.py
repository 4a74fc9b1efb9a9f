"""What the command `copilot` prints, as our events: one JSON object a line, one kind each.

Rule: a kind that is not known is passed over, since there are a hundred of them and more with each
version; what has failed is decided by status, code and type, and never by the words of a message.
Source: its `schemas/session-events.schema.json` of version 1.0.102, and running it.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn

from copilot_cli.engines.cli_command import NAMELESS
from copilot_cli.engines.failure import BACKOFF, Failure
from copilot_cli.engines.official.faults import STATUSES
from copilot_cli.errors import CopilotChatError, NetworkError, ServiceError, TooLongError
from copilot_cli.messages import Cost, Event, Notice, Reasoning, Started, Text, Usage, UsageReport
from copilot_cli.secret import redact
from copilot_cli.ui.safe import safe_line
from copilot_cli.values import number
from copilot_cli.wires.reading import parsed, table, text, tokens

MAX_TEXT = 32 * 1024 * 1024
"""The most characters of one answer."""

MAX_ASKED = 4
"""How often the model is asked for one answer.

The command asks it by itself to go on, twice, where an answer reached the most that it may have;
and as often as it likes, where a model asks for tools that there are none of.
"""

_SHOWN = 200


class Broken(Failure):
    """An answer that broke off; whether anything came of it before is not the question here."""

    def __init__(self, message: str) -> None:
        error = NetworkError(message, kind="runtime")
        error.outage = True
        super().__init__(error, BACKOFF)


class Output:
    """Reads the lines of one answer.

    `hide` are the secrets that no message may repeat, `explain` rewords the failure of a service.
    """

    def __init__(
        self,
        hide: tuple[str, ...] = (),
        explain: Callable[[Failure], Failure] = lambda failure: failure,
    ) -> None:
        self.exit_code: int | None = None
        """What the command says it ends with; None until it has said so."""
        self.understood = False
        """Whether any line was one of its own."""
        self.progress = 0
        """Grows with all that means that the model is at work."""
        self.answered = False
        """Whether there was a word of an answer."""
        self._hide = hide
        self._explain = explain
        self._asked = 0
        self._size = 0
        self._in_pieces: set[str] = set()
        self._thought = False
        self._told_of_tools = False
        self._started = False

    @property
    def asked(self) -> bool:
        """Whether the model was asked at all."""
        return self._asked > 0

    def events(self, line: bytes) -> Iterator[Event]:
        """Yield what `line` means. Raises `Failure` where it says that there is no answer."""
        found = parsed(line.decode("utf-8", "replace"))
        kind = text(found.get("type"))
        self.understood = self.understood or bool(kind)
        if kind == "result":
            self.exit_code = tokens(found.get("exitCode"))
            return
        reader = _READERS.get(kind)
        if reader is not None:
            self.progress += 1
            for event in reader(self, table(found.get("data"))):
                self._weigh(event)
                yield event

    def _weigh(self, event: Event) -> None:
        self.answered = self.answered or isinstance(event, Text)
        if isinstance(event, Text | Reasoning):
            self._size += len(event.text)
        if self._size > MAX_TEXT:
            raise Failure(CopilotChatError("the answer is larger than 32 MiB; stopped"))

    def _turn(self, _data: dict[str, Any]) -> Iterable[Event]:
        self._asked += 1
        if self._asked > MAX_ASKED:
            raise Failure(
                ServiceError(
                    f"the command copilot asked the model {MAX_ASKED} times for one answer, and"
                    " was stopped",
                    kind="runtime",
                )
            )
        return ()

    def _call(self, data: dict[str, Any]) -> Iterable[Event]:
        if self._started:
            return ()
        self._started = True
        model = text(data.get("model"))
        return (Started(None if model in ("", NAMELESS) else model, None),)

    def _delta(self, data: dict[str, Any]) -> Iterable[Event]:
        self._in_pieces.add(text(data.get("messageId")))
        return _texts(Text, data.get("deltaContent"))

    def _thought_delta(self, data: dict[str, Any]) -> Iterable[Event]:
        self._thought = True
        return _texts(Reasoning, data.get("deltaContent"))

    def _message(self, data: dict[str, Any]) -> Iterable[Event]:
        """A whole message is what its pieces were, unless it had none."""
        thoughts = () if self._thought else _texts(Reasoning, data.get("reasoningText"))
        self._thought = False
        whole = text(data.get("messageId")) not in self._in_pieces
        return (*thoughts, *(_texts(Text, data.get("content")) if whole else ()))

    def _tool(self, data: dict[str, Any]) -> Iterable[Event]:
        if self._told_of_tools:
            return ()
        self._told_of_tools = True
        name = safe_line(text(data.get("toolName")), 60)
        return (Notice(f"the model asked for the tool {name}, and was told that there is none"),)

    def _retry(self, data: dict[str, Any]) -> NoReturn:
        """It begins the reply again by itself, from its first word on: we do that, or nobody."""
        why = safe_line(redact(text(data.get("reason"))), 60)
        raise Broken(f"the command copilot gave the reply up: {why}")

    def _failed_call(self, data: dict[str, Any]) -> NoReturn:
        from copilot_cli.engines.refusal import Refusal

        said = self._said(text(data.get("errorMessage")))
        status = tokens(data.get("statusCode"))
        if status is None:
            raise Broken(f"the command copilot got no reply: {said}")
        code = text(data.get("errorCode")) or text(data.get("errorType"))
        request = text(data.get("providerCallId")) or None
        found = self._refused(status, code, said, request)
        # What else could be said to the model is found by these; what the failure is, is not.
        param = text(parsed(text(data.get("errorMessage"))).get("param"))
        found.refusal = Refusal(status, code, said, request_id=request, param=param)
        raise found

    def _error(self, data: dict[str, Any]) -> NoReturn:
        said = self._said(text(data.get("message")))
        status = tokens(data.get("statusCode")) or STATUSES.get(text(data.get("errorType")))
        if status is None:
            raise Failure(ServiceError(f"the command copilot: {said}", kind="runtime"))
        raise self._refused(status, text(data.get("errorCode")), said, None)

    def _refused(self, status: int, code: str, said: str, request: str | None) -> Failure:
        """Return what status and code mean; what was said is repeated, and decides nothing."""
        from copilot_cli.engines.refusal import Refusal
        from copilot_cli.engines.statuses import failure
        from copilot_cli.engines.token_counts import token_counts

        found = self._explain(failure(Refusal(status, code, "", request_id=request)))
        error = found.error
        if said and error.kind != "key":  # what is said of a key repeats the start of it
            error.message += f": {said}"
            error.args = (error.message,)
        if isinstance(error, TooLongError):
            error.counted, error.limit = token_counts(said)
        return found

    def _said(self, message: str) -> str:
        """Return what a service said: the message of a JSON body, a JSON text, else all of it."""
        body = parsed(message)
        inner = text(table(body.get("error")).get("message")) or text(body.get("message"))
        return without(inner or message.strip('"'), self._hide)


_READERS: dict[str, Callable[[Output, dict[str, Any]], Iterable[Event]]] = {
    "assistant.turn_start": Output._turn,
    "model.call_start": Output._call,
    "assistant.message_delta": Output._delta,
    "assistant.reasoning_delta": Output._thought_delta,
    "assistant.message": Output._message,
    "tool.execution_start": Output._tool,
    "model.call_failure": Output._failed_call,
    "assistant.turn_retry": Output._retry,
    "session.error": Output._error,
}


def _texts(kind: type[Text] | type[Reasoning], value: object) -> tuple[Event, ...]:
    found = text(value)
    return (kind(found),) if found else ()


def without(message: str, hide: tuple[str, ...]) -> str:
    """Return the start of a foreign text as one line, without the secrets `hide`."""
    for secret in hide:
        message = message.replace(secret, "****")
    return safe_line(redact(message[: 4 * _SHOWN]), _SHOWN)


def usage_of(content: str) -> UsageReport | None:
    """Return what the file of `--usage-output-file` counts, over all that the model was asked."""
    found = parsed(content)
    counted = [
        table(table(each).get("usage")) for each in table(found.get("modelMetrics")).values()
    ]
    if not counted:
        return None
    names = (
        "inputTokens",
        "outputTokens",
        "cacheReadTokens",
        "cacheWriteTokens",
        "reasoningTokens",
    )
    usage = Usage(*(_sum(tokens(each.get(name)) for each in counted) for name in names))
    nano = number(found.get("totalNanoAiu"))  # 0 where it does not know either
    return UsageReport(usage, Cost(nano / 1e9, "credits") if nano else None)


def _sum(counts: Iterator[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
