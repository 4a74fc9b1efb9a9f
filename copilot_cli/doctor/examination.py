"""What the checks of one run share: settings, deadlines, and every address probed once.

Rule: whatever can hang (a name server, a proxy, a keyring) is asked in a daemon thread with a
deadline, so that the program goes on and can end.
"""

import threading
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import urlsplit

from copilot_cli.doctor.check import NotChecked
from copilot_cli.doctor.private import Private
from copilot_cli.errors import CopilotChatError, NetworkError, SettingsError

if TYPE_CHECKING:
    import httpx

    from copilot_cli.app import App
    from copilot_cli.auth.lease_values import CopilotToken
    from copilot_cli.secret import Secret
    from copilot_cli.settings import Settings

EACH = 5.0
"""Seconds for one request."""

ALL = 15.0
"""Seconds for all requests together, whatever the network is like."""

_T = TypeVar("_T")


class Probe(NamedTuple):
    """How an address answered: its status, the seconds it took, when it says it did, where to."""

    status: int
    seconds: float
    date: str
    asked_at: float
    location: str


class _Work:
    """Something that goes on in a daemon thread."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._done = threading.Event()
        self._result: object = None
        self._failure: BaseException | None = None
        self._work = work
        threading.Thread(target=self._run, name="doctor", daemon=True).start()

    def _run(self) -> None:
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001 - it is raised anew by who waits
            self._failure = error
        finally:
            self._done.set()

    def result(self, seconds: float) -> object:
        """Return what came of it, or raise that; `TimeoutError` after `seconds`."""
        if not self._done.wait(max(seconds, 0.0)):
            raise TimeoutError
        if self._failure is not None:
            raise self._failure
        return self._result


def _home(app: "App") -> Path | None:
    try:
        return app.effects.home()
    except RuntimeError:
        return None


class Examination:
    """One run of all checks; `each` and `in_all` are the seconds of one request and of all."""

    def __init__(
        self, app: "App", *, offline: bool, each: float = EACH, in_all: float = ALL
    ) -> None:
        self._each = each
        self._all = in_all
        self.app = app
        self.offline = offline
        self.private = Private(app.effects.environ, _home(app))
        self.keyring_answers = True
        self.github: Secret | None = None
        self.copilot: CopilotToken | None = None
        self._probes: dict[str, _Work] = {}
        self._begun: float | None = None

    @cached_property
    def settings(self) -> "Settings":
        """The settings. Raises `NotChecked` where they cannot be read: their own check says why."""
        try:
            return self.app.settings
        except SettingsError:
            raise NotChecked("the settings cannot be read") from None

    @cached_property
    def client(self) -> "httpx.Client":
        """The HTTP client. Raises `NotChecked` where the certificates cannot be read."""
        if self.offline:
            raise NotChecked("--offline")
        _ = self.settings
        try:
            return self.app.client
        except SettingsError as error:
            raise NotChecked(error.message) from None

    @property
    def keyring_keeps_shut(self) -> bool:
        """Whether the store's key lies in a keyring that does not answer now."""
        return self.app.vault.kind.startswith("keyring") and not self.keyring_answers

    def left(self) -> float:
        """Return the seconds that the next request has. Raises `NotChecked` where none are left."""
        now = self.app.effects.monotonic()
        if self._begun is None:
            self._begun = now
        left = self._begun + self._all - now
        if left < 0.1:
            raise NotChecked(f"the network took longer than {self._all:g} s already")
        return min(self._each, left)

    def within(self, what: str, work: Callable[[], _T]) -> _T:
        """Return what `work` does, in time. Raises what it raises, `NetworkError`, `NotChecked`."""
        _ = self.client
        seconds = self.left()
        try:
            return _Work(work).result(seconds)  # type: ignore[return-value]
        except TimeoutError:
            raise NetworkError(
                f"{what} did not answer within {seconds:g} s", kind="timeout"
            ) from None

    def ask(self, *urls: str) -> None:
        """Begin to probe addresses, all at once."""
        for url in urls:
            if url not in self._probes:
                self.left()
                self._probes[url] = _Work(partial(self._head, self.client, url))

    def probe(self, url: str) -> Probe:
        """Return how `url` answered to a HEAD without credential. Raises `CopilotChatError`."""
        self.ask(url)
        seconds = self.left()
        try:
            return self._probes[url].result(seconds)  # type: ignore[return-value]
        except TimeoutError:
            host = urlsplit(url).netloc
            raise NetworkError(
                f"{host} did not answer within {seconds:g} s", kind="timeout"
            ) from None

    def reaches(self, url: str) -> bool:
        """Say whether `url` answers at all."""
        try:
            self.probe(url)
        except CopilotChatError:
            return False
        return True

    def _head(self, client: "httpx.Client", url: str) -> Probe:
        import httpx

        from copilot_cli.network import translate

        monotonic, now = self.app.effects.monotonic, self.app.effects.now
        begun = monotonic()
        try:
            reply = client.head(url, timeout=self._each, follow_redirects=False)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise translate(error, url=url) from error
        return Probe(
            reply.status_code,
            monotonic() - begun,
            reply.headers.get("date", ""),
            now(),
            reply.headers.get("location", ""),
        )
