"""One question: its report hears exactly once how it ended, whatever that was."""

from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.asking import CodeOnly, OutputFile, Turn
from copilot_cli.chat import Chat
from copilot_cli.errors import CopilotChatError, IncompleteError, ServiceError, UsageError
from copilot_cli.messages import End, Event, Reasoning, Request, Text
from copilot_cli.signals import Terminated


class Listener:
    """A report that remembers what it heard."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def start(self, model: str, engine: str, session: str | None) -> None:
        self.heard.append(("start", model, engine, session))

    def event(self, event: Event) -> None:
        self.heard.append(event)

    def finish(self, figures: object, error: CopilotChatError | None) -> None:
        self.heard.append(("finish", figures is not None, error and error.message))

    def abandon(self) -> None:
        self.heard.append("abandon")


class Scripted:
    """An engine that plays events, and raises what is no event."""

    name = "scripted"

    def __init__(self, *script: Event | BaseException) -> None:
        self.script = script

    def answer(self, request: Request) -> Generator[Event]:
        for item in self.script:
            if isinstance(item, BaseException):
                raise item
            yield item

    def dry_run(self, request: Request) -> dict[str, Any]:
        return {}


def tell(listener: Listener, *script: Event | BaseException) -> None:
    """Tell one question whose answer goes as scripted."""
    chat = Chat(Scripted(*script), "a-model", monotonic=lambda: 0.0, new_id=lambda: "id")
    with Turn(listener) as turn:
        turn.tell(chat, "hello", "s1")


def test_a_whole_answer() -> None:
    """Start, every event, and a finish without an error."""
    listener = Listener()
    tell(listener, Text("hi"), End("stop", complete=True))
    assert listener.heard == [
        ("start", "a-model", "scripted", "s1"),
        Text("hi"),
        End("stop", complete=True),
        ("finish", True, None),
    ]


def test_a_half_answer_is_told_and_raised() -> None:
    """The report hears the same error that the caller gets."""
    listener = Listener()
    with pytest.raises(IncompleteError):
        tell(listener, Text("hi"), End("length", complete=False))
    assert listener.heard[-1][2].startswith("answer incomplete")


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (ServiceError("no service"), "no service"),
        (KeyboardInterrupt(), "interrupted"),
        (Terminated(15), "ended by signal 15"),
    ],
    ids=["error", "Ctrl-C", "SIGTERM"],
)
def test_what_ends_it_is_told_once_and_goes_on(raised: BaseException, told: str) -> None:
    """Errors of ours and signals reach the report as errors with an exit code."""
    listener = Listener()
    with pytest.raises(type(raised)):
        tell(listener, Text("half"), raised)
    assert listener.heard[-1] == ("finish", True, told)
    assert sum(1 for item in listener.heard if item[0] == "finish") == 1


def test_what_is_no_error_of_ours_only_leaves_the_terminal_whole() -> None:
    """A closed pipe and a bug print no object."""
    listener = Listener()
    with pytest.raises(BrokenPipeError):
        tell(listener, Text("half"), BrokenPipeError())
    assert listener.heard[-1] == "abandon"


def test_a_failure_before_the_question_is_told_too() -> None:
    """What goes wrong while the request is put together reaches the report without figures."""
    listener = Listener()
    with pytest.raises(UsageError), Turn(listener):
        raise UsageError("nothing to ask")
    assert listener.heard == [("finish", False, "nothing to ask")]


def test_the_output_file_is_made_at_its_first_byte(tmp_path: Path) -> None:
    """A failure before that leaves no file behind."""
    file = OutputFile(tmp_path / "answer.md")
    file.close()
    assert not (tmp_path / "answer.md").exists()
    file = OutputFile(tmp_path / "answer.md")
    file.write(b"one ")
    file.write(b"two")
    file.close()
    assert (tmp_path / "answer.md").read_bytes() == b"one two"


@pytest.mark.parametrize("name", ["", "nowhere/answer.md"])
def test_a_place_that_cannot_be_written_is_refused_first(tmp_path: Path, name: str) -> None:
    """A folder, or a file in a folder that is not there, is refused before anything is sent."""
    fault = OutputFile(tmp_path / name).fault
    assert fault is not None
    assert "cannot be written" in fault.message


CODE = "So:\n\n```sh\nls\n```\n\nor\n\n~~~\nls -l\n~~~\n"


def code_of(*script: Event | BaseException, first: bool) -> list[Any]:
    """What a report hears, between start and finish, of an answer whose code alone is wanted."""
    listener = Listener()
    chat = Chat(Scripted(*script), "a-model", monotonic=lambda: 0.0, new_id=lambda: "id")
    with suppress(CopilotChatError), Turn(CodeOnly(listener, first=first)) as turn:
        turn.tell(chat, "hello", None)
    return listener.heard[1:]


@pytest.mark.parametrize(("first", "code"), [(True, "ls\n"), (False, "ls\nls -l\n")])
def test_only_the_code(first: bool, code: str) -> None:
    """The source between the fences, however the answer came in pieces; no reasoning."""
    pieces: list[Event] = [
        Text(CODE[:9]),
        Reasoning("hm"),
        Text(CODE[9:]),
        End("stop", complete=True),
    ]
    assert code_of(*pieces, first=first) == [
        Text(code),
        End("stop", complete=True),
        ("finish", True, None),
    ]


def test_no_code_in_a_whole_answer() -> None:
    """Prose is never passed on as code."""
    heard = code_of(Text("Just do it."), End("stop", complete=True), first=True)
    assert heard == [("finish", True, "there is no code block in the answer")]


def test_the_code_of_an_answer_that_was_cut() -> None:
    """What came is passed on, and the error says that it is not whole."""
    heard = code_of(Text("```\nls"), End("length", complete=False), first=True)
    assert heard[0] == Text("ls")
    assert "incomplete" in heard[-1][2]


def test_the_code_of_an_answer_that_failed() -> None:
    """The failure is what is told."""
    assert code_of(ServiceError("oops"), first=True) == [("finish", True, "oops")]


def test_an_answer_that_is_ended_passes_on_no_code() -> None:
    """Ctrl-C leaves the terminal whole, and prints no half of a command."""
    listener = Listener()
    chat = Chat(
        Scripted(Text("```\nrm -rf /tmp/x"), KeyboardInterrupt()),
        "a-model",
        monotonic=lambda: 0.0,
        new_id=lambda: "id",
    )
    with pytest.raises(KeyboardInterrupt), Turn(CodeOnly(listener, first=True)) as turn:
        turn.tell(chat, "hello", None)
    assert not any(isinstance(heard, Text) for heard in listener.heard)
