"""One answer by one run of the command `copilot`: its folders, its time, and how it ended."""

import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from copilot_cli.engines import cli_command as command
from copilot_cli.engines.cli_output import Broken, Output, usage_of, without
from copilot_cli.engines.cli_process import Process, Run, Silence
from copilot_cli.engines.cli_prompt import Prompt
from copilot_cli.engines.failure import Failure
from copilot_cli.engines.home import Home
from copilot_cli.errors import CopilotChatError, ServiceError, SettingsError
from copilot_cli.messages import End, Event
from copilot_cli.secret import Secret
from copilot_cli.ui.safe import utf8

KIND = "runtime"
ENDING = 5.0
"""Seconds in which the command has to end once it has said how."""

_NOT_STARTED = (126, 127)
_MAX_USAGE = 1024 * 1024
_MAX_VERSION = 1000
_LONG = 8  # characters: a shorter value may be any word of a message, and no secret


class Asked(NamedTuple):
    """What one run is asked: the program with its arguments, the prompt, and by what right.

    `refused` is called where it ended before it asked the model: it raises if GitHub refuses the
    sign-in, which the command says in words alone. `explain` rewords what a service refused.
    """

    program: Path
    arguments: Sequence[str]
    prompt: Prompt
    variables: Mapping[str, str | Secret]
    refused: Callable[[], object]
    explain: Callable[[Failure], Failure]

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may repeat; of headers, which are one variable, the value of each."""
        found = [each.reveal() for each in self.variables.values() if isinstance(each, Secret)]
        values = [line.partition(": ")[2].split() for text in found for line in text.split("\n")]
        words = (words[-1] for words in values if words)
        return (*found, *(word for word in words if len(word) >= _LONG))


class Place(NamedTuple):
    """Where the command runs: see `CliEngine`."""

    environ: Mapping[str, str]
    unpacked: Path
    folder: Path


class Runs:
    """Runs the command; knows which programs were found to be that."""

    def __init__(
        self, place: Place, *, idle: float, starting: float, monotonic: Callable[[], float]
    ) -> None:
        """`idle` and `starting` are in seconds: see `CliEngine`."""
        self._place = place
        self._idle = idle
        self._starting = starting
        self._monotonic = monotonic
        self._checked: set[tuple[Path, int, int]] = set()

    def answer(self, asked: Asked) -> Generator[Event]:
        """Yield the events of one answer; the last is `End`. Raises `Failure`, `SettingsError`."""
        output = Output(asked.secrets, asked.explain)
        try:
            yield from self._answer(asked, output)
        except Broken as broken:
            if not output.answered:
                raise
            yield End("cut", complete=False, detail=broken.error.message)

    def _answer(self, asked: Asked, output: Output) -> Generator[Event]:
        with self._room(asked.prompt) as room:
            environ = command.environ_of(self._place.environ, room.folders, self._place.unpacked)
            self._check(asked.program, room, environ)
            environ |= command.revealed(asked.variables)
            argv = [str(asked.program), *asked.arguments]
            with _started(room.run(argv, environ)) as process:
                if not (yield from self._events(process, output)):
                    yield End("stalled", complete=False, detail=_silent(self._idle))
                    return
                # Its figures are not there before it has ended.
                code = process.code(ENDING)
                if output.exit_code != 0:
                    raise _ended(process, output, code, asked)
            yield from _usage(room.work / command.USAGE_FILE)
        if not output.answered:
            raise Failure(ServiceError("the command copilot has given an empty answer"))
        yield End("stop", complete=True)

    def _events(self, process: Process, output: Output) -> Generator[Event, None, bool]:
        """Yield what the command says, until it says how it ended; return whether it went on.

        What does not mean that the model is at work is no progress, however much of it comes.
        """
        since, mark = self._monotonic(), 0

        def left() -> float:
            allowed = self._idle if output.understood else self._starting
            return since + allowed - self._monotonic()

        try:
            with closing(process.lines(left)) as lines:
                for line in lines:
                    yield from output.events(line)
                    if output.exit_code is not None:
                        break
                    if output.progress != mark:
                        since, mark = self._monotonic(), output.progress
                    if left() <= 0:
                        return False
        except Silence as silence:
            if not output.understood:
                raise _mute(self._starting) from silence
            return False
        return True

    def _check(self, program: Path, room: "_Room", environ: Mapping[str, str]) -> None:
        """Raise `SettingsError` unless `program` is the command; it gets no secret before."""
        key = _identity(program)
        if key in self._checked:
            return
        until = self._monotonic() + self._starting
        said = b""
        with _started(room.run([str(program), "--version"], environ, prompted=False)) as process:
            try:
                with closing(process.lines(lambda: until - self._monotonic())) as lines:
                    for line in lines:
                        said += line[:_MAX_VERSION]
                        if len(said) >= _MAX_VERSION:
                            break
            except Silence as silence:
                raise _mute(self._starting) from silence
            if not said and process.code(ENDING) in _NOT_STARTED:
                raise _not_started(_first(process, ()))
            command.check_version(program, said.decode("utf-8", "replace") or process.errors)
        self._checked.add(key)

    @contextmanager
    def _room(self, prompt: Prompt) -> Iterator["_Room"]:
        """Make the folders of one run; they are gone after it. Raises `SettingsError`."""
        with closing(Home(self._place.folder)) as home:
            user, temporary = home.path / "user", home.path / "temporary"
            room = _Room(home.path, command.Folders(user, home.state, home.cache, temporary))
            try:
                for folder in (user, temporary, room.work):
                    folder.mkdir(mode=0o700)
                room.stdin.write_bytes(utf8(prompt.text))
                for image in prompt.images:
                    (room.work / image.name).write_bytes(image.data)
            except OSError as error:
                raise CopilotChatError(
                    f"the prompt cannot be written: {error.strerror}: {self._place.folder}",
                    kind="runtime",
                ) from error
            yield room


class _Room(NamedTuple):
    """The folders of one run."""

    path: Path
    folders: command.Folders

    @property
    def work(self) -> Path:
        """The working folder: empty but for attached images."""
        return self.path / "work"

    @property
    def stdin(self) -> Path:
        """The prompt."""
        return self.path / "prompt"

    def run(self, argv: Sequence[str], environ: Mapping[str, str], *, prompted: bool = True) -> Run:
        stdin = self.stdin if prompted else Path(os.devnull)
        return Run(argv, stdin, self.path, self.work, environ)


def _started(run: Run) -> Process:
    try:
        return Process(run)
    except OSError as error:
        raise _not_started(error.strerror or "") from error


def _identity(program: Path) -> tuple[Path, int, int]:
    try:
        status = program.stat()
    except OSError as error:
        raise _not_started(error.strerror or "") from error
    return program, status.st_mtime_ns, status.st_size


def _ended(process: Process, output: Output, code: int | None, asked: Asked) -> Exception:
    """Return what it means that the command ended without an answer, or in the middle of one."""
    how = "" if code is None else f" ({_ending(code)})"
    said = _first(process, asked.secrets)
    told = f": {said}" if said else ""
    if output.asked:
        return Broken(f"the command copilot ended its answer early{how}{told}")
    if code in _NOT_STARTED and not output.understood:
        return _not_started(said)
    asked.refused()
    return CopilotChatError(
        f"the command copilot ended before it asked the model{how}{told}",
        hint="`copilot-chat models` lists what may be asked; the engine direct says more",
        kind=KIND,
    )


def _first(process: Process, hide: tuple[str, ...]) -> str:
    """Return what it said on stderr: two lines of it, of which the second often has the reason."""
    lines = [line.strip() for line in process.errors.splitlines()]
    return without(" ".join([line for line in lines if line][:2]), hide)


def _not_started(why: str) -> SettingsError:
    message = "the command copilot cannot be started"
    return SettingsError(f"{message}: {why}" if why else message, hint=command.INSTALL, kind=KIND)


def _mute(seconds: float) -> SettingsError:
    return SettingsError(
        f"the command copilot said nothing for {seconds:g} s, and was ended",
        hint=command.INSTALL,
        kind=KIND,
    )


def _silent(seconds: float) -> str:
    return f"nothing came for {seconds:g} seconds"


def _ending(code: int) -> str:
    return f"signal {code - 128}" if code > 128 else f"exit code {code}"


def _usage(file: Path) -> Iterator[Event]:
    with suppress(OSError), file.open("rb") as content:
        report = usage_of(content.read(_MAX_USAGE).decode("utf-8", "replace"))
        if report is not None:
            yield report
