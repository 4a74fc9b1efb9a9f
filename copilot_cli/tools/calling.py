"""Running what a model asks for: checked, agreed to, run with a deadline, and answered for.

Rule: whatever goes wrong with a call is its result, for the model to read; only Ctrl-C, which is
the person's, stops the turn. Who agrees is `approval.py`.
"""

import json
import queue
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, redirect_stdout, suppress
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from copilot_cli.messages import Event, ToolCall, ToolResult, ToolSpec
from copilot_cli.tools.running import Running
from copilot_cli.tools.tool import Tool, ToolError

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

MAX_OUTPUT = 50_000
"""The most characters of one result; the middle of a longer one is left out."""

MAX_ARGUMENTS = 1_000_000
"""The most characters of one call's arguments."""

_SIDE_BY_SIDE = frozenset({"read", "fetch"})
_AT_ONCE = 16  # threads: a model can ask for thousands of files in one reply
_EXACT = 2**53  # up to here a float is one integer, and not several
_LAST_WORDS = 0.2  # seconds for a call that was stopped to say what it has done
_LOOK = 0.2  # seconds between looks at Ctrl-C, where waiting cannot be interrupted (Windows)


class Decision(NamedTuple):
    """Whether a call may be run; `feedback` is what the person said to the model about it."""

    allowed: bool
    feedback: str = ""


class Approval(Protocol):
    """Who says whether a call is run."""

    def decide(self, tool: Tool, arguments: Mapping[str, Any]) -> Decision:
        """Return the decision. Raises what the person's Ctrl-C raises."""


_Decided = tuple[Tool, dict[str, Any]] | str
"""What to run, or why it is not run."""


class _Refused(Exception):  # noqa: N818 - what the model is told, and no fault of the program
    """A call that is not run."""


def to_stderr() -> AbstractContextManager[object]:
    """Have what is printed go to stderr, for a `with`."""
    return redirect_stdout(sys.stderr)  # stdout is the answer's


