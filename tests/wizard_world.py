"""A world for the wizard: a simulator behind a transport, a clock nobody waits for, a home, and
somebody who answers questions in the order that was foretold.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from copilot_cli.app import App
from copilot_cli.asking import Turn
from copilot_cli.auth.sources import Source
from copilot_cli.chat import Chat
from copilot_cli.effects import Effects
from copilot_cli.errors import Interrupted
from copilot_cli.main import main
from copilot_cli.onboarding.answers import Answers
from copilot_cli.onboarding.wizard import Wizard
from copilot_cli.secret import Secret
from copilot_cli.simulator import Scenario, Simulator
from copilot_cli.ui.device_screen import Screen
from copilot_cli.ui.prompts import Option
from copilot_cli.ui.report import TextReport
from copilot_cli.ui.stream import make_writer

START = 1_750_000_000.0
ENGINE = "Which engine?"
DEFAULT = object()
"""The answer of who presses Enter."""


class Terminal(io.StringIO):
    """A stream that takes itself for a terminal."""

    def isatty(self) -> bool:
        return True


class Asked:
    """One question that was put."""

    def __init__(
        self, question: str, options: Sequence[Option], default: object, flag: str
    ) -> None:
        self.question = question
        self.values = [option.value for option in options]
        self.options = {option.value: option for option in options}
        self.default = default
        self.flag = flag


class Person:
    """Answers (a part of the question, the answer) in order; an exception is raised.

    A question that was not foretold fails the test, but for that of the engine, which most have
    no need to: its default is taken.
    """

    def __init__(self, *answers: tuple[str, Any]) -> None:
        self.answers = list(answers)
        self.asked: list[Asked] = []
        self.notes: list[str] = []

    @property
    def said(self) -> str:
        """All notes."""
        return "\n".join(self.notes)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def _answer(self, question: str, options: Sequence[Option], default: Any, flag: str) -> Any:
        self.asked.append(Asked(question, options, default, flag))
        assert self.answers, f"not foretold: {question}"
        part, answer = self.answers.pop(0)
        assert part in question, f"{question!r} was asked where {part!r} was foretold"
        if isinstance(answer, BaseException):
            raise answer
        return default if answer is DEFAULT else answer

    def choose(
        self, question: str, options: Sequence[Option], default: str | None = None, *, flag: str
    ) -> str:
        if question == ENGINE and not (self.answers and self.answers[0][0] == ENGINE):
            return str(default)
        answer = self._answer(question, options, default, flag)
        assert answer in [option.value for option in options if option.disabled_reason is None]
        return str(answer)

    def confirm(self, question: str, default: bool, *, flag: str) -> bool:
        return bool(self._answer(question, (), default, flag))

    def typed(self, question: str, expected: str, *, flag: str) -> bool:
        return bool(self._answer(question, (), "", flag) == expected)

    def line(
        self,
        question: str,
        check: Callable[[str], str | None],
        default: str | None = None,
        *,
        flag: str,
    ) -> str:
        value = str(self._answer(question, (), default, flag))
        wrong = check(value)
        assert wrong is None, wrong
        return value

    def secret(
        self,
        question: str,
        check: Callable[[str], str | None],
        *,
        flag: str,
        blank: bool = False,
    ) -> Secret:
        value = self._answer(question, (), "", flag)
        wrong = check(value) if value or not blank else None
        assert wrong is None, wrong
        return Secret(value)


class Request:
    """One request, and what was on disk when it was sent."""

    def __init__(self, endpoint: str, files: set[str]) -> None:
        self.endpoint = endpoint
        self.files = files


class World:
    """Everything around one wizard."""

    def __init__(self, home: Path, **scenario: Any) -> None:
        self.home = home
        self.time = START
        self.sim = Simulator(
            Scenario(**{"auto_approve": "at_once", **scenario}), now=lambda: self.time
        )
        self.requests: list[Request] = []
        self.found: list[Source] = []
        self.looked = 0
        self.environ: dict[str, str] = {
            "COPILOT_CHAT_HOME": str(home),
            "COPILOT_CHAT_NO_KEYRING": "1",
        }
        self.stdout = io.StringIO()
        self.stderr = io.StringIO()
        self.person: Person | None = None
        self.app: App | None = None

    # What the program does

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Note what is on disk, and pass the request on."""
        before = len(self.sim.log)
        files = self.files()
        try:
            return self._transport.handle_request(request)
        finally:
            self.requests += [Request(entry.endpoint, files) for entry in self.sim.log[before:]]

    def show(self, chat: Chat, question: str) -> None:
        """Print an answer, as the command does."""
        assert self.app is not None
        streams = self.app.streams
        with Turn(TextReport(streams, lambda: make_writer(streams, "never"))) as turn:
            turn.tell(chat, question, None)

    def look(self) -> list[Source]:
        self.looked += 1
        return self.found

    # What a test does

    def onboard(
        self,
        person: Person | None = None,
        *,
        options: Mapping[str, str | None] | None = None,
        stdin: str = "",
        show: Callable[[Chat, str], None] | None = None,
        **answers: Any,
    ) -> App:
        """Run the wizard; `person` None means that nobody is there."""
        self.stdout, self.stderr = io.StringIO(), io.StringIO()
        app = self.build(person, options, stdin)
        wizard = Wizard(app, Answers(**answers), show=show or self.show, found=self.look)
        try:
            wizard.run()
        finally:
            app.close()
        if person is not None:
            assert not person.answers, f"never asked: {person.answers}"
        return app

    def plan(self, **answers: Any) -> list[str]:
        """What `--dry-run` prints."""
        app = self.build(None)
        return Wizard(app, Answers(**answers), show=self.show, found=self.look).plan()

    def run(self, *words: str, stdin: str = "") -> tuple[int, str, str]:
        """Run the program without a terminal: exit code, stdout, stderr."""
        self.stdout, self.stderr = io.StringIO(), io.StringIO()
        code = main(words, self.build(None, stdin=stdin).effects)
        return code, self.stdout.getvalue(), self.stderr.getvalue()

    def build(
        self,
        person: Person | None,
        options: Mapping[str, str | None] | None = None,
        stdin: str = "",
    ) -> App:
        """The program of one run."""
        self._transport = self.sim.transport()
        if person is not None:
            self.stderr = Terminal()
        piped = io.TextIOWrapper(io.BytesIO(stdin.encode()))
        effects = Effects(
            environ=self.environ,
            stdin=Terminal() if person is not None else piped,
            stdout=self.stdout,
            stderr=self.stderr,
            transport=_Transport(self),
            now=lambda: self.time,
            monotonic=lambda: self.time,
            sleep=self.sleep,
            key_cost=15,
        )
        self.person, self.app = person, _App(options or {}, effects)
        if person is not None:
            self.app.__dict__["prompts"] = person
        return self.app

    def files(self) -> set[str]:
        """The files under the home that hold something, by their path in it."""
        found = (path for path in self.home.rglob("*") if path.is_file())
        return {str(path.relative_to(self.home)) for path in found if path.stat().st_size}

    @property
    def endpoints(self) -> list[str]:
        """What the simulator was asked, in order."""
        return [request.endpoint for request in self.requests]

    @property
    def copilot_asked(self) -> list[str]:
        """What was asked but the exchange of a token, in order."""
        return [entry.endpoint for entry in self.sim.log if entry.endpoint != "exchange"]

    @property
    def said(self) -> str:
        """What was said to the person, or on stderr where nobody is there."""
        return self.person.said if self.person is not None else self.stderr.getvalue()

    @property
    def config(self) -> str:
        """The settings file's text; empty where there is none."""
        path = self.home / "config.toml"
        return path.read_text(encoding="utf-8") if path.exists() else ""


@contextmanager
def token_world(home: Path) -> Iterator[World]:
    """A world whose sign-in is a token of the environment, closed at the end."""
    world = World(home)
    world.environ["COPILOT_CHAT_TOKEN"] = world.sim.sign_in()
    yield world
    if world.app is not None:
        world.app.close()


class _Transport(httpx.BaseTransport):
    def __init__(self, world: World) -> None:
        self._world = world

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._world.handle_request(request)


class _App(App):
    """The program without a terminal under it: the code is written, and waited for in line."""

    def device_screen(self) -> Screen:
        return super().device_screen()._replace(is_terminal=False)


STOP = Interrupted("stopped, nothing was changed")
