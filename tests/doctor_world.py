"""What the tests of `doctor`'s checks stand on: a machine, a transport, and one check at a time."""

import io
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx

from copilot_cli.app import App
from copilot_cli.doctor.check import Check, NotChecked
from copilot_cli.doctor.examination import Examination
from copilot_cli.doctor.table import TABLE
from copilot_cli.effects import Effects
from tests.wizard_world import Terminal

NOW = 1_750_000_000.0  # 2025-06-15
DATE = "Sun, 15 Jun 2025 15:06:40 GMT"
"""The same moment as a server writes it."""

Reply = Callable[[httpx.Request], httpx.Response]


def fine(_: httpx.Request) -> httpx.Response:
    """What a server that is well says to anything."""
    return httpx.Response(200, headers={"date": DATE})


class Machine:
    """A machine of its own, whose network answers with `reply`."""

    def __init__(self, home: Path, reply: Reply | None = fine, **environ: str) -> None:
        self.home = home
        self.environ = {
            "COPILOT_CHAT_HOME": str(home),
            "COPILOT_CHAT_NO_KEYRING": "1",
            "HOME": str(home.parent),
            **environ,
        }
        self.terminal = False
        self.now = NOW
        self.transport = None if reply is None else httpx.MockTransport(reply)

    def examination(self, *, offline: bool = False, **seconds: float) -> Examination:
        """A new run of the checks."""
        stream: Callable[[], Any] = Terminal if self.terminal else io.StringIO
        given: dict[str, Any] = {"transport": self.transport} if self.transport else {}
        effects = Effects(
            environ=self.environ,
            stdin=stream(),
            stdout=stream(),
            stderr=stream(),
            now=lambda: self.now,
            **given,
        )
        return Examination(App({}, effects), offline=offline, **seconds)

    def check(self, name: str, *, offline: bool = False, **seconds: float) -> list[Check]:
        """What the check `name` finds alone; one that is not made is a skip."""
        row = next(row for row in TABLE if row.name == name)
        function = getattr(import_module(f"copilot_cli.doctor.{row.file}"), row.function)
        examination = self.examination(offline=offline, **seconds)
        try:
            return list(function(examination))
        except NotChecked as reason:
            return [Check(name, "skip", str(reason))]
        finally:
            examination.app.close()

    def one(self, name: str, **given: Any) -> Check:
        """The same where it is one."""
        (found,) = self.check(name, **given)
        return found