class Calls:
    """The tools of one conversation, and how they are run."""

    def __init__(
        self,
        tools: Sequence[Tool],
        approval: Approval,
        *,
        max_output: int = MAX_OUTPUT,
        monotonic: Callable[[], float] = time.monotonic,
        printing: Callable[[], AbstractContextManager[object]] = to_stderr,
    ) -> None:
        """`printing` decides where what the tools print goes, while they run."""
        self._tools = {tool.name: tool for tool in tools}
        self._approval = approval
        self._max_output = max_output
        self._monotonic = monotonic
        self._printing = printing
        self._validators: dict[str, Validator] = {}

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What is said of each tool to the model."""
        return tuple(tool.spec for tool in self._tools.values())

    def run(self, calls: Sequence[ToolCall]) -> Generator[Event]:
        """Yield the result of each call, in their order.

        Each is agreed to first, one after the other. Those that only read then run side by side,
        some at a time; one that changes something runs alone, after what was asked for before it.
        """
        decided = [(call, self._decided(call)) for call in calls]
        with self._printing():
            for _, several in groupby(enumerate(decided), _place):
                left = [each for _, each in several]
                while left:
                    yield from self._together(left[:_AT_ONCE])
                    left = left[_AT_ONCE:]

    def _together(self, decided: list[tuple[ToolCall, _Decided]]) -> Generator[Event]:
        runs = [
            what if isinstance(what, str) else _Run(*what, self._monotonic) for _, what in decided
        ]
        left = [(call, run) for (call, _), run in zip(decided, runs, strict=True)]
        try:  # all are there before any begins: Ctrl-C can come while one is being started
            for run in runs:
                if isinstance(run, _Run):
                    run.start()
            while left:
                ended = self._ended(*left[0])
                del left[0]
                yield ended
        except KeyboardInterrupt:  # what has run has done what it has done; other signals mean: now
            yield from self._stopped(left)
            raise
        finally:
            with ExitStack() as ending:  # a second Ctrl-C, at the first of them, leaves none out
                for run in runs:
                    if isinstance(run, _Run):
                        ending.callback(run.stop)

    def _stopped(self, left: Iterable[tuple[ToolCall, "_Run | str"]]) -> Iterator[Event]:
        """Stop what runs, and yield what came of it until then."""
        for call, run in left:
            if isinstance(run, str):
                yield self._ended(call, run)
            elif run.begun:
                output, error = run.stopped()
                yield ToolResult(call.id, call.name, capped(output, self._max_output), error=error)

    def _decided(self, call: ToolCall) -> _Decided:
        """Return what to run, or why it is not run."""
        try:
            tool, arguments = self._checked(call)
        except _Refused as refused:
            return str(refused)
        decision = self._approval.decide(tool, arguments)
        if decision.allowed:
            return tool, arguments
        said = f" They say: {decision.feedback}" if decision.feedback else ""
        return f"The person does not allow this call.{said}"

    def _checked(self, call: ToolCall) -> tuple[Tool, dict[str, Any]]:
        tool = self._tools.get(call.name)
        if tool is None:
            there = ", ".join(self._tools) or "none"
            raise _Refused(f"There is no tool {call.name[:80]!r}. There is: {there}.")
        if len(call.arguments) > MAX_ARGUMENTS:
            raise _Refused(f"The arguments are longer than {MAX_ARGUMENTS:,} characters.")
        try:
            arguments = json.loads(
                call.arguments or "{}", parse_float=_number, parse_constant=_no_number
            )
        except (ValueError, RecursionError) as error:
            raise _Refused(f"The arguments are no JSON: {str(error)[:200]}.") from error
        if not isinstance(arguments, dict):
            raise _Refused("The arguments are no JSON object.")
        self._hold(tool, arguments)
        return tool, arguments

    def _hold(self, tool: Tool, arguments: dict[str, Any]) -> None:
        from jsonschema.exceptions import best_match

        try:
            wrong = best_match(self._validator(tool).iter_errors(arguments))
        except RecursionError as error:
            raise _Refused("The arguments are nested too deeply.") from error
        except Exception as error:  # whatever a schema from elsewhere holds: `$ref`, `pattern`, …
            said = " ".join(str(error).split())[:200]
            raise _Refused(f"The tool's own schema cannot be read: {said}.") from error
        if wrong is not None:
            place = "".join(f"/{step}" for step in wrong.absolute_path)
            where = f" (at {place[:100]})" if place else ""
            raise _Refused(f"The arguments do not fit the schema: {wrong.message[:300]}{where}.")

    def _validator(self, tool: Tool) -> "Validator":
        if tool.name not in self._validators:
            from jsonschema.validators import Draft202012Validator, validator_for
            from referencing import Registry

            kind = validator_for(dict(tool.parameters), default=Draft202012Validator)
            # An empty registry: no `$ref` is ever fetched from the network.
            self._validators[tool.name] = kind(dict(tool.parameters), registry=Registry())
        return self._validators[tool.name]

    def _ended(self, call: ToolCall, run: "_Run | str") -> ToolResult:
        if isinstance(run, str):
            return ToolResult(call.id, call.name, run, error=True)
        output, error = run.wait()
        return ToolResult(call.id, call.name, capped(output, self._max_output), error=error)


class _Run:
    """One call on a thread of its own: Python cannot stop a function, but need not wait for it."""

    def __init__(
        self, tool: Tool, arguments: dict[str, Any], monotonic: Callable[[], float]
    ) -> None:
        self._tool = tool
        self._running = Running()
        self._monotonic = monotonic
        self.begun = False
        """Whether it may have run."""
        self._deadline = 0.0
        self._results: queue.SimpleQueue[tuple[str, bool]] = queue.SimpleQueue()
        self._thread = threading.Thread(
            target=self._run, args=(arguments,), name=f"tool {tool.name}", daemon=True
        )

    def start(self) -> None:
        """Let it run; its time begins."""
        self._deadline = self._monotonic() + self._tool.seconds
        self.begun = True
        self._thread.start()

    def stop(self) -> None:
        """Tell the call that nobody waits for it any more, and end its processes."""
        self._running.cancel()

    def stopped(self) -> tuple[str, bool]:
        """Stop the call; return its result if there is one, else what it has said at the end."""
        with suppress(queue.Empty):
            return self._results.get_nowait()
        self.stop()
        said = "The person stopped it while it ran."
        with suppress(queue.Empty):
            said += f" It said until then:\n{self._results.get(timeout=_LAST_WORDS)[0]}"
        return said, True

    def _run(self, arguments: dict[str, Any]) -> None:
        try:
            told = _text(self._tool.run(arguments, self._running))
        except BaseException as error:  # noqa: BLE001 - whatever a tool raises is its result
            told = _raised(error), True
        self._results.put(told)

    def wait(self) -> tuple[str, bool]:
        """Return the result, and whether it is an error."""
        while (left := self._deadline - self._monotonic()) > 0:
            try:
                return self._results.get(timeout=min(left, _LOOK))
            except queue.Empty:
                continue
        try:
            return self._results.get_nowait()  # it was waited for after another that took too long
        except queue.Empty:
            self.stop()
        return f"The tool took longer than {self._tool.seconds:g} seconds and was stopped.", True


def capped(text: str, limit: int) -> str:
    """Return `text`, its middle left out with a mark where it is longer than `limit` characters."""
    text = text.encode("utf-8", "replace").decode()  # a lone surrogate is no text
    if len(text) <= limit:
        return text
    head = limit * 3 // 4
    tail = limit - head
    left_out = len(text) - head - tail
    return f"{text[:head]}\n[… {left_out:,} characters left out …]\n{text[len(text) - tail :]}"


def _number(written: str) -> float:
    """Return a number with a point in it, as an integer where it is one.

    JSON has one kind of number, so that `2.0` fits where an integer is wanted; Python has two.
    """
    value = float(written)
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


def _no_number(written: str) -> None:
    """Refuse what Python takes for JSON, and nobody else: NaN and the infinities."""
    raise ValueError(f"{written} is no JSON")


def _place(numbered: tuple[int, tuple[ToolCall, _Decided]]) -> int:
    """Return what is the same for calls that run together: -1, or their own number."""
    number, (_, what) = numbered
    alone = not isinstance(what, str) and what[0].effect not in _SIDE_BY_SIDE
    return number if alone else -1


def _raised(error: BaseException) -> str:
    try:
        said = str(error)
    except BaseException:  # noqa: BLE001 - an error of one's own may fail at that, too
        said = ""
    if isinstance(error, ToolError):
        return said
    return f"{type(error).__name__}: {said[:2000]}" if said else type(error).__name__


def _text(result: object) -> tuple[str, bool]:
    if isinstance(result, str):
        return str.__str__(result), False  # a class of one's own may have made another of it
    if result is None:
        return "Done.", False
    try:
        return json.dumps(result, ensure_ascii=False, allow_nan=False), False
    except (TypeError, ValueError, RecursionError):
        return f"The tool gave a {type(result).__name__}, which is no text.", True
