"""What the tests of the engine `cli` stand on: a program that does what a test wrote down.

It is a real process, started, spoken to and killed as the real command is.
"""

import json
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from copilot_cli.engines.cli import CliEngine
from copilot_cli.engines.endpoint import Endpoint
from copilot_cli.engines.official.access import SignIn
from copilot_cli.engines.resilience import Retrying
from copilot_cli.errors import SignInError
from copilot_cli.messages import Event, Message, Request, Text, message
from copilot_cli.secret import Secret

TOKEN = "ghu_madeUpForTests0000000000000000000000"
KEY = "madeUpKeyForTests"
VERSION = "GitHub Copilot CLI 1.0.102.\nRun 'copilot update' to check for updates.\n"
LOCAL = Endpoint("local", "openai", "http://127.0.0.1:9", key=Secret(KEY), where="config.toml")

PROGRAM = r"""#!{python} -IS
import json, os, signal, subprocess, sys
here = os.path.dirname(os.path.realpath(__file__))
with open(os.path.join(here, "plan.json")) as file:
    plan = json.load(file)
version = "--version" in sys.argv
steps = plan["version"] if version else plan["steps"]
def note(name, value):
    with open(os.path.join(here, name + ".new"), "w") as file:
        json.dump(value, file)
    os.replace(os.path.join(here, name + ".new"), os.path.join(here, name))
seen = {{"argv": sys.argv[1:], "environ": dict(os.environ), "cwd": os.getcwd(),
        "files": sorted(os.listdir()), "pid": os.getpid(),
        "stdin": sys.stdin.buffer.read().decode("utf-8", "backslashreplace")}}
seen["attached"] = {{name: open(name, "rb").read().hex() for name in seen["files"]}}
note("version.seen" if version else "seen", seen)
children = []
def out(text):
    sys.stdout.buffer.write(text.encode("utf-8", "surrogatepass"))
    sys.stdout.buffer.flush()
for kind, value in steps:
    if kind == "say":
        out(json.dumps(value) + "\n")
    elif kind == "raw":
        out(value)
    elif kind == "times":
        text, count = value
        for _ in range(count):
            sys.stdout.write(text)
        sys.stdout.flush()
    elif kind == "err":
        text, count = value
        for _ in range(count):
            sys.stderr.write(text)
        sys.stderr.flush()
    elif kind == "usage":
        with open("usage.json", "w") as file:
            json.dump(value, file)
    elif kind == "child":
        apart = {{"start_new_session": True}} if value == "apart" else {{}}
        wait = "import signal; signal.pause()"
        children.append(subprocess.Popen([sys.executable, "-ISc", wait], **apart).pid)
        note("children", children)
    elif kind == "for ever":
        while True:
            out(value)
    elif kind == "hang":
        signal.pause()
    elif kind == "kill":
        os.kill(os.getpid(), value)
    elif kind == "exit":
        sys.exit(value)
"""

Step = tuple[str, Any]


def said(kind: str, **data: Any) -> Step:
    """A line of the command's own."""
    return "say", {"type": kind, "data": data}


TURN = said("assistant.turn_start", turnId="0")
CALL = said("model.call_start", model="m1")
BEGUN = (TURN, CALL)


def piece(text: str, number: str = "m") -> Step:
    return said("assistant.message_delta", messageId=number, deltaContent=text)


def result(code: int = 0) -> Step:
    return "say", {"type": "result", "exitCode": code, "usage": {}}


def failed(status: int | None, code: str = "", words: str = "words of theirs") -> Step:
    """A reply that the command got, and told of."""
    body = json.dumps({"message": words, "code": code})
    kind = "api" if status else "transport"
    data = {"errorMessage": body, "errorCode": code, "failureKind": kind}
    return said("model.call_failure", **data, **({"statusCode": status} if status else {}))


class World:
    """An engine, and the program that it runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = folder / "bin"
        self.place.mkdir()
        self.program = self.place / "copilot"
        self.program.write_text(PROGRAM.format(python=sys.executable))
        self.program.chmod(self.program.stat().st_mode | stat.S_IXUSR)
        self.runs = folder / "runs"
        self.waits: list[float] = []
        self.version: Sequence[Step] = [("raw", VERSION)]
        self.plan()

    def plan(self, *steps: Step) -> None:
        """Have the program do `steps`."""
        plan = {"version": list(self.version), "steps": list(steps)}
        (self.place / "plan.json").write_text(json.dumps(plan))

    def answers(self, *texts: str) -> None:
        """Have it answer in pieces."""
        self.plan(*BEGUN, *map(piece, texts), result(), ("exit", 0))

    def engine(
        self,
        access: SignIn | Endpoint = LOCAL,
        *,
        environ: Mapping[str, str] | None = None,
        program: Callable[[], Path] | None = None,
        idle: float = 30.0,
        starting: float = 30.0,
        retries: int = 0,
        **options: Any,
    ) -> CliEngine:
        return CliEngine(
            access,
            program=program or (lambda: self.program),
            environ=environ or {"PATH": os.environ["PATH"]},
            unpacked=self.folder / "unpacked",
            folder=self.runs,
            timeout_idle=idle,
            retrying=Retrying(retries, self.waits.append, str),
            monotonic=time.monotonic,
            starting=starting,
            **options,
        )

    def ask(self, *messages: Message, engine: CliEngine | None = None) -> list[Event]:
        """The events of one answer."""
        return list((engine or self.engine()).answer(request(*messages)))

    # What is left

    def seen(self, name: str = "seen") -> Any:
        """What the program saw of its own start; waited for."""
        return self._noted(name)

    def children(self, count: int) -> list[int]:
        """The processes that the program has started."""
        until(lambda: len(self._noted("children")) == count)
        return list(self._noted("children"))

    def _noted(self, name: str) -> Any:
        until((self.place / name).exists)
        return json.loads((self.place / name).read_text())

    def nothing_is_left(self) -> bool:
        """Whether no folder of a run is left."""
        return not self.runs.exists() or not any(each.is_dir() for each in self.runs.iterdir())


def request(*messages: Message, **options: Any) -> Request:
    return Request("m1", messages or (message("user", "hello"),), **options)


def text_of(events: Sequence[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def sign_in(token: str = TOKEN) -> SignIn:
    """A sign-in that GitHub refuses when it is asked."""

    def check() -> None:
        raise SignInError("GitHub refused the token")

    return SignIn("octocat", lambda: Secret(token), check, {"COPILOT_GH_HOST": "x.ghe.com"})


@contextmanager
def ctrl_c() -> Iterator[None]:
    """Have Ctrl-C pressed a moment after the start of a `with`.

    The processes that share the tests do not listen to it by themselves.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    try:
        yield
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)


def runs(pid: int) -> bool:
    """Whether a process is there, and not only its entry for a parent that has not looked."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True
    return state != "Z"


def until(happened: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something has happened."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it has not happened"
        threading.Event().wait(0.01)
